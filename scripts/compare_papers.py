"""Published figures of a study beside those of this run: do they agree, and if not, why."""

import logging
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from fnmatch import fnmatchcase
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import pandas as pd

from flaredag.artifacts import read_json, write_csv
from flaredag.errors import InputError
from flaredag.joblog import job_log
from flaredag.score_tables import figures_by_seed, read_scores
from flaredag.tables import numbers, read_raw_csv

LOG = logging.getLogger("flaredag")
PAPER_COLUMNS = ("study", "table", "dataset", "model", "metric", "paper", "paper_sd", "kind")
COLUMNS = (
    "study",
    "table",
    "dataset",
    "model",
    "metric",
    "paper",
    "paper_sd",
    "got",
    "got_sd",
    "n",
    "agrees",
    "why",
)
YES, NO, NOT_RUN = "yes", "no", "not_run"
NO_REASON = "no reason found yet"
UNDEFINED = "undefined in this run"
NOT_MADE = "this run has no such figure"


class Got(NamedTuple):
    """A figure of this run: mean over `n` seeds and their standard deviation; NaN where there is none."""

    value: float
    sd: float = float("nan")
    n: float = float("nan")


@dataclass(frozen=True)
class Agreement:
    """When a figure of this run agrees with a published one.

    - Published with a standard deviation: they differ by at most `standard_deviations` of it.
    - Without (counts and rates above all): they differ by at most `relative_difference` of the published.
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


def compare_papers(
    papers: pd.DataFrame,
    scores: pd.DataFrame,
    comparisons: pd.DataFrame,
    samples: Mapping[str, Any],
    index: Mapping[str, Any],
    *,
    agreement: Agreement,
    reasons: Sequence[Mapping[str, str]],
) -> pd.DataFrame:
    """Each published figure of `papers` with what was got, whether they agree (yes, no, not_run), and why not.

    `kind` of a published figure says where its like is sought: `windows` and `samples` in `samples`
    (windows by evolution type, samples by class, an instrument), `split` in `index` (mean over seeds), `score`
    in `scores` (mean over seeds, thresholds at 0.5), `test` in `comparisons`. A test of a over b has "a vs b"
    as its data set or its model, and " t" or " p" at the end of its metric.

    `reasons` are tried in turn for a figure that does not agree: patterns (`*` for anything) of `table`,
    `dataset`, `model` and `metric`, those left out fit all, and `why`.
    """
    rows = []
    for figure in papers.to_dict("records"):
        got = _got(figure, scores, comparisons, samples, index)
        if figure["kind"] == "test" and got is not None:
            p_of_test = figure | {"metric": figure["metric"].rsplit(" ", 1)[0] + " p"}
            paper_p = papers.loc[_same_figure(papers, p_of_test), "paper"].iloc[0]
            got_p = _of_test(p_of_test, scores, comparisons)
            agrees = got_p is not None and not np.isnan(got_p.value) and agreement.of_tests(paper_p, got_p.value)
        else:
            agrees = got is not None and agreement.of_figures(figure["paper"], figure["paper_sd"], got.value)
        undefined = got is not None and bool(np.isnan(got.value))
        verdict = NOT_RUN if got is None else YES if agrees else NO
        default = NOT_MADE if got is None else UNDEFINED if undefined else NO_REASON
        rows.append(
            figure
            | {"got": np.nan, "got_sd": np.nan, "n": np.nan}
            | ({} if got is None else {"got": got.value, "got_sd": got.sd, "n": got.n})
            | {"agrees": verdict, "why": "" if verdict == YES else _reason(figure, reasons, default)}
        )
    return pd.DataFrame(rows, columns=list(COLUMNS))


def read_papers(path: str | Path, *, study: str) -> pd.DataFrame:
    """Read the published figures of `study`, columns `PAPER_COLUMNS`; InputError on anything unlike them."""
    papers = read_raw_csv(path, PAPER_COLUMNS)
    for column, pattern in (
        ("study", study),
        ("kind", "windows|samples|split|score|test"),
        ("paper", r"-?\d+(\.\d+)?(e-?\d+)?"),
        ("paper_sd", r"(\d+(\.\d+)?)?"),
    ):
        bad = ~papers[column].str.fullmatch(pattern)
        if bad.any():
            raise InputError(
                f"{path}: line {int(bad.to_numpy().argmax()) + 2}: {column} is {papers.loc[bad, column].iloc[0]!r}, "
                f"wanted {pattern}. Mend the table of published figures."
            )
    for figure in papers.to_dict("records"):
        if figure["kind"] != "test":
            continue
        stem, _, what = figure["metric"].rpartition(" ")
        pair = figure | {"metric": f"{stem} p"}
        if what not in ("t", "p") or _same_figure(papers, pair).sum() != 1:
            raise InputError(
                f"{path}: table {figure['table']}, {figure['dataset']}, {figure['metric']!r}: wanted a metric that "
                "ends in ' t' or ' p', and one ' p' a test. Mend the table of published figures."
            )
        if (" vs " in figure["dataset"]) == (" vs " in figure["model"]):
            raise InputError(
                f"{path}: table {figure['table']}: a test of {figure['dataset']!r} and {figure['model']!r}; wanted "
                "'a vs b' in one of dataset and model. Mend the table of published figures."
            )
    return papers.assign(
        paper=papers["paper"].astype(float), paper_sd=papers["paper_sd"].replace("", "nan").astype(float)
    )


def main(
    papers: str | Path,
    scores: str | Path,
    comparisons: str | Path,
    samples: str | Path,
    index: str | Path,
    out: str | Path,
    *,
    archive: str,
    study: str,
    agreement: Mapping[str, float],
    reasons: Mapping[str, Sequence[Mapping[str, str]]],
) -> None:
    """Read what was published and what was got, write them side by side; `reasons` are given by archive."""
    compared = compare_papers(
        read_papers(papers, study=study),
        read_scores(scores, study=study),
        _read_comparisons(comparisons, study=study),
        _read_sections(samples, ("evolution", "samples")),
        _read_sections(index, ("datasets",)),
        agreement=Agreement(**agreement),
        reasons=reasons.get(archive, []),
    )
    for table, rows in compared.groupby("table", sort=False):
        counts = rows["agrees"].value_counts()
        LOG.info("table %s: %s", table, ", ".join(f"{n} {verdict}" for verdict, n in counts.items()))
    write_csv(out, compared, float_format="%.10g")


def _read_comparisons(path: str | Path, *, study: str) -> pd.DataFrame:
    comparisons = read_raw_csv(path, ("study", "metric", "a", "b", "statistic", "p"))
    of_study = comparisons.loc[comparisons["study"] == study, :]
    return of_study.assign(**{name: numbers(of_study.loc[:, name], path=path) for name in ("statistic", "p")})


def _read_sections(path: str | Path, sections: Sequence[str]) -> dict[str, Any]:
    content = read_json(path)
    missing = [name for name in sections if not isinstance(content, dict) or name not in content]
    if missing:
        raise InputError(f"{path}: lacks {', '.join(missing)}. Delete the file to have it made again.")
    return content


def _got(
    figure: Mapping[str, Any],
    scores: pd.DataFrame,
    comparisons: pd.DataFrame,
    samples: Mapping[str, Any],
    index: Mapping[str, Any],
) -> Got | None:
    """Look up the like of a published figure in this run; None if the run made none."""
    dataset, metric = figure["dataset"], figure["metric"]
    if figure["kind"] == "windows":
        return _count(samples["evolution"].get(dataset.lower(), {}).get(metric.removeprefix("windows ")))
    if figure["kind"] == "samples":
        return _count(samples["samples"].get(dataset.lower(), {}).get(metric))
    if figure["kind"] == "split":
        split, _, label = metric.partition(" ")
        seeds = index["datasets"].get(dataset, {}).get("seeds", {}).values()
        return _over_seeds([seed["splits"][split][label] for seed in seeds])
    if figure["kind"] == "score":
        return _over_seeds(_seed_figures(scores, dataset, figure["model"], metric))
    return _of_test(figure, scores, comparisons)


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
    n_seeds = len(_seed_figures(scores, dataset_a, model_a, metric))
    return Got(float(rows["statistic" if what == "t" else "p"].iloc[0]), n=n_seeds)


def _seed_figures(scores: pd.DataFrame, dataset: str, model: str, metric: str) -> Sequence[float]:
    if not np.any((scores["dataset"] == dataset) & (scores["model"] == model)):
        return []
    return figures_by_seed(scores, dataset=dataset, model=model, metric=metric).tolist()


def _count(value: float | None) -> Got | None:
    return None if value is None else Got(float(value))


def _over_seeds(figures: Sequence[float]) -> Got | None:
    if not figures:
        return None
    sd = float(np.std(figures, ddof=1)) if len(figures) > 1 else float("nan")
    return Got(float(np.mean(figures)), sd, len(figures))


def _same_figure(papers: pd.DataFrame, figure: Mapping[str, Any]) -> pd.Series:
    keys = ("table", "dataset", "model", "metric")
    return pd.Series(np.logical_and.reduce([papers[key] == figure[key] for key in keys]), index=papers.index)


def _reason(figure: Mapping[str, Any], reasons: Sequence[Mapping[str, str]], default: str) -> str:
    keys = ("table", "dataset", "model", "metric")
    fitting = (
        reason["why"] for reason in reasons if all(fnmatchcase(figure[key], str(reason.get(key, "*"))) for key in keys)
    )
    return next(fitting, default)


if __name__ == "__main__":
    with job_log(snakemake.log[0]):
        main(
            snakemake.input.papers,
            snakemake.input.scores,
            snakemake.input.comparisons,
            snakemake.input.samples,
            snakemake.input.index,
            snakemake.output.papers,
            archive=snakemake.params.archive,
            study=snakemake.params.study,
            agreement=snakemake.params.agreement,
            reasons=snakemake.params.reasons,
        )
