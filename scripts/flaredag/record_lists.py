"""Lists of records of an instrument, in the form of JSOC's tables: number of the region, and T_REC."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from flaredag.artifacts import write_csv
from flaredag.errors import InputError
from flaredag.jsoc import REGION_KEYWORD, T_REC_FORMAT
from flaredag.tables import read_raw_csv, whole_numbers

if TYPE_CHECKING:
    from pathlib import Path


def write_record_list(path: str | Path, records: pd.DataFrame, *, instrument: str) -> None:
    """Write the `region` and `t_rec` (TAI) of `records` as CSV, in their order."""
    listed = {
        REGION_KEYWORD[instrument]: records["region"].to_numpy(),
        "T_REC": records["t_rec"].dt.strftime(T_REC_FORMAT).to_numpy(),
    }
    write_csv(path, pd.DataFrame(listed))


def read_record_list(path: str | Path, *, instrument: str) -> pd.DataFrame:
    """Records of a list, in their order: `region`, int64, and `t_rec` (TAI), datetime64[s].

    Raises InputError where the file is unreadable, lacks a column, or has a record without number or time.
    """
    texts = read_raw_csv(path, [REGION_KEYWORD[instrument], "T_REC"])
    t_rec = pd.to_datetime(texts["T_REC"], format=T_REC_FORMAT, errors="coerce")
    if t_rec.isna().any():
        first = int(np.flatnonzero(t_rec.isna())[0])
        raise InputError(
            f"{path}: T_REC of record {first + 1} is {texts['T_REC'].iloc[first]!r}; wanted a time such as "
            "2011.02.15_00:00:00_TAI. Delete the file to have it made again."
        )
    region = whole_numbers(texts[REGION_KEYWORD[instrument]], path=path)
    return pd.DataFrame({"region": region, "t_rec": t_rec.astype("datetime64[s]")})
