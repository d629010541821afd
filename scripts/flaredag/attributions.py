"""Attribution maps of a CNN on magnetograms: how much each pixel adds to the logit of the positive class.

Sun et al. 2022, section 3.5, with captum. On logits and not probabilities, as a softmax near 0 or 1 has no gradient.
`zero` is a field of 0 gauss and not a standardised value of 0, which is the mean field of the training pixels: the
absence of field means the same for every network and region. `first` is the first frame of the sequence: the map tells
what has changed the forecast since.
"""

from __future__ import annotations

import copy
import warnings
from collections import defaultdict
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
import torch
from captum.attr import (
    Deconvolution,
    DeepLift,
    GuidedBackprop,
    IntegratedGradients,
    LayerAttribution,
    LayerGradCam,
    Occlusion,
)
from scipy import ndimage
from torch import nn

from flaredag.errors import InputError
from flaredag.explanations import METHODS
from flaredag.fitting import read_checkpoint
from flaredag.models import cnn
from flaredag.training import seeded

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from pathlib import Path

    from numpy.typing import NDArray
    from torch import Tensor

    from flaredag.models.cnn import FittedCNN

# Without a sequence there is no first frame.
METHODS_OF_SINGLE_IMAGES = tuple(method for method in METHODS if not method.endswith(".first"))
POSITIVE = 1
N_STEPS = 50  # captum's default, and the authors' choice
MOST_STEPS = 800  # the points of a Gauss-Legendre rule take as long as the gradients from there on
COMPLETENESS = 0.01
IMAGES_A_BATCH = 32  # 128 x 128 pixels: 0.7 GB of activations
OCCLUSION_WINDOWS_ACROSS = 8  # windows of an eighth of the image, half overlapping
SPLINE_ORDER = 2
_HARMLESS = (
    r"\s*Setting (forward, )?backward hooks",  # told of every DeepLift, GuidedBackprop and Deconvolution
    r"Input Tensor \d+ did not already require gradients",
)


@dataclass(frozen=True)
class AttributionMaps:
    """`maps` (method, frame, y, x) of `methods`; `n_steps` (frame,) of those that integrate."""

    methods: tuple[str, ...]
    maps: NDArray[np.float32]
    n_steps: dict[str, NDArray[np.int64]]

    def of(self, method: str) -> NDArray[np.float32]:
        """Maps (frame, y, x) of one method."""
        return self.maps[self.methods.index(method)]


class _Apart(nn.Module):
    """Identity, as a tensor of its own: captum 0.9.0 hooks what lies between a ReLU and a pool in the wrong order.

    The ReLU would get the pool's gradient for DeepLIFT's multiplier, and the map would not add up.
    """

    def forward(self, images: Tensor) -> Tensor:
        """A copy."""
        return images.clone()


def attribute(
    network: nn.Module, images: Tensor, baselines: Tensor, method: str, *, n_steps: int = N_STEPS
) -> NDArray[np.float32]:
    """Attribution maps (frame, y, x) of standardised `images` (frame, 1, y, x) for the logit of the positive class.

    `method`: one of `METHODS`; what follows a dot names the baseline and is not looked at. `baselines` (frame or 1, 1,
    y, x): standardised images that Integrated Gradients and DeepLIFT compare with, and what occlusion puts in place of
    pixels. Integrated Gradients take `n_steps` of a Gauss-Legendre rule. Grad-CAM looks at what the convolution of
    block 4 or 5 gives, before its normalisation, keeps the positive part, and is brought to the size of the image
    bilinearly (both as the authors of Sun et al. 2022). `network` has `blocks` of `convolution`, `normalisation`,
    `activation` and `pool`; it is left as it was. Raises InputError where an image has a NaN.
    """
    images, baselines = _checked(images, baselines)
    with _explained(network) as own:
        batches = zip(images.split(IMAGES_A_BATCH), baselines.split(IMAGES_A_BATCH), strict=True)
        maps = [_maps(copy.deepcopy(own), *batch, method, n_steps) for batch in batches]
    return torch.cat(maps).detach().squeeze(1).float().numpy()


def complete_integrated_gradients(
    network: nn.Module, images: Tensor, baselines: Tensor
) -> tuple[NDArray[np.float32], NDArray[np.int64]]:
    """Integrated Gradients (frame, y, x) that add up to the difference of logits to 1 %, and the steps each took.

    As `attribute` does them; frames that miss the 1 % with 50 steps are done again with twice the steps, up to
    `MOST_STEPS`: `completeness_error` of the map tells whether that sufficed.
    """
    maps = attribute(network, images, baselines, "integrated_gradients")
    n_steps = np.full(len(maps), N_STEPS, dtype=np.int64)
    baselines = baselines.expand_as(images)
    while True:
        error = completeness_error(network, images, baselines, maps)
        again = np.flatnonzero((error > COMPLETENESS) & (n_steps < MOST_STEPS))
        if not len(again):
            return maps, n_steps
        n_steps[again] *= 2
        steps = int(n_steps[again[0]])
        maps[again] = attribute(network, images[again], baselines[again], "integrated_gradients", n_steps=steps)


def explain(fitted: FittedCNN, gauss: NDArray[np.floating], methods: Sequence[str]) -> AttributionMaps:
    """Maps of `methods` of magnetograms (frame, y, x), gauss, in the size that the network wants.

    The first frame is the baseline of methods that end in ".first". Raises InputError where magnetograms have a NaN or
    another size, or the network wants numbers beside the image.
    """
    images, zero = standardised(fitted, gauss), standardised(fitted, np.zeros_like(gauss[:1]))
    maps, n_steps = [], {}
    for method in methods:
        baselines = images[:1] if method.endswith(".first") else zero
        if method.startswith("integrated_gradients"):
            of_method, n_steps[method] = complete_integrated_gradients(fitted.network, images, baselines)
        else:
            of_method = attribute(fitted.network, images, baselines, method)
        maps.append(of_method)
    return AttributionMaps(tuple(methods), np.stack(maps), n_steps)


def fitted_cnns(checkpoint: str | Path, model: str) -> dict[int, FittedCNN]:
    """Networks of one model of a checkpoint, by seed, ascending; InputError where it holds none."""
    # Whatever is fitted together with a CNN is one too.
    fits = read_checkpoint(checkpoint, defaultdict(lambda: cnn))
    found = {int(name.rpartition("/")[2]): fit for name, fit in fits.items() if name.rpartition("/")[0] == model}
    networks: dict[int, FittedCNN] = {s: fit for s, fit in sorted(found.items()) if isinstance(fit, cnn.FittedCNN)}
    if not networks:
        raise InputError(f"{checkpoint}: no network {model}; it holds {', '.join(fits)}. Take that of another fit.")
    return networks


def standardised(fitted: FittedCNN, gauss: NDArray[np.floating]) -> Tensor:
    """Images (frame, 1, y, x) of magnetograms (frame, y, x), gauss, for a network that takes nothing else.

    Raises InputError where it takes more, or images of another size.
    """
    wanted = (fitted.network.pixels, fitted.network.pixels)
    if gauss.shape[1:] != wanted:
        raise InputError(
            f"magnetograms of {gauss.shape[1:]} pixels; the network was fitted on {wanted}. Take checkpoint and "
            "cube of one setting of pixels."
        )
    if fitted.network.n_extra:
        raise InputError(
            f"a network that takes {fitted.network.n_extra} numbers beside the image; wanted one of images alone. "
            "Explain a model whose head_inputs are empty."
        )
    return fitted.standardised(gauss)


def completeness_error(
    network: nn.Module, images: Tensor, baselines: Tensor, maps: NDArray[np.float32]
) -> NDArray[np.float64]:
    """How far the sum of each map is off the difference of logits of image and baseline, as a part of it (frame,).

    0 where both are 0, as where an image is its own baseline. Sundararajan et al. 2017 (completeness of Integrated
    Gradients); Shrikumar et al. 2017 (summation to delta of DeepLIFT).
    """
    baselines = baselines.expand_as(images)
    difference = positive_logits(network, images) - positive_logits(network, baselines)
    # The last bit of a logit depends on the place in a batch.
    difference[(images == baselines).flatten(1).all(dim=1).numpy()] = 0.0
    off = np.abs(maps.sum(axis=(1, 2), dtype=np.float64) - difference)
    return np.where(off == 0, 0.0, off / np.maximum(np.abs(difference), np.finfo(np.float64).tiny))


def positive_logits(network: nn.Module, images: Tensor) -> NDArray[np.float64]:
    """Logit of the positive class (frame,) of standardised images (frame, 1, y, x)."""
    return _logits(network, images)[:, POSITIVE].numpy()


def positive_probabilities(network: nn.Module, images: Tensor) -> NDArray[np.float64]:
    """Probability of the positive class (frame,) of standardised images (frame, 1, y, x)."""
    return torch.softmax(_logits(network, images), dim=1)[:, POSITIVE].numpy()


def to_original_resolution(maps: NDArray[np.floating], shape: tuple[int, int]) -> NDArray[np.float32]:
    """Maps (..., y, x) as images of `shape` by splines of 2nd order, as skimage.transform.resize with order=2 does.

    As there, an axis that shrinks is smoothed before, and values beyond the range of the map are cut. Sun et al. 2022,
    section 4.4.2.
    """
    factor = np.array(maps.shape[-2:]) / np.array(shape)
    sigma = np.maximum(0.0, (factor - 1) / 2)
    flat = maps.reshape(-1, *maps.shape[-2:]).astype(np.float64)
    resized = np.empty((len(flat), *shape), dtype=np.float32)
    for place, one in enumerate(flat):
        smooth = ndimage.gaussian_filter(one, sigma, mode="mirror")
        zoomed = ndimage.zoom(smooth, 1 / factor, order=SPLINE_ORDER, mode="mirror", grid_mode=True)
        resized[place] = np.clip(zoomed, one.min(), one.max())
    return resized.reshape(*maps.shape[:-2], *shape)


def _maps(network: Any, images: Tensor, baselines: Tensor, method: str, n_steps: int) -> Tensor:
    """Maps (frame, 1, y, x) of one batch."""
    kind = method.split(".")[0]
    if kind == "deconvolution":
        return Deconvolution(network).attribute(images, target=POSITIVE)
    if kind == "guided_backpropagation":
        return GuidedBackprop(network).attribute(images, target=POSITIVE)
    if kind == "integrated_gradients":
        # One image at a time, so that its steps make the batches and its map does not depend on its neighbours.
        integrated = IntegratedGradients(network)
        maps = [
            integrated.attribute(
                image[None], baseline[None], target=POSITIVE, n_steps=n_steps, internal_batch_size=IMAGES_A_BATCH
            )
            for image, baseline in zip(images, baselines, strict=True)
        ]
        return torch.cat(maps)
    if kind == "deep_lift":
        # torch knows no deterministic max_unpool2d; with one thread and pools that do not overlap it is one.
        torch.use_deterministic_algorithms(mode=False)
        for block in network.blocks:
            block.pool = nn.Sequential(_Apart(), block.pool)
        return DeepLift(network).attribute(images, baselines, target=POSITIVE)
    if kind in ("grad_cam_4", "grad_cam_5"):
        layer = network.blocks[int(kind[-1]) - 1].convolution
        coarse = LayerGradCam(network, layer).attribute(images, target=POSITIVE, relu_attributions=True)
        return LayerAttribution.interpolate(coarse, tuple(images.shape[2:]), interpolate_mode="bilinear")
    if kind == "occlusion":
        side = max(images.shape[-1] // OCCLUSION_WINDOWS_ACROSS, 1)
        return Occlusion(network).attribute(
            images,
            sliding_window_shapes=(1, side, side),
            strides=(1, max(side // 2, 1), max(side // 2, 1)),
            baselines=baselines,
            target=POSITIVE,
            perturbations_per_eval=max(IMAGES_A_BATCH // len(images), 1),
        )
    raise InputError(f"attribution method {method!r} is not known; wanted one of {', '.join(METHODS)}.")


@contextmanager
def _explained(network: nn.Module) -> Iterator[nn.Module]:
    """A copy of `network` on the CPU, in eval mode, that captum may hook; one thread, no warning of what it does."""
    own = copy.deepcopy(network).cpu().eval().requires_grad_(requires_grad=False)
    with seeded(0), warnings.catch_warnings():
        for message in _HARMLESS:
            warnings.filterwarnings("ignore", message=message, category=UserWarning)
        yield own


def _logits(network: nn.Module, images: Tensor) -> Tensor:
    with _explained(network) as own, torch.no_grad():
        return torch.cat([own(batch) for batch in images.split(IMAGES_A_BATCH)]).double()


def _checked(images: Tensor, baselines: Tensor) -> tuple[Tensor, Tensor]:
    for name, tensor in (("image", images), ("baseline", baselines)):
        broken = ~torch.isfinite(tensor).flatten(1).all(dim=1)
        if broken.any():
            raise InputError(
                f"{name} {int(broken.nonzero()[0])} of {len(tensor)} has pixels without value ({int(broken.sum())} "
                "such images); wanted magnetograms without NaN. Leave bad images out."
            )
    return images, baselines.expand_as(images)
