"""The rule that draws a feature ranking."""

import xml.etree.ElementTree as ElementTree

import pytest

import made_up_ranking as made_up
from flaredag.artifacts import write_csv
from flaredag.errors import InputError
from plot_ranking import main


def test_a_figure_of_each_data_set(tmp_path):
    write_csv(tmp_path / "ranking.csv", made_up.ranking())
    figures = {}
    for name in ("A", "B", "A"):
        path = tmp_path / f"{len(figures)}.svg"
        main(str(tmp_path / "ranking.csv"), str(path), dataset=name, model="lstm_attention", mark="SIMULATED")
        assert ElementTree.parse(path).getroot().tag.endswith("svg")
        assert figures.setdefault(name, path.read_bytes()) == path.read_bytes()
    assert figures["A"] != figures["B"]


def test_a_data_set_without_a_ranking_is_refused(tmp_path):
    write_csv(tmp_path / "ranking.csv", made_up.ranking())
    with pytest.raises(InputError, match="'C: features ranked by LSTM'"):
        main(str(tmp_path / "ranking.csv"), str(tmp_path / "c.svg"), dataset="C", model="lstm", mark="")
    assert not (tmp_path / "c.svg").exists()
