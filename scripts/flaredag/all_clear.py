"""All-clear forecasts: "no event", issued where the probability is low enough that few events would be missed.

An all-clear is issued where the probability is not above a threshold, the same rule as everywhere: an event is forecast
if probability > threshold. Barnes et al. (2016, ApJ 829, 89) tell why such forecasts are asked for.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

    FloatArray = NDArray[np.float64]

ALL_CLEAR_THRESHOLD = "all_clear"  # value of the column `threshold`
SHARE_ALL_CLEAR = "share_all_clear"
MISSED_EVENTS = "missed_events"
CLEAR_GIVEN_ALL_CLEAR = "clear_given_all_clear"
CLEAR_RATE = "clear_rate"
ALL_CLEAR_METRICS = (SHARE_ALL_CLEAR, MISSED_EVENTS, CLEAR_GIVEN_ALL_CLEAR, CLEAR_RATE)
# 0.05 * 20 must not come out as 0 events.
ROUNDING = 1e-9


def all_clear_threshold(label: NDArray[np.int8], probability: FloatArray, *, greatest_missed_share: float) -> float:
    """Greatest threshold at which at most `greatest_missed_share` of the events (0 to 1) have no greater probability.

    `label` and `probability` are of the validation split, (sample,). NaN where it has no event; 1 if all events may be
    missed.
    """
    of_events = np.sort(probability[label == 1])
    if not len(of_events):
        return float("nan")
    n_may_be_missed = int(np.floor(greatest_missed_share * len(of_events) + ROUNDING))
    if n_may_be_missed >= len(of_events):
        return 1.0
    return float(np.nextafter(of_events[n_may_be_missed], -np.inf))


def all_clear_scores(
    probability_of_detection: FloatArray, probability_of_false_detection: FloatArray, event_rate: FloatArray
) -> dict[str, FloatArray]:
    """Scores of an all-clear from those of the forecast of events at its threshold; arrays of one shape, any.

    With event rate o, and probabilities of detection H and of false detection F: share of forecasts that are all-clears
    1 - H o - F (1 - o); share of events missed 1 - H; probability of no event given an all-clear
    (1 - F)(1 - o) / share, NaN where none is issued; and the rate of no event, 1 - o, which it is held against.
    """
    quiet = 1.0 - event_rate
    correct = (1.0 - probability_of_false_detection) * quiet
    missed = 1.0 - probability_of_detection
    share = correct + missed * event_rate
    issued = share > ROUNDING
    return {
        SHARE_ALL_CLEAR: share,
        MISSED_EVENTS: missed,
        CLEAR_GIVEN_ALL_CLEAR: np.divide(correct, share, out=np.full(np.shape(share), np.nan), where=issued),
        CLEAR_RATE: quiet,
    }
