"""JSOC's conventions: the number of a region, T_REC and its clock."""

from __future__ import annotations

import numpy as np
import pandas as pd
from astropy.time import Time

T_REC_FORMAT = "%Y.%m.%d_%H:%M:%S_TAI"
# Keyword of the region's number in the series of each instrument.
REGION_KEYWORD = {"sharp": "HARPNUM", "smarp": "TARPNUM"}


def utc_from_tai(t_rec: pd.Series) -> pd.Series:
    """UTC, datetime64[s], of times on the TAI clock: 30 to 37 s earlier since 1996 (leap seconds by astropy)."""
    clock = pd.DatetimeIndex(t_rec.unique())
    utc = Time(clock.to_numpy(dtype="datetime64[ns]"), format="datetime64", scale="tai").utc.datetime64
    seconds = np.round((utc - clock.to_numpy(dtype="datetime64[ns]")) / np.timedelta64(1, "s")).astype(np.int64)
    offset = t_rec.map(pd.Series(seconds, index=clock))
    return (t_rec + pd.to_timedelta(offset, unit="s")).astype("datetime64[s]")
