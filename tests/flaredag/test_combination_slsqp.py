from __future__ import annotations

import numpy as np
import pytest

from flaredag.combination_optima import exact_weights
from flaredag.combination_problems import constrained_problem, unconstrained_problem
from flaredag.combination_slsqp import slsqp_from, slsqp_starts
from made_up_combinations import forecasts_of_centres


@pytest.mark.parametrize("make", [constrained_problem, unconstrained_problem])
def test_every_start_on_a_convex_metric_ends_near_the_exact_weights(make):
    problem = make(*forecasts_of_centres(1, n_days=300, n_members=3))
    starts = slsqp_starts(problem, "brier_score", n_starts=5, seed=0)
    assert starts.weights.shape == (5, len(problem.names))
    assert starts.weights.sum(axis=1) == pytest.approx(1.0, abs=1e-12)
    assert starts.n_evaluations > 5
    np.testing.assert_array_equal(starts.values, problem.values("brier_score", starts.weights))
    if problem.low >= 0:
        exact = problem.value("brier_score", exact_weights(problem, "brier_score").weights)
        assert starts.values == pytest.approx(exact, abs=1e-6)


def test_without_a_derivative_a_start_ends_at_the_nearest_weights_of_sum_one():
    problem = constrained_problem(*forecasts_of_centres(2, n_days=40, n_members=2))
    ended = slsqp_from(problem, "accuracy", np.array([0.9, 0.5]))
    assert ended.weights[0] == pytest.approx([0.7, 0.3])


def test_the_same_seed_ends_at_the_same_weights():
    problem = constrained_problem(*forecasts_of_centres(3, n_days=60, n_members=3))
    first, again, other = (slsqp_starts(problem, "resolution", n_starts=2, seed=seed).weights for seed in (0, 0, 1))
    assert first.tolist() == again.tolist()
    assert first.tolist() != other.tolist()


def test_an_undefined_metric_does_not_stop_a_start():
    # Weights of climatology alone have no correlation.
    problem = unconstrained_problem(*forecasts_of_centres(4, n_days=60, n_members=2))
    ended = slsqp_from(problem, "linear_correlation", np.array([0.0, 0.0, 1.0]))
    assert ended.weights.sum() == pytest.approx(1.0, abs=1e-12)
