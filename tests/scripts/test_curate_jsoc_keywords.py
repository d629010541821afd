"""The rule that curates keyword records in JSOC's form."""

import json
import warnings

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from curate_jsoc_keywords import curate_jsoc_keywords, main, optional_columns, wanted_columns
from flaredag.errors import InputError
from flaredag.rejections import read_rejections
from flaredag.tables import read_records


def raw_records(n_records=120, *, instrument="sharp", **columns) -> pd.DataFrame:
    """Records of one patch as JSOC's texts."""
    t_rec = pd.date_range("2011-02-14", periods=n_records, freq="96min")
    table = {
        {"sharp": "HARPNUM", "smarp": "TARPNUM"}[instrument]: "377",
        "T_REC": t_rec.strftime("%Y.%m.%d_%H:%M:%S_TAI"),
        "NOAA_ARS": "11158",
        "NOAA_NUM": "1",
        "QUALITY": "0x00000000",
        "LON_MIN": "-20.5",
        "LON_MAX": "11.25",
        "LAT_MIN": "-25.5",
        "LAT_MAX": "-15",
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


def paths_of(tmp_path):
    return [str(tmp_path / name) for name in ("table.nc", "counts.json", "table.rejected.csv")]


def curated(tmp_path, raw, instrument="sharp", shard=3):
    """Records, counts and rejections of a table, or of the text of a file."""
    text = raw if isinstance(raw, str) else raw.to_csv(index=False)
    (tmp_path / "raw.csv").write_text(text)
    table, counts, rejected = paths_of(tmp_path)
    main(str(tmp_path / "raw.csv"), table, counts, rejected, instrument=instrument, shard=shard)
    return read_records([table]), json.loads((tmp_path / "counts.json").read_text()), read_rejections([rejected])


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
    records, counts, rejected = curated(tmp_path, raw)
    first, poor = records.iloc[0], records.iloc[3]
    assert (first["instrument"], first["region"], first["noaa_ars"]) == ("sharp", 377, "11158")
    assert str(first["t_rec"]) == "2011-02-14 00:00:00"
    # TAI - UTC was 34 s.
    assert str(first["time"]) == "2011-02-13 23:59:26"
    assert (first["usfluxl"], first["meangbl"], first["r_value"], first["area"]) == (2.7e22, 51.8, 4.8, 10682.3)
    edges = ["longitude_min", "longitude_max", "latitude_min", "latitude_max"]
    assert (*first[edges], first["quality"]) == (-20.5, 11.25, -25.5, -15, 0)
    # Poor quality and missing values are kept: what to select is decided later.
    assert (poor["noaa_ars"], poor["quality"]) == ("", 0x10400)
    assert poor[["usfluxl", "meangbl", "r_value", "area", "longitude_min"]].isna().all()
    assert len(records) == 120
    assert len(rejected) == 0
    assert counts == {
        "records_read": 120,
        "records_rejected": 0,
        "records_unsorted": 0,
        "records_repeated": 0,
        "values_missing": 3,
        "values_outside_range": 1,
        "regions": 1,
    }


def test_the_region_number_of_each_instrument(tmp_path):
    assert wanted_columns("sharp")[0] == "HARPNUM"
    records, _, _ = curated(tmp_path, raw_records(instrument="smarp"), "smarp")
    assert records["instrument"].unique().tolist() == ["smarp"]
    with pytest.raises(InputError, match="column HARPNUM missing; found TARPNUM"):
        curated(tmp_path, raw_records(instrument="smarp"), "sharp")


def test_keywords_of_the_vector_field_and_latitudes_where_the_table_has_them(tmp_path):
    assert {"USFLUX", "TOTUSJH", "LAT_MIN"} <= set(optional_columns())
    records, _, _ = curated(tmp_path, raw_records(USFLUX="2.6e22", TOTUSJH=some("1000", "MISSING")))
    assert records["usflux"].unique().tolist() == [2.6e22]
    assert records["totusjh"].isna().tolist().count(True) == 1
    records, counts, _ = curated(tmp_path, raw_records(TOTBSQ="2e10", EPSZ=some("-0.2", "MISSING", at=(3, 5))))
    assert records["totbsq"].unique().tolist() == [2e10]
    assert records["epsz"].isna().sum() == counts["values_missing"] == 2
    records, _, _ = curated(tmp_path, raw_records().drop(columns=["LAT_MIN", "LAT_MAX"]))
    assert "usflux" not in records
    assert records["latitude_min"].dtype == np.float64
    assert records["latitude_min"].isna().all()


def test_unsorted_and_repeated_records_are_put_in_order_and_counted(tmp_path):
    raw = raw_records()
    wanted, _, _ = curated(tmp_path, raw)
    got, counts, rejected = curated(tmp_path, pd.concat([raw.iloc[60:], raw.iloc[:60], raw.iloc[5:7]]))
    pd.testing.assert_frame_equal(got, wanted)
    assert counts["records_read"] == 122
    assert counts["records_repeated"] == 2
    assert counts["records_unsorted"] > 0
    assert len(rejected) == 0


@pytest.mark.parametrize(
    ("columns", "reason"),
    [
        ({"T_REC": some("2011.02.14_00:00:00_TAI", "2011-02-14")}, "T_REC not a time"),
        ({"T_REC": some("2011.02.14_00:00:00_TAI", "2011.02.30_00:00:00_TAI")}, "T_REC not a time"),
        ({"T_REC": some("2011.02.14_00:00:00_TAI", "2011.02.14_00:00:00_UTC")}, "T_REC not a time"),
        ({"T_REC": some("2011.02.14_00:00:00_TAI", "1993.01.01_00:00:00_TAI")}, "T_REC out of range"),
        ({"T_REC": some("2011.02.14_00:00:00_TAI", "9999.01.01_00:00:00_TAI")}, "T_REC out of range"),
        ({"HARPNUM": some("377", "")}, "HARPNUM not a whole number"),
        ({"HARPNUM": some("377", "377.5")}, "HARPNUM not a whole number"),
        ({"HARPNUM": some("377", "99999999999")}, "HARPNUM not a whole number"),
        ({"HARPNUM": some("377", "400")}, "region outside its shard"),
        ({"HARPNUM": some("377", "299")}, "region outside its shard"),
        ({"QUALITY": some("0x0", "fine")}, "QUALITY not an integer"),
        ({"QUALITY": some("0x0", "0x1FFFFFFFF")}, "QUALITY not an integer"),
        ({"QUALITY": some("0x0", "-1")}, "QUALITY not an integer"),
        ({"R_VALUE": some("4.8", "4,8")}, "R_VALUE not a number"),
        ({"USFLUX": some("2.6e22", "x")}, "USFLUX not a number"),
        ({"LAT_MAX": some("-15", "south")}, "LAT_MAX not a number"),
        ({"NOAA_ARS": some("11158", "11158;11159")}, "NOAA_ARS not numbers joined by commas"),
        ({"NOAA_ARS": some("11158", "11158,")}, "NOAA_ARS not numbers joined by commas"),
    ],
)
def test_a_bad_record_is_left_out_and_the_others_stay(tmp_path, columns, reason):
    raw = raw_records()
    if "T_REC" in columns:
        columns = {"T_REC": [columns["T_REC"][3] if i == 3 else time for i, time in enumerate(raw["T_REC"])]}
    records, counts, rejected = curated(tmp_path, raw.assign(**columns))
    # The header is line 1.
    assert rejected[["place", "reason"]].to_numpy().tolist() == [["line 5", reason]]
    assert rejected["source"].tolist() == [str(tmp_path / "raw.csv")]
    assert len(records) == 119
    assert (counts["records_read"], counts["records_rejected"]) == (120, 1)
    wanted, _, _ = curated(tmp_path, raw.drop(index=3))
    pd.testing.assert_frame_equal(records[wanted.columns], wanted)


def test_records_of_one_region_and_time_that_differ_are_all_left_out(tmp_path):
    raw = raw_records()
    records, counts, rejected = curated(tmp_path, pd.concat([raw, raw.iloc[5:6].assign(AREA="9000")]))
    assert rejected[["place", "reason"]].to_numpy().tolist() == [
        ["line 7", "records of one region and time that differ"],
        ["line 122", "records of one region and time that differ"],
    ]
    assert len(records) == 119
    assert counts["records_rejected"] == 2
    # A clash with a record that is bad itself is none.
    records, _, rejected = curated(tmp_path, pd.concat([raw, raw.iloc[5:6].assign(AREA="x")]))
    assert len(records) == 120
    assert rejected["reason"].tolist() == ["AREA not a number"]


def test_lines_with_too_few_or_too_many_fields_are_left_out(tmp_path):
    lines = raw_records().to_csv(index=False).splitlines()
    lines[3] = lines[3].rsplit(",", 2)[0]
    lines[7] += ",1"
    lines[9] = '"' + lines[9]
    records, counts, rejected = curated(tmp_path, "\n".join(lines) + "\n")
    assert rejected[["place", "reason"]].to_numpy().tolist() == [
        [f"line {place}", "wrong number of fields"] for place in (4, 8, 10)
    ]
    assert len(records) == 117
    assert (counts["records_read"], counts["records_rejected"]) == (120, 3)


@pytest.mark.parametrize(
    ("columns", "told"),
    [
        ({"AREA": "4.8", "R_VALUE": "10682.3"}, r"raw\.csv: column R_VALUE: 120 of 120 .* would fit .*AREA"),
        ({"USFLUXL": "51.8", "MEANGBL": "2.7e22"}, r"raw\.csv: column USFLUXL: 120 of 120 .* would fit .*MEANGBL"),
        # As in the files of Liu et al. 2019: forces under each other's names, and under those of the vector field.
        ({"TOTBSQ": "-0.02", "EPSX": "2e10"}, r"raw\.csv: column TOTBSQ: 120 of 120 .* would fit .*EPSX"),
        ({"TOTUSJZ": "107", "ABSNJZH": "1.9e13"}, r"raw\.csv: column TOTUSJZ: 120 of 120 .* would fit .*ABSNJZH"),
        ({"USFLUXL": "2.7"}, r"raw\.csv: column USFLUXL: 120 of 120 values lie outside 1e\+18 to 1e\+24 Mx"),
    ],
)
def test_a_column_out_of_range_leaves_nothing_behind(tmp_path, columns, told):
    with pytest.raises(InputError, match=told):
        curated(tmp_path, raw_records(**columns))
    assert [path.name for path in tmp_path.iterdir()] == ["raw.csv"]


@pytest.mark.parametrize(
    ("change", "told"),
    [
        (lambda text: text[: len(text) // 2], "cut off"),
        (lambda text: "", "empty"),
        (lambda text: text.replace("R_VALUE", "R"), "column R_VALUE missing"),
        (lambda text: "<html>\nnot found\n</html>\n", "column HARPNUM, T_REC, .* missing; found <html>"),
    ],
)
def test_a_bad_file_leaves_nothing_behind(tmp_path, change, told):
    with pytest.raises(InputError, match=rf"raw\.csv: .*{told}"):
        curated(tmp_path, change(raw_records().to_csv(index=False)))
    assert [path.name for path in tmp_path.iterdir()] == ["raw.csv"]


@pytest.mark.parametrize("n_bad", [0, 2])
def test_a_shard_without_good_records_is_an_empty_table_that_can_be_read_with_others(tmp_path, n_bad):
    (tmp_path / "other").mkdir()
    wanted, _, _ = curated(tmp_path / "other", raw_records())
    empty, counts, rejected = curated(tmp_path, raw_records(n_bad, QUALITY="bad"))
    assert (len(empty), len(rejected), counts["regions"]) == (0, n_bad, 0)
    assert (empty.dtypes.drop("noaa_ars") == wanted.dtypes.drop("noaa_ars")).drop("instrument").all()
    tables = [str(tmp_path / "table.nc"), str(tmp_path / "other" / "table.nc")]
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        for given in (tables, tables[::-1]):
            pd.testing.assert_frame_equal(read_records(given), wanted)


@pytest.mark.parametrize(
    ("t_rec", "utc"),
    [
        # The leap second 2012-06-30 23:59:60 UTC is 2012-07-01 00:00:34 TAI: 34 s before it, 35 s after it.
        ("2012.06.30_23:48:00_TAI", "2012-06-30 23:47:26"),
        ("2012.07.01_00:00:00_TAI", "2012-06-30 23:59:26"),
        ("2012.07.01_00:12:00_TAI", "2012-07-01 00:11:25"),
        # And 2016-12-31 23:59:60 UTC: 36 s, 37 s.
        ("2017.01.01_00:00:00_TAI", "2016-12-31 23:59:24"),
        ("2017.01.01_00:12:00_TAI", "2017-01-01 00:11:23"),
        # A year that ends in UTC after it ended in TAI, without leap second.
        ("2011.01.01_00:00:00_TAI", "2010-12-31 23:59:26"),
        ("2012.02.29_00:00:00_TAI", "2012-02-28 23:59:26"),
        # 30 s when SMARP begins.
        ("1996.06.01_00:00:00_TAI", "1996-05-31 23:59:30"),
    ],
)
def test_leap_seconds_and_ends_of_years(t_rec, utc):
    raw = raw_records(1, T_REC=[t_rec])
    records, _, rejected = curate_jsoc_keywords(raw, instrument="sharp", shard=3, path="raw.csv")
    assert rejected == []
    assert records["time"].astype(str).tolist() == [utc]
    assert records["t_rec"].dt.strftime("%Y.%m.%d_%H:%M:%S_TAI").tolist() == [t_rec]


@pytest.mark.parametrize(
    ("text", "wanted"),
    [("11158,11159", "11158,11159"), ("11158, 11159", "11158,11159"), (" MISSING", ""), ("0", ""), ("", "")],
)
def test_noaa_regions(text, wanted):
    records, _, _ = curate_jsoc_keywords(raw_records(1, NOAA_ARS=text), instrument="sharp", shard=3, path="raw.csv")
    assert records["noaa_ars"].tolist() == [wanted]


@pytest.mark.parametrize(("word", "wanted"), [("0x00010000", 65536), ("65536", 65536), ("0xFFFFFFFF", 2**32 - 1)])
def test_quality_words(word, wanted):
    records, _, _ = curate_jsoc_keywords(raw_records(1, QUALITY=word), instrument="sharp", shard=3, path="raw.csv")
    assert records["quality"].tolist() == [wanted]


@settings(max_examples=40)
@given(st.lists(st.text(max_size=12), min_size=9, max_size=9))
def test_any_record_is_taken_or_left_out_with_a_reason(texts):
    raw = raw_records(3)
    names = wanted_columns("sharp")[:9]
    raw.loc[1, names] = texts[: len(names)]
    records, counts, rejected = curate_jsoc_keywords(raw, instrument="sharp", shard=3, path="raw.csv")
    assert len(records) + len(rejected) + counts["records_repeated"] == 3
    assert all(rejection.reason for rejection in rejected)


def test_same_records_same_bytes(tmp_path):
    def read():
        return [(tmp_path / path).read_bytes() for path in paths_of(tmp_path)]

    curated(tmp_path, raw_records(R_VALUE=some("4.8", "x")))
    first = read()
    curated(tmp_path, raw_records(R_VALUE=some("4.8", "x")))
    assert read() == first
