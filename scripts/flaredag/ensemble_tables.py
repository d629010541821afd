"""Tables of the weights of ensembles: names and order of what stacking writes, and their reading."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pandas as pd

from flaredag.errors import InputError
from flaredag.tables import numbers, read_raw_csv, whole_numbers

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

# One row a learner of one fit. `learners`: all of the ensemble, in order, joined by +. `model`: by which name the
# predictions have it; empty for a grid, which forecasts nothing. `value`: the criterion on what the weights were
# fitted on, `value_on_test` on the test split; `duality_gap`: how much, at most, other weights could be better.
WEIGHT_COLUMNS = (
    "dataset",
    "seed",
    "ensemble",
    "learners",
    "criterion",
    "solver",
    "fitted_on",
    "model",
    "learner",
    "weight",
    "value",
    "value_on_test",
    "duality_gap",
)
# What figures and report call the criteria.
CRITERION_TITLES = {
    "cross_entropy": "cross-entropy",
    "brier_score": "Brier score",
    "area_under_roc_curve": "AUC",
    "true_skill_statistic": "TSS",
    "accuracy": "ACC",
    "heidke_skill_score": "HSS",
}
NUMBERS = ("weight", "value", "value_on_test", "duality_gap")
# Values of the column `solver`, beside those of flaredag.ensembles.
EQUAL = "equal"
# Values of the column `fitted_on`; empty for equal weights.
VALIDATION, TEST = "validation", "test"


def read_weights(paths: Sequence[str | Path]) -> pd.DataFrame:
    """Weights of all files, with `WEIGHT_COLUMNS`; numbers are NaN where there is none.

    Raises InputError on a missing column, a number that is none, or no row.
    """
    tables = []
    for path in paths:
        text = read_raw_csv(path, WEIGHT_COLUMNS)
        if text.empty:
            raise InputError(f"{path}: holds no row. Delete it to have it made again.")
        columns = {name: numbers(text[name], path=path) for name in NUMBERS}
        tables.append(text.assign(seed=whole_numbers(text["seed"], path=path), **columns))
    return pd.concat(tables, ignore_index=True)
