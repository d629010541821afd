"""One self-contained HTML page of an explained region that steps through time: what goes into its template."""

from __future__ import annotations

import base64
import html
import io
import json
from string import Template
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd
from matplotlib.colors import to_rgb
from PIL import Image

from flaredag.attribution_contours import contour_level, contour_lines, smoothed
from flaredag.attribution_panels import NEGATIVE, NOT_OBSERVED, POSITIVE, SHOWN_GAUSS, ending_value
from flaredag.attribution_words import meaning, title
from flaredag.errors import InputError
from flaredag.goes import CLASS_FLUX_W_M2, goes_class_of_flux
from flaredag.plots_explanations import AFTER_SEQUENCE, CONTOURED_METHOD, flux_powers, minute, region_name, shown_flares

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from flaredag.explanations import Explanation

# A page grows with frames and methods: the first widths of magnetograms and of maps, pixels, that keep its images
# below so many characters are taken. Real patches are 700 pixels wide and more, networks see 128.
WIDTHS = ((720, 128), (560, 128), (420, 96), (300, 64), (220, 48), (140, 32))
MOST_CHARACTERS = 4_000_000
GREYS = 64
SHADES = 31  # of red, and of blue
TICK_HOURS = (3, 6, 12, 24, 48, 120, 240, 720)
MOST_TICKS = 9


SIMULATED = "The data are simulated: no such region was ever on the Sun."
EXPLANATION = (
    "An attribution map tells how much each pixel speaks for a flare (red) or against it (blue). Where the baseline is "
    "the first frame, it tells what has changed the score since then. A method's colours mean the same in all "
    "frames; contours surround the pixels that count most.",
    "The network has not seen this region: it is that of a fold of a cross-validation which was trained on other "
    "regions. A map tells what the network reacts to, not what makes the Sun flare; how far each method can be trusted "
    "is told by the checks in the report.",
    "Keys: left and right arrow step through time, Home and End go to its ends, the space bar plays. A click on the "
    "chart goes to the frame nearest in time.",
)


class PageTemplate(Template):
    """Template whose places are %%{name}: braces and dollars belong to scripts and styles."""

    delimiter = "%%"


def page(explanation: Explanation, template: str) -> str:
    """HTML of the page of a region.

    `template` has places %%{title}, subtitle, mark, introduction, explanation, chart_label, unknown_key, tables, foot
    and data; InputError if it has others. Text is escaped; no resource is outside the page.
    """
    name = region_name(explanation)
    first, last = (minute(explanation.issue_time[frame]) for frame in (0, -1))
    n_frames = len(explanation.issue_time)
    places = {
        "title": html.escape(name),
        "subtitle": html.escape(f"{explanation.archive_title} · {n_frames} magnetograms from {first} to {last}"),
        "mark": '<span class="mark">SIMULATED</span>' if explanation.simulated else "",
        "introduction": _paragraphs(_introduction(explanation)),
        "explanation": _paragraphs(EXPLANATION),
        "chart_label": html.escape(_chart_text(explanation)),
        "unknown_key": '<span data-sign="□" style="--colour: var(--quiet)">label not known</span>'
        if (explanation.label < 0).any()
        else "",
        "tables": _tables(explanation),
        "foot": html.escape(
            f"Model {explanation.model}, fold {explanation.fold}. Colours of a map end at the 99.5th percentile of its "
            "size over all frames; contours surround what is above the 99th percentile over all frames of the map, "
            "smoothed by a Gaussian of 3 pixels. Times are UTC; frames are drawn in the size of the last one. After "
            "Figures 13 to 15 of Sun et al. 2022 (ApJ 931, 163)."
        ),
        # "</script>" in a text would end the script.
        "data": json.dumps(page_data(explanation), sort_keys=True, allow_nan=False).replace("<", "\\u003c"),
    }
    try:
        return PageTemplate(template).substitute(places)
    except (KeyError, ValueError) as error:
        raise InputError(f"template of the page: place {error} is not known; known are {', '.join(places)}.") from error


def page_data(explanation: Explanation) -> dict[str, Any]:
    """What the page's script draws, as JSON: frames, methods with images and contours, flares, and ticks."""
    shown = shown_flares(explanation)
    start, flux = explanation.flare_start[shown], explanation.flare_peak_flux[shown]
    images, maps = _images(explanation)
    height, width = explanation.magnetogram.shape[1:]
    return {
        "name": region_name(explanation),
        "width": width,
        "height": height,
        "seconds_after": int(AFTER_SEQUENCE / np.timedelta64(1, "s")),
        "frames": [
            {
                "time": minute(time),
                "seconds": _seconds(time),
                "probability": round(float(probability), 4),
                "label": int(label),
                "image": image,
            }
            for time, probability, label, image in zip(
                explanation.issue_time, explanation.probability, explanation.label, images, strict=True
            )
        ],
        "methods": [
            {
                "name": method,
                "title": title(method),
                "meaning": meaning(method),
                "images": of_method,
                "contours": _contour_paths(attribution),
            }
            for method, of_method, attribution in zip(explanation.methods, maps, explanation.attribution, strict=True)
        ],
        "first_method": CONTOURED_METHOD if CONTOURED_METHOD in explanation.methods else explanation.methods[0],
        "flares": [
            {
                "seconds": _seconds(time),
                "power": round(float(np.log10(peak)), 3),
                "text": f"{goes_class_of_flux(peak)}, {minute(time)}",
            }
            for time, peak in zip(start, flux, strict=True)
        ],
        "powers": [int(power) for power in flux_powers(flux)],
        "power_of_x": round(np.log10(CLASS_FLUX_W_M2["X"])),
        "letters": {str(round(np.log10(flux))): letter for letter, flux in CLASS_FLUX_W_M2.items()},
        **_ticks(explanation.issue_time[0], explanation.issue_time[-1] + AFTER_SEQUENCE),
    }


def _introduction(explanation: Explanation) -> list[str]:
    name = region_name(explanation).partition(" · ")[0]
    texts = [
        f"{name} in {len(explanation.issue_time)} magnetograms, and what a convolutional neural network, which has "
        "never seen this region, makes of each: the probability of a strong flare, and a map of the pixels it rests on."
    ]
    return [*texts, SIMULATED] if explanation.simulated else texts


def _paragraphs(texts: Sequence[str]) -> str:
    return "\n".join(f"<p>{html.escape(text)}</p>" for text in texts)


def _chart_text(explanation: Explanation) -> str:
    """What the chart shows, for those who cannot see it."""
    probability, flux = explanation.probability, explanation.flare_peak_flux[shown_flares(explanation)]
    largest = f", the largest {goes_class_of_flux(flux.max())}" if len(flux) else ""
    return (
        f"Probability in time: {probability[0]:.2f} in the first frame, {probability[-1]:.2f} in the last. "
        f"Flares until a day after it: {len(flux)}{largest}. All figures are in the table below."
    )


def _tables(explanation: Explanation) -> str:
    labels = {1: "1", 0: "0", -1: "not known"}
    frames = [
        (minute(time), f"{probability:.3f}", labels[int(label)])
        for time, probability, label in zip(
            explanation.issue_time, explanation.probability, explanation.label, strict=True
        )
    ]
    shown = shown_flares(explanation)
    flares = [
        (minute(time), goes_class_of_flux(peak))
        for time, peak in zip(explanation.flare_start[shown], explanation.flare_peak_flux[shown], strict=True)
    ]
    text = _table(("Frame", "Probability", "Label"), frames)
    return text + (_table(("Start of flare", "Class"), flares) if flares else "<p>No flare in this time.</p>")


def _table(headings: tuple[str, ...], rows: list[tuple[str, ...]]) -> str:
    head = "".join(f'<th scope="col">{html.escape(heading)}</th>' for heading in headings)
    body = "".join(f"<tr>{''.join(f'<td>{html.escape(cell)}</td>' for cell in row)}</tr>\n" for row in rows)
    return f"<table><thead><tr>{head}</tr></thead>\n<tbody>{body}</tbody></table>\n"


def _images(explanation: Explanation) -> tuple[list[str], list[list[str]]]:
    """Data URIs of the magnetograms, and of the maps of each method, as large as a page can bear."""
    images, maps = [], []
    for magnetogram_width, map_width in WIDTHS:
        images = [_magnetogram_uri(gauss, magnetogram_width) for gauss in explanation.magnetogram]
        maps = [
            [_map_uri(frame, ending_value(attribution), map_width) for frame in attribution]
            for attribution in explanation.attribution_cnn
        ]
        if sum(map(len, images)) + sum(len(uri) for of_method in maps for uri in of_method) <= MOST_CHARACTERS:
            break
    return images, maps


def _magnetogram_uri(gauss: NDArray[np.float32], most_wide: int) -> str:
    """PNG in `GREYS` greys and a colour for pixels without a value, north up."""
    shown = _narrowed(gauss, most_wide)
    part = (np.clip(shown, -SHOWN_GAUSS, SHOWN_GAUSS) / SHOWN_GAUSS + 1) / 2
    index = np.where(np.isnan(shown), GREYS, np.rint(np.nan_to_num(part) * (GREYS - 1)))
    greys = np.repeat(np.rint(np.linspace(0, 255, GREYS))[:, None], 3, axis=1)
    return _png_uri(index, np.concatenate([greys, _rgb(NOT_OBSERVED)[None]]))


def _map_uri(attribution: NDArray[np.float32], limit: float, most_wide: int) -> str:
    """PNG of a map in shades of red and blue, the more opaque the larger, north up."""
    shown = _narrowed(attribution, most_wide)
    part = np.clip(np.nan_to_num(shown) / (limit or 1.0), -1.0, 1.0)
    colours = np.where(np.arange(-SHADES, SHADES + 1)[:, None] < 0, _rgb(NEGATIVE), _rgb(POSITIVE))
    opacity = np.abs(np.arange(-SHADES, SHADES + 1)) / SHADES
    return _png_uri(np.rint(part * SHADES) + SHADES, colours, np.rint(255 * opacity))


def _narrowed(image: NDArray[np.float32], most_wide: int) -> NDArray[np.float32]:
    """Image (y, x) of at most so many columns, by means over its pixels."""
    height, width = image.shape
    if width <= most_wide:
        return image
    size = most_wide, max(1, round(height * most_wide / width))
    return np.asarray(Image.fromarray(image).resize(size, Image.Resampling.BOX))


def _png_uri(index: NDArray, colours: NDArray, opacity: NDArray | None = None) -> str:
    image = Image.fromarray(np.flipud(index).astype(np.uint8))
    image.putpalette(colours.astype(np.uint8).tobytes())
    transparency = {} if opacity is None else {"transparency": opacity.astype(np.uint8).tobytes()}
    content = io.BytesIO()
    image.save(content, format="PNG", **transparency)
    return "data:image/png;base64," + base64.b64encode(content.getvalue()).decode("ascii")


def _rgb(colour: str) -> NDArray[np.float64]:
    return np.rint(255 * np.array(to_rgb(colour)))


def _contour_paths(attribution: NDArray[np.float32]) -> list[tuple[str, str]]:
    """Contours of each frame of a method's maps (frame, y, x) at one level, as SVG paths: positive, negative."""
    smooth = smoothed(attribution)
    level = contour_level(smooth)
    height = smooth.shape[1]
    return [
        (_svg_path(above, height), _svg_path(below, height))
        for above, below in (contour_lines(frame, level) for frame in smooth)
    ]


def _svg_path(lines: list[NDArray[np.float64]], height: int) -> str:
    """Lines as an SVG path in pixels from the upper left corner of the image, north up."""
    paths = ["L".join(f"{x + 0.5:.1f} {height - 0.5 - y:.1f}" for x, y in line) for line in lines]
    return "".join(f"M{path}" for path in paths)


def _ticks(begin: np.datetime64, end: np.datetime64) -> dict[str, Any]:
    """Ticks of the time axis at whole hours, few enough to be read, and the seconds between two of them."""
    span_hours = (end - begin) / np.timedelta64(1, "h")
    step = next((hours for hours in TICK_HOURS if span_hours / hours <= MOST_TICKS), TICK_HOURS[-1])
    step_seconds = 3600 * step
    # Of those since 1970, so that midnight is one.
    first, last = _seconds(begin), _seconds(end)
    return {
        "tick_seconds": step_seconds,
        "ticks": [
            {"seconds": tick, "text": _tick_text(pd.Timestamp(tick, unit="s"))}
            for tick in range(-(-first // step_seconds) * step_seconds, last + 1, step_seconds)
        ],
    }


def _tick_text(time: pd.Timestamp) -> str:
    return f"{time:%b} {time.day}" if time == time.normalize() else f"{time:%H:%M}"


def _seconds(time: np.datetime64) -> int:
    """Seconds since 1970 (UTC)."""
    return int(time.astype("datetime64[s]").astype(np.int64))
