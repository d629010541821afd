"""Section of the report on what a paper's authors shipped: the true names of its columns, and its forecasts scored."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from flaredag.report_cells import (
    ABBREVIATIONS,
    MINUS,
    UNDEFINED,
    Block,
    count,
    figure,
    number,
    number_columns,
    paragraph,
    styled,
    table,
    text_columns,
    wide_column,
    with_interval,
    words,
)
from flaredag.report_inputs import rows_where
from flaredag.score_tables import TOLD_CATEGORICAL, TOLD_PROBABILISTIC

if TYPE_CHECKING:
    from flaredag.report_inputs import Study

# Relative; what rounding of the values leaves is below 1e-6.
SAME_MEAN = 1e-3


def shipped(study: Study, columns: pd.DataFrame, scores: pd.DataFrame) -> list[Block]:
    """Names of the columns, how they were normalised, and scores, as `flaredag.shipped_results` reads them.

    Nothing where the authors shipped nothing.
    """
    blocks = []
    if not columns.empty:
        blocks += [paragraph(_of_names(columns)), *_names(columns)]
        blocks += [paragraph(text) for text in [_of_normalisation(columns)] if text]
    if not scores.empty:
        blocks += [paragraph(_of_scores(study, scores)), _scores(scores)]
    return blocks


def _of_names(columns: pd.DataFrame) -> str:
    matched = columns[columns["keyword"] != ""]
    told = columns[columns["told_mean"].notna()]
    text = (
        f"The physical columns of the {columns['table'].nunique()} tables of samples are standardised, so that a wrong "
        f"name does not show. Sample for sample, {len(matched)} of {len(columns)} are a keyword of the published SHARP "
        f"table but for scale, and {int((matched['keyword'] != matched['name']).sum())} of these are another keyword "
        f"than their header says. The names by {columns['new_names_by'].iloc[0]} are right for "
        f"{int((matched['keyword'] == matched['new_name']).sum())} of the {len(matched)}."
    )
    if told.empty:
        return text
    return (
        f"{text} Without any other table, the means and extremes in the authors' program say as much: by them "
        f"{int((told['why'] != '').sum())} of {len(told)} columns cannot be what the header says."
    )


def _names(columns: pd.DataFrame) -> list[Block]:
    """Table of the columns of those tables in which a name is wrong; none where all are right."""
    rows: list[dict[str, Any]] = []
    for name in columns["table"].unique():
        own = rows_where(columns, table=name)
        if ((own["keyword"] == own["name"]) | (own["keyword"] == "")).all() and (own["why"] == "").all():
            continue
        rows.append({"group": name})
        for row in own.to_dict("records"):
            look = "bad" if row["why"] else "muted"
            by_values = styled(row["keyword"], "good" if row["keyword"] == row["name"] else "bad")
            cells: list[Any] = [
                count(row["position"]),
                row["name"],
                _plain(row["told_mean"]),
                _plain(row["told_highest"]),
            ]
            cells += [row["possible"].replace(" ", ", "), row["new_name"], by_values if row["keyword"] else UNDEFINED]
            rows.append({"cells": [*cells, styled(row["why"], look)]})
    if not rows:
        return []
    headings = number_columns("") + text_columns("header") + number_columns("mean", "highest")
    headings += text_columns("can be", columns["new_names_by"].iloc[0], "is, by values")
    caption = (
        "Physical columns of the shipped tables: place, name in the header, mean and highest value in the authors' "
        "program, keywords that these allow, other names, and the keyword that has the column's values."
    )
    return [table(caption, headings + wide_column("why not the header's"), rows, small=True)]


def _plain(value: float) -> str:
    """Text of a number of any size, four digits."""
    return UNDEFINED if np.isnan(value) else f"{value:.4g}".replace("-", MINUS)


def _of_normalisation(columns: pd.DataFrame) -> str:
    """Which splits the statistics were taken over, by the records that gave the extremes; empty where none is known.

    And whether all tables were standardised by the same.
    """
    splits = pd.concat([columns["lowest_split"], columns["highest_split"]])
    counts = splits[splits != ""].value_counts(sort=False)
    if counts.empty:
        return ""
    told = columns[columns["told_mean"].notna() & columns["mean"].notna()]
    off = (np.abs(told["mean"] - told["told_mean"]) / told["told_standard_deviation"]).max()
    listed = ", ".join(f"{n} in the years of {split}" for split, n in counts.items())
    text = (
        f"The samples were standardised with the means of the program: they agree to {off:.0e} standard deviations. Of "
        f"the {2 * len(told)} extremes that it tells, {counts.sum()} are those of one record of the SHARP table each: "
        f"{listed}."
    )
    if len(counts) > 1:
        text += " So its statistics are those of several splits together: samples to be forecast are among them."
    for keyword, own in columns[columns["keyword"] != ""].groupby("keyword", sort=False):
        means = own.set_index("table")["mean"]
        if np.ptp(means) > SAME_MEAN * np.abs(means).max():
            ends = {end: means.index[np.isclose(means, end, rtol=SAME_MEAN)][0] for end in (means.max(), means.min())}
            told_apart = " and of ".join(f"{_plain(end)} in {name}" for end, name in ends.items())
            return f"{text} Tables are not standardised alike: {keyword} has a mean of {told_apart}."
    return text


def _of_scores(study: Study, scores: pd.DataFrame) -> str:
    n_regions = scores.groupby("table", sort=False)["n_regions"].first()
    text = (
        f"The forecasts that were shipped with {study['paper']} are labels, so that scores of probabilities are not "
        "defined. The published figures are of all testing samples, these of "
        f"{' and '.join(map(count, n_regions))} region(s) a table, and the two need not agree."
    )
    if (n_regions == 1).all():
        text += " Of one region there is no interval, and its scores say nothing of other regions."
    return text


def _scores(scores: pd.DataFrame) -> Block:
    rows: list[dict[str, Any]] = []
    for name in scores["table"].unique():
        own = rows_where(scores, table=name)
        first = own.iloc[0]
        counted = {row["metric"]: count(row["value"]) for row in own.to_dict("records") if pd.notna(row["value"])}
        told = ", ".join(
            f"{counted[metric]} {words(metric)}" for metric in ("hits", "misses", "false_alarms", "correct_negatives")
        )
        rows.append(
            {
                "group": f"{name}: {first['least_class']} and above, threshold {first['threshold']:g}; "
                f"{count(first['n_samples'])} samples, {count(first['n_events'])} events ({told})"
            }
        )
        for row in own[own["metric"].isin([*TOLD_CATEGORICAL, *TOLD_PROBABILISTIC])].to_dict("records"):
            ours = with_interval(row["value"], row["low"], row["high"])
            paper = UNDEFINED
            if not np.isnan(row["published"]):
                paper = figure(number(row["published"]), number(row["published_sd"]))
            metric = row["metric"]
            why = row["why"] if ours == UNDEFINED else ""
            cells = [ABBREVIATIONS.get(metric, words(metric)), ours, paper, styled(why, "muted")]
            rows.append({"cells": cells})
    headings = text_columns("Score") + number_columns("shipped forecasts", "published") + wide_column("why not defined")
    caption = (
        "Scores of the shipped forecasts by our verification, with 95 % intervals by bootstrap of regions where there "
        "are several, and the published figures for the class with their standard deviation."
    )
    return table(caption, headings, rows, small=True)
