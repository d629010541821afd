"""Tables in files of R."""

import numpy as np
import pandas as pd
import pytest
import rdata
from rdata.conversion import DEFAULT_CLASS_MAP

from flaredag.errors import InputError
from flaredag.r_tables import class_map, read_r_table

TABLE = pd.DataFrame({"A": [0.25, np.nan], "event": [1, 0], "name": pd.Series(["x", "y"], dtype=object)})


def written(tmp_path, **objects):
    rdata.write_rda(tmp_path / "table.rda", objects)
    return tmp_path / "table.rda"


def test_a_table_is_read_as_written(tmp_path):
    table = read_r_table(written(tmp_path, mine=TABLE, remark="not a table"))
    assert list(table) == ["A", "event", "name"]
    np.testing.assert_array_equal(table["A"], [0.25, np.nan])
    assert table["event"].tolist() == [1, 0]
    assert table["name"].tolist() == ["x", "y"]


def test_days_and_tables_of_other_classes_of_r():
    classes = class_map()
    days = classes["Date"](np.array([16801.0, np.nan]), {})
    assert days[0] == np.datetime64("2016-01-01")
    assert np.isnat(days[1])
    assert classes["tbl_df"] is DEFAULT_CLASS_MAP["data.frame"]


@pytest.mark.parametrize(
    ("objects", "words"),
    [
        ({"one": TABLE, "two": TABLE}, r"holds 2 tables \(one, two\); wanted one"),
        ({"remark": "nothing"}, r"holds 0 tables \(remark\); wanted one"),
    ],
)
def test_no_table_or_several_are_refused(tmp_path, objects, words):
    with pytest.raises(InputError, match=words):
        read_r_table(written(tmp_path, **objects))


@pytest.mark.parametrize("content", [b"", b"a text\n", b"RDX3\nX\n\0\0\0\3", b"\x1f\x8b\x08cut"])
def test_other_files_are_refused_without_a_traceback_of_the_library(tmp_path, content):
    (tmp_path / "table.rda").write_bytes(content)
    with pytest.raises(InputError, match=r"table\.rda: not readable as a file of R"):
        read_r_table(tmp_path / "table.rda")


def test_a_file_cut_off_is_refused(tmp_path):
    path = written(tmp_path, mine=TABLE)
    path.write_bytes(path.read_bytes()[:-20])
    with pytest.raises(InputError, match="not readable as a file of R"):
        read_r_table(path)


def test_a_file_that_is_not_there_is_refused(tmp_path):
    with pytest.raises(InputError, match="not readable as a file of R"):
        read_r_table(tmp_path / "nothing.rda")
