"""The rule that curates windows of SWAN-SF."""

import json
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from curate_swansf import main
from flaredag.errors import InputError
from flaredag.rejections import read_rejections
from flaredag.swansf import WINDOW_COLUMNS
from flaredag.table_files import read_table
from flaredag.tables import read_records


def write(folder, start, *, region=3686, label="lab[M]1.5@7571", r_value=4.5, **columns):
    """A window of five records from `start`."""
    stamps = pd.date_range(start, periods=5, freq="12min")
    first, last = (f"{stamp:%Y-%m-%dT%H:%M:%S}" for stamp in (stamps[0], stamps[-1]))
    path = folder / f"{label}_id[{region}]_st[{first}]_et[{last}].csv"
    table = {
        "Timestamp": stamps.strftime("%Y-%m-%d %H:%M:%S"),
        "R_VALUE": r_value,
        "USFLUX": [f"2.{stamp.minute:02d}e22" for stamp in stamps],
        "LAT_MIN": "-15",
        "LON_MIN": "-20.5",
        "LAT_MAX": "-9",
        "LON_MAX": "11.25",
        "QUALITY": "0.0",
        "NOAA_AR": "11967",
    }
    pd.DataFrame(table | columns).to_csv(path, sep="\t", index=False)
    return str(path)


def curated(tmp_path, files, name="out"):
    paths = [str(tmp_path / f"{name}{suffix}") for suffix in ("_records.nc", "_windows.nc", ".json", ".rejected.csv")]
    main(files, *paths)
    return paths


def results(paths):
    return read_records([paths[0]]), read_table(paths[1], columns=WINDOW_COLUMNS), read_rejections([paths[3]])


def test_windows_that_overlap_by_hand(tmp_path):
    files = [
        write(tmp_path, "2014-02-03 17:36"),
        write(tmp_path, "2014-02-03 17:00"),
        write(tmp_path, "2014-02-03 17:00", region=12, label="lab[NF]"),
    ]
    paths = curated(tmp_path, files)
    records = read_records([paths[0]])
    # 17:00 to 17:48 and 17:36 to 18:24 share two of ten records.
    assert records.groupby("region").size().to_dict() == {12: 5, 3686: 8}
    assert records["instrument"].unique().tolist() == ["sharp"]
    assert records.loc[records["region"] == 3686, "t_rec"].is_monotonic_increasing
    windows = read_table(paths[1], columns=WINDOW_COLUMNS)
    assert windows["region"].tolist() == [12, 3686, 3686]
    assert windows["issue_time"].astype(str).tolist()[1:] == ["2014-02-03 17:47:25", "2014-02-03 18:23:25"]
    assert windows["label"].tolist() == ["NF", "M", "M"]
    assert json.loads(Path(paths[2]).read_text()) == {
        "records_read": 15,
        "records_repeated": 2,
        "values_missing": 0,
        "values_outside_range": 0,
        "windows": 3,
        "windows_of_label_M": 2,
        "windows_of_label_NF": 1,
        "rejected": 0,
    }


def test_fifteen_digits_are_the_same_value_and_another_value_is_not(tmp_path):
    first = write(tmp_path, "2014-02-03 17:00", r_value="4.1234567890123456")
    same = write(tmp_path, "2014-02-03 17:36", r_value="4.12345678901235")
    records, _, rejected = results(curated(tmp_path, [first, same]))
    assert (len(records), len(rejected)) == (8, 0)
    other = write(tmp_path, "2014-02-03 17:36", r_value="4.2")
    records, windows, rejected = results(curated(tmp_path, [first, other]))
    # Nothing tells which of the two is right.
    assert len(records) == 6
    assert len(windows) == 2
    assert rejected["reason"].tolist() == ["record that differs between windows"] * 4
    assert rejected["place"].tolist() == ["2014-02-03 17:36:00", "2014-02-03 17:48:00"] * 2


def test_a_value_missing_in_both_windows_is_the_same(tmp_path):
    files = [write(tmp_path, f"2014-02-03 17:{minute}", USFLUX="") for minute in ("00", "36")]
    records, _, rejected = results(curated(tmp_path, files))
    assert (len(records), len(rejected)) == (8, 0)
    assert np.isnan(records["usflux"]).all()


def test_a_bad_window_is_named_and_the_others_stay(tmp_path):
    bad = tmp_path / "window.csv"
    bad.write_text("x\n")
    _, windows, rejected = results(curated(tmp_path, [write(tmp_path, "2014-02-03 17:00"), str(bad)]))
    assert len(windows) == 1
    assert rejected[["source", "place", "reason"]].to_numpy().tolist() == [[str(bad), "file", "not a readable window"]]
    assert "by its name" in rejected["text"][0]


def test_no_window_at_all_is_refused(tmp_path):
    with pytest.raises(InputError, match="none of 1 files is a window of SWAN-SF"):
        curated(tmp_path, [str(tmp_path / "window.csv")])
    assert list(tmp_path.iterdir()) == []


def test_swapped_columns_are_refused(tmp_path):
    with pytest.raises(InputError, match=r"1 windows of SWAN-SF: column R_VALUE: 5 of 5 values lie outside"):
        curated(tmp_path, [write(tmp_path, "2014-02-03 17:00", r_value="2.7e22")])


def test_same_windows_same_bytes(tmp_path):
    files = [write(tmp_path, f"2014-02-03 17:{minute}") for minute in ("00", "36")]
    first = [(tmp_path / path).read_bytes() for path in curated(tmp_path, files, "first")]
    assert [(tmp_path / path).read_bytes() for path in curated(tmp_path, files[::-1], "second")] == first


def test_real_windows(mirror, tmp_path):
    files = sorted(map(str, (mirror / "swansf_sample").glob("*.csv")))
    records, windows, rejected = results(curated(tmp_path, files))
    # Ten windows of 60 records: 13 h less 12 min of 3647 overlap by 46, 3686's by 10; one record holds nothing.
    assert len(windows) == 10
    assert windows["label"].value_counts().to_dict() == {"B": 3, "C": 3, "M": 3, "NF": 1}
    assert rejected["reason"].tolist() == ["record without any keyword"]
    repeated = records.groupby("region").size()
    assert (repeated[3647], repeated[3686], repeated[3608]) == (75, 110, 59)
    assert len(records) == 544
