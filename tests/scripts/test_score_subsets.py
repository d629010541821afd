"""The rule that fits a model on subsets of features and keeps only the scores."""

import json
import logging
import re
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch
import yaml

from fit_networks import MODELS as FITTED
from fit_networks import fit_networks
from flaredag.errors import InputError
from flaredag.ranking_settings import Order
from flaredag.ranking_tables import order_of_features
from flaredag.samples import write_windows
from flaredag.subset_scores import SUBSET_COLUMNS, read_subset_scores
from flaredag.verification import threshold_of_best_true_skill_statistic
from made_up_datasets import drawn_datasets, entries_of_seeds
from score_subsets import MODELS, main, score_subsets

ROOT = Path(__file__).resolve().parents[2]
FEATURES = ("area", "usfluxl", "meangbl", "r_value")
LSTM = {"hidden_size": 8, "n_layers": 1, "learning_rate": 0.02, "batch_size": 16, "max_epochs": 4, "patience_epochs": 4}
REGRESSION = {"inverse_regularisation": 1.0, "n_features": "all"}
HEAD = {"head_sizes": [8, 8, 8], "head_dropouts": [0.1, 0.1, 0.1], "class_weights": "balanced"}
TRAINING = {"learning_rate": 0.01, "batch_size": 16, "max_epochs": 3, "kept_epoch": "true_skill_statistic"}
# Of windows of four steps.
SHORT_FIT = {"max_epochs": 1, "batch_size": 16, "patch_steps": 2}
TRANSFORMER = {"patch_steps": 2, "embedding_size": 8, "n_blocks": 1, "n_heads": 2, "head_size": 4, "mlp_size": 8}
TRANSFORMER |= {"mlp_dropout": 0.1} | HEAD | TRAINING
# Two names of one training.
BOTH_EPOCHS = {"transformer": TRANSFORMER, "transformer_by_brier_score": TRANSFORMER | {"kept_epoch": "brier_score"}}
SUBSETS = [["area"], ["usfluxl"], ["area", "r_value"]]


@pytest.fixture
def inputs(study_windows, tmp_path):
    """`area` alone tells strong regions from quiet ones."""
    return drawn_datasets(tmp_path, study_windows(n_regions=40))


def made_from(inputs, subsets=SUBSETS, models=None, **changes):
    index = entries_of_seeds(inputs)
    return {
        "seeds": [0, 1],
        "models": models or {"logistic_regression": REGRESSION},
        "datasets": {seed: entry["digest"] for seed, entry in index.items()},
        "features": list(FEATURES),
        "subsets": subsets,
    } | changes


def scored(inputs, **changes):
    return score_subsets(**inputs, made_from=made_from(inputs, **changes))


def test_a_feature_that_tells_comes_first_and_the_others_add_nothing(inputs):
    scores = scored(inputs, subsets=[[name] for name in FEATURES])
    order = Order("logistic_regression", "true_skill_statistic", "best_on_test")
    assert order_of_features(scores, FEATURES, order)["feature"].iloc[0] == "area"
    at_validation = scores[(scores["threshold"] == "validation") & (scores["metric"] == "true_skill_statistic")]
    means = at_validation.groupby("features")["value"].mean()
    assert means["area"] > 0.4 > means.drop("area").max()


def test_all_features_are_the_fit_of_the_study_itself(inputs):
    scores = scored(inputs, subsets=[list(FEATURES)], models={"lstm": LSTM})
    whole = made_from(inputs, models={"lstm": LSTM})
    predictions, _ = fit_networks(**inputs, made_from=whole)
    for seed in (0, 1):
        splits = predictions[predictions["seed"] == seed].groupby("split")
        own = splits.get_group("validation")
        wanted = threshold_of_best_true_skill_statistic(own["label"].to_numpy(), own["probability"].to_numpy())
        of_seed = scores[scores["seed"] == seed].set_index(["metric", "threshold"])["value"]
        assert of_seed["threshold", "validation"] == wanted
        test = splits.get_group("test")
        label, probability = test["label"].to_numpy(), test["probability"].to_numpy()
        # Hits and false alarms at 0.5, and the Brier score against that of the event rate of the test split.
        skill = (probability[label == 1] > 0.5).mean() - (probability[label == 0] > 0.5).mean()
        assert of_seed["true_skill_statistic", "fixed_0.5"] == pytest.approx(skill)
        brier = ((probability - label) ** 2).mean() / (label.mean() * (1 - label.mean()))
        assert of_seed["brier_skill_score", ""] == pytest.approx(1 - brier)


def test_the_threshold_that_is_best_on_test_is_no_worse_than_that_of_validation(inputs):
    skill = scored(inputs).query("metric == 'true_skill_statistic'").set_index(["features", "seed", "threshold"])
    skill = skill["value"].unstack()
    assert (skill["best_on_test"] >= skill["validation"]).all()
    assert len(skill) == len(SUBSETS) * 2


def test_two_epochs_of_one_training_are_scored_as_each_alone(inputs, monkeypatch):
    trained = []
    fit_kept_epochs = MODELS["transformer"].fit_kept_epochs

    def counted(*samples, **settings):
        trained.append(settings["kept_epochs"])
        return fit_kept_epochs(*samples, **settings)

    monkeypatch.setattr(MODELS["transformer"], "fit_kept_epochs", counted)
    both = scored(inputs, models=BOTH_EPOCHS, seeds=[0])
    assert list(both) == list(SUBSET_COLUMNS)
    # A training a subset, not one a model.
    assert trained == [["true_skill_statistic", "brier_score"]] * len(SUBSETS)
    for model, settings in BOTH_EPOCHS.items():
        alone = scored(inputs, models={model: settings}, seeds=[0])
        own = both[both["model"] == model].reset_index(drop=True)
        assert own["value"].to_numpy() == pytest.approx(alone["value"].to_numpy(), nan_ok=True)
        assert own.drop(columns="value").equals(alone.drop(columns="value"))


def test_models_that_cannot_share_a_training_have_one_each(inputs):
    models = {"logistic_regression": REGRESSION, "logistic_regression_on_quantiles": REGRESSION}
    both = scored(inputs, models=models)
    first, second = (both.loc[both["model"] == name, "value"].to_numpy() for name in models)
    np.testing.assert_array_equal(first, second)


def test_models_of_several_trainings_are_told(inputs):
    with pytest.raises(InputError, match="transformer, transformer_by_brier_score: their settings differ in more than"):
        scored(inputs, models=BOTH_EPOCHS | {"transformer_by_brier_score": TRANSFORMER | {"batch_size": 8}})


def test_same_bytes_on_any_number_of_threads_and_in_any_batch(inputs, tmp_path):
    threads = torch.get_num_threads()
    content = []
    try:
        for n_threads in (1, 2):
            torch.set_num_threads(n_threads)
            outputs = {name: str(tmp_path / f"{n_threads}" / name) for name in ("scores", "provenance")}
            main(inputs, outputs, made_from=made_from(inputs, models={"lstm": LSTM}))
            content.append([Path(path).read_bytes() for path in outputs.values()])
    finally:
        torch.set_num_threads(threads)
    assert content[0] == content[1]
    assert set(json.loads(content[0][1])["made_from"]) >= {"subsets", "features", "datasets", "models", "seeds"}
    # A subset's scores hang on nothing else in its batch.
    alone = scored(inputs, subsets=[["area", "r_value"]], models={"lstm": LSTM})
    written_scores = read_subset_scores([tmp_path / "1" / "scores"])
    own = written_scores[written_scores["features"] == "area r_value"]
    np.testing.assert_allclose(alone["value"], own["value"], rtol=1e-9)


def test_a_feature_that_does_not_vary_in_training_is_a_constant_forecast(study_windows, tmp_path, caplog, monkeypatch):
    windows = study_windows(n_regions=40)
    features = windows.features.copy()
    features[:, 1] = 7.0
    inputs = drawn_datasets(tmp_path, replace(windows, features=features))
    monkeypatch.setattr(logging.getLogger("flaredag"), "propagate", True)
    with caplog.at_level(logging.WARNING, logger="flaredag"):
        scores = scored(inputs, models={"lstm": LSTM}, subsets=[["usfluxl"], ["area"]])
    assert "ONLY: usfluxl: seed 0: does not vary in the training split" in caplog.text
    assert "area" not in caplog.text
    figures = scores[scores["features"] == "usfluxl"].set_index(["metric", "threshold"])["value"]
    assert (figures["true_skill_statistic"] == 0).all()
    assert figures["area_under_roc_curve"].isna().all()


def test_other_features_windows_and_masked_models_are_told(inputs, study_windows):
    with pytest.raises(InputError, match="features area, usfluxl, meangbl, r_value; wanted area, r_value"):
        scored(inputs, features=["area", "r_value"])
    masked = {"lstm_attention": yaml.safe_load((ROOT / "config.yaml").read_text())["models"]["lstm_attention_masked"]}
    with pytest.raises(InputError, match="ranking by lstm_attention: masked"):
        scored(inputs, models=masked)
    whole = made_from(inputs)
    write_windows(inputs["windows"], {"flare": study_windows(n_regions=40, seed=1)})
    with pytest.raises(InputError, match="the windows changed under it"):
        score_subsets(**inputs, made_from=whole)


def test_every_model_ranks_and_the_schema_names_them(inputs):
    schema = yaml.safe_load((ROOT / "rules" / "config.schema.yaml").read_text())
    orders = schema["$defs"]["study"]["properties"]["ranking"]["properties"]["orders"]
    pattern = re.compile(orders["additionalProperties"]["properties"]["model"]["pattern"])
    configured = yaml.safe_load((ROOT / "config.yaml").read_text())["models"]
    assert {name for name in configured if pattern.search(name)} == set(MODELS)
    for name in MODELS:
        settings = configured[name] | {key: value for key, value in SHORT_FIT.items() if key in configured[name]}
        # The TSS at three thresholds, two of which are chosen, ROC area and Brier skill score.
        assert len(scored(inputs, subsets=[["area"]], models={name: settings}, seeds=[0])) == 7


def test_names_of_networks_are_those_of_the_rule_that_fits_them():
    assert {name: module for name, module in FITTED.items() if name in MODELS} == {
        name: module for name, module in MODELS.items() if name in FITTED
    }
    assert len(MODELS.keys() & FITTED.keys()) == len(MODELS) - 2


def test_progress_is_told_with_the_time_left(inputs, caplog, monkeypatch):
    monkeypatch.setattr(logging.getLogger("flaredag"), "propagate", True)
    with caplog.at_level(logging.INFO, logger="flaredag"):
        scored(inputs)
    assert re.search(r"ONLY: subsets: 6 of 6, 0 s left \(area and 1 more: TSS [0-9.]+\)", caplog.text)
