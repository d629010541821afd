"""The training loop: when it stops, what it keeps, and what it leaves behind."""

import numpy as np
import pytest
import torch
from torch import nn

from flaredag.training import seeded, train_classifier


class Scripted(nn.Module):
    """Forecasts as many of the positive samples, which come first, as `hits` says for the epoch it is in."""

    def __init__(self, hits):
        super().__init__()
        self.hits = hits
        self.batches = []
        self.weight = nn.Parameter(torch.zeros(2))
        self.register_buffer("epoch", torch.tensor(0))

    def train(self, mode=True):
        self.epoch += int(mode)
        return super().train(mode)

    def forward(self, inputs):
        if self.training:
            self.batches.append(inputs[:, 0].tolist())
            return inputs * self.weight
        positive = torch.arange(len(inputs)) < self.hits[int(self.epoch) - 1]
        return torch.stack([torch.zeros(len(inputs)), torch.where(positive, 1.0, 0.0)], dim=1)


def trained(network, *, n_samples=8, max_epochs=20, patience_epochs=3, batch_size=4, seed=0):
    inputs = torch.arange(n_samples, dtype=torch.float32)[:, None].expand(-1, 2).contiguous()
    classes = torch.arange(n_samples) % 2
    return train_classifier(
        network,
        (inputs, classes),
        (torch.zeros(8, 2), np.array([1, 1, 1, 1, 0, 0, 0, 0], dtype=np.int8)),
        learning_rate=1e-3,
        batch_size=batch_size,
        max_epochs=max_epochs,
        patience_epochs=patience_epochs,
        generator=torch.Generator().manual_seed(seed),
    )


def test_stops_when_patience_is_at_its_end_and_keeps_the_first_best_epoch():
    # TSS 0, 1/2, 1/4, 1/2, 1/2: after epoch 2 three epochs bring nothing better.
    network = Scripted([0, 2, 1, 2, 2, 4, 4])
    history = trained(network)
    assert history["validation_true_skill_statistic"] == [0.0, 0.5, 0.25, 0.5, 0.5]
    assert history["best_epoch"] == 2
    assert int(network.epoch) == 2
    assert len(history["training_loss"]) == 5


def test_a_better_epoch_renews_the_patience():
    network = Scripted([1, 0, 0, 2, 0, 0, 3, 0, 0, 0, 4])
    history = trained(network)
    assert history["best_epoch"] == 7
    assert len(history["training_loss"]) == 10
    assert int(network.epoch) == 7


def test_stops_at_the_last_epoch():
    history = trained(Scripted([0, 1, 2, 3, 4]), max_epochs=4)
    assert history["validation_true_skill_statistic"] == [0, 0.25, 0.5, 0.75]
    assert history["best_epoch"] == 4


def test_the_weights_kept_are_those_of_the_best_epoch():
    best, longer = Scripted([1, 4, 0, 0, 0]), Scripted([1, 4, 0, 0, 0])
    trained(best, max_epochs=2)
    trained(longer, max_epochs=5)
    assert torch.equal(best.weight, longer.weight)
    assert not torch.equal(best.weight, torch.zeros(2))


def test_false_alarms_count():
    # All eight forecast: 4 of 4 hits, 4 of 4 false alarms.
    assert trained(Scripted([8]), max_epochs=1)["validation_true_skill_statistic"] == [0.0]


def test_a_probability_of_one_half_is_no_forecast():
    # Positive samples at one half, the rest below: were one half a forecast, TSS would be 1.
    class Half(Scripted):
        def forward(self, inputs):
            logits = super().forward(inputs)
            if not self.training:
                logits[4:, 0] = 1.0
            return logits

    assert trained(Half([0]), max_epochs=1)["validation_true_skill_statistic"] == [0.0]


def test_batches_are_whole_and_shuffled_anew_each_epoch():
    network = Scripted([1] * 3)
    trained(network, n_samples=10, max_epochs=3)
    epochs = [network.batches[i : i + 2] for i in (0, 2, 4)]
    assert len(network.batches) == 6
    for first, second in epochs:
        assert len(first) == len(second) == 4
        assert len(set(first + second)) == 8
    assert epochs[0] != epochs[1] != epochs[2]


def test_fewer_samples_than_a_batch_are_one_batch():
    network = Scripted([1])
    trained(network, n_samples=3, batch_size=64, max_epochs=1)
    assert [sorted(batch) for batch in network.batches] == [[0.0, 1.0, 2.0]]


def test_the_order_of_batches_is_the_generators():
    networks = [Scripted([1] * 2) for _ in range(3)]
    for network, seed in zip(networks, (0, 0, 1), strict=True):
        trained(network, max_epochs=2, seed=seed)
    assert networks[0].batches == networks[1].batches != networks[2].batches


def test_the_training_loss_is_the_mean_cross_entropy():
    # Weights 0 give probabilities of one half, so ln 2; Adam's first step comes after.
    history = trained(Scripted([1]), batch_size=8, max_epochs=1)
    assert history["training_loss"] == [pytest.approx(np.log(2), abs=1e-6)]


class TestSeeded:
    def test_the_same_numbers_from_the_same_seed(self):
        drawn = []
        for outside in (1, 2):
            torch.manual_seed(outside)
            with seeded(7) as generator:
                drawn.append((torch.rand(3).tolist(), torch.rand(3, generator=generator).tolist()))
        assert drawn[0] == drawn[1]
        with seeded(8) as generator:
            assert (torch.rand(3).tolist(), torch.rand(3, generator=generator).tolist()) != drawn[0]

    @staticmethod
    def fail_seeded():
        with seeded(0):
            assert torch.get_num_threads() == 1
            assert torch.are_deterministic_algorithms_enabled()
            torch.rand(100)
            raise KeyError

    def test_leaves_torch_as_it_was(self):
        threads = torch.get_num_threads()
        torch.set_num_threads(2)
        try:
            torch.manual_seed(5)
            wanted = torch.rand(4).tolist()
            torch.manual_seed(5)
            with pytest.raises(KeyError):
                self.fail_seeded()
            assert torch.get_num_threads() == 2
            assert not torch.are_deterministic_algorithms_enabled()
            assert torch.rand(4).tolist() == wanted
        finally:
            torch.set_num_threads(threads)


def test_seeded_puts_back_how_torch_fills_memory():
    before = torch.utils.deterministic.fill_uninitialized_memory
    with seeded(0):
        assert torch.utils.deterministic.fill_uninitialized_memory is False
    assert torch.utils.deterministic.fill_uninitialized_memory is before
