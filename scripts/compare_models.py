"""Paired tests between models and data sets of a study, as in Tables 7 and 8 of Sun et al. 2022."""

import logging
from collections.abc import Sequence
from pathlib import Path
from typing import TypedDict

import pandas as pd

from flaredag.artifacts import write_csv
from flaredag.comparisons import holm, paired_t_test
from flaredag.errors import InputError
from flaredag.joblog import job_log
from flaredag.score_tables import figures_by_seed, read_scores

LOG = logging.getLogger("flaredag")
COLUMNS = (
    "study",
    "dataset",
    "metric",
    "a",
    "b",
    "difference",
    "test",
    "statistic",
    "p",
    "p_holm",
    "low",
    "high",
    "family",
)


class Series(TypedDict):
    """One model on one data set."""

    dataset: str
    model: str


class Pair(TypedDict):
    """The question whether a is better than b."""

    a: Series
    b: Series


class Family(TypedDict):
    """The questions of one table: every pair in every metric; p values are adjusted over all of them."""

    name: str
    metrics: list[str]
    pairs: list[Pair]


def compare_models(scores: pd.DataFrame, families: Sequence[Family], *, study: str) -> pd.DataFrame:
    """One-sided paired t-tests over seeds (H1: a > b), one row a pair and metric, in the order of `families`.

    `scores` has the columns of flaredag.score_tables; metrics that need a threshold are taken at 0.5. `p_holm` is
    adjusted within the family; `low` and `high` bound the 95 % interval of the mean difference. The resamples
    overlap, so p is too small (see flaredag.comparisons). Raises InputError if a series, a metric or a seed is missing.
    """
    rows = []
    for family in families:
        tests = []
        for metric in family["metrics"]:
            for pair in family["pairs"]:
                a, b = pair["a"], pair["b"]
                try:
                    test = paired_t_test(
                        figures_by_seed(scores, dataset=a["dataset"], model=a["model"], metric=metric),
                        figures_by_seed(scores, dataset=b["dataset"], model=b["model"], metric=metric),
                    )
                except InputError as error:
                    raise InputError(
                        f"comparison {family['name']}, {metric} of {_name(a)} and {_name(b)}: {error}"
                    ) from error
                same = a["dataset"] == b["dataset"]
                tests.append(
                    {
                        "study": study,
                        "dataset": a["dataset"] if same else f"{a['dataset']} vs {b['dataset']}",
                        "metric": metric,
                        "a": _name(a),
                        "b": _name(b),
                        "test": "paired_t_one_sided",
                        "family": family["name"],
                        **test._asdict(),
                    }
                )
        adjusted = holm([test["p"] for test in tests])
        rows += [test | {"p_holm": p_holm} for test, p_holm in zip(tests, adjusted, strict=True)]
    return pd.DataFrame(rows, columns=list(COLUMNS))


def main(scores: str | Path, comparisons: str | Path, settings: Sequence[Family], *, study: str) -> None:
    """Compare the series of `study` named in `settings`, one family a table."""
    table = read_scores(scores, study=study)
    compared = compare_models(table, settings, study=study)
    LOG.info("read %s: %d figures; made %d tests in %d families", scores, len(table), len(compared), len(settings))
    for _, row in compared[compared["p"].isna()].iterrows():
        LOG.warning(
            "%s, %s of %s and %s: no p (a figure is undefined, one seed alone, or differences without spread)",
            row["family"],
            row["metric"],
            row["a"],
            row["b"],
        )
    write_csv(comparisons, compared)


def _name(series: Series) -> str:
    return f"{series['dataset']} {series['model']}"


if __name__ == "__main__":
    with job_log(snakemake.log[0]):
        main(
            snakemake.input.scores,
            snakemake.output.comparisons,
            snakemake.params.settings,
            study=snakemake.params.study,
        )
