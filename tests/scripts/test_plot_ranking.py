"""The rule that draws a feature ranking."""

import xml.etree.ElementTree as ElementTree

import pytest

import made_up_ranking as made_up
from flaredag.artifacts import write_csv
from flaredag.errors import InputError
from flaredag.ranking_settings import OF_FIRST_ONES, RankingFigure, figures_of_ranking
from plot_ranking import main, plot_ranking


def shown(dataset):
    return RankingFigure(dataset, OF_FIRST_ONES, "")


def test_a_figure_of_each_data_set(tmp_path):
    write_csv(tmp_path / "ranking.csv", made_up.ranking())
    figures = {}
    for name in ("A", "B", "A"):
        path = tmp_path / f"{len(figures)}.svg"
        ranking = str(tmp_path / "ranking.csv")
        main(ranking, str(path), shown=shown(name), settings=made_up.SETTINGS, mark="SIMULATED")
        assert ElementTree.parse(path).getroot().tag.endswith("svg")
        assert figures.setdefault(name, path.read_bytes()) == path.read_bytes()
    assert figures["A"] != figures["B"]


def test_of_an_elimination_all_its_figures(tmp_path):
    write_csv(tmp_path / "ranking.csv", made_up.removal())
    drawn = set()
    for name, figure in figures_of_ranking(made_up.REMOVAL):
        path = tmp_path / f"{name}.svg"
        main(str(tmp_path / "ranking.csv"), str(path), shown=figure, settings=made_up.REMOVAL, mark="")
        drawn.add(path.read_bytes())
    assert len(drawn) == 3


def test_titles_tell_the_data_set_and_the_order():
    titles = [
        plot_ranking(made_up.removal(), figure, settings=made_up.REMOVAL, mark="").texts
        for _, figure in figures_of_ranking(made_up.REMOVAL)
    ]
    told = [" ".join(text.get_text() for text in texts) for texts in titles]
    assert "SHARP: each feature alone" in told[0]
    assert "SHARP: features removed in the order of TSS of transformer at the threshold 0.5" in told[1]
    assert "SHARP: features removed in the order of BSS of transformer by brier score" in told[2]


def test_a_data_set_without_a_ranking_is_refused(tmp_path):
    write_csv(tmp_path / "ranking.csv", made_up.ranking())
    path = tmp_path / "c.svg"
    with pytest.raises(InputError, match="'C: features ranked by LSTM attention'"):
        main(str(tmp_path / "ranking.csv"), str(path), shown=shown("C"), settings=made_up.SETTINGS, mark="")
    assert not path.exists()
