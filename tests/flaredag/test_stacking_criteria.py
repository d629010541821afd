from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from flaredag.errors import InputError
from flaredag.stacking_criteria import CRITERIA, better, combined, criterion_value, mixed
from flaredag.verification import categorical_scores, contingency_table, probabilistic_scores

LABEL = np.array([1, 1, 0, 0], dtype=np.int8)
PROBABILITIES = np.array([[0.9, 0.2], [0.4, 0.8], [0.6, 0.2], [0.1, 0.3]])
UNIT = st.floats(0.0, 1.0)


def test_the_combination_is_the_weighted_mean():
    # 0.75 * 0.9 + 0.25 * 0.2 = 0.725 and so on.
    assert combined(PROBABILITIES, np.array([0.75, 0.25])) == pytest.approx([0.725, 0.5, 0.5, 0.15], rel=1e-12)


def test_what_is_half_in_exact_arithmetic_is_no_forecast_of_an_event():
    # 0.5 * 0.1 + 0.5 * 0.9, and 0.3 * 0.08 + 0.7 * 0.68, whose products are not exact.
    probabilities = np.array([[0.1, 0.9], [0.08, 0.68]])
    assert combined(probabilities, np.array([0.5, 0.5]))[0] == 0.5
    assert combined(probabilities, np.array([0.3, 0.7]))[1] == 0.5


def test_a_learner_alone_is_taken_as_it_is():
    probabilities = np.array([[1e-300, 0.7], [1.0 - 1e-16, 0.1]])
    assert np.array_equal(combined(probabilities, np.array([1.0, 0.0])), probabilities[:, 0])
    assert np.array_equal(combined(probabilities, np.array([0.0, 1.0])), probabilities[:, 1])


@given(st.lists(st.tuples(UNIT, UNIT, UNIT), min_size=1, max_size=5), st.tuples(UNIT, UNIT, UNIT))
def test_the_combination_stays_among_the_learners(rows, raw_weights):
    weights = (np.array(raw_weights) + 1e-3) / (np.sum(raw_weights) + 3e-3)
    probabilities = np.array(rows)
    forecast = combined(probabilities, weights)
    assert (forecast >= probabilities.min(axis=1)).all()
    assert (forecast <= probabilities.max(axis=1)).all()
    assert forecast == pytest.approx(probabilities @ weights, rel=1e-11, abs=1e-15)


@given(UNIT, UNIT, UNIT, UNIT)
def test_between_two_learners_the_combination_is_monotone(first, second, one, other):
    low, high = min(one, other), max(one, other)
    at_low, at_high = (
        combined(np.array([[first, second]]), np.array([alpha, 1.0 - alpha]))[0] for alpha in (low, high)
    )
    assert at_low <= at_high if first >= second else at_low >= at_high


def test_each_sample_may_have_weights_of_its_own():
    weights = np.array([[0.75, 0.25], [0.5, 0.5], [0.25, 0.75], [0.125, 0.875]])
    row_by_row = [combined(PROBABILITIES[[row]], weights[row])[0] for row in range(4)]
    assert np.array_equal(mixed(PROBABILITIES, weights), row_by_row)


def test_criteria_by_hand():
    # Half of each: 0.55 and 0.6 for the events, 0.4 and 0.2 for the others.
    weights = np.array([0.5, 0.5])
    value = {criterion: criterion_value(criterion, LABEL, PROBABILITIES, weights) for criterion in CRITERIA}
    assert value["cross_entropy"] == pytest.approx(-np.mean(np.log([0.55, 0.6, 0.6, 0.8])), rel=1e-12)
    assert value["brier_score"] == pytest.approx((0.45**2 + 0.4**2 + 0.4**2 + 0.2**2) / 4, rel=1e-12)
    perfect = ("area_under_roc_curve", "true_skill_statistic", "accuracy", "heidke_skill_score")
    assert [value[criterion] for criterion in perfect] == [1.0, 1.0, 1.0, 1.0]
    # The first alone: 0.9 and 0.4 for the events, 0.6 and 0.1: three of four pairs in order, one hit, one false alarm.
    first = np.array([1.0, 0.0])
    assert criterion_value("area_under_roc_curve", LABEL, PROBABILITIES, first) == 0.75
    assert criterion_value("true_skill_statistic", LABEL, PROBABILITIES, first) == 0.0
    assert criterion_value("accuracy", LABEL, PROBABILITIES, first) == 0.5


@pytest.mark.parametrize("weights", [[0.3, 0.7], [1.0, 0.0], [0.62, 0.38]])
def test_criteria_are_the_scores_of_verification(weights):
    rng = np.random.default_rng(1)
    label = (rng.random(300) < 0.3).astype(np.int8)
    probabilities = np.clip(0.3 * label[:, None] + rng.integers(0, 8, (300, 2)) / 10, 0, 1)
    forecast = combined(probabilities, np.array(weights))
    categorical = categorical_scores(contingency_table(label, forecast, thresholds=[0.5]))
    expected = probabilistic_scores(label, forecast) | {name: value[0] for name, value in categorical.items()}
    for criterion in CRITERIA:
        if criterion != "cross_entropy":
            value = criterion_value(criterion, label, probabilities, np.array(weights))
            assert value == pytest.approx(expected[criterion], rel=1e-12), criterion


def test_certain_and_wrong_is_finite():
    label, probabilities = np.array([1, 0], dtype=np.int8), np.array([[0.0, 0.5], [1.0, 0.5]])
    alone = criterion_value("cross_entropy", label, probabilities, np.array([1.0, 0.0]))
    assert alone == pytest.approx(-np.log(1e-12))
    assert criterion_value("cross_entropy", label, probabilities, np.array([0.5, 0.5])) == pytest.approx(np.log(4.0))


def test_with_one_outcome_what_needs_both_is_undefined():
    label, weights = np.ones(4, dtype=np.int8), np.array([0.5, 0.5])
    undefined = {c for c in CRITERIA if np.isnan(criterion_value(c, label, PROBABILITIES, weights))}
    assert undefined == {"area_under_roc_curve", "true_skill_statistic", "heidke_skill_score"}


def test_smaller_is_better_for_losses_alone():
    assert better("cross_entropy", 0.1, 0.2)
    assert better("brier_score", 0.1, 0.2)
    assert better("accuracy", 0.2, 0.1)
    assert not better("accuracy", 0.2, 0.2)


def test_an_unknown_criterion_is_told():
    with pytest.raises(InputError, match="unknown criterion 'hinge'"):
        criterion_value("hinge", LABEL, PROBABILITIES, np.array([0.5, 0.5]))


def test_equal_samples_are_combined_equally_wherever_they_lie():
    repeated = np.tile([[0.123, 0.877, 0.456]], (101, 1))
    assert len(np.unique(combined(repeated, np.array([0.37, 0.41, 0.22])))) == 1
