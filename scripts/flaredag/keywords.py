"""Keywords of active-region patches: meaning, units, physical ranges.

A column outside its range is usually another column under the wrong name (the headers that Liu et
al. 2019 published are permuted so): such a table is refused. Single values outside are made missing.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from flaredag.errors import InputError

if TYPE_CHECKING:
    import pandas as pd

# More than this fraction of a column outside its range is no accident of single records.
MAX_FRACTION_OUTSIDE = 0.01


@dataclass(frozen=True)
class Keyword:
    """A JSOC keyword: what it is, its units, and the range that an active region can have."""

    long_name: str
    units: str
    lowest: float
    highest: float


# Ranges: an order of magnitude beyond the extremes of 277,333 SMARP and SHARP records of 1996-2021.
KEYWORDS = {
    "usfluxl": Keyword("total line-of-sight unsigned flux", "Mx", 1e18, 1e24),
    "meangbl": Keyword("mean gradient of the line-of-sight field", "G/pixel", 0.5, 1000.0),
    "r_value": Keyword("log of unsigned flux near polarity inversion lines (Schrijver 2007)", "log10(Mx)", 0.0, 8.0),
    "area": Keyword("de-projected area of the patch on the sphere", "microhemisphere", 0.5, 2e5),
}


def checked_keywords(table: pd.DataFrame, *, path: str) -> tuple[pd.DataFrame, dict[str, int]]:
    """`table` with values outside their physical range made NaN, and how many were missing or outside.

    `table` has one column a keyword (names of `KEYWORDS`). Raises InputError where more than 1 % of a
    column lies outside its range, and names the keyword whose range would fit.
    """
    checked = table.astype(np.float64)
    counts = {"values_missing": 0, "values_outside_range": 0}
    for name in table.columns:
        keyword = KEYWORDS[name]
        values = checked[name].to_numpy(copy=True)
        missing = np.isnan(values)
        outside = ~missing & ~((values >= keyword.lowest) & (values <= keyword.highest))
        if outside.sum() > max(MAX_FRACTION_OUTSIDE * len(values), 1):
            first = int(np.flatnonzero(outside)[0])
            median = float(np.median(values[~missing]))
            fits = [other for other, k in KEYWORDS.items() if other != name and k.lowest <= median <= k.highest]
            raise InputError(
                f"{path}: column {name.upper()}: {int(outside.sum())} of {len(values)} values lie outside "
                f"{keyword.lowest:g} to {keyword.highest:g} {keyword.units} (record {first + 1} has "
                f"{values[first]:g}; median {median:g}); at most {MAX_FRACTION_OUTSIDE:.0%} may. Its values would "
                f"fit {', '.join(other.upper() for other in fits) or 'no keyword known here'}: are columns swapped?"
            )
        counts["values_missing"] += int(missing.sum())
        counts["values_outside_range"] += int(outside.sum())
        values[outside] = np.nan
        checked[name] = values
    return checked, counts
