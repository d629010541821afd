"""Figures of verification in one quiet style: SVG for a text width of 16 cm; same content, same bytes."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

import matplotlib as mpl
import numpy as np
from matplotlib.backends.backend_svg import FigureCanvasSVG
from matplotlib.figure import Figure
from matplotlib.font_manager import FontProperties
from matplotlib.textpath import TextPath
from matplotlib.ticker import NullLocator

from flaredag.artifacts import written_whole
from flaredag.curves_over_seeds import curve_over_seeds, mean_and_standard_deviation, with_spread
from flaredag.errors import InputError
from flaredag.score_tables import RELIABILITY_CURVE, ROC_CURVE, SKILL_SCORE_PROFILE, figures_by_seed

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    import pandas as pd
    from matplotlib.axes import Axes
    from numpy.typing import NDArray

    from flaredag.curves_over_seeds import CurveOverSeeds

    FloatArray = NDArray[np.float64]

TEXT_WIDTH_INCHES = 16.0 / 2.54
TITLE_POINTS, MARK_POINTS = 8.0, 7.0
RASTER_DPI = 200
# Okabe & Ito (2008): told apart with any kind of colour vision. Yellow is left out: too pale for a line on white.
COLOURS = ("#0072B2", "#D55E00", "#009E73", "#CC79A7", "#56B4E9", "#E69F00", "#000000")
MARKERS = ("o", "s", "^", "D", "v", "P", "X")
GREY = "#8A8A8A"
STYLE: dict[Any, Any] = {
    "font.family": "DejaVu Sans",
    "font.size": 7.0,
    "axes.titlesize": 7.5,
    "axes.labelsize": 7.0,
    "xtick.labelsize": 6.5,
    "ytick.labelsize": 6.5,
    "legend.fontsize": 6.5,
    "axes.linewidth": 0.6,
    "axes.spines.top": False,
    "axes.spines.right": False,
    "xtick.major.width": 0.6,
    "ytick.major.width": 0.6,
    "xtick.major.size": 2.5,
    "ytick.major.size": 2.5,
    "lines.linewidth": 1.1,
    "legend.frameon": False,
    # Element ids are drawn from this salt and not from chance; glyphs are paths, so no reader needs the font.
    "svg.hashsalt": "flaredag",
    "svg.fonttype": "path",
}
THOUSAND = 1000.0
# The series stand side by side in a bin, so that their error bars do not overlap: in probability.
DODGE_BETWEEN_TWO, DODGE_OVER_ALL = 0.012, 0.05
REFERENCE_LINE: dict[str, Any] = {"color": GREY, "linewidth": 0.7, "linestyle": (0, (4, 2)), "zorder": 0}


class ThreePanels(NamedTuple):
    """A figure of a text's width with three panels in a row; a strip below the first shares its abscissa."""

    figure: Figure
    first: Axes
    strip: Axes
    second: Axes
    third: Axes


def three_panels(*, title_inches: float, legend_inches: float, between: float) -> ThreePanels:
    """Empty panels, with room for a title above and a legend below; `between` them in widths of a panel."""
    height = 2.2 + title_inches + legend_inches
    figure = Figure(figsize=(TEXT_WIDTH_INCHES, height))
    FigureCanvasSVG(figure)
    grid = figure.add_gridspec(
        2,
        3,
        left=0.075,
        right=0.985,
        bottom=(0.36 + legend_inches) / height,
        top=1.0 - title_inches / height,
        wspace=between,
        hspace=0.12,
        height_ratios=(4, 1),
    )
    strip = figure.add_subplot(grid[1, 0])
    first = figure.add_subplot(grid[0, 0], sharex=strip)
    return ThreePanels(figure, first, strip, figure.add_subplot(grid[:, 1]), figure.add_subplot(grid[:, 2]))


def verification_figure(
    curves: pd.DataFrame, scores: pd.DataFrame, series: Sequence[tuple[str, str]], *, title: str, mark: str
) -> Figure:
    """Reliability diagram, ROC curve and skill score profile of `series` of (dataset, model), in one row.

    As Figures 6 to 8 of Sun et al. 2022: means over seeds, with the standard deviation as error bars or bands. The
    strip below the reliability diagram has the mean number of samples in each bin. `mark` (SIMULATED, say) stands
    in the corner; empty for none. Raises InputError on no series, more than colours, or one without curves.
    """
    if not 1 <= len(series) <= len(COLOURS):
        raise InputError(
            f"figure {title!r} has {len(series)} series; wanted 1 to {len(COLOURS)}, which can be told apart. Split it."
        )
    with mpl.rc_context(STYLE):
        figure, reliability, counts, roc, profile = three_panels(
            title_inches=0.42, legend_inches=0.12 + 0.15 * len(series), between=0.28
        )
        names, areas, skills = [], [], []
        for position, (dataset, model) in enumerate(series):
            look: dict[str, Any] = {"color": COLOURS[position], "marker": MARKERS[position]}
            dodge = min(DODGE_BETWEEN_TWO, DODGE_OVER_ALL / len(series))
            shift = dodge * (position - (len(series) - 1) / 2)
            _draw_reliability(
                reliability,
                counts,
                curve_over_seeds(curves, dataset=dataset, model=model, curve=RELIABILITY_CURVE),
                shift=shift,
                look=look,
            )
            for axes, curve in ((roc, ROC_CURVE), (profile, SKILL_SCORE_PROFILE)):
                points = curve_over_seeds(curves, dataset=dataset, model=model, curve=curve)
                draw_band(axes, points, color=COLOURS[position], from_origin=curve == ROC_CURVE)
            names.append(f"{dataset} {model}")
            for texts, metric in ((areas, "area_under_roc_curve"), (skills, "true_skill_statistic")):
                texts.append(with_spread(figures_by_seed(scores, dataset=dataset, model=model, metric=metric)))
        _finish_reliability(reliability, counts)
        _finish_roc(roc)
        _finish_profile(profile)
        figure.legend(
            [container[0] for container in reliability.containers],
            [
                f"{name:<{max(map(len, names))}}   AUC = {area:<{max(map(len, areas))}}   TSS(0.5) = {skill}"
                for name, area, skill in zip(names, areas, skills, strict=True)
            ],
            loc="lower center",
            bbox_to_anchor=(0.5, 0.0),
            handlelength=1.6,
            prop={"family": "DejaVu Sans Mono", "size": 6.2},
        )
        add_title(figure, title, mark)
    return figure


def overview_figure(scores: pd.DataFrame, *, title: str, mark: str) -> Figure:
    """Draw the true skill statistic at threshold 0.5 of every model on every data set.

    A dot is the mean over seeds, a line the standard deviation. One panel a data set, those of most models first, else
    in the order of `scores`; models are sorted by their mean over the data sets, and a row of panels has those alone
    that one of its data sets has.
    """
    named = scores[["dataset", "model"]].drop_duplicates()
    datasets = sorted(dict.fromkeys(scores["dataset"]), key=lambda dataset: -int((named["dataset"] == dataset).sum()))
    skill = {
        (dataset, model): figures_by_seed(scores, dataset=dataset, model=model, metric="true_skill_statistic")
        for dataset, model in named.itertuples(index=False)
    }
    models = sorted(dict.fromkeys(scores["model"]), key=lambda model: _mean_of_means(skill, model))
    n_columns = min(len(datasets), 4)
    in_rows = [datasets[start : start + n_columns] for start in range(0, len(datasets), n_columns)]
    models_in_rows = [[model for model in models if any((one, model) in skill for one in row)] for row in in_rows]
    with mpl.rc_context(STYLE):
        panel_heights = [0.3 + 0.19 * len(of_row) for of_row in models_in_rows]
        height = 0.88 + sum(panel_heights) + 0.36 * (len(in_rows) - 1)
        figure = Figure(figsize=(TEXT_WIDTH_INCHES, height))
        FigureCanvasSVG(figure)
        ratios = {"height_ratios": panel_heights}
        panels = figure.subplots(len(in_rows), n_columns, sharex=True, sharey="row", squeeze=False, gridspec_kw=ratios)
        longest_name = max(len(model) for model in models)
        figure.subplots_adjust(
            left=0.03 + 0.0083 * longest_name,
            right=0.985,
            bottom=0.42 / height,
            top=1 - 0.46 / height,
            wspace=0.1,
            hspace=0.36 / float(np.mean(panel_heights)),
        )
        # A capital of this font is .7 as wide as high: long names are set smaller, so that neighbours do not meet.
        room_points = 72 * panels.flat[0].get_position().width * TEXT_WIDTH_INCHES
        title_size = min(STYLE["axes.titlesize"], room_points / (0.7 * max(map(len, datasets))))
        for position, (axes, dataset) in enumerate(zip(panels.flat, datasets, strict=False)):
            for row, model in enumerate(models_in_rows[position // n_columns]):
                if (dataset, model) in skill:
                    mean, sd = mean_and_standard_deviation(skill[dataset, model].to_numpy())
                    look = {"color": COLOURS[0], "marker": MARKERS[0], "markersize": 3.0, "elinewidth": 1.2}
                    axes.errorbar(mean, row, xerr=drawable(sd), **look)
            axes.set_title(dataset, loc="left", fontsize=title_size)
            axes.set_axisbelow(True)
            axes.grid(visible=True, color="#E4E4E4", linewidth=0.6)
            axes.tick_params(axis="y", length=0)
            axes.spines["left"].set_visible(False)
            # Of the last data set in each column: below it there may be nothing.
            axes.tick_params(labelbottom=position + n_columns >= len(datasets))
        for axes in panels.flat[len(datasets) :]:
            axes.set_visible(False)
        for axes, of_row in zip(panels[:, 0], models_in_rows, strict=True):
            axes.set_yticks(range(len(of_row)), of_row)
            axes.set_ylim(-0.6, len(of_row) - 0.4)
        lowest, _ = panels[0, 0].get_xlim()
        panels[0, 0].set_xlim(min(lowest, -0.05), 1.05)
        panels[0, 0].set_xticks([0.0, 0.5, 1.0], ["0", "0.5", "1"])
        figure.supxlabel("true skill statistic at threshold 0.5", y=0.1 / height, fontsize=7.0)
        add_title(figure, title, mark)
    return figure


def add_title(figure: Figure, title: str, mark: str) -> None:
    """Put the title in the upper left corner and `mark` in the right one; neither where it is empty.

    A title that would reach into the mark is written smaller.
    """
    top = 1.0 - 0.05 / figure.get_figheight()
    # Measured as outlines: a renderer would lay out the figure before it is whole.
    written = _width_points(title, TITLE_POINTS, weight="bold")
    room = 72.0 * (0.98 * figure.get_figwidth() - 0.1) - _width_points(mark, MARK_POINTS, weight="normal")
    points = TITLE_POINTS * min(1.0, room / written) if written else TITLE_POINTS
    figure.text(0.01, top, title, fontsize=points, fontweight="bold", ha="left", va="top")
    figure.text(0.99, top, mark, fontsize=MARK_POINTS, color=COLOURS[1], ha="right", va="top")


def _width_points(text: str, points: float, *, weight: str) -> float:
    """Width of a line of text, in points."""
    return TextPath((0, 0), text, size=points, prop=FontProperties(weight=weight)).get_extents().width if text else 0.0


def write_svg(path: str | Path, figure: Figure) -> None:
    """Write a figure as SVG without date, program or chance in it; what is rasterised, at `RASTER_DPI`."""
    with mpl.rc_context(STYLE), written_whole(path) as part:
        figure.savefig(part, format="svg", dpi=RASTER_DPI, metadata={"Date": None, "Creator": None})


def draw_band(axes: Axes, curve: CurveOverSeeds, *, from_origin: bool, **look: Any) -> None:
    """Draw the mean over seeds as a line of some `look`, a colour at least, and the standard deviation as a band."""
    spread = drawable(curve.y_sd)
    axes.fill_between(curve.x, curve.y - spread, curve.y + spread, color=look["color"], alpha=0.18, linewidth=0)
    x, y = (np.append(0.0, curve.x), np.append(0.0, curve.y)) if from_origin else (curve.x, curve.y)
    axes.plot(x, y, **look)


def scale_counts(counts: Axes, *, least: float, most: float) -> None:
    """Scale the ordinate for numbers of samples in the bins of a reliability diagram, from `least` to `most`."""
    # Most forecasts lie near 0 and 1: only a logarithmic axis shows how few lie between.
    counts.set_yscale("log")
    powers = 10.0 ** np.arange(0, np.floor(np.log10(max(2.0 * most, 10.0))) + 1, 2)
    counts.set_ylim(min(0.5 * least, 0.5), max(2.0 * most, 10.0))
    counts.set_yticks(powers, [f"{power:.0f}" if power < THOUSAND else f"{power / THOUSAND:.0f}k" for power in powers])
    counts.yaxis.set_minor_locator(NullLocator())


def drawable(standard_deviation: FloatArray) -> FloatArray:
    """Spread to draw: none where it is unknown."""
    return np.nan_to_num(standard_deviation, nan=0.0)


def _mean_of_means(skill: dict[tuple[str, str], pd.Series], model: str) -> float:
    """Mean over the data sets of a model's mean over seeds; 0 if all is undefined."""
    means = [figures.mean() for (_, name), figures in skill.items() if name == model]
    return float(np.nan_to_num(mean_and_standard_deviation(np.array(means))[0]))


def _draw_reliability(
    reliability: Axes, counts: Axes, curve: CurveOverSeeds, *, shift: float, look: dict[str, Any]
) -> None:
    reliability.errorbar(
        curve.x + shift, curve.y, yerr=drawable(curve.y_sd), markersize=2.8, elinewidth=0.8, linewidth=0.9, **look
    )
    middle_of_bin = (np.arange(len(curve.n)) + 0.5) / len(curve.n)
    filled = np.where(curve.n > 0, curve.n, np.nan)
    counts.plot(middle_of_bin + shift, filled, markersize=2.4, linestyle="none", clip_on=False, **look)


def _finish_reliability(reliability: Axes, counts: Axes) -> None:
    reliability.plot([0, 1], [0, 1], **REFERENCE_LINE)
    _explain_line(reliability, "dashed: perfect")
    reliability.set(ylim=(-0.04, 1.06), ylabel="observed event rate", title="reliability diagram")
    reliability.tick_params(labelbottom=False)
    least, most = counts.dataLim.intervaly
    scale_counts(counts, least=least, most=most)
    counts.set(xlim=(-0.04, 1.04), xlabel="forecast probability", ylabel="samples")
    counts.set_xticks(np.linspace(0, 1, 6))


def _finish_roc(roc: Axes) -> None:
    roc.plot([0, 1], [0, 1], **REFERENCE_LINE)
    _explain_line(roc, "dashed: no skill")
    roc.set(
        xlim=(-0.04, 1.04),
        ylim=(-0.04, 1.06),
        xlabel="probability of false detection",
        ylabel="probability of detection",
        title="ROC curve",
    )
    roc.set_xticks(np.linspace(0, 1, 6))


def _finish_profile(profile: Axes) -> None:
    profile.axhline(0.0, **REFERENCE_LINE)
    _explain_line(profile, "dashed: no skill")
    lowest, _ = profile.get_ylim()
    profile.set(
        xlim=(-0.04, 1.04),
        ylim=(min(lowest, -0.08), 1.06),
        xlabel="probability threshold",
        ylabel="true skill statistic",
        title="skill score profile",
    )
    profile.set_xticks(np.linspace(0, 1, 6))


def _explain_line(axes: Axes, text: str) -> None:
    axes.text(0.97, 0.012, text, transform=axes.transAxes, color=GREY, fontsize=6.0, ha="right", va="bottom")
