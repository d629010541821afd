"""Batch normalisation, ReLU and max-pooling by 2 in one, with fewer passes over memory: exact up to rounding.

All three are monotone in each channel, so that the largest of 2 x 2 pixels can be taken first and the rest be done on
a quarter of the pixels. Only the mean, the variance and the gradient need the whole image.
"""

from __future__ import annotations

from typing import Any

import torch
from torch import Tensor, nn
from torch.autograd.function import once_differentiable

# Zero where the second argument is not above the third: as a mask, but without going through booleans.
threshold_backward = torch.ops.aten.threshold_backward
PART_BYTES = 2**20


def normalised_and_pooled(images: Tensor, normalisation: nn.BatchNorm2d) -> Tensor:
    """max_pool2d(relu(normalisation(images)), 2): (b, c, y, x) -> (b, c, y // 2, x // 2).

    In training by the batch's mean and variance, and the running ones are updated; else by the running ones.
    Of pixels as large as each other, one alone takes the gradient. It can be differentiated once.
    """
    running: dict[str, Any] = dict(normalisation.named_buffers())
    running_mean, running_variance = running["running_mean"], running["running_var"]
    if not normalisation.training:
        deviation = (running_variance + normalisation.eps).sqrt()
        return _pooled(images, normalisation.weight, normalisation.bias, running_mean, deviation)[0]
    n_values = images.numel() // images.shape[1]
    with torch.no_grad():
        mean, variance = _moments(images)
        momentum: Any = normalisation.momentum
        running_mean.lerp_(mean, momentum)
        running_variance.lerp_(variance * (n_values / (n_values - 1)), momentum)
        running["num_batches_tracked"].add_(1)
        deviation = (variance + normalisation.eps).sqrt()
    return _NormalisedPool.apply(images, normalisation.weight, normalisation.bias, mean, deviation)  # type: ignore[return-value]


class _NormalisedPool(torch.autograd.Function):
    @staticmethod
    def forward(ctx: Any, images: Tensor, weight: Tensor, bias: Tensor, mean: Tensor, deviation: Tensor) -> Tensor:
        result, largest = _pooled(images, weight, bias, mean, deviation)
        ctx.save_for_backward(images, weight, mean, deviation, result, largest)
        return result

    @staticmethod
    @once_differentiable
    def backward(ctx: Any, gradient: Tensor) -> tuple[Tensor | None, ...]:  # type: ignore[override]
        images, weight, mean, deviation, result, largest = ctx.saved_tensors
        gradient = threshold_backward(gradient, result, 0.0)
        of_bias = gradient.sum((0, 2, 3))
        of_weight = ((gradient * largest).sum((0, 2, 3)) - of_bias * mean) / deviation
        scale = weight / deviation
        n_values = images.numel() // images.shape[1]
        gradient *= _per_channel(scale)
        # Through the mean and the variance: every pixel; through the pixel that was the largest: it alone.
        slope = -scale * of_weight / (deviation * n_values)
        offset = _per_channel(-scale * of_bias / n_values - slope * mean)
        of_images = torch.empty_like(images)
        sign = _signs(weight)
        for part in _parts(images):
            torch.mul(images[part], _per_channel(slope), out=of_images[part]).add_(offset)
            _add_to_largest(of_images[part], gradient[part], images[part] if sign is None else images[part] * sign)
        return of_images, of_weight, of_bias, None, None


def _add_to_largest(of_images: Tensor, gradient: Tensor, images: Tensor) -> None:
    """Add the gradient of each 2 x 2 pixels to that of its largest."""
    upper, lower = _halves(images, 2)
    rows = torch.maximum(upper, lower)
    left, right = _halves(rows, 3)
    of_right = threshold_backward(gradient, right - left, 0.0)
    of_rows = torch.zeros_like(rows)
    into_left, into_right = _halves(of_rows, 3)
    into_left.copy_(gradient - of_right)
    into_right.copy_(of_right)
    of_lower = threshold_backward(of_rows, torch.sub(lower, upper, out=rows), 0.0)
    upper, lower = _halves(of_images, 2)
    lower += of_lower
    upper += of_rows.sub_(of_lower)


def _pooled(images: Tensor, weight: Tensor, bias: Tensor, mean: Tensor, deviation: Tensor) -> tuple[Tensor, Tensor]:
    """The result, and the pixels of `images` that it comes from."""
    sign = _signs(weight)
    n_images, n_channels, height, width = images.shape
    largest = images.new_empty(n_images, n_channels, height // 2, width // 2)
    for part in _parts(images):
        upper, lower = _halves(images[part] if sign is None else images[part] * sign, 2)
        torch.maximum(*_halves(torch.maximum(upper, lower), 3), out=largest[part])
    if sign is not None:
        largest *= sign
    scale = weight / deviation
    result = (largest * _per_channel(scale)).add_(_per_channel(bias - mean * scale)).relu_()
    return result, largest


def _parts(images: Tensor) -> list[slice]:
    """Parts of a batch that fit into a processor's cache."""
    n_at_once = max(1, PART_BYTES // (images[0].numel() * images.element_size()))
    return [slice(start, start + n_at_once) for start in range(0, len(images), n_at_once)]


def _moments(images: Tensor) -> tuple[Tensor, Tensor]:
    """Mean and (biased) variance of each channel: in float64 from the sums of each plane, which are float32."""
    n_pixels = images.shape[2] * images.shape[3]
    planes = images.flatten(2)
    means = planes.sum(2).double() / n_pixels
    squares = torch.linalg.vector_norm(planes, dim=2).double().square() / n_pixels
    mean = means.mean(0)
    variance = (squares.mean(0) - mean.square()).clamp_(min=0)
    return mean.float(), variance.float()


def _halves(images: Tensor, axis: int) -> tuple[Tensor, Tensor]:
    """The even and the odd pixels along an axis, without a last one that has no partner."""
    n_pairs = images.shape[axis] // 2
    pairs = images.narrow(axis, 0, 2 * n_pairs).unflatten(axis, (n_pairs, 2))
    return pairs.select(axis + 1, 0), pairs.select(axis + 1, 1)


def _signs(weight: Tensor) -> Tensor | None:
    """-1 for channels where the largest becomes the smallest, else 1; None where there are no such channels."""
    if not bool((weight < 0).any()):
        return None
    return _per_channel(torch.where(weight < 0, -1.0, 1.0))


def _per_channel(values: Tensor) -> Tensor:
    return values[:, None, None]
