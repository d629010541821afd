"""Data sets drawn from windows: who is where, what is balanced, and what the statistics may know."""

import dataclasses
from itertools import chain

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from flaredag.cubes import frame_columns
from flaredag.datasets import draw_dataset, split_members
from flaredag.errors import InputError
from flaredag.samples import samples_of_split
from flaredag.splits import SPLITS, fold_of_regions, split_regions_of_classes
from made_up_archive import with_images

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
NATURAL_DRAW = {"undersampled": []}
NATURAL = ONLY | NATURAL_DRAW


@pytest.fixture
def windows(study_windows):
    """Forty regions an instrument, six windows each: twenty strong regions with three positive samples each."""
    return study_windows(n_regions=40)


def same_positions(one, other):
    return all(one.positions[split].tolist() == other.positions[split].tolist() for split in SPLITS)


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
            InputError, match=rf"SHARP_ONLY, seed 0: the {split} split has .*{told}.* of (4|12) regions"
        ):
            draw_dataset(with_labels(windows, label), seed=0, **settings)


@pytest.mark.parametrize("borders", ["cut", "purged"])
def test_years_without_a_positive_sample_are_told(windows, borders):
    years = {"split_by": "time", "borders": borders, "validation_from": "2012-01-09", "test_from": "2012-01-18"}
    quiet = (windows.issue_time >= np.datetime64("2012-01-09")) & (windows.issue_time < np.datetime64("2012-01-18"))
    quiet_year = with_labels(windows, np.where(quiet, 0, windows.label))
    with pytest.raises(InputError, match=r"SHARP_ONLY, seed 0: the validation split has 0 positive and [1-9]\d+ neg"):
        draw_dataset(quiet_year, seed=0, **NATURAL | years)


class TestStratified:
    SETTINGS = NATURAL | {"stratified": True}

    @pytest.mark.parametrize("seed", range(5))
    def test_each_split_has_its_share_of_regions_with_and_without_events(self, windows, seed):
        drawn = draw_dataset(windows, seed=seed, **self.SETTINGS)
        counts = {}
        for split in SPLITS:
            own = drawn.positions[split]
            with_event = np.unique(windows.region[own[windows.label[own] == 1]])
            counts[split] = (len(with_event), len(np.unique(windows.region[own])) - len(with_event))
        # Of twenty each: 4 test, and 4 of the other 16 validate.
        assert counts == {"train": (12, 12), "validation": (4, 4), "test": (4, 4)}

    def test_table_3_of_li_2024(self):
        # 189 regions of class C and 97 of M and X: 113, 38, 38 and 59, 19, 19 (ours: 58 and 20 of the latter's rest).
        region, label = np.arange(286), np.repeat([0, 1], [189, 97]).astype(np.int8)
        of_split = split_regions_of_classes(region, label, seed=3, test_fraction=0.2, validation_fraction=0.25)
        counts = {split: np.bincount(label[of_split[split]], minlength=2).tolist() for split in SPLITS}
        assert counts == {"train": [113, 58], "validation": [38, 20], "test": [38, 19]}


class TestFewerTrainingRegions:
    def test_those_of_a_smaller_number_are_among_those_of_a_larger(self, windows):
        whole, less, least = (
            draw_dataset(windows, seed=2, **NATURAL | ({"fewer_training_regions": n} if n else {})) for n in (0, 5, 9)
        )
        trained = [set(windows.region[one.positions["train"]].tolist()) for one in (whole, less, least)]
        assert [len(regions) for regions in trained] == [24, 19, 15]
        assert trained[2] < trained[1] < trained[0]
        for split in ("validation", "test"):
            assert whole.positions[split].tolist() == least.positions[split].tolist()

    def test_all_of_them_is_too_many(self, windows):
        with pytest.raises(InputError, match="SHARP_ONLY, seed 2: fewer_training_regions 24, and 24 train"):
            draw_dataset(windows, seed=2, **NATURAL, fewer_training_regions=24)


class TestUnitOfRegions:
    SETTINGS = NATURAL | {"unit": "region"}

    def test_each_region_is_one_sample_its_last(self, windows):
        windows = with_labels(windows, np.abs(windows.label))
        of_regions, of_records = (draw_dataset(windows, seed=1, **settings) for settings in (self.SETTINGS, NATURAL))
        for split in SPLITS:
            own = of_regions.positions[split]
            regions = np.unique(windows.region[of_records.positions[split]])
            assert windows.region[own].tolist() == regions.tolist()
            for position, region in zip(own, regions, strict=True):
                of_region = (windows.region == region) & (windows.instrument == 0)
                assert windows.issue_time[position] == windows.issue_time[of_region].max()

    def test_all_records_of_its_regions_standardise_it(self, windows):
        settings = self.SETTINGS | {"standardisation": "train"}
        of_regions, of_records = (
            draw_dataset(windows, seed=1, **one) for one in (settings, NATURAL | {"standardisation": "train"})
        )
        assert of_regions.mean.tolist() == of_records.mean.tolist()
        assert of_regions.standard_deviation.tolist() == of_records.standard_deviation.tolist()


class TestFeaturesOfADataSet:
    def test_models_see_those_named_alone(self, windows):
        whole, part = (
            draw_dataset(windows, seed=1, **NATURAL, features=features)
            for features in (None, [windows.feature_names[2], windows.feature_names[0]])
        )
        assert part.feature_names(windows) == (windows.feature_names[0], windows.feature_names[2])
        assert whole.feature_names(windows) == windows.feature_names
        assert same_positions(whole, part)
        for split in SPLITS:
            seen = samples_of_split(windows, part, split).sequence
            assert seen.tobytes() == samples_of_split(windows, whole, split).sequence[:, :, [0, 2]].tobytes()

    def test_an_unknown_one_is_told(self, windows):
        with pytest.raises(InputError, match="SHARP_ONLY: features: no feature nonsense; the study has"):
            draw_dataset(windows, seed=1, **NATURAL, features=["nonsense"])


class TestGroups:
    @given(
        group_of=st.lists(st.integers(0, 9), min_size=20, max_size=20),
        seed=st.integers(0, 9),
        folds=st.sampled_from([None, 3]),
    )
    def test_regions_of_a_group_stay_in_one_split(self, study_windows, group_of, seed, folds):
        windows = study_windows(windows_per_region=2)
        # Of SHARP, whose regions are 1 to 20; every second region is positive and every other negative.
        windows = dataclasses.replace(windows, split_group=np.array(group_of)[windows.region - 1])
        try:
            drawn = draw_dataset(windows, seed=seed % (folds or 10), folds=folds, **NATURAL)
        except InputError as error:
            # Few groups may leave a split without a class, or a fold without a group: told, not drawn.
            assert "samples of" in str(error) or "wanted folds from 0" in str(error)  # noqa: PT017
            return
        groups = [set(windows.split_group[drawn.positions[split]].tolist()) for split in SPLITS]
        assert not groups[0] & groups[1] | groups[0] & groups[2] | groups[1] & groups[2]
        assert (
            sum(len(drawn.positions[split]) for split in SPLITS)
            == ((windows.label >= 0) & (windows.instrument == 0)).sum()
        )

    def test_fractions_are_those_of_groups(self, windows):
        # Forty regions in twenty groups: 4 groups in test, 4 of 16 in validation; three regions have one group more.
        paired = dataclasses.replace(windows, split_group=(windows.region // 2).astype(np.int64))
        drawn = draw_dataset(paired, seed=0, **NATURAL)
        sizes = {split: len(np.unique(paired.split_group[drawn.positions[split]])) for split in SPLITS}
        # Groups are 0 (region 1 alone) to 20.
        assert sizes == {"train": 13, "validation": 4, "test": 4}

    def test_equal_group_numbers_of_the_added_instrument_are_other_groups(self, windows):
        # All of SMARP trains, whatever its numbers: only the groups of the instrument evaluated are split.
        one = dataclasses.replace(windows, split_group=np.where(windows.instrument == 1, 7, windows.split_group))
        fused, same = draw_dataset(one, seed=0, **FUSED), draw_dataset(windows, seed=0, **FUSED)
        assert same_positions(fused, same)


class TestFolds:
    def test_every_region_is_tested_once_by_the_fold_of_its_number(self, windows):
        drawn = [draw_dataset(windows, seed=fold, folds=5, **NATURAL) for fold in range(5)]
        tested = [np.unique(windows.region[one.positions["test"]]).tolist() for one in drawn]
        assert sorted(chain.from_iterable(tested)) == list(range(1, 41))
        for fold, regions in enumerate(tested):
            groups = windows.split_group[windows.instrument == 0]
            wanted = fold_of_regions(groups, fold=fold, folds=5, validation_fraction=0.25)
            assert regions == wanted["test"].tolist()
            assert (
                np.unique(windows.region[drawn[fold].positions["validation"]]).tolist() == wanted["validation"].tolist()
            )

    def test_a_fold_out_of_range_is_told(self, windows):
        with pytest.raises(InputError, match="fold 5 of 5 over 40 regions"):
            draw_dataset(windows, seed=5, folds=5, **NATURAL)

    def test_one_fold_has_nothing_to_train_on(self, windows):
        with pytest.raises(InputError, match="SHARP_ONLY, seed 0: the train split has 0 positive and 0 negative"):
            draw_dataset(windows, seed=0, folds=1, **NATURAL)


class TestTrainingFolds:
    BY_TIME = NATURAL | {"split_by": "time", "purge_gap_hours": 24.0, "standardisation": "train"}

    def drawn(self, windows, folds=4, **settings):
        return [draw_dataset(windows, seed=i, training_folds=folds, **self.BY_TIME | settings) for i in range(folds)]

    def test_each_fit_lacks_its_fold_of_the_training_samples_and_nothing_else(self, windows):
        whole = draw_dataset(windows, seed=0, **self.BY_TIME)
        train = whole.positions["train"]
        lacking = []
        for one in self.drawn(windows):
            for split in ("validation", "test"):
                assert one.positions[split].tolist() == whole.positions[split].tolist()
            assert set(one.positions["train"].tolist()) <= set(train.tolist())
            lacking.append(np.setdiff1d(train, one.positions["train"]))
        # Every training sample is lacking once.
        assert np.sort(np.concatenate(lacking)).tolist() == train.tolist()
        for value in (0, 1):
            sizes = [(windows.label[positions] == value).sum() for positions in lacking]
            assert max(sizes) - min(sizes) <= 1

    def test_statistics_are_those_of_the_samples_that_remain(self, windows):
        first, second = self.drawn(windows)[:2]
        assert (first.mean[0] != second.mean[0]).all()
        last = windows.features[windows.step_record[first.positions["train"], -1]]
        assert first.mean[0] == pytest.approx(last.mean(axis=0))

    def test_added_instruments_are_in_the_folds_too(self, windows):
        fused = FUSED | {"added_to_training": ["smarp"]}
        settings = {name: fused[name] for name in ("name", "added_to_training")}
        whole = draw_dataset(windows, seed=0, **self.BY_TIME | settings).positions["train"]
        lacking = np.setdiff1d(whole, self.drawn(windows, **settings)[2].positions["train"])
        assert set(windows.instrument[lacking].tolist()) == {0, 1}

    @pytest.mark.parametrize(("seed", "folds"), [(4, 4), (-1, 4)])
    def test_a_fold_out_of_range_is_told(self, windows, seed, folds):
        with pytest.raises(InputError, match=f"SHARP_ONLY, seed {seed}: no training fold {seed}; wanted 0 to 3"):
            draw_dataset(windows, seed=seed, training_folds=folds, **self.BY_TIME)

    def test_more_folds_than_positive_samples_are_told(self, windows):
        with pytest.raises(InputError, match=r"SHARP_ONLY, seed 0: \d+ positive samples for 200 folds"):
            draw_dataset(windows, seed=0, training_folds=200, **self.BY_TIME)


class TestSplitsInTime:
    @staticmethod
    def at(windows, sharp_day, smarp_day):
        """Windows of both instruments, those of region n from the day n after `sharp_day` or `smarp_day` on."""
        first = np.array([sharp_day, smarp_day], dtype="datetime64[s]")[windows.instrument]
        day = np.timedelta64(86400, "s")
        hours = np.arange(len(windows.region)) % 6 * np.timedelta64(3600, "s")
        return dataclasses.replace(windows, issue_time=first + windows.region * day + hours)

    def test_the_past_trains_and_the_future_tests_whatever_the_seed(self, windows):
        windows = self.at(windows, "2011-01-01", "2011-01-01")
        drawn = [draw_dataset(windows, seed=seed, split_by="time", purge_gap_hours=30, **NATURAL) for seed in (0, 1)]
        assert same_positions(*drawn)
        regions = {split: np.unique(windows.region[own]).tolist() for split, own in drawn[0].positions.items()}
        # Of 40 regions, a day each, 8 test and 8 validate; 30 h before a border take a region and more of the earlier.
        assert regions == {"train": [*range(1, 24)], "validation": [*range(25, 32)], "test": [*range(33, 41)]}

    def test_of_the_other_instrument_what_lies_before_trains(self, windows):
        windows = self.at(windows, "2011-01-01", "2011-01-01")
        drawn = draw_dataset(windows, seed=0, split_by="time", purge_gap_hours=30, **FUSED | NATURAL_DRAW)
        train = drawn.positions["train"]
        added = windows.instrument[train] == 1
        assert np.unique(windows.region[train[added]]).tolist() == [*range(1, 24)]

    BY_TIME = NATURAL | {
        "split_by": "time",
        "purge_gap_hours": 30,
        "validation_from": "2011-01-26",
        "test_from": "2011-02-03",
    }

    def across_borders(self, windows):
        """Region n begins n days after 2011-01-01; 11 and 29, which are quiet, end 15 days later than the others."""
        windows = self.at(windows, "2011-01-01", "2011-01-01")
        late = np.isin(windows.region, [11, 29]) & (np.arange(len(windows.region)) % 6 >= 3)
        windows.issue_time[late] += np.timedelta64(86400 * 15, "s")
        return windows

    def test_borders_that_are_cut_leave_a_region_on_both_sides(self, windows):
        windows = self.across_borders(windows)
        of_borders = {
            borders: draw_dataset(windows, seed=0, **self.BY_TIME | {"borders": borders})
            for borders in ("cut", "purged")
        }
        regions = {
            borders: {split: np.unique(windows.region[own]).tolist() for split, own in drawn.positions.items()}
            for borders, drawn in of_borders.items()
        }
        # Validation begins with region 25, test with 33; region 11 ends on the 27th of January, 29 on the 14th of
        # February.
        assert regions["cut"] == {
            "train": [*range(1, 25)],
            "validation": [11, *range(25, 33)],
            "test": [29, *range(33, 41)],
        }
        # Nothing is left out, and nothing is twice.
        everything = np.sort(np.concatenate(list(of_borders["cut"].positions.values())))
        assert everything.tolist() == np.flatnonzero((windows.instrument == 0) & (windows.label >= 0)).tolist()
        # With whole regions and a gap of 30 h, 11 trains no more, 29 validates no more, and 24 and 32 are lost.
        assert regions["purged"] == {
            "train": [region for region in range(1, 24) if region != 11],
            "validation": [11, *range(25, 29), 30, 31],
            "test": [29, *range(33, 41)],
        }
        assert of_borders["cut"].positions["test"].tolist() == of_borders["purged"].positions["test"].tolist()

    def test_borders_are_purged_where_nothing_is_said(self, windows):
        windows = self.across_borders(windows)
        said, unsaid = (draw_dataset(windows, seed=0, **self.BY_TIME | own) for own in ({"borders": "purged"}, {}))
        assert same_positions(said, unsaid)

    def test_of_the_other_instrument_all_before_the_cut_trains(self, windows):
        windows = self.across_borders(windows)
        drawn = draw_dataset(windows, seed=0, **self.BY_TIME | {"borders": "cut", "added_to_training": ["smarp"]})
        train = drawn.positions["train"]
        added = train[windows.instrument[train] == 1]
        assert np.unique(windows.region[added]).tolist() == [*range(1, 25)]
        assert windows.issue_time[added].max() < np.datetime64("2011-01-26")

    def test_windows_that_end_in_a_zero_keyword_are_left_out_where_that_is_said(self, windows):
        windows = self.across_borders(windows)
        # r_value of the last records of every fifth window, and of an earlier step of all others: that one counts not.
        windows.features[windows.step_record[::5, -1], 3] = 0.0
        drawn = {
            zero: draw_dataset(windows, seed=0, **self.BY_TIME | {"borders": "cut", "zero_keywords": zero})
            for zero in ("kept", "left_out")
        }
        for split, kept in drawn["kept"].positions.items():
            ends_in_zero = windows.features[windows.step_record[kept, -1], 3] == 0
            assert ends_in_zero.any()
            assert drawn["left_out"].positions[split].tolist() == kept[~ends_in_zero].tolist()
        unsaid = draw_dataset(windows, seed=0, **self.BY_TIME | {"borders": "cut"})
        assert same_positions(unsaid, drawn["kept"])

    def test_flare_history_may_be_zero(self, windows):
        windows = dataclasses.replace(
            self.across_borders(windows), feature_names=("area", "usfluxl", "meangbl", "xhis")
        )
        windows.features[:, 3] = np.arange(len(windows.features)) % 2
        settings = self.BY_TIME | {"borders": "cut"}
        said = draw_dataset(windows, seed=0, **settings, zero_keywords="left_out")
        assert same_positions(said, draw_dataset(windows, seed=0, **settings))

    @pytest.mark.parametrize("split_by", ["region", "cycle"])
    def test_only_splits_by_time_can_be_cut(self, windows, split_by):
        with pytest.raises(InputError, match=rf"SHARP_ONLY, seed 0: `borders: cut` with `split_by: {split_by}`"):
            draw_dataset(windows, seed=0, **NATURAL, split_by=split_by, borders="cut")

    def test_a_cycle_is_tested_by_what_others_taught(self, windows):
        # SHARP sees days 1 to 40 of 2011, SMARP 40 days from 2010-12-01 on; the tested cycle begins in 2011.
        windows = self.at(windows, "2010-12-31", "2010-11-30")
        cycle = {"split_by": "cycle", "tested_cycle": ["2011-01-01", "2012-01-01"], "purge_gap_hours": 48}
        drawn = draw_dataset(windows, seed=0, **FUSED | NATURAL_DRAW | cycle)
        test = drawn.positions["test"]
        assert (windows.instrument[test] == 0).all()
        assert np.unique(windows.region[test]).tolist() == [*range(1, 41)]
        rest = np.concatenate([drawn.positions["train"], drawn.positions["validation"]])
        # Of SMARP what lies 48 h or more before 2011: regions 1 to 29, those of December 1 to 29.
        assert set(windows.instrument[rest]) == {1}
        assert np.unique(windows.region[rest]).tolist() == [*range(1, 30)]
        assert len(np.unique(windows.region[drawn.positions["validation"]])) == 7
        other = draw_dataset(windows, seed=1, **FUSED | NATURAL_DRAW | cycle)
        assert other.positions["test"].tolist() == test.tolist()
        assert other.positions["validation"].tolist() != drawn.positions["validation"].tolist()

    def test_a_region_of_the_tested_cycle_trains_nowhere_else(self, windows):
        # Region 40 of SHARP begins before the cycle ends and goes on after it.
        windows = self.at(windows, "2010-12-31", "2010-11-30")
        day = np.datetime64("2011-02-08", "s")
        late = np.flatnonzero((windows.region == 40) & (windows.instrument == 0))[3:]
        windows.issue_time[late] = day + np.timedelta64(86400 * 30, "s")
        cycle = {"split_by": "cycle", "tested_cycle": ["2011-01-01", "2011-02-15"], "purge_gap_hours": 48}
        drawn = draw_dataset(windows, seed=0, **FUSED | NATURAL_DRAW | cycle)
        rest = np.concatenate([drawn.positions["train"], drawn.positions["validation"]])
        assert not np.isin(late, rest).any()

    def test_members_before_balancing_are_those_after_it_without(self, windows):
        natural = draw_dataset(windows, seed=3, **NATURAL)
        how = {key: value for key, value in ONLY.items() if key not in ("name", "undersampled", "standardisation")}
        members = split_members(windows, where="here", seed=3, **how)
        for split in SPLITS:
            assert np.flatnonzero(members[split]).tolist() == natural.positions[split].tolist()


def pixel_statistics(drawn):
    return drawn.pixel_mean_gauss, drawn.pixel_standard_deviation_gauss


class TestPixels:
    @pytest.fixture
    def imaged(self, windows):
        """Windows and the gauss (sample, y, x) of their magnetograms."""
        windows, steps = with_images(windows)
        return windows, steps * 0.5

    def test_are_none_without_magnetograms_or_where_no_instrument_gives_them(self, windows, imaged):
        for study, settings in ((windows, ONLY | {"pixels_standardised_by": "sharp"}), (imaged[0], ONLY)):
            drawn = draw_dataset(study, seed=0, **settings)
            assert np.isnan(pixel_statistics(drawn)).all()

    @pytest.mark.parametrize("settings", [ONLY, FUSED, ONLY | {"evaluated": "smarp"}])
    @pytest.mark.parametrize(("instrument", "code"), [("sharp", 0), ("smarp", 1)])
    def test_global_statistics_are_those_of_all_pixels_of_the_instrument(self, imaged, settings, instrument, code):
        windows, gauss = imaged
        drawn = draw_dataset(windows, seed=0, **settings | {"pixels_standardised_by": instrument})
        own = gauss[windows.instrument == code]
        np.testing.assert_allclose(pixel_statistics(drawn), (own.mean(), own.std()), rtol=1e-12)

    @pytest.mark.parametrize("settings", [ONLY, FUSED])
    def test_train_statistics_are_those_of_the_training_samples_of_the_instrument(self, imaged, settings):
        windows, gauss = imaged
        drawn = draw_dataset(
            windows, seed=0, **settings | {"pixels_standardised_by": "sharp", "standardisation": "train"}
        )
        train = drawn.positions["train"]
        own = gauss[train[windows.instrument[train] == 0]]
        np.testing.assert_allclose(pixel_statistics(drawn), (own.mean(), own.std()), rtol=1e-12)

    def test_an_instrument_that_does_not_train_gives_those_of_all_its_windows(self, imaged):
        windows, gauss = imaged
        settings = ONLY | {"evaluated": "smarp", "pixels_standardised_by": "sharp", "standardisation": "train"}
        own = gauss[windows.instrument == 0]
        drawn = draw_dataset(windows, seed=0, **settings)
        np.testing.assert_allclose(pixel_statistics(drawn), (own.mean(), own.std()), rtol=1e-12)

    def test_a_blank_sun_is_not_divided_by_zero(self, imaged):
        windows, gauss = imaged
        blank = frame_columns(np.full(gauss.shape, 14, dtype=np.int16))
        images = dataclasses.replace(windows.images, **blank)
        settings = ONLY | {"pixels_standardised_by": "sharp"}
        drawn = draw_dataset(dataclasses.replace(windows, images=images), seed=0, **settings)
        assert pixel_statistics(drawn) == (7.0, 1.0)

    @given(changed=st.sets(st.integers(0, 479), min_size=1, max_size=20), seed=st.integers(0, 5))
    def test_pixels_have_no_say_in_who_is_where(self, study_windows, changed, seed):
        windows, steps = with_images(study_windows(n_regions=40))
        steps[sorted(changed)] *= -2
        images = dataclasses.replace(windows.images, **frame_columns(steps))
        other = dataclasses.replace(windows, images=images)
        settings = FUSED | {"pixels_standardised_by": "sharp"}
        one, another = (draw_dataset(study, seed=seed, **settings) for study in (windows, other))
        assert same_positions(one, another)
        assert one.mean.tobytes() == another.mean.tobytes()

    @pytest.mark.parametrize(("standardisation", "leaks"), [("train", False), ("global", True)])
    @pytest.mark.parametrize("split", ["validation", "test"])
    def test_what_is_evaluated_changes_the_statistics_only_where_declared(self, imaged, split, standardisation, leaks):
        windows, gauss = imaged
        settings = ONLY | {"standardisation": standardisation, "pixels_standardised_by": "sharp"}
        before = draw_dataset(windows, seed=0, **settings)
        steps = (gauss * 2).astype(np.int16)
        steps[before.positions[split]] += 1000
        images = dataclasses.replace(windows.images, **frame_columns(steps))
        after = draw_dataset(dataclasses.replace(windows, images=images), seed=0, **settings)
        assert (pixel_statistics(after) != pixel_statistics(before)) == leaks


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
