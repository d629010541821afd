"""A figure of verification: of a group of series over each other or in rows, or of all of a study in overview.

Over each other they are drawn as in Figures 6 to 8 of Sun et al. 2022, in rows (the kind `profiles`) as in Figures 8 to
10 of Liu et al. 2019.
"""

import logging
from collections.abc import Sequence
from pathlib import Path
from typing import NotRequired, TypedDict

import pandas as pd
from matplotlib.figure import Figure

from flaredag.calibration_names import is_calibrated
from flaredag.errors import InputError
from flaredag.joblog import job_log
from flaredag.plots import overview_figure, verification_figure, write_svg
from flaredag.plots_profiles import profiles_figure
from flaredag.score_tables import read_curves, read_scores
from flaredag.verification_settings import PROFILES, profiles_threshold

LOG = logging.getLogger("flaredag")


class Series(TypedDict):
    """One model on one data set."""

    dataset: str
    model: str


class Group(TypedDict):
    """The series of one figure, its kind, and the threshold that is marked in one of the kind `profiles`."""

    name: str
    title: str
    series: list[Series]
    kind: NotRequired[str]
    threshold: NotRequired[str]


def plot_verification(
    curves: pd.DataFrame,
    scores: pd.DataFrame,
    group: Group | None,
    *,
    study: str,
    mark: str,
    left_out: Sequence[str],
    in_training_folds: Sequence[str],
) -> Figure:
    """The figure of the series of `group`; without a group, the overview of all of `study`.

    The overview has neither the models `left_out` nor calibrated forecasts, and no data sets `in_training_folds`, as it
    is over seeds.
    """
    if group is None:
        calibrated = scores["model"].map(is_calibrated).astype(bool)
        scores = scores[~calibrated & ~scores["model"].isin(list(left_out))]
        scores = scores[~scores["dataset"].isin(list(in_training_folds))]
        title = f"{study}: true skill statistic of all models, mean and sd over seeds"
        return overview_figure(scores, title=title, mark=mark)
    series = [(one["dataset"], one["model"]) for one in group["series"]]
    try:
        if group.get("kind") == PROFILES:
            at = profiles_threshold(group)
            return profiles_figure(curves, scores, series, threshold=at, title=group["title"], mark=mark)
        return verification_figure(curves, scores, series, title=group["title"], mark=mark)
    except InputError as error:
        raise InputError(f"figure {group['name']}: {error}") from error


def main(
    curves: str | Path,
    scores: str | Path,
    figure: str | Path,
    *,
    group: Group | None,
    study: str,
    mark: str,
    left_out: Sequence[str],
    in_training_folds: Sequence[str],
) -> None:
    """Draw one figure as SVG; `mark` stands in its corner: SIMULATED where the Sun is, else empty."""
    drawn = plot_verification(
        read_curves(curves),
        read_scores(scores, study=study),
        group,
        study=study,
        mark=mark,
        left_out=left_out,
        in_training_folds=in_training_folds,
    )
    write_svg(figure, drawn)
    LOG.info("read %s and %s; drew %s", curves, scores, figure)


if __name__ == "__main__":
    with job_log(snakemake.log[0]):
        main(
            snakemake.input.curves,
            snakemake.input.scores,
            snakemake.output.figure,
            group=snakemake.params.group,
            study=snakemake.params.study,
            mark=snakemake.params.mark,
            left_out=snakemake.params.left_out,
            in_training_folds=snakemake.params.in_training_folds,
        )
