"""The rule that curates keyword records in JSOC's form."""

import json

import pandas as pd
import pytest

from curate_jsoc_keywords import curate_jsoc_keywords, main, wanted_columns
from flaredag.errors import InputError
from flaredag.tables import read_records


def raw_records(n_records=120, *, instrument="sharp", **columns) -> pd.DataFrame:
    """Records of one patch as JSOC's texts."""
    t_rec = pd.date_range("2011-02-14", periods=n_records, freq="96min")
    table = {
        {"sharp": "HARPNUM", "smarp": "TARPNUM"}[instrument]: "377",
        "T_REC": t_rec.strftime("%Y.%m.%d_%H:%M:%S_TAI"),
        "NOAA_ARS": "11158",
        "QUALITY": "0x00000000",
        "LON_MIN": "-20.5",
        "LON_MAX": "11.25",
        "USFLUXL": "2.7e22",
        "MEANGBL": "51.8",
        "R_VALUE": "4.8",
        "AREA": "10682.3",
        "CRVAL1": "not wanted",
    }
    return pd.DataFrame(table | columns)


def some(value, other, n_records=120, at=(3,)):
    """`value` in all records but `other` in those at `at`."""
    return [other if i in at else value for i in range(n_records)]


def curated(tmp_path, raw, instrument="sharp"):
    raw.to_csv(tmp_path / "raw.csv", index=False)
    main(str(tmp_path / "raw.csv"), str(tmp_path / "table.nc"), str(tmp_path / "counts.json"), instrument=instrument)
    return read_records([tmp_path / "table.nc"]), json.loads((tmp_path / "counts.json").read_text())


def test_records_by_hand(tmp_path):
    raw = raw_records(
        NOAA_ARS=some("11158", "MISSING"),
        QUALITY=some("0x00000000", "0x00010400"),
        USFLUXL=some("2.7e22", "MISSING"),
        MEANGBL=some("51.8", "nan"),
        R_VALUE=some("4.8", "inf"),
        AREA=some("10682.3", "-5"),
        LON_MIN=some("-20.5", ""),
    )
    records, counts = curated(tmp_path, raw)
    first, bad = records.iloc[0], records.iloc[3]
    assert (first["instrument"], first["region"], first["noaa_ars"]) == ("sharp", 377, "11158")
    assert str(first["t_rec"]) == "2011-02-14 00:00:00"
    # TAI - UTC was 34 s.
    assert str(first["time"]) == "2011-02-13 23:59:26"
    assert (first["usfluxl"], first["meangbl"], first["r_value"], first["area"]) == (2.7e22, 51.8, 4.8, 10682.3)
    assert (first["longitude_min"], first["longitude_max"], first["quality"]) == (-20.5, 11.25, 0)
    assert (bad["noaa_ars"], bad["quality"]) == ("", 0x10400)
    assert bad[["usfluxl", "meangbl", "r_value", "area", "longitude_min"]].isna().all()
    assert len(records) == 120
    assert counts == {
        "records_read": 120,
        "records_unsorted": 0,
        "records_repeated": 0,
        "values_missing": 3,
        "values_outside_range": 1,
        "regions": 1,
    }


def test_the_region_number_of_each_instrument(tmp_path):
    assert wanted_columns("sharp")[0] == "HARPNUM"
    records, _ = curated(tmp_path, raw_records(instrument="smarp"), "smarp")
    assert records["instrument"].unique().tolist() == ["smarp"]
    with pytest.raises(InputError, match="column HARPNUM missing; found TARPNUM"):
        curated(tmp_path, raw_records(instrument="smarp"), "sharp")


def test_unsorted_and_repeated_records_are_put_in_order_and_counted(tmp_path):
    raw = raw_records()
    wanted, _ = curated(tmp_path, raw)
    got, counts = curated(tmp_path, pd.concat([raw.iloc[60:], raw.iloc[:60], raw.iloc[5:7]]))
    pd.testing.assert_frame_equal(got, wanted)
    assert counts["records_read"] == 122
    assert counts["records_repeated"] == 2
    assert counts["records_unsorted"] > 0


@pytest.mark.parametrize(
    ("columns", "told"),
    [
        (
            {"T_REC": some("2011.02.14_00:00:00_TAI", "2011-02-14")},
            r"raw\.csv: record 4 has T_REC '2011-02-14' \(1 such",
        ),
        ({"HARPNUM": some("377", "")}, r"raw\.csv: column HARPNUM: record 4 is ''"),
        ({"QUALITY": some("0x0", "fine")}, r"raw\.csv: QUALITY: .*'fine'"),
        ({"R_VALUE": some("4.8", "4,8")}, r"raw\.csv: column R_VALUE: record 4 is '4,8'"),
        ({"NOAA_ARS": some("11158", "11158;11159")}, r"raw\.csv: column NOAA_ARS: record 4 is '11158;11159'"),
        ({"AREA": "4.8", "R_VALUE": "10682.3"}, r"raw\.csv: column R_VALUE: 120 of 120 .* would fit .*AREA"),
        ({"USFLUXL": "51.8", "MEANGBL": "2.7e22"}, r"raw\.csv: column USFLUXL: 120 of 120 .* would fit .*MEANGBL"),
        ({"USFLUXL": "2.7"}, r"raw\.csv: column USFLUXL: 120 of 120 values lie outside 1e\+18 to 1e\+24 Mx"),
    ],
)
def test_bad_input_leaves_nothing_behind(tmp_path, columns, told):
    with pytest.raises(InputError, match=told):
        curated(tmp_path, raw_records(**columns))
    assert [path.name for path in tmp_path.iterdir()] == ["raw.csv"]


@pytest.mark.parametrize(
    ("text", "wanted"),
    [("11158,11159", "11158,11159"), ("11158, 11159", "11158, 11159"), (" MISSING", ""), ("0", ""), ("", "")],
)
def test_noaa_regions(text, wanted):
    records, _ = curate_jsoc_keywords(raw_records(1, NOAA_ARS=text), instrument="sharp", path="raw.csv")
    assert records["noaa_ars"].tolist() == [wanted]


def test_records_that_clash_are_refused(tmp_path):
    raw = raw_records()
    with pytest.raises(InputError, match=r"region 377 has records of 2011-02-14 08:00:00 that differ \(2 records"):
        curated(tmp_path, pd.concat([raw, raw.iloc[5:6].assign(AREA="9000")]))
