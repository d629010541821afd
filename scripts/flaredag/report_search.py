"""Section of the report on hyperparameter searches: the space, configured settings and optima, and what they gain."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from flaredag.report_cells import (
    ABBREVIATIONS,
    Block,
    count,
    figure,
    number,
    number_columns,
    paragraph,
    ranges,
    table,
    text_columns,
    words,
)

if TYPE_CHECKING:
    from collections.abc import Mapping

    import pandas as pd


def searches(searched: pd.DataFrame) -> list[Block]:
    """What searches found, in words and one table; `searched` as of list_searches.

    Nothing where the study asks for none.
    """
    if searched.empty:
        return []
    first = searched.drop_duplicates("search")
    told = [_in_words(row) for row in first.to_dict("records")]
    return [paragraph(_meaning()), *(paragraph(text) for text in told), _table(searched)]


def _meaning() -> str:
    return (
        "Settings are drawn by a tree-structured Parzen estimator and scored on the validation split of several seeds, "
        "at the epoch that each fit keeps; a trial is pruned where its mean over the first splits is worse than the "
        "median of the others'. Test samples have no part in it. The optimum is the best of many on the very splits "
        "that it is chosen by, so that part of what it gains is chance. All other sections are of the configured "
        "settings: a run with `--configfile` and the study's `optima.yaml` takes the optima in their place."
    )


def _in_words(row: Mapping[str, Any]) -> str:
    """How far one search came, how much it gained, and how that compares with the spread over splits."""
    metric = ABBREVIATIONS.get(row["metric"], words(row["metric"]))
    n_complete = row["n_trials"] - row["n_pruned"] - row["n_failed"]
    not_fitted = f", {count(row['n_failed'])} could not be fitted" if row["n_failed"] else ""
    seeds = ranges(int(seed) for seed in row["seeds"].split())
    model = words(row["models"])[0].upper() + words(row["models"])[1:]
    text = (
        f"{model} on {row['dataset']}: {count(row['n_trials'])} settings were tried; {count(n_complete)} were scored "
        f"on each of {count(row['n_splits'])} split(s) (seeds {seeds}), {count(row['n_pruned'])} pruned{not_fitted}. "
        f"The configured settings have a mean validation {metric} of {_mean_and_sd(row, 'configured')}"
    )
    if not row["optimum_trial"]:
        return f"{text}; no trial has a better one."
    text += (
        f", the optimum (trial {count(row['optimum_trial'])}) one of {_mean_and_sd(row, 'optimum')}: better by "
        f"{number(row['gain'])} on average"
    )
    if row["n_splits"] == 1:
        return f"{text}, of one split, which says nothing of its spread."
    within = row["gain"] <= row["gain_sd"]
    judged = "within that spread: little was to be gained" if within else "more than that spread"
    return f"{text}, with a standard deviation of {number(row['gain_sd'])} over the splits. That is {judged}."


def _mean_and_sd(row: Mapping[str, Any], of: str) -> str:
    sd = "" if row["n_splits"] == 1 else f" ± {number(row[f'{of}_sd'])}"
    return f"{number(row[f'{of}_score'])}{sd}"


def _table(searched: pd.DataFrame) -> Block:
    """Settings by search, as Table 4 of Li et al. 2024, with the scores beneath."""
    by_search = {name: own.set_index("setting") for name, own in searched.groupby("search", sort=False)}
    rows = [
        {
            "cells": [
                words(setting),
                searched.loc[searched["setting"] == setting, "space"].iloc[0],
                *(str(own.loc[setting, column]) for own in by_search.values() for column in ("configured", "optimum")),
            ]
        }
        for setting in searched["setting"].unique()
    ]
    scores = [
        figure(number(own[f"{of}_score"].iloc[0]), _sd(own[f"{of}_sd"].iloc[0]))
        for own in by_search.values()
        for of in ("configured", "optimum")
    ]
    metrics = {ABBREVIATIONS.get(name, words(name)): None for name in searched["metric"]}
    rows.append({"cells": [f"validation {', '.join(metrics)}", "", *scores]})
    caption = (
        "The space of the search, the configured settings and the optimum of each search, and their score on the "
        "validation splits: mean and standard deviation. All trials are in the store; searches.csv says where."
    )
    heads = [f"{words(own['models'].iloc[0])}, {own['dataset'].iloc[0]}" for own in by_search.values()]
    columns = text_columns("Setting", "Space") + number_columns(*["configured", "optimum"] * len(by_search))
    spans = [("", 2), *((head, 2) for head in heads)]
    return table(caption, columns, rows, spans=spans, small=True)


def _sd(value: float) -> str:
    return "" if np.isnan(value) else number(value)
