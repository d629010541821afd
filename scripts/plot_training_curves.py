"""The figure of the losses and the skill of a training by epoch, a line a seed."""

import logging
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pandas as pd
from matplotlib.figure import Figure

from flaredag.errors import InputError
from flaredag.joblog import job_log
from flaredag.plots import write_svg
from flaredag.plots_training import training_curves_figure
from flaredag.training_curves import read_training_curves

LOG = logging.getLogger("flaredag")


def plot_training_curves(training_curves: pd.DataFrame, settings: Mapping[str, Any], *, mark: str) -> Figure:
    """The figure of `settings` (name, title, dataset, models); InputError, with its name, where it cannot be drawn."""
    try:
        return training_curves_figure(
            training_curves,
            dataset=settings["dataset"],
            models=settings["models"],
            title=settings["title"],
            mark=mark,
        )
    except InputError as error:
        raise InputError(f"figure {settings['name']}: {error}") from error


def main(training_curves: str | Path, figure: str | Path, *, settings: Mapping[str, Any], mark: str) -> None:
    """Draw one figure as SVG; `mark` stands in its corner: SIMULATED where the Sun is, else empty."""
    write_svg(figure, plot_training_curves(read_training_curves(training_curves), settings, mark=mark))
    LOG.info("read %s; drew %s", training_curves, figure)


if __name__ == "__main__":
    with job_log(snakemake.log[0]):
        main(
            snakemake.input.training_curves,
            snakemake.output.figure,
            settings=snakemake.params.settings,
            mark=snakemake.params.mark,
        )
