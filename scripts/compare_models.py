"""Tests of which model or data set of a study is better: over seeds, over regions and rotations, and day by day.

The first, over seeds, is that of Tables 7 and 8 of Sun et al. 2022; the others stand beside it.
"""

import logging
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from flaredag.artifacts import read_json, write_csv
from flaredag.compared_series import (
    DIFFERENCE_FIGURES,
    DIFFERENCE_KEY,
    SIDE,
    Family,
    Pair,
    key_of,
    name_of,
    read_differences,
)
from flaredag.comparisons import (
    Comparison,
    corrected_resampled_t_test,
    diebold_mariano_test,
    holm,
    paired_t_test,
    ratio_of_test_to_training,
)
from flaredag.errors import InputError
from flaredag.joblog import job_log
from flaredag.predictions import read_predictions
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
    "detectable_difference",
)
PAIRED_T = "paired_t_one_sided"
CORRECTED_T = "corrected_resampled_t_one_sided"
DIEBOLD_MARIANO = "diebold_mariano"
# Tests by resampling blocks, and the kind of block in the table of differences.
BLOCK_BOOTSTRAPS = {"region_block_bootstrap": "region", "rotation_block_bootstrap": "rotation"}
TESTS = (PAIRED_T, CORRECTED_T, *BLOCK_BOOTSTRAPS, DIEBOLD_MARIANO)
# What the series of daily losses are compared in: Brier score of b minus that of a.
DAILY_METRIC = "brier_score_reduction"


def compare_models(
    scores: pd.DataFrame,
    differences: pd.DataFrame,
    index: Mapping[str, Any],
    daily: Mapping[str, pd.DataFrame],
    families: Sequence[Family],
    *,
    study: str,
) -> pd.DataFrame:
    """One-sided tests of H1: a > b with `COLUMNS`, one row a test, pair and metric: by family, then by `TESTS`.

    `scores`: as flaredag.score_tables reads them; `differences`: of resampled blocks, as bound_scores writes them;
    `index`: of the study's data sets; `daily`: predictions of the whole disk, by data set.

    - `paired_t_one_sided`: over seeds. The resamples overlap, so p is too small.
    - `corrected_resampled_t_one_sided`: the same with the variance of Nadeau & Bengio, from the numbers of test and
      training regions (of two data sets the larger ratio). All but the difference is NaN where every seed tests the
      same regions, as in a chronological split: nothing is resampled.
    - `region_block_bootstrap`, `rotation_block_bootstrap`: how much hangs on which regions or solar rotations were
      seen. A pair with a series of one region only (the whole disk) has no row of the first.
    - `diebold_mariano`: a row a pair of data sets of the whole disk, of the squared errors of each day, averaged over
      the seeds; its `difference` is the Brier score of b minus that of a.

    `p_holm` is adjusted within family and test; `low` and `high` bound the two-sided 95 % interval of the difference;
    see flaredag.comparisons. Raises InputError if a series, a metric, a seed or a resampled difference is missing.
    """
    resampled = differences.set_index(list(DIFFERENCE_KEY))[list(DIFFERENCE_FIGURES)]
    rows = []
    for family in families:
        tests: dict[str, list[dict[str, Any]]] = {name: [] for name in TESTS}
        for metric in family["metrics"]:
            for pair in family["pairs"]:
                try:
                    for test, comparison in _of_scores(scores, index, metric, pair):
                        tests[test].append(_row(pair, metric, comparison))
                    for test, comparison in _of_blocks(resampled, family["name"], metric, pair):
                        tests[test].append(_row(pair, metric, comparison))
                except InputError as error:
                    compared = f"{metric} of {name_of(pair['a'])} and {name_of(pair['b'])}"
                    raise InputError(f"comparison {family['name']}, {compared}: {error}") from error
        for pair in family["pairs"]:
            if pair["a"]["dataset"] in daily and pair["b"]["dataset"] in daily:
                tests[DIEBOLD_MARIANO].append(_row(pair, DAILY_METRIC, _of_days(daily, pair)))
        for test, own in tests.items():
            adjusted = holm([row["p"] for row in own])
            common = {"study": study, "test": test, "family": family["name"]}
            rows += [common | row | {"p_holm": p_holm} for row, p_holm in zip(own, adjusted, strict=True)]
    return pd.DataFrame(rows, columns=list(COLUMNS))


def main(
    scores: str | Path,
    differences: str | Path,
    index: str | Path,
    daily: Sequence[str | Path],
    comparisons: str | Path,
    settings: Sequence[Family],
    *,
    study: str,
    daily_datasets: Sequence[str],
) -> None:
    """Compare the series of `study` named in `settings`; `daily`: predictions of `daily_datasets`, none or more."""
    table = read_scores(scores, study=study)
    compared = compare_models(
        table,
        read_differences(differences),
        _read_index(index),
        {name: read_predictions(path, ["test"]) for name, path in zip(daily_datasets, daily, strict=True)},
        settings,
        study=study,
    )
    LOG.info("read %s: %d figures; made %d tests in %d families", scores, len(table), len(compared), len(settings))
    for _, row in compared[compared["p"].isna()].iterrows():
        LOG.warning(
            "%s, %s, %s of %s and %s: no p (an undefined figure, nothing resampled, or differences without spread)",
            row["family"],
            row["test"],
            row["metric"],
            row["a"],
            row["b"],
        )
    write_csv(comparisons, compared, float_format="%.10g")


def _of_scores(
    scores: pd.DataFrame, index: Mapping[str, Any], metric: str, pair: Pair
) -> Iterator[tuple[str, Comparison]]:
    """Tests over seeds."""
    a, b = (figures_by_seed(scores, metric=metric, **key_of(side, metric)) for side in (pair["a"], pair["b"]))
    yield PAIRED_T, paired_t_test(a, b)
    # NaN if one is.
    ratio = np.max([ratio_of_test_to_training(index, side["dataset"]) for side in (pair["a"], pair["b"])])
    yield CORRECTED_T, corrected_resampled_t_test(a, b, test_to_train_ratio=float(ratio))


def _of_blocks(resampled: pd.DataFrame, family: str, metric: str, pair: Pair) -> Iterator[tuple[str, Comparison]]:
    """Tests by resampled blocks, of the kinds of block by which both series are resampled."""
    keys = [key_of(side, metric) for side in (pair["a"], pair["b"])]
    key = (family, metric, *(key[name] for key in keys for name in SIDE))
    found = {test: (*key, block) for test, block in BLOCK_BOOTSTRAPS.items() if (*key, block) in resampled.index}
    if not found:
        raise InputError("no resampled difference of them. Bound the scores again.")
    for test, place in found.items():
        yield test, Comparison(statistic=float("nan"), **resampled.loc[place].to_dict())


def _of_days(daily: Mapping[str, pd.DataFrame], pair: Pair) -> Comparison:
    """Test of the squared errors of each issue time."""
    samples = [
        daily[side["dataset"]].loc[daily[side["dataset"]]["model"] == side["model"]] for side in (pair["a"], pair["b"])
    ]
    absent = [name_of(side) for side, own in zip((pair["a"], pair["b"]), samples, strict=True) if own.empty]
    if absent:
        raise InputError(f"no daily forecast of {', '.join(absent)}. Mend the data set or model in the study.")
    outcomes = pd.concat(samples).groupby("issue_time")["label"].nunique()
    if (outcomes > 1).any():
        raise InputError(
            f"{name_of(pair['a'])} and {name_of(pair['b'])} differ in what occurred after {(outcomes > 1).idxmax()} "
            f"and {(outcomes > 1).sum() - 1} other issue times. Compare forecasts of the same event."
        )
    losses = [((own["probability"] - own["label"]) ** 2).groupby(own["issue_time"]).mean() for own in samples]
    return diebold_mariano_test(*losses)


def _row(pair: Pair, metric: str, comparison: Comparison) -> dict[str, Any]:
    a, b = pair["a"], pair["b"]
    dataset = a["dataset"] if a["dataset"] == b["dataset"] else f"{a['dataset']} vs {b['dataset']}"
    return {"dataset": dataset, "metric": metric, "a": name_of(a), "b": name_of(b)} | comparison._asdict()


def _read_index(path: str | Path) -> dict[str, Any]:
    index = read_json(path)
    if not isinstance(index, dict) or "datasets" not in index:
        raise InputError(f"{path}: lacks datasets. Delete the file to have it made again.")
    return index


if __name__ == "__main__":
    with job_log(snakemake.log[0]):
        main(
            snakemake.input.scores,
            snakemake.input.differences,
            snakemake.input.index,
            snakemake.input.daily,
            snakemake.output.comparisons,
            snakemake.params.settings,
            study=snakemake.params.study,
            daily_datasets=snakemake.params.daily_datasets,
        )
