"""LSTM and BiLSTM, with attention and without, on the sequence of keywords: Li et al. 2024, section 3 and Figure 3."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from torch import Tensor, nn

from flaredag.attention import NO_ATTENTION, OVER_STATES, Attention
from flaredag.errors import InputError
from flaredag.keyword_networks import (
    FittedNetwork,
    KeywordNetwork,
    array_of,
    check_batch_of_normalisation,
    fit_network_epochs,
    restored_network,
)
from flaredag.output_head import OutputHead

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    import numpy as np
    from numpy.typing import NDArray

    from flaredag.samples import Samples

ATTENTIONS = (OVER_STATES, NO_ATTENTION)


class RecurrentNetwork(KeywordNetwork):
    """One LSTM layer, in one direction or both, attention of `ATTENTIONS`, and the output layer.

    `hidden_size`: of the states of each direction. What goes on without attention is the final state, of both
    directions their final states side by side: forward's at the last step, backward's at the first. With attention
    (`flaredag.attention.Attention`, which is that of Liu et al. 2019, whom the paper follows) it asks for the states of
    all steps with that state. The paper has one LSTM layer and attention that weights what comes in; ours are
    `hidden_size`, the form of the attention, and what goes on without it. Steps of padding, all zeros, are seen as they
    are. Raises InputError for another attention.
    """

    def __init__(
        self,
        n_features: int,
        *,
        hidden_size: int,
        bidirectional: bool,
        attention: str,
        head_sizes: Sequence[int],
        head_dropouts: Sequence[float],
    ) -> None:
        if attention not in ATTENTIONS:
            raise InputError(f"attention {attention}; wanted one of {', '.join(ATTENTIONS)}. Correct config.yaml.")
        super().__init__(n_features)
        self.lstm = nn.LSTM(n_features, hidden_size, batch_first=True, bidirectional=bidirectional)
        state_size = 2 * hidden_size if bidirectional else hidden_size
        self.attention = None if attention == NO_ATTENTION else Attention(state_size, None)
        self.head = OutputHead(state_size, sizes=head_sizes, dropouts=head_dropouts)

    def forward(self, sequence: Tensor) -> Tensor:
        """Logits (negative, positive): (batch, step, feature) -> (batch, 2)."""
        states, (final, _) = self.lstm(sequence)
        final = final.transpose(0, 1).flatten(1)
        return self.head(final if self.attention is None else self.attention(states, final))


def fit(train: Samples, validation: Samples, *, seed: int, settings: Mapping[str, Any]) -> FittedNetwork:
    """Fit by Adam and keep one epoch; settings: `kept_epoch`, and as `fit_kept_epochs`."""
    kept = settings["kept_epoch"]
    return fit_kept_epochs(train, validation, seed=seed, settings=settings, kept_epochs=[kept])[kept]


def fit_kept_epochs(
    train: Samples, validation: Samples, *, seed: int, settings: Mapping[str, Any], kept_epochs: Sequence[str]
) -> dict[str, FittedNetwork]:
    """Fit once by Adam; by name of `kept_epochs`, the fit at the epoch that it names.

    Settings: `hidden_size`, `bidirectional`, `attention`, `head_sizes`, `head_dropouts` (see `RecurrentNetwork` and
    `flaredag.output_head.OutputHead`), and those of `flaredag.keyword_networks.fit_network_epochs`.
    """
    check_batch_of_normalisation(train, settings)
    n_features = train.sequence.shape[2]
    return fit_network_epochs(
        lambda: _network(n_features, settings), train, validation, seed=seed, settings=settings, kept_epochs=kept_epochs
    )


def restored(arrays: Mapping[str, NDArray[np.floating]], settings: Mapping[str, Any]) -> FittedNetwork:
    """The fit whose arrays these are; InputError if they are those of another network."""
    n_features = array_of(arrays, "lstm.weight_ih_l0").shape[1]
    return restored_network(_network(n_features, settings), arrays)


def _network(n_features: int, settings: Mapping[str, Any]) -> RecurrentNetwork:
    return RecurrentNetwork(
        n_features,
        hidden_size=settings["hidden_size"],
        bidirectional=settings["bidirectional"],
        attention=settings["attention"],
        head_sizes=settings["head_sizes"],
        head_dropouts=settings["head_dropouts"],
    )
