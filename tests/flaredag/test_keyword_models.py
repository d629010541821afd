"""Modules of models by their names: those of the rules that fit."""

import pytest
import yaml

import fit_baselines
import fit_classifiers
import fit_networks
from flaredag.keyword_models import KEYWORD_MODELS
from made_up_studies import ROOT


@pytest.mark.parametrize("script", [fit_networks, fit_baselines, fit_classifiers])
def test_modules_are_those_that_fit(script):
    assert {model: KEYWORD_MODELS[model] for model in script.MODELS} == script.MODELS


def test_every_model_on_keywords_of_the_configuration_has_a_module():
    models = yaml.safe_load((ROOT / "config.yaml").read_text())["models"]
    for model in models:
        if not model.startswith("cnn"):
            assert callable(KEYWORD_MODELS[model].restored)


def test_another_name_has_none():
    with pytest.raises(KeyError, match="no model on keywords begins as cnn_location does"):
        KEYWORD_MODELS["cnn_location"]
