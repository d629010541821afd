"""The figure of a hyperparameter search: the validation score of each trial, and the best so far."""

import logging
from pathlib import Path

import pandas as pd
from matplotlib.figure import Figure

from flaredag.joblog import job_log
from flaredag.plots import write_svg
from flaredag.plots_search import search_figure
from flaredag.report_cells import words
from flaredag.search_trials import read_trials

LOG = logging.getLogger("flaredag")


def plot_search(trials: pd.DataFrame, *, dataset: str, model: str, metric: str, mark: str) -> Figure:
    """The figure of the trials of `model` on `dataset`."""
    return search_figure(trials, metric=metric, title=f"{dataset}: trials of {words(model)}", mark=mark)


def main(trials: str | Path, figure: str | Path, *, dataset: str, model: str, metric: str, mark: str) -> None:
    """Draw one figure as SVG; `mark` stands in its corner: SIMULATED where the Sun is, else empty."""
    drawn = plot_search(read_trials(trials), dataset=dataset, model=model, metric=metric, mark=mark)
    write_svg(figure, drawn)
    LOG.info("read %s; drew %s", trials, figure)


if __name__ == "__main__":
    with job_log(snakemake.log[0]):
        main(
            snakemake.input.trials,
            snakemake.output.figure,
            **snakemake.params.shown,
            mark=snakemake.params.mark,
        )
