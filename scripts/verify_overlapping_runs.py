"""Scores over runs that overlap, fits and test samples that lack a fold each, and one model compared with another.

The way of Table 5 of Liu et al. 2019; what it does not tell stands beside it, by resampled regions and rotations.
"""

import logging
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from flaredag.artifacts import write_csv
from flaredag.block_bootstrap import block_weights
from flaredag.errors import InputError
from flaredag.joblog import Progress, job_log
from flaredag.overlapping_run_tables import (
    BLOCK_TESTS,
    RUN_COLUMNS,
    RUN_COMPARISON_COLUMNS,
    WILCOXON,
)
from flaredag.overlapping_runs import (
    Runs,
    block_comparison,
    fits_of_model,
    resampled_fits,
    runs_of_fits,
    signed_rank_test,
)
from flaredag.predictions import read_predictions
from flaredag.study_blocks import StudyBlocks, read_study_blocks

LOG = logging.getLogger("flaredag")


def verify_overlapping_runs(
    predictions: pd.DataFrame,
    blocks: StudyBlocks,
    weights: Mapping[str, Any],
    *,
    folds: int,
    a: str,
    b: str,
    n_thresholds: int,
    level: float,
) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Tables `RUN_COLUMNS` and `RUN_COMPARISON_COLUMNS` of one data set, without its name.

    `predictions` (columns of flaredag.predictions) of the models `a` and `b`; `weights`: how often each of `blocks` is
    drawn, (resample, block), by kind. A row of a score is its mean and standard deviation (n - 1) over the runs. Rows
    of a comparison: the signed-rank test of a against b over the runs, in which `difference` is the mean over them; and
    for each kind of block the difference of the means over the fits on all test samples, with its interval at `level`.
    All p are two-sided. There is no corrected t-test: that of Nadeau & Bengio (2003) is for test samples drawn anew
    from what is not trained on, and here all runs are tested on the same years. Raises InputError as
    `flaredag.overlapping_runs` does.
    """
    rows, runs, values, series = [], [], [], []
    for model in (a, b):
        fits = fits_of_model(predictions, model=model, folds=folds)
        of_model = runs_of_fits(fits, folds=folds, n_thresholds=n_thresholds)
        rows += _rows_of_runs(model, of_model, folds=folds, training_shared=fits.training_shared)
        of_test = {"region": blocks.of_regions(fits.test), "rotation": blocks.of_rotations(fits.test)}
        value, resampled = resampled_fits(fits, of_model, of_test, weights)
        runs.append(of_model)
        values.append(value)
        series.append(resampled)
    compared: list[dict[str, Any]] = []
    for metric, threshold in runs[0].scores:
        named = {"metric": metric, "threshold": threshold, "a": a, "b": b}
        of_runs = [one.scores[metric, threshold].ravel() for one in runs]
        statistic, p = signed_rank_test(*of_runs)
        difference = float(of_runs[0].mean() - of_runs[1].mean())
        told = {"difference": difference, "statistic": statistic, "p": p, "low": np.nan, "high": np.nan}
        compared.append(named | {"test": WILCOXON} | told | {"n": len(of_runs[0])})
        for test, kind in BLOCK_TESTS.items():
            told = block_comparison(
                (values[0], values[1]),
                (series[0], series[1]),
                metric=metric,
                threshold=threshold,
                kind=kind,
                level=level,
            )
            compared.append(named | {"test": test} | told | {"n": len(series[0].blocks[kind])})
    return pd.DataFrame(rows), pd.DataFrame(compared)


def main(
    predictions: Sequence[str | Path],
    datasets: Sequence[str],
    runs: str | Path,
    comparisons: str | Path,
    *,
    asked: Mapping[str, Any],
    settings: Mapping[str, Any],
) -> None:
    """Verify the files `predictions`, of the `datasets` beside them; write both tables (CSV), without rows if none.

    `asked`: `datasets`, the folds of each; `a`, `b` and `n_thresholds`; empty where the study asks for no such runs.
    `settings`: `resamples`, `seed` and `level` of the bootstrap.
    """
    if len(predictions) != len(datasets):
        raise InputError(
            f"{len(predictions)} prediction files for {len(datasets)} data sets; wanted one of each a file."
        )
    tables: list[tuple[pd.DataFrame, pd.DataFrame]] = []
    if asked:
        blocks = read_study_blocks(dict.fromkeys(predictions))
        # As in bound_scores: two draws of one seed would share their stream.
        weights = {
            kind: block_weights(len(of_kind), resamples=settings["resamples"], seed=settings["seed"] + offset)
            for offset, (kind, of_kind) in enumerate((("region", blocks.regions), ("rotation", blocks.rotations)))
        }
        progress = Progress(LOG, "verify overlapping runs", len(asked["datasets"]))
        for dataset, folds in asked["datasets"].items():
            paths = [path for path, name in zip(predictions, datasets, strict=True) if name == dataset]
            if not paths:
                raise InputError(f"no predictions of data set {dataset}. Fit a model on it, or leave it out.")
            read = [_of_models(path, (asked["a"], asked["b"])) for path in paths]
            try:
                verified = verify_overlapping_runs(
                    pd.concat(read, ignore_index=True),
                    blocks,
                    weights,
                    folds=folds,
                    level=settings["level"],
                    **{name: asked[name] for name in ("a", "b", "n_thresholds")},
                )
            except InputError as error:
                raise InputError(f"data set {dataset}: {error}") from error
            tables.append((verified[0].assign(dataset=dataset), verified[1].assign(dataset=dataset)))
            progress.advance()
    for place, (path, columns) in enumerate(((runs, RUN_COLUMNS), (comparisons, RUN_COMPARISON_COLUMNS))):
        of_kind = [pair[place] for pair in tables] or [pd.DataFrame(columns=list(columns))]
        write_csv(path, pd.concat(of_kind, ignore_index=True)[list(columns)], float_format="%.10g")


def _rows_of_runs(model: str, runs: Runs, *, folds: int, training_shared: float) -> list[dict[str, Any]]:
    return [
        {
            "model": model,
            "metric": metric,
            "threshold": threshold,
            "threshold_value": runs.threshold_value[threshold],
            "mean": float(scores.mean()),
            "sd": float(scores.std(ddof=1)),
            "n_runs": scores.size,
            "n_fits": folds,
            "training_shared": training_shared,
            "test_shared": runs.test_shared,
        }
        for (metric, threshold), scores in runs.scores.items()
    ]


def _of_models(path: str | Path, models: Sequence[str]) -> pd.DataFrame:
    table = read_predictions(path)
    LOG.info("read %s: %d predictions", path, len(table))
    return table[table["model"].isin(list(models))]


if __name__ == "__main__":
    with job_log(snakemake.log[0]):
        main(
            snakemake.input.predictions,
            snakemake.params.datasets,
            snakemake.output.runs,
            snakemake.output.comparisons,
            asked=snakemake.params.asked,
            settings=snakemake.params.settings,
        )
