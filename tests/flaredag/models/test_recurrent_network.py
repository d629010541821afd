"""LSTMs in one direction and both: their form, the attention they share, padding, and that order in time is learnt."""

import dataclasses
from functools import partial

import numpy as np
import pytest
import torch
from safetensors.numpy import load, save
from sklearn.metrics import roc_auc_score

from fit_checks import check_that_one_training_gives_both_epochs, check_that_the_seed_alone_decides
from flaredag.attention import Attention
from flaredag.errors import InputError
from flaredag.models import recurrent_network
from flaredag.models.attention_lstm import AttentionLSTM
from flaredag.models.recurrent_network import RecurrentNetwork
from made_up_sequences import bytes_of, ordered_samples

FORM = {
    "hidden_size": 10,
    "bidirectional": True,
    "attention": "over_states",
    "head_sizes": [16, 12, 8],
    "head_dropouts": [0.1, 0.1, 0.1],
}
SETTINGS = FORM | {
    "learning_rate": 0.02,
    "batch_size": 32,
    "max_epochs": 10,
    "kept_epoch": "true_skill_statistic",
    "class_weights": "balanced",
}
FOUR = [
    {"bidirectional": bidirectional, "attention": attention}
    for bidirectional in (True, False)
    for attention in ("over_states", "none")
]
NAMES = ["bilstm_attention", "bilstm", "lstm_attention", "lstm"]


def network_of(n_features=3, seed=0, **changed):
    torch.manual_seed(seed)
    return RecurrentNetwork(n_features, **FORM | changed).eval()


def fitted(train=None, *, seed=0, **changed):
    train = ordered_samples() if train is None else train
    return recurrent_network.fit(train, ordered_samples(seed=1), seed=seed, settings=SETTINGS | changed)


def given_to_head(network, sequence):
    """What the output layer gets."""
    seen = []
    network.head.register_forward_pre_hook(lambda _, inputs: seen.append(inputs[0]))
    network(sequence)
    return seen[0]


class TestForm:
    # 4 gates x 64 x (10 + 64 inputs + 2 biases) a direction; W h x h, W_v 2h x h; the output layer of h numbers.
    LSTM = 4 * 64 * (10 + 64 + 2)

    @staticmethod
    def head(size):
        return 2 * (size + 64 + 32) + 64 * (size + 1) + 32 * 65 + 16 * 33 + 2 * 17

    @pytest.mark.parametrize(
        ("changed", "n_parameters"),
        [
            (FOUR[0], 2 * LSTM + 128 * 128 + 256 * 128 + head(128)),
            (FOUR[1], 2 * LSTM + head(128)),
            (FOUR[2], LSTM + 64 * 64 + 128 * 64 + head(64)),
            (FOUR[3], LSTM + head(64)),
        ],
        ids=NAMES,
    )
    def test_number_of_parameters(self, changed, n_parameters):
        network = network_of(10, hidden_size=64, head_sizes=[64, 32, 16], **changed)
        assert sum(parameter.numel() for parameter in network.parameters()) == n_parameters
        assert network(torch.zeros(3, 40, 10)).shape == (3, 2)

    def test_the_final_state_of_each_direction_goes_on(self):
        network, sequence = network_of(attention="none"), torch.randn(4, 6, 3)
        forward = network_of(attention="none", bidirectional=False)
        backward = network_of(attention="none", bidirectional=False)
        own = network.lstm.state_dict()
        forward.lstm.load_state_dict({name: own[name] for name in own if "reverse" not in name})
        backward.lstm.load_state_dict(
            {name.removesuffix("_reverse"): own[name] for name in own if name.endswith("reverse")}
        )
        found = given_to_head(network, sequence)
        torch.testing.assert_close(found[:, :10], given_to_head(forward, sequence))
        torch.testing.assert_close(found[:, 10:], given_to_head(backward, sequence.flip(1)))

    def test_attention_asks_with_the_final_states_of_both_directions(self):
        network, sequence = network_of(), torch.randn(4, 6, 3)
        states, _ = network.lstm(sequence)
        final = torch.cat([states[:, -1, :10], states[:, 0, 10:]], dim=1)
        torch.testing.assert_close(given_to_head(network, sequence), network.attention(states, final))

    def test_attention_is_that_of_the_lstm_with_attention(self):
        network, sequence = network_of(bidirectional=False), torch.randn(4, 6, 3)
        other = AttentionLSTM(
            3, 6, hidden_size=10, attention="over_states", dense_sizes=[], input_dropout=0.0, masked=False
        ).eval()
        assert type(network.attention) is type(other.attention) is Attention
        other.lstm.load_state_dict(network.lstm.state_dict())
        other.attention.load_state_dict(network.attention.state_dict())
        torch.testing.assert_close(given_to_head(network, sequence), given_to_head(other, sequence))

    @pytest.mark.parametrize("attention", ["luong", "over_steps"])
    def test_another_attention_is_refused(self, attention):
        with pytest.raises(InputError, match=f"attention {attention}; wanted one of over_states, none. Correct"):
            fitted(attention=attention)

    def test_what_the_output_layer_refuses(self):
        with pytest.raises(InputError, match=r"head_dropouts \[0.1\]; wanted 3 of each"):
            fitted(head_dropouts=[0.1])
        with pytest.raises(InputError, match="batches of 1 of 400 training samples; batch normalisation wants"):
            fitted(batch_size=1)


class TestFit:
    @pytest.mark.parametrize("changed", FOUR, ids=NAMES)
    def test_learns_what_came_before_what(self, changed):
        test = ordered_samples(seed=2)
        probability = fitted(**changed).probability(test)
        assert ((probability > 0) & (probability < 1)).all()
        assert roc_auc_score(test.label, probability) > 0.95

    @pytest.mark.parametrize("changed", FOUR, ids=NAMES)
    def test_learns_in_padded_windows(self, changed):
        def padded(samples):
            return dataclasses.replace(samples, sequence=np.pad(samples.sequence, ((0, 0), (3, 0), (0, 0))))

        train, validation, test = (padded(ordered_samples(seed=seed)) for seed in (0, 1, 2))
        fit = recurrent_network.fit(train, validation, seed=0, settings=SETTINGS | changed)
        assert roc_auc_score(test.label, fit.probability(test)) > 0.95

    @pytest.mark.parametrize("changed", [FOUR[0], FOUR[3]], ids=[NAMES[0], NAMES[3]])
    def test_same_seed_same_bits_on_any_number_of_threads(self, changed):
        check_that_the_seed_alone_decides(partial(fitted, **changed, max_epochs=2), ordered_samples(seed=2))

    def test_one_training_gives_both_epochs(self):
        check_that_one_training_gives_both_epochs(recurrent_network, SETTINGS)


class TestRestored:
    @pytest.mark.parametrize("changed", FOUR, ids=NAMES)
    def test_a_checkpoint_gives_the_same_bits(self, changed):
        fit, test = fitted(**changed, max_epochs=1), ordered_samples(seed=2)
        again = recurrent_network.restored(load(save(fit.arrays)), SETTINGS | changed)
        assert again.probability(test).tobytes() == fit.probability(test).tobytes()
        assert bytes_of(again) == bytes_of(fit)

    def test_arrays_of_another_architecture(self):
        arrays = fitted(max_epochs=1).arrays
        with pytest.raises(InputError, match=r"arrays of another network.*attention.score.weight"):
            recurrent_network.restored(arrays, SETTINGS | {"attention": "none"})
        with pytest.raises(InputError, match=r"arrays of another network.*lstm.weight_ih_l0_reverse"):
            recurrent_network.restored(arrays, SETTINGS | {"bidirectional": False})
        with pytest.raises(InputError, match=r"no matrix lstm.weight_ih_l0 among the arrays"):
            recurrent_network.restored({}, SETTINGS)
