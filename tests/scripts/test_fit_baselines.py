"""The rule that fits the models of seconds."""

from pathlib import Path

import pytest

from fit_baselines import MODELS, main
from flaredag.errors import InputError
from flaredag.fitting import read_checkpoint
from flaredag.predictions import read_predictions
from made_up_datasets import drawn_datasets, entries_of_seeds, outputs_of_fit

SETTINGS = {
    "climatology": {},
    "persistence": {},
    "logistic_regression": {"inverse_regularisation": 1.0, "n_features": "all"},
    "logistic_regression_on_first_feature": {"inverse_regularisation": 1.0, "n_features": 1},
    "logistic_regression_on_quantiles": {"inverse_regularisation": 1.0, "n_features": "all", "transform": "quantile"},
    "logistic_regression_on_logarithms": {"inverse_regularisation": 1.0, "n_features": "all", "transform": "logarithm"},
    "gradient_boosting": {"learning_rate": 0.1, "max_trees": 5, "max_leaves": 4},
}


@pytest.fixture
def inputs(study_windows, tmp_path):
    return drawn_datasets(tmp_path, study_windows(n_regions=40))


@pytest.fixture
def outputs(tmp_path):
    return outputs_of_fit(tmp_path / "store")


def made_from(inputs, *, seeds=(0, 1), models=SETTINGS):
    index = entries_of_seeds(inputs)
    return {
        "seeds": list(seeds),
        "models": models,
        "datasets": {str(seed): index[str(seed)]["digest"] for seed in seeds if str(seed) in index},
        "code": "0" * 16,
        "environment": "0" * 16,
    }


def test_every_model_predicts_every_split(inputs, outputs):
    main(inputs, outputs, made_from=made_from(inputs))
    table = read_predictions(outputs["predictions"])
    assert set(table["model"]) == set(SETTINGS) == set(MODELS)
    n_samples = table.groupby(["model", "seed", "split"], observed=True).size().unstack()
    # Every model and seed predicts the 60 positive and 120 negative windows of SHARP, split by region.
    assert (n_samples.sum(axis=1) == 180).all()
    assert (n_samples > 0).all(axis=None)
    rates = table[(table["model"] == "climatology") & (table["seed"] == 0)]
    train = rates[rates["split"] == "train"]
    assert set(rates["probability"]) == {train["label"].mean()}
    # Of each strong region's three positive windows the first is the onset, before which persistence is silent.
    persistence = table[(table["model"] == "persistence") & (table["label"] == 1)]
    assert persistence["probability"].mean() == pytest.approx(2 / 3)
    assert (table[(table["model"] == "persistence") & (table["label"] == 0)]["probability"] == 0).all()


def test_two_settings_of_one_model_are_two_models(inputs, outputs):
    main(inputs, outputs, made_from=made_from(inputs))
    models = read_checkpoint(outputs["checkpoint"], MODELS)
    assert len(models["logistic_regression/0"].arrays["coefficients"]) == 4
    assert len(models["logistic_regression_on_first_feature/0"].arrays["coefficients"]) == 1
    assert "quantiles" not in models["logistic_regression/0"].arrays
    assert models["logistic_regression_on_quantiles/0"].arrays["quantiles"].shape[1] == 4


def test_same_bytes_again_and_a_checkpoint_that_can_be_read(inputs, outputs):
    digests = []
    for _ in range(2):
        main(inputs, outputs, made_from=made_from(inputs))
        digests.append({name: Path(path).read_bytes() for name, path in outputs.items()})
    assert digests[0] == digests[1]
    assert set(read_checkpoint(outputs["checkpoint"], MODELS)) == {f"{m}/{seed}" for m in SETTINGS for seed in (0, 1)}


def test_a_batch_of_one_seed_gives_that_seeds_predictions(inputs, outputs):
    main(inputs, outputs, made_from=made_from(inputs))
    together = read_predictions(outputs["predictions"])
    main(inputs, outputs, made_from=made_from(inputs, seeds=[1]))
    alone = read_predictions(outputs["predictions"])
    wanted = together[together["seed"] == 1]
    assert alone["probability"].tolist() == wanted["probability"].tolist()
    assert set(alone["seed"]) == {1}


@pytest.mark.parametrize("seeds", [[0, 7], [7]])
def test_bad_input_leaves_nothing_behind(inputs, outputs, seeds):
    with pytest.raises(InputError, match="no data set SHARP_ONLY of seed 7"):
        main(inputs, outputs, made_from=made_from(inputs, seeds=seeds))
    assert not Path(outputs["predictions"]).parent.exists()


def test_an_index_that_is_no_json_is_told(inputs, outputs):
    wanted = made_from(inputs)
    Path(inputs["index"]).write_text("{")
    with pytest.raises(InputError, match=r"index\.json: not JSON"):
        main(inputs, outputs, made_from=wanted)
