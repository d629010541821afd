"""Panels of magnetograms, attribution maps and their contours, and sheets of them in rows."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import matplotlib as mpl
import numpy as np

from flaredag.attribution_contours import contour_lines
from flaredag.attribution_words import title_lines
from flaredag.plots import GREY, TEXT_WIDTH_INCHES

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from matplotlib.axes import Axes
    from matplotlib.colors import Colormap
    from matplotlib.figure import Figure
    from numpy.typing import NDArray

SHOWN_GAUSS = 500.0  # black and white of a magnetogram
NOT_OBSERVED = "#D9C7A3"  # pixels without a value: a colour that no grey can be taken for
POSITIVE, NEGATIVE = "#E4111E", "#1F5BFF"
SIGNED_COLOURS = "RdBu_r"
# The colours of a map end here: a few pixels are far above all others.
ENDING_PERCENTILE = 99.5
MARGIN_INCHES, BETWEEN_INCHES = 0.06, 0.05
ROW_TEXT_INCHES, TITLE_LINE_INCHES = 0.17, 0.095
HIGHEST_PANEL_INCHES = 1.5


class MapRow(NamedTuple):
    """A magnetogram (y, x), gauss, its attribution maps (y, x) by method, and the text above them."""

    text: str
    magnetogram: NDArray[np.float32]
    maps: Mapping[str, NDArray[np.float32]]


class MapSheet:
    """Rows of a magnetogram and its maps across the width of a figure, `n_columns` panels in a line.

    A row of more panels goes on in further lines. Titles of the methods stand above each line, or, where every row
    has one line, above the first row alone.
    """

    def __init__(self, rows: Sequence[MapRow], *, n_columns: int) -> None:
        self.rows, self.n_columns = rows, n_columns
        self.panel_width = (TEXT_WIDTH_INCHES - 2 * MARGIN_INCHES + BETWEEN_INCHES) / n_columns - BETWEEN_INCHES
        titles = [title_lines(method) for row in rows for method in row.maps]
        self.title_height = TITLE_LINE_INCHES * max(len(lines) for lines in titles) + 0.03
        self.titles_once = all(1 + len(row.maps) <= n_columns for row in rows)

    @property
    def height(self) -> float:
        """Height of all rows, inches."""
        return sum(ROW_TEXT_INCHES + sum(self._line_heights(row, position)) for position, row in enumerate(self.rows))

    def draw(self, figure: Figure, top: float) -> None:
        """Draw the rows downwards from `top`, inches above the foot of the figure."""
        for position, row in enumerate(self.rows):
            place = MARGIN_INCHES / TEXT_WIDTH_INCHES, (top - 0.03) / figure.get_figheight()
            figure.text(*place, row.text, fontsize=6.5, fontweight="bold", va="top")
            top -= ROW_TEXT_INCHES
            panels: list[str | None] = [None, *row.maps]
            for line, height in enumerate(self._line_heights(row, position)):
                top -= height
                for column, method in enumerate(panels[line * self.n_columns : (line + 1) * self.n_columns]):
                    left = MARGIN_INCHES + column * (self.panel_width + BETWEEN_INCHES)
                    axes = add_axes_inches(
                        figure, left, top + BETWEEN_INCHES, self.panel_width, self._panel_height(row)
                    )
                    if method is None:
                        draw_magnetogram(axes, row.magnetogram)
                    else:
                        draw_attribution(axes, row.maps[method])
                    if self._titled(position):
                        title = "\n".join(title_lines(method)) if method else "Magnetogram"
                        axes.set_title(title, fontsize=5.8, pad=2.0, linespacing=1.05)

    def _line_heights(self, row: MapRow, position: int) -> list[float]:
        """Height of each line of a row, with its titles and the space below it, inches."""
        n_lines = -(-(1 + len(row.maps)) // self.n_columns)
        above = self.title_height if self._titled(position) else 0.0
        return [above + self._panel_height(row) + BETWEEN_INCHES] * n_lines

    def _titled(self, position: int) -> bool:
        return position == 0 or not self.titles_once

    def _panel_height(self, row: MapRow) -> float:
        height, width = row.magnetogram.shape
        return min(self.panel_width * height / width, HIGHEST_PANEL_INCHES)


def add_axes_inches(figure: Figure, left: float, bottom: float, width: float, height: float) -> Axes:
    """Axes at a place given in inches from the left and the foot of a figure."""
    across, up = figure.get_figwidth(), figure.get_figheight()
    return figure.add_axes((left / across, bottom / up, width / across, height / up))


def draw_magnetogram(axes: Axes, gauss: NDArray[np.float32]) -> None:
    """Draw a magnetogram (y, x), first row south, in grey from -500 to +500 G."""
    greys = mpl.colormaps["gray"].with_extremes(bad=NOT_OBSERVED)
    _draw_image(axes, np.ma.masked_invalid(gauss), cmap=greys, limit=SHOWN_GAUSS)


def draw_attribution(axes: Axes, attribution: NDArray[np.float32]) -> None:
    """Draw an attribution map (y, x): red speaks for a flare, blue against; its own scale, white where it is 0."""
    limit = ending_value(attribution)
    _draw_image(axes, attribution, cmap=mpl.colormaps[SIGNED_COLOURS], limit=limit or 1.0)
    if not limit:
        axes.text(
            0.5, 0.5, "0 everywhere", transform=axes.transAxes, fontsize=5.5, color=GREY, ha="center", va="center"
        )


def ending_value(attribution: NDArray[np.float32]) -> float:
    """Size of attribution at which its colours end, 0 where it is 0 everywhere."""
    size = np.abs(attribution)
    return float(np.percentile(size, ENDING_PERCENTILE)) or float(size.max())


def draw_contours(axes: Axes, smooth: NDArray[np.float32], level: float, *, linewidth: float = 0.8) -> None:
    """Draw the contours of a smoothed map (y, x) at `level`, red, and at minus `level`, blue."""
    for lines, colour in zip(contour_lines(smooth, level), (POSITIVE, NEGATIVE), strict=True):
        for line in lines:
            axes.plot(*line.T, color=colour, linewidth=linewidth, solid_joinstyle="round")


def _draw_image(axes: Axes, image: NDArray, *, cmap: Colormap, limit: float) -> None:
    # Resampled at the resolution of the figure: real patches have more pixels than a small panel can show.
    axes.imshow(image, cmap=cmap, vmin=-limit, vmax=limit, origin="lower", interpolation="antialiased")
    axes.set(xticks=[], yticks=[])
    axes.spines[:].set_visible(True)
    axes.spines[:].set_color(GREY)
    axes.spines[:].set_linewidth(0.5)
