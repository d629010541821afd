"""Scores of anybody's forecasts, with bounds: of each model and seed, and of the mean over a model's seeds."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import numpy as np
import pandas as pd

from flaredag.block_bootstrap import block_weights, bounds, resampled_scores
from flaredag.errors import InputError
from flaredag.score_tables import (
    CATEGORICAL_METRICS,
    FIXED_THRESHOLD,
    HEIDKE_PROFILE,
    PROBABILISTIC_METRICS,
    RELIABILITY_CURVE,
    ROC_CURVE,
    SKILL_SCORE_PROFILE,
    VALIDATION_THRESHOLD,
)
from flaredag.verification import (
    categorical_scores,
    contingency_table,
    probabilistic_scores,
    reliability_curve,
    roc_curve,
    skill_score_profiles,
    threshold_of_best_true_skill_statistic,
)
from flaredag.verification_settings import N_RELIABILITY_BINS

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from numpy.typing import NDArray

    from flaredag.forecast_blocks import Blocks

    FloatArray = NDArray[np.float64]

# Where no validation split is given: the event rate of the test split itself. Nothing is chosen, but the rate is known
# only afterwards.
EVENT_RATE_THRESHOLD = "event_rate_of_test"
PROFILES = {"true_skill_statistic": SKILL_SCORE_PROFILE, "heidke_skill_score": HEIDKE_PROFILE}
INTERVAL_COLUMNS = (
    "model",
    "threshold",
    "metric",
    "value",
    "sd",
    "n_seeds",
    "blocks",
    "n_blocks",
    "low",
    "high",
    "n_rotations",
    "low_rotation",
    "high_rotation",
)
_MAY_BE_EMPTY = {name: [""] for name in ("value", "sd", "low", "high", "low_rotation", "high_rotation")}


class Series(NamedTuple):
    """Test forecasts of one model and seed; `row` tells which rows of the test split they are, (sample,)."""

    model: str
    seed: int
    row: NDArray[np.int64]
    label: NDArray[np.int8]
    probability: FloatArray
    thresholds: dict[str, float]
    training_event_rate: float


def series_of(forecasts: pd.DataFrame) -> tuple[pd.DataFrame, list[Series]]:
    """Test split of `forecasts` (columns of flaredag.predictions), and its series in the order of model and seed.

    Thresholds: 0.5, and that with the best true skill statistic of the validation split if there is one, else the event
    rate. Raises InputError where a model and seed has no test forecast.
    """
    is_test = (forecasts["split"] == "test").to_numpy()
    row = np.cumsum(is_test) - 1
    label = forecasts["label"].to_numpy(dtype=np.int8)
    probability = forecasts["probability"].to_numpy(dtype=np.float64)
    split = forecasts["split"].astype(str).to_numpy()
    groups = forecasts.groupby(["model", "seed"], observed=True, sort=True).indices
    series = []
    for (model, seed), indices in groups.items():
        of_split = {name: indices[split[indices] == name] for name in ("train", "validation", "test")}
        test, validation, train = (of_split[name] for name in ("test", "validation", "train"))
        if not len(test):
            raise InputError(
                f"model {model}, seed {seed}: no forecast in split test; wanted some of every model and seed."
            )
        if len(validation):
            chosen = threshold_of_best_true_skill_statistic(label[validation], probability[validation])
            thresholds = {FIXED_THRESHOLD: 0.5, VALIDATION_THRESHOLD: chosen}
        else:
            thresholds = {FIXED_THRESHOLD: 0.5, EVENT_RATE_THRESHOLD: float(label[test].mean())}
        rate = float(label[train].mean()) if len(train) else float("nan")
        series.append(Series(str(model), int(seed), row[test], label[test], probability[test], thresholds, rate))
    return forecasts[is_test].reset_index(drop=True), series


def scores_of(series: Sequence[Series], *, reliability_bins: int = N_RELIABILITY_BINS) -> pd.DataFrame:
    """Scores (model, seed, threshold, metric, value) of each series, in their order.

    `reliability_bins`: those over which the components of the Brier score are taken.
    """
    rows = []
    for one in series:
        thresholds = np.array(list(one.thresholds.values()))
        table = contingency_table(one.label, one.probability, thresholds=thresholds)
        categorical = categorical_scores(table) | {"threshold": thresholds}
        for column, name in enumerate(one.thresholds):
            rows += [(one.model, one.seed, name, metric, categorical[metric][column]) for metric in CATEGORICAL_METRICS]
        probabilistic = probabilistic_scores(
            one.label,
            one.probability,
            training_event_rate=one.training_event_rate,
            reliability_bins=reliability_bins,
        )
        rows += [(one.model, one.seed, "", metric, probabilistic[metric]) for metric in PROBABILISTIC_METRICS]
    return pd.DataFrame(rows, columns=["model", "seed", "threshold", "metric", "value"])


def curves_of(series: Sequence[Series], *, reliability_bins: int = N_RELIABILITY_BINS) -> pd.DataFrame:
    """Curves (model, seed, curve, x, y, n) of each series, in their order; `reliability_bins`: of its diagram."""
    parts = []
    for one in series:
        curves = {
            RELIABILITY_CURVE: reliability_curve(one.label, one.probability, reliability_bins=reliability_bins),
            ROC_CURVE: roc_curve(one.label, one.probability),
        }
        profiles = skill_score_profiles(one.label, one.probability, metrics=list(PROFILES))
        curves |= {PROFILES[metric]: profile for metric, profile in profiles.items()}
        parts += [
            pd.DataFrame({"model": one.model, "seed": one.seed, "curve": name} | points._asdict())
            for name, points in curves.items()
        ]
    return pd.concat(parts, ignore_index=True)


def intervals_of(
    series: Sequence[Series],
    scores: pd.DataFrame,
    blocks: Blocks,
    rotations: Blocks | None,
    *,
    resamples: int,
    seed: int,
    level: float,
) -> pd.DataFrame:
    """`INTERVAL_COLUMNS`: mean over the seeds of each score, and its percentile bounds by resampled blocks.

    `low_rotation` and `high_rotation` are those by Carrington rotations. Blocks are drawn alike for all series. NaN
    where there are too few blocks or a score is undefined; counts of samples have no bounds.
    """
    found = {}
    for name, of_kind in (("", blocks), ("_rotation", rotations)):
        if of_kind is not None and of_kind.n > 1:
            weights = block_weights(of_kind.n, resamples=resamples, seed=seed)
            found[name] = _bounds_of_models(series, of_kind, weights, level=level)
    rows = []
    for (model, threshold, metric), values in scores.groupby(["model", "threshold", "metric"], sort=False)["value"]:
        row = {"model": model, "threshold": threshold, "metric": metric, "value": values.mean(skipna=False)}
        row |= {"sd": values.std(ddof=1), "n_seeds": len(values), "blocks": blocks.kind, "n_blocks": blocks.n}
        row["n_rotations"] = rotations.n if rotations else 0
        for suffix in ("", "_rotation"):
            bounds_of_model = found.get(suffix, {}).get((model, threshold, metric), (np.nan, np.nan))
            row[f"low{suffix}"], row[f"high{suffix}"] = bounds_of_model
        rows.append(row)
    return pd.DataFrame(rows, columns=list(INTERVAL_COLUMNS))


def read_intervals(path: str | Path) -> pd.DataFrame:
    """Table with `INTERVAL_COLUMNS`; figures are NaN where undefined. Raises InputError if it is none."""
    texts = ("model", "threshold", "metric", "blocks")
    try:
        table = pd.read_csv(path, dtype=dict.fromkeys(texts, str), keep_default_na=False, na_values=dict(_MAY_BE_EMPTY))
        table = table[list(INTERVAL_COLUMNS)].astype(dict.fromkeys(_MAY_BE_EMPTY, np.float64))
    except (OSError, ValueError, KeyError) as error:
        raise InputError(f"{path}: no table of intervals ({error}). Delete it to have it made again.") from error
    if table.empty:
        raise InputError(f"{path}: holds no row. Delete it to have it made again.")
    return table


def _bounds_of_models(
    series: Sequence[Series], blocks: Blocks, weights: NDArray[np.float32], *, level: float
) -> dict[tuple[str, str, str], tuple[float, float]]:
    found = {}
    for model in dict.fromkeys(one.model for one in series):
        sums: dict[tuple[str, str, str], FloatArray] = {}
        of_model = [one for one in series if one.model == model]
        for one in of_model:
            resampled = resampled_scores(
                one.label,
                one.probability,
                blocks.block[one.row],
                weights,
                thresholds=list(one.thresholds.values()),
                training_event_rate=one.training_event_rate,
            )
            for metric, values in resampled.items():
                at = dict(zip(one.thresholds, values.T, strict=True)) if values.ndim > 1 else {"": values}
                for threshold, of_threshold in at.items():
                    key = (model, threshold, metric)
                    sums[key] = sums.get(key, 0.0) + of_threshold
        for key, total in sums.items():
            if key[2] not in ("n_samples", "n_events"):
                low, high = bounds(total / len(of_model), level=level)
                found[key] = (float(low), float(high))
    return found
