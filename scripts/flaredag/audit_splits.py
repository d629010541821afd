"""Leaks of splits: regions in two of them, windows that share time across them, a test set chosen by its outcome."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from flaredag.audit import CLEAN, DECLARED, LEAK, REPORTED, Finding
from flaredag.splits import SPLITS
from flaredag.windows import ACTIVITY, EVOLUTION

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

_N_ACTIVITIES = len(ACTIVITY)
TEST = SPLITS.index("test")


@dataclass(frozen=True)
class SplitSamples:
    """Samples of one draw, each array (sample,): `name` of the draw, and who is in which split when.

    `split` indexes `flaredag.splits.SPLITS`, `region` indexes `region_names`; regions of one `group` stay in one split.
    """

    name: str
    split: NDArray[np.int8]
    region: NDArray[np.int64]
    group: NDArray[np.int64]
    issue_time: NDArray[np.datetime64]
    region_names: Sequence[str]


def region_in_two_splits(subject: str, draws: Sequence[SplitSamples], *, cut_declared: bool = False) -> Finding:
    """Regions, and groups of them, that lie in two splits of one draw.

    `cut_declared`: the study declares that borders in time cut regions, which excuses draws whose splits follow each
    other in time.
    """
    n_regions, n_shared, told = 0, 0, ""
    for draw in draws:
        n_regions += len(np.unique(draw.region))
        shared = np.unique(
            np.concatenate([draw.region[_is_in_two_splits(code, draw.split)] for code in (draw.region, draw.group)])
        )
        n_shared += len(shared)
        if len(shared) and not told:
            splits = np.unique(draw.split[draw.region == shared[0]])
            names = " and ".join(SPLITS[code] for code in splits)
            told = f"the first is {draw.region_names[shared[0]]}, {draw.name}, in {names}"
            told += "" if len(splits) > 1 else ", and another of its group elsewhere"
    if n_shared:
        text = f"{n_shared} of {n_regions} regions, counted by draw, lie in two splits, or their group does; {told}"
        return Finding("region_in_two_splits", subject, _outcome(draws, cut_declared=cut_declared), n_shared, text)
    return Finding("region_in_two_splits", subject, CLEAN, n_regions, f"{n_regions} regions, counted by draw")


def noaa_region_in_two_splits(
    subject: str, noaa_ar: NDArray[np.int64], region: NDArray[np.int64], split_of_region: NDArray[np.int8]
) -> Finding:
    """NOAA regions whose patches, of one instrument or of two, lie in two splits of a draw.

    `noaa_ar` and `region` (pair,): which patch names which number; `split_of_region` (draw, region), -1 for none. The
    patches are of one sunspot group, and may be seen by two instruments at one time; reported.
    """
    check = "noaa_region_in_two_splits"
    if not len(noaa_ar):
        return Finding(check, subject, REPORTED, 0, "cannot be decided: the records name no NOAA region")
    numbers, of_number = np.unique(noaa_ar, return_inverse=True)
    shared, tested = (np.zeros((len(split_of_region), len(numbers)), dtype=bool) for _ in range(2))
    for draw, splits in enumerate(split_of_region):
        of_pairs = splits[region]
        in_split = [np.bincount(of_number[of_pairs == code], minlength=len(numbers)) > 0 for code in range(len(SPLITS))]
        shared[draw] = np.sum(in_split, axis=0) > 1
        tested[draw] = shared[draw] & in_split[TEST]
    if shared.any():
        first = numbers[(tested if tested.any() else shared).any(axis=0).argmax()]
        text = (
            f"{shared.sum(axis=1).mean():.1f} NOAA regions a draw have patches in two splits, "
            f"{tested.sum(axis=1).mean():.1f} of them in test; one is {first}"
        )
        return Finding(check, subject, REPORTED, int(shared.any(axis=0).sum()), text)
    return Finding(check, subject, CLEAN, len(numbers), "no NOAA region has patches in two splits")


def windows_overlap_across_splits(
    subject: str,
    draws: Sequence[SplitSamples],
    *,
    window_hours: float,
    horizon_hours: float,
    split_by: str = "region",
    cut_declared: bool = False,
) -> Finding:
    """Windows [issue - window, issue + horizon] that share time with one of another split.

    `split_by`: "region" holds windows of one group of regions against each other; "time" all windows, of whatever
    region, so that a purge gap of window + horizon is wanted between the splits; "cycle" the same between test and the
    rest, which themselves are split by region. Windows that meet in one instant do not overlap. `cut_declared` as in
    `region_in_two_splits`.
    """
    reach = np.timedelta64(round(3600 * (window_hours + horizon_hours)), "s")
    n_windows, n_overlapping, told = 0, 0, ""
    for draw in draws:
        n_windows += len(draw.split)
        group = np.zeros_like(draw.group)
        overlapping = overlaps(draw.group, draw.issue_time, draw.split, reach=reach)
        if split_by != "region":
            apart = draw.split if split_by == "time" else (draw.split == TEST).astype(np.int8)
            overlapping |= overlaps(group, draw.issue_time, apart, reach=reach)
        n_overlapping += int(overlapping.sum())
        if overlapping.any() and not told:
            first = int(overlapping.argmax())
            told = (
                f"the first is of {draw.region_names[draw.region[first]]}, issued {draw.issue_time[first]}, "
                f"{SPLITS[draw.split[first]]}, {draw.name}"
            )
    wanted = f"{window_hours:g} h before and {horizon_hours:g} h after the issue time"
    of_whom = {
        "region": "of their regions",
        "time": "of any region",
        "cycle": "of any region across the border",
    }
    if n_overlapping:
        text = f"{n_overlapping} of {n_windows} windows ({wanted}) overlap one {of_whom[split_by]} in another split"
        text += f"; {told}"
        outcome = _outcome(draws, cut_declared=cut_declared)
        return Finding("windows_overlap_across_splits", subject, outcome, n_overlapping, text)
    text = f"no window ({wanted}) overlaps one {of_whom[split_by]} in another split"
    return Finding("windows_overlap_across_splits", subject, CLEAN, n_windows, text)


def overlaps(
    group: NDArray[np.int64], issue_time: NDArray[np.datetime64], split: NDArray[np.int8], *, reach: np.timedelta64
) -> NDArray[np.bool_]:
    """Whether less than `reach` lies between a window and the nearest of its group in another split, (sample,)."""
    order = np.lexsort((issue_time, group))
    sorted_group = group[order]
    seconds = issue_time[order].astype("datetime64[s]").astype(np.int64)
    sorted_split = split[order]
    within = np.zeros(len(order), dtype=bool)
    seconds_of_reach = int(reach / np.timedelta64(1, "s"))
    for other in np.unique(sorted_split):
        elsewhere = sorted_split != other
        for step in (1, -1):
            near = _nearest_before((sorted_split == other)[::step])
            if step < 0:
                near = np.where(near[::-1] < 0, -1, len(order) - 1 - near[::-1])
            same = (near >= 0) & (sorted_group[near] == sorted_group)
            within |= elsewhere & same & (np.abs(seconds - seconds[near]) < seconds_of_reach)
    found = np.zeros(len(order), dtype=bool)
    found[order] = within
    return found


def chosen_by_outcome(
    subject: str,
    *,
    undersampled: bool,
    undersampling_declared: bool,
    evolution: NDArray[np.int8],
    label: NDArray[np.int8],
    dropping_declared: bool,
) -> list[Finding]:
    """Whether the test set was chosen by what happened after the forecasts.

    `evolution` and `label`, (sample,), are those of all windows of the tested instrument, dropped ones (label -1) too.
    An activity before the issue time of which some is kept and some dropped was chosen by the activity after it.
    """
    check = "test_chosen_by_outcome"
    balanced = Finding(check, f"{subject}: balance", CLEAN, 0, "the test set is at its natural event rate")
    if undersampled:
        text = "the test set is undersampled until both classes are equal: chosen by what happened after the forecasts"
        balanced = balanced._replace(outcome=DECLARED if undersampling_declared else LEAK, text=text, n=1)
    before, dropped = evolution // _N_ACTIVITIES, label < 0
    by_outcome = np.zeros(len(label), dtype=bool)
    for activity in range(_N_ACTIVITIES):
        own = before == activity
        if (own & ~dropped).any():
            by_outcome |= own & dropped
    labels = Finding(check, f"{subject}: labels", CLEAN, len(label), "no window is left out for what happened later")
    if by_outcome.any():
        types = ", ".join(np.array(EVOLUTION)[np.unique(evolution[by_outcome])])
        n = int(by_outcome.sum())
        text = f"{n} of {len(label)} windows are left out for what happened later ({types})"
        labels = labels._replace(outcome=DECLARED if dropping_declared else LEAK, n=n, text=text)
    return [balanced, labels]


def looks_balanced(subject: str, label: NDArray[np.int8], split: NDArray[np.int8]) -> Finding:
    """Whether a test set of unknown making holds as many events as non-events, which hardly happens by itself."""
    own = label[split == TEST]
    n_events = int((own == 1).sum())
    if 2 * n_events == len(own) and len(own) > 0:
        text = f"the test set has {n_events} events and as many non-events: chosen by what happened later?"
        return Finding("test_chosen_by_outcome", subject, REPORTED, len(own), text)
    text = f"the test set has {n_events} events in {len(own)} samples"
    return Finding("test_chosen_by_outcome", subject, CLEAN, len(own), text)


def _outcome(draws: Sequence[SplitSamples], *, cut_declared: bool) -> str:
    """Declared where the study says so and all splits follow each other in time, else a leak."""
    return DECLARED if cut_declared and all(_follow_in_time(draw) for draw in draws) else LEAK


def _follow_in_time(draw: SplitSamples) -> bool:
    """Whether every sample of a split was issued before all samples of later splits."""
    order = np.argsort(draw.issue_time, kind="stable")
    split, issue_time = draw.split[order], draw.issue_time[order]
    border = np.diff(split) != 0
    return bool((np.diff(split) >= 0).all() and (issue_time[:-1][border] < issue_time[1:][border]).all())


def _is_in_two_splits(code: NDArray[np.int64], split: NDArray[np.int8]) -> NDArray[np.bool_]:
    """Of each sample, whether what its `code` names has samples in two splits."""
    _, first, inverse = np.unique(code, return_index=True, return_inverse=True)
    differs = split != split[first][inverse]
    return np.bincount(inverse[differs], minlength=len(first))[inverse] > 0


def _nearest_before(marked: NDArray[np.bool_]) -> NDArray[np.int64]:
    """Index of the last marked place at or before each, -1 where there is none."""
    return np.maximum.accumulate(np.where(marked, np.arange(len(marked)), -1))
