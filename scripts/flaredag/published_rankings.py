"""Rankings of features that papers published, and what they claim of them, held against ours.

A ranking may name its features twice: as its headers do, and as they are by another hand, where headers are wrong. What
is compared is the order of those features that we have too; the others are counted and named. Of an order the paper may
tell some ranks only.
"""

from __future__ import annotations

from fnmatch import fnmatchcase
from itertools import pairwise
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd
from scipy.stats import kendalltau, spearmanr

from flaredag.errors import InputError
from flaredag.published_figures import NO, NOT_RUN, YES
from flaredag.ranking_settings import FIRST, LAST
from flaredag.ranking_tables import (
    AGREEMENT_COLUMNS,
    CLAIM_COLUMNS,
    CUMULATIVE,
    INDIVIDUAL,
    PUBLISHED_RANKS,
    falls_beyond_spread,
    rows_of_order,
)
from flaredag.tables import read_raw_csv, whole_numbers

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping, Sequence
    from pathlib import Path

    from flaredag.ranking_settings import Order

NAMINGS = tuple(PUBLISHED_RANKS)
# A pattern of data sets (`*` for anything), an order of the study, the rank of a feature in it, and the feature's name
# by the headers and by another hand.
ORDER_COLUMNS = ("dataset", "order", "rank", *NAMINGS)
# The first, or last, `k` of an order hold all `features`.
AMONG_FIRST, AMONG_LAST = "among_first", "among_last"
# Of no features by name: the first k together score higher than all; the score falls when the first k are removed; it
# does not when the last k are; it does at no number of last ones removed up to k.
FEWER_BEAT_ALL, FALLS_WITHOUT_FIRST = "fewer_beat_all", "falls_without_first"
KEPT_WITHOUT_LAST, STEADY_WITHOUT_LAST = "kept_without_last", "steady_without_last"
OF_PLACES = (AMONG_FIRST, AMONG_LAST)
OF_SCORES = (FEWER_BEAT_ALL, FALLS_WITHOUT_FIRST, KEPT_WITHOUT_LAST, STEADY_WITHOUT_LAST)
CLAIMED_COLUMNS = ("claim", "kind", "dataset", "order", "features", "k", "where")
N_FIRST = 10
LEAST_SHARED = 3


def read_published_order(path: str | Path, orders: Collection[str]) -> pd.DataFrame:
    """Published order, columns `ORDER_COLUMNS`, names of features in lower case; `orders`: names of the study's.

    Ranks ascend, and some may be missing. InputError where it is no such table.
    """
    text = read_raw_csv(path, ORDER_COLUMNS)
    order = text.assign(rank=whole_numbers(text["rank"], path=path), **{one: text[one].str.lower() for one in NAMINGS})
    _check_orders(order, orders, path)
    for (dataset, name), own in order.groupby(["dataset", "order"], sort=False):
        where = f"{path}: data set {dataset}, order {name}"
        ranks = own["rank"].tolist()
        if ranks[0] < 1 or any(after <= before for before, after in pairwise(ranks)):
            raise InputError(f"{where}: ranks {ranks}; wanted 1, 2, ... ascending, if not all of them. Mend them.")
        for naming in NAMINGS:
            twice = own.loc[own[naming].duplicated(), naming]
            if len(twice):
                raise InputError(f"{where}: {naming} {', '.join(twice)} has two ranks; wanted one. Mend it.")
    clash = order.drop_duplicates(list(NAMINGS))
    if clash["header"].duplicated().any():
        raise InputError(
            f"{path}: {clash.loc[clash['header'].duplicated(), 'header'].iloc[0]} has two true names; wanted one. "
            "Mend them."
        )
    return order


def read_published_claims(path: str | Path, orders: Collection[str]) -> pd.DataFrame:
    """Claims of a paper, columns `CLAIMED_COLUMNS`, features in lower case; `orders`: names of the study's.

    InputError where it is no such table.
    """
    text = read_raw_csv(path, CLAIMED_COLUMNS)
    claims = text.assign(k=whole_numbers(text["k"], path=path), features=text["features"].str.lower())
    _check_orders(claims, orders, path)
    unknown = sorted(set(claims["kind"]) - {*OF_PLACES, *OF_SCORES})
    empty = claims.loc[claims["kind"].isin(list(OF_PLACES)) & (claims["features"] == ""), "kind"]
    if unknown or len(empty):
        raise InputError(
            f"{path}: kind {', '.join(unknown) or f'{empty.iloc[0]} without features'}; wanted "
            f"{' or '.join(OF_PLACES)} with features, or {', '.join(OF_SCORES)}. Mend the table."
        )
    return claims


def namings_of(order: pd.DataFrame) -> tuple[str, ...]:
    """Under which names a published order is held against ours: under both only where they are not the same."""
    return NAMINGS if (order["header"] != order["true"]).any() else NAMINGS[-1:]


def published_ranks(published: pd.DataFrame, dataset: str, order: str, naming: str) -> dict[str, int]:
    """Published rank of each feature in an order of a data set under a naming; none of a naming that is not held."""
    own = published.loc[_is_of(published, dataset) & (published["order"] == order)]
    if naming not in namings_of(published):
        return {}
    return dict(zip(own[naming], own["rank"].tolist(), strict=True))


def agreement(ours: Sequence[str], published: Mapping[str, int]) -> dict[str, Any]:
    """How our order agrees with a published one: columns `AGREEMENT_COLUMNS` from `n_published` on.

    Spearman's and Kendall's correlation of the ranks of the features that both have, NaN below three of them. Of the
    first `n_first` published features, `N_FIRST` or as many as are known without a gap, `n_first_there` are among ours,
    and `n_first_shared` among our own first as many. `lacking`: published features that we have not, by their rank.
    """
    theirs = sorted(published, key=lambda name: published[name])
    shared = [name for name in theirs if name in ours]
    first = [name for place, name in enumerate(theirs[:N_FIRST], 1) if published[name] == place]
    there = [name for name in first if name in ours]
    correlations = {"spearman": float("nan"), "kendall": float("nan")}
    if len(shared) >= LEAST_SHARED:
        ranks = [published[name] for name in shared], [list(ours).index(name) for name in shared]
        correlations = {"spearman": float(spearmanr(*ranks)[0]), "kendall": float(kendalltau(*ranks)[0])}
    return {
        "n_published": len(theirs),
        "n_shared": len(shared),
        **correlations,
        "n_first": len(first),
        "n_first_there": len(there),
        "n_first_shared": len(set(there) & set(ours[: len(first)])),
        "lacking": " ".join(name for name in theirs if name not in ours),
    }


def agreements(
    ranking: pd.DataFrame, published: pd.DataFrame, datasets: Sequence[str], orders: Mapping[str, Order]
) -> pd.DataFrame:
    """Agreement of each data set, order and naming, columns `AGREEMENT_COLUMNS` but `study`.

    One of which nothing was published has no row.
    """
    rows = [
        {"dataset": dataset, "order": name, "naming": naming} | agreement(_ours(ranking, dataset, name, order), ranks)
        for dataset in datasets
        for name, order in orders.items()
        for naming in NAMINGS
        if (ranks := published_ranks(published, dataset, name, naming))
    ]
    return pd.DataFrame(rows, columns=list(AGREEMENT_COLUMNS[1:]))


def judged_claims(
    ranking: pd.DataFrame,
    claims: pd.DataFrame,
    published: pd.DataFrame,
    datasets: Sequence[str],
    orders: Mapping[str, Order],
) -> pd.DataFrame:
    """What becomes of each claim on each data set and naming, columns `CLAIM_COLUMNS` but `study`.

    That features are among the first, or last, k holds if all of those do that we have, under the naming (`n_held` of
    `n_there`, the others in `lacking`); without any there is no verdict. The other claims are of the scores of an
    order's first or last together (`ours`) against those of all features (`all`), in the figure that the order is by;
    they name no features, so they have no naming. That the first k beat all holds if their mean is above it. That the
    score falls, or does not, is judged by the spread over splits (`flaredag.ranking_tables.falls_beyond_spread`). There
    is no verdict where we have no such set of features, or one split.
    """
    true_names = dict(zip(published["header"], published["true"], strict=True))
    namings = namings_of(published)
    rows = []
    for claim in claims.to_dict("records"):
        kind, name, k = claim["kind"], claim["order"], claim["k"]
        order = orders[name]
        for dataset in [one for one in datasets if fnmatchcase(one, claim["dataset"])]:
            told = {"claim": claim["claim"], "where": claim["where"], "dataset": dataset, "order": name, "k": k}
            if kind in OF_SCORES:
                rows.append(
                    told | {"naming": ""} | _of_scores(ranking, kind, k, dataset=dataset, name=name, order=order)
                )
                continue
            ours, named = _ours(ranking, dataset, name, order), claim["features"].split(" ")
            # From whichever end the places are counted.
            ours = ours if kind == AMONG_FIRST else ours[::-1]
            for naming in namings:
                features = [true_names.get(one, one) if naming == "true" else one for one in named]
                rows.append(told | {"naming": naming} | _among_first(ours, features, k))
    return pd.DataFrame(rows, columns=list(CLAIM_COLUMNS[1:]))


def _check_orders(table: pd.DataFrame, orders: Collection[str], path: str | Path) -> None:
    unknown = sorted(set(table["order"]) - set(orders))
    if unknown:
        raise InputError(
            f"{path}: order {', '.join(unknown)}; the study's `ranking` has {', '.join(orders)}. Mend either."
        )


def _is_of(table: pd.DataFrame, dataset: str) -> pd.Series:
    """Whether the pattern of each row is of the data set."""
    return table["dataset"].map(lambda pattern: fnmatchcase(dataset, pattern)).astype(bool)


def _ours(ranking: pd.DataFrame, dataset: str, name: str, order: Order) -> list[str]:
    return rows_of_order(ranking, order, INDIVIDUAL, name=name, dataset=dataset)["feature"].tolist()


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


def _of_scores(ranking: pd.DataFrame, kind: str, k: int, *, dataset: str, name: str, order: Order) -> dict[str, Any]:
    """Figures and verdict of a claim of the scores of features together."""
    direction = LAST if kind == FALLS_WITHOUT_FIRST else FIRST
    cumulative = rows_of_order(ranking, order, CUMULATIVE, name=name, dataset=dataset, direction=direction)
    cumulative = cumulative.set_index("k")
    told: dict[str, Any] = {"not_held": "", "lacking": "", "verdict": NOT_RUN}
    if cumulative.empty:
        return told
    n_features = int(cumulative.index.max())
    told["n_features"] = n_features
    asked = {FEWER_BEAT_ALL: [k], STEADY_WITHOUT_LAST: range(n_features - k, n_features)}.get(kind, [n_features - k])
    sizes = [size for size in asked if size in cumulative.index and size < n_features]
    if not sizes:
        return told
    own, whole = cumulative.loc[sizes], cumulative.loc[n_features]
    # Of several sets the one that falls most.
    shown = own.sort_values("difference", kind="stable").iloc[0]
    told |= {"ours": shown["mean"], "ours_sd": shown["sd"], "all": whole["mean"], "all_sd": whole["sd"]}
    if kind == FEWER_BEAT_ALL:
        return told | {"verdict": YES if bool(np.greater(shown["mean"], whole["mean"])) else NO}
    falls = [falls_beyond_spread(row) for row in own.to_dict("records")]
    if None in falls:
        return told
    return told | {"verdict": YES if any(falls) == (kind == FALLS_WITHOUT_FIRST) else NO}
