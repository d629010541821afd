"""Figure of calibration and value: CORP reliability, economic value and Murphy diagram side by side."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import matplotlib as mpl
import numpy as np
from matplotlib.lines import Line2D
from matplotlib.ticker import NullLocator

from flaredag.diagnostics import (
    CORP,
    HISTOGRAM,
    MURPHY,
    MURPHY_OF_CLIMATOLOGY,
    N_HISTOGRAM_BINS,
    POTENTIAL_VALUE,
    VALUE,
)
from flaredag.errors import InputError
from flaredag.forecast_blocks import NONE
from flaredag.plots import COLOURS, GREY, REFERENCE_LINE, STYLE, TEXT_WIDTH_INCHES, THOUSAND, add_title, three_panels
from flaredag.report_cells import MINUS, number, words

if TYPE_CHECKING:
    from collections.abc import Sequence

    import pandas as pd
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

# More series than these hide one another's bands.
MOST_SERIES = 5
BAND_OPACITY = 0.15
# A forecast of few values has points, not a curve.
MOST_MARKED = 3
# Where events are rarer, everything happens at low thresholds, and a logarithmic axis shows it.
RARE_EVENT_RATE = 0.1
LOWEST_VALUE_SHOWN = -0.5
# A long legend is set smaller. Width of its text beside the handles, in characters as wide as their size is high: those
# of this font are narrower.
LEGEND_FONT_SIZE = 6.0
LEGEND_WIDTH_POINTS = (72 * TEXT_WIDTH_INCHES - 24) / 0.602


def diagnostics_figure(
    diagnostics: pd.DataFrame,
    decomposition: pd.DataFrame,
    series: Sequence[tuple[str, str]],
    *,
    title: str,
    mark: str,
) -> Figure:
    """CORP reliability with histogram, economic value and Murphy diagram of `series` of (dataset, model).

    `diagnostics` and `decomposition` have the columns of flaredag.diagnostics; bands are their bounds. The legend has
    the Brier score and its decomposition. `mark` (SIMULATED, say) stands in the corner; empty for none. Raises
    InputError on no series, more than five, or one that the tables do not hold.
    """
    if not 1 <= len(series) <= MOST_SERIES:
        raise InputError(
            f"figure {title!r} has {len(series)} series; wanted 1 to {MOST_SERIES}, which can be told apart. Split it."
        )
    with mpl.rc_context(STYLE):
        figure, reliability, histogram, value, murphy = three_panels(
            title_inches=0.54, legend_inches=0.3 + 0.128 * len(series), between=0.31
        )
        climatologies: dict[str, pd.DataFrame] = {}
        for colour, one in zip(COLOURS, series, strict=False):
            _draw_curve(reliability, points_of(diagnostics, one, CORP), colour=colour)
            _draw_histogram(histogram, points_of(diagnostics, one, HISTOGRAM), colour=colour)
            potential = points_of(diagnostics, one, POTENTIAL_VALUE)
            value.plot(potential["x"], potential["y"], color=colour, linewidth=0.8, linestyle=(0, (1, 1)))
            _draw_curve(value, points_of(diagnostics, one, VALUE), colour=colour)
            _draw_curve(murphy, points_of(diagnostics, one, MURPHY), colour=colour)
            climatologies.setdefault(one[0], points_of(diagnostics, one, MURPHY_OF_CLIMATOLOGY))
        for climatology in climatologies.values():
            murphy.plot(climatology["x"], climatology["y"], **REFERENCE_LINE)
        rates = [float(curve["x"].iloc[int(curve["y"].argmax())]) for curve in climatologies.values()]
        _finish_reliability(reliability, histogram)
        _finish_value(value, rare=min(rates) < RARE_EVENT_RATE)
        _finish_murphy(murphy, rare=min(rates) < RARE_EVENT_RATE)
        _add_legend(figure, decomposition, series)
        add_title(figure, title, mark)
    return figure


def points_of(diagnostics: pd.DataFrame, series: tuple[str, str], diagram: str) -> pd.DataFrame:
    """Points of one diagram of a series of (dataset, model), in order; InputError where there is none."""
    dataset, model = series
    of_series = (diagnostics["dataset"] == dataset) & (diagnostics["model"] == model)
    points = diagnostics.loc[of_series & (diagnostics["diagram"] == diagram)]
    if points.empty:
        held = (diagnostics["dataset"] + " " + diagnostics["model"]).unique()
        raise InputError(
            f"no {diagram} diagram of {dataset} {model}; there are diagrams of {', '.join(held)}. Mend the series, or "
            "diagnose it first."
        )
    return points


def _draw_curve(axes: Axes, points: pd.DataFrame, *, colour: str) -> None:
    shape = points[["y", "low", "high"]].to_numpy(dtype=np.float64)
    bends = (np.diff(shape, axis=0) != 0).any(axis=1)
    points = points.loc[np.append(True, bends) | np.append(bends, True)]
    axes.fill_between(points["x"], points["low"], points["high"], color=colour, alpha=BAND_OPACITY, linewidth=0)
    look: dict[str, Any] = {"marker": "o", "markersize": 3.0} if len(points) <= MOST_MARKED else {}
    axes.plot(points["x"], points["y"], color=colour, **look)


def _draw_histogram(axes: Axes, points: pd.DataFrame, *, colour: str) -> None:
    edges = np.linspace(0.0, 1.0, N_HISTOGRAM_BINS + 1)
    axes.stairs(np.where(points["n"] > 0, points["n"], np.nan), edges, color=colour, linewidth=0.9, baseline=None)


def _finish_reliability(reliability: Axes, histogram: Axes) -> None:
    reliability.plot([0, 1], [0, 1], **REFERENCE_LINE)
    reliability.set(ylim=(-0.04, 1.06), ylabel="event rate, isotonic fit")
    _add_heading(reliability, "CORP reliability", "dashed: perfect")
    reliability.tick_params(labelbottom=False)
    histogram.set_yscale("log")
    histogram.set(xlim=(-0.04, 1.04), xlabel="forecast probability", ylabel="samples")
    histogram.set_xticks(np.linspace(0, 1, 6))
    _, most = histogram.dataLim.intervaly
    powers = 10.0 ** np.arange(0, np.floor(np.log10(max(2.0 * most, 10.0))) + 1, 2)
    histogram.set_ylim(0.5, max(2.0 * most, 10.0))
    histogram.set_yticks(
        powers, [f"{power:.0f}" if power < THOUSAND else f"{power / THOUSAND:.0f}k" for power in powers]
    )
    histogram.yaxis.set_minor_locator(NullLocator())


def _finish_value(value: Axes, *, rare: bool) -> None:
    value.axhline(0.0, **REFERENCE_LINE)
    drawn = [np.asarray(line.get_ydata(), dtype=np.float64) for line in value.lines]
    lowest = min((float(np.nanmin(y)) for y in drawn if np.isfinite(y).any()), default=0.0)
    value.set(
        ylim=(max(min(lowest, 0.0) - 0.06, LOWEST_VALUE_SHOWN), 1.04),
        xlabel="cost/loss ratio of the user",
        ylabel="relative economic value",
    )
    cut = f"; lowest, cut off: {number(lowest, 1)}" if lowest < LOWEST_VALUE_SHOWN else ""
    _add_heading(value, "economic value", f"dotted: best threshold{cut}")
    _set_threshold_axis(value, rare=rare)


def _finish_murphy(murphy: Axes, *, rare: bool) -> None:
    _, highest = murphy.get_ylim()
    murphy.set(ylim=(0.0, highest), xlabel="threshold", ylabel="mean elementary score")
    _add_heading(murphy, "Murphy diagram", "dashed: climatology; lower is better")
    _set_threshold_axis(murphy, rare=rare)


def _set_threshold_axis(axes: Axes, *, rare: bool) -> None:
    if rare:
        axes.set_xscale("log")
        axes.set_xlim(0.001, 1.0)
        axes.set_xticks([0.001, 0.01, 0.1, 1.0], ["0.001", "0.01", "0.1", "1"])
        return
    axes.set_xlim(-0.02, 1.02)
    axes.set_xticks(np.linspace(0, 1, 6))


def _add_legend(figure: Figure, decomposition: pd.DataFrame, series: Sequence[tuple[str, str]]) -> None:
    """Legend of the series with their Brier scores; the components with their bounds."""
    of_one_dataset = len({dataset for dataset, _ in series}) == 1
    rows, kinds = [], set()
    for dataset, model in series:
        found = decomposition.loc[(decomposition["dataset"] == dataset) & (decomposition["model"] == model)]
        if found.empty:
            raise InputError(f"no decomposition of {dataset} {model}; diagnose it first.")
        one = found.iloc[0]
        kinds.add(one["blocks"])
        rows.append(
            [
                _words_of_model(model) if of_one_dataset else f"{dataset} {_words_of_model(model)}",
                number(one["brier_score"], 4),
                *(
                    f"{number(one[name], 4)} [{number(one[f'low_{name}'], 4)}, {number(one[f'high_{name}'], 4)}]"
                    for name in ("miscalibration", "discrimination")
                ),
                number(one["uncertainty"], 4),
            ]
        )
    heads = ["", "Brier score", "= miscalibration", f"{MINUS} discrimination", "+ uncertainty"]
    widths = [max(map(len, column)) for column in zip(heads, *rows, strict=True)]
    texts = ["   ".join(f"{cell:<{width}}" for cell, width in zip(row, widths, strict=True)) for row in [heads, *rows]]
    look: list[dict[str, Any]] = [{"color": "none"}, *({"color": colour} for colour in COLOURS[: len(series)])]
    figure.legend(
        [Line2D([], [], **one) for one in look],
        texts,
        loc="lower center",
        bbox_to_anchor=(0.5, 0.11 / figure.get_figheight()),
        handlelength=1.6,
        borderpad=0.0,
        prop={"family": "DejaVu Sans Mono", "size": min(LEGEND_FONT_SIZE, LEGEND_WIDTH_POINTS / len(texts[0]))},
    )
    blocks = " or ".join(sorted(kinds - {NONE}))
    note = f"In brackets: bounds by resampled {blocks}; those of miscalibration are freed from the overfit of the fit."
    note = note if blocks else "No bounds: there is too little to resample."
    figure.text(0.5, 0.03 / figure.get_figheight(), note, color=GREY, fontsize=5.8, ha="center", va="bottom")


def _add_heading(axes: Axes, title: str, explanation: str) -> None:
    axes.set_title(title, pad=12.0)
    axes.text(0.5, 1.02, explanation, transform=axes.transAxes, color=GREY, fontsize=5.8, ha="center", va="bottom")


def _words_of_model(model: str) -> str:
    """Name of a model, and of what was done to its forecasts, as a reader wants it."""
    return ", ".join(words(part) for part in model.split("."))
