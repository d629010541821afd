"""Raw tables of records that are texts."""

import numpy as np
import pandas as pd
import pytest

from flaredag.errors import InputError
from flaredag.raw_records import RecordFaults, read_raw_records


def read(tmp_path, content, columns=("a", "b"), **settings):
    (tmp_path / "raw.csv").write_bytes(content.encode("latin-1"))
    return read_raw_records(tmp_path / "raw.csv", columns, **settings)


def test_records_by_line(tmp_path):
    table, rejected = read(tmp_path, 'b,c,a\n1, x,"11158,11159"\n\nNaN,y,\n')
    assert rejected == []
    assert table.index.tolist() == [2, 4]
    assert table.columns.tolist() == ["a", "b"]
    assert table["a"].tolist() == ["11158,11159", ""]
    assert table["b"].tolist() == ["1", "NaN"]


def test_optional_columns_where_they_are_there(tmp_path):
    table, _ = read(tmp_path, "a,b,c\n1,2,3\n", optional=["d", "c"])
    assert table.to_dict("list") == {"a": ["1"], "b": ["2"], "c": ["3"]}


def test_lines_of_other_length_are_left_out_and_the_rest_read(tmp_path):
    table, rejected = read(tmp_path, 'a,b\n1,2\n1\n1,2,3\n"1,2\n"1,2",3\n4,5\n')
    assert table["a"].tolist() == ["1", "1,2", "4"]
    assert [(r.place, r.reason, r.text) for r in rejected] == [
        ("line 3", "wrong number of fields", "1"),
        ("line 4", "wrong number of fields", "1,2,3"),
        ("line 5", "wrong number of fields", '"1,2'),
    ]


@pytest.mark.parametrize("end", ["\n", "\r\n"])
def test_tabs_line_ends_marks_and_bytes_of_other_encodings(tmp_path, end):
    (tmp_path / "raw.csv").write_bytes(f"\ufeffa\tb{end}1\té{end}".encode())
    table, _ = read_raw_records(tmp_path / "raw.csv", ["a", "b"], delimiter="\t")
    assert table.to_dict("list") == {"a": ["1"], "b": ["é"]}
    table, _ = read(tmp_path, f"a,b{end}1,\xff{end}")
    assert table["b"].tolist() == ["\ufffd"]


def test_a_header_alone_is_an_empty_table(tmp_path):
    table, rejected = read(tmp_path, "a,b\n")
    assert (len(table), table.columns.tolist(), rejected) == (0, ["a", "b"], [])


@pytest.mark.parametrize(
    ("content", "told"),
    [
        ("", "empty; wanted a header"),
        ("\n\n", "empty; wanted a header"),
        ("a,b\n1,2", "its last line has no end: cut off"),
        ("a,c\n1,2\n", "column b missing; found a, c; wanted a, b"),
        ("a,b,a\n1,2,3\n", "column names repeated; found a, b, a"),
        ('a,"b\n1,2\n', "column a, b missing; found ;"),
    ],
)
def test_a_bad_file_is_refused(tmp_path, content, told):
    with pytest.raises(InputError, match=rf"raw\.csv: {told}"):
        read(tmp_path, content)


def test_an_absent_file_is_refused(tmp_path):
    with pytest.raises(InputError, match=r"none\.csv: not readable"):
        read_raw_records(tmp_path / "none.csv", ["a"])


def test_faults_of_records():
    raw = pd.DataFrame(
        {"x": ["1e3", "MISSING", "1,5", " nan ", "-inf", ""], "n": ["7", " 8", "x", "-1", "99999999999", "3000000000"]},
        index=[2, 3, 5, 6, 7, 8],
    )
    faults = RecordFaults(raw, source="raw.csv")
    np.testing.assert_array_equal(faults.numbers("x"), [1000, np.nan, np.nan, np.nan, np.nan, np.nan])
    assert faults.good.tolist() == [True, True, False, True, True, True]
    assert faults.whole_numbers("n").tolist() == [7, 8, 0, 0, 0, 0]
    faults.mark([False, True, True, False, False, False], "third fault")
    assert [(r.source, r.place, r.reason, r.text) for r in faults.rejections()] == [
        ("raw.csv", "line 3", "third fault", "MISSING, 8"),
        # The first fault of a record is its reason.
        ("raw.csv", "line 5", "x not a number", "1,5,x"),
        ("raw.csv", "line 6", "n not a whole number", " nan ,-1"),
        ("raw.csv", "line 7", "n not a whole number", "-inf,99999999999"),
        ("raw.csv", "line 8", "n not a whole number", ",3000000000"),
    ]
