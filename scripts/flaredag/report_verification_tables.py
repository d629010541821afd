"""Tables of the verification of anybody's forecasts: scores, calibration, comparisons, audit."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from flaredag.audit import DECLARED, LEAK, REPORTED
from flaredag.forecast_blocks import FEWEST_BLOCKS, NONE, ROTATIONS
from flaredag.forecast_comparisons import DIEBOLD_MARIANO
from flaredag.forecast_scores import EVENT_RATE_THRESHOLD
from flaredag.plots_forecasts import by_skill
from flaredag.report_cells import (
    ABBREVIATIONS,
    AT_THRESHOLD,
    MINUS,
    UNDEFINED,
    Block,
    count,
    figure,
    interval,
    number,
    number_columns,
    p_value,
    paragraph,
    styled,
    table,
    text_columns,
    wide_column,
    with_interval,
    words,
)
from flaredag.score_tables import FIXED_THRESHOLD, VALIDATION_THRESHOLD

if TYPE_CHECKING:
    from collections.abc import Sequence

    import pandas as pd

PROBABILISTIC = ("brier_skill_score", "area_under_roc_curve", "brier_score")
CATEGORICAL = (
    "true_skill_statistic",
    "heidke_skill_score",
    "probability_of_detection",
    "false_alarm_ratio",
    "accuracy",
)
THRESHOLDS_IN_WORDS = {
    **{threshold: AT_THRESHOLD[threshold] for threshold in (FIXED_THRESHOLD, VALIDATION_THRESHOLD)},
    EVENT_RATE_THRESHOLD: "at a threshold equal to the event rate of the test split (no validation split is given)",
}
SIGNIFICANCE = 0.05


def blocks_in_words(intervals: pd.DataFrame) -> str:
    """By what the intervals are resampled, and of how many."""
    first = intervals.iloc[0]
    if first["blocks"] == NONE:
        return f"nothing: fewer than {FEWEST_BLOCKS} regions and days, so there are none"
    return f"{count(first['n_blocks'])} {first['blocks']}, drawn whole"


def row_of(intervals: pd.DataFrame, model: str, metric: str, threshold: str = "") -> Any:
    """Row of a figure; None where there is none."""
    of_metric = (intervals["metric"] == metric) & (intervals["threshold"] == threshold)
    rows = intervals.loc[of_metric & (intervals["model"] == model)]
    return rows.iloc[0] if len(rows) else None


def _chosen(intervals: pd.DataFrame, model: str, metric: str) -> str:
    """Threshold of a figure that needs one: the one that is not fixed."""
    own = intervals.loc[(intervals["model"] == model) & (intervals["metric"] == metric), "threshold"]
    return next((str(name) for name in own if name != FIXED_THRESHOLD), "")


def scores_blocks(intervals: pd.DataFrame, *, level: float) -> list[Block]:
    """Scores with their intervals: of the probabilities, at each threshold; and intervals by Carrington rotations."""
    legend = (
        f"Means over seeds on the test split and, beneath them, their {100 * level:g} % intervals by resampling "
        f"{blocks_in_words(intervals)}; ± standard deviation over the seeds where there are several. BSS Brier skill "
        "score against the event rate of the test split, BSS train against that of the training split, AUC area under "
        "the ROC curve, BS Brier score, TSS true skill statistic, HSS Heidke skill score, POD probability of "
        f"detection, FAR false alarm ratio, ACC accuracy. {UNDEFINED}: undefined."
    )
    metrics: list[str] = list(PROBABILISTIC)
    in_training = intervals.loc[intervals["metric"] == "brier_skill_score_training_climatology", "value"]
    if in_training.notna().any():
        metrics.insert(1, "brier_skill_score_training_climatology")
    blocks = [paragraph(legend), _table_of_scores(intervals, "Scores of the probabilities.", metrics, "")]
    for threshold, at in THRESHOLDS_IN_WORDS.items():
        if (intervals["threshold"] == threshold).any():
            of_threshold = (*CATEGORICAL, "threshold") if threshold != FIXED_THRESHOLD else CATEGORICAL
            blocks.append(_table_of_scores(intervals, f"Scores {at}.", of_threshold, threshold))
    if intervals["blocks"].iloc[0] != ROTATIONS and intervals["n_rotations"].iloc[0]:
        rows = [{"cells": [model, *_rotation_intervals(intervals, model)]} for model in by_skill(intervals)]
        headings = text_columns("Model")
        headings += number_columns(*(ABBREVIATIONS[name] for name in (*PROBABILISTIC, "true_skill_statistic")))
        n = count(intervals["n_rotations"].iloc[0])
        blocks.append(table(f"The same intervals by resampling {n} Carrington rotations.", headings, rows, small=True))
    return blocks


def _rotation_intervals(intervals: pd.DataFrame, model: str) -> list[str]:
    cells = []
    for metric in (*PROBABILISTIC, "true_skill_statistic"):
        one = row_of(intervals, model, metric, _chosen(intervals, model, metric))
        cells.append(interval(one["low_rotation"], one["high_rotation"]) or UNDEFINED)
    return cells


def _table_of_scores(intervals: pd.DataFrame, caption: str, metrics: Sequence[str], threshold: str) -> Block:
    rows = []
    for model in by_skill(intervals):
        cells: list[Any] = [model]
        for metric in metrics:
            one = row_of(intervals, model, metric, threshold)
            if one is None:
                cells.append(UNDEFINED)
            elif metric == "threshold":
                cells.append(figure(number(one["value"]), "" if np.isnan(one["sd"]) else number(one["sd"])))
            else:
                cells.append(with_interval(one["value"], one["low"], one["high"], sd=one["sd"]))
        rows.append({"cells": cells})
    headings = text_columns("Model") + number_columns(*(ABBREVIATIONS[metric] for metric in metrics))
    return table(caption, headings, rows, small=True)


def decomposition_blocks(decomposition: pd.DataFrame) -> list[Block]:
    """Brier scores and their CORP components."""
    legend = (
        f"Brier score BS = MCB {MINUS} DSC + UNC by isotonic regression (CORP; Dimitriadis, Gneiting & Jordan 2021): "
        "miscalibration, discrimination and uncertainty, over all seeds. The lower MCB and the higher DSC, the better. "
        "Where the interval of MCB begins above 0, the forecasts are miscalibrated by more than chance."
    )
    rows = []
    for one in decomposition.sort_values(["brier_score", "model"], kind="stable").to_dict("records"):
        cells: list[Any] = [one["model"], number(one["brier_score"], 4)]
        for name in ("miscalibration", "discrimination"):
            bounds = [one[f"{side}_{name}"] for side in ("low", "high")]
            within = "" if np.isnan(bounds[0]) else f"[{number(bounds[0], 4)}, {number(bounds[1], 4)}]"
            cells.append(figure(number(one[name], 4)) | {"interval": within})
        rows.append({"cells": [*cells, number(one["uncertainty"], 4)]})
    headings = text_columns("Model") + number_columns("BS", "MCB", "DSC", "UNC")
    return [paragraph(legend), table("Decomposition of the Brier score.", headings, rows, small=True)]


def comparisons_blocks(comparisons: pd.DataFrame) -> list[Block]:
    """Tests of the best model against each other; nothing where there is one model."""
    if comparisons.empty:
        return []
    best = comparisons["a"].iloc[0]
    legend = (
        f"{best} has the greatest Brier skill score. What it is ahead of each other model by, on the samples "
        "that both forecast: differences with intervals by resampled blocks, and the test of Diebold & Mariano of the "
        "losses from one issue time to the next. p is one-sided and adjusted for the number of models (Holm); that the "
        "best was chosen on these very forecasts makes it too small. Detectable: the difference that would have been "
        f"found in four cases of five. Bold: p < {SIGNIFICANCE:g}."
    )
    headings = text_columns("Against")
    headings += number_columns("difference", "interval", "p", "p (Holm)", "detectable", "samples")
    blocks = [paragraph(legend)]
    for (metric, test), tests in comparisons.groupby(["metric", "test"], sort=False):
        rows = []
        for one in tests.to_dict("records"):
            look = "strong" if one["p_holm"] < SIGNIFICANCE else "plain"
            digits = 4 if test == DIEBOLD_MARIANO else 3
            ends = [_signed(one[side], digits) for side in ("low", "high")]
            within = UNDEFINED if np.isnan(one["low"]) else " to ".join(ends)
            cells = [one["b"], _signed(one["difference"], digits), within, _p(one["p"])]
            cells += [styled(_p(one["p_holm"]), look), number(one["detectable_difference"], digits)]
            rows.append({"cells": [*cells, count(one["n_samples"])]})
        title = "Brier score, lower by (Diebold & Mariano)" if test == DIEBOLD_MARIANO else ABBREVIATIONS[str(metric)]
        blocks.append(table(f"{best} against each other model: {title}.", headings, rows, small=True))
    return blocks


def audit_blocks(audit: pd.DataFrame) -> list[Block]:
    """Every finding of the audit."""
    looks = {LEAK: "bad", REPORTED: "strong", DECLARED: "strong"}
    rows = []
    for one in audit.to_dict("records"):
        outcome = styled(one["outcome"], looks.get(one["outcome"], "good"))
        rows.append({"cells": [words(one["check"]), outcome, count(one["n"]), one["text"]]})
    headings = text_columns("Check", "outcome") + number_columns("n") + wide_column("what was found")
    return [table("What was looked for in the forecasts.", headings, rows, small=True)]


def _signed(value: float, digits: int) -> str:
    text = number(value, digits)
    return text if np.isnan(value) or value < 0 else f"+{text}"


def _p(value: float) -> str:
    return UNDEFINED if np.isnan(value) else p_value(value)
