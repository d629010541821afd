"""A figure of a stacking ensemble of a study, as Figures 9 to 11 of Sun et al. 2022."""

import logging
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from matplotlib.figure import Figure

from flaredag.ensemble_tables import CRITERION_TITLES, read_weights
from flaredag.errors import InputError
from flaredag.joblog import job_log
from flaredag.level_one import level_one_data, read_learners
from flaredag.plots import write_svg
from flaredag.plots_ensembles import ensemble_boundaries_figure, ensemble_scores_figure, ensemble_weights_figure
from flaredag.report_cells import words
from flaredag.score_tables import read_scores

LOG = logging.getLogger("flaredag")
KINDS = ("ensemble_scores", "ensemble_weights", "ensemble_boundaries")


def plot_ensembles(
    sources: Sequence[str | Path],
    kind: str,
    *,
    ensemble: Mapping[str, Any],
    datasets: Sequence[str],
    seed: int,
    criterion: str,
    study: str,
    mark: str,
) -> Figure:
    """The figure of one of `KINDS` of an `ensemble` as of the rule stack_predictions.

    `sources`: scores of the study, weights, or predictions of the learners on the first of `datasets`, whose `seed` is
    combined by `criterion`. Raises InputError on another kind, or a seed that is not predicted.
    """
    learners = ensemble["learners"]
    if kind == "ensemble_scores":
        (scores,) = sources
        title = f"{study}: base learners and their combinations"
        return ensemble_scores_figure(
            read_scores(scores, study=study), ensemble, datasets=datasets, title=title, mark=mark
        )
    if kind == "ensemble_weights":
        title = f"{study}: weight of {words(learners[0])} by criterion"
        return ensemble_weights_figure(read_weights(sources), ensemble, datasets=datasets, title=title, mark=mark)
    if kind == "ensemble_boundaries":
        predictions = read_learners(sources, learners)
        seeds = sorted(set(predictions["seed"]))
        if seed not in seeds:
            raise InputError(f"no predictions of seed {seed}; there are {', '.join(map(str, seeds))}. Mend the figure.")
        data = level_one_data(predictions, learners, seed=seed)
        names = " and ".join(words(learner) for learner in learners)
        title = f"{study}, {datasets[0]}, seed {seed}: {names} combined by {CRITERION_TITLES[criterion]}"
        return ensemble_boundaries_figure(data, learners, criterion=criterion, title=title, mark=mark)
    raise InputError(f"unknown kind {kind!r}; known are {', '.join(KINDS)}. Mend the figure.")


def main(
    sources: Sequence[str | Path],
    figure: str | Path,
    *,
    kind: str,
    ensemble: Mapping[str, Any],
    datasets: Sequence[str],
    seed: int,
    criterion: str,
    study: str,
    mark: str,
) -> None:
    """Draw one figure as SVG; `mark` stands in its corner: SIMULATED where the Sun is, else empty."""
    try:
        drawn = plot_ensembles(
            sources,
            kind,
            ensemble=ensemble,
            datasets=datasets,
            seed=seed,
            criterion=criterion,
            study=study,
            mark=mark,
        )
    except InputError as error:
        raise InputError(f"figure {kind} of {ensemble['name']}: {error}") from error
    write_svg(figure, drawn)
    LOG.info("read %s; drew %s", ", ".join(map(str, sources)), figure)


if __name__ == "__main__":
    with job_log(snakemake.log[0]):
        main(
            snakemake.input.sources,
            snakemake.output.figure,
            kind=snakemake.params.kind,
            ensemble=snakemake.params.ensemble,
            datasets=snakemake.params.datasets,
            seed=snakemake.params.seed,
            criterion=snakemake.params.criterion,
            study=snakemake.params.study,
            mark=snakemake.params.mark,
        )
