"""The flares that a region has given so far, as features of its records (Liu et al. 2019, section 2 and Table 1).

Each flare has one time from which it is known, its start, peak or end (`known_from`), and a record knows the flares
of its region whose time is before its own; one at the very time of the record is not known. That time is also t(f) in
the decays of equations 1 to 6. The authors' rows of NOAA 12673 (Dewald928/DeepFlarePred, scaled) are these features
with `end` to fifteen digits: t(f) is a flare's end, not its start as section 2 and Figure 1 say. As no row of theirs
lies within a flare (Figure 2), they do not tell from when on a flare counts. So `start` is what the paper says, which
knows the class of a flare minutes before it peaks, and `end` gives the published numbers and knows nothing ahead.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from flaredag.errors import InputError
from flaredag.flare_lists import LONGEST_FLARE_HOURS
from flaredag.goes import CLASS_FLUX_W_M2

if TYPE_CHECKING:
    import pandas as pd
    from numpy.typing import NDArray


class HistoryFeature(NamedTuple):
    """What a feature of the flare history is, and its units."""

    long_name: str
    units: str


CLASSES = "BCMX"
# E of equations 5 and 6 is in units of the peak flux of X1.0: the greatest Edec in the authors' script is 10.557, that
# of NOAA 12673 within an hour of its X9.3, and no other unit gives the shape of their scaled logEdec of that region. Of
# the logarithm's base scaled features tell nothing; here it is 10.
UNIT_OF_E_W_M2 = CLASS_FLUX_W_M2["X"]
HISTORY_FEATURES = {
    "bdec": HistoryFeature("decayed count of earlier B flares", "1"),
    "cdec": HistoryFeature("decayed count of earlier C flares", "1"),
    "mdec": HistoryFeature("decayed count of earlier M flares", "1"),
    "xdec": HistoryFeature("decayed count of earlier X flares", "1"),
    "edec": HistoryFeature("decayed sum of the peak fluxes of earlier flares", "1e-4 W m-2"),
    "logedec": HistoryFeature("decayed sum of log10(peak flux / 1e-4 W m-2) of earlier flares", "1"),
    "bhis": HistoryFeature("count of earlier B flares", "1"),
    "chis": HistoryFeature("count of earlier C flares", "1"),
    "mhis": HistoryFeature("count of earlier M flares", "1"),
    "xhis": HistoryFeature("count of earlier X flares", "1"),
    "bhis1d": HistoryFeature("count of B flares of the last 24 h", "1"),
    "chis1d": HistoryFeature("count of C flares of the last 24 h", "1"),
    "mhis1d": HistoryFeature("count of M flares of the last 24 h", "1"),
    "xhis1d": HistoryFeature("count of X flares of the last 24 h", "1"),
    "xmax1d": HistoryFeature("greatest peak flux of the flares of the last 24 h, 0 where there is none", "W m-2"),
}
_DECAYING = ("bdec", "cdec", "mdec", "xdec", "edec", "logedec")
_DAY, _HOUR = 86400, 3600
# Products of decimal fractions, which fluxes are, may lie below the class's own by rounding.
_ROUNDING = 1e-9


class _Flares(NamedTuple):
    """Flares sorted by region and the time from which they are known, (flare,); times in seconds since 1970."""

    region: NDArray[np.int64]
    start: NDArray[np.int64]
    known: NDArray[np.int64]
    flux_w_m2: NDArray[np.float64]


def flare_history(
    region_code: NDArray[np.int64],
    time: NDArray[np.datetime64],
    flares: pd.DataFrame,
    *,
    decay_hours: float,
    known_from: str,
) -> dict[str, NDArray[np.float64]]:
    """Features of `HISTORY_FEATURES`, by name, (record,), of records of a region (`region_code`) and time (UTC).

    `flares` (`flaredag.windows.flares_of_regions`) has `region_code`, `start_time`, `peak_flux` (W m-2) and, for
    `known_from` "peak" or "end", that time; records and flares may stand in any order. A flare without that time is
    known `LONGEST_FLARE_HOURS` after its start, and none later than that.

    A flare's class is that of its peak flux; those below B1.0, and those without a flux, belong to no feature, as F in
    equations 5 and 6 is made of the classes B to X. Decays are sums of w exp(-(t - t(f)) / `decay_hours`), with w = 1,
    E or log10(E); flares of the last 24 h have begun in [t - 24 h, t). What a record is given rests, to the last bit,
    on nothing but the flares of its region that it knows. InputError where no flare has the time that is wanted.
    """
    history = {name: np.zeros(len(region_code)) for name in HISTORY_FEATURES}
    known_flares = _sorted_flares(flares, known_from)
    regions, flare_code = np.unique(known_flares.region, return_inverse=True)
    if not len(regions):
        return history
    code = np.minimum(np.searchsorted(regions, region_code), len(regions) - 1)
    flaring = np.flatnonzero(regions[code] == region_code)
    code, seconds = code[flaring], time[flaring].astype("datetime64[s]").astype(np.int64)
    order = np.lexsort((seconds, code))
    code, seconds, record = code[order], seconds[order], flaring[order]

    # Regions one after the other on one axis of seconds: the records that know a flare follow on each other.
    origin, end = int(known_flares.start.min()), int(known_flares.known.max()) + _DAY + 1
    span = end - origin + 1
    if len(regions) * span > np.iinfo(np.int64).max:
        raise InputError("flare history: flares span too long to be compared; check the dates of the flare list.")
    axis = code * span + np.clip(seconds, origin, end) - origin
    of_region = flare_code * span
    first = np.searchsorted(axis, of_region + known_flares.known - origin, side="right")
    after_day = np.searchsorted(axis, of_region + known_flares.start + _DAY - origin, side="right")
    after_region = np.searchsorted(axis, of_region + span)

    n_records, flux = len(record), known_flares.flux_w_m2
    least = np.array([CLASS_FLUX_W_M2[letter] for letter in CLASSES]) * (1 - _ROUNDING)
    class_index = np.searchsorted(least, flux, side="right") - 1
    for i, letter in enumerate(CLASSES.lower()):
        own = class_index == i
        history[f"{letter}his"][record] = _n_ranges(first[own], after_region[own], n_records)
        history[f"{letter}his1d"][record] = _n_ranges(first[own], after_day[own], n_records)
    strongest = np.zeros(n_records)
    # The strongest is written last.
    for i in np.argsort(flux, kind="stable"):
        strongest[first[i] : after_day[i]] = flux[i]
    history["xmax1d"][record] = strongest

    e = flux / UNIT_OF_E_W_M2
    weights = np.column_stack([*(class_index == i for i in range(len(CLASSES))), e, np.log10(e)])
    sums = _decayed_sums(weights, flare_code, known_flares.known, decay_seconds=decay_hours * _HOUR)
    # Of the flares before a record on the axis the last is of its region, where that has any.
    some = np.flatnonzero(_n_ranges(first, after_region, n_records))
    last = np.cumsum(np.bincount(first, minlength=n_records + 1))[some] - 1
    decay = np.exp(-(seconds[some] - known_flares.known[last]) / (decay_hours * _HOUR))
    for i, name in enumerate(_DECAYING):
        history[name][record[some]] = sums[last, i] * decay
    return history


def _sorted_flares(flares: pd.DataFrame, known_from: str) -> _Flares:
    """Flares of B1.0 and above."""
    flares = flares[flares["peak_flux"] >= CLASS_FLUX_W_M2["B"] * (1 - _ROUNDING)]
    times = flares[f"{known_from}_time"].to_numpy(dtype="datetime64[s]")
    missing = np.isnat(times)
    if len(times) and missing.all():
        raise InputError(
            f"flare history: of the {len(times)} flares of the regions none has the time of its {known_from}; wanted "
            f"it of most, to know a flare from its {known_from} on. Take another list, or set `known_from: start`."
        )
    start = flares["start_time"].to_numpy(dtype="datetime64[s]").astype(np.int64)
    longest = start + LONGEST_FLARE_HOURS * _HOUR
    known = np.where(missing, longest, np.clip(times.astype(np.int64), start, longest))
    region, flux = flares["region_code"].to_numpy(dtype=np.int64), flares["peak_flux"].to_numpy(dtype=np.float64)
    # Start and flux decide where times are equal: sums do not hang on the order of the list.
    order = np.lexsort((flux, start, known, region))
    return _Flares(region[order], start[order], known[order], flux[order])


def _n_ranges(first: NDArray[np.int64], after: NDArray[np.int64], n_records: int) -> NDArray[np.int64]:
    """How many of the ranges [`first`, `after`) each of `n_records` lies in, (record,)."""
    begun, ended = (np.bincount(one, minlength=n_records + 1) for one in (first, after))
    return np.cumsum(begun - ended)[:n_records]


def _decayed_sums(
    weights: NDArray[np.float64], region: NDArray[np.int64], known: NDArray[np.int64], *, decay_seconds: float
) -> NDArray[np.float64]:
    """Sums of the decayed `weights` of a region's flares up to each, at the time it is known, (flare, feature).

    By doubling: after k rounds each sum holds the last 2^k flares. No exponent is positive, so that nothing overflows
    however far apart flares are, and no sum hangs on later flares or other regions.
    """
    sums = weights.astype(np.float64)
    step = 1
    while step < len(sums) and (same := region[step:] == region[:-step]).any():
        gap = np.where(same, known[step:] - known[:-step], 0)
        decay = np.where(same, np.exp(-gap / decay_seconds), 0.0)
        sums[step:] += sums[:-step] * decay[:, None]
        step *= 2
    return sums
