"""Figures of recursive elimination: skill of each feature alone by every order, and along an order from both ends."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import matplotlib as mpl
import numpy as np
from matplotlib.backends.backend_svg import FigureCanvasSVG
from matplotlib.figure import Figure

from flaredag.errors import InputError
from flaredag.flare_history import HISTORY_FEATURES
from flaredag.plots import GREY, REFERENCE_LINE, STYLE, TEXT_WIDTH_INCHES, add_title, drawable
from flaredag.plots_ranking import HISTORY, PHYSICAL, TOGETHER
from flaredag.ranking_settings import LAST, METRIC_WORDS, REMOVED_WORDS, as_shown
from flaredag.ranking_tables import CUMULATIVE, INDIVIDUAL, rows_of_order

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    import pandas as pd
    from matplotlib.axes import Axes

    from flaredag.ranking_settings import Order

# More names than these are not legible side by side in half a text's width.
MOST_IN_HALF = 14
PANEL_INCHES, NAMES_INCHES, ABOVE_INCHES, BELOW_INCHES = 1.75, 0.62, 0.55, 0.18
LEFT, RIGHT, BETWEEN = 0.08, 0.99, 0.2


def single_features_figure(
    ranking: pd.DataFrame, orders: Mapping[str, Order], *, dataset: str, title: str, mark: str
) -> Figure:
    """Bars of the mean score of each feature alone, with sd over seeds, sorted; a panel an order.

    As Figures 6 and 9 of Li et al. 2024. `ranking`: of a study (`flaredag.ranking_tables.RANKING_COLUMNS`); `orders`:
    by name. Features of flare history have a colour of their own. Raises InputError where an order has no row.
    """
    rows = {
        name: _checked(rows_of_order(ranking, order, INDIVIDUAL, name=name, dataset=dataset), title)
        for name, order in orders.items()
    }
    with mpl.rc_context(STYLE):
        figure, panels = _panels(len(orders), max(map(len, rows.values())), share_scale=False)
        for axes, (name, order) in zip(panels, orders.items(), strict=True):
            own = rows[name]
            mean, spread = own["mean"].to_numpy(), drawable(own["sd"].to_numpy())
            of_history = own["feature"].isin(list(HISTORY_FEATURES)).to_numpy()
            axes.bar(
                np.arange(len(own)),
                mean,
                yerr=spread,
                width=0.72,
                color=np.where(of_history, HISTORY, PHYSICAL),
                error_kw={"elinewidth": 0.7, "ecolor": "#404040"},
            )
            axes.axhline(0.0, color="black", linewidth=0.6)
            _finish(axes, own["feature"].tolist(), order, order.in_words())
        add_title(figure, title, mark)
    return figure


def elimination_figure(
    ranking: pd.DataFrame,
    order: Order,
    *,
    name: str,
    directions: Sequence[str],
    dataset: str,
    title: str,
    mark: str,
) -> Figure:
    """Lines of the mean score of the features that remain as others are removed, with sd over seeds.

    As Figures 7, 8, 10 and 11 of Li et al. 2024: a panel a direction, first that of the last features together, from
    which the most important are removed. A point stands above the feature that is removed next, and is of it
    and all features to its right. Dashed: all features. `ranking` as of `single_features_figure`; `order` goes by
    `name`. Raises InputError where a direction has no row.
    """
    features = rows_of_order(ranking, order, INDIVIDUAL, name=name, dataset=dataset)["feature"].tolist()
    shown = as_shown(directions)
    rows = [
        _checked(rows_of_order(ranking, order, CUMULATIVE, name=name, dataset=dataset, direction=direction), title)
        for direction in shown
    ]
    with mpl.rc_context(STYLE):
        figure, panels = _panels(len(shown), len(features), share_scale=True)
        for axes, direction, own in zip(panels, shown, rows, strict=True):
            whole = own.loc[own["k"].idxmax(), "mean"]
            axes.axhline(whole, **REFERENCE_LINE)
            axes.errorbar(
                len(features) - own["k"].to_numpy(),
                own["mean"].to_numpy(),
                yerr=drawable(own["sd"].to_numpy()),
                color=TOGETHER,
                marker="o",
                markersize=2.6,
                linewidth=1.0,
                elinewidth=0.7,
            )
            _finish(
                axes,
                features if direction == LAST else features[::-1],
                order,
                f"removed one by one, {REMOVED_WORDS[direction]}",
            )
        figure.text(
            0.99,
            0.02,
            "a point is of the feature below it and all to its right; dashed: all features",
            color=GREY,
            fontsize=6.0,
            ha="right",
        )
        add_title(figure, title, mark)
    return figure


def _checked(rows: pd.DataFrame, title: str) -> pd.DataFrame:
    if rows.empty:
        raise InputError(
            f"figure {title!r}: no row of the ranking; wanted some of each order and direction. Delete the table of "
            "the ranking to have it made again."
        )
    return rows


def _panels(n_panels: int, n_features: int, *, share_scale: bool) -> tuple[Figure, Sequence[Axes]]:
    """A figure of a text's width with its panels, two in a row where their names of features find room."""
    n_columns = min(n_panels, 2) if n_features <= MOST_IN_HALF else 1
    n_rows = -(-n_panels // n_columns)
    height = ABOVE_INCHES + BELOW_INCHES + n_rows * (PANEL_INCHES + NAMES_INCHES) + (n_rows - 1) * 0.25
    figure = Figure(figsize=(TEXT_WIDTH_INCHES, height))
    FigureCanvasSVG(figure)
    panels = figure.subplots(n_rows, n_columns, sharey=share_scale, squeeze=False)
    figure.subplots_adjust(
        left=LEFT,
        right=RIGHT,
        bottom=(BELOW_INCHES + NAMES_INCHES) / height,
        top=1.0 - ABOVE_INCHES / height,
        wspace=BETWEEN,
        hspace=(NAMES_INCHES + 0.25) / PANEL_INCHES,
    )
    for axes in panels.flat[n_panels:]:
        axes.set_visible(False)
    return figure, list(panels.flat)[:n_panels]


def _finish(axes: Axes, features: Sequence[str], order: Order, title: str) -> None:
    look: dict[str, Any] = {"rotation": 60, "ha": "right", "rotation_mode": "anchor", "fontsize": 5.6}
    axes.set_xticks(range(len(features)), [name.upper() for name in features], **look)
    axes.tick_params(axis="x", length=0, pad=2.0)
    axes.tick_params(axis="y", labelleft=True)
    axes.set(xlim=(-0.7, len(features) - 0.3), ylabel=METRIC_WORDS[order.metric])
    axes.set_title(title, loc="left")
    axes.set_axisbelow(True)
    axes.grid(visible=True, axis="y", color="#E4E4E4", linewidth=0.6)
