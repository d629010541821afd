from __future__ import annotations

import numpy as np
import pytest

from flaredag.combination_problems import constrained_problem, unconstrained_problem
from flaredag.combination_search import polished_weights, searched_weights
from flaredag.combined_metrics import METRICS, loss
from made_up_combinations import forecasts_of_centres

PROBLEMS = (constrained_problem, unconstrained_problem)


@pytest.mark.parametrize("make", PROBLEMS)
@pytest.mark.parametrize("metric", METRICS)
def test_no_start_is_better_and_weights_are_feasible(make, metric):
    problem = make(*forecasts_of_centres(1, n_days=100, n_members=3))
    starts = [problem.equal, *np.eye(len(problem.names))]
    found = searched_weights(problem, metric, starts=starts, seed=0)
    assert found.weights.sum() == pytest.approx(1.0, abs=1e-12)
    assert found.weights.min() >= problem.low
    assert found.weights.max() <= problem.high
    assert found.value == problem.value(metric, found.weights)
    assert loss(metric, np.array(found.value)) <= loss(metric, problem.values(metric, np.array(starts))).min()
    again = searched_weights(problem, metric, starts=starts, seed=0)
    assert again.weights.tolist() == found.weights.tolist()


@pytest.mark.parametrize("metric", METRICS)
def test_of_two_members_no_weight_of_a_grid_is_better(metric):
    problem = constrained_problem(*forecasts_of_centres(2, n_days=60, n_members=2))
    found = searched_weights(problem, metric, starts=[problem.equal], seed=0)
    first = np.linspace(0, 1, 201)
    grid = loss(metric, problem.values(metric, np.column_stack([first, 1 - first])))
    assert loss(metric, np.array(found.value)) <= grid.min() + 1e-7


def test_the_events_of_two_members_need_both():
    # Each member sees one of the events; only where both weigh enough are the two above the third day.
    label = np.array([1, 1, 0, 0], dtype=np.int8)
    problem = constrained_problem("ab", label, np.array([[0.9, 0.1], [0.1, 0.9], [0.3, 0.3], [0.2, 0.2]]))
    found = searched_weights(problem, "true_skill_statistic", starts=list(np.eye(2)), seed=0)
    assert found.value == 1.0
    # Equal weights are as good, so they are what is taken.
    assert found.weights == pytest.approx([0.5, 0.5])


def test_polishing_goes_downhill_to_the_optimum_of_a_smooth_metric():
    problem = constrained_problem("ab", np.array([0, 1], dtype=np.int8), np.array([[0.0, 0.5], [0.5, 1.0]]))
    # (0.5 (1 - w))^2 + (0.5 w)^2 is least at w = 1/2.
    found = polished_weights(problem, "brier_score", np.array([1.0, 0.0]))
    assert found.weights == pytest.approx([0.5, 0.5], abs=1e-3)
    assert found.value == pytest.approx(0.0625, abs=1e-6)
    assert found.n_evaluations > 0
