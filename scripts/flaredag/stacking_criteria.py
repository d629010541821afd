"""Convex combination of base learners, and the criteria by which its weights are judged (Sun et al. 2022, eq. 1).

`label` is 1 where the event occurred, else 0, (sample,); `probabilities` are those of the base learners, (sample,
learner), 0 to 1; `weights` are (learner,), none negative, of sum 1. An event is forecast where the combined
probability is above 0.5, strictly, as in flaredag.verification.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from flaredag.errors import InputError

if TYPE_CHECKING:
    from numpy.typing import NDArray

    FloatArray = NDArray[np.float64]
    LabelArray = NDArray[np.int8]

CONVEX_CRITERIA = ("cross_entropy", "brier_score")
THRESHOLD_CRITERIA = ("true_skill_statistic", "accuracy", "heidke_skill_score")
CRITERIA = (*CONVEX_CRITERIA, "area_under_roc_curve", *THRESHOLD_CRITERIA)
# These are undefined where only one outcome occurred.
NEED_BOTH_OUTCOMES = ("area_under_roc_curve", "true_skill_statistic", "heidke_skill_score")
THRESHOLD = 0.5
# Learners that are certain and wrong would make the cross-entropy infinite.
LEAST_PROBABILITY = 1e-12
# Combined probabilities keep 40 of the 53 bits: see `combined`.
ROUNDED_BITS = 13


def combined(probabilities: FloatArray, weights: FloatArray) -> FloatArray:
    """Convex combination of the learners (Sun et al. 2022, eq. 1), (sample,).

    It is what the learner says where one learner has all the weight; else rounded to 40 significant bits, so that
    samples that are equal in exact arithmetic stay equal, and what is 0.5 stays at the threshold. It never leaves the
    range of the learners' forecasts, and between two learners it is monotone in their weight, in floating point too.
    """
    alone = np.flatnonzero(weights == 1.0)
    return probabilities[:, alone[0]].copy() if len(alone) else mixed(probabilities, weights)


def mixed(probabilities: FloatArray, weights: FloatArray) -> FloatArray:
    """`combined` of learners none of which has all the weight; `weights` are (learner,) or (sample, learner)."""
    last = probabilities[:, -1]
    mixture, least, greatest = last.copy(), last, last
    # No matrix product: the order of its sums, and so the last bit, hangs on where in the array a sample lies.
    for position in range(probabilities.shape[1] - 1):
        learner = probabilities[:, position]
        mixture += weights[..., position] * (learner - last)
        least, greatest = np.minimum(least, learner), np.maximum(greatest, learner)
    return np.clip(_rounded(np.maximum(mixture, 0.0)), least, greatest)


def criterion_value(criterion: str, label: LabelArray, probabilities: FloatArray, weights: FloatArray) -> float:
    """Value of one of `CRITERIA` at `weights`; NaN where it is undefined.

    - cross_entropy: mean of -log of the probability given to what happened (eq. 3, over the number of samples), each
      learner's probability held between 1e-12 and 1 - 1e-12, which keeps it finite and convex in the weights
    - brier_score: mean squared difference of forecast and label
    - area_under_roc_curve: share of (event, non-event) pairs in which the event has the higher forecast, ties half
    - true_skill_statistic, accuracy, heidke_skill_score: of the contingency table at threshold 0.5 (eqs. 6, 10, 11)

    The first two are the better the smaller. Raises InputError on a criterion that nobody knows.
    """
    if criterion == "cross_entropy":
        return float(-np.mean(np.log(of_outcome(label, probabilities) @ weights)))
    return forecast_value(criterion, label, combined(probabilities, weights))


def forecast_value(criterion: str, label: LabelArray, forecast: FloatArray) -> float:
    """`criterion_value` of the combined `forecast`, (sample,), by all criteria but the cross-entropy."""
    if criterion == "brier_score":
        return float(np.mean((forecast - label) ** 2))
    is_event = label == 1
    of_events, of_non_events = forecast[is_event], forecast[~is_event]
    n_events, n_non_events = len(of_events), len(of_non_events)
    if criterion in NEED_BOTH_OUTCOMES and not (n_events and n_non_events):
        return float("nan")
    if criterion == "area_under_roc_curve":
        of_non_events = np.sort(of_non_events)
        # Sorted, the events find their places in the cache.
        of_events = np.sort(of_events)
        below = np.searchsorted(of_non_events, of_events, side="left").sum()
        not_above = np.searchsorted(of_non_events, of_events, side="right").sum()
        return float((below + not_above) / (2 * n_events * n_non_events))
    hits = np.count_nonzero(of_events > THRESHOLD)
    false_alarms = np.count_nonzero(of_non_events > THRESHOLD)
    return float(threshold_criterion(criterion, np.array(hits), np.array(false_alarms), n_events, n_non_events))


def threshold_criterion(
    criterion: str, hits: NDArray[np.int64], false_alarms: NDArray[np.int64], n_events: int, n_non_events: int
) -> FloatArray:
    """Value of one of `THRESHOLD_CRITERIA` of contingency tables, in the shape of `hits`.

    Equal in exact arithmetic is equal here for all but the Heidke skill score, of which equal tables are equal. Raises
    InputError on a criterion that nobody knows.
    """
    if criterion == "true_skill_statistic":
        return (hits * n_non_events - false_alarms * n_events) / (n_events * n_non_events)
    if criterion == "accuracy":
        return (hits + n_non_events - false_alarms) / (n_events + n_non_events)
    if criterion == "heidke_skill_score":
        misses, correct_negatives = n_events - hits, n_non_events - false_alarms
        twice_the_skill = 2 * (hits * correct_negatives - false_alarms * misses)
        return twice_the_skill / (n_events * (misses + correct_negatives) + (hits + false_alarms) * n_non_events)
    raise InputError(
        f"unknown criterion {criterion!r}; known are {', '.join(CRITERIA)}. Mend the ensembles of the study."
    )


def of_outcome(label: LabelArray, probabilities: FloatArray) -> FloatArray:
    """Probability that each learner gives to what happened, (sample, learner), between 1e-12 and 1."""
    return np.clip(np.where(label[:, None] == 1, probabilities, 1.0 - probabilities), LEAST_PROBABILITY, None)


def better(criterion: str, value: float, than: float) -> bool:
    """Whether `value` of a criterion is better than another: smaller for cross-entropy and Brier score."""
    return value < than if criterion in CONVEX_CRITERIA else value > than


def _rounded(values: FloatArray) -> FloatArray:
    """`values`, none negative, rounded to 40 significant bits; monotone."""
    # A carry runs over from the digits into the exponent, as it should.
    bits = values.view(np.int64) + (1 << (ROUNDED_BITS - 1))
    return (bits & ~((1 << ROUNDED_BITS) - 1)).view(np.float64)
