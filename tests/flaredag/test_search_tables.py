"""The table of a study's searches, read."""

import pytest

import made_up_search as made_up
from flaredag.artifacts import write_csv
from flaredag.errors import InputError
from flaredag.search_tables import SEARCH_COLUMNS, SEARCH_NUMBERS, read_searches
from flaredag.store import FIT_COLUMNS


def test_it_comes_back_with_its_numbers(tmp_path):
    write_csv(tmp_path / "searches.csv", made_up.searched(), float_format="%.10g")
    found = read_searches(tmp_path / "searches.csv")
    assert list(found) == list(SEARCH_COLUMNS)
    assert all(found[name].dtype.kind in "fi" for name in SEARCH_NUMBERS)
    assert found["seeds"].tolist() == ["3 5"] * 4


def test_it_tells_the_manifest_and_who_prunes_where_trials_lie():
    assert set(FIT_COLUMNS) <= set(SEARCH_COLUMNS)


def test_another_table_is_told(tmp_path):
    write_csv(tmp_path / "searches.csv", made_up.searched().drop(columns="gain"))
    with pytest.raises(InputError, match=r"searches\.csv: .*gain"):
        read_searches(tmp_path / "searches.csv")
