"""Section of the report on stacking: weights by criterion, exact weights against grids, and what BEST selected."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from flaredag.ensemble_names import ensemble_models
from flaredag.ensemble_tables import CRITERION_TITLES, VALIDATION
from flaredag.ensembles import CONVEX, EXACT, LOCAL_SEARCH, SELECT_BEST, TWO
from flaredag.report_cells import (
    ABBREVIATIONS,
    AT_THRESHOLD,
    UNDEFINED,
    Block,
    mean_and_sd,
    number,
    number_columns,
    ordered,
    paragraph,
    ranges,
    table,
    text_columns,
    wide_column,
    with_interval,
    words,
)
from flaredag.report_inputs import rows_where
from flaredag.score_tables import CATEGORICAL_METRICS, FIXED_THRESHOLD
from flaredag.stacking_criteria import CONVEX_CRITERIA

if TYPE_CHECKING:
    from collections.abc import Mapping

    import pandas as pd

    from flaredag.report_inputs import Study

OPTIMISED = (CONVEX, EXACT, LOCAL_SEARCH)
GRID = "grid_"
SCORES_SHOWN = ("true_skill_statistic", "area_under_roc_curve", "brier_skill_score")
# Values that agree to here are equal but for rounding.
ROUNDING = 1e-9
LEAST_IN_DIGITS = 1e-4


def stacking(study: Study, weights: pd.DataFrame) -> list[Block]:
    """Words and tables on every ensemble of a study; `weights` as of flaredag.ensemble_tables, one row a learner."""
    blocks: list[Block] = []
    for ensemble in study["ensembles"]:
        of_ensemble = weights.loc[(weights["ensemble"] == ensemble["name"]) & (weights["fitted_on"] == VALIDATION), :]
        if of_ensemble.empty:
            continue
        datasets = ordered(of_ensemble["dataset"], study["datasets"])
        # One row a fit: the value of a fit stands beside each of its learners.
        of_first = of_ensemble.loc[of_ensemble["learner"] == ensemble["learners"][0], :]
        blocks.append(paragraph(_in_words(ensemble, of_first)))
        blocks.append(_weights(ensemble, of_ensemble, datasets))
        if of_first["solver"].str.startswith(GRID).any():
            blocks.append(_grids(ensemble, of_first))
        blocks.append(_selected(ensemble, of_ensemble, datasets))
    return blocks


def scores(study: Study, intervals: pd.DataFrame) -> list[Block]:
    """Table of the test scores of each ensemble, means over seeds with intervals; none without an ensemble."""
    blocks = []
    for ensemble in study["ensembles"]:
        rows: list[dict[str, Any]] = []
        forecasts = ensemble_models(ensemble["name"], ensemble["criteria"])
        if not intervals["model"].isin(forecasts).any():
            continue
        models, at = [*ensemble["learners"], *forecasts], ensemble.get("threshold", FIXED_THRESHOLD)
        for dataset in ordered(intervals.loc[intervals["model"].isin(forecasts), "dataset"], study["datasets"]):
            of_dataset = rows_where(intervals, dataset=dataset)
            rows.append({"group": dataset})
            for model in models:
                cells: list[Any] = [words(model.removeprefix(f"{ensemble['name']}_"))]
                for metric in SCORES_SHOWN:
                    threshold = at if metric in CATEGORICAL_METRICS else ""
                    figures = rows_where(of_dataset, model=model, metric=metric, threshold=threshold)
                    of_series = figures.to_dict("records")
                    cells.append(
                        with_interval(*(of_series[0][key] for key in ("value", "low", "high")), sd=of_series[0]["sd"])
                        if of_series
                        else UNDEFINED
                    )
                rows.append({"cells": cells})
        caption = (
            f"Test scores of {ensemble['name']} and of its learners, {AT_THRESHOLD[at]}. The oracle is fitted on "
            "the test split: it is no forecast."
        )
        headings = text_columns("Forecast") + number_columns(*(ABBREVIATIONS[metric] for metric in SCORES_SHOWN))
        blocks.append(table(caption, headings, rows, small=True))
    return blocks


def _in_words(ensemble: Mapping[str, Any], of_first: pd.DataFrame) -> str:
    learners = [words(learner) for learner in ensemble["learners"]]
    fitted = of_first.loc[of_first["solver"].isin(OPTIMISED), :]
    n_splits = len(fitted.drop_duplicates(["dataset", "seed"]))
    n_above = int((fitted["weight"] > 1.0 / len(learners)).sum())
    solved = ""
    if set(ensemble["criteria"]) - set(CONVEX_CRITERIA):
        solved = (
            "; the piecewise constant ones exactly, by the weights at which forecasts or ranks change"
            if len(learners) == TWO
            else "; the piecewise constant ones by a local search, exact along each line but without a certificate"
        )
    name = f"`{ensemble['name']}"
    return (
        f"The ensemble {name}` combines {', '.join(learners[:-1])} and {learners[-1]}: the weights are not negative, "
        "add up to 1 and are fitted on the validation split of each seed. Cross-entropy and Brier score are minimised "
        f"to their global optimum, certified by the duality gap{solved}. On one set, the best Brier skill score has "
        f"the weights of the best Brier score. In {n_above} of {len(fitted)} fits ({n_splits} splits, "
        f"{len(ensemble['criteria'])} criteria) {learners[0]} has more than an equal share. {name}_average` is the "
        f"mean of the probabilities, {name}_best` the learner with the best {CRITERION_TITLES[ensemble['best_by']]} on "
        f"validation. {name}_oracle_on_test` is fitted on the test split itself: no forecast, but what weights could "
        "do there at most. The validation split has also chosen the epochs of the networks, so the weights may trust "
        "them too much."
    )


def _weights(ensemble: Mapping[str, Any], of_ensemble: pd.DataFrame, datasets: list[str]) -> Block:
    """Table of weights, mean and standard deviation over seeds, and of the criterion on the validation split."""
    learners = ensemble["learners"]
    # The last weight of two is what is left.
    shown = learners[:1] if len(learners) == TWO else learners
    fitted = of_ensemble.loc[of_ensemble["solver"].isin(OPTIMISED), :]
    rows: list[dict[str, Any]] = []
    for dataset in datasets:
        rows.append({"group": dataset})
        for criterion in ensemble["criteria"]:
            of_fit = fitted.loc[(fitted["dataset"] == dataset) & (fitted["criterion"] == criterion), :]
            by_learner = {learner: of_fit.loc[of_fit["learner"] == learner, :] for learner in shown}
            cells = [CRITERION_TITLES[criterion], *(mean_and_sd(of["weight"]) for of in by_learner.values())]
            rows.append({"cells": [*cells, mean_and_sd(by_learner[shown[0]]["value"])]})
    headings = text_columns("Criterion") + number_columns(*(words(learner) for learner in shown), "value")
    caption = (
        f"Weights of {words(ensemble['name'])} by criterion, and the criterion on the validation split they were "
        "fitted on, mean ± standard deviation over seeds."
    )
    return table(caption, headings, rows, small=len(shown) > 1)


def _grids(ensemble: Mapping[str, Any], of_first: pd.DataFrame) -> Block:
    """Table of how often, and by how much, a grid's optimum is worse than the exact one."""
    key = ["dataset", "seed", "criterion"]
    exact = of_first.loc[of_first["solver"].isin(OPTIMISED), :].set_index(key)
    rows = []
    for n_points in ensemble["grid_points"]:
        by_grid = of_first.loc[of_first["solver"] == f"{GRID}{n_points}", :].set_index(key)
        for criterion in ensemble["criteria"]:
            of_grid = by_grid.loc[by_grid.index.get_level_values("criterion") == criterion, :]
            beside = exact.reindex(of_grid.index)
            sign = 1.0 if criterion in CONVEX_CRITERIA else -1.0
            loss = sign * (of_grid["value"] - beside["value"]).to_numpy(dtype=np.float64)
            apart = np.abs(of_grid["weight"] - beside["weight"]).to_numpy(dtype=np.float64)
            cells = [f"{n_points:,} points", CRITERION_TITLES[criterion]]
            cells += [f"{int((loss > ROUNDING).sum())} of {len(loss)}", _small(max(loss.max(), 0.0))]
            rows.append({"cells": [*cells, f"{int((loss < -ROUNDING).sum())} of {len(loss)}", number(apart.max())]})
    headings = text_columns("Grid", "Criterion")
    headings += number_columns("grid worse", "at most by", "grid better", "weights apart by at most")
    caption = (
        f"Optimum of {words(ensemble['name'])} on a grid of weights against the exact one, over data sets and seeds, "
        "on the validation split. Where many weights are as good, the grid takes the least of them and the exact "
        "solution the middle of their widest interval."
    )
    return table(caption, headings, rows, small=True)


def _selected(ensemble: Mapping[str, Any], of_ensemble: pd.DataFrame, datasets: list[str]) -> Block:
    """Table of the number of seeds in which each learner was the best on validation."""
    selected = of_ensemble.loc[(of_ensemble["solver"] == SELECT_BEST) & (of_ensemble["weight"] == 1.0), :]
    rows = []
    for dataset in datasets:
        of_dataset = selected.loc[selected["dataset"] == dataset, :]
        for learner in ensemble["learners"]:
            seeds = sorted(int(seed) for seed in of_dataset.loc[of_dataset["learner"] == learner, "seed"])
            if seeds:
                cells = [dataset, words(learner), f"{len(seeds)} of {len(of_dataset)}", ranges(seeds)]
                rows.append({"cells": cells})
    headings = text_columns("Data set", "Best on validation") + number_columns("times") + wide_column("Seeds")
    name = CRITERION_TITLES[ensemble["best_by"]]
    caption = f"Learner that {words(ensemble['name'])} best selects, by {name} on validation."
    return table(caption, headings, rows)


def _small(value: float) -> str:
    """Text of a loss: digits where there are some, else its power of ten."""
    if value <= ROUNDING:
        return UNDEFINED
    return number(value, 4) if value >= LEAST_IN_DIGITS else f"{value:.0e}"
