"""The rule that fits the models of minutes."""

import json
from pathlib import Path

import pytest

from fit_classifiers import MODELS, main
from flaredag.artifacts import sha256_of_file
from flaredag.errors import InputError
from flaredag.fitting import read_checkpoint
from flaredag.predictions import read_predictions
from flaredag.samples import read_datasets, read_windows, samples_of_split
from made_up_datasets import drawn_datasets, entries_of_seeds, outputs_of_fit

SETTINGS = {
    "random_forest": {"n_trees": 10, "features_per_split": 3, "min_samples_of_leaf": 2, "class_weights": "none"},
    "random_forest_of_large_leaves": {
        "n_trees": 10,
        "features_per_split": 3,
        "min_samples_of_leaf": 9,
        "class_weights": "none",
    },
    "support_vector_machine": {
        "max_samples": 60,
        "inverse_regularisation": 1.0,
        "gamma": "scale",
        "class_weights": "balanced",
    },
    "minirocket": {"n_convolution_features": 168, "max_dilations": 32},
}


@pytest.fixture
def inputs(study_windows, tmp_path):
    # MiniRocket wants nine steps.
    return drawn_datasets(tmp_path, study_windows(n_regions=40, n_steps=9))


@pytest.fixture
def outputs(tmp_path):
    return outputs_of_fit(tmp_path / "store")


def made_from(inputs, *, seeds=(0, 1)):
    index = entries_of_seeds(inputs)
    return {
        "seeds": list(seeds),
        "models": SETTINGS,
        "datasets": {str(seed): index[str(seed)]["digest"] for seed in seeds if str(seed) in index},
        "code": "0" * 16,
        "environment": "0" * 16,
    }


def test_predictions_are_those_of_the_checkpoint_and_have_skill(inputs, outputs):
    main(inputs, outputs, made_from=made_from(inputs))
    table = read_predictions(outputs["predictions"])
    assert set(table["model"]) == set(SETTINGS) == set(MODELS)
    models = read_checkpoint(outputs["checkpoint"], MODELS)
    windows = read_windows(inputs["windows"])
    for dataset in read_datasets(inputs["datasets"], "SHARP_ONLY", [0, 1]):
        for split in ("train", "validation", "test"):
            samples = samples_of_split(windows, dataset, split)
            for model in SETTINGS:
                own = table[(table["model"] == model) & (table["seed"] == dataset.seed) & (table["split"] == split)]
                again = models[f"{model}/{dataset.seed}"].probability(samples)
                assert own["probability"].to_numpy().tobytes() == again.tobytes()
                assert own["region"].tolist() == samples.region.tolist()
    # The first feature is higher by 1.5 sd in strong regions, in all steps alike, which MiniRocket hardly sees.
    test = table[(table["split"] == "test") & (table["model"] != "minirocket")]
    for _, own in test.groupby("model", observed=True):
        assert own[own["label"] == 1]["probability"].mean() > own[own["label"] == 0]["probability"].mean() + 0.1


def test_same_bytes_again_and_digests_in_the_provenance(inputs, outputs):
    written = []
    for _ in range(2):
        main(inputs, outputs, made_from=made_from(inputs))
        written.append({name: Path(path).read_bytes() for name, path in outputs.items()})
    assert written[0] == written[1]
    provenance = json.loads(written[0]["provenance"])
    assert provenance["made_from"] == made_from(inputs)
    assert provenance["sha256"]["checkpoint.safetensors"] == sha256_of_file(outputs["checkpoint"])
    assert provenance["history"]["random_forest/1"]["trees"] == 10
    assert provenance["history"]["support_vector_machine/0"]["samples"] == 60


def test_a_batch_of_one_seed_gives_that_seeds_predictions(inputs, outputs):
    main(inputs, outputs, made_from=made_from(inputs))
    together = read_predictions(outputs["predictions"])
    main(inputs, outputs, made_from=made_from(inputs, seeds=[1]))
    alone = read_predictions(outputs["predictions"])
    assert alone["probability"].tolist() == together[together["seed"] == 1]["probability"].tolist()


def test_bad_input_leaves_nothing_behind(inputs, outputs):
    with pytest.raises(InputError, match="no data set SHARP_ONLY of seed 7"):
        main(inputs, outputs, made_from=made_from(inputs, seeds=[0, 7]))
    assert not Path(outputs["predictions"]).parent.exists()
