"""Calibration and value of the forecasts of chosen series on the test split: points of diagrams, with bounds."""

import logging
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import TypedDict

import numpy as np
import pandas as pd

from flaredag.artifacts import write_csv
from flaredag.block_bootstrap import blocks_of_regions
from flaredag.diagnostics import DECOMPOSITION_COLUMNS, DIAGNOSTIC_COLUMNS, diagnose
from flaredag.errors import InputError
from flaredag.forecast_blocks import REGIONS, Blocks, chosen_blocks, weights_of
from flaredag.joblog import Progress, job_log
from flaredag.predictions import read_predictions

LOG = logging.getLogger("flaredag")

NAMES = ("instrument", "model")


class Series(TypedDict):
    """One model on one data set."""

    dataset: str
    model: str


def diagnose_forecasts(
    forecasts: pd.DataFrame, models: Sequence[str], *, resamples: int, seed: int, level: float
) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Diagnostics and decompositions (less their column `dataset`) of `models` in the order given.

    `forecasts`, of one data set, has the columns of flaredag.predictions; only its test split counts. The samples of
    all seeds of a model are pooled, and a region is one block through all seeds and models, so that models are held
    against each other on the same draws; where there is but one region, the whole disk, stretches of time are blocks
    (`chosen_blocks`). Raises InputError where a model has no test sample.
    """
    tested = forecasts.loc[(forecasts["split"] == "test") & forecasts["model"].isin(list(models))]
    absent = [model for model in models if not (tested["model"] == model).any()]
    if absent:
        found = ", ".join(sorted(forecasts.loc[forecasts["split"] == "test", "model"].astype(str).unique()))
        raise InputError(
            f"no test forecast of {', '.join(absent)}; there are some of {found or 'no model'}. Mend the series, or "
            "predict the test split first."
        )
    regions = blocks_of_regions(tested["instrument"], tested["region"])
    blocks = Blocks(REGIONS, regions, int(regions.max()) + 1) if regions.any() else chosen_blocks(tested)
    weights = weights_of(blocks, resamples=resamples, seed=seed)
    label = tested["label"].to_numpy(dtype=np.int8)
    probability = tested["probability"].to_numpy(dtype=np.float64)
    diagnostics, decompositions = [], []
    for model in models:
        own = (tested["model"] == model).to_numpy()
        points, decomposition = diagnose(label[own], probability[own], blocks.block[own], weights, level=level)
        diagnostics.append(points.assign(model=model))
        decompositions.append({"model": model, "blocks": blocks.kind} | decomposition)
    return pd.concat(diagnostics, ignore_index=True), pd.DataFrame(decompositions)


def forecasts_of_test(paths: Iterable[str]) -> pd.DataFrame:
    """Forecasts on the test split of all files together; names stay categoricals: as texts they would fill memory."""
    parts = [read_predictions(path, splits=["test"]) for path in paths]
    names = {name: sorted({one for part in parts for one in part[name].cat.categories}) for name in NAMES}
    return pd.concat([part.astype({name: pd.CategoricalDtype(of) for name, of in names.items()}) for part in parts])


def main(
    predictions: Sequence[str | Path],
    datasets: Sequence[str],
    diagnostics: str | Path,
    decomposition: str | Path,
    *,
    series: Sequence[Series],
    resamples: int,
    seed: int,
    level: float,
) -> None:
    """Diagnose `series` from the files `predictions`, of the `datasets` beside them; a series may lie in any file."""
    if len(predictions) != len(datasets) or not series:
        raise InputError(
            f"{len(predictions)} prediction files for {len(datasets)} data sets, and {len(series)} series; wanted a "
            "data set a file, and some series."
        )
    models: dict[str, list[str]] = {}
    for one in series:
        models.setdefault(one["dataset"], []).append(one["model"])
    points, decompositions = [], []
    progress = Progress(LOG, "diagnose forecasts", len(models))
    for dataset, own in models.items():
        paths = dict.fromkeys(str(path) for path, name in zip(predictions, datasets, strict=True) if name == dataset)
        if not paths:
            known = ", ".join(dict.fromkeys(datasets))
            raise InputError(f"no prediction file of data set {dataset}; there are files of {known}. Mend the series.")
        forecasts = forecasts_of_test(paths)
        try:
            found, components = diagnose_forecasts(
                forecasts, list(dict.fromkeys(own)), resamples=resamples, seed=seed, level=level
            )
        except InputError as error:
            raise InputError(f"{', '.join(paths)}: data set {dataset}: {error}") from error
        points.append(found.assign(dataset=dataset))
        decompositions.append(components.assign(dataset=dataset))
        n_diagnosed = int(forecasts["model"].isin(own).sum())
        LOG.info("%s: %d test forecasts of %s", dataset, n_diagnosed, ", ".join(own))
        progress.advance()
    write_csv(diagnostics, pd.concat(points)[list(DIAGNOSTIC_COLUMNS)], float_format="%.10g")
    write_csv(decomposition, pd.concat(decompositions)[list(DECOMPOSITION_COLUMNS)], float_format="%.10g")


if __name__ == "__main__":
    with job_log(snakemake.log[0]):
        main(
            snakemake.input.predictions,
            snakemake.params.datasets,
            snakemake.output.diagnostics,
            snakemake.output.decomposition,
            series=snakemake.params.series,
            resamples=snakemake.params.settings["resamples"],
            seed=snakemake.params.settings["seed"],
            level=snakemake.params.settings["level"],
        )
