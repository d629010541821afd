"""Figure of the skill of anybody's models: scores of each with their intervals, the best at the top."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import matplotlib as mpl
import numpy as np
from matplotlib.backends.backend_svg import FigureCanvasSVG
from matplotlib.figure import Figure

from flaredag.errors import InputError
from flaredag.plots import COLOURS, GREY, REFERENCE_LINE, STYLE, TEXT_WIDTH_INCHES, add_title
from flaredag.report_cells import number
from flaredag.score_tables import CATEGORICAL_METRICS, FIXED_THRESHOLD

if TYPE_CHECKING:
    import pandas as pd
    from matplotlib.axes import Axes

MOST_MODELS = 40
# Panels: metric, name, figure of no skill, least and greatest figure shown.
PANELS = (
    ("brier_skill_score", "Brier skill score", 0.0, (-1.0, 1.0)),
    ("area_under_roc_curve", "area under the ROC curve", 0.5, (0.0, 1.0)),
    ("true_skill_statistic", "true skill statistic", 0.0, (-1.0, 1.0)),
)


def by_skill(intervals: pd.DataFrame) -> list[str]:
    """Models from the greatest Brier skill score to the least, undefined ones last, equal ones by name."""
    skill = intervals.loc[intervals["metric"] == "brier_skill_score"].set_index("model")["value"]
    return sorted(skill.index, key=lambda model: (-np.nan_to_num(skill[model], nan=-np.inf), model))


def skill_figure(intervals: pd.DataFrame, *, title: str) -> Figure:
    """Brier skill score, ROC area and true skill statistic of each model of `intervals`, with their bounds.

    `intervals` has the columns of flaredag.forecast_scores; of more than 40 models the best are drawn. The true skill
    statistic is that at the threshold which is not fixed. What lies left of a panel is told in figures at its edge.
    """
    models = by_skill(intervals)[:MOST_MODELS]
    if not models:
        raise InputError("no Brier skill score among the intervals; wanted one a model. Verify the forecasts anew.")
    with mpl.rc_context(STYLE):
        height = 0.95 + 0.17 * len(models)
        figure = Figure(figsize=(TEXT_WIDTH_INCHES, height))
        FigureCanvasSVG(figure)
        panels = figure.subplots(1, len(PANELS), sharey=True, squeeze=False)[0]
        longest = max(map(len, models))
        left = min(0.03 + 0.0095 * longest, 0.36)
        figure.subplots_adjust(left=left, right=0.985, bottom=0.42 / height, top=1 - 0.42 / height, wspace=0.12)
        for axes, (metric, name, no_skill, limits) in zip(panels, PANELS, strict=True):
            of_metric = intervals.loc[intervals["metric"] == metric]
            if metric in CATEGORICAL_METRICS:
                of_metric = of_metric.loc[of_metric["threshold"] != FIXED_THRESHOLD]
            _draw_panel(axes, of_metric.set_index("model"), models, limits)
            axes.axvline(no_skill, **REFERENCE_LINE)
            axes.set_xlabel(name)
        panels[0].set_yticks(range(len(models)), models)
        panels[0].set_ylim(len(models) - 0.4, -0.6)
        add_title(figure, title, "")
    return figure


def _draw_panel(axes: Axes, figures: pd.DataFrame, models: list[str], limits: tuple[float, float]) -> None:
    look: dict[str, Any] = {"color": COLOURS[0], "marker": "o", "markersize": 3.0, "elinewidth": 1.1}
    least, greatest = limits
    drawn = figures.loc[figures.index.isin(models), ["value", "low", "high"]].to_numpy(dtype=np.float64)
    least = max(least, min(0.0, float(np.nanmin(drawn)))) if np.isfinite(drawn).any() else least
    axes.set_xlim(least - 0.05 * (greatest - least), greatest + 0.02)
    for row, model in enumerate(models):
        value, low, high = (float(figures.loc[model, name]) for name in ("value", "low", "high"))
        if np.isnan(value):
            axes.text(least, row, "undefined", color=GREY, fontsize=5.8, va="center")
        elif value < least:
            told = f"\N{LEFTWARDS ARROW} {number(value, 2)}"
            axes.text(least, row, told, color=COLOURS[0], fontsize=5.8, va="center")
        else:
            bounds = [[value - max(low, least)], [high - value]]
            axes.errorbar(value, row, xerr=None if np.isnan(low) else np.maximum(bounds, 0.0), **look)
    axes.set_axisbelow(True)
    axes.grid(visible=True, axis="x", color="#E4E4E4", linewidth=0.6)
    axes.tick_params(axis="y", length=0)
    axes.spines["left"].set_visible(False)
