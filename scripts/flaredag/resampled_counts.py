"""Counts of samples and events of resampled blocks, as sums over blocks: no sample is copied or drawn anew.

`label` is 1 where the event occurred, else 0, `probability` its forecast, `block` the number of a sample's block, all
(sample,). `weights`, (resample, block), tell how often each block was drawn (flaredag.block_bootstrap).
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import numpy as np
from scipy import sparse

from flaredag.verification import ContingencyTable

if TYPE_CHECKING:
    from numpy.typing import NDArray

    FloatArray = NDArray[np.float64]
    IntArray = NDArray[np.int64]

RESAMPLES_AT_ONCE = 250


class ResampledCounts(NamedTuple):
    """Samples and events in each bin, (1 + resample, bin): row 0 is of the samples as they are."""

    n: FloatArray
    events: FloatArray


def with_all_as_they_are(weights: NDArray[np.float32]) -> NDArray[np.float32]:
    """`weights` with a first row of ones, which draws every block once: (1 + resample, block)."""
    return np.concatenate([np.ones((1, weights.shape[1]), dtype=weights.dtype), weights])


def sums_of_blocks(
    values: NDArray[np.generic], which_bin: IntArray, block: IntArray, weights: NDArray[np.float32], *, n_bins: int
) -> FloatArray:
    """Sum of `values`, (sample,), in each bin over the blocks that were drawn: (1 + resample, bin)."""
    shape = (n_bins, weights.shape[1])
    by_block = sparse.coo_array((np.asarray(values, dtype=np.float64), (which_bin, block)), shape=shape).tocsr()
    drawn = with_all_as_they_are(weights)
    parts = [
        (by_block @ drawn[first : first + RESAMPLES_AT_ONCE].T.astype(np.float64)).T
        for first in range(0, len(drawn), RESAMPLES_AT_ONCE)
    ]
    return np.concatenate(parts)


def resampled_counts(
    label: NDArray[np.int8], which_bin: IntArray, block: IntArray, weights: NDArray[np.float32], *, n_bins: int
) -> ResampledCounts:
    """Counts in each of `n_bins` bins, of the samples as they are and of each resample; `which_bin` is (sample,)."""
    return ResampledCounts(
        n=sums_of_blocks(np.ones(len(label)), which_bin, block, weights, n_bins=n_bins),
        events=sums_of_blocks(label, which_bin, block, weights, n_bins=n_bins),
    )


def resampled_contingency_tables(
    label: NDArray[np.int8],
    probability: FloatArray,
    block: IntArray,
    weights: NDArray[np.float32],
    *,
    thresholds: FloatArray,
) -> ContingencyTable:
    """Contingency tables at `thresholds`, which ascend: counts (1 + resample, threshold), row 0 of all as they are.

    An event is forecast if the probability is above the threshold, as in flaredag.verification.
    """
    n_passed = np.searchsorted(thresholds, probability, side="left").astype(np.int64)
    counts = resampled_counts(label, n_passed, block, weights, n_bins=len(thresholds) + 1)
    misses = np.cumsum(counts.events, axis=1)[:, :-1]
    correct_negatives = np.cumsum(counts.n - counts.events, axis=1)[:, :-1]
    n_events = counts.events.sum(axis=1, keepdims=True)
    n_non_events = (counts.n - counts.events).sum(axis=1, keepdims=True)
    return ContingencyTable(
        hits=n_events - misses,
        misses=misses,
        false_alarms=n_non_events - correct_negatives,
        correct_negatives=correct_negatives,
    )
