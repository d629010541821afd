"""Hyperparameter search by optuna's tree-structured Parzen estimator: the same however often it was killed.

Li et al. 2024, section 3.4, have Hyperopt's; the estimator is that of Bergstra et al. 2011. The one module that imports
optuna.
"""

from __future__ import annotations

import logging
import sqlite3
import statistics
from contextlib import closing
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import optuna
from optuna.distributions import CategoricalDistribution, FloatDistribution, IntDistribution
from optuna.exceptions import StorageInternalError
from optuna.study import StudyDirection
from optuna.trial import TrialState

from flaredag.errors import InputError
from flaredag.joblog import Progress
from flaredag.search_space import of_whole_numbers
from flaredag.search_trials import COMPLETE, FAILED, PRUNED, Trial

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping, Sequence

    from optuna.distributions import BaseDistribution

    from flaredag.search_space import Dimension, Space

    # Scores of settings (by their keys), of one split after the other; only as many are asked for as are wanted.
    Objective = Callable[[Mapping[str, Any]], Iterator[float]]

LOG = logging.getLogger("flaredag")
# Trials before any is pruned or drawn by what others scored, and splits that each is scored on at least.
FIRST_TRIALS = 10
FIRST_SPLITS = 2
# Of a value between two ends: what tables show is what was fitted.
SIGNIFICANT_DIGITS = 4
# Of a trial, in optuna's store.
STATE, SCORES, SETTINGS = "state", "scores", "settings"


def search(
    space: Space,
    configured: Mapping[str, Any],
    objective: Objective,
    *,
    n_trials: int,
    seed: int,
    maximised: bool,
    working: str | Path,
    what: str,
) -> list[Trial]:
    """Score `n_trials` settings, the `configured` ones first, others as the estimator suggests by what came before.

    `objective` gives the score of each split. A trial is pruned after a split, from `FIRST_SPLITS` and `FIRST_TRIALS`
    on, where its mean over the splits so far is worse than the median of the means that all trials that came so far had
    over the same splits. Settings with which the objective raises an InputError are failed, and the estimator avoids
    them; for the configured ones it is raised.

    `working`: SQLite file of what is finished; a search that was killed goes on from there, and comes to the same
    trials: what a trial is drawn by is `seed`, the number of those finished before, and their scores. `what` it is, for
    the log. Raises InputError where `working` cannot be read.
    """
    # What went wrong is told below, or is a failed trial.
    optuna.logging.set_verbosity(optuna.logging.CRITICAL)
    Path(working).parent.mkdir(parents=True, exist_ok=True)
    direction = "maximize" if maximised else "minimize"
    try:
        with closing(sqlite3.connect(working)) as database:
            database.execute("PRAGMA quick_check").fetchall()
        storage = optuna.storages.RDBStorage(f"sqlite:///{working}")
        study = optuna.create_study(storage=storage, study_name="search", direction=direction, load_if_exists=True)
        trials = _searched(study, space, configured, objective, n_trials=n_trials, seed=seed, what=what)
    except (sqlite3.Error, StorageInternalError) as error:
        raise InputError(
            f"{working}: cannot be read or written ({error}); wanted the trials of a stopped search, or room for them. "
            "Delete the file to begin the search anew."
        ) from error
    storage.remove_session()
    storage.engine.dispose()
    return trials


def _searched(
    study: optuna.Study,
    space: Space,
    configured: Mapping[str, Any],
    objective: Objective,
    *,
    n_trials: int,
    seed: int,
    what: str,
) -> list[Trial]:
    """All trials; `study` holds those that are finished, and no other."""
    trials = _finished(study)
    if trials:
        LOG.info("%s: %d trials were finished before", what, len(trials))
    distributions = {key: distribution(dimension) for key, dimension in space.items()}
    maximised = study.direction == StudyDirection.MAXIMIZE
    progress = Progress(LOG, f"{what}: trials", n_trials - len(trials))
    while (number := len(trials)) < n_trials:
        if trials:
            drawn = _suggested(study, distributions, seed=seed, number=number)
            values = {key: drawn_value(dimension, drawn[key]) for key, dimension in space.items()}
        else:
            drawn = {key: _drawn_for(dimension, configured[key]) for key, dimension in space.items()}
            values = dict(configured)
        trial = _tried(number, values, objective, trials, maximised=maximised)
        _keep(study, trial, drawn, distributions)
        trials.append(trial)
        LOG.info("%s: trial %d: %s, %.4g (%s)", what, number, trial.state, trial.score, values)
        progress.advance(f"({trial.state}, {trial.score:.3f})")
    return trials


def distribution(dimension: Dimension) -> BaseDistribution:
    """What optuna draws of a dimension: numbers, or places among choices, whose order counts if they are ascending."""
    if "choices" in dimension:
        choices = dimension["choices"]
        numbers = all(isinstance(one, int | float) and not isinstance(one, bool) for one in choices)
        if numbers and list(choices) == sorted(choices):
            return IntDistribution(0, len(choices) - 1)
        return CategoricalDistribution(range(len(choices)))
    kind = IntDistribution if of_whole_numbers(dimension) else FloatDistribution
    return kind(dimension["low"], dimension["high"], log=dimension.get("log", False))


def drawn_value(dimension: Dimension, drawn: float) -> Any:
    """The value of a dimension that `drawn` stands for, of `SIGNIFICANT_DIGITS` where it is between two ends."""
    if "choices" in dimension:
        return dimension["choices"][int(drawn)]
    if of_whole_numbers(dimension):
        return int(drawn)
    return min(max(float(f"{drawn:.{SIGNIFICANT_DIGITS}g}"), float(dimension["low"])), float(dimension["high"]))


def _drawn_for(dimension: Dimension, value: Any) -> Any:
    """What would have to be drawn of a dimension for `value`."""
    return list(dimension["choices"]).index(value) if "choices" in dimension else value


def _suggested(
    study: optuna.Study, distributions: Mapping[str, BaseDistribution], *, seed: int, number: int
) -> dict[str, Any]:
    """What the estimator draws for trial `number` by the trials before.

    It is made anew for each, in memory: what a killed search had drawn is forgotten with it.
    """
    optuna_seed = int(np.random.SeedSequence([seed, number]).generate_state(1)[0])
    sampler = optuna.samplers.TPESampler(seed=optuna_seed, n_startup_trials=FIRST_TRIALS, multivariate=True)
    asked = optuna.create_study(direction=study.direction, sampler=sampler)
    asked.add_trials(study.get_trials(deepcopy=False))
    return asked.ask(dict(distributions)).params


def _tried(
    number: int, values: Mapping[str, Any], objective: Objective, before: Sequence[Trial], *, maximised: bool
) -> Trial:
    """The trial of `values`, whose number it is, scored on as many splits as it is worth."""
    scores: list[float] = []
    try:
        for score in objective(values):
            scores.append(float(score))
            if _is_hopeless(scores, before, maximised=maximised):
                return Trial(number, PRUNED, tuple(scores), values)
    except InputError as error:
        if not before:
            raise
        LOG.warning("%s: not fitted with these settings: %s", values, error)
        return Trial(number, FAILED, (), values)
    return Trial(number, COMPLETE, tuple(scores), values)


def _is_hopeless(scores: Sequence[float], before: Sequence[Trial], *, maximised: bool) -> bool:
    """Whether the mean of the first scores is worse than the median of those of other trials on the same splits.

    Optuna's median pruner takes the best of a trial's means over its first, first two, ... splits, and an easy first
    split would save every trial: splits differ more than settings do.
    """
    n = len(scores)
    if len(before) < FIRST_TRIALS or not FIRST_SPLITS <= n < len(before[0].scores):
        return False
    others = [float(np.mean(trial.scores[:n])) for trial in before if len(trial.scores) >= n]
    mean, median = float(np.mean(scores)), statistics.median(others)
    return mean < median if maximised else mean > median


def _keep(
    study: optuna.Study, trial: Trial, drawn: Mapping[str, Any], distributions: Mapping[str, BaseDistribution]
) -> None:
    """Put a trial into the store, all of it or nothing.

    What failed is pruned before its first split to the estimator, which so avoids it: it takes no notice of failures.
    """
    means = {n: float(np.mean(trial.scores[:n])) for n in range(1, len(trial.scores) + 1)}
    study.add_trial(
        optuna.trial.create_trial(
            state=TrialState.COMPLETE if trial.state == COMPLETE else TrialState.PRUNED,
            value=trial.score if trial.state == COMPLETE else None,
            params=dict(drawn),
            distributions=dict(distributions),
            intermediate_values=means,
            user_attrs={STATE: trial.state, SCORES: list(trial.scores), SETTINGS: dict(trial.settings)},
        )
    )


def _finished(study: optuna.Study) -> list[Trial]:
    return [
        Trial(trial.number, trial.user_attrs[STATE], tuple(trial.user_attrs[SCORES]), trial.user_attrs[SETTINGS])
        for trial in study.get_trials(deepcopy=False)
    ]
