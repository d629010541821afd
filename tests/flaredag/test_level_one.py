from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from flaredag.errors import InputError
from flaredag.level_one import level_one_data, read_learners
from flaredag.predictions import write_predictions


def predictions(model: str, *, seeds=(0, 1), shift: float = 0.0) -> pd.DataFrame:
    """Six samples a seed, two of each split, not in order."""
    parts = [
        pd.DataFrame(
            {
                "instrument": ["smarp", "sharp"] * 3,
                "region": [9, 3, 8, 2, 7, 1],
                "issue_time": np.datetime64("2011-02-15", "s") + np.arange(6) * np.timedelta64(96, "m"),
                "label": [0, 1] * 3,
                "probability": np.arange(6) / 10 + seed / 100 + shift,
                "split": np.repeat(["test", "train", "validation"], 2),
                "model": model,
                "seed": seed,
            }
        )
        for seed in seeds
    ]
    return pd.concat(parts, ignore_index=True)


@pytest.fixture
def both(tmp_path):
    """Predictions of two learners, the second's rows in another order."""
    write_predictions(tmp_path / "one.nc", predictions("lstm"))
    write_predictions(tmp_path / "two.nc", predictions("cnn", shift=0.2).iloc[::-1])
    return read_learners([tmp_path / "one.nc", tmp_path / "two.nc", tmp_path / "one.nc"], ["lstm", "cnn"])


def test_learners_stand_side_by_side(both):
    data = level_one_data(both, ["cnn", "lstm"], seed=1)
    assert data.samples["split"].tolist() == ["train"] * 2 + ["validation"] * 2 + ["test"] * 2
    assert data.samples["region"].tolist() == [2, 8, 1, 7, 3, 9]
    # Sharp before smarp in each split: samples 3, 2, 5, 4, 1, 0.
    assert data.probabilities[:, 1] == pytest.approx([0.31, 0.21, 0.51, 0.41, 0.11, 0.01])
    assert data.probabilities[:, 0] == pytest.approx(data.probabilities[:, 1] + 0.2)
    label, probabilities = data.of_split("validation")
    assert label.tolist() == [1, 0]
    assert probabilities == pytest.approx(np.array([[0.71, 0.51], [0.61, 0.41]]))


def test_a_sample_that_a_learner_lacks_is_told(both):
    lacking = both.drop(both.index[(both["model"] == "cnn") & (both["seed"] == 1) & (both["region"] == 7)])
    level_one_data(lacking, ["lstm", "cnn"], seed=0)
    with pytest.raises(
        InputError, match=r"learner cnn has no forecast for 1 of 6 samples .* smarp region 7 at 2011-02-15T06"
    ):
        level_one_data(lacking, ["lstm", "cnn"], seed=1)


def test_a_learner_without_the_seed_is_told(both):
    lacking = both.loc[(both["model"] == "lstm") | (both["seed"] == 0)]
    with pytest.raises(InputError, match="learner cnn has no forecast for 6 of 6 samples"):
        level_one_data(lacking, ["lstm", "cnn"], seed=1)


def test_labels_that_differ_are_told(both):
    wrong = both.copy()
    wrong.loc[(wrong["model"] == "cnn") & (wrong["seed"] == 0) & (wrong["region"] == 2), "label"] = 0
    with pytest.raises(InputError, match=r"the label of 1 of 6 samples; .* sharp region 2 .*: lstm 1, cnn 0"):
        level_one_data(wrong, ["lstm", "cnn"], seed=0)


def test_a_learner_in_no_file_is_told(tmp_path):
    write_predictions(tmp_path / "one.nc", predictions("lstm"))
    with pytest.raises(InputError, match=r"one.nc: no predictions of base learner cnn; there are lstm"):
        read_learners([tmp_path / "one.nc"], ["lstm", "cnn"])


def test_a_forecast_in_two_files_is_told(tmp_path):
    for name in ("one.nc", "two.nc"):
        write_predictions(tmp_path / name, predictions("lstm"))
    with pytest.raises(InputError, match="12 forecasts are in two files; the first is of lstm, seed 0, smarp region 9"):
        read_learners([tmp_path / "one.nc", tmp_path / "two.nc"], ["lstm"])
