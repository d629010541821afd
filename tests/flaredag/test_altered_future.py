"""Tables with another future: the past is untouched, and windows that look ahead are found."""

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from flaredag.altered_future import (
    altered_flares,
    altered_images,
    altered_records,
    changed_windows,
    windows_of_another_future,
)
from flaredag.study_windows import make_windows
from made_up_records import CADENCE, SETTINGS, START, images_of, made_sun

CUT = START + 40 * CADENCE
KEYWORDS = ["area", "usfluxl", "meangbl", "r_value"]


def altered(seed=0, cut=CUT):
    records, flares = made_sun(seed)
    return records, flares, altered_records(records, cut, cadence_minutes=96, rng=np.random.default_rng(seed))


class TestAlteration:
    @given(st.integers(0, 1000), st.integers(0, 75))
    @settings(max_examples=25)
    def test_the_past_is_untouched(self, seed, hours):
        cut = START + hours * CADENCE
        records, flares, other = altered(seed, cut)
        past = records[records["time"] <= cut].reset_index(drop=True)
        pd.testing.assert_frame_equal(other[other["time"] <= cut].reset_index(drop=True), past)
        changed = altered_flares(flares, cut, np.random.default_rng(seed))
        pd.testing.assert_frame_equal(
            changed[flares["start_time"] <= cut], flares[flares["start_time"] <= cut], check_like=True
        )

    def test_the_future_is_another(self):
        records, _, other = altered()
        key = ["instrument", "region", "t_rec"]
        was, now = (table[table["time"] > CUT] for table in (records, other))
        both = was.merge(now, on=key, suffixes=("", " now"))
        assert len(both) < len(was), "some are removed"
        assert len(both) < len(now), "some are added"
        same = both["usfluxl"] == both["usfluxl now"]
        assert not same.any()
        assert not now.duplicated(key).any()
        # Sorted as read_records has them, on the same grid.
        assert now.sort_values(key).index.tolist() == now.index.tolist()
        assert set(
            now.groupby(["instrument", "region"])["t_rec"].max() - was.groupby(["instrument", "region"])["t_rec"].max()
        ) != {0}

    def test_a_region_long_gone_is_not_seen_again(self):
        records, _, _ = altered()
        gone = records[(records["region"] == 11) & (records["time"] < START + 5 * CADENCE)]
        seen = pd.concat([gone, records[records["region"] == 12]], ignore_index=True)
        other = altered_records(seen, CUT, cadence_minutes=96, rng=np.random.default_rng(0))
        assert other[other["region"] == 11]["time"].max() == gone["time"].max()
        assert other[other["region"] == 12]["time"].max() > records[records["region"] == 12]["time"].max() - CADENCE

    def test_one_record_more_lies_after_the_cut(self):
        records, _, _ = altered()
        last = records["time"].max()
        for hours in (0, 1, 20):
            cut = last + np.timedelta64(hours, "h")
            other = altered_records(records, np.datetime64(cut, "s"), cadence_minutes=96, rng=np.random.default_rng(0))
            added = other[~other["time"].isin(records["time"])]
            assert len(added) >= 1
            assert (added["time"] > cut).all()

    def test_images_of_the_past_are_untouched(self):
        records, _, other = altered()
        images = images_of(records)
        images["frame_digest"] += 2**60
        changed = altered_images(images, other, CUT, np.random.default_rng(0))
        key = ["instrument", "region", "t_rec"]
        assert (changed.dtypes == images.dtypes).all()
        joined = changed.merge(records[[*key, "time"]], on=key, how="left").merge(images, on=key, suffixes=("", " was"))
        past = joined["time"] <= CUT
        for name in ("frame_digest", "mean_gauss", "mean_square_gauss2", "frame"):
            assert (joined.loc[past, name] == joined.loc[past, f"{name} was"]).all()
            assert (joined.loc[~past, name] != joined.loc[~past, f"{name} was"]).mean() > 0.9


def changed_by(look_ahead, seed, *, with_images=True):
    """What differs of windows that `look_ahead` (records, flares, images -> the same, spoilt) has a say in."""
    records, flares = made_sun(seed)
    images = images_of(records) if with_images else None
    before, _ = make_windows(*look_ahead(records, flares, images), settings=SETTINGS)
    rng = np.random.default_rng(seed)
    other = altered_records(records, CUT, cadence_minutes=96, rng=rng)
    other_images = None if images is None else altered_images(images, other, CUT, rng)
    spoilt = look_ahead(other, altered_flares(flares, CUT, rng), other_images)
    after, _ = make_windows(*spoilt, settings=SETTINGS)
    among = np.ones(len(before["flare"].label), dtype=bool)
    return changed_windows(before["flare"], after["flare"], CUT, among=among)


def honest(records, flares, images):
    return records, flares, images


def standardised_by_all(records, flares, images):
    return records.assign(area=records["area"] - records["area"].mean()), flares, images


def smoothed(records, flares, images):
    """The mean of a record and the next one of its region."""
    following = records.groupby(["instrument", "region"])["usfluxl"].shift(-1).fillna(0.0)
    return records.assign(usfluxl=(records["usfluxl"] + following) / 2), flares, images


def greatest_of_region(records, flares, images):
    return records.assign(usfluxl=records.groupby(["instrument", "region"])["usfluxl"].transform("max")), flares, images


def less_the_shortest_region(records, flares, images):
    """Which region is left out hangs on how many records of each there will have been."""
    n_records = records.groupby(["instrument", "region"])["time"].transform("size")
    return records[n_records > n_records.min()].reset_index(drop=True), flares, images


def flares_told_early(records, flares, images):
    return records, flares.assign(start_time=flares["start_time"] - 30 * CADENCE), images


def next_image(records, flares, images):
    images = images.sort_values(["instrument", "region", "t_rec"], kind="stable").reset_index(drop=True)
    return records, flares, images.assign(frame_digest=images["frame_digest"].shift(-1, fill_value=0))


class TestWindows:
    @given(st.integers(0, 500))
    @settings(max_examples=8)
    def test_honest_windows_know_nothing_of_the_future(self, seed):
        changed, n_compared = changed_by(honest, seed)
        assert set(changed) == {"samples", "area", "usfluxl", "strong_before", "magnetogram"}
        assert not any(changed.values())
        assert n_compared > 20

    @pytest.mark.parametrize(
        ("look_ahead", "guilty"),
        [
            (standardised_by_all, {"area"}),
            (smoothed, {"usfluxl"}),
            (greatest_of_region, {"usfluxl"}),
            (flares_told_early, {"strong_before"}),
            (next_image, {"magnetogram"}),
        ],
    )
    @pytest.mark.parametrize("seed", range(3))
    def test_each_look_ahead_is_found(self, look_ahead, guilty, seed):
        changed, _ = changed_by(look_ahead, seed)
        assert {name for name, n in changed.items() if n} == guilty

    def test_windows_that_come_and_go_are_found(self):
        changes = [changed_by(less_the_shortest_region, seed, with_images=False)[0]["samples"] for seed in range(4)]
        assert any(changes), "the shortest of four regions is not always the same once a tenth is removed"

    def test_a_smoothed_feature_changes_the_windows_at_the_cut_alone(self):
        # Windows of four regions that end with the last record before the cut hold the one value that looks ahead.
        changed, _ = changed_by(smoothed, 1)
        assert 1 <= changed["usfluxl"] <= 4

    def test_some_regions_alone(self):
        records, flares = made_sun(2)
        before, _ = make_windows(records, flares, None, settings=SETTINGS)
        before = before["flare"]
        chosen = records[records["region"] == 11]
        after = windows_of_another_future(chosen, flares, None, CUT, settings=SETTINGS, rng=np.random.default_rng(0))[
            "flare"
        ]
        among = (before.region == 11) & (before.instrument == 0)
        changed, n = changed_windows(before, after, CUT, among=among)
        assert not any(changed.values())
        assert n == int((among & (before.issue_time <= CUT)).sum())
        # Without being told so, windows of the others are missed.
        everything = np.ones(len(before.label), dtype=bool)
        assert changed_windows(before, after, CUT, among=everything)[0]["samples"] > 0

    def test_a_value_filled_from_another_record_of_equal_value_is_the_same(self):
        """Which record a step points to is of no concern, what it reads is."""
        records, flares = made_sun(3)
        before = make_windows(records, flares, None, settings=SETTINGS)[0]["flare"]
        twice = np.concatenate([before.features, before.features])
        moved = before.step_record.copy()
        moved[::2, 3] += len(before.features)
        among = np.ones(len(before.label), dtype=bool)
        end = before.issue_time.max()
        same = replace(before, features=twice, step_record=moved)
        assert not any(changed_windows(before, same, end, among=among)[0].values())
        twice[len(before.features) :] += 1.0
        changed, _ = changed_windows(before, replace(same, features=twice), end, among=among)
        assert changed["area"] == len(moved[::2])
