"""Verification of probability forecasts of a binary event: scores, thresholds and curves.

An event is forecast when its probability is above the threshold, strictly, as in the code of Sun et al. 2022.
`label` is 1 where the event occurred, else 0, and `probability` its forecast, both (sample,) and checked on
reading (flaredag.predictions). A score that is undefined is NaN; `UNDEFINED_BECAUSE` tells why.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import numpy as np
import xarray as xr
from scores.categorical import BasicContingencyManager
from scores.probability import brier_score, roc_auc

from flaredag.verification_settings import N_RELIABILITY_BINS

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from numpy.typing import ArrayLike, NDArray

    FloatArray = NDArray[np.float64]
    LabelArray = NDArray[np.int8]

CURVE_GRID = np.linspace(0.0, 1.0, 101)
# Of events as rare as M5.0 flares, the best threshold may lie below 0.01 (Liu et al. 2019, section 4.4).
THRESHOLD_GRID = np.sort(np.concatenate([CURVE_GRID, np.arange(1, 10) / 1000.0]))

UNDEFINED_BECAUSE = {
    "balanced_accuracy": "only one outcome occurred",
    "probability_of_detection": "no event occurred",
    "precision": "no event was forecast",
    "false_alarm_ratio": "no event was forecast",
    "probability_of_false_detection": "every sample is an event",
    "true_skill_statistic": "only one outcome occurred",
    "heidke_skill_score": "all that occurred and all that was forecast is the same outcome",
    "area_under_roc_curve": "only one outcome occurred, or all forecasts are equal, so that nothing is ranked",
    "brier_skill_score": "only one outcome occurred, so that climatology is perfect",
    "brier_skill_score_training_climatology": "no training split is given, or its climatology is perfect",
    "threshold": "no such split is given, or only one outcome occurred in it; so is all that needs it",
}


class ContingencyTable(NamedTuple):
    """Counts of a 2 x 2 contingency table, one a threshold: float64, NaN where the threshold is NaN."""

    hits: FloatArray
    misses: FloatArray
    false_alarms: FloatArray
    correct_negatives: FloatArray


class BrierDecomposition(NamedTuple):
    """Components of the Brier score: brier_score = reliability - resolution + uncertainty, exactly."""

    reliability: float
    resolution: float
    uncertainty: float


class Curve(NamedTuple):
    """Points of a curve in the order of drawing, each (point,); `n` is the number of samples behind a point."""

    x: FloatArray
    y: FloatArray
    n: NDArray[np.int64]


def contingency_table(label: LabelArray, probability: FloatArray, *, thresholds: ArrayLike) -> ContingencyTable:
    """Contingency table at each of `thresholds`, (threshold,): an event is forecast if probability > threshold."""
    thresholds = np.asarray(thresholds, dtype=np.float64)
    of_events = np.sort(probability[label == 1])
    of_non_events = np.sort(probability[label == 0])
    unknown = np.isnan(thresholds)
    misses = np.where(unknown, np.nan, np.searchsorted(of_events, thresholds, side="right"))
    correct_negatives = np.where(unknown, np.nan, np.searchsorted(of_non_events, thresholds, side="right"))
    return ContingencyTable(
        hits=of_events.size - misses,
        misses=misses,
        false_alarms=of_non_events.size - correct_negatives,
        correct_negatives=correct_negatives,
    )


def categorical_scores(table: ContingencyTable) -> dict[str, FloatArray]:
    """Scores of contingency tables, in the shape of its counts, by the package `scores`.

    Of hits a, false alarms b, misses c, correct negatives d and n = a + b + c + d (Sun et al. 2022, section 3.3, eq. 6,
    10 and 11; Liu et al. 2019, eq. 20 to 25): accuracy (a + d)/n; balanced accuracy [a/(a + c) + d/(b + d)]/2, which is
    (1 + true skill statistic)/2; probability of detection a/(a + c), also called recall; precision a/(a + b); false
    alarm ratio b/(a + b), which is 1 - precision; probability of false detection b/(b + d), which both papers call the
    false alarm rate; true skill statistic a/(a + c) - b/(b + d); Heidke skill score.
    """
    counts = {
        "tp_count": table.hits,
        "tn_count": table.correct_negatives,
        "fp_count": table.false_alarms,
        "fn_count": table.misses,
        "total_count": table.hits + table.correct_negatives + table.false_alarms + table.misses,
    }
    dims = [f"dim_{axis}" for axis in range(np.ndim(table.hits))]
    manager = BasicContingencyManager({name: xr.DataArray(count, dims=dims) for name, count in counts.items()})
    # Rounding can make 0/0 of the Heidke skill score 1 or -1 where nothing was forecast and nothing occurred.
    alike = (counts["total_count"] == table.hits) | (counts["total_count"] == table.correct_negatives)
    return {
        "accuracy": manager.accuracy().to_numpy(),
        "balanced_accuracy": ((manager.sensitivity() + manager.specificity()) / 2.0).to_numpy(),
        "probability_of_detection": manager.probability_of_detection().to_numpy(),
        "precision": manager.precision().to_numpy(),
        "false_alarm_ratio": manager.false_alarm_ratio().to_numpy(),
        "probability_of_false_detection": manager.probability_of_false_detection().to_numpy(),
        "true_skill_statistic": manager.peirce_skill_score().to_numpy(),
        "heidke_skill_score": np.where(alike, np.nan, manager.heidke_skill_score().to_numpy()),
    }


def probabilistic_scores(
    label: LabelArray,
    probability: FloatArray,
    *,
    training_event_rate: float = float("nan"),
    reliability_bins: int = N_RELIABILITY_BINS,
) -> dict[str, float]:
    """Scores that need no threshold: area under the ROC curve, Brier score, its components and skill scores.

    The components are over so many `reliability_bins` (`brier_score_decomposition`). `brier_skill_score` is held
    against the event rate of the evaluated samples (Sun et al. 2022, eq. 14), `brier_skill_score_training_climatology`
    against the constant forecast `training_event_rate`, which a forecaster could have known; NaN if that is not given.
    ROC area and Brier score by the package `scores`; a constant forecast ranks nothing, and its ROC area is NaN rather
    than the 0.5 of a forecast that ranks at random.
    """
    forecast = xr.DataArray(probability, dims="sample")
    observed = xr.DataArray(label.astype(np.float64), dims="sample")
    brier = float(brier_score(forecast, observed, check_args=False))
    decomposition = brier_score_decomposition(label, probability, reliability_bins=reliability_bins)
    brier_of_training_climatology = float(np.mean((training_event_rate - label) ** 2))
    return {
        "area_under_roc_curve": (
            float(roc_auc(forecast, observed, check_args=False)) if np.ptp(probability) > 0 else float("nan")
        ),
        "brier_score": brier,
        "reliability": decomposition.reliability,
        "resolution": decomposition.resolution,
        "uncertainty": decomposition.uncertainty,
        "brier_skill_score": _skill(brier, decomposition.uncertainty),
        "brier_skill_score_training_climatology": _skill(brier, brier_of_training_climatology),
        "n_samples": float(label.size),
        "n_events": float(label.sum(dtype=np.int64)),
    }


def brier_score_decomposition(
    label: LabelArray, probability: FloatArray, *, reliability_bins: int = N_RELIABILITY_BINS
) -> BrierDecomposition:
    """Reliability, resolution and uncertainty of the Brier score (Murphy 1973), over bins of equal width.

    With n_k samples, mean forecast f_k and event rate o_k of bin k, and event rate o of all n:
    reliability = sum n_k (f_k - o_k)^2 / n, uncertainty = o (1 - o), and

        resolution = sum n_k (o_k - o)^2 / n - within-bin variance + within-bin covariance,

    the generalised resolution of Stephenson, Coelho & Jolliffe (2008, Weather and Forecasting 23, 752). The two
    terms, sum (f_kj - f_k)^2 / n and 2 sum (f_kj - f_k)(o_kj - o_k) / n, are what binning hides: with them the sum
    is the Brier score, without them only where all forecasts of a bin are equal.
    """
    n_samples, event_rate = label.size, label.mean()
    which_bin = reliability_bin(probability, reliability_bins)
    n, forecast, observed = _bin_means(label, probability, which_bin, reliability_bins)
    deviation = probability - forecast[which_bin]
    within_bin_variance = np.sum(deviation**2)
    within_bin_covariance = 2.0 * np.sum(deviation * (label - observed[which_bin]))
    filled = n > 0
    between_bins = np.sum(n[filled] * (observed[filled] - event_rate) ** 2)
    return BrierDecomposition(
        reliability=float(np.sum(n[filled] * (forecast[filled] - observed[filled]) ** 2) / n_samples),
        resolution=float((between_bins - within_bin_variance + within_bin_covariance) / n_samples),
        uncertainty=float(event_rate * (1.0 - event_rate)),
    )


def threshold_of_best_true_skill_statistic(label: LabelArray, probability: FloatArray) -> float:
    """Threshold with the greatest true skill statistic, exactly (`best_threshold`); NaN for a single outcome."""
    n_events = int(label.sum(dtype=np.int64))
    n_non_events = label.size - n_events
    if n_events == 0 or n_non_events == 0:
        return float("nan")
    # Cross-multiplied, the statistic is a whole number, and ties are exact.
    return best_threshold(
        label, probability, score=lambda table: table.hits * n_non_events - table.false_alarms * n_events
    )


def best_threshold(
    label: LabelArray, probability: FloatArray, *, score: Callable[[ContingencyTable], FloatArray]
) -> float:
    """Threshold at which `score`, larger is better, is greatest: no other threshold in [0, 1] has a greater one.

    A score of the contingency table changes only where the threshold passes a forecast value, so the candidates are
    the midpoints between neighbours among 0, the distinct forecast values and 1, and 1 itself, at which no event is
    forecast. Of equal ones the nearest to 0.5 is taken, then the lower.
    """
    values = np.unique(np.concatenate([[0.0, 1.0], probability]))
    below, above = values[:-1], values[1:]
    midpoint = (below + above) / 2.0
    # The midpoint of two neighbouring floating point numbers may be rounded to the upper, which would exclude it.
    candidates = np.append(np.where(midpoint < above, midpoint, below), 1.0)
    scored = score(contingency_table(label, probability, thresholds=candidates))
    best = candidates[scored == scored.max()]
    return float(best[np.lexsort((best, np.abs(best - 0.5)))[0]])


def reliability_curve(
    label: LabelArray, probability: FloatArray, *, reliability_bins: int = N_RELIABILITY_BINS
) -> Curve:
    """Reliability diagram: mean forecast (x), event rate (y) and number of samples in bins of equal width.

    A bin holds its lower end, the last its upper end too: of ten [0, 0.1), ..., [0.9, 1]. There are always all of
    them; x and y of an empty one are NaN.
    """
    which_bin = reliability_bin(probability, reliability_bins)
    n, forecast, observed = _bin_means(label, probability, which_bin, reliability_bins)
    return Curve(forecast, observed, n)


def roc_curve(label: LabelArray, probability: FloatArray) -> Curve:
    """ROC curve: probability of detection (y) at probability of false detection (x) 0, 0.01, ..., 1.

    Linear between the thresholds, and the upper end where the curve is vertical, so that y at x = 0 is what is
    detected without any false alarm. y is NaN if only one outcome occurred.
    """
    values = np.concatenate([[-1.0], np.unique(probability)])
    table = contingency_table(label, probability, thresholds=values[::-1])
    n = np.full(CURVE_GRID.shape, label.size, dtype=np.int64)
    if table.hits[-1] == 0 or table.false_alarms[-1] == 0:
        return Curve(CURVE_GRID.copy(), np.full(CURVE_GRID.shape, np.nan), n)
    detection = table.hits / table.hits[-1]
    false_detection = table.false_alarms / table.false_alarms[-1]
    is_upper_end = np.append(np.diff(false_detection) > 0, True)
    return Curve(CURVE_GRID.copy(), np.interp(CURVE_GRID, false_detection[is_upper_end], detection[is_upper_end]), n)


def skill_score_profiles(label: LabelArray, probability: FloatArray, *, metrics: Sequence[str]) -> dict[str, Curve]:
    """Skill score profiles: each of `metrics`, categorical scores, (y) by threshold (x).

    Thresholds are 0, 0.001, ..., 0.01, 0.02, ..., 1; y is NaN where a score is undefined.
    """
    scored = categorical_scores(contingency_table(label, probability, thresholds=THRESHOLD_GRID))
    n = np.full(THRESHOLD_GRID.shape, label.size, dtype=np.int64)
    return {metric: Curve(THRESHOLD_GRID.copy(), scored[metric], n) for metric in metrics}


def _skill(brier: float, brier_of_reference: float) -> float:
    """Brier skill score (Sun et al. 2022, eq. 14); NaN if the reference is perfect or unknown."""
    return 1.0 - brier / brier_of_reference if brier_of_reference > 0 else float("nan")


def reliability_bin(probability: FloatArray, reliability_bins: int = N_RELIABILITY_BINS) -> NDArray[np.int64]:
    """Bin of the reliability diagram that each forecast (sample,) is in, of `reliability_bins` of equal width."""
    return np.minimum((probability * reliability_bins).astype(np.int64), reliability_bins - 1)


def _bin_means(
    label: LabelArray, probability: FloatArray, which_bin: NDArray[np.int64], reliability_bins: int
) -> tuple[NDArray[np.int64], FloatArray, FloatArray]:
    """Count, mean forecast and event rate, each (bin,); the means of an empty bin are NaN."""
    n = np.bincount(which_bin, minlength=reliability_bins)
    divisor = np.where(n > 0, n, np.nan)
    forecast = np.bincount(which_bin, weights=probability, minlength=reliability_bins) / divisor
    observed = np.bincount(which_bin, weights=label, minlength=reliability_bins) / divisor
    return n, forecast, observed
