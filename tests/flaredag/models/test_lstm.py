"""The LSTM: its form, its determinism, and that it learns."""

import dataclasses

import numpy as np
import pytest
import torch
from sklearn.metrics import roc_auc_score
from torch import nn

from flaredag.models import lstm

SETTINGS = {
    "hidden_size": 8,
    "n_layers": 2,
    "learning_rate": 0.01,
    "batch_size": 64,
    "max_epochs": 6,
    "patience_epochs": 5,
}


def bytes_of(fit):
    return {name: values.tobytes() for name, values in fit.arrays.items()}


@pytest.fixture
def two_threads():
    threads = torch.get_num_threads()
    torch.set_num_threads(2)
    yield
    torch.set_num_threads(threads)


def test_the_papers_network_has_its_number_of_parameters():
    # Layers of 64: 4 gates x 64 x (4 + 64 inputs + 2 biases), then x (64 + 64 + 2); linear 64 x 2 + 2.
    network = lstm.KeywordLSTM(4, hidden_size=64, n_layers=2)
    assert sum(parameter.numel() for parameter in network.parameters()) == 256 * 70 + 256 * 130 + 130


def test_the_output_is_the_linear_layer_of_the_last_step():
    network = lstm.KeywordLSTM(3, hidden_size=5, n_layers=1)
    sequence = torch.randn(2, 4, 3)
    # LSTM by its equations (Hochreiter & Schmidhuber 1997; torch's order of gates: input, forget, cell, output).
    weights = network.lstm
    hidden = cell = torch.zeros(2, 5)
    for step in range(4):
        gates = sequence[:, step] @ weights.weight_ih_l0.T + weights.bias_ih_l0
        gates = gates + hidden @ weights.weight_hh_l0.T + weights.bias_hh_l0
        into, forget, new, out = gates.chunk(4, dim=1)
        cell = forget.sigmoid() * cell + into.sigmoid() * new.tanh()
        hidden = out.sigmoid() * cell.tanh()
    wanted = hidden @ network.linear.weight.T + network.linear.bias
    torch.testing.assert_close(network(sequence), wanted)
    assert isinstance(network.lstm, nn.LSTM)


def test_same_seed_same_bits_whatever_happened_before(make_samples):
    train, validation = make_samples(), make_samples(seed=1)
    torch.manual_seed(1)
    first = lstm.fit(train, validation, seed=3, settings=SETTINGS)
    torch.rand(10)
    again = lstm.fit(train, validation, seed=3, settings=SETTINGS)
    assert bytes_of(first) == bytes_of(again)
    assert first.history == again.history
    other = lstm.fit(train, validation, seed=4, settings=SETTINGS)
    assert bytes_of(first) != bytes_of(other)


@pytest.mark.parametrize("hidden_size", [8, 64])
def test_the_number_of_threads_outside_changes_no_bit(make_samples, two_threads, hidden_size):
    train, validation = make_samples(), make_samples(seed=1)
    many = make_samples(n_samples=20_000, seed=2, n_steps=16)
    settings = SETTINGS | {"hidden_size": hidden_size, "max_epochs": 2}
    on_two = lstm.fit(train, validation, seed=3, settings=settings)
    predicted_on_two = on_two.probability(many)
    torch.set_num_threads(1)
    on_one = lstm.fit(train, validation, seed=3, settings=settings)
    assert bytes_of(on_one) == bytes_of(on_two)
    assert on_one.probability(many).tobytes() == predicted_on_two.tobytes()


def test_restored_gives_the_same_bits(make_samples):
    train, test = make_samples(), make_samples(seed=1)
    fit = lstm.fit(train, test, seed=0, settings=SETTINGS)
    again = lstm.restored(fit.arrays, SETTINGS)
    assert again.probability(test).tobytes() == fit.probability(test).tobytes()


def test_restored_arrays_are_its_own(make_samples):
    train = make_samples()
    fit = lstm.fit(train, train, seed=0, settings=SETTINGS | {"max_epochs": 1})
    arrays = {name: values.copy() for name, values in fit.arrays.items()}
    again = lstm.restored(arrays, SETTINGS)
    before = again.probability(train)
    for values in arrays.values():
        values[...] = 0
    assert again.probability(train).tobytes() == before.tobytes()


def test_learns_and_gives_the_probability_of_the_positive_class(make_samples):
    train, validation, test = (make_samples(n_samples=600, seed=seed, strength=6.0) for seed in (0, 1, 2))
    fit = lstm.fit(train, validation, seed=0, settings=SETTINGS)
    probability = fit.probability(test)
    assert ((probability > 0) & (probability < 1)).all()
    assert roc_auc_score(test.label, probability) > 0.9
    assert probability[test.label == 1].mean() > probability[test.label == 0].mean() + 0.4


def test_the_history_is_that_of_the_network_kept(make_samples):
    train, validation = make_samples(strength=6.0), make_samples(seed=1, strength=6.0)
    fit = lstm.fit(train, validation, seed=0, settings=SETTINGS)
    forecast = fit.probability(validation) > 0.5
    tss = forecast[validation.label == 1].mean() - forecast[validation.label == 0].mean()
    scores = fit.history["validation_true_skill_statistic"]
    assert scores[fit.history["best_epoch"] - 1] == max(scores) == pytest.approx(tss, abs=1e-12)


def test_swapped_labels_are_not_the_same_fit(make_samples):
    # Nothing may look at the order of classes but the label itself: trained on the opposite, it forecasts the opposite.
    train, validation = make_samples(n_samples=600, strength=6.0), make_samples(n_samples=600, seed=1, strength=6.0)
    turned = [dataclasses.replace(samples, label=1 - samples.label) for samples in (train, validation)]
    straight = lstm.fit(train, validation, seed=0, settings=SETTINGS).probability(validation)
    opposite = lstm.fit(*turned, seed=0, settings=SETTINGS).probability(validation)
    assert np.corrcoef(straight, opposite)[0, 1] < -0.9


def test_more_samples_than_one_batch_of_prediction(make_samples):
    train = make_samples()
    fit = lstm.fit(train, train, seed=0, settings=SETTINGS | {"max_epochs": 1})
    many = make_samples(n_samples=lstm.PREDICTION_BATCH + 3, seed=2)
    few = dataclasses.replace(many, sequence=many.sequence[-5:])
    np.testing.assert_allclose(fit.probability(many)[-5:], fit.probability(few), rtol=1e-5)
    assert fit.probability(many).shape == (lstm.PREDICTION_BATCH + 3,)
