from __future__ import annotations

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from flaredag.block_bootstrap import block_weights
from flaredag.resampled_counts import (
    resampled_contingency_tables,
    resampled_counts,
    sums_of_blocks,
    with_all_as_they_are,
)
from flaredag.verification import contingency_table

LABEL = np.array([1, 0, 0, 1, 1], dtype=np.int8)
PROBABILITY = np.array([0.9, 0.4, 0.5, 0.5, 0.1])
BLOCK = np.array([0, 0, 1, 1, 2])
WEIGHTS = np.array([[2, 0, 1], [0, 0, 3]], dtype=np.float32)


def test_counts_by_hand():
    counts = resampled_counts(LABEL, np.array([1, 0, 1, 1, 0]), BLOCK, WEIGHTS, n_bins=3)
    assert counts.n.tolist() == [[2, 3, 0], [3, 2, 0], [3, 0, 0]]
    assert counts.events.tolist() == [[1, 2, 0], [1, 2, 0], [3, 0, 0]]


def test_sums_by_hand():
    sums = sums_of_blocks(np.array([0.5, 1, 2, 4, 8]), np.zeros(5, dtype=np.int64), BLOCK, WEIGHTS, n_bins=1)
    assert sums.tolist() == [[15.5], [11], [24]]


def test_the_first_row_draws_every_block_once():
    assert with_all_as_they_are(WEIGHTS).tolist() == [[1, 1, 1], [2, 0, 1], [0, 0, 3]]


def test_an_event_is_forecast_above_the_threshold_and_not_at_it():
    table = resampled_contingency_tables(LABEL, PROBABILITY, BLOCK, WEIGHTS, thresholds=np.array([0.4, 0.5]))
    assert table.hits.tolist() == [[2, 1], [2, 2], [0, 0]]
    assert table.misses.tolist() == [[1, 2], [1, 1], [3, 3]]
    assert table.false_alarms.tolist() == [[1, 0], [0, 0], [0, 0]]
    assert table.correct_negatives.tolist() == [[1, 2], [2, 2], [0, 0]]


@given(seed=st.integers(0, 2**32 - 1), n_samples=st.integers(1, 60), n_blocks=st.integers(1, 8))
def test_tables_are_those_of_the_resampled_rows(seed, n_samples, n_blocks):
    rng = np.random.default_rng(seed)
    label = rng.integers(2, size=n_samples).astype(np.int8)
    probability = rng.integers(0, 11, size=n_samples) / 10
    block = rng.integers(n_blocks, size=n_samples)
    weights = block_weights(n_blocks, resamples=300, seed=seed)
    thresholds = np.array([0.1, 0.25, 0.5, 1.0])
    got = resampled_contingency_tables(label, probability, block, weights, thresholds=thresholds)
    for resample in (0, 299):
        rows = np.repeat(np.arange(n_samples), weights[resample, block].astype(int))
        want = contingency_table(label[rows], probability[rows], thresholds=thresholds)
        for part, of_rows in zip(got, want, strict=True):
            np.testing.assert_array_equal(part[resample + 1], of_rows)
