"""Data sets drawn from the windows of a study: who is evaluated, what is added to training, which draw."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from flaredag.errors import InputError
from flaredag.samples import Dataset, StudyWindows
from flaredag.splits import SPLITS, check_splits, fold_of_regions, random_order, split_regions, undersample

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray


def draw_dataset(
    windows: StudyWindows,
    *,
    name: str,
    seed: int,
    evaluated: str,
    added_to_training: Sequence[str],
    test_fraction: float,
    validation_fraction: float,
    undersampled: Sequence[str],
    standardisation: str,
    pixels_standardised_by: str | None = None,
    folds: int | None = None,
) -> Dataset:
    """One data set of one seed.

    Regions of the instrument `evaluated` are split; windows of the instruments `added_to_training` join the
    training split alone (FUSED data sets of Sun et al. 2022, section 4.1). Splits named in `undersampled` are
    balanced. `standardisation`: "global" takes mean and standard deviation, an instrument, over the last
    records of all its windows (the paper's section 2.7; a leak, declared in the study), "train" over the
    training samples; the pixels of all magnetograms take those of the one instrument `pixels_standardised_by`, the
    same way. With `folds` the test split is the fold of the number `seed` of a cross-validation (section 4.4.2).
    Raises InputError where a split lacks positive or negative samples.
    """
    code = windows.instruments.index(evaluated)
    labelled = windows.label >= 0
    # All regions with windows are split, labelled or not, so that a mended label moves no region.
    groups = windows.split_group[windows.instrument == code]
    if folds is None:
        regions = split_regions(groups, seed=seed, test_fraction=test_fraction, validation_fraction=validation_fraction)
    else:
        regions = fold_of_regions(groups, fold=seed, folds=folds, validation_fraction=validation_fraction)
    check_splits(regions, where=f"{name}, seed {seed}")
    members = {
        split: labelled & (windows.instrument == code) & np.isin(windows.split_group, regions[split])
        for split in SPLITS
    }
    for instrument in added_to_training:
        members["train"] |= labelled & (windows.instrument == windows.instruments.index(instrument))
    positions = {}
    for split in SPLITS:
        positions[split] = _drawn(windows, np.flatnonzero(members[split]), seed, balanced=split in undersampled)
        label = windows.label[positions[split]]
        if not (label == 1).any() or not (label == 0).any():
            n_of_class = {value: int((windows.label[members[split]] == value).sum()) for value in (1, 0)}
            raise InputError(
                f"{name}, seed {seed}: the {split} split has {n_of_class[1]} positive and {n_of_class[0]} negative "
                f"samples of {len(regions[split])} regions; wanted at least one of each. Take another seed, a larger "
                "fraction of regions, or more data."
            )
    mean, standard_deviation = _statistics(windows, positions["train"], standardisation)
    of_pixels = _of_pixels(windows, positions["train"], standardisation, pixels_standardised_by)
    return Dataset(seed, positions, mean, standard_deviation, *of_pixels)


def _drawn(windows: StudyWindows, positions: NDArray[np.int64], seed: int, *, balanced: bool) -> NDArray[np.int64]:
    if not balanced:
        return positions
    seconds = windows.issue_time[positions].astype(np.int64)
    order = random_order("undersample", seed, windows.instrument[positions], windows.region[positions], seconds)
    return positions[undersample(windows.label[positions], order)]


def _of_pixels(
    windows: StudyWindows, train: NDArray[np.int64], standardisation: str, instrument: str | None
) -> tuple[float, float]:
    """Mean and standard deviation, gauss, of the pixels of the last magnetograms; NaN without magnetograms."""
    images = windows.images
    if images is None or instrument is None:
        return float("nan"), float("nan")
    population = {"global": np.arange(len(windows.label)), "train": train}[standardisation]
    own = population[windows.instrument[population] == windows.instruments.index(instrument)]
    # A data set of the other instrument alone has none of them in its training split.
    own = own if len(own) else np.flatnonzero(windows.instrument == windows.instruments.index(instrument))
    mean = float(images.mean_gauss[own].mean())
    variance = float(images.mean_square_gauss2[own].mean()) - mean**2
    return mean, float(np.sqrt(variance)) if variance > 0 else 1.0


def _statistics(
    windows: StudyWindows, train: NDArray[np.int64], standardisation: str
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Mean and standard deviation, (instrument, feature); 0 and 1 for an instrument without samples."""
    shape = (len(windows.instruments), windows.features.shape[1])
    mean, standard_deviation = np.zeros(shape), np.ones(shape)
    population = {"global": np.arange(len(windows.label)), "train": train}[standardisation]
    for code in range(len(windows.instruments)):
        last_records = windows.step_record[population[windows.instrument[population] == code], -1]
        if len(last_records):
            values = windows.features[last_records]
            mean[code] = values.mean(axis=0)
            spread = values.std(axis=0)
            standard_deviation[code] = np.where(spread > 0, spread, 1.0)
    return mean, standard_deviation
