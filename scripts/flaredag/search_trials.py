"""Trials of a hyperparameter search: their table, and the optimum among them."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np
import pandas as pd

from flaredag.errors import InputError
from flaredag.numeric_tables import read_numeric_csv

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import Path

# Scored on all splits; on the first ones, which left no hope; or on none, as the model could not be fitted.
COMPLETE, PRUNED, FAILED = "complete", "pruned", "failed"
STATES = (COMPLETE, PRUNED, FAILED)
# Metrics on the validation split that settings may be chosen by, and of which less is better.
METRICS = ("true_skill_statistic", "brier_score", "area_under_roc_curve")
LEAST_IS_BEST = ("brier_score",)
TRIAL_NUMBERS = ("number", "n_splits", "score")
TRIAL_COLUMNS = ("number", "state", "n_splits", "score")


class Trial(NamedTuple):
    """What was tried: `settings` by their keys in the space, and the `scores` of the splits in their order."""

    number: int
    state: str
    scores: tuple[float, ...]
    settings: Mapping[str, Any]

    @property
    def score(self) -> float:
        """Mean over the splits that were scored; NaN of none."""
        return float(np.mean(self.scores)) if self.scores else math.nan


def table_of_trials(trials: Sequence[Trial], *, seeds: Sequence[int], keys: Sequence[str]) -> pd.DataFrame:
    """A row a trial: `TRIAL_COLUMNS`, the score of each of `seeds` (`seed_0`) and the setting of each of `keys`."""
    rows = []
    for trial in trials:
        scores = dict(zip(seeds, trial.scores, strict=False))
        rows.append(
            [trial.number, trial.state, len(trial.scores), trial.score]
            + [scores.get(seed, math.nan) for seed in seeds]
            + [trial.settings[key] for key in keys]
        )
    return pd.DataFrame(rows, columns=[*TRIAL_COLUMNS, *(f"seed_{seed}" for seed in seeds), *keys])


def read_trials(path: str | Path) -> pd.DataFrame:
    """Trials of a search, columns `TRIAL_COLUMNS`; InputError where the file is another."""
    table = read_numeric_csv(path, TRIAL_COLUMNS, TRIAL_NUMBERS)
    unknown = sorted(set(table["state"]) - set(STATES))
    if unknown:
        raise InputError(
            f"{path}: state is {', '.join(unknown)}; wanted {', '.join(STATES)}. Delete the file to have it made again."
        )
    return table


def best_of(trials: Sequence[Trial], *, metric: str) -> Trial:
    """The complete trial of the best mean score, the first of equal ones; InputError where none is complete."""
    complete = [trial for trial in trials if trial.state == COMPLETE]
    if not complete:
        raise InputError(f"none of {len(trials)} trials was scored on all splits; wanted one at least.")
    return (min if metric in LEAST_IS_BEST else max)(complete, key=lambda trial: trial.score)


def running_best(table: pd.DataFrame, *, metric: str) -> pd.Series:
    """The best mean score of the complete trials so far, a row a trial of `table`; NaN before the first."""
    complete = table["score"].where(table["state"] == COMPLETE)
    return (complete.cummin() if metric in LEAST_IS_BEST else complete.cummax()).ffill()


def optimum(trials: Sequence[Trial], *, metric: str, seeds: Sequence[int]) -> dict[str, Any]:
    """What a search came to, as JSON: its best trial, the configured settings (the first trial), numbers of trials."""
    return {
        "metric": metric,
        "seeds": list(seeds),
        "configured": _as_json(trials[0]),
        "optimum": _as_json(best_of(trials, metric=metric)),
        "n_trials": {state: sum(trial.state == state for trial in trials) for state in STATES},
    }


def _as_json(trial: Trial) -> dict[str, Any]:
    return {"number": trial.number, "scores": list(trial.scores), "settings": dict(trial.settings)}
