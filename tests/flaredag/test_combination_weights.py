from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from flaredag.combination_problems import constrained_problem, unconstrained_problem
from flaredag.combination_slsqp import slsqp_starts
from flaredag.combination_weights import (
    given_weights,
    optimised_weights,
    performance_history_weights,
    shrunk,
    slsqp_mean,
)
from flaredag.combined_metrics import METRICS, better, loss
from flaredag.errors import InputError
from flaredag.verification import categorical_scores, contingency_table
from made_up_combinations import forecasts_of_centres

PROBLEMS = (constrained_problem, unconstrained_problem)


@pytest.fixture(scope="module", params=PROBLEMS)
def optimised(request):
    problem = request.param(*forecasts_of_centres(11, n_days=250, n_members=4))
    return problem, optimised_weights(problem, list(METRICS), seed=0)


def test_history_weighs_by_reciprocal_squared_errors():
    label, members = np.array([0, 1], dtype=np.int8), np.array([[0.1, 0.2], [0.7, 0.6]])
    # Squared errors 0.01 + 0.09 and 0.04 + 0.16.
    assert performance_history_weights(label, members) == pytest.approx([2 / 3, 1 / 3])


def test_members_without_an_error_share_the_weight_of_history():
    label = np.array([0, 1], dtype=np.int8)
    members = np.array([[0.0, 0.0, 0.1], [1.0, 1.0, 1.0]])
    assert performance_history_weights(label, members).tolist() == [0.5, 0.5, 0.0]


@settings(max_examples=40, deadline=None)
@given(st.integers(0, 1000), st.permutations(range(4)))
def test_history_weights_are_positive_of_sum_one_and_permute(seed, order):
    _, label, members = forecasts_of_centres(seed, n_days=50, n_members=4)
    weights = performance_history_weights(label, members)
    assert weights.min() > 0
    assert weights.sum() == pytest.approx(1.0)
    assert performance_history_weights(label, members[:, list(order)]) == pytest.approx(weights[list(order)])
    assert performance_history_weights(np.tile(label, 2), np.tile(members, (2, 1))) == pytest.approx(weights)


def test_optimised_weights_are_never_worse_than_equal_ones_or_a_member(optimised):
    problem, found = optimised
    assert list(found) == list(METRICS)
    for metric, each in found.items():
        others = loss(metric, problem.values(metric, np.vstack([problem.equal, np.eye(len(problem.names))])))
        assert loss(metric, np.array(each.value)) <= others.min() + 1e-12, metric
        assert each.value == problem.value(metric, each.weights)
        assert each.weights.sum() == pytest.approx(1.0, abs=1e-9)
        assert each.weights.min() >= problem.low
        assert each.weights.max() <= problem.high
        assert np.isnan(each.threshold) != METRICS[metric].is_categorical
        assert each.collinear == ()


def test_optimised_weights_are_never_worse_than_starts_of_slsqp(optimised):
    problem, found = optimised
    for metric, each in found.items():
        starts = slsqp_starts(problem, metric, n_starts=8, seed=5)
        assert loss(metric, np.array(each.value)) <= loss(metric, starts.values).min() + 1e-9, metric


def test_what_is_convex_is_solved_exactly_where_no_weight_is_negative(optimised):
    problem, found = optimised
    for metric in ("brier_score", "linear_correlation", "mean_absolute_error"):
        if problem.low >= 0:
            assert found[metric].solver == "exact"
            assert found[metric].residual <= 1e-9
    assert found["accuracy"].solver == "search"
    assert np.isnan(found["accuracy"].residual)
    assert found["accuracy"].n_evaluations > 1
    assert not found["accuracy"].is_unique


def test_climatology_alone_is_perfectly_reliable():
    problem = unconstrained_problem(*forecasts_of_centres(12, n_days=150, n_members=3))
    found = optimised_weights(problem, ["reliability"], seed=0)["reliability"]
    assert found.value == pytest.approx(0.0, abs=1e-7)


def test_the_threshold_reaches_the_value(optimised):
    problem, found = optimised
    for metric in ("true_skill_statistic", "accuracy", "heidke_skill_score"):
        each = found[metric]
        table = contingency_table(problem.label, problem.forecast(each.weights), thresholds=[each.threshold])
        assert categorical_scores(table)[metric][0] == pytest.approx(each.value)


def test_metrics_of_one_optimum_have_the_same_weights(optimised):
    _, found = optimised
    for one, other in (("gilbert_skill_score", "heidke_skill_score"), ("categorical_brier_score", "accuracy")):
        assert found[one].weights.tolist() == found[other].weights.tolist()
        assert found[one].threshold == found[other].threshold
    heidke = found["heidke_skill_score"].value
    assert found["gilbert_skill_score"].value == pytest.approx(heidke / (2 - heidke))
    assert found["categorical_brier_score"].value == pytest.approx(1 - found["accuracy"].value)


def test_any_sign_is_no_worse_than_none_negative():
    names, label, members = forecasts_of_centres(13, n_days=200, n_members=3)
    metrics = ["brier_score", "area_under_roc_curve", "heidke_skill_score"]
    convex = optimised_weights(constrained_problem(names, label, members), metrics, seed=0)
    starts = [np.append(each.weights, 0.0) for each in convex.values()]
    free = optimised_weights(unconstrained_problem(names, label, members), metrics, seed=0, starts=starts)
    for metric, each in convex.items():
        assert not better(metric, each.value, free[metric].value)


def test_identical_members_are_named_and_share_their_weight():
    names, label, members = forecasts_of_centres(14, n_days=120, n_members=2)
    problem = constrained_problem([*names, "again"], label, np.column_stack([members, members[:, 1]]))
    for each in optimised_weights(problem, ["brier_score", "true_skill_statistic"], seed=0).values():
        assert each.collinear == ("again",)
        assert each.weights[1] == pytest.approx(each.weights[2], abs=1e-9)


def test_penalty_and_shrinkage_lead_to_equal_weights():
    problem = constrained_problem(*forecasts_of_centres(15, n_days=120, n_members=3))
    metrics = ["brier_score", "accuracy", "mean_absolute_error"]
    free = optimised_weights(problem, metrics, seed=0)
    held = optimised_weights(problem, metrics, seed=0, shrinkage=0.5)
    held |= optimised_weights(problem, ["brier_score"], seed=0, penalty=0.1)
    assert held["brier_score"].solver == "exact"
    assert held["accuracy"].solver == "shrunk"
    assert held["accuracy"].weights == pytest.approx((free["accuracy"].weights + 1 / 3) / 2)
    for metric in metrics:
        assert np.sum((held[metric].weights - 1 / 3) ** 2) < np.sum((free[metric].weights - 1 / 3) ** 2)
        assert not better(metric, held[metric].value, free[metric].value)
    assert shrunk(problem, "accuracy", free["accuracy"], 1.0).weights == pytest.approx(problem.equal)
    assert shrunk(problem, "accuracy", free["accuracy"], 0.0) is free["accuracy"]


def test_given_weights_are_judged():
    problem = constrained_problem("ab", np.array([0, 1], dtype=np.int8), np.array([[0.2, 0.0], [0.6, 1.0]]))
    judged = given_weights(problem, "brier_score", problem.equal)
    # Forecasts 0.1 and 0.8.
    assert judged.value == pytest.approx(0.025)
    assert judged.solver == "given"
    assert given_weights(problem, "accuracy", problem.equal).threshold == pytest.approx(0.45)


def test_the_papers_way_is_the_mean_of_the_ends():
    problem = constrained_problem(*forecasts_of_centres(16, n_days=80, n_members=3))
    judged, starts = slsqp_mean(problem, "resolution", n_starts=4, seed=0)
    assert judged.solver == "slsqp_mean"
    assert judged.weights == pytest.approx(starts.weights.mean(axis=0))
    assert judged.sd == pytest.approx(np.sqrt(np.sum((starts.weights - judged.weights) ** 2, axis=0) / 3))
    assert judged.value == problem.value("resolution", judged.weights)


@pytest.mark.parametrize(
    "wrong", [{"metrics": ["tss"]}, {"penalty": -1.0}, {"shrinkage": 1.5}, {"shrinkage": -0.1}], ids=str
)
def test_wrong_settings_are_told(wrong):
    problem = constrained_problem(*forecasts_of_centres(0, n_days=50, n_members=2))
    with pytest.raises(InputError, match=r"wanted metrics among brier_score, .* a shrinkage from 0 to 1"):
        optimised_weights(problem, **({"metrics": ["accuracy"], "seed": 0} | wrong))
