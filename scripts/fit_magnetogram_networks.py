"""Fit neural networks on the magnetograms of one data set, a batch of seeds; predict every split."""

from collections.abc import Mapping, Sequence
from typing import Any

import pandas as pd

from flaredag.cubes import cube_stem
from flaredag.fitting import dataset_of, fit_batch, write_batch
from flaredag.joblog import job_log
from flaredag.models import FittedModel, cnn


def fit_magnetogram_networks(
    windows: str, datasets: str, index: str, cubes: Sequence[str], *, made_from: Mapping[str, Any]
) -> tuple[pd.DataFrame, dict[str, FittedModel]]:
    """Predictions on every split and seed of the networks that `made_from` names, and the fits by "model/seed"."""
    return fit_batch(
        windows,
        datasets,
        index,
        dataset=dataset_of(index, made_from["datasets"]),
        seeds=made_from["seeds"],
        settings=made_from["models"],
        # One architecture in several settings.
        models=dict.fromkeys(made_from["models"], cnn),
        cubes={cube_stem(path): path for path in cubes},
    )


def main(
    windows: str,
    datasets: str,
    index: str,
    cubes: Sequence[str],
    outputs: Mapping[str, str],
    *,
    made_from: Mapping[str, Any],
) -> None:
    """Read windows, datasets, index and cubes; write predictions, checkpoint and provenance."""
    write_batch(
        fit_magnetogram_networks(windows, datasets, index, cubes, made_from=made_from), **outputs, made_from=made_from
    )


if __name__ == "__main__":
    with job_log(snakemake.log[0]):
        main(
            snakemake.input.windows,
            snakemake.input.datasets,
            snakemake.input.index,
            list(snakemake.input.cubes),
            dict(snakemake.output.items()),
            made_from=snakemake.params.made_from,
        )
