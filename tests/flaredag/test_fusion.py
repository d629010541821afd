"""SHARP against SMARP: which records are pairs, lines, boxes and quantiles, by hand and on real co-temporal maps."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from astropy.io import fits
from hypothesis import given
from hypothesis import strategies as st

from flaredag.fusion import (
    MATCHED_COLUMNS,
    common_box,
    cropped,
    matched_records,
    multiplicative_factor,
    pixel_quantiles,
    regressions,
    sampled_records,
    usable_records,
)

NOON = np.datetime64("2010-06-01T12:00:00", "s")


def records(*rows: tuple[int, str, int, float], **columns: object) -> pd.DataFrame:
    """Records of (region, NOAA numbers, minutes after noon, east edge); boxes 10 degrees wide, 5 to 15 north."""
    region, noaa_ars, minutes, east = zip(*rows, strict=True)
    table = pd.DataFrame({"region": region, "noaa_ars": noaa_ars, "longitude_min": east}).assign(
        t_rec=NOON + np.array(minutes) * np.timedelta64(60, "s"),
        longitude_max=np.array(east) + 10.0,
        latitude_min=5.0,
        latitude_max=15.0,
        usfluxl=1e22,
        meangbl=30.0,
        r_value=4.0,
        area=5000.0,
    )
    return table.assign(**columns)


def pairs(sharp: pd.DataFrame, smarp: pd.DataFrame, tolerance_minutes: float = 48) -> list[tuple]:
    found = matched_records(sharp, smarp, tolerance_minutes=tolerance_minutes)
    minutes = [(found[f"t_rec_{name}"] - NOON) // pd.Timedelta(minutes=1) for name in ("sharp", "smarp")]
    return list(zip(found["region_sharp"], minutes[0], found["region_smarp"], minutes[1], strict=True))


def test_a_pair_shares_a_noaa_region_and_is_the_nearest_in_time():
    sharp = records((11, "11072,11073", 0, 0.0), (11, "11072,11073", 96, 1.0), (12, "11080", 0, 0.0))
    smarp = records((1301, "11073", 12, 0.0), (1301, "11073", 90, 0.0), (1302, "11099", 0, 0.0))
    assert pairs(sharp, smarp) == [(11, 0, 1301, 12), (11, 96, 1301, 90)]


def test_the_tolerance_is_included_and_nothing_beyond_it():
    sharp, smarp = records((11, "11072", 0, 0.0)), records((1301, "11072", 48, 0.0))
    assert pairs(sharp, smarp, 48) == [(11, 0, 1301, 48)]
    assert pairs(sharp, smarp, 47) == []


@pytest.mark.parametrize(("east", "n_pairs"), [(9.9, 1), (10.0, 0), (-9.9, 1), (30.0, 0), (np.nan, 0)])
def test_boxes_must_overlap(east, n_pairs):
    assert len(pairs(records((11, "11072", 0, 0.0)), records((1301, "11072", 0, east)))) == n_pairs


def test_boxes_of_other_hemispheres_do_not_overlap():
    south = records((1301, "11072", 0, 0.0), latitude_min=-15.0, latitude_max=-5.0)
    assert pairs(records((11, "11072", 0, 0.0)), south) == []


def test_no_record_is_in_two_pairs_and_the_larger_overlap_decides():
    sharp = records((11, "11072", 0, 0.0), (12, "11072", 0, 6.0))
    smarp = records((1301, "11072", 0, 5.0), (1302, "11072", 0, -8.0))
    # Overlaps in longitude: 11 with 1301 5, with 1302 2; 12 with 1301 9, with 1302 none.
    assert pairs(sharp, smarp) == [(11, 0, 1302, 0), (12, 0, 1301, 0)]


def test_without_overlap_in_time_there_are_the_columns_and_no_rows():
    later = records((1301, "11072", 1_000_000, 0.0))
    found = matched_records(records((11, "11072", 0, 0.0)), later, tolerance_minutes=48)
    assert list(found) == list(MATCHED_COLUMNS)
    assert found.empty


def test_patches_without_noaa_region_are_no_pair():
    assert pairs(records((11, "", 0, 0.0)), records((1301, "", 0, 0.0))) == []


def test_usable_records_are_good_and_within_the_longitude_limit():
    table = records((1, "", 0, -70.0), (2, "", 0, -70.1), (3, "", 0, 60.0), (4, "", 0, 60.1), (5, "", 0, np.nan))
    table = table.assign(instrument="sharp", quality=[0, 0, 65535, 0, 0])
    settings = {"max_longitude_deg": 70, "quality_below": {"sharp": 65536}}
    assert usable_records(table, **settings)["region"].tolist() == [1, 3]
    assert usable_records(table.assign(quality=65536), **settings).empty


def test_regressions_are_of_smarp_on_sharp_and_leave_out_what_is_missing():
    matched = pd.DataFrame(index=range(4))
    for keyword in ("usfluxl", "meangbl", "r_value", "area"):
        matched[f"{keyword}_sharp"] = [0.0, 1.0, 2.0, 3.0]
        matched[f"{keyword}_smarp"] = [1.0, 3.0, 5.0, np.nan]
    matched["meangbl_smarp"] = [0.0, 1.0, 0.0, np.nan]
    matched["r_value_sharp"] = 2.0
    matched["area_smarp"] = [1.0, 2.0, np.nan, np.nan]
    lines = regressions(matched).set_index("keyword")
    # y = 1 + 2 x; then no slope: mean of y is 1/3 whatever x; then one that does not vary; then two pairs.
    assert lines.loc["usfluxl"].tolist() == pytest.approx([2.0, 1.0, 1.0, 3])
    assert lines.loc["meangbl"].tolist() == pytest.approx([0.0, 1 / 3, 0.0, 3])
    for keyword, n in (("r_value", 3), ("area", 2)):
        assert lines.loc[keyword, ["slope", "intercept", "pearson_r"]].isna().all()
        assert lines.loc[keyword, "n"] == n


def test_magnetograms_are_sampled_once_in_eight_hours_of_each_pair():
    sharp = records(*((11, "11072", minutes, 0.0) for minutes in range(0, 960, 96)), (12, "11080", 96, 50.0))
    smarp = records(*((1301, "11072", minutes, 0.0) for minutes in range(0, 960, 96)), (1302, "11080", 96, 50.0))
    sampled = sampled_records(matched_records(sharp, smarp, tolerance_minutes=0), every_hours=8)
    minutes = (sampled["t_rec_smarp"] - NOON) // pd.Timedelta(minutes=1)
    # Eight hours from midnight begin at 8:00, 16:00 and 0:00: noon, 16:48 (the first after 16:00) and 0:48.
    assert list(zip(sampled["region_sharp"], minutes, strict=True)) == [(11, 0), (11, 288), (11, 768), (12, 96)]


def test_pixels_are_cut_to_the_box_that_both_cover():
    sharp, smarp = records((11, "11072", 0, 0.0)), records((1301, "11072", 0, 5.0), latitude_min=10.0)
    box = common_box(matched_records(sharp, smarp, tolerance_minutes=0))
    assert box.tolist() == [[5.0, 10.0, 10.0, 15.0]]
    image = np.arange(8, dtype=np.float32).reshape(2, 4)
    # Longitudes 1.25, 3.75, 6.25, 8.75; latitudes 7.5 and 12.5, the first row south.
    assert cropped(image, np.array([0.0, 10.0, 5.0, 15.0]), box[0]).tolist() == [[6.0, 7.0]]
    assert cropped(image, np.array([5.0, 15.0, 10.0, 15.0]), box[0]).tolist() == [[0.0, 1.0], [4.0, 5.0]]


def test_quantiles_leave_out_nan_and_stand_in_the_middle_of_equal_parts():
    pixels = np.array([0.0, 1.0, 2.0, 3.0, 4.0, np.nan], dtype=np.float32)
    probability, sharp, smarp = pixel_quantiles(pixels, 2 * pixels, n_quantiles=2)
    assert probability.tolist() == [0.25, 0.75]
    assert sharp.tolist() == [1.0, 3.0]
    assert smarp.tolist() == [2.0, 6.0]
    assert np.isnan(pixel_quantiles(pixels[:0], pixels, n_quantiles=2)[1]).all()


@given(factor=st.floats(0.1, 10.0), seed=st.integers(0, 99))
def test_a_stretched_field_has_its_factor_in_whatever_order_its_pixels_come(factor, seed):
    rng = np.random.default_rng(seed)
    pixels = rng.normal(0.0, 200.0, 500)
    _, sharp, smarp = pixel_quantiles(pixels, rng.permutation(factor * pixels), n_quantiles=50)
    assert multiplicative_factor(sharp, smarp) == pytest.approx(factor)


def test_no_factor_without_a_field():
    assert np.isnan(multiplicative_factor(np.zeros(3), np.ones(3)))
    assert np.isnan(multiplicative_factor(np.full(3, np.nan), np.ones(3)))


def test_real_maps_of_mdi_are_stronger_than_those_of_hmi(mirror):
    # Two co-temporal pairs of 256 x 256 pixels: factors 1.22 and 1.29, between the 1.099 of Sun et al. 2022 and the
    # 1.40 of Liu et al. 2012.
    folder = mirror / "magnet_mdi_patches"
    if not folder.is_dir():
        pytest.skip(f"no {folder}")
    maps = [[fits.getdata(path) for path in sorted(folder.glob(f"{name}*.fits"))] for name in ("hmi", "mdi")]
    factors = [
        multiplicative_factor(*pixel_quantiles(hmi, mdi, n_quantiles=200)[1:]) for hmi, mdi in zip(*maps, strict=True)
    ]
    assert factors == pytest.approx([1.2212, 1.2944], abs=1e-4)
    both = [np.concatenate([one.ravel() for one in of_instrument]) for of_instrument in maps]
    assert multiplicative_factor(*pixel_quantiles(*both, n_quantiles=200)[1:]) == pytest.approx(1.2755, abs=1e-4)
