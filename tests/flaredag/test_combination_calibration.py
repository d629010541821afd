from __future__ import annotations

import numpy as np
import pytest
from scipy.special import expit, logit

from flaredag.calibration import fit_isotonic
from flaredag.combination_calibration import LogitStacking, fit_logit_stacking, fit_recalibration
from flaredag.combination_problems import constrained_problem
from flaredag.errors import InputError
from made_up_combinations import forecasts_of_centres


def test_stacking_adds_weighted_log_odds():
    stacking = LogitStacking({"slope": np.array([2.0, -1.0]), "intercept": np.array([0.5])})
    # ln(0.8/0.2) = ln 4 and ln(0.5/0.5) = 0: odds 16 e^0.5.
    odds = 16 * np.exp(0.5)
    assert stacking(np.array([[0.8, 0.5]])) == pytest.approx([odds / (1 + odds)])
    assert stacking(np.array([[0.0, 1.0]])) == pytest.approx(stacking(np.array([[0.005, 0.995]])))


def test_slopes_are_those_of_least_penalised_log_loss():
    problem = constrained_problem(*forecasts_of_centres(1, n_days=300, n_members=3))
    stacking = fit_logit_stacking(problem, penalty=0.01)
    slope = stacking.arrays["slope"]
    error = stacking(problem.members) - problem.label
    features = logit(np.clip(problem.members, 0.005, 0.995))
    assert (features * error[:, None]).mean(axis=0) + 0.01 * slope == pytest.approx(np.zeros(3), abs=1e-6)
    # No penalty on the intercept: the mean forecast is the event rate.
    assert error.mean() == pytest.approx(0.0, abs=1e-6)


def test_stacking_mends_a_member_that_is_too_sure():
    rng = np.random.default_rng(0)
    truth = rng.normal(size=4000)
    label = (rng.random(4000) < expit(truth)).astype(np.int8)
    problem = constrained_problem("ab", label, expit(np.column_stack([2 * truth, 2 * truth + 1])))
    forecast = fit_logit_stacking(problem, penalty=1e-3)(problem.members)
    assert np.mean((forecast - expit(truth)) ** 2) < 1e-3 < np.mean((problem.members[:, 0] - expit(truth)) ** 2)


def test_isotonic_recalibration_is_that_of_the_combined_forecast():
    problem = constrained_problem(*forecasts_of_centres(2, n_days=200, n_members=3))
    forecast = problem.forecast(problem.equal)
    recalibrated = fit_recalibration("isotonic", problem, problem.equal)(forecast)
    expected = fit_isotonic(problem.label, forecast, np.ones(200))(forecast)
    np.testing.assert_array_equal(recalibrated, expected)
    assert np.mean((recalibrated - problem.label) ** 2) <= problem.value("brier_score", problem.equal)


@pytest.mark.parametrize("penalty", [0.0, -1.0, float("nan")])
def test_stacking_needs_a_penalty(penalty):
    problem = constrained_problem(*forecasts_of_centres(3, n_days=50, n_members=2))
    with pytest.raises(InputError, match="on the slopes of stacking; wanted one above 0"):
        fit_logit_stacking(problem, penalty=penalty)
