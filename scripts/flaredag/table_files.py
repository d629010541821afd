"""Tables as netCDF files: one dim, one variable a column, meaning and units in its attributes."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pandas as pd
import xarray as xr

from flaredag.artifacts import write_netcdf
from flaredag.errors import InputError

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

UTC_SECONDS = "seconds since 1970-01-01 (UTC)"


def write_table(path: str | Path, table: pd.DataFrame, *, dim: str, columns: Mapping[str, Mapping[str, str]]) -> None:
    """Write the `columns` (name -> attributes) of `table`, dims (`dim`).

    Columns of the units `UTC_SECONDS` are datetime64 in `table` and int64 in the file, the least int64 where they are
    NaT. Raises InputError where `table` lacks a column.
    """
    missing = [name for name in columns if name not in table.columns]
    if missing:
        raise InputError(f"{path}: column {', '.join(missing)} missing; found {', '.join(table.columns)}.")
    variables = {}
    for name, attrs in columns.items():
        values = table[name].to_numpy()
        if attrs.get("units") == UTC_SECONDS:
            values = values.astype("datetime64[s]").astype(np.int64)
        elif not np.issubdtype(values.dtype, np.number):
            values = np.asarray(values, dtype="S")
        variables[name] = (dim, values, dict(attrs))
    write_netcdf(path, xr.Dataset(variables))


def read_table(path: str | Path, *, columns: Mapping[str, Mapping[str, str]]) -> pd.DataFrame:
    """The `columns` of a file of `write_table`; InputError where it is unreadable or lacks one."""
    try:
        dataset = xr.load_dataset(path, decode_times=False)
    except (OSError, ValueError) as error:
        raise InputError(f"{path}: not readable as netCDF ({error}). Delete the file to have it made again.") from error
    missing = [name for name in columns if name not in dataset.variables]
    if missing:
        raise InputError(
            f"{path}: variable {', '.join(missing)} missing; found {', '.join(map(str, dataset.variables))}. "
            "Delete the file to have it made again."
        )
    table = {}
    for name in columns:
        values = dataset[name].to_numpy()
        if dataset[name].attrs.get("units") == UTC_SECONDS:
            values = values.astype("datetime64[s]")
        elif values.dtype.kind == "S":
            values = values.astype("U")
        table[name] = values
    return pd.DataFrame(table)
