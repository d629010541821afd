"""Orders and scores of subsets of all data sets of a study -> individual and cumulative means of every feature."""

import logging
from collections.abc import Mapping, Sequence

import pandas as pd

from flaredag.artifacts import write_csv
from flaredag.errors import InputError
from flaredag.feature_subsets import features_in_order
from flaredag.joblog import job_log
from flaredag.published_rankings import published_ranks, read_published_order
from flaredag.ranking_tables import PUBLISHED_RANKS, RANKING_COLUMNS, ranking_of_dataset, read_subset_scores

LOG = logging.getLogger("flaredag")


def assess_features(
    scores: Mapping[str, pd.DataFrame],
    orders: Mapping[str, Sequence[str]],
    *,
    study: str,
    tasks: Mapping[str, str],
    published: pd.DataFrame | None,
    cumulative_sizes: Sequence[int] | None,
) -> pd.DataFrame:
    """Means over seeds, columns `RANKING_COLUMNS`; no row without a data set.

    `scores` of the subsets of each data set, and its features in order; `tasks` of each; `published`: the order in a
    paper, None where there is none; `cumulative_sizes`: how many first features are taken together, None for every k.
    """
    tables = []
    for dataset, order in orders.items():
        try:
            table = ranking_of_dataset(scores[dataset], order, cumulative_sizes)
        except InputError as error:
            raise InputError(f"data set {dataset}: {error}") from error
        for naming, column in PUBLISHED_RANKS.items():
            ranks = {} if published is None else published_ranks(published, tasks[dataset], naming)
            table[column] = table["feature"].map(ranks)
        tables.append(table.assign(study=study, dataset=dataset))
    if not tables:
        return pd.DataFrame(columns=list(RANKING_COLUMNS))
    return pd.concat(tables, ignore_index=True)[list(RANKING_COLUMNS)]


def main(
    scores: Mapping[str, Sequence[str]],
    orders: Mapping[str, str],
    published: Sequence[str],
    ranking: str,
    *,
    study: str,
    tasks: Mapping[str, str],
    cumulative_sizes: Sequence[int] | None,
) -> None:
    """Read the files `scores` of each data set, its order, and at most one file of a published order; write one."""
    table = assess_features(
        {dataset: read_subset_scores(paths) for dataset, paths in scores.items()},
        {dataset: features_in_order(path) for dataset, path in orders.items()},
        study=study,
        tasks=tasks,
        published=read_published_order(published[0]) if published else None,
        cumulative_sizes=cumulative_sizes,
    )
    write_csv(ranking, table, float_format="%.10g")
    LOG.info("%s: %d rows of %d data sets", ranking, len(table), len(orders))


if __name__ == "__main__":
    with job_log(snakemake.log[0]):
        names = list(snakemake.params.tasks)
        main(
            {name: list(snakemake.input[f"scores_{name}"]) for name in names},
            {name: snakemake.input[f"order_{name}"] for name in names},
            list(snakemake.input.published),
            snakemake.output.ranking,
            study=snakemake.params.study,
            tasks=snakemake.params.tasks,
            cumulative_sizes=snakemake.params.cumulative_sizes,
        )
