from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from flaredag import resampled_ranking
from flaredag.resampled_ranking import Ranking

samples = st.lists(
    st.tuples(st.integers(0, 1), st.sampled_from([0.0, 0.2, 0.5, 0.9, 1.0]), st.integers(0, 3)), min_size=1, max_size=25
)


def counted_pairs(label, probability, times) -> tuple[float, float]:
    """Pairs of an event and a non-event, and those ranked rightly, one by one."""
    n_pairs = n_right = 0.0
    for i in np.flatnonzero(label == 1):
        for j in np.flatnonzero(label == 0):
            both = times[i] * times[j]
            n_pairs += both
            n_right += both * (
                1.0 if probability[i] > probability[j] else 0.5 if probability[i] == probability[j] else 0
            )
    return n_pairs, n_right


@pytest.mark.parametrize("most_blocks", [0, 4096])
@given(samples, st.lists(st.lists(st.integers(0, 4), min_size=4, max_size=4), min_size=1, max_size=3))
def test_areas_are_shares_of_pairs_counted_one_by_one(most_blocks, rows, weights):
    label, probability, block = (np.array(column) for column in zip(*rows, strict=True))
    drawn = np.array(weights, dtype=float)
    want = [counted_pairs(label, probability, times[block]) for times in drawn]
    n_pairs = np.array([pairs for pairs, _ in want])
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(resampled_ranking, "MOST_BLOCKS_OF_MATRIX", most_blocks)
        got = Ranking(label.astype(np.int8), probability, block, 4).area_under_roc_curve(drawn, n_pairs)
    for area, (pairs, right), times in zip(got, want, drawn, strict=True):
        values = probability[times[block] > 0]
        if pairs == 0 or np.ptp(values) == 0:
            assert np.isnan(area)
        else:
            assert area == right / pairs


@pytest.mark.parametrize("event_rate", [0.03, 0.5, 0.97])
def test_matrix_and_count_by_sample_agree_to_the_bit(monkeypatch, event_rate):
    rng = np.random.default_rng(0)
    n, n_blocks = 4000, 150
    label, block = (rng.random(n) < event_rate).astype(np.int8), rng.integers(n_blocks, size=n)
    probability = np.round(rng.random(n), 3)
    drawn = rng.multinomial(n_blocks, np.full(n_blocks, 1 / n_blocks), size=20).astype(float)
    n_events = drawn @ np.bincount(block, label, minlength=n_blocks)
    n_pairs = n_events * (drawn @ np.bincount(block, 1 - label, minlength=n_blocks))
    areas = []
    for most_blocks, at_a_time in ((4096, 2_000_000), (4096, 700), (0, 2_000_000), (0, 9000)):
        monkeypatch.setattr(resampled_ranking, "MOST_BLOCKS_OF_MATRIX", most_blocks)
        monkeypatch.setattr(resampled_ranking, "NUMBERS_AT_A_TIME", at_a_time)
        areas.append(Ranking(label, probability, block, n_blocks).area_under_roc_curve(drawn, n_pairs))
    for other in areas[1:]:
        np.testing.assert_array_equal(other, areas[0])
    # Of about 120 of the rarer outcome: standard deviation 0.04.
    assert np.abs(areas[0] - 0.5).max() < 0.2
    assert np.ptp(areas[0]) > 0
