"""Comparisons of anybody's models with the best of them, on the forecasts that both made."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from flaredag.block_bootstrap import block_weights, resampled_scores
from flaredag.comparisons import bootstrap_comparison, diebold_mariano_test, holm
from flaredag.verification import categorical_scores, contingency_table, probabilistic_scores

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from flaredag.forecast_blocks import Blocks
    from flaredag.forecast_scores import Series

COMPARISON_COLUMNS = (
    "metric",
    "a",
    "b",
    "difference",
    "test",
    "statistic",
    "p",
    "p_holm",
    "low",
    "high",
    "detectable_difference",
    "n_samples",
)
BLOCK_BOOTSTRAP, DIEBOLD_MARIANO = "block_bootstrap", "diebold_mariano"
METRICS = ("brier_skill_score", "area_under_roc_curve", "true_skill_statistic")


def compare_with_best(
    test: pd.DataFrame,
    series: Sequence[Series],
    skill: dict[str, float],
    blocks: Blocks,
    *,
    resamples: int,
    seed: int,
    level: float,
) -> pd.DataFrame:
    """`COMPARISON_COLUMNS`: the model of greatest `skill` (a) against each other (b), in the order of skill.

    Differences a - b of scores (true skill statistics at the second threshold of each series), bounded by resampled
    blocks; and by how much a's Brier score is below b's, tested by Diebold & Mariano over issue times (a mean over
    regions and seeds each). Only samples count that both forecast. p is one-sided for a > b, and adjusted over all
    models by Holm, within metric and test. That a is the best of these very forecasts makes p too small.
    """
    models = sorted(skill, key=lambda model: (-np.nan_to_num(skill[model], nan=-np.inf), model))
    if len(models) < 2:  # noqa: PLR2004 (there is no pair)
        return pd.DataFrame(columns=list(COMPARISON_COLUMNS))
    sample = test.groupby(["seed", "instrument", "region", "issue_time"], observed=True, sort=False).ngroup().to_numpy()
    times = test["issue_time"].to_numpy()
    weights = block_weights(blocks.n, resamples=resamples, seed=seed)
    best, rows = models[0], []
    for other in models[1:]:
        a, b = _on_shared_samples(series, best, other, sample)
        if not a:
            continue
        shown = {"a": best, "b": other, "n_samples": sum(len(one.row) for one in a)}
        figures_a, figures_b = _figures(a), _figures(b)
        resampled_a, resampled_b = (_resampled(side, blocks, weights) for side in (a, b))
        for metric in METRICS:
            compared = bootstrap_comparison(
                figures_a[metric] - figures_b[metric], resampled_a[metric] - resampled_b[metric], level=level
            )
            rows.append(shown | {"metric": metric, "test": BLOCK_BOOTSTRAP} | compared._asdict())
        compared = diebold_mariano_test(_losses(a, times), _losses(b, times))
        rows.append(shown | {"metric": "brier_score", "test": DIEBOLD_MARIANO} | compared._asdict())
    table = pd.DataFrame(rows, columns=list(COMPARISON_COLUMNS))
    for _, family in table.groupby(["metric", "test"], sort=False):
        table.loc[family.index, "p_holm"] = holm(family["p"].to_numpy(dtype=np.float64))
    return table


def _on_shared_samples(
    series: Sequence[Series], a: str, b: str, sample: NDArray[np.int64]
) -> tuple[list[Series], list[Series]]:
    """Series of two models, seed by seed, on the samples that both forecast, in the same order."""
    of_b = {one.seed: one for one in series if one.model == b}
    pairs = []
    for one in (one for one in series if one.model == a and one.seed in of_b):
        other = of_b[one.seed]
        _, of_a, of_other = np.intersect1d(sample[one.row], sample[other.row], assume_unique=True, return_indices=True)
        if len(of_a):
            pairs.append((_taken(one, of_a), _taken(other, of_other)))
    return [one for one, _ in pairs], [other for _, other in pairs]


def _taken(one: Series, positions: NDArray[np.int64]) -> Series:
    return one._replace(row=one.row[positions], label=one.label[positions], probability=one.probability[positions])


def _second_threshold(one: Series) -> float:
    return list(one.thresholds.values())[1]


def _figures(side: list[Series]) -> dict[str, float]:
    """Mean over seeds of each metric."""
    figures = []
    for one in side:
        table = contingency_table(one.label, one.probability, thresholds=[_second_threshold(one)])
        of_threshold = float(categorical_scores(table)["true_skill_statistic"][0])
        figures.append(probabilistic_scores(one.label, one.probability) | {"true_skill_statistic": of_threshold})
    return {metric: float(np.mean([each[metric] for each in figures])) for metric in METRICS}


def _resampled(side: list[Series], blocks: Blocks, weights: NDArray[np.float32]) -> dict[str, NDArray[np.float64]]:
    """Mean over seeds of each metric in each resample, (resample,)."""
    total: dict[str, NDArray[np.float64]] = {metric: np.zeros(len(weights)) for metric in METRICS}
    for one in side:
        scores = resampled_scores(
            one.label, one.probability, blocks.block[one.row], weights, thresholds=[_second_threshold(one)]
        )
        for metric in METRICS:
            total[metric] += scores[metric].reshape(len(weights))
    return {metric: summed / len(side) for metric, summed in total.items()}


def _losses(side: list[Series], times: NDArray[np.datetime64]) -> pd.Series:
    """Mean squared error of the forecasts of each issue time."""
    squared = np.concatenate([(one.probability - one.label) ** 2 for one in side])
    at = np.concatenate([times[one.row] for one in side])
    return pd.Series(squared).groupby(at).mean()
