"""Jordan's recurrent network on the sequence of keywords: Jordan 1997, Advances in Psychology 121, 471."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import torch
from torch import Tensor, nn

from flaredag.keyword_networks import FittedNetwork, KeywordNetwork, array_of, fit_network, restored_network

if TYPE_CHECKING:
    from collections.abc import Mapping

    import numpy as np
    from numpy.typing import NDArray

    from flaredag.samples import Samples


class JordanNetwork(KeywordNetwork):
    """A hidden layer that sees the record of its step and the output of the step before.

    h_t = tanh(W x_t + U y_(t-1) + b), y_t = logistic(V h_t + c), y_0 = 0; a linear layer makes two logits of the last
    output. Liu et al. 2019, section 4.2, say that the output dimension is 10 and no more. That two classes follow from
    ten outputs by one more layer is read into it, and so are the activations and `hidden_size`. Jordan's context units
    also keep a part of their own value, which most that use the name leave out, as is done here.
    """

    def __init__(self, n_features: int, *, hidden_size: int, output_size: int) -> None:
        super().__init__(n_features)
        self.input = nn.Linear(n_features, hidden_size)
        self.context = nn.Linear(output_size, hidden_size, bias=False)
        self.output = nn.Linear(hidden_size, output_size)
        self.head = nn.Linear(output_size, 2)

    def forward(self, sequence: Tensor) -> Tensor:
        """Logits (negative, positive): (batch, step, feature) -> (batch, 2)."""
        output = sequence.new_zeros(len(sequence), self.output.out_features)
        for of_inputs in self.input(sequence).unbind(dim=1):
            output = torch.sigmoid(self.output(torch.tanh(of_inputs + self.context(output))))
        return self.head(output)


def fit(train: Samples, validation: Samples, *, seed: int, settings: Mapping[str, Any]) -> FittedNetwork:
    """Fit by Adam through all steps.

    Settings: `hidden_size`, `output_size`, and those of `flaredag.keyword_networks.fit_network`.
    """
    n_features = train.sequence.shape[2]
    return fit_network(lambda: _network(n_features, settings), train, validation, seed=seed, settings=settings)


def restored(arrays: Mapping[str, NDArray[np.floating]], settings: Mapping[str, Any]) -> FittedNetwork:
    """The fit whose arrays these are; InputError if they are those of another network."""
    return restored_network(_network(array_of(arrays, "input.weight").shape[1], settings), arrays)


def _network(n_features: int, settings: Mapping[str, Any]) -> JordanNetwork:
    return JordanNetwork(n_features, hidden_size=settings["hidden_size"], output_size=settings["output_size"])
