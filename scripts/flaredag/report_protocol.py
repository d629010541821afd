"""The page that opens the report, "What holds", and the section on the protocol ladder of a study."""

from __future__ import annotations

from itertools import pairwise
from typing import TYPE_CHECKING, Any

import numpy as np

from flaredag.audit import CLEAN, DECLARED, LEAK, REPORTED
from flaredag.calibration_names import METHODS, calibrated_name, is_calibrated
from flaredag.ladder import AUC, BSS, N_EVENTS, N_SAMPLES, PRIOR_SHIFT, RAW, RUNGS, TSS, climb, in_words, leading
from flaredag.report_cells import (
    ABBREVIATIONS,
    UNDEFINED,
    Block,
    count,
    number_columns,
    paragraph,
    short,
    signed,
    table,
    text_columns,
    with_interval,
    words,
)
from flaredag.report_inputs import rows_where
from flaredag.report_sections import REGION_BLOCKS, ROTATION_BLOCKS
from flaredag.studies import DECLARED_LEAKS

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    import pandas as pd

    from flaredag.ladder import Ladder
    from flaredag.report_inputs import Results, Study

# Models of seconds by the beginnings of their names: a regression on transformed features is one too.
BASELINES = ("climatology", "persistence", "logistic_regression", "gradient_boosting")
UNSHIFTED = "unshifted"  # Brier skill score of a model's own probabilities, where there are shifted ones too
# The baseline is chosen to rank best, over the rungs: a score that neither thresholds nor calibration touch.
AT_A_GLANCE = (
    "How skill on the papers' task becomes what a forecaster would see; in brackets the 95 % interval by bootstrap of "
    "whole regions, for the full disk of solar rotations. TSS at the threshold 0.5 on the rungs a and b, then at that "
    "chosen on validation; BSS after the analytic prior shift to the natural event rate, and unshifted; beside the "
    "model the baseline with the best mean AUC."
)


def what_holds(studies: Sequence[Study], results: Sequence[Results]) -> list[Block]:
    """Page that opens the report: a table a ladder, and in a few sentences what they come to.

    Empty where no study has a ladder.
    """
    blocks: list[Block] = []
    for study, of_study in zip(studies, results, strict=True):
        if not study["ladders"]:
            continue
        model, intervals = study["headline"]["model"], of_study.intervals
        blocks += [_at_a_glance(intervals, ladder, model) for ladder in study["ladders"]]
        points = [
            *(_climbed(intervals, ladder, model) for ladder in study["ladders"]),
            _beyond_chance(study, of_study.comparisons),
            _calibrated(study, intervals),
            _price_of_leaks(of_study.comparisons, model),
            _audited(of_study.audit),
        ]
        items = [[str(i), text] for i, text in enumerate([text for text in points if text], start=1)]
        title = "What it comes to" if len(studies) == 1 else f"{study['title']}: what it comes to"
        blocks.append({"kind": "reasons", "title": title, "items": items})
    if not blocks:
        return []
    climbed = {rung for study in studies for ladder in study["ladders"] for rung in ladder["rungs"]}
    rungs = "; ".join(f"({RUNGS[rung].letter}) {RUNGS[rung].asked}" for rung in RUNGS if rung in climbed)
    return [paragraph(f"{AT_A_GLANCE} Rungs: {rungs}."), *blocks]


def protocol(study: Study, intervals: pd.DataFrame) -> list[Block]:
    """Section on the ladders of a study: the climb of the headline model in words, and every model on every rung."""
    blocks: list[Block] = []
    for ladder in study["ladders"]:
        model = study["headline"]["model"]
        blocks.append(paragraph(in_words(climb(intervals, [ladder], model), model, ladder["title"])))
        datasets = list(ladder["rungs"].values())
        names = intervals.loc[intervals["dataset"].isin(datasets), "model"].unique()
        climbs = {name: figures_on_rungs(intervals, ladder, name) for name in names if not is_calibrated(name)}
        rows: list[dict[str, Any]] = []
        for rung in (rung for rung in RUNGS if rung in ladder["rungs"]):
            rows.append({"group": f"({RUNGS[rung].letter}) {RUNGS[rung].label}: {ladder['rungs'][rung]}"})
            for name, figures in climbs.items():
                if (rung, N_SAMPLES) in figures:
                    on_rung = [figures.get((rung, metric)) for metric in (TSS, AUC, BSS, UNSHIFTED)]
                    rows.append({"cells": [words(name), *(_cell(row) for row in on_rung)]})
        headings = text_columns("Model") + number_columns("TSS", "AUC", "BSS", "BSS unshifted")
        caption = (
            f"The protocol ladder, {ladder['title']}: means over seeds, and the 95 % interval by bootstrap of regions, "
            "for the full disk of solar rotations. TSS at 0.5 on the first two rungs, then at the threshold chosen on "
            "validation; BSS after the prior shift, where the test set has its natural event rate."
        )
        blocks.append(table(caption, headings, rows, small=True))
    return blocks


def figures_on_rungs(intervals: pd.DataFrame, ladder: Ladder, model: str) -> dict[tuple[str, str], dict[str, Any]]:
    """Leading figure of `model` by rung and metric, as `flaredag.ladder.climb` has it; `UNSHIFTED` is a metric too."""
    climbed = climb(intervals, [ladder], model)
    figures = {}
    for metric in (TSS, AUC, BSS, N_SAMPLES, N_EVENTS):
        for row in leading(climbed, metric).to_dict("records"):
            figures[row["rung"], metric] = row
    for row in rows_where(climbed, metric=BSS, forecasts=RAW).to_dict("records"):
        if figures[row["rung"], BSS]["forecasts"] == PRIOR_SHIFT:
            figures[row["rung"], UNSHIFTED] = row
    return figures


def best_baseline(intervals: pd.DataFrame, ladder: Ladder, model: str) -> str:
    """Baseline on the most rungs, and of these that with the best mean AUC, not `model`; empty if there is none."""
    on_ladder = intervals["dataset"].isin(list(ladder["rungs"].values())) & (intervals["metric"] == AUC)
    calibrated = intervals["model"].map(is_calibrated).astype(bool)
    baselines = intervals["model"].str.startswith(BASELINES) & ~calibrated & (intervals["model"] != model)
    found = intervals[on_ladder & baselines].dropna(subset=["value"]).groupby("model", sort=True)["value"]
    means, n_rungs = found.mean(), found.count()
    return "" if means.empty else str(means[n_rungs == n_rungs.max()].idxmax())


def _at_a_glance(intervals: pd.DataFrame, ladder: Ladder, model: str) -> Block:
    baseline = best_baseline(intervals, ladder, model)
    own = figures_on_rungs(intervals, ladder, model)
    others = figures_on_rungs(intervals, ladder, baseline) if baseline else {}
    rows = []
    for rung in (rung for rung in RUNGS if rung in ladder["rungs"]):
        cells = [f"{RUNGS[rung].letter} {RUNGS[rung].label}{_event_rate(own, rung)}"]
        cells += [_on_one_line(own.get((rung, metric))) for metric in (TSS, AUC, BSS)]
        cells.append(_on_one_line(own[rung, UNSHIFTED]) if (rung, UNSHIFTED) in own else "")
        cells += [_on_one_line(others.get((rung, metric))) for metric in (TSS, AUC, BSS) if baseline]
        rows.append({"cells": cells})
    headings = text_columns("") + number_columns("TSS", "AUC", "BSS", "BSS unshifted")
    spans = [(ladder["title"], 1), (words(model), 4)]
    if baseline:
        headings += number_columns("TSS", "AUC", "BSS")
        spans.append((words(baseline), 3))
    return table("", headings, rows, spans=spans, small=True)


def _event_rate(figures: Mapping[tuple[str, str], Mapping[str, Any]], rung: str) -> str:
    """Event rate of a rung's test set in per cent, where it is known."""
    if (rung, N_SAMPLES) not in figures or (rung, N_EVENTS) not in figures:
        return ""
    return f", {100 * figures[rung, N_EVENTS]['value'] / figures[rung, N_SAMPLES]['value']:.2g} %"


def _climbed(intervals: pd.DataFrame, ladder: Ladder, model: str) -> str:
    """What becomes of the TSS from the first rung to the last, and which step costs most."""
    figures = figures_on_rungs(intervals, ladder, model)
    rungs = [rung for rung in RUNGS if (rung, TSS) in figures and not np.isnan(figures[rung, TSS]["value"])]
    if len(rungs) < 2:  # noqa: PLR2004 (a ladder without a step)
        return ""
    first, last = rungs[0], rungs[-1]
    steps = {above: figures[above, TSS]["value"] - figures[below, TSS]["value"] for below, above in pairwise(rungs)}
    dearest = min(steps, key=lambda rung: steps[rung])
    text = (
        f"{ladder['title']}: {words(model)} has a TSS of {_on_one_line(figures[first, TSS])} on rung "
        f"{RUNGS[first].letter}, {RUNGS[first].label}, and of {_on_one_line(figures[last, TSS])} on rung "
        f"{RUNGS[last].letter}, {RUNGS[last].label}."
    )
    if steps[dearest] < 0:
        text += f" The greatest fall is to {RUNGS[dearest].label} ({signed(steps[dearest])})."
    if (last, BSS) not in figures or np.isnan(figures[last, BSS]["low"]):
        return text
    low, high = figures[last, BSS]["low"], figures[last, BSS]["high"]
    verdict = "better than" if low > 0 else "worse than" if high < 0 else "not told apart from"
    return f"{text} There its probabilities are {verdict} always forecasting the event rate."


def _beyond_chance(study: Study, comparisons: pd.DataFrame) -> str:
    """On how many rungs the headline model beats its baseline under the bootstrap of regions."""
    model, baseline, metric = (study["headline"][name] for name in ("model", "baseline", "metric"))
    datasets = [dataset for ladder in study["ladders"] for dataset in ladder["rungs"].values()]
    pairs = {(f"{dataset} {model}", f"{dataset} {baseline}"): dataset for dataset in datasets}
    of_pairs: dict[str, Mapping[str, Any]] = {}
    # What has one region only, the whole disk, is resampled by rotation alone.
    for kind in (ROTATION_BLOCKS, REGION_BLOCKS):
        for test in rows_where(comparisons, test=kind, metric=metric).to_dict("records"):
            pair = (_without_threshold(test["a"]), _without_threshold(test["b"]))
            if pair in pairs:
                of_pairs[pairs[pair]] = test
    found = [(dataset, of_pairs[dataset]) for dataset in dict.fromkeys(datasets) if dataset in of_pairs]
    if not found:
        return ""
    level = study["agreement"]["significance"]
    beyond = [dataset for dataset, test in found if test["p_holm"] < level]
    detectable = [test["detectable_difference"] for _, test in found if not np.isnan(test["detectable_difference"])]
    text = (
        f"{words(model)} beats {words(baseline)} in {ABBREVIATIONS[metric]} by more than chance on "
        f"{len(beyond) or 'none'} of {len(found)} rungs tested (bootstrap of regions, p < {level:g} after Holm"
    )
    text += f": {', '.join(beyond)})." if beyond else ")."
    if detectable:
        text += f" A true difference of {_range(detectable)}, by test set, would have been found in four cases of five."
    return text


def _calibrated(study: Study, intervals: pd.DataFrame) -> str:
    """Brier skill score before and after calibration where the test set has its natural rate: extremes over rungs."""
    model = study["headline"]["model"]
    datasets = dict.fromkeys(dataset for ladder in study["ladders"] for dataset in ladder["rungs"].values())
    values = rows_where(intervals, metric=BSS).set_index(["dataset", "model"])["value"].dropna()
    raw, shifted, best = [], [], []
    for dataset in datasets:
        after = {method: values.get((dataset, calibrated_name(model, method)), np.nan) for method in METHODS}
        defined = {method: float(value) for method, value in after.items() if not np.isnan(value)}
        if PRIOR_SHIFT in defined and (dataset, model) in values.index:
            raw.append(float(values[dataset, model]))
            shifted.append(defined[PRIOR_SHIFT])
            best.append(max(defined, key=lambda method: defined[method]))
    if not raw:
        return ""
    n_positive = sum(value > 0 for value in shifted)
    of_best = ", ".join(f"{words(method)} on {best.count(method)}" for method in METHODS if method in best)
    above = f"above climatology on {n_positive} of {len(shifted)} rungs. Best on the test set itself: {of_best}."
    if np.allclose(raw, shifted):
        return (
            f"{words(model)} was trained at the natural rate of events, so that no prior shift moves its "
            f"probabilities: BSS {_range(raw)}, {above}"
        )
    return (
        f"As {words(model)} gives them, its probabilities are for a balanced test: BSS {_range(raw)} where events have "
        f"their natural rate. Moved to it by the prior shift they have {_range(shifted)}, {above}"
    )


def _price_of_leaks(comparisons: pd.DataFrame, model: str) -> str:
    """What the declared leaks are worth to the headline model in TSS."""
    tests = rows_where(comparisons, family=DECLARED_LEAKS, test=REGION_BLOCKS, metric=TSS)
    own = [test for test in tests.to_dict("records") if model in test["a"].split(" ")]
    if not own:
        return ""
    priced = "; ".join(f"{_contrast(test['a'], test['b'], model)} {_with_bounds(test)}" for test in own)
    return f"What the declared leaks are worth in TSS to {words(model)}: {priced}."


def _audited(audit: pd.DataFrame) -> str:
    """What the leak audit came to, in counts."""
    if audit.empty:
        return ""
    counts = {outcome: int((audit["outcome"] == outcome).sum()) for outcome in (CLEAN, DECLARED, REPORTED, LEAK)}
    return (
        f"The leak audit made {count(len(audit))} findings: {counts[CLEAN]} clean, {counts[DECLARED]} declared, "
        f"{counts[REPORTED]} reported, {counts[LEAK] or 'no'} leaks."
    )


def _without_threshold(series: str) -> str:
    """Name of a series without the threshold that stands behind it in brackets."""
    return series.partition(" (")[0]


def _contrast(a: str, b: str, model: str) -> str:
    """What two series differ in, of their data set, model and threshold, and what both are of, `model` left out."""
    of_a, of_b = ([name.strip("()") for name in series.split(" ")] for series in (a, b))
    only_a, only_b = ([name for name in own if name not in other] for own, other in ((of_a, of_b), (of_b, of_a)))
    shared = [name for name in of_a if name in of_b and name != model]
    text = f"{words(' '.join(only_a))} rather than {words(' '.join(only_b))}" if only_b else words(" ".join(only_a))
    return f"{text} on {words(' '.join(shared))}" if shared else text


def _with_bounds(test: Mapping[str, Any]) -> str:
    text = short(test["difference"], test["low"], test["high"])
    return f"+{text}" if test["difference"] > 0 else text


def _cell(row: Mapping[str, Any] | None) -> Any:
    return UNDEFINED if row is None else with_interval(row["value"], row["low"], row["high"])


def _on_one_line(row: Mapping[str, Any] | None) -> str:
    return UNDEFINED if row is None else short(row["value"], row["low"], row["high"])


def _range(values: Iterable[float]) -> str:
    texts = list(dict.fromkeys(short(value) for value in sorted(values)))
    return texts[0] if len(texts) == 1 else f"{texts[0]} to {texts[-1]}"
