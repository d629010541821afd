"""The largest group of a patch in NOAA's latest summary, and its place turned on to the issue time."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from flaredag.listed_groups import GROUP_COLUMNS, largest_groups, longitudes_at
from flaredag.region_summaries import read_region_summaries

NAN = np.nan


def times(*texts: str) -> np.ndarray:
    return np.array(texts, dtype="datetime64[s]")


def summaries(*rows: tuple) -> pd.DataFrame:
    """Rows (day, NOAA number, section, McIntosh, area, longitude), valid at midnight and issued 30 minutes later."""
    columns = ["day", "noaa_ar", "section", "mcintosh", "area_microhemisphere", "longitude_deg"]
    table = pd.DataFrame(rows, columns=columns)
    day = pd.to_datetime(table.pop("day")).astype("datetime64[s]")
    return table.assign(valid_time=day, issue_time=day + pd.Timedelta("30min"), latitude_deg=-20.0)


LISTED = summaries(
    ("2011-02-13", 11158, "I", "Dao", 100.0, 1.0),
    ("2011-02-14", 11158, "I", "Ekc", 400.0, 2.0),
    ("2011-02-14", 11159, "I", "Fki", 500.0, 3.0),
    ("2011-02-14", 11160, "IA", "", NAN, 4.0),
    ("2011-02-14", 11162, "II", "", NAN, NAN),
    ("2011-02-14", 11163, "I", "Bxo", NAN, 6.0),
)
NOON = "2011-02-14T12:00:00"


@pytest.mark.parametrize(
    ("noaa_ars", "issue_time", "longitude_deg", "expected"),
    [
        ("11158", "2011-02-14T00:29:59", 1.0, "Dao"),
        ("11158", "2011-02-14T00:30:00", 2.0, "Ekc"),
        ("11158,11159", NOON, 3.0, "Fki"),
        ("11160", NOON, 4.0, "a plage"),
        # A group whose area is not given is larger than a plage.
        ("11160,11163", NOON, 6.0, "Bxo"),
        ("11162", NOON, NAN, "not listed"),
        ("11170", NOON, NAN, "not listed"),
        ("", NOON, NAN, "not listed"),
        ("11158", "2011-02-15T06:30:00", 2.0, "Ekc"),
        # The last text is more than 30 hours old; then none had been issued.
        ("11158", "2011-02-15T06:30:01", NAN, "no summary"),
        ("11158", "2011-02-13T00:00:00", NAN, "no summary"),
    ],
)
def test_the_largest_group_in_the_latest_summary_issued_by_then(noaa_ars, issue_time, longitude_deg, expected):
    found = largest_groups(np.array([noaa_ars]), np.array([True]), times(issue_time), LISTED)
    assert tuple(found.columns) == GROUP_COLUMNS
    (group,) = found.to_dict("records")
    assert group["longitude_deg"] == pytest.approx(longitude_deg, nan_ok=True)
    assert group["summarised"] == (expected != "no summary")
    assert group["listed"] == (expected not in ("no summary", "not listed"))
    assert group["plage"] == (expected == "a plage")
    assert group["mcintosh"] == (expected if len(expected) == 3 else "")
    assert group["latitude_deg"] == pytest.approx(-20.0 if group["listed"] else NAN, nan_ok=True)


def test_of_two_groups_of_one_area_the_lower_number_counts():
    listed = summaries(("2011-02-13", 2, "I", "Cao", 50.0, 0.0), ("2011-02-13", 1, "I", "Hsx", 50.0, 9.0))
    found = largest_groups(np.array(["2,1"]), np.array([True]), times("2011-02-13T01:00"), listed)
    assert found["mcintosh"].tolist() == ["Hsx"]


@pytest.mark.parametrize("listed", [None, LISTED.iloc[:0]])
def test_without_summaries_there_is_no_group(listed):
    found = largest_groups(np.array(["11158"]), np.array([True]), times(NOON), listed)
    assert found.shape == (1, len(GROUP_COLUMNS))
    assert not found[["summarised", "listed", "plage"]].to_numpy().any()
    assert np.isnan(longitudes_at(found, times(NOON))).all()


def test_without_samples_there_are_no_groups():
    found = largest_groups(np.array([], dtype=object), np.array([], dtype=bool), times(), LISTED)
    assert found.shape == (0, len(GROUP_COLUMNS))
    assert longitudes_at(found, times()).shape == (0,)


def test_a_source_that_tells_no_numbers_has_no_group():
    found = largest_groups(np.array(["11158", "11158"]), np.array([True, False]), times(NOON, NOON), LISTED)
    assert found["summarised"].tolist() == found["listed"].tolist() == [True, False]


def groups_at(valid_time: str, latitude_deg: float, longitude_deg: float) -> pd.DataFrame:
    place = {"latitude_deg": [latitude_deg], "longitude_deg": [longitude_deg]}
    return pd.DataFrame({"valid_time": times(valid_time)} | place)


@pytest.mark.parametrize(
    ("latitude_deg", "degrees_a_day"),
    [
        # 2.894e-6 rad/s x 86400 s = .2500416 rad = 14.32633 degrees a day, less .9856.
        (0.0, 13.34073),
        # sin^2 = 1/4, sin^4 = 1/16: 2.894 - .107 - .023125 = 2.763875; 13.68216 degrees a day, less .9856.
        (30.0, 12.69656),
        (-30.0, 12.69656),
    ],
)
def test_a_group_turns_west_at_the_synodic_rate_of_its_latitude(latitude_deg, degrees_a_day):
    groups = groups_at("2011-02-14", latitude_deg, -10.0)
    found = [longitudes_at(groups, times(time))[0] for time in ("2011-02-14", "2011-02-14T12:00", "2011-02-15T06:00")]
    assert found == pytest.approx([-10.0, -10.0 + degrees_a_day / 2, -10.0 + degrees_a_day * 1.25], abs=1e-4)


def test_a_place_of_later_is_turned_back():
    # A text says that its locations are those of the midnight to come.
    found = longitudes_at(groups_at("2011-02-15", 0.0, 20.0), times("2011-02-14"))
    assert found == pytest.approx([20.0 - 13.34073], abs=1e-4)


@given(cut=st.integers(0, 96))
def test_what_is_issued_later_changes_nothing(cut):
    rows = [(f"2011-02-{day}", 11158, "I", f"{'BCDEF'[day - 11]}ao", 100.0, 10.0 * day) for day in range(11, 16)]
    listed = summaries(*rows)
    issue_time = times("2011-02-11") + np.arange(97) * np.timedelta64(3600, "s")
    noaa_ars, numbered = np.full(97, "11158", dtype=object), np.ones(97, dtype=bool)
    known = listed[listed["issue_time"] <= issue_time[cut]]
    whole, past = (largest_groups(noaa_ars, numbered, issue_time, one).iloc[: cut + 1] for one in (listed, known))
    pd.testing.assert_frame_equal(whole, past)


def test_a_real_region_passes_the_disk(mirror):
    """NOAA 11158: S19W03 at the end of 14 February 2011 and S21W16 a day later, at the west limb by the 20th."""
    listed, _ = read_region_summaries(mirror / "noaa_srs_raw" / "2011_SRS.tar.gz")
    issue_time = times("2011-02-14T06:00", "2011-02-15T00:00", "2011-02-16T00:00", "2011-02-18T12:00")
    groups = largest_groups(np.full(4, "11158", dtype=object), np.ones(4, dtype=bool), issue_time, listed)
    found = longitudes_at(groups, issue_time)
    assert (np.abs(found[:3]) < 30).all()
    assert (np.diff(found) > 0).all()
    assert 50 < found[3] < 65
