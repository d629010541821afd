"""Tables with another future: the past is untouched, and windows that look ahead are found."""

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from flaredag.altered_future import (
    altered_flares,
    altered_flares_in_progress,
    altered_images,
    altered_records,
    changed_windows,
    windows_of_another_future,
)
from flaredag.study_windows import make_windows
from made_up_history import history_settings, with_course
from made_up_padding import padded
from made_up_records import CADENCE, SETTINGS, START, flares_of, images_of, made_sun, settings_with

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

    def test_flares_of_the_future_are_others(self):
        _, flares = made_sun(0)
        minutes = np.arange(1.0, len(flares) + 1)
        flares = with_course(flares, minutes / 60, np.where(minutes == 4, np.nan, minutes / 30))
        changed = altered_flares(flares, CUT, np.random.default_rng(0))
        assert (changed.dtypes == flares.dtypes).all()
        later = flares["start_time"] > CUT
        pd.testing.assert_frame_equal(changed[~later], flares[~later])
        assert (changed["start_time"] == flares["start_time"]).all()
        was, now = (table[later] for table in (flares, changed))
        for name in ("noaa_ar", "peak_flux"):
            assert sorted(now[name]) == sorted(was[name])
            assert now[name].tolist() != was[name].tolist()
        # A flare has the whole course of another: it peaks k minutes after its start and ends k later.
        k_was, k = ((table["peak_time"] - table["start_time"]) / np.timedelta64(1, "m") for table in (was, now))
        assert sorted(k) == sorted(k_was)
        assert (k != k_was).mean() > 0.5
        given = now["end_time"].notna()
        assert given.tolist() == (k != 4).tolist()
        assert ((now["end_time"] - now["peak_time"]) / np.timedelta64(1, "m"))[given].tolist() == k[given].tolist()

    def test_flares_in_progress_by_hand(self):
        # Hours from the start to the cut, the peak and the end. One that peaks at the very cut is not known to have
        # peaked; one that begins then has not begun.
        nan = np.nan
        hours = np.array(
            [(2, 1, 1.5), (2, 1, 2.5), (2, 2, 3), (2, 3, 4), (0, 1, 2), (2, 3, nan), (2, nan, 3), (2, nan, nan)]
        )
        starts = CUT - (3600 * hours[:, 0]).astype("timedelta64[s]")
        flares = with_course(flares_of(*((start, 1e-6, 11) for start in starts)), hours[:, 1], hours[:, 2])
        flares["goes_class"] = "C1.0"
        altered = altered_flares_in_progress(flares, CUT)
        assert (altered.dtypes == flares.dtypes).all()
        grown = [False, False, True, True, False, True, False, False]
        assert altered["peak_flux"].tolist() == pytest.approx([1e-5 if one else 1e-6 for one in grown])
        assert altered["goes_class"].tolist() == ["M1.00" if one else "C1.0" for one in grown]
        for name, late in (("peak_time", [2, 3, 5]), ("end_time", [1, 2, 3, 6])):
            delay = ((altered[name] - flares[name]) / np.timedelta64(1, "h")).fillna(0)
            assert delay.tolist() == [float(i in late) for i in range(8)], name
        rest = ["start_time", "noaa_ar", "instrument", "region", "lists"]
        pd.testing.assert_frame_equal(altered[rest], flares[rest])

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


PADDED = settings_with(windows={"padding": "zeros"})


def changed_by(look_ahead, seed, *, with_images=True, study=SETTINGS):
    """What differs of windows that `look_ahead` (records, flares, images -> the same, spoilt) has a say in."""
    records, flares = made_sun(seed)
    images = images_of(records) if with_images else None
    before, _ = make_windows(*look_ahead(records, flares, images), settings=study)
    rng = np.random.default_rng(seed)
    other = altered_records(records, CUT, cadence_minutes=96, rng=rng)
    other_images = None if images is None else altered_images(images, other, CUT, rng)
    spoilt = look_ahead(other, altered_flares(flares, CUT, rng), other_images)
    after, _ = make_windows(*spoilt, settings=study)
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


def with_short_flares(records, flares, images):
    return records, with_course(flares, 0.2, 0.5), images


def short_flares_told_early(records, flares, images):
    return flares_told_early(*with_short_flares(records, flares, images))


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

    @given(st.integers(0, 500))
    @settings(max_examples=5)
    def test_honest_padded_windows_know_nothing_of_the_future(self, seed):
        changed, n_compared = changed_by(honest, seed, study=PADDED)
        assert not any(changed.values())
        assert n_compared > changed_by(honest, seed)[1]

    @pytest.mark.parametrize(("look_ahead", "guilty"), [(standardised_by_all, {"area"}), (smoothed, {"usfluxl"})])
    def test_each_look_ahead_of_padded_windows_is_found(self, look_ahead, guilty):
        changed, _ = changed_by(look_ahead, 1, study=PADDED)
        assert {name for name, n in changed.items() if n} == guilty

    @pytest.mark.parametrize("known_from", ["start", "peak", "end"])
    def test_the_flare_history_knows_nothing_of_flares_that_have_not_begun(self, known_from):
        study = history_settings(known_from)
        changed, n_compared = changed_by(with_short_flares, 0, with_images=False, study=study)
        assert set(changed) == {"samples", "strong_before", *study["features"]}
        assert not any(changed.values())
        assert n_compared > 20
        early, _ = changed_by(short_flares_told_early, 0, with_images=False, study=study)
        assert {name for name, n in early.items() if n} >= {"strong_before", "cdec", "mdec", "chis", "edec", "xmax1d"}

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

    def test_a_step_padded_in_one_alone_is_found_and_one_padded_in_both_is_not(self):
        records, flares = made_sun(3)
        whole = make_windows(records, flares, None, settings=SETTINGS)[0]["flare"]
        among, end = np.ones(len(whole.label), dtype=bool), whole.issue_time.max()
        some = padded(whole)
        n_padded = len(whole.label[::3])
        for before, after in ((whole, some), (some, whole)):
            changed, _ = changed_windows(before, after, end, among=among)
            assert (changed["area"], changed["usfluxl"], changed["samples"]) == (n_padded, n_padded, 0)
        # A record more at the end, which -1 would read, and which no window holds.
        longer = replace(some, features=np.vstack([some.features, [[7.0, 7.0]]]))
        assert not any(changed_windows(some, longer, end, among=among)[0].values())

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
