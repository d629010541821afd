"""Forecasts without skill: their scores from the counts of a test split, worked out by hand."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from flaredag.errors import InputError
from flaredag.reference_forecasts import ALL_NEGATIVE, EVENT_RATE, RANDOM_CHANCE, random_chance, reference_scores

# A third of the samples are events, as in Table 5 of Li et al. 2024.
COUNTS = {0: (13, 39), 1: (10, 40)}
TABLE_5 = {
    RANDOM_CHANCE: {
        "precision": 1 / 3,
        "probability_of_detection": 1 / 3,
        "accuracy": 5 / 9,
        "false_alarm_ratio": 2 / 3,
        "heidke_skill_score": 0.0,
        "true_skill_statistic": 0.0,
    },
    ALL_NEGATIVE: {
        "precision": np.nan,
        "probability_of_detection": 0.0,
        "accuracy": 2 / 3,
        "false_alarm_ratio": np.nan,
        "heidke_skill_score": 0.0,
        "true_skill_statistic": 0.0,
    },
    EVENT_RATE: {"brier_score": 2 / 9, "brier_skill_score": 0.0},
}


def mock_scores(counts=COUNTS, models=("lstm", "tree")) -> pd.DataFrame:
    return pd.DataFrame(
        {"dataset": "A", "model": model, "seed": seed, "metric": metric, "value": float(value)}
        for model in models
        for seed, of_seed in counts.items()
        for metric, value in zip(("n_events", "n_samples"), of_seed, strict=True)
    )


@pytest.mark.parametrize("model", TABLE_5)
def test_scores_are_those_of_table_5(model):
    found = reference_scores(mock_scores(), dataset="A")
    of_seed = found[(found["model"] == model) & (found["seed"] == 0)].set_index("metric")["value"]
    for metric, value in TABLE_5[model].items():
        assert of_seed[metric] == pytest.approx(value, abs=1e-12, nan_ok=True), metric


def test_each_seed_has_its_own_counts():
    found = reference_scores(mock_scores(), dataset="A").set_index(["model", "seed", "metric"])["value"]
    assert found[RANDOM_CHANCE, 1, "precision"] == pytest.approx(1 / 4)
    assert found[ALL_NEGATIVE, 1, "accuracy"] == pytest.approx(3 / 4)
    assert found[EVENT_RATE, 1, "brier_score"] == pytest.approx(3 / 16)


def test_of_one_outcome_the_skill_is_undefined():
    found = reference_scores(mock_scores({0: (0, 9)}), dataset="A").set_index(["model", "metric"])["value"]
    assert np.isnan(found[EVENT_RATE, "brier_skill_score"])
    assert np.isnan(found[RANDOM_CHANCE, "true_skill_statistic"])


@given(st.integers(1, 10**6), st.integers(1, 10**6))
def test_chance_forecasts_as_many_events_as_there_are(n_events, n_others):
    table = random_chance(np.array([n_events], float), np.array([n_events + n_others], float))
    assert table.hits + table.misses == pytest.approx(n_events)
    assert table.hits + table.false_alarms == pytest.approx(n_events)
    assert sum(table) == pytest.approx(n_events + n_others)


def test_counts_that_are_absent_or_differ_are_told():
    with pytest.raises(InputError, match="scores hold none of n_samples and n_events of a seed of B"):
        reference_scores(mock_scores(), dataset="B")
    scores = mock_scores()
    scores.loc[0, "value"] = 5.0
    with pytest.raises(InputError, match="scores hold several of n_samples"):
        reference_scores(scores, dataset="A")
