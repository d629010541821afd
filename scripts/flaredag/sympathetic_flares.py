"""Strong flares of two regions close in time and on the Sun: regions that flare together across a split.

One eruption may set off another far away (sympathetic flares). Then the split does not part the two regions wholly. How
much that is can only be told against what chance gives: see `pairs_by_chance`.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from astropy.coordinates import angular_separation

from flaredag.audit import REPORTED, Finding
from flaredag.goes import reaches

if TYPE_CHECKING:
    from collections.abc import Sequence

    import pandas as pd
    from numpy.typing import NDArray

# Distant events are more frequent within 4 h of a flare of class M5 or above (Schrijver & Higgins 2015); pairs are
# in excess near 30 degrees of longitude (Guité, Strugarek & Charbonneau, arXiv:2412.10143).
MAX_HOURS = 4.0
MAX_DEGREES = 45.0
N_SHIFTS = 200
# Regions flare for days: shifted by a day or so, the flares of one meet the active days of others, but not by cause.
_SHIFT_DAYS = (0.5, 2.0)
# Carrington's synodic rotation, 27.2753 days.
_DEGREES_PER_DAY = 360 / 27.2753
_DAY_SECONDS = 86400


@dataclass(frozen=True)
class RegionFlares:
    """Strong flares, each array (flare,), sorted by time.

    `seconds` since 1970 of the start; `region` tells regions apart from 0 on, and `event` flares: one that belongs to
    two patches is there twice. `longitude`, degrees in a frame that turns with the Sun, `latitude`; NaN if not given.
    """

    seconds: NDArray[np.int64]
    region: NDArray[np.int64]
    event: NDArray[np.int64]
    longitude: NDArray[np.float64]
    latitude: NDArray[np.float64]


def flares_with_positions(
    region_flares: pd.DataFrame, records: pd.DataFrame, region_codes: NDArray[np.int64], *, strong_flux_w_m2: float
) -> RegionFlares:
    """Strong flares of regions, placed at the centre of their patch in the record nearest to the start.

    `region_flares` (`flaredag.windows.flares_of_regions`) and `records` have `region_code`; `region_codes`, sorted,
    says which regions and in what order.
    """
    flares = region_flares[reaches(region_flares["peak_flux"], strong_flux_w_m2)]
    flares = flares[flares["region_code"].isin(region_codes)].drop_duplicates()
    flares = flares.sort_values(["start_time", "region_code", "peak_flux"], kind="stable")
    seconds = flares["start_time"].to_numpy(dtype="datetime64[s]").astype(np.int64)
    code = flares["region_code"].to_numpy(dtype=np.int64)
    nearest = _nearest_record(records, code, seconds)
    centre = {
        name: records[[f"{name}_min", f"{name}_max"]].to_numpy(dtype=np.float64)[nearest].mean(axis=1)
        for name in ("longitude", "latitude")
    }
    record_seconds = records["time"].to_numpy(dtype="datetime64[s]").astype(np.int64)[nearest]
    unplaced = nearest < 0
    longitude = np.where(unplaced, np.nan, centre["longitude"] - _DEGREES_PER_DAY * record_seconds / _DAY_SECONDS)
    event = flares.groupby(["start_time", "peak_flux"], sort=False).ngroup().to_numpy(dtype=np.int64)
    return RegionFlares(
        seconds=seconds,
        region=np.searchsorted(region_codes, code),
        event=event,
        longitude=longitude,
        latitude=np.where(unplaced, np.nan, centre["latitude"]),
    )


def close_pairs(
    flares: RegionFlares, seconds: NDArray[np.int64], *, max_hours: float = MAX_HOURS, max_degrees: float = MAX_DEGREES
) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Pairs of flares of different regions (indices of the one, of the other) within hours and degrees of each other.

    `seconds` (flare,): when they start. Two flares of which one has no known place are close if they are so in time.
    """
    order = np.argsort(seconds, kind="stable")
    ordered = seconds[order]
    end = np.searchsorted(ordered, ordered + round(3600 * max_hours), side="right")
    n_after = end - np.arange(len(order)) - 1
    first = np.repeat(np.arange(len(order)), n_after)
    second = first + 1 + np.arange(n_after.sum()) - np.repeat(np.cumsum(n_after) - n_after, n_after)
    first, second = order[first], order[second]
    other = (flares.region[first] != flares.region[second]) & (flares.event[first] != flares.event[second])
    first, second = first[other], second[other]
    places = (np.radians(column[side]) for side in (first, second) for column in (flares.longitude, flares.latitude))
    angle = np.degrees(angular_separation(*places))
    near = ~(angle > max_degrees)
    return first[near], second[near]


def pairs_across_splits(
    flares: RegionFlares, pairs: tuple[NDArray[np.int64], NDArray[np.int64]], split_of_region: NDArray[np.int8]
) -> NDArray[np.int64]:
    """How many pairs have their regions in different splits, (draw,); `split_of_region` (draw, region), -1 for none."""
    one, other = (split_of_region[:, flares.region[side]] for side in pairs)
    return ((one != other) & (one >= 0) & (other >= 0)).sum(axis=1)


def pairs_by_chance(
    flares: RegionFlares,
    split_of_region: NDArray[np.int8],
    *,
    seed: int,
    max_hours: float = MAX_HOURS,
    max_degrees: float = MAX_DEGREES,
    n_shifts: int = N_SHIFTS,
) -> NDArray[np.float64]:
    """As `pairs_across_splits`, (shift, draw), flares of each region shifted by half a day to two days."""
    rng = np.random.default_rng(seed)
    n_regions = split_of_region.shape[1]
    counts = np.empty((n_shifts, len(split_of_region)))
    for shift in range(n_shifts):
        days = rng.uniform(*_SHIFT_DAYS, n_regions) * rng.choice([-1, 1], n_regions)
        shifted = flares.seconds + np.rint(days * _DAY_SECONDS).astype(np.int64)[flares.region]
        pairs = close_pairs(flares, shifted, max_hours=max_hours, max_degrees=max_degrees)
        counts[shift] = pairs_across_splits(flares, pairs, split_of_region)
    return counts


def sympathetic_flares(
    flares: RegionFlares, subjects: Sequence[str], split_of_region: Sequence[NDArray[np.int8]], *, seed: int
) -> list[Finding]:
    """A report for each data set: pairs of strong flares close together whose regions are in different splits.

    `split_of_region`: of each of the `subjects`, (draw, region). Reported only; chance alone gives such pairs.
    """
    n_draws = [len(splits) for splits in split_of_region]
    of_all = np.concatenate(list(split_of_region))
    pairs = close_pairs(flares, flares.seconds)
    counts = pairs_across_splits(flares, pairs, of_all)
    chance = pairs_by_chance(flares, of_all, seed=seed)
    n_unplaced = int(np.isnan(flares.latitude).sum())
    how = f"within {MAX_HOURS:g} h and {MAX_DEGREES:g} degrees"
    if n_unplaced:
        how = f"within {MAX_HOURS:g} h" if n_unplaced == len(flares.seconds) else how
        how += f" ({n_unplaced} of {len(flares.seconds)} flares, of no known place, by time alone)"
    found, begin = [], 0
    for subject, n in zip(subjects, n_draws, strict=True):
        own, of_chance = counts[begin : begin + n], chance[:, begin : begin + n].mean(axis=1)
        begin += n
        low, high = np.percentile(of_chance, [2.5, 97.5])
        text = (
            f"{own.mean():.1f} pairs a draw of strong flares {how} are of regions in different splits; shifting "
            f"each region by a day or so gives {of_chance.mean():.1f} (95 % of shifts: {low:.1f} to {high:.1f})"
        )
        found.append(Finding("sympathetic_flares", subject, REPORTED, int(own.sum()), text))
    return found


def _nearest_record(
    records: pd.DataFrame, region_code: NDArray[np.int64], seconds: NDArray[np.int64]
) -> NDArray[np.int64]:
    """Row of `records`, sorted by region and time, nearest in time to each flare of its region; -1 for none."""
    code = records["region_code"].to_numpy(dtype=np.int64)
    of_records = records["time"].to_numpy(dtype="datetime64[s]").astype(np.int64)
    # Regions one after the other on one axis of seconds, so that one binary search serves them all.
    names, of_record = np.unique(code, return_inverse=True)
    own = np.searchsorted(names, region_code).clip(0, len(names) - 1)
    origin = min(of_records.min(), seconds.min(initial=of_records.min()))
    span = max(of_records.max(), seconds.max(initial=0)) - origin + 1
    axis = of_record * span + (of_records - origin)
    after = np.searchsorted(axis, own * span + (seconds - origin))
    candidates = np.stack([after - 1, after]).clip(0, len(axis) - 1)
    apart = np.where(of_record[candidates] == own, np.abs(of_records[candidates] - seconds), np.iinfo(np.int64).max)
    nearest = candidates[apart.argmin(axis=0), np.arange(len(seconds))]
    return np.where((names[own] == region_code) & (of_record[nearest] == own), nearest, -1)
