"""JSOC's conventions: T_REC, its clock, and hexadecimal quality words."""

from __future__ import annotations

import numpy as np
import pandas as pd
from astropy.time import Time

from flaredag.errors import InputError

T_REC_FORMAT = "%Y.%m.%d_%H:%M:%S_TAI"


def read_t_rec(text: pd.Series, *, path: str) -> pd.Series:
    """T_REC texts ("2011.02.15_00:00:00_TAI") as datetime64[s] on the TAI clock; InputError on any other."""
    t_rec = pd.to_datetime(text, format=T_REC_FORMAT, errors="coerce")
    if t_rec.isna().any():
        first = int(np.flatnonzero(t_rec.isna())[0])
        raise InputError(
            f"{path}: record {first + 1} has T_REC {text.iloc[first]!r} ({int(t_rec.isna().sum())} such records); "
            "wanted YYYY.MM.DD_hh:mm:ss_TAI. Fetch the table again."
        )
    return t_rec.astype("datetime64[s]")


def utc_from_tai(t_rec: pd.Series) -> pd.Series:
    """UTC, datetime64[s], of times on the TAI clock: 30 to 37 s earlier since 1996 (leap seconds by astropy)."""
    clock = pd.DatetimeIndex(t_rec.unique())
    utc = Time(clock.to_numpy(dtype="datetime64[ns]"), format="datetime64", scale="tai").utc.datetime64
    seconds = np.round((utc - clock.to_numpy(dtype="datetime64[ns]")) / np.timedelta64(1, "s")).astype(np.int64)
    offset = t_rec.map(pd.Series(seconds, index=clock))
    return (t_rec + pd.to_timedelta(offset, unit="s")).astype("datetime64[s]")


def read_quality(text: pd.Series, *, path: str) -> np.ndarray:
    """QUALITY words ("0x00010000" or decimal) as int64; InputError on any other."""
    words = text.astype(str).str.strip()
    try:
        values = {word: np.int64(int(word, 0)) for word in words.unique()}
    except (ValueError, OverflowError) as error:
        raise InputError(f"{path}: QUALITY: {error}; wanted integers such as 0x00010000.") from error
    return words.map(values).to_numpy(dtype=np.int64)
