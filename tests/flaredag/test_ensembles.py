from __future__ import annotations

import numpy as np
import pytest

from flaredag.ensembles import equal_weights, fit_weights, grid_weights, select_best
from flaredag.errors import InputError
from flaredag.stacking_criteria import CONVEX_CRITERIA, CRITERIA, better, criterion_value


def made_up(seed: int, *, n_samples: int = 120, n_learners: int = 2):
    rng = np.random.default_rng(seed)
    label = np.resize(np.array([0, 1], dtype=np.int8), n_samples)
    logit = (2 * label[:, None] - 1) + rng.normal(size=(n_samples, 1)) + rng.normal(size=(n_samples, n_learners))
    return label, 1 / (1 + np.exp(-2 * logit))


@pytest.mark.parametrize("n_learners", [2, 3])
def test_values_are_those_of_the_weights_given(n_learners):
    label, probabilities = made_up(1, n_learners=n_learners)
    fitted = fit_weights(CRITERIA, label, probabilities)
    assert list(fitted) == list(CRITERIA)
    for criterion, fit in fitted.items():
        assert fit.value == criterion_value(criterion, label, probabilities, fit.weights)
        assert fit.weights.min() >= 0
        assert fit.weights.sum() == pytest.approx(1.0, abs=1e-12)
        assert fit.solver == (
            "convex" if criterion in CONVEX_CRITERIA else "exact" if n_learners == 2 else "local_search"
        )
        assert np.isnan(fit.duality_gap) == (criterion not in CONVEX_CRITERIA)


@pytest.mark.parametrize("n_points", [100, 1001])
def test_a_grid_is_never_better(n_points):
    for seed in range(5):
        label, probabilities = made_up(seed)
        exact, by_grid = (
            fit_weights(CRITERIA, label, probabilities),
            grid_weights(CRITERIA, label, probabilities, n_points=n_points),
        )
        for criterion in CRITERIA:
            assert not better(criterion, by_grid[criterion].value, exact[criterion].value), criterion


def test_a_grid_takes_the_first_of_equal_weights():
    # The event is forecast for alpha > 0.25, the other no more for alpha >= 0.75; of 0, 1/4, ..., 1 both 3/4 and 1 do.
    label, probabilities = np.array([1, 0], dtype=np.int8), np.array([[0.8, 0.4], [0.4, 0.8]])
    by_grid = grid_weights(["accuracy"], label, probabilities, n_points=5)["accuracy"]
    assert by_grid.weights.tolist() == [0.75, 0.25]
    assert (by_grid.value, by_grid.solver) == (1.0, "grid_5")


def test_the_optimum_between_points_of_a_grid_is_found():
    # One event is forecast for alpha > 0.501 alone, the other for alpha < 0.504; 50/99 is beyond, 49/99 below.
    label = np.array([1, 1, 0], dtype=np.int8)
    probabilities = np.array([[0.45 / 0.501, 0.05 / 0.499], [0.05 / 0.504, 0.45 / 0.496], [0.1, 0.1]])
    exact = fit_weights(["accuracy"], label, probabilities)["accuracy"]
    assert exact.weights[0] == pytest.approx(0.5025)
    assert exact.value == 1.0
    for n_points, value in ((100, 2 / 3), (1001, 1.0)):
        assert grid_weights(["accuracy"], label, probabilities, n_points=n_points)["accuracy"].value == value


def test_three_learners_are_at_least_as_good_as_any_two_or_one_of_them():
    label, probabilities = made_up(4, n_learners=3)
    fitted = fit_weights(CRITERIA, label, probabilities)
    for criterion in CRITERIA:
        for weights in [*np.eye(3), np.full(3, 1 / 3), *np.random.default_rng(0).dirichlet(np.ones(3), 100)]:
            value = criterion_value(criterion, label, probabilities, weights)
            slack = 1e-12 if criterion in CONVEX_CRITERIA else 0.0
            assert not better(criterion, value + slack, fitted[criterion].value), criterion


def test_a_learner_given_twice_changes_nothing():
    label, probabilities = made_up(6)
    thrice = probabilities[:, [0, 1, 1]]
    for criterion in CRITERIA:
        two, three = (fit_weights([criterion], label, each)[criterion].value for each in (probabilities, thrice))
        assert three == pytest.approx(two, abs=1e-9)


def test_the_best_learner_takes_all_and_the_first_of_equals():
    label = np.array([1, 1, 0, 0], dtype=np.int8)
    probabilities = np.array([[0.4, 0.9, 0.8], [0.9, 0.9, 0.8], [0.1, 0.1, 0.1], [0.2, 0.2, 0.3]])
    best = select_best("true_skill_statistic", label, probabilities)
    assert best.weights.tolist() == [0.0, 1.0, 0.0]
    assert (best.value, best.solver) == (1.0, "select_best")
    assert select_best("brier_score", label, probabilities).weights.tolist() == [0.0, 1.0, 0.0]


def test_equal_weights_average():
    assert equal_weights(4).tolist() == [0.25, 0.25, 0.25, 0.25]


@pytest.mark.parametrize(
    ("criteria", "label", "told"),
    [
        (["hinge"], [0, 1], "unknown criterion hinge; known are"),
        (["area_under_roc_curve"], [1, 1], "area_under_roc_curve of 2 samples with label 1 alone: undefined"),
        (["brier_score"], [], "no sample to fit weights on"),
    ],
)
def test_what_cannot_be_fitted_is_told(criteria, label, told):
    probabilities = np.full((len(label), 2), 0.5)
    for fit in (fit_weights, lambda *of: grid_weights(*of, n_points=3), lambda c, *of: select_best(c[0], *of)):
        with pytest.raises(InputError, match=told):
            fit(criteria, np.array(label, dtype=np.int8), probabilities)


def test_with_one_outcome_what_is_defined_is_fitted():
    fitted = fit_weights(["accuracy", "brier_score"], np.ones(3, dtype=np.int8), np.array([[0.9, 0.2]] * 3))
    assert fitted["accuracy"].value == 1.0
    assert fitted["brier_score"].weights == pytest.approx([1.0, 0.0])


def test_a_grid_of_three_learners_is_refused():
    label, probabilities = made_up(0, n_learners=3)
    with pytest.raises(InputError, match="a grid of weights for 3 learners; wanted 2"):
        grid_weights(["accuracy"], label, probabilities, n_points=100)
