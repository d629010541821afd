"""Synoptic charts: where a place lies on them, when it is seen, what a patch holds, and files that are no charts."""

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from flaredag.errors import InputError
from flaredag.synoptic_charts import (
    chart_times,
    check_charts,
    packed_chart,
    passage_times,
    patches,
    pixel_height_deg,
    pixel_width_deg,
    read_charts,
    read_original_charts,
    read_packed_charts,
    write_charts,
)
from made_up_charts import ROTATION_SECONDS, START, made_up_charts, write_fits, write_npz


def test_times_of_charts():
    assert chart_times(["2010.04.22_17:36:29_TAI"])[0] == np.datetime64("2010-04-22T17:36:29")
    # A chart of 2013 begins so.
    assert chart_times(["2013.12.19_01:15:60_TAI"])[0] == np.datetime64("2013-12-19T01:16:00")


@pytest.mark.parametrize("text", ["2010-04-22 17:36:29", "2010.04.22_17:36:61_TAI", "2010.13.22_17:36:29_TAI", ""])
def test_what_is_no_time_is_refused(text):
    with pytest.raises(ValueError, match=r"no time such as|Month out of range"):
        chart_times([text])


def test_time_runs_from_right_to_left():
    charts = made_up_charts()
    times = passage_times(charts, [360.0, 359.0, 180.0, 0.0])
    assert times[0, 0] == START
    assert times[0, 1] == START + np.timedelta64(6510, "s")
    assert times[0, 2] == START + np.timedelta64(ROTATION_SECONDS // 2, "s")
    assert times[0, 3] == times[1, 0] == charts.stop[0]


def test_the_pixel_of_a_place_by_hand():
    # Longitude 247, column 2 * 247 - 1 = 493; latitude -30, row 180.5 - 90 - 1 = 89.5 -> 90 (to even), less 53: 37.
    charts = made_up_charts()
    charts.steps[1, 37, 493] = 1234
    patch = patches(charts, np.array([1]), [247.0], [-30.0], pixels=32)[0]
    assert patch[16, 16] == pytest.approx(123.4)
    assert np.count_nonzero(patch) == 1


@given(longitude=st.integers(0, 360), latitude=st.integers(-38, 38), chart=st.integers(0, 2))
def test_a_patch_is_what_the_charts_hold_end_to_end(longitude, latitude, chart):
    # All charts on one band: the next rotation lies to the left, the one before to the right.
    charts = CHARTS_OF_NOISE
    band = np.concatenate([charts.steps[2], charts.steps[1], charts.steps[0]], axis=1)
    column = round(2 * longitude - 1) + 720 * (2 - chart)
    row = int(np.rint(180.5 + 180 * np.sin(np.radians(latitude)) - 1)) - 53
    patch = patches(charts, np.array([chart]), [float(longitude)], [float(latitude)], pixels=32)[0]
    for y in range(32):
        for x in range(0, 32, 7):
            across, up = column - 16 + x, row - 16 + y
            if 0 <= across < band.shape[1] and 0 <= up < 254:
                assert patch[y, x] == pytest.approx(band[up, across] / 10)
            else:
                assert np.isnan(patch[y, x])


CHARTS_OF_NOISE = replace(
    made_up_charts(), steps=np.random.default_rng(5).integers(-9999, 9999, size=(3, 254, 720)).astype(np.int16)
)


def test_beyond_an_absent_chart_there_is_nothing():
    charts = made_up_charts((2118, 2128))
    patch = patches(charts, np.array([0]), [2.0], [0.0], pixels=32)[0]
    # Column 3 is pixel 16: what lies left of column 0 is of rotation 2119.
    assert np.isnan(patch[:, :13]).all()
    assert not np.isnan(patch[:, 13:]).any()


def test_pixels_without_value_are_nan():
    charts = made_up_charts()
    charts.steps[1, 127, 359] = -32768
    assert np.isnan(patches(charts, np.array([1]), [180.0], [0.0], pixels=2)).sum() == 1


def test_all_pixels_have_one_area():
    latitude = np.array([0.0, 20.0, 40.0])
    area = pixel_height_deg(latitude) * pixel_width_deg(latitude)
    np.testing.assert_allclose(area, 0.5 * np.degrees(1 / 180))


def test_packed_and_original_charts_are_the_same(tmp_path):
    charts = made_up_charts()
    charts.steps[:] = np.random.default_rng(1).integers(-9999, 9999, charts.steps.shape)
    charts.steps[1, 5, 7] = -32768
    packed = read_packed_charts(write_npz(tmp_path / "charts.npz", charts))
    original = read_original_charts(write_fits(tmp_path, charts)[::-1])
    write_charts(tmp_path / "a.nc", packed)
    write_charts(tmp_path / "b.nc", original)
    assert (tmp_path / "a.nc").read_bytes() == (tmp_path / "b.nc").read_bytes()
    again = read_charts(tmp_path / "a.nc")
    for name in ("rotation", "start", "stop", "steps"):
        np.testing.assert_array_equal(getattr(again, name), getattr(charts, name))


def test_packing_rounds_and_keeps_what_is_missing_apart():
    gauss = np.array([0.04, -0.06, 3276.7, 5000.0, -5000.0, np.nan])
    assert packed_chart(gauss).tolist() == [0, -1, 32767, 32767, -32767, -32768]


@pytest.mark.parametrize(
    ("changes", "told"),
    [
        ({"t_stop": None}, "no array t_stop; found B_dG, car_rot, t_start"),
        ({"B_dG": np.zeros((3, 254, 719), np.int16)}, r"charts of shape \(3, 254, 719\)"),
        ({"B_dG": np.zeros((3, 254, 720), np.float32)}, "of float32|and float32"),
        ({"car_rot": np.array([2155, 2155, 2157])}, r"from \[2155, 2155, 2157\] on; wanted each once"),
        ({"t_start": np.array(["2014.09.27_00:00:00_TAI"] * 3)}, "2156 of 54.2 days"),
        ({"t_start": np.array(["yesterday"] * 3)}, "'yesterday' is no time"),
        ({"car_rot": np.array([object()] * 3)}, "Object arrays cannot be loaded"),
    ],
)
def test_files_that_are_no_charts(tmp_path, changes, told):
    path = write_npz(tmp_path / "charts.npz", made_up_charts(), **changes)
    with pytest.raises(InputError, match=told) as refused:
        read_packed_charts(path)
    assert str(path) in str(refused.value)


@pytest.mark.parametrize("content", [b"", b"PK\x03\x04 cut off", b"no charts"])
def test_damaged_files(tmp_path, content):
    path = tmp_path / "charts.npz"
    path.write_bytes(content)
    with pytest.raises(InputError, match=r"charts\.npz: not readable as synoptic charts"):
        read_packed_charts(path)
    path.with_suffix(".nc").write_bytes(content)
    with pytest.raises(InputError, match=r"charts\.nc: not readable as charts"):
        read_charts(path.with_suffix(".nc"))
    path.with_suffix(".fits").write_bytes(content)
    with pytest.raises(InputError, match=r"charts\.fits: no synoptic chart"):
        read_original_charts([path.with_suffix(".fits")])


def test_no_charts_at_all():
    charts = made_up_charts(())
    with pytest.raises(InputError, match="nowhere: 0 rotations"):
        check_charts(charts, source="nowhere")


def test_the_real_charts(mirror):
    charts = read_packed_charts(mirror / "hmi_synoptic_small" / "hmi_synoptic_small_lat45_int16.npz")
    assert len(charts.rotation) == 181
    assert not np.isin(np.arange(2119, 2128), charts.rotation).any()
    # NOAA 12192, the largest region of the cycle, leads with positive field in the south (Hale's law, cycle 24).
    patch = patches(charts, np.flatnonzero(charts.rotation == 2156), [247.0], [-13.0], pixels=32)[0]
    assert np.abs(patch).max() > 1000
    assert patch[:, :10].mean() < -100
    assert patch[:, 16:].mean() > 100
