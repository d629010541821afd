"""Tables of scores and of curves: names and order of what verification writes, and their reading."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from flaredag.errors import InputError

if TYPE_CHECKING:
    from pathlib import Path

SCORE_COLUMNS = ("archive", "study", "dataset", "seed", "model", "protocol", "threshold", "metric", "value")
# Means over seeds, with bounds by resampling regions and solar rotations.
INTERVAL_NUMBERS = (
    "value",
    "sd",
    "n_seeds",
    "low",
    "high",
    "low_rotation",
    "high_rotation",
    "n_regions",
    "n_rotations",
)
INTERVAL_COLUMNS = ("archive", "study", "dataset", "model", "protocol", "threshold", "metric", *INTERVAL_NUMBERS)
CURVE_COLUMNS = ("dataset", "model", "seed", "curve", "x", "y", "n")

# Figures of the contingency table, given at each threshold; the threshold itself is one of them.
CATEGORICAL_METRICS = (
    "accuracy",
    "balanced_accuracy",
    "probability_of_detection",
    "precision",
    "false_alarm_ratio",
    "probability_of_false_detection",
    "true_skill_statistic",
    "heidke_skill_score",
    "threshold",
)
# What Liu et al. 2019 tell of a model, in their order: eq. 20 to 25, and section 4.4.
TOLD_PROBABILISTIC = ("brier_score", "brier_skill_score", "area_under_roc_curve")
TOLD_CATEGORICAL = (
    "probability_of_detection",
    "precision",
    "accuracy",
    "balanced_accuracy",
    "heidke_skill_score",
    "true_skill_statistic",
)
PROBABILISTIC_METRICS = (
    "area_under_roc_curve",
    "brier_score",
    "reliability",
    "resolution",
    "uncertainty",
    "brier_skill_score",
    "brier_skill_score_training_climatology",
    "n_samples",
    "n_events",
)
METRICS = (*CATEGORICAL_METRICS, *PROBABILISTIC_METRICS)

# Values of the column `threshold`; empty for a metric that needs none.
FIXED_THRESHOLD = "fixed_0.5"
VALIDATION_THRESHOLD = "validation"
# A leak, scored to be priced: no forecaster knows it.
TEST_THRESHOLD = "best_on_test"
THRESHOLDS = (FIXED_THRESHOLD, VALIDATION_THRESHOLD, TEST_THRESHOLD)

# Values of the column `curve`.
RELIABILITY_CURVE = "reliability"
ROC_CURVE = "roc"
# Of the true skill statistic. That of the balanced accuracy has no curve of its own: it is (1 + TSS)/2.
SKILL_SCORE_PROFILE = "skill_score_profile"
HEIDKE_PROFILE = "heidke_skill_score_profile"


def read_scores(path: str | Path, *, study: str | None = None) -> pd.DataFrame:
    """Scores with `SCORE_COLUMNS`, one row a figure, of one `study` where given; `value` is NaN if undefined.

    Raises InputError on a missing column, a value that is no number, a metric that nobody knows, a figure
    given twice, or no row (of the study).
    """
    scores = _read(path, SCORE_COLUMNS, numbers=("seed", "value"))
    if study is not None:
        studies = sorted(scores["study"].unique())
        scores = scores.loc[scores["study"] == study].reset_index(drop=True)
        if scores.empty:
            raise InputError(
                f"{path}: no score of study {study!r}; found {', '.join(studies)}. Verify the study first."
            )
    unknown = sorted(set(scores["metric"]) - set(METRICS))
    if unknown:
        raise InputError(f"{path}: unknown metric {', '.join(unknown)}; known are {', '.join(METRICS)}.")
    key = [name for name in SCORE_COLUMNS if name != "value"]
    _refuse_duplicates(scores, key, path)
    return scores


def read_curves(path: str | Path) -> pd.DataFrame:
    """Curves with `CURVE_COLUMNS`, one row a point in the order of drawing; `x` and `y` are NaN if undefined.

    Raises InputError on a missing column, a value that is no number, or no row.
    """
    return _read(path, CURVE_COLUMNS, numbers=("seed", "x", "y", "n"))


def figures_by_seed(
    scores: pd.DataFrame, *, dataset: str, model: str, metric: str, threshold: str = FIXED_THRESHOLD
) -> pd.Series:
    """Figures of one series, indexed by seed, ascending; at `threshold` if the metric needs one.

    Raises InputError if there is none, or if a seed has two (of two studies or protocols).
    """
    if metric not in METRICS:
        raise InputError(f"unknown metric {metric!r}; known are {', '.join(METRICS)}. Mend it in the study.")
    at = threshold if metric in CATEGORICAL_METRICS else ""
    wanted = {"dataset": dataset, "model": model, "metric": metric, "threshold": at}
    rows = scores.loc[np.logical_and.reduce([scores[column] == value for column, value in wanted.items()])]
    if rows.empty:
        series = scores[["dataset", "model"]].drop_duplicates().agg(" ".join, axis=1)
        raise InputError(
            f"scores hold no {metric} of {dataset} {model}; they hold {', '.join(series)}. Mend the data set or model "
            "in the study, or verify it first."
        )
    figures = rows.set_index("seed")["value"].sort_index()
    if figures.index.has_duplicates:
        seed = figures.index[figures.index.duplicated()][0]
        raise InputError(
            f"scores hold {metric} of {dataset} {model} twice for seed {seed}. Select one study and protocol."
        )
    return figures


def _read(path: str | Path, columns: tuple[str, ...], *, numbers: tuple[str, ...]) -> pd.DataFrame:
    try:
        text = pd.read_csv(path, dtype=str, keep_default_na=False)
    except (OSError, UnicodeDecodeError, pd.errors.ParserError, pd.errors.EmptyDataError) as error:
        raise InputError(f"{path}: cannot be read as CSV ({error}). Delete it to have it made again.") from error
    missing = [name for name in columns if name not in text.columns]
    if missing:
        raise InputError(
            f"{path}: no column {', '.join(missing)}; found {', '.join(text.columns)}, wanted {', '.join(columns)}. "
            "Delete the file to have it made again."
        )
    if text.empty:
        raise InputError(f"{path}: holds no row. Delete it to have it made again.")
    table = text[list(columns)].copy()
    for name in numbers:
        values = np.asarray(pd.to_numeric(text[name], errors="coerce"), dtype=np.float64)
        may_be_empty = name in ("x", "y", "value")
        bad = np.isnan(values) & ~(may_be_empty & (text[name] == "").to_numpy())
        if name in ("seed", "n"):
            bad |= values != np.rint(values)
        if bad.any():
            raise InputError(
                f"{path}: {name} is no {'whole ' if name in ('seed', 'n') else ''}number in {bad.sum()} of {len(text)} "
                f"rows; the first is row {bad.argmax() + 1} with {text[name].iloc[bad.argmax()]!r}. Delete the file to "
                "have it made again."
            )
        table[name] = values.astype(np.int64) if name in ("seed", "n") else values
    return table


def _refuse_duplicates(scores: pd.DataFrame, key: list[str], path: str | Path) -> None:
    duplicated = scores.duplicated(key)
    if duplicated.any():
        first = scores.loc[duplicated.idxmax(), key]
        raise InputError(
            f"{path}: {duplicated.sum()} of {len(scores)} figures are given twice; the first is "
            f"{', '.join(f'{name} {value}' for name, value in first.items())}. Wanted one. Verify each series once."
        )
