"""TAI and UTC."""

import numpy as np
import pandas as pd
import pytest

from flaredag.jsoc import utc_from_tai


@pytest.mark.parametrize(
    ("tai", "utc"),
    [
        # TAI - UTC, s: 30 from 1996-01-01, 31 from 1997-07-01, 34 from 2009-01-01, 37 from 2017-01-01 (IERS).
        ("1996-04-23T00:00:00", "1996-04-22T23:59:30"),
        ("1997-07-01T00:00:29", "1997-06-30T23:59:59"),
        ("1997-07-01T00:00:31", "1997-07-01T00:00:00"),
        ("2011-02-15T00:00:00", "2011-02-14T23:59:26"),
        ("2017-01-01T00:00:37", "2017-01-01T00:00:00"),
        ("2026-01-01T12:00:00", "2026-01-01T11:59:23"),
    ],
)
def test_utc_is_behind_tai_by_the_leap_seconds(tai, utc):
    got = utc_from_tai(pd.Series(np.array([tai], dtype="datetime64[s]")))
    assert got.to_numpy().astype("datetime64[s]").astype(str).tolist() == [utc]


def test_utc_keeps_order_repetitions_and_index():
    tai = pd.Series(np.array(["2012-01-02", "2012-01-01", "2012-01-02"], dtype="datetime64[s]"), index=[5, 3, 1])
    utc = utc_from_tai(tai)
    assert utc.index.tolist() == [5, 3, 1]
    # 34 s in the first half of 2012.
    assert (tai - utc).dt.total_seconds().tolist() == [34.0, 34.0, 34.0]
