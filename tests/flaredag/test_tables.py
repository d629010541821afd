"""Raw CSV files and the canonical tables: what is refused, what is counted, what is kept."""

import gzip

import numpy as np
import pandas as pd
import pytest
import xarray as xr

from flaredag.errors import InputError
from flaredag.tables import (
    curated_flares,
    curated_records,
    numbers,
    read_flares,
    read_raw_csv,
    read_records,
    utc_times,
    whole_numbers,
    write_flares,
    write_records,
)


def csv_file(tmp_path, content):
    path = tmp_path / "raw.csv"
    path.write_bytes(content if isinstance(content, bytes) else content.encode())
    return path


def records_of(region, n_records=3, *, start="2012-01-01", **columns) -> pd.DataFrame:
    t_rec = np.datetime64(start, "s") + np.arange(n_records) * np.timedelta64(96 * 60, "s")
    table = {
        "region": np.full(n_records, region),
        "t_rec": t_rec,
        "time": t_rec - np.timedelta64(34, "s"),
        "noaa_ars": "11158,11159",
        "quality": np.zeros(n_records, dtype=np.int64),
        "longitude_min": -10.5,
        "longitude_max": 20.5,
        "latitude_min": -15.0,
        "latitude_max": -10.0,
        "usfluxl": np.linspace(1e21, 2e21, n_records),
        "meangbl": 40.0,
        "r_value": 3.0,
        "area": 1000.0,
    }
    return pd.DataFrame(table | columns)


def flares_of(**columns) -> pd.DataFrame:
    table = {
        "start_time": np.array(["2012-01-02T03:04:05", "2012-01-01T00:00:00"], dtype="datetime64[s]"),
        "start_uncertainty": [0.0, 2880.0],
        "peak_time": np.array(["2012-01-02T03:10:00", "NaT"], dtype="datetime64[s]"),
        "end_time": np.array(["NaT", "2012-01-01T00:30:00"], dtype="datetime64[s]"),
        "lists": ["hek,ncei", ""],
        "goes_class": ["M1.2", "C3.0"],
        "noaa_ar": [11158, 0],
        "instrument": ["", "sharp"],
        "region": [-1, 377],
    }
    return pd.DataFrame(table | columns)


class TestRawCsv:
    def test_all_is_text_and_empty_stays_empty(self, tmp_path):
        table = read_raw_csv(csv_file(tmp_path, "a,b,c\n1,,x\nNA,007,y\n"), ["c", "b", "a"])
        assert table.columns.tolist() == ["c", "b", "a"]
        assert table["a"].tolist() == ["1", "NA"]
        assert table["b"].tolist() == ["", "007"]

    def test_missing_column(self, tmp_path):
        with pytest.raises(
            InputError, match=r"raw\.csv: column USFLUXL missing; found T_REC, AREA; wanted T_REC, USFLUXL"
        ):
            read_raw_csv(csv_file(tmp_path, "T_REC,AREA\n1,2\n"), ["T_REC", "USFLUXL"])

    @pytest.mark.parametrize(
        "content",
        [
            "",
            "\n",
            "a,b\n1,2,3\n4,5,6\n",
            "a,b\n1,2\n4,5,6\n",
            'a,b\n1,"2\n3,4\n',
            b"a,b\n1,\xff\xfe\n",
            gzip.compress(b"a,b\n1,2\n"),
        ],
        ids=["empty", "no header", "more fields than names", "a field too many", "open quote", "not UTF-8", "gzip"],
    )
    def test_what_is_no_csv(self, tmp_path, content):
        with pytest.raises(InputError, match=r"raw\.csv"):
            read_raw_csv(csv_file(tmp_path, content), ["a", "b"])

    def test_half_written(self, tmp_path):
        whole = "start_time,goes_class,noaa_ar\n2011-02-15 01:44:00,X2.2,11158\n2011-02-15 04:27:00,C4.8,11158\n"
        columns = ["start_time", "goes_class", "noaa_ar"]
        assert len(read_raw_csv(csv_file(tmp_path, whole), columns)) == 2
        for n_lost in range(1, 30):
            with pytest.raises(InputError, match="cut off"):
                read_raw_csv(csv_file(tmp_path, whole[:-n_lost]), columns)

    def test_records_that_begin_with_a_number_without_name(self, tmp_path):
        table = read_raw_csv(csv_file(tmp_path, "a,b\n7,1,2\n8,4,5\n"), ["b", "a"], nameless_index=True)
        assert table.to_dict("list") == {"b": ["2", "5"], "a": ["1", "4"]}
        assert table.index.tolist() == [0, 1]
        for content in ("a,b\n1,2\n", "a,b\n7,7,1,2\n"):
            with pytest.raises(InputError, match=r"fields than its header names; wanted one more"):
                read_raw_csv(csv_file(tmp_path, content), ["a", "b"], nameless_index=True)

    def test_truncated_gzip_and_absent_file(self, tmp_path):
        path = tmp_path / "raw.csv.gz"
        path.write_bytes(gzip.compress(b"a,b\n" + b"1,2\n" * 1000)[:-12])
        with pytest.raises(InputError, match=r"raw\.csv\.gz: not readable as CSV .*fetched again"):
            read_raw_csv(path, ["a", "b"])
        with pytest.raises(InputError, match=r"absent\.csv: not readable"):
            read_raw_csv(tmp_path / "absent.csv", ["a"])


class TestValues:
    def test_numbers(self):
        text = pd.Series(["1", " 2.5e3 ", "", "nan", "MISSING", "inf", "-inf", "-0.5"], name="AREA")
        np.testing.assert_array_equal(numbers(text, path="t"), [1, 2500, *[np.nan] * 5, -0.5])

    @pytest.mark.parametrize("wrong", ["abc", "1,5", "0x10", "--", "True", np.nan])
    def test_text_that_is_no_number(self, wrong):
        with pytest.raises(
            InputError, match=r"t\.csv: column AREA: record 2 is .* \(2 such records\); wanted a number"
        ):
            numbers(pd.Series(["1", wrong, wrong], name="AREA"), path="t.csv")

    @pytest.mark.parametrize("wrong", ["2.5", "", "nan", "inf", "1e30", "x"])
    def test_whole_numbers(self, wrong):
        assert whole_numbers(pd.Series(["7", "8.0", "1e3"], name="HARPNUM"), path="t").tolist() == [7, 8, 1000]
        with pytest.raises(InputError, match=r"t\.csv: column HARPNUM: record 2"):
            whole_numbers(pd.Series(["7", wrong], name="HARPNUM"), path="t.csv")

    def test_times_with_a_zone_are_brought_to_utc(self):
        text = pd.Series(
            ["2011-02-15 01:44:00", "2011-02-15T01:44:00", "2011-02-15T01:44:00Z", "2011-02-15T03:44:00+02:00"],
            name="t",
        )
        assert (
            utc_times(text, path="t").to_numpy().astype("datetime64[s]").astype(str).tolist()
            == ["2011-02-15T01:44:00"] * 4
        )

    @pytest.mark.parametrize("wrong", ["", "15/02/2011", "2011-02-30", "2011-02-15 25:00:00", "soon", "NaT"])
    def test_text_that_is_no_time(self, wrong):
        with pytest.raises(
            InputError, match=r"t\.csv: column start_time: record 2 .*\(1 such records\); wanted a time"
        ):
            utc_times(pd.Series(["2011-02-15 01:44:00", wrong], name="start_time"), path="t.csv")


class TestCuratedFlares:
    def test_unknown_and_bare_classes_are_counted(self):
        classes = ["M1.2", "", "C", "?", "X10.0", "b1.0"]
        flares, counts = curated_flares(pd.DataFrame({"goes_class": classes, "region": range(6)}))
        assert flares["region"].tolist() == [0, 2, 4]
        np.testing.assert_allclose(flares["peak_flux"], [1.2e-5, 1e-6, 1e-3])
        assert counts == {"flares_read": 6, "flares_of_unknown_class": 3, "flares_with_bare_class": 1}


class TestCuratedRecords:
    def test_sorted_and_repetitions_dropped(self):
        tidy = pd.concat([records_of(3), records_of(5)], ignore_index=True)
        # Back to front, with a copy of the first record at the end.
        untidy = pd.concat([tidy.iloc[::-1], tidy.iloc[:1]])
        records, counts = curated_records(untidy, path="t.csv")
        pd.testing.assert_frame_equal(records, tidy)
        assert counts["records_read"] == 7
        assert counts["records_repeated"] == 1
        # In order of region and time they stood at 5 6 4 3 2 1 0: five of six steps are not to the next.
        assert counts["records_unsorted"] == 5

    def test_a_repetition_with_missing_values_is_a_repetition(self):
        one = records_of(3, 1, r_value=np.nan)
        records, counts = curated_records(pd.concat([one, one]), path="t.csv")
        assert (len(records), counts["records_repeated"], counts["values_missing"]) == (1, 1, 2)

    def test_a_sorted_table_is_counted_as_such(self):
        assert curated_records(records_of(3), path="t.csv")[1]["records_unsorted"] == 0

    def test_records_that_clash_are_refused(self):
        clashing = pd.concat([records_of(3), records_of(3, 1, area=1001.0)])
        with pytest.raises(
            InputError, match=r"t\.csv: region 3 has records of 2012-01-01 00:00:00 that differ \(2 records"
        ):
            curated_records(clashing, path="t.csv")

    def test_the_same_time_in_two_regions_is_no_clash(self):
        assert len(curated_records(pd.concat([records_of(3), records_of(4)]), path="t.csv")[0]) == 6


class TestFiles:
    def test_records_come_back_as_written(self, tmp_path):
        sharp, smarp = records_of(7115, noaa_ars="12673"), records_of(12, r_value=np.nan)
        write_records(tmp_path / "sharp.nc", sharp, instrument="sharp")
        write_records(tmp_path / "smarp.nc", smarp, instrument="smarp")
        got = read_records([tmp_path / "smarp.nc", tmp_path / "sharp.nc"])
        wanted = pd.concat([sharp.assign(instrument="sharp"), smarp.assign(instrument="smarp")], ignore_index=True)
        pd.testing.assert_frame_equal(got[wanted.columns], wanted, check_dtype=False)
        # longest and shortest text alike, no padding
        assert got["noaa_ars"].tolist() == ["12673"] * 3 + ["11158,11159"] * 3

    def test_a_region_is_its_own_split_group_where_the_file_has_none(self, tmp_path):
        write_records(tmp_path / "a.nc", records_of(7), instrument="sharp")
        write_records(tmp_path / "b.nc", records_of(8, split_group=2156), instrument="synoptic")
        got = read_records([tmp_path / "b.nc", tmp_path / "a.nc"])
        assert got["split_group"].dtype == np.int64
        assert got["split_group"].tolist() == [7] * 3 + [2156] * 3
        assert "split_group" not in xr.load_dataset(tmp_path / "a.nc", decode_times=False)

    def test_same_records_same_bytes(self, tmp_path):
        for name in ("a.nc", "b.nc"):
            write_records(tmp_path / name, records_of(7), instrument="sharp")
        assert (tmp_path / "a.nc").read_bytes() == (tmp_path / "b.nc").read_bytes()

    def test_units_stand_in_the_file(self, tmp_path):
        write_records(tmp_path / "a.nc", records_of(7), instrument="sharp")
        stored = xr.load_dataset(tmp_path / "a.nc", decode_times=False)
        assert stored["usfluxl"].attrs["units"] == "Mx"
        assert stored["time"].attrs["units"].startswith("seconds since 1970-01-01 ")

    def test_a_region_in_two_shards_is_refused(self, tmp_path):
        write_records(tmp_path / "fold_0.nc", records_of(7), instrument="sharp")
        write_records(tmp_path / "fold_1.nc", records_of(7, start="2012-01-05"), instrument="sharp")
        with pytest.raises(
            InputError, match=r"sharp region 7 lies in .*fold_0\.nc and .*fold_1\.nc \(1 such regions\)"
        ):
            read_records([tmp_path / "fold_0.nc", tmp_path / "fold_1.nc"])

    def test_a_number_may_be_a_region_of_either_instrument(self, tmp_path):
        write_records(tmp_path / "sharp.nc", records_of(7), instrument="sharp")
        write_records(tmp_path / "smarp.nc", records_of(7), instrument="smarp")
        assert len(read_records([tmp_path / "sharp.nc", tmp_path / "smarp.nc"])) == 6

    def test_flares_come_back_sorted_by_start(self, tmp_path):
        flares, _ = curated_flares(flares_of())
        write_flares(tmp_path / "a.nc", flares)
        got = read_flares([tmp_path / "a.nc"])
        wanted = flares.iloc[::-1].reset_index(drop=True)
        pd.testing.assert_frame_equal(got[wanted.columns], wanted, check_dtype=False)

    def test_the_order_of_flares_is_not_in_the_bytes(self, tmp_path):
        flares, _ = curated_flares(flares_of())
        write_flares(tmp_path / "a.nc", flares)
        write_flares(tmp_path / "b.nc", flares.iloc[::-1])
        assert (tmp_path / "a.nc").read_bytes() == (tmp_path / "b.nc").read_bytes()

    def test_a_list_without_flares(self, tmp_path):
        flares, _ = curated_flares(flares_of())
        write_flares(tmp_path / "none.nc", flares.iloc[:0])
        write_flares(tmp_path / "two.nc", flares)
        assert len(read_flares([tmp_path / "none.nc"])) == 0
        assert read_flares([tmp_path / "none.nc", tmp_path / "two.nc"])["goes_class"].tolist() == ["C3.0", "M1.2"]

    def test_a_table_that_lacks_a_column_is_not_written(self, tmp_path):
        with pytest.raises(InputError, match=r"lacks \['quality'\]"):
            write_records(tmp_path / "a.nc", records_of(7).drop(columns="quality"), instrument="sharp")
        assert list(tmp_path.iterdir()) == []
