"""Normalisation, ReLU and pooling in one: the same numbers as one after the other."""

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from torch import nn

from flaredag.pooling import PART_BYTES, normalised_and_pooled


def plainly(images, normalisation):
    return nn.functional.max_pool2d(torch.relu(normalisation(images)), 2)


def of(function, images, weight, bias, gradient):
    """Result, gradients, and running numbers."""
    normalisation = nn.BatchNorm2d(images.shape[1])
    normalisation.load_state_dict(normalisation.state_dict() | {"weight": weight, "bias": bias})
    images = images.clone().requires_grad_()
    result = function(images, normalisation)
    gradients = torch.autograd.grad(result, (images, normalisation.weight, normalisation.bias), gradient)
    numbers = (normalisation.running_mean, normalisation.running_var, normalisation.num_batches_tracked)
    return result.detach(), *gradients, *(number.double() for number in numbers)


def assert_close(found, wanted):
    # A sum of terms of order 1 may come near zero by cancelling, and is then no measure of their rounding.
    for one, other in zip(found, wanted, strict=True):
        torch.testing.assert_close(one, other, atol=2e-5 * float(other.abs().max().clamp(min=0.1)), rtol=0.0)


@given(
    st.integers(0, 1000),
    st.integers(2, 5),
    st.integers(1, 4),
    st.integers(2, 9),
    st.integers(2, 9),
    st.floats(-3, 3),
)
def test_equals_one_after_the_other(seed, n_images, n_channels, height, width, mean):
    generator = torch.Generator().manual_seed(seed)
    images = torch.randn((n_images, n_channels, height, width), generator=generator) + mean
    weight, bias = torch.randn((2, n_channels), generator=generator)
    gradient = torch.randn((n_images, n_channels, height // 2, width // 2), generator=generator)
    assert_close(of(normalised_and_pooled, images, weight, bias, gradient), of(plainly, images, weight, bias, gradient))


def test_more_than_one_part():
    images = torch.randn(5, 16, 128, 128, generator=torch.Generator().manual_seed(0))
    assert images.numel() * 4 > 4 * PART_BYTES
    weight, bias = torch.linspace(-1, 1, 16), torch.linspace(0.5, -0.5, 16)
    gradient = torch.randn(5, 16, 64, 64, generator=torch.Generator().manual_seed(1))
    assert_close(of(normalised_and_pooled, images, weight, bias, gradient), of(plainly, images, weight, bias, gradient))


@pytest.mark.parametrize("weight", [[1.0, -1.0], [0.0, 2.0]])
def test_without_learning_by_the_running_numbers(weight):
    normalisation = nn.BatchNorm2d(2).eval()
    state = {"weight": weight, "bias": [0.1, 0.2], "running_mean": [1.0, -1.0], "running_var": [4.0, 0.25]}
    normalisation.load_state_dict(
        normalisation.state_dict() | {name: torch.tensor(values) for name, values in state.items()}
    )
    images = torch.randn(3, 2, 6, 7)
    before = [value.clone() for value in normalisation.state_dict().values()]
    with torch.no_grad():
        torch.testing.assert_close(normalised_and_pooled(images, normalisation), plainly(images, normalisation))
    assert all(torch.equal(*pair) for pair in zip(before, normalisation.state_dict().values(), strict=True))


def test_of_equal_pixels_one_takes_the_gradient():
    images = torch.zeros(2, 1, 2, 2)
    images[1] = 1.0
    normalisation = nn.BatchNorm2d(1)
    images.requires_grad_()
    result = normalised_and_pooled(images, normalisation)
    assert result.flatten().tolist() == pytest.approx([0, 1], abs=1e-4)
    (gradient,) = torch.autograd.grad(result.sum(), images)
    # Without normalisation's own part, which is the same for all four, one pixel differs from the three others.
    of_positive = gradient[1].flatten()
    assert sorted((of_positive - of_positive.min()).gt(1e-3).tolist()) == [False, False, False, True]


def test_the_same_bits_twice():
    images = torch.randn(8, 16, 32, 32)
    arguments = (images, torch.ones(16), torch.zeros(16), torch.randn(8, 16, 16, 16))
    first, again = (of(normalised_and_pooled, *arguments) for _ in range(2))
    assert all(torch.equal(*pair) for pair in zip(first, again, strict=True))
