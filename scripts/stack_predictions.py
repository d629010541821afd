"""Stack the base learners of a data set: weights fitted on the validation split, forecasts of all splits."""

import logging
from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple, TypedDict

import numpy as np
import pandas as pd
from threadpoolctl import threadpool_limits

from flaredag.artifacts import write_csv
from flaredag.ensemble_names import average_model, best_model, criterion_model, ensemble_models, oracle_model
from flaredag.ensemble_tables import EQUAL, NUMBERS, TEST, VALIDATION, WEIGHT_COLUMNS
from flaredag.ensembles import StackingWeights, equal_weights, fit_weights, grid_weights, select_best
from flaredag.errors import InputError
from flaredag.joblog import Progress, job_log
from flaredag.level_one import LevelOneData, level_one_data, read_learners
from flaredag.predictions import COLUMNS, write_predictions
from flaredag.stacking_criteria import combined, criterion_value

LOG = logging.getLogger("flaredag")
TWO = 2


class Ensemble(TypedDict):
    """What to make of some base learners.

    `criteria` of flaredag.stacking_criteria, by which weights are fitted; `grid_points` of grids that the exact weights
    of two learners are held against; `best_by`: criterion by which the best learner is selected; `oracle`: criterion by
    which weights are fitted on the test split, to show what no honest forecast can reach.
    """

    name: str
    learners: list[str]
    criteria: list[str]
    grid_points: list[int]
    best_by: str
    oracle: str


def stack_predictions(
    predictions: pd.DataFrame, ensembles: Sequence[Ensemble], *, dataset: str
) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Predictions of the `ensembles` on every split and seed, and their weights, one row a learner.

    `predictions` of the base learners as of flaredag.level_one.read_learners. Columns of the results are those of
    flaredag.predictions and of flaredag.ensemble_tables. Weights by grids are for comparison and forecast nothing.
    Raises InputError on learners that do not have the same samples, or a split on which weights cannot be fitted.
    """
    stacked, rows = [], []
    seeds = [int(seed) for seed in np.unique(predictions["seed"])]
    progress = Progress(LOG, f"stack predictions of {dataset}", len(ensembles) * len(seeds))
    for ensemble in ensembles:
        of_models = []
        for seed in seeds:
            try:
                data = level_one_data(predictions, ensemble["learners"], seed=seed)
                fits = _fits(data, ensemble)
            except InputError as error:
                raise InputError(f"{dataset}, ensemble {ensemble['name']}, seed {seed}: {error}") from error
            label, probabilities = data.of_split(TEST)
            for fit in fits:
                weights, value, solver, gap = fit.fitted
                value_on_test = (
                    criterion_value(fit.criterion, label, probabilities, weights) if fit.criterion else float("nan")
                )
                names = (dataset, seed, ensemble["name"], "+".join(ensemble["learners"]))
                of_fit = (*names, fit.criterion, solver, fit.fitted_on, fit.model)
                for learner, weight in zip(ensemble["learners"], weights, strict=True):
                    rows.append((*of_fit, learner, weight, value, value_on_test, gap))
                if fit.model:
                    forecast = combined(data.probabilities, weights)
                    of_models.append(data.samples.assign(model=fit.model, seed=seed, probability=forecast))
            progress.advance()
        order = ensemble_models(ensemble["name"], ensemble["criteria"])
        of_models.sort(key=lambda table: order.index(table["model"].iloc[0]))
        stacked += of_models
    return pd.concat(stacked, ignore_index=True)[list(COLUMNS)], pd.DataFrame(rows, columns=list(WEIGHT_COLUMNS))


def main(
    predictions: Sequence[str | Path],
    stacked: str | Path,
    weights: str | Path,
    *,
    ensembles: Sequence[Ensemble],
    dataset: str,
) -> None:
    """Stack the base learners of the files `predictions` of a data set; write `stacked` predictions and `weights`."""
    learners = list(dict.fromkeys(learner for ensemble in ensembles for learner in ensemble["learners"]))
    table = read_learners(predictions, learners)
    LOG.info("read %d files: %d predictions of %s", len(predictions), len(table), ", ".join(learners))
    # How many threads there are must not change the last digit.
    with threadpool_limits(1):
        of_ensembles, fitted = stack_predictions(table, ensembles, dataset=dataset)
    write_predictions(stacked, of_ensembles)
    # Shortest digits that give the same number back: the value belongs to this very weight.
    write_csv(weights, fitted.assign(**{name: fitted[name].map(_digits) for name in NUMBERS}))
    LOG.info("wrote %d predictions and %d weights", len(of_ensembles), len(fitted))


class _Fit(NamedTuple):
    criterion: str
    fitted_on: str
    model: str
    fitted: StackingWeights


def _fits(data: LevelOneData, ensemble: Ensemble) -> list[_Fit]:
    """All fits of an ensemble to one seed: by criterion, by grids, average, best and oracle."""
    name, criteria = ensemble["name"], ensemble["criteria"]
    n_learners = len(ensemble["learners"])
    try:
        label, probabilities = data.of_split(VALIDATION)
        exact = fit_weights(criteria, label, probabilities)
        fits = [_Fit(criterion, VALIDATION, criterion_model(name, criterion), exact[criterion]) for criterion in exact]
        # With more learners a grid would grow beyond bounds.
        for n_points in ensemble["grid_points"] if n_learners == TWO else ():
            by_grid = grid_weights(criteria, label, probabilities, n_points=n_points)
            fits += [_Fit(criterion, VALIDATION, "", by_grid[criterion]) for criterion in by_grid]
        average = StackingWeights(equal_weights(n_learners), float("nan"), EQUAL)
        best = select_best(ensemble["best_by"], label, probabilities)
        fits += [
            _Fit("", "", average_model(name), average),
            _Fit(ensemble["best_by"], VALIDATION, best_model(name), best),
        ]
    except InputError as error:
        raise InputError(f"split {VALIDATION}: {error}") from error
    try:
        oracle = fit_weights([ensemble["oracle"]], *data.of_split(TEST))[ensemble["oracle"]]
    except InputError as error:
        raise InputError(f"split {TEST}: {error}") from error
    return [*fits, _Fit(ensemble["oracle"], TEST, oracle_model(name), oracle)]


def _digits(number: float) -> str:
    return "" if np.isnan(number) else repr(float(number))


if __name__ == "__main__":
    with job_log(snakemake.log[0]):
        main(
            snakemake.input.predictions,
            snakemake.output.predictions,
            snakemake.output.weights,
            ensembles=snakemake.params.ensembles,
            dataset=snakemake.params.dataset,
        )
