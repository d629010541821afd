"""The multilayer perceptron: its form, that it learns, and that it sees the last record alone."""

import dataclasses

import numpy as np
import pytest
import torch
from safetensors.numpy import load, save
from sklearn.metrics import roc_auc_score

from flaredag.errors import InputError
from flaredag.models import perceptron
from made_up_sequences import bytes_of, last_record_samples, ordered_samples

SETTINGS = {
    "hidden_sizes": [20, 10],
    "learning_rate": 0.02,
    "batch_size": 32,
    "max_epochs": 15,
    "kept_epoch": "last",
    "class_weights": "balanced",
}


@pytest.fixture(scope="module")
def fitted():
    return perceptron.fit(last_record_samples(), last_record_samples(seed=1), seed=0, settings=SETTINGS)


def test_the_papers_network_has_its_number_of_parameters():
    network = perceptron.Perceptron(40, hidden_sizes=[200, 500])
    n_parameters = sum(parameter.numel() for parameter in network.parameters())
    assert n_parameters == 200 * 41 + 500 * 201 + 2 * 501
    assert network(torch.zeros(3, 10, 40)).shape == (3, 2)


def test_by_hand():
    network = perceptron.Perceptron(2, hidden_sizes=[2])
    with torch.no_grad():
        network.layers[0].weight[:] = torch.tensor([[1.0, 1.0], [1.0, -1.0]])
        network.layers[0].bias[:] = torch.tensor([0.0, -1.0])
        network.layers[2].weight[:] = torch.tensor([[1.0, 0.0], [10.0, 100.0]])
        network.layers[2].bias[:] = torch.tensor([0.5, 0.0])
    # (1, 3): hidden 4 and max(-3, 0); (3, 1): hidden 4 and 1.
    found = network(torch.tensor([[[9.0, 9.0], [1.0, 3.0]], [[9.0, 9.0], [3.0, 1.0]]]))
    assert found.tolist() == [[4.5, 40.0], [4.5, 140.0]]


def test_learns_what_is_no_linear_rule(fitted):
    test = last_record_samples(seed=2)
    assert roc_auc_score(test.label, fitted.probability(test)) > 0.95


def test_sees_the_last_record_alone(fitted):
    test = last_record_samples(seed=2)
    other = test.sequence.copy()
    other[:, :-1] = 99
    changed = dataclasses.replace(test, sequence=other)
    assert fitted.probability(changed).tobytes() == fitted.probability(test).tobytes()


def test_cannot_learn_what_came_before_what():
    # What the LSTM learns in its test.
    fit = perceptron.fit(ordered_samples(), ordered_samples(seed=1), seed=0, settings=SETTINGS)
    test = ordered_samples(n_samples=2000, seed=2)
    assert abs(roc_auc_score(test.label, fit.probability(test)) - 0.5) < 0.1


def test_same_seed_same_bits(fitted):
    again = perceptron.fit(last_record_samples(), last_record_samples(seed=1), seed=0, settings=SETTINGS)
    assert bytes_of(again) == bytes_of(fitted)
    other = perceptron.fit(last_record_samples(), last_record_samples(seed=1), seed=1, settings=SETTINGS)
    assert bytes_of(other) != bytes_of(fitted)


def test_a_checkpoint_gives_the_same_bits(fitted):
    test = last_record_samples(seed=2)
    again = perceptron.restored(load(save(fitted.arrays)), SETTINGS)
    assert again.probability(test).tobytes() == fitted.probability(test).tobytes()


def test_what_does_not_fit_is_refused(fitted):
    with pytest.raises(InputError, match=r"arrays of another network.*layers.0.weight"):
        perceptron.restored(fitted.arrays, SETTINGS | {"hidden_sizes": [30]})
    with pytest.raises(InputError, match=r"no matrix layers.0.weight among the arrays"):
        perceptron.restored({"coefficients": np.zeros(3)}, SETTINGS)
    test = last_record_samples()
    fewer = dataclasses.replace(test, sequence=test.sequence[:, :, :2])
    with pytest.raises(InputError, match="6 steps and 2 features; the model wants 6 steps and 3 features"):
        fitted.probability(fewer)
