"""Weights of linear combinations of forecasts: Guerra et al. 2020, section 3, and ways back toward equal weights."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from flaredag.combination_optima import EXACT, exact_weights
from flaredag.combination_problems import collinear_members, shared_among_identical
from flaredag.combination_search import polished_weights, searched_weights
from flaredag.combination_slsqp import slsqp_from, slsqp_starts
from flaredag.combined_metrics import METRICS, better, loss, threshold_of_metric
from flaredag.errors import InputError

if TYPE_CHECKING:
    from collections.abc import Sequence

    from flaredag.combination_problems import CombinationProblem
    from flaredag.combination_slsqp import SlsqpStarts
    from flaredag.combined_metrics import FloatArray, LabelArray

# How weights were found.
GIVEN, EXACTLY, SEARCH, SHRUNK, SLSQP_MEAN = "given", "exact", "search", "shrunk", "slsqp_mean"
# These can be penalised and stay convex; all other metrics' weights are shrunk.
PENALISED = ("brier_score", "linear_correlation")
# The first rises where the second gets better: G = H / (2 - H), and 1 - accuracy.
SAME_OPTIMUM = {"gilbert_skill_score": "heidke_skill_score", "categorical_brier_score": "accuracy"}
# The others are constant but for jumps: from them no derivative leads on.
SMOOTH = ("brier_score", "linear_correlation", "mean_absolute_error", "reliability", "resolution")
# Penalties whose weights are starts of the search.
PENALTIES_OF_STARTS = (0.0, 1e-3, 1e-2)
# A search that gains no more has only found the exact weights again.
AS_GOOD = 1e-10


class CombinationWeights(NamedTuple):
    """Weights (member,), what they reach on the days that they were fitted on, and how they were found.

    `value` is the metric of the forecasts as issued, and `threshold` where it is best, NaN but for a categorical one.
    `solver`: given; exact (optimum of the weighted sum, up to `residual`, `flaredag.combination_optima.ExactOptimum`);
    search (`n_evaluations` weights were judged); shrunk toward equal; slsqp_mean (over starts, with `sd`, (member,)).
    `residual` and `sd` are NaN where there are none. `is_unique`: whether no others are as good, which is known of
    exact weights alone. `collinear` names members that members before them can stand for.
    """

    weights: FloatArray
    value: float
    threshold: float
    solver: str
    residual: float
    n_evaluations: int
    sd: FloatArray
    is_unique: bool
    collinear: tuple[str, ...]


def performance_history_weights(label: LabelArray, members: FloatArray) -> FloatArray:
    """Weights in proportion to the reciprocal of each member's sum of squared errors, (member,) (eqs 3 to 5).

    Members without an error share all the weight.
    """
    squared_errors = np.sum((members - label[:, None]) ** 2, axis=0)
    if np.any(squared_errors == 0):
        reciprocal = np.where(squared_errors == 0, 1.0, 0.0)
    else:
        reciprocal = squared_errors.min() / squared_errors
    return reciprocal / reciprocal.sum()


def given_weights(problem: CombinationProblem, metric: str, weights: FloatArray) -> CombinationWeights:
    """Weights (member,) that no metric chose, such as equal ones, judged by `metric`."""
    return _judged(problem, metric, weights, GIVEN, n_evaluations=1)


def optimised_weights(
    problem: CombinationProblem,
    metrics: Sequence[str],
    *,
    seed: int,
    penalty: float = 0.0,
    shrinkage: float = 0.0,
    starts: Sequence[FloatArray] = (),
) -> dict[str, CombinationWeights]:
    """Weights of `problem` that are best by each of `metrics`.

    Brier score, correlation and mean absolute error are solved exactly for the weighted sum as it stands. Where it may
    leave [0, 1], a search goes on from there by what is issued, and what it finds counts if it is better. All other
    metrics are searched for, from equal weights, each member alone, the exact weights, and what was found for other
    metrics among those asked for. Unless penalised or shrunk, none is worse than equal weights, any member alone, or
    further `starts`, (member,) each: for weights of any sign, those found where none may be negative.

    With a `penalty`, Brier score and correlation are solved with it, and not searched (`exact_weights`); the weights of
    the other metrics are shrunk toward equal ones by `shrinkage` (`shrunk`). Raises InputError on a metric that nobody
    knows, on a negative penalty, and on a shrinkage outside [0, 1].
    """
    unknown = [metric for metric in metrics if metric not in METRICS]
    if unknown or penalty < 0 or not 0.0 <= shrinkage <= 1.0:
        raise InputError(
            f"metrics {', '.join(metrics)}, penalty {penalty:g}, shrinkage {shrinkage:g}; wanted metrics among "
            f"{', '.join(METRICS)}, a penalty that is not negative, and a shrinkage from 0 to 1. Mend the settings."
        )
    starts = [problem.equal, *np.eye(len(problem.names)), *starts]
    for each in PENALTIES_OF_STARTS:
        for metric in PENALISED:
            exact = exact_weights(problem, metric, penalty=each)
            if exact is not None:
                starts.append(exact.weights)
    wanted = {SAME_OPTIMUM.get(metric, metric) for metric in metrics}
    penalised = wanted.intersection(PENALISED) if penalty > 0 else set()
    found: dict[str, CombinationWeights] = {}
    for metric in METRICS:
        if metric in wanted - penalised:
            found[metric] = _optimum(problem, metric, starts, seed)
            starts.append(found[metric].weights)
    for metric, optimum in found.items():
        if optimum.solver == SEARCH:
            found[metric] = _of_others(problem, metric, optimum, np.array(starts))
        if metric not in PENALISED:
            found[metric] = shrunk(problem, metric, found[metric], shrinkage)
    for metric in penalised:
        found[metric] = _exact(problem, metric, penalty) or given_weights(problem, metric, problem.equal)
    return {
        metric: found[metric] if metric in found else _of_same_optimum(problem, metric, found[SAME_OPTIMUM[metric]])
        for metric in metrics
    }


def shrunk(problem: CombinationProblem, metric: str, found: CombinationWeights, shrinkage: float) -> CombinationWeights:
    """(1 - shrinkage) w + shrinkage x equal weights: `found` itself for 0, equal weights for 1."""
    if shrinkage == 0.0:
        return found
    weights = (1.0 - shrinkage) * found.weights + shrinkage * problem.equal
    return _judged(problem, metric, weights, SHRUNK, n_evaluations=found.n_evaluations, collinear=found.collinear)


def slsqp_mean(
    problem: CombinationProblem, metric: str, *, n_starts: int, seed: int
) -> tuple[CombinationWeights, SlsqpStarts]:
    """The paper's way: mean over starts of the weights that SLSQP ends with, their sd, and the ends themselves."""
    starts = slsqp_starts(problem, metric, n_starts=n_starts, seed=seed)
    judged = _judged(problem, metric, starts.weights.mean(axis=0), SLSQP_MEAN, n_evaluations=starts.n_evaluations)
    return judged._replace(sd=starts.weights.std(axis=0, ddof=1)), starts


def _optimum(problem: CombinationProblem, metric: str, starts: Sequence[FloatArray], seed: int) -> CombinationWeights:
    exact = _exact(problem, metric, penalty=0.0) if metric in EXACT else None
    if exact is not None and problem.low >= 0:
        return exact
    searched = searched_weights(
        problem, metric, starts=starts if exact is None else [*starts, exact.weights], seed=seed
    )
    weights, n_evaluations = searched.weights, searched.n_evaluations
    if metric in SMOOTH:
        further = slsqp_from(problem, metric, weights)
        n_evaluations += further.n_evaluations
        if better(metric, float(further.values[0]), problem.value(metric, weights)):
            weights = further.weights[0]
    weights = _no_worse(problem, metric, shared_among_identical(problem, weights), weights)
    found = _judged(problem, metric, weights, SEARCH, n_evaluations=n_evaluations)
    if exact is not None and not (
        better(metric, found.value, exact.value) and abs(found.value - exact.value) > AS_GOOD
    ):
        return exact._replace(n_evaluations=n_evaluations)
    return found


def _of_others(
    problem: CombinationProblem, metric: str, found: CombinationWeights, others: FloatArray
) -> CombinationWeights:
    """`found`, unless one of the `others`, (candidate, member), is better: then what it can be polished to."""
    losses = loss(metric, problem.values(metric, others))
    best = int(np.argmin(losses))
    if losses[best] >= loss(metric, np.array(found.value)):
        return found
    polished = polished_weights(problem, metric, others[best])
    n_evaluations = found.n_evaluations + polished.n_evaluations
    return _judged(problem, metric, polished.weights, SEARCH, n_evaluations=n_evaluations)


def _no_worse(problem: CombinationProblem, metric: str, wanted: FloatArray, otherwise: FloatArray) -> FloatArray:
    """`wanted` weights unless `otherwise` are better: rounding may break a tie of forecasts."""
    is_worse = better(metric, problem.value(metric, otherwise), problem.value(metric, wanted))
    return otherwise if is_worse else wanted


def _exact(problem: CombinationProblem, metric: str, penalty: float) -> CombinationWeights | None:
    exact = exact_weights(problem, metric, penalty=penalty)
    if exact is None:
        return None
    judged = _judged(problem, metric, exact.weights, EXACTLY, n_evaluations=1)
    return judged._replace(residual=exact.residual, is_unique=exact.is_unique)


def _of_same_optimum(problem: CombinationProblem, metric: str, found: CombinationWeights) -> CombinationWeights:
    return found._replace(value=problem.value(metric, found.weights))


def _judged(
    problem: CombinationProblem,
    metric: str,
    weights: FloatArray,
    solver: str,
    *,
    n_evaluations: int,
    collinear: tuple[str, ...] | None = None,
) -> CombinationWeights:
    return CombinationWeights(
        weights,
        problem.value(metric, weights),
        threshold_of_metric(metric, problem.label, problem.forecast(weights)),
        solver,
        float("nan"),
        n_evaluations,
        np.full(len(weights), np.nan),
        False,
        collinear_members(problem) if collinear is None else collinear,
    )
