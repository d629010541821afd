"""Speed of a feature ranking, for `make bench`: a subset of features as the rule fits it, beside the loop written bare.

Subsets are fitted one after the other in jobs of a batch. Stacking many of them into one network is not done: a step of
LSTMs stacked is 1.2 to 1.3 times faster than one after the other (bench_small_networks.py), as half of it are products
of the dense layers, which take as long either way; and single features, which would be stacked, cost as much as all.
Two orders by epochs of one training cost one, as far as that goes: what is asked of the second epoch comes on top.
"""

import itertools
import json
import sys
import tempfile
import time
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import numpy as np

ROOT = Path(__file__).resolve().parents[1]
sys.path[:0] = [str(ROOT / "scripts"), str(ROOT / "tests")]
N_STEPS, N_REGIONS, WINDOWS_PER_REGION, N_EPOCHS, N_ROUNDS = 10, 100, 100, 2, 3
PAPER_WINDOWS, PAPER_EPOCHS = 115_000, 7
SIZES = (1, 8, 32)
Row = tuple[str, str, str]
Split = tuple[np.ndarray, np.ndarray]


def bench_ranking() -> list[Row]:
    """Processor time of a subset of 1, 8 and 32 of 32 features, and how many times that of the bare loop it is.

    And how many times that of one order two cost, by two epochs of one training of a transformer.
    """
    import yaml

    from flaredag.samples import read_datasets, read_windows, samples_of_split
    from score_subsets import score_subsets

    configured = yaml.safe_load((ROOT / "config.yaml").read_text())["models"]
    settings = configured["lstm_attention"] | {"max_epochs": N_EPOCHS}
    rows = []
    with tempfile.TemporaryDirectory() as folder:
        inputs, digests = made_up(Path(folder))
        windows = read_windows(inputs["windows"])
        (drawn,) = read_datasets(inputs["datasets"], "ONLY", [0])
        samples = [samples_of_split(windows, drawn, split) for split in ("train", "validation", "test")]
        share = PAPER_WINDOWS / len(samples[0]) * PAPER_EPOCHS / N_EPOCHS
        for n_features in SIZES:
            # Several, as a job has: what is read once is shared.
            names = list(windows.feature_names)
            subsets = [names[first : first + n_features] for first in range(0, min(4, 33 - n_features))]
            made_from = {"seeds": [0], "models": {"lstm_attention": settings}, "datasets": digests}
            made_from |= {"features": names, "subsets": subsets}
            parts = [(np.ascontiguousarray(one.sequence[:, :, :n_features]), one.label) for one in samples]
            ours, alone = [], []
            for _ in range(N_ROUNDS):
                ours.append(_cpu_seconds(lambda m=made_from: score_subsets(**inputs, made_from=m)) / len(subsets))
                alone.append(_cpu_seconds(lambda p=parts: bare(*p, settings=settings)))
            what = f"ranking: a subset of {n_features} features, {PAPER_WINDOWS:,} windows"
            ratio = float(np.median(np.array(ours) / np.array(alone)))
            rows += [
                (f"{what}, {PAPER_EPOCHS} epochs", f"{share * min(ours):.1f} s", "-"),
                (f"{what}, against the bare loop: ratio", f"{ratio:.2f}", "<= 1.25"),
            ]
        both = {
            name: configured[name] | {"max_epochs": N_EPOCHS, "patch_steps": N_STEPS, "batch_size": 100}
            for name in ("transformer", "transformer_by_brier_score")
        }
        names = list(windows.feature_names)
        common = {"seeds": [0], "datasets": digests, "features": names, "subsets": [names[: SIZES[1]]]}
        one, two = (
            min(
                _cpu_seconds(lambda m=models: score_subsets(**inputs, made_from=common | {"models": m}))
                for _ in range(N_ROUNDS)
            )
            for models in (dict(list(both.items())[:1]), both)
        )
        rows.append(
            ("ranking: two orders by epochs of one training, against one: ratio", f"{two / one:.2f}", "<= 1.25")
        )
    return rows


def made_up(folder: Path) -> tuple[dict[str, str], dict[str, str]]:
    """Files of windows of 32 features of noise, their one data set and its index; and its digest by seed."""
    import yaml

    from draw_datasets import main as draw
    from flaredag.samples import StudyWindows, write_windows

    rng = np.random.default_rng(0)
    region, number = (axis.ravel() for axis in np.indices((N_REGIONS, WINDOWS_PER_REGION)))
    records_per_region = WINDOWS_PER_REGION + N_STEPS - 1
    names = yaml.safe_load((ROOT / "config.yaml").read_text())["study"]["liu2019"]["features"]
    zeros = np.zeros(region.size, dtype=np.int8)
    windows = StudyWindows(
        instruments=("sharp",),
        feature_names=tuple(names),
        features=rng.normal(size=(N_REGIONS * records_per_region, len(names))),
        step_record=((region * records_per_region + number)[:, None] + np.arange(N_STEPS)).astype(np.int32),
        instrument=zeros,
        region=(region + 1).astype(np.int32),
        split_group=(region + 1).astype(np.int64),
        issue_time=np.datetime64("2012-01-01", "s") + number * np.timedelta64(3600, "s"),
        evolution=zeros,
        label=(rng.random(region.size) < 0.15).astype(np.int8),
    )
    paths = {name: str(folder / f"{name}.nc") for name in ("windows", "datasets")} | {"index": str(folder / "index")}
    write_windows(paths["windows"], {"flare": windows})
    how = {"evaluated": "sharp", "added_to_training": [], "test_fraction": 0.3, "validation_fraction": 0.2}
    drawn = {"seeds": [0], "task": "", "draw": how | {"undersampled": [], "standardisation": "train"}}
    draw(paths["windows"], paths["datasets"], paths["index"], settings={"ONLY": drawn}, explanation=None)
    index = json.loads(Path(paths["index"]).read_text())["datasets"]["ONLY"]["seeds"]
    return paths, {seed: entry["digest"] for seed, entry in index.items()}


def bare(train: Split, validation: Split, test: Split, *, settings: Mapping[str, Any]) -> None:
    """The same network, trained by the shortest loop, with validation every epoch, and its forecasts of the test."""
    import torch
    from torch import nn

    torch.set_num_threads(1)
    hidden, dense = settings["hidden_size"], settings["dense_sizes"]
    lstm = nn.LSTM(train[0].shape[2], hidden, batch_first=True)
    score, vector = nn.Linear(hidden, hidden, bias=False), nn.Linear(2 * hidden, hidden, bias=False)
    sizes = [hidden, *dense]
    layers = [layer for pair in itertools.pairwise(sizes) for layer in (nn.Linear(*pair), nn.ReLU())]
    head = nn.Sequential(*layers, nn.Linear(sizes[-1], 2))
    parts = nn.ModuleList([lstm, score, vector, head])
    optimiser = torch.optim.Adam(parts.parameters(), lr=settings["learning_rate"])

    def called(sequence: torch.Tensor) -> torch.Tensor:
        states, _ = lstm(sequence)
        last = states[:, -1]
        weights = torch.softmax((states * score(last)[:, None]).sum(dim=2), dim=1)
        context = (weights[:, :, None] * states).sum(dim=1)
        return head(torch.tanh(vector(torch.cat([context, last], dim=1))))

    inputs, classes = torch.from_numpy(train[0]), torch.from_numpy(train[1]).long()
    of_class = len(classes) / (2 * torch.bincount(classes))
    for _ in range(settings["max_epochs"]):
        for batch in torch.randperm(len(classes)).split(settings["batch_size"]):
            optimiser.zero_grad()
            nn.functional.cross_entropy(called(inputs[batch]), classes[batch], weight=of_class).backward()
            optimiser.step()
        with torch.no_grad():
            called(torch.from_numpy(validation[0])).argmax(1)
    with torch.no_grad():
        torch.softmax(called(torch.from_numpy(test[0])), dim=1)


def _cpu_seconds(function: Callable[[], object]) -> float:
    begun = time.process_time()
    function()
    return time.process_time() - begun


if __name__ == "__main__":
    for what, value, limit in bench_ranking():
        print(f"{what:<90} {value:>12}  (wanted: {limit})")
