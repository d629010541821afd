"""Stacking ensembles of Sun et al. 2022 (section 3.2): weights of base learners, and the schemes they are held against.

Arguments are those of flaredag.stacking_criteria: fit on samples that the base learners were not trained on.
"""

from __future__ import annotations

from itertools import combinations
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from flaredag.errors import InputError
from flaredag.stacking_criteria import (
    CRITERIA,
    NEED_BOTH_OUTCOMES,
    THRESHOLD_CRITERIA,
    better,
    combined,
    criterion_value,
    forecast_value,
)
from flaredag.stacking_optima import (
    best_alpha_by_roc_area,
    best_alphas_at_threshold,
    least_brier_score,
    least_cross_entropy,
)

if TYPE_CHECKING:
    from collections.abc import Sequence

    from flaredag.stacking_criteria import FloatArray, LabelArray

CONVEX, EXACT, LOCAL_SEARCH, SELECT_BEST = "convex", "exact", "local_search", "select_best"
SOLVERS_OF_CONVEX = {"cross_entropy": least_cross_entropy, "brier_score": least_brier_score}
TWO = 2


class StackingWeights(NamedTuple):
    """Weights (learner,) and the value of the criterion at them on what they were fitted on.

    `solver`: convex (the optimum, certified by `duality_gap`, by which no weights can be better), exact (the optimum
    for two learners), local_search (more than two), or grid. `duality_gap` is NaN where there is no certificate.
    """

    weights: FloatArray
    value: float
    solver: str
    duality_gap: float = float("nan")


def fit_weights(criteria: Sequence[str], label: LabelArray, probabilities: FloatArray) -> dict[str, StackingWeights]:
    """Weights of the base learners that are best by each of `criteria`.

    Cross-entropy and Brier score are solved to their global optimum. The others are piecewise constant: exact for two
    learners; for more a local search, which moves along lines through the simplex, exact on each, from equal weights,
    each learner alone and the convex optima until nothing improves. Raises InputError on no sample, a criterion that
    nobody knows, or one that needs both outcomes where only one occurred.
    """
    _check(criteria, label, probabilities)
    n_learners = probabilities.shape[1]
    fitted = {}
    for criterion, solve in SOLVERS_OF_CONVEX.items():
        if criterion in criteria or n_learners > TWO:
            weights, gap = solve(label, probabilities)
            value = criterion_value(criterion, label, probabilities, weights)
            fitted[criterion] = StackingWeights(weights, value, CONVEX, gap)
    others = [criterion for criterion in criteria if criterion not in SOLVERS_OF_CONVEX]
    if n_learners == TWO:
        for criterion, weights in _best_of_two(others, label, probabilities).items():
            value = criterion_value(criterion, label, probabilities, weights)
            fitted[criterion] = StackingWeights(weights, value, EXACT)
    else:
        starts = [equal_weights(n_learners), *np.eye(n_learners), *(each.weights for each in fitted.values())]
        for criterion in others:
            searched = [_local_search(criterion, label, probabilities, start) for start in starts]
            fitted[criterion] = max(searched, key=lambda found: found.value)
    return {criterion: fitted[criterion] for criterion in criteria}


def grid_weights(
    criteria: Sequence[str], label: LabelArray, probabilities: FloatArray, *, n_points: int
) -> dict[str, StackingWeights]:
    """Weights of two base learners by a grid of `n_points` from 0 to 1 for the first, the first of equal ones.

    So does the paper with 1001 points, its authors' code with 100. Raises InputError as `fit_weights`, and on another
    number of learners.
    """
    _check(criteria, label, probabilities)
    if probabilities.shape[1] != TWO:
        raise InputError(f"a grid of weights for {probabilities.shape[1]} learners; wanted {TWO}. Leave out the grid.")
    found: dict[str, StackingWeights] = {}
    for alpha in np.linspace(0.0, 1.0, n_points):
        weights = np.array([alpha, 1.0 - alpha])
        forecast = combined(probabilities, weights)
        for criterion in criteria:
            if criterion == "cross_entropy":
                value = criterion_value(criterion, label, probabilities, weights)
            else:
                value = forecast_value(criterion, label, forecast)
            if criterion not in found or better(criterion, value, found[criterion].value):
                found[criterion] = StackingWeights(weights, value, f"grid_{n_points}")
    return found


def select_best(criterion: str, label: LabelArray, probabilities: FloatArray) -> StackingWeights:
    """All weight to the learner that is best by `criterion`, the first of equal ones (BEST of the paper)."""
    _check([criterion], label, probabilities)
    best = None
    for weights in np.eye(probabilities.shape[1]):
        value = criterion_value(criterion, label, probabilities, weights)
        if best is None or better(criterion, value, best.value):
            best = StackingWeights(weights, value, SELECT_BEST)
    assert best is not None
    return best


def equal_weights(n_learners: int) -> FloatArray:
    """Weights of the mean of the learners' probabilities: AVG of the paper, whose code averages their scores."""
    return np.full(n_learners, 1.0 / n_learners)


def _best_of_two(criteria: Sequence[str], label: LabelArray, probabilities: FloatArray) -> dict[str, FloatArray]:
    of_threshold = [criterion for criterion in criteria if criterion in THRESHOLD_CRITERIA]
    alphas = best_alphas_at_threshold(of_threshold, label, probabilities) if of_threshold else {}
    if "area_under_roc_curve" in criteria:
        alphas["area_under_roc_curve"] = best_alpha_by_roc_area(label, probabilities)
    return {criterion: np.array([alpha, 1.0 - alpha]) for criterion, alpha in alphas.items()}


def _local_search(criterion: str, label: LabelArray, probabilities: FloatArray, start: FloatArray) -> StackingWeights:
    """Weights that no exact search along a line improves: from them to each learner alone, or between two learners."""
    n_learners = len(start)
    directions = [(learner,) for learner in range(n_learners)] + list(combinations(range(n_learners), TWO))
    weights, value = start, criterion_value(criterion, label, probabilities, start)
    improves = True
    while improves:
        improves = False
        for direction in directions:
            ends = _line(weights, direction)
            along = np.column_stack([combined(probabilities, end) for end in ends])
            alpha = _best_of_two([criterion], label, along)[criterion][0]
            moved = alpha * ends[0] + (1.0 - alpha) * ends[1]
            moved_value = criterion_value(criterion, label, probabilities, moved)
            if better(criterion, moved_value, value):
                weights, value, improves = moved, moved_value, True
    return StackingWeights(weights, value, LOCAL_SEARCH)


def _line(weights: FloatArray, direction: Sequence[int]) -> tuple[FloatArray, FloatArray]:
    """Ends of a line through `weights`: a learner alone and `weights`, or all weight of two learners to either."""
    alone = np.eye(len(weights))[list(direction)]
    if len(direction) == 1:
        return alone[0], weights
    without = np.where(alone.any(axis=0), 0.0, weights)
    shared = weights[list(direction)].sum()
    return without + shared * alone[0], without + shared * alone[1]


def _check(criteria: Sequence[str], label: LabelArray, probabilities: FloatArray) -> None:
    unknown = sorted(set(criteria) - set(CRITERIA))
    if unknown:
        raise InputError(
            f"unknown criterion {', '.join(unknown)}; known are {', '.join(CRITERIA)}. Mend the ensembles of the study."
        )
    if not len(label):
        raise InputError("no sample to fit weights on; wanted some. Fit on a split that has samples.")
    undefined = [criterion for criterion in criteria if criterion in NEED_BOTH_OUTCOMES]
    if undefined and len(np.unique(label)) == 1:
        raise InputError(
            f"{', '.join(undefined)} of {len(label)} samples with label {label[0]} alone: undefined. Wanted both "
            "outcomes in the split that weights are fitted on."
        )
