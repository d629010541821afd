"""Anybody's models against the best of them."""

import numpy as np
import pandas as pd
import pytest

from flaredag.forecast_blocks import chosen_blocks
from flaredag.forecast_comparisons import COMPARISON_COLUMNS, compare_with_best
from flaredag.forecast_scores import scores_of, series_of
from flaredag.predictions import read_predictions
from made_up_forecasts import curated, daily_forecasts

CHANCE = {"resamples": 200, "seed": 5, "level": 0.95}


def compared(forecasts: pd.DataFrame) -> pd.DataFrame:
    test, series = series_of(forecasts)
    scores = scores_of(series)
    skill = scores[scores["metric"] == "brier_skill_score"].set_index("model")["value"].to_dict()
    return compare_with_best(test, series, skill, chosen_blocks(test), **CHANCE)


def with_worse(forecasts: pd.DataFrame, name: str, amount: float) -> pd.DataFrame:
    """The forecasts and, of another model, the same drawn towards 1."""
    worse = forecasts.astype({"model": str}).assign(
        model=name, probability=forecasts["probability"] * (1 - amount) + amount
    )
    return pd.concat([forecasts.astype({"model": str}), worse], ignore_index=True)


def test_a_model_is_found_better_than_itself_spoilt(tmp_path):
    forecasts = read_predictions(curated(tmp_path, daily_forecasts(models=("good",))))
    table = compared(with_worse(forecasts, "spoilt", 0.5))
    assert tuple(table.columns) == COMPARISON_COLUMNS
    assert set(table["a"]) == {"good"}
    assert set(table["b"]) == {"spoilt"}
    assert table["n_samples"].tolist() == [400] * 4
    skill = table[table["metric"] == "brier_skill_score"].iloc[0]
    assert skill["low"] > 0
    assert skill["p"] == pytest.approx(1 / 201)
    # A spoilt probability ranks as before.
    assert table.loc[table["metric"] == "area_under_roc_curve", "difference"].iloc[0] == pytest.approx(0, abs=1e-12)
    dm = table[table["test"] == "diebold_mariano"].iloc[0]
    label, probability = forecasts["label"].to_numpy(), forecasts["probability"].to_numpy()
    by_hand = np.mean((probability * 0.5 + 0.5 - label) ** 2 - (probability - label) ** 2)
    assert dm["difference"] == pytest.approx(by_hand)
    assert dm["p"] < 0.001


def test_only_shared_samples_count_and_p_is_adjusted_over_models(tmp_path):
    forecasts = read_predictions(curated(tmp_path, daily_forecasts(models=("good",))))
    table = with_worse(with_worse(forecasts, "b", 0.3), "c", 0.4).drop_duplicates(["model", "issue_time"])
    table = table[(table["model"] != "b") | (table["issue_time"] < np.datetime64("2017-07-01"))].reset_index(drop=True)
    found = compared(table)
    assert found.groupby("b")["n_samples"].first().to_dict() == {"b": 181, "c": 400}
    for _, family in found.groupby(["metric", "test"]):
        p, adjusted = family["p"].to_numpy(), family["p_holm"].to_numpy()
        assert adjusted.min() == pytest.approx(min(2 * p.min(), 1))


def test_nothing_to_compare(tmp_path):
    one = read_predictions(curated(tmp_path, daily_forecasts()))
    assert compared(one).empty
    times = one["issue_time"] + pd.Timedelta(hours=1)
    other = one.astype({"model": str}).assign(model="elsewhere", issue_time=times)
    assert compared(pd.concat([one.astype({"model": str}), other], ignore_index=True)).empty
