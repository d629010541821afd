"""Windows, evolution types and labels, worked out by hand and by loops."""

from functools import partial
from statistics import median

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from flaredag.cubes import bad_images_in_windows
from flaredag.errors import InputError
from flaredag.windows import (
    EVOLUTION,
    activity,
    count_flares,
    days_before_flares,
    evolution_types,
    find_windows,
    flares_of_regions,
    labels,
    largest_flares,
    windows_before_flares,
)

CADENCE = np.timedelta64(96 * 60, "s")
START = np.datetime64("2012-01-01T00:00:00", "s")
SUN2022 = {"cadence_minutes": 96, "n_steps": 16, "max_bad_records": 2}


def at_slots(slots):
    """Times of grid slots, 96 minutes apart."""
    return START + np.asarray(slots, dtype=np.int64) * CADENCE


def seconds(*text):
    return np.array(text, dtype="datetime64[s]")


class TestFindWindows:
    def test_a_region_of_24_slots_with_two_gaps_and_two_bad_records(self):
        # Slots 0 to 23 without 5 and 6; 10 and 23 are bad. Records number 0 to 21: slot 7 is record 5.
        slots = np.array([slot for slot in range(24) if slot not in (5, 6)])
        good = ~np.isin(slots, (10, 23))
        found = find_windows(np.full(22, 377), at_slots(slots), good, **SUN2022)
        # Windows end at slots 15 to 23. Those up to slot 20 hold 5, 6 and 10: three bad. 23 ends badly.
        assert found.counts == {
            "windows_possible": 9,
            "windows_with_last_record_bad": 1,
            "windows_with_too_many_bad_records": 6,
            "windows_kept": 2,
        }
        assert found.n_bad.tolist() == [2, 1]
        # Slots 6 to 21, of which 6 is absent (filled with 7) and 10 bad (filled with 11).
        record_of_slot = {slot: record for record, slot in enumerate(slots.tolist())}
        filled = [7, 7, 8, 9, 11, 11, 12, 13, 14, 15, 16, 17, 18, 19, 20, 21]
        assert found.step_record[0].tolist() == [record_of_slot[slot] for slot in filled]
        filled = [7, 8, 9, 11, 11, 12, 13, 14, 15, 16, 17, 18, 19, 20, 21, 22]
        assert found.step_record[1].tolist() == [record_of_slot[slot] for slot in filled]

    def test_two_missing_in_a_row_take_the_next_good_record(self):
        found = find_windows(
            np.full(4, 1), at_slots([0, 1, 4, 5]), np.full(4, True), cadence_minutes=96, n_steps=5, max_bad_records=2
        )
        # Slots 0 1 (2 3) 4 and 1 (2 3) 4 5.
        assert found.step_record.tolist() == [[0, 1, 2, 2, 2], [1, 2, 2, 2, 3]]
        assert found.n_bad.tolist() == [2, 2]

    def test_one_bad_record_more_than_allowed_drops_the_window(self):
        arguments = (np.full(3, 1), at_slots([0, 1, 5]), np.full(3, True))
        assert len(find_windows(*arguments, cadence_minutes=96, n_steps=6, max_bad_records=3).n_bad) == 1
        found = find_windows(*arguments, cadence_minutes=96, n_steps=6, max_bad_records=2)
        assert len(found.n_bad) == 0
        assert found.counts["windows_with_too_many_bad_records"] == 1

    def test_a_bad_first_record_is_filled_and_a_bad_last_one_never(self):
        # A bad last record has no next good one: filling it would take the future.
        good = np.array([False, True, True, False, True])
        found = find_windows(np.full(5, 1), at_slots(range(5)), good, cadence_minutes=96, n_steps=3, max_bad_records=2)
        assert found.step_record.tolist() == [[1, 1, 2], [2, 4, 4]]
        assert found.counts["windows_with_last_record_bad"] == 1

    def test_windows_stay_within_their_region(self):
        # Regions 9 and 4 follow each other in time without a gap: windows of 3 in 4 and in 3 records.
        region = np.array([9, 9, 9, 9, 4, 4, 4])
        found = find_windows(
            region, at_slots(range(7)), np.full(7, True), cadence_minutes=96, n_steps=3, max_bad_records=2
        )
        assert found.step_record.tolist() == [[0, 1, 2], [1, 2, 3], [4, 5, 6]]
        # The good record after a region's end does not fill its gap.
        good = np.array([True, True, True, False, True, True, True])
        found = find_windows(region, at_slots(range(7)), good, cadence_minutes=96, n_steps=3, max_bad_records=2)
        assert found.step_record.tolist() == [[0, 1, 2], [4, 5, 6]]

    def test_a_region_shorter_than_a_window_has_none(self):
        found = find_windows(np.full(15, 1), at_slots(range(15)), np.full(15, True), **SUN2022)
        assert found.step_record.shape == (0, 16)
        assert found.counts["windows_possible"] == 0

    def test_no_records_have_no_windows(self):
        found = find_windows(np.zeros(0, np.int64), at_slots([]), np.zeros(0, bool), **SUN2022)
        assert found.step_record.shape == (0, 16)

    @pytest.mark.parametrize(
        ("region", "slots"),
        [([1, 1, 1], [0, 2, 1]), ([1, 1, 1], [0, 1, 1]), ([1, 2, 1], [0, 1, 2])],
        ids=["unsorted", "duplicate", "region in two pieces"],
    )
    def test_records_out_of_order_are_refused(self, region, slots):
        with pytest.raises(InputError, match="not sorted by region and time, each once"):
            find_windows(np.array(region), at_slots(slots), np.full(3, True), **SUN2022)

    def test_a_record_that_is_bad_in_one_window_is_good_in_the_next(self):
        # Record 2 is bad in the window that begins with 0, and the last in that which begins with 1.
        asked = []

        def bad_in_window(steps):
            asked.append(steps.tolist())
            return ((steps == 2) & (steps[:, :1] == 0)) | ((steps == 4) & (steps[:, :1] == 1))

        found = find_windows(
            np.full(7, 1),
            at_slots(range(7)),
            np.full(7, True),
            cadence_minutes=96,
            n_steps=4,
            max_bad_records=1,
            bad_in_window=bad_in_window,
        )
        assert asked == [[[0, 1, 2, 3], [1, 2, 3, 4], [2, 3, 4, 5], [3, 4, 5, 6]]]
        assert found.step_record.tolist() == [[0, 1, 3, 3], [2, 3, 4, 5], [3, 4, 5, 6]]
        assert found.n_bad.tolist() == [1, 0, 0]
        assert found.counts == {
            "windows_possible": 4,
            "windows_with_last_record_bad": 1,
            "windows_with_too_many_bad_records": 0,
            "windows_kept": 3,
        }

    def test_bad_records_of_both_kinds_count_together(self):
        # Record 1 is bad everywhere, record 2 in its window: two of four, one more than allowed.
        arguments = (np.full(4, 1), at_slots(range(4)), np.array([True, False, True, True]))
        settings = {"cadence_minutes": 96, "n_steps": 4, "bad_in_window": lambda steps: (steps == 2) | (steps < 0)}
        assert find_windows(*arguments, max_bad_records=2, **settings).step_record.tolist() == [[0, 3, 3, 3]]
        found = find_windows(*arguments, max_bad_records=1, **settings)
        assert len(found.n_bad) == 0
        assert found.counts["windows_with_too_many_bad_records"] == 1

    def test_records_off_the_grid_are_refused(self):
        t_rec = at_slots([0, 1, 2, 3])
        t_rec[2:] += np.timedelta64(12 * 60, "s")
        with pytest.raises(InputError, match=r"record 3 of 2012-01-01T03:24:00 is off the grid .*\(2 such records\)"):
            find_windows(np.full(4, 1), t_rec, np.full(4, True), **SUN2022)

    def test_the_grid_is_aligned_with_midnight(self):
        # 96 min x 15 is a day, so the grid holds on any date, before 1970 too.
        for day in ("1969-12-30", "1996-04-23", "2000-02-29", "2011-02-15"):
            t_rec = np.datetime64(day, "s") + np.arange(40) * CADENCE
            assert find_windows(np.full(40, 1), t_rec, np.full(40, True), **SUN2022).counts["windows_kept"] == 25


PADDED = {"cadence_minutes": 96, "max_bad_records": 0, "padding": "zeros"}


class TestPaddedWindows:
    def found(self, slots, good=None, *, region=None, n_steps=4, **changes):
        region = np.full(len(slots), 1) if region is None else np.array(region)
        good = np.full(len(slots), True) if good is None else np.array(good)
        return find_windows(region, at_slots(slots), good, n_steps=n_steps, **PADDED | changes)

    def test_a_gap_longer_than_the_window(self):
        # Slots 2 to 7 are absent: the window of slot 8 has nothing but its last record.
        found = self.found([0, 1, 8])
        assert found.step_record.tolist() == [[-1, -1, -1, 0], [-1, -1, 0, 1], [-1, -1, -1, 2]]
        assert found.n_bad.tolist() == [3, 2, 3]
        assert found.counts == {
            "windows_possible": 9,
            "windows_with_last_record_bad": 6,
            "windows_with_too_many_bad_records": 0,
            "windows_kept": 3,
        }

    def test_a_gap_inside_the_window_stays_empty(self):
        # Nothing is filled from the next record, as it is without padding.
        found = self.found([0, 1, 3, 4])
        assert found.step_record.tolist() == [[-1, -1, -1, 0], [-1, -1, 0, 1], [0, 1, -1, 2], [1, -1, 2, 3]]

    def test_a_region_of_one_record(self):
        found = self.found([5])
        assert found.step_record.tolist() == [[-1, -1, -1, 0]]
        assert found.step_record.dtype == np.int32

    def test_a_region_that_begins_and_ends_with_bad_records(self):
        found = self.found(range(5), [False, False, True, True, False])
        assert found.step_record.tolist() == [[-1, -1, -1, 2], [-1, -1, 2, 3]]
        assert found.counts["windows_with_last_record_bad"] == 3

    def test_no_record_of_the_region_before_stands_in(self):
        # Region 4 follows region 9 in time and among the records without a gap.
        found = self.found(range(5), region=[9, 9, 9, 4, 4], n_steps=3)
        assert found.step_record.tolist() == [[-1, -1, 0], [-1, 0, 1], [0, 1, 2], [-1, -1, 3], [-1, 3, 4]]

    def test_as_many_bad_records_as_will(self):
        good = [True, *[False] * 14, True]
        found = self.found(range(16), good, n_steps=16)
        assert found.step_record.tolist() == [[-1] * 15 + [0], [0, *[-1] * 14, 15]]

    def test_bad_records_of_a_long_window_are_counted(self):
        assert self.found([0], n_steps=301).n_bad.tolist() == [300]

    def test_a_window_of_one_step_has_nothing_to_pad(self):
        assert self.found([0, 3], n_steps=1).step_record.tolist() == [[0], [1]]

    def test_a_record_bad_beside_the_others_is_left_out_of_its_window(self):
        # Record 1 is off the median size of every window it is in, and so gives none.
        size = np.array([80, 90, 80, 80])
        bad = partial(bad_images_in_windows, size, np.full(4, 166), np.zeros(4))
        found = self.found(range(4), n_steps=3, bad_in_window=bad)
        # Of records 0 and 1 the median is 85: both are bad beside each other.
        assert found.step_record.tolist() == [[-1, -1, 0], [0, -1, 2], [-1, 2, 3]]
        assert found.counts["windows_with_last_record_bad"] == 1

    def test_no_records_have_no_windows(self):
        assert self.found([]).step_record.shape == (0, 4)

    @pytest.mark.parametrize(
        ("region", "slots"),
        [([1, 1, 1], [0, 2, 1]), ([1, 1, 1], [0, 1, 1]), ([1, 2, 1], [0, 1, 2])],
        ids=["unsorted", "duplicate", "region in two pieces"],
    )
    def test_records_out_of_order_are_refused(self, region, slots):
        with pytest.raises(InputError, match="not sorted by region and time, each once"):
            self.found(slots, region=region)


def windows_by_loop(region, slot, good, n_steps, max_bad, size=None):
    """(step_record, n_bad) of every window, one slot after the other; bad is also what is off its window's `size`."""
    found = []
    for one in dict.fromkeys(region.tolist()):
        record_of_slot = {s: i for i, s in enumerate(slot.tolist()) if region[i] == one}
        for end in range(min(record_of_slot) + n_steps - 1, max(record_of_slot) + 1):
            window = [record_of_slot.get(s) for s in range(end - n_steps + 1, end + 1)]
            window = [None if record is None or not good[record] else record for record in window]
            if window[-1] is None:
                continue
            if size is not None:
                usual = median(size[record] for record in window if record is not None)
                window = [
                    None if record is None or abs(size[record] - usual) > 2 else record  # pixels
                    for record in window
                ]
            n_bad = window.count(None)
            if window[-1] is None or n_bad > max_bad:
                continue
            filled = [next(record for record in window[i:] if record is not None) for i in range(n_steps)]
            found.append((filled, n_bad))
    return found


@st.composite
def regions_with_gaps(draw):
    region, slot = [], []
    for one in draw(st.lists(st.integers(1, 99), min_size=1, max_size=4, unique=True)):
        own = sorted(draw(st.sets(st.integers(0, 14), min_size=1)))
        region += [one] * len(own)
        slot += own
    good = draw(st.lists(st.booleans() | st.just(True), min_size=len(slot), max_size=len(slot)))
    return np.array(region), np.array(slot), np.array(good)


@given(regions_with_gaps(), st.integers(1, 6), st.integers(0, 3))
def test_windows_are_those_of_a_loop(regions, n_steps, max_bad):
    region, slot, good = regions
    found = find_windows(region, at_slots(slot), good, cadence_minutes=96, n_steps=n_steps, max_bad_records=max_bad)
    wanted = windows_by_loop(region, slot, good, n_steps, max_bad)
    assert found.step_record.tolist() == [steps for steps, _ in wanted]
    assert found.n_bad.tolist() == [n_bad for _, n_bad in wanted]
    counts = found.counts
    assert counts["windows_kept"] == len(wanted)
    assert counts["windows_possible"] == (
        counts["windows_with_last_record_bad"] + counts["windows_with_too_many_bad_records"] + counts["windows_kept"]
    )


@given(regions_with_gaps(), st.integers(1, 6))
def test_padded_windows_end_at_every_good_record(regions, n_steps):
    region, slot, good = regions
    found = find_windows(region, at_slots(slot), good, n_steps=n_steps, **PADDED)
    record_at = {place: i for i, place in enumerate(zip(region.tolist(), slot.tolist(), strict=True)) if good[i]}
    wanted = [
        [record_at.get((region[end], slot[end] - back), -1) for back in range(n_steps - 1, -1, -1)]
        for end in np.flatnonzero(good)
    ]
    assert found.step_record.tolist() == wanted
    assert found.n_bad.tolist() == [steps.count(-1) for steps in wanted]
    # Where no step is missing they are the windows that there are without padding.
    strict = find_windows(region, at_slots(slot), good, cadence_minutes=96, n_steps=n_steps, max_bad_records=0)
    assert found.step_record[found.n_bad == 0].tolist() == strict.step_record.tolist()


@given(regions_with_gaps(), st.integers(1, 6), st.integers(0, 3), st.data())
def test_windows_of_images_are_those_of_a_loop(regions, n_steps, max_bad, data):
    region, slot, good = regions
    n = len(region)
    size = np.array(data.draw(st.lists(st.sampled_from([80, 82, 83, 90]), min_size=n, max_size=n)))
    found = find_windows(
        region,
        at_slots(slot),
        good,
        cadence_minutes=96,
        n_steps=n_steps,
        max_bad_records=max_bad,
        bad_in_window=partial(bad_images_in_windows, size, np.full(n, 166), np.zeros(n)),
    )
    wanted = windows_by_loop(region, slot, good, n_steps, max_bad, size)
    assert found.step_record.tolist() == [steps for steps, _ in wanted]
    assert found.n_bad.tolist() == [n_bad for _, n_bad in wanted]


few_seconds = st.integers(0, 12)


@given(
    st.lists(st.tuples(st.integers(1, 3), few_seconds, few_seconds), max_size=8),
    st.lists(st.tuples(st.integers(1, 3), few_seconds), max_size=8),
    st.sampled_from(["both", "right"]),
)
def test_flares_counted_are_those_of_a_loop(windows, flares, closed):
    windows = [(region, min(a, b), max(a, b)) for region, a, b in windows]
    region, begins, ends = np.array(windows, dtype=np.int64).reshape(-1, 3).T
    flare_region, start = np.array(flares, dtype=np.int64).reshape(-1, 2).T
    got = count_flares(
        region,
        begins.astype("datetime64[s]"),
        ends.astype("datetime64[s]"),
        flare_region,
        start.astype("datetime64[s]"),
        closed=closed,
    )
    wanted = [
        sum(of == one and (begin <= at <= end if closed == "both" else begin < at <= end) for of, at in flares)
        for one, begin, end in windows
    ]
    assert got.tolist() == wanted


def test_times_that_span_too_long_are_refused():
    far = np.array([-(2**61), 2**61]).astype("datetime64[s]")
    many = np.arange(2)
    with pytest.raises(InputError, match="span too long"):
        count_flares(many, far, far, many, far, closed="both")


def test_activity():
    # no flare, one weak, two of which one is strong
    assert activity(np.array([0, 1, 2]), np.array([0, 0, 1])).tolist() == [0, 1, 2]


ISSUE = "2012-01-02T00:00:00"


def evolution_after(*flares, closed="both", region=7):
    """Evolution type of the day before and after ISSUE in region 7, of flares (time, peak flux)."""
    frame = pd.DataFrame(
        {
            "region_code": np.full(len(flares), region),
            "start_time": seconds(*(time for time, _ in flares)),
            "peak_flux": np.array([flux for _, flux in flares], dtype=np.float64),
        }
    )
    code = evolution_types(
        np.array([7]),
        seconds("2012-01-01T00:00:00"),
        seconds(ISSUE),
        frame,
        horizon_hours=24,
        strong_flux_w_m2=1e-5,
        closed=closed,
    )
    return EVOLUTION[code[0]]


class TestEvolution:
    def test_order_of_types_is_that_of_table_2(self):
        assert EVOLUTION == (
            "QUIET->QUIET", "QUIET->WEAK", "QUIET->STRONG",
            "WEAK->QUIET", "WEAK->WEAK", "WEAK->STRONG",
            "STRONG->QUIET", "STRONG->WEAK", "STRONG->STRONG",
        )  # fmt: skip

    @pytest.mark.parametrize(
        ("time", "both", "right"),
        [
            ("2011-12-31T23:59:59", "QUIET->QUIET", "QUIET->QUIET"),
            ("2012-01-01T00:00:00", "STRONG->QUIET", "QUIET->QUIET"),
            ("2012-01-01T00:00:01", "STRONG->QUIET", "STRONG->QUIET"),
            ("2012-01-01T23:59:59", "STRONG->QUIET", "STRONG->QUIET"),
            ("2012-01-02T00:00:00", "STRONG->STRONG", "STRONG->QUIET"),
            ("2012-01-02T00:00:01", "QUIET->STRONG", "QUIET->STRONG"),
            ("2012-01-03T00:00:00", "QUIET->STRONG", "QUIET->STRONG"),
            ("2012-01-03T00:00:01", "QUIET->QUIET", "QUIET->QUIET"),
        ],
    )
    def test_flares_on_the_edges(self, time, both, right):
        assert evolution_after((time, 2e-5), closed="both") == both
        assert evolution_after((time, 2e-5), closed="right") == right

    def test_m1_is_strong_and_what_is_below_is_weak(self):
        assert evolution_after(("2012-01-02T06:00:00", 1e-5)) == "QUIET->STRONG"
        assert evolution_after(("2012-01-02T06:00:00", 1.0 * 1e-5 * (1 - 1e-12))) == "QUIET->STRONG"
        assert evolution_after(("2012-01-02T06:00:00", 9.9e-6)) == "QUIET->WEAK"
        assert evolution_after(("2012-01-02T06:00:00", 1e-8)) == "QUIET->WEAK"

    def test_the_strongest_flare_decides(self):
        before, after = "2012-01-01T12:00:00", "2012-01-02T12:00:00"
        assert evolution_after((before, 1e-6), (after, 1e-6), (after, 1e-4), (after, 1e-6)) == "WEAK->STRONG"
        assert evolution_after((before, 1e-4), (before, 1e-6), (after, 1e-6)) == "STRONG->WEAK"

    def test_flares_of_other_regions_and_no_flares_leave_it_quiet(self):
        assert evolution_after(("2012-01-02T06:00:00", 1e-4), region=8) == "QUIET->QUIET"
        assert evolution_after() == "QUIET->QUIET"

    def test_the_horizon_is_a_setting(self):
        flares = pd.DataFrame({"region_code": [7], "start_time": seconds("2012-01-02T06:30:00"), "peak_flux": [1e-4]})
        types = [
            EVOLUTION[
                evolution_types(
                    np.array([7]),
                    seconds("2012-01-01T00:00:00"),
                    seconds(ISSUE),
                    flares,
                    horizon_hours=hours,
                    strong_flux_w_m2=1e-5,
                    closed="right",
                )[0]
            ]
            for hours in (6, 6.5)
        ]
        assert types == ["QUIET->QUIET", "QUIET->STRONG"]


def test_labels_are_those_of_table_2():
    got = labels(
        np.arange(9, dtype=np.int8),
        positive=["QUIET->STRONG", "WEAK->STRONG", "STRONG->STRONG"],
        negative=["QUIET->QUIET"],
    )
    assert got.tolist() == [0, -1, 1, -1, -1, 1, -1, -1, 1]


class TestFlaresOfRegions:
    records = pd.DataFrame(
        {
            "instrument": ["sharp", "sharp", "sharp", "smarp"],
            "region": [377, 377, 401, 12],
            "noaa_ars": ["11158,11159", "11158,11159", "", "11159, 11160"],
            "region_code": [377, 377, 401, 10_000_012],
        }
    )

    @staticmethod
    def flares(**columns):
        n = len(next(iter(columns.values())))
        hours = np.arange(n) * np.timedelta64(3600, "s")
        table = {"start_time": START + hours, "peak_flux": np.arange(1, n + 1) * 1e-6}
        return pd.DataFrame(table | {"noaa_ar": 0, "instrument": "", "region": -1} | columns)

    def test_a_flare_belongs_to_every_patch_that_holds_its_noaa_region(self):
        found = flares_of_regions(self.flares(noaa_ar=[11158, 11159, 11160, 11161, 0]), self.records)
        # 11158: HARP 377; 11159: HARP 377 and TARP 12; 11160: TARP 12; 11161 and 0: nowhere.
        pairs = sorted(zip(found["region_code"], (found["peak_flux"] * 1e6).round().astype(int), strict=True))
        assert pairs == [(377, 1), (377, 2), (10_000_012, 2), (10_000_012, 3)]

    def test_a_flare_keeps_all_its_columns(self):
        flares = self.flares(noaa_ar=[0, 11158], region=[401, -1], instrument=["sharp", ""])
        flares = flares.assign(peak_time=flares["start_time"], end_time=np.datetime64("NaT", "s"))
        found = flares_of_regions(flares, self.records)
        assert list(found.columns) == ["region_code", *flares.columns]
        pd.testing.assert_frame_equal(found[flares.columns], flares)
        assert found["region_code"].tolist() == [401, 377]

    def test_a_flare_that_names_its_patch_belongs_to_it_alone(self):
        flares = self.flares(noaa_ar=[0, 0], instrument=["sharp", "smarp"], region=[401, 12])
        found = flares_of_regions(flares, self.records)
        assert sorted(found["region_code"]) == [401, 10_000_012]

    def test_the_number_of_another_instruments_patch_does_not_match(self):
        flares = self.flares(noaa_ar=[0], instrument=["smarp"], region=[377])
        assert len(flares_of_regions(flares, self.records)) == 0

    def test_a_flare_counts_once_where_the_list_of_a_patch_changes(self):
        records = self.records.assign(region=377, region_code=377, instrument="sharp")
        records["noaa_ars"] = ["11158", "11158,11159", "11159,11158", ""]
        assert flares_of_regions(self.flares(noaa_ar=[11158]), records)["region_code"].tolist() == [377]

    def test_no_flares(self):
        assert len(flares_of_regions(self.flares(noaa_ar=[1]).iloc[:0], self.records)) == 0


class TestLargestFlares:
    def test_of_equal_ones_the_earliest_and_none_of_a_lower_class(self):
        flares = pd.DataFrame(
            {
                "region_code": [7, 5, 7, 7, 6],
                "start_time": seconds("2012-01-03", "2012-01-01", "2012-01-02", "2012-01-01", "2012-01-01"),
                "peak_flux": [2e-5, 1e-6, 2e-5, 1e-5, 9.9e-7],
            }
        )
        found = largest_flares(flares, least_flux_w_m2=1e-6)
        assert found["region_code"].tolist() == [5, 7]
        assert found["start_time"].tolist() == [pd.Timestamp("2012-01-01"), pd.Timestamp("2012-01-02")]


STEP = np.timedelta64(36, "m")


def flares_at(**start_of_region):
    regions = sorted(start_of_region)
    return pd.DataFrame(
        {
            "region_code": [int(name.removeprefix("r")) for name in regions],
            "start_time": seconds(*(start_of_region[name] for name in regions)),
        }
    )


def before_flares(region, time, flares, *, good=None, n_steps=4, least_records=2):
    good = np.ones(len(region), dtype=bool) if good is None else good
    return windows_before_flares(
        np.asarray(region, dtype=np.int64),
        time,
        good,
        flares,
        cadence_minutes=36,
        n_steps=n_steps,
        least_records=least_records,
    )


class TestDaysBeforeFlares:
    def test_by_hand(self):
        # Region 3: records at 0, 36, 108, 144, 180 minutes, the flare at 150: the day of four steps begins with 36.
        # Region 4: the last before the flare is bad, so that the day ends with that at 36. Region 5: none is recent.
        time = START + np.array([0, 36, 108, 144, 180, 0, 36, 72, 0]) * np.timedelta64(1, "m")
        flares = flares_at(r3="2012-01-01T02:30:00", r4="2012-01-01T01:30:00", r5="2012-01-02", r6="2012-01-02")
        good = np.arange(9) != 7
        region = np.array([3] * 5 + [4] * 3 + [5])
        found = days_before_flares(region, time, good, flares, cadence_minutes=36, n_steps=4)
        assert found.record.tolist() == [1, 2, 3, 5, 6]
        assert found.flare.tolist() == [0, 0, 0, 1, 1]
        assert found.step.tolist() == [0, 2, 3, 2, 3]
        assert found.recent.tolist() == [True, True, False, False]

    def test_no_records_and_no_flares(self):
        nothing = np.empty(0, dtype=np.int64)
        found = days_before_flares(
            nothing, nothing.astype("datetime64[s]"), nothing > 0, flares_at(), cadence_minutes=36, n_steps=4
        )
        assert len(found.record) == len(found.recent) == 0


class TestWindowsBeforeFlares:
    def test_by_hand(self):
        # Records at 0, 36, 108, 144, 180 minutes; the flare begins at 150, so that the day of four steps is 36 to 144,
        # and 72 is absent, filled with 108.
        time = START + np.array([0, 36, 108, 144, 180]) * np.timedelta64(1, "m")
        found, flare = before_flares([3] * 5, time, flares_at(r3="2012-01-01T02:30:00"))
        assert found.step_record.tolist() == [[-1, -1, -1, 1], [-1, 1, 2, 2], [1, 2, 2, 3]]
        assert found.n_bad.tolist() == [3, 2, 1]
        assert flare.tolist() == [0, 0, 0]
        assert found.counts == {
            "regions_with_flare": 1,
            "regions_without_recent_record": 0,
            "regions_with_few_records": 0,
            "regions_kept": 1,
            "windows_kept": 3,
        }

    def test_a_record_at_the_very_start_of_the_flare_knows_it(self):
        time = START + np.arange(5) * STEP
        found, _ = before_flares([3] * 5, time, flares_at(r3="2012-01-01T02:24:00"))
        assert found.step_record[-1].tolist() == [0, 1, 2, 3]

    def test_records_between_the_steps_are_left_out_whatever_the_phase_of_the_region(self):
        # Every 12 minutes from 00:12: the last before 02:01 is 02:00, and each third before that counts.
        time = START + np.timedelta64(12, "m") * np.arange(1, 11)
        found, _ = before_flares([3] * 10, time, flares_at(r3="2012-01-01T02:01:00"))
        assert found.step_record[-1].tolist() == [0, 3, 6, 9]

    def test_regions_without_a_flare_or_with_few_or_old_records_have_no_window(self):
        time = np.concatenate([START + np.arange(4) * STEP] * 4)
        region = np.repeat([1, 2, 3, 4], 4)
        good = np.ones(16, dtype=bool)
        good[4:7] = False
        # Region 1 has no flare, 2 one good record, the records of 3 end 2 h 25 min before its flare, more than 4 steps.
        flares = flares_at(
            r2="2012-01-01T02:00:00", r3="2012-01-01T04:13:00", r4="2012-01-01T02:00:00", r9="2012-01-01T02:00:00"
        )
        found, flare = before_flares(region, time, flares, good=good)
        assert set(found.step_record[:, -1] // 4) == {3}
        assert flare.tolist() == [2] * 4
        assert found.counts == {
            "regions_with_flare": 4,
            "regions_without_recent_record": 2,
            "regions_with_few_records": 1,
            "regions_kept": 1,
            "windows_kept": 4,
        }

    @pytest.mark.parametrize("flares", [flares_at(), flares_at(r9="2012-01-01T02:00:00")])
    def test_no_region_with_a_flare(self, flares):
        found, flare = before_flares([1, 1], START + np.arange(2) * STEP, flares)
        assert (found.step_record.shape, len(flare), found.counts["windows_kept"]) == ((0, 4), 0, 0)

    @given(
        st.lists(st.tuples(st.integers(1, 3), st.integers(0, 40), st.booleans()), unique_by=lambda one: one[:2]),
        st.dictionaries(st.integers(1, 4), st.integers(0, 500), max_size=4),
        st.integers(1, 6),
        st.integers(1, 6),
    )
    def test_as_a_loop_finds_them(self, records, starts, n_steps, least_records):
        records = sorted(records)
        minutes = np.array([12 * slot for _, slot, _ in records], dtype=np.int64)
        flares = pd.DataFrame(
            {
                "region_code": sorted(starts),
                "start_time": [START + np.timedelta64(starts[region], "m") for region in sorted(starts)],
            }
        )
        found, flare = before_flares(
            [region for region, _, _ in records],
            START + minutes * np.timedelta64(1, "m"),
            flares,
            good=np.array([good for *_, good in records], dtype=bool),
            n_steps=n_steps,
            least_records=least_records,
        )
        wanted, wanted_flare = [], []
        for row, region in enumerate(sorted(starts)):
            of_region = {
                12 * slot: i
                for i, (number, slot, good) in enumerate(records)
                if number == region and good and 12 * slot < starts[region]
            }
            if not of_region or starts[region] - max(of_region) > 36 * n_steps:
                continue
            day = [of_region.get(max(of_region) - 36 * back) for back in range(n_steps - 1, -1, -1)]
            if sum(record is not None for record in day) < least_records:
                continue
            for end, last in enumerate(day):
                if last is None:
                    continue
                window = []
                for place in range(end - n_steps + 1, end + 1):
                    begun = place >= 0 and any(record is not None for record in day[: place + 1])
                    later = [record for record in day[max(place, 0) : end + 1] if record is not None]
                    window.append(later[0] if begun else -1)
                wanted.append(window)
                wanted_flare.append(row)
        assert found.step_record.tolist() == wanted
        assert flare.tolist() == wanted_flare
