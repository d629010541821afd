"""Convolution by Fourier transforms: the same numbers as the direct one, and when it is taken."""

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torch import nn
from torch.nn.functional import conv2d

from flaredag.convolution import FourierConvolution, LargeKernelConvolution


def assert_close(found, wanted, tolerance=1e-5):
    """Within `tolerance` of the largest value."""
    assert found.shape == wanted.shape
    assert (found - wanted).abs().max() <= tolerance * wanted.abs().max().clamp(min=1e-6)


def tensors(seed, n_images, n_in, n_out, size, kernel):
    generator = torch.Generator().manual_seed(seed)
    shapes = ((n_images, n_in, *size), (n_out, n_in, *kernel), (n_out,), (n_images, n_out, *size))
    images, weight, bias, gradient = (torch.randn(shape, generator=generator) for shape in shapes)
    return images.requires_grad_(), weight.requires_grad_(), bias.requires_grad_(), gradient


def values_and_gradients(function, images, weight, bias, gradient):
    result = function(images, weight, bias)
    return result.detach(), *torch.autograd.grad(result, (images, weight, bias), gradient)


def direct(images, weight, bias):
    return conv2d(images, weight, bias, padding="same")


odd = st.integers(0, 4).map(lambda half: 2 * half + 1)


@settings(max_examples=40)
@given(
    st.integers(0, 1000),
    st.integers(1, 3),
    st.integers(1, 4),
    st.integers(1, 4),
    st.tuples(st.integers(1, 17), st.integers(1, 17)),
    st.tuples(odd, odd),
)
def test_equals_the_direct_convolution_and_its_gradients(seed, n_images, n_in, n_out, size, kernel):
    made = tensors(seed, n_images, n_in, n_out, size, kernel)
    wanted = values_and_gradients(direct, *made)
    for one, other in zip(values_and_gradients(FourierConvolution.apply, *made), wanted, strict=True):
        assert_close(one, other)


@pytest.mark.parametrize("size", [(16, 16), (33, 20)])
def test_the_networks_own_sizes_to_the_rounding_of_float32(size):
    made = tensors(0, 4, 64, 64, size, (11, 11))
    exact = values_and_gradients(direct, *(tensor.detach().double().requires_grad_() for tensor in made))
    for one, other in zip(values_and_gradients(FourierConvolution.apply, *made), exact, strict=True):
        assert_close(one.double(), other, 3e-6)


def test_one_pixel_spreads_the_kernel_by_hand():
    # A convolution of networks is a correlation: the image of one pixel is the kernel turned by half a turn.
    images, weight = torch.zeros(1, 1, 5, 5), torch.arange(9.0).view(1, 1, 3, 3)
    images[0, 0, 1, 2] = 1
    wanted = torch.zeros(5, 5)
    wanted[0:3, 1:4] = torch.arange(8.0, -1, -1).view(3, 3)
    torch.testing.assert_close(FourierConvolution.apply(images, weight, None)[0, 0], wanted, atol=1e-5, rtol=0.0)


def test_only_the_gradients_asked_for():
    images, weight, bias, gradient = tensors(0, 2, 3, 4, (8, 8), (5, 5))
    frozen = FourierConvolution.apply(images.detach(), weight, bias)
    of_weight, of_bias = torch.autograd.grad(frozen, (weight, bias), gradient)
    frozen = FourierConvolution.apply(images, weight.detach(), None)
    (of_images,) = torch.autograd.grad(frozen, images, gradient)
    _, *wanted = values_and_gradients(direct, images, weight, bias, gradient)
    for one, other in zip((of_images, of_weight, of_bias), wanted, strict=True):
        assert_close(one, other)


def test_images_and_gradients_in_any_memory_format():
    made = tensors(0, 2, 16, 16, (9, 8), (7, 7))
    images, weight, bias, gradient = made
    turned = (
        images.detach().contiguous(memory_format=torch.channels_last).requires_grad_(),
        weight,
        bias,
        gradient.contiguous(memory_format=torch.channels_last),
    )
    wanted = values_and_gradients(direct, *made)
    for one, other in zip(values_and_gradients(FourierConvolution.apply, *turned), wanted, strict=True):
        assert_close(one, other)


def test_the_same_bits_twice_and_on_any_number_of_threads():
    made = tensors(0, 8, 64, 64, (16, 16), (11, 11))
    threads, bits = torch.get_num_threads(), []
    try:
        for n_threads in (1, 1, 2):
            torch.set_num_threads(n_threads)
            bits.append([t.numpy().tobytes() for t in values_and_gradients(FourierConvolution.apply, *made)])
    finally:
        torch.set_num_threads(threads)
    assert bits[0] == bits[1]
    # What is summed over images, planes or pixels by torch itself may hang on the threads: the forward pass does not.
    assert bits[0][0] == bits[2][0]


class TestLargeKernelConvolution:
    def test_its_parameters_are_those_of_a_convolution(self):
        torch.manual_seed(0)
        ours = LargeKernelConvolution(16, 16, 11, padding="same")
        torch.manual_seed(0)
        torchs = nn.Conv2d(16, 16, 11, padding="same")
        assert list(ours.state_dict()) == list(torchs.state_dict())
        for name, value in torchs.state_dict().items():
            assert torch.equal(ours.state_dict()[name], value)
        images = torch.randn(2, 16, 12, 12)
        assert_close(ours(images).detach(), torchs(images).detach())

    @pytest.mark.parametrize(
        ("channels", "kernel", "options", "by_transforms"),
        [
            ((16, 16), 11, {"padding": "same"}, True),
            ((16, 16), 7, {"padding": 3}, True),
            ((16, 16), 7, {"padding": 2}, False),
            ((16, 16), 3, {"padding": "same"}, False),
            ((16, 16), 10, {"padding": "same"}, False),
            ((1, 64), 11, {"padding": "same"}, False),
            ((16, 16), 11, {"padding": "same", "groups": 2}, False),
            ((16, 16), 7, {"padding": "same", "dilation": 2}, False),
            ((16, 16), 7, {"padding": 3, "stride": 2}, False),
            ((16, 16), 7, {"padding": "same", "padding_mode": "reflect"}, False),
        ],
    )
    @pytest.mark.filterwarnings("ignore:Using padding='same' with even kernel")
    def test_when_it_is_taken(self, channels, kernel, options, by_transforms):
        layer = LargeKernelConvolution(*channels, kernel, **options)
        images = torch.randn(1, channels[0], 12, 12)
        result = layer(images)
        assert (type(result.grad_fn).__name__ == "FourierConvolutionBackward") == by_transforms
        assert_close(result.detach(), nn.Conv2d.forward(layer, images).detach())

    def test_not_in_another_arithmetic(self):
        layer = LargeKernelConvolution(16, 16, 7, padding="same")
        with torch.autocast("cpu", torch.bfloat16):
            assert layer(torch.randn(1, 16, 12, 12)).dtype == torch.bfloat16
        assert layer.double()(torch.randn(1, 16, 12, 12).double()).dtype == torch.float64

    def test_twice_differentiated_it_says_so(self):
        layer = LargeKernelConvolution(16, 16, 7, padding="same")
        images = torch.randn(1, 16, 8, 8, requires_grad=True)
        (gradient,) = torch.autograd.grad(layer(images).square().sum(), images, create_graph=True)
        with pytest.raises(RuntimeError, match="once_differentiable"):
            gradient.sum().backward()


def test_zeros_give_the_bias():
    layer = LargeKernelConvolution(16, 16, 7, padding="same")
    result = layer(torch.zeros(1, 16, 8, 8))
    np.testing.assert_allclose(result[0, :, 4, 4].detach(), layer.bias.detach(), atol=1e-7)
