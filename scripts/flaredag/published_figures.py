"""Published figures of a study: their table, the like of each in a run, and the rule by which the two agree."""

from __future__ import annotations

from dataclasses import dataclass
from fnmatch import fnmatchcase
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np
import pandas as pd

from flaredag.errors import InputError
from flaredag.score_tables import (
    CATEGORICAL_METRICS,
    FIXED_THRESHOLD,
    METRICS,
    TEST_THRESHOLD,
    THRESHOLDS,
    figures_by_seed,
)
from flaredag.tables import read_raw_csv

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import Path

PUBLISHED_COLUMNS = ("study", "table", "dataset", "model", "metric", "paper", "paper_sd", "kind")
KEY = ("table", "dataset", "model", "metric")
# Whether a figure of a run agrees with the published one: values of the column `agrees`.
YES, NO, NOT_RUN = "yes", "no", "not_run"
VERDICTS = (YES, NO, NOT_RUN)
# Kinds of published scores, and the threshold of ours that they are held against.
SCORE = "score"
SCORE_KINDS = {SCORE: FIXED_THRESHOLD} | {f"{SCORE}_{name}": name for name in THRESHOLDS if name != FIXED_THRESHOLD}
# Kind of published means over overlapping runs (flaredag.overlapping_runs), at the threshold that is best on test.
RUNS = "runs"


class Got(NamedTuple):
    """A figure of this run: mean over `n` seeds (or overlapping runs) and their standard deviation; NaN where none."""

    value: float
    sd: float = float("nan")
    n: float = float("nan")


@dataclass(frozen=True)
class Agreement:
    """When a figure of this run agrees with a published one.

    - Published with a standard deviation: they differ by at most `standard_deviations` of it.
    - Without (counts and rates above all): they differ by at most `relative_difference` of the published. So too where
      what is published beside a mean is its spread over overlapping runs (kind `RUNS`): runs that share most of their
      samples differ little, and their spread, which is no error of generalisation, allows for no other samples at all.
    - Tests: both p values are below `significance`, or neither is. A test statistic shares the verdict of its p.
    """

    standard_deviations: float
    relative_difference: float
    significance: float

    def of_figures(self, paper: float, paper_sd: float, got: float) -> bool:
        """Whether `got` is near enough to `paper`."""
        allowed = self.relative_difference * abs(paper)
        if not np.isnan(paper_sd):
            allowed = self.standard_deviations * paper_sd
        # Figures are printed with three digits: 0.884 + 2 * 0.032 is a limit, not a binary fraction.
        return abs(got - paper) <= allowed * (1 + 1e-9)

    def of_tests(self, paper_p: float, got_p: float) -> bool:
        """Whether both tests find, or both miss, significance."""
        return (paper_p < self.significance) == (got_p < self.significance)


def read_published(path: str | Path, *, study: str) -> pd.DataFrame:
    """Read the published figures of `study`, columns `PUBLISHED_COLUMNS`; InputError on anything unlike them."""
    published = read_raw_csv(path, PUBLISHED_COLUMNS)
    for column, pattern in (
        ("study", study),
        ("kind", "|".join(("windows", "samples", "split", *SCORE_KINDS, RUNS, "test"))),
        ("paper", r"-?\d+(\.\d+)?(e-?\d+)?"),
        ("paper_sd", r"(\d+(\.\d+)?)?"),
    ):
        bad = ~published[column].str.fullmatch(pattern)
        if bad.any():
            raise InputError(
                f"{path}: line {int(bad.to_numpy().argmax()) + 2}: {column} is {published.loc[bad, column].iloc[0]!r}, "
                f"wanted {pattern}. Mend the table of published figures."
            )
    for figure in published.to_dict("records"):
        if figure["kind"] in (*SCORE_KINDS, RUNS) and figure["metric"] not in METRICS:
            raise InputError(
                f"{path}: table {figure['table']}, {figure['dataset']} {figure['model']}: no score is called "
                f"{figure['metric']!r}; wanted one of {', '.join(METRICS)}. Mend the table of published figures."
            )
        if figure["kind"] != "test":
            continue
        what = figure["metric"].rpartition(" ")[2]
        if what not in ("t", "p") or same_figure(published, p_of_test(figure)).sum() != 1:
            raise InputError(
                f"{path}: table {figure['table']}, {figure['dataset']}, {figure['metric']!r}: wanted a metric that "
                "ends in ' t' or ' p', and one ' p' a test. Mend the table of published figures."
            )
        if (" vs " in figure["dataset"]) == (" vs " in figure["model"]):
            raise InputError(
                f"{path}: table {figure['table']}: a test of {figure['dataset']!r} and {figure['model']!r}; wanted "
                "'a vs b' in one of dataset and model. Mend the table of published figures."
            )
    return published.assign(
        paper=published["paper"].astype(float), paper_sd=published["paper_sd"].replace("", "nan").astype(float)
    )


def like_of(
    figure: Mapping[str, Any],
    scores: pd.DataFrame,
    comparisons: pd.DataFrame,
    samples: Mapping[str, Any],
    index: Mapping[str, Any],
    runs: pd.DataFrame,
) -> Got | None:
    """Look up the like of a published figure in this run; None if the run made none.

    Its `kind` says where: `windows` and `samples` in `samples` (windows by evolution type, samples by class; its data
    set is an instrument, and the task where a study has several), `split` in `index` (mean over seeds), those of
    `SCORE_KINDS` in `scores` (mean over seeds), `RUNS` in `runs` (mean over overlapping runs), `test` in `comparisons`.
    A test of a over b has "a vs b" as its data set or its model, and " t" or " p" at the end of its metric.
    """
    dataset, metric = figure["dataset"], figure["metric"]
    if figure["kind"] == "windows":
        return _count(samples["evolution"].get(_counted(dataset), {}).get(metric.removeprefix("windows ")))
    if figure["kind"] == "samples":
        return _count(samples["samples"].get(_counted(dataset), {}).get(metric))
    if figure["kind"] == "split":
        split, _, label = metric.partition(" ")
        seeds = index["datasets"].get(dataset, {}).get("seeds", {}).values()
        return _over_seeds([seed["splits"][split][label] for seed in seeds])
    if figure["kind"] in SCORE_KINDS:
        return _over_seeds(_seed_figures(scores, dataset, figure["model"], metric, SCORE_KINDS[figure["kind"]]))
    if figure["kind"] == RUNS:
        return _over_runs(figure, runs)
    return _of_test(figure, scores, comparisons)


def _counted(dataset: str) -> str:
    """Key of the counts of an instrument, and of a task of a study that has several: "SHARP strong_vs_quiet"."""
    instrument, space, task = dataset.partition(" ")
    return f"{instrument.lower()}{space}{task}"


def p_of_test(figure: Mapping[str, Any]) -> dict[str, Any]:
    """`figure`, of a test, with the metric of the p value of that test."""
    return dict(figure) | {"metric": f"{figure['metric'].rpartition(' ')[0]} p"}


def same_figure(published: pd.DataFrame, figure: Mapping[str, Any]) -> pd.Series:
    """Whether each row of `published` has the `KEY` of `figure`: (row,), bool."""
    return pd.Series(np.logical_and.reduce([published[key] == figure[key] for key in KEY]), index=published.index)


def threshold_of(figure: Mapping[str, Any]) -> str:
    """Threshold at which a published score is held against ours; empty where it needs none, and for other figures."""
    needs_one = figure["kind"] in (*SCORE_KINDS, RUNS) and figure["metric"] in CATEGORICAL_METRICS
    return SCORE_KINDS.get(figure["kind"], TEST_THRESHOLD) if needs_one else ""


def reason_for(figure: Mapping[str, Any], reasons: Sequence[Mapping[str, str]], *, default: str) -> str:
    """`why` of the first of `reasons` that fits `figure`, else `default`.

    A reason gives patterns (`*` for anything) of any of `KEY`; those left out fit all.
    """
    fitting = (
        reason["why"] for reason in reasons if all(fnmatchcase(figure[key], str(reason.get(key, "*"))) for key in KEY)
    )
    return next(fitting, default)


def _of_test(figure: Mapping[str, Any], scores: pd.DataFrame, comparisons: pd.DataFrame) -> Got | None:
    dataset_a, _, dataset_b = figure["dataset"].partition(" vs ")
    model_a, _, model_b = figure["model"].partition(" vs ")
    metric, _, what = figure["metric"].rpartition(" ")
    rows = comparisons.loc[
        (comparisons["metric"] == metric)
        & (comparisons["a"] == f"{dataset_a} {model_a}")
        & (comparisons["b"] == f"{dataset_b or dataset_a} {model_b or model_a}"),
        :,
    ]
    if rows.empty:
        return None
    n_seeds = len(_seed_figures(scores, dataset_a, model_a, metric, FIXED_THRESHOLD))
    return Got(float(rows["statistic" if what == "t" else "p"].iloc[0]), n=n_seeds)


def _over_runs(figure: Mapping[str, Any], runs: pd.DataFrame) -> Got | None:
    wanted = {name: figure[name] for name in ("dataset", "model", "metric")} | {"threshold": threshold_of(figure)}
    rows = runs.loc[np.logical_and.reduce([runs[name] == value for name, value in wanted.items()]), :]
    return None if rows.empty else Got(*(float(rows[name].iloc[0]) for name in ("mean", "sd", "n_runs")))


def _seed_figures(scores: pd.DataFrame, dataset: str, model: str, metric: str, threshold: str) -> Sequence[float]:
    if not np.any((scores["dataset"] == dataset) & (scores["model"] == model)):
        return []
    return figures_by_seed(scores, dataset=dataset, model=model, metric=metric, threshold=threshold).tolist()


def _count(value: float | None) -> Got | None:
    return None if value is None else Got(float(value))


def _over_seeds(figures: Sequence[float]) -> Got | None:
    if not figures:
        return None
    sd = float(np.std(figures, ddof=1)) if len(figures) > 1 else float("nan")
    return Got(float(np.mean(figures)), sd, len(figures))
