"""Training of torch classifiers: one loop for every network, the same bytes on any number of CPU cores."""

from __future__ import annotations

import logging
import math
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import partial
from typing import TYPE_CHECKING, Any, Protocol

import numpy as np
import torch
from scipy.stats import rankdata
from torch import Tensor, nn

from flaredag.class_weights import class_weights as weights_of_classes
from flaredag.devices import CPU, Computing
from flaredag.errors import InputError
from flaredag.joblog import Progress

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping, Sequence

    from numpy.typing import NDArray

LOG = logging.getLogger("flaredag")
THRESHOLD = 0.5
SCORED_AT_ONCE = 1 << 20
SCORES = ("true_skill_statistic", "cross_entropy", "area_under_roc_curve", "brier_score")
LEAST_IS_BEST = ("cross_entropy", "brier_score")
KEPT_EPOCHS = (*SCORES, "last")
N_CLASSES = 2


class Inputs(Protocol):
    """Inputs of a network, made when asked for: a tensor is such inputs."""

    def __getitem__(self, samples: Tensor, /) -> Tensor | tuple[Tensor | None, ...]:
        """What the network is called with for the samples of these indices."""
        ...


@dataclass(frozen=True)
class KeptEpoch:
    """The best epoch of a training by one criterion: `state`, the network's on the CPU by torch's names, and history.

    The history holds the training loss of each epoch, `SCORES` on the validation samples under "validation_" and the
    name, and `best_epoch`, which is this one, counted from 1.
    """

    state: dict[str, Tensor]
    history: dict[str, Any]


@contextmanager
def seeded(seed: int) -> Iterator[torch.Generator]:
    """One thread, deterministic algorithms and torch's random numbers from `seed`, until the block ends."""
    with deterministic(), torch.random.fork_rng(devices=[]):
        torch.manual_seed(seed)
        yield torch.Generator().manual_seed(seed)


@contextmanager
def deterministic() -> Iterator[None]:
    """One thread and deterministic algorithms until the block ends."""
    threads, before = torch.get_num_threads(), torch.are_deterministic_algorithms_enabled()
    memory: Any = torch.utils.deterministic
    filled = memory.fill_uninitialized_memory
    torch.set_num_threads(1)
    torch.use_deterministic_algorithms(True)
    # A safeguard for operations that read what they have not written; none here does, and it costs a tenth of a fit.
    memory.fill_uninitialized_memory = False
    try:
        yield
    finally:
        memory.fill_uninitialized_memory = filled
        torch.use_deterministic_algorithms(before)
        torch.set_num_threads(threads)


def train_classifier(
    network: nn.Module,
    train: tuple[Inputs, Tensor],
    validation: tuple[Inputs, NDArray[np.int8]],
    *,
    learning_rate: float,
    batch_size: int,
    max_epochs: int,
    patience_epochs: int,
    generator: torch.Generator,
    kept_epochs: Sequence[str] = KEPT_EPOCHS[:1],
    class_weights: str | None = None,
    activity_penalty: float = 0.0,
    scored_at_once: int = SCORED_AT_ONCE,
    computing: Computing = CPU,
) -> list[KeptEpoch]:
    """Train `network` in place: the best epoch (the first of ties) by each of `kept_epochs`, in their order.

    The network is left, on the CPU, at the first of these. `train`: inputs (sample, ...) and classes (sample,);
    `validation`: inputs and labels. Adam on cross-entropy (`training_loss`; `class_weights`: see
    `flaredag.class_weights`), batches shuffled by `generator`, the last incomplete one left out (authors' code).

    The best epoch is that of the best validation TSS (threshold 0.5), of the least validation cross-entropy, of the
    greatest validation ROC area or of the least validation Brier score, which has the best Brier skill score too, as
    one of `kept_epochs` says; training stops when `patience_epochs` epochs brought none better by any of them. With
    "last" there is no choice: all epochs are trained and the last is kept. The history (see `KeptEpoch`) is without
    the scores if nothing is chosen by them and the validation samples are of one class.

    Where a loss is not finite, training stops and the best epochs before are kept, with a warning and `not_finite` in
    the history; InputError where there was no epoch before, if an epoch shall be chosen by validation samples of one
    class or by another criterion, or if weights are asked for of classes of which one has no sample.
    Source: Sun et al. 2022, section 3.1; class weights and last epoch: Liu et al. 2019, section 3.2; epochs by two
    criteria from one training: Li et al. 2024, section 4.1.
    """
    inputs, classes = train
    for name in kept_epochs:
        if name not in KEPT_EPOCHS:
            raise InputError(f"kept_epoch {name}; wanted one of {', '.join(KEPT_EPOCHS)}. Correct config.yaml.")
    scored = SCORES if len(np.unique(validation[1])) == N_CLASSES else ()
    if not scored and set(kept_epochs) & set(SCORES):
        raise InputError(
            f"all {len(validation[1])} validation samples are of one class, so that no epoch can be chosen by them; "
            "both classes are wanted. Take another seed, or more regions."
        )
    weights = None if class_weights is None else weights_of_classes(classes.numpy(), class_weights, model="network")
    weight_of_class = None if weights is None else computing.to_device(torch.tensor([weights[0], weights[1]]))
    loss_of = partial(training_loss, weight_of_class=weight_of_class, activity_penalty=activity_penalty)
    computing.moved(network)
    classes = computing.to_device(classes)
    optimiser = torch.optim.Adam(_parameters(network), lr=learning_rate)
    batch_size = min(batch_size, len(classes))
    history: dict[str, Any] = {
        "training_loss": [],
        **{f"validation_{name}": [] for name in scored},
        "best_epoch": 0,
    }
    progress = Progress(LOG, "epochs (at most)", max_epochs)
    best = {name: _Best() for name in kept_epochs}
    with computing.algorithms():
        for epoch in range(1, max_epochs + 1):
            order = computing.to_device(torch.randperm(len(classes), generator=generator))
            batches = order[: len(order) // batch_size * batch_size].split(batch_size)
            losses = _batch_losses(network, inputs, classes, batches, optimiser, loss_of, computing)
            bad = [number for number, loss in enumerate(losses, 1) if not math.isfinite(loss)]
            scores = {"last": float(epoch)}
            if scored and not bad:
                scores |= _validation_scores(network, *validation, scored_at_once, computing)
            if bad or not math.isfinite(scores.get("cross_entropy", 0.0)):
                place = f"epoch {epoch}, batch {bad[0]}" if bad else f"the validation of epoch {epoch}"
                _stopped_at(place, [one.epoch for one in best.values()], learning_rate)
                history["not_finite"] = place
                break
            # Summed in float32, one after the other, as the losses are.
            history["training_loss"].append(float(sum(losses, torch.zeros(()))) / len(batches))
            for name in scored:
                history[f"validation_{name}"].append(scores[name])
            progress.advance(f"(validation TSS {scores['true_skill_statistic']:.3f})" if scored else "")
            worth = {name: -scores[name] if name in LEAST_IS_BEST else scores[name] for name in best}
            if better := [name for name, own in best.items() if worth[name] > own.worth]:
                state = {name: value.clone() for name, value in network.state_dict().items()}
                best |= {name: _Best(worth[name], epoch, state) for name in better}
            elif epoch - max(own.epoch for own in best.values()) >= patience_epochs:
                break
    network.load_state_dict(next(iter(best.values())).state)
    CPU.moved(network)
    return [best[name].kept(history) for name in kept_epochs]


def logits(network: nn.Module, inputs: Inputs, n_samples: int, at_once: int, computing: Computing = CPU) -> Tensor:
    """Logits (sample, class), float64 on the CPU, of a network that does not learn; `at_once` samples at a time."""
    network.eval()
    with torch.no_grad(), computing.autocast():
        parts = [_called(network, inputs[part]) for part in torch.arange(n_samples).split(at_once)]
    return torch.cat(parts).to(CPU.device).double()


def training_loss(
    found: Tensor, classes: Tensor, *, weight_of_class: Tensor | None = None, activity_penalty: float = 0.0
) -> Tensor:
    """Mean over the batch of cross-entropy times `weight_of_class` (class,) of each sample; of logits (batch, class).

    Divided by the number of samples and not by the sum of their weights (Liu et al. 2019, eq. 19, and Keras).
    `activity_penalty` times the sum of the squared probabilities of both classes over the whole batch is added: the
    `activity_regularizer` of Keras 2.2.4, which the authors' code puts on the output, does not divide by the batch.
    """
    if weight_of_class is None:
        loss = nn.functional.cross_entropy(found, classes)
    else:
        loss = nn.functional.cross_entropy(found, classes, weight=weight_of_class, reduction="none").mean()
    if activity_penalty:
        loss = loss + activity_penalty * torch.softmax(found, dim=1).square().sum()
    return loss


@dataclass(frozen=True)
class _Best:
    """The best epoch so far by a criterion, of which more is better: what it is worth, its number, its state."""

    worth: float = -math.inf
    epoch: int = 0
    state: dict[str, Tensor] = field(default_factory=dict)

    def kept(self, history: Mapping[str, Any]) -> KeptEpoch:
        """The epoch with its place in the history of the whole training."""
        state = {name: value.to(CPU.device) for name, value in self.state.items()}
        return KeptEpoch(state, dict(history) | {"best_epoch": self.epoch})


def _called(network: nn.Module, arguments: Tensor | tuple[Tensor | None, ...]) -> Tensor:
    return network(arguments) if isinstance(arguments, Tensor) else network(*arguments)


def _parameters(network: nn.Module) -> list[nn.Parameter]:
    """What the optimiser steps on: where it can be, one vector that all parameters which learn are made views of.

    So are their gradients. Adam takes each number by itself, so that the same bits come out, and costs a third of what
    it does when called for each of many small parameters. Not on a GPU, where it takes them all at once anyhow, nor in
    another memory format, which views would lose.
    """
    learning = [parameter for parameter in network.parameters() if parameter.requires_grad]
    if any(parameter.device.type != "cpu" or not parameter.is_contiguous() for parameter in learning):
        return learning
    whole = nn.Parameter(torch.cat([parameter.detach().flatten() for parameter in learning]))
    whole.grad = torch.zeros_like(whole)
    sizes = [parameter.numel() for parameter in learning]
    for parameter, values, gradient in zip(learning, whole.detach().split(sizes), whole.grad.split(sizes), strict=True):
        parameter.data, parameter.grad = values.view_as(parameter), gradient.view_as(parameter)
    return [whole]


def _batch_losses(
    network: nn.Module,
    inputs: Inputs,
    classes: Tensor,
    batches: tuple[Tensor, ...],
    optimiser: torch.optim.Optimizer,
    loss_of: Callable[[Tensor, Tensor], Tensor],
    computing: Computing,
) -> list[Tensor]:
    """One step of the optimiser a batch; the loss of each, up to the first that is not finite or the one after."""
    network.train()
    losses: list[Tensor] = []
    for batch in batches:
        # Zeroed and not taken away: gradients may be views (`_parameters`).
        optimiser.zero_grad(set_to_none=False)
        with computing.autocast():
            loss = loss_of(_called(network, inputs[batch]), classes[batch])
        loss.backward()
        optimiser.step()
        losses.append(loss.detach())
        # The loss before this one, as a GPU would idle if its newest result were waited for.
        if not math.isfinite(losses[max(len(losses) - 2, 0)]):
            break
    return list(torch.stack(losses).to(CPU.device))


def _validation_scores(
    network: nn.Module, inputs: Inputs, label: NDArray[np.int8], at_once: int, computing: Computing
) -> dict[str, float]:
    """TSS at `THRESHOLD`, cross-entropy (natural logarithm), ROC area and Brier score, by `SCORES`."""
    found = logits(network, inputs, len(label), at_once, computing)
    cross_entropy = nn.functional.cross_entropy(found, torch.from_numpy(label).long())
    probability = torch.softmax(found, dim=1)[:, 1].numpy()
    forecast = probability > THRESHOLD
    # Mann and Whitney's U over its greatest value; tied forecasts count half.
    positive = label == 1
    n_positive, n_negative = int(positive.sum()), int((~positive).sum())
    excess = rankdata(probability)[positive].sum() - n_positive * (n_positive + 1) / 2
    return {
        "true_skill_statistic": float(forecast[label == 1].mean() - forecast[label == 0].mean()),
        "cross_entropy": float(cross_entropy),
        "area_under_roc_curve": float(excess / (n_positive * n_negative)),
        "brier_score": float(np.square(probability - positive).mean()),
    }


def _stopped_at(place: str, best_epochs: Sequence[int], learning_rate: float) -> None:
    if not all(best_epochs):
        raise InputError(
            f"the loss became infinite or not a number at {place}, before any epoch ended (learning rate "
            f"{learning_rate:g}); finite losses are wanted. Try a lower learning_rate in config.yaml."
        )
    kept = sorted(set(best_epochs))
    LOG.warning(
        "the loss became infinite or not a number at %s: stopped, %s kept (learning rate %g; try a lower one)",
        place,
        f"epoch {kept[0]} is" if len(kept) == 1 else f"epochs {' and '.join(map(str, kept))} are",
        learning_rate,
    )
