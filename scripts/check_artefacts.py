"""Check what a study left behind with pytest: units, gaps, leaks. The build fails where a check does."""

import contextlib
import io
import logging
import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from types import ModuleType
from typing import Any

import pandas as pd
import pytest

from flaredag.artifacts import write_json
from flaredag.errors import InputError
from flaredag.joblog import job_log
from flaredag.predictions import read_predictions
from flaredag.samples import Dataset, StudyWindows, read_datasets, read_windows

LOG = logging.getLogger("flaredag")


@dataclass(frozen=True)
class Study:
    """Artefacts of a study, and its settings as in the configuration; `predicted`: data set of each predictions file.

    `drawn`: how each data set was drawn (`flaredag.studies.settings_of_datasets`).
    """

    windows: str
    datasets: str
    predictions: Sequence[str]
    predicted: Sequence[str]
    scores: str
    settings: Mapping[str, Any]
    drawn: Mapping[str, Mapping[str, Any]]


class Outcome:
    """A pytest plugin that keeps what came out of each check."""

    def __init__(self) -> None:
        self.passed: list[str] = []
        self.failed: list[str] = []

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        """Keep the name of each check, and why it failed."""
        name = report.nodeid.rsplit("::", 1)[-1]
        if report.failed:
            self.failed.append(name)
            LOG.warning("%s: %s", name, report.longreprtext)
        elif report.when == "call":
            self.passed.append(name)


def fixtures(study: Study) -> ModuleType:
    """A pytest plugin with what the checks look at: the study, windows and data sets by data set, and predictions."""

    def windows() -> dict[str, StudyWindows]:
        tasks = {task: read_windows(study.windows, task) for task in {own["task"] for own in study.drawn.values()}}
        return {name: tasks[own["task"]] for name, own in study.drawn.items()}

    def drawn() -> dict[str, list[Dataset]]:
        return {name: read_datasets(study.datasets, name, own["seeds"]) for name, own in study.drawn.items()}

    def predictions() -> list[tuple[str, pd.DataFrame]]:
        tables = {path: read_predictions(path) for path in dict.fromkeys(study.predictions)}
        return [(name, tables[path]) for name, path in zip(study.predicted, study.predictions, strict=True)]

    given = {"study": lambda: study, "windows": windows, "drawn": drawn, "predictions": predictions}
    # A module, as pytest takes fixtures without `self` from nothing else.
    plugin = ModuleType("study_of_this_run")
    for name, function in given.items():
        setattr(plugin, name, pytest.fixture(scope="session", name=name)(function))
    return plugin


def check_artefacts(study: Study, checks: str) -> list[str]:
    """Names of the checks of the file `checks` that passed; InputError if one failed or none ran."""
    outcome = Outcome()
    told = io.StringIO()
    with contextlib.redirect_stdout(told):
        # No configuration file: the checks must not hang on where Snakemake runs.
        options = ["-q", "-c", os.devnull, "-p", "no:cacheprovider"]
        end = pytest.main([checks, *options], plugins=[outcome, fixtures(study)])
    if end != pytest.ExitCode.OK or outcome.failed or not outcome.passed:
        LOG.info("%s", told.getvalue())
        raise InputError(
            f"{checks}: {len(outcome.failed)} checks failed ({', '.join(outcome.failed)}), {len(outcome.passed)} "
            "passed. The log tells why. Do not use this run's figures before that is mended."
        )
    return sorted(outcome.passed)


def main(study: Study, checks: str, checked: str) -> None:
    """Run the checks, write the names of those that passed (JSON)."""
    passed = check_artefacts(study, checks)
    LOG.info("%d checks passed", len(passed))
    write_json(checked, {"passed": passed})


if __name__ == "__main__":
    with job_log(snakemake.log[0]):
        main(
            Study(
                windows=snakemake.input.windows,
                datasets=snakemake.input.datasets,
                predictions=list(snakemake.input.predictions),
                predicted=snakemake.params.predicted,
                scores=snakemake.input.scores,
                settings=snakemake.params.settings,
                drawn=snakemake.params.drawn,
            ),
            snakemake.input.checks,
            snakemake.output.checked,
        )
