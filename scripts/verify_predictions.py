"""Scores and curves of every prediction of a study, on its test split, by one code."""

import logging
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pandas as pd

from flaredag.artifacts import write_csv
from flaredag.errors import InputError
from flaredag.joblog import Progress, job_log
from flaredag.predictions import read_predictions
from flaredag.score_tables import (
    CATEGORICAL_METRICS,
    CURVE_COLUMNS,
    FIXED_THRESHOLD,
    PROBABILISTIC_METRICS,
    RELIABILITY_CURVE,
    ROC_CURVE,
    SCORE_COLUMNS,
    SKILL_SCORE_PROFILE,
    VALIDATION_THRESHOLD,
)
from flaredag.verification import (
    UNDEFINED_BECAUSE,
    categorical_scores,
    contingency_table,
    probabilistic_scores,
    reliability_curve,
    roc_curve,
    skill_score_profile,
    threshold_of_best_true_skill_statistic,
)

LOG = logging.getLogger("flaredag")
CURVES = {
    RELIABILITY_CURVE: reliability_curve,
    ROC_CURVE: roc_curve,
    SKILL_SCORE_PROFILE: skill_score_profile,
}


def verify_predictions(predictions: pd.DataFrame) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Scores (model, seed, threshold, metric, value) and curves (model, seed, curve, x, y, n) of the test split.

    `predictions` has the columns of flaredag.predictions. The validation split only chooses a threshold, the training
    split only gives the event rate of its climatology; without them what hangs on them is NaN. Rows are in the
    order of model, seed and `METRICS`. Raises InputError if a model and seed has no test sample.
    """
    scores, curves = [], []
    for (model, seed), samples in predictions.groupby(["model", "seed"], observed=True, sort=True):
        label = {split: part.to_numpy() for split, part in samples["label"].groupby(samples["split"], observed=True)}
        probability = {
            split: part.to_numpy() for split, part in samples["probability"].groupby(samples["split"], observed=True)
        }
        if "test" not in label:
            raise InputError(
                f"model {model}, seed {seed}: no sample in split test, found {', '.join(label)}. Wanted a test split "
                "in every prediction."
            )
        chosen = (
            threshold_of_best_true_skill_statistic(label["validation"], probability["validation"])
            if "validation" in label
            else float("nan")
        )
        thresholds = np.array([0.5, chosen])
        table = contingency_table(label["test"], probability["test"], thresholds=thresholds)
        categorical = categorical_scores(table) | {"threshold": thresholds}
        for column, threshold in enumerate((FIXED_THRESHOLD, VALIDATION_THRESHOLD)):
            scores += [(model, seed, threshold, metric, categorical[metric][column]) for metric in CATEGORICAL_METRICS]
        probabilistic = probabilistic_scores(
            label["test"],
            probability["test"],
            training_event_rate=float(label["train"].mean()) if "train" in label else float("nan"),
        )
        scores += [(model, seed, "", metric, probabilistic[metric]) for metric in PROBABILISTIC_METRICS]
        for name, curve in CURVES.items():
            points = curve(label["test"], probability["test"])
            curves.append(pd.DataFrame({"model": model, "seed": seed, "curve": name, **points._asdict()}))
    return pd.DataFrame(scores, columns=["model", "seed", "threshold", "metric", "value"]), pd.concat(curves)


def main(
    predictions: Sequence[str | Path],
    datasets: Sequence[str],
    protocols: Sequence[str],
    scores: str | Path,
    curves: str | Path,
    *,
    archive: str,
    study: str,
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
            verified[path] = verify_predictions(table)
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
        )
