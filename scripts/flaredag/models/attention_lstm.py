"""LSTM with attention on the sequence of keywords: Liu et al. 2019, ApJ 877, 121, section 3.2."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import torch
from torch import Tensor, nn

from flaredag.attention import NO_ATTENTION, OVER_STATES, OVER_STEPS, Attention
from flaredag.errors import InputError
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

    from flaredag.samples import Samples

ATTENTIONS = (OVER_STATES, OVER_STEPS, NO_ATTENTION)


class AttentionLSTM(KeywordNetwork):
    """One LSTM layer, attention, dense layers with ReLU, and a linear layer to two logits (Figure 4).

    `attention`: of `ATTENTIONS`; without it the last state goes on. `dense_sizes`: neurons of each dense layer, none
    for an empty list. `input_dropout`: fraction of the features that a sample loses in training, the same in all steps.
    `masked`: steps whose features are all zero, as those of padding are, are left out of LSTM and attention, but for
    the last step, which no window lacks.
    """

    def __init__(
        self,
        n_features: int,
        n_steps: int,
        *,
        hidden_size: int,
        attention: str,
        dense_sizes: Sequence[int],
        input_dropout: float,
        masked: bool,
    ) -> None:
        if attention not in ATTENTIONS:
            raise InputError(f"attention {attention}; wanted one of {', '.join(ATTENTIONS)}. Correct config.yaml.")
        if masked and attention == OVER_STEPS:
            raise InputError(
                f"attention {OVER_STEPS} with `masked`; its matrix wants every step. Set attention {OVER_STATES}, or "
                "masked: false, in config.yaml."
            )
        super().__init__(n_features, n_steps if attention == OVER_STEPS else None)
        self.masked = masked
        self.dropout = nn.Dropout(input_dropout)
        self.lstm = nn.LSTM(n_features, hidden_size, batch_first=True)
        self.attention = None if attention == NO_ATTENTION else Attention(hidden_size, self.n_steps)
        self.head = dense_layers([hidden_size, *dense_sizes])

    def forward(self, sequence: Tensor) -> Tensor:
        """Logits (negative, positive): (batch, step, feature) -> (batch, 2)."""
        counted = None
        if self.masked:
            sequence, counted = recorded_first(sequence)
        if self.training and self.dropout.p:
            sequence = sequence * self.dropout(torch.ones_like(sequence[:, :1]))
        states, _ = self.lstm(sequence)
        last = states[:, -1] if counted is None else states[torch.arange(len(states)), counted.sum(dim=1) - 1]
        return self.head(last if self.attention is None else self.attention(states, last, counted))


def recorded_first(sequence: Tensor) -> tuple[Tensor, Tensor]:
    """Sequences (batch, step, feature) with the steps that are not all zeros moved to the front, in their order.

    Also which steps then are of records (batch, step). The last step is one whatever it holds. What follows the
    records cannot reach back: an LSTM's state at their last is that of the shorter sequence.
    """
    padded = (sequence == 0).all(dim=2)
    padded[:, -1] = False
    order = padded.to(torch.uint8).argsort(dim=1, stable=True)
    counted = ~padded.gather(1, order)
    return sequence.gather(1, order[:, :, None].expand_as(sequence)), counted


def fit(train: Samples, validation: Samples, *, seed: int, settings: Mapping[str, Any]) -> FittedNetwork:
    """Fit by Adam on weighted cross-entropy (eq. 19).

    Settings: `hidden_size`, `attention`, `dense_sizes`, `input_dropout`, `masked` (see `AttentionLSTM`),
    `activity_penalty`, and those of `flaredag.keyword_networks.fit_network`. The paper's ablations are settings:
    attention none, no `dense_sizes`, and both. The authors' code drops half of the features and has an activity penalty
    of 0.0001, of which the paper says nothing; it runs under Keras 2.2.4, whose hard sigmoid in the gates, first
    weights and own dropout for each gate are not followed here.
    """
    n_steps, n_features = train.sequence.shape[1:]
    return fit_network(lambda: _network(n_features, n_steps, settings), train, validation, seed=seed, settings=settings)


def restored(arrays: Mapping[str, NDArray[np.floating]], settings: Mapping[str, Any]) -> FittedNetwork:
    """The fit whose arrays these are; InputError if they are those of another network."""
    n_features = array_of(arrays, "lstm.weight_ih_l0").shape[1]
    n_steps = len(array_of(arrays, "attention.score.weight")) if settings["attention"] == OVER_STEPS else 0
    return restored_network(_network(n_features, n_steps, settings), arrays)


def _network(n_features: int, n_steps: int, settings: Mapping[str, Any]) -> AttentionLSTM:
    return AttentionLSTM(
        n_features,
        n_steps,
        hidden_size=settings["hidden_size"],
        attention=settings["attention"],
        dense_sizes=settings["dense_sizes"],
        input_dropout=settings["input_dropout"],
        masked=settings["masked"],
    )
