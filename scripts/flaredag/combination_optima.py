"""Weights that are best by a convex metric, exactly: Brier score, linear correlation and mean absolute error.

What is solved is the metric of the weighted sum as it stands. Weights of any sign may take it outside [0, 1], from
where it is issued as 0 or 1: that lessens the errors, so the Brier score and the mean absolute error of what is issued
are never above the certified ones. For weights none of which is negative the two are the same.

Penalties pull weights toward equal ones. Of weights that are equally good the most equal are taken: a penalty too small
to be seen in the metric sees to that.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import numpy as np
from scipy.optimize import linprog
from scipy.sparse import csr_array, eye_array, hstack, vstack

from flaredag.combination_problems import shared_among_identical
from flaredag.combined_metrics import weighted_sums
from flaredag.constrained_least_squares import LinearConstraints, least_squares
from flaredag.errors import InputError

if TYPE_CHECKING:
    from collections.abc import Callable

    from flaredag.combination_problems import CombinationProblem
    from flaredag.combined_metrics import FloatArray

# Of the squared distance from equal weights, in the units of the mean squared error.
LEAST_PENALTY = 1e-12
# Members that vary less than this have no correlation with anything.
LEAST_SPREAD = 1e-12
# By which weights may differ and be the same, and a metric may differ and be as good.
SAME_WEIGHTS, AS_GOOD = 1e-6, 1e-10


class ExactOptimum(NamedTuple):
    """Best weights (member,), how exactly they are, and whether no others are as good.

    `residual`: the greatest violation of the Karush-Kuhn-Tucker conditions at the weights; of the mean absolute error
    its distance from the bound that the dual problem gives. Of its weights of any sign nothing tells whether others are
    as good: `is_unique` is False.
    """

    weights: FloatArray
    residual: float
    is_unique: bool


def exact_weights(problem: CombinationProblem, metric: str, *, penalty: float = 0.0) -> ExactOptimum | None:
    """Weights of `problem` that are best by one of `EXACT`; None where no weights are positively correlated.

    With a `penalty` L on the Brier score, mean (P - E)^2 + L |w - equal|^2 is least. With one on the correlation,
    cov(P, E) / sqrt(var(P) + L |w - equal|^2) is greatest: as if so much noise were added to the combination. Raises
    InputError on a negative penalty, on one for the mean absolute error (the optimum lies in a corner; use
    `flaredag.combination_weights.shrunk`), and on another metric.
    """
    if metric not in EXACT or penalty < 0 or (metric == "mean_absolute_error" and penalty > 0):
        raise InputError(
            f"no exact weights by {metric} with penalty {penalty:g}; there are {', '.join(EXACT)}, penalties are not "
            "negative, and there is none on the mean absolute error. Shrink those weights toward equal ones."
        )
    found = EXACT[metric](problem, penalty)
    if found is None:
        return None
    # Without rounding: within bounds, alike where members are, and none -0.
    weights = shared_among_identical(problem, np.clip(found.weights, problem.low, problem.high)) + 0.0
    return found._replace(weights=weights)


def _least_brier_score(problem: CombinationProblem, penalty: float) -> ExactOptimum:
    n_days, n_members = problem.members.shape
    root = np.sqrt(max(penalty, LEAST_PENALTY))
    rows = np.vstack([problem.members / np.sqrt(n_days), root * np.eye(n_members)])
    target = np.append(problem.label / np.sqrt(n_days), root * problem.equal)
    solved = least_squares(rows, target, _sum_and_bounds(problem))
    return ExactOptimum(solved.solution, solved.residual, penalty > 0 or _is_only(problem, solved.solution))


def _greatest_correlation(problem: CombinationProblem, penalty: float) -> ExactOptimum | None:
    """The correlation is the same for v = t w, t > 0: with t such that cov = 1, least var is least squares.

    Charnes & Cooper 1962 (Nav. Res. Logist. Q. 9, 181): t is the sum of v, and bounds on w are linear in v too.
    """
    n_days, n_members = problem.members.shape
    deviation = (problem.members - problem.members.mean(axis=0)) / np.sqrt(n_days)
    covariance = deviation.T @ ((problem.label - problem.label.mean()) / np.sqrt(n_days))
    if not np.max(covariance) > LEAST_SPREAD:
        return None
    total = np.ones((n_members, n_members))
    bounds = np.vstack([np.eye(n_members) - problem.low * total, problem.high * total - np.eye(n_members), total[:1]])
    constraints = LinearConstraints(covariance[None, :], np.ones(1), bounds, np.zeros(len(bounds)))
    root = np.sqrt(max(penalty, LEAST_PENALTY))
    rows = np.vstack([deviation, root * (np.eye(n_members) - problem.equal[:, None])])
    solved = least_squares(rows, np.zeros(len(rows)), constraints)
    scale = float(solved.solution.sum())
    if not scale > LEAST_SPREAD:
        return None
    weights = solved.solution / scale
    # Any scale of weights beside climatology has the same correlation.
    is_unique = penalty > 0 or (_is_only(problem, weights) and problem.low >= 0)
    return ExactOptimum(weights, solved.residual, is_unique)


def _least_absolute_error(problem: CombinationProblem, penalty: float) -> ExactOptimum:
    """Linear in weights none of which is negative: the best member, or the mean of the best. Else by programming."""
    del penalty
    if problem.low >= 0:
        errors = np.mean(np.abs(problem.members - problem.label[:, None]), axis=0)
        best = errors <= errors.min() + AS_GOOD
        weights = best / best.sum()
        return ExactOptimum(weights, float(errors @ weights - errors.min()), int(best.sum()) == 1)
    return _least_absolute_error_of_any_sign(problem)


def _least_absolute_error_of_any_sign(problem: CombinationProblem) -> ExactOptimum:
    """Of each day the error is no less than P - E and E - P. Which of equally good weights is left to the solver."""
    n_days, n_members = problem.members.shape
    members = csr_array(problem.members)
    unit = eye_array(n_days, format="csr")
    either_way = np.append(problem.label, -problem.label).astype(np.float64)
    solved = linprog(
        np.append(np.zeros(n_members), np.full(n_days, 1.0 / n_days)),
        A_ub=vstack([hstack([members, -unit]), hstack([-members, -unit])]),
        b_ub=either_way,
        A_eq=csr_array(np.append(np.ones(n_members), np.zeros(n_days))[None, :]),
        b_eq=np.ones(1),
        bounds=[(problem.low, problem.high)] * n_members + [(0.0, None)] * n_days,
        method="highs-ds",
    )
    assert solved.status == 0, solved.message
    weights = solved.x[:n_members] / solved.x[:n_members].sum()
    dual = (
        float(solved.ineqlin.marginals @ either_way)
        + float(solved.eqlin.marginals.sum())
        + float(solved.lower.marginals[:n_members].sum() * problem.low)
        + float(solved.upper.marginals[:n_members].sum() * problem.high)
    )
    error = float(np.mean(np.abs(weighted_sums(problem.members, weights[None])[0] - problem.label)))
    return ExactOptimum(weights, max(error - dual, 0.0), False)


EXACT: dict[str, Callable[[CombinationProblem, float], ExactOptimum | None]] = {
    "brier_score": _least_brier_score,
    "linear_correlation": _greatest_correlation,
    "mean_absolute_error": _least_absolute_error,
}


def _sum_and_bounds(problem: CombinationProblem) -> LinearConstraints:
    n_members = len(problem.names)
    unit = np.eye(n_members)
    return LinearConstraints(
        np.ones((1, n_members)),
        np.ones(1),
        np.vstack([unit, -unit]),
        np.append(np.full(n_members, problem.low), np.full(n_members, -problem.high)),
    )


def _is_only(problem: CombinationProblem, weights: FloatArray) -> bool:
    """Whether no other weights of the problem give the same forecasts as `weights`."""
    n_members = len(weights)
    _, size, right = np.linalg.svd(
        np.vstack([problem.members / np.sqrt(len(problem.label)), np.ones(n_members)]), full_matrices=False
    )
    same = right[size <= AS_GOOD * size.max()].T
    if same.shape[1] == 0:
        return True
    # How far a member's weight can go either way, along what leaves all forecasts as they are.
    for member in range(n_members):
        for sign in (1.0, -1.0):
            moved = linprog(
                -sign * same[member],
                A_ub=np.vstack([same, -same]),
                b_ub=np.maximum(np.append(problem.high - weights, weights - problem.low), 0.0),
                bounds=(None, None),
            )
            if moved.status == 0 and -moved.fun > SAME_WEIGHTS:
                return False
    return True
