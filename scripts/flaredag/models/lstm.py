"""LSTM on the sequence of keywords: Sun et al. 2022, section 3.1 and Figure 4a (after Chen et al. 2019)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
import torch
from torch import Tensor, nn

from flaredag.training import seeded, train_classifier

if TYPE_CHECKING:
    from collections.abc import Mapping

    from numpy.typing import NDArray

    from flaredag.samples import Samples

PREDICTION_BATCH = 8192


class KeywordLSTM(nn.Module):
    """Stacked LSTM layers; the last step's output goes through one linear layer to two logits."""

    def __init__(self, n_features: int, *, hidden_size: int, n_layers: int) -> None:
        super().__init__()
        self.lstm = nn.LSTM(n_features, hidden_size, n_layers, batch_first=True)
        self.linear = nn.Linear(hidden_size, 2)

    def forward(self, sequence: Tensor) -> Tensor:
        """Logits (negative, positive): (batch, step, feature) -> (batch, 2)."""
        outputs, _ = self.lstm(sequence)
        return self.linear(outputs[:, -1, :])


@dataclass(frozen=True)
class FittedLSTM:
    """`arrays`: the parameters of `network` under torch's names."""

    network: KeywordLSTM
    history: dict[str, Any]

    @property
    def arrays(self) -> dict[str, NDArray[Any]]:
        """Parameters as arrays."""
        return {name: value.numpy() for name, value in self.network.state_dict().items()}

    def probability(self, samples: Samples) -> NDArray[np.float64]:
        """Probability of the positive class, (sample,)."""
        self.network.eval()
        with torch.no_grad():
            logits = [self.network(batch) for batch in torch.from_numpy(samples.sequence).split(PREDICTION_BATCH)]
        return torch.softmax(torch.cat(logits).double(), dim=1)[:, 1].numpy()


def fit(train: Samples, validation: Samples, *, seed: int, settings: Mapping[str, Any]) -> FittedLSTM:
    """Fit by Adam; of all epochs the one of best validation TSS at 0.5 is kept.

    Settings: `hidden_size`, `n_layers`, `learning_rate`, `batch_size`, `max_epochs`, `patience_epochs`.
    """
    with seeded(seed) as generator:
        network = _network(train.sequence.shape[-1], settings)
        (kept,) = train_classifier(
            network,
            (torch.from_numpy(train.sequence), torch.from_numpy(train.label).long()),
            (torch.from_numpy(validation.sequence), validation.label),
            learning_rate=settings["learning_rate"],
            batch_size=settings["batch_size"],
            max_epochs=settings["max_epochs"],
            patience_epochs=settings["patience_epochs"],
            generator=generator,
        )
    return FittedLSTM(network, kept.history)


def restored(arrays: Mapping[str, NDArray[Any]], settings: Mapping[str, Any]) -> FittedLSTM:
    """The fit whose arrays these are."""
    n_features = arrays["lstm.weight_ih_l0"].shape[1]
    network = _network(n_features, settings)
    network.load_state_dict({name: torch.from_numpy(np.array(value)) for name, value in arrays.items()})
    return FittedLSTM(network, {})


def _network(n_features: int, settings: Mapping[str, Any]) -> KeywordLSTM:
    return KeywordLSTM(n_features, hidden_size=settings["hidden_size"], n_layers=settings["n_layers"])
