from __future__ import annotations

import xml.etree.ElementTree as ElementTree
from pathlib import Path

import pytest

from flaredag.errors import InputError
from flaredag.predictions import write_predictions
from made_up_ensembles import ENSEMBLE, made_up_learners
from plot_ensembles import KINDS, main
from stack_predictions import main as stack
from verify_predictions import main as verify


@pytest.fixture(scope="module")
def results(tmp_path_factory) -> Path:
    """Folder with predictions of the learners, of ensembles and their weights, and scores of all."""
    folder = tmp_path_factory.mktemp("results")
    write_predictions(folder / "learners.nc", made_up_learners())
    stack([folder / "learners.nc"], folder / "A.nc", folder / "weights.csv", ensembles=[ENSEMBLE], dataset="A")
    verify(
        [folder / "learners.nc", folder / "A.nc"],
        ["A", "A"],
        ["p", "p"],
        folder / "scores.csv",
        folder / "curves.csv",
        archive="embedded",
        study="sun2022",
    )
    return folder


SOURCES = dict(zip(KINDS, ("scores.csv", "weights.csv", "learners.nc"), strict=True))


def draw(results: Path, figure: Path, kind: str, *, source: str = "", seed: int = 1) -> Path:
    main(
        [results / (source or SOURCES[kind])],
        figure,
        kind=kind,
        ensemble=ENSEMBLE,
        datasets=["A"],
        seed=seed,
        criterion="accuracy",
        study="sun2022",
        mark="SIMULATED",
    )
    return figure


@pytest.mark.parametrize("kind", KINDS)
def test_every_kind_is_drawn_the_same_each_time(results, tmp_path, kind):
    one, two = (draw(results, tmp_path / name, kind) for name in ("one.svg", "two.svg"))
    assert one.read_bytes() == two.read_bytes()
    assert ElementTree.parse(one).getroot().tag == "{http://www.w3.org/2000/svg}svg"


def test_a_seed_that_is_not_predicted_is_told(results, tmp_path):
    told = "figure ensemble_boundaries of stack: no predictions of seed 7; there are 0, 1, 2"
    with pytest.raises(InputError, match=told):
        draw(results, tmp_path / "f.svg", "ensemble_boundaries", seed=7)
    assert not (tmp_path / "f.svg").exists()


def test_an_unknown_kind_is_told(results, tmp_path):
    with pytest.raises(InputError, match="unknown kind 'pie'; known are ensemble_scores"):
        draw(results, tmp_path / "f.svg", "pie", source="scores.csv")
