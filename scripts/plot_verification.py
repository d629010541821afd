"""Figures of verification: one a group of series, as Figures 6 to 8 of Sun et al. 2022, and one over all."""

import logging
from collections.abc import Sequence
from pathlib import Path
from typing import TypedDict

import pandas as pd
from matplotlib.figure import Figure

from flaredag.errors import InputError
from flaredag.joblog import job_log
from flaredag.plots import overview_figure, verification_figure, write_svg
from flaredag.score_tables import read_curves, read_scores

LOG = logging.getLogger("flaredag")


class Series(TypedDict):
    """One model on one data set."""

    dataset: str
    model: str


class Group(TypedDict):
    """The series of one figure."""

    name: str
    title: str
    series: list[Series]


def plot_verification(
    curves: pd.DataFrame, scores: pd.DataFrame, groups: Sequence[Group], *, study: str, mark: str
) -> tuple[list[Figure], Figure]:
    """Draw the figure of each of `groups`, in their order, and the overview of all series of `study`."""
    figures = []
    for group in groups:
        series = [(one["dataset"], one["model"]) for one in group["series"]]
        try:
            figures.append(verification_figure(curves, scores, series, title=group["title"], mark=mark))
        except InputError as error:
            raise InputError(f"figure {group['name']}: {error}") from error
    overview = overview_figure(
        scores, title=f"{study}: true skill statistic of all models, mean and sd over seeds", mark=mark
    )
    return figures, overview


def main(
    curves: str | Path,
    scores: str | Path,
    figures: Sequence[str | Path],
    overview: str | Path,
    settings: Sequence[Group],
    *,
    study: str,
    mark: str,
) -> None:
    """Draw the groups of `settings` into `figures`, and all series of `study` into `overview`; all SVG.

    `mark` stands in the corner of every figure: SIMULATED where the Sun is, else empty.
    """
    if len(figures) != len(settings):
        raise InputError(f"{len(figures)} figure files for {len(settings)} groups of series; wanted one file a group.")
    drawn, drawn_overview = plot_verification(
        read_curves(curves), read_scores(scores, study=study), settings, study=study, mark=mark
    )
    for path, figure in zip(figures, drawn, strict=True):
        write_svg(path, figure)
    write_svg(overview, drawn_overview)
    LOG.info("read %s and %s; drew %d figures and the overview", curves, scores, len(drawn))


if __name__ == "__main__":
    with job_log(snakemake.log[0]):
        main(
            snakemake.input.curves,
            snakemake.input.scores,
            snakemake.output.figures,
            snakemake.output.overview,
            snakemake.params.settings,
            study=snakemake.params.study,
            mark=snakemake.params.mark,
        )
