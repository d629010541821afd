"""A compiled table of NOAA's region summaries, by hand and against the archives it was compiled from."""

import gzip

import numpy as np
import pandas as pd
import pytest

from flaredag.compiled_summaries import GROUP_COLUMNS, PLACE_COLUMNS, read_compiled_groups, read_compiled_summaries
from flaredag.errors import InputError
from flaredag.region_summaries import read_region_summaries
from made_up_charts import SUMMARY_HEADER, write_summaries
from made_up_members import written_groups

GOOD = ("12192", "S13E05", "247", "2014-10-23 00:30")


def test_places_by_hand(tmp_path):
    path = write_summaries(tmp_path / "srs.csv", [("2192", "N09W110", "360", "2014-10-29 00:30"), GOOD])
    table, rejected = read_compiled_summaries(path)
    assert rejected == []
    assert tuple(table.columns) == PLACE_COLUMNS
    assert table["noaa_ar"].tolist() == [12192, 12192]
    assert table["valid_time"].tolist() == [pd.Timestamp("2014-10-23 00:30"), pd.Timestamp("2014-10-29 00:30")]
    assert table["latitude_deg"].tolist() == [-13.0, 9.0]
    assert table["longitude_deg"].tolist() == [-5.0, 110.0]
    assert table["carrington_longitude_deg"].tolist() == [247.0, 360.0]


@pytest.mark.parametrize(
    ("row", "reason"),
    [
        (("", *GOOD[1:]), "NOAA number not readable"),
        (("0", *GOOD[1:]), "NOAA number not readable"),
        (("12192", "S13", "247", GOOD[3]), "location not readable"),
        (("12192", "S95E05", "247", GOOD[3]), "location not readable"),
        (("12192", "S13E05", "361", GOOD[3]), "Carrington longitude not readable"),
        (("12192", "S13E05", "", GOOD[3]), "Carrington longitude not readable"),
        (("12192", "S13E05", "247", "2014-13-23 00:30"), "time not readable"),
    ],
)
def test_a_bad_row_is_told_and_the_others_stay(tmp_path, row, reason):
    path = write_summaries(tmp_path / "srs.csv", [GOOD, row, GOOD])
    table, rejected = read_compiled_summaries(path)
    assert len(table) == 2
    assert [(one.source, one.place, one.reason) for one in rejected] == [(str(path), "record 2", reason)]
    assert rejected[0].text == ",".join((row[0], row[1], row[2], row[3]))


def test_files_that_are_no_such_table(tmp_path):
    path = write_summaries(tmp_path / "srs.csv", [("none", *GOOD[1:])])
    with pytest.raises(InputError, match=r"none of its 1 records .*\(record 1: NOAA number not readable\)"):
        read_compiled_summaries(path)
    path = write_summaries(tmp_path / "srs.csv", [])
    with pytest.raises(InputError, match=r"srs\.csv"):
        read_compiled_summaries(path)
    path.write_text(f"{SUMMARY_HEADER}\n" + ",".join(["12192", *GOOD[1:3], *[""] * 5, GOOD[3], "", "", ""]) + "\n")
    with pytest.raises(InputError, match="as many fields than its header names; wanted one more"):
        read_compiled_summaries(path)
    path.write_text("region,place\n1,2\n")
    with pytest.raises(InputError, match="column ar_noaanum, LOCATION, Carrington_long, date missing"):
        read_compiled_summaries(path)


def test_the_real_table_is_what_the_archives_hold(mirror, tmp_path):
    packed = mirror / "hayesla_srs_flares" / "SRS_data_new_19960101_20181231.csv.gz"
    path = tmp_path / "srs.csv"
    path.write_bytes(gzip.decompress(packed.read_bytes()))
    table, rejected = read_compiled_summaries(path)
    assert (len(table), len(rejected)) == (33_692, 0)
    archive, _ = read_region_summaries(mirror / "noaa_srs_raw" / "2014_SRS.tar.gz")
    archive = archive[archive["section"] == "I"].assign(day=archive["issue_time"].dt.floor("D"))
    of_year = table[table["valid_time"].dt.year == 2014].assign(day=lambda rows: rows["valid_time"].dt.floor("D"))
    columns = ["latitude_deg", "longitude_deg", "carrington_longitude_deg"]
    both = of_year.merge(archive, on=["noaa_ar", "day"], suffixes=("", "_archive"))
    assert len(both) > 0.99 * max(len(of_year), len(archive))
    # The archives' reader takes 360 degrees for 0.
    same = np.all([both[name] % 360 == both[f"{name}_archive"] % 360 for name in columns], axis=0)
    assert same.all()


def test_classes_of_groups_by_hand(tmp_path):
    groups = [(7936, "EKC", "2014-10-23 00:30"), (7935, "AXX", "2014-10-22 00:30"), (7935, "AXX", "2014-10-22 00:30")]
    table = read_compiled_groups(written_groups(tmp_path / "srs.csv", groups))
    assert tuple(table.columns) == GROUP_COLUMNS
    assert table["mcintosh"].tolist() == ["AXX", "EKC"], "in order of time, each once"
    assert table["issue_time"].tolist() == [pd.Timestamp("2014-10-22 00:30"), pd.Timestamp("2014-10-23 00:30")]


def test_groups_without_a_time_are_refused(tmp_path):
    path = written_groups(tmp_path / "srs.csv", [(7935, "AXX", "2014-10-22 00:30"), (7936, "AXX", "in October")])
    with pytest.raises(InputError, match=r"srs\.csv: 1 of 2 records have no time such as 2014-10-23 00:30"):
        read_compiled_groups(path)
