"""Section of the report on permutation importance: which groups of features the models lean on."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from flaredag.feature_groups import JOINED_BY
from flaredag.importance_tables import shown_group
from flaredag.report_cells import (
    Block,
    count,
    difference,
    number_columns,
    ordered,
    paragraph,
    short,
    table,
    wide_column,
    words,
)
from flaredag.report_inputs import rows_where

if TYPE_CHECKING:
    import pandas as pd

    from flaredag.report_inputs import Study

TSS = "true_skill_statistic"


def importance(study: Study, permuted: pd.DataFrame) -> list[Block]:
    """What the models of each data set lose, in words and a table; `permuted` as of permute_features.

    Nothing where the study does not ask for it.
    """
    if permuted.empty:
        return []
    blocks = [paragraph(_meaning(permuted))]
    lost = rows_where(permuted, metric=TSS)
    for dataset in ordered(lost["dataset"], study["datasets"]):
        of_dataset = rows_where(lost, dataset=dataset)
        blocks += [paragraph(_in_words(dataset, of_dataset)), _table(dataset, of_dataset)]
    return blocks


def _meaning(permuted: pd.DataFrame) -> str:
    """What a loss is, and why features are permuted in groups, with the numbers of groups and features."""
    first = permuted.iloc[0]
    listed = []
    for dataset, own in permuted.groupby("dataset", sort=False):
        groups = own.drop_duplicates("group")
        n_features, n_several = groups["n_features"].sum(), (groups["n_features"] > 1).sum()
        listed.append(f"{count(n_features)} features in {len(groups)} groups, {n_several} of several ({dataset})")
    told = (
        "The features of a group are taken, in all steps of the window, from another test sample, and the fitted "
        "models are asked again. What they lose is how far they lean on the group while all else stays; it is not what "
        "a model fitted without the group would score. Losses are means over "
        f"{count(first['n_repeats'])} permutations and {count(first['n_seeds'])} seed(s); intervals (95 %) are by "
        "bootstrap of regions, the same draws before and after, each group by itself. "
    )
    told += (
        "Features that say much the same make up for each other when they are permuted one by one, so that none seems "
        "to count: a ranking of single features says little of those that are correlated, and there are fewer things "
        f"to rank than features: {'; '.join(listed)}."
    )
    return told


def _in_words(dataset: str, lost: pd.DataFrame) -> str:
    """Which group counts most for each model, and of which groups the interval of the loss includes zero."""
    told = []
    for model in lost["model"].unique():
        own = rows_where(lost, model=model)
        known = own.dropna(subset="loss")
        name = words(model)[0].upper() + words(model)[1:]
        if known.empty:
            told.append(f"{name}: its TSS is undefined.")
            continue
        most = known.loc[known["loss"].idxmax()]
        text = (
            f"{name}, with a TSS of {short(most['score'])}, leans most on {shown_group(most['group'])}: "
            f"without it {short(most['loss'], most['low'], most['high'])} are lost."
        )
        bounded = known.dropna(subset=["low", "high"])
        none_lost = bounded.loc[(bounded["low"] <= 0) & (bounded["high"] >= 0), "group"]
        if bounded.empty:
            text += " There is no interval."
        elif none_lost.empty:
            text += f" The interval includes zero for none of {len(bounded)} groups."
        else:
            listed = "; ".join(map(shown_group, none_lost))
            text += f" The interval includes zero for {len(none_lost)} of {len(bounded)} groups: {listed}."
        told.append(text)
    return f"{dataset}. {' '.join(told)}"


def _table(dataset: str, lost: pd.DataFrame) -> Block:
    models = list(lost["model"].unique())
    rows: list[dict[str, Any]] = []
    for name in lost["group"].unique():
        of_group = rows_where(lost, group=name).set_index("model")
        first = of_group.iloc[0]
        losses = of_group.loc[models, ["loss", "low", "high"]].to_numpy()
        members = name.replace(JOINED_BY, ", ")
        rows.append(
            {
                "cells": [
                    members,
                    count(first["n_features"]),
                    short(first["least_correlation"]),
                    *(difference(*of_model) for of_model in losses),
                ]
            }
        )
    first = lost.iloc[0]
    caption = (
        f"TSS that is lost on {dataset}, at the threshold of validation, without what each group of features says; in "
        f"brackets the interval. {count(first['n_samples'])} test samples of {count(first['n_regions'])} regions, "
        f"{count(first['n_events'])} events. The losses of AUC and BSS are in importance.csv."
    )
    headings = wide_column("Features") + number_columns("number", "least corr.", *(words(model) for model in models))
    return table(caption, headings, rows, small=True)
