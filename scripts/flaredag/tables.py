"""The canonical tables, one form for every archive: keyword records of patches, and flares."""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd
import xarray as xr

from flaredag.artifacts import write_netcdf
from flaredag.errors import InputError
from flaredag.goes import peak_flux_w_m2
from flaredag.keyword_ranges import KEYWORDS, checked_keywords

if TYPE_CHECKING:
    from collections.abc import Sequence

SECONDS = "seconds since 1970-01-01"
NOT_GIVEN = -1  # region of a flare, or quality of a record, that the source does not give
RECORD_ATTRS: dict[str, dict[str, str]] = {
    "region": {"long_name": "HARPNUM (SHARP), TARPNUM (SMARP) or NOAA number (synoptic, HED parameters)"},
    "t_rec": {"long_name": "time of the record on the TAI clock", "units": f"{SECONDS} (TAI clock)"},
    "time": {"long_name": "time of the record, UTC", "units": f"{SECONDS} (UTC)"},
    "noaa_ars": {"long_name": "NOAA active regions in the patch, joined by commas; empty if not given"},
    "quality": {"long_name": "QUALITY word; -1 if not given"},
    "longitude_min": {"long_name": "LON_MIN, east edge; NaN if not given", "units": "degree"},
    "longitude_max": {"long_name": "LON_MAX, west edge; NaN if not given", "units": "degree"},
    "latitude_min": {"long_name": "LAT_MIN, south edge; NaN if not given", "units": "degree"},
    "latitude_max": {"long_name": "LAT_MAX, north edge; NaN if not given", "units": "degree"},
}
# A column that a table need not have.
SPLIT_GROUP_ATTRS = {"long_name": "group of regions that no split may part; the region itself where there is none"}
FLARE_ATTRS: dict[str, dict[str, str]] = {
    "start_time": {"long_name": "start of the flare, UTC", "units": f"{SECONDS} (UTC)"},
    "start_uncertainty": {"long_name": "half width of what is known of the start", "units": "s"},
    "peak_time": {"long_name": "time of the peak flux, UTC; least int64 if not given", "units": f"{SECONDS} (UTC)"},
    "end_time": {"long_name": "end of the flare, UTC; least int64 if not given", "units": f"{SECONDS} (UTC)"},
    "goes_class": {"long_name": "GOES class as given"},
    "peak_flux": {"long_name": "peak 1-8 angstrom flux of the class", "units": "W m-2"},
    "noaa_ar": {"long_name": "NOAA active region; 0 if not given"},
    "instrument": {"long_name": "instrument of `region`; empty if matched by noaa_ar"},
    "region": {"long_name": "HARPNUM or TARPNUM, NOAA number (HED parameters); -1 if matched by noaa_ar"},
    "lists": {"long_name": "flare lists that hold the flare, joined by commas; empty if not given"},
}
_TIMES = {"t_rec", "time", "start_time", "peak_time", "end_time"}
MAX_WHOLE_NUMBER = 2**53  # float64 tells all whole numbers apart up to here


def read_raw_csv(path: str | Path, columns: Sequence[str], *, nameless_index: bool = False) -> pd.DataFrame:
    """Rows of a raw CSV file, all as text; InputError where it is unreadable, cut off, or lacks one of `columns`.

    `nameless_index`: records begin with a number that the header has no name for, as pandas once wrote them.
    """
    try:
        table = pd.read_csv(path, dtype=str, keep_default_na=False, encoding="utf-8")
    except (pd.errors.ParserError, pd.errors.EmptyDataError, UnicodeDecodeError, EOFError, OSError) as error:
        raise InputError(f"{path}: not readable as CSV ({error}). Delete the file to have it fetched again.") from error
    missing = [name for name in columns if name not in table.columns]
    if missing:
        raise InputError(
            f"{path}: column {', '.join(missing)} missing; found {', '.join(table.columns)}; wanted "
            f"{', '.join(columns)}. Was the file made by another program, or its header changed?"
        )
    if isinstance(table.index, pd.RangeIndex) == nameless_index or table.index.nlevels > 1:
        raise InputError(
            f"{path}: its records have {'as many' if isinstance(table.index, pd.RangeIndex) else 'more'} fields than "
            f"its header names; wanted {'one more' if nameless_index else 'as many'}. Mend the header."
        )
    with Path(path).open("rb") as file:
        file.seek(-1, os.SEEK_END)
        if file.read(1) not in b"\r\n":
            raise InputError(f"{path}: its last line has no end: cut off? Delete the file to have it fetched again.")
    return table[list(columns)].reset_index(drop=True)


def numbers(text: pd.Series, *, path: str | Path, missing: Sequence[str] = ("", "nan", "NaN", "MISSING")) -> pd.Series:
    """Texts as float64, NaN where one of `missing` or infinite; InputError with the first that is no number."""
    stripped = text.str.strip()
    values = pd.to_numeric(stripped.where(~stripped.isin(missing)), errors="coerce").astype(np.float64)
    wrong = values.isna() & ~stripped.isin(missing)
    if wrong.any():
        first = int(np.flatnonzero(wrong)[0])
        raise InputError(
            f"{path}: column {text.name}: record {first + 1} is {text.iloc[first]!r} ({int(wrong.sum())} such records)"
            "; wanted a number, or nothing. Mend the record."
        )
    return values.where(np.isfinite(values))


def whole_numbers(text: pd.Series, *, path: str | Path) -> pd.Series:
    """Texts as int64; InputError with the first that is no whole number."""
    values = numbers(text, path=path)
    wrong = values.isna() | (values != values.round()) | (values.abs() > MAX_WHOLE_NUMBER)
    if wrong.any():
        first = int(np.flatnonzero(wrong)[0])
        raise InputError(
            f"{path}: column {text.name}: record {first + 1} is {text.iloc[first]!r} ({int(wrong.sum())} such records)"
            "; wanted a whole number. Mend the record."
        )
    return values.astype(np.int64)


def utc_times(text: pd.Series, *, path: str | Path) -> pd.Series:
    """ISO times as datetime64[s], of no zone or brought to UTC; InputError with the first that is none."""
    times = pd.to_datetime(text, format="ISO8601", errors="coerce", utc=True).dt.tz_localize(None)
    if times.isna().any():
        first = int(np.flatnonzero(times.isna())[0])
        raise InputError(
            f"{path}: column {text.name}: record {first + 1} is {text.iloc[first]!r} ({int(times.isna().sum())} such "
            "records); wanted a time such as 2011-02-15 01:44:00. Mend the record."
        )
    return times.astype("datetime64[s]")


def curated_flares(flares: pd.DataFrame) -> tuple[pd.DataFrame, dict[str, int]]:
    """Flares of known class with their `peak_flux` (W m-2), and counts; the class "" or "?" tells no activity.

    `flares` has the columns of `FLARE_ATTRS` but `peak_flux`. Sun et al. 2022, section 2.1, leave out 61 such events.
    """
    flares = flares.assign(peak_flux=peak_flux_w_m2(flares["goes_class"]))
    known = flares["peak_flux"].notna()
    counts = {"flares_read": len(flares), "flares_of_unknown_class": int((~known).sum())}
    counts["flares_with_bare_class"] = int(flares["goes_class"].str.strip().str.fullmatch("[ABCMX]").sum())
    return flares[known].reset_index(drop=True), counts


def curated_records(records: pd.DataFrame, *, path: str) -> tuple[pd.DataFrame, dict[str, int]]:
    """Records sorted by region and time, each once, keywords checked; and counts of what was found.

    `records` has the columns of `RECORD_ATTRS` and any of `KEYWORDS`. An exact repetition is dropped
    and counted; InputError where two records of one region and time differ, or a column is out of range.
    """
    counts = {"records_read": len(records)}
    names = [name for name in records.columns if name in KEYWORDS]
    keywords, keyword_counts = checked_keywords(records[names], path=path)
    records = records.assign(**{name: keywords[name] for name in names})
    order = np.lexsort((records["t_rec"].to_numpy(), records["region"].to_numpy()))
    counts["records_unsorted"] = int((np.diff(order) != 1).sum())
    records = records.iloc[order]
    unique = records.drop_duplicates()
    counts["records_repeated"] = len(records) - len(unique)
    clash = unique.duplicated(["region", "t_rec"], keep=False)
    if clash.any():
        first = unique[clash].iloc[0]
        raise InputError(
            f"{path}: region {first['region']} has records of {first['t_rec']} that differ ({int(clash.sum())} "
            "records clash); wanted one record a region and time. Remove the outdated ones."
        )
    return unique.reset_index(drop=True), counts | keyword_counts


def write_records(path: str | Path, records: pd.DataFrame, *, instrument: str) -> None:
    """Write keyword records, dims (record), of one `instrument`."""
    keywords = {name: {"long_name": k.long_name, "units": k.units} for name, k in KEYWORDS.items()}
    attrs = RECORD_ATTRS | {name: keywords[name] for name in records.columns if name in keywords}
    if "split_group" in records.columns:
        attrs["split_group"] = SPLIT_GROUP_ATTRS
    dataset = _dataset_from_frame(records, "record", attrs)
    write_netcdf(path, dataset.assign_attrs(instrument=instrument))


def read_records(paths: Sequence[str | Path]) -> pd.DataFrame:
    """Keyword records of several shards, sorted by instrument, region, time; with columns `instrument`, `split_group`.

    Regions of one `split_group` (int64) belong in one split; where a file has none, it is the region itself. Raises
    InputError where a region lies in two shards, which would put its past and its future apart.
    """
    shards = []
    for path in paths:
        dataset = xr.load_dataset(path, decode_times=False)
        table = _frame_from_dataset(dataset)
        group = table["split_group" if "split_group" in table.columns else "region"].to_numpy(dtype=np.int64)
        shards.append(table.assign(instrument=dataset.attrs["instrument"], split_group=group, shard=str(path)))
    records = pd.concat(shards, ignore_index=True)
    shards_of_region = records.groupby(["instrument", "region"])["shard"].unique()
    split = shards_of_region[shards_of_region.str.len() > 1]
    if len(split):
        (instrument, region), shard_paths = split.index[0], split.iloc[0]
        raise InputError(
            f"{instrument} region {region} lies in {' and '.join(shard_paths)} ({len(split)} such regions); wanted "
            "each region in one shard or fold. Mend the source: a region on both sides of a split is a leak."
        )
    records = records.drop(columns="shard").sort_values(["instrument", "region", "t_rec"], kind="stable")
    return records.reset_index(drop=True)


def write_flares(path: str | Path, flares: pd.DataFrame) -> None:
    """Write flares, dims (flare), columns `FLARE_ATTRS`, sorted by start time."""
    flares = flares[list(FLARE_ATTRS)].sort_values(["start_time", "noaa_ar", "region", "goes_class"], kind="stable")
    write_netcdf(path, _dataset_from_frame(flares, "flare", FLARE_ATTRS))


def read_flares(paths: Sequence[str | Path]) -> pd.DataFrame:
    """Flares of several files, sorted by start time."""
    frames = [_frame_from_dataset(xr.load_dataset(path, decode_times=False)) for path in paths]
    return pd.concat(frames, ignore_index=True).sort_values("start_time", kind="stable").reset_index(drop=True)


def _dataset_from_frame(table: pd.DataFrame, dim: str, attrs: dict[str, dict[str, str]]) -> xr.Dataset:
    missing = sorted(set(attrs) - set(table.columns))
    if missing:
        raise InputError(f"a table of dims ({dim}) lacks {missing}; found {list(table.columns)}.")
    variables = {}
    for name, variable_attrs in attrs.items():
        values = table[name].to_numpy()
        if name in _TIMES:
            values = values.astype("datetime64[s]").astype(np.int64)
        elif values.dtype == object or table[name].dtype == "string":
            values = np.asarray(values, dtype="S")
        variables[name] = (dim, values, variable_attrs)
    return xr.Dataset(variables)


def _frame_from_dataset(dataset: xr.Dataset) -> pd.DataFrame:
    columns = {}
    for name, variable in dataset.variables.items():
        values = variable.to_numpy()
        if name in _TIMES:
            values = values.astype("datetime64[s]")
        elif values.dtype.kind == "S":
            values = values.astype("U")
        columns[name] = values
    return pd.DataFrame(columns)
