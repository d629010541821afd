"""Tables of a feature ranking: orders of single features, means over seeds along them, and what a paper says of them.

Features are sorted by the mean over tests of a figure that a model has on one feature alone (Liu et al. 2019, section
4.3, Li et al. 2024, section 4.2). All are figures on the test split, so an order has seen it; at the threshold that is
best there, as Liu et al. have it, so has the figure itself. Means at the threshold of validation stand beside them.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from flaredag.errors import InputError
from flaredag.numeric_tables import read_numeric_csv
from flaredag.ranking_settings import FIRST, TSS
from flaredag.score_tables import TEST_THRESHOLD

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import Path

    from flaredag.ranking_settings import Order

AUC = "area_under_roc_curve"
INDIVIDUAL, CUMULATIVE = "individual", "cumulative"
ORDER_COLUMNS = ("order", "feature", "rank", "mean", "sd")
# Ranks of the feature in the paper, under the names of its headers and under the true ones.
PUBLISHED_RANKS = {"header": "published_rank_header", "true": "published_rank_true"}
# Mean over seeds with its interval; and the difference from the first of the order (of a feature alone) or from all
# features together, seed by seed. Intervals where each seed draws its test regions anew, else empty.
SKILL_NUMBERS = ("mean", "sd", "n_seeds", "low", "high")
SKILL_NUMBERS += ("difference", "difference_sd", "difference_low", "difference_high")
RANKING_NUMBERS = ("rank", "k", *SKILL_NUMBERS, *PUBLISHED_RANKS.values())
RANKING_COLUMNS = ("study", "dataset", "order", "model", "kind", "direction", "feature", "rank", "k")
RANKING_COLUMNS += ("threshold", "metric", *SKILL_NUMBERS, *PUBLISHED_RANKS.values())
AGREEMENT_NUMBERS = ("n_published", "n_shared", "spearman", "kendall", "n_first", "n_first_there", "n_first_shared")
AGREEMENT_COLUMNS = ("study", "dataset", "order", "naming", *AGREEMENT_NUMBERS, "lacking")
CLAIM_NUMBERS = ("k", "n_features", "n_there", "n_held", "ours", "ours_sd", "all", "all_sd")
CLAIM_COLUMNS = ("study", "claim", "where", "dataset", "order", "naming", *CLAIM_NUMBERS, "not_held", "lacking")
CLAIM_COLUMNS += ("verdict",)


def read_ranking(path: str | Path) -> pd.DataFrame:
    """Individual and cumulative means of a study, columns `RANKING_COLUMNS`."""
    return read_numeric_csv(path, RANKING_COLUMNS, RANKING_NUMBERS)


def read_agreement(path: str | Path) -> pd.DataFrame:
    """Agreement of our order with the paper's, columns `AGREEMENT_COLUMNS`."""
    return read_numeric_csv(path, AGREEMENT_COLUMNS, AGREEMENT_NUMBERS)


def read_claims(path: str | Path) -> pd.DataFrame:
    """What became of the paper's claims, columns `CLAIM_COLUMNS`."""
    return read_numeric_csv(path, CLAIM_COLUMNS, CLAIM_NUMBERS)


def order_of_features(scores: pd.DataFrame, features: Sequence[str], order: Order) -> pd.DataFrame:
    """Features by `order`, columns `ORDER_COLUMNS` but its name; those of equal means as `features` has them.

    A seed that does not define a score is left out of the mean. Raises InputError unless `scores` has each feature
    alone, on the same seeds.
    """
    own = scores.loc[
        (scores["model"] == order.model)
        & (scores["metric"] == order.metric)
        & (scores["threshold"] == order.threshold)
        & scores["features"].isin(list(features))
    ]
    by_feature = own.groupby("features")
    seeds = by_feature["seed"].apply(lambda one: tuple(sorted(one)))
    missing = [name for name in features if name not in seeds.index]
    if missing or len(set(seeds)) != 1:
        raise InputError(
            f"scores of single features: none of {', '.join(missing)}; wanted each of {len(features)} features."
            if missing
            else "scores of single features: not on the same seeds; wanted one set of seeds for all."
        )
    means = by_feature["value"].agg(mean="mean", sd="std").loc[list(features)]
    ranked = means.iloc[np.argsort(-means["mean"].to_numpy(), kind="stable")].reset_index(names="feature")
    return ranked.assign(rank=np.arange(1, len(ranked) + 1))[list(ORDER_COLUMNS[1:])]


def rows_of(
    ranking: pd.DataFrame, kind: str, *, threshold: str = TEST_THRESHOLD, metric: str = TSS, direction: str = FIRST
) -> pd.DataFrame:
    """Rows of one kind and figure, by rank; of cumulative ones those of one direction."""
    chosen = (ranking["kind"] == kind) & (ranking["threshold"] == threshold) & (ranking["metric"] == metric)
    if kind == CUMULATIVE:
        chosen &= ranking["direction"] == direction
    return ranking.loc[chosen].sort_values("rank").reset_index(drop=True)


def rows_of_order(
    ranking: pd.DataFrame, order: Order, kind: str, *, name: str, dataset: str, direction: str = FIRST
) -> pd.DataFrame:
    """Rows of one kind of the order `name` on a data set, in the figure that it is by, by rank."""
    own = ranking.loc[(ranking["dataset"] == dataset) & (ranking["order"] == name)]
    return rows_of(own, kind, threshold=order.threshold, metric=order.metric, direction=direction)


def exceeds_spread(row: Mapping[str, Any]) -> bool | None:
    """Whether the difference of a row of a ranking is more than the spread over splits; None where that is unknown.

    It is where its interval lies on one side of 0; without an interval, where it is greater than its standard
    deviation. It is unknown of one split, or of a figure that is not defined.
    """
    difference, sd, low, high = (
        float(row[name]) for name in ("difference", "difference_sd", "difference_low", "difference_high")
    )
    if np.isnan(difference) or np.isnan(sd):
        return None
    return abs(difference) > sd if np.isnan(low) else not low <= 0 <= high


def falls_beyond_spread(row: Mapping[str, Any]) -> bool | None:
    """Whether the difference of a row is below 0 by more than the spread over splits; None where that is unknown."""
    exceeds = exceeds_spread(row)
    return None if exceeds is None else exceeds and float(row["difference"]) < 0
