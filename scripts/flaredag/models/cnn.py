"""CNN on the last magnetogram: Li et al. 2020 as used by Sun et al. 2022, section 3.1 and Figure 4b."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
import torch
from torch import Tensor, nn

from flaredag.convolution import LargeKernelConvolution
from flaredag.cubes import STEP_GAUSS
from flaredag.devices import CPU, Computing, computing, keep_freed_memory
from flaredag.errors import InputError
from flaredag.pooling import normalised_and_pooled
from flaredag.training import deterministic, logits, seeded, train_classifier

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from numpy.typing import NDArray

    from flaredag.samples import Magnetograms, Samples

KERNELS = (11, 11, 3, 3, 3)
N_CHANNELS = 64
N_HIDDEN = (128, 64)
DROPOUT = 0.5
SMALLEST_PIXELS = 2 ** len(KERNELS)
PREDICTION_BATCH = 64
RIGHT_ANGLE_DEG = 90.0
LOCATION_INPUTS = 3
HEAD_INPUTS = ("location", "keywords")


class ConvolutionBlock(nn.Module):
    """Convolution ('same'), batch normalisation, ReLU and max-pooling by 2: (b, c, y, x) -> (b, 64, y // 2, x // 2)."""

    def __init__(self, n_channels: int, kernel_pixels: int) -> None:
        super().__init__()
        self.convolution = LargeKernelConvolution(n_channels, N_CHANNELS, kernel_pixels, padding="same")
        self.normalisation = nn.BatchNorm2d(N_CHANNELS)
        self.activation = nn.ReLU()
        self.pool = nn.MaxPool2d(2)

    def forward(self, images: Tensor) -> Tensor:
        """Images of half the size; while a network learns or nothing is differentiated, in one pass on a CPU."""
        images = self.convolution(images)
        on_cpu = images.device.type == "cpu" and images.dtype == torch.float32
        if on_cpu and (self.training or not torch.is_grad_enabled()):
            return normalised_and_pooled(images, self.normalisation)
        return self.pool(self.activation(self.normalisation(images)))


class MagnetogramCNN(nn.Module):
    """Five convolution blocks, flattened, and three linear layers without activations between (authors' code).

    `pixels`: height and width of the images; `n_extra`: numbers given to the first linear layer beside the image.
    128 pixels flatten to 4 x 4 x 64 = 1024. Every activation is a module of its own, not in place.
    """

    def __init__(self, pixels: int, n_extra: int) -> None:
        super().__init__()
        if pixels < SMALLEST_PIXELS:
            raise InputError(
                f"images of {pixels} x {pixels} pixels; five poolings by 2 want at least {SMALLEST_PIXELS} x "
                f"{SMALLEST_PIXELS}. Set `pixels` in config.yaml."
            )
        self.pixels, self.n_extra = pixels, n_extra
        n_channels = (1, *[N_CHANNELS] * (len(KERNELS) - 1))
        self.blocks = nn.ModuleList(ConvolutionBlock(*sizes) for sizes in zip(n_channels, KERNELS, strict=True))
        n_flat = N_CHANNELS * (pixels // SMALLEST_PIXELS) ** 2
        self.head = nn.Sequential(
            nn.Linear(n_flat + n_extra, N_HIDDEN[0]),
            nn.BatchNorm1d(N_HIDDEN[0]),
            nn.Dropout(DROPOUT),
            nn.Linear(*N_HIDDEN),
            nn.BatchNorm1d(N_HIDDEN[1]),
            nn.Dropout(DROPOUT),
            nn.Linear(N_HIDDEN[1], 2),
        )

    def forward(self, images: Tensor, extra: Tensor | None = None) -> Tensor:
        """Logits (negative, positive), (b, 2), of standardised images (b, 1, y, x) and extra numbers (b, k)."""
        for block in self.blocks:
            images = block(images)
        flat = images.flatten(start_dim=1)
        return self.head(flat if extra is None else torch.cat([flat, extra.to(flat.dtype)], dim=1))


class MagnetogramInputs:
    """Inputs of the network, `inputs[i]`: images standardised and extra numbers of the samples i, batch by batch.

    Kept as whole steps of 0.5 gauss, so that 15,000 images of 128 x 128 take 0.5 GB.
    """

    def __init__(self, magnetograms: Magnetograms, extra: NDArray[np.float32] | None, where: Computing) -> None:
        self.mean_gauss = magnetograms.mean_gauss
        self.standard_deviation_gauss = magnetograms.standard_deviation_gauss
        self.steps = where.to_device(torch.from_numpy(magnetograms.steps))
        self.extra = None if extra is None else where.to_device(torch.from_numpy(extra))
        self.where = where

    def __getitem__(self, samples: Tensor, /) -> tuple[Tensor, Tensor | None]:
        """Images (b, 1, y, x) and extra numbers (b, k), or None."""
        samples = self.where.to_device(samples)
        gauss = self.steps[samples].float().mul_(STEP_GAUSS)
        images = _standardised(gauss, self.mean_gauss, self.standard_deviation_gauss)
        images = images.contiguous(memory_format=self.where.memory_format)
        return images, None if self.extra is None else self.extra[samples]


@dataclass(frozen=True)
class FittedCNN:
    """`arrays`: the network's parameters under torch's names, its image size, and the standardisation of pixels.

    `head_inputs`: what the head is given beside the image, of `HEAD_INPUTS`.
    """

    network: MagnetogramCNN
    mean_gauss: float
    standard_deviation_gauss: float
    head_inputs: tuple[str, ...]
    history: dict[str, Any]

    @property
    def arrays(self) -> dict[str, NDArray[Any]]:
        """Parameters as arrays."""
        numbers = {
            "pixels": np.array([self.network.pixels], dtype=np.int64),
            "mean_gauss": np.array([self.mean_gauss]),
            "standard_deviation_gauss": np.array([self.standard_deviation_gauss]),
        }
        return {name: value.numpy() for name, value in self.network.state_dict().items()} | numbers

    def standardised(self, gauss: NDArray[np.floating]) -> Tensor:
        """Images (sample, y, x), gauss, as the network takes them: (sample, 1, y, x) float32."""
        images = torch.from_numpy(np.array(gauss, dtype=np.float32))
        return _standardised(images, self.mean_gauss, self.standard_deviation_gauss)

    def probability(self, samples: Samples) -> NDArray[np.float64]:
        """Probability of the positive class, (sample,); InputError for samples of another image size."""
        magnetograms = magnetograms_of(samples)
        if magnetograms.steps.shape[1:] != (self.network.pixels, self.network.pixels):
            raise InputError(
                f"magnetograms of {magnetograms.steps.shape[1:]} pixels; the CNN was fitted on {self.network.pixels} x "
                f"{self.network.pixels}. Delete its predictions and checkpoint to have it fitted again."
            )
        standardised = (magnetograms.mean_gauss, magnetograms.standard_deviation_gauss)
        if standardised != (self.mean_gauss, self.standard_deviation_gauss):
            raise InputError(
                f"magnetograms standardised by mean and standard deviation {standardised} G; the CNN was fitted with "
                f"{(self.mean_gauss, self.standard_deviation_gauss)} G. Give it samples of its own data set."
            )
        extra = extra_inputs(samples, self.head_inputs)
        n_extra = 0 if extra is None else extra.shape[1]
        if n_extra != self.network.n_extra:
            raise InputError(f"{n_extra} numbers beside each image; the CNN was fitted with {self.network.n_extra}.")
        where = computing()
        keep_freed_memory()
        with deterministic(), where.algorithms():
            where.moved(self.network)
            inputs = MagnetogramInputs(magnetograms, extra, where)
            found = logits(self.network, inputs, len(samples), PREDICTION_BATCH, where)
            CPU.moved(self.network)
        return torch.softmax(found, dim=1)[:, 1].numpy()


def fit(train: Samples, validation: Samples, *, seed: int, settings: Mapping[str, Any]) -> FittedCNN:
    """Fit by Adam, on the GPU where there is one; the best epoch on the validation samples is kept.

    Settings: `learning_rate`, `batch_size`, `max_epochs`, `patience_epochs`, `kept_epoch` (see
    `flaredag.training.train_classifier`), `head_inputs` (of `HEAD_INPUTS`).
    """
    head_inputs = tuple(settings["head_inputs"])
    magnetograms, of_validation = magnetograms_of(train), magnetograms_of(validation)
    if len(train) < 2:  # noqa: PLR2004
        raise InputError(f"{len(train)} training samples; batch normalisation wants at least 2. Take more regions.")
    height, width = magnetograms.steps.shape[1:]
    if height != width:
        raise InputError(f"magnetograms of {width} x {height} pixels; square ones are wanted. Set `pixels`.")
    if of_validation.steps.shape[1:] != (height, width):
        raise InputError(
            f"validation magnetograms of {of_validation.steps.shape[1:]} pixels, training magnetograms of {height} x "
            f"{width}; one size is wanted. Delete the cubes to have them made again."
        )
    if not magnetograms.standard_deviation_gauss > 0:
        raise InputError(
            f"magnetograms of standard deviation {magnetograms.standard_deviation_gauss} G; some contrast is wanted. "
            "Look at the cubes of this data set."
        )
    extra = extra_inputs(train, head_inputs)
    where = computing()
    keep_freed_memory()
    with seeded(seed) as generator:
        network = MagnetogramCNN(height, 0 if extra is None else extra.shape[1])
        (kept,) = train_classifier(
            network,
            (MagnetogramInputs(magnetograms, extra, where), torch.from_numpy(train.label).long()),
            (MagnetogramInputs(of_validation, extra_inputs(validation, head_inputs), where), validation.label),
            learning_rate=settings["learning_rate"],
            batch_size=settings["batch_size"],
            max_epochs=settings["max_epochs"],
            patience_epochs=settings["patience_epochs"],
            generator=generator,
            kept_epochs=[settings["kept_epoch"]],
            scored_at_once=PREDICTION_BATCH,
            computing=where,
        )
    network.eval()
    return FittedCNN(
        network, magnetograms.mean_gauss, magnetograms.standard_deviation_gauss, head_inputs, history=kept.history
    )


def restored(arrays: Mapping[str, NDArray[Any]], settings: Mapping[str, Any]) -> FittedCNN:
    """The fit whose arrays these are; InputError if they are those of another network."""
    numbers = {"pixels", "mean_gauss", "standard_deviation_gauss"}
    if missing := sorted((numbers | {"head.0.weight"}) - set(arrays)):
        raise InputError(f"no {', '.join(missing)} among the arrays; those of a CNN on magnetograms are wanted")
    pixels, head_inputs = int(arrays["pixels"][0]), tuple(settings["head_inputs"])
    n_extra = arrays["head.0.weight"].shape[1] - N_CHANNELS * (pixels // SMALLEST_PIXELS) ** 2
    n_keywords = n_extra - LOCATION_INPUTS * ("location" in head_inputs)
    if n_keywords < 0 or (n_keywords > 0) != ("keywords" in head_inputs):
        raise InputError(
            f"a network of {n_extra} numbers beside images of {pixels} x {pixels} pixels; head_inputs "
            f"{list(head_inputs)} want others"
        )
    network = MagnetogramCNN(pixels, n_extra)
    state = {name: torch.from_numpy(np.array(value)) for name, value in arrays.items() if name not in numbers}
    try:
        network.load_state_dict(state)
    except RuntimeError as error:
        raise InputError(f"arrays of another network ({' '.join(str(error).split())})") from error
    network.eval()
    mean, deviation = float(arrays["mean_gauss"][0]), float(arrays["standard_deviation_gauss"][0])
    return FittedCNN(network, mean, deviation, head_inputs, history={})


def magnetograms_of(samples: Samples) -> Magnetograms:
    """The magnetograms of samples; InputError if they have none."""
    if samples.magnetograms is None:
        raise InputError("samples without magnetograms; a CNN wants them. Give the study a cube, or leave out the CNN.")
    return samples.magnetograms


def extra_inputs(samples: Samples, head_inputs: Sequence[str]) -> NDArray[np.float32] | None:
    """What the head is given beside the image, (sample, number), or None: of `HEAD_INPUTS`, in the order given.

    `location`: longitude, distance to the central meridian and latitude, in right angles (Sun et al. 2022, section
    4.4.2, propose the last two); `keywords`: those of the last record, standardised.
    """
    columns = []
    for name in head_inputs:
        if name == "location":
            longitude, latitude = magnetograms_of(samples).location_deg.T / RIGHT_ANGLE_DEG
            columns += [longitude, np.abs(longitude), latitude]
        elif name == "keywords":
            columns += list(samples.sequence[:, -1, :].T)
        else:
            raise InputError(f"head_inputs: {name}; wanted {' or '.join(HEAD_INPUTS)}. Correct config.yaml.")
    return np.stack(columns, axis=1).astype(np.float32) if columns else None


def _standardised(gauss: Tensor, mean_gauss: float, standard_deviation_gauss: float) -> Tensor:
    """Gauss (sample, y, x), overwritten, as (sample, 1, y, x)."""
    return gauss.sub_(mean_gauss).div_(standard_deviation_gauss)[:, None]
