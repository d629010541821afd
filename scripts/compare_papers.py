"""Published figures of a study beside those of this run: do they agree, and if not, why."""

import logging
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from flaredag.artifacts import read_json, write_csv
from flaredag.errors import InputError
from flaredag.joblog import job_log
from flaredag.overlapping_run_tables import read_runs
from flaredag.published_figures import (
    NO,
    NOT_RUN,
    RUNS,
    YES,
    Agreement,
    like_of,
    p_of_test,
    read_published,
    reason_for,
    same_figure,
    threshold_of,
)
from flaredag.score_tables import read_scores
from flaredag.tables import numbers, read_raw_csv

LOG = logging.getLogger("flaredag")
COLUMNS = (
    "study",
    "table",
    "dataset",
    "model",
    "metric",
    "threshold",
    "paper",
    "paper_sd",
    "got",
    "got_sd",
    "n",
    "agrees",
    "why",
)
PAIRED_T = "paired_t_one_sided"
NO_REASON = "no reason found yet"
UNDEFINED = "undefined in this run"
NOT_MADE = "this run has no such figure"


def compare_papers(
    papers: pd.DataFrame,
    scores: pd.DataFrame,
    comparisons: pd.DataFrame,
    samples: Mapping[str, Any],
    index: Mapping[str, Any],
    runs: pd.DataFrame,
    *,
    agreement: Agreement,
    reasons: Sequence[Mapping[str, str]],
) -> pd.DataFrame:
    """Each published figure of `papers` with what was got, whether they agree (yes, no, not_run), and why not.

    `threshold`: at which ours is taken, where a score needs one. Our like of a figure is sought by `like_of`; a test
    statistic shares the verdict of its p. `reasons` are tried in turn for a figure that does not agree (`reason_for`).
    """
    rows = []
    for figure in papers.to_dict("records"):
        got = like_of(figure, scores, comparisons, samples, index, runs)
        if figure["kind"] == "test" and got is not None:
            p_figure = p_of_test(figure)
            paper_p = papers.loc[same_figure(papers, p_figure), "paper"].iloc[0]
            got_p = like_of(p_figure, scores, comparisons, samples, index, runs)
            agrees = got_p is not None and not np.isnan(got_p.value) and agreement.of_tests(paper_p, got_p.value)
        else:
            # The spread over overlapping runs is no error of the figure.
            paper_sd = np.nan if figure["kind"] == RUNS else figure["paper_sd"]
            agrees = got is not None and agreement.of_figures(figure["paper"], paper_sd, got.value)
        undefined = got is not None and bool(np.isnan(got.value))
        verdict = NOT_RUN if got is None else YES if agrees else NO
        default = NOT_MADE if got is None else UNDEFINED if undefined else NO_REASON
        rows.append(
            figure
            | {"threshold": threshold_of(figure)}
            | {"got": np.nan, "got_sd": np.nan, "n": np.nan}
            | ({} if got is None else {"got": got.value, "got_sd": got.sd, "n": got.n})
            | {"agrees": verdict, "why": "" if verdict == YES else reason_for(figure, reasons, default=default)}
        )
    return pd.DataFrame(rows, columns=list(COLUMNS))


def main(
    papers: str | Path,
    scores: str | Path,
    comparisons: str | Path,
    samples: str | Path,
    index: str | Path,
    runs: str | Path,
    out: str | Path,
    *,
    archive: str,
    study: str,
    agreement: Mapping[str, float],
    reasons: Mapping[str, Sequence[Mapping[str, str]]],
) -> None:
    """Read what was published and what was got, write them side by side; `reasons` are given by archive."""
    compared = compare_papers(
        read_published(papers, study=study),
        read_scores(scores, study=study),
        _read_comparisons(comparisons, study=study),
        _read_sections(samples, ("evolution", "samples")),
        _read_sections(index, ("datasets",)),
        read_runs(runs),
        agreement=Agreement(**agreement),
        reasons=reasons.get(archive, []),
    )
    for table, rows in compared.groupby("table", sort=False):
        counts = rows["agrees"].value_counts()
        LOG.info("table %s: %s", table, ", ".join(f"{n} {verdict}" for verdict, n in counts.items()))
    write_csv(out, compared, float_format="%.10g")


def _read_comparisons(path: str | Path, *, study: str) -> pd.DataFrame:
    comparisons = read_raw_csv(path, ("study", "metric", "a", "b", "test", "statistic", "p"))
    # What papers publish is the plain paired t-test.
    of_study = comparisons.loc[(comparisons["study"] == study) & (comparisons["test"] == PAIRED_T), :]
    return of_study.assign(**{name: numbers(of_study.loc[:, name], path=path) for name in ("statistic", "p")})


def _read_sections(path: str | Path, sections: Sequence[str]) -> dict[str, Any]:
    content = read_json(path)
    missing = [name for name in sections if not isinstance(content, dict) or name not in content]
    if missing:
        raise InputError(f"{path}: lacks {', '.join(missing)}. Delete the file to have it made again.")
    return content


if __name__ == "__main__":
    with job_log(snakemake.log[0]):
        main(
            snakemake.input.papers,
            snakemake.input.scores,
            snakemake.input.comparisons,
            snakemake.input.samples,
            snakemake.input.index,
            snakemake.input.runs,
            snakemake.output.papers,
            archive=snakemake.params.archive,
            study=snakemake.params.study,
            agreement=snakemake.params.agreement,
            reasons=snakemake.params.reasons,
        )
