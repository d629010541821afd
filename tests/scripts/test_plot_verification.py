from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from matplotlib.text import Text

from flaredag.curves_over_seeds import with_spread
from flaredag.errors import InputError
from flaredag.predictions import write_predictions
from flaredag.score_tables import figures_by_seed, read_curves, read_scores
from plot_verification import main, plot_verification
from verify_predictions import main as verify

SCRIPTS = Path(__file__).parents[2] / "scripts"
GROUP = {"name": "one", "title": "LSTM", "series": [{"dataset": name, "model": "lstm"} for name in ("FUSED", "ONLY")]}


@pytest.fixture(scope="module")
def verified(tmp_path_factory) -> Path:
    """Folder with scores.csv and curves.csv of two data sets."""
    folder = tmp_path_factory.mktemp("verified")
    for dataset, skill in (("FUSED", 2.0), ("ONLY", 1.0)):
        parts = []
        for seed in range(3):
            rng = np.random.default_rng(seed)
            label = np.tile([0, 1], 90)
            parts.append(
                pd.DataFrame(
                    {
                        "instrument": "sharp",
                        "region": np.repeat([1, 2, 3], 60),
                        "issue_time": np.datetime64("2011-02-15", "s") + np.arange(180) * np.timedelta64(96, "m"),
                        "label": label,
                        "probability": 1 / (1 + np.exp(-skill * (2 * label - 1) - rng.normal(size=180))),
                        "split": np.repeat(["train", "validation", "test"], 60),
                        "model": "lstm",
                        "seed": seed,
                    }
                )
            )
        write_predictions(folder / f"{dataset}.nc", pd.concat(parts))
    verify(
        [folder / "FUSED.nc", folder / "ONLY.nc"],
        ["FUSED", "ONLY"],
        ["p", "p"],
        folder / "scores.csv",
        folder / "curves.csv",
        archive="embedded",
        study="sun2022",
    )
    return folder


def draw(verified: Path, path: Path, group) -> Path:
    main(
        verified / "curves.csv",
        verified / "scores.csv",
        path,
        group=group,
        study="sun2022",
        mark="SIMULATED",
        left_out=[],
        in_training_folds=[],
    )
    return path


PROFILES = GROUP | {"kind": "profiles", "threshold": "best_on_test"}


@pytest.mark.parametrize("group", [GROUP, PROFILES, None])
def test_a_figure_and_the_overview_are_drawn(verified, tmp_path, group):
    path = draw(verified, tmp_path / "figure.svg", group)
    assert list(tmp_path.iterdir()) == [path]
    assert path.read_text().startswith("<?xml")


def test_a_figure_of_the_kind_profiles_has_a_row_a_series_and_its_threshold(verified):
    curves, scores = read_curves(verified / "curves.csv"), read_scores(verified / "scores.csv")
    settings = {"study": "s", "mark": "", "left_out": [], "in_training_folds": []}
    heads = {}
    for threshold in ("best_on_test", "validation"):
        figure = plot_verification(curves, scores, PROFILES | {"threshold": threshold}, **settings)
        # Of each row profile, ROC curve, reliability diagram and its counts.
        assert len(figure.axes) == 2 * 4
        at = figures_by_seed(scores, dataset="FUSED", model="lstm", metric="threshold", threshold=threshold)
        profiles = [axes.get_title() for axes in figure.axes if axes.get_ylabel() == "score"]
        assert profiles[0].startswith(f"threshold {with_spread(at)}\nTSS ")
        heads[threshold] = profiles
    assert heads["best_on_test"] != heads["validation"]
    unnamed = {key: value for key, value in PROFILES.items() if key != "threshold"}
    figure = plot_verification(curves, scores, unnamed, **settings)
    assert [axes.get_title() for axes in figure.axes if axes.get_ylabel() == "score"] == heads["validation"]
    # Over each other they share one row.
    assert len(plot_verification(curves, scores, GROUP | {"kind": "compared"}, **settings).axes) == 4


def test_the_overview_has_neither_calibrated_forecasts_nor_models_left_out_nor_data_sets_in_training_folds():
    rows = [
        {"dataset": dataset, "model": model, "seed": seed, "threshold": "fixed_0.5", "value": 0.5 + 0.1 * seed}
        for model in ("lstm", "lstm.beta", "lstm.prior_shift", "stack_best")
        for dataset in ("ONLY", "M_FOLDS")
        for seed in (0, 1)
    ]
    scores = pd.DataFrame(rows).assign(metric="true_skill_statistic")
    left_out = {"left_out": ["stack_best"], "in_training_folds": ["M_FOLDS"]}
    figure = plot_verification(None, scores, None, study="s", mark="", **left_out)
    drawn = {text.get_text() for text in figure.findobj(Text)}
    named = [name for name in drawn if "lstm" in name.lower() or "stack" in name]
    assert [name.lower() for name in named] == ["lstm"]
    assert "ONLY" in drawn
    assert not any("FOLDS" in name for name in drawn)


@pytest.mark.parametrize("group", [GROUP, PROFILES, None])
def test_another_process_writes_the_same_bytes(verified, tmp_path, group):
    path, other = draw(verified, tmp_path / "figure.svg", group), tmp_path / "other.svg"
    code = (
        "from plot_verification import main\n"
        f"main({str(verified / 'curves.csv')!r}, {str(verified / 'scores.csv')!r}, {str(other)!r}, group={group!r},\n"
        "     study='sun2022', mark='SIMULATED', left_out=[], in_training_folds=[])\n"
    )
    environment = os.environ | {"PYTHONHASHSEED": "123", "PYTHONPATH": str(SCRIPTS)}
    subprocess.run([sys.executable, "-c", code], check=True, env=environment)
    assert other.read_bytes() == path.read_bytes()


def test_a_group_that_cannot_be_drawn_is_named_and_nothing_written(verified, tmp_path):
    bad = {"name": "figure9", "title": "No", "series": [{"dataset": "ONLY", "model": "cnn"}]}
    for kind, curve in (("compared", "reliability"), ("profiles", "skill_score_profile")):
        with pytest.raises(InputError, match=f"figure figure9: no {curve} curve of ONLY cnn"):
            draw(verified, tmp_path / "figure.svg", bad | {"kind": kind})
    assert list(tmp_path.iterdir()) == []
