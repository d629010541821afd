"""The table of permutation importance, and names of groups for people."""

import pandas as pd
import pytest

import made_up_importance as made_up
from flaredag.artifacts import write_csv
from flaredag.errors import InputError
from flaredag.importance_tables import IMPORTANCE_COLUMNS, IMPORTANCE_NUMBERS, read_importance, shown_group


def test_what_was_written_is_read_again(tmp_path):
    write_csv(tmp_path / "importance.csv", made_up.importance(), float_format="%.10g")
    pd.testing.assert_frame_equal(read_importance(tmp_path / "importance.csv"), made_up.importance())
    assert set(IMPORTANCE_NUMBERS) < set(IMPORTANCE_COLUMNS)


@pytest.mark.parametrize(("old", "new"), [("least_correlation", "least"), ("0.83", "much")])
def test_another_file_is_refused(tmp_path, old, new):
    path = tmp_path / "importance.csv"
    write_csv(path, made_up.importance())
    path.write_text(path.read_text().replace(old, new))
    with pytest.raises(InputError, match=r"importance\.csv: column least_correlation"):
        read_importance(path)


@pytest.mark.parametrize(
    ("name", "shown"),
    [
        ("a", "a"),
        ("a+b+c", "a, b, c"),
        # Not "and 1 more".
        ("a+b+c+d", "a, b, c, d"),
        ("a+b+c+d+e", "a, b, c and 2 more"),
    ],
)
def test_long_lists_of_members_are_cut(name, shown):
    assert shown_group(name) == shown
