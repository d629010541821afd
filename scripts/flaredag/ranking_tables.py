"""Tables of a feature ranking: scores of each subset of features, the order they give, and their means over seeds.

Liu et al. 2019, section 4.3: features are sorted by the mean over tests of the TSS that a model has on one feature
alone, at the threshold that maximises it in each test. So their order has seen the test split; means at the threshold
of validation stand beside them.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from flaredag.errors import InputError
from flaredag.feature_subsets import cumulative_sizes
from flaredag.numeric_tables import read_numeric_csv
from flaredag.score_tables import TEST_THRESHOLD
from flaredag.tables import numbers, read_raw_csv, whole_numbers

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

TSS, AUC = "true_skill_statistic", "area_under_roc_curve"
INDIVIDUAL, CUMULATIVE = "individual", "cumulative"
# Scores of a subset; `features` are joined by spaces.
SUBSET_COLUMNS = ("features", "seed", "threshold", "metric", "value")
ORDER_COLUMNS = ("feature", "rank", "mean", "sd")
# Ranks of the feature in the paper, under the names of its headers and under the true ones.
PUBLISHED_RANKS = {"header": "published_rank_header", "true": "published_rank_true"}
RANKING_NUMBERS = ("rank", "k", "mean", "sd", "n_seeds", *PUBLISHED_RANKS.values())
RANKING_COLUMNS = ("study", "dataset", "kind", "feature", "rank", "k", "threshold", "metric", "mean", "sd", "n_seeds")
RANKING_COLUMNS += tuple(PUBLISHED_RANKS.values())
AGREEMENT_NUMBERS = ("n_published", "n_shared", "spearman", "kendall", "n_first", "n_first_there", "n_first_shared")
AGREEMENT_COLUMNS = ("study", "dataset", "naming", *AGREEMENT_NUMBERS, "lacking")
CLAIM_NUMBERS = ("k", "n_features", "n_there", "n_held", "ours", "ours_sd", "all", "all_sd")
CLAIM_COLUMNS = ("study", "claim", "where", "dataset", "naming", *CLAIM_NUMBERS, "not_held", "lacking", "verdict")


def read_subset_scores(paths: Sequence[str | Path]) -> pd.DataFrame:
    """Scores of subsets, columns `SUBSET_COLUMNS`, of all files.

    Raises InputError where one is no such table, or a figure is given twice.
    """
    tables = [
        table.assign(seed=whole_numbers(table["seed"], path=path), value=numbers(table["value"], path=path))
        for path in paths
        for table in [read_raw_csv(path, SUBSET_COLUMNS)]
    ]
    scores = pd.concat(tables, ignore_index=True)
    twice = scores.duplicated(["features", "seed", "threshold", "metric"])
    if twice.any():
        raise InputError(
            f"{', '.join(map(str, paths))}: {int(twice.sum())} figures are given twice, the first of "
            f"{scores.loc[twice.idxmax(), 'features']}; wanted each subset once. Delete the files to have them made."
        )
    return scores


def read_order(path: str | Path) -> pd.DataFrame:
    """Order of the features of one data set, columns `ORDER_COLUMNS`."""
    return read_numeric_csv(path, ORDER_COLUMNS, ("rank", "mean", "sd"))


def read_ranking(path: str | Path) -> pd.DataFrame:
    """Individual and cumulative means of a study, columns `RANKING_COLUMNS`."""
    return read_numeric_csv(path, RANKING_COLUMNS, RANKING_NUMBERS)


def read_agreement(path: str | Path) -> pd.DataFrame:
    """Agreement of our order with the paper's, columns `AGREEMENT_COLUMNS`."""
    return read_numeric_csv(path, AGREEMENT_COLUMNS, AGREEMENT_NUMBERS)


def read_claims(path: str | Path) -> pd.DataFrame:
    """What became of the paper's claims, columns `CLAIM_COLUMNS`."""
    return read_numeric_csv(path, CLAIM_COLUMNS, CLAIM_NUMBERS)


def means_over_seeds(scores: pd.DataFrame) -> pd.DataFrame:
    """Mean, sd (n - 1; NaN of one seed) and number of seeds of each subset, threshold and metric, but of thresholds.

    A score that a seed does not define is left out; `n_seeds` counts the rest. In the order of `scores`.
    """
    figures = scores.loc[scores["metric"] != "threshold"]
    grouped = figures.groupby(["features", "threshold", "metric"], sort=False)["value"]
    return grouped.agg(mean="mean", sd="std", n_seeds="count").reset_index()


def order_of_features(scores: pd.DataFrame, features: Sequence[str]) -> pd.DataFrame:
    """Order of `features`, columns `ORDER_COLUMNS`, by the mean TSS of each alone; of equal ones that of `features`.

    Raises InputError unless `scores` has each of them alone, on the same seeds.
    """
    at_best = scores.loc[(scores["metric"] == TSS) & (scores["threshold"] == TEST_THRESHOLD)]
    seeds = at_best.groupby("features")["seed"].apply(lambda own: tuple(sorted(own)))
    missing = [name for name in features if name not in seeds.index]
    if missing or len(set(seeds.loc[list(features)])) != 1:
        raise InputError(
            f"scores of single features: none of {', '.join(missing)}; wanted each of {len(features)} features."
            if missing
            else "scores of single features: not on the same seeds; wanted one set of seeds for all."
        )
    means = means_over_seeds(at_best).set_index("features").loc[list(features)]
    order = np.argsort(-means["mean"].to_numpy(), kind="stable")
    ranked = means.iloc[order].reset_index(names="feature")
    return ranked.assign(rank=np.arange(1, len(ranked) + 1))[list(ORDER_COLUMNS)]


def ranking_of_dataset(scores: pd.DataFrame, order: Sequence[str], sizes: Sequence[int] | None = None) -> pd.DataFrame:
    """Individual and cumulative means, columns `RANKING_COLUMNS` from `kind` to `n_seeds`, of one data set.

    `scores` of every single feature and of the first k of `order`, for each k of
    `flaredag.feature_subsets.cumulative_sizes`, under any order of their names; that of k = 1 is both. A cumulative row
    names the k-th feature. Raises InputError where a subset has no scores.
    """
    means = means_over_seeds(scores)
    members = {name: frozenset(name.split(" ")) for name in means["features"].unique()}
    by_members = {subset: name for name, subset in members.items()}
    parts = []
    for kind in (INDIVIDUAL, CUMULATIVE):
        together = cumulative_sizes(len(order), sizes)
        for rank, feature in enumerate(order, 1):
            if kind == CUMULATIVE and rank not in together:
                continue
            k = 1 if kind == INDIVIDUAL else rank
            subset = frozenset([feature] if kind == INDIVIDUAL else order[:k])
            if subset not in by_members:
                raise InputError(f"no scores of the features {', '.join(sorted(subset))}. Run snakemake again.")
            own = means.loc[means["features"] == by_members[subset]]
            parts.append(own.assign(kind=kind, feature=feature, rank=rank, k=k))
    wanted = RANKING_COLUMNS[RANKING_COLUMNS.index("kind") : RANKING_COLUMNS.index("n_seeds") + 1]
    return pd.concat(parts, ignore_index=True)[list(wanted)]


def rows_of(ranking: pd.DataFrame, kind: str, *, threshold: str = TEST_THRESHOLD, metric: str = TSS) -> pd.DataFrame:
    """Rows of one kind and figure, by rank."""
    chosen = (ranking["kind"] == kind) & (ranking["threshold"] == threshold) & (ranking["metric"] == metric)
    return ranking.loc[chosen].sort_values("rank").reset_index(drop=True)
