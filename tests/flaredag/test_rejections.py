"""Lists of records left out."""

import pandas as pd

from flaredag.rejections import REJECTION_COLUMNS, Rejection, read_rejections, write_rejections


def test_rejections_come_back_as_written(tmp_path):
    listed = [Rejection("a.txt", "line 3", "class unknown", "Z1.0, 11158"), Rejection("b.txt", "", "empty", "")]
    write_rejections(tmp_path / "a.csv", listed)
    write_rejections(tmp_path / "none.csv", [])
    table = read_rejections([tmp_path / "none.csv", tmp_path / "a.csv"])
    assert list(table) == list(REJECTION_COLUMNS)
    assert table.to_dict("records") == [vars(one) for one in listed]


def test_no_files_give_an_empty_table():
    table = read_rejections([])
    assert list(table) == list(REJECTION_COLUMNS)
    assert len(table) == 0


def test_strange_texts_keep_the_file_readable(tmp_path):
    text = 'a\x00b\n"c",\udcff' + "x" * 1000
    write_rejections(tmp_path / "a.csv", [Rejection("s", "p", "r", text)])
    table = pd.read_csv(tmp_path / "a.csv", dtype=str)
    assert table["text"][0].startswith('a\\x00b\\n"c",\\udcffxxx')
    assert len(table["text"][0]) < 220
