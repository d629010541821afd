"""The rule that draws losses and skill by epoch."""

import xml.etree.ElementTree as ElementTree

import pytest

import made_up_trainings as made_up
from flaredag.artifacts import write_csv
from flaredag.errors import InputError
from plot_training_curves import main

SETTINGS = {"name": "training_curves", "title": "Losses", "dataset": "A", "models": list(made_up.MODELS)}


@pytest.fixture
def curves(tmp_path):
    write_csv(tmp_path / "curves.csv", made_up.training_curves(), float_format="%.10g")
    return tmp_path / "curves.csv"


def test_a_figure_is_drawn_and_hangs_on_its_models(curves, tmp_path):
    for name, models in (("both", SETTINGS["models"]), ("again", SETTINGS["models"]), ("one", ["transformer"])):
        main(curves, tmp_path / f"{name}.svg", settings=SETTINGS | {"models": models}, mark="SIMULATED")
    both, again, one = ((tmp_path / f"{name}.svg").read_bytes() for name in ("both", "again", "one"))
    assert both == again != one
    assert ElementTree.parse(tmp_path / "both.svg").getroot().tag.endswith("svg")


def test_what_is_not_there_is_told_and_nothing_written(curves, tmp_path):
    with pytest.raises(InputError, match="figure training_curves: no training curve of B transformer"):
        main(curves, tmp_path / "no.svg", settings=SETTINGS | {"dataset": "B"}, mark="")
    assert not (tmp_path / "no.svg").exists()
