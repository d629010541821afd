"""Tables of parts joined to one."""

import pandas as pd
import pytest

from flaredag.errors import InputError
from join_tables import main


def test_rows_stand_in_the_order_of_the_tables_with_the_columns_asked_for(tmp_path):
    (tmp_path / "a.csv").write_text("x,extra,y\n1.50,q,\n")
    (tmp_path / "b.csv").write_text("y,x\n2,3\n")
    main([str(tmp_path / "a.csv"), str(tmp_path / "b.csv")], str(tmp_path / "joined.csv"), columns=["x", "y"])
    assert (tmp_path / "joined.csv").read_text() == "x,y\n1.50,\n3,2\n"


def test_no_table_gives_the_columns_alone(tmp_path):
    main([], str(tmp_path / "joined.csv"), columns=["x", "y"])
    assert (tmp_path / "joined.csv").read_text() == "x,y\n"
    assert pd.read_csv(tmp_path / "joined.csv").empty


def test_a_table_without_a_column_is_refused(tmp_path):
    (tmp_path / "a.csv").write_text("x\n1\n")
    with pytest.raises(InputError, match="y"):
        main([str(tmp_path / "a.csv")], str(tmp_path / "joined.csv"), columns=["x", "y"])
    assert not (tmp_path / "joined.csv").exists()
