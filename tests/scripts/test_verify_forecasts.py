"""Verification of anybody's forecasts: its tables, its bytes, and the published skill of real ones."""

import numpy as np
import pandas as pd
import pytest

from flaredag.artifacts import sha256_of_file
from flaredag.predictions import read_predictions
from flaredag.score_tables import read_curves, read_scores
from made_up_forecasts import SETTINGS, TABLES, curated, daily_forecasts, forecasts_of_regions, verified
from verify_forecasts import main, verify_forecasts


def test_tables_are_read_by_their_readers_and_have_the_same_bytes_again(tmp_path):
    text = daily_forecasts(models=("a", "b"))
    first, again = verified(tmp_path / "first", text), verified(tmp_path / "again", text)
    for name in TABLES:
        assert sha256_of_file(first / f"{name}.csv") == sha256_of_file(again / f"{name}.csv")
    scores = read_scores(first / "scores.csv")
    assert set(scores["dataset"]) == {"FORECASTS"}
    assert set(scores["threshold"]) == {"", "fixed_0.5", "event_rate_of_test"}
    assert set(read_curves(first / "curves.csv")["model"]) == {"a", "b"}
    decomposition = pd.read_csv(first / "decomposition.csv").set_index("model")
    brier = scores[scores["metric"] == "brier_score"].set_index("model")["value"]
    np.testing.assert_allclose(decomposition["brier_score"], brier[decomposition.index])
    parts = decomposition["miscalibration"] - decomposition["discrimination"] + decomposition["uncertainty"]
    np.testing.assert_allclose(parts, decomposition["brier_score"])


def test_forecasts_of_a_region_in_two_splits_are_verified_all_the_same(tmp_path):
    predictions = curated(tmp_path, forecasts_of_regions(leak=True))
    outputs = {name: str(tmp_path / f"{name}.csv") for name in TABLES}
    main(predictions, outputs, **SETTINGS)
    intervals = pd.read_csv(outputs["intervals"], keep_default_na=False, na_values={"low": [""]})
    assert set(intervals["blocks"]) == {"regions"}
    assert set(intervals["n_blocks"]) == {40}
    assert set(intervals["threshold"]) == {"", "fixed_0.5", "validation"}


@pytest.mark.parametrize("label", [0, 1])
def test_one_outcome_alone_has_no_skill_but_is_verified(tmp_path, label):
    text = "time,label,probability\n" + "".join(f"2017-01-{day:02},{label},0.{day}\n" for day in range(10, 30))
    made = verify_forecasts(read_predictions(curated(tmp_path, text)), **SETTINGS)
    scores = made.scores.set_index(["threshold", "metric"])["value"]
    assert np.isnan(scores["", "brier_skill_score"])
    assert np.isnan(scores["fixed_0.5", "true_skill_statistic"])
    assert not np.isnan(scores["", "brier_score"])


def test_one_forecast(tmp_path):
    made = verify_forecasts(
        read_predictions(curated(tmp_path, "time,label,probability\n2017-01-01,1,0.5\n")), **SETTINGS
    )
    brier = made.intervals[made.intervals["metric"] == "brier_score"].iloc[0]
    assert brier["value"] == 0.25
    assert np.isnan(brier["low"])
    assert brier["blocks"] == "none"


@pytest.fixture(scope="module")
def operational(mirror, tmp_path_factory) -> dict[str, pd.DataFrame]:
    """Tables of the operational forecasts of M flares of Leka et al. 2019, in the form of anybody's."""
    table = pd.read_csv(mirror / "operational_forecasts" / "leka2019" / "SF.FC.M1.csv")
    methods = [name for name in table.columns if name not in ("VALID_DATE", "rlz.M1")]
    long = table.melt(["VALID_DATE", "rlz.M1"], methods, "model", "probability")
    long = long.rename(columns={"VALID_DATE": "time", "rlz.M1": "label"})
    # -0.01 means that there is no forecast.
    folder = tmp_path_factory.mktemp("leka2019")
    verified(folder, long[long["probability"] >= 0].to_csv(index=False))
    return {name: pd.read_csv(folder / f"{name}.csv") for name in (*TABLES, "audit")}


def test_published_operational_forecasts_have_their_known_skill(operational):
    intervals = operational["intervals"]
    skill = intervals[intervals["metric"] == "brier_skill_score"].set_index("model")
    known = {"NICT": 0.44, "NOAA": 0.33, "MAG4WF": 0.28, "MOSWOC": 0.19, "DAFFS": 0.18, "NJIT": -3.1}
    for method, value in known.items():
        assert round(skill.loc[method, "value"], 1 if value < -1 else 2) == value
    assert len(skill) == 18
    assert (skill["low"] < skill["value"]).all()
    assert (skill["value"] < skill["high"]).all()
    # Two years of Carrington rotations, the first and the last cut off.
    assert set(skill["n_blocks"]) == {28}


def test_the_best_of_the_operational_methods_is_not_told_from_the_next_but_from_the_worst(operational):
    comparisons = operational["comparisons"]
    assert set(comparisons["a"]) == {"NICT"}
    skill = comparisons[comparisons["metric"] == "brier_skill_score"].set_index("b")
    assert skill.loc["NOAA", "low"] < 0 < skill.loc["NOAA", "high"]
    assert skill.loc["NJIT", "low"] > 0
    assert skill.loc["NOAA", "n_samples"] == 731


def test_operational_forecasts_are_all_test_and_nothing_leaks(operational):
    assert set(operational["audit"]["outcome"]) == {"clean", "reported"}
