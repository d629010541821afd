"""The LSTM with attention: its form and ablations, padding, its determinism, and that order in time is learnt."""

import dataclasses
from functools import partial

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from safetensors.numpy import load, save
from scipy.special import logit
from sklearn.metrics import roc_auc_score

from fit_checks import check_that_the_seed_alone_decides
from flaredag.errors import InputError
from flaredag.models import attention_lstm
from flaredag.models.attention_lstm import AttentionLSTM, recorded_first
from made_up_sequences import bytes_of, ordered_samples

FORM = {
    "hidden_size": 10,
    "attention": "over_states",
    "dense_sizes": [200, 500],
    "input_dropout": 0.0,
    "masked": False,
}
SETTINGS = FORM | {
    "dense_sizes": [20],
    "activity_penalty": 0.0,
    "learning_rate": 0.02,
    "batch_size": 32,
    "max_epochs": 8,
    "kept_epoch": "last",
    "class_weights": "balanced",
}
AUTHORS_CODE = {"attention": "over_steps", "input_dropout": 0.5, "activity_penalty": 1e-4}


def network_of(n_features=3, n_steps=6, seed=0, **changed):
    torch.manual_seed(seed)
    return AttentionLSTM(n_features, n_steps, **FORM | {"dense_sizes": []} | changed).eval()


def fitted(train=None, *, seed=0, **changed):
    train = ordered_samples() if train is None else train
    return attention_lstm.fit(train, ordered_samples(seed=1), seed=seed, settings=SETTINGS | changed)


class TestForm:
    # 4 gates x 10 x (40 + 10 inputs + 2 biases); W 10 x 10, W_v 20 x 10; dense 10 -> 200 -> 500; output.
    LSTM, ATTENTION, DENSE = 4 * 10 * (40 + 10 + 2), 100 + 200, 200 * 11 + 500 * 201

    @pytest.mark.parametrize(
        ("changed", "n_parameters"),
        [
            ({}, LSTM + ATTENTION + DENSE + 2 * 501),
            ({"attention": "none"}, LSTM + DENSE + 2 * 501),
            ({"dense_sizes": []}, LSTM + ATTENTION + 2 * 11),
            ({"attention": "none", "dense_sizes": []}, LSTM + 2 * 11),
            ({"attention": "over_steps"}, LSTM + ATTENTION + DENSE + 2 * 501),
            ({"masked": True}, LSTM + ATTENTION + DENSE + 2 * 501),
        ],
    )
    def test_the_papers_network_and_its_ablations_have_their_numbers_of_parameters(self, changed, n_parameters):
        network = AttentionLSTM(40, 10, **FORM | changed)
        assert sum(parameter.numel() for parameter in network.parameters()) == n_parameters
        assert network(torch.zeros(3, 10, 40)).shape == (3, 2)

    @pytest.mark.parametrize("attention", ["over_states", "none"])
    def test_by_its_equations(self, attention):
        # LSTM by eq. 9 to 14 in float64; torch's order of gates: input, forget, cell, output.
        network = network_of(n_features=3, n_steps=4, attention=attention, hidden_size=5).double()
        sequence = torch.randn(2, 4, 3, dtype=torch.float64)
        weights = dict(network.lstm.named_parameters())
        hidden = cell = torch.zeros(2, 5, dtype=torch.float64)
        states = []
        for step in range(4):
            gates = sequence[:, step] @ weights["weight_ih_l0"].T + hidden @ weights["weight_hh_l0"].T
            into, forget, new, out = (gates + weights["bias_ih_l0"] + weights["bias_hh_l0"]).chunk(4, dim=1)
            cell = forget.sigmoid() * cell + into.sigmoid() * new.tanh()
            hidden = out.sigmoid() * cell.tanh()
            states.append(hidden)
        vector = hidden
        if attention == "over_states":
            # Eq. 15 to 18, sample by sample and step by step.
            rows = []
            for sample in range(2):
                scores = [hidden[sample] @ network.attention.score.weight @ state[sample] for state in states]
                weight = torch.stack(scores).exp() / torch.stack(scores).exp().sum()
                context = sum(w * state[sample] for w, state in zip(weight, states, strict=True))
                both = torch.cat([context, hidden[sample]])
                rows.append(torch.tanh(network.attention.vector.weight @ both))
            vector = torch.stack(rows)
        wanted = vector @ network.head[0].weight.T + network.head[0].bias
        torch.testing.assert_close(network(sequence), wanted)

    def test_another_attention_is_refused(self):
        with pytest.raises(InputError, match="attention luong; wanted one of over_states, over_steps, none"):
            network_of(attention="luong")

    def test_the_authors_matrix_wants_every_step(self):
        with pytest.raises(InputError, match="attention over_steps with `masked`; its matrix wants every step"):
            network_of(attention="over_steps", masked=True)


class TestMasked:
    @pytest.mark.parametrize("attention", ["over_states", "none"])
    @pytest.mark.parametrize("kept", [[5], [3, 4, 5], [0, 2, 5], [0, 1, 2, 3, 4, 5]])
    def test_the_same_as_the_shorter_sequence(self, attention, kept):
        network = network_of(attention=attention, masked=True)
        whole = torch.randn(4, 6, 3)
        padded = torch.zeros_like(whole)
        padded[:, kept] = whole[:, kept]
        torch.testing.assert_close(network(padded), network(whole[:, kept]))
        seen = network_of(attention=attention, masked=False)
        assert len(kept) == 6 or not torch.allclose(seen(padded), network(padded))

    def test_each_sample_has_its_own_padding(self):
        network = network_of(masked=True)
        sequence = torch.randn(3, 6, 3)
        sequence[0, :4] = 0
        sequence[2, 1] = 0
        one_by_one = torch.cat([network(sample[(sample != 0).any(dim=1)][None]) for sample in sequence])
        torch.testing.assert_close(network(sequence), one_by_one)

    def test_a_step_with_one_number_is_a_record(self):
        network = network_of(masked=True)
        sequence = torch.randn(1, 6, 3)
        sequence[0, 0] = torch.tensor([0.0, 0.0, 1e-6])
        torch.testing.assert_close(network(sequence), network_of(masked=False)(sequence))

    def test_the_last_step_is_a_record_whatever_it_holds(self):
        network = network_of(masked=True)
        torch.testing.assert_close(network(torch.zeros(2, 6, 3)), network(torch.zeros(2, 1, 3)))

    @given(st.lists(st.lists(st.booleans(), min_size=5, max_size=5), min_size=1, max_size=8))
    def test_records_come_first_in_their_order(self, recorded):
        present = np.array(recorded)
        present[:, -1] = True
        sequence = np.where(present, np.arange(1, 6), 0)[:, :, None]
        found, counted = recorded_first(torch.from_numpy(sequence))
        for row, count, own in zip(found[:, :, 0].tolist(), counted.tolist(), present, strict=True):
            n_records = own.sum()
            assert row == [*(np.flatnonzero(own) + 1), *[0] * (5 - n_records)]
            assert count == [True] * n_records + [False] * (5 - n_records)

    def test_padding_is_found_before_dropout_makes_zeros(self):
        # Were it not, half of the samples would lose all records: their one feature is dropped in every step.
        network = network_of(n_features=1, masked=True, input_dropout=0.5, attention="none").train()
        sequence = torch.randn(1, 6, 1).expand(400, 6, 1)
        found = network(sequence)[:, 0]
        dropped = network_of(n_features=1, attention="none")(torch.zeros(1, 6, 1))[0, 0]
        twice = network_of(n_features=1, attention="none")(2 * sequence[:1])[0, 0]
        is_dropped, is_kept = torch.isclose(found, dropped), torch.isclose(found, twice)
        assert (is_dropped ^ is_kept).all()
        assert 150 < is_dropped.sum() < 250


class TestFit:
    @pytest.mark.parametrize(
        "changed",
        [{}, {"attention": "none", "dense_sizes": []}, {"masked": True}, {"attention": "over_steps"}],
        ids=["paper", "alone", "masked", "over_steps"],
    )
    def test_learns_what_came_before_what(self, changed):
        # The perceptron on the last record cannot: see its test.
        test = ordered_samples(seed=2)
        probability = fitted(**changed).probability(test)
        assert ((probability > 0) & (probability < 1)).all()
        assert roc_auc_score(test.label, probability) > 0.95

    def test_learns_under_the_settings_of_the_authors_code(self):
        test = ordered_samples(seed=2)
        fit = fitted(**AUTHORS_CODE, max_epochs=12)
        assert roc_auc_score(test.label, fit.probability(test)) > 0.8

    def test_learns_in_padded_windows(self):
        def padded(samples):
            # The rule lies in steps 3 to 5 of 9; three steps are padding.
            return dataclasses.replace(samples, sequence=np.pad(samples.sequence, ((0, 0), (3, 0), (0, 0))))

        train, validation, test = (padded(ordered_samples(seed=seed)) for seed in (0, 1, 2))
        settings = SETTINGS | {"masked": True}
        fit = attention_lstm.fit(train, validation, seed=0, settings=settings)
        assert roc_auc_score(test.label, fit.probability(test)) > 0.95
        whole = attention_lstm.fit(ordered_samples(), ordered_samples(seed=1), seed=0, settings=settings)
        np.testing.assert_allclose(fit.probability(test), whole.probability(ordered_samples(seed=2)), atol=1e-4)

    @pytest.mark.parametrize("changed", [{}, {"masked": True}, AUTHORS_CODE], ids=["paper", "masked", "authors"])
    def test_same_seed_same_bits_on_any_number_of_threads(self, changed):
        check_that_the_seed_alone_decides(partial(fitted, **changed, max_epochs=2), ordered_samples(seed=2))

    def test_the_penalty_keeps_forecasts_off_zero_and_one(self):
        test = ordered_samples(seed=2)
        odds = [np.abs(logit(fitted(activity_penalty=penalty).probability(test))).mean() for penalty in (0.0, 0.02)]
        assert odds[1] < 0.8 * odds[0]

    def test_dropout_takes_a_feature_from_all_steps_of_a_sample(self):
        network = network_of(input_dropout=0.5)
        seen = []
        network.lstm.register_forward_pre_hook(lambda _, inputs: seen.append(inputs[0]))
        network.train()(torch.ones(500, 6, 3))
        (inputs,) = seen
        assert set(inputs.unique().tolist()) == {0.0, 2.0}
        assert (inputs == inputs[:, :1]).all()
        assert 0.4 < (inputs[:, 0] == 0).float().mean() < 0.6
        network.eval()(torch.ones(2, 6, 3))
        assert (seen[1] == 1).all()


class TestRestored:
    @pytest.mark.parametrize("changed", [{}, {"attention": "none", "dense_sizes": []}, {"masked": True}, AUTHORS_CODE])
    def test_a_checkpoint_gives_the_same_bits(self, changed):
        fit, test = fitted(**changed, max_epochs=1), ordered_samples(seed=2)
        again = attention_lstm.restored(load(save(fit.arrays)), SETTINGS | changed)
        assert again.probability(test).tobytes() == fit.probability(test).tobytes()
        assert bytes_of(again) == bytes_of(fit)

    def test_a_matrix_over_steps_wants_as_many(self):
        fit = fitted(attention="over_steps", max_epochs=1)
        again = attention_lstm.restored(fit.arrays, SETTINGS | {"attention": "over_steps"})
        for one in (fit, again):
            with pytest.raises(InputError, match="windows of 5 steps and 3 features; the model wants 6 steps"):
                one.probability(ordered_samples(8, n_steps=5))

    def test_arrays_of_another_architecture(self):
        arrays = fitted(max_epochs=1).arrays
        with pytest.raises(InputError, match=r"arrays of another network.*head.0.weight"):
            attention_lstm.restored(arrays, SETTINGS | {"dense_sizes": [30]})
        with pytest.raises(InputError, match=r"arrays of another network.*attention.score.weight"):
            attention_lstm.restored(arrays, SETTINGS | {"attention": "none"})
        with pytest.raises(InputError, match=r"no matrix lstm.weight_ih_l0 among the arrays"):
            attention_lstm.restored({}, SETTINGS)
