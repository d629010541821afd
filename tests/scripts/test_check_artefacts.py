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
from flaredag.windows import EVOLUTION
from made_up_archive import with_images
from made_up_padding import padded

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
    "FOLDS": {"evaluated": "sharp", "added_to_training": [], "folds": 3},
}
SEEDS = {"ONLY": [1], "FUSED": [1], "FOLDS": [0, 1, 2]}
LABELS = {"positive": ["QUIET->STRONG", "WEAK->STRONG", "STRONG->STRONG"], "negative": ["QUIET->QUIET"]}


@pytest.fixture
def sound(study_windows):
    """Windows and data sets of a sound study: of one seed, and in folds."""
    windows, _ = with_images(study_windows(n_regions=60))
    drawn = {
        name: [draw_dataset(windows, name=name, seed=seed, **own, **SPLIT_SETTINGS) for seed in SEEDS[name]]
        for name, own in DATASETS.items()
    }
    return windows, drawn


def predicted_by(model, windows, dataset):
    """Predictions of a model on every split of a data set."""
    tables = []
    for split in SPLITS:
        samples = samples_of_split(windows, dataset, split)
        tables.append(
            pd.DataFrame(
                {
                    "instrument": np.array(windows.instruments)[samples.instrument],
                    "region": samples.region,
                    "issue_time": samples.issue_time,
                    "label": samples.label,
                    "probability": 0.25 + 0.5 * samples.label,
                    "split": split,
                    "model": model,
                    "seed": dataset.seed,
                }
            )
        )
    return pd.concat(tables, ignore_index=True)


def study_of(folder, windows, drawn, *, area=0.9, oracle_area=0.95, n_events=50) -> Study:
    """Write what a study leaves behind, with predictions of data set ONLY by a fit and by an ensemble."""
    write_windows(folder / "windows.nc", {"flare": windows})
    write_datasets(folder / "datasets.nc", drawn)
    for file, name in (("fit", "lstm"), ("ensemble", "stack_average")):
        write_predictions(folder / f"{file}.nc", predicted_by(name, windows, drawn["ONLY"][0]))
    metrics = {"true_skill_statistic": 0.5, "accuracy": 0.75, "brier_score": 0.1, "n_events": n_events}
    values = {("lstm", metric): value for metric, value in metrics.items()}
    values |= {("lstm", "area_under_roc_curve"): area, ("stack_oracle_on_test", "area_under_roc_curve"): oracle_area}
    rows = [("ONLY", *names, value) for names, value in values.items()]
    scores = pd.DataFrame(rows, columns=["dataset", "model", "metric", "value"])
    write_csv(folder / "scores.csv", scores)
    return Study(
        windows=str(folder / "windows.nc"),
        datasets=str(folder / "datasets.nc"),
        predictions=[str(folder / name) for name in ("fit.nc", "ensemble.nc")],
        predicted=["ONLY", "ONLY"],
        scores=str(folder / "scores.csv"),
        settings={"labels": LABELS, "splits": SPLIT_SETTINGS, "datasets": DATASETS},
        drawn={
            name: {"seeds": SEEDS[name], "task": "", "draw": SPLIT_SETTINGS | own} for name, own in DATASETS.items()
        },
    )


def without(dataset, n, *, split="test", windows):
    """The data set without the first `n` samples of either class of a split."""
    positions = dataset.positions[split]
    kept = [positions[windows.label[positions] == value][n:] for value in (1, 0)]
    return dataclasses.replace(dataset, positions={**dataset.positions, split: np.sort(np.concatenate(kept))})


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


def cut_by_time(folder, windows, drawn, *, settings):
    """A study one of whose data sets was drawn by `settings` and is said to be cut at borders in time."""
    study = study_of(folder, windows, drawn | {"CUT": [draw_dataset(windows, name="CUT", seed=0, **settings)]})
    said = settings | {"split_by": "time", "borders": "cut"}
    return dataclasses.replace(study, drawn=study.drawn | {"CUT": {"seeds": [0], "task": "", "draw": said}})


CUT = DATASETS["ONLY"] | SPLIT_SETTINGS | {"undersampled": []}


def test_padded_windows_and_regions_that_a_border_cuts_are_sound(sound, tmp_path):
    windows, drawn = sound
    # Such that an index of -1 would read a record without value.
    features = np.vstack([windows.features, np.full(windows.features.shape[1], np.nan)])
    windows = padded(dataclasses.replace(windows, features=features))
    borders = {"validation_from": "2012-01-10", "test_from": "2012-01-20"}
    settings = CUT | borders | {"split_by": "time", "borders": "cut"}
    # The last window of region 14 is issued on the first of these days, at midnight.
    positions = draw_dataset(windows, name="CUT", seed=0, **settings).positions
    assert np.isin(windows.region[positions["validation"]], windows.region[positions["train"]]).any()
    assert check_artefacts(cut_by_time(tmp_path, windows, drawn, settings=settings), CHECKS)


def test_splits_by_region_that_are_said_to_be_cut_are_found(sound, tmp_path):
    study = cut_by_time(tmp_path, *sound, settings=CUT)
    assert "test_splits_with_cut_borders_follow_each_other_in_time" in failed(study)


def test_a_window_without_a_last_record_is_found(sound, tmp_path):
    windows, drawn = sound
    some = padded(windows)
    some.step_record[5, -1] = -1
    assert "test_every_window_ends_with_a_record" in failed(study_of(tmp_path, some, drawn))


def test_a_padded_window_with_a_record_of_another_region_is_found(sound, tmp_path):
    windows, drawn = sound
    some = padded(windows)
    # The first window of the second region, its first two steps padded, holds the last record of the first region.
    some.step_record[6, 2] = some.step_record[5, -1]
    assert "test_windows_of_a_region_are_in_order" in failed(study_of(tmp_path, some, drawn))


def test_a_group_in_two_splits_is_found(sound, tmp_path):
    windows, drawn = sound
    # Regions that were drawn apart turn out to be one.
    groups = windows.split_group.copy()
    first, second = (windows.region[drawn["ONLY"][0].positions[split][0]] for split in ("train", "test"))
    groups[windows.region == second] = first
    assert "test_no_region_is_in_two_splits" in failed(
        study_of(tmp_path, dataclasses.replace(windows, split_group=groups), drawn)
    )


def test_a_region_that_two_folds_test_is_found(sound, tmp_path):
    windows, drawn = sound
    folds = drawn["FOLDS"]
    swapped = {split: folds[0].positions[name] for split, name in zip(SPLITS, SPLITS, strict=True)}
    drawn["FOLDS"] = [folds[0], dataclasses.replace(folds[1], positions=swapped), folds[2]]
    words = failed(study_of(tmp_path, windows, drawn))
    assert "test_folds_test_each_region_once" in words
    assert "test_no_region_is_in_two_splits" not in words


def in_training_folds(folder, windows, drawn):
    """A study with a data set in three training folds, and its draws."""
    draw = CUT | {"split_by": "time", "purge_gap_hours": 24.0, "training_folds": 3}
    folds = [draw_dataset(windows, name="IN_THREE", seed=fold, **draw) for fold in range(3)]
    study = study_of(folder, windows, drawn | {"IN_THREE": folds})
    told = {"IN_THREE": {"seeds": [0, 1, 2], "task": "", "draw": draw}}
    return folds, dataclasses.replace(study, drawn=study.drawn | told)


@pytest.mark.parametrize("split", ["train", "validation", "test"])
def test_training_folds_that_leave_out_anything_else_are_found(sound, tmp_path, split):
    windows, drawn = sound
    folds, study = in_training_folds(tmp_path, windows, drawn)
    check_artefacts(study, CHECKS)
    folds[1] = without(folds[1], 1, split=split, windows=windows)
    write_datasets(tmp_path / "datasets.nc", drawn | {"IN_THREE": folds})
    assert "1 checks failed (test_training_folds_leave_each_sample_out_once)" in failed(study)


@pytest.mark.parametrize("name", ["mean_gauss", "longitude_deg"])
def test_a_magnetogram_without_value_is_found(sound, tmp_path, name):
    windows, drawn = sound
    column = getattr(windows.images, name).copy()
    column[7] = np.nan
    images = dataclasses.replace(windows.images, **{name: column})
    words = failed(study_of(tmp_path, dataclasses.replace(windows, images=images), drawn))
    assert "test_magnetograms_of_windows_have_values" in words


def test_a_study_without_magnetograms_is_sound(sound, tmp_path):
    windows, drawn = sound
    check_artefacts(study_of(tmp_path, dataclasses.replace(windows, images=None), drawn), CHECKS)


def test_models_on_other_test_samples_of_a_data_set_are_found(sound, tmp_path):
    windows, drawn = sound
    study = study_of(tmp_path, windows, drawn)
    fewer = without(drawn["ONLY"][0], 1, windows=windows)
    write_predictions(tmp_path / "ensemble.nc", predicted_by("stack_average", windows, fewer))
    words = failed(study)
    assert "1 checks failed (test_models_of_a_data_set_share_their_samples)" in words


def test_each_data_set_is_checked_by_the_labels_of_its_task(sound, tmp_path):
    windows, drawn = sound
    study = study_of(tmp_path, windows, drawn)
    # Without a flare before, as before one: the second task has other evolution types, and labels that follow.
    other = dataclasses.replace(windows, evolution=windows.evolution[::-1].copy(), label=windows.label[::-1].copy())
    datasets = drawn | {
        "FOLDS": [
            draw_dataset(other, name="FOLDS", seed=seed, **DATASETS["FOLDS"], **SPLIT_SETTINGS)
            for seed in SEEDS["FOLDS"]
        ]
    }
    write_datasets(tmp_path / "datasets.nc", datasets)
    write_windows(tmp_path / "windows.nc", {"strong": windows, "other": other})
    tasks = {"ONLY": "strong", "FUSED": "strong", "FOLDS": "other"}
    told = {name: own | {"task": tasks[name]} for name, own in study.drawn.items()}
    check_artefacts(dataclasses.replace(study, drawn=told), CHECKS)
    # By the labels of the first task the folds are not balanced.
    crossed = {name: own | {"task": "strong"} for name, own in study.drawn.items()}
    assert "test_balanced_splits_are_balanced" in failed(dataclasses.replace(study, drawn=crossed))


LADDER = {
    "TRAIN_STATISTICS": DATASETS["ONLY"] | {"standardisation": "train"},
    "NATURAL": DATASETS["ONLY"] | {"undersampled": ["train", "validation"]},
    "BY_TIME": DATASETS["ONLY"] | {"undersampled": ["train"], "split_by": "time", "purge_gap_hours": 24.0},
}


def on_ladder(folder, windows, drawn) -> tuple[dict, Study]:
    """Data sets of a ladder beside the others, all of seed 1, and the study that has them."""
    settings = {name: SPLIT_SETTINGS | own for name, own in LADDER.items()}
    drawn |= {name: [draw_dataset(windows, name=name, seed=1, **own)] for name, own in settings.items()}
    study = study_of(folder, windows, drawn)
    told = {name: {"seeds": [1], "task": "", "draw": own} for name, own in settings.items()}
    every = {"datasets": DATASETS | LADDER}
    return drawn, dataclasses.replace(study, drawn=study.drawn | told, settings=study.settings | every)


def test_rungs_of_a_ladder_are_balanced_as_each_says_and_test_what_is_theirs(sound, tmp_path):
    drawn, study = on_ladder(tmp_path, *sound)
    # Other test samples than those of the balanced data set are no fault: how they are balanced, or split, differs.
    tested = {name: drawn[name][0].positions["test"].tolist() for name in ("ONLY", *LADDER)}
    assert tested["ONLY"] == tested["TRAIN_STATISTICS"]
    assert set(tested["ONLY"]) < set(tested["NATURAL"])
    assert tested["BY_TIME"] != tested["NATURAL"]
    check_artefacts(study, CHECKS)


def test_another_test_set_under_other_statistics_is_found(sound, tmp_path):
    drawn, study = on_ladder(tmp_path, *sound)
    drawn["TRAIN_STATISTICS"] = [without(drawn["TRAIN_STATISTICS"][0], 1, windows=sound[0])]
    write_datasets(tmp_path / "datasets.nc", drawn)
    assert "1 checks failed (test_data_sets_of_one_instrument_share_validation_and_test)" in failed(study)


def test_a_rung_whose_training_split_is_not_balanced_is_found(sound, tmp_path):
    drawn, study = on_ladder(tmp_path, *sound)
    one = drawn["BY_TIME"][0]
    drawn["BY_TIME"] = [dataclasses.replace(one, positions=one.positions | {"train": one.positions["train"][1:]})]
    write_datasets(tmp_path / "datasets.nc", drawn)
    assert "1 checks failed (test_balanced_splits_are_balanced)" in failed(study)


def test_labels_are_those_of_the_task_where_it_has_its_own(sound, tmp_path):
    windows, drawn = sound
    study = study_of(tmp_path, windows, drawn)
    weak = windows.evolution == EVOLUTION.index("QUIET->WEAK")
    operational = dataclasses.replace(windows, label=np.where(weak, 0, windows.label).astype(np.int8))
    write_windows(tmp_path / "windows.nc", {"strong": windows, "operational": operational})
    own = SPLIT_SETTINGS | DATASETS["ONLY"] | {"undersampled": ["train"]}
    write_datasets(tmp_path / "datasets.nc", drawn | {"ALL": [draw_dataset(operational, name="ALL", seed=1, **own)]})
    told = {name: each | {"task": "strong"} for name, each in study.drawn.items()}
    told["ALL"] = {"seeds": [1], "task": "operational", "draw": own}
    tasks = {"strong": {}, "operational": {"negative": ["QUIET->QUIET", "QUIET->WEAK"]}}
    settings = study.settings | {"labels": LABELS | {"tasks": tasks}, "datasets": DATASETS | {"ALL": own}}
    asked = dataclasses.replace(study, drawn=told, settings=settings)
    check_artefacts(asked, CHECKS)
    settings = settings | {"labels": LABELS | {"tasks": {"strong": {}, "operational": {}}}}
    assert "test_labels_follow_from_evolution_types" in failed(dataclasses.replace(asked, settings=settings))


def test_other_test_sets_of_one_instrument_are_found(sound, tmp_path):
    windows, drawn = sound
    drawn["FUSED"] = [without(drawn["FUSED"][0], 1, windows=windows)]
    words = failed(study_of(tmp_path, windows, drawn))
    assert "test_data_sets_of_one_instrument_share_validation_and_test" in words
    assert "test_balanced" not in words


def test_labels_that_do_not_follow_from_the_flares_are_found(sound, tmp_path):
    windows, drawn = sound
    label = windows.label.copy()
    label[0] = 1 - label[0]
    study = study_of(tmp_path, windows, drawn)
    write_windows(tmp_path / "windows.nc", {"flare": dataclasses.replace(windows, label=label)})
    assert "test_labels_follow_from_evolution_types" in failed(study)


def test_predictions_with_other_labels_are_found(sound, tmp_path):
    windows, drawn = sound
    study = study_of(tmp_path, windows, drawn)
    evolution = windows.evolution.copy()
    first = drawn["ONLY"][0].positions["test"][0]
    evolution[first], label = 0 if windows.label[first] == 1 else 2, windows.label.copy()
    label[first] = 1 - label[first]
    write_windows(tmp_path / "windows.nc", {"flare": dataclasses.replace(windows, evolution=evolution, label=label)})
    assert "test_predictions_carry_the_labels_of_the_windows" in failed(study)


def test_a_gap_in_a_feature_is_found(sound, tmp_path):
    windows, drawn = sound
    features = windows.features.copy()
    features[3, 1] = np.nan
    study = study_of(tmp_path, windows, drawn)
    write_windows(tmp_path / "windows.nc", {"flare": dataclasses.replace(windows, features=features)})
    assert "test_features_are_finite_and_vary" in failed(study)


def test_a_perfect_model_is_not_believed(sound, tmp_path):
    assert "test_no_model_is_too_good_to_be_true" in failed(study_of(tmp_path, *sound, area=1.0))
    # A handful of events may be ranked above all else by chance.
    check_artefacts(study_of(tmp_path, *sound, area=1.0, n_events=9), CHECKS)


def test_an_oracle_may_be_perfect_on_the_test_set_it_was_fitted_on(sound, tmp_path):
    check_artefacts(study_of(tmp_path, *sound, oracle_area=1.0), CHECKS)


def test_checks_that_cannot_be_read_fail(sound, tmp_path):
    broken = tmp_path / "test_broken.py"
    broken.write_text("import nowhere\n")
    with pytest.raises(InputError, match="0 passed"):
        check_artefacts(study_of(tmp_path, *sound), str(broken))


def test_other_training_samples_of_other_features_are_found(sound, tmp_path):
    windows, drawn = sound
    study = study_of(tmp_path, windows, drawn)
    core = study.drawn["ONLY"] | {"draw": study.drawn["ONLY"]["draw"] | {"features": ["usflux"]}}
    every = study.settings | {"datasets": DATASETS | {"CORE": DATASETS["ONLY"] | {"features": ["usflux"]}}}
    asked = dataclasses.replace(study, drawn=study.drawn | {"CORE": core}, settings=every)
    write_datasets(tmp_path / "datasets.nc", drawn | {"CORE": drawn["ONLY"]})
    check_artefacts(asked, CHECKS)
    fewer = [without(drawn["ONLY"][0], 1, split="train", windows=windows)]
    write_datasets(tmp_path / "datasets.nc", drawn | {"CORE": fewer})
    assert "1 checks failed (test_data_sets_of_other_features_have_the_same_samples)" in failed(asked)
