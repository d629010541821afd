"""Observation windows of regions, the flare activity before and after them, and their labels.

A window is `n_steps` records of one region, one cadence apart, that end at the issue time; the
observation period reaches from its first record to its last, the prediction period from there
over the horizon (Sun et al. 2022, section 2.3). All in arrays: no loop over records or regions.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from flaredag.errors import InputError
from flaredag.goes import reaches

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from numpy.typing import NDArray

ACTIVITY = ("QUIET", "WEAK", "STRONG")
WEAK, STRONG = 1, 2
# Evolution types in the order of the paper's Table 2, observation first: code = 3 * before + after.
EVOLUTION = tuple(f"{before}->{after}" for before in ACTIVITY for after in ACTIVITY)
LABELS = {"irrelevant": -1, "negative": 0, "positive": 1}
_HOUR = np.timedelta64(3600, "s")


@dataclass(frozen=True)
class Windows:
    """Windows as indices into the records: (sample, step), the last step at the issue time.

    A bad record inside a window is replaced by the next good one (backward fill), or with padding left out:
    `step_record` holds the records to be read, -1 where none is, `n_bad` how many of a window's steps were bad.
    """

    step_record: NDArray[np.int32]  # (sample, step)
    n_bad: NDArray[np.int16]  # (sample,)
    counts: dict[str, int]


def find_windows(
    region: NDArray[np.int64],
    t_rec: NDArray[np.datetime64],
    good: NDArray[np.bool_],
    *,
    cadence_minutes: int,
    n_steps: int,
    max_bad_records: int,
    padding: str = "none",
    bad_in_window: Callable[[NDArray[np.int32]], NDArray[np.bool_]] | None = None,
) -> Windows:
    """Every window of every region that the bad-record rule keeps.

    `region` (record,) may be any number that tells regions apart; records are sorted by region and
    time and stand on the midnight-aligned grid of `cadence_minutes`. A window lies wholly between the
    first and the last record of its region. Absent records count as bad; a window is dropped if its last
    record is bad or more than `max_bad_records` are (Sun et al. 2022, section 2.3). `bad_in_window` tells of good
    records (sample, step), -1 where there is none, which are bad beside the others of their window all the same.

    With `padding` "zeros" a window wants its last record alone (Liu et al. 2019, section 3.1): it may reach back
    before the first record of its region, as many records may be bad as will, and they are not filled; their steps are
    -1. InputError where records leave the grid or are unsorted.
    """
    padded = padding == "zeros"
    cadence = np.timedelta64(cadence_minutes, "m")
    slot = _grid_slots(t_rec, cadence)
    first_of_region = np.flatnonzero(np.diff(region, prepend=region[:1] - 1)) if len(region) else np.empty(0, int)
    region_index = np.cumsum(np.diff(region, prepend=region[:1]) != 0) if len(region) else np.empty(0, int)
    if np.any((np.diff(slot) <= 0) & (np.diff(region) == 0)) or len(np.unique(region)) != len(first_of_region):
        raise InputError("records: not sorted by region and time, each once; sort them (curate does) before windows.")
    last_of_region = np.append(first_of_region, len(region))[1:] - 1
    # One row of grid slots for all regions, one after the other: `record_at` tells the record of a slot, or -1.
    # Empty slots before each region, so that a padded window holds no record of the region before.
    n_empty = n_steps - 1 if padded else 0
    n_slots = n_empty + slot[last_of_region] - slot[first_of_region] + 1
    row_start = np.concatenate([[0], np.cumsum(n_slots)])[:-1]
    position = row_start[region_index] + n_empty + slot - slot[first_of_region][region_index]
    record_at = np.full(int(n_slots.sum()), -1, dtype=np.int32)
    record_at[position[good]] = np.flatnonzero(good)
    slots_before = np.arange(len(record_at)) - np.repeat(row_start, n_slots)
    candidate = slots_before >= n_steps - 1
    ends = np.flatnonzero(candidate & (record_at >= 0))
    steps = record_at[ends[:, None] + np.arange(1 - n_steps, 1)]
    if bad_in_window is not None:
        steps[bad_in_window(steps)] = -1
    n_bad = (steps < 0).sum(axis=1)
    ends_well = steps[:, -1] >= 0
    kept = ends_well & (padded | (n_bad <= max_bad_records))
    steps, n_bad = steps[kept], n_bad[kept]
    if not padded:
        for step in range(n_steps - 2, -1, -1):
            absent = steps[:, step] < 0
            steps[absent, step] = steps[absent, step + 1]
    counts = {
        "windows_possible": int(candidate.sum()),
        "windows_with_last_record_bad": int(candidate.sum() - ends_well.sum()),
        "windows_with_too_many_bad_records": int(ends_well.sum() - kept.sum()),
        "windows_kept": int(kept.sum()),
    }
    return Windows(steps, n_bad.astype(np.int16), counts)


def largest_flares(flares: pd.DataFrame, *, least_flux_w_m2: float) -> pd.DataFrame:
    """The largest flare of each region, the earliest of equal ones, sorted by `region_code`; none below the least flux.

    `flares` as `evolution_types` takes them.
    """
    large = flares[reaches(flares["peak_flux"], least_flux_w_m2)]
    ordered = large.sort_values(
        ["region_code", "peak_flux", "start_time"], ascending=[True, False, True], kind="stable"
    )
    return ordered.drop_duplicates("region_code").reset_index(drop=True)


@dataclass(frozen=True)
class DaysBeforeFlares:
    """The day before the flare of each region: its good records, and whether the last of them is recent.

    `flare`: row of the flare that a record is before; `step`: its place in the day, the last being `n_steps` - 1.
    """

    record: NDArray[np.int64]  # (n,)
    flare: NDArray[np.int64]  # (n,)
    step: NDArray[np.int64]  # (n,)
    recent: NDArray[np.bool_]  # (flare,)


def days_before_flares(
    region: NDArray[np.int64],
    time: NDArray[np.datetime64],
    good: NDArray[np.bool_],
    flares: pd.DataFrame,
    *,
    cadence_minutes: int,
    n_steps: int,
) -> DaysBeforeFlares:
    """The good records in the `n_steps` cadences before the flare of their region.

    Li et al. 2024, section 2: the day before one flare of each region, in steps of 36 minutes. `region` and `time`
    (record,) are sorted, on the clock of the flares' `start_time`; `flares` is sorted by `region_code`, one of each
    region. The last step of the day is the last good record before the flare begins, which is no longer ago than the
    day is long; the others lie whole cadences before it, so no grid of all regions is wanted, and records between them
    are left out.
    """
    day_seconds = 60 * cadence_minutes * n_steps
    seconds = time.astype("datetime64[s]").astype(np.int64)
    of_region = flares["region_code"].to_numpy(dtype=np.int64)
    start = flares["start_time"].to_numpy(dtype="datetime64[s]").astype(np.int64)
    flare = np.searchsorted(of_region, region)
    flare[flare == len(of_region)] = 0
    has_flare = of_region[flare] == region if len(of_region) else np.zeros(len(region), dtype=bool)
    usable = np.flatnonzero(has_flare & good)
    usable = usable[seconds[usable] < start[flare[usable]]]
    # Of a region without one, a day and more before its flare.
    last = start - day_seconds - 1
    np.maximum.at(last, flare[usable], seconds[usable])
    recent = start - last <= day_seconds
    before_last = last[flare[usable]] - seconds[usable]
    in_day = recent[flare[usable]] & (before_last < day_seconds) & (before_last % (60 * cadence_minutes) == 0)
    record = usable[in_day]
    step = n_steps - 1 - before_last[in_day] // (60 * cadence_minutes)
    return DaysBeforeFlares(record, flare[record], step, recent)


def windows_before_flares(
    region: NDArray[np.int64],
    time: NDArray[np.datetime64],
    good: NDArray[np.bool_],
    flares: pd.DataFrame,
    *,
    cadence_minutes: int,
    n_steps: int,
    least_records: int,
) -> tuple[Windows, NDArray[np.int64]]:
    """Windows that end at each record of the day before the flare of its region; and that flare's row.

    The day as `days_before_flares` finds it. A region with less than `least_records` good records in its day has no
    window. A step without a good record is filled with the next good one of the window, and is -1 before the first of
    the day. The last window of a region is its whole day.
    """
    found = days_before_flares(region, time, good, flares, cadence_minutes=cadence_minutes, n_steps=n_steps)
    kept = np.bincount(found.flare, minlength=len(flares)) >= least_records
    of_kept = kept[found.flare]
    row, step = (np.cumsum(kept) - 1)[found.flare[of_kept]], found.step[of_kept]
    # Each day in one row, and before it as many empty steps as a window of its first record reaches back.
    days = np.full((int(kept.sum()), 2 * n_steps - 1), -1, dtype=np.int32)
    days[row, n_steps - 1 + step] = found.record[of_kept]
    record = days >= 0
    since_first = np.maximum.accumulate(record, axis=1)
    for place in range(days.shape[1] - 2, -1, -1):
        absent = ~record[:, place]
        days[absent, place] = days[absent, place + 1]
    days[~since_first] = -1
    steps = np.lib.stride_tricks.sliding_window_view(days, n_steps, axis=1)[row, step]
    n_bad = (~np.lib.stride_tricks.sliding_window_view(record, n_steps, axis=1)[row, step]).sum(axis=1)
    counts = {
        "regions_with_flare": len(flares),
        "regions_without_recent_record": int((~found.recent).sum()),
        "regions_with_few_records": int((found.recent & ~kept).sum()),
        "regions_kept": int(kept.sum()),
        "windows_kept": len(steps),
    }
    return Windows(steps, n_bad.astype(np.int16), counts), np.flatnonzero(kept)[row]


def count_flares(
    region: NDArray[np.int64],
    begins: NDArray[np.datetime64],
    ends: NDArray[np.datetime64],
    flare_region: NDArray[np.int64],
    flare_start: NDArray[np.datetime64],
    *,
    closed: str,
) -> NDArray[np.int64]:
    """Flares that start in each window of its region, (sample,).

    `closed` "both": begins <= start <= ends, as Sun et al. 2022 count; "right": begins < start <= ends,
    by which no flare is both observed and predicted.
    """
    names, codes = np.unique(np.concatenate([region, flare_region]), return_inverse=True)
    region_code, flare_code = codes[: len(region)], codes[len(region) :]
    # Regions one after the other on one axis of seconds, so that one binary search serves them all.
    seconds = [t.astype("datetime64[s]").astype(np.int64) for t in (begins, ends, flare_start)]
    filled = [s for s in seconds if len(s)]
    origin = min((int(s.min()) for s in filled), default=0)
    span = max((int(s.max()) for s in filled), default=0) - origin + 2
    flare_axis = np.sort(flare_code * span + (seconds[2] - origin))
    if len(names) * span > np.iinfo(np.int64).max:
        raise InputError("windows: times span too long to be compared; check the dates of records and flares.")
    begin_axis, end_axis = (region_code * span + (s - origin) for s in seconds[:2])
    side = {"both": "left", "right": "right"}[closed]
    before_begin = np.searchsorted(flare_axis, begin_axis, side=side)  # type: ignore[call-overload]
    return np.searchsorted(flare_axis, end_axis, side="right") - before_begin


def activity(n_flares: NDArray[np.int64], n_strong: NDArray[np.int64]) -> NDArray[np.int8]:
    """0 QUIET (no flare of any class), 1 WEAK (none strong), 2 STRONG: the paper's Table 2."""
    return ((n_flares > 0).astype(np.int8) + (n_strong > 0)).astype(np.int8)


def evolution_types(
    region: NDArray[np.int64],
    first_time: NDArray[np.datetime64],
    issue_time: NDArray[np.datetime64],
    flares: pd.DataFrame,
    *,
    horizon_hours: float,
    strong_flux_w_m2: float,
    closed: str,
) -> NDArray[np.int8]:
    """Evolution type of each window, (sample,): an index into `EVOLUTION`.

    `flares` has `region_code` (as `region`), `start_time` and `peak_flux` (W m-2); times of windows and
    flares are compared as they are. Source: Sun et al. 2022, section 2.3 and Table 2.
    """
    horizon = np.timedelta64(round(horizon_hours * 3600), "s")
    flare_region = flares["region_code"].to_numpy()
    flare_start = flares["start_time"].to_numpy(dtype="datetime64[s]")
    strong = reaches(flares["peak_flux"], strong_flux_w_m2)
    periods = ((first_time, issue_time), (issue_time, issue_time + horizon))
    before, after = (
        activity(
            count_flares(region, begins, ends, flare_region, flare_start, closed=closed),
            count_flares(region, begins, ends, flare_region[strong], flare_start[strong], closed=closed),
        )
        for begins, ends in periods
    )
    return (3 * before + after).astype(np.int8)


def labels(evolution: NDArray[np.int8], *, positive: Sequence[str], negative: Sequence[str]) -> NDArray[np.int8]:
    """1 where the evolution type is one of `positive`, 0 where of `negative`, -1 elsewhere, (sample,)."""
    label_of_type = np.full(len(EVOLUTION), LABELS["irrelevant"], dtype=np.int8)
    label_of_type[[EVOLUTION.index(name) for name in negative]] = LABELS["negative"]
    label_of_type[[EVOLUTION.index(name) for name in positive]] = LABELS["positive"]
    return label_of_type[evolution]


def flares_of_regions(flares: pd.DataFrame, records: pd.DataFrame) -> pd.DataFrame:
    """Flares, all their columns, with `region_code`, the region of `records` each belongs to; a row a region.

    A flare that names its patch belongs to it; one that names a NOAA region belongs to every patch whose
    `noaa_ars` lists it, of either instrument (Sun et al. 2022: all flares of all NOAA regions in a patch).
    `records` has `instrument`, `region`, `noaa_ars`, `region_code`. Flares without either are left out.
    """
    regions = records[["instrument", "region", "noaa_ars", "region_code"]].drop_duplicates()
    named = flares[flares["region"] >= 0].merge(
        regions[["instrument", "region", "region_code"]].drop_duplicates(), on=["instrument", "region"]
    )
    numbers = regions.assign(noaa_ar=regions["noaa_ars"].str.split(",")).explode("noaa_ar")
    numbers["noaa_ar"] = pd.to_numeric(numbers["noaa_ar"], errors="coerce")
    numbers = numbers.dropna(subset="noaa_ar").astype({"noaa_ar": np.int64})
    matched = flares[(flares["region"] < 0) & (flares["noaa_ar"] > 0)].merge(
        numbers[["noaa_ar", "region_code"]].drop_duplicates(), on="noaa_ar"
    )
    columns = ["region_code", *flares.columns]
    return pd.concat([named[columns], matched[columns]], ignore_index=True)


def _grid_slots(t_rec: NDArray[np.datetime64], cadence: np.timedelta64) -> NDArray[np.int64]:
    since_1970 = t_rec.astype("datetime64[s]") - np.datetime64(0, "s")
    off_grid = since_1970 % cadence != np.timedelta64(0, "s")
    # 96 minutes divide the day, so slots since 1970 are slots since each midnight.
    if off_grid.any():
        first = int(np.flatnonzero(off_grid)[0])
        raise InputError(
            f"record {first + 1} of {t_rec[first]} is off the grid of {cadence} from midnight ({int(off_grid.sum())} "
            "such records); wanted records on the grid. Select them when retrieving, or set cadence_minutes."
        )
    return (since_1970 // cadence).astype(np.int64)
