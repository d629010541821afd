"""Runs that overlap: fits that lack one training fold each, scored on test samples that lack one test fold each.

The scheme of Table 5 of Liu et al. 2019 (section 4.2): run (i, j) is the fit without training fold i, scored on all
test samples but those of test fold j. With N folds there are N fits and N x N runs. Two runs share most of what they
were trained on and most of what they are scored on, and all are of the same regions and years, so their spread tells
how much hangs on a tenth of the samples, not how well the model will do on other regions: that is what resampled
regions are for (`flaredag.block_bootstrap`).

Sums over all folds but one are what a block bootstrap sums where each test fold is a block, drawn once, and one is
not drawn: so the scores of runs are those of `flaredag.block_bootstrap.resampled_scores`.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import numpy as np
import pandas as pd
from scipy.stats import wilcoxon

from flaredag.block_bootstrap import resampled_scores
from flaredag.comparisons import ROUNDING, bootstrap_comparison
from flaredag.errors import InputError
from flaredag.forecast_scores import Series, scores_of
from flaredag.overlapping_run_tables import RUN_METRICS
from flaredag.resampled_series import FIGURES, ResampledSeries, resampled_figures
from flaredag.sample_folds import TEST, sample_folds
from flaredag.score_tables import FIXED_THRESHOLD, TEST_THRESHOLD, TOLD_CATEGORICAL, VALIDATION_THRESHOLD
from flaredag.verification import threshold_of_best_true_skill_statistic

if TYPE_CHECKING:
    from collections.abc import Mapping

    from numpy.typing import NDArray

    FloatArray = NDArray[np.float64]

SAMPLE = ["instrument", "region", "issue_time"]
NAN = float("nan")


class FoldFits(NamedTuple):
    """Forecasts of one model by its fits, in the order of the training fold that each lacks.

    `test`: the test samples, the same for all fits, columns of flaredag.predictions; `probability` (fit, sample);
    `validation_threshold` (fit,): that with the best true skill statistic of the fit's validation split;
    `training_event_rate` (fit,); `training_shared`: share of the training samples of a fit that another has too, mean
    over pairs.
    """

    model: str
    test: pd.DataFrame
    probability: FloatArray
    validation_threshold: FloatArray
    training_event_rate: FloatArray
    training_shared: float


class Runs(NamedTuple):
    """Scores of all runs of one model, (fit, fold), by metric and threshold (empty where it needs none).

    `threshold_value` by threshold: of that chosen on validation the mean over the fits. `test_shared`: share of the
    test samples of a run that one on another fold has too, mean over pairs.
    """

    scores: dict[tuple[str, str], FloatArray]
    threshold_value: dict[str, float]
    test_shared: float


def fits_of_model(predictions: pd.DataFrame, *, model: str, folds: int) -> FoldFits:
    """The fits of `model`, one a fold, from `predictions` (columns of flaredag.predictions) of one data set.

    Raises InputError where the seeds are not the folds, a split is missing, or fits are tested on other samples.
    """
    own = predictions[predictions["model"] == model]
    found = sorted(own["seed"].unique().tolist())
    if found != list(range(folds)):
        raise InputError(
            f"{model}: fits of {', '.join(map(str, found)) or 'no seed'}; wanted one for each of the {folds} training "
            "folds that is left out, 0 and on. Name a data set with `training_folds`, and a model fitted on it."
        )
    parts = {split: [each for _, each in part.groupby("seed")] for split, part in own.groupby("split", observed=True)}
    short = [split for split in ("train", "validation", "test") if len(parts.get(split, ())) != folds]
    if short:
        raise InputError(f"{model}: not every fit has samples of {', '.join(short)}. Delete the fits and make them.")
    test = parts["test"][0].reset_index(drop=True)
    for fold, other in enumerate(parts["test"]):
        columns = ((part[name].to_numpy() for part in (test, other)) for name in (*SAMPLE, "label"))
        if not all(np.array_equal(*pair) for pair in columns):
            raise InputError(
                f"{model}: the fit without training fold {fold} is tested on other samples than that without fold 0; "
                "wanted the same for all. Leave the test split of the data set as it is (`undersampled`)."
            )
    return FoldFits(
        model=model,
        test=test,
        probability=np.stack([part["probability"].to_numpy(dtype=np.float64) for part in parts["test"]]),
        validation_threshold=np.array(
            [
                threshold_of_best_true_skill_statistic(
                    part["label"].to_numpy(dtype=np.int8), part["probability"].to_numpy(dtype=np.float64)
                )
                for part in parts["validation"]
            ]
        ),
        training_event_rate=np.array([part["label"].mean() for part in parts["train"]]),
        training_shared=_shared_by_fits(own[own["split"] == "train"], folds),
    )


def runs_of_fits(fits: FoldFits, *, folds: int, n_thresholds: int) -> Runs:
    """Scores `RUN_METRICS` of all runs of `fits`, on `folds` test folds.

    At two thresholds: `best_on_test` is that of `n_thresholds` equally far apart from 0 to 1 at which the mean true
    skill statistic of all runs is greatest, one for all of them (the paper's way; of equal ones the nearest to 0.5,
    then the lower); `validation` is each fit's own, chosen on its validation split. An event is forecast above the
    threshold, strictly, where the paper forecasts it at the threshold too. Raises InputError where there are fewer
    test samples of a class than folds.
    """
    label = fits.test["label"].to_numpy(dtype=np.int8)
    fold = sample_folds(
        label,
        pd.Categorical(fits.test["instrument"].astype(str)).codes,
        fits.test["region"].to_numpy(),
        fits.test["issue_time"].to_numpy(),
        folds=folds,
        purpose=TEST,
        where=f"test split of {fits.model}",
    )
    all_but_one = 1.0 - np.eye(folds)
    grid = np.linspace(0.0, 1.0, n_thresholds)
    parts = [
        resampled_scores(label, probability, fold, all_but_one, thresholds=np.append(grid, own))
        for probability, own in zip(fits.probability, fits.validation_threshold, strict=True)
    ]
    scored = {metric: np.stack([part[metric] for part in parts]) for metric in RUN_METRICS}
    mean = scored["true_skill_statistic"][..., :n_thresholds].mean(axis=(0, 1))
    best = np.flatnonzero(mean >= mean.max() - ROUNDING)
    chosen = int(best[np.lexsort((grid[best], np.abs(grid[best] - 0.5)))[0]])
    scores: dict[tuple[str, str], FloatArray] = {}
    for metric, values in scored.items():
        if metric in TOLD_CATEGORICAL:
            scores[metric, TEST_THRESHOLD] = values[..., chosen]
            scores[metric, VALIDATION_THRESHOLD] = values[..., n_thresholds]
        else:
            scores[metric, ""] = values
    at = {TEST_THRESHOLD: float(grid[chosen]), VALIDATION_THRESHOLD: float(fits.validation_threshold.mean()), "": NAN}
    size = np.bincount(fold, minlength=folds)
    remains = len(fold) - size
    # (one run, another): what both lack is not in the first; on the diagonal it is lacking once.
    shares = (remains[:, np.newaxis] - size) / remains[:, np.newaxis]
    return Runs(scores, at, float(shares[~np.eye(folds, dtype=bool)].mean()))


def resampled_fits(
    fits: FoldFits, runs: Runs, blocks: Mapping[str, NDArray[np.int64]], weights: Mapping[str, NDArray[np.float32]]
) -> tuple[pd.Series, ResampledSeries]:
    """Scores of the fits on all test samples, mean by (metric, threshold), and the same resampled by blocks.

    At the thresholds of `runs`. `blocks`: of each test sample, (sample,), by kind; `weights`: how often each is drawn.
    """
    test = fits.test.assign(**blocks)
    series, scores = ResampledSeries(), []
    for fit, probability in enumerate(fits.probability):
        one = Series(
            model=fits.model,
            seed=fit,
            row=np.arange(len(test)),
            label=test["label"].to_numpy(dtype=np.int8),
            probability=probability,
            thresholds={
                FIXED_THRESHOLD: 0.5,
                VALIDATION_THRESHOLD: float(fits.validation_threshold[fit]),
                TEST_THRESHOLD: runs.threshold_value[TEST_THRESHOLD],
            },
            training_event_rate=float(fits.training_event_rate[fit]),
        )
        figures = scores_of([one]).set_index(["metric", "threshold"])["value"]
        own = test.assign(probability=probability)
        series.add(own, figures, resampled_figures(own, figures, weights, event_rate=one.training_event_rate))
        scores.append(figures)
    return sum(scores[1:], start=scores[0]) / len(scores), series


def signed_rank_test(a: FloatArray, b: FloatArray) -> tuple[float, float]:
    """Statistic and two-sided p of the signed-rank test (Wilcoxon 1945) of paired figures, (run,) each.

    Pairs without a difference are left out; p is 1 if all are. Both are NaN where a figure is undefined. The test takes
    the pairs for independent draws, which overlapping runs are not.
    """
    difference = np.asarray(a, dtype=np.float64) - np.asarray(b, dtype=np.float64)
    if np.isnan(difference).any():
        return NAN, NAN
    difference[np.abs(difference) < ROUNDING] = 0.0
    if not difference.any():
        return 0.0, 1.0
    found = wilcoxon(difference)
    return float(found.statistic), float(found.pvalue)


def block_comparison(
    values: tuple[pd.Series, pd.Series],
    resampled: tuple[ResampledSeries, ResampledSeries],
    *,
    metric: str,
    threshold: str,
    kind: str,
    level: float,
) -> dict[str, float]:
    """Difference a - b of the means over fits, its interval at `level` by resampled blocks of a `kind`, two-sided p.

    p is twice the smaller of the two one-sided ones (`flaredag.comparisons.bootstrap_comparison`), at most 1; NaN, as
    is the interval, where there is but one block or a figure is undefined.
    """
    place = FIGURES.index((metric, threshold))
    difference = float(values[0][metric, threshold] - values[1][metric, threshold])
    drawn = resampled[0].means(kind)[:, place] - resampled[1].means(kind)[:, place]
    above, below = (bootstrap_comparison(sign * difference, sign * drawn, level=level) for sign in (1.0, -1.0))
    p = float(np.minimum(1.0, 2.0 * np.minimum(above.p, below.p)))
    return {"difference": difference, "statistic": NAN, "p": p, "low": above.low, "high": above.high}


def _shared_by_fits(train: pd.DataFrame, folds: int) -> float:
    """Share of the training samples of a fit that another has too, mean over pairs of fits."""
    sample = train.groupby(SAMPLE, observed=True, sort=False).ngroup().to_numpy()
    has = np.zeros((folds, int(sample.max()) + 1))
    has[train["seed"].to_numpy(), sample] = 1.0
    both = has @ has.T
    shares = both / both.diagonal()[:, np.newaxis]
    return float(shares[~np.eye(folds, dtype=bool)].mean())
