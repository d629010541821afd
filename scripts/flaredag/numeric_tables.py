"""CSV tables of which some columns are numbers, the others text, as every stage from verification on writes them."""

from __future__ import annotations

from typing import TYPE_CHECKING

from flaredag.tables import numbers, read_raw_csv

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    import pandas as pd


def read_numeric_csv(path: str | Path, columns: Sequence[str], numeric: Sequence[str]) -> pd.DataFrame:
    """Table with `columns`, of which `numeric` are numbers; InputError where the file lacks one or has another text."""
    text = read_raw_csv(path, columns)
    return text.assign(**{name: numbers(text.loc[:, name], path=path) for name in numeric})
