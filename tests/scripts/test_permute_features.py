"""The rule that permutes features of the test samples, on fits of a made-up study."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

import fit_baselines
import fit_classifiers
import fit_networks
from flaredag.errors import InputError
from flaredag.importance_tables import IMPORTANCE_COLUMNS, read_importance
from flaredag.predictions import read_predictions
from flaredag.verification import (
    categorical_scores,
    contingency_table,
    probabilistic_scores,
    threshold_of_best_true_skill_statistic,
)
from made_up_datasets import DATASET, drawn_datasets, entries_of_seeds
from permute_features import main

MODELS = {
    fit_networks: {
        "lstm": {"hidden_size": 4, "n_layers": 1, "learning_rate": 0.01, "batch_size": 32, "max_epochs": 20}
        | {"patience_epochs": 20}
    },
    fit_classifiers: {
        "random_forest": {"n_trees": 10, "features_per_split": 2, "min_samples_of_leaf": 2, "class_weights": "none"}
    },
    fit_baselines: {
        "logistic_regression": {"inverse_regularisation": 1.0, "n_features": "all"},
        "climatology": {},
    },
}
SETTINGS = {
    "models": ["lstm", "random_forest", "logistic_regression"],
    "repeats": 3,
    "seed": 17,
    "correlated_from": 0.8,
    "resamples": 200,
    "bootstrap_seed": 5,
    "level": 0.95,
}
KEYS = ["model", "group"]


def fitted(windows, folder: Path, *, test_fraction: float = 0.4) -> dict:
    """Inputs of the rule: windows, data sets drawn from them, and checkpoints of all `MODELS`; predictions beside."""
    folder.mkdir(exist_ok=True)
    paths = drawn_datasets(folder, windows, test_fraction=test_fraction)
    digests = entries_of_seeds(paths)
    checkpoints = []
    for script, models in MODELS.items():
        made_from = {"seeds": [0, 1], "models": models, "code": "0" * 16, "environment": "0" * 16}
        made_from["datasets"] = {seed: one["digest"] for seed, one in digests.items()}
        names = {"predictions": "nc", "checkpoint": "safetensors", "provenance": "json"}
        outputs = {name: str(folder / f"{script.__name__}.{name}.{suffix}") for name, suffix in names.items()}
        script.main(paths, outputs, made_from=made_from)
        checkpoints.append(outputs["checkpoint"])
    return paths | {"checkpoints": checkpoints}


def with_copy(windows):
    """Windows whose second feature is the first, but for scale: the third and fourth are noise."""
    features = windows.features.copy()
    features[:, 1] = 5.0 * features[:, 0] + 1.0
    return replace(windows, features=features)


@pytest.fixture(scope="module")
def inputs(study_windows, tmp_path_factory):
    return fitted(with_copy(study_windows(n_regions=80)), tmp_path_factory.mktemp("fits"))


def importance(inputs, path: Path, *, seeds=(0,), **changes) -> pd.DataFrame:
    """What the rule writes, read again."""
    drawn = entries_of_seeds(inputs)
    digests = {seed: drawn[str(seed)]["digest"] for seed in seeds}
    given = {"dataset": DATASET, "task": "", "digests": digests, "settings": SETTINGS} | changes
    main(inputs, str(path), **given)
    return read_importance(path)


@pytest.fixture(scope="module")
def table(inputs, tmp_path_factory):
    return importance(inputs, tmp_path_factory.mktemp("table") / "SHARP.csv")


def test_the_columns_and_a_row_of_each_model_group_and_metric(table):
    assert tuple(table.columns) == IMPORTANCE_COLUMNS
    assert list(table["model"].unique()) == SETTINGS["models"]
    assert list(table["group"].unique()) == ["area+usfluxl", "meangbl", "r_value"]
    assert len(table) == 3 * 3 * 3
    pair = table[table["group"] == "area+usfluxl"].iloc[0]
    assert (pair["n_features"], pair["least_correlation"]) == (2, pytest.approx(1.0))
    assert np.isnan(table[table["group"] == "meangbl"]["least_correlation"]).all()
    # 80 regions, of which 32 are for test, 6 windows each; those that were weak before are in neither class.
    assert (table["n_regions"] == 32).all()
    assert (table["n_repeats"] == 3).all()
    assert (table["n_seeds"] == 1).all()


def test_scores_are_those_of_the_predictions(inputs, table):
    for path in inputs["checkpoints"]:
        predictions = read_predictions(path.replace("checkpoint.safetensors", "predictions.nc"))
        for model in set(predictions["model"]) & set(SETTINGS["models"]):
            own = predictions[(predictions["model"] == model) & (predictions["seed"] == 0)]
            validation, test = (own[own["split"] == split] for split in ("validation", "test"))
            threshold = threshold_of_best_true_skill_statistic(
                validation["label"].to_numpy(), validation["probability"].to_numpy()
            )
            label, probability = test["label"].to_numpy(), test["probability"].to_numpy()
            wanted = probabilistic_scores(label, probability)
            at = contingency_table(label, probability, thresholds=[threshold])
            wanted["true_skill_statistic"] = categorical_scores(at)["true_skill_statistic"][0]
            rows = table[table["model"] == model]
            for metric, score in rows.groupby("metric")["score"]:
                np.testing.assert_allclose(score, wanted[metric], rtol=1e-8)
            assert (rows["n_samples"] == len(test)).all()
            assert (rows["n_events"] == label.sum()).all()


def test_the_planted_pair_loses_skill_and_noise_none_beyond_its_interval(table):
    np.testing.assert_allclose(table["loss"], table["score"] - table["permuted"], atol=1e-9)
    pair = table[table["group"] == "area+usfluxl"]
    assert (pair["low"] > 0).all()
    noise = table[(table["group"] != "area+usfluxl") & (table["metric"] == "area_under_roc_curve")]
    # Regressions on noise have small coefficients, and trees few splits by it.
    assert (noise["loss"].abs() < 0.15).all()
    assert ((noise["low"] <= 0) & (noise["high"] >= 0)).mean() > 0.5
    assert noise["loss"].max() < pair.loc[pair["metric"] == "area_under_roc_curve", "loss"].min()


def test_same_bytes_again_and_other_models_change_nothing(inputs, table, tmp_path):
    importance(inputs, tmp_path / "one.csv")
    importance(inputs, tmp_path / "again.csv")
    assert (tmp_path / "one.csv").read_bytes() == (tmp_path / "again.csv").read_bytes()
    alone = importance(inputs, tmp_path / "alone.csv", settings=SETTINGS | {"models": ["random_forest"]})
    pd.testing.assert_frame_equal(alone, table[table["model"] == "random_forest"].reset_index(drop=True))


def test_several_seeds_are_averaged(inputs, tmp_path):
    settings = SETTINGS | {"models": ["logistic_regression"], "correlated_from": 0.99}
    both = importance(inputs, tmp_path / "both.csv", seeds=[0, 1], settings=settings)
    # Groups are those of the first seed, and here the same of each.
    each = [importance(inputs, tmp_path / f"{seed}.csv", seeds=[seed], settings=settings) for seed in (0, 1)]
    assert (both["n_seeds"] == 2).all()
    for column in ("score", "permuted", "loss", "n_samples", "n_events"):
        np.testing.assert_allclose(both[column], (each[0][column] + each[1][column]) / 2, atol=1e-9)


def test_a_constant_forecast_has_no_area_and_loses_nothing(inputs, tmp_path):
    table = importance(inputs, tmp_path / "c.csv", settings=SETTINGS | {"models": ["climatology"]})
    assert table.loc[table["metric"] == "area_under_roc_curve", "loss"].isna().all()
    assert (table.loc[table["metric"] == "brier_skill_score", "loss"] == 0).all()


def test_a_single_region_for_test_has_losses_and_no_interval(study_windows, tmp_path):
    windows = with_copy(study_windows(n_regions=41))
    # Every region has events and others.
    windows = replace(windows, label=np.tile([0, 0, 0, 1, 1, 1], 82).astype(np.int8))
    inputs = fitted(windows, tmp_path / "one", test_fraction=1 / 41)
    table = importance(inputs, tmp_path / "one.csv")
    assert (table["n_regions"] == 1).all()
    assert table[["low", "high"]].isna().all(axis=None)
    assert table["loss"].notna().all()
    assert (table["n_samples"] == 6).all()


@pytest.mark.parametrize(
    ("changes", "told"),
    [
        ({"settings": SETTINGS | {"models": ["lstm", "gradient_boosting"]}}, "no fit gradient_boosting/0; found clim"),
        ({"dataset": "SMARP"}, "no data set SMARP of seed 0"),
        ({"digests": {7: "0" * 16}}, "no data set SHARP_ONLY of seed 7"),
        ({"digests": {1: "0" * 16}}, "SHARP_ONLY, seed 1 has the digest .*, wanted 0000000000000000"),
        ({"task": "other"}, "no task 'other'"),
    ],
)
def test_what_is_not_there_is_told_and_leaves_nothing_behind(inputs, tmp_path, changes, told):
    with pytest.raises(InputError, match=told):
        importance(inputs, tmp_path / "bad.csv", **changes)
    assert not list(tmp_path.iterdir())
