"""Batches of fits: what they predict, what they store, and that the store cannot mislead."""

import hashlib
import json
import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from safetensors.numpy import load, save

from flaredag.artifacts import sha256_of_file, write_json
from flaredag.datasets import draw_dataset
from flaredag.errors import InputError
from flaredag.fitting import dataset_of, fit_batch, read_checkpoint, write_batch
from flaredag.models import climatology, gradient_boosting, logistic_regression, lstm, persistence
from flaredag.predictions import read_predictions
from flaredag.samples import content_digest, read_windows, samples_of_split, write_datasets, write_windows
from flaredag.splits import SPLITS

MODELS = {
    "climatology": climatology,
    "persistence": persistence,
    "logistic_regression": logistic_regression,
    "gradient_boosting": gradient_boosting,
    "lstm": lstm,
}
SETTINGS = {
    "climatology": {},
    "persistence": {},
    "logistic_regression": {"inverse_regularisation": 1.0},
    "gradient_boosting": {"learning_rate": 0.1, "max_trees": 5, "max_leaves": 4},
    "lstm": {
        "hidden_size": 4,
        "n_layers": 1,
        "learning_rate": 0.01,
        "batch_size": 16,
        "max_epochs": 2,
        "patience_epochs": 2,
    },
}
SEEDS = [0, 2]
DRAW = {
    "evaluated": "sharp",
    "added_to_training": ["smarp"],
    "test_fraction": 0.2,
    "validation_fraction": 0.2,
    "undersampled": ["train", "validation"],
    "standardisation": "global",
}
MADE_FROM = {"seeds": SEEDS, "models": SETTINGS, "datasets": {}, "code": "0" * 16, "environment": "1" * 16}


@pytest.fixture(scope="module")
def inputs(study_windows, tmp_path_factory):
    """Paths of windows, datasets and index."""
    folder = tmp_path_factory.mktemp("study")
    windows = study_windows(n_regions=40)
    drawn = [draw_dataset(windows, name="FUSED_SHARP", seed=seed, **DRAW) for seed in (0, 1, 2)]
    digests = {
        str(dataset.seed): {
            "digest": content_digest({split: samples_of_split(windows, dataset, split) for split in SPLITS})
        }
        for dataset in drawn
    }
    write_windows(folder / "windows.nc", windows)
    write_datasets(folder / "datasets.nc", {"FUSED_SHARP": drawn})
    write_json(folder / "index.json", {"datasets": {"FUSED_SHARP": {"seeds": digests}}})
    return {
        name: str(folder / f"{name}.{suffix}")
        for name, suffix in [("windows", "nc"), ("datasets", "nc"), ("index", "json")]
    }


@pytest.fixture(scope="module")
def fits(inputs):
    return fit_batch(**inputs, dataset="FUSED_SHARP", seeds=SEEDS, settings=SETTINGS, models=MODELS)


def outputs_in(folder: Path) -> dict[str, str]:
    names = {"predictions": "predictions.nc", "checkpoint": "checkpoint.safetensors", "provenance": "provenance.json"}
    return {name: str(folder / file) for name, file in names.items()}


class TestPredictions:
    def test_every_split_seed_and_model_is_there_once(self, inputs, fits):
        table, fitted = fits
        windows = read_windows(inputs["windows"])
        assert list(fitted) == [f"{model}/{seed}" for seed in SEEDS for model in SETTINGS]
        for seed in SEEDS:
            drawn = draw_dataset(windows, name="FUSED_SHARP", seed=seed, **DRAW)
            for model in SETTINGS:
                for split in SPLITS:
                    own = table[(table["seed"] == seed) & (table["model"] == model) & (table["split"] == split)]
                    positions = drawn.positions[split]
                    assert own["region"].tolist() == windows.region[positions].tolist()
                    assert own["label"].tolist() == windows.label[positions].tolist()
                    assert (own["issue_time"].to_numpy() == windows.issue_time[positions]).all()
                    codes = windows.instrument[positions]
                    assert own["instrument"].tolist() == np.array(["sharp", "smarp"])[codes].tolist()
        assert len(table) == len(
            table.drop_duplicates(["seed", "model", "split", "instrument", "region", "issue_time"])
        )

    def test_probabilities_are_the_models(self, inputs, fits):
        table, _ = fits
        windows = read_windows(inputs["windows"])
        drawn = draw_dataset(windows, name="FUSED_SHARP", seed=2, **DRAW)
        train, validation, test = (samples_of_split(windows, drawn, split) for split in SPLITS)
        for model in ("climatology", "gradient_boosting", "lstm"):
            alone = MODELS[model].fit(train, validation, seed=2, settings=SETTINGS[model])
            own = table[(table["seed"] == 2) & (table["model"] == model) & (table["split"] == "test")]
            assert own["probability"].to_numpy().tobytes() == alone.probability(test).tobytes()

    def test_only_the_models_in_the_settings_are_fitted(self, inputs):
        table, fitted = fit_batch(
            **inputs, dataset="FUSED_SHARP", seeds=[1], settings={"climatology": {}}, models=MODELS
        )
        assert list(fitted) == ["climatology/1"]
        assert set(table["model"]) == {"climatology"}
        assert set(table["seed"]) == {1}


class TestDigests:
    @pytest.mark.parametrize("changed", ["feature", "label"])
    def test_windows_that_changed_under_the_index_are_refused(self, inputs, study_windows, tmp_path, changed):
        windows = study_windows(n_regions=40)
        if changed == "feature":
            windows.features[:] += 1e-3 * np.arange(len(windows.features))[:, None]
        else:
            windows.label[windows.label >= 0] ^= 1
        write_windows(tmp_path / "windows.nc", windows)
        with pytest.raises(
            InputError, match=r"datasets\.nc: FUSED_SHARP, seed 0 has the digest [0-9a-f]{16}, the index"
        ):
            fit_batch(
                **inputs | {"windows": str(tmp_path / "windows.nc")},
                dataset="FUSED_SHARP",
                seeds=SEEDS,
                settings={"climatology": {}},
                models=MODELS,
            )

    def test_a_seed_that_was_not_drawn_is_refused(self, inputs):
        with pytest.raises(InputError, match="no data set FUSED_SHARP of seed 9"):
            fit_batch(**inputs, dataset="FUSED_SHARP", seeds=[9], settings={"climatology": {}}, models=MODELS)


class TestStored:
    def test_predictions_and_provenance(self, fits, tmp_path):
        outputs = outputs_in(tmp_path)
        write_batch(fits, **outputs, made_from=MADE_FROM)
        stored = read_predictions(outputs["predictions"])
        assert stored["probability"].tolist() == fits[0]["probability"].tolist()
        provenance = json.loads(Path(outputs["provenance"]).read_text())
        assert provenance["made_from"] == MADE_FROM
        assert provenance["sha256"] == {
            Path(outputs[name]).name: sha256_of_file(outputs[name]) for name in ("predictions", "checkpoint")
        }
        assert len(provenance["history"]["lstm/2"]["training_loss"]) == 2

    def test_a_checkpoint_comes_back_as_the_same_models(self, inputs, fits, tmp_path):
        outputs = outputs_in(tmp_path)
        write_batch(fits, **outputs, made_from=MADE_FROM)
        restored = read_checkpoint(outputs["checkpoint"], MODELS)
        assert set(restored) == set(fits[1])
        windows = read_windows(inputs["windows"])
        for seed in SEEDS:
            test = samples_of_split(windows, draw_dataset(windows, name="FUSED_SHARP", seed=seed, **DRAW), "test")
            for model in SETTINGS:
                name = f"{model}/{seed}"
                assert restored[name].probability(test).tobytes() == fits[1][name].probability(test).tobytes()

    def test_a_checkpoint_holds_arrays_and_json_alone(self, fits, tmp_path):
        outputs = outputs_in(tmp_path)
        write_batch(fits, **outputs, made_from=MADE_FROM)
        content = Path(outputs["checkpoint"]).read_bytes()
        arrays = load(content)
        assert {name.rsplit("/", 1)[0] for name in arrays} == set(fits[1]) - {"persistence/0", "persistence/2"}
        header = json.loads(content[8 : 8 + int.from_bytes(content[:8], "little")])
        assert json.loads(header["__metadata__"]["made_from"]) == MADE_FROM


GARBAGE = {
    "no checkpoint": b"this is no checkpoint",
    "empty": b"",
    "another program's": save({"a": np.zeros(2)}),
    "metadata of another program": save({"a": np.zeros(2)}, metadata={"format": "pt"}),
    "metadata that are no JSON": save({"a": np.zeros(2)}, metadata={"made_from": "not {json"}),
    "metadata that name no models": save({"a": np.zeros(2)}, metadata={"made_from": "{}"}),
    "a model not known": save({"a": np.zeros(2)}, metadata={"made_from": '{"models": {"oracle": {}}, "seeds": [0]}'}),
    "arrays of a model missing": save(
        {"a": np.zeros(2)}, metadata={"made_from": json.dumps({"models": {"lstm": SETTINGS["lstm"]}, "seeds": [0]})}
    ),
}


@pytest.mark.parametrize("content", GARBAGE.values(), ids=GARBAGE.keys())
def test_what_is_no_checkpoint_is_told(tmp_path, content):
    path = tmp_path / "checkpoint.safetensors"
    path.write_bytes(content)
    with pytest.raises(InputError, match=r"checkpoint\.safetensors: not a checkpoint of flaredag .*made again"):
        read_checkpoint(path, MODELS)


def test_a_checkpoint_cut_off_is_told(fits, tmp_path):
    outputs = outputs_in(tmp_path)
    write_batch(fits, **outputs, made_from=MADE_FROM)
    path = Path(outputs["checkpoint"])
    path.write_bytes(path.read_bytes()[:-100])
    with pytest.raises(InputError, match="not a checkpoint"):
        read_checkpoint(path, MODELS)


FIT_IN_A_PROCESS = """
import json, sys
from flaredag import fitting
from flaredag.models import gradient_boosting, logistic_regression, lstm
inputs, outputs, settings, made_from = json.loads(sys.argv[1])
models = {"lstm": lstm, "gradient_boosting": gradient_boosting, "logistic_regression": logistic_regression}
fits = fitting.fit_batch(**inputs, dataset="FUSED_SHARP", seeds=[0, 2], settings=settings, models=models)
fitting.write_batch(fits, **outputs, made_from=made_from)
"""


def test_two_processes_write_the_same_bytes(inputs, tmp_path):
    settings = {name: SETTINGS[name] for name in ("lstm", "gradient_boosting", "logistic_regression")}
    digests = []
    for hash_seed, threads in (("1", "1"), ("2", "2")):
        outputs = outputs_in(tmp_path / hash_seed)
        subprocess.run(
            [sys.executable, "-c", FIT_IN_A_PROCESS, json.dumps([inputs, outputs, settings, MADE_FROM])],
            env=os.environ
            | {"PYTHONHASHSEED": hash_seed, "OMP_NUM_THREADS": threads, "PYTHONPATH": os.pathsep.join(sys.path)},
            check=True,
        )
        digests.append({name: hashlib.sha256(Path(path).read_bytes()).hexdigest() for name, path in outputs.items()})
    assert digests[0] == digests[1]


class TestDatasetOf:
    @pytest.fixture
    def index(self, tmp_path):
        def entry(*digests):
            return {"seeds": {str(seed): {"digest": digest} for seed, digest in enumerate(digests)}}

        path = tmp_path / "index.json"
        path.write_text(json.dumps({"datasets": {"A": entry("a", "b"), "B": entry("a", "c"), "TWIN": entry("a", "b")}}))
        return path

    def test_the_first_data_set_with_all_digests_is_named(self, index):
        assert dataset_of(index, {"0": "a", "1": "c"}) == "B"
        assert dataset_of(index, {"1": "b", "0": "a"}) == "A"

    @pytest.mark.parametrize("digests", [{"0": "a", "1": "x"}, {"2": "a"}])
    def test_digests_that_nobody_has_are_told(self, index, digests):
        with pytest.raises(InputError, match="names no data set with the digests"):
            dataset_of(index, digests)
