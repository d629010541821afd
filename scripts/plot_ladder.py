"""The figure of a model on the protocol ladder: TSS, BSS and AUC on each rung, with bounds."""

import logging
from collections.abc import Sequence
from pathlib import Path

import pandas as pd
from matplotlib.figure import Figure

from flaredag.errors import InputError
from flaredag.joblog import job_log
from flaredag.ladder import Ladder, climb, read_intervals
from flaredag.plots import write_svg
from flaredag.plots_ladder import ladder_figure
from flaredag.report_cells import words

LOG = logging.getLogger("flaredag")


def plot_ladder(intervals: pd.DataFrame, ladders: Sequence[Ladder], *, model: str, mark: str) -> Figure:
    """The figure of `model` on `ladders`; `intervals` as of `flaredag.ladder.climb`."""
    title = f"{words(model)} on the protocol ladder"
    try:
        return ladder_figure(climb(intervals, ladders, model), ladders, title=title, mark=mark)
    except InputError as error:
        raise InputError(f"ladder of {model}: {error}") from error


def main(intervals: str | Path, figure: str | Path, *, ladders: Sequence[Ladder], model: str, mark: str) -> None:
    """Draw one figure as SVG; `mark` stands in its corner: SIMULATED where the Sun is, else empty."""
    write_svg(figure, plot_ladder(read_intervals(intervals), ladders, model=model, mark=mark))
    LOG.info("read %s; drew %s", intervals, figure)


if __name__ == "__main__":
    with job_log(snakemake.log[0]):
        main(
            snakemake.input.intervals,
            snakemake.output.figure,
            ladders=snakemake.params.ladders,
            model=snakemake.params.model,
            mark=snakemake.params.mark,
        )
