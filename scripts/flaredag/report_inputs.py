"""What the report is made from: studies and archive as the configuration has them; results, read and checked."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, NotRequired, TypedDict

import numpy as np
import pandas as pd

from flaredag.artifacts import read_json
from flaredag.audit import COLUMNS as FINDING_COLUMNS
from flaredag.conformal import NUMBERS as CONFORMAL_NUMBERS
from flaredag.conformal import TABLE_COLUMNS as CONFORMAL_COLUMNS
from flaredag.diagnostics import read_decomposition
from flaredag.ensemble_tables import WEIGHT_COLUMNS, read_weights
from flaredag.errors import InputError
from flaredag.explanations import CHECK_COLUMNS
from flaredag.importance_tables import read_importance
from flaredag.numeric_tables import read_numeric_csv
from flaredag.overlapping_run_tables import read_run_comparisons, read_runs
from flaredag.published_figures import VERDICTS
from flaredag.ranking_tables import read_agreement, read_claims, read_ranking
from flaredag.score_tables import INTERVAL_COLUMNS, INTERVAL_NUMBERS, read_scores
from flaredag.search_tables import read_searches
from flaredag.shipped_results import read_named_columns, read_shipped_scores
from flaredag.store import FIT_COLUMNS
from flaredag.strata import STRATA_COLUMNS
from flaredag.tables import read_raw_csv
from flaredag.training_curves import read_training_curves

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from flaredag.ladder import Ladder

COMPARISON_NUMBERS = ("difference", "statistic", "p", "p_holm", "low", "high", "detectable_difference")
COMPARISON_COLUMNS = ("metric", "a", "b", "test", "family", *COMPARISON_NUMBERS)
PAPER_NUMBERS = ("paper", "paper_sd", "got", "got_sd", "n")
PAPER_COLUMNS = ("table", "dataset", "model", "metric", "threshold", "agrees", "why", *PAPER_NUMBERS)
REGRESSION_COLUMNS = ("keyword", "slope", "intercept", "pearson_r", "n")
FACTOR_COLUMNS = ("region_sharp", "factor")
SUMMARY_PARTS = ("instruments", "flares", "counts", "rejections", "disagreements")
STRATA_NUMBERS = ("value", "low", "high", "n_samples", "n_events", "n_regions")
LABEL_NUMBERS = ("value", "low", "high", "n_samples", "n_events", "n_changed")
LABEL_COLUMNS = ("dataset", "model", "flare_list", "unscaled", "threshold", "metric", *LABEL_NUMBERS)
ONE_FILE_A_STUDY = (
    "scores",
    "comparisons",
    "papers",
    "samples",
    "index",
    "fits",
    "weights",
    "checks",
    "intervals",
    "audit",
    "strata",
    "labels",
    "conformal",
    "decomposition",
    "importance",
    "shipped_columns",
    "shipped_scores",
    "ranking",
    "ranking_agreement",
    "ranking_claims",
    "subsets",
    "searches",
    "runs",
    "runs_comparison",
    "training_curves",
)
ONE_FILE = ("archive", "regressions", "factors")  # of the archive


class Source(TypedDict):
    """Where data come from; `address` may be empty."""

    title: str
    licence: str
    citation: str
    address: str


class Between(TypedDict):
    """Whether `models`, named by metric, are better on data set `a` than on `b`."""

    a: str
    b: str
    models: Mapping[str, Sequence[str]]


class Headline(TypedDict):
    """What the first page asks: whether `model` is better than `baseline`, and its other `rivals`, in `metric`.

    On `datasets`, where none are named on those that have every model; at `threshold`, where none is named at 0.5.
    `between` asks of two data sets first.
    """

    model: str
    baseline: str
    metric: str
    rivals: NotRequired[Sequence[str]]
    datasets: NotRequired[Sequence[str]]
    threshold: NotRequired[str]
    between: NotRequired[Between]


class Titled(TypedDict):
    """A name in the tables and its title for the reader."""

    name: str
    title: str


class FigureOfStudy(TypedDict):
    """A figure of a study, its title, and the section of the report that shows it.

    `profiles`: `series` and `threshold` of one of skill score profiles; `training_curves`: `dataset` and `models`, and
    `training_regions`: `datasets` and `panels`, of those of trainings.
    """

    name: str
    title: str
    section: str
    profiles: NotRequired[Mapping[str, Any]]
    training_curves: NotRequired[Mapping[str, Any]]
    training_regions: NotRequired[Mapping[str, Any]]


class Archive(TypedDict):
    """The archive that the run was made on; `figures` of its chapter, with their captions as titles.

    `not_served`: studies that were asked for, and that it has no data for.
    """

    name: str
    title: str
    simulated: bool
    not_served: Sequence[str]
    sources: Sequence[Source]
    figures: Sequence[Titled]


class Study(TypedDict):
    """A study as the configuration describes it; tables keep the order of `datasets`.

    `sample_units`: what a sample is, a region or a record, of data sets that say so.
    """

    name: str
    title: str
    paper: str
    protocol_in_words: str
    declared_leaks: Sequence[str]
    headline: Headline
    datasets: Sequence[str]
    ladders: Sequence[Ladder]
    comparisons: Sequence[Titled]
    published_tables: Mapping[str, str]
    ensembles: Sequence[Mapping[str, Any]]
    figures: Sequence[FigureOfStudy]
    ranking: Mapping[str, Any] | None
    score_tables: Sequence[Mapping[str, Any]]
    sample_units: Mapping[str, str]
    agreement: Mapping[str, float]


@dataclass(frozen=True)
class Results:
    """What a study came to, as its scripts wrote it."""

    scores: pd.DataFrame
    comparisons: pd.DataFrame
    papers: pd.DataFrame
    samples: Mapping[str, Any]
    index: Mapping[str, Any]
    fits: pd.DataFrame
    weights: pd.DataFrame
    checks: pd.DataFrame
    intervals: pd.DataFrame
    audit: pd.DataFrame
    strata: pd.DataFrame
    labels: pd.DataFrame
    conformal: pd.DataFrame
    decomposition: pd.DataFrame
    importance: pd.DataFrame
    shipped_columns: pd.DataFrame
    shipped_scores: pd.DataFrame
    ranking: pd.DataFrame
    ranking_agreement: pd.DataFrame
    ranking_claims: pd.DataFrame
    subsets: pd.DataFrame
    searches: pd.DataFrame
    runs: pd.DataFrame
    runs_comparison: pd.DataFrame
    training_curves: pd.DataFrame


@dataclass(frozen=True)
class ArchiveResults:
    """What an archive holds, as summarise_archive and compare_instruments wrote it."""

    summary: Mapping[str, Any]
    regressions: pd.DataFrame
    factors: pd.DataFrame


def check_numbers_of_files(studies: Sequence[Study], inputs: Mapping[str, Sequence[str]], *, archive: Archive) -> None:
    """InputError unless `inputs` has a file a study of each of `ONE_FILE_A_STUDY`, and a figure a caption.

    Of the `archive` it must have one file of each of `ONE_FILE`, and a figure a caption as well.
    """
    of_studies = {"figures": sum(len(study["figures"]) for study in studies)}
    of_archive = dict.fromkeys(ONE_FILE, 1) | {"archive_figures": len(archive["figures"])}
    for name, n_wanted in (dict.fromkeys(ONE_FILE_A_STUDY, len(studies)) | of_studies | of_archive).items():
        if len(inputs[name]) != n_wanted:
            whom = "the archive" if name in of_archive else f"{len(studies)} studies"
            each = "a caption" if name.endswith("figures") else "an archive" if name in of_archive else "a study"
            raise InputError(
                f"{len(inputs[name])} files of {name} for {whom}, wanted {n_wanted}: one {each}. Mend the input of "
                "the rule."
            )


def read_results(paths: Mapping[str, str], *, study: str, archive: str) -> Results:
    """Read the results of a study, `paths` by `ONE_FILE_A_STUDY`.

    Raises InputError where a file is not as its script writes it, or its scores are of another `archive`.
    """
    scores = read_scores(paths["scores"], study=study)
    if set(scores["archive"]) != {archive}:
        raise InputError(
            f"{paths['scores']}: scores of archive {', '.join(sorted(set(scores['archive'])))}; this report is of "
            f"{archive}. Delete the file to have it made again."
        )
    papers = read_numeric_csv(paths["papers"], PAPER_COLUMNS, PAPER_NUMBERS)
    unknown = sorted(set(papers["agrees"]) - set(VERDICTS))
    if unknown:
        raise InputError(
            f"{paths['papers']}: agrees is {', '.join(unknown)}; wanted {', '.join(VERDICTS)}. Delete the file to have "
            "it made again."
        )
    objects = {name: read_json(paths[name]) for name in ("samples", "index")}
    for name, content in objects.items():
        if not isinstance(content, dict):
            raise InputError(f"{paths[name]}: holds no JSON object. Delete the file to have it made again.")
    return Results(
        scores=scores,
        comparisons=read_numeric_csv(paths["comparisons"], COMPARISON_COLUMNS, COMPARISON_NUMBERS),
        papers=papers,
        fits=read_raw_csv(paths["fits"], FIT_COLUMNS),
        # A study without ensembles has a table without rows.
        weights=empty
        if (empty := read_raw_csv(paths["weights"], WEIGHT_COLUMNS)).empty
        else read_weights([paths["weights"]]),
        checks=read_numeric_csv(paths["checks"], CHECK_COLUMNS, ("value", "n")),
        intervals=read_numeric_csv(paths["intervals"], INTERVAL_COLUMNS, INTERVAL_NUMBERS),
        audit=read_numeric_csv(paths["audit"], FINDING_COLUMNS, ("n",)),
        strata=read_numeric_csv(paths["strata"], STRATA_COLUMNS, STRATA_NUMBERS),
        labels=read_numeric_csv(paths["labels"], LABEL_COLUMNS, LABEL_NUMBERS),
        conformal=read_numeric_csv(paths["conformal"], CONFORMAL_COLUMNS, CONFORMAL_NUMBERS),
        decomposition=read_decomposition(paths["decomposition"]),
        importance=read_importance(paths["importance"]),
        shipped_columns=read_named_columns(paths["shipped_columns"]),
        shipped_scores=read_shipped_scores(paths["shipped_scores"]),
        ranking=read_ranking(paths["ranking"]),
        ranking_agreement=read_agreement(paths["ranking_agreement"]),
        ranking_claims=read_claims(paths["ranking_claims"]),
        subsets=read_raw_csv(paths["subsets"], FIT_COLUMNS),
        searches=read_searches(paths["searches"]),
        runs=read_runs(paths["runs"]),
        runs_comparison=read_run_comparisons(paths["runs_comparison"]),
        training_curves=read_training_curves(paths["training_curves"]),
        **objects,
    )


def intervals_over_seeds(results: Results) -> pd.DataFrame:
    """Intervals of a study, without those of data sets whose seeds are training folds: their spread is another."""
    in_folds = [name for name, entry in results.index.get("datasets", {}).items() if "training_folds" in entry]
    return results.intervals[~results.intervals["dataset"].isin(in_folds)]


def read_archive_results(paths: Mapping[str, str]) -> ArchiveResults:
    """Read what was found of an archive, `paths` by `ONE_FILE`.

    Raises InputError where a file is not as its script writes it.
    """
    summary = read_json(paths["archive"])
    missing = [name for name in SUMMARY_PARTS if not isinstance(summary, dict) or name not in summary]
    if missing:
        raise InputError(
            f"{paths['archive']}: no {', '.join(missing)}; wanted the summary of an archive. Delete the file to "
            "have it made again."
        )
    return ArchiveResults(
        summary=summary,
        regressions=read_numeric_csv(paths["regressions"], REGRESSION_COLUMNS, REGRESSION_COLUMNS[1:]),
        factors=read_numeric_csv(paths["factors"], FACTOR_COLUMNS, FACTOR_COLUMNS),
    )


def joined_rows(paths: Sequence[str]) -> pd.DataFrame:
    """Rows of all files, texts as they are; InputError where their columns differ."""
    tables = [pd.read_csv(path, dtype=str, keep_default_na=False) for path in paths]
    for path, table in zip(paths, tables, strict=True):
        if list(table) != list(tables[0]):
            raise InputError(
                f"{path} has the columns {', '.join(table)}, {paths[0]} has {', '.join(tables[0])}; wanted the same. "
                "Delete both to have them made again."
            )
    return pd.concat(tables, ignore_index=True)


def rows_where(frame: pd.DataFrame, **wanted: str) -> pd.DataFrame:
    """Rows of `frame` in which each named column is what is wanted."""
    return frame.loc[np.logical_and.reduce([frame[column] == value for column, value in wanted.items()]), :]
