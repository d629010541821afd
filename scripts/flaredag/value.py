"""Economic value of a forecast to users who can protect themselves at a cost: the cost-loss model.

Richardson 2000 (Q. J. R. Meteorol. Soc. 126, 649). A user pays a cost C for protection, or a loss L where an event
finds him unprotected. Value is what the forecast saves him over climatology, as part of what a perfect one would save:
1 is perfect, 0 no better than always or never to act, whichever is cheaper.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from flaredag.murphy import elementary_score, table_of_climatology
from flaredag.resampled_counts import ResampledCounts

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from flaredag.verification import ContingencyTable

    FloatArray = NDArray[np.float64]


def relative_economic_value(table: ContingencyTable, *, cost_loss_ratios: FloatArray) -> FloatArray:
    """Value to users who act when the probability is above their cost/loss ratio, (..., ratio); NaN for one outcome.

    `table` holds the counts at thresholds equal to the ratios (eq. 8 there). Taken at its word the forecast may do
    harm: value below 0. It is one minus the elementary score over that of climatology (flaredag.murphy).
    """
    of_climatology = elementary_score(
        table_of_climatology(table, thresholds=cost_loss_ratios), thresholds=cost_loss_ratios
    )
    return _saved(elementary_score(table, thresholds=cost_loss_ratios), of_climatology)


def potential_economic_value(counts: ResampledCounts, *, cost_loss_ratios: FloatArray) -> FloatArray:
    """Value at the threshold that serves each user best, (1 + resample, ratio): the envelope; NaN for one outcome.

    `counts` are those at the levels of the forecast, from low to high; the thresholds lie between them, and always and
    never to act are among them, so that it is never negative. The threshold is chosen on the samples themselves: what
    perfect recalibration could give at most.
    """
    events = np.pad(np.cumsum(counts.events, axis=1), ((0, 0), (1, 0)))
    others = np.pad(np.cumsum(counts.n - counts.events, axis=1), ((0, 0), (1, 0)))
    best = np.empty((len(events), len(cost_loss_ratios)))
    ratio = cost_loss_ratios[:, None]
    for row, (misses, correct_negatives) in enumerate(zip(events, others, strict=True)):
        expense = ratio * (correct_negatives[-1] - correct_negatives) + (1.0 - ratio) * misses
        best[row] = expense.min(axis=1)
    n_events, n_others = events[:, -1:], others[:, -1:]
    return _saved(best, np.minimum(cost_loss_ratios * n_others, (1.0 - cost_loss_ratios) * n_events))


def _saved(expense: FloatArray, of_climatology: FloatArray) -> FloatArray:
    return 1.0 - expense / np.where(of_climatology > 0, of_climatology, np.nan)
