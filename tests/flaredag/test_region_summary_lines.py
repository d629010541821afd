"""Lines of NOAA's region summaries."""

from datetime import datetime

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from flaredag.noaa_numbers import full_noaa_numbers
from flaredag.region_summary_lines import BadLine, region_values

DAY = datetime.fromisoformat("2015-03-06")


@pytest.mark.parametrize(
    ("line", "wanted"),
    [
        # NaN stands for what the line leaves out: told by which column is empty.
        ("2293 N05E53   342  0065 Cao  10   09 Beta", (-53, 342, 65, "Cao", 10, 9, "Beta")),
        ("2293  N05W53  342  0065 CAO  10  009 BETA-GAMMA", (53, 342, 65, "Cao", 10, 9, "Beta-Gamma")),
        ("2293 N05W53   342  0065 Cao  10   09 Beta Gamma Delta", (53, 342, 65, "Cao", 10, 9, "Beta-Gamma-Delta")),
        ("2293 N05W53   360  2610 fkc  24   102 beta-delta", (53, 0, 2610, "Fkc", 24, 102, "Beta-Delta")),
        ("2293 N05W53   342  0065 Cao  10    Beta", (53, 342, 65, "Cao", 10, np.nan, "Beta")),
        ("2293 N05W53   342  0065 Cao       09 Beta", (53, 342, 65, "Cao", np.nan, 9, "Beta")),
        ("2293 N05W53   342  0065 Cao           Beta", (53, 342, 65, "Cao", np.nan, np.nan, "Beta")),
        ("2293 N05W53   342  0065 Cao  10   09", (53, 342, 65, "Cao", 10, 9, "")),
        ("2293 N05W53   342       Cao  10   09 Beta", (53, 342, np.nan, "Cao", 10, 9, "Beta")),
        ("2293 N05W53        0065 Cao  10   09 Beta", (53, np.nan, 65, "Cao", 10, 9, "Beta")),
        ("2293 N05W98   342  0065 Cao  10   09 Beta", (98, 342, 65, "Cao", 10, 9, "Beta")),
    ],
)
def test_spotted_regions_of_all_layouts(line, wanted):
    noaa_ar, latitude, *values = region_values(line, "I", DAY)
    assert (noaa_ar, latitude) == (12293, 5)
    np.testing.assert_equal(values, list(wanted))


@pytest.mark.parametrize(
    ("line", "section", "wanted"),
    [
        ("2292  S08W84   013", "IA", [12292, -8, 84, 13]),
        ("2292  S08E84", "IA", [12292, -8, -84, np.nan]),
        ("2292  S08E84   013   flared", "IA", [12292, -8, -84, 13]),
        ("2288 S08    185", "II", [12288, -8, np.nan, 185]),
        ("2288 S08", "II", [12288, -8, np.nan, np.nan]),
        ("2288 S08E90    185", "II", [12288, -8, -90, 185]),
    ],
)
def test_regions_without_spots(line, section, wanted):
    values = region_values(line, section, DAY)
    np.testing.assert_equal(list(values), [*wanted, np.nan, "", np.nan, np.nan, ""])


@pytest.mark.parametrize(
    "line", ["2292  S08W84   013  5", "2292  S08W84   1013", "2292  S08W84   013  0065 Cao  10   09"]
)
def test_wrong_columns_of_regions_without_spots(line):
    with pytest.raises(BadLine, match="wrong columns"):
        region_values(line, "IA", DAY)


@pytest.mark.parametrize(
    ("line", "reason"),
    [
        ("2293 N05", "region without location"),
        ("2293   342  0065 Cao  10   09 Beta", "region without location"),
        ("2293 N05W5x   342  0065 Cao  10   09 Beta", "region without location"),
        ("2293 N95W53   342  0065 Cao  10   09 Beta", "location not on the Sun"),
        ("2293 N05W53   942  0065 Cao  10   09 Beta", "Carrington longitude over 360"),
        ("2293 N05W53   342  0065 Xao  10   09 Beta", "McIntosh class not known"),
        ("2293 N05W53   342  0065  10   09", "region without McIntosh class"),
        ("2293 N05W53   342  0065 Cao  10   09 Bad", "magnetic class not known"),
        ("2293 N05W53   34\u00b2  0065 Cao  10   09 Beta", "McIntosh class not known"),
        ("2293 N05W53   342  0065 1 Cao  10   09 Beta", "wrong columns"),
        ("2293 N05W53   342  0065 Cao  10   09 10 Beta", "wrong columns"),
    ],
)
def test_what_is_no_region_is_told(line, reason):
    with pytest.raises(BadLine, match=f"^{reason}$"):
        region_values(line, "I", DAY)


def test_number_0000_is_ar_10000():
    assert region_values("0000 N10E10  100  0010 Axx  01   01 Alpha", "I", datetime(2002, 6, 14))[0] == 10000  # noqa: DTZ001


@given(
    st.integers(1, 9999),
    st.integers(-40, 40),
    st.integers(-90, 90),
    st.integers(0, 359),
    st.integers(0, 5000),
    st.sampled_from(["Axx", "Bxo", "Dki", "Fkc"]),
    st.integers(0, 40),
    st.integers(1, 120),
    st.sampled_from(["Alpha", "Beta-Gamma-Delta"]),
    st.booleans(),
)
def test_what_is_written_is_read(number, lat, lon, carrington, area, mcintosh, extent, spots, magnetic, upper):
    place = f"{'S' if lat < 0 else 'N'}{abs(lat):02d}{'E' if lon < 0 else 'W'}{abs(lon):02d}"
    line = f"{number:04d} {place}   {carrington:03d}  {area:04d} {mcintosh}  {extent:02d}   {spots:02d} {magnetic}"
    got = region_values(line.upper() if upper else line, "I", DAY)
    (full,) = full_noaa_numbers(np.array([number]), np.array([DAY], dtype="datetime64[s]"))
    assert got == (full, lat, lon, carrington, area, mcintosh, extent, spots, magnetic)
