"""Orders and scores of subsets of all data sets of a study -> individual and cumulative means of every feature."""

import logging
from collections.abc import Mapping, Sequence
from typing import Any

import pandas as pd

from flaredag.artifacts import read_json, write_csv
from flaredag.comparisons import ratio_of_test_to_training
from flaredag.errors import InputError
from flaredag.feature_subsets import features_in_order
from flaredag.joblog import job_log
from flaredag.published_rankings import published_ranks, read_published_order
from flaredag.ranked_subsets import ranking_of_order
from flaredag.ranking_settings import orders_of
from flaredag.ranking_tables import PUBLISHED_RANKS, RANKING_COLUMNS
from flaredag.subset_scores import read_subset_scores

LOG = logging.getLogger("flaredag")


def assess_features(
    scores: Mapping[str, pd.DataFrame],
    in_order: Mapping[str, Mapping[str, Sequence[str]]],
    *,
    study: str,
    settings: Mapping[str, Any],
    published: pd.DataFrame | None,
    ratios: Mapping[str, float],
) -> pd.DataFrame:
    """Means over seeds, columns `RANKING_COLUMNS`; no row without a data set.

    `scores` of the subsets of each data set, and its features in each order, by its name; `settings` of the study's
    ranking; `published`: the orders in a paper, None where there are none; `ratios`: regions of the test split to those
    of training and validation, by data set (`flaredag.comparisons.ratio_of_test_to_training`).
    """
    tables = []
    for dataset, of_dataset in in_order.items():
        for name, order in orders_of(settings).items():
            try:
                table = ranking_of_order(
                    scores[dataset],
                    of_dataset[name],
                    model=order.model,
                    directions=settings["directions"],
                    sizes=settings.get("cumulative_sizes"),
                    test_to_train_ratio=ratios[dataset],
                )
            except InputError as error:
                raise InputError(f"data set {dataset}, order {name}: {error}") from error
            for naming, column in PUBLISHED_RANKS.items():
                ranks = {} if published is None else published_ranks(published, dataset, name, naming)
                table[column] = table["feature"].map(ranks)
            tables.append(table.assign(study=study, dataset=dataset, order=name))
    if not tables:
        return pd.DataFrame(columns=list(RANKING_COLUMNS))
    return pd.concat(tables, ignore_index=True)[list(RANKING_COLUMNS)]


def main(
    scores: Mapping[str, Sequence[str]],
    in_order: Mapping[str, str],
    index: Sequence[str],
    published: Sequence[str],
    ranking: str,
    *,
    study: str,
    settings: Mapping[str, Any],
) -> None:
    """Read the files `scores` of each data set and its orders, and at most one published order; write one table.

    `index`: of the study's data sets, none where it ranks no features.
    """
    orders = list(settings["orders"])
    entries = read_json(index[0]) if index else {"datasets": {}}
    table = assess_features(
        {dataset: read_subset_scores(paths) for dataset, paths in scores.items()},
        {dataset: features_in_order(path, orders) for dataset, path in in_order.items()},
        study=study,
        settings=settings,
        published=read_published_order(published[0], orders) if published else None,
        ratios={dataset: ratio_of_test_to_training(entries, dataset) for dataset in scores},
    )
    write_csv(ranking, table, float_format="%.10g")
    LOG.info("%s: %d rows of %d data sets", ranking, len(table), len(in_order))


if __name__ == "__main__":
    with job_log(snakemake.log[0]):
        names = list(snakemake.params.settings["datasets"])
        main(
            {name: list(snakemake.input[f"scores_{name}"]) for name in names},
            {name: snakemake.input[f"order_{name}"] for name in names},
            list(snakemake.input.index),
            list(snakemake.input.published),
            snakemake.output.ranking,
            study=snakemake.params.study,
            settings=snakemake.params.settings,
        )
