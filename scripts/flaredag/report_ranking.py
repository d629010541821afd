"""Section of the report on the ranking of features: which tell most, how many it takes, and whether a paper agrees."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from flaredag.published_figures import NOT_RUN, YES
from flaredag.published_rankings import NAMINGS
from flaredag.ranking_settings import is_of_first_ones
from flaredag.ranking_tables import AUC, CUMULATIVE, INDIVIDUAL, PUBLISHED_RANKS, rows_of
from flaredag.report_cells import (
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
)
from flaredag.report_elimination import N_SHOWN, elimination
from flaredag.report_inputs import rows_where
from flaredag.report_published import VERDICT_WORDS
from flaredag.score_tables import TEST_THRESHOLD, VALIDATION_THRESHOLD

if TYPE_CHECKING:
    from flaredag.report_inputs import Study

# What the paper's headers call a feature, and what DeepFlarePred says that the column is.
NAMING_WORDS = {"header": "by the headers", "true": "by true names", "": "by our own scores"}
# Of a paper whose names are the same by both.
WITHOUT_NAMINGS = {"true": "on ranks", "": "on scores"}
CLAIMS_CAPTION = (
    "The paper's claims: how many of the features that we have are among our first k, or the mean TSS (sd) of our "
    "first k together against that of all."
)
REMOVAL_CLAIMS_CAPTION = (
    "The paper's claims: how many of the features that we have are among our first, or last, k; or the mean score (sd) "
    "without our first, or last, k against that of all, of several such sets the one that falls most. To fall is to do "
    "so by more than the spread over splits."
)


def ranking(study: Study, ranked: pd.DataFrame, agreement: pd.DataFrame, claims: pd.DataFrame) -> list[Block]:
    """The answer in words, the first features of each data set, agreement with the paper, and its claims.

    Tables as `flaredag.ranking_tables` reads them. Nothing where no features are ranked. A ranking with several orders,
    or from both ends, is told by `flaredag.report_elimination`.
    """
    settings = study["ranking"]
    if ranked.empty or settings is None:
        return []
    if is_of_first_ones(settings):
        blocks = [paragraph(_answer(ranked)), _first_features(ranked)]
    else:
        blocks = elimination(ranked, settings)
    if not agreement.empty:
        blocks += [paragraph(_of_agreement(study, agreement)), _agreement(agreement)]
    if not claims.empty:
        blocks += [paragraph(_of_claims(claims)), _claims(claims)]
    return blocks


def _answer(ranked: pd.DataFrame) -> str:
    told = []
    for dataset in ranked["dataset"].unique():
        own = rows_where(ranked, dataset=dataset)
        alone, together = rows_of(own, INDIVIDUAL), rows_of(own, CUMULATIVE)
        best, first, last = together.loc[together["mean"].idxmax()], alone.iloc[0], alone.iloc[-1]
        told.append(
            f"On {dataset} the first is {_feature(first['feature'])} (TSS {number(first['mean'])} by itself), the last "
            f"{_feature(last['feature'])} ({number(last['mean'])}); the first {count(best['k'])} of {len(alone)} "
            f"together reach {number(best['mean'])}, all {number(together['mean'].iloc[-1])}."
        )
    n_seeds = int(ranked["n_seeds"].max())
    return (
        f"Each feature alone, and the first k of their ranking together, are what a model is fitted on, {n_seeds} "
        f"time(s) a data set. {' '.join(told)} As in the paper, the ranking and these figures take the threshold that "
        "is best on the test split in each test: they flatter, and the best k is chosen among as many as there are "
        "features. The figures at the threshold of validation stand beside them in the table."
    )


def _first_features(ranked: pd.DataFrame) -> Block:
    published = bool(ranked[list(PUBLISHED_RANKS.values())].notna().to_numpy().any())
    rows: list[dict[str, Any]] = []
    for dataset in ranked["dataset"].unique():
        own = rows_where(ranked, dataset=dataset)
        columns = [
            rows_of(own, kind, threshold=threshold)
            for kind in (INDIVIDUAL, CUMULATIVE)
            for threshold in (TEST_THRESHOLD, VALIDATION_THRESHOLD)
        ]
        # Of first features together there may be chosen numbers only.
        columns = [each.set_index("rank").reindex(columns[0]["rank"]).reset_index() for each in columns]
        columns.insert(2, rows_of(own, INDIVIDUAL, threshold="", metric=AUC))
        shown = min(N_SHOWN, len(columns[0]))
        rows.append({"group": f"{dataset}: the first {shown} of {len(columns[0])}"})
        for i in range(shown):
            first = columns[0].iloc[i]
            cells: list[Any] = [count(first["rank"]), _feature(first["feature"])]
            cells += [_mean(each.iloc[i]["mean"], each.iloc[i]["sd"]) for each in columns]
            if published:
                cells += [_rank(first[column]) for column in PUBLISHED_RANKS.values()]
            rows.append({"cells": cells})
    headings = number_columns("") + text_columns("feature")
    headings += number_columns("best on test", "validation", "AUC", "best on test", "validation")
    spans = [("", 2), ("alone, TSS", 3), ("first ones together, TSS", 2)]
    caption = (
        "Mean and standard deviation over seeds (n - 1) of the TSS of a model on one feature, and on all down to that "
        "one together. Individual scores are maximised on the test split, as in the paper; validation: the "
        "threshold is chosen on the validation split. ranking.csv has all features."
    )
    if published:
        headings += number_columns("header", "true")
        spans.append(("paper's rank", len(NAMINGS)))
        caption += " Paper's rank: of what its headers call so, and of what is so by true names."
    return table(caption, headings, rows, spans=spans, small=True)


def _of_agreement(study: Study, agreement: pd.DataFrame) -> str:
    if set(agreement["naming"]) < set(NAMINGS):
        return (
            f"{study['paper']}: of each order as many ranks as the table counts are told. Only features that both have "
            "are held against ours; with few of them a correlation says little."
        )
    has_orders = _has_several(agreement["order"])
    orders = list(dict.fromkeys(zip(agreement["dataset"], agreement["order"], strict=True)))
    closer = [
        f"{dataset} {order.upper()}" if has_orders else dataset
        for dataset, order in orders
        if _spearman(agreement, dataset, order, "true") > _spearman(agreement, dataset, order, "header")
    ]
    named = f" ({', '.join(closer)})" if closer else ""
    return (
        f"{study['paper']}, under the names in its headers and under those that its columns have by another hand: by "
        f"Spearman's correlation our order is nearer to the latter on {len(closer)} of {len(orders)} "
        f"{'orders' if has_orders else 'data sets'}{named}. Only features that both have are "
        "ordered, and only as far down as the paper's order is known; with few of them a correlation says little."
    )


def _spearman(agreement: pd.DataFrame, dataset: str, order: str, naming: str) -> float:
    own = rows_where(agreement, dataset=dataset, order=order, naming=naming)
    return float(own["spearman"].iloc[0]) if len(own) else float("nan")


def _agreement(agreement: pd.DataFrame) -> Block:
    has_orders, has_namings = _has_several(agreement["order"]), _has_several(agreement["naming"])
    rows = [
        {
            "cells": [
                row["dataset"],
                *([row["order"].upper()] if has_orders else []),
                *([NAMING_WORDS[row["naming"]]] if has_namings else []),
                f"{count(row['n_shared'])} of {count(row['n_published'])}",
                number(row["spearman"]),
                number(row["kendall"]),
                f"{count(row['n_first_shared'])} of {count(row['n_first_there'])}",
                styled(_features(row["lacking"]), "muted"),
            ]
        }
        for row in agreement.to_dict("records")
    ]
    # How many first ones of the paper's order are known may differ.
    differs = _has_several(agreement["n_first"])
    n_first = " ones" if differs else f" {count(agreement['n_first'].iloc[0])}"
    as_many = " as many" if differs else n_first
    headings = text_columns("Data set", *(["order"] * has_orders), *(["paper's names"] * has_namings))
    headings += number_columns("shared", "Spearman", "Kendall", f"first{n_first}") + wide_column("we lack")
    caption = (
        "Our order of features against the paper's: rank correlations over the features that both have; how many of "
        f"its first{n_first}, of those that we have, are among our first{as_many}."
    )
    return table(caption, headings, rows, small=True)


def _of_claims(claims: pd.DataFrame) -> str:
    judged = claims[claims["verdict"] != NOT_RUN]
    in_words = _namings_in_words(claims)
    parts = [
        f"{int((own['verdict'] == YES).sum())} of {len(own)} {in_words[str(naming)]}"
        for naming, own in judged.groupby("naming", sort=False)
    ]
    return (
        f"What the paper says of its order, on ours: {', '.join(parts)} hold. A claim on several features is judged by "
        "those that we have; a place among the first of a shorter list is easier to have."
    )


def _namings_in_words(claims: pd.DataFrame) -> dict[str, str]:
    """How claims are judged, by the column `naming`."""
    return NAMING_WORDS if "header" in set(claims["naming"]) else WITHOUT_NAMINGS


def _claims(claims: pd.DataFrame) -> Block:
    rows: list[dict[str, Any]] = []
    in_words, has_orders = _namings_in_words(claims), _has_several(claims["order"])
    for claim in claims["claim"].unique():
        own = rows_where(claims, claim=claim)
        rows.append({"group": f"{claim} ({own['where'].iloc[0]})"})
        for row in own.to_dict("records"):
            verdict, _, look = VERDICT_WORDS[row["verdict"]]
            told = {"agrees": "held", "differs": "not held"}.get(verdict, "not judged")
            cells = [row["dataset"], *([row["order"].upper()] if has_orders else [])]
            cells += [in_words[row["naming"]], count(row["k"]), _numbers_of(row)]
            rows.append({"cells": [*cells, styled(told, look), styled(_not_held(row), "muted")]})
    headings = text_columns("Data set", *(["order"] * has_orders), "names" if in_words is NAMING_WORDS else "judged")
    headings += number_columns("k", "ours") + text_columns("verdict")
    caption = CLAIMS_CAPTION if in_words is NAMING_WORDS else REMOVAL_CLAIMS_CAPTION
    return table(caption, headings + wide_column("not held; lacking"), rows, small=True)


def _has_several(values: pd.Series) -> bool:
    return len(set(values)) > 1


def _numbers_of(row: dict[str, Any]) -> str:
    if not np.isnan(row["n_there"]):
        return f"{count(row['n_held'])} of {count(row['n_there'])}"
    if np.isnan(row["ours"]):
        return UNDEFINED
    figures = []
    for name in ("ours", "all"):
        sd = row[f"{name}_sd"]
        figures.append(number(row[name]) if np.isnan(sd) else f"{number(row[name])} ({number(sd)})")
    return " against ".join(figures)


def _not_held(row: dict[str, Any]) -> str:
    lacking = f"lacking: {_features(row['lacking'])}" if row["lacking"] else ""
    return "; ".join(text for text in (_features(row["not_held"]), lacking) if text)


def _mean(mean: float, sd: float) -> Any:
    return UNDEFINED if np.isnan(mean) else figure(number(mean), "" if np.isnan(sd) else number(sd))


def _rank(rank: float) -> str:
    return UNDEFINED if np.isnan(rank) else count(rank)


def _feature(name: str) -> str:
    return name.upper()


def _features(names: str) -> str:
    """Names of features joined by spaces, as a reader wants them."""
    return ", ".join(map(_feature, names.split()))
