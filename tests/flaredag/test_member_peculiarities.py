"""What is told of members that can be combined all the same."""

from dataclasses import replace

import numpy as np

import made_up_members as made_up
from flaredag.member_peculiarities import peculiarities

NAN = float("nan")


def test_complete_members_have_nothing_else_to_tell():
    members = made_up.members([[0.1, 0.2], [0.3, 0.5]], [0, 1])
    assert peculiarities(members) == ["2 of 2 windows have a forecast of every member."]


def test_missing_forecasts_and_a_month_of_them():
    column = np.full(60, 0.25)
    column[1::2] = 0.5
    month, week = column.copy(), column.copy()
    month[10:38], week[3:10] = NAN, NAN
    members = made_up.members(np.stack([month, week], axis=1).tolist(), [0, 1] * 30)
    assert peculiarities(members) == [
        "25 of 60 windows have a forecast of every member.",
        "A: missing in 28 of 60 windows, for a month or longer from 2015-03-11 to 2015-04-07.",
        "B: missing in 7 of 60 windows.",
    ]


def test_identical_and_constant_members_are_told():
    rows = [[0.1, 0.3, 0.1], [NAN, 0.3, NAN], [0.2, 0.3, 0.2]]
    notes = peculiarities(made_up.members(rows, [0, 1, 0], names=("A", "B", "C")))
    assert "A and C are identical: only the sum of their weights is determined, not each." in notes
    assert "B: every probability is 0.3: its correlations are not defined." in notes
    assert sum("identical" in note for note in notes) == 1


def test_gaps_and_windows_that_overlap():
    members = made_up.members([[0.1, 0.2], [0.3, 0.5], [0.2, 0.1], [0.2, 0.3]], [0, 1, 0, 0])
    hours = np.array([0, 12, 36, 84]) * np.timedelta64(3600, "s")
    assert peculiarities(replace(members, time=members.time[0] + hours))[1:] == [
        "1 of 4 windows begin before the one before has ended: their outcomes are not independent.",
        "Windows do not follow each other at 1 places; the longest gap is from 2015-03-02T12:00:00 to "
        "2015-03-04T12:00:00.",
    ]
