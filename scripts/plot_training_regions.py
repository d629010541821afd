"""The figure of scores by the number of regions that train."""

import logging
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pandas as pd
from matplotlib.figure import Figure

from flaredag.artifacts import read_json
from flaredag.errors import InputError
from flaredag.joblog import job_log
from flaredag.plots import write_svg
from flaredag.plots_training import training_regions_figure
from flaredag.score_tables import read_scores
from flaredag.training_regions import regions_that_train

LOG = logging.getLogger("flaredag")


def plot_training_regions(
    scores: pd.DataFrame, index: Mapping[str, Any], settings: Mapping[str, Any], *, mark: str
) -> Figure:
    """The figure of `settings` (name, title, datasets, panels); InputError, with its name, where it cannot be drawn."""
    try:
        regions = {name: regions_that_train(index, name) for name in settings["datasets"]}
        return training_regions_figure(scores, regions, panels=settings["panels"], title=settings["title"], mark=mark)
    except InputError as error:
        raise InputError(f"figure {settings['name']}: {error}") from error


def main(
    scores: str | Path, index: str | Path, figure: str | Path, *, settings: Mapping[str, Any], study: str, mark: str
) -> None:
    """Draw one figure as SVG; `mark` stands in its corner: SIMULATED where the Sun is, else empty."""
    drawn = plot_training_regions(read_scores(scores, study=study), read_json(index), settings, mark=mark)
    write_svg(figure, drawn)
    LOG.info("read %s and %s; drew %s", scores, index, figure)


if __name__ == "__main__":
    with job_log(snakemake.log[0]):
        main(
            snakemake.input.scores,
            snakemake.input.index,
            snakemake.output.figure,
            settings=snakemake.params.settings,
            study=snakemake.params.study,
            mark=snakemake.params.mark,
        )
