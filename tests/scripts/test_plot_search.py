"""The rule that draws the trials of a search."""

import xml.etree.ElementTree as ElementTree

import made_up_search as made_up
from flaredag.artifacts import write_csv
from flaredag.search_trials import table_of_trials
from plot_search import main, plot_search

SHOWN = {"dataset": "ONE", "model": "transformer", "metric": "true_skill_statistic"}


def test_the_figure_is_drawn_the_same_each_time(tmp_path):
    write_csv(tmp_path / "trials.csv", table_of_trials(made_up.TRIALS, seeds=made_up.SEEDS, keys=made_up.KEYS))
    drawn = []
    for name in ("once.svg", "again.svg"):
        main(tmp_path / "trials.csv", tmp_path / name, **SHOWN, mark="SIMULATED")
        drawn.append((tmp_path / name).read_bytes())
    assert drawn[0] == drawn[1]
    assert ElementTree.parse(tmp_path / "once.svg").getroot().tag.endswith("svg")


def test_its_title_tells_the_data_set_and_the_model():
    table = table_of_trials(made_up.TRIALS, seeds=made_up.SEEDS, keys=made_up.KEYS)
    texts = [text.get_text() for text in plot_search(table, **SHOWN, mark="").texts]
    assert "ONE: trials of transformer" in texts
