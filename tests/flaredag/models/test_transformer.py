"""The Transformer: its form, by its equations, padding, its determinism, and that order in time is learnt."""

import dataclasses
from functools import partial

import numpy as np
import pytest
import torch
import yaml
from safetensors.numpy import load, save
from scipy.special import erf
from sklearn.metrics import roc_auc_score

from fit_checks import check_that_one_training_gives_both_epochs, check_that_the_seed_alone_decides
from flaredag.errors import InputError
from flaredag.models import transformer
from flaredag.models.transformer import EncoderBlock, Transformer
from made_up_sequences import bytes_of, ordered_samples, samples_of
from made_up_studies import ROOT

FORM = {
    "patch_steps": 2,
    "embedding_size": 16,
    "n_blocks": 2,
    "n_heads": 2,
    "head_size": 12,
    "mlp_size": 24,
    "mlp_dropout": 0.1,
    "head_sizes": [16, 12, 8],
    "head_dropouts": [0.1, 0.1, 0.1],
}
SETTINGS = FORM | {
    "learning_rate": 0.005,
    "batch_size": 32,
    "max_epochs": 12,
    "kept_epoch": "true_skill_statistic",
    "class_weights": "balanced",
}


def network_of(n_features=3, n_steps=6, seed=0, **changed):
    """A network in the state after a few steps of training on noise, so that its running statistics are not 0 and 1."""
    torch.manual_seed(seed)
    network = Transformer(n_features, n_steps, **FORM | changed).train()
    for _ in range(3):
        network(torch.randn(20, n_steps, n_features) * 2 + 1)
    return network.eval()


def fitted(train=None, *, seed=0, **changed):
    train = ordered_samples() if train is None else train
    return transformer.fit(train, ordered_samples(seed=1), seed=seed, settings=SETTINGS | changed)


class TestForm:
    def test_the_configured_network_has_its_number_of_parameters(self):
        settings = yaml.safe_load((ROOT / "config.yaml").read_text())["models"]["transformer"]
        assert (settings["n_blocks"], settings["n_heads"], settings["head_size"]) == (4, 2, 200)
        network = Transformer(10, 40, **{name: settings[name] for name in FORM})
        # Four patches of 10 x 10 numbers, each 64; queries, keys and values of 2 x 200; dense layers of 128 and 64.
        patches = 64 * (10 * 10 + 1) + 4 * 64
        attention = 3 * 400 * (64 + 1) + 64 * (400 + 1)
        block = attention + 2 * 64 + 128 * (64 + 1) + 64 * (128 + 1)
        head = 2 * (64 + 64 + 32) + 64 * 65 + 32 * 65 + 16 * 33 + 2 * (4 * 16 + 1)
        assert sum(parameter.numel() for parameter in network.parameters()) == patches + 4 * block + head
        assert network(torch.zeros(3, 40, 10)).shape == (3, 2)

    def test_by_its_equations(self):
        network = network_of().double()
        state = {name: value.numpy() for name, value in network.state_dict().items()}
        sequence = torch.randn(4, 6, 3, dtype=torch.float64)

        def dense(name, values):
            return values @ state[f"{name}.weight"].T + state[f"{name}.bias"]

        def normalised(name, values):
            deviation = np.sqrt(state[f"{name}.running_var"] + 1e-5)
            return (values - state[f"{name}.running_mean"]) / deviation * state[f"{name}.weight"] + state[
                f"{name}.bias"
            ]

        wanted = []
        for sample in sequence.numpy():
            patches = np.stack([np.concatenate([sample[2 * i], sample[2 * i + 1]]) for i in range(3)])
            values = dense("embedding", patches) + state["position"]
            for block in ("blocks.0", "blocks.1"):
                projected = dense(f"{block}.attention.projection", values)
                query, key, value = np.split(projected, 3, axis=1)
                heads = []
                for head in (slice(0, 12), slice(12, 24)):
                    scores = np.exp(query[:, head] @ key[:, head].T / np.sqrt(12))
                    heads.append(scores / scores.sum(axis=1, keepdims=True) @ value[:, head])
                values = values + dense(f"{block}.attention.output", np.concatenate(heads, axis=1))
                hidden = dense(f"{block}.mlp.0", normalised(f"{block}.normalisation", values))
                hidden = hidden * (1 + erf(hidden / np.sqrt(2))) / 2
                values = values + dense(f"{block}.mlp.3", hidden)
            for layer in (0, 4, 8):
                values = np.maximum(dense(f"head.layers.{layer + 1}", normalised(f"head.layers.{layer}", values)), 0)
            wanted.append(dense("head.logits", values.reshape(-1)))
        np.testing.assert_allclose(network(sequence).detach(), wanted, rtol=1e-10)

    def test_what_is_added_last_went_into_the_normalisation(self):
        block = EncoderBlock(4, n_heads=1, head_size=3, mlp_size=5, mlp_dropout=0.0).eval()
        with torch.no_grad():
            for name, parameter in block.named_parameters():
                if name.startswith(("attention", "mlp")):
                    parameter.zero_()
            block.attention.output.bias[:], block.mlp[3].bias[:] = 1.0, 10.0
            block.normalisation.bias[:] = 100.0
        embedded = torch.randn(2, 3, 4)
        torch.testing.assert_close(block(embedded), embedded + 1 + 10)

    def test_patches_that_do_not_divide_the_steps(self):
        with pytest.raises(InputError, match="windows of 6 steps and patch_steps 4; wanted a number that divides"):
            network_of(patch_steps=4)
        with pytest.raises(InputError, match="windows of 6 steps and patch_steps 5"):
            fitted(patch_steps=5)

    def test_other_than_three_layers_of_the_output(self):
        with pytest.raises(InputError, match=r"head_sizes \[8\] and head_dropouts .*wanted 3 of each"):
            fitted(head_sizes=[8])

    def test_a_batch_of_one(self):
        with pytest.raises(InputError, match="batches of 1 of 400 training samples; batch normalisation wants"):
            fitted(batch_size=1)


class TestFit:
    @pytest.mark.parametrize("patch_steps", [1, 2, 3])
    def test_learns_what_came_before_what(self, patch_steps):
        test = ordered_samples(seed=2)
        probability = fitted(patch_steps=patch_steps).probability(test)
        assert ((probability > 0) & (probability < 1)).all()
        assert roc_auc_score(test.label, probability) > 0.95

    def test_learns_in_padded_windows(self):
        def padded(samples):
            return dataclasses.replace(samples, sequence=np.pad(samples.sequence, ((0, 0), (4, 0), (0, 0))))

        train, validation, test = (padded(ordered_samples(seed=seed)) for seed in (0, 1, 2))
        fit = transformer.fit(train, validation, seed=0, settings=SETTINGS)
        assert roc_auc_score(test.label, fit.probability(test)) > 0.95
        nothing = fit.probability(samples_of(np.zeros((3, 10, 3)), [0, 1, 0]))
        assert ((nothing > 0) & (nothing < 1)).all()

    def test_same_seed_same_bits_on_any_number_of_threads(self):
        check_that_the_seed_alone_decides(partial(fitted, max_epochs=2), ordered_samples(seed=2))

    def test_one_training_gives_both_epochs(self):
        check_that_one_training_gives_both_epochs(transformer, SETTINGS)


class TestRestored:
    def test_a_checkpoint_gives_the_same_bits(self):
        fit, test = fitted(max_epochs=1), ordered_samples(seed=2)
        again = transformer.restored(load(save(fit.arrays)), SETTINGS)
        assert again.probability(test).tobytes() == fit.probability(test).tobytes()
        assert bytes_of(again) == bytes_of(fit)

    def test_windows_of_other_steps_are_refused(self):
        for one in (fit := fitted(max_epochs=1), transformer.restored(fit.arrays, SETTINGS)):
            with pytest.raises(InputError, match="windows of 8 steps and 3 features; the model wants 6 steps"):
                one.probability(ordered_samples(8, n_steps=8))

    def test_arrays_of_another_architecture(self):
        arrays = fitted(max_epochs=1).arrays
        with pytest.raises(InputError, match=r"arrays of another network.*blocks.2.attention"):
            transformer.restored(arrays, SETTINGS | {"n_blocks": 3})
        with pytest.raises(InputError, match=r"arrays of another network.*head.layers.1.weight"):
            transformer.restored(arrays, SETTINGS | {"head_sizes": [20, 12, 8]})
        with pytest.raises(InputError, match=r"no matrix embedding.weight among the arrays"):
            transformer.restored({}, SETTINGS)
