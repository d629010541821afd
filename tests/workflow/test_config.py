"""Configurations: each is dry-run; wrong ones are refused with the key, what was found and what was wanted."""

import numpy as np
import pytest

from flaredag.flare_history import HISTORY_FEATURES
from flaredag.keyword_ranges import LORENTZ_FORCE
from flaredag.samples import read_windows

WRONG = {
    "misspelt": (
        lambda config: config["models"]["lstm"].update(learning_rat=0.1),
        ["Additional properties are not allowed", "learning_rat"],
    ),
    "wrong type": (lambda config: config["models"]["lstm"].update(max_epochs="many"), ["'many'", "integer"]),
    "out of range": (lambda config: config["study"]["sun2022"]["splits"].update(test_fraction=1.2), ["1.2", "maximum"]),
    "missing": (lambda config: config["study"]["sun2022"].pop("seeds"), ["'seeds' is a required property"]),
    "unknown archive": (lambda config: config.update(archive="nowhere"), ["'nowhere' is not one of"]),
    "unknown study": (lambda config: config.update(studies=["sun2023"]), ["no study sun2023", "sun2022"]),
    "effort with a misspelt override": (
        lambda config: config["efforts"]["paper"].update(models={"lstm": {"epochs": 3}}),
        ["Additional properties are not allowed", "epochs"],
    ),
    "unknown flare list": (lambda config: config["archives"]["jsoc"].update(flare_lists=["gong"]), ["'gong'"]),
    "address that is none": (
        lambda config: config["archives"]["jsoc"]["retrieval"]["addresses"].update(hek="her"),
        ["'her' does not match"],
    ),
    "day that is none": (
        lambda config: config["archives"]["jsoc"]["retrieval"].update(as_of="last week"),
        ["'last week' does not match"],
    ),
    "cubes of no known way": (
        lambda config: config["curation"]["cubes"].update(sharp_to_smarp="guess"),
        ["'guess' is not one of"],
    ),
    "override of an archive with a misspelt key": (
        lambda config: config["study"]["sun2022"].update(on_archive={"embedded": {"windows": {"n_step": 9}}}),
        ["Additional properties are not allowed", "n_step"],
    ),
    "override of a data set that is not there": (
        lambda config: config["study"]["sun2022"].update(on_archive={"embedded": {"datasets": {"M9_*": {"folds": 3}}}}),
        ["study.sun2022.on_archive.embedded.datasets: no data set M9_*", "SHARP_ONLY"],
    ),
    "feature that nobody knows": (
        lambda config: config["study"]["sun2022"].update(features=["area", "epsw"]),
        ["'epsw' is not one of", "'epsx'"],
    ),
    "unknown evolution type": (
        lambda config: config["study"]["sun2022"]["labels"].update(positive=["QUIET->LOUD"]),
        ["QUIET->LOUD", "does not match"],
    ),
}


@pytest.mark.parametrize("case", WRONG)
def test_wrong_configurations_are_refused(project, case):
    change, words = WRONG[case]
    project.configure(change)
    result = project.attempt("--dry-run")
    assert result.returncode != 0
    assert "Traceback" not in result.stdout
    for word in words:
        assert word in result.stdout


@pytest.mark.parametrize(
    "settings",
    [
        ["archive=embedded"],
        ["archive=published"],
        ["archive=jsoc"],
        ["archive=jsoc", "effort=quick"],
        ["archive=published", "mirror=somewhere"],
        ["archive=embedded", "effort=quick"],
        ["archive=published", "effort=quick", "studies=sun2022"],
        ["archive=published", "mirror=somewhere", "studies=liu2019"],
        ["archive=embedded", "effort=quick", "studies=liu2019"],
        ["archive=jsoc", "studies=liu2019"],
        ["archive=jsoc", "studies=li2024"],
        ["archive=embedded", "studies=li2024"],
        ["archive=embedded", "effort=paper", "studies=li2024"],
        ["archive=published", "mirror=somewhere", "effort=quick", "studies=li2024,li2024hed"],
        ["store=elsewhere"],
    ],
)
def test_every_configuration_gives_a_plan(project, settings):
    result = project.attempt("--dry-run", "--config", *settings, "--", "results/report.pdf")
    assert result.returncode == 0, result.stdout
    assert "draw_datasets" in result.stdout
    assert "write_report" in result.stdout


def test_a_split_without_a_positive_sample_is_told(finished_copy):
    def nothing_strong(config):
        config["study"]["sun2022"]["labels"]["strong_class"] = "X99"

    finished_copy.configure(nothing_strong)
    result = finished_copy.attempt()
    assert result.returncode != 0
    assert "error: SHARP_ONLY, seed 0: the train split has 0 positive" in result.stdout
    assert "Traceback" not in result.stdout


def test_the_simulated_sun_has_all_forty_features(finished_copy):
    windows = "results/embedded/liu2019/windows.nc"
    assert finished_copy.run("--config", "studies=liu2019", "--", windows) == ["make_windows"]
    made = read_windows(finished_copy.path(windows), "at_least_m")
    assert len(made.feature_names) == len(set(made.feature_names)) == 40
    assert set(made.feature_names) > {*LORENTZ_FORCE, *HISTORY_FEATURES}
    of_steps = made.features[made.step_record[made.step_record >= 0]]
    assert np.isfinite(of_steps).all()
    # None of them is one number alone, so that all can tell something; of the strongest flares there may be none.
    constant = {name for name, values in zip(made.feature_names, of_steps.T, strict=True) if np.ptp(values) == 0}
    assert constant <= {"xdec", "xhis", "xhis1d"}


def test_a_missing_mirror_is_told(project):
    result = project.attempt("--config", "archive=published", "mirror=nowhere", "--", "results/report.pdf")
    assert result.returncode != 0
    assert "mirror=nowhere: no such folder" in result.stdout
    assert "Traceback" not in result.stdout


def test_a_run_in_another_folder_finds_configuration_and_rules(project, tmp_path):
    elsewhere = tmp_path / "elsewhere"
    elsewhere.mkdir()
    snakefile, target = str(project.path("Snakefile")), "results/embedded/tables/sharp-0.nc"
    ran = project.run("--snakefile", snakefile, "--directory", str(elsewhere), "--", target)
    assert ran == ["curate_jsoc_keywords", "simulate_sun"]
    assert (elsewhere / target).exists()
