"""NOAA numbers of four digits made whole."""

import numpy as np
import pytest

from flaredag.noaa_numbers import full_noaa_numbers


@pytest.mark.parametrize(
    ("day", "number", "full"),
    [
        ("1990-01-10", 5871, 5871),
        ("2002-06-13", 9987, 9987),
        ("2002-06-14", 1, 10001),
        ("2002-06-17", 9991, 9991),
        ("2002-06-23", 9997, 9997),
        ("2010-07-22", 1089, 11089),
        ("2015-03-01", 2290, 12290),
        ("2024-05-11", 3664, 13664),
        ("2025-11-15", 4283, 14283),
        ("2010-07-22", 11089, 11089),
        ("2010-07-22", 0, 0),
        ("1996-01-06", 7935, 7935),
        ("2002-06-14", 9999, 9999),
        ("2025-12-01", 4300, 14300),
        ("1979-11-01", 2000, 2000),
        ("2042-01-01", 8000, 18000),
    ],
)
def test_numbers_of_regions_are_made_whole(day, number, full):
    assert full_noaa_numbers(np.array([number]), np.array([day], dtype="datetime64[s]")).tolist() == [full]
