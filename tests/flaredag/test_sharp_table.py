"""The published Parquet table of SHARP keywords."""

from pathlib import Path

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from flaredag.errors import InputError
from flaredag.sharp_table import (
    KEYWORD_OF_COLUMN,
    original_files,
    read_sharp_table,
    rejections,
    steps_between_records,
)

FILES = Path(__file__).parents[2] / "rules" / "sharp_12min_files.csv"


def table_of(harpnum, minutes) -> pd.DataFrame:
    """Records of these HARPs at these minutes of 2011-02-15; each keyword is 1."""
    times = pd.to_datetime("2011-02-15") + pd.to_timedelta(minutes, unit="min")
    keywords = {name: np.ones(len(harpnum), dtype=np.float32) for name in KEYWORD_OF_COLUMN}
    return pd.DataFrame({"HARPNUM": harpnum, "T_REC": times.astype("datetime64[ms]"), **keywords})


def written(tmp_path, table):
    path = tmp_path / "table.parquet"
    pq.write_table(pa.Table.from_pandas(table, preserve_index=False), path)
    return path


def test_by_hand(tmp_path):
    table = table_of([377, 377, 401], [0, 12, 24])
    table.loc[1, "USFLUX"] = np.nan
    records, rejected = read_sharp_table(written(tmp_path, table))
    assert not rejected
    assert records["region"].tolist() == [377, 377, 401]
    assert records["t_rec"].astype(str).tolist() == [f"2011-02-15 00:{minute:02}:00" for minute in (0, 12, 24)]
    assert records["usflux"].tolist() == pytest.approx([1.0, np.nan, 1.0], nan_ok=True)
    assert len(KEYWORD_OF_COLUMN) == 17
    assert {records[name].dtype for name in KEYWORD_OF_COLUMN.values()} == {np.dtype(np.float64)}


def test_records_without_region_or_time_are_left_out_and_told(tmp_path):
    table = table_of([377, 0, 401, 402], [0, 12, 24, 36]).astype({"HARPNUM": "Int64"})
    table.loc[2, "HARPNUM"] = pd.NA
    table.loc[3, "T_REC"] = pd.NaT
    records, rejected = read_sharp_table(written(tmp_path, table))
    assert records["region"].tolist() == [377]
    told = [(one.place, one.reason) for one in rejected]
    assert told == [("record 2", "no HARP number"), ("record 3", "no HARP number"), ("record 4", "no time")]
    assert rejected[0].text.startswith("0 2011-02-15 00:12:00 1.0")
    assert rejected[0].source.endswith("table.parquet")


def test_a_table_without_any_record_to_be_used(tmp_path):
    with pytest.raises(InputError, match="none of its 1 records has a HARP number and a time"):
        read_sharp_table(written(tmp_path, table_of([0], [0])))


@pytest.mark.parametrize(
    ("change", "told"),
    [
        ({"drop": "TOTPOT"}, "column TOTPOT: none found; wanted floating-point numbers"),
        ({"HARPNUM": "x"}, "column HARPNUM: .*string found; wanted whole numbers"),
        ({"T_REC": 1.0}, "column T_REC: double found; wanted times"),
        ({"R_VALUE": 1}, "column R_VALUE: int64 found; wanted floating-point numbers"),
    ],
)
def test_other_columns_are_refused(tmp_path, change, told):
    table = table_of([377], [0])
    table = table.drop(columns=change["drop"]) if "drop" in change else table.assign(**change)
    with pytest.raises(InputError, match=told):
        read_sharp_table(written(tmp_path, table))


@pytest.mark.parametrize("content", [b"", b"HARPNUM,T_REC\n", b"PAR1"])
def test_what_is_no_parquet_file(tmp_path, content):
    (tmp_path / "table.parquet").write_bytes(content)
    with pytest.raises(InputError, match=r"table\.parquet: not readable as Parquet"):
        read_sharp_table(tmp_path / "table.parquet")


def test_a_file_cut_off_or_absent(tmp_path):
    path = written(tmp_path, table_of([377] * 100, np.arange(100) * 12))
    path.write_bytes(path.read_bytes()[:-100])
    for one in (path, tmp_path / "absent.parquet"):
        with pytest.raises(InputError, match="not readable as Parquet"):
            read_sharp_table(one)


def test_steps_are_within_regions():
    times = np.datetime64("2011-02-15", "s") + np.array([0, 12, 36, 6, 18]) * np.timedelta64(60, "s")
    records = pd.DataFrame({"region": [1, 1, 1, 2, 2], "t_rec": times})
    assert steps_between_records(records).tolist() == [12.0, 24.0, 12.0]
    assert steps_between_records(records.iloc[:1]).tolist() == []


def test_places_are_those_of_the_table():
    table = pd.DataFrame({"a": [1, 2, 3]}, index=[10, 11, 12])
    (one,) = rejections(table, np.array([False, True, False]), reason="odd", path="x")
    assert (one.source, one.place, one.reason, one.text) == ("x", "record 12", "odd", "2")


def test_the_tables_of_regions_that_it_was_packed_from():
    files = original_files(FILES)
    assert len(files) == 1335
    assert files[0].name == "1.csv"
    assert files[0].address.endswith(
        "/sympathetic-flaring-research/7b8131f074991b75003d0295e8646eb6999ce098/data/1.csv"
    )
    # Three of them are a header alone.
    assert sorted(file.bytes for file in files)[:4] == [151, 151, 151, 3320]
    assert len({file.sha256 for file in files}) == 1333
    assert {len(file.sha256) for file in files} == {64}


def test_the_published_table(mirror):
    records, rejected = read_sharp_table(mirror / "lucaspauker_sharp12min" / "sharp_12min_f32.parquet")
    assert (len(records), records["region"].nunique(), len(rejected)) == (1_204_136, 1332, 0)
    # The header of the FITS file of this record, processed alike, has USFLUX 2.639277e22 and R_VALUE 4.826.
    at = (records["region"] == 377) & (records["t_rec"] == np.datetime64("2011-02-15T02:00:00"))
    record = records[at].iloc[0]
    assert record["usflux"] == pytest.approx(2.639277e22, rel=1e-6)
    assert record["r_value"] == pytest.approx(4.826, abs=1e-3)
