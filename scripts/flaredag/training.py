"""Training of torch classifiers: one loop for every network, the same bytes on any number of cores."""

from __future__ import annotations

import logging
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

import torch
from torch import Tensor, nn

from flaredag.joblog import Progress

if TYPE_CHECKING:
    from collections.abc import Iterator

    import numpy as np
    from numpy.typing import NDArray

LOG = logging.getLogger("flaredag")
THRESHOLD = 0.5


@contextmanager
def seeded(seed: int) -> Iterator[torch.Generator]:
    """One thread, deterministic algorithms and torch's random numbers from `seed`, until the block ends."""
    threads, deterministic = torch.get_num_threads(), torch.are_deterministic_algorithms_enabled()
    memory: Any = torch.utils.deterministic
    filled = memory.fill_uninitialized_memory
    torch.set_num_threads(1)
    torch.use_deterministic_algorithms(True)
    # A safeguard for operations that read what they have not written; none here does, and it costs a tenth of a fit.
    memory.fill_uninitialized_memory = False
    try:
        with torch.random.fork_rng(devices=[]):
            torch.manual_seed(seed)
            yield torch.Generator().manual_seed(seed)
    finally:
        memory.fill_uninitialized_memory = filled
        torch.use_deterministic_algorithms(deterministic)
        torch.set_num_threads(threads)


def train_classifier(
    network: nn.Module,
    train: tuple[Tensor, Tensor],
    validation: tuple[Tensor, NDArray[np.int8]],
    *,
    learning_rate: float,
    batch_size: int,
    max_epochs: int,
    patience_epochs: int,
    generator: torch.Generator,
) -> dict[str, Any]:
    """Train `network` in place and leave it at the epoch of best validation TSS (threshold 0.5; the first of ties).

    `train`: inputs (sample, ...) and classes (sample,); `validation`: inputs and labels. Adam on cross-entropy,
    batches shuffled by `generator`, the last incomplete one left out (authors' code); stops when
    `patience_epochs` epochs brought no better TSS. Returns the training loss and validation TSS of each epoch.
    Source: Sun et al. 2022, section 3.1.
    """
    inputs, classes = train
    optimiser = torch.optim.Adam(network.parameters(), lr=learning_rate)
    loss_function = nn.CrossEntropyLoss()
    batch_size = min(batch_size, len(classes))
    losses: list[float] = []
    scores: list[float] = []
    progress = Progress(LOG, "epochs (at most)", max_epochs)
    best_score, best_epoch, best_state = -float("inf"), 0, {}
    for epoch in range(1, max_epochs + 1):
        network.train()
        order = torch.randperm(len(classes), generator=generator)
        total = torch.zeros(())
        batches = order[: len(order) // batch_size * batch_size].split(batch_size)
        for batch in batches:
            optimiser.zero_grad()
            loss = loss_function(network(inputs[batch]), classes[batch])
            loss.backward()
            optimiser.step()
            total += loss.detach()
        score = _true_skill_statistic(network, *validation)
        losses.append(float(total) / len(batches))
        scores.append(score)
        progress.advance(f"(validation TSS {score:.3f})")
        if score > best_score:
            best_score, best_epoch = score, epoch
            best_state = {name: value.clone() for name, value in network.state_dict().items()}
        elif epoch - best_epoch >= patience_epochs:
            break
    network.load_state_dict(best_state)
    return {"training_loss": losses, "validation_true_skill_statistic": scores, "best_epoch": best_epoch}


def _true_skill_statistic(network: nn.Module, inputs: Tensor, label: NDArray[np.int8]) -> float:
    network.eval()
    with torch.no_grad():
        probability = torch.softmax(network(inputs).double(), dim=1)[:, 1].numpy()
    forecast = probability > THRESHOLD
    return float(forecast[label == 1].mean() - forecast[label == 0].mean())
