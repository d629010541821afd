"""Outcomes of full-disk forecasts."""

import numpy as np
import pandas as pd
import pytest

from flaredag.outcomes import full_disk_outcomes

FLARES = pd.DataFrame(
    {
        "start_time": pd.to_datetime(["2012-01-01 00:00", "2012-01-02 00:00", "2012-01-03 06:00", "2012-01-05 00:00"]),
        "peak_flux": [2e-5, 1e-5, 9.9e-6, np.nan],
        "noaa_ar": [0, 11390, 0, 0],
    }
)


@pytest.mark.parametrize(
    ("issue_time", "outcome"),
    [
        ("2011-12-31 00:00", True),  # the flare at the end of the window counts
        ("2012-01-01 00:00", True),  # that at its begin does not, but there is one 24 h later
        ("2012-01-01 00:01", True),
        ("2012-01-02 00:00", False),  # C9.9 only
        ("2012-01-04 12:00", False),  # class not known
        ("2011-12-30 23:59", False),
    ],
)
def test_flares_of_the_whole_disk_in_the_half_open_window(issue_time, outcome):
    times = np.array([issue_time], dtype="datetime64[s]")
    assert full_disk_outcomes(FLARES, times, horizon_hours=24, threshold_w_m2=1e-5).tolist() == [outcome]


def test_order_and_no_flares():
    times = np.array(["2012-01-04", "2011-12-31"], dtype="datetime64[m]")
    assert full_disk_outcomes(FLARES, times, horizon_hours=24, threshold_w_m2=1e-5).tolist() == [False, True]
    assert full_disk_outcomes(FLARES[:0], times, horizon_hours=24, threshold_w_m2=1e-5).tolist() == [False, False]
    assert full_disk_outcomes(FLARES, times[:0], horizon_hours=24, threshold_w_m2=1e-5).shape == (0,)
