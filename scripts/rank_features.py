"""Scores of every feature alone -> the order of the features of one data set, by mean TSS."""

import logging
from collections.abc import Sequence

import pandas as pd

from flaredag.artifacts import write_csv
from flaredag.joblog import job_log
from flaredag.ranking_tables import order_of_features, read_subset_scores

LOG = logging.getLogger("flaredag")


def rank_features(scores: Sequence[str], features: Sequence[str]) -> pd.DataFrame:
    """Order of `features` by the files `scores`; see `flaredag.ranking_tables.order_of_features`."""
    order = order_of_features(read_subset_scores(scores), features)
    LOG.info("%d features; the first is %s (TSS %.3f)", len(order), order["feature"].iloc[0], order["mean"].iloc[0])
    return order


if __name__ == "__main__":
    with job_log(snakemake.log[0]):
        write_csv(
            snakemake.output.ranking,
            rank_features(snakemake.input.scores, snakemake.params.features),
            float_format="%.10g",
        )
