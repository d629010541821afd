"""Tables of what was found of shipped files: the true names of their columns, and the scores of their forecasts."""

from __future__ import annotations

from typing import TYPE_CHECKING

from flaredag.matched_columns import MATCH_COLUMNS
from flaredag.numeric_tables import read_numeric_csv

if TYPE_CHECKING:
    from pathlib import Path

    import pandas as pd

# What the authors' program tells of a column before it was normalised.
TOLD = ("told_mean", "told_standard_deviation", "told_lowest", "told_highest")
# When the record was taken that gave an extreme, UTC, and in which split of the paper.
FOUND = ("lowest_time", "lowest_split", "highest_time", "highest_split")
NAMED_COLUMNS = (
    *("table", "position", "name", "new_name", "new_names_by", "possible", "why"),
    *(*TOLD, *MATCH_COLUMNS, *FOUND),
)
NAMED_NUMBERS = ("position", *TOLD, *(name for name in MATCH_COLUMNS if name != "keyword"))

SHIPPED_SCORE_NUMBERS = ("threshold", "value", "low", "high", "n_samples", "n_events", "n_regions")
SHIPPED_SCORE_NUMBERS += ("published", "published_sd")
SHIPPED_SCORE_COLUMNS = (
    *("table", "least_class", "threshold", "metric", "value", "low", "high", "why"),
    *("n_samples", "n_events", "n_regions", "published", "published_sd"),
)


def read_named_columns(path: str | Path) -> pd.DataFrame:
    """Names of shipped columns, columns `NAMED_COLUMNS`; InputError where the file is another."""
    return read_numeric_csv(path, NAMED_COLUMNS, NAMED_NUMBERS)


def read_shipped_scores(path: str | Path) -> pd.DataFrame:
    """Scores of shipped forecasts, columns `SHIPPED_SCORE_COLUMNS`; InputError where the file is another."""
    return read_numeric_csv(path, SHIPPED_SCORE_COLUMNS, SHIPPED_SCORE_NUMBERS)
