from __future__ import annotations

import xml.etree.ElementTree as ElementTree

import pytest

import made_up_protocol
from flaredag.errors import InputError
from plot_ladder import main

LADDERS = [
    {"name": "sharp", "title": "SHARP", "rungs": made_up_protocol.RUNGS},
    {"name": "part", "title": "A part", "rungs": {"by_time": "BY_TIME", "full_disk": "DISK"}},
]


@pytest.fixture
def intervals(tmp_path):
    path = tmp_path / "intervals.csv"
    made_up_protocol.intervals().to_csv(path, index=False)
    return path


def test_a_figure_of_each_model(intervals, tmp_path):
    figures = {}
    for model in ("lstm", "logistic_regression"):
        for name in (model, f"{model}_again"):
            main(intervals, tmp_path / f"{name}.svg", ladders=LADDERS, model=model, mark="SIMULATED")
            figures[name] = (tmp_path / f"{name}.svg").read_bytes()
        assert figures[model] == figures[f"{model}_again"]
    assert figures["lstm"] != figures["logistic_regression"]
    assert ElementTree.parse(tmp_path / "lstm.svg").getroot().tag.endswith("svg")


def test_a_model_on_no_rung_is_refused(intervals, tmp_path):
    with pytest.raises(InputError, match=r"ladder of cnn: no score of cnn on any rung"):
        main(intervals, tmp_path / "cnn.svg", ladders=LADDERS, model="cnn", mark="")
    assert not (tmp_path / "cnn.svg").exists()
