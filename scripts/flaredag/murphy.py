"""Murphy diagrams: the score of a forecast for every user at once, so that dominance can be read.

Ehm, Gneiting, Jordan & Krueger 2016 (J. R. Stat. Soc. B 78, 505). Every proper score of a probability is a weighted
mean of elementary scores: one forecast below another at every threshold is better by all of them. Counts are those of
flaredag.verification's contingency tables, (..., threshold).
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from flaredag.verification import ContingencyTable

if TYPE_CHECKING:
    from numpy.typing import NDArray

    FloatArray = NDArray[np.float64]

# Flares are rare: the grid is finer where thresholds are low.
THRESHOLDS = np.concatenate([np.arange(1, 10) / 1000.0, np.arange(10, 100, 5) / 1000.0, np.arange(10, 100) / 100.0])


def elementary_score(table: ContingencyTable, *, thresholds: FloatArray) -> FloatArray:
    """Mean elementary score at each threshold, (..., threshold), 0 for a perfect forecast.

    2 threshold for a false alarm, 2 (1 - threshold) for a miss (eq. 18 there, four times the `scores` package's
    expectile score at 1/2): the area below the curve over all thresholds is the Brier score.
    """
    n = table.hits + table.misses + table.false_alarms + table.correct_negatives
    return 2.0 * (thresholds * table.false_alarms + (1.0 - thresholds) * table.misses) / np.where(n > 0, n, np.nan)


def table_of_climatology(table: ContingencyTable, *, thresholds: FloatArray) -> ContingencyTable:
    """Contingency table of the constant forecast of the event rate, in the shape of `table`."""
    n_events = table.hits + table.misses
    n_non_events = table.false_alarms + table.correct_negatives
    forecast = n_events > thresholds * (n_events + n_non_events)
    return ContingencyTable(
        hits=np.where(forecast, n_events, 0.0),
        misses=np.where(forecast, 0.0, n_events),
        false_alarms=np.where(forecast, n_non_events, 0.0),
        correct_negatives=np.where(forecast, 0.0, n_non_events),
    )
