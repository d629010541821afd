"""Batches of fits: what they predict, what they store, and that the store cannot mislead."""

import dataclasses
import hashlib
import json
import os
import subprocess
import sys
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest
from safetensors.numpy import load, save

from draw_datasets import main as draw
from flaredag.artifacts import sha256_of_file, write_json
from flaredag.datasets import draw_dataset
from flaredag.errors import InputError
from flaredag.fitting import dataset_of, fit_batch, read_checkpoint, write_batch
from flaredag.models import (
    climatology,
    gradient_boosting,
    logistic_regression,
    lstm,
    persistence,
    point_in_time_network,
)
from flaredag.predictions import read_predictions
from flaredag.samples import content_digest, read_windows, samples_of_split, write_datasets, write_windows
from flaredag.splits import SPLITS
from made_up_archive import with_images, written_cubes

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
    "logistic_regression": {"inverse_regularisation": 1.0, "n_features": "all"},
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
FILES = {"windows": "windows.nc", "datasets": "datasets.nc", "index": "index.json"}
MADE_FROM = {"seeds": SEEDS, "models": SETTINGS, "datasets": {}, "code": "0" * 16, "environment": "1" * 16}


def swapped(windows):
    """The windows with the labels of another task."""
    label = np.where(windows.label >= 0, 1 - windows.label, -1).astype(np.int8)
    return dataclasses.replace(windows, label=label)


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
    write_windows(folder / "windows.nc", {"flare": windows})
    write_datasets(folder / "datasets.nc", {"FUSED_SHARP": drawn})
    write_json(folder / "index.json", {"datasets": {"FUSED_SHARP": {"seeds": digests, "task": ""}}})
    return {name: str(folder / file) for name, file in FILES.items()}


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


class Epochs:
    """A model whose training gives a forecast for each kept epoch; it tells what it was trained for."""

    NUMBERS = ("brier_score", "last", "true_skill_statistic")

    def __init__(self):
        self.trained = []

    class Fitted:
        def __init__(self, number):
            self.arrays, self.history, self.number = {}, {}, number

        def probability(self, samples):
            return np.full(len(samples), self.number / 10)

    def fit_kept_epochs(self, train, validation, *, seed, settings, kept_epochs):
        del train, validation
        self.trained.append((seed, settings["size"], list(kept_epochs)))
        return {name: self.Fitted(settings["size"] + self.NUMBERS.index(name)) for name in kept_epochs}


class TestModelsThatDifferInTheirEpochAlone:
    @staticmethod
    def fitted(inputs, epochs):
        settings = {
            "a": {"size": 1, "kept_epoch": "true_skill_statistic"},
            "other_size": {"size": 5, "kept_epoch": "true_skill_statistic"},
            "climatology": {},
            "a_by_brier_score": {"size": 1, "kept_epoch": "brier_score"},
            "a_again": {"kept_epoch": "brier_score", "size": 1},
            "other_module": {"size": 1, "kept_epoch": "last"},
        }
        models = dict.fromkeys(settings, epochs[0]) | {"climatology": climatology, "other_module": epochs[1]}
        return fit_batch(**inputs, dataset="FUSED_SHARP", seeds=SEEDS, settings=settings, models=models)

    def test_are_trained_once(self, inputs):
        epochs = [Epochs(), Epochs()]
        table, fitted = self.fitted(inputs, epochs)
        by_both = ["true_skill_statistic", "brier_score"]
        assert epochs[0].trained == [one for seed in SEEDS for one in ((seed, 1, by_both), (seed, 5, by_both[:1]))]
        assert epochs[1].trained == [(seed, 1, ["last"]) for seed in SEEDS]
        # Each has its forecasts, in the order of the settings.
        names = ["a", "other_size", "climatology", "a_by_brier_score", "a_again", "other_module"]
        assert list(fitted) == [f"{model}/{seed}" for seed in SEEDS for model in names]
        assert table["model"].drop_duplicates().tolist() == names
        means = table[table["model"] != "climatology"].groupby("model", observed=True)["probability"].mean()
        wanted = {"a": 0.3, "a_again": 0.1, "a_by_brier_score": 0.1, "other_module": 0.2, "other_size": 0.7}
        assert means.round(12).to_dict() == wanted

    def test_give_the_bits_that_they_give_alone(self, inputs):
        network = {
            "head_sizes": [8, 8, 4],
            "steps": "last",
            "head_dropouts": [0.1, 0.1, 0.1],
            "learning_rate": 0.05,
            "batch_size": 16,
            "max_epochs": 6,
            "class_weights": "balanced",
        }
        settings = {name: network | {"kept_epoch": name} for name in ("true_skill_statistic", "brier_score")}
        models = dict.fromkeys(settings, point_in_time_network)

        def probabilities(settings):
            table, _ = fit_batch(**inputs, dataset="FUSED_SHARP", seeds=[0], settings=settings, models=models)
            return {model: own["probability"].to_numpy().tobytes() for model, own in table.groupby("model")}

        together = probabilities(settings)
        assert together == {name: probabilities({name: own})[name] for name, own in settings.items()}
        assert len(set(together.values())) == 2


class TestDigests:
    @pytest.mark.parametrize("changed", ["feature", "label"])
    def test_windows_that_changed_under_the_index_are_refused(self, inputs, study_windows, tmp_path, changed):
        windows = study_windows(n_regions=40)
        if changed == "feature":
            windows.features[:] += 1e-3 * np.arange(len(windows.features))[:, None]
        else:
            windows.label[windows.label >= 0] ^= 1
        write_windows(tmp_path / "windows.nc", {"flare": windows})
        with pytest.raises(
            InputError,
            match=r"datasets\.nc: FUSED_SHARP, seed 0 has the digest [0-9a-f]{16}, wanted [0-9a-f]{16}: the windows",
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


class MeanField:
    """A model on magnetograms that forecasts by the mean field alone; its one array is the training mean, gauss."""

    class Fitted:
        def __init__(self, arrays):
            self.arrays, self.history = arrays, {}

        def probability(self, samples):
            strength = np.abs(samples.magnetograms.steps * 0.5).mean(axis=(1, 2))
            return 1 / (1 + np.exp(-(strength - self.arrays["mean"][0]) / 100))

    @classmethod
    def fit(cls, train, validation, *, seed, settings):
        del validation, seed, settings
        return cls.Fitted({"mean": np.abs(train.magnetograms.steps * 0.5).mean(keepdims=True)[0, 0]})

    @classmethod
    def restored(cls, arrays, settings):
        del settings
        return cls.Fitted(dict(arrays))


class TestOnMagnetograms:
    @pytest.fixture
    def study(self, study_windows, tmp_path):
        """Windows, their packed frames, inputs as paths, and paths of the cubes."""
        windows, steps = with_images(study_windows(n_regions=40))
        paths = {name: str(tmp_path / file) for name, file in FILES.items()}
        write_windows(paths["windows"], {"weak": swapped(windows), "strong": windows})
        drawn = {"seeds": [0, 2], "task": "strong", "draw": DRAW | {"pixels_standardised_by": "sharp"}}
        draw(*paths.values(), settings={"FUSED_SHARP": drawn}, explanation=None)
        return windows, steps, paths, written_cubes(tmp_path, windows, steps)

    @staticmethod
    def fitted(paths, cubes):
        settings = {"mean_field": {}, "climatology": {}}
        models = {"mean_field": MeanField, "climatology": climatology}
        return fit_batch(**paths, dataset="FUSED_SHARP", seeds=SEEDS, settings=settings, models=models, cubes=cubes)

    def test_each_sample_is_forecast_from_its_own_magnetogram(self, study):
        windows, steps, paths, cubes = study
        table, fitted = self.fitted(paths, cubes)
        strength = np.abs(steps * 0.5).mean(axis=(1, 2))
        for seed in SEEDS:
            drawn = draw_dataset(windows, name="FUSED_SHARP", seed=seed, **DRAW)
            mean = strength[drawn.positions["train"]].mean()
            assert fitted[f"mean_field/{seed}"].arrays["mean"] == pytest.approx(mean)
            for split in SPLITS:
                own = table[(table["seed"] == seed) & (table["split"] == split) & (table["model"] == "mean_field")]
                wanted = 1 / (1 + np.exp(-(strength[drawn.positions[split]] - mean) / 100))
                np.testing.assert_allclose(own["probability"], wanted)
                # The labels are those of the data set's task.
                assert own["label"].tolist() == windows.label[drawn.positions[split]].tolist()

    def test_models_on_keywords_do_as_without(self, study):
        _, _, paths, cubes = study
        both = [self.fitted(paths, cubes)[0]]
        both.append(
            fit_batch(**paths, dataset="FUSED_SHARP", seeds=SEEDS, settings={"climatology": {}}, models=MODELS)[0]
        )
        one, other = (table[table["model"] == "climatology"].reset_index(drop=True) for table in both)
        assert one.equals(other)

    def test_a_place_that_changed_under_the_index_is_refused(self, study):
        windows, _, paths, cubes = study
        place = windows.images.longitude_deg + np.float32(1)
        moved = dataclasses.replace(windows, images=dataclasses.replace(windows.images, longitude_deg=place))
        write_windows(paths["windows"], {"weak": swapped(moved), "strong": moved})
        with pytest.raises(
            InputError, match=r"seed 0, magnetograms has the digest [0-9a-f]{16}, wanted [0-9a-f]{16}: the windows"
        ):
            self.fitted(paths, cubes)
        # What does not see them is fitted all the same.
        fit_batch(**paths, dataset="FUSED_SHARP", seeds=SEEDS, settings={"climatology": {}}, models=MODELS)

    def test_frames_that_changed_under_the_windows_are_refused(self, study, tmp_path):
        windows, steps, paths, _ = study
        with pytest.raises(InputError, match="its frames are not those that the windows were made with"):
            self.fitted(paths, written_cubes(tmp_path, windows, -steps))

    def test_an_index_that_tells_no_magnetograms_is_refused(self, study):
        _, _, paths, cubes = study
        index = json.loads(Path(paths["index"]).read_text())
        for entry in index["datasets"]["FUSED_SHARP"]["seeds"].values():
            del entry["magnetograms"]
        Path(paths["index"]).write_text(json.dumps(index))
        with pytest.raises(InputError, match=r"magnetograms has the digest .*, wanted None: .*Run snakemake again"):
            self.fitted(paths, cubes)

    def test_windows_without_magnetograms_are_refused(self, inputs):
        with pytest.raises(InputError, match="windows without magnetograms"):
            self.fitted(inputs, {})

    def test_a_missing_cube_is_told(self, study):
        _, _, paths, cubes = study
        with pytest.raises(InputError, match="windows name the cube smarp-0, there are sharp-0"):
            self.fitted(paths, {"sharp-0": cubes["sharp-0"]})


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

    def test_arrays_come_back_however_they_lie_in_memory(self, fits, tmp_path):
        # As scikit-learn gives quantiles; and a count without dims, as batch normalisation keeps.
        table, _ = fits
        arrays = {"by_column": np.asfortranarray(np.arange(6.0).reshape(2, 3)), "count": np.array(7)}
        arrays |= {"strided": np.arange(10.0)[::3], "transposed": np.arange(6, dtype=np.float32).reshape(3, 2).T}
        outputs = outputs_in(tmp_path)
        kept = SimpleNamespace(arrays=arrays, history={})
        write_batch((table, {"lstm/0": kept}), **outputs, made_from=MADE_FROM)
        stored = load(Path(outputs["checkpoint"]).read_bytes())
        for name, values in arrays.items():
            assert stored[f"lstm/0/{name}"].shape == values.shape
            assert stored[f"lstm/0/{name}"].tolist() == values.tolist(), name

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
