"""Metrics of linear combinations of forecasts, for many weight vectors at once (Guerra et al. 2020, Table 3).

`label` is 1 on days with an event, else 0, (time,); `members` are the members' probabilities, (time, member); `weights`
are (candidate, member). What is judged is the forecast as it would be issued: the weighted sum, held in [0, 1].

One sort a candidate serves all metrics that rank: a day's outcome travels as the last bit of its forecast. A
categorical metric is that at its best threshold, found among all distinct forecast values (Appendix A there).
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from flaredag.errors import InputError
from flaredag.stacking_criteria import threshold_criterion
from flaredag.verification import best_threshold, reliability_bin
from flaredag.verification_settings import N_RELIABILITY_BINS

if TYPE_CHECKING:
    from collections.abc import Callable

    from numpy.typing import NDArray

    from flaredag.verification import ContingencyTable

    FloatArray = NDArray[np.float64]
    IntArray = NDArray[np.int64]
    LabelArray = NDArray[np.int8]


class Metric(NamedTuple):
    """Sense of a metric, the best value that it can take, and whether it needs a threshold."""

    larger_is_better: bool
    perfect: float
    is_categorical: bool = False


METRICS = {
    "brier_score": Metric(larger_is_better=False, perfect=0.0),
    "linear_correlation": Metric(larger_is_better=True, perfect=1.0),
    "spearman_rank_correlation": Metric(larger_is_better=True, perfect=1.0),
    "kendall_rank_correlation": Metric(larger_is_better=True, perfect=1.0),
    "mean_absolute_error": Metric(larger_is_better=False, perfect=0.0),
    "reliability": Metric(larger_is_better=False, perfect=0.0),
    "resolution": Metric(larger_is_better=True, perfect=0.25),
    "area_under_roc_curve": Metric(larger_is_better=True, perfect=1.0),
    "categorical_brier_score": Metric(larger_is_better=False, perfect=0.0, is_categorical=True),
    "true_skill_statistic": Metric(larger_is_better=True, perfect=1.0, is_categorical=True),
    "heidke_skill_score": Metric(larger_is_better=True, perfect=1.0, is_categorical=True),
    "accuracy": Metric(larger_is_better=True, perfect=1.0, is_categorical=True),
    "critical_success_index": Metric(larger_is_better=True, perfect=1.0, is_categorical=True),
    "gilbert_skill_score": Metric(larger_is_better=True, perfect=1.0, is_categorical=True),
}
# What is equal in exact arithmetic is a tie, and what is 0.3 lies on the edge of its bin.
STEPS_OF_FORECAST = 1e12
# Candidates are judged so many numbers at a time: what one of them needs stays in the cache.
NUMBERS_AT_A_TIME = 1 << 15


def metric_values(
    metric: str,
    label: LabelArray,
    members: FloatArray,
    weights: FloatArray,
    *,
    reliability_bins: int = N_RELIABILITY_BINS,
) -> FloatArray:
    """Value of one of `METRICS` of each combination, (candidate,); NaN where it is undefined.

    - brier_score, mean_absolute_error: means of (P - E)^2 and |P - E| of forecast P and outcome E
    - linear_correlation: Pearson's; spearman_rank_correlation: Spearman's rho, equal forecasts share their mean rank;
      kendall_rank_correlation: Kendall's tau-b; all undefined where all forecasts are equal
    - reliability, resolution: of the Brier score over so many `reliability_bins` of equal width, as
      `flaredag.verification.brier_score_decomposition` has them: with means of bins, and within-bin terms in the
      resolution
    - area_under_roc_curve: share of (event, non-event) pairs in which the event has the higher forecast, ties half
    - categorical_brier_score, true_skill_statistic, heidke_skill_score, accuracy, critical_success_index,
      gilbert_skill_score: at the threshold in [0, 1] that is best, an event being forecast above it, strictly

    Both outcomes must have occurred. Raises InputError on a metric that nobody knows.
    """
    if metric not in METRICS:
        raise InputError(f"unknown metric {metric!r}; known are {', '.join(METRICS)}. Mend the settings.")
    at_a_time = max(1, NUMBERS_AT_A_TIME // max(1, len(label)))
    blocks = [
        forecast_values(
            metric,
            label,
            combined_forecasts(members, weights[start : start + at_a_time]),
            reliability_bins=reliability_bins,
        )
        for start in range(0, len(weights), at_a_time)
    ]
    return np.concatenate([np.empty(0), *blocks])


def combined_forecasts(members: FloatArray, weights: FloatArray) -> FloatArray:
    """Forecast of each combination, (candidate, time): sum_i w_i P_i (eqs 2 and 7) as it is issued."""
    return as_issued(weighted_sums(members, weights))


def weighted_sums(members: FloatArray, weights: FloatArray) -> FloatArray:
    """sum_i w_i P_i of each candidate, (candidate, time), as it stands: outside [0, 1] it may be."""
    # No matrix product: the order of its sums hangs on where in the array a day lies, and on the number of cores.
    sums = np.zeros((len(weights), len(members)))
    for member in range(members.shape[1]):
        sums += weights[:, member, None] * np.ascontiguousarray(members[:, member])
    return sums


def as_issued(sums: FloatArray) -> FloatArray:
    """`sums`, which are overwritten, held in [0, 1] and rounded to 12 decimals."""
    np.clip(sums, 0.0, 1.0, out=sums)
    sums *= STEPS_OF_FORECAST
    np.rint(sums, out=sums)
    sums /= STEPS_OF_FORECAST
    return sums


def forecast_values(
    metric: str, label: LabelArray, forecast: FloatArray, *, reliability_bins: int = N_RELIABILITY_BINS
) -> FloatArray:
    """`metric_values` of forecasts already combined, (candidate, time)."""
    if metric in _OF_ERRORS:
        return _OF_ERRORS[metric](forecast, label)
    if metric in ("reliability", "resolution"):
        reliability = _reliability(forecast, label, reliability_bins)
        rate = label.mean()
        return reliability if metric == "reliability" else reliability + rate * (1 - rate) - _brier(forecast, label)
    if METRICS[metric].is_categorical:
        return _at_best_threshold(metric, _sorted_days(forecast, label))
    return _of_ranks(metric, _sorted_days(forecast, label))


def categorical_value(metric: str, hits: IntArray, false_alarms: IntArray, n_events: int, n_others: int) -> FloatArray:
    """Value of a categorical metric of contingency tables, in the shape of `hits` (Appendix A)."""
    if metric == "categorical_brier_score":
        return (n_events - hits + false_alarms) / (n_events + n_others)
    if metric == "critical_success_index":
        return hits / (n_events + false_alarms)
    if metric == "gilbert_skill_score":
        by_chance = (hits + false_alarms) * (n_events / (n_events + n_others))
        return (hits - by_chance) / (n_events + false_alarms - by_chance)
    return threshold_criterion(metric, hits, false_alarms, n_events, n_others)


def threshold_of_metric(metric: str, label: LabelArray, forecast: FloatArray) -> float:
    """Threshold at which a categorical metric of `forecast`, (time,), is best; NaN for a probabilistic one.

    Half way between two neighbouring values; of equal ones the nearest to 0.5, then the lower
    (`flaredag.verification.best_threshold`).
    """
    if not METRICS[metric].is_categorical:
        return float("nan")

    def score(table: ContingencyTable) -> FloatArray:
        hits, false_alarms = (counts.astype(np.int64) for counts in (table.hits, table.false_alarms))
        n_events, n_others = (int(np.count_nonzero(label == outcome)) for outcome in (1, 0))
        return -loss(metric, categorical_value(metric, hits, false_alarms, n_events, n_others))

    return best_threshold(label, forecast, score=score)


def better(metric: str, value: float, than: float) -> bool:
    """Whether `value` of a metric is better than another; any is better than an undefined one."""
    return bool(loss(metric, np.array(value)) < loss(metric, np.array(than)))


def loss(metric: str, values: FloatArray) -> FloatArray:
    """`values` of a metric turned so that smaller is better; infinite where undefined."""
    turned = -values if METRICS[metric].larger_is_better else values
    return np.where(np.isnan(turned), np.inf, turned)


def _brier(forecast: FloatArray, label: LabelArray) -> FloatArray:
    return np.mean((forecast - label) ** 2, axis=1)


def _mean_absolute_error(forecast: FloatArray, label: LabelArray) -> FloatArray:
    return np.mean(np.abs(forecast - label), axis=1)


def _linear_correlation(forecast: FloatArray, label: LabelArray) -> FloatArray:
    deviation = forecast - forecast.mean(axis=1, keepdims=True)
    of_label = label - label.mean()
    covariance = np.sum(deviation * of_label, axis=1)
    spread = np.sqrt(np.sum(deviation**2, axis=1) * np.sum(of_label**2))
    return covariance / np.where(np.ptp(forecast, axis=1) > 0, spread, np.nan)


_OF_ERRORS: dict[str, Callable[[FloatArray, LabelArray], FloatArray]] = {
    "brier_score": _brier,
    "mean_absolute_error": _mean_absolute_error,
    "linear_correlation": _linear_correlation,
}


def _reliability(forecast: FloatArray, label: LabelArray, reliability_bins: int) -> FloatArray:
    """Sum of n_k (f_k - o_k)^2 / n over bins, (candidate,)."""
    which = reliability_bin(forecast, reliability_bins)
    which += reliability_bins * np.arange(len(forecast))[:, None]
    size = reliability_bins * len(forecast)
    n = np.bincount(which.ravel(), minlength=size)
    difference = np.bincount(which.ravel(), weights=(forecast - label).ravel(), minlength=size)
    return (difference**2 / np.maximum(n, 1)).reshape(len(forecast), -1).sum(axis=1) / len(label)


class _SortedDays(NamedTuple):
    """Days in the order of their forecast, (candidate, time), and where among them the events lie.

    Of equal forecasts the events come first. `position` is (candidate, event), of an event among all days, from 0.
    """

    forecast: IntArray
    position: IntArray


def _sorted_days(forecast: FloatArray, label: LabelArray) -> _SortedDays:
    key = np.rint(forecast * STEPS_OF_FORECAST).astype(np.int64)
    key <<= 1
    key |= label == 0
    key.sort(axis=1)
    n_candidates, n_days = key.shape
    position = np.flatnonzero((key & 1) == 0).reshape(n_candidates, -1) % n_days
    key >>= 1
    return _SortedDays(key, position)


def _of_ranks(metric: str, days: _SortedDays) -> FloatArray:
    """ROC area, Spearman's rho or Kendall's tau-b, (candidate,); undefined where no forecasts differ.

    Of a binary outcome all three are the number of pairs won less those lost, over a number that ties alone change.
    """
    n_candidates, n_days = days.forecast.shape
    n_events = days.position.shape[1]
    n_others = n_days - n_events
    # Events come first among equals: of the pairs in a tie none is won yet.
    won = days.position.sum(axis=1) - n_events * (n_events - 1) // 2
    begins = np.ones(days.forecast.shape, dtype=bool)
    np.not_equal(days.forecast[:, 1:], days.forecast[:, :-1], out=begins[:, 1:])
    first = np.flatnonzero(begins)
    size = np.diff(first, append=begins.size)
    tied = size > 1
    first, size = first[tied], size[tied]
    position = (days.position + n_days * np.arange(n_candidates)[:, None]).ravel()
    events = np.searchsorted(position, first + size) - np.searchsorted(position, first)
    candidate = first // n_days

    def summed(of_tie: IntArray) -> FloatArray:
        sums = np.bincount(candidate, weights=of_tie.astype(np.float64), minlength=n_candidates)
        return sums.astype(np.float64)

    won_less_lost = 2.0 * won + summed(events * (size - events)) - n_events * n_others
    differs = days.forecast[:, 0] < days.forecast[:, -1]
    if metric == "area_under_roc_curve":
        return np.where(differs, (won_less_lost / (n_events * n_others) + 1.0) / 2.0, np.nan)
    if metric == "kendall_rank_correlation":
        n_pairs = n_days * (n_days - 1) / 2.0 - summed(size * (size - 1)) / 2.0
        return won_less_lost / np.sqrt(n_events * n_others * np.where(differs, n_pairs, np.nan))
    cubes = float(n_days) ** 3 - n_days - summed(size**3 - size)
    squares_of_ranks = np.where(differs, cubes, np.nan) / 12.0
    return won_less_lost / 2.0 / np.sqrt(squares_of_ranks * (n_events * n_others / n_days))


def _at_best_threshold(metric: str, days: _SortedDays) -> FloatArray:
    """Categorical metric at the threshold that is best, (candidate,).

    No threshold is better than the best of those just below an event's forecast and the one above all forecasts: any
    other gives more false alarms for the same hits. Of events of equal forecast the first counts all of them.
    """
    n_days, n_events = days.forecast.shape[1], days.position.shape[1]
    hits = n_events - np.arange(n_events)
    false_alarms = n_days - days.position - hits
    losses = loss(metric, categorical_value(metric, hits, false_alarms, n_events, n_days - n_events))
    # No threshold in [0, 1] is below a forecast of 0.
    can_be_hit = np.take_along_axis(days.forecast, days.position, axis=1) > 0
    never = loss(metric, categorical_value(metric, np.array(0), np.array(0), n_events, n_days - n_events))
    least = np.minimum(np.where(can_be_hit, losses, np.inf).min(axis=1), never)
    return -least if METRICS[metric].larger_is_better else least
