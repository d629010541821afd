"""Forecasts and flares as centres give them in texts."""

import numpy as np
import pytest

from flaredag.errors import InputError
from flaredag.operational_forecasts import days_of_issues, issue_of_each_day, read_issues, read_text_flares

ISSUES = "2014 01 01 00 59 60 50 20 10\n\n2014 01 01 13 42 70 50 30 10\n"
FLARES = "2014 01 01 1840 1852 1903 M9.9 1936\n2014 02 25 0039 0049 0103 X4.9\n"


def times(*texts: str) -> np.ndarray:
    return np.array(texts, dtype="datetime64[s]")


def test_percent_of_a_column_as_fractions(tmp_path):
    (tmp_path / "issues.txt").write_text(ISSUES)
    issued, probability = read_issues(tmp_path / "issues.txt", column=8)
    assert issued.tolist() == times("2014-01-01T00:59", "2014-01-01T13:42").tolist()
    assert probability.tolist() == [0.2, 0.3]


def test_flares_with_and_without_a_region(tmp_path):
    (tmp_path / "flares.txt").write_text(FLARES)
    flares = read_text_flares(tmp_path / "flares.txt")
    assert (
        flares["start_time"].to_numpy().astype("datetime64[s]").tolist()
        == times("2014-01-01T18:40", "2014-02-25T00:39").tolist()
    )
    np.testing.assert_allclose(flares["peak_flux"], [9.9e-5, 4.9e-4])


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("", "is empty"),
        ("2014 01 01 00 59 60\n", r"line 1: .* a percentage in column 8"),
        ("2014 13 01 00 59 60 50 20\n", "line 1: '2014 13 01 00 59 60 50 20'"),
        (ISSUES + "2014 01 02 00 59 60 50 200 10\n", "line 4: 200 in column 8; wanted 0 to 100 percent"),
        ("2014 01 01 00 59 60 50 many\n", "line 1"),
    ],
)
def test_issues_that_are_none_are_refused(tmp_path, text, words):
    (tmp_path / "issues.txt").write_text(text)
    with pytest.raises(InputError, match=words):
        read_issues(tmp_path / "issues.txt", column=8)


@pytest.mark.parametrize(
    ("text", "words"),
    [
        (FLARES.replace("1840", "2561"), "line 1"),
        (FLARES.replace("M9.9", "strong"), "'strong' is no GOES class"),
        ("2014 01 01 1840 1852 1903\n", "wanted year, month, day, start, peak, end and class"),
    ],
)
def test_flares_that_are_none_are_refused(tmp_path, text, words):
    (tmp_path / "flares.txt").write_text(text)
    with pytest.raises(InputError, match=words):
        read_text_flares(tmp_path / "flares.txt")


def test_the_day_of_an_issue_begins_before_or_after_it():
    issued = times(
        "2014-01-01T22:00", "2014-01-01T21:00", "2014-01-01T20:59:59", "2014-01-02T03:00", "2014-01-02T12:00"
    )
    found = days_of_issues(issued, issued_within_hours=[-3, 3])
    second = np.datetime64("2014-01-02", "s")
    assert found[[0, 1, 3]].tolist() == [second.item()] * 3
    assert np.isnat(found[[2, 4]]).all()


def test_the_last_issue_by_the_start_counts_else_the_first_after_it():
    issued = times(
        "2014-01-01T23:00",
        "2014-01-01T23:30",
        "2014-01-02T00:10",
        "2014-01-03T01:00",
        "2014-01-03T01:00",  # the same minute again: a correction
        "2014-01-03T02:00",
        "2014-01-03T12:00",
    )
    day = days_of_issues(issued, issued_within_hours=[-3, 3])
    days = times("2014-01-01", "2014-01-02", "2014-01-03", "2014-01-04")
    assert issue_of_each_day(issued, day, days).tolist() == [-1, 1, 4, -1]


def test_an_issue_at_the_start_of_its_day_is_by_the_start():
    issued = times("2014-01-02T00:00", "2014-01-02T00:01")
    assert issue_of_each_day(issued, days_of_issues(issued, issued_within_hours=[0, 1]), issued[:1]).tolist() == [0]
