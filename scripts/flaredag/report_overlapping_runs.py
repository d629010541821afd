"""Section of the report on runs that overlap: their scores beside the published, and what a test over them is worth."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from flaredag.overlapping_run_tables import BLOCK_TESTS, WILCOXON
from flaredag.report_cells import (
    ABBREVIATIONS,
    MINUS,
    UNDEFINED,
    Block,
    count,
    difference,
    figure,
    number,
    number_columns,
    p_value,
    paragraph,
    signed,
    styled,
    table,
    text_columns,
    words,
)
from flaredag.report_inputs import Results, Study, rows_where
from flaredag.report_thresholds import THRESHOLD_CELLS

if TYPE_CHECKING:
    from collections.abc import Mapping

REGIONS, ROTATIONS = BLOCK_TESTS
NO_THRESHOLD = ""


def overlapping_runs(study: Study, results: Results) -> list[Block]:
    """What the runs share, their scores beside the published, the models compared, and what that says; else nothing."""
    runs, compared = results.runs, results.runs_comparison
    if runs.empty:
        return []
    return [
        paragraph(_of_runs(runs, rows_where(compared, test=REGIONS))),
        _scores(study, runs, results.papers),
        paragraph(_of_tests(compared, study["agreement"]["significance"])),
        _comparisons(compared, study["agreement"]["significance"]),
    ]


def _of_runs(runs: pd.DataFrame, by_regions: pd.DataFrame) -> str:
    n_runs, n_fits = (_span(runs[name], count) for name in ("n_runs", "n_fits"))
    training, test = (
        _span(100.0 * runs[name], lambda share: f"{share:.1f}") for name in ("training_shared", "test_shared")
    )
    return (
        f"Of each data set and model there are {n_runs} runs: each of {n_fits} fits lacks one fold of the training "
        f"samples, and is scored on all test samples but one fold of them. Two fits share {training} % of their "
        f"training samples, two runs on different test folds {test} % of their test samples; the {n_runs} runs are of "
        f"no more than {n_fits} different fits, all trained on the same regions and years and tested on the same "
        f"{_span(by_regions['n'], count)} regions. So the ± beside a mean, the standard deviation over these runs, "
        "tells how much hangs on one fold of the samples, and is no error of generalisation. `Best on test` is one "
        "threshold for all runs of a model, that with the greatest mean TSS over them, as in the paper: it is known "
        "only afterwards."
    )


def _of_tests(compared: pd.DataFrame, level: float) -> str:
    by_test = {test: rows_where(compared, test=test).dropna(subset=["p"]) for test in (WILCOXON, REGIONS)}
    found = {test: rows[rows["p"] < level] for test, rows in by_test.items()}
    a, b = (words(compared[side].iloc[0]) for side in ("a", "b"))
    text = (
        f"A signed-rank test (Wilcoxon) over the runs, as in the paper, takes them for independent draws. Between {a} "
        f"and {b} it finds p < {level:g} in {len(found[WILCOXON])} of {len(by_test[WILCOXON])} figures"
    )
    if len(found[WILCOXON]):
        least = found[WILCOXON].loc[found[WILCOXON]["difference"].abs().idxmin()]
        text += f", down to a difference of {_short(least['difference'])} in {_named(least)} on {least['dataset']}"
    return (
        f"{text}. Runs that share nearly all of their samples differ so little that it calls a difference significant "
        "however small it is. The bootstrap of whole regions, of the mean over the fits on all test samples, asks what "
        f"would be on other regions like these: it finds p < {level:g} in {len(found[REGIONS])} of "
        f"{len(by_test[REGIONS])}. The t-test corrected by Nadeau & Bengio does not apply, as no run is tested on "
        "samples that another was trained on. All p are two-sided."
    )


def _scores(study: Study, runs: pd.DataFrame, papers: pd.DataFrame) -> Block:
    models = list(runs["model"].unique())
    key = ["dataset", "model", "metric", "threshold"]
    ours = {tuple(row[name] for name in key): row for row in runs.to_dict("records")}
    published = {tuple(row[name] for name in key): row for row in papers.to_dict("records")}
    rows: list[dict[str, Any]] = []
    for dataset in runs["dataset"].unique():
        own = rows_where(runs, dataset=dataset)
        rows.append({"group": dataset})
        for threshold in own["threshold"].unique():
            at = rows_where(own, threshold=threshold)
            if threshold != NO_THRESHOLD:
                values = [number(rows_where(at, model=model)["threshold_value"].iloc[0]) for model in models]
                rows.append({"cells": ["threshold", THRESHOLD_CELLS[threshold], *_beside(values, ["", ""])]})
            for metric in at["metric"].unique():
                of_models = [(dataset, model, metric, threshold) for model in models]
                cells = [_with_sd(ours.get(one), "mean", "sd") for one in of_models]
                printed = [_with_sd(published.get(one), "paper", "paper_sd") for one in of_models]
                looks = THRESHOLD_CELLS.get(threshold, "")
                rows.append({"cells": [ABBREVIATIONS[metric], looks, *_beside(cells, printed)]})
    headings = text_columns("Score", "threshold") + number_columns(*["this run", "published"] * len(models))
    spans = [("", 2), *((words(model), 2) for model in models)]
    caption = f"Mean ± standard deviation over the runs, and what was published ({study['paper']})."
    return table(caption, headings, rows, spans=spans, small=True)


def _comparisons(compared: pd.DataFrame, level: float) -> Block:
    a, b = (words(compared[side].iloc[0]) for side in ("a", "b"))
    rows: list[dict[str, Any]] = []
    for dataset in compared["dataset"].unique():
        own = rows_where(compared, dataset=dataset)
        rows.append({"group": dataset})
        for metric, threshold in own[["metric", "threshold"]].drop_duplicates().itertuples(index=False):
            at = rows_where(own, metric=metric, threshold=threshold)
            tests: Mapping[str, Mapping[str, Any]] = {row["test"]: row for row in at.to_dict("records")}
            over_runs, by_regions = tests[WILCOXON], tests[REGIONS]
            cells: list[Any] = [ABBREVIATIONS[metric], THRESHOLD_CELLS.get(threshold, "")]
            cells += [signed(over_runs["difference"]), _p(over_runs["p"], level)]
            cells.append(difference(by_regions["difference"], by_regions["low"], by_regions["high"]))
            cells += [_p(tests[test]["p"], level) for test in BLOCK_TESTS]
            rows.append({"cells": cells})
    headings = text_columns("Score", "threshold")
    headings += number_columns("difference", "p (Wilcoxon)", "difference", "p (regions)", "p (rotations)")
    caption = (
        f"{a} {MINUS} {b}: mean difference over the runs, with the signed-rank test; and over the fits on all test "
        "samples, with the 95 % interval by bootstrap of regions, and p by regions and by solar rotations. Bold: p < "
        f"{level:g}."
    )
    spans = [("", 2), ("runs", 2), ("fits, all test samples", 3)]
    return table(caption, headings, rows, spans=spans, small=True)


def _with_sd(row: Mapping[str, Any] | None, mean: str, sd: str) -> Any:
    if row is None or np.isnan(row[mean]):
        return UNDEFINED
    return figure(number(row[mean]), "" if np.isnan(row[sd]) else number(row[sd]))


def _beside(ours: list[Any], published: list[Any]) -> list[Any]:
    return [cell for pair in zip(ours, published, strict=True) for cell in pair]


def _p(value: float, level: float) -> dict[str, str]:
    return styled(p_value(value), "strong" if value < level else "plain")


def _named(row: pd.Series) -> str:
    at = f" ({row['threshold'].replace('_', ' ')})" if row["threshold"] else ""
    return f"{ABBREVIATIONS[row['metric']]}{at}"


def _short(value: float) -> str:
    """Text of a difference of any size, two digits."""
    return f"{value:.2g}".replace("-", MINUS)


def _span(values: pd.Series, told: Any) -> str:
    """Text of the one value, or of the least and greatest."""
    ends = list(dict.fromkeys((told(values.min()), told(values.max()))))
    return " to ".join(ends)
