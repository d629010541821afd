"""Scores of every feature alone -> the orders of the features of one data set, by the means over seeds."""

import logging
from collections.abc import Mapping, Sequence
from typing import Any

import pandas as pd

from flaredag.artifacts import write_csv
from flaredag.joblog import job_log
from flaredag.ranking_settings import Order, orders_of
from flaredag.ranking_tables import ORDER_COLUMNS, order_of_features
from flaredag.subset_scores import read_subset_scores

LOG = logging.getLogger("flaredag")


def rank_features(scores: pd.DataFrame, features: Sequence[str], orders: Mapping[str, Order]) -> pd.DataFrame:
    """Each of the orders of `features`, columns `ORDER_COLUMNS`; see `flaredag.ranking_tables.order_of_features`."""
    tables = []
    for name, order in orders.items():
        table = order_of_features(scores, features, order)
        first = table.iloc[0]
        LOG.info("%d features by %s; the first is %s (%.3f)", len(table), name, first["feature"], first["mean"])
        tables.append(table.assign(order=name))
    return pd.concat(tables, ignore_index=True)[list(ORDER_COLUMNS)]


def main(scores: Sequence[str], ranking: str, *, features: Sequence[str], settings: Mapping[str, Any]) -> None:
    """Read the files `scores` and write the orders; `settings`: of the study's ranking, `orders` among them."""
    write_csv(ranking, rank_features(read_subset_scores(scores), features, orders_of(settings)), float_format="%.10g")


if __name__ == "__main__":
    with job_log(snakemake.log[0]):
        main(
            list(snakemake.input.scores),
            snakemake.output.ranking,
            features=snakemake.params.features,
            settings=snakemake.params.settings,
        )
