"""Times, classes and numbers as texts."""

import numpy as np
import pytest

from flaredag.flare_lists import Faults
from flaredag.listed_texts import goes_classes, listed_numbers, listed_times


@pytest.mark.parametrize(
    ("text", "time", "reason"),
    [
        ("2011-02-15 01:44:00", "2011-02-15T01:44:00", ""),
        ("2011-02-15T01:44:00.000", "2011-02-15T01:44:00", ""),
        ("2011-02-15T01:44:00Z", "2011-02-15T01:44:00", ""),
        (" 2023/12/29 00:23 ", "2023-12-29T00:23:00", ""),
        ("2008-12-31T23:59:60", "2009-01-01T00:00:00", ""),
        ("0023", "2011-12-31T00:23:00", ""),
        ("", "NaT", ""),
        ("////", "NaT", ""),
        ("2460", "NaT", "time not readable"),
        ("2011-02-29 00:00:00", "NaT", "time not readable"),
        ("2011-02-15", "NaT", "time not readable"),
        ("2011-02-15 01:44:00+01:00", "NaT", "time not readable"),
        ("0211-02-15 01:44:00", "NaT", "time not readable"),
        ("9999-02-15 01:44:00", "NaT", "time not readable"),
        ("yesterday", "NaT", "time not readable"),
    ],
)
def test_times(text, time, reason):
    faults = Faults(2)
    times = listed_times(
        ["2011-02-15 01:44:00", text], faults, "time", day=np.array(["2011-12-31"] * 2, "datetime64[D]")
    )
    assert times.astype(str).tolist() == ["2011-02-15T01:44:00", time]
    assert faults.reason.tolist() == ["", reason]


def test_a_time_that_is_needed_and_a_clock_time_without_a_day():
    faults = Faults(2)
    listed_times(["", "0023"], faults, "start time", needed=True)
    assert faults.reason.tolist() == ["no start time", "start time not readable"]


def test_classes():
    faults = Faults(9)
    texts = ["M1.2", " C1  ", "C6,2", "X14.", "C", "", "nan", "c1.0", "C1.2.3"]
    classes = goes_classes(texts, faults)
    assert classes.tolist()[:7] == ["M1.2", "C1", "C6.2", "X14.", "C", "", ""]
    assert faults.good.tolist() == [True] * 7 + [False] * 2


def test_numbers():
    faults = Faults(7)
    values = listed_numbers(["11158", " 11158.0", "", "     ", "1.5", "-1", "1e9"], faults, "NOAA region", whole=True)
    np.testing.assert_array_equal(values[:4], [11158, 11158, np.nan, np.nan])
    assert faults.reason.tolist() == [""] * 4 + ["NOAA region not readable"] * 3
    faults = Faults(3)
    np.testing.assert_array_equal(listed_numbers(["-1.5", "inf", "x"], faults, "location"), [-1.5, np.nan, np.nan])
    assert faults.good.tolist() == [True, False, False]
