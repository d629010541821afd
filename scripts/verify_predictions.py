"""Scores and curves of every prediction of a study, on its test split, by one code."""

import logging
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pandas as pd

from flaredag.artifacts import write_csv
from flaredag.errors import InputError
from flaredag.forecast_scores import Series, curves_of, scores_of
from flaredag.joblog import Progress, job_log
from flaredag.predictions import read_predictions
from flaredag.score_tables import (
    CURVE_COLUMNS,
    FIXED_THRESHOLD,
    SCORE_COLUMNS,
    TEST_THRESHOLD,
    VALIDATION_THRESHOLD,
)
from flaredag.verification import UNDEFINED_BECAUSE, threshold_of_best_true_skill_statistic
from flaredag.verification_settings import N_RELIABILITY_BINS

LOG = logging.getLogger("flaredag")


def verify_predictions(
    predictions: pd.DataFrame, *, reliability_bins: int = N_RELIABILITY_BINS
) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Scores (model, seed, threshold, metric, value) and curves (model, seed, curve, x, y, n) of the test split.

    `predictions` has the columns of flaredag.predictions. The validation split only chooses a threshold, the training
    split only gives the event rate of its climatology; without them what hangs on them is NaN. The threshold that is
    best on the test split itself is a leak, scored to be priced. `reliability_bins`: those of the reliability diagram
    and of the components of the Brier score. Rows are in the order of model, seed and `METRICS`. Raises InputError if
    a model and seed has no test sample.
    """
    series = []
    for (model, seed), samples in predictions.groupby(["model", "seed"], observed=True, sort=True):
        label, probability = (
            {split: part.to_numpy() for split, part in samples[name].groupby(samples["split"], observed=True)}
            for name in ("label", "probability")
        )
        if "test" not in label:
            raise InputError(
                f"model {model}, seed {seed}: no sample in split test, found {', '.join(label)}. Wanted a test split "
                "in every prediction."
            )
        best = {
            split: threshold_of_best_true_skill_statistic(label[split], probability[split])
            for split in ("validation", "test")
            if split in label
        }
        series.append(
            Series(
                model=model,
                seed=seed,
                row=np.flatnonzero((samples["split"] == "test").to_numpy()),
                label=label["test"],
                probability=probability["test"],
                thresholds={
                    FIXED_THRESHOLD: 0.5,
                    VALIDATION_THRESHOLD: best.get("validation", float("nan")),
                    TEST_THRESHOLD: best["test"],
                },
                training_event_rate=float(label["train"].mean()) if "train" in label else float("nan"),
            )
        )
    return scores_of(series, reliability_bins=reliability_bins), curves_of(series, reliability_bins=reliability_bins)


def main(
    predictions: Sequence[str | Path],
    datasets: Sequence[str],
    protocols: Sequence[str],
    scores: str | Path,
    curves: str | Path,
    *,
    archive: str,
    study: str,
    reliability_bins: int = N_RELIABILITY_BINS,
) -> None:
    """Verify the files `predictions`, of the `datasets` and `protocols` beside them. Each file is read once."""
    if not len(predictions) == len(datasets) == len(protocols) or not predictions:
        raise InputError(
            f"{len(predictions)} prediction files for {len(datasets)} data sets and {len(protocols)} protocols; wanted "
            "one of each a file, and some."
        )
    paths = [str(path) for path in predictions]
    verified: dict[str, tuple[pd.DataFrame, pd.DataFrame]] = {}
    progress = Progress(LOG, "verify predictions", len(set(paths)))
    for path in dict.fromkeys(paths):
        table = read_predictions(path)
        try:
            verified[path] = verify_predictions(table, reliability_bins=reliability_bins)
        except InputError as error:
            raise InputError(f"{path}: {error}") from error
        n_series = len(table[["model", "seed"]].drop_duplicates())
        LOG.info("read %s: %d predictions, %d series of a model and seed", path, len(table), n_series)
        progress.advance()
    score_tables = [
        verified[path][0].assign(dataset=name, protocol=protocol)
        for path, name, protocol in zip(paths, datasets, protocols, strict=True)
    ]
    curve_tables = [verified[path][1].assign(dataset=name) for path, name in zip(paths, datasets, strict=True)]
    all_scores = pd.concat(score_tables, ignore_index=True).assign(archive=archive, study=study)
    _refuse_series_in_two_files(all_scores)
    _warn_of_undefined(all_scores)
    write_csv(scores, all_scores[list(SCORE_COLUMNS)], float_format="%.10g")
    write_csv(curves, pd.concat(curve_tables)[list(CURVE_COLUMNS)])


def _refuse_series_in_two_files(scores: pd.DataFrame) -> None:
    duplicated = scores.duplicated(["dataset", "model", "seed", "threshold", "metric"])
    if duplicated.any():
        first = scores[duplicated].iloc[0]
        raise InputError(
            f"data set {first['dataset']}: model {first['model']}, seed {first['seed']} is in two prediction files; "
            "wanted in one. Name each file once for a data set."
        )


def _warn_of_undefined(scores: pd.DataFrame) -> None:
    """One warning a metric; what is undefined for want of a threshold is told once, as `threshold`."""
    series = scores["dataset"] + " " + scores["model"].astype(str)
    undefined = scores["value"].isna()
    key = pd.MultiIndex.from_frame(scores[["dataset", "model", "seed", "threshold"]])
    without_threshold = key.isin(key[undefined & (scores["metric"] == "threshold")])
    undefined &= ~without_threshold | (scores["metric"] == "threshold")
    for metric, threshold in scores.loc[undefined, ["metric", "threshold"]].drop_duplicates().itertuples(index=False):
        rows = (scores["metric"] == metric) & (scores["threshold"] == threshold)
        LOG.warning(
            "%s%s: %d of %d figures are undefined (%s): %s",
            metric,
            f" ({threshold})" if threshold else "",
            (rows & undefined).sum(),
            rows.sum(),
            UNDEFINED_BECAUSE[metric],
            ", ".join(series[rows & undefined].drop_duplicates()),
        )


if __name__ == "__main__":
    with job_log(snakemake.log[0]):
        main(
            snakemake.input.predictions,
            snakemake.params.datasets,
            snakemake.params.protocols,
            snakemake.output.scores,
            snakemake.output.curves,
            archive=snakemake.params.archive,
            study=snakemake.params.study,
            reliability_bins=snakemake.params.reliability_bins,
        )
