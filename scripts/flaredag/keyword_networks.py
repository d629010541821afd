"""Neural networks on sequences of keywords: what they are made for, how they are fitted, asked, and restored."""

from __future__ import annotations

import copy
from dataclasses import dataclass
from itertools import pairwise
from typing import TYPE_CHECKING, Any

import numpy as np
import torch
from torch import nn

from flaredag.checked_sequences import checked_sequence
from flaredag.errors import InputError
from flaredag.training import deterministic, logits, seeded, train_classifier

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from numpy.typing import NDArray

    from flaredag.samples import Samples

PREDICTION_BATCH = 8192
LEAST_BATCH_OF_NORMALISATION = 2


class KeywordNetwork(nn.Module):
    """A network that gives logits (batch, 2), negative and positive, of sequences (batch, step, feature).

    `n_features`: features of its sequences; `n_steps`: their steps, None if it takes any number of them.
    """

    def __init__(self, n_features: int, n_steps: int | None = None) -> None:
        super().__init__()
        self.n_features, self.n_steps = n_features, n_steps


@dataclass(frozen=True)
class FittedNetwork:
    """`arrays`: the parameters of `network`, and what its batch normalisation has counted, under torch's names."""

    network: KeywordNetwork
    history: dict[str, Any]

    @property
    def arrays(self) -> dict[str, NDArray[Any]]:
        """Parameters as arrays."""
        return {name: value.numpy() for name, value in self.network.state_dict().items()}

    def probability(self, samples: Samples) -> NDArray[np.float64]:
        """Probability of the positive class, (sample,).

        InputError for samples of other steps or features than it was fitted on, or with numbers that are not finite.
        """
        sequence = checked_sequence(samples, self.network.n_features, self.network.n_steps)
        if not len(samples):
            return np.empty(0)
        with deterministic():
            found = logits(self.network, torch.from_numpy(sequence), len(samples), PREDICTION_BATCH)
        if not torch.isfinite(found).all():
            raise InputError(
                "the network gives probabilities that are not finite: its last steps of training failed. Try a lower "
                "learning_rate in config.yaml."
            )
        return torch.softmax(found, dim=1)[:, 1].numpy()


def dense_layers(sizes: Sequence[int]) -> nn.Sequential:
    """Linear layers from sizes[0] to sizes[1] and on, a ReLU after each, and one to two logits."""
    layers: list[nn.Module] = []
    for n_in, n_out in pairwise(sizes):
        layers += [nn.Linear(n_in, n_out), nn.ReLU()]
    return nn.Sequential(*layers, nn.Linear(sizes[-1], 2))


def fit_network(
    made: Callable[[], KeywordNetwork],
    train: Samples,
    validation: Samples,
    *,
    seed: int,
    settings: Mapping[str, Any],
) -> FittedNetwork:
    """Train the network that `made` makes and keep one epoch: settings `kept_epoch`, and as `fit_network_epochs`."""
    kept = settings["kept_epoch"]
    return fit_network_epochs(made, train, validation, seed=seed, settings=settings, kept_epochs=[kept])[kept]


def fit_network_epochs(
    made: Callable[[], KeywordNetwork],
    train: Samples,
    validation: Samples,
    *,
    seed: int,
    settings: Mapping[str, Any],
    kept_epochs: Sequence[str],
) -> dict[str, FittedNetwork]:
    """Train the network that `made` makes once: by name of `kept_epochs`, the network at the epoch that it names.

    Its parameters and the order of batches are drawn from `seed`. Settings: `learning_rate`, `batch_size`,
    `max_epochs`, `class_weights` ("none" or "balanced"), and, where they are given, `patience_epochs` (else no epoch is
    left out) and `activity_penalty` (else 0); see `flaredag.training.train_classifier`. InputError if a number is not
    finite, or the splits' shapes differ.
    """
    n_steps, n_features = train.sequence.shape[1:]
    sequences = [torch.from_numpy(checked_sequence(one, n_features, n_steps)) for one in (train, validation)]
    with seeded(seed) as generator:
        network = made()
        kept = train_classifier(
            network,
            (sequences[0], torch.from_numpy(train.label).long()),
            (sequences[1], validation.label),
            learning_rate=settings["learning_rate"],
            batch_size=settings["batch_size"],
            max_epochs=settings["max_epochs"],
            patience_epochs=settings.get("patience_epochs", settings["max_epochs"]),
            generator=generator,
            kept_epochs=kept_epochs,
            class_weights=settings["class_weights"],
            activity_penalty=settings.get("activity_penalty", 0.0),
        )
    # Gradients would be copied with it.
    network.zero_grad()
    fits = {}
    for name, epoch in zip(kept_epochs, kept, strict=True):
        own = copy.deepcopy(network)
        own.load_state_dict(epoch.state)
        fits[name] = FittedNetwork(own.eval(), epoch.history)
    return fits


def check_batch_of_normalisation(train: Samples, settings: Mapping[str, Any]) -> None:
    """InputError where batches hold too few samples for batch normalisation; settings: `batch_size`."""
    batch_size = min(settings["batch_size"], len(train))
    if batch_size < LEAST_BATCH_OF_NORMALISATION:
        raise InputError(
            f"batches of {batch_size} of {len(train)} training samples; batch normalisation wants at least "
            f"{LEAST_BATCH_OF_NORMALISATION}. Raise batch_size in config.yaml, or take more regions."
        )


def restored_network(network: KeywordNetwork, arrays: Mapping[str, NDArray[Any]]) -> FittedNetwork:
    """The fit whose arrays these are, as `network` is made for them; InputError if they are those of another."""
    try:
        network.load_state_dict({name: torch.from_numpy(np.array(value)) for name, value in arrays.items()})
    except RuntimeError as error:
        raise InputError(f"arrays of another network ({' '.join(str(error).split())})") from error
    network.eval()
    return FittedNetwork(network, {})


def array_of(arrays: Mapping[str, NDArray[Any]], name: str) -> NDArray[Any]:
    """The array `name`, a matrix, of a checkpoint; InputError if there is none."""
    if name not in arrays or arrays[name].ndim != 2:  # noqa: PLR2004 (a matrix)
        raise InputError(f"no matrix {name} among the arrays, which are {', '.join(sorted(arrays)) or 'none'}")
    return arrays[name]
