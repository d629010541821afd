"""Flares of simulated regions: rates, classes, clocks."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from flaredag import simulated_flares
from flaredag.simulated_flares import FLARE_COLUMNS, Activity, activity, goes_class, region_flares
from flaredag.simulated_regions import CADENCE, seen_regions, solar_region


@pytest.mark.parametrize(
    ("flux_w_m2", "expected"),
    [(1.2e-5, "M1.2"), (9.99e-5, "M9.9"), (1e-4, "X1.0"), (1.75e-3, "X17.5"), (1e-6, "C1.0"), (3e-7, "B3.0")],
)
def test_goes_class_by_hand(flux_w_m2: float, expected: str) -> None:
    assert goes_class(np.array([flux_w_m2])).tolist() == [expected]


@given(st.floats(min_value=1e-8, max_value=3e-3))
def test_goes_class_is_the_flux_cut_to_tenths(flux_w_m2: float) -> None:
    name = goes_class(np.array([flux_w_m2]))[0]
    unit = {"A": 1e-8, "B": 1e-7, "C": 1e-6, "M": 1e-5, "X": 1e-4}[name[0]]
    assert name[0] == "X" or float(name[1:]) < 10
    assert -1e-6 <= flux_w_m2 / unit - float(name[1:]) < 0.1 + 1e-6


def with_rate(monkeypatch: pytest.MonkeyPatch, c_flares_a_day: float, n_steps: int = 1500) -> pd.DataFrame:
    """Flares of a region that flares `c_flares_a_day` for 100 days."""
    times = np.datetime64("2011-01-01", "s") + np.arange(n_steps) * CADENCE
    flat = np.ones(n_steps)
    made = Activity(times, 0 * flat, flat, flat, flat, c_flares_a_day * flat)
    monkeypatch.setattr(simulated_flares, "activity", lambda _: made)
    return region_flares(solar_region(1, 2), 2)


def test_counts_are_poisson_and_classes_follow_the_power_law(monkeypatch: pytest.MonkeyPatch) -> None:
    # 10 a day for 100 days: 1000 flares >= C1.0, of which 10 ** -0.8 are >= M1.0, less the cut tail.
    flares = with_rate(monkeypatch, 10.0)
    letters = flares["goes_class"].str[0]
    n_strong, expected = letters.isin(["M", "X"]).sum(), 1000 * 10**-0.8
    assert abs(n_strong - expected) < 4 * np.sqrt(expected)
    # Of class C some stay below the X-ray background, of class B most.
    assert 0.6 < (letters == "C").sum() / (1000 - expected) < 1.0
    assert (letters == "B").sum() < 0.6 * 1000 * (5**0.8 - 1)


def test_no_rate_no_flare_but_a_table(monkeypatch: pytest.MonkeyPatch) -> None:
    flares = with_rate(monkeypatch, 0.0)
    assert len(flares) == 0
    assert list(flares) == list(FLARE_COLUMNS)


def test_flares_are_told_in_utc_minutes_and_records_in_tai(monkeypatch: pytest.MonkeyPatch) -> None:
    # Thousands of flares in one step from 00:00:00 TAI: the first begins at 23:59:26 UTC, so in minute 23:59.
    flares = with_rate(monkeypatch, 1e5, n_steps=1)
    assert flares["start_time"].min() == "2010-12-31T23:59"
    assert flares["start_time"].max() == "2011-01-01T01:35"
    assert (flares["start_time"] < flares["peak_time"]).all()
    assert (flares["peak_time"] < flares["end_time"]).all()


def test_rate_follows_what_drives_it() -> None:
    active = [activity(solar_region(k, 3)) for k in range(24)]
    rate = np.concatenate([one.c_flares_a_day for one in active])
    line = np.concatenate([one.r_value for one in active])
    assert rate[line > 4].mean() > 20 * rate[line == 0].mean()
    assert rate.max() <= simulated_flares.MOST_C_FLARES_A_DAY


def test_regions_flare_only_on_the_disk_and_for_their_own_noaa_numbers() -> None:
    for k in range(8):
        region = solar_region(k, 3)
        assert (np.abs(activity(region).longitude_deg) <= 90).all()
        flares = region_flares(region, 3)
        assert set(flares["noaa_ar"]) <= set(region.noaa_ars)
        pd.testing.assert_frame_equal(flares, region_flares(region, 3))


def test_a_third_of_the_regions_flare_strongly_and_a_third_not_at_all() -> None:
    flares = [region_flares(solar_region(k, 105), 105) for k in seen_regions({"sharp": 60, "smarp": 60})]
    strong = np.array([one["goes_class"].str[0].isin(["M", "X"]).any() for one in flares])
    silent = np.array([not len(one) for one in flares])
    assert 0.25 < strong.mean() < 0.55
    assert 0.2 < silent.mean() < 0.5
