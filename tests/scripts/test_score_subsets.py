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

from fit_networks import fit_networks
from flaredag.errors import InputError
from flaredag.ranking_tables import order_of_features, read_subset_scores
from flaredag.samples import write_windows
from flaredag.verification import threshold_of_best_true_skill_statistic
from made_up_datasets import drawn_datasets, entries_of_seeds
from score_subsets import MODELS, main, score_subsets

ROOT = Path(__file__).resolve().parents[2]
FEATURES = ("area", "usfluxl", "meangbl", "r_value")
LSTM = {"hidden_size": 8, "n_layers": 1, "learning_rate": 0.02, "batch_size": 16, "max_epochs": 4, "patience_epochs": 4}
REGRESSION = {"inverse_regularisation": 1.0, "n_features": "all"}
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
    assert order_of_features(scores, FEATURES)["feature"].iloc[0] == "area"
    at_validation = scores[(scores["threshold"] == "validation") & (scores["metric"] == "true_skill_statistic")]
    means = at_validation.groupby("features")["value"].mean()
    assert means["area"] > 0.4 > means.drop("area").max()


def test_all_features_are_the_fit_of_the_study_itself(inputs):
    scores = scored(inputs, subsets=[list(FEATURES)], models={"lstm": LSTM})
    whole = made_from(inputs, models={"lstm": LSTM})
    predictions, _ = fit_networks(**inputs, made_from=whole)
    for seed in (0, 1):
        own = predictions[(predictions["seed"] == seed) & (predictions["split"] == "validation")]
        label, probability = own["label"].to_numpy(), own["probability"].to_numpy()
        wanted = threshold_of_best_true_skill_statistic(label, probability)
        chosen = scores[(scores["seed"] == seed) & (scores["metric"] == "threshold")].set_index("threshold")["value"]
        assert chosen["validation"] == wanted


def test_the_threshold_that_is_best_on_test_is_no_worse_than_that_of_validation(inputs):
    skill = scored(inputs).query("metric == 'true_skill_statistic'").set_index(["features", "seed", "threshold"])
    skill = skill["value"].unstack()
    assert (skill["best_on_test"] >= skill["validation"]).all()
    assert len(skill) == len(SUBSETS) * 2


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
    assert schema["$defs"]["study"]["properties"]["ranking"]["properties"]["model"]["enum"] == list(MODELS)
    configured = yaml.safe_load((ROOT / "config.yaml").read_text())["models"]
    for name in MODELS:
        settings = configured[name] | ({"max_epochs": 1, "batch_size": 16} if "max_epochs" in configured[name] else {})
        assert len(scored(inputs, subsets=[["area"]], models={name: settings}, seeds=[0])) == 5


def test_progress_is_told_with_the_time_left(inputs, caplog, monkeypatch):
    monkeypatch.setattr(logging.getLogger("flaredag"), "propagate", True)
    with caplog.at_level(logging.INFO, logger="flaredag"):
        scored(inputs)
    assert re.search(r"ONLY: subsets: 6 of 6, 0 s left \(area and 1 more: TSS [0-9.]+\)", caplog.text)
