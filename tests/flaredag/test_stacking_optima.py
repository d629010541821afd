from __future__ import annotations

from fractions import Fraction
from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.optimize import minimize

from flaredag.stacking_criteria import THRESHOLD_CRITERIA, criterion_value
from flaredag.stacking_optima import (
    best_alpha_by_roc_area,
    best_alphas_at_threshold,
    least_brier_score,
    least_cross_entropy,
)

CONVEX = {"cross_entropy": least_cross_entropy, "brier_score": least_brier_score}


def made_up(seed: int, *, n_samples: int = 200, n_learners: int = 2, event_rate: float = 0.5):
    """Labels, both outcomes among them, and forecasts with some skill."""
    rng = np.random.default_rng(seed)
    label = (rng.random(n_samples) < event_rate).astype(np.int8)
    label[:2] = 0, 1
    skill = rng.uniform(-0.5, 2.0, n_learners)
    logit = (
        skill * (2 * label[:, None] - 1) + rng.normal(size=(n_samples, 1)) + rng.normal(size=(n_samples, n_learners))
    )
    return label, 1 / (1 + np.exp(-2 * logit))


# Tenths cross each other and 0.5 at the same weights again and again: ties, and rounding at every crossing.
TENTHS = st.lists(st.tuples(st.integers(0, 1), st.integers(0, 10), st.integers(0, 10)), min_size=2, max_size=14).filter(
    lambda rows: len({row[0] for row in rows}) == 2
)


def exact_candidates(rows) -> list[Fraction]:
    """Every weight at which a forecast or rank changes, those between, 0 and 1, in exact arithmetic."""
    lines = [(Fraction(p - q, 10), Fraction(q, 10)) for _, p, q in rows]
    meets = {Fraction(0), Fraction(1)}
    for slope, at_zero in lines:
        for other_slope, other in [*lines, (Fraction(0), Fraction(1, 2))]:
            if slope != other_slope:
                meets.add((other - at_zero) / (slope - other_slope))
    inside = sorted(alpha for alpha in meets if 0 <= alpha <= 1)
    return inside + [(one + two) / 2 for one, two in pairwise(inside)]


def exact_value(criterion: str, rows, alpha: Fraction) -> Fraction:
    forecast = [(label, alpha * Fraction(p, 10) + (1 - alpha) * Fraction(q, 10)) for label, p, q in rows]
    events = [value for label, value in forecast if label]
    others = [value for label, value in forecast if not label]
    if criterion == "area_under_roc_curve":
        won = sum(Fraction(1) if e > n else Fraction(1, 2) if e == n else Fraction(0) for e in events for n in others)
        return won / (len(events) * len(others))
    hits, false_alarms = sum(e > Fraction(1, 2) for e in events), sum(n > Fraction(1, 2) for n in others)
    misses, negatives = len(events) - hits, len(others) - false_alarms
    if criterion == "accuracy":
        return Fraction(hits + negatives, len(rows))
    if criterion == "true_skill_statistic":
        return Fraction(hits, len(events)) - Fraction(false_alarms, len(others))
    denominator = len(events) * (misses + negatives) + (hits + false_alarms) * len(others)
    return Fraction(2 * (hits * negatives - false_alarms * misses), denominator)


@settings(max_examples=150, deadline=None)
@given(TENTHS)
def test_two_learners_reach_the_optimum_of_exact_arithmetic(rows):
    label = np.array([row[0] for row in rows], dtype=np.int8)
    probabilities = np.array([row[1:] for row in rows]) / 10
    alphas = best_alphas_at_threshold(THRESHOLD_CRITERIA, label, probabilities)
    alphas["area_under_roc_curve"] = best_alpha_by_roc_area(label, probabilities)
    candidates = exact_candidates(rows)
    for criterion, alpha in alphas.items():
        found = criterion_value(criterion, label, probabilities, np.array([alpha, 1.0 - alpha]))
        best = max(exact_value(criterion, rows, candidate) for candidate in candidates)
        assert found == pytest.approx(float(best), abs=1e-12), criterion


@pytest.mark.parametrize("seed", range(12))
def test_two_learners_are_never_worse_than_any_weight_tried(seed):
    label, probabilities = made_up(seed, event_rate=(0.5, 0.1)[seed % 2])
    if seed % 3 == 0:
        probabilities = probabilities.astype(np.float32).astype(np.float64).round(2)
    alphas = best_alphas_at_threshold(THRESHOLD_CRITERIA, label, probabilities)
    alphas["area_under_roc_curve"] = best_alpha_by_roc_area(label, probabilities)
    tried = np.concatenate([np.linspace(0, 1, 1001), np.linspace(0, 1, 100), np.random.default_rng(seed).random(500)])
    for criterion, alpha in alphas.items():
        found = criterion_value(criterion, label, probabilities, np.array([alpha, 1.0 - alpha]))
        others = [criterion_value(criterion, label, probabilities, np.array([one, 1.0 - one])) for one in tried]
        assert found >= max(others), criterion


def test_the_middle_of_the_widest_interval_is_taken():
    # The event is forecast for alpha > 0.25 (0.8 and 0.4), the other no more for alpha >= 0.75 (0.4 and 0.8).
    label, probabilities = np.array([1, 0], dtype=np.int8), np.array([[0.8, 0.4], [0.4, 0.8]])
    assert best_alphas_at_threshold(["accuracy"], label, probabilities)["accuracy"] == pytest.approx(0.875)
    # Their ranks change at 0.5.
    assert best_alpha_by_roc_area(label, probabilities) == pytest.approx(0.75)


def test_of_equally_wide_intervals_the_one_nearest_half_is_taken():
    # Hit for alpha > 0.5 by one event and for alpha < 0.5 by the other: everywhere one hit of two.
    label = np.array([1, 1, 0], dtype=np.int8)
    probabilities = np.array([[0.9, 0.1], [0.1, 0.9], [0.0, 0.0]])
    assert best_alphas_at_threshold(["true_skill_statistic"], label, probabilities)[
        "true_skill_statistic"
    ] == pytest.approx(0.25)


def test_learners_that_agree_share_the_weight():
    label, probabilities = made_up(3)
    same = np.repeat(probabilities[:, :1], 2, axis=1)
    assert best_alphas_at_threshold(["accuracy"], label, same)["accuracy"] == 0.5
    assert best_alpha_by_roc_area(label, same) == 0.5
    for solve in CONVEX.values():
        assert solve(label, same).weights.tolist() == [0.5, 0.5]


def test_a_weight_may_be_best_at_a_single_point():
    # The events are forecast for alpha > 0.5 and alpha < 0.5; the non-events for the same: only at 0.5 itself, where
    # nothing is above the threshold, there is no false alarm.
    label = np.array([0, 0, 1], dtype=np.int8)
    probabilities = np.array([[0.9, 0.1], [0.1, 0.9], [0.9, 0.9]])
    assert best_alphas_at_threshold(["accuracy"], label, probabilities)["accuracy"] == pytest.approx(0.5, abs=1e-9)


def test_ties_of_one_learner_can_make_its_alone_the_best():
    # The second learner ties all; for any alpha > 0 the first, which is wrong, breaks the ties.
    label, probabilities = np.array([1, 0], dtype=np.int8), np.array([[0.2, 0.5], [0.8, 0.5]])
    assert best_alpha_by_roc_area(label, probabilities) == 0.0


def test_a_constant_learner_is_a_learner():
    label, probabilities = made_up(5)
    probabilities[:, 0] = 0.5
    alpha = best_alpha_by_roc_area(label, probabilities)
    at_best, of_other = (
        criterion_value("area_under_roc_curve", label, probabilities, np.array([one, 1 - one])) for one in (alpha, 0.0)
    )
    assert at_best == of_other
    assert best_alphas_at_threshold(["accuracy"], label, probabilities)["accuracy"] < 1.0


@pytest.mark.parametrize("criterion", CONVEX)
@pytest.mark.parametrize("n_learners", [2, 3, 4])
def test_convex_criteria_are_never_worse_than_slsqp(criterion, n_learners):
    label, probabilities = made_up(n_learners, n_learners=n_learners)
    weights, gap = CONVEX[criterion](label, probabilities)
    assert weights.min() >= 0
    assert weights.sum() == pytest.approx(1.0, abs=1e-15)
    assert 0 <= gap <= 1e-12
    found = criterion_value(criterion, label, probabilities, weights)
    for start in np.random.default_rng(0).dirichlet(np.ones(n_learners), 8):
        other = minimize(
            lambda w: criterion_value(criterion, label, probabilities, np.maximum(w, 0) / np.maximum(w, 0).sum()),
            start,
            method="SLSQP",
            bounds=[(0, 1)] * n_learners,
            constraints={"type": "eq", "fun": lambda w: w.sum() - 1},
        )
        assert found <= other.fun + 1e-12


@settings(max_examples=60, deadline=None)
@given(st.integers(0, 10_000), st.integers(2, 4), st.booleans())
def test_the_certificate_holds_on_any_sample(seed, n_learners, are_certain):
    label, probabilities = made_up(seed, n_samples=40, n_learners=n_learners, event_rate=0.3)
    if are_certain:
        probabilities = np.where(np.abs(probabilities - 0.5) > 0.3, probabilities.round(), probabilities)
    for criterion, solve in CONVEX.items():
        weights, gap = solve(label, probabilities)
        assert gap <= 1e-9, criterion
        found = criterion_value(criterion, label, probabilities, weights)
        for other in [*np.eye(n_learners), *np.random.default_rng(seed).dirichlet(np.ones(n_learners), 20)]:
            assert found - gap <= criterion_value(criterion, label, probabilities, other) + 1e-12, criterion


def test_brier_weights_of_two_learners_are_those_of_the_formula():
    label, probabilities = made_up(11)
    p, q = probabilities.T
    alpha = np.clip(np.sum((p - q) * (label - q)) / np.sum((p - q) ** 2), 0, 1)
    assert least_brier_score(label, probabilities).weights[0] == pytest.approx(alpha, abs=1e-12)


def test_a_perfect_learner_takes_all_the_weight():
    label, probabilities = made_up(2, n_learners=3)
    probabilities[:, 1] = label
    for solve in CONVEX.values():
        assert solve(label, probabilities).weights == pytest.approx([0, 1, 0], abs=1e-9)
