"""Permutation importance of groups of features: the skill that a fitted model loses without what a group says.

Breiman (2001, Machine Learning 45, 5, section 10), on samples that the model has not seen. The features of a group are
taken from another sample, all of them from the same one and with all of their steps: within the group nothing is torn
apart, only what it says of this sample is gone. Of correlated features permuted one by one each is made up for by the
others, so that none seems to count; hence groups (`flaredag.feature_groups`).

The model is asked about samples that the Sun does not make, the more so the more the groups still hang together: the
loss tells what the model leans on, not what could be forecast without the group.
"""

from __future__ import annotations

import zlib
from dataclasses import replace
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from flaredag.block_bootstrap import bounds, resampled_scores
from flaredag.errors import InputError
from flaredag.verification import threshold_of_best_true_skill_statistic

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from numpy.typing import NDArray

    from flaredag.feature_groups import FeatureGroup
    from flaredag.models import FittedModel
    from flaredag.samples import Samples

    FloatArray = NDArray[np.float64]

# The first is at the threshold that is best on validation.
IMPORTANCE_METRICS = ("true_skill_statistic", "area_under_roc_curve", "brier_skill_score")
FEWEST_REGIONS = 2


class Forecaster(NamedTuple):
    """A fitted model, the threshold above which it forecasts an event, and its forecasts of the test samples.

    `probability` (sample,), of the positive class.
    """

    fitted: FittedModel
    threshold: float
    probability: FloatArray


class Permuted(NamedTuple):
    """The samples that a permutation changes: their places among all, (changed,), and what they are now."""

    changed: NDArray[np.int64]
    samples: Samples


class Loss(NamedTuple):
    """What permuting a group does to a score: `score` before, mean `permuted` after, and their difference, `loss`.

    `sd`: standard deviation (n - 1) of the loss over the repeats; `low` and `high`: its interval. NaN where undefined.
    """

    score: float
    permuted: float
    loss: float
    sd: float
    low: float
    high: float


def forecaster(fitted: FittedModel, validation: Samples, test: Samples) -> Forecaster:
    """The model with the threshold that has the best true skill statistic on validation (NaN of one class alone)."""
    threshold = threshold_of_best_true_skill_statistic(validation.label, fitted.probability(validation))
    return Forecaster(fitted, threshold, fitted.probability(test))


def donors(n_samples: int, *, seed: int, dataset_seed: int, group: FeatureGroup, repeat: int) -> NDArray[np.int64]:
    """The sample from which each takes the features of a group, (sample,): a permutation, none takes its own.

    All samples stand in a circle in random order, and each takes from its neighbour. Drawn from the seeds, the names of
    the group and the repeat alone, so that other groups, models and repeats change nothing. Raises InputError for less
    than two samples.
    """
    if n_samples < 2:  # noqa: PLR2004 (oneself and another)
        raise InputError(f"{n_samples} test samples; wanted two or more, to permute features among them.")
    rng = np.random.default_rng([seed, dataset_seed, zlib.crc32(group.name.encode()), repeat])
    circle = rng.permutation(n_samples)
    taken_from = np.empty(n_samples, dtype=np.int64)
    taken_from[circle] = np.roll(circle, 1)
    return taken_from


def permuted(samples: Samples, group: FeatureGroup, taken_from: NDArray[np.int64]) -> Permuted:
    """`samples` with the features of `group`, in all steps, of the samples `taken_from`, (sample,).

    Those that get what they had, as many do of features that are mostly 0, need not be forecast again. Steps that are
    padded in the one and not in the other go along, as zeros.
    """
    positions = np.array(group.positions)
    own = samples.sequence[:, :, positions]
    taken = own[taken_from]
    changed = np.flatnonzero((taken != own).any(axis=(1, 2)))
    sequence = samples.sequence[changed]
    sequence[:, :, positions] = taken[changed]
    columns = {
        name: getattr(samples, name)[changed]
        for name in ("label", "strong_before", "instrument", "region", "issue_time")
    }
    return Permuted(changed, replace(samples, sequence=sequence, **columns))


def permutations(
    samples: Samples, groups: Sequence[FeatureGroup], *, repeats: int, seed: int, dataset_seed: int
) -> Iterator[tuple[int, int, Permuted]]:
    """Number of the group, repeat, and what permuting that group changes, one after the other."""
    for number, group in enumerate(groups):
        for repeat in range(repeats):
            drawn = donors(len(samples), seed=seed, dataset_seed=dataset_seed, group=group, repeat=repeat)
            yield number, repeat, permuted(samples, group, drawn)


def forecast_again(one: Forecaster, changes: Permuted) -> FloatArray:
    """Forecasts of all samples, (sample,), with those changed forecast anew."""
    probability = one.probability.copy()
    if len(changes.changed):
        probability[changes.changed] = one.fitted.probability(changes.samples)
    return probability


def resampled(
    probability: FloatArray,
    label: NDArray[np.int8],
    block: NDArray[np.int64],
    weights: NDArray[np.floating],
    *,
    threshold: float,
) -> FloatArray:
    """`IMPORTANCE_METRICS` of forecasts (sample,), (resample, metric).

    `block` (sample,) and `weights` (resample, block) as in flaredag.block_bootstrap.
    """
    scores = resampled_scores(label, probability, block, weights, thresholds=[threshold])
    return np.stack([np.reshape(scores[metric], len(weights)) for metric in IMPORTANCE_METRICS], axis=1)


def losses(before: FloatArray, after: FloatArray, *, n_regions: int, level: float) -> Mapping[str, Loss]:
    """Loss of each of `IMPORTANCE_METRICS`, of `before` (resample, metric) and `after` (repeat, resample, metric).

    The first resample is the sample itself. The interval is that of the mean loss over the repeats when regions are
    drawn anew, the same for both: what hangs on the regions tested, not on those trained on. NaN for one region.
    """
    lost = before - after
    low, high = bounds(lost.mean(axis=0)[1:], level=level)
    if n_regions < FEWEST_REGIONS:
        low, high = np.full_like(low, np.nan), np.full_like(high, np.nan)
    sd = lost[:, 0].std(axis=0, ddof=1) if len(lost) > 1 else np.full(before.shape[1], np.nan)
    columns = (before[0], after[:, 0].mean(axis=0), lost[:, 0].mean(axis=0), sd, low, high)
    return {metric: Loss(*(float(column[i]) for column in columns)) for i, metric in enumerate(IMPORTANCE_METRICS)}
