"""A figure of the calibration and value of models on one data set: CORP reliability, economic value, Murphy diagram."""

import logging
from collections.abc import Sequence
from pathlib import Path

import pandas as pd
from matplotlib.figure import Figure

from flaredag.diagnostics import read_decomposition, read_diagnostics
from flaredag.errors import InputError
from flaredag.joblog import job_log
from flaredag.plots import write_svg
from flaredag.plots_diagnostics import diagnostics_figure

LOG = logging.getLogger("flaredag")


def plot_diagnostics(
    diagnostics: pd.DataFrame,
    decomposition: pd.DataFrame,
    *,
    dataset: str,
    models: Sequence[str],
    title: str,
    mark: str,
) -> Figure:
    """The figure of `models` on `dataset`; tables as of flaredag.diagnostics."""
    try:
        series = [(dataset, model) for model in models]
        return diagnostics_figure(diagnostics, decomposition, series, title=title, mark=mark)
    except InputError as error:
        raise InputError(f"diagnostics of {dataset}: {error}") from error


def main(
    diagnostics: str | Path,
    decomposition: str | Path,
    figure: str | Path,
    *,
    dataset: str,
    models: Sequence[str],
    title: str,
    mark: str,
) -> None:
    """Draw one figure as SVG; `mark` stands in its corner: SIMULATED where the Sun is, else empty."""
    drawn = plot_diagnostics(
        read_diagnostics(diagnostics),
        read_decomposition(decomposition),
        dataset=dataset,
        models=models,
        title=title,
        mark=mark,
    )
    write_svg(figure, drawn)
    LOG.info("read %s and %s; drew %s", diagnostics, decomposition, figure)


if __name__ == "__main__":
    with job_log(snakemake.log[0]):
        main(
            snakemake.input.diagnostics,
            snakemake.input.decomposition,
            snakemake.output.figure,
            dataset=snakemake.params.dataset,
            models=snakemake.params.models,
            title=snakemake.params.title,
            mark=snakemake.params.mark,
        )
