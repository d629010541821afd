from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from flaredag.combination_optima import EXACT, exact_weights
from flaredag.combination_problems import constrained_problem, unconstrained_problem
from flaredag.combined_metrics import loss, weighted_sums
from flaredag.errors import InputError
from flaredag.stacking_optima import least_brier_score
from made_up_combinations import forecasts_of_centres

PROBLEMS = {"constrained": constrained_problem, "unconstrained": unconstrained_problem}


def value_of_sum(problem, metric: str, weights) -> float:
    """Loss of the weighted sum as it stands, which is what is solved."""
    forecast = weighted_sums(problem.members, weights[None])[0]
    if metric == "brier_score":
        return float(np.mean((forecast - problem.label) ** 2))
    if metric == "mean_absolute_error":
        return float(np.mean(np.abs(forecast - problem.label)))
    return -float(np.corrcoef(forecast, problem.label)[0, 1])


@pytest.mark.parametrize("kind", PROBLEMS)
@pytest.mark.parametrize("metric", EXACT)
@settings(max_examples=15, deadline=None)
@given(seed=st.integers(0, 10_000), n_members=st.integers(2, 6))
def test_no_weights_tried_are_better_than_the_exact(kind, metric, seed, n_members):
    problem = PROBLEMS[kind](*forecasts_of_centres(seed, n_days=60, n_members=n_members))
    exact = exact_weights(problem, metric)
    if exact is None:
        return
    assert exact.residual <= 1e-8
    assert exact.weights.sum() == pytest.approx(1.0, abs=1e-9)
    assert exact.weights.min() >= problem.low
    assert exact.weights.max() <= problem.high
    rng = np.random.default_rng(seed)
    others = [problem.equal, *np.eye(n_members), *rng.dirichlet(np.ones(n_members), 20)]
    if kind == "unconstrained":
        others = [problem.equal, *(exact.weights + 0.05 * step for step in rng.normal(size=(30, n_members + 1)))]
        others = [w - (w.sum() - 1) / len(w) for w in others]
    found = value_of_sum(problem, metric, exact.weights)
    for other in others:
        if other.min() >= problem.low and other.max() <= problem.high:
            assert found <= value_of_sum(problem, metric, other) + 1e-9


def test_constrained_brier_weights_are_those_of_stacking():
    problem = constrained_problem(*forecasts_of_centres(3, n_days=400, n_members=5))
    expected = least_brier_score(problem.label, problem.members).weights
    assert exact_weights(problem, "brier_score").weights == pytest.approx(expected, abs=1e-9)


def test_unconstrained_brier_weights_are_those_of_the_normal_equations():
    problem = unconstrained_problem(*forecasts_of_centres(4, n_days=400, n_members=3))
    columns = problem.members[:, :3] - problem.members[:, 3:]
    expected = np.linalg.lstsq(columns, problem.label - problem.members[:, 3], rcond=None)[0]
    exact = exact_weights(problem, "brier_score")
    assert exact.weights == pytest.approx([*expected, 1 - expected.sum()], abs=1e-9)
    assert exact.is_unique


def test_unconstrained_correlation_is_that_of_the_regression():
    names, label, members = forecasts_of_centres(4, n_days=400, n_members=3)
    slopes = np.linalg.lstsq(members - members.mean(axis=0), label - label.mean(), rcond=None)[0]
    problem = unconstrained_problem(names, label, members)
    exact = exact_weights(problem, "linear_correlation")
    greatest = np.corrcoef(members @ slopes, label)[0, 1]
    assert -value_of_sum(problem, "linear_correlation", exact.weights) == pytest.approx(greatest, abs=1e-9)
    # Half of all weights, and climatology for the rest, are as good.
    assert not exact.is_unique


def test_the_absolute_error_of_convex_combinations_is_least_in_a_corner():
    problem = constrained_problem("abc", np.array([0, 1], dtype=np.int8), np.array([[0.3, 0.1, 0.2], [0.9, 0.6, 0.8]]))
    # Errors 0.2, 0.25 and 0.2: the first and the last are as good, and share the weight.
    exact = exact_weights(problem, "mean_absolute_error")
    assert exact.weights == pytest.approx([0.5, 0.0, 0.5])
    assert not exact.is_unique


@pytest.mark.parametrize("kind", PROBLEMS)
def test_identical_members_share_their_weight_and_are_not_unique(kind):
    names, label, members = forecasts_of_centres(5, n_days=200, n_members=3)
    twice = PROBLEMS[kind]([*names, "again"], label, np.column_stack([members, members[:, 0]]))
    once = PROBLEMS[kind](names, label, members)
    for metric in ("brier_score", "linear_correlation"):
        exact = exact_weights(twice, metric)
        # Where the members are left out no weight can be moved between them.
        assert not exact.is_unique or exact.weights[0] == 0
        assert exact.weights[0] == pytest.approx(exact.weights[3], abs=1e-6)
        found, alone = (value_of_sum(p, metric, exact_weights(p, metric).weights) for p in (twice, once))
        assert found == pytest.approx(alone, abs=1e-9)


@pytest.mark.parametrize("metric", ["brier_score", "linear_correlation"])
def test_a_penalty_leads_to_equal_weights(metric):
    problem = unconstrained_problem(*forecasts_of_centres(6, n_days=200, n_members=4))
    distances = [
        np.sum((exact_weights(problem, metric, penalty=penalty).weights - problem.equal) ** 2)
        for penalty in (0.0, 1e-3, 1e-1, 1e6)
    ]
    assert distances == sorted(distances, reverse=True)
    assert distances[-1] <= 1e-9


@settings(max_examples=15, deadline=None)
@given(st.integers(0, 1000), st.permutations(range(4)))
def test_permuted_members_have_permuted_weights(seed, order):
    names, label, members = forecasts_of_centres(seed, n_days=80, n_members=4)
    for make in PROBLEMS.values():
        for metric in ("brier_score", "linear_correlation"):
            exact, permuted = (
                exact_weights(make(names, label, members[:, list(columns)]), metric) for columns in (range(4), order)
            )
            if exact is not None:
                assert permuted.weights[:4] == pytest.approx(exact.weights[list(order)], abs=1e-5)


def test_members_that_go_the_wrong_way_have_no_best_correlation():
    problem = constrained_problem("ab", np.array([0, 1], dtype=np.int8), np.array([[0.9, 0.8], [0.1, 0.3]]))
    assert exact_weights(problem, "linear_correlation") is None


@pytest.mark.parametrize(
    ("metric", "penalty"), [("accuracy", 0.0), ("brier_score", -1.0), ("mean_absolute_error", 0.1)]
)
def test_what_is_not_solved_exactly_is_refused(metric, penalty):
    problem = constrained_problem(*forecasts_of_centres(0, n_days=50, n_members=2))
    with pytest.raises(InputError, match=f"no exact weights by {metric} with penalty"):
        exact_weights(problem, metric, penalty=penalty)


def test_what_is_issued_is_never_worse_than_certified():
    problem = unconstrained_problem(*forecasts_of_centres(7, n_days=300, n_members=5))
    for metric in ("brier_score", "mean_absolute_error"):
        exact = exact_weights(problem, metric)
        issued = float(loss(metric, np.array(problem.value(metric, exact.weights))))
        assert issued <= value_of_sum(problem, metric, exact.weights) + 1e-11
