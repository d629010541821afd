"""Optimal weights of a convex combination: of any number of learners by convex criteria, of two by the others.

Arguments are those of flaredag.stacking_criteria. With two learners, alpha is the weight of the first.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import numpy as np
from scipy.optimize import nnls

from flaredag.stacking_criteria import (
    THRESHOLD,
    criterion_value,
    mixed,
    of_outcome,
    threshold_criterion,
)

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from flaredag.stacking_criteria import FloatArray, LabelArray

# Enough for quadratic convergence from equal weights; what is left is rounding.
DUALITY_GAP_WANTED = 1e-12
MAX_NEWTON_STEPS, MAX_HALVINGS, MAX_PIVOTS = 100, 40, 1000
# Near the optimum a step lessens the gap where it can no longer be seen in the loss.
ROUNDING_OF_LOSS = 1e-15
# Between crossings nearer to each other lies nothing but their rounding.
LEAST_INTERVAL = 1e-10
DECIMALS_OF_INTERVALS = 9
PAIRS_AT_ONCE = 1 << 16


class ConvexOptimum(NamedTuple):
    """Weights (learner,) of least loss, and by how much, at most, any other weights could be better."""

    weights: FloatArray
    duality_gap: float


def least_brier_score(label: LabelArray, probabilities: FloatArray) -> ConvexOptimum:
    """Weights of least Brier score: least squares on the simplex.

    With gradient g, max_k(w.g - g_k) bounds what is left to gain; equal weights stand where they are optimal already.
    """
    n_learners = probabilities.shape[1]
    candidates = np.full(n_learners, 1.0 / n_learners), _least_squares_on_simplex(probabilities - label[:, None])
    gaps = []
    for weights in candidates:
        gradient = 2.0 * ((probabilities @ weights - label) @ probabilities) / len(label)
        gaps.append(float(weights @ gradient - gradient.min()))
        if gaps[-1] <= DUALITY_GAP_WANTED:
            return ConvexOptimum(weights, max(gaps[-1], 0.0))
    best = int(np.argmin(gaps))
    return ConvexOptimum(candidates[best], gaps[best])


def least_cross_entropy(label: LabelArray, probabilities: FloatArray) -> ConvexOptimum:
    """Weights of least cross-entropy, by Newton's method on the simplex.

    With u_ik what learner k gives to the outcome of sample i, the loss is -mean log(sum_k w_k u_ik): of a mixture's
    proportions. Its second-order model at w is least squares of sum_k v_k u_ik / (sum_k w_k u_ik) - 2 on the simplex
    (Kim et al. 2020, J. Comput. Graph. Stat. 29, 261), solved exactly; the bound on what is left to gain is
    max_k mean_i(u_ik / sum_k w_k u_ik) - 1.
    """
    outcome = of_outcome(label, probabilities)
    n_learners = outcome.shape[1]
    weights = np.full(n_learners, 1.0 / n_learners)
    best = ConvexOptimum(weights, np.inf)
    for _ in range(MAX_NEWTON_STEPS):
        mixture = outcome @ weights
        relative = outcome / mixture[:, None]
        gap = max(float(relative.mean(axis=0).max() - 1.0), 0.0)
        if gap < best.duality_gap:
            best = ConvexOptimum(weights / weights.sum(), gap)
        if gap <= DUALITY_GAP_WANTED:
            break
        direction = _least_squares_on_simplex(relative - 2.0) - weights
        step = _shortened(outcome, weights, direction, loss=float(-np.mean(np.log(mixture))))
        if step == 0.0:
            break
        weights = weights + step * direction
    return best


def best_alphas_at_threshold(criteria: Sequence[str], label: LabelArray, probabilities: FloatArray) -> dict[str, float]:
    """Weight of the first of two learners that is best by each of some threshold criteria, exactly.

    A sample's forecast changes once as alpha goes from 0 to 1, where the combination crosses 0.5, and the contingency
    table stays between crossings. So all there is to try are these intervals, the crossings themselves, 0 and 1. Of
    all optimal alphas the middle of the widest interval of them is taken, then the one nearest 0.5, then the least.
    """
    forecast = probabilities > THRESHOLD
    changing = np.flatnonzero(forecast[:, 0] != forecast[:, 1])
    last_before = _last_before_crossing(probabilities[changing])
    order = np.argsort(last_before, kind="stable")
    last_before, changing = last_before[order], changing[order]
    is_last_of_equal = np.append(np.diff(last_before) > 0, True)[: len(last_before)]
    edges = last_before[is_last_of_equal]
    low = np.concatenate([[0.0], np.nextafter(edges, 1.0)])
    high = np.append(edges, 1.0)
    change = np.where(forecast[changing, 0], 1, -1)
    is_event = label == 1
    hits, false_alarms = (
        np.count_nonzero(forecast[is_one, 1]) + np.append(0, np.cumsum(change * is_one[changing])[is_last_of_equal])
        for is_one in (is_event, ~is_event)
    )
    p, q = probabilities[changing].T
    is_tried = high - low > LEAST_INTERVAL
    is_tried[np.searchsorted(edges, (THRESHOLD - q) / (p - q))] = True
    is_tried[[0, -1]] = True
    n_events = int(np.count_nonzero(is_event))
    alphas = {}
    for criterion in criteria:
        value = threshold_criterion(criterion, hits, false_alarms, n_events, len(label) - n_events)
        alphas[criterion] = _middle_of_widest(low, high, is_tried & (value == value[is_tried].max()))
    return alphas


def best_alpha_by_roc_area(label: LabelArray, probabilities: FloatArray) -> float:
    """Weight of the first of two learners with the greatest area under the ROC curve.

    An event and a non-event that the learners rank against each other change places at one alpha; where several do,
    the area is the mean of what it is before and after. So the best alpha lies between neighbouring crossings, or is 0
    or 1, where the ties of one learner alone count half. Choice among equals as in `best_alphas_at_threshold`.
    """
    crossings = np.sort(_pair_crossings(label, probabilities))
    # The last bit says whether the pair is lost there, which spares an argsort.
    level = np.concatenate([[0], np.cumsum(1 - 2 * (crossings & 1))])
    edges = np.concatenate([[0.0], (crossings & ~1).view(np.float64), [1.0]])
    low, high = edges[:-1], edges[1:]
    is_wide = high - low > LEAST_INTERVAL
    middle = _middle_of_widest(low, high, is_wide & (level == level[is_wide].max()))
    areas = [
        criterion_value("area_under_roc_curve", label, probabilities, np.array([alpha, 1.0 - alpha]))
        for alpha in (middle, 0.0, 1.0)
    ]
    return (middle, 0.0, 1.0)[int(np.argmax(areas))]


def _pair_crossings(label: LabelArray, probabilities: FloatArray) -> NDArray[np.int64]:
    """Bits of the alphas at which an event and a non-event change places; the last bit is 1 if the pair is lost."""
    is_event = label == 1
    events, non_events = probabilities[is_event], probabilities[~is_event]
    n_at_once = max(1, PAIRS_AT_ONCE // max(1, len(non_events)))
    parts = [np.empty(0, dtype=np.int64)]
    for start in range(0, len(events), n_at_once):
        block = events[start : start + n_at_once]
        first, second = (block[:, learner, None] - non_events[:, learner] for learner in (0, 1))
        differ = np.flatnonzero((first > 0) != (second > 0))
        by_first, by_second = first.ravel()[differ], second.ravel()[differ]
        bits = (by_second / (by_second - by_first)).view(np.int64)
        parts.append((bits & ~1) | (by_first <= 0))
    return np.concatenate(parts)


def _last_before_crossing(probabilities: FloatArray) -> FloatArray:
    """Greatest alpha at which each sample is forecast as by the second learner alone, (sample,).

    The learners disagree on the sample. Bisection over the bits of alpha, as the combination is monotone in it.
    """
    of_first = probabilities[:, 0] > THRESHOLD
    low = np.zeros(len(probabilities), dtype=np.int64)
    high = np.full(len(probabilities), np.float64(1.0).view(np.int64))
    for _ in range(int(high[0]).bit_length() if len(high) else 0):
        middle = (low + high) // 2
        like_first = (mixed(probabilities, middle.view(np.float64)[:, None]) > THRESHOLD) == of_first
        low, high = np.where(like_first, low, middle), np.where(like_first, middle, high)
    return low.view(np.float64)


def _middle_of_widest(low: FloatArray, high: FloatArray, is_best: NDArray[np.bool_]) -> float:
    """Middle of the widest run of the best among neighbouring intervals; of equal ones nearest 0.5, then the lower."""
    bounds = np.diff(np.concatenate([[False], is_best, [False]]).astype(np.int8))
    low, high = low[np.flatnonzero(bounds == 1)], high[np.flatnonzero(bounds == -1) - 1]
    width = high - low
    # Where only 0 or 1 is the best, it is 0 or 1 itself and not what rounds to the same forecasts.
    is_end = (width < LEAST_INTERVAL) & ((low == 0.0) | (high == 1.0))
    middle = np.where(is_end, np.rint(low), low + width / 2.0)
    width, from_half = (np.round(values, DECIMALS_OF_INTERVALS) for values in (width, np.abs(middle - 0.5)))
    return float(middle[np.lexsort((middle, from_half, -width))[0]])


def _least_squares_on_simplex(columns: FloatArray) -> FloatArray:
    """Weights w on the simplex of least |columns w|, (learner,).

    With a row of ones added and 1 wanted of it, the non-negative least squares are s w of these very weights: at the
    best s the residual is |columns w|^2 / (1 + |columns w|^2), which rises with |columns w|.
    """
    triangle = np.asarray(np.linalg.qr(columns / np.sqrt(len(columns)), mode="r"))
    target = np.append(np.zeros(len(triangle)), 1.0)
    constrained = np.vstack([triangle, np.ones(triangle.shape[1])])
    weights, _ = nnls(constrained, target, maxiter=MAX_PIVOTS)
    return weights / weights.sum()


def _shortened(outcome: FloatArray, weights: FloatArray, direction: FloatArray, *, loss: float) -> float:
    """Part of a step (1, 1/2, 1/4, ...) that lessens the cross-entropy, but for rounding; 0 for none."""
    for halving in range(MAX_HALVINGS):
        step = 0.5**halving
        if -np.mean(np.log(outcome @ (weights + step * direction))) <= loss + ROUNDING_OF_LOSS * abs(loss):
            return step
    return 0.0
