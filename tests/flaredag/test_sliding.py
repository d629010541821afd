"""Flare lists rebuilt from sliding windows: by hand, and from true flares that any list may come from."""

from collections import Counter

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from flaredag.sliding import flares_from_sliding_lists

HOUR = 3600


def rebuilt(hours, lists, *, region=None, horizon_hours=24):
    """Rebuilt flares as (region, class, earliest h, latest h), and the number of contradictions."""
    time = (np.asarray(hours) * HOUR).astype("datetime64[s]")
    region = np.full(len(hours), 1) if region is None else np.array(region)
    flares, n_contradictions = flares_from_sliding_lists(region, time, lists, horizon_hours=horizon_hours)
    middle = flares["start_time"].to_numpy().astype("datetime64[s]").astype(np.int64)
    found = [
        (row.region, row.goes_class, (at - row.start_uncertainty) / HOUR, (at + row.start_uncertainty) / HOUR)
        for row, at in zip(flares.itertuples(), middle, strict=True)
    ]
    return sorted(found), n_contradictions


def approximately(*flares):
    # Bounds are whole seconds, one of which belongs to the next, and the middle is cut to one.
    return [
        (region, name, pytest.approx(low, abs=2 / HOUR), pytest.approx(high, abs=2 / HOUR))
        for region, name, low, high in flares
    ]


def test_entry_and_exit_bound_the_start():
    # Day-long lists every 6 h; an M1.0 starts at hour 45: in the lists of hours 24, 30, 36 and 42 (21 + 24 = 45).
    hours = np.arange(0, 61, 6)
    lists = [["M1.0"] if hour <= 45 <= hour + 24 else [] for hour in hours]
    assert [hour for hour, names in zip(hours, lists, strict=True) if names] == [24, 30, 36, 42]
    found, n_contradictions = rebuilt(hours, lists)
    # Entry: not in the list of hour 18, so later than 42; exit: not in the list of hour 48, so earlier than 48.
    # In the list of 24, so not later than 48; in the list of 42, so not earlier than 42.
    assert found == approximately((1, "M1.0", 42, 48))
    assert n_contradictions == 0


def test_uneven_records_bound_unevenly():
    # In the list of hour 10 (until 34), not of hour 2 (until 26): start in (26, 34]. In that of 28, not of 31.
    found, _ = rebuilt([2, 10, 28, 31], [[], ["C1.0"], ["C1.0"], []])
    assert found == approximately((1, "C1.0", 28, 31))


def test_the_first_record_bounds_by_itself_only():
    found, _ = rebuilt([0, 6], [["C1.0"], []])
    assert found == approximately((1, "C1.0", 0, 6))


def test_records_that_end_leave_the_start_between_the_last_horizons():
    found, _ = rebuilt([0, 6, 12], [[], [], ["X1.0"]])
    assert found == approximately((1, "X1.0", 30, 36))


def test_both_ends_of_a_list_belong_to_it():
    # At hour 24 exactly: in the list of hour 0 (0 + 24) and of hour 24 itself.
    found, n_contradictions = rebuilt([0, 12, 24, 36], [["M1.0"], ["M1.0"], ["M1.0"], []])
    assert found == approximately((1, "M1.0", 24, 24))
    assert n_contradictions == 0


def test_flares_of_one_class_leave_in_the_order_in_which_they_came():
    # C1.0 at hours 26 and 41: in the lists of 2 to 26 and of 17 to 41.
    hours = np.arange(0, 51, 5)
    lists = [["C1.0"] * sum(hour <= start <= hour + 24 for start in (26, 41)) for hour in hours]
    assert [len(names) for names in lists] == [0, 1, 1, 1, 2, 2, 1, 1, 1, 0, 0]
    assert rebuilt(hours, lists)[0] == approximately((1, "C1.0", 25, 29), (1, "C1.0", 40, 44))


def test_classes_and_repetitions_in_any_order():
    found, _ = rebuilt([0, 30], [["C1.0", "M2.0", "C1.0"], []])
    assert found == approximately((1, "C1.0", 0, 24), (1, "C1.0", 0, 24), (1, "M2.0", 0, 24))


def test_regions_do_not_mix():
    # The same class at the end of one region and the start of the next: two flares.
    found, n_contradictions = rebuilt([0, 6, 6, 12], [[], ["M1.0"], ["M1.0"], []], region=[5, 5, 3, 3])
    assert found == approximately((3, "M1.0", 6, 12), (5, "M1.0", 24, 30))
    assert n_contradictions == 0


def test_a_gap_longer_than_the_horizon_parts_flares():
    found, n_contradictions = rebuilt([0, 6, 100, 106], [["C1.0"], ["C1.0"], ["C1.0"], []])
    assert found == approximately((1, "C1.0", 6, 24), (1, "C1.0", 100, 106))
    assert n_contradictions == 0


def test_one_leaves_as_another_of_its_class_enters():
    # C1.0 at hours 7 and 32. Lists: 0 holds the first, 8 (to 32) the second and no longer the first: the count stays.
    hours = np.arange(0, 49, 8)
    starts = (7, 32)
    lists = [["C1.0"] * sum(hour <= start <= hour + 24 for start in starts) for hour in hours]
    assert [len(names) for names in lists] == [1, 1, 1, 1, 1, 0, 0]
    found, n_contradictions = rebuilt(hours, lists)
    assert n_contradictions == 0
    for hour, names in zip(hours, lists, strict=True):
        middles = [(low + high) / 2 for _, _, low, high in found]
        assert sum(hour <= middle <= hour + 24 for middle in middles) == len(names)


def test_a_flare_that_must_be_in_a_list_and_is_not_is_a_contradiction():
    # Not in the list of hour 0, so later than 24; in the list of 6, so it must be in that of 12.
    _, n_contradictions = rebuilt([0, 6, 12], [[], ["M1.0"], []])
    assert n_contradictions == 1


def test_no_flares():
    flares, n_contradictions = flares_from_sliding_lists(
        np.array([1, 1]), np.array([0, 1]).astype("datetime64[s]"), [[], []], horizon_hours=24
    )
    assert flares.columns.tolist() == ["region", "goes_class", "start_time", "start_uncertainty"]
    assert len(flares) == n_contradictions == 0
    no_records = flares_from_sliding_lists(
        np.zeros(0, dtype=np.int64), np.zeros(0, dtype="datetime64[s]"), [], horizon_hours=24
    )
    assert (len(no_records[0]), no_records[1]) == (0, 0)


@st.composite
def regions_and_flares(draw):
    """Records of up to three regions (region, time), and true flares (region, class, start), times in hours."""
    records, flares = [], []
    for region in range(1, draw(st.integers(1, 3)) + 1):
        hours = sorted(draw(st.sets(st.integers(0, 80), min_size=1, max_size=20)))
        records += [(region, hour) for hour in hours]
        starts = draw(st.lists(st.tuples(st.sampled_from(["C1.0", "M1.0"]), st.integers(-5, 110)), max_size=8))
        flares += [(region, name, start) for name, start in starts]
    return records, flares


def lists_of(records, flares, horizon):
    """Counts of each class of the flares (region, class, start) in the list of each record (region, time)."""
    return [
        Counter(name for of, name, start in flares if of == region and time <= start <= time + horizon)
        for region, time in records
    ]


@given(regions_and_flares(), st.sampled_from([5, 24]))
def test_rebuilt_flares_give_the_lists_they_were_rebuilt_from(regions, horizon):
    records, flares = regions
    lists = lists_of(records, flares, horizon)
    region, hours = np.array(records).T
    time = (hours * HOUR).astype("datetime64[s]")
    got, n_contradictions = flares_from_sliding_lists(
        region, time, [list(names.elements()) for names in lists], horizon_hours=horizon
    )
    starts = got["start_time"].to_numpy().astype("datetime64[s]").astype(np.int64) / HOUR
    again = list(zip(got["region"], got["goes_class"], starts, strict=True))
    assert lists_of(records, again, horizon) == lists
    assert n_contradictions == 0
    # As few as possible: never more than the true flares that any list holds.
    seen = [f for f in flares if any(f[0] == r and t <= f[2] <= t + horizon for r, t in records)]
    assert len(again) <= len(seen)
