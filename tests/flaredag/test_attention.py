"""Attention on the states of a recurrent layer, by hand."""

import numpy as np
import torch
from hypothesis import given
from hypothesis import strategies as st

from flaredag.attention import Attention

STATES = torch.tensor([[[1.0, 0.0], [0.0, 1.0]]])


def test_over_states_by_hand():
    attention = Attention(2, None)
    with torch.no_grad():
        attention.score.weight[:] = torch.tensor([[1.0, 2.0], [3.0, 4.0]])
        attention.vector.weight[:] = torch.tensor([[1.0, 0.0, 0.0, 0.0], [0.0, 0.0, 0.0, 1.0]])
    # h_t^T W is the second row, (3, 4): the scores of the states (1, 0) and (0, 1).
    weights = attention.weights(STATES, STATES[:, -1])
    e = np.e
    np.testing.assert_allclose(weights.detach(), [[1 / (1 + e), e / (1 + e)]], rtol=1e-6)
    # First of the context, and last of h_t.
    vector = attention(STATES, STATES[:, -1])
    np.testing.assert_allclose(vector.detach(), np.tanh([[1 / (1 + e), 1.0]]), rtol=1e-6)


def test_over_steps_by_hand():
    attention = Attention(2, 2)
    with torch.no_grad():
        attention.score.weight[:] = torch.tensor([[1.0, 2.0], [3.0, 4.0]])
    # h_t^T h_j is 0 and 1, so that W gives its second column, (2, 4).
    weights = attention.weights(STATES, STATES[:, -1])
    np.testing.assert_allclose(weights.detach(), [[1 / (1 + np.e**2), np.e**2 / (1 + np.e**2)]], rtol=1e-6)


def test_over_steps_is_the_authors_order_of_axes():
    # Their code: states (b, h, step), a dense layer on the last axis, turned, and the product with h_t.
    attention, states = Attention(4, 6), torch.randn(3, 6, 4)
    turned = attention.score(states.transpose(1, 2)).transpose(1, 2)
    scores = torch.einsum("bsh,bh->bs", turned, states[:, -1])
    torch.testing.assert_close(attention.weights(states, states[:, -1]), torch.softmax(scores, dim=1))


@given(seed=st.integers(0, 1000), scale=st.floats(0.01, 100.0), over_steps=st.booleans())
def test_weights_are_positive_and_sum_to_one(seed, scale, over_steps):
    generator = torch.Generator().manual_seed(seed)
    states = scale * torch.randn(5, 6, 4, generator=generator)
    weights = Attention(4, 6 if over_steps else None).weights(states, states[:, -1])
    assert (weights >= 0).all()
    torch.testing.assert_close(weights.sum(dim=1), torch.ones(5))


def test_steps_that_do_not_count_have_no_weight():
    states = torch.randn(1, 4, 3)
    attention = Attention(3, None)
    weights = attention.weights(states, states[:, 2], torch.tensor([[True, True, True, False]]))
    assert weights[0, 3] == 0
    torch.testing.assert_close(weights[:, :3], attention.weights(states[:, :3], states[:, 2]))
