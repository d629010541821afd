"""Part of the report on features removed one by one: which come first, what removing the first and the last does."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from flaredag.ranking_settings import FIRST, LAST, METRIC_WORDS, as_shown, orders_of, removed_in_words
from flaredag.ranking_tables import (
    CUMULATIVE,
    INDIVIDUAL,
    PUBLISHED_RANKS,
    exceeds_spread,
    falls_beyond_spread,
    rows_of_order,
)
from flaredag.report_cells import (
    UNDEFINED,
    Block,
    count,
    interval,
    number,
    number_columns,
    paragraph,
    signed,
    table,
    text_columns,
    with_interval,
)

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    import pandas as pd

    from flaredag.ranking_settings import Order

N_SHOWN = 15
N_TOLD = 3
TOGETHER_WORDS = {FIRST: "with all before it", LAST: "with all after it"}


def elimination(ranked: pd.DataFrame, settings: Mapping[str, Any]) -> list[Block]:
    """How features are ordered, in words and a table a data set; `settings` of the study's ranking.

    `ranked`: columns `flaredag.ranking_tables.RANKING_COLUMNS`.
    """
    orders, directions = orders_of(settings), settings["directions"]
    blocks = [paragraph(_meaning(ranked, orders, directions))]
    for dataset in ranked["dataset"].unique():
        told = [
            _in_words(ranked, order, name=name, dataset=dataset, directions=directions)
            for name, order in orders.items()
        ]
        blocks += [paragraph(" ".join(told)), _table(ranked, orders, dataset=dataset, directions=directions)]
    return blocks


def _meaning(ranked: pd.DataFrame, orders: Mapping[str, Order], directions: Sequence[str]) -> str:
    n_splits = int(ranked["n_seeds"].max())
    bounded = ranked["low"].notna().any()
    spread = (
        "A difference is more than the spread over splits where its 95 % interval lies on one side of zero; intervals "
        "are by the variance of Nadeau & Bengio (2003), as the splits draw their regions from the same ones."
        if bounded
        else "A difference is more than the spread over splits where it is greater than its standard deviation."
    )
    return (
        f"A model is fitted on each feature alone, on {n_splits} split(s). Features are ordered by the "
        f"{', or by the '.join(order.in_words() for order in orders.values())}. Then they are removed one by one, "
        f"{removed_in_words(directions)}, and a model is fitted on what remains. {spread} As in the paper, the order "
        "is of scores on the test splits, where the first are those that score highest of all: their figures flatter."
    )


def _in_words(ranked: pd.DataFrame, order: Order, *, name: str, dataset: str, directions: Sequence[str]) -> str:
    """What is said of one order on one data set."""
    alone = rows_of_order(ranked, order, INDIVIDUAL, name=name, dataset=dataset)
    first = [f"{_feature(row)} ({_score(row)})" for row in alone.head(N_TOLD).to_dict("records")]
    last = alone.iloc[-1].to_dict()
    rest = f"; the last is {_feature(last)} ({_score(last)})" if len(alone) > N_TOLD else ""
    told = [f"On {dataset}, by the {order.in_words()}, the first are {', '.join(first)}{rest}.", _told_apart(alone)]
    for direction in as_shown(directions):
        rows = rows_of_order(ranked, order, CUMULATIVE, name=name, dataset=dataset, direction=direction)
        if direction == as_shown(directions)[0]:
            whole = rows.loc[rows["k"].idxmax()].to_dict()
            told.append(f"All {len(alone)} together have a {METRIC_WORDS[order.metric]} of {_score(whole)}.")
        told.append(_removal(rows, alone["feature"].tolist(), direction))
    return " ".join(text for text in told if text)


def _told_apart(alone: pd.DataFrame) -> str:
    """Which features are below the first by more than the spread."""
    others = alone.iloc[1:].to_dict("records")
    below = [falls_beyond_spread(row) for row in others]
    if not others or None in below:
        return ""
    alike = [_feature(row) for row, is_below in zip(others, below, strict=True) if not is_below]
    if not alike:
        return "All others are below the first by more than the spread over splits."
    return f"{', '.join(alike)} {'is' if len(alike) == 1 else 'are'} not below the first by more than the spread."


def _removal(rows: pd.DataFrame, features: Sequence[str], direction: str) -> str:
    """What removing the first, or the last, does: at the first step, and at the first that falls below all features."""
    steps = rows.sort_values("k", ascending=False, kind="stable").iloc[1:].to_dict("records")
    end = "first" if direction == LAST else "last"
    if not steps:
        return ""
    removed = len(features) - int(steps[0]["k"])
    gone = features[:removed] if direction == LAST else features[-removed:]
    told = (
        f"Without the {end}, {', '.join(one.upper() for one in gone)}, it is {_score(steps[0])}, "
        f"{_difference(steps[0])}."
    )
    falls = [falls_beyond_spread(step) for step in steps]
    if None in falls:
        return told
    if not any(falls):
        least = int(steps[-1]["k"])
        return f"{told} As more of the {end} are removed, down to {least}, it falls by no more than the spread."
    at = falls.index(True)
    if at == 0:
        worst = min(steps, key=lambda step: step["difference"])
        return f"{told} Its lowest is {_score(worst)}, with {count(worst['k'])} left."
    n_gone = len(features) - int(steps[at]["k"])
    return (
        f"{told} It first falls by more than the spread when {n_gone} of the {end} are removed: {_score(steps[at])}, "
        f"{_difference(steps[at])}."
    )


def _difference(row: Mapping[str, Any]) -> str:
    """Difference of a row from all features, its interval, and whether it is more than the spread."""
    bounds = interval(row["difference_low"], row["difference_high"])
    exceeds = exceeds_spread(row)
    judged = "" if exceeds is None else ", more than the spread" if exceeds else ", within the spread"
    return f"a difference of {signed(row['difference'])}{f' {bounds}' if bounds else ''}{judged}"


def _table(ranked: pd.DataFrame, orders: Mapping[str, Order], *, dataset: str, directions: Sequence[str]) -> Block:
    published = [column for column in PUBLISHED_RANKS.values() if ranked[column].notna().any()]
    rows: list[dict[str, Any]] = []
    for name, order in orders.items():
        alone = rows_of_order(ranked, order, INDIVIDUAL, name=name, dataset=dataset)
        shown = alone.head(N_SHOWN)
        rows.append({"group": f"{order.in_words()}: the first {len(shown)} of {len(alone)}"})
        together = {
            direction: rows_of_order(
                ranked, order, CUMULATIVE, name=name, dataset=dataset, direction=direction
            ).set_index("rank")
            for direction in as_shown(directions)
        }
        for row in shown.to_dict("records"):
            cells: list[Any] = [count(row["rank"]), _feature(row), _cell(row)]
            cells += [
                _cell(own.loc[row["rank"]].to_dict()) if row["rank"] in own.index else UNDEFINED
                for own in together.values()
            ]
            cells += [UNDEFINED if np.isnan(row[column]) else count(row[column]) for column in published]
            rows.append({"cells": cells})
    headings = number_columns("") + text_columns("feature")
    headings += number_columns("alone", *(TOGETHER_WORDS[one] for one in as_shown(directions)))
    headings += number_columns(
        *(["paper, header", "paper, true"] if len(published) > 1 else ["paper"])[: len(published)]
    )
    caption = (
        f"Features of {dataset} in each order: mean and standard deviation over splits of the score that the order is "
        "by, beneath it the interval of the mean where the splits draw regions. Bold: differs from the first alone, or "
        "from all features together, by more than the spread over splits. Paper: its rank, where it tells one. "
        "ranking.csv has the other scores."
    )
    return table(caption, headings, rows, small=True)


def _cell(row: Mapping[str, Any]) -> Any:
    cell = with_interval(row["mean"], row["low"], row["high"], sd=row["sd"])
    return cell | {"best": bool(exceeds_spread(row))} if isinstance(cell, dict) else cell


def _score(row: Mapping[str, Any]) -> str:
    """Mean of a row and its standard deviation."""
    return number(row["mean"]) if np.isnan(row["sd"]) else f"{number(row['mean'])} ± {number(row['sd'])}"


def _feature(row: Mapping[str, Any]) -> str:
    return str(row["feature"]).upper()
