"""Figure of skill score profiles, ROC curves and reliability diagrams, a row a series, for a text width of 16 cm."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

import matplotlib as mpl
import numpy as np
from matplotlib.backends.backend_svg import FigureCanvasSVG
from matplotlib.figure import Figure
from matplotlib.lines import Line2D

from flaredag.curves_over_seeds import CurveOverSeeds, curve_over_seeds, mean_and_standard_deviation, with_spread
from flaredag.errors import InputError
from flaredag.plots import (
    COLOURS,
    GREY,
    REFERENCE_LINE,
    STYLE,
    TEXT_WIDTH_INCHES,
    add_title,
    draw_band,
    drawable,
    scale_counts,
)
from flaredag.score_tables import (
    FIXED_THRESHOLD,
    HEIDKE_PROFILE,
    RELIABILITY_CURVE,
    ROC_CURVE,
    SKILL_SCORE_PROFILE,
    TEST_THRESHOLD,
    VALIDATION_THRESHOLD,
    figures_by_seed,
)

if TYPE_CHECKING:
    from collections.abc import Sequence

    import pandas as pd
    from matplotlib.axes import Axes

# More rows are higher than a page.
MOST_ROWS = 4
BLACK = COLOURS[-1]
# Told apart by colour and by dashes.
LOOKS: dict[str, dict[str, Any]] = {
    "balanced_accuracy": {"color": COLOURS[2], "linestyle": (0, (1, 1))},
    "heidke_skill_score": {"color": COLOURS[1], "linestyle": (0, (4, 1.2))},
    "true_skill_statistic": {"color": COLOURS[0], "linestyle": "solid"},
}
NAMES = {
    "balanced_accuracy": "balanced accuracy",
    "heidke_skill_score": "Heidke skill score",
    "true_skill_statistic": "true skill statistic",
}
THRESHOLDS_IN_WORDS = {
    FIXED_THRESHOLD: "threshold 0.5",
    VALIDATION_THRESHOLD: "threshold best on validation",
    TEST_THRESHOLD: "threshold best on test",
}
TITLE_INCHES, LEGEND_INCHES, ABSCISSA_INCHES = 0.24, 0.36, 0.40
# Of a row: its heading above two lines over each panel, and the panels.
HEADING_INCHES, LINES_INCHES, PANEL_INCHES = 0.52, 0.39, 1.22
LEFT, RIGHT, BETWEEN = 0.075, 0.985, 0.30
TICKS = np.linspace(0.0, 1.0, 6)


class _Row(NamedTuple):
    profile: Axes
    roc: Axes
    reliability: Axes
    counts: Axes


def profiles_figure(
    curves: pd.DataFrame,
    scores: pd.DataFrame,
    series: Sequence[tuple[str, str]],
    *,
    threshold: str,
    title: str,
    mark: str,
) -> Figure:
    """Skill score profiles, ROC curve and reliability diagram of each of `series` of (dataset, model), a row each.

    As Figures 8 to 10 of Liu et al. 2019: balanced accuracy, Heidke skill score and true skill statistic by probability
    threshold; means over seeds, with the standard deviation as bands or error bars. The `threshold` (a value of the
    column of `scores`) is marked in the profile and on the ROC curve. The paper's inset with the number of samples in
    each bin stands beneath the reliability diagram, where it hides nothing. `mark` (SIMULATED, say) stands in the
    corner; empty for none. Raises InputError on no series, more than four, or one without curves or scores.
    """
    if not 1 <= len(series) <= MOST_ROWS:
        raise InputError(
            f"figure {title!r} has {len(series)} series; wanted 1 to {MOST_ROWS}, a row each on a page. Split it."
        )
    with mpl.rc_context(STYLE):
        figure, rows = _empty_rows(len(series))
        for row, (dataset, model) in zip(rows, series, strict=True):
            own = {"dataset": dataset, "model": model}
            top = row.profile.get_position().y1 + LINES_INCHES / figure.get_figheight()
            figure.text(LEFT, top, f"{model} on {dataset}", fontsize=7.0, fontweight="bold", ha="left", va="top")
            _draw_profiles(row.profile, curves, scores, own, threshold)
            _draw_roc(row.roc, curves, scores, own, threshold)
            _draw_reliability(row, curves, scores, own)
        for row in rows[:-1]:
            for axes in (row.profile, row.roc, row.counts):
                axes.tick_params(labelbottom=False)
        _name_abscissae(rows[-1])
        _add_legend(figure, threshold)
        add_title(figure, title, mark)
    return figure


def _empty_rows(n_rows: int) -> tuple[Figure, list[_Row]]:
    height = TITLE_INCHES + n_rows * (HEADING_INCHES + PANEL_INCHES) + ABSCISSA_INCHES + LEGEND_INCHES
    figure = Figure(figsize=(TEXT_WIDTH_INCHES, height))
    FigureCanvasSVG(figure)
    rows = []
    for position in range(n_rows):
        top = height - TITLE_INCHES - position * (HEADING_INCHES + PANEL_INCHES) - HEADING_INCHES
        grid = figure.add_gridspec(
            2,
            3,
            left=LEFT,
            right=RIGHT,
            top=top / height,
            bottom=(top - PANEL_INCHES) / height,
            wspace=BETWEEN,
            hspace=0.1,
            height_ratios=(3, 1),
        )
        counts = figure.add_subplot(grid[1, 2])
        reliability = figure.add_subplot(grid[0, 2], sharex=counts)
        rows.append(_Row(figure.add_subplot(grid[:, 0]), figure.add_subplot(grid[:, 1]), reliability, counts))
        for axes in rows[-1]:
            axes.set(xlim=(-0.04, 1.04), xticks=TICKS)
    return figure, rows


def _draw_profiles(axes: Axes, curves: pd.DataFrame, scores: pd.DataFrame, own: dict[str, str], threshold: str) -> None:
    skill = curve_over_seeds(curves, **own, curve=SKILL_SCORE_PROFILE)
    profiles = {
        # Linear in the true skill statistic of each seed, and so in its mean and standard deviation.
        "balanced_accuracy": skill._replace(y=(1.0 + skill.y) / 2.0, y_sd=skill.y_sd / 2.0),
        "heidke_skill_score": curve_over_seeds(curves, **own, curve=HEIDKE_PROFILE),
        "true_skill_statistic": skill,
    }
    for metric, profile in profiles.items():
        draw_band(axes, profile, from_origin=False, **LOOKS[metric])
    at = figures_by_seed(scores, **own, metric="threshold", threshold=threshold)
    mean, sd = mean_and_standard_deviation(at.to_numpy())
    if np.isfinite(mean):
        axes.axvline(float(mean), color=BLACK, linewidth=0.7, zorder=0)
        axes.axvspan(float(mean - drawable(sd)), float(mean + drawable(sd)), color=GREY, alpha=0.25, linewidth=0)
    axes.axhline(0.0, **REFERENCE_LINE)
    lowest = min(float(np.nanmin(profile.y - drawable(profile.y_sd), initial=0.0)) for profile in profiles.values())
    axes.set(ylim=(min(lowest, 0.0) - 0.04, 1.06), ylabel="score")
    best = figures_by_seed(scores, **own, metric="true_skill_statistic", threshold=threshold)
    _head(axes, f"threshold {with_spread(at)}", f"TSS {with_spread(best)}")


def _draw_roc(axes: Axes, curves: pd.DataFrame, scores: pd.DataFrame, own: dict[str, str], threshold: str) -> None:
    axes.plot([0, 1], [0, 1], **REFERENCE_LINE)
    draw_band(axes, curve_over_seeds(curves, **own, curve=ROC_CURVE), from_origin=True, color=BLACK)
    (x, x_sd), (y, y_sd) = (
        mean_and_standard_deviation(figures_by_seed(scores, **own, metric=metric, threshold=threshold).to_numpy())
        for metric in ("probability_of_false_detection", "probability_of_detection")
    )
    axes.errorbar(x, y, xerr=drawable(x_sd), yerr=drawable(y_sd), color=COLOURS[0], marker="o", markersize=3.2)
    axes.set(ylim=(-0.04, 1.06), ylabel="probability of detection")
    area = figures_by_seed(scores, **own, metric="area_under_roc_curve")
    _head(axes, "", f"AUC {with_spread(area)}")


def _draw_reliability(row: _Row, curves: pd.DataFrame, scores: pd.DataFrame, own: dict[str, str]) -> None:
    curve: CurveOverSeeds = curve_over_seeds(curves, **own, curve=RELIABILITY_CURVE)
    row.reliability.plot([0, 1], [0, 1], **REFERENCE_LINE)
    row.reliability.errorbar(
        curve.x,
        curve.y,
        yerr=drawable(curve.y_sd),
        color=BLACK,
        marker="o",
        markersize=2.2,
        linewidth=0.9,
        elinewidth=0.7,
    )
    row.reliability.set(ylim=(-0.04, 1.06), yticks=TICKS, ylabel="event rate")
    row.reliability.tick_params(labelbottom=False)
    n_bins = len(curve.n)
    row.counts.bar((np.arange(n_bins) + 0.5) / n_bins, curve.n, width=0.84 / n_bins, color=GREY)
    filled = curve.n[curve.n > 0]
    scale_counts(row.counts, least=float(filled.min()), most=float(filled.max()))
    row.counts.set_ylabel("samples", fontsize=6.0)
    brier, skill = (figures_by_seed(scores, **own, metric=metric) for metric in ("brier_score", "brier_skill_score"))
    _head(row.reliability, f"BS {with_spread(brier)}", f"BSS {with_spread(skill)}")


def _head(axes: Axes, *lines: str) -> None:
    axes.set_title("\n".join(lines), fontsize=6.5, linespacing=1.25, pad=3.0)


def _name_abscissae(row: _Row) -> None:
    row.profile.set_xlabel("probability threshold")
    row.roc.set_xlabel("probability of false detection")
    row.counts.set_xlabel("forecast probability")


def _add_legend(figure: Figure, threshold: str) -> None:
    handles = [Line2D([], [], **look) for look in LOOKS.values()]
    handles += [
        Line2D([], [], color=BLACK, linewidth=0.7, marker="o", markersize=3.2, markerfacecolor=COLOURS[0]),
        Line2D([], [], **REFERENCE_LINE),
    ]
    names = [*(NAMES[metric] for metric in LOOKS), THRESHOLDS_IN_WORDS[threshold], "no skill, or perfectly reliable"]
    figure.legend(handles, names, loc="lower center", ncol=3, handlelength=2.4, columnspacing=3.0)
