"""Figure of permutation importance: what models lose without each group of features."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import matplotlib as mpl
import numpy as np
from matplotlib.backends.backend_svg import FigureCanvasSVG
from matplotlib.figure import Figure

from flaredag.errors import InputError
from flaredag.importance_tables import shown_group
from flaredag.plots import COLOURS, STYLE, TEXT_WIDTH_INCHES, add_title, drawable
from flaredag.report_cells import words

if TYPE_CHECKING:
    from collections.abc import Sequence

    import pandas as pd
    from matplotlib.axes import Axes

PANELS = {"true_skill_statistic": "loss of TSS", "area_under_roc_curve": "loss of AUC"}
BAR_INCHES, GAP_INCHES = 0.075, 0.09
# Of the font of tick labels: about its mean width.
CHARACTER_INCHES = 0.054


def importance_figure(lost: pd.DataFrame, *, title: str, mark: str) -> Figure:
    """Losses of TSS and AUC, a panel each, a bar a group and model, with intervals where there are some.

    `lost`: rows of one data set as flaredag.importance_tables has them. Groups are sorted by their mean loss of TSS
    over the models, the greatest on top; long lists of members are cut (`shown_group`). Raises InputError where there
    are no rows or more models than colours.
    """
    models = list(lost["model"].unique())
    if not 1 <= len(models) <= len(COLOURS):
        raise InputError(
            f"figure {title!r} has {len(models)} models; wanted 1 to {len(COLOURS)}, which can be told apart. Name "
            "fewer in `importance`."
        )
    groups = _ordered_groups(lost)
    labels = [shown_group(name) for name in groups]
    with mpl.rc_context(STYLE):
        height = 0.95 + len(groups) * (len(models) * BAR_INCHES + GAP_INCHES)
        figure = Figure(figsize=(TEXT_WIDTH_INCHES, height))
        FigureCanvasSVG(figure)
        panels = figure.subplots(1, len(PANELS), sharey=True)
        left = 0.12 + CHARACTER_INCHES * max(map(len, labels))
        figure.subplots_adjust(
            left=left / TEXT_WIDTH_INCHES, right=0.985, bottom=0.6 / height, top=1.0 - 0.3 / height, wspace=0.08
        )
        for axes, (metric, label) in zip(panels, PANELS.items(), strict=True):
            _draw(axes, lost.loc[lost["metric"] == metric], groups, models)
            axes.set_xlabel(label)
        panels[0].set_yticks(range(len(groups)), labels)
        panels[0].set_ylim(len(groups) - 0.5, -0.5)
        figure.legend(
            panels[0].containers[: len(models)],
            [words(model) for model in models],
            loc="lower center",
            bbox_to_anchor=(0.5, 0.0),
            ncols=min(len(models), 4),
        )
        add_title(figure, title, mark)
    return figure


def _ordered_groups(lost: pd.DataFrame) -> list[str]:
    """Groups by their mean loss of TSS over the models, the greatest first; of equal ones as they come."""
    skill = lost.loc[lost["metric"] == next(iter(PANELS))]
    mean = skill.groupby("group", sort=False)["loss"].mean().fillna(0.0)
    return mean.sort_values(ascending=False, kind="stable").index.tolist()


def _draw(axes: Axes, lost: pd.DataFrame, groups: Sequence[str], models: Sequence[str]) -> None:
    """One panel: `lost` are its losses of one metric."""
    thickness = BAR_INCHES / (len(models) * BAR_INCHES + GAP_INCHES)
    bars = []
    for position, model in enumerate(models):
        of_model = lost.loc[lost["model"] == model].set_index("group").loc[list(groups)]
        value, low, high = (of_model[name].to_numpy(dtype=np.float64) for name in ("loss", "low", "high"))
        rows = np.arange(len(groups)) + thickness * (position - (len(models) - 1) / 2)
        look: dict[str, Any] = {"color": COLOURS[position], "linewidth": 0}
        bars.append(axes.barh(rows, drawable(value), height=0.9 * thickness, alpha=0.75, **look))
        axes.hlines(rows, low, high, color="black", linewidth=0.5)
    axes.axvline(0.0, color="black", linewidth=0.6)
    axes.set_axisbelow(True)
    axes.grid(visible=True, axis="x", color="#E4E4E4", linewidth=0.6)
    axes.tick_params(axis="y", length=0)
    axes.spines["left"].set_visible(False)
