"""Whether a column can be the keyword that its header says, by its mean, standard deviation and extremes.

A keyword is possible where all of them lie in its physical range (`flaredag.keyword_ranges`), the column is negative
somewhere if the keyword has both signs, and its size, the root of its mean square, is near that of the keyword in
tables of active regions: the size serves signed keywords too, whose mean is near 0. Several keywords may be possible:
two shear angles cannot be told apart in this way. Meant for columns of thousands of records of many regions.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from flaredag.errors import InputError
from flaredag.keyword_ranges import KEYWORDS
from flaredag.tables import numbers, read_raw_csv

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

# Sizes of one keyword in tables of other years and authors differ by less than a factor of 1.5.
MAX_FACTOR = 3.0


class ColumnStatistics(NamedTuple):
    """Statistics of a column before normalisation, in the unit of whatever keyword it is."""

    mean: float
    standard_deviation: float
    lowest: float
    highest: float

    @property
    def size(self) -> float:
        """Root of the mean square."""
        return float(np.hypot(self.mean, self.standard_deviation))


def read_sizes(path: str | Path) -> dict[str, float]:
    """Size of each keyword in published tables, by name, from their means and standard deviations (CSV)."""
    table = read_raw_csv(path, ("keyword", "mean", "standard_deviation"))
    unknown = sorted(set(table["keyword"]) - KEYWORDS.keys())
    twice = sorted(set(table.loc[table["keyword"].duplicated(), "keyword"]))
    if unknown or twice or table.empty:
        raise InputError(
            f"{path}: keyword {', '.join(unknown or twice) or '(none)'} is not known, or given twice; wanted each of "
            "the known keywords at most once. Mend the table."
        )
    mean, deviation = (
        numbers(table[name], path=path, missing=()).to_numpy() for name in ("mean", "standard_deviation")
    )
    return dict(zip(table["keyword"], np.hypot(mean, deviation).tolist(), strict=True))


def why_impossible(keyword: str, column: ColumnStatistics, sizes: Mapping[str, float]) -> str:
    """Why `column` cannot be `keyword`, in words; empty where it can."""
    known = KEYWORDS[keyword]
    for what in ("mean", "highest", "lowest"):
        value = getattr(column, what)
        if not known.allows(np.array(value)):
            return f"{what} {value:.4g} is not in {known.lowest:g} to {known.highest:g} {known.units}"
    if known.lowest < 0 <= column.lowest:
        return f"lowest {column.lowest:.4g} is not negative, and {keyword} has both signs"
    factor = column.size / sizes[keyword]
    if not 1.0 / MAX_FACTOR <= factor <= MAX_FACTOR:
        return f"its size, {column.size:.3g}, is {factor:.2g} times the usual {sizes[keyword]:.3g} {known.units}"
    return ""


def possible_keywords(column: ColumnStatistics, sizes: Mapping[str, float]) -> list[str]:
    """Keywords that `column` can be, of those whose sizes are known, in their order."""
    return [keyword for keyword in sizes if not why_impossible(keyword, column, sizes)]
