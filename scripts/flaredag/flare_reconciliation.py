"""One flare list out of several: which records are the same flare, and where the lists contradict each other.

GOES sees the whole disk in one light curve, so that no two flares have their peak in the same minutes: of 11,474 flares
of NCEI in 2010-2017 no two distinct ones peak less than 5 minutes apart, and of SWPC's 11,683 of those years 11,469
have their counterpart at the very minute. Hence records that peak within `SAME_PEAK_MINUTES` are one flare, whatever
their class; up to the difference a user allows they are where the class agrees within `SAME_CLASS_RATIO`.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import numpy as np
import pandas as pd

from flaredag.errors import InputError
from flaredag.flare_lists import FLARE_LIST_COLUMNS
from flaredag.goes import peak_flux_w_m2

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from numpy.typing import NDArray

SAME_PEAK_MINUTES = 2
SAME_CLASS_RATIO = 1.25
DISAGREEMENT_COLUMNS = ("kind", "peak_time", "list_a", "value_a", "list_b", "value_b", "kept")
# What is compared, the column it stands in, and how a value that is not given looks.
COMPARED = {
    "class": ("goes_class", ""),
    "region": ("noaa_ar", 0),
    "start": ("start_time", None),
    "peak": ("peak_time", None),
}
_LETTERS = "ABCMX"
_MINUTE = np.timedelta64(60, "s")


class Reconciled(NamedTuple):
    """Flares (columns `FLARE_LIST_COLUMNS` and `lists`), disagreements (`DISAGREEMENT_COLUMNS`), and counts."""

    flares: pd.DataFrame
    disagreements: pd.DataFrame
    counts: dict[str, int]


def reconcile(
    lists: Mapping[str, pd.DataFrame], *, preferred_order: Sequence[str], max_peak_difference_minutes: float
) -> Reconciled:
    """One list out of several (columns `FLARE_LIST_COLUMNS`), each flare once, sorted by start.

    Each value is that of the first list of `preferred_order` that gives it, so that a region that one list alone has
    is taken; a bare class letter gives way to a class of that letter. Where lists that give a value differ, and where a
    list lacks a flare of a time and class that it covers (`covered`), a row of the disagreements tells it. Flares
    without region stay. The order of rows and of `lists` does not matter. InputError where `preferred_order` does not
    name each list once.
    """
    if sorted(preferred_order) != sorted(lists):
        raise InputError(
            f"preferred order of the flare lists: {', '.join(preferred_order)} found; wanted each of "
            f"{', '.join(sorted(lists))} once."
        )
    counts, own = {}, {}
    for name in preferred_order:
        own[name], n_dropped = without_duplicates(lists[name], max_peak_difference_minutes=max_peak_difference_minutes)
        counts[f"flares_repeated_{name}"] = n_dropped
    flare_of, n_flares = {}, 0
    merged = own[preferred_order[0]].iloc[:0]
    for name in preferred_order:
        matched = match_flares(merged, own[name], max_peak_difference_minutes=max_peak_difference_minutes)
        new = matched < 0
        flare_of[name] = np.where(new, n_flares + np.cumsum(new) - 1, matched)
        n_flares += int(new.sum())
        merged = _merged(own, flare_of)
    disagreements = _disagreements(own, flare_of, merged)
    flares, n_dropped = without_duplicates(merged, max_peak_difference_minutes=max_peak_difference_minutes)
    counts["flares_repeated_across_lists"] = n_dropped
    counts["flares_in_all_lists"] = int((flares["lists"].str.count(",") == len(lists) - 1).sum())
    for kind in ("missing", *COMPARED):
        counts[f"disagreements_{kind}"] = int((disagreements["kind"] == kind).sum())
    return Reconciled(flares, disagreements, counts)


def without_duplicates(flares: pd.DataFrame, *, max_peak_difference_minutes: float) -> tuple[pd.DataFrame, int]:
    """Flares of one list each once, sorted by start, and how many records went.

    One are records that peak at most `SAME_PEAK_MINUTES` after each other (no more than the allowed difference), and
    records without peak that start with such a one or each other. The strongest stays; what it lacks comes from the
    others.
    """
    flares = _sorted(flares)
    if flares.empty:
        return flares, 0
    apart = min(SAME_PEAK_MINUTES, max_peak_difference_minutes) * _MINUTE
    start, peak = (flares[name].to_numpy(dtype="datetime64[s]") for name in ("start_time", "peak_time"))
    flux = peak_flux_w_m2(flares["goes_class"])
    group = np.full(len(flares), -1, dtype=np.int64)
    by_peak = np.argsort(peak, kind="stable")[: int((~np.isnat(peak)).sum())]  # NaT are sorted to the end
    group[by_peak] = np.cumsum(np.concatenate([[False], np.diff(peak[by_peak]) > apart])[: len(by_peak)])
    group_of_start = pd.Series(group[by_peak], index=start[by_peak])
    group_of_start = group_of_start[~group_of_start.index.duplicated()]
    without = np.flatnonzero(np.isnat(peak))
    of_start = group_of_start.reindex(start[without]).to_numpy()
    new_group = len(flares) + np.unique(start[without], return_inverse=True)[1]
    group[without] = np.where(np.isnan(of_start), new_group, np.nan_to_num(of_start)).astype(np.int64)
    best_first = np.lexsort(
        (np.arange(len(flares)), flares["noaa_ar"] == 0, -np.nan_to_num(flux), np.isnat(peak), group)
    )
    kept = _first_given(flares.iloc[best_first], group[best_first])
    return _sorted(kept), len(flares) - len(kept)


def match_flares(a: pd.DataFrame, b: pd.DataFrame, *, max_peak_difference_minutes: float) -> NDArray[np.int64]:
    """Row of `a` that each flare of `b` is, -1 where none, (flare of b,); no row of `a` is given twice.

    Nearest peaks first, then nearest class; flares without peak in either list go by their starts, after the others.
    """
    start_a, start_b = (list_["start_time"].to_numpy(dtype="datetime64[s]") for list_ in (a, b))
    peak_a, peak_b = (list_["peak_time"].to_numpy(dtype="datetime64[s]") for list_ in (a, b))
    dex_a, dex_b = (np.log10(peak_flux_w_m2(list_["goes_class"])) for list_ in (a, b))
    allowed = max_peak_difference_minutes * 60
    matched = np.full(len(b), -1, dtype=np.int64)
    for by_peak in (True, False):
        free_a, free_b = np.setdiff1d(np.arange(len(a)), matched), np.flatnonzero(matched < 0)
        time_a, time_b = (peak_a, peak_b) if by_peak else (start_a, start_b)
        of_a, of_b = _pairs(time_a[free_a], time_b[free_b], allowed)
        row_a, row_b = free_a[of_a], free_b[of_b]
        if not by_peak:
            lacks_peak = np.isnat(peak_a[row_a]) | np.isnat(peak_b[row_b])
            row_a, row_b = row_a[lacks_peak], row_b[lacks_peak]
        seconds = np.abs((time_a[row_a] - time_b[row_b]).astype(np.int64))
        dex = np.nan_to_num(np.abs(dex_a[row_a] - dex_b[row_b]))
        good = (seconds <= SAME_PEAK_MINUTES * 60) | (dex <= np.log10(SAME_CLASS_RATIO))
        order = np.lexsort((row_b, row_a, dex, seconds))
        order = order[good[order]]
        chosen = _one_to_one(row_a[order], row_b[order])
        matched[row_b[order][chosen]] = row_a[order][chosen]
    return matched


def covered(flares: pd.DataFrame, times: NDArray[np.datetime64], goes_class: Sequence[str]) -> NDArray[np.bool_]:
    """Whether a list covers flares of these times and classes, (time,).

    It covers the years of which it has flares, from its first to its last, and in each the classes from the least
    letter on that it has in that year: a list of flares >= C1.0 lacks no B flare.
    """
    if flares.empty:
        return np.zeros(len(times), dtype=bool)
    own = flares["start_time"].to_numpy(dtype="datetime64[s]")
    least = pd.Series(_letters(flares["goes_class"])).groupby(own.astype("datetime64[Y]").astype(np.int64)).min()
    times = times.astype("datetime64[s]")
    least_of_year = least.reindex(times.astype("datetime64[Y]").astype(np.int64)).to_numpy(dtype=np.float64)
    return (times >= own.min()) & (times <= own.max()) & (_letters(goes_class) >= least_of_year)


def _letters(goes_class: Sequence[str] | pd.Series) -> NDArray[np.float64]:
    """Rank of the class letter, NaN where the class is not known."""
    rank = {letter: float(n) for n, letter in enumerate(_LETTERS)}
    return pd.Series(np.asarray(goes_class, dtype=object)).str[:1].map(rank).to_numpy(dtype=np.float64)


def _pairs(a: NDArray[np.datetime64], b: NDArray[np.datetime64], allowed_seconds: float) -> tuple[NDArray, NDArray]:
    """Indices of all pairs of times of `a` and `b` that differ by at most `allowed_seconds`; NaT is near nothing."""
    given_a, given_b = np.flatnonzero(~np.isnat(a)), np.flatnonzero(~np.isnat(b))
    order = given_b[np.argsort(b[given_b], kind="stable")]
    seconds_a, seconds_b = a[given_a].astype(np.int64), b[order].astype(np.int64)
    first = np.searchsorted(seconds_b, seconds_a - allowed_seconds, side="left")
    n = np.searchsorted(seconds_b, seconds_a + allowed_seconds, side="right") - first
    within = np.arange(int(n.sum())) - np.repeat(np.cumsum(n) - n, n)
    return np.repeat(given_a, n), order[np.repeat(first, n) + within]


def _one_to_one(a: NDArray[np.int64], b: NDArray[np.int64]) -> NDArray[np.int64]:
    """Of pairs in order of preference those of a greedy choice, each `a` and `b` once, in rounds of mutual bests."""
    left, chosen = np.arange(len(a)), []
    while len(left):
        first_of_a, first_of_b = (np.unique(ends[left], return_index=True)[1] for ends in (a, b))
        best = left[np.intersect1d(first_of_a, first_of_b)]
        chosen.append(best)
        left = left[~np.isin(a[left], a[best]) & ~np.isin(b[left], b[best])]
    return np.concatenate(chosen) if chosen else left


def _sorted(flares: pd.DataFrame) -> pd.DataFrame:
    by = [*FLARE_LIST_COLUMNS, *(["lists"] if "lists" in flares.columns else [])]
    return flares[by].sort_values(by, kind="stable", ignore_index=True)


def _first_given(flares: pd.DataFrame, group: NDArray[np.int64]) -> pd.DataFrame:
    """One flare a group, in order of groups: of each column the first value that is given."""
    given = flares.assign(
        goes_class=flares["goes_class"].where(flares["goes_class"] != ""),
        noaa_ar=flares["noaa_ar"].astype(np.float64).where(flares["noaa_ar"] != 0),
        satellite=flares["satellite"].where(flares["satellite"] != ""),
    )
    # A bare letter says less than a class of that letter.
    bare = given["goes_class"].str.len().eq(1).to_numpy()
    full = given["goes_class"].where(~bare)
    letter = given["goes_class"].str[:1]
    has_full = full.notna().groupby([group, letter.fillna("").to_numpy()]).transform("any").to_numpy()
    given["goes_class"] = given["goes_class"].where(~(bare & has_full))
    first = given.groupby(group, sort=True).first()
    late = first["peak_time"] > first["end_time"]  # they may come from two lists
    return first.assign(
        goes_class=first["goes_class"].fillna(""),
        noaa_ar=first["noaa_ar"].fillna(0).astype(np.int64),
        satellite=first["satellite"].fillna(""),
        end_time=first["end_time"].mask(late),
    ).reset_index(drop=True)


def _merged(own: Mapping[str, pd.DataFrame], flare_of: Mapping[str, NDArray[np.int64]]) -> pd.DataFrame:
    """One row a flare of the lists in `flare_of`, values of the first list that gives them, and `lists`."""
    names = list(flare_of)
    rows = pd.concat([own[name] for name in names], ignore_index=True)
    flare = np.concatenate([flare_of[name] for name in names])
    rank = np.repeat(np.arange(len(names)), [len(flare_of[name]) for name in names])
    order = np.lexsort((rank, flare))
    merged = _first_given(rows.iloc[order], flare[order])
    held = np.zeros((len(merged), len(names)), dtype=bool)
    held[flare, rank] = True
    combinations, which = np.unique(held, axis=0, return_inverse=True)
    texts = [",".join(sorted(np.array(names)[held_by])) for held_by in combinations]
    return merged.assign(lists=np.array([*texts, ""], dtype=object)[which.reshape(-1)])


def _disagreements(
    own: Mapping[str, pd.DataFrame], flare_of: Mapping[str, NDArray[np.int64]], merged: pd.DataFrame
) -> pd.DataFrame:
    """A row for each value of a list that differs from the one kept, and for each flare that a list lacks."""
    time = merged["peak_time"].fillna(merged["start_time"]).to_numpy(dtype="datetime64[s]")
    found = []
    names = list(flare_of)
    row_of = {name: pd.Series(np.arange(len(flare_of[name])), index=flare_of[name]) for name in names}
    row_of = {name: rows.reindex(np.arange(len(merged)), fill_value=-1).to_numpy() for name, rows in row_of.items()}
    first_holder = np.argmax(np.array([row_of[name] >= 0 for name in names]), axis=0)
    for name in names:
        lacks = np.flatnonzero((row_of[name] < 0) & covered(own[name], time, merged["goes_class"]))
        holder = np.array(names, dtype=object)[first_holder[lacks]]
        classes = merged["goes_class"].to_numpy(dtype=object)[lacks]
        found.append(_rows("missing", time[lacks], holder, classes, name, "", classes))
    for kind, (column, not_given) in COMPARED.items():
        kept = merged[column]
        keeper = np.full(len(merged), "", dtype=object)
        values = {}
        for name in names:
            values[name] = own[name][column].reindex(row_of[name]).reset_index(drop=True)
            held = row_of[name] >= 0
            given = held & values[name].notna().to_numpy() & (values[name] != not_given).to_numpy()
            keeper[given & (keeper == "") & (values[name] == kept).to_numpy()] = name
            values[name] = values[name].where(given)
        for name in names:
            differ = values[name].notna() & kept.notna() & (kept != not_given) & _differs(values[name], kept, column)
            at = np.flatnonzero(differ.to_numpy())
            kept_texts = _texts(kept.iloc[at])
            found.append(_rows(kind, time[at], keeper[at], kept_texts, name, _texts(values[name].iloc[at]), kept_texts))
    table = pd.concat(found, ignore_index=True)
    return table.sort_values(["peak_time", "kind", "list_b", "value_b"], kind="stable", ignore_index=True)


def _differs(values: pd.Series, kept: pd.Series, column: str) -> pd.Series:
    if column != "goes_class":
        return values != kept
    # "C1" is "C1.0", and a bare letter contradicts another letter only.
    flux, kept_flux = peak_flux_w_m2(values), peak_flux_w_m2(kept)
    letter_alone = (values.str.len() == 1) & (values.str[:1] == kept.str[:1])
    return ~letter_alone & ~np.isclose(flux, kept_flux, rtol=1e-9, atol=0.0)


def _texts(values: pd.Series) -> NDArray[np.object_]:
    if values.dtype.kind == "M":
        return values.dt.strftime("%Y-%m-%d %H:%M:%S").to_numpy(dtype=object)
    return np.array([str(int(v)) if isinstance(v, (int, float)) else str(v) for v in values.tolist()], dtype=object)


def _rows(
    kind: str, time: NDArray, list_a: NDArray, value_a: NDArray, list_b: str, value_b: NDArray | str, kept: NDArray
) -> pd.DataFrame:
    values = dict(zip(DISAGREEMENT_COLUMNS, (kind, time, list_a, value_a, list_b, value_b, kept), strict=True))
    return pd.DataFrame(values, index=pd.RangeIndex(len(time))).astype({"peak_time": "datetime64[s]"})
