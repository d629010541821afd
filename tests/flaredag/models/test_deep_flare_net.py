"""Deep Flare Net: its form as published, that it learns, and that it sees the last record alone."""

import dataclasses
from itertools import pairwise

import numpy as np
import pytest
import torch
from safetensors.numpy import load, save
from sklearn.metrics import roc_auc_score
from torch import nn

from flaredag.errors import InputError
from flaredag.models import deep_flare_net
from flaredag.models.deep_flare_net import DeepFlareNet
from made_up_sequences import bytes_of, last_record_samples, samples_of

SETTINGS = {
    "learning_rate": 0.003,
    "batch_size": 50,
    "max_epochs": 25,
    "patience_epochs": 25,
    "kept_epoch": "true_skill_statistic",
    "class_weights": "balanced",
}


@pytest.fixture(scope="module")
def fitted():
    return deep_flare_net.fit(last_record_samples(), last_record_samples(seed=1), seed=0, settings=SETTINGS)


class TestForm:
    def test_layers_of_the_published_network(self):
        # 79 features, as in the paper: 79, 200, 200, 79, 200, 200, 79, 200, 2.
        network = DeepFlareNet(79)
        linear = [module for module in network.modules() if isinstance(module, nn.Linear)]
        sizes = [79, 200, 200, 79, 200, 200, 79, 200, 2]
        assert [(layer.in_features, layer.out_features) for layer in linear] == list(pairwise(sizes))
        assert [layer.bias is not None for layer in linear] == [True, *[False] * 6, True]
        normalised = [module for module in network.modules() if isinstance(module, nn.BatchNorm1d)]
        assert [layer.num_features for layer in normalised] == sizes[2:-1]
        assert {(layer.eps, round(layer.momentum, 9)) for layer in normalised} == {(0.001, 0.01)}
        assert [module.p for module in network.modules() if isinstance(module, nn.Dropout)] == [0.25]

    def test_number_of_parameters_that_are_learnt(self):
        learnt = sum(parameter.numel() for parameter in DeepFlareNet(40).parameters() if parameter.requires_grad)
        weights = 40 * 200 + 200 * 200 + 200 * 40 + 40 * 200 + 200 * 200 + 200 * 40 + 40 * 200 + 200 * 2
        shifts = 200 + 40 + 200 + 200 + 40 + 200
        assert learnt == weights + 200 + shifts + 2

    def test_by_its_layers_one_after_the_other(self):
        torch.manual_seed(0)
        network = DeepFlareNet(4).eval()
        state = {name: value.double() for name, value in network.state_dict().items()}
        for name in state:
            if "running" in name or name.endswith("normalisation.bias"):
                state[name] = torch.rand_like(state[name]) + 0.5
        network.double().load_state_dict(state)
        sequence = torch.randn(5, 3, 4, dtype=torch.float64)
        features = sequence[:, -1]

        def layer(inputs, place):
            given = inputs @ state[f"{place}.linear.weight"].T
            norm = f"{place}.normalisation"
            scaled = (given - state[f"{norm}.running_mean"]) / torch.sqrt(state[f"{norm}.running_var"] + 0.001)
            return torch.relu(scaled + state[f"{norm}.bias"])

        hidden = torch.relu(features @ state["first.0.weight"].T + state["first.0.bias"])
        hidden = layer(layer(hidden, "to_first_skip.0"), "to_first_skip.1") + features
        for number in range(3):
            hidden = layer(hidden, f"to_second_skip.{number}")
        hidden = layer(hidden + features, "last.0")
        torch.testing.assert_close(network(sequence), hidden @ state["last.1.weight"].T + state["last.1.bias"])

    def test_first_weights(self):
        torch.manual_seed(0)
        network = DeepFlareNet(40)
        weights = network.to_first_skip[0].linear.weight.detach()
        # A normal distribution cut at two standard deviations has 0.88 of its standard deviation.
        assert weights.abs().max() <= 0.2
        assert float(weights.std()) == pytest.approx(0.088, abs=0.002)
        assert (network.first[0].bias == 1.1).all()
        assert (network.last[1].bias == 0.1).all()


def test_learns_what_is_no_linear_rule(fitted):
    test = last_record_samples(seed=2)
    probability = fitted.probability(test)
    assert ((probability > 0) & (probability < 1)).all()
    assert roc_auc_score(test.label, probability) > 0.9


def test_the_scale_of_batch_normalisation_is_not_learnt(fitted):
    scales = [values for name, values in fitted.arrays.items() if name.endswith("normalisation.weight")]
    assert len(scales) == 6
    assert all((values == 1).all() for values in scales)


def test_sees_the_last_record_alone(fitted):
    test = last_record_samples(seed=2)
    other = test.sequence.copy()
    other[:, :-1] = 99
    changed = dataclasses.replace(test, sequence=other)
    assert fitted.probability(changed).tobytes() == fitted.probability(test).tobytes()


def test_same_seed_same_bits():
    settings = SETTINGS | {"max_epochs": 2}
    first, again, other = (
        deep_flare_net.fit(last_record_samples(), last_record_samples(seed=1), seed=seed, settings=settings)
        for seed in (0, 0, 1)
    )
    assert bytes_of(first) == bytes_of(again) != bytes_of(other)


def test_a_checkpoint_gives_the_same_bits(fitted):
    test = last_record_samples(seed=2)
    again = deep_flare_net.restored(load(save(fitted.arrays)), SETTINGS)
    assert again.probability(test).tobytes() == fitted.probability(test).tobytes()


def test_too_few_samples_for_batch_normalisation():
    one = samples_of(np.zeros((1, 2, 3)), [1])
    with pytest.raises(InputError, match="batches of 1 of 1 training samples; batch normalisation wants at least 2"):
        deep_flare_net.fit(one, last_record_samples(), seed=0, settings=SETTINGS)
    with pytest.raises(InputError, match="batches of 1 of 400 training samples"):
        deep_flare_net.fit(last_record_samples(), last_record_samples(), seed=0, settings=SETTINGS | {"batch_size": 1})


def test_what_does_not_fit_is_refused(fitted):
    fewer = {name: value for name, value in fitted.arrays.items() if name != "last.1.bias"}
    with pytest.raises(InputError, match=r"arrays of another network.*last.1.bias"):
        deep_flare_net.restored(fewer, SETTINGS)
    with pytest.raises(InputError, match=r"no matrix first.0.weight among the arrays, which are none"):
        deep_flare_net.restored({}, SETTINGS)
