"""Predictions: the one file that verification reads, as netCDF and as CSV, checked on both sides.

A table of predictions has one row a sample and seed, and the columns of `COLUMNS`:

- `instrument`: whose region number it is; `region`: HARPNUM, TARPNUM or NOAA number, int32
- `issue_time`: when the forecast is issued, UTC, datetime64[s], without zone
- `label`: 1 if the event occurred in the forecast window, else 0, int8
- `probability`: forecast probability of the event, float64, 0 to 1
- `split`: train, validation or test; `model`: name of the model; `seed`: of split and fit, int16

`instrument`, `split` and `model` are categoricals. Rows keep the order in which they are given.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd
import xarray as xr

from flaredag.artifacts import write_netcdf, written_whole
from flaredag.errors import InputError
from flaredag.splits import SPLITS

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from numpy.typing import NDArray

COLUMNS = ("instrument", "region", "issue_time", "label", "probability", "split", "model", "seed")
# As instrument: a forecast of the whole disk, whose region is 0. It is no region that could lie in two splits.
FULL_DISK = "disk"
TIME_UNITS = "seconds since 1970-01-01"
# CF conventions 3.5: what a word of flag_meanings may hold.
FLAG_MEANING = re.compile(r"[A-Za-z0-9_.+@-]+")
FLAGS = ("instrument", "split", "model")
ATTRIBUTES: dict[str, dict[str, Any]] = {
    "instrument": {"long_name": "instrument whose region number it is"},
    "region": {"long_name": "region number: HARPNUM, TARPNUM or NOAA number"},
    "issue_time": {
        "long_name": "issue time of the forecast, UTC",
        "units": TIME_UNITS,
        "calendar": "standard",
    },
    "label": {"long_name": "whether the event occurred in the forecast window", "units": "1"},
    "probability": {"long_name": "forecast probability of the event", "units": "1"},
    "split": {"long_name": "split of the data set"},
    "model": {"long_name": "model that made the forecast"},
    "seed": {"long_name": "seed of split and fit"},
}


def checked_predictions(
    table: pd.DataFrame, source: str | Path, *, region_in_two_splits_allowed: bool = False
) -> pd.DataFrame:
    """`table` with the columns, dtypes and guarantees of this module; extra columns are left out.

    A region in two splits of a seed is a leak, which nothing of ours may have, but where the splits of the seed follow
    each other in time: a study may cut regions at borders in time, and its audit says so. Forecasts of others are taken
    with it (`region_in_two_splits_allowed`), so that their audit can tell it. The whole disk (`FULL_DISK`) is in every
    split.

    Raises InputError with `source`, the first offending record and their number on: a missing column, no
    record, a name that CF flags cannot hold, a number out of its range, a time that is missing, zoned or has
    fractions of a second, a label other than 0 and 1, a probability that is not in [0, 1], a duplicate of
    (model, seed, split, instrument, region, issue_time), a region in two splits of one seed.
    """
    missing = [name for name in COLUMNS if name not in table.columns]
    if missing:
        raise InputError(
            f"{source}: no column {', '.join(missing)}; found {', '.join(map(str, table.columns))}, wanted "
            f"{', '.join(COLUMNS)}. Add what is missing."
        )
    if table.empty:
        raise InputError(f"{source}: holds no prediction; wanted one record a sample and seed.")
    checked = pd.DataFrame(
        {
            "instrument": _flags(table, "instrument", source),
            "region": _integers(table, "region", np.int32, source),
            "issue_time": _seconds(table, source),
            "label": _labels(table, source),
            "probability": _probabilities(table, source),
            "split": _flags(table, "split", source),
            "model": _flags(table, "model", source),
            "seed": _integers(table, "seed", np.int16, source),
        },
        copy=False,
    )
    if not region_in_two_splits_allowed:
        _refuse_regions_in_two_splits(checked, source)
    _refuse_duplicates(checked, source)
    return checked


def write_predictions(path: str | Path, table: pd.DataFrame, *, region_in_two_splits_allowed: bool = False) -> None:
    """Write predictions as netCDF, dims (sample); same rows in the same order give the same bytes.

    Raises InputError as `checked_predictions` does, before anything is written.
    """
    checked = checked_predictions(table, path, region_in_two_splits_allowed=region_in_two_splits_allowed)
    variables = {}
    for name in COLUMNS:
        values, attributes = checked[name], ATTRIBUTES[name]
        if name in FLAGS:
            codes = np.arange(len(values.cat.categories), dtype=np.int8)
            attributes = attributes | {"flag_values": codes, "flag_meanings": " ".join(values.cat.categories)}
            values = values.cat.codes.astype(np.int8)
        elif name == "issue_time":
            values = values.astype(np.int64)
        variables[name] = ("sample", values.to_numpy(), attributes)
    dataset = xr.Dataset(variables, attrs={"Conventions": "CF-1.11", "title": "flare predictions"})
    dataset["probability"].encoding["_FillValue"] = None
    write_netcdf(path, dataset)


def read_predictions(
    path: str | Path, splits: Sequence[str] | None = None, *, region_in_two_splits_allowed: bool = False
) -> pd.DataFrame:
    """Predictions of a netCDF file, checked by `checked_predictions`; of `splits` only, where given.

    Raises InputError if the file cannot be read, is no predictions file, or fails a check.
    """
    table = _table_of_file(path)
    checked = checked_predictions(table, path, region_in_two_splits_allowed=region_in_two_splits_allowed)
    if splits is None:
        return checked
    unknown = sorted(set(splits) - set(SPLITS))
    if unknown:
        raise InputError(f"{path}: asked for split {', '.join(unknown)}; there are {', '.join(SPLITS)}.")
    return checked.loc[checked["split"].isin(list(splits))].reset_index(drop=True)


def write_predictions_csv(path: str | Path, table: pd.DataFrame) -> None:
    """Write predictions as CSV that flaredag.forecast_files reads: time in UTC, region as `instrument-number`.

    Numbers are written so that reading them gives the same rows back, bit by bit. Raises InputError as
    `checked_predictions` does.
    """
    checked = checked_predictions(table, path)
    times = np.datetime_as_string(checked["issue_time"].to_numpy(), unit="s")
    forecasts = pd.DataFrame(
        {
            "time": np.char.add(times, "Z"),
            "label": checked["label"],
            "probability": checked["probability"],
            "region": checked["instrument"].astype(str) + "-" + checked["region"].astype(str),
            "split": checked["split"],
            "model": checked["model"],
            "seed": checked["seed"],
        }
    )
    with written_whole(path) as part:
        forecasts.to_csv(part, index=False, lineterminator="\n")


def _flags(table: pd.DataFrame, name: str, source: str | Path) -> pd.Categorical:
    """Names of a column as categorical: splits in their order, other names sorted, none unused."""
    column = table[name].astype("category").cat.remove_unused_categories()
    names = [str(category) for category in column.cat.categories]
    fit = [meaning in SPLITS if name == "split" else bool(FLAG_MEANING.fullmatch(meaning)) for meaning in names]
    # A missing name has code -1, hence the False at the end.
    _refuse(
        ~np.array([*fit, False], dtype=bool)[column.cat.codes.to_numpy()],
        table,
        source,
        found=f"no fit {name}",
        wanted=", ".join(SPLITS) if name == "split" else "a name of letters, digits and _ - . + @",
    )
    categories: list[str] = list(SPLITS) if name == "split" else sorted(set(names))
    if len(categories) > np.iinfo(np.int8).max:
        raise InputError(f"{source}: {len(categories)} names in {name}; at most 127 fit a file. Write several files.")
    new_code = np.array([categories.index(meaning) for meaning in names])
    return pd.Categorical.from_codes(new_code[column.cat.codes.to_numpy()], categories=categories)


def _integers(table: pd.DataFrame, name: str, dtype: type[np.signedinteger], source: str | Path) -> NDArray[Any]:
    values = np.asarray(pd.to_numeric(table[name], errors="coerce"), dtype=np.float64)
    least, greatest = np.iinfo(dtype).min, np.iinfo(dtype).max
    fit = (values == np.rint(values)) & (values >= least) & (values <= greatest)
    _refuse(~fit, table, source, found=f"no fit {name}", wanted=f"a whole number from {least} to {greatest}")
    return values.astype(dtype)


def _seconds(table: pd.DataFrame, source: str | Path) -> NDArray[np.datetime64]:
    column = table["issue_time"]
    if column.dtype.kind != "M" or getattr(column.dtype, "tz", None) is not None:
        raise InputError(
            f"{source}: issue_time is {column.dtype}; wanted datetime64 without zone, in UTC. Convert it "
            "before writing."
        )
    times = column.to_numpy()
    seconds = times.astype("datetime64[s]")
    _refuse(
        np.isnat(times) | (seconds != times),
        table,
        source,
        found="no fit issue_time",
        wanted="whole seconds of UTC",
    )
    return seconds


def _labels(table: pd.DataFrame, source: str | Path) -> NDArray[np.int8]:
    labels = np.asarray(pd.to_numeric(table["label"], errors="coerce"), dtype=np.float64)
    _refuse((labels != 0) & (labels != 1), table, source, found="a label other than 0 and 1", wanted="0 or 1")
    return labels.astype(np.int8)


def _probabilities(table: pd.DataFrame, source: str | Path) -> NDArray[np.float64]:
    probabilities = np.array(pd.to_numeric(table["probability"], errors="coerce"), dtype=np.float64)
    fit = (probabilities >= 0) & (probabilities <= 1)
    _refuse(~fit, table, source, found="no fit probability", wanted="a number from 0 to 1, not NaN")
    return probabilities


def _packed_regions(table: pd.DataFrame) -> NDArray[np.int64]:
    """Seed, instrument and region in the lower 55 bits of an integer, (record,), made in place: there are millions.

    Comparing columns one by one takes four times as long.
    """
    packed = table["seed"].to_numpy(dtype=np.int64, copy=True)
    packed -= np.iinfo(np.int16).min
    packed <<= 7
    packed |= table["instrument"].cat.codes.to_numpy()
    packed <<= 32
    packed += table["region"].to_numpy()
    packed -= np.iinfo(np.int32).min
    return packed


def _refuse_regions_in_two_splits(table: pd.DataFrame, source: str | Path) -> None:
    split = table["split"].cat.codes.to_numpy()
    packed = _packed_regions(table)
    # Regions are few against records: as a rule each has one split, which is told without sorting all records.
    of_splits = pd.unique((packed << 2) | split)
    if len(pd.unique(of_splits >> 2)) == len(of_splits):
        return
    regions, first, inverse = np.unique(packed, return_index=True, return_inverse=True)
    elsewhere = (split != split[first][inverse]) & (table["instrument"] != FULL_DISK).to_numpy()
    if elsewhere.any() and not _follow_in_time(table[table["seed"].isin(table["seed"].to_numpy()[elsewhere])]):
        n_regions = len(np.unique(inverse[elsewhere]))
        record = int(elsewhere.argmax())
        other = int(first[inverse[record]])
        raise InputError(
            f"{source}: {n_regions} of {len(regions)} regions, counted by seed, lie in two splits; the first: record "
            f"{record + 1} ({_described(table, record)}) and record {other + 1} ({_described(table, other)}). Wanted "
            "each region in one split of a seed, or splits that follow each other in time. Split by region."
        )


def _follow_in_time(table: pd.DataFrame) -> bool:
    """Whether, in every seed, all forecasts of a split are issued before those of the next one."""
    for _, of_seed in table.groupby("seed", sort=False):
        issued = of_seed.groupby("split", observed=True)["issue_time"].agg(["min", "max"])
        issued = issued.loc[[split for split in SPLITS if split in issued.index]]
        if (issued["max"].to_numpy()[:-1] >= issued["min"].to_numpy()[1:]).any():
            return False
    return True


def _refuse_duplicates(table: pd.DataFrame, source: str | Path) -> None:
    """Refuse a sample that is forecast twice by a model and seed, be it in one split or in two."""
    times, own_times = pd.factorize(table["issue_time"].to_numpy().astype(np.int64))
    key = pd.factorize(_packed_regions(table))[0].astype(np.int64, copy=False)
    # Numbers of regions and of times are at most that of records: the product has room in 63 bits.
    key <<= 7
    key |= table["model"].cat.codes.to_numpy()
    key *= len(own_times)
    key += times
    in_order = np.sort(key)
    if (in_order[1:] == in_order[:-1]).any():
        _refuse(
            pd.Series(key).duplicated().to_numpy(),
            table,
            source,
            found="a (model, seed, split, instrument, region, issue_time) of an earlier record",
            wanted="one forecast of a model and seed for a region and time",
        )


def _table_of_file(path: str | Path) -> pd.DataFrame:
    """The columns of a file as they stand in it."""
    try:
        with xr.open_dataset(path, engine="netcdf4", decode_cf=False) as opened:
            dataset = opened.load()
    except (OSError, RuntimeError, ValueError) as error:
        raise InputError(f"{path}: cannot be read as netCDF ({error}). Delete it to have it made again.") from error
    missing = [name for name in COLUMNS if name not in dataset.variables]
    if missing:
        raise InputError(
            f"{path}: no variable {', '.join(missing)}; found {', '.join(map(str, dataset.variables))}, wanted "
            f"{', '.join(COLUMNS)}. Delete the file to have it made again."
        )
    return pd.DataFrame({name: _decoded(dataset[name], path) for name in COLUMNS}, copy=False)


def _decoded(variable: xr.DataArray, path: str | Path) -> pd.Categorical | NDArray[Any]:
    """Values of a variable of the file: flags as categoricals, times as datetime64."""
    name = str(variable.name)
    if variable.dims != ("sample",):
        raise InputError(f"{path}: {name} has dims {variable.dims}; wanted ('sample',). Have the file made again.")
    values = variable.to_numpy()
    if name == "issue_time":
        if variable.attrs.get("units") != TIME_UNITS or values.dtype.kind != "i":
            raise InputError(
                f"{path}: issue_time is {values.dtype} in units {variable.attrs.get('units')!r}; wanted int64 in "
                f"{TIME_UNITS!r}. Have the file made again."
            )
        return values.astype(np.int64).view("datetime64[s]")
    if name not in FLAGS:
        return values
    codes = np.atleast_1d(variable.attrs.get("flag_values", ()))
    meanings = str(variable.attrs.get("flag_meanings", "")).split()
    if len(codes) != len(meanings) or not np.isin(values, codes).all() or len(set(meanings)) != len(meanings):
        raise InputError(
            f"{path}: {name} has codes {np.unique(values).tolist()}, flag_values {codes.tolist()} and flag_meanings "
            f"{meanings}; wanted one meaning for each code. Have the file made again."
        )
    order = np.argsort(codes)
    return pd.Categorical.from_codes(
        np.searchsorted(codes[order], values), categories=[meanings[position] for position in order]
    )


def _refuse(bad: NDArray[np.bool_], table: pd.DataFrame, source: str | Path, *, found: str, wanted: str) -> None:
    """InputError if any record is `bad`, (record,)."""
    if bad.any():
        first = int(bad.argmax())
        raise InputError(
            f"{source}: {found} in {int(bad.sum())} of {len(table)} records; the first is record {first + 1} "
            f"({_described(table, first)}). Wanted {wanted}. Mend or leave out these records."
        )


def _described(table: pd.DataFrame, record: int) -> str:
    return ", ".join(f"{name} {table[name].iloc[record]}" for name in table.columns)
