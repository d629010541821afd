"""Combinations that are no weighted sums: stacking on logits, and recalibration of a weighted sum.

Ranjan & Gneiting 2010 (J. R. Stat. Soc. B 72, 71): a weighted mean of calibrated forecasts is not calibrated itself, it
is too near the middle; either way mends that.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
from scipy.special import expit, logit
from sklearn.linear_model import LogisticRegression

from flaredag.calibration import fit_calibration
from flaredag.errors import InputError

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from flaredag.combination_problems import CombinationProblem

    FloatArray = NDArray[np.float64]

# Centres give whole per cents: 0 is what is below half of one, and 100 what is above all but half of one.
LEAST_FORECAST = 0.005
GRADIENT_TOLERANCE, MAX_ITERATIONS = 1e-8, 10_000


@dataclass(frozen=True)
class LogitStacking:
    """Probability 1 / (1 + exp(-(b + sum_i a_i ln(P_i / (1 - P_i))))) of members' forecasts P_i.

    `arrays`: `slope` a, (member,), and `intercept` b, (1,). Forecasts below 0.005 count as 0.005, above 0.995 as 0.995.
    """

    arrays: dict[str, FloatArray]

    def __call__(self, members: FloatArray) -> FloatArray:
        """Combined probability, (time,), of `members`, (time, member)."""
        return expit((_log_odds(members) * self.arrays["slope"]).sum(axis=1) + self.arrays["intercept"])


def fit_logit_stacking(problem: CombinationProblem, *, penalty: float) -> LogitStacking:
    """Logistic regression on the members' log-odds: mean log loss + `penalty` / 2 |a|^2 is least (scikit-learn).

    Raises InputError on a penalty that is not positive: without one, members that tell events from the rest without an
    error have no finite slopes.
    """
    if not penalty > 0:
        raise InputError(f"penalty {penalty:g} on the slopes of stacking; wanted one above 0. Mend the settings.")
    regression = LogisticRegression(
        C=1.0 / (penalty * len(problem.label)), tol=GRADIENT_TOLERANCE, max_iter=MAX_ITERATIONS
    ).fit(_log_odds(problem.members), problem.label)
    return LogitStacking({"slope": regression.coef_[0], "intercept": regression.intercept_})


def fit_recalibration(method: str, problem: CombinationProblem, weights: FloatArray) -> Any:
    """Map of `flaredag.calibration.fit_calibration` (isotonic, platt, beta) for the combination with `weights`."""
    return fit_calibration(method, problem.label, problem.forecast(weights), np.ones(len(problem.label)))


def _log_odds(members: FloatArray) -> FloatArray:
    return logit(np.clip(members, LEAST_FORECAST, 1.0 - LEAST_FORECAST))
