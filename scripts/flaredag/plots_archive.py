"""Figures of an archive: its coverage, some of its magnetograms, and SHARP against SMARP where both observed."""

from __future__ import annotations

from itertools import zip_longest
from typing import TYPE_CHECKING, Any, NamedTuple

import matplotlib as mpl
import numpy as np
import pandas as pd
from matplotlib.backends.backend_svg import FigureCanvasSVG
from matplotlib.cm import ScalarMappable
from matplotlib.colors import LogNorm, Normalize
from matplotlib.dates import AutoDateLocator, ConciseDateFormatter
from matplotlib.figure import Figure
from matplotlib.ticker import MaxNLocator, NullFormatter

from flaredag.coverage import FLARE_COLUMNS, FLARE_LETTERS, GOES
from flaredag.keyword_ranges import KEYWORDS
from flaredag.plots import COLOURS, GREY, REFERENCE_LINE, STYLE, TEXT_WIDTH_INCHES, add_title

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from matplotlib.axes import Axes
    from numpy.typing import NDArray

SHOWN_GAUSS = 500.0  # black and white of a magnetogram
NOT_OBSERVED = "#D9C7A3"  # pixels without a value: a colour that no grey can be taken for
PALE = 0.35
FLARE_COLOURS = ("#E69F00", "#D55E00", "#000000")
N_BINS = 60
HIGHEST_FRAME_INCHES, ABOVE_FRAME_INCHES, BELOW_FRAME_INCHES = 1.4, 0.15, 0.24
NO_OVERLAP = "No patch was seen by both instruments at the same time in this archive."
# Keywords are drawn in units that give numbers a reader can take in.
SCALE = {"usfluxl": (1e22, "10²² Mx"), "area": (1e3, "millihemisphere")}


class Frame(NamedTuple):
    """One magnetogram, gauss (y, x), first row south, when it was taken (UTC), and how many times as wide as high."""

    time: np.datetime64
    width_to_height: float
    gauss: NDArray[np.floating]


class Passage(NamedTuple):
    """Some frames of one region in the order of time, its NOAA numbers and the class of its largest flare, or ""."""

    instrument: str
    region: str
    noaa_ars: str
    largest_flare: str
    frames: Sequence[Frame]


def coverage_figure(coverage: pd.DataFrame, *, mark: str) -> Figure:
    """Draw records, regions and flares of each month, from the table of flaredag.coverage, one panel each.

    A darker part of a bar are records with a magnetogram. Flares are counted from C1.0, M1.0 and X1.0 up.
    """
    instruments = [name for name in dict.fromkeys(coverage["instrument"]) if name != GOES]
    with mpl.rc_context(STYLE):
        height = 3.9
        figure = Figure(figsize=(TEXT_WIDTH_INCHES, height))
        FigureCanvasSVG(figure)
        records, regions, flares = figure.subplots(3, 1, sharex=True)
        figure.subplots_adjust(left=0.095, right=0.985, bottom=0.3 / height, top=1 - 0.33 / height, hspace=0.24)
        n_in_month = coverage[coverage["instrument"] != GOES].groupby("month")["instrument"].transform("size")
        for position, name in enumerate(instruments):
            of_instrument = coverage[coverage["instrument"] == name]
            left, width = _months(of_instrument["month"])
            # Where instruments share a month their bars stand side by side.
            alone = n_in_month[of_instrument.index].to_numpy() == 1
            share = np.where(alone, width, width / len(instruments))
            begin = left + np.where(alone, 0.0, position * share)
            label = name.upper()
            bars: dict[str, Any] = {"align": "edge", "linewidth": 0, "color": COLOURS[position]}
            images = of_instrument["images"].to_numpy(dtype=float)
            if images.any():
                records.bar(begin, images, share, label=f"{label} with magnetogram", zorder=2, **bars)
            pale: dict[str, Any] = {"alpha": PALE, "label": f"{label} records"} if images.any() else {"label": label}
            records.bar(begin, of_instrument["records"].astype(float), share, **bars, **pale)
            regions.bar(begin, of_instrument["regions"].astype(float), share, label=label, **bars)
        of_goes = coverage[coverage["instrument"] == GOES]
        left, width = _months(of_goes["month"])
        at_least = np.cumsum(of_goes[list(FLARE_COLUMNS)].to_numpy(dtype=float)[:, ::-1], axis=1)[:, ::-1]
        for letter, n_flares, colour in zip(FLARE_LETTERS, at_least.T, FLARE_COLOURS, strict=True):
            flares.bar(left, n_flares, width, align="edge", linewidth=0, color=colour, label=f"{letter}1.0 and above")
        if at_least.any():
            # From below 1, so that a month with a single flare has a bar.
            flares.set_yscale("log")
            flares.set_ylim(0.6, 1.6 * at_least.max())
            flares.yaxis.set_major_formatter("{x:g}")
            flares.yaxis.set_minor_formatter(NullFormatter())
        for axes, quantity in ((records, "records"), (regions, "regions"), (flares, "flares")):
            axes.set_ylabel(f"{quantity} a month")
            axes.margins(x=0.01)
            if axes.get_legend_handles_labels()[0]:
                axes.legend(loc="lower right", bbox_to_anchor=(1.0, 0.98), ncols=4, borderaxespad=0.0, handlelength=1.0)
        locator = AutoDateLocator(minticks=3, maxticks=10)
        flares.xaxis.set_major_locator(locator)
        flares.xaxis.set_major_formatter(ConciseDateFormatter(locator))
        for axes in (records, regions, flares):
            axes.yaxis.set_label_coords(-0.072, 0.5)
        add_title(figure, "", mark)
    return figure


def magnetograms_figure(passages: Sequence[Passage], *, mark: str) -> Figure:
    """Draw frames of some regions, a row a region, the instruments side by side; grey from -500 to +500 G."""
    with mpl.rc_context(STYLE):
        if not passages:
            return _told("No region of this archive has a good magnetogram.", mark)
        of_instruments = [
            [passage for passage in passages if passage.instrument == name]
            for name in dict.fromkeys(passage.instrument for passage in passages)
        ]
        side = TEXT_WIDTH_INCHES / max(len(of_instruments), 2)
        width = (side - 0.16) / max(len(passage.frames) for passage in passages)
        rows = list(zip_longest(*of_instruments))
        heights = [
            min(
                max(width / frame.width_to_height for passage in row if passage for frame in passage.frames),
                HIGHEST_FRAME_INCHES,
            )
            for row in rows
        ]
        height = 0.22 + sum(heights) + len(rows) * (ABOVE_FRAME_INCHES + BELOW_FRAME_INCHES)
        figure = Figure(figsize=(TEXT_WIDTH_INCHES, height))
        FigureCanvasSVG(figure)
        top = height - 0.22
        for row, row_height in zip(rows, heights, strict=True):
            for column, passage in enumerate(row):
                if passage is None:
                    continue
                left = column * side + 0.08
                _name_passage(figure, passage, left / TEXT_WIDTH_INCHES, top / height)
                for position, frame in enumerate(passage.frames):
                    place = (
                        (left + position * width) / TEXT_WIDTH_INCHES,
                        (top - ABOVE_FRAME_INCHES - row_height) / height,
                        (width - 0.06) / TEXT_WIDTH_INCHES,
                        row_height / height,
                    )
                    _draw_magnetogram(figure.add_axes(place), frame)
            top -= row_height + ABOVE_FRAME_INCHES + BELOW_FRAME_INCHES
        add_title(figure, "", mark)
    return figure


def regressions_figure(matched: pd.DataFrame, regressions: pd.DataFrame, *, mark: str) -> Figure:
    """Draw 2-D histograms of SMARP against SHARP keywords with the fitted lines (Sun et al. 2022, Figure 2).

    `matched` and `regressions` as of flaredag.fusion. Grey: equality.
    """
    with mpl.rc_context(STYLE):
        if matched.empty:
            return _told(NO_OVERLAP, mark)
        height = 4.6
        figure = Figure(figsize=(TEXT_WIDTH_INCHES, height))
        FigureCanvasSVG(figure)
        panels = figure.subplots(2, 2)
        figure.subplots_adjust(
            left=0.08, right=0.97, bottom=0.42 / height, top=1 - 0.2 / height, wspace=0.24, hspace=0.3
        )
        for axes, fit in zip(panels.flat, regressions.to_dict("records"), strict=True):
            keyword = fit["keyword"]
            both = matched[[f"{keyword}_sharp", f"{keyword}_smarp"]].dropna().to_numpy(dtype=float)
            _draw_regression(axes, keyword, both, fit)
        add_title(figure, "", mark)
    return figure


def quantiles_figure(quantiles: pd.DataFrame, factors: pd.DataFrame, *, mark: str) -> Figure:
    """Draw quantiles of SMARP pixels against those of SHARP (Sun et al. 2022, Figure 1).

    `quantiles` and `factors` as of flaredag.fusion. A line a pair of patches, lighter at higher latitudes; black: the
    pixels of all pairs, with the factor between them; grey: equality.
    """
    with mpl.rc_context(STYLE):
        if quantiles.empty:
            return _told(NO_OVERLAP, mark)
        height = 3.0
        figure = Figure(figsize=(TEXT_WIDTH_INCHES, height))
        FigureCanvasSVG(figure)
        axes = figure.add_axes((0.26, 0.42 / height, 2.5 / TEXT_WIDTH_INCHES, 2.5 / height))
        of_all, factor = (table[table["region_sharp"] < 0] for table in (quantiles, factors))
        of_pairs = factors[factors["region_sharp"] >= 0]
        latitudes = of_pairs["latitude_deg"].abs().to_numpy()
        colours = mpl.colormaps["viridis"]
        norm = Normalize(np.nanmin(latitudes, initial=0.0), np.nanmax(latitudes, initial=1.0))
        for (sharp, smarp), latitude in zip(
            of_pairs[["region_sharp", "region_smarp"]].to_numpy(), latitudes, strict=True
        ):
            pair = quantiles[(quantiles["region_sharp"] == sharp) & (quantiles["region_smarp"] == smarp)]
            axes.plot(pair["sharp_gauss"], pair["smarp_gauss"], color=colours(norm(latitude)), linewidth=0.7, alpha=0.8)
        axes.plot(of_all["sharp_gauss"], of_all["smarp_gauss"], color=COLOURS[-1], linewidth=1.6, label="all pairs")
        limit = 1.05 * np.nanmax(np.abs(quantiles[["sharp_gauss", "smarp_gauss"]].to_numpy()))
        axes.plot([-limit, limit], [-limit, limit], label="equality", **REFERENCE_LINE)
        axes.set(xlim=(-limit, limit), ylim=(-limit, limit), xlabel="SHARP quantile, G", ylabel="SMARP quantile, G")
        for axis in (axes.xaxis, axes.yaxis):
            axis.set_major_locator(MaxNLocator(5, steps=[1, 2, 5, 10]))
        axes.legend(loc="lower right")
        axes.text(
            0.04,
            0.96,
            f"SMARP = {factor['factor'].iloc[0]:.3f} \N{MULTIPLICATION SIGN} SHARP",
            transform=axes.transAxes,
            ha="left",
            va="top",
        )
        bar = figure.add_axes((0.76, 0.6 / height, 0.09 / TEXT_WIDTH_INCHES, 2.1 / height))
        figure.colorbar(ScalarMappable(norm, colours), cax=bar, label="|latitude|, degrees")
        add_title(figure, "", mark)
    return figure


def _months(months: pd.Series) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Begin of each month "YYYY-MM" and its length, in days since 1970, as matplotlib counts."""
    begin = np.array(months, dtype="datetime64[M]")
    days, next_days = (date.astype("datetime64[D]").astype(np.float64) for date in (begin, begin + 1))
    return days, next_days - days


def _name_passage(figure: Figure, passage: Passage, x: float, y: float) -> None:
    name = f"{passage.instrument.upper()} {passage.region}"
    noaa = f" · NOAA {passage.noaa_ars}" if passage.noaa_ars else ""
    text = f"{name}{noaa} · {passage.largest_flare or 'no flare'}"
    figure.text(x, y, text, fontsize=6.5, fontweight="bold", va="top")


def _draw_magnetogram(axes: Axes, frame: Frame) -> None:
    greys = mpl.colormaps["gray"].with_extremes(bad=NOT_OBSERVED)
    gauss = np.ma.masked_invalid(frame.gauss)
    # As many pixels as the cube has go into the file, and the reader's program scales them.
    axes.imshow(
        gauss,
        cmap=greys,
        vmin=-SHOWN_GAUSS,
        vmax=SHOWN_GAUSS,
        origin="lower",
        interpolation="none",
        extent=(0.0, frame.width_to_height, 0.0, 1.0),
    )
    axes.set_anchor("NW")
    axes.set(xticks=[], yticks=[])
    axes.set_xlabel(str(frame.time.astype("datetime64[m]")).replace("T", " "), fontsize=5.5, labelpad=2.0)
    axes.spines[:].set_visible(True)
    axes.spines[:].set_color(GREY)


def _draw_regression(axes: Axes, keyword: str, both: NDArray[np.float64], fit: Mapping[str, Any]) -> None:
    scale, units = SCALE.get(keyword, (1.0, KEYWORDS[keyword].units))
    name = keyword.upper()
    axes.set(xlabel=f"{name} of SHARP, {units}", ylabel=f"{name} of SMARP, {units}")
    if not len(both):
        axes.text(0.5, 0.5, "no pairs", transform=axes.transAxes, ha="center", color=GREY)
        return
    both = both / scale
    ends = np.array([both[:, 0].min(), both[:, 0].max()])
    counts, x_edges, y_edges = np.histogram2d(both[:, 0], both[:, 1], bins=N_BINS)
    axes.pcolormesh(
        x_edges,
        y_edges,
        np.ma.masked_equal(counts.T, 0),
        cmap="viridis",
        norm=LogNorm(1, max(counts.max(), 2)),
        rasterized=True,
    )
    limits = axes.get_xlim(), axes.get_ylim()
    axes.axline((0, 0), slope=1, **REFERENCE_LINE)
    axes.set(xlim=limits[0], ylim=limits[1])
    text = f"n = {fit['n']:,.0f}"
    if np.isfinite(fit["slope"]):
        intercept = fit["intercept"] / scale
        axes.plot(ends, intercept + fit["slope"] * ends, color=COLOURS[1], linewidth=1.4)
        text = f"k = {fit['slope']:.4g}\nb = {intercept:.4g}\nr = {fit['pearson_r']:.3f}\n{text}"
    axes.text(0.03, 0.97, text.replace("-", "\N{MINUS SIGN}"), transform=axes.transAxes, va="top", linespacing=1.3)


def _told(text: str, mark: str) -> Figure:
    """Figure that says why there is nothing to be drawn."""
    figure = Figure(figsize=(TEXT_WIDTH_INCHES, 0.8))
    FigureCanvasSVG(figure)
    figure.text(0.5, 0.45, text, ha="center", va="center", color=GREY)
    add_title(figure, "", mark)
    return figure
