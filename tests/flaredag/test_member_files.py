"""Anybody's members: what is taken in, what is told, and the error of every departure."""

import gzip

import numpy as np
import pytest

from flaredag.errors import InputError
from flaredag.member_files import read_members_csv

MEMBERS = """time,NOAA,outcome,MAG4
2016-01-01T00:00Z,0.25,0,0.5
2016-01-02T00:00Z,0.75,1,
2016-01-03T00:00Z,0,0,1
"""
SETTINGS = {"window_hours": 24, "missing_value": None, "hours_of_members": {}}


def read(tmp_path, text: str, **settings):
    (tmp_path / "mine.csv").write_text(text)
    return read_members_csv(tmp_path / "mine.csv", **(SETTINGS | settings))


def refusal(tmp_path, text: str, **settings) -> str:
    """What a file of this text is refused with."""
    with pytest.raises(InputError) as refused:
        read(tmp_path, text, **settings)
    return str(refused.value)


def test_every_other_column_is_a_member_and_an_empty_field_is_missing(tmp_path):
    members, notes = read(tmp_path, MEMBERS)
    assert members.names == ("NOAA", "MAG4")
    np.testing.assert_array_equal(members.probability, [[0.25, 0.5], [0.75, np.nan], [0, 1]])
    assert members.outcome.tolist() == [0, 1, 0]
    assert members.time[0] == np.datetime64("2016-01-01")
    assert (members.window_hours, members.event, members.source) == (24, "outcome of the file", "mine.csv")
    assert notes == [
        "There is no column window_hours: windows are 24 hours long.",
        "2 of 3 windows have a forecast of every member.",
        "MAG4: missing in 1 of 3 windows.",
    ]


def test_a_packed_file_whose_lines_are_out_of_order_is_sorted_and_told(tmp_path):
    header, first, *rest = MEMBERS.splitlines()
    path = tmp_path / "mine.csv.gz"
    path.write_bytes(gzip.compress("\n".join([header, *rest, first]).encode()))
    members, notes = read_members_csv(path, **SETTINGS)
    assert members.probability[:, 0].tolist() == [0.25, 0.75, 0.0]
    assert members.outcome.tolist() == [0, 1, 0]
    assert "The lines are not in the order of their times: sorted." in notes


def test_published_names_of_columns_and_a_number_that_stands_for_missing(tmp_path):
    text = "VALID_DATE,A,B,rlz.M1\n2016-01-01,0.5,-0.01,0\n2016-01-02,0.25,0.75,1\n"
    names = {"time_column": "VALID_DATE", "outcome_column": "rlz.M1"}
    members, notes = read(tmp_path, text, missing_value=-0.01, event="M1.0", **names)
    np.testing.assert_array_equal(members.probability, [[0.5, np.nan], [0.25, 0.75]])
    assert members.event == "M1.0"
    assert notes[:2] == ["The column VALID_DATE has no zone: taken as UTC.", "B: -0.01 in 1 lines, taken as missing."]
    told = refusal(tmp_path, text, **names)
    assert "column B: a number that is not from 0 to 1 in 1 of 2 lines; the first is line 2 with '-0.01'" in told
    assert "leave the field empty, or tell so: missing_value: -0.01 in config.yaml" in told
    last = text.rstrip("\n").splitlines()[-1]
    told = refusal(tmp_path, f"{text}{last}\n", missing_value=-0.01, **names)
    assert "column VALID_DATE: a time of an earlier line in 1 of 3 lines; the first is line 4" in told


def test_windows_of_a_column_and_members_of_others(tmp_path):
    text = "time,window_hours,ASSA,NOAA,outcome\n2016-01-01T00Z,24,0.5,0.5,0\n2016-01-02T00Z,24,0.1,0.1,1\n"
    members, notes = read(tmp_path, text, window_hours=6, hours_of_members={"ASSA": 12})
    assert members.window_hours == 24
    np.testing.assert_allclose(members.probability[:, 0], [1 - 0.5**2, 1 - 0.9**2], rtol=1e-14)
    assert members.probability[:, 1].tolist() == [0.5, 0.1]
    assert notes[0] == "ASSA: converted from windows of 12 to 24 hours, as of a Poisson process."
    assert "hours_of_members names MAG4; members are ASSA, NOAA" in refusal(
        tmp_path, text, hours_of_members={"MAG4": 12}
    )


@pytest.mark.parametrize(
    ("text", "words"),
    [
        (MEMBERS.replace("0.25", "25").replace("0.75", "75"), "column NOAA: a number above 1 in 2 of 3 lines"),
        (MEMBERS.replace("0.25", "25").replace("0.75", "75"), "Are these percent? Divide the whole column by 100."),
        (MEMBERS.replace("0.75", "750"), "column NOAA: a number that is not from 0 to 1 in 1 of 3 lines"),
        (MEMBERS.replace("0.75", "-0.01"), "the first is line 3 with '-0.01'"),
        (MEMBERS.replace("0.75", "high"), "column NOAA: no number in 1 of 3 lines; the first is line 3 with 'high'"),
        (
            MEMBERS.replace("01-03", "01-02"),
            "column time: a time of an earlier line in 1 of 3 lines; the first is line 4",
        ),
        (MEMBERS.replace("01-03", "01-33"), "column time: no time in ISO 8601"),
        (MEMBERS.replace(",1,", ",0,"), "0 of 3 windows have an event; wanted some with and some without"),
        (MEMBERS.replace(",1,", ",M1.2,"), "column outcome: no number"),
        (MEMBERS.replace("outcome", "flare"), "no column outcome; found time, NOAA, flare, MAG4"),
        (MEMBERS.replace("outcome", "Outcome"), "column 'Outcome' is none that is known; 'outcome' is"),
        (MEMBERS.replace("MAG4", "NOAA"), "column 'NOAA' is named twice"),
        (MEMBERS.replace("MAG4", "MAG 4"), "'MAG 4' are no fit names"),
        (MEMBERS.replace(",0.5\n", ",\n").replace(",1\n", ",\n"), "member MAG4: missing in all of 3 windows"),
        ("time,NOAA,outcome\n2016-01-01,0.5,0\n2016-01-02,0.5,1\n", "1 member (NOAA); wanted two or more"),
        ("time,outcome\n2016-01-01,0\n2016-01-02,1\n", "0 member (); wanted two or more"),
        ("time;A;B;outcome\n2016-01-01;0,5;0,5;0\n", "its columns are separated by semicolons"),
        ("time,A,B,outcome\n", "holds no forecast, only a header"),
        ("time,A,B,outcome,window_hours\n2016-01-01,0,1,0,24\n2016-01-02,0,1,1,12\n", "another length than the 24 h"),
        ("time,A,B,outcome,window_hours\n2016-01-01,0,1,0,\n2016-01-02,0,1,1,12\n", "no length of a window"),
    ],
)
def test_a_departure_is_refused_with_what_where_and_what_to_do(tmp_path, text, words):
    told = refusal(tmp_path, text)
    assert "mine.csv: " in told
    assert words in told


def test_identical_members_gaps_and_a_missing_month_are_told(tmp_path):
    lines = ["time,A,B,C,outcome"]
    for day in range(90):
        if day != 60:
            missing = 20 <= day < 50
            lines.append(
                f"{np.datetime64('2016-01-01') + day},0.{day % 9},0.{day % 9},{'' if missing else 0.5},{day % 2}"
            )
    members, notes = read(tmp_path, "\n".join(lines) + "\n")
    assert len(members.time) == 89
    assert "C: missing in 30 of 89 windows, for a month or longer from 2016-01-21 to 2016-02-19." in notes
    assert "A and B are identical: only the sum of their weights is determined, not each." in notes
    assert any("the longest gap is from 2016-02-29T00:00:00 to 2016-03-02T00:00:00" in note for note in notes)
