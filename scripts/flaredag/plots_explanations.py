"""Figures of explained regions: forecasts in time, attribution maps, contours (Sun et al. 2022, Figures 13 to 15)."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import matplotlib as mpl
import numpy as np
from matplotlib.backends.backend_svg import FigureCanvasSVG
from matplotlib.dates import AutoDateLocator, ConciseDateFormatter, date2num
from matplotlib.figure import Figure
from matplotlib.lines import Line2D
from matplotlib.ticker import MaxNLocator, NullLocator

from flaredag.attribution_contours import contour_level, smoothed
from flaredag.attribution_panels import (
    MARGIN_INCHES,
    NEGATIVE,
    POSITIVE,
    MapRow,
    MapSheet,
    add_axes_inches,
    draw_contours,
    draw_magnetogram,
)
from flaredag.goes import CLASS_FLUX_W_M2
from flaredag.plots import COLOURS, GREY, STYLE, TEXT_WIDTH_INCHES, add_title

if TYPE_CHECKING:
    from collections.abc import Sequence

    from matplotlib.axes import Axes
    from numpy.typing import NDArray

    from flaredag.explanations import Explanation

SHOWN_METHODS = (
    "deconvolution",
    "guided_backpropagation",
    "deep_lift.first",
    "integrated_gradients.first",
    "grad_cam_4",
    "grad_cam_5",
    "occlusion",
)
CONTOURED_METHOD = "integrated_gradients.first"
AFTER_SEQUENCE = np.timedelta64(24, "h")
# With so few regions their maps go in two lines, so that more can be seen in them.
FEW_REGIONS = 2
LONGEST_NAME = 30
NOTHING = "No region of this archive is explained."
TOP_INCHES = 0.2
HIGHEST_FRAME_INCHES, HIGHEST_FIGURE_INCHES = 2.2, 8.7
AXES_POINTS, AXIS_MARGIN = 320.0, 0.08
LABEL_COLOUR, PROBABILITY_COLOUR, FLARE_COLOUR = COLOURS[0], COLOURS[2], COLOURS[5]
BOX: dict[str, Any] = {"marker": "s", "markersize": 5.0, "markerfacecolor": "none", "linestyle": "none"}
PLUS: dict[str, Any] = {"marker": "+", "markersize": 5.5, "markeredgewidth": 1.0, "linestyle": "none"}
UNKNOWN: dict[str, Any] = BOX | {"marker": "D", "markersize": 3.5}


def region_name(explanation: Explanation) -> str:
    """Name of a region for a reader: "SHARP 377 · NOAA 11158"; of many NOAA numbers, the first ones."""
    name = f"{explanation.instrument.upper()} {explanation.region}"
    if not explanation.noaa_ars:
        return name
    first, *others = explanation.noaa_ars.split(",")
    name += f" · NOAA {first}"
    for number in others:
        if len(name) > LONGEST_NAME:
            return f"{name}, …"
        name += f", {number}"
    return name


def minute(time: np.datetime64) -> str:
    """Text of a time to the minute: "2011-02-15 01:44 UTC"."""
    return f"{np.datetime_as_string(time, unit='m').replace('T', ' ')} UTC"


def shown_flares(explanation: Explanation) -> NDArray[np.bool_]:
    """Whether each flare starts from the first frame to a day after the last one, and its flux is known: (flare,)."""
    first, last = explanation.issue_time[0], explanation.issue_time[-1]
    start = explanation.flare_start
    return (start >= first) & (start <= last + AFTER_SEQUENCE) & (explanation.flare_peak_flux > 0)


def flux_powers(flux: NDArray[np.float64]) -> NDArray[np.float64]:
    """Powers of ten of an axis of peak fluxes, W m-2 (flare,): from C1.0 to X10 at least, and whole ones."""
    powers = np.log10(np.concatenate([flux, [CLASS_FLUX_W_M2["C"], 10 * CLASS_FLUX_W_M2["X"]]])).round(6)
    return np.arange(np.floor(powers.min()), np.ceil(powers.max()) + 1)


def probabilities_figure(explanations: Sequence[Explanation], *, mark: str) -> Figure:
    """Draw label, probability and flares of each region in time, one panel a region (Figure 13).

    Flares are those that start from the first frame to a day after the last one.
    """
    if not explanations:
        return _nothing(mark)
    n_columns = min(len(explanations), 2)
    n_rows = -(-len(explanations) // n_columns)
    with mpl.rc_context(STYLE):
        height = 0.56 + n_rows * 1.72
        figure = Figure(figsize=(TEXT_WIDTH_INCHES, height))
        FigureCanvasSVG(figure)
        panels = figure.subplots(n_rows, n_columns, squeeze=False)
        figure.subplots_adjust(
            left=0.075, right=0.905, bottom=0.56 / height, top=1 - 0.36 / height, wspace=0.48, hspace=0.46
        )
        for axes, explanation in zip(panels.flat, explanations, strict=False):
            draw_sequence(axes, explanation, panel_points=AXES_POINTS / n_columns)
            name = _name(explanation, mark)
            axes.set_title(name, loc="left", fontsize=6.5, fontweight="bold", pad=3.0)
        for axes in panels.flat[len(explanations) :]:
            axes.set_visible(False)
        handles = [
            Line2D([], [], color=LABEL_COLOUR, label="label: 1 if a strong flare follows", **BOX),
            Line2D([], [], color=PROBABILITY_COLOUR, label="probability, CNN", **PLUS),
            Line2D([], [], color=FLARE_COLOUR, linewidth=2.0, label="GOES flare"),
        ]
        if any((explanation.label < 0).any() for explanation in explanations):
            handles.insert(1, Line2D([], [], color=GREY, label="label not known", **UNKNOWN))
        figure.legend(handles=handles, loc="lower center", bbox_to_anchor=(0.5, 0.0), ncols=len(handles))
        add_title(figure, "", _corner(explanations, mark))
    return figure


def attributions_figure(explanations: Sequence[Explanation], *, mark: str) -> Figure:
    """Draw the last magnetogram of each region and its maps by those of `SHOWN_METHODS` there are (Figure 14)."""
    if not explanations:
        return _nothing(mark)
    rows = []
    for explanation in explanations:
        text = f"{_name(explanation, mark)} · {_frame_text(explanation, -1)}"
        maps = {
            method: explanation.attribution[explanation.methods.index(method), -1]
            for method in SHOWN_METHODS
            if method in explanation.methods
        }
        rows.append(MapRow(text, explanation.magnetogram[-1], maps))
    n_panels = 1 + max(len(row.maps) for row in rows)
    with mpl.rc_context(STYLE):
        sheet = MapSheet(rows, n_columns=-(-n_panels // 2) if len(rows) <= FEW_REGIONS else n_panels)
        height = TOP_INCHES + sheet.height
        figure = Figure(figsize=(TEXT_WIDTH_INCHES, height))
        FigureCanvasSVG(figure)
        sheet.draw(figure, height - TOP_INCHES)
        add_title(figure, "", _corner(explanations, mark))
    return figure


def contours_figure(explanations: Sequence[Explanation], *, mark: str) -> Figure:
    """Draw the first and the last magnetogram of each region with contours of the last frame's map (Figure 15).

    The map is that of Integrated Gradients with the first frame as baseline, smoothed; ticks are pixels.
    """
    if not explanations:
        return _nothing(mark)
    with mpl.rc_context(STYLE):
        left, between, below, above = 0.3, 0.32, 0.27, 0.32
        width = (TEXT_WIDTH_INCHES - left - between - MARGIN_INCHES) / 2
        rest = TOP_INCHES + len(explanations) * (below + above) + 0.2
        highest = min(HIGHEST_FRAME_INCHES, (HIGHEST_FIGURE_INCHES - rest) / len(explanations))
        shapes = [explanation.magnetogram.shape[1:] for explanation in explanations]
        heights = [min(width * n_y / n_x, highest) for n_y, n_x in shapes]
        total = rest + sum(heights)
        figure = Figure(figsize=(TEXT_WIDTH_INCHES, total))
        FigureCanvasSVG(figure)
        top = total - TOP_INCHES
        for explanation, height in zip(explanations, heights, strict=True):
            name = _name(explanation, mark)
            figure.text(
                MARGIN_INCHES / TEXT_WIDTH_INCHES, (top - 0.02) / total, name, fontsize=6.5, fontweight="bold", va="top"
            )
            top -= above + height
            smooth = smoothed(explanation.attribution[explanation.methods.index(CONTOURED_METHOD), -1])
            level = contour_level(smooth)
            for column, frame in enumerate((0, -1)):
                axes = add_axes_inches(figure, left + column * (width + between), top, width, height)
                draw_magnetogram(axes, explanation.magnetogram[frame])
                draw_contours(axes, smooth, level)
                axes.set_title(("first: ", "last: ")[column] + _frame_text(explanation, frame), fontsize=6.5, pad=2.5)
                for axis in (axes.xaxis, axes.yaxis):
                    axis.set_major_locator(MaxNLocator(5, steps=[1, 2, 5, 10], integer=True))
                axes.tick_params(labelsize=5.5, pad=1.5)
            top -= below
        handles = [
            Line2D([], [], color=POSITIVE, label="raises the score against the first frame"),
            Line2D([], [], color=NEGATIVE, label="lowers it"),
        ]
        figure.legend(handles=handles, loc="lower center", bbox_to_anchor=(0.5, 0.0), ncols=2, borderaxespad=0.1)
        add_title(figure, "", _corner(explanations, mark))
    return figure


def draw_sequence(axes: Axes, explanation: Explanation, *, panel_points: float) -> None:
    """Draw label, probability and flares of a region in time on axes so many points wide."""
    time, end = date2num(explanation.issue_time), float(date2num(explanation.issue_time[-1] + AFTER_SEQUENCE))
    flares = axes.twinx()
    # Forecasts are drawn over flares, though their axes came first.
    axes.set_zorder(flares.get_zorder() + 1)
    axes.patch.set_visible(False)
    flares.axvspan(time[-1], end, color="#F1F1F1", zorder=0)
    shown = shown_flares(explanation)
    _draw_flares(flares, date2num(explanation.flare_start[shown]), explanation.flare_peak_flux[shown])
    known = explanation.label >= 0
    # In a long sequence what would overlap is drawn smaller.
    share = (time[-1] - time[0]) / (end - time[0])
    size: dict[str, Any] = {"markersize": float(np.clip(panel_points * share / len(time) - 1.0, 3.0, 5.0))}
    axes.plot(time[known], explanation.label[known], color=LABEL_COLOUR, **BOX | size)
    axes.plot(time[~known], np.full((~known).sum(), 0.5), color=GREY, **UNKNOWN | size)
    axes.plot(time, explanation.probability, color=PROBABILITY_COLOUR, **PLUS | size)
    axes.set(ylim=(-AXIS_MARGIN, 1 + AXIS_MARGIN), ylabel="probability")
    axes.set_xlim(time[0] - 0.02 * (end - time[0]), end)
    axes.set_yticks([0.0, 0.5, 1.0])
    locator = AutoDateLocator(minticks=3, maxticks=6)
    axes.xaxis.set_major_locator(locator)
    days, hours = "%b %d", "%H:%M"
    formats = ["%Y", "%b", days, hours, hours, hours]
    axes.xaxis.set_major_formatter(
        ConciseDateFormatter(
            locator, formats=formats, zero_formats=[*formats[:3], days, hours, hours], show_offset=False
        )
    )
    year = np.datetime_as_string(explanation.issue_time[0], unit="Y")
    axes.set_xlabel(f"{year}, UTC", labelpad=1.0)


def _draw_flares(axes: Axes, start: NDArray[np.float64], flux: NDArray[np.float64]) -> None:
    """Bars up to peak fluxes on a logarithmic axis."""
    powers = flux_powers(flux)
    lowest, highest = powers[0], powers[-1]
    axes.vlines(start, 10.0**lowest, flux, color=FLARE_COLOUR, linewidth=1.6)
    axes.set_yscale("log")
    # Ends of the axis fall on probabilities 0 and 1.
    margin = AXIS_MARGIN * (highest - lowest)
    axes.set_ylim(10 ** (lowest - margin), 10 ** (highest + margin))
    letters = {round(np.log10(flux)): f" {letter}" for letter, flux in CLASS_FLUX_W_M2.items()}
    axes.set_yticks(10.0**powers, [f"$10^{{{power:.0f}}}${letters.get(round(power), '')}" for power in powers])
    axes.yaxis.set_minor_locator(NullLocator())
    axes.set_ylabel("peak flux, W m⁻²")
    axes.spines["right"].set_visible(True)


def _frame_text(explanation: Explanation, frame: int) -> str:
    return f"{minute(explanation.issue_time[frame])}, probability {explanation.probability[frame]:.2f}"


def _name(explanation: Explanation, mark: str) -> str:
    """Name of a region, and, of one that is not as the archive's mark says, that it was observed."""
    return region_name(explanation) + (" · OBSERVED" if mark and not explanation.simulated else "")


def _corner(explanations: Sequence[Explanation], mark: str) -> str:
    """Mark of the archive, which is that of the networks alone where a region was observed."""
    if mark and not all(explanation.simulated for explanation in explanations):
        return f"networks trained on {mark} data"
    return mark


def _nothing(mark: str) -> Figure:
    """Figure that says why there is nothing to be drawn."""
    figure = Figure(figsize=(TEXT_WIDTH_INCHES, 0.8))
    FigureCanvasSVG(figure)
    figure.text(0.5, 0.45, NOTHING, ha="center", va="center", color=GREY)
    add_title(figure, "", mark)
    return figure
