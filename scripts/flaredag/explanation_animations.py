"""An animation of an explained region as GIF: magnetogram with contours, probability and flares through time."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import matplotlib as mpl
import numpy as np
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.colors import to_rgb
from matplotlib.dates import date2num
from matplotlib.figure import Figure
from PIL import Image

from flaredag.artifacts import written_whole
from flaredag.attribution_contours import contour_level, smoothed
from flaredag.attribution_panels import (
    NEGATIVE,
    NOT_OBSERVED,
    POSITIVE,
    add_axes_inches,
    draw_contours,
    draw_magnetogram,
)
from flaredag.attribution_words import title
from flaredag.plots import COLOURS, GREY, STYLE, add_title
from flaredag.plots_explanations import (
    CONTOURED_METHOD,
    FLARE_COLOUR,
    LABEL_COLOUR,
    PROBABILITY_COLOUR,
    draw_sequence,
    minute,
    region_name,
)

if TYPE_CHECKING:
    from pathlib import Path

    from numpy.typing import NDArray

    from flaredag.explanations import Explanation

WIDTH_INCHES, HIGHEST_MAGNETOGRAM_INCHES, CHART_INCHES = 7.0, 4.2, 1.3
LEFT_INCHES, BAR_INCHES, TOP_INCHES = 0.1, 0.75, 0.45
# The first of these that gives a small file is taken: pixels an inch, and the most frames, evenly chosen.
SIZES = ((110, 100), (90, 60), (80, 30), (80, 12))
MOST_BYTES = 2_000_000
FRAME_MS, LAST_FRAME_MS = 500, 2000
GREYS, BLENDS = 48, 4


def write_animation(path: str | Path, explanation: Explanation) -> None:
    """Write the animation of a region: as small a GIF as `MOST_BYTES` if it can be, for ever repeated."""
    palette = _palette()
    for dpi, most_frames in SIZES:
        n_frames = len(explanation.issue_time)
        shown = np.unique(np.linspace(0, n_frames - 1, min(n_frames, most_frames)).round().astype(int))
        images = [_in_palette(picture, palette) for picture in animation_frames(explanation, shown, dpi=dpi)]
        with written_whole(path) as part:
            images[0].save(
                part,
                format="GIF",
                save_all=True,
                append_images=images[1:],
                duration=[FRAME_MS] * (len(images) - 1) + [LAST_FRAME_MS],
                loop=0,
                optimize=False,
            )
            if part.stat().st_size <= MOST_BYTES:
                return


def animation_frames(explanation: Explanation, shown: NDArray[np.int64], *, dpi: int) -> list[NDArray[np.uint8]]:
    """Pictures (y, x, 3) of the frames `shown`; contours at one level for all frames of the region."""
    contoured = CONTOURED_METHOD if CONTOURED_METHOD in explanation.methods else explanation.methods[0]
    smooth = smoothed(explanation.attribution[explanation.methods.index(contoured)])
    level = contour_level(smooth)
    pictures = []
    with mpl.rc_context(STYLE):
        for frame in shown:
            figure = _figure(explanation, int(frame), smooth[frame], level, contoured)
            figure.set_dpi(dpi)
            canvas = FigureCanvasAgg(figure)
            canvas.draw()
            pictures.append(np.asarray(canvas.buffer_rgba())[..., :3].copy())
    return pictures


def _figure(explanation: Explanation, frame: int, smooth: NDArray[np.float32], level: float, contoured: str) -> Figure:
    gauss = explanation.magnetogram[frame]
    width = WIDTH_INCHES - LEFT_INCHES - BAR_INCHES
    height = min(width * gauss.shape[0] / gauss.shape[1], HIGHEST_MAGNETOGRAM_INCHES)
    total = TOP_INCHES + height + 0.4 + CHART_INCHES + 0.38
    figure = Figure(figsize=(WIDTH_INCHES, total))
    magnetogram = add_axes_inches(figure, LEFT_INCHES, total - TOP_INCHES - height, width, height)
    draw_magnetogram(magnetogram, gauss)
    draw_contours(magnetogram, smooth, level, linewidth=1.2)
    figure.text(LEFT_INCHES / WIDTH_INCHES, 1 - 0.25 / total, minute(explanation.issue_time[frame]), va="top")
    figure.text(
        (LEFT_INCHES + width) / WIDTH_INCHES, 1 - 0.25 / total, f"contours: {title(contoured)}", va="top", ha="right"
    )
    bar = add_axes_inches(figure, LEFT_INCHES + width + 0.32, total - TOP_INCHES - height, 0.22, height)
    probability = float(explanation.probability[frame])
    bar.bar([0.0], [probability], color=PROBABILITY_COLOUR, width=1.0)
    bar.set(xlim=(-0.5, 0.5), ylim=(0.0, 1.0), xticks=[], xlabel="probability")
    bar.set_title(f"{probability:.2f}", fontsize=7.5)
    bar.spines[:].set_visible(True)
    chart = add_axes_inches(figure, 0.5, 0.38, WIDTH_INCHES - 1.1, CHART_INCHES)
    draw_sequence(chart, explanation, panel_points=300.0)
    chart.axvline(date2num(explanation.issue_time[frame]), color="black", linewidth=1.0, linestyle=(0, (3, 2)))
    add_title(figure, region_name(explanation), "SIMULATED" if explanation.simulated else "")
    return figure


def _palette() -> NDArray[np.int32]:
    """Greys, the colours that are drawn, and what lies between them and what they are drawn on, (colour, 3)."""
    colours: list[Any] = [(grey,) * 3 for grey in np.linspace(0.0, 1.0, GREYS)]
    drawn = (POSITIVE, NEGATIVE, NOT_OBSERVED, GREY, FLARE_COLOUR, LABEL_COLOUR, PROBABILITY_COLOUR, COLOURS[1])
    for colour in map(np.array, map(to_rgb, drawn)):
        for ground in (1.0, 0.5, 0.0):
            colours += [colour * part + ground * (1 - part) for part in np.linspace(1.0, 0.0, BLENDS, endpoint=False)]
    return np.rint(255 * np.array(colours)).astype(np.int32)


def _in_palette(picture: NDArray[np.uint8], palette: NDArray[np.int32]) -> Image.Image:
    """Picture (y, x, 3) in the nearest colours of a palette: the same ones in all frames, so that nothing flickers."""
    packed = picture.astype(np.int32) @ np.array([1 << 16, 1 << 8, 1], dtype=np.int32)
    found, place = np.unique(packed, return_inverse=True)
    colours = np.stack([found >> 16, found >> 8 & 255, found & 255], axis=1)
    distance = np.square(colours[:, None] - palette[None]).sum(axis=2)
    image = Image.fromarray(distance.argmin(axis=1).astype(np.uint8)[place].reshape(packed.shape))
    image.putpalette(palette.astype(np.uint8).tobytes())
    return image
