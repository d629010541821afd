"""A published table of 12-minute SHARP keywords of many regions: one Parquet file, one row a record.

Packed from the files `data/{HARPNUM}.csv` of lucaspauker/sympathetic-flaring-research: TRUE_TIME is T_REC (TAI),
MISSING is NaN, values are rounded to float32 (largest relative error 6e-8). Longitudes and QUALITY are not given, and
its author has cut the span of each region.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq

from flaredag.artifacts import written_whole
from flaredag.errors import InputError
from flaredag.jsoc import T_REC_FORMAT
from flaredag.rejections import Rejection
from flaredag.sources import SourceFile
from flaredag.tables import numbers, read_raw_csv, whole_numbers

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from pathlib import Path

    from numpy.typing import NDArray

CADENCE_MINUTES = 12
# The table of one region, where it was published.
ADDRESS = (
    "https://raw.githubusercontent.com/lucaspauker/sympathetic-flaring-research/"
    "7b8131f074991b75003d0295e8646eb6999ce098/data/{harpnum}.csv"
)
TIME_OF_ORIGINAL = "TRUE_TIME"
REGION, TIME = "HARPNUM", "T_REC"
KEYWORD_OF_COLUMN = {
    name: name.lower()
    for name in (
        "USFLUX", "MEANGAM", "MEANGBT", "MEANGBZ", "MEANGBH", "MEANJZD", "TOTUSJZ", "MEANJZH", "TOTUSJH", "ABSNJZH",
        "SAVNCPP", "MEANPOT", "TOTPOT", "MEANSHR", "SHRGT45", "R_VALUE", "AREA_ACR",
    )
}  # fmt: skip


def read_sharp_table(path: str | Path) -> tuple[pd.DataFrame, list[Rejection]]:
    """Records of the table: `region` (int64), `t_rec` (TAI, datetime64[s]) and keywords (float64), and those left out.

    Left out are records without a HARP number or a time. Raises InputError where the file is no Parquet file, lacks a
    column or has one of another type, or no record can be used.
    """
    try:
        stored = pq.read_table(path)
    except (OSError, pa.ArrowException) as error:
        raise InputError(
            f"{path}: not readable as Parquet ({error}). Delete the file to have it fetched again."
        ) from error
    _refuse_other_columns(path, stored.schema)
    table = stored.select([REGION, TIME, *KEYWORD_OF_COLUMN]).to_pandas()
    harpnum = table[REGION].to_numpy(dtype=np.float64, na_value=np.nan)
    reasons = {
        "no HARP number": ~(harpnum >= 1),
        "no time": table[TIME].isna().to_numpy(),
    }
    rejected, good = [], np.ones(len(table), dtype=bool)
    for reason, wrong in reasons.items():
        rejected += rejections(table, good & wrong, reason=reason, path=path)
        good &= ~wrong
    if not good.any():
        raise InputError(
            f"{path}: none of its {len(table)} records has a HARP number and a time; wanted a table of SHARP keywords. "
            "Delete the file to have it fetched again."
        )
    kept = table[good]
    return pd.DataFrame(
        {
            "region": harpnum[good].astype(np.int64),
            "t_rec": kept[TIME].to_numpy(dtype="datetime64[s]"),
            **{keyword: kept[name].to_numpy(dtype=np.float64) for name, keyword in KEYWORD_OF_COLUMN.items()},
        },
        index=kept.index,
    ), rejected


def original_files(digests: str | Path, *, address: str = ADDRESS) -> list[SourceFile]:
    """The published file of each region, by a list of HARPNUM, bytes and sha256 (CSV); `address` with `{harpnum}`."""
    listed = read_raw_csv(digests, ["HARPNUM", "bytes", "sha256"])
    n_bytes = whole_numbers(listed["bytes"], path=digests)
    return [
        SourceFile(
            name=f"{harpnum}.csv",
            address=address.format(harpnum=harpnum),
            bytes=int(n),
            sha256=sha256,
            mirror=f"{harpnum}.csv",
            mirror_sha256=sha256,
        )
        for harpnum, n, sha256 in zip(listed["HARPNUM"], n_bytes, listed["sha256"], strict=True)
    ]


def pack_original_tables(paths: Sequence[tuple[int, str | Path]], packed: str | Path) -> int:
    """Write the tables of single regions, (HARPNUM, path), as the one Parquet file; how many records it has.

    Raises InputError where one of them lacks a column, or holds what is neither a number nor MISSING, or no T_REC.
    """
    tables = [_original_table(harpnum, path) for harpnum, path in sorted(paths)]
    schema = pa.schema(
        [(REGION, pa.int32()), (TIME, pa.timestamp("ms")), *((name, pa.float32()) for name in KEYWORD_OF_COLUMN)]
    )
    table = pa.concat_tables([pa.Table.from_pandas(one, schema=schema, preserve_index=False) for one in tables])
    with written_whole(packed) as part:
        pq.write_table(table, part)
    return table.num_rows


def _original_table(harpnum: int, path: str | Path) -> pd.DataFrame:
    raw = read_raw_csv(path, [TIME_OF_ORIGINAL, *KEYWORD_OF_COLUMN])
    times = pd.to_datetime(raw[TIME_OF_ORIGINAL], format=T_REC_FORMAT, errors="coerce")
    if times.isna().any():
        first = int(np.flatnonzero(times.isna())[0])
        raise InputError(
            f"{path}: column {TIME_OF_ORIGINAL}: record {first + 1} is {raw[TIME_OF_ORIGINAL].iloc[first]!r}; wanted a "
            "T_REC such as 2011.02.15_01:48:00_TAI. Delete the file to have it fetched again."
        )
    keywords = {name: numbers(raw[name], path=path).astype(np.float32) for name in KEYWORD_OF_COLUMN}
    return pd.DataFrame({REGION: np.int32(harpnum), TIME: times.astype("datetime64[ms]"), **keywords})


def rejections(table: pd.DataFrame, wrong: NDArray[np.bool_], *, reason: str, path: str | Path) -> list[Rejection]:
    """The rows of `table` at `wrong` (record,), places counted from 1 by the table's index."""
    rows = table[wrong]
    return [
        Rejection(str(path), f"record {place + 1}", reason, " ".join(map(str, row)))
        for place, row in zip(rows.index.tolist(), rows.itertuples(index=False), strict=True)
    ]


def steps_between_records(records: pd.DataFrame) -> NDArray[np.float64]:
    """Minutes from each record to the next of its region, (pair,); `records` sorted by `region` and `t_rec`."""
    region = records["region"].to_numpy()
    minutes = np.diff(records["t_rec"].to_numpy()) / np.timedelta64(1, "m")
    return minutes[region[1:] == region[:-1]]


def _refuse_other_columns(path: str | Path, schema: pa.Schema) -> None:
    wanted: dict[str, tuple[str, Callable[[pa.DataType], bool]]] = {
        REGION: ("whole numbers", pa.types.is_integer),
        TIME: ("times", pa.types.is_timestamp),
        **dict.fromkeys(KEYWORD_OF_COLUMN, ("floating-point numbers", pa.types.is_floating)),
    }
    found = {field.name: field.type for field in schema}
    for name, (told, is_wanted) in wanted.items():
        if name not in found or not is_wanted(found[name]):
            raise InputError(
                f"{path}: column {name}: {found.get(name, 'none')} found; wanted {told}, in a table with the columns "
                f"{', '.join(wanted)}. Delete the file to have it fetched again."
            )
