"""Figures of stacking ensembles, as Figures 9 to 11 of Sun et al. 2022: scores, weights, and one fit looked at."""

from __future__ import annotations

import textwrap
from typing import TYPE_CHECKING, Any, NamedTuple

import matplotlib as mpl
import numpy as np
from matplotlib.backends.backend_svg import FigureCanvasSVG
from matplotlib.figure import Figure
from matplotlib.lines import Line2D

from flaredag.ensemble_names import average_model, best_model, criterion_model, oracle_model
from flaredag.ensemble_tables import CRITERION_TITLES, TEST, VALIDATION
from flaredag.ensembles import fit_weights
from flaredag.errors import InputError
from flaredag.plots import COLOURS, GREY, REFERENCE_LINE, STYLE, TEXT_WIDTH_INCHES, add_title
from flaredag.report_cells import AT_THRESHOLD, words
from flaredag.score_tables import FIXED_THRESHOLD, figures_by_seed
from flaredag.splits import SPLITS
from flaredag.stacking_criteria import THRESHOLD, criterion_value

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    import pandas as pd
    from matplotlib.axes import Axes
    from numpy.typing import NDArray

    from flaredag.level_one import LevelOneData

    FloatArray = NDArray[np.float64]

TWO = 2
# Characters of a line that the width of a page has room for.
WIDEST_LABEL = 110
LABEL_LINE_INCHES = 0.13
ALPHA = "\N{GREEK SMALL LETTER ALPHA}"
FEWEST_FOR_A_BOX = 5
N_COLUMNS_OF_SCORES, N_COLUMNS_OF_WEIGHTS = 2, 4
HALF_SPREAD = 0.16  # of the points of the seeds about their row
N_POINTS_OF_CURVE = 1001
# Most forecasts lie near 0 and 1, where a small margin keeps them whole.
UNIT_RANGE = (-0.04, 1.04)
NON_EVENT_COLOUR, EVENT_COLOUR, FITTED_COLOUR, ORACLE_COLOUR = COLOURS[0], COLOURS[1], COLOURS[2], COLOURS[3]


class Row(NamedTuple):
    """One row of every panel: what it is called and its figures of each data set, (seed,)."""

    title: str
    figures: Mapping[str, FloatArray]
    colour: str


def ensemble_scores_figure(
    scores: pd.DataFrame,
    ensemble: Mapping[str, Any],
    *,
    datasets: Sequence[str],
    title: str,
    mark: str,
) -> Figure:
    """True skill statistic on the test split at the ensemble's threshold, of base learners, stackings and their rivals.

    A panel a data set, a row a model, a point a seed; a box (quartiles, median, 1.5 times their range) where there are
    five seeds or more, else the median alone. The oracle, fitted on the test split, stands apart in grey. Raises
    InputError where scores lack a model.
    """
    name, threshold = ensemble["name"], ensemble.get("threshold", FIXED_THRESHOLD)
    models = [(learner, words(learner), COLOURS[0]) for learner in ensemble["learners"]]
    models += [
        (criterion_model(name, criterion), f"stacked by {CRITERION_TITLES[criterion]}", COLOURS[1])
        for criterion in ensemble["criteria"]
    ]
    models += [(average_model(name), "average", COLOURS[2]), (best_model(name), "best on validation", COLOURS[2])]
    models += [(oracle_model(name), "oracle: fitted on test", GREY)]
    rows = [
        Row(
            row_title,
            {
                dataset: figures_by_seed(
                    scores, dataset=dataset, model=model, metric="true_skill_statistic", threshold=threshold
                ).to_numpy()
                for dataset in datasets
            },
            colour,
        )
        for model, row_title, colour in models
    ]
    return _panels_of_rows(
        rows,
        datasets,
        n_columns=min(len(datasets), N_COLUMNS_OF_SCORES),
        x_label=f"true skill statistic on the test split, {AT_THRESHOLD[threshold]}",
        title=title,
        mark=mark,
    )


def ensemble_weights_figure(
    weights: pd.DataFrame, ensemble: Mapping[str, Any], *, datasets: Sequence[str], title: str, mark: str
) -> Figure:
    """Weight of the first learner by criterion and data set, as fitted on the validation split.

    `weights` has the columns of flaredag.ensemble_tables. Points and boxes as in `ensemble_scores_figure`. Raises
    InputError where there is no weight of a criterion and data set.
    """
    first = ensemble["learners"][0]
    of_first = weights.loc[(weights["ensemble"] == ensemble["name"]) & (weights["learner"] == first), :]
    rows = []
    for criterion in ensemble["criteria"]:
        of_model = of_first.loc[of_first["model"] == criterion_model(ensemble["name"], criterion), :]
        figures = {
            dataset: of_model.loc[of_model["dataset"] == dataset, :].sort_values("seed")["weight"].to_numpy()
            for dataset in datasets
        }
        for dataset, values in figures.items():
            if not len(values):
                raise InputError(
                    f"no weight of ensemble {ensemble['name']} by {criterion} on {dataset}; there are weights of "
                    f"{', '.join(sorted(set(weights['dataset'])))}. Stack that data set first, or mend the figure."
                )
        rows.append(Row(CRITERION_TITLES[criterion], figures, COLOURS[1]))
    others = ", ".join(words(learner) for learner in ensemble["learners"][1:])
    figure = _panels_of_rows(
        rows,
        datasets,
        n_columns=min(len(datasets), N_COLUMNS_OF_WEIGHTS),
        x_label=textwrap.fill(
            f"weight of {words(first)} (the rest: {others}), fitted on the validation split", WIDEST_LABEL
        ),
        title=title,
        mark=mark,
    )
    for axes in figure.axes:
        axes.axvline(1.0 / len(ensemble["learners"]), **REFERENCE_LINE)
        axes.set(xlim=UNIT_RANGE)
        axes.set_xticks([0.0, 0.5, 1.0], ["0", "0.5", "1"])
    return figure


def ensemble_boundaries_figure(
    data: LevelOneData, learners: Sequence[str], *, criterion: str, title: str, mark: str
) -> Figure:
    """What two learners forecast in each split, with the decision boundary, and the criterion over their weight.

    Above: forecasts of the second learner against those of the first, by outcome; the line on which the combination
    is 0.5, of the weight fitted on the validation split (solid) and, on the test split, of the one fitted there, the
    oracle (dashed). Below: the criterion on both splits as a function of the first learner's weight. Raises
    InputError unless there are two learners, and where weights cannot be fitted.
    """
    if len(learners) != TWO:
        raise InputError(
            f"figure {title!r}: {len(learners)} learners in a plane; wanted {TWO}. Choose another ensemble."
        )
    fitted = {split: fit_weights([criterion], *data.of_split(split))[criterion] for split in (VALIDATION, TEST)}
    alpha, oracle = (float(fitted[split].weights[0]) for split in (VALIDATION, TEST))
    first, second = (words(learner) for learner in learners)
    with mpl.rc_context(STYLE):
        height = 4.5
        figure = Figure(figsize=(TEXT_WIDTH_INCHES, height))
        FigureCanvasSVG(figure)
        above = figure.add_gridspec(
            1, 3, left=0.075, right=0.985, bottom=2.12 / height, top=1 - 0.45 / height, wspace=0.14
        )
        below = figure.add_gridspec(1, 1, left=0.095, right=0.985, bottom=0.62 / height, top=1.72 / height)
        for position, split in enumerate(SPLITS):
            axes = figure.add_subplot(above[0, position])
            label, probabilities = data.of_split(split)
            _draw_forecasts(axes, label, probabilities)
            if split in (VALIDATION, TEST):
                _draw_boundary(axes, alpha, color=FITTED_COLOUR, linestyle="-")
            if split == TEST:
                _draw_boundary(axes, oracle, color=ORACLE_COLOUR, linestyle="--")
            axes.set(xlim=UNIT_RANGE, ylim=UNIT_RANGE, xlabel=f"probability by {first}", aspect="equal")
            axes.set_title(f"{split}, {len(label):,} samples", loc="left")
            axes.set_xticks([0.0, 0.5, 1.0], ["0", "0.5", "1"])
            axes.set_yticks([0.0, 0.5, 1.0], ["0", "0.5", "1"])
            if position == 0:
                axes.set_ylabel(f"probability by {second}")
        _draw_curves(figure.add_subplot(below[0, 0]), data, criterion, alpha=alpha, oracle=oracle, first=first)
        _add_legend(figure, criterion, alpha=alpha, oracle=oracle)
        add_title(figure, title, mark)
    return figure


def _panels_of_rows(
    rows: Sequence[Row], datasets: Sequence[str], *, n_columns: int, x_label: str, title: str, mark: str
) -> Figure:
    """Panels, one a data set, with the points and boxes of all rows."""
    with mpl.rc_context(STYLE):
        panel_height = 0.12 + 0.17 * len(rows)
        n_lines = -(-len(datasets) // n_columns)
        below = 0.42 + LABEL_LINE_INCHES * x_label.count("\n")
        height = 0.1 + below + n_lines * (panel_height + 0.36)
        figure = Figure(figsize=(TEXT_WIDTH_INCHES, height))
        FigureCanvasSVG(figure)
        panels = figure.subplots(n_lines, n_columns, sharex=True, sharey=True, squeeze=False)
        longest = max(len(row.title) for row in rows)
        figure.subplots_adjust(
            left=0.03 + 0.0083 * longest,
            right=0.985,
            bottom=below / height,
            top=1 - 0.46 / height,
            wspace=0.08,
            hspace=0.36 / panel_height,
        )
        for axes, dataset in zip(panels.flat, datasets, strict=False):
            for position, row in enumerate(rows):
                _draw_row(axes, row.figures[dataset], position, colour=row.colour)
            axes.set_title(dataset, loc="left")
            axes.set_axisbelow(True)
            axes.grid(visible=True, axis="x", color="#E4E4E4", linewidth=0.6)
            axes.tick_params(axis="y", length=0)
            axes.spines["left"].set_visible(False)
        for axes in panels.flat[len(datasets) :]:
            axes.set_visible(False)
        panels[0, 0].set_yticks(range(len(rows)), [row.title for row in rows])
        panels[0, 0].set_ylim(len(rows) - 0.4, -0.6)
        figure.supxlabel(x_label, y=0.1 / height, fontsize=7.0)
        add_title(figure, title, mark)
    return figure


def _draw_row(axes: Axes, figures: FloatArray, position: int, *, colour: str) -> None:
    known = figures[~np.isnan(figures)]
    if not len(known):
        return
    if len(known) >= FEWEST_FOR_A_BOX:
        line = {"color": colour, "linewidth": 0.8}
        axes.boxplot(
            [known],
            positions=[position],
            widths=0.62,
            orientation="horizontal",
            showfliers=False,
            manage_ticks=False,
            boxprops=line,
            whiskerprops=line,
            capprops=line,
            medianprops={"color": colour, "linewidth": 1.6},
        )
    else:
        median = np.median(known)
        axes.plot([median, median], [position - 0.31, position + 0.31], color=colour, linewidth=1.6)
    # The seeds lie one below the other, so that equal figures are all seen.
    shift = np.linspace(-HALF_SPREAD, HALF_SPREAD, len(figures)) if len(figures) > 1 else np.zeros(1)
    axes.plot(
        figures, position + shift, linestyle="none", marker="o", markersize=2.2, color=colour, alpha=0.75, clip_on=False
    )


def _draw_forecasts(axes: Axes, label: NDArray[np.int8], probabilities: FloatArray) -> None:
    # Neither outcome is to hide the other: they are drawn mixed.
    order = np.random.default_rng(0).permutation(len(label))
    colours = np.where(label == 1, EVENT_COLOUR, NON_EVENT_COLOUR)[order]
    axes.scatter(
        probabilities[order, 0], probabilities[order, 1], s=5.0, c=colours, alpha=0.5, linewidths=0, rasterized=True
    )


def _draw_boundary(axes: Axes, alpha: float, **line: Any) -> None:
    ends = np.array(UNIT_RANGE)
    if alpha > THRESHOLD:
        axes.plot((THRESHOLD - (1.0 - alpha) * ends) / alpha, ends, **line)
    else:
        axes.plot(ends, (THRESHOLD - alpha * ends) / (1.0 - alpha), **line)


def _draw_curves(axes: Axes, data: LevelOneData, criterion: str, *, alpha: float, oracle: float, first: str) -> None:
    alphas = np.linspace(0.0, 1.0, N_POINTS_OF_CURVE)
    for split, colour in ((VALIDATION, FITTED_COLOUR), (TEST, ORACLE_COLOUR)):
        label, probabilities = data.of_split(split)
        values = [criterion_value(criterion, label, probabilities, np.array([each, 1.0 - each])) for each in alphas]
        axes.plot(alphas, values, color=colour, linewidth=0.9)
    axes.axvline(alpha, color=FITTED_COLOUR, linewidth=0.9)
    axes.axvline(oracle, color=ORACLE_COLOUR, linewidth=0.9, linestyle="--")
    axes.set(xlim=(-0.01, 1.01), xlabel=f"weight {ALPHA} of {first}", ylabel=CRITERION_TITLES[criterion])


def _add_legend(figure: Figure, criterion: str, *, alpha: float, oracle: float) -> None:
    points: dict[str, Any] = {"linestyle": "none", "marker": "o", "markersize": 3.0}
    name = CRITERION_TITLES[criterion]
    handles = [
        Line2D([], [], color=EVENT_COLOUR, label="event", **points),
        Line2D([], [], color=NON_EVENT_COLOUR, label="no event", **points),
        Line2D([], [], color=FITTED_COLOUR, label=f"{name} on validation; fitted there: {ALPHA} = {alpha:.3f}"),
        Line2D(
            [],
            [],
            color=ORACLE_COLOUR,
            linestyle="--",
            label=f"{name} on test; oracle fitted there: {ALPHA} = {oracle:.3f}",
        ),
    ]
    figure.legend(handles=handles, loc="lower center", bbox_to_anchor=(0.5, 0.0), ncols=len(handles), handlelength=1.6)
