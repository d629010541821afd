"""Tables of R's own files (.rda, .RData), in which some authors publish theirs. Nothing in them is run."""

from __future__ import annotations

import lzma
import warnings
import zlib
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd
import rdata
from rdata.conversion import DEFAULT_CLASS_MAP

from flaredag.errors import InputError

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from numpy.typing import NDArray

# What a parser of bytes can meet in a file that is another, or cut off. NotImplementedError is what rdata raises at a
# mark of R's format that it does not read, as strayed bytes may be.
UNREADABLE = (OSError, EOFError, ValueError, LookupError, TypeError, AttributeError, NotImplementedError, zlib.error)


def read_r_table(path: str | Path) -> pd.DataFrame:
    """The one table (data frame) of a file of R; days are datetime64[s], R's NA is NaN.

    InputError where it is no such file, cut off, or holds no table or several.
    """
    try:
        with warnings.catch_warnings():
            # Of bytes that it takes for R's all the same, and of classes that it does not know, it only warns.
            warnings.simplefilter("error", UserWarning)
            objects = rdata.read_rda(path, constructor_dict=class_map())
    except (*UNREADABLE, UserWarning, lzma.LZMAError) as error:
        raise InputError(
            f"{path}: not readable as a file of R ({error}). Delete the file to have it fetched again."
        ) from error
    tables = {name: value for name, value in objects.items() if isinstance(value, pd.DataFrame)}
    if len(tables) != 1:
        raise InputError(
            f"{path}: holds {len(tables)} tables ({', '.join(objects) or 'nothing'}); wanted one. Name another file."
        )
    (table,) = tables.values()
    numeric = table.select_dtypes("number").columns
    # R's NA is a signalling NaN, which numpy warns of wherever it is used.
    clean = {name: np.nan_to_num(table[name].to_numpy(np.float64, na_value=np.nan), nan=np.nan) for name in numeric}
    return table.assign(**clean).reset_index(drop=True)


def class_map() -> dict[str | bytes, Any]:
    """What rdata makes of each of R's classes, by name: its own, and those of days and of other kinds of tables."""
    frame = DEFAULT_CLASS_MAP["data.frame"]
    return {**DEFAULT_CLASS_MAP, "Date": _days, "omit": _as_it_is, "tbl_df": frame, "tbl": frame}


def _days(numbers: Any, attributes: Mapping[str, Any]) -> NDArray[np.datetime64]:
    """R's class Date: days since 1970."""
    days = np.asarray(numbers, dtype=np.float64)
    return np.where(np.isnan(days), np.datetime64("NaT", "s"), np.nan_to_num(days).astype("datetime64[D]"))


def _as_it_is(value: Any, attributes: Mapping[str, Any]) -> Any:
    return value
