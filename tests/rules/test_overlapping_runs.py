"""The rule on overlapping runs, on a tiny study with a data set in training folds."""

import copy

from flaredag.artifacts import sha256_of_file
from flaredag.overlapping_run_tables import RUN_METRICS, read_run_comparisons, read_runs

FOLDER = "results/embedded/sun2022"
OUTPUTS = [f"{FOLDER}/runs.csv", f"{FOLDER}/runs_comparison.csv"]
READERS = (read_runs, read_run_comparisons)
FOLDS = 3


def ask_for_runs(config):
    study = config["study"]["sun2022"]
    own = copy.deepcopy(study["datasets"]["SHARP_BY_TIME"])
    own.pop("first_seeds", None)
    study["datasets"]["SHARP_IN_FOLDS"] = own | {"training_folds": FOLDS, "models": ["lstm", "logistic_regression"]}
    study["overlapping_runs"] = {
        "datasets": ["SHARP_IN_FOLDS"],
        "a": "lstm",
        "b": "logistic_regression",
        "n_thresholds": 201,
    }


def test_a_study_that_asks_for_none_has_tables_without_rows(finished_copy):
    before = {path: sha256_of_file(finished_copy.path(path)) for path in OUTPUTS}
    assert read_runs(finished_copy.path(OUTPUTS[0])).empty
    assert read_run_comparisons(finished_copy.path(OUTPUTS[1])).empty
    for path in OUTPUTS:
        finished_copy.path(path).unlink()
    assert finished_copy.run("--allowed-rules", "verify_overlapping_runs", "--", *OUTPUTS) == [
        "verify_overlapping_runs"
    ]
    assert {path: sha256_of_file(finished_copy.path(path)) for path in OUTPUTS} == before


def test_fits_of_training_folds_are_made_once_and_their_runs_scored(finished_copy):
    finished_copy.configure(ask_for_runs)
    ran = finished_copy.run(*OUTPUTS)
    # No fit of another data set is made again: three seeds a kind, two a job.
    assert sorted(set(ran)) == ["draw_datasets", "fit_baselines", "fit_networks", "verify_overlapping_runs"]
    runs, compared = (read(finished_copy.path(path)) for read, path in zip(READERS, OUTPUTS, strict=True))
    assert set(runs["metric"]) == set(RUN_METRICS)
    assert set(runs["model"]) == {"lstm", "logistic_regression"}
    assert (runs["n_runs"] == FOLDS**2).all()
    assert set(compared["dataset"]) == {"SHARP_IN_FOLDS"}
    before = {path: sha256_of_file(finished_copy.path(path)) for path in OUTPUTS}
    for path in OUTPUTS:
        finished_copy.path(path).unlink()
    assert finished_copy.run(*OUTPUTS) == ["verify_overlapping_runs"]
    assert {path: sha256_of_file(finished_copy.path(path)) for path in OUTPUTS} == before
