"""Jordan's network: its form, that it hands its output on, and that it learns order in time."""

import numpy as np
import pytest
import torch
from safetensors.numpy import load, save
from sklearn.metrics import roc_auc_score

from flaredag.errors import InputError
from flaredag.models import jordan_network
from flaredag.models.jordan_network import JordanNetwork
from made_up_sequences import bytes_of, ordered_samples, samples_of

SETTINGS = {
    "hidden_size": 10,
    "output_size": 10,
    "learning_rate": 0.03,
    "batch_size": 32,
    "max_epochs": 12,
    "kept_epoch": "last",
    "class_weights": "balanced",
}


def fitted(seed=0, **changed):
    return jordan_network.fit(ordered_samples(), ordered_samples(seed=1), seed=seed, settings=SETTINGS | changed)


def test_number_of_parameters():
    # 40 inputs and 10 outputs of before to 10, 10 to 10, 10 to 2, with one bias each.
    network = JordanNetwork(40, hidden_size=10, output_size=10)
    assert sum(parameter.numel() for parameter in network.parameters()) == 10 * (40 + 10 + 1) + 10 * 11 + 2 * 11
    assert network(torch.zeros(3, 10, 40)).shape == (3, 2)


def test_by_hand_over_two_steps():
    network = JordanNetwork(1, hidden_size=1, output_size=1)
    with torch.no_grad():
        for module, weight, bias in ((network.input, 2.0, 0.5), (network.output, 3.0, -1.0)):
            module.weight[:], module.bias[:] = weight, bias
        network.context.weight[:] = 4.0
        network.head.weight[:] = torch.tensor([[1.0], [2.0]])
        network.head.bias[:] = torch.tensor([0.0, 5.0])
    first = 1 / (1 + np.exp(-(3 * np.tanh(2 * 0.1 + 0.5) - 1)))
    second = 1 / (1 + np.exp(-(3 * np.tanh(2 * -0.3 + 0.5 + 4 * first) - 1)))
    found = network(torch.tensor([[[0.1], [-0.3]]]))
    np.testing.assert_allclose(found.detach(), [[second, 2 * second + 5]], rtol=1e-6)


def test_learns_what_came_before_what():
    test = ordered_samples(seed=2)
    assert roc_auc_score(test.label, fitted().probability(test)) > 0.9


def test_same_seed_same_bits():
    first, again = fitted(max_epochs=1), fitted(max_epochs=1)
    assert bytes_of(first) == bytes_of(again)
    assert bytes_of(fitted(max_epochs=1, seed=1)) != bytes_of(first)


def test_a_checkpoint_gives_the_same_bits():
    fit, test = fitted(max_epochs=1), ordered_samples(seed=2)
    again = jordan_network.restored(load(save(fit.arrays)), SETTINGS)
    assert again.probability(test).tobytes() == fit.probability(test).tobytes()


def test_what_does_not_fit_is_refused():
    fit = fitted(max_epochs=1)
    with pytest.raises(InputError, match=r"arrays of another network.*output.weight"):
        jordan_network.restored(fit.arrays, SETTINGS | {"output_size": 4})
    with pytest.raises(InputError, match=r"no matrix input.weight among the arrays, which are none"):
        jordan_network.restored({}, SETTINGS)
    with pytest.raises(InputError, match="3 steps and 5 features; the model wants 3 steps and 3 features"):
        fit.probability(samples_of(np.zeros((2, 3, 5)), np.zeros(2)))
