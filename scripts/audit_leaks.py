"""A study's windows, data sets, scores, forecasts and tables -> findings of the leak audit; a leak fails the build."""

import logging
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import pandas as pd

from flaredag.artifacts import write_csv
from flaredag.audit import Finding, findings_table, log_findings, merged, refuse_leaks
from flaredag.audit_flare_history import findings_of_flare_history
from flaredag.audit_of_study import (
    findings_of_data_set,
    findings_of_features,
    findings_of_future,
    findings_of_predictions,
    findings_of_regions,
)
from flaredag.errors import InputError
from flaredag.joblog import Progress, job_log
from flaredag.predictions import read_predictions
from flaredag.samples import Dataset, StudyWindows, read_datasets, read_windows
from flaredag.score_tables import read_scores
from flaredag.tables import read_flares, read_records
from flaredag.window_images import cube_columns

LOG = logging.getLogger("flaredag")


def audit_leaks(
    windows: Mapping[str, StudyWindows],
    datasets: Mapping[str, Sequence[Dataset]],
    of_predictions: Sequence[Finding],
    records: pd.DataFrame,
    flares: pd.DataFrame,
    images: pd.DataFrame | None,
    *,
    settings: Mapping[str, Any],
    drawn: Mapping[str, Mapping[str, Any]],
    declared_leaks: Sequence[Mapping[str, Any]],
    seed: int,
) -> pd.DataFrame:
    """Findings on a study (columns of `flaredag.audit`).

    `windows` by task and `datasets` by name, each of all seeds; `of_predictions`: findings of `audit_predictions`;
    `records`, `flares` and `images` (columns of cubes): what windows were made from, with `settings`. `drawn`: how each
    data set was drawn (`flaredag.studies.settings_of_datasets`).
    """
    findings: list[Finding] = []
    for name, own in datasets.items():
        of_task = windows[drawn[name]["task"]]
        findings += findings_of_data_set(
            name, of_task, own, settings=settings, drawn=drawn[name], declared_leaks=declared_leaks
        )
    for task, instrument in dict.fromkeys((own["task"], own["draw"]["evaluated"]) for own in drawn.values()):
        findings += findings_of_features(task, windows[task], instrument)
    findings += findings_of_future(
        windows, records, flares, images, settings=settings, declared_leaks=declared_leaks, seed=seed
    )
    any_windows = next(iter(windows.values()))
    findings += findings_of_flare_history(
        any_windows, records, flares, images, settings=settings, declared_leaks=declared_leaks
    )
    findings += findings_of_regions(any_windows, datasets, records, flares, settings=settings, seed=seed)
    return findings_table([*findings, *of_predictions])


def audit_predictions(
    windows: Mapping[str, StudyWindows],
    datasets: Mapping[str, Sequence[Dataset]],
    predictions: Iterable[tuple[str, pd.DataFrame]],
    scores: pd.DataFrame,
    *,
    drawn: Mapping[str, Mapping[str, Any]],
) -> list[Finding]:
    """Findings on the forecasts of a study; `predictions` with the name of their data set, one read after the other.

    Others as in `audit_leaks`.
    """
    findings: list[Finding] = []
    for name, table in predictions:
        of_task = windows[drawn[name]["task"]] if name in drawn else None
        findings += findings_of_predictions(name, table, scores, of_task, datasets.get(name, []))
    return merged(findings)


def main(
    windows: str,
    datasets: str,
    scores: str,
    predictions: Sequence[str],
    predicted: Sequence[str],
    tables: Sequence[str],
    flares: Sequence[str],
    cubes: Sequence[str],
    audit: str,
    *,
    study: str,
    settings: Mapping[str, Any],
    drawn: Mapping[str, Mapping[str, Any]],
    declared_leaks: Sequence[Mapping[str, Any]],
    seed: int,
) -> None:
    """Read what a study is made from and has left, `predictions` of the data sets `predicted`; write the findings.

    The findings are not written where one is a leak that is not declared: InputError, and the log has them all.
    """
    if len(predictions) != len(predicted):
        raise InputError(
            f"{len(predictions)} prediction files for {len(predicted)} data sets; wanted one of each a file."
        )
    progress = Progress(LOG, "audit predictions", len(predictions))

    def read() -> Iterable[tuple[str, pd.DataFrame]]:
        for name, path in zip(predicted, predictions, strict=True):
            yield name, read_predictions(path)
            progress.advance()

    of_tasks = {task: read_windows(windows, task) for task in dict.fromkeys(own["task"] for own in drawn.values())}
    of_seeds = {name: read_datasets(datasets, name, own["seeds"]) for name, own in drawn.items()}
    # Before the records are read: the largest predictions and all records together would not fit in 2 GB.
    of_predictions = audit_predictions(of_tasks, of_seeds, read(), read_scores(scores, study=study), drawn=drawn)
    findings = audit_leaks(
        of_tasks,
        of_seeds,
        of_predictions,
        read_records(tables),
        read_flares(flares),
        cube_columns(cubes) if cubes else None,
        settings=settings,
        drawn=drawn,
        declared_leaks=declared_leaks,
        seed=seed,
    )
    log_findings(LOG, findings)
    refuse_leaks(findings, what=f"study {study}")
    write_csv(audit, findings, float_format="%.10g")


if __name__ == "__main__":
    with job_log(snakemake.log[0]):
        main(
            snakemake.input.windows,
            snakemake.input.datasets,
            snakemake.input.scores,
            snakemake.input.predictions,
            snakemake.params.predicted,
            snakemake.input.tables,
            snakemake.input.flares,
            snakemake.input.cubes,
            snakemake.output.audit,
            study=snakemake.params.study,
            settings=snakemake.params.settings,
            drawn=snakemake.params.drawn,
            declared_leaks=snakemake.params.declared_leaks,
            seed=snakemake.params.seed,
        )
