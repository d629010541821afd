"""Trials of a search: their table, the best of them, and what it came to."""

import math

import numpy as np
import pytest

from flaredag.artifacts import write_csv
from flaredag.errors import InputError
from flaredag.search_trials import COMPLETE, FAILED, PRUNED, Trial, best_of, optimum, read_trials, running_best
from flaredag.search_trials import table_of_trials as table_of
from made_up_search import KEYS, SEEDS, TRIALS

TSS, BRIER = "true_skill_statistic", "brier_score"


def test_a_trials_score_is_the_mean_of_what_was_scored():
    assert Trial(0, COMPLETE, (0.25, 0.75), {}).score == 0.5
    assert math.isnan(Trial(0, FAILED, (), {}).score)


def test_the_best_is_complete_and_the_first_of_equal_ones():
    # Means .5, .6, .7 (of one split) and .6.
    assert best_of(TRIALS, metric=TSS).number == 1
    assert best_of(TRIALS, metric=BRIER).number == 0
    with pytest.raises(InputError, match="none of 1 trials was scored on all splits"):
        best_of([TRIALS[2]], metric=TSS)


def test_the_table_comes_back(tmp_path):
    table = table_of(TRIALS, seeds=SEEDS, keys=KEYS)
    assert list(table) == ["number", "state", "n_splits", "score", "seed_3", "seed_5", "n_blocks", "head_dropouts.1"]
    write_csv(tmp_path / "trials.csv", table, float_format="%.10g")
    found = read_trials(tmp_path / "trials.csv")
    assert found["state"].tolist() == [COMPLETE, COMPLETE, PRUNED, COMPLETE, FAILED]
    assert found["n_splits"].tolist() == [2, 2, 1, 2, 0]
    np.testing.assert_allclose(found["score"], [0.5, 0.6, 0.7, 0.6, np.nan])
    np.testing.assert_allclose(table["seed_5"], [0.6, 0.5, np.nan, 0.7, np.nan])
    np.testing.assert_allclose(running_best(found, metric=TSS), [0.5, 0.6, 0.6, 0.6, 0.6])
    np.testing.assert_allclose(running_best(found, metric=BRIER), [0.5] * 5)
    write_csv(tmp_path / "trials.csv", table.assign(state="done"))
    with pytest.raises(InputError, match="state is done; wanted complete, pruned, failed"):
        read_trials(tmp_path / "trials.csv")


def test_what_a_search_came_to():
    assert optimum(TRIALS, metric=TSS, seeds=SEEDS) == {
        "metric": TSS,
        "seeds": [3, 5],
        "configured": {"number": 0, "scores": [0.4, 0.6], "settings": {"n_blocks": 4, "head_dropouts.1": 0.2}},
        "optimum": {"number": 1, "scores": [0.7, 0.5], "settings": {"n_blocks": 2, "head_dropouts.1": 0.3}},
        "n_trials": {"complete": 3, "pruned": 1, "failed": 1},
    }
