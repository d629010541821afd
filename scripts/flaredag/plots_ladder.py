"""Figure of the protocol ladder: a model's skill from rung to rung, with bounds."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

import matplotlib as mpl
import numpy as np
from matplotlib.backends.backend_svg import FigureCanvasSVG
from matplotlib.figure import Figure
from matplotlib.lines import Line2D

from flaredag.errors import InputError
from flaredag.ladder import AUC, BSS, RUNGS, TSS, leading
from flaredag.plots import COLOURS, GREY, MARKERS, REFERENCE_LINE, STYLE, TEXT_WIDTH_INCHES, add_title
from flaredag.report_cells import number

if TYPE_CHECKING:
    from collections.abc import Sequence

    import pandas as pd
    from matplotlib.axes import Axes
    from numpy.typing import NDArray

    from flaredag.ladder import Ladder

# The ladders stand side by side on a rung, and a hollow point beside its filled one: in rungs, and in their distance.
DODGE_OVER_ALL, DODGE_BETWEEN_TWO = 0.72, 0.28
DODGE_OF_HOLLOW = 0.45
# Numbers at arrows stand in steps, so that they do not overlap.
STEP_POINTS, FIRST_STEP_POINTS, N_STEPS = 13.0, 4.0, 3
LOWEST_SHOWN = -1.0


class Panel(NamedTuple):
    """One panel: its score, what its axis says, the value without skill, and what its points are."""

    metric: str
    label: str
    no_skill: float
    explanation: str


class Look(NamedTuple):
    """How a ladder is told from others; `step` is that of its numbers at arrows."""

    colour: str
    marker: str
    step: int


PANELS = (
    Panel(TSS, "TSS", 0.0, "threshold 0.5 (a, b, hollow) or of validation"),
    Panel(BSS, "BSS", 0.0, "shifted to the natural rate; hollow: as issued"),
    Panel(AUC, "AUC", 0.5, "dashed in all: no skill"),
)


def ladder_figure(climbed: pd.DataFrame, ladders: Sequence[Ladder], *, title: str, mark: str) -> Figure:
    """TSS, BSS and AUC of one model, a panel each, on every rung of each of `ladders`, with region-block bounds.

    `climbed` is of flaredag.ladder.climb. Filled points, joined by a line, are the scores of `leading`; hollow ones
    the same without a chosen threshold or shifted forecasts. What falls below -1 stands as an arrow on the lower edge,
    with its number. A rung that a ladder lacks is a gap. Raises InputError on no ladder or more than colours.
    """
    if not 1 <= len(ladders) <= len(COLOURS):
        raise InputError(
            f"figure {title!r} has {len(ladders)} ladders; wanted 1 to {len(COLOURS)}, which can be told apart."
        )
    with mpl.rc_context(STYLE):
        legend_height = 0.12 + 0.14 * -(-len(ladders) // 3)
        height = 2.95 + legend_height
        figure = Figure(figsize=(TEXT_WIDTH_INCHES, height))
        FigureCanvasSVG(figure)
        panels = figure.subplots(1, len(PANELS))
        figure.subplots_adjust(
            left=0.065, right=0.99, bottom=(0.62 + legend_height) / height, top=1.0 - 0.56 / height, wspace=0.24
        )
        for axes, panel in zip(panels, PANELS, strict=True):
            axes.axhline(panel.no_skill, **REFERENCE_LINE)
            lowest = _lowest_shown(climbed, panel)
            for position, ladder in enumerate(ladders):
                distance = min(DODGE_BETWEEN_TWO, DODGE_OVER_ALL / len(ladders))
                look = Look(COLOURS[position], MARKERS[position], position % N_STEPS)
                first = -distance * (len(ladders) - 1 + DODGE_OF_HOLLOW) / 2
                dodge = (first + distance * position, first + distance * (position + DODGE_OF_HOLLOW))
                own = climbed.loc[(climbed["ladder"] == ladder["name"]) & (climbed["metric"] == panel.metric)]
                _draw_ladder(axes, own, panel.metric, dodge=dodge, look=look, lowest=lowest)
            _finish(axes, panel, lowest=lowest)
        figure.legend(
            [
                Line2D([], [], color=COLOURS[position], marker=MARKERS[position], markersize=3.2)
                for position in range(len(ladders))
            ],
            [ladder["title"] for ladder in ladders],
            loc="lower center",
            bbox_to_anchor=(0.5, 0.0),
            ncols=min(len(ladders), 3),
        )
        add_title(figure, title, mark)
    return figure


def _lowest_shown(climbed: pd.DataFrame, panel: Panel) -> float:
    """Lower edge of a panel: below all bounds, the value without skill among them, but not far below -1."""
    rows = climbed.loc[climbed["metric"] == panel.metric]
    figures = rows[["value", "low"]].to_numpy(dtype=np.float64)
    least = min(float(np.nanmin(figures)) if np.isfinite(figures).any() else 0.0, panel.no_skill)
    return max(least - 0.04, LOWEST_SHOWN)


def _draw_ladder(
    axes: Axes, rows: pd.DataFrame, metric: str, *, dodge: tuple[float, float], look: Look, lowest: float
) -> None:
    """One ladder in one panel: `rows` are its scores of the metric; `dodge` is of filled and of hollow points."""
    if rows.empty:
        return
    chosen = leading(rows, metric)
    place = {rung: position for position, rung in enumerate(RUNGS)}
    path = np.full(len(RUNGS), np.nan)
    path[chosen["rung"].map(place).to_numpy(dtype=np.int64)] = chosen["value"]
    axes.plot(np.arange(len(RUNGS)) + dodge[0], path, color=look.colour, linewidth=0.9)
    for points, shift, is_hollow in ((chosen, dodge[0], False), (rows.drop(index=chosen.index), dodge[1], True)):
        x = points["rung"].map(place).to_numpy(dtype=np.float64) + shift
        figures = points[["value", "low", "high"]].to_numpy(dtype=np.float64)
        for at, figure in zip(x, figures, strict=True):
            _draw_point(axes, at, figure, face="white" if is_hollow else look.colour, look=look, lowest=lowest)


def _draw_point(axes: Axes, x: float, figure: NDArray[np.float64], *, face: str, look: Look, lowest: float) -> None:
    """One score, of `figure` (value, low, high), or where it lies below the edge an arrow and its number."""
    value, low, high = figure
    point: dict[str, Any] = {"color": look.colour, "markerfacecolor": face, "markeredgewidth": 0.7, "zorder": 3}
    if value < lowest:
        axes.plot(x, lowest, marker="v", markersize=3.6, clip_on=False, **point)
        axes.annotate(
            number(value, 1),
            (x, lowest),
            textcoords="offset points",
            xytext=(0.0, FIRST_STEP_POINTS + STEP_POINTS * look.step),
            rotation=90,
            color=look.colour,
            fontsize=5.6,
            ha="center",
            va="bottom",
        )
        return
    axes.plot([x, x], [low, high], color=look.colour, linewidth=0.8)
    axes.plot(x, value, marker=look.marker, markersize=3.0, **point)


def _finish(axes: Axes, panel: Panel, *, lowest: float) -> None:
    axes.set_xticks(
        range(len(RUNGS)),
        [f"{rung.letter} {rung.label}" for rung in RUNGS.values()],
        rotation=40,
        ha="right",
        rotation_mode="anchor",
    )
    axes.set(xlim=(-0.45, len(RUNGS) - 0.45), ylim=(lowest, 1.02))
    axes.set_axisbelow(True)
    axes.grid(visible=True, axis="y", color="#E4E4E4", linewidth=0.6)
    axes.set_title(panel.label, pad=12.0)
    axes.text(
        0.5, 1.02, panel.explanation, transform=axes.transAxes, color=GREY, fontsize=5.6, ha="center", va="bottom"
    )
