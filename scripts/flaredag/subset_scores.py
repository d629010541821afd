"""Scores of subsets of features, as they lie in the store: small, since what a fit imports is part of its digest."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pandas as pd

from flaredag.errors import InputError
from flaredag.tables import numbers, read_raw_csv, whole_numbers

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

# A figure of a model on a subset, whose `features` are joined by spaces; `threshold` is empty where it needs none.
SUBSET_COLUMNS = ("model", "features", "seed", "threshold", "metric", "value")


def read_subset_scores(paths: Sequence[str | Path]) -> pd.DataFrame:
    """Scores of subsets, columns `SUBSET_COLUMNS`, of all files.

    Raises InputError where one is no such table, or a figure is given twice.
    """
    tables = [
        table.assign(seed=whole_numbers(table["seed"], path=path), value=numbers(table["value"], path=path))
        for path in paths
        for table in [read_raw_csv(path, SUBSET_COLUMNS)]
    ]
    scores = pd.concat(tables, ignore_index=True)
    twice = scores.duplicated(["model", "features", "seed", "threshold", "metric"])
    if twice.any():
        raise InputError(
            f"{', '.join(map(str, paths))}: {int(twice.sum())} figures are given twice, the first of "
            f"{scores.loc[twice.idxmax(), 'features']}; wanted each subset once. Delete the files to have them made."
        )
    return scores
