"""The rule that fits neural networks."""

import json
from pathlib import Path

import numpy as np
import pytest
import torch
import yaml

from fit_networks import MODELS, main
from flaredag.fitting import read_checkpoint
from flaredag.networks_of_two_epochs import BY_BRIER_SCORE, OF_TWO_EPOCHS
from flaredag.predictions import read_predictions
from flaredag.samples import read_datasets, read_windows, samples_of_split
from made_up_datasets import drawn_datasets, entries_of_seeds, outputs_of_fit

SETTINGS = {
    "lstm": {
        "hidden_size": 8,
        "n_layers": 2,
        "learning_rate": 0.02,
        "batch_size": 16,
        "max_epochs": 8,
        "patience_epochs": 3,
    }
}

ROOT = Path(__file__).resolve().parents[2]


@pytest.fixture
def inputs(study_windows, tmp_path):
    return drawn_datasets(tmp_path, study_windows(n_regions=40), undersampled=["train"], standardisation="global")


def fitted(inputs, folder, models=SETTINGS):
    """Paths of what the rule wrote into `folder`."""
    outputs = outputs_of_fit(folder)
    made_from = {
        "seeds": [0, 1],
        "models": models,
        "datasets": {seed: entry["digest"] for seed, entry in entries_of_seeds(inputs).items()},
        "code": "0" * 16,
        "environment": "0" * 16,
    }
    main(inputs, outputs, made_from=made_from)
    return outputs


def test_predictions_are_those_of_the_checkpoint_and_have_skill(inputs, tmp_path):
    outputs = fitted(inputs, tmp_path / "store")
    table = read_predictions(outputs["predictions"])
    models = read_checkpoint(outputs["checkpoint"], MODELS)
    windows = read_windows(inputs["windows"])
    for dataset in read_datasets(inputs["datasets"], "SHARP_ONLY", [0, 1]):
        for split in ("train", "validation", "test"):
            own = table[(table["seed"] == dataset.seed) & (table["split"] == split)]
            samples = samples_of_split(windows, dataset, split)
            again = models[f"lstm/{dataset.seed}"].probability(samples)
            assert own["probability"].to_numpy().tobytes() == again.tobytes()
            assert own["region"].tolist() == samples.region.tolist()
    # The first feature is higher by 1.5 sd in strong regions, and the four steps make it plainer.
    test = table[table["split"] == "test"]
    assert test[test["label"] == 1]["probability"].mean() > test[test["label"] == 0]["probability"].mean() + 0.2


def test_same_bytes_on_any_number_of_threads(inputs, tmp_path):
    threads = torch.get_num_threads()
    try:
        written = []
        for n_threads in (1, 2):
            torch.set_num_threads(n_threads)
            torch.manual_seed(n_threads)
            outputs = fitted(inputs, tmp_path / f"store{n_threads}")
            written.append([Path(path).read_bytes() for path in outputs.values()])
    finally:
        torch.set_num_threads(threads)
    assert written[0] == written[1]


def test_the_history_of_every_fit_is_in_the_provenance(inputs, tmp_path):
    provenance = json.loads(Path(fitted(inputs, tmp_path / "store")["provenance"]).read_text())
    assert set(provenance["history"]) == {"lstm/0", "lstm/1"}
    for history in provenance["history"].values():
        scores = history["validation_true_skill_statistic"]
        assert history["best_epoch"] == int(np.argmax(scores)) + 1
        assert len(scores) == len(history["training_loss"]) <= 8


def test_every_model_is_in_the_configuration_and_its_checkpoint_predicts_the_same(inputs, tmp_path):
    configured = yaml.safe_load((ROOT / "config.yaml").read_text())["models"]
    short = {name: configured[name] | {"max_epochs": 1, "batch_size": 16} for name in MODELS}
    # The windows here have four steps.
    short |= {name: own | {"patch_steps": 2} for name, own in short.items() if "patch_steps" in own}
    outputs = fitted(inputs, tmp_path / "store", short)
    table = read_predictions(outputs["predictions"])
    models = read_checkpoint(outputs["checkpoint"], MODELS)
    (dataset,) = read_datasets(inputs["datasets"], "SHARP_ONLY", [1])
    samples = samples_of_split(read_windows(inputs["windows"]), dataset, "test")
    probability = {}
    for name in MODELS:
        own = table[(table["model"] == name) & (table["seed"] == 1) & (table["split"] == "test")]
        probability[name] = own["probability"].to_numpy()
        assert probability[name].tobytes() == models[f"{name}/1"].probability(samples).tobytes()
    # No window of these is padded, and the classes are equal, so that the masked network and that without class weights
    # are the plain one; of one epoch, the best by two criteria are one; all others differ.
    for alike in ("lstm_attention_masked", "lstm_attention_unweighted"):
        np.testing.assert_allclose(probability.pop(alike), probability["lstm_attention"], atol=1e-5)
    for name in OF_TWO_EPOCHS:
        assert probability.pop(f"{name}{BY_BRIER_SCORE}").tobytes() == probability[name].tobytes()
    assert (
        len({values.tobytes() for values in probability.values()})
        == len(probability)
        == len(MODELS) - 2 - len(OF_TWO_EPOCHS)
    )


def test_twins_differ_in_the_epoch_that_they_keep():
    configured = yaml.safe_load((ROOT / "config.yaml").read_text())["models"]
    for name in OF_TWO_EPOCHS:
        own, by_brier_score = configured[name], configured[f"{name}{BY_BRIER_SCORE}"]
        assert own["kept_epoch"] == "true_skill_statistic"
        assert by_brier_score == own | {"kept_epoch": "brier_score"}
        # Table 4.
        assert own["learning_rate"] == 0.0001
        assert own["head_dropouts"] == [0.399, 0.1001, 0.1]
        assert own["max_epochs"] == 150
