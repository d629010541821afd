"""The table of a study's hyperparameter searches: names and order of its columns, and its reading."""

from __future__ import annotations

from typing import TYPE_CHECKING

from flaredag.numeric_tables import read_numeric_csv

if TYPE_CHECKING:
    from pathlib import Path

    import pandas as pd

# Of a search: mean and standard deviation (n - 1) over its splits of the score of the configured settings and of the
# optimum, and of how much better the optimum is, split by split; number of the trial that it is, and of all trials.
SEARCH_NUMBERS = (
    *("configured_score", "configured_sd", "optimum_score", "optimum_sd", "gain", "gain_sd"),
    *("optimum_trial", "n_splits", "n_trials", "n_pruned", "n_failed"),
)
# A row a search and setting; `path` and the digests say where its trials lie in the store.
SEARCH_COLUMNS = (
    "study",
    "search",
    "dataset",
    "models",
    "seeds",
    "metric",
    "setting",
    "space",
    "configured",
    "optimum",
)
SEARCH_COLUMNS += (*SEARCH_NUMBERS, "dataset_digest", "models_digest", "path")


def read_searches(path: str | Path) -> pd.DataFrame:
    """Searches of a study, columns `SEARCH_COLUMNS`; InputError where the file is another."""
    return read_numeric_csv(path, SEARCH_COLUMNS, SEARCH_NUMBERS)
