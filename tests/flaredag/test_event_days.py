"""Event days of flare lists."""

import numpy as np
import pytest

import made_up_members as made_up
from flaredag.errors import InputError
from flaredag.event_days import compared_outcomes, event_days, event_name

FLARES = made_up.flares(
    {
        "2015-03-01 00:00": "M9.9",  # known when the window begins
        "2015-03-02 12:00": "M1.0",
        "2015-03-02 13:00": "M3.0",
        "2015-03-03 23:59": "X1.0",
        "2015-03-04 10:00": "C9.9",
        "2015-03-05 00:00": "M2.0",  # the last second of the day before
    }
)
COVERED = made_up.periods("2015-02-28 12:00", "2015-03-06 12:00")


@pytest.mark.parametrize(
    ("least", "below", "expected"),
    [
        ("M1.0", "", [0, 1, 1, 1, 0, -1]),
        ("M1.0", "X1.0", [0, 1, 0, 1, 0, -1]),
        ("X1.0", "", [0, 0, 1, 0, 0, -1]),
        ("C1.0", "", [0, 1, 1, 1, 0, -1]),
    ],
)
def test_days_by_hand(least, below, expected):
    found = event_days(FLARES, COVERED, made_up.days(6), window_hours=24, least_class=least, below_class=below)
    assert found.tolist() == expected
    assert found.dtype == np.int8


def test_names_of_events():
    assert event_name("M1.0") == "M1.0"
    assert event_name("M1.0", "X1.0") == "M1.0 to X1.0"
    with pytest.raises(InputError, match=r"from X1\.0 to below M1\.0; wanted the weaker class first"):
        event_name("X1.0", "M1.0")
    with pytest.raises(InputError, match="GOES class 'strong'"):
        event_name("strong")


def test_outcomes_are_compared_where_the_other_list_tells_any():
    ours, other = np.array([1, 1, 0, 0, 1], np.int8), np.array([1, 0, 1, 0, -1], np.int8)
    assert compared_outcomes(ours, other, made_up.days(5), other="theirs") == [
        "Of 4 windows that theirs covers, 2 have an event; it lacks 1 of these and has 1 others, the first on "
        "2015-03-02T00:00:00."
    ]
    assert compared_outcomes(ours, ours, made_up.days(5), other="ours") == [
        "Of 5 windows that ours covers, 3 have an event; it tells the same."
    ]
