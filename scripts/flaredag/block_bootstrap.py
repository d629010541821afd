"""Block bootstrap of verification scores: whole regions, or whole solar rotations, are drawn with replacement.

Windows of a region overlap and regions recur, so samples are no independent draws, but blocks of them nearly are
(Efron & Tibshirani 1993, chapter 8). A score of resampled rows hangs on a few sums alone, and these are sums over
blocks of a block's own sum times how often it was drawn: one matrix product instead of a resampling of rows. The area
under the ROC curve is a quadratic form of the same draws (flaredag.resampled_ranking).

Sums over blocks are exact, whatever their order: counts are whole, and the rest is rounded to a multiple of a power of
two that leaves no bit to be lost (`_exactly_summable`). So no result hangs on the number of threads.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import numpy as np
import pandas as pd

from flaredag.resampled_ranking import Ranking
from flaredag.verification import ContingencyTable, categorical_scores, reliability_bin
from flaredag.verification_settings import N_RELIABILITY_BINS

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import ArrayLike, NDArray

    FloatArray = NDArray[np.float64]

# Draws are scored so many numbers at a time, to bound memory.
NUMBERS_AT_A_TIME = 4_000_000
# One less than a double holds: rounding may lift a sum just above its bound.
BITS_OF_A_SUM = 52

# Meeus 1998, Astronomical Algorithms, chapter 29: mean beginning of Carrington rotation 0, and its period.
CARRINGTON_EPOCH_JD = 2398140.2270
SYNODIC_PERIOD_DAYS = 27.2752316
JD_OF_1970 = 2440587.5
SECONDS_PER_DAY = 86400.0


class _Sums(NamedTuple):
    """Sums of what every score but the ROC area is made of, each with blocks or resamples along its first axis."""

    n_samples: FloatArray
    n_events: FloatArray
    squared_error: FloatArray
    # (block, threshold)
    n_forecast_events: FloatArray
    n_hits: FloatArray
    # (block, bin), of the deviation of a forecast from the centre of its bin
    n_in_bin: FloatArray
    n_events_in_bin: FloatArray
    deviation: FloatArray
    squared_deviation: FloatArray
    deviation_of_events: FloatArray


def block_weights(n_blocks: int, *, resamples: int, seed: int) -> NDArray[np.float32]:
    """How often each block is drawn, (resample, block): `n_blocks` draws with replacement a resample."""
    generator = np.random.default_rng(seed)
    weights = np.empty((resamples, n_blocks), dtype=np.float32)
    for resample in range(resamples):
        weights[resample] = np.bincount(generator.integers(n_blocks, size=n_blocks), minlength=n_blocks)
    return weights


def resampled_scores(
    label: NDArray[np.int8],
    probability: FloatArray,
    block: NDArray[np.int64],
    weights: NDArray[np.floating],
    *,
    thresholds: Sequence[float] | FloatArray = (0.5,),
    training_event_rate: float = float("nan"),
    reliability_bins: int = N_RELIABILITY_BINS,
) -> dict[str, FloatArray]:
    """Scores of every resample: those of flaredag.verification on the rows of block b taken `weights[:, b]` times.

    `label`, `probability` and `block` are (sample,); `block` is a column of `weights`, (resample, block), which holds
    whole numbers as `block_weights` draws them. Blocks without a sample are allowed, so that several series share one
    draw. Returns (resample,) for each of `PROBABILISTIC_METRICS` and (resample, threshold) for each categorical score
    (`flaredag.verification.categorical_scores`; the thresholds themselves are kept as they are, not chosen anew);
    the components of the Brier score are over so many `reliability_bins`. NaN where a score is undefined: for a NaN
    threshold, and for all but the counts where no row is drawn.
    """
    thresholds = np.asarray(thresholds, dtype=np.float64)
    is_present = np.bincount(block, minlength=weights.shape[1]) > 0
    present, block = np.flatnonzero(is_present), (np.cumsum(is_present) - 1)[block]
    sums = _sums_by_block(label, probability, block, len(present), thresholds, reliability_bins)
    shapes = [part.shape[1:] for part in sums]
    ends = np.cumsum([int(np.prod(shape)) for shape in shapes])
    most_drawn = float(weights.sum(axis=1, dtype=np.float64).max(initial=0.0))
    widths = np.diff(ends, prepend=0)
    stacked = np.concatenate([part.reshape(len(present), n) for part, n in zip(sums, widths, strict=True)], axis=1)
    stacked = _exactly_summable(stacked, most_drawn)
    ranking = Ranking(label, probability, block, len(present))
    parts = []
    n_at_a_time = max(NUMBERS_AT_A_TIME // max(len(present), 1), 1)
    for start in range(0, len(weights), n_at_a_time):
        drawn = weights[start : start + n_at_a_time, present].astype(np.float64)
        columns = np.split(drawn @ stacked, ends[:-1], axis=1)
        resampled = _Sums(*(part.reshape(-1, *shape) for part, shape in zip(columns, shapes, strict=True)))
        n_pairs = resampled.n_events * (resampled.n_samples - resampled.n_events)
        parts.append(
            {"area_under_roc_curve": ranking.area_under_roc_curve(drawn, n_pairs)}
            | _scores(resampled, thresholds, training_event_rate)
        )
    return {name: np.concatenate([part[name] for part in parts]) for name in parts[0]}


def bounds(resampled: ArrayLike, *, level: float = 0.95) -> tuple[FloatArray, FloatArray]:
    """Percentile bounds of a figure at `level`, over the resamples along the first axis, of those that are defined.

    NaN where fewer than half of the resamples are defined. Efron & Tibshirani 1993, section 13.3; percentiles between
    two resamples are interpolated.
    """
    # NaN are sorted to the end.
    ordered = np.sort(np.asarray(resampled, dtype=np.float64), axis=0)
    n_defined = np.asarray((~np.isnan(ordered)).sum(axis=0))
    defined_enough = 2 * n_defined >= max(len(ordered), 1)

    def percentile(share: float) -> FloatArray:
        if not len(ordered):
            return np.full(n_defined.shape, np.nan)
        position = share * np.maximum(n_defined - 1, 0)
        below = np.floor(position).astype(np.int64)
        above = np.minimum(below + 1, np.maximum(n_defined - 1, 0))
        low, high = (np.take_along_axis(ordered, index[np.newaxis], axis=0)[0] for index in (below, above))
        return np.where(defined_enough, low + (position - below) * (high - low), np.nan)

    return percentile((1.0 - level) / 2.0), percentile((1.0 + level) / 2.0)


def carrington_rotation(issue_time: ArrayLike) -> NDArray[np.int64]:
    """Number of the Carrington rotation in which each of `issue_time` (datetime64, UTC) falls.

    Meeus 1998, Astronomical Algorithms, chapter 29, with its periodic terms: beginnings are good to ten minutes.
    """
    seconds = np.asarray(issue_time, dtype="datetime64[s]").astype(np.int64)
    julian_date = JD_OF_1970 + seconds / SECONDS_PER_DAY
    rotation = np.floor((julian_date - CARRINGTON_EPOCH_JD) / SYNODIC_PERIOD_DAYS)
    rotation = np.where(julian_date < _beginning_of_rotation(rotation), rotation - 1, rotation)
    rotation = np.where(julian_date >= _beginning_of_rotation(rotation + 1), rotation + 1, rotation)
    return rotation.astype(np.int64)


def blocks_of_regions(instrument: ArrayLike | pd.Series, region: ArrayLike | pd.Series) -> NDArray[np.int64]:
    """Number of the block of each sample, 0 to n - 1: one a region, in the order of instrument and region number."""
    names = pd.Categorical(instrument)
    rank = np.argsort(np.argsort(names.categories.astype(str), kind="stable"))
    key = (rank[names.codes].astype(np.int64) << 32) + np.asarray(region, dtype=np.int64)
    return pd.factorize(key, sort=True)[0]


def _sums_by_block(
    label: NDArray[np.int8],
    probability: FloatArray,
    block: NDArray[np.int64],
    n_blocks: int,
    thresholds: FloatArray,
    n_bins: int,
) -> _Sums:
    event = label.astype(np.float64)
    order = np.argsort(thresholds)
    n_passed = np.searchsorted(thresholds[order], probability, side="left")
    n_cells = len(thresholds) + 1

    def by_threshold(values: FloatArray) -> FloatArray:
        cells = np.bincount(block * n_cells + n_passed, values, minlength=n_blocks * n_cells).reshape(-1, n_cells)
        above = np.empty((n_blocks, len(thresholds)))
        above[:, order] = cells[:, ::-1].cumsum(axis=1)[:, ::-1][:, 1:]
        return above

    which_bin = reliability_bin(probability, n_bins)
    deviation = probability - (which_bin + 0.5) / n_bins
    cell = block * n_bins + which_bin

    def by_bin(values: FloatArray) -> FloatArray:
        summed = np.bincount(cell, values, minlength=n_blocks * n_bins)
        return np.asarray(summed, dtype=np.float64).reshape(-1, n_bins)

    def by_block(values: FloatArray) -> FloatArray:
        return np.asarray(np.bincount(block, values, minlength=n_blocks), dtype=np.float64)

    return _Sums(
        n_samples=by_block(np.ones_like(probability)),
        n_events=by_block(event),
        squared_error=by_block((probability - event) ** 2),
        n_forecast_events=by_threshold(np.ones_like(probability)),
        n_hits=by_threshold(event),
        n_in_bin=by_bin(np.ones_like(probability)),
        n_events_in_bin=by_bin(event),
        deviation=by_bin(deviation),
        squared_deviation=by_bin(deviation**2),
        deviation_of_events=by_bin(deviation * event),
    )


def _scores(sums: _Sums, thresholds: FloatArray, training_event_rate: float) -> dict[str, FloatArray]:
    """All scores but the ROC area, of sums with resamples along their first axis."""
    n, n_events = sums.n_samples, sums.n_events
    hits = np.where(np.isnan(thresholds), np.nan, sums.n_hits)
    false_alarms = np.where(np.isnan(thresholds), np.nan, sums.n_forecast_events) - hits
    table = ContingencyTable(
        hits=hits,
        misses=n_events[:, np.newaxis] - hits,
        false_alarms=false_alarms,
        correct_negatives=(n - n_events)[:, np.newaxis] - false_alarms,
    )
    brier, event_rate = _ratio(sums.squared_error, n), _ratio(n_events, n)
    uncertainty = event_rate * (1.0 - event_rate)
    n_in_bin = sums.n_in_bin
    # Of an empty bin every sum is 0, so that any other number in place of its mean serves.
    divisor = np.where(n_in_bin > 0, n_in_bin, 1.0)
    deviation, observed = sums.deviation / divisor, sums.n_events_in_bin / divisor
    n_bins = n_in_bin.shape[1]
    centre = (np.arange(n_bins) + 0.5) / n_bins
    within_bin_variance = sums.squared_deviation - sums.deviation * deviation
    within_bin_covariance = 2.0 * (sums.deviation_of_events - sums.deviation * observed)
    between_bins = n_in_bin * (observed - event_rate[:, np.newaxis]) ** 2
    resolution = np.sum(between_bins - within_bin_variance + within_bin_covariance, axis=1)
    rate = training_event_rate
    brier_of_training = _ratio(n_events * (1.0 - rate) ** 2 + (n - n_events) * rate**2, n)
    return categorical_scores(table) | {
        "brier_score": brier,
        "reliability": _ratio(np.sum(n_in_bin * (centre + deviation - observed) ** 2, axis=1), n),
        "resolution": _ratio(resolution, n),
        "uncertainty": uncertainty,
        "brier_skill_score": 1.0 - _ratio(brier, uncertainty),
        "brier_skill_score_training_climatology": 1.0 - _ratio(brier, brier_of_training),
        "n_samples": n,
        "n_events": n_events,
    }


def _exactly_summable(sums: FloatArray, most_drawn: float) -> FloatArray:
    """`sums`, (block, column), rounded so that sums of `most_drawn` of them are exact in any order."""
    greatest = np.abs(sums).max(axis=0, initial=0.0) * max(most_drawn, 1.0)
    quantum = np.exp2(np.ceil(np.log2(np.where(greatest > 0, greatest, 1.0))) - BITS_OF_A_SUM)
    return np.rint(sums / quantum) * quantum


def _ratio(numerator: FloatArray, denominator: FloatArray) -> FloatArray:
    """Quotient, NaN where the denominator is not positive."""
    return numerator / np.where(denominator > 0, denominator, np.nan)


def _beginning_of_rotation(rotation: FloatArray) -> FloatArray:
    """Julian date at which a Carrington rotation begins."""
    solar = np.deg2rad(281.96 + 26.882476 * rotation)
    return (
        CARRINGTON_EPOCH_JD
        + SYNODIC_PERIOD_DAYS * rotation
        + 0.1454 * np.sin(solar)
        - 0.0085 * np.sin(2.0 * solar)
        - 0.0141 * np.cos(2.0 * solar)
    )
