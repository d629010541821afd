"""Convolutions with large kernels on a CPU, exact up to rounding, by discrete Fourier transforms.

The transforms are matrix products: at these sizes they cost less than the copies that a fast transform along leading
axes would need, any length will do, and images go in and come out as they lie in memory.
"""

from __future__ import annotations

from functools import lru_cache
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np
import torch
from torch import Tensor, nn
from torch.autograd.function import once_differentiable

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

# Measured on one thread, 64 images: as long at 3 x 3 pixels, shorter from 5 x 5 and from 4 channels on.
FEWEST_CHANNELS = 4
SMALLEST_KERNEL_PIXELS = 5


class LargeKernelConvolution(nn.Conv2d):
    """nn.Conv2d of the same parameters, computed by Fourier transforms where that is quicker.

    That is so on a CPU, in float32, for 'same' padding by zeros, stride 1, one group, many channels and a large odd
    kernel. It can be differentiated once.
    """

    def forward(self, input: Tensor) -> Tensor:
        """Convolution (batch, channel out, y, x) of (batch, channel in, y, x)."""
        if self._suits(input):
            return FourierConvolution.apply(input, self.weight, self.bias)  # type: ignore[return-value]
        return super().forward(input)

    def _suits(self, images: Tensor) -> bool:
        height, width = self.kernel_size
        return (
            images.device.type == "cpu"
            and images.dtype == self.weight.dtype == torch.float32
            and not torch.is_autocast_enabled("cpu")
            and images.dim() == 4  # noqa: PLR2004
            and self.padding in ("same", (height // 2, width // 2))
            and self.padding_mode == "zeros"
            and self.stride == self.dilation == (1, 1)
            and self.groups == 1
            and height % 2 == width % 2 == 1
            and min(height, width) >= SMALLEST_KERNEL_PIXELS
            and min(self.in_channels, self.out_channels) >= FEWEST_CHANNELS
        )


class FourierConvolution(torch.autograd.Function):
    """Convolution with 'same' padding by zeros: images (b, i, y, x), weight (o, i, odd, odd), bias (o,) or None.

    A circle of image + half a kernel is long enough: what wraps around falls on zeros, or on what is not kept.
    """

    @staticmethod
    def forward(ctx: Any, images: Tensor, weight: Tensor, bias: Tensor | None) -> Tensor:
        """Images (b, o, y, x)."""
        n_images, n_in, *size = images.shape
        n_out, _, *kernel = weight.shape
        of_image, of_kernel = _transforms(*size, *kernel)
        image_spectrum = _spectrum(images.reshape(-1, *size), of_image).unflatten(2, (n_images, n_in))
        weight_spectrum = _spectrum(weight.reshape(-1, *kernel), of_kernel).unflatten(2, (n_out, n_in))
        product = _product(image_spectrum, weight_spectrum.transpose(2, 3))
        result = _images(product.flatten(2), of_image, size).view(n_images, n_out, *size)
        if bias is not None:
            result += bias[:, None, None]
        ctx.save_for_backward(image_spectrum, weight_spectrum)
        ctx.transforms, ctx.size, ctx.kernel = (of_image, of_kernel), size, kernel
        return result

    @staticmethod
    @once_differentiable
    def backward(ctx: Any, gradient: Tensor) -> tuple[Tensor | None, Tensor | None, Tensor | None]:  # type: ignore[override]
        """Gradients of images, weight and bias."""
        image_spectrum, weight_spectrum = ctx.saved_tensors
        of_image, of_kernel = ctx.transforms
        _, _, n_images, n_in = image_spectrum.shape
        n_out = weight_spectrum.shape[2]
        of_images = of_weight = of_bias = None
        if ctx.needs_input_grad[2]:
            of_bias = gradient.sum((0, 2, 3))
        spectrum = _spectrum(gradient.reshape(-1, *ctx.size), of_image).unflatten(2, (n_images, n_out))
        if ctx.needs_input_grad[0]:
            product = _product(spectrum, weight_spectrum, conjugate_right=True)
            of_images = _images(product.flatten(2), of_image, ctx.size).view(n_images, n_in, *ctx.size)
        if ctx.needs_input_grad[1]:
            # The kernel's transform has the opposite sign, so that this conjugate is inverted by its own inverse.
            product = _product(spectrum.transpose(2, 3), image_spectrum, conjugate_right=True)
            of_weight = _images(product.flatten(2), of_kernel, ctx.kernel).view(n_out, n_in, *ctx.kernel)
        return of_images, of_weight, of_bias


class _Transform(NamedTuple):
    """Real matrices of a discrete Fourier transform in two dimensions, of images that are zero around them.

    `along_x` (part and frequency, x), `along_y` (part and frequency, y and part), `inverse_x` and `inverse_y` back,
    with parts real and imaginary. Along x there are the frequencies from 0 up, as images are real.
    """

    along_x: Tensor
    along_y: Tensor
    inverse_y: Tensor
    inverse_x: Tensor


@lru_cache(maxsize=32)
def _transforms(height: int, width: int, kernel_height: int, kernel_width: int) -> tuple[_Transform, _Transform]:
    """Transforms of images and of kernels (centred, sign reversed: a convolution of networks is a correlation)."""
    n_y, n_x = height + kernel_height // 2, width + kernel_width // 2
    # Odd: only frequency 0 is its own mirror image, and no row of the matrices is empty.
    n_y, n_x = n_y + 1 - n_y % 2, n_x + 1 - n_x % 2
    of_image = _transform(-np.arange(height), -np.arange(width), n_y, n_x)
    of_kernel = _transform(
        np.arange(kernel_height) - kernel_height // 2, np.arange(kernel_width) - kernel_width // 2, n_y, n_x
    )
    return of_image, of_kernel


def _transform(y: NDArray[np.signedinteger], x: NDArray[np.signedinteger], n_y: int, n_x: int) -> _Transform:
    """Transform exp(2 pi i (f_y y / n_y + f_x x / n_x)) of pixels at `y`, `x`."""
    phase_x = 2 * np.pi / n_x * np.outer(np.arange(n_x // 2 + 1), x)
    along_x = np.stack([np.cos(phase_x), np.sin(phase_x)])
    phase_y = 2 * np.pi / n_y * np.outer(np.arange(n_y), y)
    cos, sin = np.cos(phase_y), np.sin(phase_y)
    along_y = np.stack([np.stack([cos, -sin], axis=2), np.stack([sin, cos], axis=2)])
    n_of_frequency = np.where(np.arange(n_x // 2 + 1) == 0, 1, 2)  # with its mirror image
    inverse_x = along_x * (n_of_frequency / (n_x * n_y))[:, None]
    flat = [matrices.reshape(-1, matrices[0, 0].size) for matrices in (along_x, along_y, inverse_x)]
    on_x, on_y, back_x = (torch.from_numpy(matrix.astype(np.float32)) for matrix in flat)
    return _Transform(on_x, on_y, on_y.t(), back_x)


def _spectrum(planes: Tensor, transform: _Transform) -> Tensor:
    """Spectrum (part, frequency, plane) of planes (plane, y, x)."""
    n_planes, height, _ = planes.shape
    rows = torch.bmm(transform.along_x.expand(height, -1, -1), planes.permute(1, 2, 0))
    return (transform.along_y @ rows.view(2 * height, -1)).view(2, -1, n_planes)


def _images(spectrum: Tensor, transform: _Transform, size: Sequence[int]) -> Tensor:
    """Planes (plane, y, x) of a spectrum (part, frequency, plane)."""
    n_planes = spectrum.shape[2]
    rows = (transform.inverse_y @ spectrum.view(transform.inverse_y.shape[1], -1)).view(size[0], -1, n_planes)
    planes = spectrum.new_empty(n_planes, *size)
    for y in range(size[0]):
        torch.mm(rows[y].t(), transform.inverse_x, out=planes[:, y])
    return planes


def _product(left: Tensor, right: Tensor, *, conjugate_right: bool = False) -> Tensor:
    """Complex matrix product of each frequency: (part, frequency, l, m) and (part, frequency, m, n)."""
    sign = -1 if conjugate_right else 1
    product = left.new_empty(2, left.shape[1], left.shape[2], right.shape[3])
    torch.bmm(left[0], right[0], out=product[0])
    product[0].baddbmm_(left[1], right[1], alpha=-sign)
    torch.bmm(left[1], right[0], out=product[1])
    product[1].baddbmm_(left[0], right[1], alpha=sign)
    return product
