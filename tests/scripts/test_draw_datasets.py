"""The rule that draws the data sets of a study and indexes what they hold."""

import dataclasses
import json

import numpy as np
import pytest

from draw_datasets import draw_datasets, explained_regions, main
from flaredag.cubes import frame_columns
from flaredag.datasets import draw_dataset
from flaredag.errors import InputError
from flaredag.samples import (
    content_digest,
    magnetograms_digest,
    read_datasets,
    read_windows,
    samples_of_split,
    write_windows,
)
from flaredag.splits import SPLITS
from flaredag.windows import EVOLUTION
from made_up_archive import with_images

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


def drawn_in(folder, windows, *, seeds=SEEDS, settings=DATASETS, explanation=None):
    """Paths of datasets and index drawn from `windows`, and the index."""
    folder.mkdir(parents=True, exist_ok=True)
    write_windows(folder / "windows.nc", {"flare": windows})
    main(
        *(str(folder / name) for name in ("windows.nc", "datasets.nc", "index.json")),
        settings={name: {"seeds": seeds, "task": "", "draw": own} for name, own in settings.items()},
        explanation=explanation,
    )
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
        assert entry["regions_of_evaluated"] == {"train": 24, "validation": 8, "test": 8}
        # 20 strong regions an instrument with 3 positive windows each, 20 quiet ones with 6 negative.
        assert sum(split["positive"] for split in entry["splits"].values()) == 120
        assert sum(split["negative"] for split in entry["splits"].values()) == 240
        # Nothing is left out.
        assert entry["natural"] == entry["splits"]
        # Without magnetograms there is nothing to tell of them.
        assert "magnetograms" not in entry
    assert index["explained"] == []
    assert index["datasets"]["FUSED"]["split_by"] == "region"


def test_the_index_tells_a_split_before_it_was_balanced_too(windows):
    settings = DATASETS["SHARP_ONLY"] | {"undersampled": ["train"]}
    entry = draw_datasets(windows, "ONLY", seeds=[0], settings=settings)[1]["seeds"]["0"]
    whole = draw_datasets(windows, "ONLY", seeds=[0], settings=settings | {"undersampled": []})[1]["seeds"]["0"]
    assert entry["natural"] == whole["natural"] == whole["splits"]
    # 24 regions train, of which some are strong (3 positive windows each), the others quiet (6 negative).
    drawn, natural = entry["splits"]["train"], entry["natural"]["train"]
    assert natural["positive"] // 3 + natural["negative"] // 6 == 24
    assert drawn["positive"] == drawn["negative"] == min(natural.values()) < max(natural.values())
    for split in ("validation", "test"):
        assert entry["splits"][split] == entry["natural"][split]


def test_a_chronological_split_is_told_with_what_the_gap_leaves(windows):
    settings = DATASETS["SHARP_ONLY"] | {"undersampled": ["train"], "split_by": "time", "purge_gap_hours": 24.0}
    _, entry = draw_datasets(windows, "BY_TIME", seeds=[0, 1], settings=settings)
    assert entry["split_by"] == "time"
    # Regions begin 16 h apart and last 8 h; the last 8 of 40 test from hour 512, the 8 before them validate from 384.
    # The gaps take hours 488 to 512 and 360 to 384: of quiet regions 22 and 30 (from 0) the last of six windows, all of
    # 23 and 31. Odd regions are strong, with 3 positive windows, even ones quiet with 6 negative.
    for seed in entry["seeds"].values():
        assert seed["natural"] == {
            "train": {"positive": 11 * 3, "negative": 11 * 6 + 5},
            "validation": {"positive": 3 * 3, "negative": 3 * 6 + 5},
            "test": {"positive": 4 * 3, "negative": 4 * 6},
        }
        assert seed["splits"]["train"] == {"positive": 33, "negative": 33}
        assert (seed["regions"]["validation"], seed["regions"]["test"]) == (7, 8)
        assert seed["regions"] == seed["regions_of_evaluated"]


def test_a_data_set_in_training_folds_says_so(windows):
    settings = DATASETS["SHARP_ONLY"] | {"undersampled": [], "split_by": "time", "purge_gap_hours": 24.0}
    _, whole = draw_datasets(windows, "BY_TIME", seeds=[0], settings=settings)
    assert "training_folds" not in whole
    _, entry = draw_datasets(windows, "IN_THREE", seeds=[0, 1, 2], settings=settings | {"training_folds": 3})
    assert entry["training_folds"] == 3
    # 33 positive and 71 negative samples train: 11 and 23 or 24 are in each fold.
    trained = [seed["splits"]["train"] for seed in entry["seeds"].values()]
    assert [split["positive"] for split in trained] == [22, 22, 22]
    assert sorted(split["negative"] for split in trained) == [47, 47, 48]
    for seed in entry["seeds"].values():
        for split in ("validation", "test"):
            assert seed["splits"][split] == whole["seeds"]["0"]["splits"][split]
    assert len({seed["digest"] for seed in entry["seeds"].values()}) == 3


def test_a_region_that_a_border_cuts_is_counted_on_both_sides(windows):
    settings = DATASETS["SHARP_ONLY"] | {"undersampled": [], "split_by": "time", "borders": "cut"}
    settings |= {"purge_gap_hours": 24.0, "validation_from": "2012-01-10", "test_from": "2012-01-20"}
    _, entry = draw_datasets(windows, "BY_YEAR", seeds=[0], settings=settings)
    seed = entry["seeds"]["0"]
    # Region n, from 0, begins 16 n hours after 2012-01-01 and lasts 8 h, so the last of six windows of region 13 is
    # issued at hour 216 and that of 28 at hour 456, which are the borders. Odd regions are strong, with the last three
    # windows positive and no others, even ones quiet.
    assert seed["regions"] == seed["regions_of_evaluated"] == {"train": 14, "validation": 16, "test": 12}
    assert seed["splits"] == {
        "train": {"positive": 6 * 3 + 2, "negative": 7 * 6},
        "validation": {"positive": 1 + 7 * 3, "negative": 7 * 6 + 5},
        "test": {"positive": 6 * 3, "negative": 1 + 5 * 6},
    }
    assert seed["natural"] == seed["splits"]


def test_features_scaled_by_range_change_the_digest_and_nothing_else(windows, tmp_path):
    scaled = {name: own | {"min_max_scaled": ["area"]} for name, own in DATASETS.items()}
    before, after = (drawn_in(tmp_path / str(i), windows, settings=own)[2] for i, own in enumerate((DATASETS, scaled)))
    for name in DATASETS:
        for seed, entry in after["datasets"][name]["seeds"].items():
            was = before["datasets"][name]["seeds"][seed]
            assert entry["digest"] != was["digest"]
            assert entry | {"digest": ""} == was | {"digest": ""}


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


class TestTasks:
    @pytest.fixture
    def tasks(self, windows):
        """The windows with two tasks: the second turns the labels round."""
        turned = np.where(windows.label >= 0, 1 - windows.label, -1).astype(np.int8)
        return {"strong": windows, "quiet": dataclasses.replace(windows, label=turned)}

    def test_each_data_set_has_the_labels_of_its_task_and_its_own_seeds(self, tasks, tmp_path):
        paths = [str(tmp_path / name) for name in ("windows.nc", "datasets.nc", "index.json")]
        write_windows(paths[0], tasks)
        natural = DATASETS["SHARP_ONLY"] | {"undersampled": []}
        settings = {
            task.upper(): {"seeds": seeds, "task": task, "draw": natural}
            for task, seeds in (("strong", [0, 1]), ("quiet", [1, 2, 3]))
        }
        main(*paths, settings=settings, explanation=None)
        index = json.loads((tmp_path / "index.json").read_text())["datasets"]
        assert {name: (entry["task"], list(entry["seeds"])) for name, entry in index.items()} == {
            "STRONG": ("strong", ["0", "1"]),
            "QUIET": ("quiet", ["1", "2", "3"]),
        }
        # Seed 1 of both: the same samples, positive for one and negative for the other.
        one, other = (index[name]["seeds"]["1"]["splits"] for name in ("STRONG", "QUIET"))
        for split in SPLITS:
            assert one[split]["positive"] == other[split]["negative"] > 0
        assert read_datasets(paths[1], "QUIET", [3])[0].seed == 3

    def test_a_task_that_the_windows_do_not_have_leaves_nothing_behind(self, tasks, tmp_path):
        paths = [str(tmp_path / name) for name in ("windows.nc", "datasets.nc", "index.json")]
        write_windows(paths[0], tasks)
        settings = {"ONLY": {"seeds": [0], "task": "weak", "draw": DATASETS["SHARP_ONLY"]}}
        with pytest.raises(InputError, match="no task 'weak'; it has strong, quiet"):
            main(*paths, settings=settings, explanation=None)
        assert [path.name for path in tmp_path.iterdir()] == ["windows.nc"]


ON_PIXELS = {name: own | {"pixels_standardised_by": "sharp"} for name, own in DATASETS.items()}


class TestMagnetograms:
    def test_digests_are_those_of_what_a_model_would_see(self, windows, tmp_path):
        imaged, _ = with_images(windows)
        datasets, _, index = drawn_in(tmp_path, imaged, settings=ON_PIXELS)
        stored = read_windows(tmp_path / "windows.nc")
        for name in DATASETS:
            for dataset in read_datasets(datasets, name, SEEDS):
                entry = index["datasets"][name]["seeds"][str(dataset.seed)]
                assert entry["magnetograms"] == magnetograms_digest(stored, dataset)
        of_all = [entry["magnetograms"] for name in DATASETS for entry in index["datasets"][name]["seeds"].values()]
        assert len(set(of_all)) == len(DATASETS) * len(SEEDS)

    def test_a_changed_pixel_reaches_the_magnetograms_of_its_instrument_and_nothing_else(self, windows, tmp_path):
        imaged, steps = with_images(windows)
        # Of SMARP, and statistics of pixels are SHARP's: only draws that hold that very window see it.
        steps[300, 2, 2] += 1
        images = dataclasses.replace(imaged.images, **frame_columns(steps))
        before = drawn_in(tmp_path / "before", imaged, settings=ON_PIXELS)[2]["datasets"]
        after = drawn_in(tmp_path / "after", dataclasses.replace(imaged, images=images), settings=ON_PIXELS)
        changed = set()
        for name, entry in after[2]["datasets"].items():
            for dataset in read_datasets(after[0], name, SEEDS):
                one, other = before[name]["seeds"][str(dataset.seed)], entry["seeds"][str(dataset.seed)]
                assert {key: own for key, own in one.items() if key != "magnetograms"} == {
                    key: own for key, own in other.items() if key != "magnetograms"
                }
                holds = any(300 in dataset.positions[split] for split in SPLITS)
                assert (one["magnetograms"] != other["magnetograms"]) == holds
                changed |= {name} if holds else set()
        assert changed == {"FUSED_SHARP", "SMARP_ONLY"}

    def test_magnetograms_change_no_digest_of_keywords_and_labels(self, windows, tmp_path):
        with_them = drawn_in(tmp_path / "with", with_images(windows)[0], settings=ON_PIXELS)[2]
        without = drawn_in(tmp_path / "without", windows)[2]
        for name in DATASETS:
            assert digests_of(with_them, name) == digests_of(without, name)


FOLDS = {"instrument": "sharp", "task": "", "folds": 4, "validation_fraction": 0.25}


class TestExplainedRegions:
    @pytest.fixture
    def rising(self, study_windows):
        """Windows of which regions 2, 4, 6 ... go from QUIET->QUIET to QUIET->STRONG."""
        windows = study_windows(n_regions=40)
        weak = windows.evolution == EVOLUTION.index("QUIET->WEAK")
        return dataclasses.replace(
            windows, evolution=np.where(weak, EVOLUTION.index("QUIET->QUIET"), windows.evolution).astype(np.int8)
        )

    def test_each_has_the_fold_whose_network_has_not_seen_it(self, rising):
        regions = [3, 17, 40, 22]
        found = explained_regions(rising, settings=FOLDS | {"regions": regions})
        assert [one["region"] for one in found] == regions
        settings = DATASETS["SHARP_ONLY"] | {"undersampled": [], "folds": 4}
        for one in found:
            drawn = draw_dataset(rising, name="FOLDS", seed=one["fold"], **settings)
            tested, seen = (
                np.unique(np.concatenate([rising.region[drawn.positions[split]] for split in splits]))
                for splits in (["test"], ["train", "validation"])
            )
            assert one["region"] in tested
            assert one["region"] not in seen

    def test_a_region_goes_where_its_group_goes(self, rising):
        group = np.where(np.isin(rising.region, [3, 22]), 3, rising.split_group)
        grouped = dataclasses.replace(rising, split_group=group)
        found = explained_regions(grouped, settings=FOLDS | {"regions": [3, 22]})
        assert found[0]["fold"] == found[1]["fold"]

    def test_a_number_of_them_is_chosen(self, rising):
        found = explained_regions(rising, settings=FOLDS | {"regions": 3})
        assert len(found) == 3
        assert all(one["region"] % 2 == 0 for one in found)  # the strong ones
        assert explained_regions(rising, settings=FOLDS | {"regions": 0}) == []

    def test_where_none_rises_none_is_chosen(self, windows):
        assert explained_regions(windows, settings=FOLDS | {"regions": 3}) == []

    def test_a_region_without_windows_is_told(self, rising):
        # 41 is none of SHARP's, whatever SMARP has.
        other = dataclasses.replace(rising, region=rising.region + rising.instrument)
        with pytest.raises(InputError, match=r"explanation: no window of sharp \[41, 99\]; wanted regions"):
            explained_regions(other, settings=FOLDS | {"regions": [3, 41, 99]})

    def test_the_index_names_them(self, rising, tmp_path):
        index = drawn_in(tmp_path, rising, explanation=FOLDS | {"regions": [3, 17]})[2]
        assert index["explained"] == explained_regions(rising, settings=FOLDS | {"regions": [3, 17]})

    def test_a_region_that_is_not_there_leaves_nothing_behind(self, rising, tmp_path):
        with pytest.raises(InputError, match="no window of sharp"):
            drawn_in(tmp_path, rising, explanation=FOLDS | {"regions": [99]})
        assert [path.name for path in tmp_path.iterdir()] == ["windows.nc"]
