"""Weights by the paper's way: SLSQP from many random starts, and the mean of their ends (Guerra et al. 2020, 4.1).

Many of the metrics are piecewise constant, and their numerical derivatives mostly zero: there SLSQP ends at the weights
of sum 1 nearest its start, and the mean is that of the starts. It is kept to be compared with.
"""

from __future__ import annotations

import warnings
from typing import TYPE_CHECKING, NamedTuple

import numpy as np
from scipy.optimize import minimize

from flaredag.combination_problems import project
from flaredag.combined_metrics import loss

if TYPE_CHECKING:
    from flaredag.combination_problems import CombinationProblem
    from flaredag.combined_metrics import FloatArray

N_STARTS = 500
# Of the re-implementation by Furey; the paper names none.
TOLERANCE, STEP, MAX_ITERATIONS = 1e-12, 1e-6, 10_000
# An undefined metric is worse than any value of one that is defined, and SLSQP cannot go on from infinity.
UNDEFINED_LOSS = 1e3


class SlsqpStarts(NamedTuple):
    """Where each start ended, (start, member), the metric there, (start,), and how many weights were judged in all."""

    weights: FloatArray
    values: FloatArray
    n_evaluations: int


def slsqp_starts(problem: CombinationProblem, metric: str, *, n_starts: int = N_STARTS, seed: int) -> SlsqpStarts:
    """SLSQP on a metric of `problem` from `n_starts` weights drawn evenly between its bounds.

    The starts themselves have any sum. What rounding leaves outside the bounds or of another sum than 1 is put right.
    """
    generator = np.random.default_rng(seed)
    starts = generator.uniform(problem.low, problem.high, (n_starts, len(problem.names)))
    ended = [slsqp_from(problem, metric, start) for start in starts]
    return SlsqpStarts(
        np.vstack([each.weights for each in ended]),
        np.concatenate([each.values for each in ended]),
        sum(each.n_evaluations for each in ended),
    )


def slsqp_from(problem: CombinationProblem, metric: str, start: FloatArray) -> SlsqpStarts:
    """SLSQP from one start, (member,). A step of the numerical gradient, for all members, is judged at once."""
    n_members = len(start)
    step = STEP * np.vstack([np.zeros(n_members), np.eye(n_members)])
    n_evaluations = 0

    def loss_and_gradient(weights: FloatArray) -> tuple[float, FloatArray]:
        nonlocal n_evaluations
        n_evaluations += len(step)
        at, *beside = np.minimum(loss(metric, problem.values(metric, weights + step)), UNDEFINED_LOSS)
        return float(at), (np.array(beside) - at) / STEP

    with warnings.catch_warnings():
        # A start may end without having converged: its end counts as it is.
        warnings.simplefilter("ignore", RuntimeWarning)
        ended = minimize(
            loss_and_gradient,
            start,
            jac=True,
            method="SLSQP",
            bounds=[(problem.low, problem.high)] * n_members,
            constraints={"type": "eq", "fun": lambda w: w.sum() - 1.0, "jac": lambda w: np.ones(len(w))},
            options={"ftol": TOLERANCE, "maxiter": MAX_ITERATIONS},
        ).x
    weights = project(ended[np.newaxis], low=problem.low, high=problem.high)
    return SlsqpStarts(weights, problem.values(metric, weights), n_evaluations)
