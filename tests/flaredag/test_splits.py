"""Splits by region and under-sampling: fair, repeatable, and still where the data stay the same."""

import zlib

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats

from flaredag.errors import InputError
from flaredag.splits import (
    SPLITS,
    check_splits,
    fold_of_regions,
    random_order,
    split_regions,
    split_times,
    undersample,
)

FRACTIONS = {"test_fraction": 0.2, "validation_fraction": 0.2}
REGIONS = np.arange(1, 101) * 7


def split_of_each(regions):
    """Split of each region, as a mapping."""
    return {int(region): name for name, members in regions.items() for region in members}


class TestRandomOrder:
    def test_splitmix64_by_its_published_numbers(self):
        # A chain of one item: mix(crc ^ mix(seed)) and then mix(that ^ mix(item)), in Python's own integers.
        def mix(state):
            mask = 2**64 - 1
            state = (state + 0x9E3779B97F4A7C15) & mask
            state = ((state ^ (state >> 30)) * 0xBF58476D1CE4E5B9) & mask
            state = ((state ^ (state >> 27)) * 0x94D049BB133111EB) & mask
            return state ^ (state >> 31)

        # First output of SplitMix64 from seed 0 (Vigna's reference implementation).
        assert mix(0) == 0xE220A8397B1DCDAF
        state = mix(zlib.crc32(b"split") ^ mix(3))
        wanted = [mix(state ^ mix(item)) for item in (377, 7115)]
        assert random_order("split", 3, np.array([377, 7115])).tolist() == wanted

    def test_uniform(self):
        numbers = random_order("split", 0, np.arange(20_000))
        cells = np.bincount((numbers >> np.uint64(60)).astype(int), minlength=16)
        assert stats.chisquare(cells).pvalue > 0.001
        # the low bits too
        cells = np.bincount((numbers & np.uint64(15)).astype(int), minlength=16)
        assert stats.chisquare(cells).pvalue > 0.001

    def test_seeds_purposes_and_columns_are_independent(self):
        items = np.arange(5000)
        ranks = [
            stats.rankdata(random_order(purpose, seed, *columns))
            for purpose, seed, columns in [
                ("split", 0, [items]),
                ("split", 1, [items]),
                ("undersample", 0, [items]),
                ("split", 0, [items, items]),
                ("split", 0, [items, np.zeros_like(items)]),
            ]
        ]
        # Of 5000 independent ranks the correlation is 0 +- 1/sqrt(5000) = 0.014.
        correlations = np.corrcoef(ranks)[np.triu_indices(len(ranks), 1)]
        assert np.abs(correlations).max() < 5 * 0.0142

    def test_neighbouring_items_are_independent(self):
        numbers = random_order("split", 0, np.arange(5000)).astype(float)
        assert abs(np.corrcoef(numbers[:-1], numbers[1:])[0, 1]) < 5 * 0.0142

    @given(st.lists(st.integers(-(2**40), 2**40), min_size=1, max_size=20, unique=True), st.integers(0, 2**31))
    def test_an_item_keeps_its_number_whatever_stands_beside_it(self, items, seed):
        together = random_order("split", seed, np.array(items))
        alone = [random_order("split", seed, np.array([item]))[0] for item in items]
        assert together.tolist() == alone
        assert len(set(alone)) == len(items)

    def test_the_type_of_the_column_does_not_matter(self):
        wide = random_order("split", 0, np.array([1, 2, 127]))
        for dtype in (np.int8, np.int32, np.uint16):
            assert (random_order("split", 0, np.array([1, 2, 127], dtype=dtype)) == wide).all()

    def test_items_given_are_left_as_they_are(self):
        items = np.array([1, 2, 3])
        random_order("split", 0, items)
        assert items.tolist() == [1, 2, 3]


class TestSplitRegions:
    def test_fractions_by_hand(self):
        # 20 of 100, then 16 of 80.
        sizes = {name: len(members) for name, members in split_regions(REGIONS, seed=0, **FRACTIONS).items()}
        assert sizes == {"test": 20, "validation": 16, "train": 64}

    @given(st.sets(st.integers(1, 10_000), min_size=1, max_size=60), st.integers(0, 99))
    def test_every_region_is_in_one_split(self, regions, seed):
        found = split_regions(np.array(sorted(regions)), seed=seed, **FRACTIONS)
        members = np.concatenate([found[name] for name in SPLITS])
        assert sorted(members.tolist()) == sorted(regions)
        assert all((np.diff(found[name]) > 0).all() for name in SPLITS)
        check_splits(found, where="here")

    def test_how_often_and_in_which_order_regions_come_does_not_matter(self):
        often = np.concatenate([REGIONS[::-1], REGIONS[:30], REGIONS[:3]])
        once = split_regions(REGIONS, seed=4, **FRACTIONS)
        for name, members in split_regions(often, seed=4, **FRACTIONS).items():
            assert members.tolist() == once[name].tolist()

    @pytest.mark.parametrize("seed", range(10))
    def test_a_new_region_moves_few(self, seed):
        # 101 regions: 20 in test, 16 of 81 in validation, as before; the new one pushes at most one out of each.
        before = split_of_each(split_regions(REGIONS, seed=seed, **FRACTIONS))
        after = split_of_each(split_regions(np.append(REGIONS, 1_000), seed=seed, **FRACTIONS))
        assert sum(after[region] != split for region, split in before.items()) <= 2

    def test_seeds_draw_different_regions(self):
        drawn = [frozenset(split_regions(REGIONS, seed=seed, **FRACTIONS)["test"].tolist()) for seed in range(10)]
        assert len(set(drawn)) == 10

    def test_over_seeds_every_region_comes_to_test_as_often(self):
        drawn = [split_regions(REGIONS, seed=seed, **FRACTIONS)["test"] for seed in range(200)]
        times = np.array([np.isin(REGIONS, members) for members in drawn]).sum(axis=0)
        # 40 of 200 each, binomial with sd 5.66; 100 regions.
        assert times.min() > 40 - 4.5 * 5.66
        assert times.max() < 40 + 4.5 * 5.66
        assert abs(times.std() - 5.66) < 2


def all_folds(regions, folds, validation_fraction=0.2):
    return [
        fold_of_regions(np.array(regions), fold=fold, folds=folds, validation_fraction=validation_fraction)
        for fold in range(folds)
    ]


class TestFolds:
    def test_sizes_by_hand(self):
        # Of 102 regions in five folds 20, 20, 21, 20, 21 are in test; a fifth of the rest is 16 each time.
        sizes = [[len(fold[name]) for name in ("test", "validation")] for fold in all_folds([*REGIONS, 1, 2], 5)]
        assert sorted(sizes) == [[20, 16]] * 3 + [[21, 16]] * 2

    @given(st.sets(st.integers(1, 10_000), min_size=1, max_size=40), st.data())
    def test_are_a_partition_and_each_splits_all_regions(self, regions, data):
        folds = data.draw(st.integers(1, len(regions)))
        drawn = all_folds(sorted(regions), folds, data.draw(st.sampled_from([0.0, 0.2, 1.0])))
        tested = np.concatenate([fold["test"] for fold in drawn])
        assert sorted(tested.tolist()) == sorted(regions)
        sizes = [len(fold["test"]) for fold in drawn]
        assert 1 <= min(sizes) <= max(sizes) <= min(sizes) + 1
        for number, fold in enumerate(drawn):
            members = np.concatenate([fold[name] for name in SPLITS])
            assert sorted(members.tolist()) == sorted(regions)
            assert all((np.diff(fold[name]) > 0).all() for name in SPLITS)
            check_splits(fold, where=f"fold {number}")

    @given(st.sets(st.integers(1, 10_000), min_size=5, max_size=60), st.integers(10_001, 20_000), st.integers(1, 5))
    def test_a_new_region_moves_one_across_a_border_at_most(self, regions, new, folds):
        before, after = ({}, {})
        for found, members in ((before, sorted(regions)), (after, [*sorted(regions), new])):
            for number, fold in enumerate(all_folds(members, folds)):
                found |= dict.fromkeys(fold["test"].tolist(), number)
        moved = [region for region in regions if before[region] != after[region]]
        assert len(moved) <= folds - 1
        assert all(abs(before[region] - after[region]) == 1 for region in moved)

    def test_a_new_region_moves_few_between_training_and_validation(self):
        for before, after in zip(all_folds(REGIONS, 5), all_folds([*REGIONS, 1_000], 5), strict=True):
            splits, later = split_of_each(before), split_of_each(after)
            # One across each of two borders of the fold, and what these and the new one push out of validation.
            assert sum(later[region] != split for region, split in splits.items()) <= 6

    def test_how_often_and_in_which_order_regions_come_does_not_matter(self):
        often = np.concatenate([REGIONS[::-1], REGIONS[:30]])
        for once, again in zip(all_folds(REGIONS, 4), all_folds(often, 4), strict=True):
            assert all(once[name].tolist() == again[name].tolist() for name in SPLITS)

    def test_are_drawn_apart_from_the_splits_of_seeds(self):
        tested = set(all_folds(REGIONS, 5)[0]["test"].tolist())
        drawn = [set(split_regions(REGIONS, seed=seed, **FRACTIONS)["test"].tolist()) for seed in range(20)]
        assert all(len(tested & of_seed) < 13 for of_seed in drawn)
        # Expected 4 of 20 by chance; hypergeometric with sd 1.6, mean of twenty with 0.36.
        assert abs(np.mean([len(tested & of_seed) for of_seed in drawn]) - 4) < 4 * 0.36

    @pytest.mark.parametrize(("fold", "folds", "n_regions"), [(-1, 5, 9), (5, 5, 9), (0, 10, 9), (0, 0, 9), (0, 1, 0)])
    def test_folds_that_cannot_be_are_told(self, fold, folds, n_regions):
        with pytest.raises(InputError, match=rf"fold {fold} of {folds} over {n_regions} regions; wanted folds from 0"):
            fold_of_regions(REGIONS[:n_regions], fold=fold, folds=folds, validation_fraction=0.2)


class TestUndersample:
    def test_by_hand(self):
        # Two positives (1, 4); of the negatives 0 2 3 6 those with the lowest numbers are 6 and 2; 5 is irrelevant.
        label = np.array([0, 1, 0, 0, 1, -1, 0], dtype=np.int8)
        order = np.array([90, 1, 20, 80, 99, 0, 10], dtype=np.uint64)
        assert undersample(label, order).tolist() == [1, 2, 4, 6]

    def test_the_positive_class_may_be_the_larger(self):
        label = np.array([1, 1, 1, 0], dtype=np.int8)
        assert undersample(label, np.array([3, 2, 1, 0], dtype=np.uint64)).tolist() == [2, 3]

    def test_no_samples_of_one_class_leave_none(self):
        assert undersample(np.zeros(5, np.int8), np.arange(5, dtype=np.uint64)).tolist() == []

    @given(st.lists(st.tuples(st.sampled_from([-1, 0, 1]), st.integers(0, 2**64 - 1)), max_size=40))
    def test_balanced_and_those_first_in_order(self, samples):
        label = np.array([label for label, _ in samples], dtype=np.int8)
        order = np.array([number for _, number in samples], dtype=np.uint64)
        drawn = undersample(label, order)
        n_each = min((label == 0).sum(), (label == 1).sum())
        for value in (0, 1):
            own = [position for position in drawn if label[position] == value]
            left = [position for position in np.flatnonzero(label == value) if position not in drawn]
            assert len(own) == n_each
            assert max((order[i] for i in own), default=0) <= min((order[i] for i in left), default=2**64)
        assert (np.diff(drawn) > 0).all()
        assert (label[drawn] >= 0).all()
        assert undersample(label, order).tolist() == drawn.tolist()

    def test_a_mended_label_changes_one_draw_at_most(self):
        rng = np.random.default_rng(5)
        label = (rng.random(400) < 0.1).astype(np.int8)
        order = random_order("undersample", 0, np.arange(400))
        before = set(undersample(label, order).tolist())
        label[np.flatnonzero(label == 0)[7]] = 1
        after = set(undersample(label, order).tolist())
        # One more positive brings one more negative with it, and may have been drawn as a negative itself.
        assert len(before ^ after) <= 3


def test_check_splits_names_region_and_splits():
    regions = {"train": np.array([1, 2, 3]), "validation": np.array([4, 5]), "test": np.array([5, 3, 2])}
    with pytest.raises(InputError, match=r"SHARP_ONLY, seed 3: region 2 is in train and in test \(2 such regions\)"):
        check_splits(regions, where="SHARP_ONLY, seed 3")
    check_splits({"train": np.array([1]), "test": np.array([2]), "validation": np.array([], int)}, where="here")


class TestSplitTimes:
    BEGIN = np.datetime64("2014-01-01T00:00:00", "s")

    def hours(self, hours):
        return self.BEGIN + np.asarray(hours) * np.timedelta64(3600, "s")

    def test_days_are_borders_and_the_gap_is_taken_from_the_earlier_split(self):
        # Region 1 at 0 to 30 h, 2 at 40 to 70 h, 3 at 80 to 110 h, each every 10 h; borders at 48 and 96 h, gap 20 h.
        group = np.repeat([1, 2, 3, 4], 4)
        time = self.hours([0, 10, 20, 30, 40, 50, 60, 70, 72, 73, 74, 75, 90, 100, 110, 120])
        borders = {"validation_from": "2014-01-03", "test_from": "2014-01-05", "purge_gap_hours": 20}
        members = split_times(group, time, **FRACTIONS, **borders)
        # 20 h is at or after 48 - 20 = 28 h? No: 0, 10 and 20 train, 30 does not.
        assert time[members["train"]].tolist() == self.hours([0, 10, 20]).tolist()
        # From 48 h and before 76 h; region 2 began before it and is whole in no split, region 3 lies in it.
        assert time[members["validation"]].tolist() == self.hours([50, 60, 70, 72, 73, 74, 75]).tolist()
        # Region 4 crosses the border at 96 h: what is before it is lost.
        assert time[members["test"]].tolist() == self.hours([100, 110, 120]).tolist()

    def test_a_region_that_crosses_a_border_is_lost_to_the_earlier_split(self):
        group = np.array([1, 1, 2, 2, 3, 3])
        time = self.hours([0, 500, 0, 1, 100, 600])
        borders = {"validation_from": "2014-01-03", "test_from": "2014-01-15", "purge_gap_hours": 0}
        members = split_times(group, time, **FRACTIONS, **borders)
        assert members["train"].tolist() == [False, False, True, True, False, False]
        assert members["validation"].tolist() == [False] * 6
        assert members["test"].tolist() == [False, True, False, False, False, True]

    def test_cut_borders_leave_no_gap_and_take_nothing(self):
        # Region 1 from 40 h to 56 h crosses the border at 48 h, region 2 that at 96 h, region 3 begins on it.
        group = np.array([1, 1, 1, 1, 2, 2, 3])
        time = self.hours([40, 47, 48, 56, 95, 97, 96])
        borders = {"validation_from": "2014-01-03", "test_from": "2014-01-05", "purge_gap_hours": 20}
        members = split_times(group, time, **FRACTIONS, **borders, borders="cut")
        assert {name: np.flatnonzero(own).tolist() for name, own in members.items()} == {
            "test": [5, 6],
            "validation": [2, 3, 4],
            "train": [0, 1],
        }
        purged = split_times(group, time, **FRACTIONS, **borders, borders="purged")
        # Of region 1 what is in validation stays, but not within 20 h of the test split; region 2 tests alone.
        assert {name: np.flatnonzero(own).tolist() for name, own in purged.items()} == {
            "test": [5, 6],
            "validation": [2, 3],
            "train": [],
        }

    def test_fractions_are_those_of_regions_by_their_first_sample(self):
        # Ten regions, one a day: two test, and of the other eight two (1.6) validate.
        group = np.arange(10)
        members = split_times(group, self.hours(24 * group), purge_gap_hours=0, **FRACTIONS)
        assert {name: np.flatnonzero(own).tolist() for name, own in members.items()} == {
            "test": [8, 9],
            "validation": [6, 7],
            "train": [0, 1, 2, 3, 4, 5],
        }

    @given(
        regions=st.lists(st.tuples(st.integers(0, 2000), st.integers(0, 300)), min_size=5, max_size=40),
        gap=st.integers(0, 72),
    )
    def test_cut_borders_put_every_sample_in_one_split_by_its_time(self, regions, gap):
        group = np.repeat(np.arange(len(regions)), 5)
        time = self.hours(np.concatenate([first + np.linspace(0, length, 5).astype(int) for first, length in regions]))
        members = split_times(group, time, purge_gap_hours=gap, borders="cut", **FRACTIONS)
        assert (sum(members[name].astype(int) for name in SPLITS) == 1).all()
        split = sum(code * members[name].astype(int) for code, name in enumerate(SPLITS))
        assert (np.diff(split[np.argsort(time, kind="stable")]) >= 0).all()
        # With regions whole and a gap, the same samples and less, and the same test split.
        purged = split_times(group, time, purge_gap_hours=gap, **FRACTIONS)
        assert all((members[name] >= purged[name]).all() for name in SPLITS)
        assert (members["test"] == purged["test"]).all()

    @given(
        regions=st.lists(st.tuples(st.integers(0, 2000), st.integers(0, 300)), min_size=5, max_size=40),
        gap=st.integers(0, 72),
    )
    def test_no_window_reaches_over_a_border(self, regions, gap):
        group = np.repeat(np.arange(len(regions)), 5)
        time = self.hours(np.concatenate([first + np.linspace(0, length, 5).astype(int) for first, length in regions]))
        members = split_times(group, time, purge_gap_hours=gap, **FRACTIONS)
        held = [(time[members[name]], set(group[members[name]])) for name in SPLITS]
        for i, (earlier, of_earlier) in enumerate(held):
            for later, of_later in held[i + 1 :]:
                assert not of_earlier & of_later
                if len(earlier) and len(later):
                    assert later.min() - earlier.max() > np.timedelta64(3600 * gap - 1, "s")
        # Nothing is taken from the test split.
        if members["test"].any():
            assert (members["test"] == (time >= time[members["test"]].min())).all()
