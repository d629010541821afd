"""Figure of a feature ranking: skill of each feature alone, in order, and of the first ones together."""

from __future__ import annotations

from typing import TYPE_CHECKING

import matplotlib as mpl
import numpy as np
from matplotlib.backends.backend_svg import FigureCanvasSVG
from matplotlib.figure import Figure
from matplotlib.lines import Line2D
from matplotlib.patches import Patch

from flaredag.errors import InputError
from flaredag.flare_history import HISTORY_FEATURES
from flaredag.plots import COLOURS, GREY, STYLE, TEXT_WIDTH_INCHES, add_title, drawable
from flaredag.ranking_tables import CUMULATIVE, INDIVIDUAL, PUBLISHED_RANKS, rows_of

if TYPE_CHECKING:
    import pandas as pd
    from matplotlib.axes import Axes

PHYSICAL, HISTORY, TOGETHER = COLOURS[0], COLOURS[5], COLOURS[1]
NAMING_WORDS = {"header": "paper, by header", "true": "by true name"}
# Rows of published ranks above the bars, in parts of the height of the panel.
FIRST_ROW, BETWEEN_ROWS = 1.025, 0.055
LEFT, BELOW_INCHES, ABOVE_INCHES, HEIGHT_INCHES = 0.145, 0.85, 0.62, 3.4


def ranking_figure(ranking: pd.DataFrame, *, title: str, mark: str) -> Figure:
    """Bars of the mean TSS of each feature alone and a line of the mean TSS of the first k together, with sd.

    As Figures 5 to 7 of Liu et al. 2019. `ranking`: rows of one data set (`flaredag.ranking_tables.RANKING_COLUMNS`),
    shown at the threshold that is best on test. Features of flare history have a colour of their own, the greatest
    cumulative mean a ring; numbers above the bars are published ranks, where there are any. Raises InputError without a
    row.
    """
    alone, together = (rows_of(ranking, kind) for kind in (INDIVIDUAL, CUMULATIVE))
    if alone.empty or together.empty or together["k"].max() != len(alone):
        raise InputError(
            f"figure {title!r}: {len(alone)} features alone and {len(together)} rows of first ones together, of which "
            "one should have all; wanted some of both. Delete the table of the ranking to have it made again."
        )
    with mpl.rc_context(STYLE):
        figure = Figure(figsize=(TEXT_WIDTH_INCHES, HEIGHT_INCHES))
        FigureCanvasSVG(figure)
        axes = figure.subplots()
        figure.subplots_adjust(
            left=LEFT, right=0.99, bottom=BELOW_INCHES / HEIGHT_INCHES, top=1.0 - ABOVE_INCHES / HEIGHT_INCHES
        )
        place = np.arange(1, len(alone) + 1)
        of_history = alone["feature"].isin(list(HISTORY_FEATURES)).to_numpy()
        axes.bar(
            place,
            alone["mean"].to_numpy(),
            yerr=drawable(alone["sd"].to_numpy()),
            width=0.72,
            color=np.where(of_history, HISTORY, PHYSICAL),
            error_kw={"elinewidth": 0.7, "ecolor": "#404040"},
        )
        axes.errorbar(
            together["k"].to_numpy(),
            together["mean"].to_numpy(),
            yerr=drawable(together["sd"].to_numpy()),
            color=TOGETHER,
            marker="o",
            markersize=2.2,
            linewidth=1.0,
            elinewidth=0.7,
        )
        best = together.loc[together["mean"].idxmax()]
        axes.plot(best["k"], best["mean"], "o", markersize=6.0, markerfacecolor="none", color=TOGETHER)
        axes.set_xticks(place, [name.upper() for name in alone["feature"]], rotation=60, ha="right", fontsize=5.6)
        axes.tick_params(axis="x", length=0, pad=1.0)
        lowest = min(0.0, float(np.nanmin(alone["mean"] - drawable(alone["sd"].to_numpy()))))
        axes.set(xlim=(0.3, len(alone) + 0.7), ylim=(lowest, 1.0), ylabel="true skill statistic, best on test")
        axes.set_axisbelow(True)
        axes.grid(visible=True, axis="y", color="#E4E4E4", linewidth=0.6)
        _add_published_ranks(axes, alone)
        names = [
            "magnetic parameter alone",
            "flare history alone",
            f"first ones together (ring: best, {best['k']:.0f})",
        ]
        handles = [Patch(color=PHYSICAL), Patch(color=HISTORY), Line2D([], [], color=TOGETHER, marker="o")]
        figure.legend(handles, names, loc="lower center", bbox_to_anchor=(0.5, -0.01), ncols=3)
        add_title(figure, title, mark)
    return figure


def _add_published_ranks(axes: Axes, alone: pd.DataFrame) -> None:
    """Rows of numbers above the bars: the paper's rank of each feature under each naming."""
    for row, (naming, column) in enumerate(PUBLISHED_RANKS.items()):
        ranks = alone[column].to_numpy(dtype=np.float64)
        if np.isnan(ranks).all():
            continue
        height = FIRST_ROW + BETWEEN_ROWS * (len(PUBLISHED_RANKS) - 1 - row)
        look = {"transform": axes.get_xaxis_transform(), "fontsize": 5.6, "color": GREY, "va": "bottom"}
        axes.text(0.1, height, NAMING_WORDS[naming], ha="right", **look)
        for place, rank in enumerate(ranks, 1):
            axes.text(place, height, "\N{EN DASH}" if np.isnan(rank) else f"{rank:.0f}", ha="center", **look)
