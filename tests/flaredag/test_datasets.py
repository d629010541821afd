"""Data sets drawn from windows: who is where, what is balanced, and what the statistics may know."""

import dataclasses

import numpy as np
import pytest

from flaredag.datasets import draw_dataset
from flaredag.errors import InputError
from flaredag.samples import samples_of_split
from flaredag.splits import SPLITS

ONLY = {
    "name": "SHARP_ONLY",
    "evaluated": "sharp",
    "added_to_training": [],
    "test_fraction": 0.2,
    "validation_fraction": 0.25,
    "undersampled": ["train", "validation", "test"],
    "standardisation": "global",
}
FUSED = ONLY | {"name": "FUSED_SHARP", "added_to_training": ["smarp"]}
NATURAL = ONLY | {"undersampled": []}


@pytest.fixture
def windows(study_windows):
    """Forty regions an instrument, six windows each: twenty strong regions with three positive samples each."""
    return study_windows(n_regions=40)


def with_labels(windows, label):
    return dataclasses.replace(windows, label=label.astype(np.int8))


def test_regions_are_split_and_samples_follow(windows):
    drawn = draw_dataset(windows, seed=0, **NATURAL)
    regions = {split: set(windows.region[drawn.positions[split]].tolist()) for split in SPLITS}
    # 8 of 40 regions in test, 8 of 32 in validation.
    assert {split: len(members) for split, members in regions.items()} == {"train": 24, "validation": 8, "test": 8}
    assert set.union(*regions.values()) == set(range(1, 41))
    for split in SPLITS:
        positions = drawn.positions[split]
        assert (np.diff(positions) > 0).all()
        assert (windows.instrument[positions] == 0).all()
        # Nothing of a region but what is in neither class is left out.
        own = np.isin(windows.region, list(regions[split])) & (windows.instrument == 0)
        assert positions.tolist() == np.flatnonzero(own & (windows.label >= 0)).tolist()


def test_undersampled_splits_are_balanced_and_the_others_as_they_are(windows):
    natural = draw_dataset(windows, seed=0, **NATURAL)
    drawn = draw_dataset(windows, seed=0, **ONLY | {"undersampled": ["train"]})
    for split in ("validation", "test"):
        assert drawn.positions[split].tolist() == natural.positions[split].tolist()
    label = windows.label[drawn.positions["train"]]
    n_positive = (windows.label[natural.positions["train"]] == 1).sum()
    assert (label == 1).sum() == (label == 0).sum() == n_positive


def test_a_draw_is_repeatable_and_hangs_on_the_seed(windows):
    first, again, other = (draw_dataset(windows, seed=seed, **ONLY) for seed in (2, 2, 3))
    assert all(first.positions[split].tolist() == again.positions[split].tolist() for split in SPLITS)
    assert first.positions["test"].tolist() != other.positions["test"].tolist()


def test_the_seed_decides_which_samples_are_left_out(windows):
    drawn = [draw_dataset(windows, seed=seed, **ONLY).positions["train"] for seed in (2, 3)]
    shared = np.intersect1d(*(windows.region[positions] for positions in drawn))
    negative = [
        {int(i) for i in positions if windows.label[i] == 0 and windows.region[i] in shared} for positions in drawn
    ]
    # Of quiet regions that train in both draws, each holds windows that the other left out.
    assert negative[0] - negative[1]
    assert negative[1] - negative[0]


@pytest.mark.parametrize("seed", range(5))
def test_a_fused_set_is_evaluated_on_the_same_samples(windows, seed):
    only, fused = draw_dataset(windows, seed=seed, **ONLY), draw_dataset(windows, seed=seed, **FUSED)
    for split in ("validation", "test"):
        assert only.positions[split].tolist() == fused.positions[split].tolist()
    # All regions of the added instrument may train: 20 strong ones with 3 positive samples each.
    train = fused.positions["train"]
    assert (windows.instrument[train] == 1).any()
    assert (windows.label[train[windows.instrument[train] == 1]] == 1).sum() == 60
    n_positive = (windows.label[only.positions["train"]] == 1).sum() + 60
    assert len(train) == 2 * n_positive


def test_no_region_of_the_evaluated_instrument_is_in_two_splits_of_a_fused_set(windows):
    fused = draw_dataset(windows, seed=1, **FUSED)
    regions = [
        set(windows.region[positions[windows.instrument[positions] == 0]].tolist())
        for positions in (fused.positions[split] for split in SPLITS)
    ]
    assert not regions[0] & regions[1]
    assert not regions[0] & regions[2]
    assert not regions[1] & regions[2]


def test_changed_labels_move_no_region(windows):
    before = draw_dataset(windows, seed=0, **NATURAL)
    label = windows.label.copy()
    # One region loses all its labels, another gets a positive one.
    label[(windows.region == 4) & (windows.instrument == 0)] = -1
    label[np.flatnonzero((windows.region == 1) & (windows.instrument == 0))[0]] = 1
    after = draw_dataset(with_labels(windows, label), seed=0, **NATURAL)
    for split in SPLITS:
        same = set(windows.region[before.positions[split]].tolist()) - {4}
        assert set(windows.region[after.positions[split]].tolist()) - {4} == same


@pytest.mark.parametrize("split", SPLITS)
@pytest.mark.parametrize(("value", "told"), [(1, "0 positive"), (0, "0 negative")])
def test_a_split_without_one_class_is_refused(windows, split, value, told):
    positions = draw_dataset(windows, seed=0, **NATURAL).positions[split]
    label = windows.label.copy()
    label[positions[label[positions] == value]] = -1
    for settings in (ONLY, NATURAL):
        with pytest.raises(
            InputError, match=rf"SHARP_ONLY, seed 0: the {split} split has .*{told}.* of (8|24) regions"
        ):
            draw_dataset(with_labels(windows, label), seed=0, **settings)


class TestStandardisation:
    def test_global_statistics_by_hand(self, windows):
        drawn = draw_dataset(windows, seed=0, **ONLY)
        for code in (0, 1):
            # Last records of all windows of the instrument, whatever their label or split.
            last = [
                windows.features[steps[-1]]
                for steps, i in zip(windows.step_record, windows.instrument, strict=True)
                if i == code
            ]
            mean = sum(last) / len(last)
            spread = (sum((record - mean) ** 2 for record in last) / len(last)) ** 0.5
            np.testing.assert_allclose(drawn.mean[code], mean, rtol=1e-12)
            np.testing.assert_allclose(drawn.standard_deviation[code], spread, rtol=1e-12)

    def test_train_statistics_by_hand(self, windows):
        drawn = draw_dataset(windows, seed=0, **ONLY | {"standardisation": "train"})
        last = windows.features[windows.step_record[drawn.positions["train"], -1]]
        np.testing.assert_allclose(drawn.mean[0], last.mean(axis=0), rtol=1e-12)
        np.testing.assert_allclose(drawn.standard_deviation[0], last.std(axis=0), rtol=1e-12)
        # No sample of SMARP trains: it is left as it is.
        assert drawn.mean[1].tolist() == [0, 0, 0, 0]
        assert drawn.standard_deviation[1].tolist() == [1, 1, 1, 1]

    def test_each_instrument_of_a_fused_set_has_its_own(self, windows):
        drawn = draw_dataset(windows, seed=0, **FUSED | {"standardisation": "train"})
        train = samples_of_split(windows, drawn, "train")
        for code in (0, 1):
            last = train.sequence[train.instrument == code, -1]
            np.testing.assert_allclose(last.mean(axis=0), 0, atol=1e-5)
            np.testing.assert_allclose(last.std(axis=0), 1, atol=1e-5)

    def test_a_constant_feature_is_not_divided_by_zero(self, windows):
        features = windows.features.copy()
        features[:, 2] = 7.0
        drawn = draw_dataset(dataclasses.replace(windows, features=features), seed=0, **ONLY)
        assert drawn.standard_deviation[:, 2].tolist() == [1, 1]
        assert np.isfinite(samples_of_split(windows, drawn, "train").sequence).all()

    @pytest.mark.parametrize(("standardisation", "leaks"), [("train", False), ("global", True)])
    @pytest.mark.parametrize("split", ["validation", "test"])
    def test_what_is_evaluated_changes_the_statistics_only_where_declared(self, windows, split, standardisation, leaks):
        settings = ONLY | {"standardisation": standardisation}
        before = draw_dataset(windows, seed=0, **settings)
        features = windows.features.copy()
        features[windows.step_record[before.positions[split]]] += 1000.0
        after = draw_dataset(dataclasses.replace(windows, features=features), seed=0, **settings)
        assert after.positions["train"].tolist() == before.positions["train"].tolist()
        assert (after.mean.tobytes() != before.mean.tobytes()) == leaks
        assert (after.standard_deviation.tobytes() != before.standard_deviation.tobytes()) == leaks
