"""Lists of records: written as JSOC's tables are, and read again."""

import pandas as pd
import pytest

from flaredag.errors import InputError
from flaredag.record_lists import read_record_list, write_record_list

RECORDS = pd.DataFrame(
    {
        "region": [377, 377, 401],
        "t_rec": pd.to_datetime(["2011-02-15 00:00", "2011-02-15 01:36", "2011-03-01 22:24"]).astype("datetime64[s]"),
        "quality": 0,
    }
)


def test_a_list_by_hand_comes_back(tmp_path):
    path = tmp_path / "days/sharp-3.csv"
    write_record_list(path, RECORDS, instrument="sharp")
    lines = [
        "HARPNUM,T_REC",
        "377,2011.02.15_00:00:00_TAI",
        "377,2011.02.15_01:36:00_TAI",
        "401,2011.03.01_22:24:00_TAI",
    ]
    assert path.read_text().splitlines() == lines
    pd.testing.assert_frame_equal(read_record_list(path, instrument="sharp"), RECORDS[["region", "t_rec"]])


def test_an_empty_list_comes_back(tmp_path):
    path = tmp_path / "sharp-3.csv"
    write_record_list(path, RECORDS.iloc[:0], instrument="sharp")
    read = read_record_list(path, instrument="sharp")
    assert (len(read), read["region"].dtype, read["t_rec"].dtype) == (0, "int64", "datetime64[s]")


@pytest.mark.parametrize(
    ("text", "told"),
    [
        (
            "HARPNUM,T_REC\n377,2011.02.30_00:00:00_TAI\n",
            "T_REC of record 1 is '2011.02.30_00:00:00_TAI'; wanted a time",
        ),
        ("HARPNUM,T_REC\n37x,2011.02.15_00:00:00_TAI\n", "column HARPNUM: record 1 is '37x'"),
        ("TARPNUM,T_REC\n377,2011.02.15_00:00:00_TAI\n", "column HARPNUM missing; found TARPNUM, T_REC"),
        ("HARPNUM,T_REC\n377,2011.02.15_00:00:00_TAI", "its last line has no end"),
    ],
)
def test_a_list_of_no_use(tmp_path, text, told):
    (tmp_path / "sharp-3.csv").write_text(text)
    with pytest.raises(InputError, match=told):
        read_record_list(tmp_path / "sharp-3.csv", instrument="sharp")
