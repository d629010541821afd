"""Tables of scores of the report that a study asks for: at thresholds beneath each other, or of the probabilities."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from flaredag.calibration_names import is_calibrated
from flaredag.ensemble_names import ensemble_models
from flaredag.reference_forecasts import ALL_NEGATIVE, EVENT_RATE, RANDOM_CHANCE, reference_scores
from flaredag.report_cells import (
    ABBREVIATIONS,
    UNDEFINED,
    Block,
    count,
    mean_and_sd,
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
NAMES = "BACC balanced accuracy, PREC precision (1 less FAR); POD is also called recall."
UNITS = "Per region or per record: what a sample is; records of one region are not independent ones."
SEVERAL_THRESHOLDS = (
    "The same forecasts at several thresholds: 0.5; the one with the best TSS on the validation split; and, as some "
    "papers choose it, the one with the best TSS on the test split itself, which no forecaster knows: what is gained "
    "by it is no skill."
)
REFERENCES = (
    "References without skill, of the counts of each seed's test split, P events and N others: random chance forecasts "
    "as many events as there are, of which it hits P/(P + N); all negative forecasts none, so that PREC and FAR are "
    "undefined (Li et al. 2024, Table 5). BSS is against the mean label of the test split, its event rate, which is "
    "known only afterwards and has BSS 0."
)
REFERENCE_WORDS = {
    RANDOM_CHANCE: "random chance",
    ALL_NEGATIVE: "all negative",
    EVENT_RATE: "event rate of the test split",
}


def scores_at_thresholds(study: Study, intervals: pd.DataFrame, scores: pd.DataFrame) -> list[Block]:
    """Tables that the study asks for (`score_tables`): a row a model and threshold; none without such a setting.

    `intervals` as of bound_scores; `scores`, of each seed, tell what is in the test splits, of which the references are
    made. Bold: the best mean of a data set at a threshold, in scores that no trivial forecast can win. Ensembles and
    calibrated forecasts stand in sections of their own.
    """
    asked = study["score_tables"]
    if not asked:
        return []
    combined = [name for one in study["ensembles"] for name in ensemble_models(one["name"], one["criteria"])]
    left_out = intervals["model"].isin(combined) | intervals["model"].map(is_calibrated).astype(bool)
    of_models = intervals.loc[~left_out, :]
    thresholds = {at for one in asked for at in one.get("thresholds", [])}
    legend = [SEVERAL_THRESHOLDS] if len(thresholds) > 1 else []
    legend += [NAMES] if thresholds else []
    legend += [UNITS] if study["sample_units"] else []
    legend += [REFERENCES] if any(one.get("reference_forecasts") for one in asked) else []
    told = [paragraph(" ".join(legend))] if legend else []
    return [*told, *(_table(study, of_models, scores, one) for one in asked)]


def _table(study: Study, intervals: pd.DataFrame, scores: pd.DataFrame, asked: Mapping[str, Any]) -> Block:
    # Scores of the probabilities have no threshold, and no column of it.
    thresholds, metrics = asked.get("thresholds", [""]), asked["metrics"]
    shown = intervals.loc[intervals["threshold"].isin(thresholds), :]
    shown = shown.loc[shown["model"].isin(asked.get("models", shown["model"]))]
    shown = shown.loc[shown["dataset"].isin(asked.get("datasets", shown["dataset"]))]
    rows: list[dict[str, Any]] = []
    for dataset in ordered(shown["dataset"], asked.get("datasets", study["datasets"])):
        of_dataset = rows_where(shown, dataset=dataset)
        figures = {(row["model"], row["threshold"], row["metric"]): row for row in of_dataset.to_dict("records")}
        models = ordered(of_dataset["model"], asked.get("models", []))
        best = {(at, metric): _best(figures, models, at, metric) for at in thresholds for metric in metrics}
        n_seeds = of_dataset["n_seeds"].max()
        unit = study["sample_units"].get(dataset)
        rows.append({"group": f"{dataset}, per {unit}" if unit else dataset})
        for model in models:
            for at in thresholds:
                own = [figures.get((model, at, metric)) for metric in metrics]
                cells = [_cell(row, best[at, metric], n_seeds) for row, metric in zip(own, metrics, strict=True)]
                name = words(model) if at == thresholds[0] else ""
                rows.append({"cells": [name, *([THRESHOLD_CELLS[at]] if at else []), *cells]})
        if asked.get("reference_forecasts"):
            rows += _references(scores, dataset, metrics, with_threshold="thresholds" in asked)
    headings = text_columns("Model", *(["threshold"] if "thresholds" in asked else []))
    headings += number_columns(*(ABBREVIATIONS[metric] for metric in metrics))
    return table(asked["title"], headings, rows, small=True)


def _references(
    scores: pd.DataFrame, dataset: str, metrics: Sequence[str], *, with_threshold: bool
) -> list[dict[str, Any]]:
    """Rows of the forecasts without skill that have some of `metrics`."""
    of_dataset = reference_scores(scores, dataset=dataset)
    names = (RANDOM_CHANCE, ALL_NEGATIVE) if with_threshold else (EVENT_RATE,)
    rows = []
    for name in names:
        own = rows_where(of_dataset, model=name)
        cells = [mean_and_sd(rows_where(own, metric=metric)["value"]) for metric in metrics]
        rows.append({"cells": [styled(REFERENCE_WORDS[name], "muted"), *([""] if with_threshold else []), *cells]})
    return rows


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
