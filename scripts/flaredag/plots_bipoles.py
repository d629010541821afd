"""Figure of synthetic bipoles: what networks make of a sweep, and maps of some (Sun et al. 2022, Figure 12)."""

from __future__ import annotations

from typing import TYPE_CHECKING

import matplotlib as mpl
import numpy as np
from matplotlib.backends.backend_svg import FigureCanvasSVG
from matplotlib.cm import ScalarMappable
from matplotlib.colors import Normalize
from matplotlib.figure import Figure

from flaredag.attribution_panels import MARGIN_INCHES, MapRow, MapSheet, add_axes_inches
from flaredag.errors import InputError
from flaredag.plots import STYLE, TEXT_WIDTH_INCHES, add_title
from flaredag.report_cells import MINUS, letter

if TYPE_CHECKING:
    import pandas as pd
    from matplotlib.axes import Axes

    from flaredag.explanations import ExplainedBipoles

SWEPT = ("amplitude_gauss", "separation_deg", "tilt_deg")
TOP_INCHES, TICKS_INCHES, BAR_INCHES, HEADING_INCHES, BELOW_INCHES = 0.2, 0.42, 0.42, 0.36, 0.3
BETWEEN_INCHES, HIGHEST_PANEL_INCHES = 0.07, 1.25
MOST_TICKS = 5
DARK = 0.6  # probabilities up to here are drawn in colours on which white is read


def bipoles_figure(bipoles: ExplainedBipoles, swept: pd.DataFrame, *, mark: str) -> Figure:
    """Draw some bipoles with their maps, a row each, above the mean probability of all that were swept.

    `swept`: columns `SWEPT` and probability, a row a bipole and network; a panel a tilt, letters where the rows are.
    """
    if not bipoles.methods or not len(bipoles.amplitude_gauss) or swept.empty:
        raise InputError("no explained bipole to draw. Sweep one amplitude, separation and tilt at least.")
    rows = [
        MapRow(
            f"{letter(row)}   $B_0$ = {amplitude:,.0f} G, separation {separation:g}°, tilt "
            f"{f'{tilt:g}'.replace('-', MINUS)}° · probability {probability:.2f}, mean over networks {mean:.2f}",
            bipoles.magnetogram[row],
            {method: bipoles.attribution[place, row] for place, method in enumerate(bipoles.methods)},
        )
        for row, (amplitude, separation, tilt, probability, mean) in enumerate(
            zip(
                bipoles.amplitude_gauss,
                bipoles.separation_deg,
                bipoles.tilt_deg,
                bipoles.probability,
                bipoles.mean_probability,
                strict=True,
            )
        )
    ]
    with mpl.rc_context(STYLE):
        sheet = MapSheet(rows, n_columns=1 + len(bipoles.methods))
        tilts = np.sort(swept["tilt_deg"].unique())
        across = TEXT_WIDTH_INCHES - TICKS_INCHES - BAR_INCHES - MARGIN_INCHES
        width = min((across + BETWEEN_INCHES) / len(tilts) - BETWEEN_INCHES, HIGHEST_PANEL_INCHES)
        height = TOP_INCHES + sheet.height + HEADING_INCHES + width + BELOW_INCHES
        figure = Figure(figsize=(TEXT_WIDTH_INCHES, height))
        FigureCanvasSVG(figure)
        sheet.draw(figure, height - TOP_INCHES)
        top = height - TOP_INCHES - sheet.height - 0.06
        figure.text(
            MARGIN_INCHES / TEXT_WIDTH_INCHES,
            top / height,
            "Mean probability over networks" + ("" if bipoles.any_flaring else " · none above 0.5"),
            fontsize=6.5,
            fontweight="bold",
            va="top",
        )
        for column, tilt in enumerate(tilts):
            left = TICKS_INCHES + column * (width + BETWEEN_INCHES)
            axes = add_axes_inches(figure, left, BELOW_INCHES, width, width)
            _draw_tilt(axes, swept[swept["tilt_deg"] == tilt], bipoles, float(tilt), first=column == 0)
        left = TICKS_INCHES + len(tilts) * (width + BETWEEN_INCHES)
        bar = add_axes_inches(figure, left, BELOW_INCHES, 0.08, width)
        figure.colorbar(ScalarMappable(Normalize(0, 1), mpl.colormaps["viridis"]), cax=bar, ticks=[0, 0.5, 1])
        bar.tick_params(labelsize=5.5, pad=1.5)
        add_title(figure, "", mark)
    return figure


def _draw_tilt(axes: Axes, swept: pd.DataFrame, bipoles: ExplainedBipoles, tilt: float, *, first: bool) -> None:
    grid = swept.pivot_table(index="amplitude_gauss", columns="separation_deg", values="probability", aggfunc="mean")
    axes.imshow(
        grid.to_numpy(), origin="lower", aspect="auto", vmin=0.0, vmax=1.0, cmap="viridis", interpolation="nearest"
    )
    amplitudes, separations = grid.index.to_numpy(dtype=float), grid.columns.to_numpy(dtype=float)
    for position in np.flatnonzero(np.isclose(bipoles.tilt_deg, tilt)):
        y = np.abs(amplitudes - bipoles.amplitude_gauss[position]).argmin()
        x = np.abs(separations - bipoles.separation_deg[position]).argmin()
        colour = "white" if bipoles.mean_probability[position] < DARK else "black"
        axes.text(x, y, letter(int(position)), color=colour, fontsize=6.5, fontweight="bold", ha="center", va="center")
    for axis, values in ((axes.xaxis, separations), (axes.yaxis, amplitudes)):
        places = np.arange(0, len(values), -(-len(values) // MOST_TICKS))
        axis.set_ticks(places, [f"{value:g}" for value in values[places]])
    axes.tick_params(labelsize=5.5, pad=1.5, length=1.5, labelleft=first)
    axes.set_title(f"tilt {f'{tilt:g}'.replace('-', MINUS)}°", fontsize=6.0, pad=2.0)
    axes.set_xlabel("separation, °", fontsize=6.0, labelpad=1.0)
    if first:
        axes.set_ylabel("$B_0$, G", fontsize=6.0, labelpad=1.0)
    axes.spines[:].set_visible(False)
