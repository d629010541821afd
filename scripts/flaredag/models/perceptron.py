"""Multilayer perceptron on the last record of the window, as Liu et al. 2019, section 4.2, compare their LSTM with."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from flaredag.keyword_networks import (
    FittedNetwork,
    KeywordNetwork,
    array_of,
    dense_layers,
    fit_network,
    restored_network,
)

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    import numpy as np
    from numpy.typing import NDArray
    from torch import Tensor

    from flaredag.samples import Samples


class Perceptron(KeywordNetwork):
    """Hidden layers of `hidden_sizes` neurons with ReLU, and a linear layer to two logits."""

    def __init__(self, n_features: int, *, hidden_sizes: Sequence[int]) -> None:
        super().__init__(n_features)
        self.layers = dense_layers([n_features, *hidden_sizes])

    def forward(self, sequence: Tensor) -> Tensor:
        """Logits (negative, positive) of the last step: (batch, step, feature) -> (batch, 2)."""
        return self.layers(sequence[:, -1])


def fit(train: Samples, validation: Samples, *, seed: int, settings: Mapping[str, Any]) -> FittedNetwork:
    """Fit by Adam; of its training the paper gives the two hidden layers, of 200 and 500 neurons, and no more.

    Settings: `hidden_sizes`, and those of `flaredag.keyword_networks.fit_network`.
    """
    n_features, hidden_sizes = train.sequence.shape[2], settings["hidden_sizes"]
    return fit_network(
        lambda: Perceptron(n_features, hidden_sizes=hidden_sizes), train, validation, seed=seed, settings=settings
    )


def restored(arrays: Mapping[str, NDArray[np.floating]], settings: Mapping[str, Any]) -> FittedNetwork:
    """The fit whose arrays these are; InputError if they are those of another network."""
    n_features = array_of(arrays, "layers.0.weight").shape[1]
    return restored_network(Perceptron(n_features, hidden_sizes=settings["hidden_sizes"]), arrays)
