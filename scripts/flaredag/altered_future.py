"""Tables of an archive with another future: what a forecast issued before must not notice."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from flaredag.goes import goes_class_of_flux
from flaredag.keyword_ranges import KEYWORDS
from flaredag.study_windows import make_windows, sample_keys

if TYPE_CHECKING:
    from collections.abc import Mapping
    from typing import Any

    from numpy.typing import NDArray

    from flaredag.samples import StudyWindows

# Share of the later records that are taken out, and range of the factor that the others are multiplied by.
_REMOVED, _FACTORS = 0.1, (2.0, 5.0)
# Regions seen at most so long before the cut get a later record more; others are long gone.
_STILL_SEEN = np.timedelta64(86400, "s")
# Flares may be compared with TAI as if it were UTC (a convention of the paper), which is ahead by 37 s at most.
_CLOCKS_APART = np.timedelta64(60, "s")
# A flare in progress becomes so many times as strong, and peaks and ends so much later.
_GROWTH, _DELAY = 10.0, np.timedelta64(3600, "s")
# No record: -1 is that of a padded step.
_UNUSED = -2
_IMAGE_COLUMNS = ("frame_digest", "mean_gauss", "mean_square_gauss2", "longitude_deg", "latitude_deg")


def altered_records(
    records: pd.DataFrame, cut: np.datetime64, *, cadence_minutes: int, rng: np.random.Generator
) -> pd.DataFrame:
    """Keyword records (`flaredag.tables.read_records`) that are the same up to `cut` (UTC), and not thereafter.

    Later ones have their keywords shuffled among them and multiplied; a tenth is removed; regions still seen at the cut
    are seen once more after their last record.
    """
    later = (records["time"] > cut).to_numpy()
    names = [name for name in records.columns if name in KEYWORDS]
    altered = records.copy()
    shuffled = rng.permutation(np.flatnonzero(later))
    factor = rng.uniform(*_FACTORS, size=(len(shuffled), len(names)))
    altered.loc[later, names] = records[names].to_numpy(dtype=np.float64)[shuffled] * factor
    last = ~records.duplicated(["instrument", "region"], keep="last").to_numpy()
    one_more = altered[last & (records["time"] > cut - _STILL_SEEN).to_numpy()]
    # Twice the cadence: a gap of one record, then the new one; later than the cut whenever the last record was.
    n_steps = np.maximum(2, (cut - one_more["time"].to_numpy()) // np.timedelta64(cadence_minutes, "m") + 1)
    step = n_steps * np.timedelta64(cadence_minutes, "m")
    one_more = one_more.assign(t_rec=one_more["t_rec"] + step, time=one_more["time"] + step)
    altered = pd.concat([altered[~(later & (rng.random(len(records)) < _REMOVED))], one_more])
    return altered.sort_values(["instrument", "region", "t_rec"], kind="stable", ignore_index=True)


def altered_flares(flares: pd.DataFrame, cut: np.datetime64, rng: np.random.Generator) -> pd.DataFrame:
    """Flares (`flaredag.tables.read_flares`) of which those after `cut` are others.

    They have changed their regions, their peak fluxes, and how long after its start each peaks and ends.
    """
    later = np.flatnonzero((flares["start_time"] > cut + _CLOCKS_APART).to_numpy())
    altered = flares.copy()
    for names in (["noaa_ar", "instrument", "region"], ["peak_flux", "goes_class"]):
        altered.loc[later, names] = flares[names].to_numpy()[rng.permutation(later)]
    shuffled = rng.permutation(later)
    for name in ("peak_time", "end_time"):
        after_start = (flares[name] - flares["start_time"]).to_numpy()
        altered.loc[later, name] = flares["start_time"].to_numpy()[later] + after_start[shuffled]
    return altered.astype(flares.dtypes)


def altered_flares_in_progress(flares: pd.DataFrame, cut: np.datetime64) -> pd.DataFrame:
    """Flares (`flaredag.tables.read_flares`) of which those that are in progress at `cut` become others.

    Those that have not peaked become ten times as strong and peak an hour later; they, and those that have not ended,
    end an hour later. Of a flare without peak time, or end time, it is not known whether it is in progress.
    """
    start, peak, end = (flares[f"{name}_time"].to_numpy(dtype="datetime64[s]") for name in ("start", "peak", "end"))
    rising, unfinished = ((start < cut) & (time >= cut) for time in (peak, end))
    flux = np.where(rising, _GROWTH * flares["peak_flux"].to_numpy(), flares["peak_flux"])
    goes_class = [
        goes_class_of_flux(one) if is_rising else given
        for one, is_rising, given in zip(flux, rising, flares["goes_class"], strict=True)
    ]
    return flares.assign(
        peak_flux=flux,
        goes_class=goes_class,
        peak_time=np.where(rising, peak + _DELAY, peak),
        end_time=np.where(rising | unfinished, end + _DELAY, end),
    ).astype(flares.dtypes)


def altered_images(
    images: pd.DataFrame, records: pd.DataFrame, cut: np.datetime64, rng: np.random.Generator
) -> pd.DataFrame:
    """Columns of magnetograms (`flaredag.window_images.cube_columns`) of altered `records`.

    Records up to `cut` keep theirs, later ones have that of any record, and 1 gauss more in the mean.
    """
    key = ["instrument", "region", "t_rec"]
    row = records[key].merge(images[key].assign(row=np.arange(len(images))), on=key, how="left")["row"]
    later = (records["time"] > cut).to_numpy()
    row = np.where(later, rng.integers(len(images), size=len(records)), row.fillna(-1)).astype(np.int64)
    altered = images.iloc[row].assign(**{name: records[name].to_numpy() for name in key})
    altered["mean_gauss"] += later
    return altered[row >= 0].reset_index(drop=True)


def windows_of_another_future(
    records: pd.DataFrame,
    flares: pd.DataFrame,
    images: pd.DataFrame | None,
    cut: np.datetime64,
    *,
    settings: Mapping[str, Any],
    rng: np.random.Generator,
) -> dict[str, StudyWindows]:
    """Windows of a study (`flaredag.study_windows.make_windows`), by task, from tables altered after `cut` (UTC)."""
    cadence_minutes = settings["windows"]["cadence_minutes"]
    altered = altered_records(records, cut, cadence_minutes=cadence_minutes, rng=rng)
    if images is not None:
        images = altered_images(images, altered, cut, rng)
    return make_windows(altered, altered_flares(flares, cut, rng), images, settings=settings)[0]


def changed_windows(
    before: StudyWindows,
    after: StudyWindows,
    cut: np.datetime64,
    *,
    among: NDArray[np.bool_],
    padding_counts: bool = True,
) -> tuple[dict[str, int], int]:
    """What differs of windows issued by `cut`, made with one past and two futures, and how many there were before.

    Of those before, (sample,), `among` are compared: `after` may be made of some regions alone. Counts by feature;
    under "samples" windows that only one of the two has, under "strong_before" activity observed
    before the issue time, under "magnetogram" what is known of that. Labels aside, which are the future. Unless
    `padding_counts`, steps that one of the two pads are not compared: how far a window reaches back is then chosen by a
    flare.
    """
    past = [np.flatnonzero(among & (before.issue_time <= cut)), np.flatnonzero(after.issue_time <= cut)]
    keys = [
        sample_keys(windows.instrument[positions], windows.region[positions], windows.issue_time[positions])
        for windows, positions in zip((before, after), past, strict=True)
    ]
    _, *rows = np.intersect1d(*keys, assume_unique=True, return_indices=True)
    own, other = (positions[row] for positions, row in zip(past, rows, strict=True))
    changed = {"samples": len(keys[0]) + len(keys[1]) - 2 * len(own)}
    differs = _feature_differs(before, after, own, other, padding_counts=padding_counts)
    changed |= {name: int(n) for name, n in zip(before.feature_names, differs, strict=True)}
    observed = [windows.evolution[positions] // 3 for windows, positions in ((before, own), (after, other))]
    changed["strong_before"] = int((observed[0] != observed[1]).sum())
    if before.images is not None and after.images is not None:
        changed["magnetogram"] = max(
            int((getattr(before.images, name)[own] != getattr(after.images, name)[other]).sum())
            for name in _IMAGE_COLUMNS
        )
    return changed, len(keys[0])


def _feature_differs(
    before: StudyWindows,
    after: StudyWindows,
    own: NDArray[np.int64],
    other: NDArray[np.int64],
    *,
    padding_counts: bool,
) -> NDArray[np.int64]:
    """How many windows, `own` of one and `other` of the other, differ in any step of each feature, (feature,)."""
    steps = [windows.step_record[positions] for windows, positions in ((before, own), (after, other))]
    # -1, the record of a padded step, reads the last of these rows, which equals itself and no record.
    was, now = (np.vstack([study.features, np.full(study.features.shape[1], np.inf)]) for study in (before, after))
    # Most windows share most records: each pair of records is compared once, not once a window and step.
    partner = np.full(len(was), _UNUSED, dtype=np.int64)
    partner[steps[0]] = steps[1]
    used = np.flatnonzero(partner != _UNUSED)
    record_differs = np.zeros(was.shape, dtype=bool)
    record_differs[used] = was[used] != now[partner[used]]
    differs = np.zeros((len(own), was.shape[1]), dtype=bool)
    guilty = np.asarray(record_differs.any(axis=1))
    suspicious = guilty[steps[0]] | (partner[steps[0]] != steps[1])
    rows = np.flatnonzero(suspicious.any(axis=1))
    for step in range(steps[0].shape[1]):
        ours, theirs = steps[0][rows, step], steps[1][rows, step]
        counted = padding_counts | ((ours >= 0) & (theirs >= 0))
        differs[rows] |= (was[ours] != now[theirs]) & counted[:, None]
    return differs.sum(axis=0)
