"""The figure of permutation importance of a data set: what each model loses without each group of features."""

import logging
from pathlib import Path

import pandas as pd
from matplotlib.figure import Figure

from flaredag.errors import InputError
from flaredag.importance_tables import read_importance
from flaredag.joblog import job_log
from flaredag.plots import write_svg
from flaredag.plots_importance import importance_figure

LOG = logging.getLogger("flaredag")


def plot_importance(importance: pd.DataFrame, *, dataset: str, study: str, mark: str) -> Figure:
    """The figure of `dataset`; InputError where `importance` holds nothing of it."""
    lost = importance.loc[importance["dataset"] == dataset]
    if lost.empty:
        named = ", ".join(importance["dataset"].unique()) or "none"
        raise InputError(
            f"importance of {dataset}: no row; there are some of {named}. Delete the table to make it anew."
        )
    return importance_figure(lost, title=f"{study}: permutation importance on {dataset}", mark=mark)


def main(importance: str | Path, figure: str | Path, *, dataset: str, study: str, mark: str) -> None:
    """Draw one figure as SVG; `mark` stands in its corner: SIMULATED where the Sun is, else empty."""
    write_svg(figure, plot_importance(read_importance(importance), dataset=dataset, study=study, mark=mark))
    LOG.info("read %s; drew %s", importance, figure)


if __name__ == "__main__":
    with job_log(snakemake.log[0]):
        main(
            snakemake.input.importance,
            snakemake.output.figure,
            dataset=snakemake.params.dataset,
            study=snakemake.params.study,
            mark=snakemake.params.mark,
        )
