"""Statistics that features and pixels are standardised by, over whichever windows may have a say in them."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from flaredag.errors import InputError

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from flaredag.samples import StudyWindows


def feature_statistics(
    windows: StudyWindows, positions: NDArray[np.int64], *, min_max_scaled: Sequence[str] = ()
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """What is subtracted from each feature, and what the rest is divided by, (instrument, feature), in its units.

    Mean and standard deviation over the last records of the windows at `positions`, an instrument (Liu et al. 2019,
    equation 7); of the features named in `min_max_scaled` minimum and range, max - min (equation 8), by which other
    windows, as those of the test split, may come to lie outside [0, 1]. What does not vary is divided by 1; 0 and 1 for
    an instrument without windows there. Raises InputError where `min_max_scaled` names no feature of the windows.
    """
    unknown = [name for name in min_max_scaled if name not in windows.feature_names]
    if unknown:
        raise InputError(
            f"splits.min_max_scaled: no feature {', '.join(unknown)}; the study has "
            f"{', '.join(windows.feature_names)}. Name some of these."
        )
    by_range = np.array([name in min_max_scaled for name in windows.feature_names])
    shape = (len(windows.instruments), len(windows.feature_names))
    subtracted, divisor = np.zeros(shape), np.ones(shape)
    for code in range(len(windows.instruments)):
        last_records = windows.step_record[positions[windows.instrument[positions] == code], -1]
        if len(last_records):
            values = windows.features[last_records]
            minimum = values.min(axis=0)
            value_range = values.max(axis=0) - minimum
            spread = np.where(by_range, value_range, values.std(axis=0))
            subtracted[code] = np.where(by_range, minimum, values.mean(axis=0))
            # The standard deviation of what does not vary may be a rounding error.
            divisor[code] = np.where((value_range > 0) & (spread > 0), spread, 1.0)
    return subtracted, divisor


def windows_of_same_regions(windows: StudyWindows, positions: NDArray[np.int64]) -> NDArray[np.int64]:
    """Positions of all labelled windows of the regions that those at `positions` are of, ascending.

    Where a region is one sample its window is made of records that others end with, and all of them have a say.
    """
    code = windows.instrument.astype(np.int64) << 32 | windows.region.astype(np.int64)
    return np.flatnonzero(np.isin(code, code[positions]) & (windows.label >= 0))


def pixel_statistics(windows: StudyWindows, positions: NDArray[np.int64], instrument: str) -> tuple[float, float]:
    """Mean and standard deviation, gauss, of the pixels of the last magnetograms of `instrument`.

    Of the windows at `positions`, or of all where none of them is of the instrument. What does not vary has 1 for a
    standard deviation; NaN where the windows have no magnetograms.
    """
    images = windows.images
    if images is None:
        return float("nan"), float("nan")
    code = windows.instruments.index(instrument)
    own = positions[windows.instrument[positions] == code]
    # A data set of the other instrument alone has none of them in its training split.
    own = own if len(own) else np.flatnonzero(windows.instrument == code)
    mean = float(images.mean_gauss[own].mean())
    variance = float(images.mean_square_gauss2[own].mean()) - mean**2
    return mean, float(np.sqrt(variance)) if variance > 0 else 1.0
