"""Figures of trainings: losses and skill by epoch, and scores by the number of regions that train."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import matplotlib as mpl
import numpy as np
from matplotlib.backends.backend_svg import FigureCanvasSVG
from matplotlib.figure import Figure
from matplotlib.lines import Line2D

from flaredag.curves_over_seeds import mean_and_standard_deviation
from flaredag.errors import InputError
from flaredag.plots import COLOURS, GREY, MARKERS, REFERENCE_LINE, STYLE, TEXT_WIDTH_INCHES, add_title, drawable
from flaredag.report_cells import ABBREVIATIONS, words
from flaredag.score_tables import CATEGORICAL_METRICS, figures_by_seed
from flaredag.training_curves import TRAINING_LOSS, VALIDATION_LOSS, curves_of_training

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    import pandas as pd

# What stands on the ordinate; the training loss is named by its weights.
PANELS = {
    TRAINING_LOSS: "training loss (cross-entropy,\n{weighted})",
    VALIDATION_LOSS: "validation loss (cross-entropy,\nunweighted)",
    "validation_true_skill_statistic": "validation TSS\nat threshold 0.5",
}
PANEL_INCHES, ABOVE_INCHES, BETWEEN_INCHES, BELOW_INCHES = 1.55, 0.3, 0.12, 0.75
REGIONS_INCHES = 2.4
# More seeds than colours can be told apart by name: dark is the first, light the last.
SEED_COLOURS = "viridis"


def training_curves_figure(
    curves: pd.DataFrame, *, dataset: str, models: Sequence[str], title: str, mark: str
) -> Figure:
    """Training loss, validation loss and validation TSS by epoch, a panel each, a line a seed.

    As Figure 4 of Li et al. 2024, whose panels are the first two. The epoch that each of `models`, names of one
    training, keeps has a marker. `curves`: columns of flaredag.training_curves. Raises InputError where there are none
    of a model, or of several trainings.
    """
    of_seeds = curves_of_training(curves, dataset=dataset, models=models)
    weights = curves.loc[(curves["dataset"] == dataset) & curves["model"].isin(list(models)), "class_weights"].iloc[0]
    weighted = f"{weights} class weights" if weights else "unweighted"
    with mpl.rc_context(STYLE):
        height = ABOVE_INCHES + len(PANELS) * PANEL_INCHES + (len(PANELS) - 1) * BETWEEN_INCHES + BELOW_INCHES
        figure = Figure(figsize=(TEXT_WIDTH_INCHES, height))
        FigureCanvasSVG(figure)
        panels = figure.subplots(len(PANELS), 1, sharex=True)
        figure.subplots_adjust(
            left=0.1,
            right=0.99,
            bottom=BELOW_INCHES / height,
            top=1.0 - ABOVE_INCHES / height,
            hspace=BETWEEN_INCHES / PANEL_INCHES,
        )
        colours = mpl.colormaps[SEED_COLOURS](np.linspace(0.0, 0.9, len(of_seeds)))
        for axes, (curve, label) in zip(panels, PANELS.items(), strict=True):
            for colour, own in zip(colours, of_seeds.values(), strict=True):
                axes.plot(own.index, own[curve], color=colour, linewidth=0.7)
                for marker, model in zip(MARKERS, models, strict=False):
                    at = own.loc[[model in kept_by for kept_by in own["kept_by"]], curve]
                    look: dict[str, Any] = {"markersize": 4.0, "markeredgecolor": "black", "markeredgewidth": 0.6}
                    axes.plot(at.index, at, color=colour, marker=marker, linestyle="none", zorder=3, **look)
            axes.set_ylabel(label.format(weighted=weighted), fontsize=6.5)
            axes.set_axisbelow(True)
            axes.grid(visible=True, color="#E4E4E4", linewidth=0.6)
        panels[-1].set_xlabel("epoch")
        _add_legend(figure, colours, list(of_seeds), models)
        add_title(figure, title, mark)
    return figure


def training_regions_figure(
    scores: pd.DataFrame,
    regions: Mapping[str, Sequence[int]],
    *,
    panels: Sequence[Mapping[str, str]],
    title: str,
    mark: str,
) -> Figure:
    """Mean and standard deviation over seeds of a score by the number of regions that train, a panel a score.

    As Figure 5 of Li et al. 2024. `regions`: the number that train, a seed each, by data set; `panels`: `metric` and
    `model` of each. `scores`: columns of flaredag.score_tables. Dashed: the mean of the most regions. Raises
    InputError where there are no scores of a data set and model, or no panel.
    """
    if not panels or not regions:
        raise InputError(
            f"figure {title!r} has {len(panels)} panels and {len(regions)} data sets; wanted one of each at least. "
            "Name some in the study."
        )
    numbers = {dataset: float(np.mean(of_seeds)) for dataset, of_seeds in regions.items()}
    datasets = sorted(numbers, key=numbers.__getitem__)
    with mpl.rc_context(STYLE):
        figure = Figure(figsize=(TEXT_WIDTH_INCHES, REGIONS_INCHES))
        FigureCanvasSVG(figure)
        drawn = figure.subplots(1, len(panels), squeeze=False)[0]
        figure.subplots_adjust(left=0.085, right=0.985, bottom=0.23, top=0.80, wspace=0.22)
        for axes, panel, colour in zip(drawn, panels, COLOURS, strict=False):
            own = [
                mean_and_standard_deviation(
                    figures_by_seed(scores, dataset=name, model=panel["model"], metric=panel["metric"]).to_numpy()
                )
                for name in datasets
            ]
            mean, sd = (np.array(values, dtype=np.float64) for values in zip(*own, strict=True))
            axes.axhline(mean[-1], **REFERENCE_LINE)
            look: dict[str, Any] = {"color": colour, "marker": "o", "markersize": 3.4, "elinewidth": 0.9}
            axes.errorbar([numbers[name] for name in datasets], mean, yerr=drawable(sd), **look)
            at = " at threshold 0.5" if panel["metric"] in CATEGORICAL_METRICS else ""
            axes.set(xlabel="regions that train", ylabel=f"{ABBREVIATIONS[panel['metric']]}{at}")
            axes.set_title(words(panel["model"]), loc="left")
            axes.set_xticks([numbers[name] for name in datasets], [f"{numbers[name]:.0f}" for name in datasets])
            axes.set_axisbelow(True)
            axes.grid(visible=True, axis="y", color="#E4E4E4", linewidth=0.6)
        figure.text(0.99, 0.015, "dashed: the mean of most regions", color=GREY, fontsize=6.0, ha="right")
        add_title(figure, title, mark)
    return figure


def _add_legend(figure: Figure, colours: Any, seeds: Sequence[int], models: Sequence[str]) -> None:
    handles = [Line2D([], [], color=colour) for colour in colours]
    look: dict[str, Any] = {"color": "white", "markeredgecolor": "black", "markeredgewidth": 0.6, "markersize": 4.0}
    handles += [Line2D([], [], marker=marker, **look) for marker, _ in zip(MARKERS, models, strict=False)]
    names = [f"seed {seed}" for seed in seeds] + [f"kept: {words(model)}" for model in models]
    figure.legend(handles, names, loc="lower center", ncols=6, handlelength=1.4, columnspacing=1.4)
