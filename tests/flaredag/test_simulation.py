"""The simulated Sun: its geometry by hand, its rates by counting, its tables in JSOC's form."""

from __future__ import annotations

import dataclasses

import numpy as np
import pandas as pd
import pytest
import xarray as xr
from hypothesis import given
from hypothesis import strategies as st

from flaredag.errors import InputError
from flaredag.simulation import (
    CADENCE_MINUTES,
    INSTRUMENTS,
    active_regions,
    c_flares_a_day,
    goes_class,
    goes_flares,
    keyword_records,
    synodic_rotation_deg_a_day,
)

SHARP = INSTRUMENTS["sharp"]


def regions_of(instrument: str = "sharp", n_regions: int = 12, seed: int = 1) -> xr.Dataset:
    return active_regions(INSTRUMENTS[instrument], n_regions=n_regions, rng=np.random.default_rng(seed))


def records_of(regions: xr.Dataset, instrument: str = "sharp", bad: float = 0.0, gaps: float = 0.0) -> pd.DataFrame:
    return keyword_records(
        regions,
        INSTRUMENTS[instrument],
        bad_record_fraction=bad,
        gaps_a_patch=gaps,
        rng=np.random.default_rng(2),
    )


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


def test_rotation_is_that_of_spots_seen_from_earth() -> None:
    # 14.366 - 0.9856 at the equator; at 30 degrees sin^2 = 1/4: less 2.297 / 4 and 1.624 / 16.
    at_equator, at_30 = synodic_rotation_deg_a_day(np.array([0.0, 30.0]))
    assert at_equator == pytest.approx(13.3804)
    assert at_30 == pytest.approx(13.3804 - 0.57425 - 0.1015)


def test_regions_drift_west_on_the_cadence_and_stay_on_the_grid() -> None:
    regions = regions_of()
    times = regions["time"].to_numpy()
    assert (np.diff(times, axis=1) == np.timedelta64(CADENCE_MINUTES, "m")).all()
    minutes_of_day = (times - times.astype("datetime64[D]")).astype("timedelta64[m]").astype(int)
    assert (minutes_of_day % CADENCE_MINUTES == 0).all()
    degrees_a_day = 15 * np.diff(regions["longitude_deg"].to_numpy(), axis=1)
    assert degrees_a_day.min() > 12.5
    assert degrees_a_day.max() < 13.4


def test_regions_emerge_grow_and_decay() -> None:
    flux = regions_of(n_regions=40)["unsigned_flux_mx"].to_numpy()
    assert (flux > 0).all()
    grown = flux.max(1) / flux[:, 0]
    decayed = flux[:, -1] / flux.max(1)
    assert grown.max() > 10
    assert decayed.min() < 0.8


def test_numbers_grow_with_time_and_noaa_numbers_are_of_one_patch_only() -> None:
    regions = regions_of(n_regions=60)
    assert (np.diff(regions["number"]) > 0).all()
    assert (np.diff(regions["time"].to_numpy()[:, 0]) >= np.timedelta64(0)).all()
    noaa = [int(ar) for ars in regions["noaa_ars"].to_numpy() for ar in ars.split(",")]
    assert len(noaa) == len(set(noaa))
    assert any("," in ars for ars in regions["noaa_ars"].to_numpy())


def test_flare_rate_rises_tenfold_within_a_unit_of_r_value() -> None:
    # At R_VALUE 4 and 1e22 Mx the exponent is -0.15; one unit more adds 1.3.
    rates = c_flares_a_day(np.array([1e22, 1e22]), np.array([3.0, 4.0]), unseen_dex=np.zeros(2))
    assert rates[1] == pytest.approx(10**-0.15)
    assert rates[1] / rates[0] == pytest.approx(10**1.3)


def flat_rate(n_regions: int, c_flares: float) -> xr.Dataset:
    regions = regions_of(n_regions=n_regions)
    dims = regions["time"].dims
    return regions.assign(
        c_flares_a_day=(dims, np.full(regions["time"].shape, c_flares)),
        on_disk=(dims, np.ones(regions["time"].shape, dtype=bool)),
    )


def test_flare_counts_are_poisson_and_classes_follow_the_power_law() -> None:
    # 20 patches x 14 days x 10 a day: 2800 flares >= C1.0; 10 ** -0.9 of them >= M1.0, less the cut tail.
    flares = goes_flares(flat_rate(20, 10.0), unattributed_fraction=0.0, rng=np.random.default_rng(3))
    letters = flares["goes_class"].str[0]
    # Of class C some stay below the X-ray background: all of them above it are listed.
    n_m = (letters == "M").sum() + (letters == "X").sum()
    expected_m = 2800 * 10**-0.9
    assert abs(n_m - expected_m) < 4 * np.sqrt(expected_m)
    assert 0.5 < (letters == "C").sum() / (2800 - expected_m) < 1.0
    assert (flares["noaa_ar"] > 0).all()


def test_a_rate_of_zero_makes_no_flare_but_a_table() -> None:
    flares = goes_flares(flat_rate(3, 0.0), unattributed_fraction=0.5, rng=np.random.default_rng(3))
    assert len(flares) == 0
    assert list(flares) == ["start_time", "peak_time", "end_time", "goes_class", "noaa_ar"]


def test_some_flares_have_no_noaa_number_and_the_others_have_one_of_their_patch() -> None:
    regions = flat_rate(5, 20.0)
    flares = goes_flares(regions, unattributed_fraction=0.1, rng=np.random.default_rng(4))
    assert 0.05 < (flares["noaa_ar"] == 0).mean() < 0.15
    known = {int(ar) for ars in regions["noaa_ars"].to_numpy() for ar in ars.split(",")}
    assert set(flares["noaa_ar"]) <= known | {0}


def test_flare_times_are_ordered_utc_minutes() -> None:
    flares = goes_flares(flat_rate(2, 20.0), unattributed_fraction=0.0, rng=np.random.default_rng(5))
    start, peak, end = (
        pd.to_datetime(flares[f"{name}_time"], format="%Y-%m-%dT%H:%M") for name in ("start", "peak", "end")
    )
    assert start.is_monotonic_increasing
    assert (start < peak).all()
    assert (peak < end).all()


def test_flares_are_told_in_utc_and_records_in_tai() -> None:
    # Thousands of flares in one step that begins at hh:mm:00 TAI: the first is at once, which in 2011-2015
    # is 34 to 36 s before hh:mm in UTC, and so listed under the minute before.
    regions = flat_rate(1, 0.0)
    regions["c_flares_a_day"][0, 100] = 1e5
    flares = goes_flares(regions, unattributed_fraction=0.0, rng=np.random.default_rng(6))
    step_tai = pd.Timestamp(regions["time"].to_numpy()[0, 100])
    start = pd.to_datetime(flares["start_time"])
    assert start.min() == step_tai - pd.Timedelta(minutes=1)
    assert start.max() == step_tai + pd.Timedelta(minutes=CADENCE_MINUTES - 1)


def test_records_have_the_keywords_of_jsoc_as_text() -> None:
    records = records_of(regions_of())
    assert list(records) == [
        "HARPNUM", "T_REC", "NOAA_ARS", "LON_MIN", "LON_MAX", "LAT_MIN", "LAT_MAX",
        "USFLUXL", "MEANGBL", "R_VALUE", "AREA", "QUALITY",
    ]  # fmt: skip
    assert records["T_REC"].str.fullmatch(r"\d{4}\.\d\d\.\d\d_\d\d:\d\d:\d\d_TAI").all()
    assert records["QUALITY"].str.fullmatch(r"0x[0-9a-f]{8}").all()
    assert not records.duplicated(["HARPNUM", "T_REC"]).any()


def test_keywords_are_in_the_range_of_real_records() -> None:
    records = records_of(regions_of(n_regions=60))
    for keyword, smallest, largest in [
        ("USFLUXL", 1e20, 3e23),
        ("MEANGBL", 5, 130),
        ("R_VALUE", 0, 6.5),
        ("AREA", 1, 60000),
    ]:
        values = records[keyword].astype(float)
        assert values.between(smallest, largest).all(), keyword
    assert (records["LON_MIN"].astype(float) < records["LON_MAX"].astype(float)).all()


def test_mdi_sees_the_same_region_through_the_published_regressions() -> None:
    regions = regions_of(n_regions=30)
    quiet = {"usfluxl_noise": 0.0, "meangbl_noise": 0.0, "r_value_noise": 0.0}
    hmi, mdi = (
        keyword_records(
            regions,
            dataclasses.replace(INSTRUMENTS[name], **quiet),
            bad_record_fraction=0.0,
            gaps_a_patch=0.0,
            rng=np.random.default_rng(0),
        )
        for name in ("sharp", "smarp")
    )
    meangbl, meangbl_mdi = hmi["MEANGBL"].astype(float), mdi["MEANGBL"].astype(float)
    assert np.allclose(meangbl_mdi, 1.99203 * meangbl + 8.34289, atol=3e-3)
    r_value, r_value_mdi = hmi["R_VALUE"].astype(float), mdi["R_VALUE"].astype(float)
    assert np.allclose(r_value_mdi[r_value > 0], 0.832784 * r_value[r_value > 0] - 0.09456, atol=2e-3)
    assert (r_value_mdi[r_value == 0] == 0).all()


def test_bad_records_are_as_many_as_asked_for_and_of_two_kinds() -> None:
    records = records_of(regions_of(n_regions=60), bad=0.1)
    missing = (records == "MISSING").sum(axis=1)
    refused = records["QUALITY"].map(lambda text: int(text, 16)) >= 0x10000
    assert missing.max() == 1
    assert 0.04 < (missing == 1).mean() < 0.06
    assert 0.04 < refused.mean() < 0.06
    assert not (refused & (missing == 1)).any()


def test_gaps_take_records_away_and_change_nothing_else() -> None:
    regions = regions_of(n_regions=40)
    whole, gappy = records_of(regions), records_of(regions, gaps=2.0)
    lost = len(whole) - len(gappy)
    # 40 patches x 2 gaps x 4 records, less what falls off the tracked part of the grid.
    assert 0.3 * 320 < lost < 1.5 * 320
    both = whole.merge(gappy, on=["HARPNUM", "T_REC"], suffixes=("", "_gappy"))
    assert (both["USFLUXL"] == both["USFLUXL_gappy"]).all()


def test_no_region_is_refused() -> None:
    with pytest.raises(InputError, match="at least 1"):
        active_regions(SHARP, n_regions=0, rng=np.random.default_rng(0))
