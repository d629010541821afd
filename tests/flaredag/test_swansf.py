"""Windows of SWAN-SF."""

import numpy as np
import pandas as pd
import pytest

from flaredag.errors import InputError
from flaredag.swansf import read_window

NAME = "lab[M]1.5@7571_id[3686]_st[2014-02-03T17:00:00]_et[2014-02-03T17:48:00].csv"
COLUMNS = {
    "TOTUSJH": "1000.5",
    "USFLUX": "2.7e22",
    "TOTFX": "-1.3E+024",
    "R_VALUE": "4.5",
    "LAT_MIN": "-15",
    "LON_MIN": "-20.5",
    "LAT_MAX": "-9",
    "LON_MAX": "11.25",
    "QUALITY": "0.0",
    "NOAA_AR": "11967;11968",
    "IS_TMFI": "True",
}


def write(tmp_path, name=NAME, n_records=5, **columns):
    stamps = pd.date_range("2014-02-03 17:00", periods=n_records, freq="12min").strftime("%Y-%m-%d %H:%M:%S")
    table = pd.DataFrame({"Timestamp": stamps} | COLUMNS | columns)
    table.to_csv(tmp_path / name, sep="\t", index=False)
    return tmp_path / name


def test_a_window_by_hand(tmp_path):
    path = write(tmp_path, QUALITY=["0.0", "66560", "", "0", "1024.0"])
    records, window, rejected = read_window(path)
    assert rejected == []
    assert window.pop("peak_flux") == pytest.approx(1.5e-5)
    assert {key: str(value) for key, value in window.items()} == {
        "region": "3686",
        # The clock of the stamps is TAI, 35 s before UTC in 2014.
        "issue_time": "2014-02-03 17:47:25",
        "first_time": "2014-02-03 16:59:25",
        "label": "M",
        "goes_class": "M1.5",
        "flare_id": "7571",
        "n_records": "5",
    }
    assert records["t_rec"].astype(str).tolist()[:2] == ["2014-02-03 17:00:00", "2014-02-03 17:12:00"]
    assert records["time"].astype(str).tolist()[:2] == ["2014-02-03 16:59:25", "2014-02-03 17:11:25"]
    assert records["quality"].tolist() == [0, 66560, -1, 0, 1024]
    first = records.iloc[0]
    assert (first["region"], first["noaa_ars"]) == (3686, "11967,11968")
    edges = ["longitude_min", "longitude_max", "latitude_min", "latitude_max"]
    assert first[edges].tolist() == [-20.5, 11.25, -15, -9]
    assert first[["totusjh", "usflux", "r_value"]].tolist() == [1000.5, 2.7e22, 4.5]
    # SWAN-SF's Lorentz force is not JSOC's.
    assert "totfx" not in records


@pytest.mark.parametrize(
    ("name", "wanted"),
    [
        ("lab[NF]_id[3272]_st[2014-02-03T17:00:00]_et[2014-02-03T17:48:00].csv", (3272, "NF", "", -1)),
        ("lab[X]1.0@7_id[12]_st[2014-02-03T17:00:00]_et[2014-02-03T17:48:00].csv", (12, "X", "X1.0", 7)),
        ("M1.0@265:Primary_ar115_s2014-02-03T17:00:00_e2014-02-03T17:48:00.csv", (115, "M", "M1.0", 265)),
        ("FQ_ar115_s2014-02-03T17_00_00_e2014-02-03T17_48_00.csv", (115, "NF", "", -1)),
    ],
)
def test_names(tmp_path, name, wanted):
    _, window, _ = read_window(write(tmp_path, name))
    assert (window["region"], window["label"], window["goes_class"], window["flare_id"]) == wanted
    assert np.isnan(window["peak_flux"]) == (wanted[1] == "NF")


@pytest.mark.parametrize(
    ("columns", "reason"),
    [
        ({"USFLUX": ["1e22", "1e22", "much", "1e22", "1e22"]}, "USFLUX not a number"),
        ({"QUALITY": ["0", "0", "-5", "0", "0"]}, "QUALITY not an integer"),
        ({"QUALITY": ["0", "0", "0.5", "0", "0"]}, "QUALITY not an integer"),
        ({"NOAA_AR": ["", "", "11967,11968", "", ""]}, "NOAA_AR not numbers joined by semicolons"),
        (
            {name: ["1", "1", "", "1", "1"] for name in ("USFLUX", "R_VALUE", "TOTUSJH")} | {"QUALITY": ""},
            "record without any keyword",
        ),
    ],
)
def test_a_bad_record_is_left_out(tmp_path, columns, reason):
    records, window, rejected = read_window(write(tmp_path, **columns))
    assert [(r.place, r.reason) for r in rejected] == [("line 4", reason)]
    assert (len(records), window["n_records"]) == (4, 4)
    assert str(window["issue_time"]) == "2014-02-03 17:47:25"


def test_bad_stamps_and_lines_are_left_out(tmp_path):
    path = write(tmp_path)
    lines = path.read_text().splitlines()
    lines[3:3] = [lines[2], lines[2].replace("17:12", "17-12"), "2014"]
    path.write_text("\n".join(lines) + "\n")
    records, _, rejected = read_window(path)
    assert len(records) == 5
    assert [(r.place, r.reason) for r in rejected] == [
        ("line 6", "wrong number of fields"),
        ("line 4", "time stamp repeated"),
        ("line 5", "time stamp not a time"),
    ]


@pytest.mark.parametrize("noaa", ["11907.0", "11907", "11907;11908.0"])
def test_noaa_numbers_as_pandas_wrote_them(tmp_path, noaa):
    records, _, rejected = read_window(write(tmp_path, NOAA_AR=noaa))
    assert rejected == []
    assert records["noaa_ars"].unique().tolist() == [noaa.replace(".0", "").replace(";", ",")]


@pytest.mark.parametrize(
    ("name", "n_records", "told"),
    [
        ("window.csv", 5, "not a window of SWAN-SF by its name"),
        (NAME.replace("17:48", "17:99"), 5, "in its name are no times"),
        (NAME.replace("02-03T17:48", "01-03T17:48"), 5, "in its name are no times"),
        (
            NAME,
            4,
            r"span 2014-02-03 17:00:00 to 2014-02-03 17:36:00; wanted 2014-02-03 17:00:00 to 2014-02-03 17:48:00",
        ),
        (NAME, 0, "span NaT to NaT"),
    ],
)
def test_a_bad_file_is_refused(tmp_path, name, n_records, told):
    path = write(tmp_path, name, n_records)
    with pytest.raises(InputError, match=told):
        read_window(path)


def test_a_file_without_a_column_is_refused(tmp_path):
    path = write(tmp_path)
    path.write_text(path.read_text().replace("R_VALUE", "R"))
    with pytest.raises(InputError, match="column R_VALUE missing"):
        read_window(path)


def test_real_windows(mirror):
    paths = sorted((mirror / "swansf_sample").glob("*.csv"))
    assert len(paths) == 10
    for path in paths:
        records, window, rejected = read_window(path)
        assert window["n_records"] + len(rejected) == 60
        assert {r.reason for r in rejected} <= {"record without any keyword"}
        assert (records["t_rec"].diff().dropna() % pd.Timedelta("12min") == pd.Timedelta(0)).all()
        assert (records["time"] == records["t_rec"] - pd.Timedelta("35s")).all()
        assert records["usflux"].between(1e18, 1e24).all()
        assert (records["longitude_min"] < records["longitude_max"]).all()
        assert (window["issue_time"] - window["first_time"]) == pd.Timedelta("11h48min")


def test_the_keywords_are_those_of_jsoc_at_the_same_t_rec(mirror):
    theirs = pd.read_csv(mirror / "alciomar_sharp_daily" / "dataset_sharp_daily_2010_2019.csv.gz", sep=";")
    theirs["t_rec"] = pd.to_datetime(theirs["T_REC"])
    parts = [read_window(path)[0] for path in sorted((mirror / "swansf_sample").glob("*.csv"))]
    ours = pd.concat(parts).drop_duplicates(["region", "t_rec"])
    ours = ours[ours["noaa_ars"].str.fullmatch(r"\d{5}")].assign(NOAA_AR=lambda table: table["noaa_ars"].astype(int))
    both = ours.merge(theirs, on=["NOAA_AR", "t_rec"])
    assert len(both) == 3
    for name in ("usflux", "totusjz", "totusjh", "savncpp"):
        np.testing.assert_allclose(both[name], both[name.upper()], rtol=1e-6)
