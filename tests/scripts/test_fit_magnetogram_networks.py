"""The rule that fits neural networks on magnetograms."""

import dataclasses
import json
from pathlib import Path

import pytest
import torch

from fit_magnetogram_networks import main
from flaredag.errors import InputError
from flaredag.fitting import read_checkpoint
from flaredag.models import cnn
from flaredag.predictions import read_predictions
from flaredag.samples import read_datasets, read_windows, samples_of_split, with_magnetograms, write_windows
from flaredag.splits import SPLITS
from made_up_archive import with_images, written_cubes
from made_up_datasets import drawn_datasets, entries_of_seeds, outputs_of_fit

CNN = {
    "learning_rate": 0.001,
    "batch_size": 16,
    "max_epochs": 2,
    "patience_epochs": 2,
    "kept_epoch": "true_skill_statistic",
    "head_inputs": [],
}
# One architecture in two settings.
MODELS = {"cnn": CNN, "cnn_location": CNN | {"head_inputs": ["location"]}}


@pytest.fixture(scope="module")
def inputs(study_windows, tmp_path_factory):
    """Inputs of the rule, and the windows that were written."""
    folder = tmp_path_factory.mktemp("study")
    windows, steps = with_images(study_windows(n_regions=20, windows_per_region=2, instruments=("sharp",)), pixels=32)
    paths = drawn_datasets(folder, windows, test_fraction=0.3, validation_fraction=0.3, pixels_standardised_by="sharp")
    return paths | {"cubes": list(written_cubes(folder, windows, steps).values())}


def made_from(inputs):
    index = entries_of_seeds(inputs)
    return {
        "seeds": [1],
        "models": MODELS,
        "datasets": {"1": index["1"]["digest"]},
        "magnetograms": {"1": index["1"]["magnetograms"]},
        "code": "0" * 16,
        "environment": "0" * 16,
    }


@pytest.fixture(scope="module")
def outputs(inputs, tmp_path_factory):
    outputs = outputs_of_fit(tmp_path_factory.mktemp("store"))
    main(**inputs, outputs=outputs, made_from=made_from(inputs))
    return outputs


def test_predictions_are_those_of_the_checkpoint(inputs, outputs):
    table = read_predictions(outputs["predictions"])
    assert (set(table["model"]), set(table["seed"])) == (set(MODELS), {1})
    restored = read_checkpoint(outputs["checkpoint"], dict.fromkeys(MODELS, cnn))
    assert set(restored) == {"cnn/1", "cnn_location/1"}
    windows = read_windows(inputs["windows"])
    (dataset,) = read_datasets(inputs["datasets"], "SHARP_ONLY", [1])
    samples = {split: samples_of_split(windows, dataset, split) for split in SPLITS}
    samples = with_magnetograms(samples, windows, dataset, {"sharp-0": inputs["cubes"][0]})
    for model in MODELS:
        for split in SPLITS:
            own = table[(table["model"] == model) & (table["split"] == split)]
            again = restored[f"{model}/1"].probability(samples[split])
            assert own["probability"].to_numpy().tobytes() == again.tobytes()
            assert own["region"].tolist() == samples[split].region.tolist()
            assert own["label"].tolist() == samples[split].label.tolist()


def test_pixels_are_standardised_as_the_data_set_says(inputs, outputs):
    (dataset,) = read_datasets(inputs["datasets"], "SHARP_ONLY", [1])
    network = read_checkpoint(outputs["checkpoint"], dict.fromkeys(MODELS, cnn))["cnn/1"]
    assert network.mean_gauss == dataset.pixel_mean_gauss
    assert network.standard_deviation_gauss == dataset.pixel_standard_deviation_gauss > 100


def test_what_it_was_made_from_stands_in_the_provenance(inputs, outputs):
    provenance = json.loads(Path(outputs["provenance"]).read_text())
    assert provenance["made_from"] == made_from(inputs)
    assert {name: len(own["training_loss"]) for name, own in provenance["history"].items()} == {
        "cnn/1": 2,
        "cnn_location/1": 2,
    }


def test_same_bytes_on_any_number_of_threads(inputs, outputs, tmp_path):
    threads, again = torch.get_num_threads(), outputs_of_fit(tmp_path)
    try:
        torch.set_num_threads(2 if threads == 1 else 1)
        torch.manual_seed(77)
        main(**inputs, outputs=again, made_from=made_from(inputs))
    finally:
        torch.set_num_threads(threads)
    for name in outputs:
        assert Path(again[name]).read_bytes() == Path(outputs[name]).read_bytes(), name


@pytest.mark.parametrize("fault", ["no cube", "other frames", "windows without"])
def test_bad_input_leaves_nothing_behind(inputs, study_windows, tmp_path, fault):
    windows = read_windows(inputs["windows"])
    changed = dict(inputs)
    if fault == "no cube":
        changed["cubes"] = []
    elif fault == "other frames":
        other, steps = with_images(windows, pixels=32, seed=9)
        changed["cubes"] = list(written_cubes(tmp_path, other, steps).values())
    else:
        changed["windows"] = str(tmp_path / "windows.nc")
        write_windows(changed["windows"], {"flare": dataclasses.replace(windows, images=None)})
    words = {
        "no cube": "windows name the cube sharp-0",
        "other frames": r"sharp-0\.zarr\.zip: its frames are not those",
        "windows without": "windows without magnetograms",
    }
    with pytest.raises(InputError, match=words[fault]):
        main(**changed, outputs=outputs_of_fit(tmp_path / "store"), made_from=made_from(inputs))
    assert not (tmp_path / "store").exists()
