"""Scores of the test forecasts of a study within each part of each stratum, with intervals by region block."""

import logging
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import pandas as pd

from flaredag.all_clear import ALL_CLEAR_METRICS, ALL_CLEAR_THRESHOLD, all_clear_scores, all_clear_threshold
from flaredag.artifacts import write_csv
from flaredag.block_bootstrap import block_weights, blocks_of_regions, bounds, resampled_scores
from flaredag.errors import InputError
from flaredag.joblog import Progress, job_log
from flaredag.predictions import read_predictions
from flaredag.score_tables import FIXED_THRESHOLD, VALIDATION_THRESHOLD
from flaredag.strata import FEWEST_OF_EACH, STRATA_COLUMNS, read_strata, strata_of_predictions
from flaredag.verification import threshold_of_best_true_skill_statistic

LOG = logging.getLogger("flaredag")
FIGURES = (
    (FIXED_THRESHOLD, "true_skill_statistic"),
    (VALIDATION_THRESHOLD, "true_skill_statistic"),
    ("", "area_under_roc_curve"),
    ("", "brier_skill_score"),
    *((ALL_CLEAR_THRESHOLD, metric) for metric in ALL_CLEAR_METRICS),
)


class SeedForecasts(NamedTuple):
    """Test forecasts of one seed, (sample,); `thresholds`: 0.5, that chosen on validation, that of the all-clear."""

    label: np.ndarray
    probability: np.ndarray
    block: np.ndarray
    strata: pd.DataFrame
    thresholds: np.ndarray


def verify_strata(
    predictions: pd.DataFrame, strata: pd.DataFrame, *, bootstrap: Mapping[str, Any], greatest_missed_share: float
) -> pd.DataFrame:
    """Scores of each model of one data set within each part: columns of STRATA_COLUMNS but study and dataset.

    `predictions` has validation and test splits, `strata` of each of its rows a categorical a stratum. `value` is the
    mean over seeds, `low` and `high` the bounds of this mean by bootstrap of regions, the same regions for all seeds
    and models (`bootstrap`: resamples, seed, level). The reference of the Brier skill score is the event rate of the
    part. The all-clear is that of `flaredag.all_clear`, its threshold chosen on the whole validation split. Where a
    part has fewer than FEWEST_OF_EACH events or others a seed, scores are NaN.
    """
    test = (predictions["split"] == "test").to_numpy()
    if not test.any():
        raise InputError("no prediction of split test; wanted some. Verify predictions of all splits.")
    block = np.full(len(predictions), -1, dtype=np.int64)
    block[test] = blocks_of_regions(predictions.loc[test, "instrument"], predictions.loc[test, "region"])
    drawn = block_weights(int(block.max()) + 1, resamples=bootstrap["resamples"], seed=bootstrap["seed"])
    # The sample itself is the first of its resamples.
    weights = np.concatenate([np.ones_like(drawn[:1]), drawn])
    models = predictions["model"].astype(str)
    rows = []
    for model in sorted(models.unique()):
        seeds = [
            _of_seed(predictions, strata, block, rows_of_seed, greatest_missed_share)
            for _, rows_of_seed in sorted(predictions.groupby(["model", "seed"], observed=True).indices.items())
            if models.iloc[rows_of_seed[0]] == model
        ]
        for stratum in strata.columns:
            for part in strata[stratum].cat.categories:
                of_part = _verified(seeds, stratum, part, weights, level=bootstrap["level"])
                rows += [{"model": model, "stratum": stratum, "part": part} | row for row in of_part]
    return pd.DataFrame(rows)


def main(
    predictions: Sequence[str | Path],
    datasets: Sequence[str],
    strata: str | Path,
    verified: str | Path,
    *,
    study: str,
    models: Sequence[str],
    bootstrap: Mapping[str, Any],
    greatest_missed_share: float,
) -> None:
    """Verify `models` in the files `predictions`, of the `datasets` beside them; those of a data set are joined.

    Without predictions the table has no row.
    """
    if len(predictions) != len(datasets):
        raise InputError(
            f"{len(predictions)} prediction files for {len(datasets)} data sets; wanted one data set a file."
        )
    described = read_strata(strata)
    tables = []
    names = list(dict.fromkeys(datasets))
    progress = Progress(LOG, "verify strata", len(names))
    for name in names:
        forecasts, parts = [], []
        for path in [path for path, dataset in zip(predictions, datasets, strict=True) if dataset == name]:
            table = read_predictions(path, splits=("validation", "test"))
            table = table.loc[table["model"].isin(models)].astype({"instrument": str, "model": str, "split": str})
            forecasts.append(table)
            parts.append(strata_of_predictions(table, described, source=path))
        found = pd.concat(forecasts, ignore_index=True)
        missing = sorted(set(models) - set(found["model"]))
        if missing:
            raise InputError(
                f"data set {name}: no prediction of {', '.join(missing)} in {', '.join(map(str, predictions))}; wanted "
                "each model that the strata are verified for. Mend the study's `strata`."
            )
        of_dataset = verify_strata(
            found,
            pd.concat(parts, ignore_index=True),
            bootstrap=bootstrap,
            greatest_missed_share=greatest_missed_share,
        )
        tables.append(of_dataset.assign(study=study, dataset=name))
        LOG.info("%s: %d predictions of %s", name, len(found), ", ".join(models))
        progress.advance()
    all_rows = pd.concat(tables) if tables else pd.DataFrame(columns=list(STRATA_COLUMNS))
    write_csv(verified, all_rows[list(STRATA_COLUMNS)], float_format="%.10g")


def _of_seed(
    predictions: pd.DataFrame,
    strata: pd.DataFrame,
    block: np.ndarray,
    rows: np.ndarray,
    greatest_missed_share: float,
) -> SeedForecasts:
    """Test forecasts of the `rows` of one model and seed, and the thresholds that its validation forecasts choose."""
    of_seed = predictions.iloc[rows]
    split, label, probability = (of_seed[name].to_numpy() for name in ("split", "label", "probability"))
    validation, test = split == "validation", split == "test"
    chosen = (label[validation], probability[validation])
    thresholds = (
        0.5,
        threshold_of_best_true_skill_statistic(*chosen),
        all_clear_threshold(*chosen, greatest_missed_share=greatest_missed_share),
    )
    return SeedForecasts(
        label[test], probability[test], block[rows[test]], strata.iloc[rows[test]], np.array(thresholds)
    )


def _verified(
    seeds: Sequence[SeedForecasts], stratum: str, part: str, weights: np.ndarray, *, level: float
) -> list[dict[str, Any]]:
    """Rows of one part: a figure each of FIGURES; numbers of samples, events and regions are means over seeds.

    No row where the part has no sample.
    """
    chosen = [(seed.strata[stratum] == part).to_numpy() for seed in seeds]
    n_samples = np.array([rows.sum() for rows in chosen])
    n_events = np.array([seed.label[rows].sum() for seed, rows in zip(seeds, chosen, strict=True)])
    if not n_samples.any():
        return []
    n_regions = np.mean([len(np.unique(seed.block[rows])) for seed, rows in zip(seeds, chosen, strict=True)])
    numbers = {"n_samples": n_samples.mean(), "n_events": n_events.mean(), "n_regions": n_regions}
    if min(n_events.mean(), (n_samples - n_events).mean()) < FEWEST_OF_EACH:
        undefined = dict.fromkeys(("value", "low", "high"), np.nan)
        return [{"threshold": threshold, "metric": metric} | undefined | numbers for threshold, metric in FIGURES]
    scored = [
        _resampled(seed.label[rows], seed.probability[rows], seed.block[rows], weights, seed.thresholds)
        for seed, rows in zip(seeds, chosen, strict=True)
        if rows.any()
    ]
    figures = []
    for threshold, metric in FIGURES:
        mean = _mean_over_seeds(np.stack([of_seed[threshold, metric] for of_seed in scored]))
        low, high = bounds(mean[1:], level=level)
        row = {"threshold": threshold, "metric": metric, "value": mean[0], "low": float(low), "high": float(high)}
        figures.append(row | numbers)
    return figures


def _resampled(
    label: np.ndarray, probability: np.ndarray, block: np.ndarray, weights: np.ndarray, thresholds: np.ndarray
) -> dict[tuple[str, str], np.ndarray]:
    """Figures of one seed, each (resample,), the first of the sample itself."""
    scores = resampled_scores(label, probability, block, weights, thresholds=thresholds)
    n_samples = np.where(scores["n_samples"] > 0, scores["n_samples"], np.nan)
    all_clear = all_clear_scores(
        scores["probability_of_detection"][:, 2],
        scores["probability_of_false_detection"][:, 2],
        scores["n_events"] / n_samples,
    )
    at_threshold = scores["true_skill_statistic"]
    return {
        (FIXED_THRESHOLD, "true_skill_statistic"): at_threshold[:, 0],
        (VALIDATION_THRESHOLD, "true_skill_statistic"): at_threshold[:, 1],
        **{("", metric): scores[metric] for metric in ("area_under_roc_curve", "brier_skill_score")},
        **{(ALL_CLEAR_THRESHOLD, metric): all_clear[metric] for metric in ALL_CLEAR_METRICS},
    }


def _mean_over_seeds(figures: np.ndarray) -> np.ndarray:
    """Mean over the seeds, the first axis, whose figure is defined on the sample itself, the first of (resample,).

    NaN in a resample in which one of them is not, and where none is.
    """
    defined = figures[~np.isnan(figures[:, 0])]
    return defined.mean(axis=0) if len(defined) else np.full(figures.shape[1], np.nan)


if __name__ == "__main__":
    with job_log(snakemake.log[0]):
        main(
            snakemake.input.predictions,
            snakemake.params.datasets,
            snakemake.input.strata,
            snakemake.output.verified,
            study=snakemake.params.study,
            models=snakemake.params.models,
            bootstrap=snakemake.params.bootstrap,
            greatest_missed_share=snakemake.params.greatest_missed_share,
        )
