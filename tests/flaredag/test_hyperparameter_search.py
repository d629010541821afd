"""The search on objectives made by hand: what is tried, what is pruned, and that a killed one comes to the same end."""

import math

import pytest

from flaredag.errors import InputError
from flaredag.hyperparameter_search import FIRST_SPLITS, FIRST_TRIALS, search
from flaredag.search_space import holds
from flaredag.search_trials import COMPLETE, FAILED, PRUNED, best_of

SPACE = {
    "blocks": {"choices": [1, 2, 4]},
    "kind": {"choices": ["b", "a"]},
    "rate": {"low": 1e-4, "high": 1e-1, "log": True},
    "steps": {"low": 1, "high": 9},
}
CONFIGURED = {"blocks": 4, "kind": "a", "rate": 0.05, "steps": 9}
# Splits differ by more than settings do.
EASE = (0.5, 0.0, -0.3, 0.1)
METRIC = {True: "true_skill_statistic", False: "brier_score"}


class Killed(Exception):
    pass


class Objective:
    """Best at a rate of 0.001, two blocks and few steps; `n_until_killed` scores are given before it is killed."""

    def __init__(self, n_until_killed=math.inf, sign=1.0, refused=()):
        self.left, self.sign, self.refused, self.n_scores = n_until_killed, sign, refused, 0

    def __call__(self, settings):
        loss = abs(math.log10(settings["rate"]) + 3) + abs(settings["blocks"] - 2) / 4 + settings["steps"] / 50
        for ease in EASE:
            if self.left <= 0:
                raise Killed
            if settings["blocks"] in self.refused:
                raise InputError("blocks that cannot be")
            self.left -= 1
            self.n_scores += 1
            yield self.sign * (ease - loss)


def searched(folder, objective=None, *, n_trials=25, seed=7, sign=1.0):
    return search(
        SPACE,
        CONFIGURED,
        objective or Objective(sign=sign),
        n_trials=n_trials,
        seed=seed,
        maximised=sign > 0,
        working=folder / "search.sqlite",
        what="made up",
    )


@pytest.fixture(scope="module")
def whole(tmp_path_factory):
    return searched(tmp_path_factory.mktemp("whole"))


def test_the_configured_settings_come_first_and_all_stay_in_the_space(whole):
    assert [trial.number for trial in whole] == list(range(25))
    assert whole[0].settings == CONFIGURED
    assert whole[0].state == COMPLETE
    assert all(holds(SPACE[key], value) for trial in whole for key, value in trial.settings.items())
    assert {trial.settings["kind"] for trial in whole} == {"a", "b"}
    # The first trials are drawn at random; more come near the optimum afterwards, and it is found.
    best = best_of(whole, metric="true_skill_statistic")
    assert best.score > whole[0].score + 1.0
    assert 0.0003 < best.settings["rate"] < 0.003


def test_a_trial_is_pruned_where_it_falls_behind_the_others_on_the_same_splits(whole):
    assert {trial.state for trial in whole} == {COMPLETE, PRUNED}
    assert all(trial.state == COMPLETE for trial in whole[:FIRST_TRIALS])
    for trial in whole:
        assert trial.state == COMPLETE or FIRST_SPLITS <= len(trial.scores) < len(EASE)
        for n in range(FIRST_SPLITS, len(EASE)):
            if trial.number < FIRST_TRIALS or n > len(trial.scores):
                continue
            others = sorted(sum(one.scores[:n]) for one in whole[: trial.number] if len(one.scores) >= n)
            middle = (others[(len(others) - 1) // 2] + others[len(others) // 2]) / 2
            hopeless = sum(trial.scores[:n]) < middle - 1e-12
            assert hopeless == (trial.state == PRUNED and len(trial.scores) == n)


@pytest.mark.parametrize("kills", [[0, 1, 5], [41, 3], [60, 4, 6, 1]])
def test_a_killed_search_comes_to_the_same_trials(whole, tmp_path, kills):
    for n_until_killed in kills:
        with pytest.raises(Killed):
            searched(tmp_path, Objective(n_until_killed))
    rest = Objective()
    assert searched(tmp_path, rest) == whole
    # What was finished before the first kill, all but the scores of one trial, is not scored again.
    assert rest.n_scores <= sum(len(trial.scores) for trial in whole) - max(0, kills[0] - len(EASE) + 1)


def test_a_finished_search_scores_nothing_more_and_may_be_made_longer(whole, tmp_path):
    assert searched(tmp_path, n_trials=12) == whole[:12]
    again = Objective()
    assert searched(tmp_path, again, n_trials=12) == whole[:12]
    assert again.n_scores == 0
    assert searched(tmp_path) == whole


def test_another_seed_tries_others(whole, tmp_path):
    other = searched(tmp_path, n_trials=3, seed=8)
    assert other[0] == whole[0]
    assert other[1].settings != whole[1].settings


def test_least_is_best_is_the_same_turned_round(whole, tmp_path):
    turned = searched(tmp_path, sign=-1.0)
    assert [(trial.state, trial.settings) for trial in turned] == [(trial.state, trial.settings) for trial in whole]
    assert best_of(turned, metric="brier_score").number == best_of(whole, metric="true_skill_statistic").number


def test_settings_that_cannot_be_fitted_are_failed_and_avoided(tmp_path):
    trials = searched(tmp_path, Objective(refused=(1,)), n_trials=40)
    failed = [trial.number for trial in trials if trial.state == FAILED]
    assert all((trial.settings["blocks"] == 1) == (trial.state == FAILED) for trial in trials)
    assert all(not trial.scores and math.isnan(trial.score) for trial in trials if trial.state == FAILED)
    drawn_by_others = 40 - FIRST_TRIALS
    assert sum(number >= FIRST_TRIALS for number in failed) < drawn_by_others / 3


def test_configured_settings_that_cannot_be_fitted_are_told(tmp_path):
    with pytest.raises(InputError, match="blocks that cannot be"):
        searched(tmp_path, Objective(refused=(4,)))


def test_a_file_that_holds_no_search_is_told(tmp_path):
    (tmp_path / "search.sqlite").write_text("no database, but longer than its header, which is what is looked at" * 9)
    with pytest.raises(
        InputError, match=r"search\.sqlite: cannot be read or written .*; wanted the trials of a stopped"
    ):
        searched(tmp_path)
