"""A figure of a feature ranking: skill of each feature of one data set alone, or of the first or last ones together."""

import logging
from collections.abc import Mapping
from typing import Any

import pandas as pd
from matplotlib.figure import Figure

from flaredag.joblog import job_log
from flaredag.plots import write_svg
from flaredag.plots_elimination import elimination_figure, single_features_figure
from flaredag.plots_ranking import ranking_figure
from flaredag.ranking_settings import OF_FIRST_ONES, OF_SINGLE_FEATURES, RankingFigure, orders_of
from flaredag.ranking_tables import read_ranking
from flaredag.report_cells import words

LOG = logging.getLogger("flaredag")


def plot_ranking(ranking: pd.DataFrame, shown: RankingFigure, *, settings: Mapping[str, Any], mark: str) -> Figure:
    """The figure that shows `shown`; `ranking` as of `flaredag.ranking_tables`, `settings` of the study's ranking."""
    orders, dataset = orders_of(settings), shown.dataset
    if shown.kind == OF_FIRST_ONES:
        own = ranking.loc[ranking["dataset"] == dataset]
        (order,) = orders.values()
        return ranking_figure(own, title=f"{dataset}: features ranked by {words(order.model)}", mark=mark)
    if shown.kind == OF_SINGLE_FEATURES:
        title = f"{dataset}: each feature alone"
        return single_features_figure(ranking, orders, dataset=dataset, title=title, mark=mark)
    order = orders[shown.order]
    return elimination_figure(
        ranking,
        order,
        name=shown.order,
        directions=settings["directions"],
        dataset=dataset,
        title=f"{dataset}: features removed in the order of {order.in_words()}",
        mark=mark,
    )


def main(ranking: str, figure: str, *, shown: RankingFigure, settings: Mapping[str, Any], mark: str) -> None:
    """Draw one figure as SVG; `mark` stands in its corner: SIMULATED where the Sun is, else empty."""
    write_svg(figure, plot_ranking(read_ranking(ranking), shown, settings=settings, mark=mark))
    LOG.info("read %s; drew %s", ranking, figure)


if __name__ == "__main__":
    with job_log(snakemake.log[0]):
        main(
            snakemake.input.ranking,
            snakemake.output.figure,
            shown=RankingFigure(**snakemake.params.shown),
            settings=snakemake.params.settings,
            mark=snakemake.params.mark,
        )
