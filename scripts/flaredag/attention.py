"""Attention of the last state of a recurrent layer on all its states: Liu et al. 2019, ApJ 877, 121, section 3.2."""

from __future__ import annotations

import torch
from torch import Tensor, nn

OVER_STATES, OVER_STEPS, NO_ATTENTION = "over_states", "over_steps", "none"


class Attention(nn.Module):
    """Attention of the last state on the states of all steps (eq. 15 to 18).

    The score of step i with state h_i, h_t being the last, is h_t^T W h_i where `n_steps` is None (eq. 16, after Luong
    et al. 2015), else the sum over the steps j of W_ij h_t^T h_j: the authors' code turns steps and states before it
    applies W, which nothing betrays as there are ten of both.
    """

    def __init__(self, hidden_size: int, n_steps: int | None) -> None:
        super().__init__()
        self.over_steps = n_steps is not None
        self.score = nn.Linear(n_steps or hidden_size, n_steps or hidden_size, bias=False)
        self.vector = nn.Linear(2 * hidden_size, hidden_size, bias=False)

    def weights(self, states: Tensor, last: Tensor, counted: Tensor | None = None) -> Tensor:
        """Weight of each step (batch, step), of sum 1, of states (batch, step, h) and the last one (batch, h).

        `counted` (batch, step): steps that take part; all where it is not given.
        """
        query = last if self.over_steps else last @ self.score.weight
        scores = (states * query[:, None, :]).sum(dim=2)
        if self.over_steps:
            scores = self.score(scores)
        if counted is not None:
            scores = scores.masked_fill(~counted, -torch.inf)
        return torch.softmax(scores, dim=1)

    def forward(self, states: Tensor, last: Tensor, counted: Tensor | None = None) -> Tensor:
        """Attention vector (batch, h): tanh of W_v [c; h_t] with the context c, the weighted sum of states."""
        context = (self.weights(states, last, counted)[:, :, None] * states).sum(dim=1)
        return torch.tanh(self.vector(torch.cat([context, last], dim=1)))
