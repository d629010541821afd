"""The rule that searches hyperparameters: real fits, on training and validation samples alone."""

import json
import logging
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch

from fit_networks import fit_networks
from flaredag.artifacts import sha256_of_file
from flaredag.errors import InputError
from flaredag.hyperparameter_search import search
from flaredag.samples import content_digest, read_datasets, read_windows, samples_of_split, write_windows
from flaredag.search_trials import COMPLETE, FAILED, read_trials
from flaredag.splits import SPLITS
from made_up_datasets import DATASET, drawn_datasets, entries_of_seeds
from search_hyperparameters import main, samples_seen, search_hyperparameters

TRANSFORMER = {"patch_steps": 2, "embedding_size": 8, "n_blocks": 1, "n_heads": 2, "head_size": 4, "mlp_size": 8}
TRANSFORMER |= {"mlp_dropout": 0.1, "head_sizes": [8, 8, 8], "head_dropouts": [0.1, 0.1, 0.1], "batch_size": 16}
TRANSFORMER |= {"learning_rate": 0.01, "max_epochs": 2, "kept_epoch": "brier_score", "class_weights": "balanced"}
SPACE = {"n_blocks": {"choices": [1, 2]}, "head_dropouts.2": {"low": 0.1, "high": 0.5}}
SPACE |= {"learning_rate": {"low": 0.001, "high": 0.1, "log": True}}
REGRESSION = {"inverse_regularisation": 1.0, "n_features": "all"}


@pytest.fixture
def inputs(study_windows, tmp_path):
    """`area` alone tells strong regions from quiet ones."""
    return drawn_datasets(tmp_path, study_windows(n_regions=40))


def made_from(inputs, **changes):
    index = entries_of_seeds(inputs)
    return {
        "seeds": [1, 0],
        "models": {"transformer": TRANSFORMER},
        "datasets": {seed: entry["digest"] for seed, entry in index.items()},
        "metric": "true_skill_statistic",
        "space": SPACE,
        "n_trials": 3,
        "seed": 9,
    } | changes


def searched(inputs, folder, samples=None, **changes):
    made = made_from(inputs, **changes)
    samples = samples_seen(**inputs, made_from=made) if samples is None else samples
    return search_hyperparameters(samples, made_from=made, working=folder / "search.sqlite", what="made up")


def outputs_in(folder):
    files = {"trials": "trials.csv", "optimum": "optimum.json", "provenance": "provenance.json"}
    return {name: str(folder / file) for name, file in files.items()}


@pytest.mark.parametrize("metric", ["true_skill_statistic", "brier_score", "area_under_roc_curve"])
def test_a_score_is_that_on_validation_of_the_epoch_that_the_study_s_own_fit_keeps(inputs, tmp_path, metric):
    (trial,) = searched(inputs, tmp_path, n_trials=1, metric=metric)
    _, fits = fit_networks(**inputs, made_from=made_from(inputs))
    history = {seed: fits[f"transformer/{seed}"].history for seed in (1, 0)}
    wanted = [own[f"validation_{metric}"][own["best_epoch"] - 1] for own in history.values()]
    np.testing.assert_allclose(trial.scores, wanted, rtol=1e-6)
    assert trial.settings == {"n_blocks": 1, "head_dropouts.2": 0.1, "learning_rate": 0.01}


def test_test_samples_have_no_part_in_it(inputs, study_windows, tmp_path):
    before = searched(inputs, tmp_path, seeds=[1])
    # Every test sequence is another, and every test label the opposite one.
    windows = study_windows(n_regions=40)
    (one,) = read_datasets(inputs["datasets"], DATASET, [1])
    features, label = windows.features.copy(), windows.label.copy()
    features[windows.step_record[one.positions["test"]]] = -9.0
    label[one.positions["test"]] = 1 - label[one.positions["test"]]
    write_windows(inputs["windows"], {"flare": replace(windows, features=features, label=label)})
    changed = {split: samples_of_split(read_windows(inputs["windows"]), one, split) for split in SPLITS}
    test = samples_of_split(windows, one, "test")
    assert (changed["test"].label != test.label).all()
    assert (changed["test"].sequence != test.sequence).all()
    # They are another data set, which is told; but a search of it comes to the same.
    with pytest.raises(InputError, match=r"datasets\.nc: SHARP_ONLY, seed 1 has the digest .*: the windows changed"):
        samples_seen(**inputs, made_from=made_from(inputs, seeds=[1]))
    digests = {"datasets": {"1": content_digest(changed)}}
    index = json.loads(Path(inputs["index"]).read_text())
    index["datasets"][DATASET]["seeds"]["1"]["digest"] = digests["datasets"]["1"]
    Path(inputs["index"]).write_text(json.dumps(index))
    (tmp_path / "again").mkdir()
    assert searched(inputs, tmp_path / "again", seeds=[1], **digests) == before
    # Labels of validation samples would have.
    label = windows.label.copy()
    label[one.positions["validation"]] = 1 - label[one.positions["validation"]]
    write_windows(inputs["windows"], {"flare": replace(windows, label=label)})
    other = read_windows(inputs["windows"])
    seen = {split: samples_of_split(other, one, split) for split in ("train", "validation")}
    (tmp_path / "other").mkdir()
    assert searched(inputs, tmp_path / "other", {1: seen}, seeds=[1]) != before


def test_what_the_search_is_given_has_no_test_samples(inputs):
    seen = samples_seen(**inputs, made_from=made_from(inputs))
    assert list(seen) == [1, 0]
    assert all(set(splits) == {"train", "validation"} for splits in seen.values())


def test_same_bytes_on_any_number_of_threads_and_after_it_was_killed(inputs, tmp_path, monkeypatch):
    threads, content = torch.get_num_threads(), []
    made = made_from(inputs, n_trials=4)

    def killed_after_two(*arguments, n_trials, **settings):
        search(*arguments, n_trials=2, **settings)
        raise KeyboardInterrupt

    try:
        for n_threads in (1, 2):
            torch.set_num_threads(n_threads)
            outputs = outputs_in(tmp_path / f"{n_threads}")
            if n_threads > 1:
                with monkeypatch.context() as patched, pytest.raises(KeyboardInterrupt):
                    patched.setattr("search_hyperparameters.search", killed_after_two)
                    main(inputs, outputs, made_from=made)
                assert [path.name for path in (tmp_path / "2").iterdir()] == [".trials.sqlite"]
            main(inputs, outputs, made_from=made)
            content.append([Path(path).read_bytes() for path in outputs.values()])
            # Nothing hidden is left.
            assert sorted(path.name for path in (tmp_path / f"{n_threads}").iterdir()) == [
                *("optimum.json", "provenance.json", "trials.csv")
            ]
    finally:
        torch.set_num_threads(threads)
    assert content[0] == content[1]
    provenance = json.loads(content[0][2])
    assert provenance["made_from"] == made
    assert provenance["sha256"]["trials.csv"] == sha256_of_file(tmp_path / "1" / "trials.csv")
    table, optimum = read_trials(tmp_path / "1" / "trials.csv"), json.loads(content[0][1])
    assert table["state"].tolist() == [COMPLETE] * 4
    assert optimum["optimum"]["number"] == table["score"].idxmax()


def test_any_model_on_keywords_may_be_searched(inputs, tmp_path):
    space = {"inverse_regularisation": {"low": 0.001, "high": 10.0, "log": True}}
    trials = searched(inputs, tmp_path, models={"logistic_regression": REGRESSION}, space=space)
    assert {trial.state for trial in trials} == {COMPLETE}
    assert trials[0].settings == {"inverse_regularisation": 1.0}


def test_settings_that_do_not_fit_the_windows_are_failed_with_a_warning(inputs, tmp_path, caplog, monkeypatch):
    monkeypatch.setattr(logging.getLogger("flaredag"), "propagate", True)
    with caplog.at_level(logging.INFO, logger="flaredag"):
        # Windows of four steps.
        trials = searched(inputs, tmp_path, space={"patch_steps": {"choices": [2, 3]}}, n_trials=5)
    failed = [trial for trial in trials if trial.state == FAILED]
    assert failed
    assert all(trial.settings == {"patch_steps": 3} for trial in failed)
    assert "not fitted with these settings: transformer: windows of 4 steps and patch_steps 3" in caplog.text
    assert "made up: trials: 5 of 5, 0 s left" in caplog.text


def test_validation_samples_of_one_class_are_told(inputs, tmp_path):
    samples = samples_seen(**inputs, made_from=made_from(inputs))
    validation = samples[1]["validation"]
    samples[1]["validation"] = replace(validation, label=np.zeros_like(validation.label))
    models = {"logistic_regression": REGRESSION}
    space = {"inverse_regularisation": {"low": 0.1, "high": 10.0}}
    with pytest.raises(
        InputError, match=r"made up: seed 1: true_skill_statistic is undefined on [0-9]+ validation samples"
    ):
        searched(inputs, tmp_path, samples, models=models, space=space)
