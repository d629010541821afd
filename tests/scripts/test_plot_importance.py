"""The rule that draws permutation importance, a figure a data set."""

import xml.etree.ElementTree as ElementTree

import pytest

import made_up_importance as made_up
from flaredag.artifacts import write_csv
from flaredag.errors import InputError
from plot_importance import main


@pytest.fixture
def importance(tmp_path):
    path = tmp_path / "importance.csv"
    table = made_up.importance(("A", "B"))
    write_csv(path, table.assign(loss=table["loss"] + (table["dataset"] == "B") * 0.1))
    return path


def test_a_figure_of_each_data_set(importance, tmp_path):
    figures = {}
    for dataset in ("A", "B"):
        for name in (dataset, f"{dataset}_again"):
            main(importance, tmp_path / f"{name}.svg", dataset=dataset, study="s", mark="SIMULATED")
            figures[name] = (tmp_path / f"{name}.svg").read_bytes()
        assert figures[dataset] == figures[f"{dataset}_again"]
    assert figures["A"] != figures["B"]
    assert ElementTree.parse(tmp_path / "A.svg").getroot().tag.endswith("svg")


def test_a_data_set_that_is_not_there_is_told(importance, tmp_path):
    with pytest.raises(InputError, match="importance of C: no row; there are some of A, B"):
        main(importance, tmp_path / "C.svg", dataset="C", study="s", mark="")
    assert not (tmp_path / "C.svg").exists()
