"""Leaks of splits: each that is planted is found, and clean splits are clean."""

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from flaredag.audit_splits import (
    SplitSamples,
    chosen_by_outcome,
    looks_balanced,
    noaa_region_in_two_splits,
    overlaps,
    region_in_two_splits,
    windows_overlap_across_splits,
)
from flaredag.windows import EVOLUTION
from made_up_samples import HORIZON_HOURS, HOUR, START, WINDOW_HOURS, samples_by_region, samples_by_time

REACH = {"window_hours": WINDOW_HOURS, "horizon_hours": HORIZON_HOURS}


def samples_of(*rows, group=None) -> SplitSamples:
    """Samples (split, region, hour)."""
    split, region, hour = (np.array(column) for column in zip(*rows, strict=True))
    group = region if group is None else np.array(group)
    names = [f"sharp {number}" for number in range(region.max() + 1)]
    return SplitSamples("seed 3", split.astype(np.int8), region, group, START + hour * HOUR, names)


def with_one_more(draw: SplitSamples, of: int, **changes) -> SplitSamples:
    """The samples and a copy of one of them, changed."""
    columns = {name: getattr(draw, name) for name in ("split", "region", "group", "issue_time")}
    return replace(
        draw,
        **{
            name: np.append(column, changes.get(name, column[of])).astype(column.dtype)
            for name, column in columns.items()
        },
    )


class TestRegions:
    def test_by_hand(self):
        draw = samples_of((0, 0, 0), (0, 1, 0), (2, 1, 500), (2, 2, 0), (1, 2, 500))
        found = region_in_two_splits("SHARP", [draw])
        assert (found.outcome, found.n) == ("leak", 2)
        assert "2 of 3 regions" in found.text
        assert "the first is sharp 1, seed 3, in train and test" in found.text

    def test_a_group_in_two_splits_is_a_leak_of_its_regions(self):
        draw = samples_of((0, 0, 0), (2, 1, 500), (2, 2, 0), group=[7, 7, 8])
        found = region_in_two_splits("SHARP", [draw])
        assert (found.outcome, found.n) == ("leak", 2)
        assert "sharp 0, seed 3, in train, and another of its group elsewhere" in found.text

    def test_each_draw_counts_for_itself(self):
        one, other = samples_of((0, 0, 0), (2, 1, 0)), samples_of((2, 0, 0), (0, 1, 0))
        found = region_in_two_splits("SHARP", [one, other])
        assert (found.outcome, found.n) == ("clean", 4)

    @given(samples_by_region())
    def test_clean(self, draw):
        found = region_in_two_splits("SHARP", [draw])
        assert (found.outcome, found.n) == ("clean", len(np.unique(draw.region)))

    @given(samples_by_region(), st.data())
    def test_planted(self, draw, data):
        of = data.draw(st.integers(0, len(draw.split) - 1))
        elsewhere = (draw.split[of] + data.draw(st.integers(1, 2))) % 3
        planted = with_one_more(draw, of, split=elsewhere, issue_time=START + 5000 * HOUR)
        found = region_in_two_splits("SHARP", [draw, planted])
        assert (found.outcome, found.n) == ("leak", 1)
        assert draw.region_names[draw.region[of]] in found.text


class TestOverlaps:
    def test_by_hand(self):
        # Reach is 48 h: hours 0 and 47 share time, 0 and 48 meet in an instant.
        draw = samples_of((0, 0, 0), (2, 0, 47), (0, 1, 0), (2, 1, 48), (0, 2, 0), (0, 2, 1), (2, 3, 1))
        found = windows_overlap_across_splits("SHARP", [draw], **REACH)
        assert (found.outcome, found.n) == ("leak", 2)
        assert "the first is of sharp 0, issued 2012-01-01T00:00:00, train, seed 3" in found.text

    def test_one_sample_in_two_splits_overlaps_itself(self):
        draw = samples_of((0, 0, 5), (2, 0, 5))
        assert windows_overlap_across_splits("SHARP", [draw], **REACH).n == 2

    @given(
        st.lists(st.tuples(st.integers(0, 2), st.integers(0, 3), st.integers(0, 150)), min_size=1, max_size=25),
        st.integers(1, 60),
    )
    def test_against_all_pairs(self, rows, reach_hours):
        draw = samples_of(*rows)
        hours = (draw.issue_time - START) / HOUR
        wanted = [
            any(
                draw.split[i] != draw.split[j]
                and draw.group[i] == draw.group[j]
                and abs(hours[i] - hours[j]) < reach_hours
                for j in range(len(rows))
            )
            for i in range(len(rows))
        ]
        reach = np.timedelta64(reach_hours, "h")
        assert overlaps(draw.group, draw.issue_time, draw.split, reach=reach).tolist() == wanted

    @given(samples_by_region())
    def test_clean_by_region(self, draw):
        found = windows_overlap_across_splits("SHARP", [draw], **REACH)
        assert (found.outcome, found.n) == ("clean", len(draw.split))

    @given(samples_by_region(), st.data())
    def test_planted_by_region(self, draw, data):
        of = data.draw(st.integers(0, len(draw.split) - 1))
        hours = data.draw(st.integers(-47, 47))
        elsewhere = (draw.split[of] + 1) % 3
        planted = with_one_more(draw, of, split=elsewhere, issue_time=draw.issue_time[of] + hours * HOUR)
        found = windows_overlap_across_splits("SHARP", [planted], **REACH)
        assert found.outcome == "leak"
        assert found.n >= 2

    @given(samples_by_time())
    def test_clean_by_time(self, draw):
        for split_by in ("region", "time", "cycle"):
            assert windows_overlap_across_splits("SHARP", [draw], **REACH, split_by=split_by).outcome == "clean"

    @given(samples_by_time(), st.integers(1, 47))
    def test_planted_by_time_is_a_purge_gap_too_short(self, draw, hours):
        # A window of another region, train, within reach of the last of validation, and so of no test window.
        last = int(np.flatnonzero(draw.split == 1)[draw.issue_time[draw.split == 1].argmax()])
        planted = with_one_more(
            draw, last, split=0, region=0, group=0, issue_time=draw.issue_time[last] + np.timedelta64(hours, "h")
        )
        assert windows_overlap_across_splits("SHARP", [planted], **REACH, split_by="time").outcome == "leak"
        # Split by region alone they may share time, and so may the training and validation regions of a cycle.
        assert windows_overlap_across_splits("SHARP", [planted], **REACH).outcome == "clean"

    def test_by_cycle_only_test_is_held_apart(self):
        train_beside_validation = samples_of((0, 0, 0), (1, 1, 0), (2, 2, 48))
        assert (
            windows_overlap_across_splits("SHARP", [train_beside_validation], **REACH, split_by="cycle").outcome
            == "clean"
        )
        assert windows_overlap_across_splits("SHARP", [train_beside_validation], **REACH, split_by="time").n == 2
        test_too_near = samples_of((0, 0, 0), (1, 1, 0), (2, 2, 47))
        found = windows_overlap_across_splits("SHARP", [test_too_near], **REACH, split_by="cycle")
        assert (found.outcome, found.n) == ("leak", 3)


class TestCutBorders:
    """Regions that a declared border in time cuts, and regions that are in two splits for another reason."""

    # Regions 1 and 2 are seen on both sides of hour 100, region 3 on both sides of hour 200.
    cut = samples_of((0, 0, 0), (0, 1, 99), (1, 1, 100), (0, 2, 60), (1, 2, 160), (1, 3, 199), (2, 3, 200), (2, 4, 300))

    def found(self, draws, *, declared=True):
        return (
            region_in_two_splits("YEARS", draws, cut_declared=declared),
            windows_overlap_across_splits("YEARS", draws, **REACH, split_by="time", cut_declared=declared),
        )

    def test_are_declared_with_their_numbers(self):
        regions, windows = self.found([self.cut])
        assert (regions.outcome, regions.n) == ("declared", 3)
        assert "the first is sharp 1, seed 3, in train and validation" in regions.text
        # Within 48 h of another split: hours 99 and 60 of train, 100 and 160 of validation, 199, and 200 of test.
        assert (windows.outcome, windows.n) == ("declared", 6)

    def test_are_a_leak_where_nothing_is_declared(self):
        assert [one.outcome for one in self.found([self.cut], declared=False)] == ["leak", "leak"]

    def test_of_splits_that_do_not_follow_each_other_are_a_leak(self):
        # One training sample amid the test split, of another draw than the first.
        spoilt = with_one_more(self.cut, 0, issue_time=START + 250 * HOUR)
        assert [one.outcome for one in self.found([self.cut, spoilt])] == ["leak", "leak"]

    @pytest.mark.parametrize(("of", "hour"), [(1, 100), (2, 99)])
    def test_of_two_splits_that_share_an_instant_are_a_leak(self, of, hour):
        # A training sample more when the first of validation is issued, or one of validation with the last of training.
        spoilt = with_one_more(self.cut, of, issue_time=START + hour * HOUR)
        assert [one.outcome for one in self.found([spoilt])] == ["leak", "leak"]

    def test_clean_is_clean_whatever_is_declared(self):
        whole = samples_of((0, 0, 0), (1, 1, 100), (2, 2, 200))
        assert [one.outcome for one in self.found([whole])] == ["clean", "clean"]

    @given(samples_by_region())
    def test_regions_drawn_at_random_are_no_cut(self, draw):
        spoilt = with_one_more(draw, 0, split=(draw.split[0] + 1) % 3, issue_time=START)
        spoilt = with_one_more(spoilt, 0, split=draw.split[0], issue_time=START + 2000 * HOUR)
        spoilt = with_one_more(spoilt, 0, split=(draw.split[0] + 1) % 3, issue_time=START + 3000 * HOUR)
        assert region_in_two_splits("x", [spoilt], cut_declared=True).outcome == "leak"


def evolution_of(*names):
    return np.array([EVOLUTION.index(name) for name in names], dtype=np.int8)


class TestChosenByOutcome:
    def found(self, evolution, label, *, undersampled=False, declared=False):
        return chosen_by_outcome(
            "SHARP",
            undersampled=undersampled,
            undersampling_declared=declared,
            evolution=evolution,
            label=np.array(label, dtype=np.int8),
            dropping_declared=declared,
        )

    def test_the_paper_drops_by_what_happened_later(self):
        # QUIET->WEAK and STRONG->QUIET are dropped beside kept QUIET->QUIET and STRONG->STRONG; WEAK is dropped wholly.
        evolution = evolution_of("QUIET->QUIET", "QUIET->WEAK", "WEAK->WEAK", "STRONG->QUIET", "STRONG->STRONG")
        _, labels = self.found(evolution, [0, -1, -1, -1, 1])
        assert (labels.outcome, labels.n) == ("leak", 2)
        assert "QUIET->WEAK, STRONG->QUIET" in labels.text
        assert [one.outcome for one in self.found(evolution, [0, -1, -1, -1, 1], declared=True)] == [
            "clean",
            "declared",
        ]

    def test_what_is_left_out_for_its_past_is_no_leak(self):
        evolution = evolution_of("QUIET->QUIET", "QUIET->STRONG", "WEAK->WEAK", "WEAK->STRONG")
        assert [one.outcome for one in self.found(evolution, [0, 1, -1, -1])] == ["clean", "clean"]

    @pytest.mark.parametrize(("declared", "outcome"), [(False, "leak"), (True, "declared")])
    def test_an_undersampled_test_set(self, declared, outcome):
        evolution = evolution_of("QUIET->QUIET", "QUIET->STRONG")
        balance, labels = self.found(evolution, [0, 1], undersampled=True, declared=declared)
        assert (balance.outcome, labels.outcome) == (outcome, "clean")


def test_a_test_set_of_equal_classes_is_reported():
    split = np.array([0, 0, 2, 2, 2, 2], dtype=np.int8)
    assert looks_balanced("x", np.array([1, 1, 1, 1, 0, 0]), split).outcome == "reported"
    found = looks_balanced("x", np.array([1, 0, 1, 0, 0, 0]), split)
    assert (found.outcome, found.n) == ("clean", 4)


class TestNoaaRegions:
    # Patches 0 and 1 name 11158, 1 names 11159 too, 2 names 11200.
    noaa_ar, region = np.array([11158, 11158, 11159, 11200]), np.array([0, 1, 1, 2])

    @pytest.mark.parametrize(
        ("splits", "outcome", "n", "text"),
        [
            ([[0, 0, 2]], "clean", 3, "no NOAA region"),
            (
                [[0, 2, 2]],
                "reported",
                1,
                "1.0 NOAA regions a draw have patches in two splits, 1.0 of them in test; one is 11158",
            ),
            (
                [[0, 1, 2], [0, 0, 1]],
                "reported",
                1,
                "0.5 NOAA regions a draw have patches in two splits, 0.0 of them in test",
            ),
            # A patch in no split is nowhere.
            ([[0, -1, 2]], "clean", 3, "no NOAA region"),
        ],
    )
    def test_by_hand(self, splits, outcome, n, text):
        found = noaa_region_in_two_splits("SHARP", self.noaa_ar, self.region, np.array(splits, dtype=np.int8))
        assert (found.outcome, found.n) == (outcome, n)
        assert text in found.text

    def test_records_without_numbers_decide_nothing(self):
        nothing = np.empty(0, dtype=np.int64)
        found = noaa_region_in_two_splits("SHARP", nothing, nothing, np.zeros((1, 3), dtype=np.int8))
        assert found.outcome == "reported"
        assert "cannot be decided" in found.text
