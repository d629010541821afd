"""The rule that draws the data sets of a study and indexes what they hold."""

import dataclasses
import json

import numpy as np
import pytest

from draw_datasets import draw_datasets, main
from flaredag.errors import InputError
from flaredag.samples import content_digest, read_datasets, read_windows, samples_of_split, write_windows
from flaredag.splits import SPLITS

SPLIT_SETTINGS = {
    "test_fraction": 0.2,
    "validation_fraction": 0.25,
    "undersampled": ["train", "validation", "test"],
    "standardisation": "global",
}
DATASETS = {
    "SHARP_ONLY": {"evaluated": "sharp", "added_to_training": []} | SPLIT_SETTINGS,
    "FUSED_SHARP": {"evaluated": "sharp", "added_to_training": ["smarp"]} | SPLIT_SETTINGS,
    "SMARP_ONLY": {"evaluated": "smarp", "added_to_training": []} | SPLIT_SETTINGS,
}
SEEDS = [0, 1, 2]


def drawn_in(folder, windows, *, seeds=SEEDS, settings=DATASETS):
    """Paths of datasets and index drawn from `windows`, and the index."""
    folder.mkdir(parents=True, exist_ok=True)
    write_windows(folder / "windows.nc", windows)
    main(*(str(folder / name) for name in ("windows.nc", "datasets.nc", "index.json")), seeds=seeds, settings=settings)
    return folder / "datasets.nc", folder / "index.json", json.loads((folder / "index.json").read_text())


@pytest.fixture
def windows(study_windows):
    return study_windows(n_regions=40)


def test_the_index_tells_samples_and_regions_of_each_split(windows, tmp_path):
    _, _, index = drawn_in(tmp_path, windows, settings={"FUSED": DATASETS["FUSED_SHARP"] | {"undersampled": []}})
    assert list(index["datasets"]["FUSED"]["seeds"]) == ["0", "1", "2"]
    for entry in index["datasets"]["FUSED"]["seeds"].values():
        # 8 of 40 regions in test, 8 of 32 in validation, 24 of SHARP and all 40 of SMARP in training.
        assert entry["regions"] == {"train": 64, "validation": 8, "test": 8}
        # 20 strong regions an instrument with 3 positive windows each, 20 quiet ones with 6 negative.
        assert sum(split["positive"] for split in entry["splits"].values()) == 120
        assert sum(split["negative"] for split in entry["splits"].values()) == 240


def test_digests_are_those_of_the_content(windows, tmp_path):
    datasets, _, index = drawn_in(tmp_path, windows)
    stored = read_windows(tmp_path / "windows.nc")
    for name in DATASETS:
        for dataset in read_datasets(datasets, name, SEEDS):
            samples = {split: samples_of_split(stored, dataset, split) for split in SPLITS}
            entry = index["datasets"][name]["seeds"][str(dataset.seed)]
            assert entry["digest"] == content_digest(samples)
            assert {split: one["positive"] for split, one in entry["splits"].items()} == {
                split: int((samples[split].label == 1).sum()) for split in SPLITS
            }
    digests = [entry["digest"] for name in DATASETS for entry in index["datasets"][name]["seeds"].values()]
    assert len(set(digests)) == len(DATASETS) * len(SEEDS)


def test_same_windows_same_bytes(windows, tmp_path):
    first, second = (drawn_in(tmp_path / name, windows)[:2] for name in ("a", "b"))
    assert [path.read_bytes() for path in first] == [path.read_bytes() for path in second]


def digests_of(index, name):
    return {seed: entry["digest"] for seed, entry in index["datasets"][name]["seeds"].items()}


class TestWhatAChangeReaches:
    def test_a_mended_label_changes_the_data_sets_of_its_instrument(self, windows, tmp_path):
        # Without standardisation over all, a change of one region's flares reaches only draws that hold it.
        settings = {name: own | {"undersampled": []} for name, own in DATASETS.items()}
        before = drawn_in(tmp_path / "before", windows, settings=settings)[2]
        label = windows.label.copy()
        label[np.flatnonzero((windows.region == 1) & (windows.instrument == 1))[0]] = 1
        after = drawn_in(tmp_path / "after", dataclasses.replace(windows, label=label), settings=settings)[2]
        assert digests_of(before, "SHARP_ONLY") == digests_of(after, "SHARP_ONLY")
        for name in ("FUSED_SHARP", "SMARP_ONLY"):
            unchanged = digests_of(before, name).items() & digests_of(after, name).items()
            assert not unchanged

    def test_a_label_outside_of_both_classes_that_stays_outside_changes_nothing(self, windows, tmp_path):
        before = drawn_in(tmp_path / "before", windows)[2]
        evolution = windows.evolution.copy()
        evolution[np.flatnonzero(windows.label == -1)[0]] = 4
        after = drawn_in(tmp_path / "after", dataclasses.replace(windows, evolution=evolution))[2]
        assert before == after

    def test_one_more_seed_leaves_the_others(self, windows, tmp_path):
        before = drawn_in(tmp_path / "before", windows)[2]
        after = drawn_in(tmp_path / "after", windows, seeds=[*SEEDS, 3])[2]
        for name in DATASETS:
            assert digests_of(before, name).items() <= digests_of(after, name).items()

    def test_undoing_a_change_brings_the_digests_back(self, windows, tmp_path):
        before = drawn_in(tmp_path / "before", windows)[2]
        other = drawn_in(
            tmp_path / "other", dataclasses.replace(windows, features=windows.features * 2.5 + windows.features**2)
        )[2]
        again = drawn_in(tmp_path / "again", windows)[2]
        assert before == again != other


def test_a_split_without_positive_samples_leaves_nothing_behind(windows, tmp_path):
    label = np.where(windows.instrument == 1, np.minimum(windows.label, 0), windows.label)
    with pytest.raises(InputError, match="SMARP_ONLY, seed 0: the train split has 0 positive"):
        drawn_in(tmp_path, dataclasses.replace(windows, label=label.astype(np.int8)))
    assert [path.name for path in tmp_path.iterdir()] == ["windows.nc"]


def test_the_function_alone(windows):
    datasets, entry = draw_datasets(windows, "SHARP_ONLY", seeds=[5], settings=DATASETS["SHARP_ONLY"])
    assert [dataset.seed for dataset in datasets] == [5]
    assert list(entry["seeds"]) == ["5"]
    assert entry["seeds"]["5"]["regions"]["test"] <= 8
