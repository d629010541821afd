"""Area under the ROC curve of block resamples, exactly and with ties: a quadratic form of how often blocks are drawn.

The area is the share of pairs of an event and a non-event that are ranked rightly, ties counted half (Mann & Whitney
1947). A pair of block r and block s counts as often as r is drawn times as often as s is drawn; so with A[r, s] the
pairs of an event of r and a non-event of s that are ranked rightly, and draws w, the resample has w A w of them.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from scipy.sparse import csr_array

if TYPE_CHECKING:
    from numpy.typing import NDArray

    FloatArray = NDArray[np.float64]

# Pairs are counted so many numbers at a time, to bound memory.
NUMBERS_AT_A_TIME = 2_000_000
# With more blocks than this, pairs are counted anew in each resample: the matrix would hold more than 128 MiB.
MOST_BLOCKS_OF_MATRIX = 4096


class Ranking:
    """Forecasts of a sample, ranked, by block: the ROC area of any draw of blocks. Counts are whole, hence exact."""

    def __init__(
        self, label: NDArray[np.int8], probability: FloatArray, block: NDArray[np.int64], n_blocks: int
    ) -> None:
        order = np.argsort(probability, kind="stable")
        self.label, self.probability, self.block = label[order], probability[order], block[order]
        # Of equal indices the last is kept.
        self.least, self.greatest = np.full(n_blocks, np.inf), np.full(n_blocks, -np.inf)
        self.least[self.block[::-1]] = self.probability[::-1]
        self.greatest[self.block] = self.probability
        self.matrix = (
            _twice_concordant_pairs(self.label, self.probability, self.block, n_blocks)
            if n_blocks <= MOST_BLOCKS_OF_MATRIX
            else None
        )

    def area_under_roc_curve(self, drawn: FloatArray, n_pairs: FloatArray) -> FloatArray:
        """Areas, (resample,), of `drawn`, (resample, block), with `n_pairs` of an event and a non-event, (resample,).

        NaN without such a pair, or if all forecasts drawn are equal.
        """
        if self.matrix is None:
            twice_concordant = np.concatenate([self._counted_by_sample(rows) for rows in self._portions(drawn)])
        else:
            twice_concordant = np.einsum("rb,rb->r", drawn @ self.matrix, drawn)
        # Only a forecast that ranks half of its pairs can be constant.
        suspect = np.flatnonzero(twice_concordant == n_pairs)
        is_drawn = drawn[suspect] > 0
        greatest = np.where(is_drawn, self.greatest, -np.inf).max(axis=1, initial=-np.inf)
        least = np.where(is_drawn, self.least, np.inf).min(axis=1, initial=np.inf)
        ranked = n_pairs > 0
        ranked[suspect] &= greatest > least
        return twice_concordant / np.where(ranked, 2.0 * n_pairs, np.nan)

    def _portions(self, drawn: FloatArray) -> list[FloatArray]:
        n_at_a_time = max(NUMBERS_AT_A_TIME // max(len(self.block), 1), 1)
        return [drawn[start : start + n_at_a_time] for start in range(0, max(len(drawn), 1), n_at_a_time)]

    def _counted_by_sample(self, drawn: FloatArray) -> FloatArray:
        """Twice the concordant pairs of each resample, from its cumulative counts."""
        times = drawn[:, self.block]
        value_begins = np.flatnonzero(np.diff(self.probability, prepend=-1.0))
        events = np.add.reduceat(times * self.label, value_begins, axis=1)
        non_events = np.add.reduceat(times * (1 - self.label), value_begins, axis=1)
        return np.sum(events * (2.0 * np.cumsum(non_events, axis=1) - non_events), axis=1)


def _twice_concordant_pairs(
    label: NDArray[np.int8], probability: FloatArray, block: NDArray[np.int64], n_blocks: int
) -> FloatArray:
    """Twice the pairs that are ranked rightly, a tie counted once, of events of a row and non-events of a column.

    (block, block), whole numbers: sum over events e and non-events n of [p_e > p_n] + [p_e >= p_n]. Samples are in the
    order of `probability`. The rarer outcome is gone through, the other one counted.
    """
    is_event = label == 1
    if 2 * np.count_nonzero(is_event) > len(label):
        by_falling = _twice_greater(-probability[::-1], block[::-1], ~is_event[::-1], n_blocks)
        return np.ascontiguousarray(by_falling.T)
    return _twice_greater(probability, block, is_event, n_blocks)


def _twice_greater(
    value: FloatArray, block: NDArray[np.int64], is_outer: NDArray[np.bool_], n_blocks: int
) -> FloatArray:
    """Sum over outer o and inner i of [v_o > v_i] + [v_o >= v_i], (block of o, block of i), of ascending values."""
    outer_value, outer_block = value[is_outer], block[is_outer]
    inner_value, inner_block = value[~is_outer], block[~is_outer]
    # Each inner value counts once for the outer ones from `left` on, and once more for those from `right` on.
    first_outer = [np.searchsorted(outer_value, inner_value, side=side) for side in ("left", "right")]
    total, passed = np.zeros((n_blocks, n_blocks)), np.zeros(n_blocks)
    n_at_a_time = max(NUMBERS_AT_A_TIME // max(n_blocks, 1), 1)
    for start in range(0, len(outer_block), n_at_a_time):
        own = outer_block[start : start + n_at_a_time]
        n_cells = len(own) * n_blocks
        n_below = np.zeros(n_cells)
        for first in first_outer:
            begin, end = np.searchsorted(first, [start, start + len(own)])
            cells = (first[begin:end] - start) * n_blocks + inner_block[begin:end]
            n_below += np.bincount(cells, minlength=n_cells)
        n_below = n_below.reshape(len(own), n_blocks)
        n_below[0] += passed
        np.cumsum(n_below, axis=0, out=n_below)
        passed = n_below[-1].copy()
        rows, row = np.unique(own, return_inverse=True)
        of_row = csr_array((np.ones(len(own)), (row, np.arange(len(own)))), shape=(len(rows), len(own)))
        total[rows] += of_row @ n_below
    return total
