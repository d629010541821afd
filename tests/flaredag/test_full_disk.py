import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from flaredag.errors import InputError
from flaredag.full_disk import disk_probability, issue_times_of_days, latest_forecasts, unseen_rate


def times(*texts: str) -> np.ndarray:
    return np.array(texts, dtype="datetime64[s]")


def test_days_reach_from_the_first_time_to_the_last_both_included():
    days = issue_times_of_days(*times("2012-02-28T12:00", "2012-03-01T12:00"), issue_hour=12)
    assert days.tolist() == times("2012-02-28T12:00", "2012-02-29T12:00", "2012-03-01T12:00").tolist()
    assert days.dtype == "datetime64[s]"
    days = issue_times_of_days(*times("2012-02-28T12:00:01", "2012-03-01T11:59:59"), issue_hour=12)
    assert days.tolist() == times("2012-02-29T12:00").tolist()


def test_days_may_begin_at_any_hour_and_before_1970():
    days = issue_times_of_days(*times("1969-12-31T00:00", "1970-01-01T23:00"), issue_hour=22.5)
    assert days.tolist() == times("1969-12-31T22:30", "1970-01-01T22:30").tolist()


def test_a_span_between_two_issue_times_has_no_day():
    assert len(issue_times_of_days(*times("2012-01-01T01:00", "2012-01-01T23:00"), issue_hour=0)) == 0


DAYS = times("2012-01-01", "2012-01-02", "2012-01-03", "2012-01-04")


def pairs(region, issued, max_age_hours=24.0):
    forecast, day = latest_forecasts(np.array(region), times(*issued), DAYS, max_age_hours=max_age_hours)
    return sorted(zip(forecast.tolist(), day.tolist(), strict=True))


def test_the_latest_forecast_of_each_region_counts():
    # Region 1 on 1 January has one of 20:00 and one of 22:24 the day before; region 2 the first alone.
    issued = ["2011-12-31T20:00", "2011-12-31T22:24", "2011-12-31T20:00"]
    assert pairs([1, 1, 2], issued) == [(1, 0), (2, 0)]


def test_a_forecast_of_the_issue_time_counts_and_one_of_a_day_before_no_more():
    assert pairs([1], ["2012-01-01"]) == [(0, 0)]
    assert pairs([1], ["2012-01-01T00:00:01"]) == [(0, 1)]
    assert pairs([1], ["2011-12-31T00:00:01"]) == [(0, 0)]
    assert pairs([1], ["2011-12-31T00:00:00"]) == []


def test_a_forecast_may_serve_several_days_until_a_later_one():
    assert pairs([1], ["2012-01-01"], max_age_hours=49) == [(0, 0), (0, 1), (0, 2)]
    assert pairs([1, 1], ["2012-01-01", "2012-01-02T06:00"], max_age_hours=49) == [(0, 0), (0, 1), (1, 2), (1, 3)]


def test_two_forecasts_of_a_region_and_time():
    with pytest.raises(InputError, match="region 5: two forecasts of 2012-01-01T00:00:00"):
        pairs([4, 5, 5], ["2012-01-01"] * 3)


def test_without_forecasts_no_day_has_one():
    assert pairs(np.empty(0, dtype=np.int64), []) == []


@given(
    st.lists(st.tuples(st.integers(1, 3), st.integers(-40, 90)), unique=True, max_size=25),
    st.sampled_from([1.0, 6.0, 24.0, 30.0, 72.0]),
)
def test_pairs_are_those_of_a_plain_search(forecasts, max_age_hours):
    region = np.array([one for one, _ in forecasts], dtype=np.int64)
    hours = np.array([hour for _, hour in forecasts], dtype=np.int64)
    issued = DAYS[0] + hours * np.timedelta64(3600, "s")
    forecast, day = latest_forecasts(region, issued, DAYS, max_age_hours=max_age_hours)
    expected = []
    for number in range(len(DAYS)):
        age = 24 * number - hours
        for name in np.unique(region):
            own = np.flatnonzero((region == name) & (age >= 0) & (age < max_age_hours))
            expected += [(own[age[own].argmin()], number)] if len(own) else []
    assert sorted(zip(forecast.tolist(), day.tolist(), strict=True)) == sorted(expected)


def test_two_regions_by_hand():
    # 1 - .5 * .8; a region of no risk changes nothing, one of certainty decides
    probability = np.array([0.5, 0.2, 0.5, 0.2, 0.0, 0.5, 1.0])
    day = np.array([0, 0, 1, 1, 1, 2, 2])
    on_disk = disk_probability(probability, day, n_days=4, unseen_rate=0.0)
    assert on_disk == pytest.approx([0.6, 0.6, 1, 0])


def test_flares_from_elsewhere_by_hand():
    # 1 - .9 * .5 * .8, and a day without regions
    on_disk = disk_probability(np.array([0.5, 0.2]), np.array([0, 0]), n_days=2, unseen_rate=0.1)
    assert on_disk == pytest.approx([0.64, 0.1])


@given(st.lists(st.floats(0, 1), max_size=8), st.floats(0, 1))
def test_the_disk_is_at_least_as_likely_as_each_region(probability, rate):
    values = np.array(probability)
    (on_disk,) = disk_probability(values, np.zeros(len(values), dtype=np.int64), n_days=1, unseen_rate=rate)
    # Two subtractions from 1 round by one part in 2^53 each.
    assert 1 >= on_disk >= max([rate, *probability]) - 2**-52


def test_unseen_rate_is_that_of_days_without_an_event_of_a_region():
    on_disk = np.array([True, True, False, True, False, False])
    of_regions = np.array([True, True, False, False, False, True])
    # Days 3, 4, 5 had no event of a region; day 4 had one on the disk.
    assert unseen_rate(on_disk, of_regions) == pytest.approx(1 / 3)


def test_unseen_rate_is_found_again_where_regions_and_the_rest_are_independent():
    rng = np.random.default_rng(0)
    of_regions, unseen = rng.random(20_000) < 0.6, rng.random(20_000) < 0.1
    # 8000 days: standard error (.1 * .9 / 8000)^(1/2) = .0034
    assert unseen_rate(of_regions | unseen, of_regions) == pytest.approx(0.1, abs=0.0102)


def test_unseen_rate_needs_a_day_without_an_event_of_a_region():
    with pytest.raises(InputError, match="all of 3 days of training; wanted some without"):
        unseen_rate(np.ones(3, dtype=bool), np.ones(3, dtype=bool))
