"""What networks on keywords share: their fit from settings, their probabilities, and what is refused."""

import dataclasses

import numpy as np
import pytest
import torch
from torch import nn

from flaredag.errors import InputError
from flaredag.keyword_networks import (
    PREDICTION_BATCH,
    FittedNetwork,
    KeywordNetwork,
    array_of,
    check_batch_of_normalisation,
    dense_layers,
    fit_network,
    fit_network_epochs,
    restored_network,
)
from made_up_sequences import bytes_of, last_record_samples, samples_of

SETTINGS = {
    "learning_rate": 0.01,
    "batch_size": 32,
    "max_epochs": 2,
    "kept_epoch": "last",
    "class_weights": "none",
}


class OfLast(KeywordNetwork):
    """A linear layer on the last record, with dropout and batch normalisation, which learning must not leave on."""

    def __init__(self, n_features=3):
        super().__init__(n_features)
        self.normalisation = nn.BatchNorm1d(n_features)
        self.dropout = nn.Dropout(0.5)
        self.linear = nn.Linear(n_features, 2)

    def forward(self, sequence):
        return self.linear(self.dropout(self.normalisation(sequence[:, -1])))


def fitted(*, seed=0, train=None, validation=None, **changed):
    train = last_record_samples() if train is None else train
    validation = last_record_samples(seed=1) if validation is None else validation
    return fit_network(OfLast, train, validation, seed=seed, settings=SETTINGS | changed)


class TestFitNetwork:
    def test_same_seed_same_bits_whatever_happened_before(self):
        first = fitted(seed=3)
        torch.rand(10)
        again = fitted(seed=3)
        assert bytes_of(first) == bytes_of(again)
        assert first.history == again.history
        assert bytes_of(fitted(seed=4)) != bytes_of(first)

    def test_the_last_epoch_is_kept_though_an_earlier_one_was_better(self):
        # With a high rate on noise the validation scores go up and down.
        fit = fitted(max_epochs=6, learning_rate=0.3)
        assert fit.history["best_epoch"] == 6
        assert np.argmax(fit.history["validation_true_skill_statistic"]) + 1 != 6

    def test_no_patience_is_no_early_end(self):
        # TSS is 0 in all epochs, as nothing can be learnt from zeros.
        flat = samples_of(np.zeros((64, 2, 3)), np.arange(64) % 2)
        whole = {"train": flat, "validation": flat, "max_epochs": 6, "kept_epoch": "true_skill_statistic"}
        assert len(fitted(**whole).history["training_loss"]) == 6
        assert len(fitted(**whole, patience_epochs=2).history["training_loss"]) == 3

    def test_class_weights_and_activity_penalty_reach_the_loss(self):
        # One step of the whole training set from the same parameters: losses of 1 epoch are comparable.
        train = last_record_samples(64)
        label = (np.arange(64) < 8).astype(np.int8)
        whole = {"train": dataclasses.replace(train, label=label), "max_epochs": 1, "batch_size": 64}
        plain, weighted, penalised = (
            fitted(**whole, **changed).history["training_loss"][0]
            for changed in ({}, {"class_weights": "balanced"}, {"activity_penalty": 0.01})
        )
        assert weighted != pytest.approx(plain, rel=1e-3)
        # The squared probabilities of a sample sum to 1/2 at least and to 1 at most.
        assert 0.01 * 64 * 0.5 <= penalised - plain <= 0.01 * 64

    @pytest.mark.parametrize("bad", [np.nan, np.inf])
    def test_numbers_that_are_not_finite_are_refused(self, bad):
        train = last_record_samples()
        train.sequence[7, 2, 1] = bad
        message = r"1 of 400 windows .* not finite, the first is of region 7 at 2012-01-01T07:00:00"
        with pytest.raises(InputError, match=message):
            fitted(train=train)
        with pytest.raises(InputError, match=message):
            fitted(validation=train)
        with pytest.raises(InputError, match=message):
            fitted().probability(train)

    def test_validation_of_another_shape_is_refused(self):
        with pytest.raises(InputError, match="windows of 5 steps and 3 features; the model wants 6 steps and 3"):
            fitted(validation=last_record_samples(n_steps=5))

    def test_training_samples_of_one_class(self):
        train = last_record_samples()
        one = dataclasses.replace(train, label=np.zeros_like(train.label))
        with pytest.raises(InputError, match="network: 0 training samples with an event and 400 without"):
            fitted(train=one, class_weights="balanced")

    def test_validation_of_one_class_hinders_no_fit_that_asks_nothing_of_it(self):
        validation = last_record_samples(seed=1)
        one = dataclasses.replace(validation, label=np.zeros_like(validation.label))
        fit = fitted(validation=one)
        assert set(fit.history) == {"training_loss", "best_epoch"}
        assert bytes_of(fit) == bytes_of(fitted())
        with pytest.raises(InputError, match="all 400 validation samples are of one class"):
            fitted(validation=one, kept_epoch="cross_entropy")


class TestSeveralEpochs:
    KEPT = ("true_skill_statistic", "brier_score", "last")

    def test_one_training_gives_what_several_give(self):
        made, settings = [], SETTINGS | {"max_epochs": 6, "learning_rate": 0.05}

        def counted():
            made.append(OfLast())
            return made[-1]

        splits = last_record_samples(), last_record_samples(seed=1)
        fits = fit_network_epochs(counted, *splits, seed=0, settings=settings, kept_epochs=self.KEPT)
        assert len(made) == 1
        assert tuple(fits) == self.KEPT
        for name, fit in fits.items():
            alone = fit_network(OfLast, *splits, seed=0, settings=settings | {"kept_epoch": name})
            assert bytes_of(fit) == bytes_of(alone)
            assert fit.history == alone.history
            assert fit.probability(splits[1]).tobytes() == alone.probability(splits[1]).tobytes()
        assert len({fit.history["best_epoch"] for fit in fits.values()}) > 1

    def test_none_shares_parameters_with_another(self):
        splits = last_record_samples(), last_record_samples(seed=1)
        fits = fit_network_epochs(OfLast, *splits, seed=0, settings=SETTINGS, kept_epochs=self.KEPT)
        before = bytes_of(fits["last"])
        with torch.no_grad():
            for one in self.KEPT[:2]:
                for parameter in fits[one].network.parameters():
                    parameter.zero_()
        assert bytes_of(fits["last"]) == before


def test_batches_too_small_for_normalisation():
    check_batch_of_normalisation(last_record_samples(2), SETTINGS)
    with pytest.raises(InputError, match=r"batches of 1 of 400 training samples; .* wants at least 2"):
        check_batch_of_normalisation(last_record_samples(), SETTINGS | {"batch_size": 1})
    with pytest.raises(InputError, match=r"batches of 1 of 1 training samples"):
        check_batch_of_normalisation(last_record_samples(1), SETTINGS)


class TestFittedNetwork:
    def test_probability_of_the_positive_class_by_hand(self):
        network = OfLast(2).eval()
        with torch.no_grad():
            network.linear.weight[:] = torch.tensor([[1.0, 0.0], [0.0, 2.0]])
            network.linear.bias[:] = torch.tensor([0.5, 0.0])
        network.normalisation.eps = 0.0
        probability = FittedNetwork(network, {}).probability(samples_of([[[9, 9], [1, 1]], [[9, 9], [0, 0]]], [0, 1]))
        np.testing.assert_allclose(probability, [1 / (1 + np.exp(1.5 - 2)), 1 / (1 + np.exp(0.5))], rtol=1e-6)
        assert probability.dtype == np.float64

    def test_nothing_is_drawn_in_prediction_and_nothing_learnt(self):
        fit, samples = fitted(), last_record_samples(seed=2)
        before, arrays = fit.probability(samples), bytes_of(fit)
        torch.manual_seed(9)
        assert fit.probability(samples).tobytes() == before.tobytes()
        assert bytes_of(fit) == arrays
        fresh = OfLast()
        fresh.load_state_dict(fit.network.state_dict())
        assert FittedNetwork(fresh.train(), {}).probability(samples).tobytes() == before.tobytes()

    def test_more_samples_than_one_batch_and_none(self):
        fit = fitted()
        many = last_record_samples(PREDICTION_BATCH + 5, seed=2)
        few = dataclasses.replace(many, sequence=many.sequence[-5:], label=many.label[-5:])
        probability = fit.probability(many)
        assert probability.shape == (PREDICTION_BATCH + 5,)
        np.testing.assert_allclose(probability[-5:], fit.probability(few), rtol=1e-5)
        assert fit.probability(last_record_samples(0)).shape == (0,)

    def test_other_features_are_refused(self):
        other = samples_of(np.zeros((4, 6, 2)), np.zeros(4))
        with pytest.raises(InputError, match="windows of 6 steps and 2 features; the model wants 6 steps and 3"):
            fitted().probability(other)

    def test_parameters_that_are_not_finite(self):
        fit = fitted()
        with torch.no_grad():
            fit.network.linear.bias[0] = torch.nan
        with pytest.raises(InputError, match=r"probabilities that are not finite.*lower learning_rate"):
            fit.probability(last_record_samples())


class TestRestoredNetwork:
    def test_gives_the_same_bits_and_has_its_own_arrays(self):
        fit, samples = fitted(), last_record_samples(seed=2)
        arrays = {name: values.copy() for name, values in fit.arrays.items()}
        again = restored_network(OfLast(), arrays)
        for values in arrays.values():
            values[...] = 0
        assert again.probability(samples).tobytes() == fit.probability(samples).tobytes()

    def test_arrays_of_another_network(self):
        arrays = fitted().arrays
        with pytest.raises(InputError, match=r"arrays of another network.*linear.weight"):
            restored_network(OfLast(4), arrays)
        with pytest.raises(InputError, match=r"arrays of another network.*linear.bias"):
            restored_network(OfLast(), {name: value for name, value in arrays.items() if name != "linear.bias"})

    def test_array_of(self):
        arrays = {"a": np.zeros((2, 3)), "b": np.zeros(4)}
        assert array_of(arrays, "a") is arrays["a"]
        for name in ("b", "c"):
            with pytest.raises(InputError, match=f"no matrix {name} among the arrays, which are a, b"):
                array_of(arrays, name)


def test_dense_layers():
    layers = dense_layers([10, 200, 500])
    assert [type(layer) for layer in layers] == [nn.Linear, nn.ReLU, nn.Linear, nn.ReLU, nn.Linear]
    assert sum(parameter.numel() for parameter in layers.parameters()) == 10 * 200 + 200 + 200 * 500 + 500 + 1002
    assert [layer.weight.shape for layer in dense_layers([7])] == [(2, 7)]
