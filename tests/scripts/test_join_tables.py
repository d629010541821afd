"""Tables of parts joined to one."""

import pandas as pd
import pytest

import made_up_importance
from flaredag.artifacts import write_csv
from flaredag.errors import InputError
from join_tables import COLUMNS, main


def test_rows_stand_in_the_order_of_the_tables_with_the_columns_asked_for(tmp_path):
    (tmp_path / "a.csv").write_text("x,extra,y\n1.50,q,\n")
    (tmp_path / "b.csv").write_text("y,x\n2,3\n")
    main([str(tmp_path / "a.csv"), str(tmp_path / "b.csv")], str(tmp_path / "joined.csv"), columns=["x", "y"])
    assert (tmp_path / "joined.csv").read_text() == "x,y\n1.50,\n3,2\n"


def test_importance_keeps_what_is_empty(tmp_path):
    made_up_importance.importance().to_csv(tmp_path / "A.csv", index=False)
    main([str(tmp_path / "A.csv")], str(tmp_path / "joined.csv"), columns=COLUMNS["importance"])
    assert (tmp_path / "joined.csv").read_text() == (tmp_path / "A.csv").read_text()


def test_no_table_gives_the_columns_alone(tmp_path):
    main([], str(tmp_path / "joined.csv"), columns=["x", "y"])
    assert (tmp_path / "joined.csv").read_text() == "x,y\n"
    assert pd.read_csv(tmp_path / "joined.csv").empty


def test_a_table_without_a_column_is_refused(tmp_path):
    (tmp_path / "a.csv").write_text("x\n1\n")
    with pytest.raises(InputError, match="y"):
        main([str(tmp_path / "a.csv")], str(tmp_path / "joined.csv"), columns=["x", "y"])
    assert not (tmp_path / "joined.csv").exists()


def test_conformal_tables_of_all_data_sets_are_one_with_the_text_of_their_numbers(tmp_path):
    parts = [tmp_path / f"{name}.conformal.csv" for name in ("A", "B")]
    for path, coverage in zip(parts, (0.9, float("nan")), strict=True):
        row = dict.fromkeys(COLUMNS["conformal"], 0.5) | {"study": "s", "dataset": path.name[0], "model": "lstm"}
        write_csv(path, pd.DataFrame([row | {"label": "event", "coverage": coverage}]), float_format="%.10g")
    main([str(path) for path in parts], str(tmp_path / "joined.csv"), columns=COLUMNS["conformal"])
    joined = (tmp_path / "joined.csv").read_text().splitlines()
    assert joined == [
        "study,dataset,model,label,target,coverage,low,high,only_event,only_no_event,both,empty,n_samples,n_regions",
        "s,A,lstm,event,0.5,0.9,0.5,0.5,0.5,0.5,0.5,0.5,0.5,0.5",
        "s,B,lstm,event,0.5,,0.5,0.5,0.5,0.5,0.5,0.5,0.5,0.5",
    ]
