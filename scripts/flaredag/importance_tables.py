"""The table of permutation importance: names and order of its columns, and its reading."""

from __future__ import annotations

from typing import TYPE_CHECKING

from flaredag.feature_groups import JOINED_BY
from flaredag.numeric_tables import read_numeric_csv

if TYPE_CHECKING:
    from pathlib import Path

    import pandas as pd

# `group`: names of the features, joined by +; `least_correlation` of two of them, empty for one; `sd` over the repeats.
IMPORTANCE_NUMBERS = (
    *("n_features", "least_correlation", "score", "permuted", "loss", "sd", "low", "high"),
    *("n_repeats", "n_seeds", "n_samples", "n_events", "n_regions"),
)
IMPORTANCE_COLUMNS = (
    *("dataset", "model", "group", "n_features", "least_correlation", "metric", "score", "permuted", "loss"),
    *("sd", "low", "high", "n_repeats", "n_seeds", "n_samples", "n_events", "n_regions"),
)

MEMBERS_SHOWN = 3


def shown_group(name: str) -> str:
    """Name of a group for a figure or a sentence: its first members, and how many more there are."""
    members = name.split(JOINED_BY)
    # A last member is as short as the number that would stand for it.
    n_shown = MEMBERS_SHOWN if len(members) > MEMBERS_SHOWN + 1 else len(members)
    more = f" and {len(members) - n_shown} more" if len(members) > n_shown else ""
    return ", ".join(members[:n_shown]) + more


def read_importance(path: str | Path) -> pd.DataFrame:
    """Permutation importance, columns `IMPORTANCE_COLUMNS`; InputError where the file is another."""
    return read_numeric_csv(path, IMPORTANCE_COLUMNS, IMPORTANCE_NUMBERS)
