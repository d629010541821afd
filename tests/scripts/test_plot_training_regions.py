"""The rule that draws scores by the number of regions that train."""

import xml.etree.ElementTree as ElementTree

import pytest

from flaredag.artifacts import write_csv, write_json
from flaredag.errors import InputError
from made_up_results import scores_of
from plot_training_regions import main

SETTINGS = {
    "name": "training_regions",
    "title": "Regions",
    "datasets": ["A", "B"],
    "panels": [{"metric": "true_skill_statistic", "model": "lstm"}, {"metric": "brier_skill_score", "model": "lstm"}],
}


@pytest.fixture
def inputs(tmp_path):
    """Scores of two data sets, and the index that counts their regions."""
    seeds = {name: {seed: {"regions": {"train": n}} for seed in "01"} for name, n in (("A", 120), ("B", 90))}
    write_csv(tmp_path / "scores.csv", scores_of("s"))
    write_json(tmp_path / "index.json", {"datasets": {name: {"seeds": own} for name, own in seeds.items()}})
    return tmp_path / "scores.csv", tmp_path / "index.json"


def test_a_figure_is_drawn_and_hangs_on_the_regions(inputs, tmp_path):
    for name in ("one", "again"):
        main(*inputs, tmp_path / f"{name}.svg", settings=SETTINGS, study="s", mark="SIMULATED")
    assert (tmp_path / "one.svg").read_bytes() == (tmp_path / "again.svg").read_bytes()
    assert ElementTree.parse(tmp_path / "one.svg").getroot().tag.endswith("svg")
    fewer = {"A": {"seeds": {"0": {"regions": {"train": 50}}}}, "B": {"seeds": {"0": {"regions": {"train": 90}}}}}
    write_json(inputs[1], {"datasets": fewer})
    main(*inputs, tmp_path / "fewer.svg", settings=SETTINGS, study="s", mark="SIMULATED")
    assert (tmp_path / "fewer.svg").read_bytes() != (tmp_path / "one.svg").read_bytes()


@pytest.mark.parametrize(
    ("changes", "told"),
    [
        ({"datasets": ["A", "C"]}, "figure training_regions: the index holds no data set C"),
        (
            {"panels": [{"metric": "brier_score", "model": "cnn"}]},
            "training_regions: scores hold no brier_score of .* cnn",
        ),
    ],
)
def test_what_is_not_there_is_told_and_nothing_written(inputs, tmp_path, changes, told):
    with pytest.raises(InputError, match=told):
        main(*inputs, tmp_path / "no.svg", settings=SETTINGS | changes, study="s", mark="")
    assert not (tmp_path / "no.svg").exists()
