"""Speed of the networks on keywords, for `make bench`: an epoch or a fit of their paper's size, and many at once."""

import sys
import time
from collections.abc import Callable, Sequence
from pathlib import Path

import numpy as np

ROOT = Path(__file__).resolve().parents[1]
sys.path[:0] = [str(ROOT / "scripts"), str(ROOT)]
N_FEATURES, N_STEPS, BATCH = 40, 10, 256
PAPER_WINDOWS = 115_000
# Li et al. 2024: a training split of regions, or of their records, and its windows; epochs of a fit that are run here.
REGIONS, REGION_STEPS, REGION_FEATURES, RECORDS = 171, 40, 10, 6_900
EPOCHS_OF_FIT, EPOCHS_RUN, N_CORES = 150, 3, 2
Row = tuple[str, str, str]


def bench_small_networks() -> list[Row]:
    """All rows: of one network of each kind, then of several at once beside as many one after the other."""
    return bench_epochs() + bench_fits() + [row for n_networks in (8, 32) for row in bench_stacked(n_networks)]


def bench_epochs() -> list[Row]:
    """Processor time of an epoch on one thread, of every network of large samples as config.yaml has it."""
    import yaml

    from fit_networks import MODELS
    from flaredag.networks_of_two_epochs import OF_TWO_EPOCHS

    configured = yaml.safe_load((ROOT / "config.yaml").read_text())["models"]
    of_large_samples = {name: model for name, model in MODELS.items() if not name.startswith(tuple(OF_TWO_EPOCHS))}
    train, validation = made_up(5_000), made_up(100)
    share, rows = PAPER_WINDOWS / 5_000, []
    for name, model in of_large_samples.items():
        settings = configured[name] | {"max_epochs": 2, "patience_epochs": 2}
        seconds, fit = _least_seconds(lambda m=model, s=settings: m.fit(train, validation, seed=0, settings=s), 2)
        predicting, _ = _least_seconds(lambda f=fit: f.probability(train), 2)
        epoch = share * seconds / len(fit.history["training_loss"])
        rows += [
            (f"{name}: an epoch of {PAPER_WINDOWS:,} windows of {N_STEPS} x {N_FEATURES}", f"{epoch:.1f} s", "-"),
            (f"{name}: prediction of as many", f"{share * predicting:.1f} s", "-"),
        ]
    return rows


def bench_fits() -> list[Row]:
    """Processor time of a fit on one thread, of the networks of Li et al. 2024 as config.yaml has them, and of all.

    All: six networks on two sets of parameters and ten splits, which gives their twins too; and the Transformer on what
    elimination from both ends by two scores asks for at most, of ten splits.
    """
    import yaml

    from flaredag.networks_of_two_epochs import OF_TWO_EPOCHS

    config = yaml.safe_load((ROOT / "config.yaml").read_text())
    configured, study = config["models"], config["study"]["li2024"]
    regions, records = (
        made_up(n_samples, n_steps=n_steps, n_features=REGION_FEATURES)
        for n_samples, n_steps in ((REGIONS, REGION_STEPS), (RECORDS, 1))
    )
    rows, fit_seconds = [], {}
    for name, model in OF_TWO_EPOCHS.items():
        samples = records if name.startswith("point_in_time_network") else regions
        settings = configured[name] | {"max_epochs": EPOCHS_RUN}
        seconds, _ = _least_seconds(lambda m=model, s=settings, d=samples: m.fit(d, d, seed=0, settings=s), 2)
        what = f"{name}: a fit on {len(samples):,} windows of {samples.sequence.shape[1]} x {REGION_FEATURES}"
        fit_seconds[name] = seconds * EPOCHS_OF_FIT / EPOCHS_RUN
        rows.append((what, f"{fit_seconds[name]:.0f} s", "-"))
    n_splits, ranking = len(study["seeds"]), study["ranking"]
    six = [seconds for name, seconds in fit_seconds.items() if name != "point_in_time_network_over_day"]
    n_sets = len(ranking["datasets"])
    sizes = [len(study["datasets"][name]["features"]) for name in ranking["datasets"]]
    # Each feature alone, all together, and the first and last 2 to n - 1 of each order.
    n_subsets = sum(n + 1 + len(ranking["orders"]) * len(ranking["directions"]) * (n - 2) for n in sizes)
    minutes = n_splits * n_sets * sum(six) / 60 / N_CORES
    of_elimination = n_splits * n_subsets * fit_seconds["transformer"] / 60 / N_CORES
    what = f"on {N_CORES} cores: {len(six)} networks, {n_sets} sets of parameters, {n_splits} splits"
    eliminated = f"on {N_CORES} cores: elimination, {n_subsets} subsets, {n_splits} splits"
    return [*rows, (what, f"{minutes:.0f} min", "< 30 min"), (eliminated, f"{of_elimination:.0f} min", "< 60 min")]


def bench_stacked(n_networks: int) -> list[Row]:
    """A step of `n_networks` LSTMs with attention one after the other, beside one step of all of them stacked.

    Half of a step are products of the dense layers, which take as long stacked as alone, so that stacking gains too
    little to be worth a second implementation: many fits are better spread over processes.
    """
    import torch
    from torch import nn

    from flaredag.models.attention_lstm import AttentionLSTM
    from flaredag.training import seeded

    with seeded(0):
        form = {"hidden_size": 10, "attention": "over_states", "dense_sizes": [200, 500]}
        networks = [
            AttentionLSTM(N_FEATURES, N_STEPS, input_dropout=0.0, masked=False, **form) for _ in range(n_networks)
        ]
        sequence, classes = torch.randn(BATCH, N_STEPS, N_FEATURES), torch.arange(BATCH) % 2
        stacked = Stacked(networks)
        torch.testing.assert_close(stacked(sequence), torch.stack([network(sequence) for network in networks]))

        def stepping(parameters: Sequence, found: Callable) -> Callable[[], None]:
            optimiser = torch.optim.Adam(parameters)

            def step() -> None:
                optimiser.zero_grad()
                logits = found().reshape(-1, 2)
                loss = nn.functional.cross_entropy(logits, classes.repeat(len(logits) // BATCH))
                (loss * (len(logits) // BATCH)).backward()
                optimiser.step()

            return step

        alone = stepping(list(networks[0].parameters()), lambda: networks[0](sequence))
        together = stepping(stacked.parameters, lambda: stacked(sequence))
        separate, _ = _least_seconds(alone, 30)
        at_once = _least_seconds(together, 10)[0] / n_networks
    what = f"LSTM with attention, a step of {BATCH} windows: alone, and each of {n_networks} stacked"
    return [
        (what, f"{1000 * separate:.2f}, {1000 * at_once:.2f} ms", "-"),
        (f"{what}, times as long", f"{separate / at_once:.2f} x", "stack from 2 x on"),
    ]


class Stacked:
    """Several `AttentionLSTM` with all their settings alike, computed as one on the same windows.

    Axes are (network, unit, window), so that the gates of a step lie in one piece.
    """

    def __init__(self, networks: Sequence) -> None:
        import torch
        from torch import nn

        def of(tensors):
            return nn.Parameter(torch.stack([tensor.detach() for tensor in tensors]))

        lstms = [network.lstm for network in networks]
        self.into, self.recurrent = of(m.weight_ih_l0 for m in lstms), of(m.weight_hh_l0 for m in lstms)
        self.bias = of((m.bias_ih_l0 + m.bias_hh_l0)[:, None] for m in lstms)
        self.score = of(network.attention.score.weight for network in networks)
        self.vector = of(network.attention.vector.weight for network in networks)
        self.dense = [
            (of(n.head[layer].weight for n in networks), of(n.head[layer].bias[:, None] for n in networks))
            for layer in range(0, len(networks[0].head), 2)
        ]
        self.parameters = [self.into, self.recurrent, self.bias, self.score, self.vector, *sum(self.dense, ())]

    def __call__(self, sequence):
        """Logits (network, window, 2) of windows (window, step, feature)."""
        import torch

        n_networks, n_gates, n_features = self.into.shape
        steps = sequence.permute(1, 2, 0).contiguous()
        given = (self.into.view(-1, n_features) @ steps).view(len(steps), n_networks, n_gates, -1)
        hidden = cell = given.new_zeros(n_networks, n_gates // 4, len(sequence))
        states = []
        for of_step in given:
            gates = torch.baddbmm(of_step, self.recurrent, hidden) + self.bias
            into, forget, new, out = gates.chunk(4, dim=1)
            cell = forget.sigmoid() * cell + into.sigmoid() * new.tanh()
            hidden = out.sigmoid() * cell.tanh()
            states.append(hidden)
        states = torch.stack(states)
        scores = (states * torch.bmm(self.score.transpose(1, 2), hidden)).sum(dim=2)
        context = (torch.softmax(scores, dim=0)[:, :, None] * states).sum(dim=0)
        found = torch.tanh(torch.bmm(self.vector, torch.cat([context, hidden], dim=1)))
        for number, (weight, bias) in enumerate(self.dense):
            found = torch.baddbmm(bias, weight, found.relu() if number else found)
        return found.transpose(1, 2)


def made_up(n_samples: int, *, n_steps: int = N_STEPS, n_features: int = N_FEATURES):
    """Samples of noise: a step costs the same whatever they tell."""
    from flaredag.samples import Samples

    rng = np.random.default_rng(0)
    sequence = rng.normal(size=(n_samples, n_steps, n_features)).astype(np.float32)
    label = (np.arange(n_samples) % 2).astype(np.int8)
    zeros, region = np.zeros(n_samples, dtype=np.int8), np.arange(n_samples, dtype=np.int32)
    return Samples(sequence, label, zeros.astype(bool), zeros, region, np.zeros(n_samples, dtype="datetime64[s]"))


def _least_seconds(function: Callable, n_times: int):
    """Least processor time of several calls, s, and what the last gave; other processes lengthen it little."""
    seconds, given = [], None
    for _ in range(n_times):
        begun = time.process_time()
        given = function()
        seconds.append(time.process_time() - begun)
    return min(seconds), given


if __name__ == "__main__":
    for what, value, limit in bench_small_networks():
        print(f"{what:<90} {value:>12}  (wanted: {limit})")
