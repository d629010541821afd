from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from flaredag.ensemble_names import ensemble_models
from flaredag.ensemble_tables import WEIGHT_COLUMNS, read_weights
from flaredag.errors import InputError
from flaredag.level_one import level_one_data
from flaredag.predictions import read_predictions, write_predictions
from flaredag.stacking_criteria import criterion_value
from made_up_ensembles import ENSEMBLE, made_up_learners
from stack_predictions import main, stack_predictions

ROOT = Path(__file__).parents[2]


@pytest.fixture(scope="module")
def stacked():
    return stack_predictions(made_up_learners(), [ENSEMBLE], dataset="A")


def test_every_model_of_the_ensemble_forecasts_every_sample_and_seed(stacked):
    predictions, _ = stacked
    learners = made_up_learners()
    n_of_model = len(learners) // 2
    models = ensemble_models("stack", ENSEMBLE["criteria"])
    assert list(predictions["model"].unique()) == models
    assert (predictions.groupby("model").size() == n_of_model).all()
    assert predictions.groupby(["model", "seed"])["split"].value_counts().eq(40).all()


def test_forecasts_are_the_weighted_means_of_the_learners(stacked):
    predictions, weights = stacked
    learners = made_up_learners()
    key = ["seed", "split", "issue_time"]
    by_learner = {model: rows.set_index(key)["probability"] for model, rows in learners.groupby("model")}
    for model, rows in predictions.groupby("model"):
        for seed, of_seed in rows.groupby("seed"):
            index = pd.MultiIndex.from_frame(of_seed[key])
            of_model = weights.loc[(weights["model"] == model) & (weights["seed"] == seed)]
            assert of_model["weight"].sum() == pytest.approx(1.0, abs=1e-12)
            mean = sum(row.weight * by_learner[row.learner].loc[index] for row in of_model.itertuples())
            assert of_seed["probability"].to_numpy() == pytest.approx(mean.to_numpy(), rel=1e-11)


def test_weights_are_fitted_on_validation_and_the_oracle_on_test(stacked):
    _, weights = stacked
    assert list(weights) == list(WEIGHT_COLUMNS)
    on_test = weights.loc[weights["fitted_on"] == "test"]
    assert set(on_test["model"]) == {"stack_oracle_on_test"}
    for fit in weights.loc[weights["learner"] == "lstm"].itertuples():
        data = level_one_data(made_up_learners(), ["lstm", "cnn"], seed=fit.seed)
        if fit.fitted_on:
            value = criterion_value(
                fit.criterion, *data.of_split(fit.fitted_on), np.array([fit.weight, 1 - fit.weight])
            )
            assert fit.value == pytest.approx(value, rel=1e-12), fit
            of_test = criterion_value(fit.criterion, *data.of_split("test"), np.array([fit.weight, 1 - fit.weight]))
            assert fit.value_on_test == pytest.approx(of_test, rel=1e-12)
        else:
            assert (fit.model, fit.weight, np.isnan(fit.value)) == ("stack_average", 0.5, True)


def test_forecasts_do_not_hang_on_the_labels_of_the_test_split(stacked):
    learners = made_up_learners()
    turned = learners.assign(label=learners["label"].where(learners["split"] != "test", 1 - learners["label"]))
    by_model = [
        {model: rows["probability"].to_numpy() for model, rows in predictions.groupby("model")}
        for predictions, _ in (stacked, stack_predictions(turned, [ENSEMBLE], dataset="A"))
    ]
    same = {model for model in by_model[0] if np.array_equal(by_model[0][model], by_model[1][model])}
    assert set(by_model[0]) - same == {"stack_oracle_on_test"}


def test_grids_stand_in_the_weights_alone(stacked):
    predictions, weights = stacked
    grids = weights.loc[weights["solver"].str.startswith("grid")]
    assert set(grids["solver"]) == {"grid_101", "grid_11"}
    assert set(grids["model"]) == {""}
    assert "" not in set(predictions["model"])


def test_best_is_one_learner(stacked):
    _, weights = stacked
    best = weights.loc[weights["model"] == "stack_best"]
    assert set(best["weight"]) == {0.0, 1.0}


def test_three_learners_have_no_grid():
    three = ENSEMBLE | {"name": "three", "learners": ["lstm", "cnn", "climatology"]}
    learners = made_up_learners(("lstm", "cnn", "climatology"), seeds=(0,))
    learners.loc[learners["model"] == "climatology", "probability"] = 0.5
    predictions, weights = stack_predictions(learners, [three], dataset="A")
    assert set(weights["solver"]) == {"convex", "local_search", "equal", "select_best"}
    assert predictions["model"].nunique() == 7
    average = weights.loc[weights["model"] == "three_average", "weight"]
    assert average.tolist() == pytest.approx([1 / 3] * 3)


def write_both(folder: Path, learners: pd.DataFrame) -> list[Path]:
    paths = [folder / "lstm.nc", folder / "cnn.nc"]
    for path in paths:
        write_predictions(path, learners.loc[learners["model"] == path.stem])
    return paths


def test_files_are_read_and_written_the_same_each_time(tmp_path):
    paths = write_both(tmp_path, made_up_learners())
    for name in ("one", "two"):
        (tmp_path / name).mkdir()
        main(paths, tmp_path / name / "A.nc", tmp_path / name / "A.csv", ensembles=[ENSEMBLE], dataset="A")
    for name in ("A.nc", "A.csv"):
        assert (tmp_path / "one" / name).read_bytes() == (tmp_path / "two" / name).read_bytes()
    weights = read_weights([tmp_path / "one" / "A.csv"])
    _, fitted = stack_predictions(made_up_learners(), [ENSEMBLE], dataset="A")
    assert weights["weight"].tolist() == fitted["weight"].tolist()
    assert len(read_predictions(tmp_path / "one" / "A.nc", ["test"])) == 7 * 3 * 40


def test_the_number_of_threads_changes_no_byte(tmp_path):
    paths = write_both(tmp_path, made_up_learners(n_of_split=3000, seeds=(0,)))
    program = (
        "import sys; from stack_predictions import main; from made_up_ensembles import ENSEMBLE; "
        "main(sys.argv[1:3], sys.argv[3] + '.nc', sys.argv[3] + '.csv', ensembles=[ENSEMBLE | {'grid_points': []}], "
        "dataset='A')"
    )
    for threads in ("1", "2"):
        subprocess.run(
            [sys.executable, "-c", program, *map(str, paths), str(tmp_path / threads)],
            check=True,
            env=os.environ
            | {"OMP_NUM_THREADS": threads, "PYTHONPATH": os.pathsep.join([str(ROOT / "scripts"), str(ROOT / "tests")])},
        )
    for ending in ("nc", "csv"):
        assert (tmp_path / f"1.{ending}").read_bytes() == (tmp_path / f"2.{ending}").read_bytes()


@pytest.mark.parametrize(
    ("spoil", "told"),
    [
        (
            lambda rows: rows.drop(rows.index[(rows["model"] == "cnn") & (rows["region"] == 2)][:3]),
            "A, ensemble stack, seed 0: base learner cnn has no forecast for 3 of 120 samples",
        ),
        (
            lambda rows: rows.assign(label=rows["label"].where(rows["split"] != "validation", 1)),
            "seed 0: split validation: .* with label 1 alone: undefined",
        ),
        (lambda rows: rows.loc[rows["split"] != "validation"], "split validation: no sample to fit weights on"),
        (lambda rows: rows.loc[rows["split"] != "test"], "split test: no sample to fit weights on"),
    ],
)
def test_what_cannot_be_stacked_is_told_and_nothing_is_written(tmp_path, spoil, told):
    paths = write_both(tmp_path, spoil(made_up_learners()))
    with pytest.raises(InputError, match=told):
        main(paths, tmp_path / "A.nc", tmp_path / "A.csv", ensembles=[ENSEMBLE], dataset="A")
    assert not (tmp_path / "A.nc").exists()
    assert not (tmp_path / "A.csv").exists()


def test_an_ensemble_of_a_model_that_is_not_there_is_told(tmp_path):
    paths = write_both(tmp_path, made_up_learners())
    with pytest.raises(InputError, match="no predictions of base learner transformer; there are cnn, lstm"):
        main(
            paths,
            tmp_path / "A.nc",
            tmp_path / "A.csv",
            ensembles=[ENSEMBLE | {"learners": ["lstm", "transformer"]}],
            dataset="A",
        )
