"""What is compared with what: series of scores, pairs and families of them, and the table of their differences."""

from __future__ import annotations

from typing import TYPE_CHECKING, NotRequired, TypedDict

from flaredag.errors import InputError
from flaredag.score_tables import CATEGORICAL_METRICS, FIXED_THRESHOLD
from flaredag.tables import numbers, read_raw_csv

if TYPE_CHECKING:
    from pathlib import Path

    import pandas as pd

SIDE = ("dataset", "model", "threshold")
DIFFERENCE_FIGURES = ("difference", "low", "high", "p", "detectable_difference")
# What tells a difference apart: `block` is what was resampled.
DIFFERENCE_KEY = ("family", "metric", *(f"{side}_{name}" for side in "ab" for name in SIDE), "block")


class Series(TypedDict):
    """One model on one data set, at a threshold (0.5 unless another is named) where the metric needs one."""

    dataset: str
    model: str
    threshold: NotRequired[str]


class Pair(TypedDict):
    """The question whether a is better than b."""

    a: Series
    b: Series


class Family(TypedDict):
    """The questions of one table: every pair in every metric; p values of a test are adjusted over all of them."""

    name: str
    metrics: list[str]
    pairs: list[Pair]


def key_of(series: Series, metric: str) -> dict[str, str]:
    """Data set, model and threshold of a series in a metric; the threshold is empty where the metric needs none."""
    threshold = series.get("threshold", FIXED_THRESHOLD) if metric in CATEGORICAL_METRICS else ""
    return {"dataset": series["dataset"], "model": series["model"], "threshold": threshold}


def name_of(series: Series) -> str:
    """Name of a series in tables; its threshold in brackets where it names one."""
    at = f" ({series['threshold']})" if "threshold" in series else ""
    return f"{series['dataset']} {series['model']}{at}"


def read_differences(path: str | Path) -> pd.DataFrame:
    """Differences of pairs, `DIFFERENCE_KEY` and `DIFFERENCE_FIGURES`, as bound_scores writes them.

    Raises InputError on a missing column, what is no number, or a difference given twice.
    """
    text = read_raw_csv(path, (*DIFFERENCE_KEY, *DIFFERENCE_FIGURES))
    table = text.assign(**{name: numbers(text[name], path=path) for name in DIFFERENCE_FIGURES})
    duplicated = table.duplicated(list(DIFFERENCE_KEY))
    if duplicated.any():
        raise InputError(
            f"{path}: {duplicated.sum()} differences are given twice; the first is record "
            f"{duplicated.to_numpy().argmax() + 1}. Name each pair once in a family."
        )
    return table
