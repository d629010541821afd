"""The rule that curates the published table of SHARP keywords."""

import json

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from curate_sharp_table import curate_sharp_table, main
from flaredag.errors import InputError
from flaredag.harp_noaa import read_harp_noaa
from flaredag.rejections import read_rejections
from flaredag.sharp_table import KEYWORD_OF_COLUMN, read_sharp_table
from flaredag.tables import read_records

# Values of a quiet region, in the order of the table's columns.
VALUES = [1e22, 40.0, 70.0, 72.0, 44.0, -0.2, 2e12, 0.002, 130.0, 7.0, 4e11, 1e4, 4e22, 40.0, 39.0, 3.7, 85.0]
MAP = "HARPNUM NOAA_ARS\n377 11158\n401 11162,11161\n402 nothing\n"


def table_of(*records) -> pd.DataFrame:
    """Records (HARPNUM, minute of 2011-02-15 TAI, USFLUX)."""
    rows = [
        [region, pd.Timestamp("2011-02-15") + pd.Timedelta(minutes=minute), usflux, *VALUES[1:]]
        for region, minute, usflux in records
    ]
    return pd.DataFrame(rows, columns=["HARPNUM", "T_REC", *KEYWORD_OF_COLUMN])


def curated(tmp_path, *tables):
    tmp_path.mkdir(exist_ok=True)
    (tmp_path / "map.txt").write_text(MAP)
    paths = [tmp_path / f"{n}.parquet" for n in range(len(tables))]
    for path, table in zip(paths, tables, strict=True):
        pq.write_table(pa.Table.from_pandas(table, preserve_index=False), path)
    outputs = [str(tmp_path / "out" / f"sharp.{suffix}") for suffix in ("nc", "json", "rejected.csv")]
    main([str(path) for path in paths], str(tmp_path / "map.txt"), *outputs)
    counts = json.loads((tmp_path / "out" / "sharp.json").read_text())
    return read_records(outputs[:1]), counts, read_rejections(outputs[2:])


def test_records_by_hand(tmp_path):
    table = table_of((401, 0, 1e22), (377, 12, 2e22), (377, 0, 1e22), (377, 36, np.nan), (377, 12, 2e22), (9, 0, 1e22))
    records, counts, rejected = curated(tmp_path, table)
    assert records["region"].tolist() == [9, 377, 377, 377, 401]
    assert records["noaa_ars"].tolist() == ["", "11158", "11158", "11158", "11161,11162"]
    assert records["t_rec"].astype(str).tolist()[1:4] == [f"2011-02-15 00:{minute:02}:00" for minute in (0, 12, 36)]
    # TAI was 34 s ahead of UTC.
    assert records["time"].astype(str).tolist()[1] == "2011-02-14 23:59:26"
    assert records["usflux"].tolist() == pytest.approx([1e22, 1e22, 2e22, np.nan, 1e22], nan_ok=True, rel=1e-7)
    assert (records["quality"] == -1).all()
    assert records[["longitude_min", "latitude_max"]].isna().all().all()
    assert (records["instrument"] == "sharp").all()
    assert rejected["reason"].tolist() == ["not a HARP and its NOAA regions"]
    wanted = {
        "records_read": 6,
        "records_repeated": 1,
        "records_kept": 5,
        "records_rejected": 0,
        "regions": 3,
        "split_groups": 3,
        "regions_without_noaa_ar": 1,
        "map_lines_rejected": 1,
        "values_missing": 1,
        "values_outside_range": 0,
        "steps": 2,
        "steps_of_12_minutes": 1,
        "steps_longer_than_a_day": 0,
        "records_off_12_minutes": 0,
    }
    assert {name: counts[name] for name in wanted} == wanted
    assert counts.keys() - wanted.keys() == {"records_unsorted"}


def test_records_that_contradict_each_other_are_left_out_and_told(tmp_path):
    # Two tables disagree on one record, one repeats itself beside it; the other records stay.
    one = table_of((377, 0, 1e22), (377, 12, 2e22), (377, 12, 2e22))
    other = table_of((377, 12, 3e22), (377, 1501, 1e22))
    records, counts, rejected = curated(tmp_path, one, other)
    assert records["usflux"].tolist() == pytest.approx([1e22, 1e22])
    assert rejected["reason"].tolist() == [
        *["differs from another record of its region and time"] * 3,
        "not a HARP and its NOAA regions",
    ]
    assert counts["records_rejected"] == 3
    assert (counts["records_off_12_minutes"], counts["steps_longer_than_a_day"]) == (1, 1)


def test_the_order_of_the_records_does_not_matter(tmp_path):
    table = table_of((401, 0, 1e22), (377, 12, 2e22), (377, 0, 1e22))
    curated(tmp_path / "one", table)
    curated(tmp_path / "other", table.iloc[::-1])
    one, other = (tmp_path / name / "out" / "sharp.nc" for name in ("one", "other"))
    assert one.read_bytes() == other.read_bytes()


def test_columns_under_the_wrong_name_leave_nothing_behind(tmp_path):
    table = table_of(*((377, 12 * n, 1e22) for n in range(5)))
    table[["USFLUX", "AREA_ACR"]] = table[["AREA_ACR", "USFLUX"]].to_numpy()
    with pytest.raises(
        InputError, match=r"column USFLUX: 5 of 5 values lie outside .* fit .*AREA_ACR: are columns swapped"
    ):
        curated(tmp_path, table)
    assert not (tmp_path / "out").exists()


def test_the_published_table(mirror):
    path = str(mirror / "lucaspauker_sharp12min" / "sharp_12min_f32.parquet")
    pairs, _ = read_harp_noaa(mirror / "harp_noaa" / "all_harps_with_noaa_ars.txt")
    records, rejected, counts = curate_sharp_table(read_sharp_table(path)[0], pairs, path=path)
    assert not rejected
    assert len(records) == counts["records_kept"] == counts["records_read"] == 1_204_136
    assert (counts["regions"], counts["regions_without_noaa_ar"]) == (1332, 0)
    # The author's table is on the grid throughout; 97 % of its steps are of 12 minutes.
    assert counts["records_off_12_minutes"] == 0
    assert counts["steps_of_12_minutes"] / counts["steps"] == pytest.approx(0.973, abs=0.001)
    assert (counts["values_missing"], counts["values_outside_range"]) == (31205, 0)
