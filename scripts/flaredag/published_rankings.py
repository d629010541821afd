"""Rankings of features that papers published, and what they claim of them, held against ours.

A ranking names its features twice: as its headers do, and as they are by another hand, where headers are wrong. What is
compared is the order of those features that we have too; the others are counted and named.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd
from scipy.stats import kendalltau, spearmanr

from flaredag.errors import InputError
from flaredag.published_figures import NO, NOT_RUN, YES
from flaredag.ranking_tables import (
    AGREEMENT_COLUMNS,
    CLAIM_COLUMNS,
    CUMULATIVE,
    INDIVIDUAL,
    PUBLISHED_RANKS,
    rows_of,
)
from flaredag.tables import read_raw_csv, whole_numbers

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import Path

# A task, the rank of a feature in it, and the feature's name by the headers and by another hand.
NAMINGS = tuple(PUBLISHED_RANKS)
ORDER_COLUMNS = ("task", "rank", *NAMINGS)
# The first `k` of a ranking hold all `features`; or the first k together score higher than all (no features named).
AMONG_FIRST, FEWER_BEAT_ALL = "among_first", "fewer_beat_all"
CLAIMED_COLUMNS = ("claim", "kind", "task", "features", "k", "where")
N_FIRST = 10
LEAST_SHARED = 3


def read_published_order(path: str | Path) -> pd.DataFrame:
    """Published order, columns `ORDER_COLUMNS`, names of features in lower case; InputError where it is none."""
    text = read_raw_csv(path, ORDER_COLUMNS)
    order = text.assign(rank=whole_numbers(text["rank"], path=path), **{one: text[one].str.lower() for one in NAMINGS})
    for task, own in order.groupby("task", sort=False):
        if list(own["rank"]) != list(range(1, len(own) + 1)):
            raise InputError(f"{path}: task {task}: ranks {list(own['rank'])}; wanted 1, 2, ... in order. Mend them.")
        for naming in NAMINGS:
            twice = own.loc[own[naming].duplicated(), naming]
            if len(twice):
                raise InputError(
                    f"{path}: task {task}: {naming} {', '.join(twice)} has two ranks; wanted one. Mend it."
                )
    clash = order.drop_duplicates(list(NAMINGS))
    if clash["header"].duplicated().any():
        raise InputError(
            f"{path}: {clash.loc[clash['header'].duplicated(), 'header'].iloc[0]} has two true names; wanted one. "
            "Mend them."
        )
    return order


def read_published_claims(path: str | Path) -> pd.DataFrame:
    """Claims of a paper, columns `CLAIMED_COLUMNS`, features in lower case; InputError where it is no such table."""
    text = read_raw_csv(path, CLAIMED_COLUMNS)
    claims = text.assign(k=whole_numbers(text["k"], path=path), features=text["features"].str.lower())
    unknown = sorted(set(claims["kind"]) - {AMONG_FIRST, FEWER_BEAT_ALL})
    empty = (claims["kind"] == AMONG_FIRST) & (claims["features"] == "")
    if unknown or empty.any():
        raise InputError(
            f"{path}: kind {', '.join(unknown) or AMONG_FIRST + ' without features'}; wanted {AMONG_FIRST} with "
            f"features, or {FEWER_BEAT_ALL}. Mend the table."
        )
    return claims


def published_ranks(order: pd.DataFrame, task: str, naming: str) -> dict[str, int]:
    """Published rank of each feature of a task under a naming."""
    own = order.loc[order["task"] == task]
    return dict(zip(own[naming], own["rank"].tolist(), strict=True))


def agreement(ours: Sequence[str], published: Mapping[str, int]) -> dict[str, Any]:
    """How our order agrees with a published one: columns `AGREEMENT_COLUMNS` from `n_published` on.

    Spearman's and Kendall's correlation of the ranks of the features that both have, NaN below three of them. Of the
    first `N_FIRST` published features `n_first_there` are among ours, and `n_first_shared` among our own first as many.
    `lacking`: published features that we have not, by their rank.
    """
    theirs = sorted(published, key=lambda name: published[name])
    shared = [name for name in theirs if name in ours]
    first = [name for name in theirs[:N_FIRST] if name in ours]
    correlations = {"spearman": float("nan"), "kendall": float("nan")}
    if len(shared) >= LEAST_SHARED:
        ranks = [published[name] for name in shared], [list(ours).index(name) for name in shared]
        correlations = {"spearman": float(spearmanr(*ranks)[0]), "kendall": float(kendalltau(*ranks)[0])}
    return {
        "n_published": len(theirs),
        "n_shared": len(shared),
        **correlations,
        "n_first": min(N_FIRST, len(theirs)),
        "n_first_there": len(first),
        "n_first_shared": len(set(first) & set(ours[:N_FIRST])),
        "lacking": " ".join(name for name in theirs if name not in ours),
    }


def agreements(ranking: pd.DataFrame, order: pd.DataFrame, tasks: Mapping[str, str]) -> pd.DataFrame:
    """Agreement of each data set and naming, columns `AGREEMENT_COLUMNS` but `study`; `tasks`: of each data set.

    A data set of whose task nothing was published has no row.
    """
    rows = [
        {"dataset": dataset, "naming": naming} | agreement(_ours(ranking, dataset), published)
        for dataset, task in tasks.items()
        for naming in NAMINGS
        if (published := published_ranks(order, task, naming))
    ]
    return pd.DataFrame(rows, columns=list(AGREEMENT_COLUMNS[1:]))


def judged_claims(
    ranking: pd.DataFrame, claims: pd.DataFrame, order: pd.DataFrame, tasks: Mapping[str, str]
) -> pd.DataFrame:
    """What becomes of each claim on each data set and naming, columns `CLAIM_COLUMNS` but `study`.

    That features are among the first k holds if all of those do that we have, under the naming (`n_held` of `n_there`,
    the others in `lacking`); without any there is no verdict. That the first k together score higher than all holds if
    their mean TSS (`ours`) is above that of all features (`all`), at the threshold best on test; it names no features,
    so it has no naming, and no verdict where we have no more than k features.
    """
    true_names = dict(zip(order["header"], order["true"], strict=True))
    rows = []
    for claim in claims.to_dict("records"):
        for dataset in [name for name, task in tasks.items() if task == claim["task"]]:
            told = {"claim": claim["claim"], "where": claim["where"], "dataset": dataset, "k": claim["k"]}
            if claim["kind"] == FEWER_BEAT_ALL:
                rows.append(told | {"naming": ""} | _fewer_beat_all(ranking, dataset, claim["k"]))
                continue
            ours, named = _ours(ranking, dataset), claim["features"].split(" ")
            for naming in NAMINGS:
                features = [true_names.get(name, name) if naming == "true" else name for name in named]
                rows.append(told | {"naming": naming} | _among_first(ours, features, claim["k"]))
    return pd.DataFrame(rows, columns=list(CLAIM_COLUMNS[1:]))


def _ours(ranking: pd.DataFrame, dataset: str) -> list[str]:
    return rows_of(ranking.loc[ranking["dataset"] == dataset], INDIVIDUAL)["feature"].tolist()


def _among_first(ours: Sequence[str], features: Sequence[str], k: int) -> dict[str, Any]:
    there = [name for name in features if name in ours]
    held = [name for name in there if name in ours[:k]]
    return {
        "n_features": len(features),
        "n_there": len(there),
        "n_held": len(held),
        "not_held": " ".join(name for name in there if name not in held),
        "lacking": " ".join(name for name in features if name not in ours),
        "verdict": NOT_RUN if not there else YES if held == there else NO,
    }


def _fewer_beat_all(ranking: pd.DataFrame, dataset: str, k: int) -> dict[str, Any]:
    cumulative = rows_of(ranking.loc[ranking["dataset"] == dataset], CUMULATIVE).set_index("k")
    n_features = int(cumulative.index.max())
    told: dict[str, Any] = {"n_features": n_features, "not_held": "", "lacking": "", "verdict": NOT_RUN}
    if k >= n_features or k not in cumulative.index:
        return told
    few, whole = cumulative.loc[k], cumulative.loc[n_features]
    told |= {"ours": few["mean"], "ours_sd": few["sd"], "all": whole["mean"], "all_sd": whole["sd"]}
    return told | {"verdict": YES if bool(np.greater(few["mean"], whole["mean"])) else NO}
