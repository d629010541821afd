"""The network on the last record: its form, that it learns, and that it sees the last record alone."""

import dataclasses

import numpy as np
import pytest
import torch
from safetensors.numpy import load, save
from sklearn.metrics import roc_auc_score

from flaredag.errors import InputError
from flaredag.models import point_in_time_network
from flaredag.models.point_in_time_network import PointInTimeNetwork, records_of
from made_up_sequences import bytes_of, last_record_samples, ordered_samples

SETTINGS = {
    "steps": "last",
    "head_sizes": [32, 24, 8],
    "head_dropouts": [0.1, 0.1, 0.1],
    "learning_rate": 0.02,
    "batch_size": 32,
    "max_epochs": 25,
    "kept_epoch": "true_skill_statistic",
    "class_weights": "balanced",
}


def fitted(samples=last_record_samples, *, seed=0, **changed):
    return point_in_time_network.fit(samples(), samples(seed=1), seed=seed, settings=SETTINGS | changed)


@pytest.fixture(scope="module")
def fit():
    return fitted()


def test_number_of_parameters():
    network = PointInTimeNetwork(6, head_sizes=[64, 32, 16], head_dropouts=[0.399, 0.1001, 0.1])
    wanted = 2 * (6 + 64 + 32) + 64 * 7 + 32 * 65 + 16 * 33 + 2 * 17
    assert sum(parameter.numel() for parameter in network.parameters()) == wanted
    assert network(torch.zeros(3, 40, 6)).shape == (3, 2)


def test_learns_what_is_no_linear_rule(fit):
    test = last_record_samples(seed=2)
    assert roc_auc_score(test.label, fit.probability(test)) > 0.95


def test_sees_the_last_record_alone(fit):
    test = last_record_samples(seed=2)
    other = test.sequence.copy()
    other[:, :-1] = 0
    changed = dataclasses.replace(test, sequence=other)
    assert fit.probability(changed).tobytes() == fit.probability(test).tobytes()
    alone = dataclasses.replace(test, sequence=other[:, -1:])
    np.testing.assert_allclose(fit.probability(alone), fit.probability(test), rtol=1e-6)


def test_cannot_learn_what_came_before_what():
    test = ordered_samples(n_samples=2000, seed=2)
    assert abs(roc_auc_score(test.label, fitted(ordered_samples).probability(test)) - 0.5) < 0.1


def test_same_seed_same_bits(fit):
    assert bytes_of(fitted()) == bytes_of(fit)
    assert bytes_of(fitted(seed=1)) != bytes_of(fit)


def test_one_training_gives_both_epochs(fit):
    names = ["true_skill_statistic", "brier_score"]
    splits = last_record_samples(), last_record_samples(seed=1)
    fits = point_in_time_network.fit_kept_epochs(*splits, seed=0, settings=SETTINGS, kept_epochs=names)
    assert bytes_of(fits["true_skill_statistic"]) == bytes_of(fit)
    assert bytes_of(fits["brier_score"]) == bytes_of(fitted(kept_epoch="brier_score"))


def test_a_checkpoint_gives_the_same_bits(fit):
    test = last_record_samples(seed=2)
    again = point_in_time_network.restored(load(save(fit.arrays)), SETTINGS)
    assert again.probability(test).tobytes() == fit.probability(test).tobytes()


def test_what_does_not_fit_is_refused(fit):
    with pytest.raises(InputError, match=r"arrays of another network.*head.layers.1.weight"):
        point_in_time_network.restored(fit.arrays, SETTINGS | {"head_sizes": [30, 24, 8]})
    with pytest.raises(InputError, match=r"no matrix head.layers.1.weight among the arrays"):
        point_in_time_network.restored({}, SETTINGS)
    with pytest.raises(InputError, match="batches of 1 of 400 training samples; batch normalisation wants"):
        fitted(batch_size=1)
    with pytest.raises(InputError, match=r"head_sizes \[8, 8\] and .*wanted 3 of each"):
        fitted(head_sizes=[8, 8])


class TestEachStep:
    def test_records_are_samples_of_their_own_less_those_of_padding(self):
        samples = last_record_samples(n_samples=2)
        sequence = samples.sequence.copy()
        sequence[0, :-2] = 0
        # The last step is a record whatever it holds.
        sequence[1, -1] = 0
        records, window = records_of(dataclasses.replace(samples, sequence=sequence))
        n_steps = sequence.shape[1]
        assert window.tolist() == [0, 0] + [1] * n_steps
        assert records.sequence.shape == (2 + n_steps, 1, sequence.shape[2])
        assert records.sequence[:2, 0].tolist() == sequence[0, -2:].tolist()
        assert records.sequence[2:, 0].tolist() == sequence[1].tolist()
        assert records.label.tolist() == samples.label[window].tolist()
        assert records.region.tolist() == samples.region[window].tolist()

    def test_a_window_has_the_mean_of_the_forecasts_of_its_records(self):
        fit, test = fitted(steps="each"), last_record_samples(n_samples=30, seed=2)
        records, window = records_of(test)
        of_records = fit.of_records.probability(records)
        wanted = [of_records[window == i].mean() for i in range(len(test))]
        np.testing.assert_allclose(fit.probability(test), wanted, rtol=1e-12)

    def test_restored_checkpoints_give_the_same(self):
        fit, test = fitted(steps="each", max_epochs=2), last_record_samples(n_samples=30, seed=2)
        again = point_in_time_network.restored(load(save(fit.arrays)), SETTINGS | {"steps": "each"})
        assert again.probability(test).tobytes() == fit.probability(test).tobytes()
        assert fit.history["validation_brier_score"]
