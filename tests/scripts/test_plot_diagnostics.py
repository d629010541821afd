from __future__ import annotations

import xml.etree.ElementTree as ElementTree

import numpy as np
import pandas as pd
import pytest

from diagnose_forecasts import main as diagnose
from flaredag.errors import InputError
from flaredag.predictions import write_predictions
from plot_diagnostics import main


@pytest.fixture(scope="module")
def diagnosed(tmp_path_factory):
    """Folder with diagnostics.csv and decomposition.csv of two models."""
    folder = tmp_path_factory.mktemp("diagnosed")
    forecasts = _forecasts()
    write_predictions(folder / "a.nc", forecasts)
    diagnose(
        [folder / "a.nc"],
        ["SHARP_ALL"],
        folder / "diagnostics.csv",
        folder / "decomposition.csv",
        series=[{"dataset": "SHARP_ALL", "model": model} for model in ("lstm", "climatology")],
        resamples=10,
        seed=0,
        level=0.95,
    )
    return folder


def _forecasts():
    rng = np.random.default_rng(0)
    probability = rng.random(200)
    table = pd.DataFrame(
        {
            "instrument": "sharp",
            "region": np.arange(200) % 10 + 1,
            "issue_time": np.datetime64("2011-02-15", "s") + np.arange(200) * np.timedelta64(96, "m"),
            "label": (rng.random(200) < probability).astype(int),
            "probability": probability,
            "split": "test",
            "seed": 0,
        }
    )
    return pd.concat([table.assign(model="lstm"), table.assign(model="climatology", probability=0.5)])


def draw(folder, path, models):
    main(
        folder / "diagnostics.csv",
        folder / "decomposition.csv",
        path,
        dataset="SHARP_ALL",
        models=models,
        title="made up",
        mark="SIMULATED",
    )
    return path.read_bytes()


def test_a_figure_of_each_choice_of_models(diagnosed, tmp_path):
    both = draw(diagnosed, tmp_path / "both.svg", ["lstm", "climatology"])
    assert draw(diagnosed, tmp_path / "again.svg", ["lstm", "climatology"]) == both
    assert draw(diagnosed, tmp_path / "one.svg", ["lstm"]) != both
    assert ElementTree.parse(tmp_path / "both.svg").getroot().tag.endswith("svg")


def test_a_model_that_was_not_diagnosed_is_refused(diagnosed, tmp_path):
    with pytest.raises(InputError, match=r"diagnostics of SHARP_ALL: no corp diagram of SHARP_ALL cnn"):
        draw(diagnosed, tmp_path / "c.svg", ["cnn"])
    assert not list(tmp_path.iterdir())
