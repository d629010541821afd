"""Leaks of features: a column that gives the label away, and one that changes when the future does."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from flaredag.audit import CLEAN, DECLARED, LEAK, REPORTED, Finding

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from numpy.typing import NDArray

# One threshold on the total unsigned flux or on R tells strong regions from quiet ones with a true skill statistic of
# about 0.9 (Sun et al. 2022's samples); no keyword comes near this.
GIVEN_AWAY_SKILL = 0.98
# Few values may determine a label without an order, or that of some samples alone: values that nearly only the rarer
# class has are a leak if half of that class has them.
GIVEN_AWAY_PURITY = 0.99
GIVEN_AWAY_SHARE = 0.5
MAX_FEW_VALUES = 50
# Fewer of a class may be told apart by accident; windows of one region are alike, so regions count too.
MIN_SAMPLES_OF_CLASS = 30
MIN_REGIONS_OF_CLASS = 10


def best_single_threshold_skill(values: NDArray[np.float64], label: NDArray[np.int8]) -> float:
    """Greatest absolute true skill statistic of "event if value > threshold" over all thresholds, exactly.

    `values` without NaN and `label` (0 or 1), both (sample,). NaN where only one outcome occurred.
    """
    order = np.argsort(values, kind="stable")
    is_event = label[order] == 1
    n_events = int(is_event.sum())
    n_non_events = len(label) - n_events
    if n_events == 0 or n_non_events == 0:
        return float("nan")
    # A threshold lies between distinct values: cumulative counts at the last of equal ones.
    last_of_equal = np.append(np.diff(values[order]) > 0, True)
    events_below = np.cumsum(is_event)[last_of_equal]
    below = np.arange(1, len(label) + 1)[last_of_equal]
    skill = (below - events_below) / n_non_events - events_below / n_events
    return float(np.abs(skill).max())


def few_values_skill(codes: NDArray[np.int64], label: NDArray[np.int8]) -> tuple[float, float]:
    """What few values, `codes` (sample,) from 0 on, tell of the label: (true skill statistic, share told).

    The statistic of the best assignment of each value to a class, and the share of the rarer class whose values are
    that class's in `GIVEN_AWAY_PURITY` of all cases or more. NaN where only one outcome occurred.
    """
    n = np.bincount(codes)
    events = np.bincount(codes, weights=label == 1, minlength=len(n))
    n_events = events.sum()
    n_non_events = len(label) - n_events
    if n_events == 0 or n_non_events == 0:
        return float("nan"), float("nan")
    skill = np.abs(events / n_events - (n - events) / n_non_events).sum() / 2
    of_rarer = events if n_events <= n_non_events else n - events
    pure = of_rarer >= GIVEN_AWAY_PURITY * n
    return float(skill), float(of_rarer[pure].sum() / of_rarer.sum())


def column_gives_label_away(
    subject: str,
    columns: Mapping[str, NDArray[np.float64]],
    label: NDArray[np.int8],
    region: NDArray[np.int64] | None,
) -> list[Finding]:
    """Columns whose value, or whose absence (NaN), equals or nearly determines the label; one finding if none does.

    Columns, `label` (0 or 1) and `region` (None: each sample counts for itself) are (sample,). Where a class has fewer
    than `MIN_SAMPLES_OF_CLASS` samples or `MIN_REGIONS_OF_CLASS` regions, nothing can be told and that is reported.
    """
    check = "column_gives_label_away"
    few = _few_of_a_class(label, region)
    if few:
        return [Finding(check, subject, REPORTED, len(label), f"cannot be decided: {few}")]
    found, best, best_name = [], 0.0, ""
    for name, values in columns.items():
        missing = np.isnan(values)
        given = ~missing
        own_label = label[given]
        if missing.any():
            skill = few_values_skill(missing.astype(np.int64), label)[0]
            if skill >= GIVEN_AWAY_SKILL:
                text = f"whether {name} is missing tells the label (true skill statistic {skill:.3f})"
                found.append(Finding(check, f"{subject}: {name}", LEAK, len(label), text))
            if _few_of_a_class(own_label, None if region is None else region[given]):
                continue
        own_values = values[given]
        equal = np.array_equal(own_values, own_label)
        skill = best_single_threshold_skill(own_values, own_label)
        if skill > best:
            best, best_name = skill, name
        if equal or skill >= GIVEN_AWAY_SKILL:
            by_threshold = f"tells the label by one threshold (true skill statistic {skill:.3f})"
            how = "equals the label" if equal else by_threshold
            found.append(Finding(check, f"{subject}: {name}", LEAK, len(own_label), f"{name} {how}"))
            continue
        told = _told_by_few_values(own_values, own_label)
        if told:
            found.append(Finding(check, f"{subject}: {name}", LEAK, len(own_label), f"{name} {told}"))
    text = f"{len(columns)} columns of {len(label)} samples"
    text += f"; the most telling is {best_name}, true skill statistic {best:.3f} by one threshold" if best_name else ""
    return found or [Finding(check, subject, CLEAN, len(columns), text)]


def features_that_know_the_future(
    before: pd.DataFrame, after: pd.DataFrame, cut: np.datetime64, *, key: Sequence[str] = ("region", "time")
) -> dict[str, int]:
    """How many samples of time <= `cut` differ in each feature, of those made with one past and two futures.

    `before` and `after` have the columns `key` (among them `time`), each sample once; all other columns are features. A
    sample that is in one of them alone counts under "samples". NaN equals NaN, and numbers may differ by rounding.
    """
    names = list(key)
    features = [name for name in before.columns if name not in names]
    past = [table.loc[(table["time"] <= cut).to_numpy()] for table in (before, after)]
    joined = past[0].merge(past[1], on=names, how="outer", suffixes=("", " after"), indicator=True)
    both = joined[joined["_merge"] == "both"]
    changed = {"samples": len(joined) - len(both)}
    for name in features:
        was, now = both[name].to_numpy(), both[f"{name} after"].to_numpy()
        if was.dtype.kind == "f" and now.dtype.kind == "f":
            differs = ~np.isclose(was, now, rtol=1e-9, atol=0, equal_nan=True)
        else:
            differs = (was != now) & ~(pd.isna(was) & pd.isna(now))
        changed[name] = int(differs.sum())
    return changed


def feature_knows_the_future(
    subject: str, changed: Mapping[str, int], *, n_compared: int, cut: str, choice_declared: bool = False
) -> Finding:
    """Finding of samples that `changed`, by feature, of `n_compared` that were issued before the future was altered.

    `choice_declared`: the study declares that what happens later chooses its samples, as it does where they end before
    a flare; their features must be the same all the same.
    """
    check = "feature_knows_the_future"
    if choice_declared and not any(n for name, n in changed.items() if name != "samples"):
        text = (
            f"which samples there are hangs on what is observed later, {changed['samples']} of {n_compared} issued by "
            f"{cut}; the features of the others are the same"
        )
        return Finding(check, subject, DECLARED, changed["samples"], text)
    guilty = {name: n for name, n in changed.items() if n}
    if guilty:
        named = ", ".join(f"{name} ({n})" for name, n in sorted(guilty.items(), key=lambda one: (-one[1], one[0])))
        text = f"of {n_compared} samples issued by {cut} some change with what was observed later: {named}"
        return Finding(check, subject, LEAK, max(guilty.values()), text)
    if not n_compared:
        text = f"cannot be decided: no sample was issued by {cut}"
        return Finding(check, subject, REPORTED, 0, text)
    text = f"{n_compared} samples issued by {cut} are the same whatever is observed later"
    return Finding(check, subject, CLEAN, n_compared, text)


def _few_of_a_class(label: NDArray[np.int8], region: NDArray[np.int64] | None) -> str:
    """Why too few are there of a class; empty where there are enough."""
    for value, what in ((1, "events"), (0, "non-events")):
        own = label == value
        n = int(own.sum())
        if n < MIN_SAMPLES_OF_CLASS:
            return f"{n} {what}; wanted {MIN_SAMPLES_OF_CLASS}"
        n_regions = n if region is None else len(np.unique(region[own]))
        if n_regions < MIN_REGIONS_OF_CLASS:
            return f"{what} of {n_regions} regions; wanted {MIN_REGIONS_OF_CLASS}"
    return ""


def _told_by_few_values(values: NDArray[np.float64], label: NDArray[np.int8]) -> str:
    """How a column of few values tells the label; empty where it does not, or has many."""
    # Most columns have many values; some of them show that cheaply.
    if len(np.unique(values[:: max(1, len(values) // 1000)])) > MAX_FEW_VALUES:
        return ""
    distinct, codes = np.unique(values, return_inverse=True)
    if len(distinct) > MAX_FEW_VALUES:
        return ""
    skill, share = few_values_skill(codes, label)
    if skill >= GIVEN_AWAY_SKILL:
        return f"tells the label by its {len(distinct)} values (true skill statistic {skill:.3f})"
    if share >= GIVEN_AWAY_SHARE:
        return f"has values that only the rarer class has, {100 * share:.0f} % of that class"
    return ""
