"""Tables of the report that show scores at several thresholds beneath each other, as a study asks for them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from flaredag.calibration_names import is_calibrated
from flaredag.ensemble_names import ensemble_models
from flaredag.report_cells import (
    ABBREVIATIONS,
    UNDEFINED,
    Block,
    count,
    number_columns,
    ordered,
    paragraph,
    styled,
    table,
    text_columns,
    with_interval,
    words,
)
from flaredag.report_inputs import rows_where
from flaredag.report_sections import BEST
from flaredag.score_tables import FIXED_THRESHOLD, TEST_THRESHOLD, VALIDATION_THRESHOLD

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    import pandas as pd

    from flaredag.report_inputs import Study

# What stands in the column of the threshold, and its look: one that saw the test set is a leak.
THRESHOLD_CELLS = {
    FIXED_THRESHOLD: styled("0.5", "plain"),
    VALIDATION_THRESHOLD: styled("validation", "plain"),
    TEST_THRESHOLD: styled("best on test", "bad"),
}
LEGEND = (
    "The same forecasts at several thresholds: 0.5; the one with the best TSS on the validation split; and, as some "
    "papers choose it, the one with the best TSS on the test split itself, which no forecaster knows: what is gained "
    "by it is no skill. BACC balanced accuracy, PREC precision (1 less FAR); POD is also called recall."
)


def scores_at_thresholds(study: Study, intervals: pd.DataFrame) -> list[Block]:
    """Tables that the study asks for (`score_tables`): a row a model and threshold; none without such a setting.

    `intervals` as of bound_scores. Bold: the best mean of a data set at a threshold, in scores that no trivial forecast
    can win. Ensembles and calibrated forecasts stand in sections of their own.
    """
    if not study["score_tables"]:
        return []
    combined = [name for one in study["ensembles"] for name in ensemble_models(one["name"], one["criteria"])]
    left_out = intervals["model"].isin(combined) | intervals["model"].map(is_calibrated).astype(bool)
    of_models = intervals.loc[~left_out, :]
    return [paragraph(LEGEND), *(_table(study, of_models, one) for one in study["score_tables"])]


def _table(study: Study, intervals: pd.DataFrame, asked: Mapping[str, Any]) -> Block:
    thresholds, metrics = asked["thresholds"], asked["metrics"]
    shown = intervals.loc[intervals["threshold"].isin(thresholds), :]
    rows: list[dict[str, Any]] = []
    for dataset in ordered(shown["dataset"], study["datasets"]):
        of_dataset = rows_where(shown, dataset=dataset)
        figures = {(row["model"], row["threshold"], row["metric"]): row for row in of_dataset.to_dict("records")}
        models = list(of_dataset["model"].unique())
        best = {(at, metric): _best(figures, models, at, metric) for at in thresholds for metric in metrics}
        n_seeds = of_dataset["n_seeds"].max()
        rows.append({"group": dataset})
        for model in models:
            for at in thresholds:
                own = [figures.get((model, at, metric)) for metric in metrics]
                cells = [_cell(row, best[at, metric], n_seeds) for row, metric in zip(own, metrics, strict=True)]
                name = words(model) if at == thresholds[0] else ""
                rows.append({"cells": [name, THRESHOLD_CELLS[at], *cells]})
    headings = text_columns("Model", "threshold") + number_columns(*(ABBREVIATIONS[metric] for metric in metrics))
    return table(asked["title"], headings, rows, small=True)


def _best(
    figures: Mapping[tuple[str, str, str], Mapping[str, Any]], models: Sequence[str], at: str, metric: str
) -> float:
    """Best mean of a metric over the models at a threshold; NaN where there is nothing to choose."""
    values = [figures[model, at, metric]["value"] for model in models if (model, at, metric) in figures]
    defined = [value for value in values if not np.isnan(value)]
    return BEST[metric](defined) if metric in BEST and len(models) > 1 and defined else float("nan")


def _cell(row: Mapping[str, Any] | None, best: float, n_seeds: int) -> Any:
    if row is None or np.isnan(row["value"]):
        return UNDEFINED
    n = "" if row["n_seeds"] == n_seeds else count(row["n_seeds"])
    return with_interval(row["value"], row["low"], row["high"], sd=row["sd"], n=n) | {"best": row["value"] == best}
