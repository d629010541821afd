"""Our ranking of features against a paper's: how the orders agree, and whether what it claims of them holds."""

import logging
from collections.abc import Mapping, Sequence
from typing import Any

import pandas as pd

from flaredag.artifacts import write_csv
from flaredag.joblog import job_log
from flaredag.published_rankings import agreements, judged_claims, read_published_claims, read_published_order
from flaredag.ranking_settings import orders_of
from flaredag.ranking_tables import AGREEMENT_COLUMNS, CLAIM_COLUMNS, read_ranking

LOG = logging.getLogger("flaredag")


def compare_rankings(
    ranking: pd.DataFrame,
    published: pd.DataFrame | None,
    claims: pd.DataFrame | None,
    *,
    study: str,
    settings: Mapping[str, Any],
) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Agreement (`AGREEMENT_COLUMNS`) and claims (`CLAIM_COLUMNS`), without rows where nothing is published.

    `settings`: of the study's ranking.
    """
    if published is None or claims is None:
        return pd.DataFrame(columns=list(AGREEMENT_COLUMNS)), pd.DataFrame(columns=list(CLAIM_COLUMNS))
    datasets, orders = settings["datasets"], orders_of(settings)
    agreement = agreements(ranking, published, datasets, orders).assign(study=study)
    judged = judged_claims(ranking, claims, published, datasets, orders).assign(study=study)
    return agreement[list(AGREEMENT_COLUMNS)], judged[list(CLAIM_COLUMNS)]


def main(
    ranking: str,
    published: Sequence[str],
    claims: Sequence[str],
    outputs: Mapping[str, str],
    *,
    study: str,
    settings: Mapping[str, Any],
) -> None:
    """Read our ranking and at most one published order with its claims; write `agreement` and `claims`."""
    orders = list(settings["orders"])
    tables = compare_rankings(
        read_ranking(ranking),
        read_published_order(published[0], orders) if published else None,
        read_published_claims(claims[0], orders) if claims else None,
        study=study,
        settings=settings,
    )
    for name, table in zip(("agreement", "claims"), tables, strict=True):
        write_csv(outputs[name], table)
    LOG.info("%s: %d comparisons, %d claims judged", ranking, len(tables[0]), len(tables[1]))


if __name__ == "__main__":
    with job_log(snakemake.log[0]):
        main(
            snakemake.input.ranking,
            list(snakemake.input.published),
            list(snakemake.input.claims),
            dict(snakemake.output.items()),
            study=snakemake.params.study,
            settings=snakemake.params.settings,
        )
