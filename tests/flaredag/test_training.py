"""The training loop: when it stops, what it keeps, and what it leaves behind."""

import logging
import math

import numpy as np
import pytest
import torch
from sklearn.metrics import roc_auc_score
from torch import nn

from flaredag.devices import CPU, Computing
from flaredag.errors import InputError
from flaredag.training import logits, seeded, train_classifier, training_loss


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


def trained(network, *, kept_epoch="true_skill_statistic", **options):
    """History of a training that keeps one epoch."""
    (kept,) = trained_epochs(network, kept_epochs=[kept_epoch], **options)
    return kept.history


def trained_epochs(network, *, n_samples=8, max_epochs=20, patience_epochs=3, batch_size=4, seed=0, **options):
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
        **options,
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


class Sure(Scripted):
    """As `Scripted`, as sure of its hits and misses as `sure` says for the epoch."""

    def __init__(self, hits, sure):
        super().__init__(hits)
        self.sure = sure

    def forward(self, inputs):
        outputs = super().forward(inputs)
        if self.training:
            return outputs
        return (2 * outputs - outputs.new_tensor([0, 1])) * self.sure[int(self.epoch) - 1]


class TestKeptEpoch:
    def test_cross_entropy_by_hand(self):
        # Two of four positives forecast, so 6 of 8 samples right, all by logits that differ by 1.
        history = trained(Sure([2], [1.0]), max_epochs=1)
        right, wrong = math.log(1 + math.exp(-1)), math.log(1 + math.exp(1))
        assert history["validation_cross_entropy"] == [pytest.approx((6 * right + 2 * wrong) / 8)]

    @pytest.mark.parametrize(("kept_epoch", "best"), [("true_skill_statistic", 1), ("cross_entropy", 3)])
    def test_each_criterion_keeps_its_own_epoch(self, kept_epoch, best):
        network = Sure([3, 3, 2, 1], [8.0, 6.0, 1.0, 8.0])
        history = trained(network, max_epochs=4, kept_epoch=kept_epoch)
        assert history["best_epoch"] == int(network.epoch) == best

    def test_roc_area_by_hand_and_as_scikit_learn_has_it(self):
        # Two of four positives are ranked above all negatives, two are tied with all four of them.
        history = trained(Sure([2], [1.0]), max_epochs=1)
        by_hand = (2 * 4 + 2 * 4 / 2) / (4 * 4)
        assert history["validation_area_under_roc_curve"] == [pytest.approx(by_hand)]
        assert roc_auc_score([1, 1, 1, 1, 0, 0, 0, 0], [1, 1, 0, 0, 0, 0, 0, 0]) == pytest.approx(by_hand)

    def test_greatest_roc_area_is_kept_whatever_the_threshold(self):
        network = Sure([1, 2, 4, 3], [1.0, 1.0, 1.0, 1.0])
        assert trained(network, max_epochs=4, kept_epoch="area_under_roc_curve")["best_epoch"] == 3

    def test_brier_score_by_hand_and_its_least_is_kept(self):
        # Two of four positives forecast; logits that differ by 1 are probabilities p and 1 - p.
        history = trained(Sure([2], [1.0]), max_epochs=1)
        p = 1 / (1 + math.exp(-1))
        assert history["validation_brier_score"] == [pytest.approx((6 * (1 - p) ** 2 + 2 * p**2) / 8)]
        network = Sure([3, 3, 2, 1], [8.0, 1.0, 1.0, 0.1])
        assert trained(network, max_epochs=4, kept_epoch="brier_score")["best_epoch"] == int(network.epoch) == 1
        network = Sure([1, 3, 3, 2], [8.0, 1.0, 8.0, 8.0])
        assert trained(network, max_epochs=4, kept_epoch="brier_score")["best_epoch"] == int(network.epoch) == 3

    def test_patience_is_by_the_criterion(self):
        history = trained(Sure([1, 2, 3, 4], [0.1, 8.0, 16.0, 0.1]), kept_epoch="cross_entropy", patience_epochs=2)
        assert history["best_epoch"] == 1
        assert len(history["training_loss"]) == 3

    def test_the_last_is_kept_and_no_patience_ends_before(self):
        network = Scripted([4, 0, 0, 0, 1, 0])
        history = trained(network, max_epochs=6, patience_epochs=1, kept_epoch="last")
        assert history["best_epoch"] == int(network.epoch) == 6
        assert history["validation_true_skill_statistic"] == [1.0, 0.0, 0.0, 0.0, 0.25, 0.0]

    def test_another_criterion_is_refused(self):
        with pytest.raises(InputError, match="kept_epoch accuracy; wanted one of true_skill_statistic, cross_entropy"):
            trained(Scripted([1]), kept_epoch="accuracy")


class TestSeveralKeptEpochs:
    def test_each_has_its_own_state_and_the_network_is_left_at_the_first(self):
        network = Sure([3, 4, 2, 1], [8.0, 0.1, 1.0, 0.1])
        names = ["cross_entropy", "true_skill_statistic", "last"]
        kept = trained_epochs(network, max_epochs=4, kept_epochs=names)
        assert [one.history["best_epoch"] for one in kept] == [int(one.state["epoch"]) for one in kept] == [3, 2, 4]
        assert int(network.epoch) == 3
        assert kept[0].history | {"best_epoch": 2} == kept[1].history

    @pytest.mark.parametrize("names", [["true_skill_statistic", "brier_score"], ["true_skill_statistic", "last"]])
    def test_one_training_gives_the_bits_of_several(self, names):
        inputs, classes = noise()

        def states(kept_epochs):
            with seeded(5) as generator:
                kept = train_classifier(
                    small_network(),
                    (inputs, classes),
                    (inputs, classes.numpy().astype(np.int8)),
                    learning_rate=0.05,
                    batch_size=16,
                    max_epochs=8,
                    patience_epochs=8,
                    generator=generator,
                    kept_epochs=kept_epochs,
                )
            return [({name: value.tolist() for name, value in one.state.items()}, one.history) for one in kept]

        together = states(names)
        assert together == [states([name])[0] for name in names]
        assert together[0][0] != together[1][0]

    def test_patience_is_counted_since_any_was_best(self):
        # TSS is best in epoch 1; surer forecasts make the Brier score better until epoch 4.
        hits, sure = [3, 2, 2, 2, 1, 1, 1], [0.1, 0.2, 0.4, 0.8, 0.1, 0.1, 0.1]
        names = ["true_skill_statistic", "brier_score"]
        kept = trained_epochs(Sure(hits, sure), kept_epochs=names, patience_epochs=2)
        assert [one.history["best_epoch"] for one in kept] == [1, 4]
        assert len(kept[0].history["training_loss"]) == 6
        assert len(trained(Sure(hits, sure), patience_epochs=2)["training_loss"]) == 3

    def test_a_loss_that_is_not_finite_leaves_each_its_best_before(self, caplog):
        names = ["true_skill_statistic", "last"]
        with caplog.at_level(logging.WARNING, logger="flaredag"):
            kept = trained_epochs(Failing([3, 1, 4, 4], epoch=3, batch=1), kept_epochs=names)
        assert [one.history["best_epoch"] for one in kept] == [1, 2]
        assert {one.history["not_finite"] for one in kept} == {"epoch 3, batch 1"}
        assert "epochs 1 and 2 are kept" in caplog.text

    def test_each_must_be_known(self):
        with pytest.raises(InputError, match=r"kept_epoch accuracy; wanted one of .*brier_score, last"):
            trained_epochs(Scripted([1]), kept_epochs=["last", "accuracy"])


def small_network():
    """A network that draws numbers while it learns, as the real ones may."""
    return nn.Sequential(nn.Linear(3, 8), nn.ReLU(), nn.Dropout(0.3), nn.Linear(8, 2))


def noise(n_samples=90, seed=0):
    generator = torch.Generator().manual_seed(seed)
    return torch.randn(n_samples, 3, generator=generator), (torch.arange(n_samples) % 3 == 0).long()


def by_a_plain_loop(inputs, classes, *, n_epochs, batch_size, loss_of):
    """Losses of each epoch and the network after the last: Adam and shuffled batches, without any of the rest."""
    with seeded(5) as generator:
        network = small_network()
        optimiser = torch.optim.Adam(network.parameters(), lr=0.01)
        epochs = []
        for _ in range(n_epochs):
            total, order = torch.zeros(()), torch.randperm(len(classes), generator=generator)
            n_batches = len(order) // batch_size
            for number in range(n_batches):
                batch = order[number * batch_size : (number + 1) * batch_size]
                optimiser.zero_grad()
                loss = loss_of(network(inputs[batch]), classes[batch])
                loss.backward()
                optimiser.step()
                total = total + loss.detach()
            epochs.append(float(total) / n_batches)
    return epochs, network


def by_our_loop(inputs, classes, *, n_epochs, batch_size, **options):
    with seeded(5) as generator:
        network = small_network()
        (kept,) = train_classifier(
            network,
            (inputs, classes),
            (inputs, classes.numpy().astype(np.int8)),
            learning_rate=0.01,
            batch_size=batch_size,
            max_epochs=n_epochs,
            patience_epochs=n_epochs,
            generator=generator,
            kept_epochs=["last"],
            **options,
        )
    return kept.history["training_loss"], network


class TestLoss:
    @staticmethod
    def weighted(found, classes):
        # 30 of 90 samples are positive: weights 90 / (2 x 60) and 90 / (2 x 30).
        each = nn.functional.cross_entropy(found, classes, reduction="none")
        return (each * torch.where(classes == 1, 1.5, 0.75)).mean()

    @staticmethod
    def penalised(found, classes):
        return nn.functional.cross_entropy(found, classes) + 0.01 * torch.softmax(found, dim=1).square().sum()

    def test_without_options_as_a_plain_loop_to_the_last_bit(self):
        inputs, classes = noise()
        wanted, plain = by_a_plain_loop(inputs, classes, n_epochs=4, batch_size=16, loss_of=nn.functional.cross_entropy)
        got, network = by_our_loop(inputs, classes, n_epochs=4, batch_size=16)
        assert got == wanted
        for ours, theirs in zip(network.parameters(), plain.parameters(), strict=True):
            assert torch.equal(ours, theirs)

    @pytest.mark.parametrize(
        ("loss", "options"),
        [("weighted", {"class_weights": "balanced"}), ("penalised", {"activity_penalty": 0.01})],
    )
    def test_with_options_as_a_plain_loop(self, loss, options):
        inputs, classes = noise()
        wanted, plain = by_a_plain_loop(inputs, classes, n_epochs=3, batch_size=16, loss_of=getattr(self, loss))
        got, network = by_our_loop(inputs, classes, n_epochs=3, batch_size=16, **options)
        assert got == pytest.approx(wanted, rel=1e-5)
        for ours, theirs in zip(network.parameters(), plain.parameters(), strict=True):
            torch.testing.assert_close(ours, theirs, rtol=1e-3, atol=1e-5)

    def test_weighted_loss_by_hand_is_a_mean_over_samples(self):
        # Logits 0 have the loss ln 2; divided by the two samples, not by the weights' sum of 4.
        found, classes = torch.zeros(2, 2), torch.tensor([0, 1])
        loss = training_loss(found, classes, weight_of_class=torch.tensor([1.0, 3.0]))
        assert float(loss) == pytest.approx((1 + 3) * math.log(2) / 2)

    def test_penalty_by_hand_is_a_sum_over_the_batch(self):
        # Probabilities of 1/2 twice, and of 1 and 0: squares 1/2 and 1.
        found, classes = torch.tensor([[0.0, 0.0], [50.0, 0.0]]), torch.tensor([0, 0])
        loss = training_loss(found, classes, activity_penalty=0.1)
        assert float(loss) == pytest.approx(math.log(2) / 2 + 0.1 * 1.5)

    def test_other_weights_are_refused(self):
        with pytest.raises(InputError, match="network: class_weights is 'inverse'; wanted one of none, balanced"):
            trained(Scripted([1]), class_weights="inverse")


class Failing(Scripted):
    """Gives NaN in training batch `batch` of epoch `epoch`, or in validation where batch is 0."""

    def __init__(self, hits, *, epoch, batch):
        super().__init__(hits)
        self.fails_at = (epoch, batch)
        self.number = 0

    def train(self, mode=True):
        self.number = 0
        return super().train(mode)

    def forward(self, inputs):
        self.number += self.training
        outputs = super().forward(inputs)
        fails = (int(self.epoch), self.number * self.training) == self.fails_at
        return outputs * math.nan if fails else outputs


class TestLossNotFinite:
    @pytest.mark.parametrize(("batch", "place"), [(2, "epoch 3, batch 2"), (0, "the validation of epoch 3")])
    def test_the_best_epoch_before_is_kept(self, caplog, batch, place):
        network = Failing([3, 1, 4, 4], epoch=3, batch=batch)
        with caplog.at_level(logging.WARNING, logger="flaredag"):
            history = trained(network, n_samples=12)
        assert history["not_finite"] == place
        assert history["best_epoch"] == int(network.epoch) == 1
        assert history["validation_true_skill_statistic"] == [0.75, 0.25]
        assert len(history["training_loss"]) == len(history["validation_cross_entropy"]) == 2
        assert torch.isfinite(network.weight).all()
        (warning,) = [record.getMessage() for record in caplog.records if record.levelno == logging.WARNING]
        assert f"at {place}: stopped, epoch 1 is kept (learning rate 0.001; try a lower one)" in warning

    def test_the_last_epoch_before_is_kept_where_the_last_is_asked_for(self):
        network = Failing([4, 1, 4, 4], epoch=3, batch=1)
        history = trained(network, kept_epoch="last")
        assert history["best_epoch"] == int(network.epoch) == 2

    @pytest.mark.parametrize(("batch", "place"), [(1, "epoch 1, batch 1"), (0, "the validation of epoch 1")])
    def test_no_epoch_before(self, batch, place):
        with pytest.raises(InputError, match=f"at {place}, before any epoch ended .*lower learning_rate"):
            trained(Failing([3], epoch=1, batch=batch))

    def test_it_stops_at_the_batch_or_the_next(self):
        network = Failing([3, 3], epoch=2, batch=2)
        history = trained(network, n_samples=40)
        assert history["not_finite"] == "epoch 2, batch 2"
        assert len(network.batches) == 10 + 3

    def test_a_fit_that_goes_well_says_nothing_of_it(self):
        assert "not_finite" not in trained(Scripted([1]), max_epochs=1)


def test_validation_of_one_class_is_refused():
    inputs = torch.zeros(8, 2), torch.arange(8) % 2
    with pytest.raises(InputError, match="all 8 validation samples are of one class"):
        train_classifier(
            Scripted([1]),
            inputs,
            (torch.zeros(8, 2), np.ones(8, dtype=np.int8)),
            learning_rate=1e-3,
            batch_size=4,
            max_epochs=1,
            patience_epochs=1,
            generator=torch.Generator(),
        )


def test_validation_of_one_class_is_left_out_where_nothing_is_chosen_by_it():
    network, inputs = Scripted([1, 2]), torch.zeros(8, 2)
    (kept,) = train_classifier(
        network,
        (inputs, torch.arange(8) % 2),
        (inputs, np.zeros(8, dtype=np.int8)),
        learning_rate=1e-3,
        batch_size=4,
        max_epochs=2,
        patience_epochs=2,
        generator=torch.Generator(),
        kept_epochs=["last"],
    )
    assert set(kept.history) == {"training_loss", "best_epoch"}
    assert kept.history["best_epoch"] == int(network.epoch) == 2


class TestLogits:
    def test_in_parts_as_in_one(self):
        network, inputs = nn.Linear(3, 2), torch.randn(7, 3)
        parts = logits(network, inputs, 7, 3)
        assert parts.dtype == torch.float64
        torch.testing.assert_close(parts, network(inputs).detach().double())
        assert not network.training

    def test_inputs_may_be_several_tensors(self):
        class Two:
            def __getitem__(self, samples):
                return samples[:, None].float(), None

        class Network(nn.Module):
            def forward(self, images, extra):
                assert extra is None
                return torch.cat([images, -images], dim=1)

        assert logits(Network(), Two(), 3, 2).tolist() == [[0, 0], [1, -1], [2, -2]]

    def test_in_the_arithmetic_asked_for(self):
        network, inputs = nn.Linear(64, 2), torch.randn(50, 64)
        as_on_a_gpu = Computing(torch.device("cpu"), torch.bfloat16, channels_last=True)
        exact, rounded = (logits(network, inputs, 50, 50, one) for one in (CPU, as_on_a_gpu))
        torch.testing.assert_close(rounded, exact, atol=0.05, rtol=0.0)
        assert not torch.equal(rounded, exact)


def test_training_in_bfloat16_leaves_float32_parameters_as_they_lay():
    class Small(nn.Sequential):
        def __init__(self):
            super().__init__(nn.Conv2d(1, 4, 3), nn.Flatten(), nn.Linear(16, 2))

    inputs = torch.randn(16, 1, 4, 4)
    inputs[::2] += 2
    classes = torch.arange(16) % 2
    network = Small()
    (kept,) = train_classifier(
        network,
        (inputs, classes),
        (inputs, classes.numpy().astype(np.int8)),
        learning_rate=0.05,
        batch_size=8,
        max_epochs=20,
        patience_epochs=20,
        generator=torch.Generator().manual_seed(0),
        computing=Computing(torch.device("cpu"), torch.bfloat16, channels_last=True),
    )
    assert max(kept.history["validation_true_skill_statistic"]) == 1
    for parameter in network.parameters():
        assert parameter.dtype == torch.float32
        assert parameter.is_contiguous()
        assert parameter.device.type == "cpu"


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
