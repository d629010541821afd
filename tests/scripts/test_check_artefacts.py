"""The checks of tests/artefacts: a sound study passes, each fault is found by its check."""

import dataclasses
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from check_artefacts import Study, check_artefacts
from flaredag.artifacts import write_csv
from flaredag.datasets import draw_dataset
from flaredag.errors import InputError
from flaredag.predictions import write_predictions
from flaredag.samples import samples_of_split, write_datasets, write_windows
from flaredag.splits import SPLITS

CHECKS = str(Path(__file__).parents[1] / "artefacts" / "test_study.py")
SPLIT_SETTINGS = {
    "test_fraction": 0.2,
    "validation_fraction": 0.2,
    "undersampled": ["train", "validation", "test"],
    "standardisation": "global",
}
DATASETS = {
    "ONLY": {"evaluated": "sharp", "added_to_training": []},
    "FUSED": {"evaluated": "sharp", "added_to_training": ["smarp"]},
}
LABELS = {"positive": ["QUIET->STRONG", "WEAK->STRONG", "STRONG->STRONG"], "negative": ["QUIET->QUIET"]}


@pytest.fixture
def sound(study_windows):
    """Windows and data sets of a sound study of one seed."""
    windows = study_windows(n_regions=60)
    drawn = {
        name: [draw_dataset(windows, name=name, seed=1, **own, **SPLIT_SETTINGS)] for name, own in DATASETS.items()
    }
    return windows, drawn


def study_of(folder, windows, drawn, *, probability=lambda label: 0.25 + 0.5 * label, area=0.9) -> Study:
    """Write what a study leaves behind, with predictions of data set ONLY."""
    write_windows(folder / "windows.nc", windows)
    write_datasets(folder / "datasets.nc", drawn)
    tables = []
    for split in SPLITS:
        samples = samples_of_split(windows, drawn["ONLY"][0], split)
        tables.append(
            pd.DataFrame(
                {
                    "instrument": np.array(windows.instruments)[samples.instrument],
                    "region": samples.region,
                    "issue_time": samples.issue_time,
                    "label": samples.label,
                    "probability": probability(samples.label),
                    "split": split,
                    "model": "lstm",
                    "seed": 1,
                }
            )
        )
    write_predictions(folder / "predictions.nc", pd.concat(tables, ignore_index=True))
    metrics = {"true_skill_statistic": 0.5, "area_under_roc_curve": area, "accuracy": 0.75, "brier_score": 0.1}
    scores = pd.DataFrame(
        {"dataset": "ONLY", "model": "lstm", "metric": list(metrics), "value": list(metrics.values())}
    )
    write_csv(folder / "scores.csv", scores)
    return Study(
        windows=str(folder / "windows.nc"),
        datasets=str(folder / "datasets.nc"),
        predictions=[str(folder / "predictions.nc")],
        scores=str(folder / "scores.csv"),
        seeds=[1],
        settings={"labels": LABELS, "splits": SPLIT_SETTINGS, "datasets": DATASETS},
    )


def failed(study) -> str:
    with pytest.raises(InputError, match="checks failed") as error:
        check_artefacts(study, CHECKS)
    return str(error.value)


def test_a_sound_study_passes_every_check(sound, tmp_path):
    passed = check_artefacts(study_of(tmp_path, *sound), CHECKS)
    assert len(passed) == Path(CHECKS).read_text().count("\ndef test_")


def test_a_region_in_two_splits_is_found(sound, tmp_path):
    windows, drawn = sound
    one = drawn["FUSED"][0]
    shared = np.concatenate([one.positions["test"][:2], one.positions["train"]])
    drawn["FUSED"] = [dataclasses.replace(one, positions={**one.positions, "train": np.sort(shared)})]
    assert "test_no_region_is_in_two_splits" in failed(study_of(tmp_path, windows, drawn))


def test_other_test_sets_of_one_instrument_are_found(sound, tmp_path):
    windows, drawn = sound
    one = drawn["FUSED"][0]
    test = one.positions["test"]
    halved = np.sort([*test[windows.label[test] == 1][1:], *test[windows.label[test] == 0][1:]])
    drawn["FUSED"] = [dataclasses.replace(one, positions={**one.positions, "test": halved})]
    words = failed(study_of(tmp_path, windows, drawn))
    assert "test_data_sets_of_one_instrument_share_validation_and_test" in words
    assert "test_balanced" not in words


def test_labels_that_do_not_follow_from_the_flares_are_found(sound, tmp_path):
    windows, drawn = sound
    label = windows.label.copy()
    label[0] = 1 - label[0]
    study = study_of(tmp_path, windows, drawn)
    write_windows(tmp_path / "windows.nc", dataclasses.replace(windows, label=label))
    assert "test_labels_follow_from_evolution_types" in failed(study)


def test_predictions_with_other_labels_are_found(sound, tmp_path):
    windows, drawn = sound
    study = study_of(tmp_path, windows, drawn)
    evolution = windows.evolution.copy()
    first = drawn["ONLY"][0].positions["test"][0]
    evolution[first], label = 0 if windows.label[first] == 1 else 2, windows.label.copy()
    label[first] = 1 - label[first]
    write_windows(tmp_path / "windows.nc", dataclasses.replace(windows, evolution=evolution, label=label))
    assert "test_predictions_carry_the_labels_of_the_windows" in failed(study)


def test_a_gap_in_a_feature_is_found(sound, tmp_path):
    windows, drawn = sound
    features = windows.features.copy()
    features[3, 1] = np.nan
    study = study_of(tmp_path, windows, drawn)
    write_windows(tmp_path / "windows.nc", dataclasses.replace(windows, features=features))
    assert "test_features_are_finite_and_vary" in failed(study)


def test_a_perfect_model_is_not_believed(sound, tmp_path):
    assert "test_no_model_is_too_good_to_be_true" in failed(study_of(tmp_path, *sound, area=1.0))


def test_checks_that_cannot_be_read_fail(sound, tmp_path):
    broken = tmp_path / "test_broken.py"
    broken.write_text("import nowhere\n")
    with pytest.raises(InputError, match="0 passed"):
        check_artefacts(study_of(tmp_path, *sound), str(broken))
