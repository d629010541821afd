"""The figure of a feature ranking: skill of each feature of one data set alone, and of the first ones together."""

import logging

import pandas as pd
from matplotlib.figure import Figure

from flaredag.joblog import job_log
from flaredag.plots import write_svg
from flaredag.plots_ranking import ranking_figure
from flaredag.ranking_tables import read_ranking
from flaredag.report_cells import words

LOG = logging.getLogger("flaredag")


def plot_ranking(ranking: pd.DataFrame, *, dataset: str, model: str, mark: str) -> Figure:
    """The figure of one data set; `ranking` as of `flaredag.ranking_tables`."""
    own = ranking.loc[ranking["dataset"] == dataset]
    return ranking_figure(own, title=f"{dataset}: features ranked by {words(model)}", mark=mark)


def main(ranking: str, figure: str, *, dataset: str, model: str, mark: str) -> None:
    """Draw one figure as SVG; `mark` stands in its corner: SIMULATED where the Sun is, else empty."""
    write_svg(figure, plot_ranking(read_ranking(ranking), dataset=dataset, model=model, mark=mark))
    LOG.info("read %s; drew %s", ranking, figure)


if __name__ == "__main__":
    with job_log(snakemake.log[0]):
        main(
            snakemake.input.ranking,
            snakemake.output.figure,
            dataset=snakemake.params.dataset,
            model=snakemake.params.model,
            mark=snakemake.params.mark,
        )
