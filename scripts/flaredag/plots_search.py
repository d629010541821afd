"""Figure of a hyperparameter search: the score on the validation splits of one trial after the other, and the best."""

from __future__ import annotations

from typing import TYPE_CHECKING

import matplotlib as mpl
from matplotlib.backends.backend_svg import FigureCanvasSVG
from matplotlib.figure import Figure
from matplotlib.ticker import MaxNLocator

from flaredag.errors import InputError
from flaredag.plots import COLOURS, GREY, STYLE, TEXT_WIDTH_INCHES, add_title
from flaredag.report_cells import words
from flaredag.search_trials import COMPLETE, FAILED, PRUNED, running_best

if TYPE_CHECKING:
    import pandas as pd

HEIGHT_INCHES = 2.6


def search_figure(trials: pd.DataFrame, *, metric: str, title: str, mark: str) -> Figure:
    """Points of the mean score of each trial, those pruned over the splits that they have, and the running best.

    `trials`: as `flaredag.search_trials.read_trials`; the first, the configured settings, has a line of its own. What
    could not be fitted has no score and stands at the foot. Raises InputError where no trial is complete.
    """
    if not (trials["state"] == COMPLETE).any():
        raise InputError(
            f"figure {title!r}: none of {len(trials)} trials is complete; wanted one at least. Delete the table of the "
            "trials to have it made again."
        )
    with mpl.rc_context(STYLE):
        figure = Figure(figsize=(TEXT_WIDTH_INCHES, HEIGHT_INCHES))
        FigureCanvasSVG(figure)
        axes = figure.subplots()
        figure.subplots_adjust(left=0.08, right=0.99, bottom=0.23, top=0.89)
        by_state = {state: own for state, own in trials.groupby("state")}
        complete = by_state[COMPLETE]
        axes.plot(complete["number"], complete["score"], "o", color=COLOURS[0], markersize=3.0, label="all splits")
        if PRUNED in by_state:
            pruned = by_state[PRUNED]
            axes.plot(
                pruned["number"],
                pruned["score"],
                "o",
                color=GREY,
                markerfacecolor="none",
                markersize=3.0,
                label="pruned: mean of the first splits",
            )
        if FAILED in by_state:
            failed = by_state[FAILED]["number"].to_numpy()
            foot = {"transform": axes.get_xaxis_transform(), "clip_on": False}
            axes.plot(failed, [0.0] * len(failed), "x", color=COLOURS[1], markersize=3.5, label="not fitted", **foot)
        best = running_best(trials, metric=metric)
        axes.step(trials["number"], best, where="post", color=COLOURS[1], label="best so far")
        axes.axhline(
            trials["score"].iloc[0], color=COLOURS[2], linewidth=0.8, linestyle=(0, (4, 2)), label="configured settings"
        )
        axes.set(xlabel="trial", ylabel=f"{words(metric)}, validation", xlim=(-0.8, len(trials) - 0.2))
        axes.xaxis.set_major_locator(MaxNLocator(integer=True))
        axes.set_axisbelow(True)
        axes.grid(visible=True, axis="y", color="#E4E4E4", linewidth=0.6)
        figure.legend(loc="lower center", bbox_to_anchor=(0.5, -0.01), ncols=5)
        add_title(figure, title, mark)
    return figure
