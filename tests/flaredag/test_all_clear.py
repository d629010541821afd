"""All-clears: their threshold on validation, and their scores, by hand and against counts."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from flaredag.all_clear import all_clear_scores, all_clear_threshold


def test_the_threshold_lets_as_many_events_be_missed_as_tolerated():
    probability = np.linspace(0.05, 1.0, 20)
    label = np.ones(20, dtype=np.int8)
    # One of 20 may be missed: the next has probability 0.1 and must not be.
    threshold = all_clear_threshold(label, probability, greatest_missed_share=0.05)
    assert threshold == np.nextafter(probability[1], 0)
    assert all_clear_threshold(label, probability, greatest_missed_share=0.04) == np.nextafter(probability[0], 0)


def test_without_an_event_there_is_no_threshold():
    assert np.isnan(all_clear_threshold(np.zeros(3, np.int8), np.ones(3), greatest_missed_share=0.05))


def test_where_all_events_may_be_missed_all_is_clear():
    assert all_clear_threshold(np.array([1, 0], np.int8), np.array([0.3, 0.2]), greatest_missed_share=1.0) == 1.0


@given(
    st.lists(st.tuples(st.booleans(), st.sampled_from([0.0, 0.1, 0.2, 0.5, 1.0])), min_size=1, max_size=40),
    st.floats(0.0, 1.0),
)
def test_the_share_missed_is_never_above_and_no_greater_threshold_would_do(samples, share):
    label = np.array([event for event, _ in samples], dtype=np.int8)
    probability = np.array([value for _, value in samples])
    threshold = all_clear_threshold(label, probability, greatest_missed_share=share)
    of_events = probability[label == 1]
    if not len(of_events):
        assert np.isnan(threshold)
        return
    assert (of_events <= threshold).mean() <= share + 1e-9
    greater = probability[probability > threshold]
    if len(greater):
        assert (of_events <= greater.min()).mean() > share


def test_scores_are_those_of_the_counts():
    # 100 windows, 10 events. All-clears: 60 without event, 2 with. So H = 8/10 and F = 30/90.
    found = all_clear_scores(np.array([0.8]), np.array([1 / 3]), np.array([0.1]))
    assert found["share_all_clear"] == pytest.approx([0.62])
    assert found["missed_events"] == pytest.approx([0.2])
    assert found["clear_given_all_clear"] == pytest.approx([60 / 62])
    assert found["clear_rate"] == pytest.approx([0.9])


def test_where_no_all_clear_is_issued_nothing_follows_one():
    found = all_clear_scores(np.array([1.0, np.nan]), np.array([1.0, 0.5]), np.array([0.1, 0.1]))
    assert found["share_all_clear"][0] == pytest.approx(0.0)
    assert np.isnan(found["clear_given_all_clear"]).all()
