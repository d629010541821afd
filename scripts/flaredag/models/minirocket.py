"""MiniRocket on the sequence of keywords: Dempster, Schmidt & Webb 2021, KDD, 248; several features as in their code.

Fixed convolutions of the sequence, of each the proportion of positive values, and a linear classifier of these.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import reduce
from itertools import combinations
from operator import add
from typing import TYPE_CHECKING, Any

import numpy as np
from scipy.special import expit
from sklearn.linear_model import RidgeClassifierCV

from flaredag.calibration import fit_platt
from flaredag.checked_sequences import checked_sequence
from flaredag.class_weights import class_weights
from flaredag.errors import InputError

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from numpy.typing import NDArray

    from flaredag.samples import Samples

KERNEL_STEPS = 9
# Of a kernel's nine weights these three are 2, the others -1, so that their sum is 0: all 84 such kernels.
KERNELS = tuple(combinations(range(KERNEL_STEPS), 3))
# Strengths of the ridge's penalty that are tried, by leave-one-out, as in the authors' code.
PENALTIES = np.logspace(-3, 3, 10)
SAMPLES_AT_ONCE = 4096


@dataclass(frozen=True)
class FittedMiniRocket:
    """`arrays`: the convolutions, the line that tells the classes apart, and the logistic curve that follows it.

    `dilations` (dilation,): steps between the weights of a kernel; `features_of_kernel` (dilation,): how many of a
    kernel at it; `inputs` (dilation, kernel, feature of the samples): 1 for those that a kernel sees the sum of;
    `biases` (feature,), by dilation, kernel and quantile: a feature is the share of steps whose convolution lies above.
    `coefficients` (feature,), and `intercept`, `platt_slope`, `platt_intercept` and `n_steps` of the samples (1,).
    """

    arrays: dict[str, NDArray[Any]]
    history: dict[str, Any]

    def probability(self, samples: Samples) -> NDArray[np.float64]:
        """Probability of the positive class, (sample,); InputError as `score`."""
        return expit(self.arrays["platt_slope"][0] * self.score(samples) + self.arrays["platt_intercept"][0])

    def score(self, samples: Samples) -> NDArray[np.float64]:
        """Value of the ridge classifier, (sample,): above 0 on the events' side.

        InputError for samples of other steps or features than it was fitted on, or with numbers that are not finite.
        """
        sequence = checked_sequence(samples, self.arrays["inputs"].shape[2], int(self.arrays["n_steps"][0]))
        parts = np.split(sequence, range(SAMPLES_AT_ONCE, len(sequence), SAMPLES_AT_ONCE))
        # Sums, not a matrix product: those of BLAS hang on the number of cores.
        found = [(convolution_features(part, self.arrays) * self.arrays["coefficients"]).sum(axis=1) for part in parts]
        return np.concatenate(found) + self.arrays["intercept"][0]


def fit(train: Samples, validation: Samples, *, seed: int, settings: Mapping[str, Any]) -> FittedMiniRocket:
    """Fit a ridge classifier on the features of `train`, and a logistic regression on its values of `validation`.

    Settings: `n_convolution_features` (rounded down to a multiple of the kernels; 10,000 in the paper) and
    `max_dilations` of a kernel (32). From `seed` are drawn which features a kernel sees, and the sample of which a
    bias is a quantile. The probability is ours, as a ridge classifier has none. All features of `train` are held in
    memory, 80 kB a sample of 10,000. InputError for windows shorter than a kernel, fewer features than kernels, samples
    of one class in either split, or numbers that are not finite.
    """
    n_steps, n_features = train.sequence.shape[1:]
    sequence = checked_sequence(train, n_features, n_steps)
    class_weights(train.label, "none", model="minirocket")
    arrays = _convolutions(sequence, seed=seed, settings=settings)
    features = convolution_features(sequence, arrays)
    spread = features.std(axis=0)
    # Of equal values the deviation may come out as a rounding error, and not as 0.
    spread[np.ptp(features, axis=0) == 0] = 1.0
    model = RidgeClassifierCV(alphas=PENALTIES).fit(features / spread, train.label)
    arrays |= {"coefficients": model.coef_.ravel() / spread, "intercept": np.ravel(model.intercept_)}
    # The logarithm of these odds is the score.
    odds = expit(FittedMiniRocket(arrays, {}).score(validation))
    platt = fit_platt(validation.label, odds, np.ones(len(validation))).arrays
    arrays |= {"platt_slope": platt["a"], "platt_intercept": platt["c"]}
    return FittedMiniRocket(arrays, {"features": len(arrays["biases"]), "penalty": float(model.alpha_)})


def restored(arrays: Mapping[str, NDArray[Any]], settings: Mapping[str, Any]) -> FittedMiniRocket:
    """The fit whose arrays these are."""
    del settings
    return FittedMiniRocket(dict(arrays), {})


def convolution_features(sequence: NDArray[np.floating], arrays: Mapping[str, NDArray[Any]]) -> NDArray[np.float64]:
    """Share of steps whose convolution lies above a bias: (sample, step, feature) -> (sample, feature of `biases`).

    `arrays`: as `FittedMiniRocket`. Of every other kernel and dilation those steps alone count at which the kernel lies
    within the sequence; around it there are zeros.
    """
    found = np.empty((len(sequence), len(arrays["biases"])))
    first = 0
    for dilation, kernel, size in _order(arrays):
        seen = np.flatnonzero(arrays["inputs"][dilation, kernel])
        convolved = _convolved(sequence, seen, KERNELS[kernel], int(arrays["dilations"][dilation]))
        if (dilation + kernel) % 2:
            margin = KERNEL_STEPS // 2 * int(arrays["dilations"][dilation])
            convolved = convolved[:, margin : convolved.shape[1] - margin]
        above = convolved[:, :, None] > arrays["biases"][first : first + size]
        found[:, first : first + size] = above.mean(axis=1)
        first += size
    return found


def _convolutions(sequence: NDArray[np.float32], *, seed: int, settings: Mapping[str, Any]) -> dict[str, NDArray[Any]]:
    """Arrays of `FittedMiniRocket` up to the biases, fitted on training samples (sample, step, feature)."""
    n_samples, n_steps, n_inputs = sequence.shape
    n_of_kernel = settings["n_convolution_features"] // len(KERNELS)
    if n_steps < KERNEL_STEPS:
        raise InputError(
            f"minirocket: windows of {n_steps} steps; wanted at least {KERNEL_STEPS}, as its kernels are long. Fit it "
            "on data sets of longer windows."
        )
    if n_of_kernel < 1 or settings["max_dilations"] < 1:
        raise InputError(
            f"minirocket: n_convolution_features is {settings['n_convolution_features']} and max_dilations "
            f"{settings['max_dilations']}; wanted at least {len(KERNELS)}, one a kernel, and 1. Mend config.yaml."
        )
    rng = np.random.default_rng(seed)
    dilations, sizes = _dilations(n_steps, n_of_kernel, settings["max_dilations"])
    inputs = np.zeros((len(dilations), len(KERNELS), n_inputs), dtype=np.uint8)
    exponents = rng.uniform(0, np.log2(min(n_inputs, KERNEL_STEPS) + 1), size=inputs.shape[:2])
    for place, n_seen in np.ndenumerate((2**exponents).astype(int)):
        inputs[place][rng.choice(n_inputs, n_seen, replace=False)] = 1
    arrays = {"dilations": dilations, "features_of_kernel": sizes, "inputs": inputs, "n_steps": np.array([n_steps])}
    # Multiples of the golden ratio, less their whole parts, lie evenly however many are taken.
    levels = np.arange(1, n_of_kernel * len(KERNELS) + 1) * ((np.sqrt(5) + 1) / 2) % 1
    biases, first = np.empty(len(levels)), 0
    for dilation, kernel, size in _order(arrays):
        drawn = sequence[rng.integers(n_samples)][None]
        convolved = _convolved(
            drawn, np.flatnonzero(inputs[dilation, kernel]), KERNELS[kernel], int(dilations[dilation])
        )
        biases[first : first + size] = np.quantile(convolved, levels[first : first + size])
        first += size
    return arrays | {"biases": biases}


def _dilations(n_steps: int, n_of_kernel: int, max_dilations: int) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Dilations, ascending, and how many features of a kernel have each.

    Exponentially spaced from 1 to where a kernel is as long as the sequence; what rounding leaves goes to the first.
    """
    n_drawn = min(n_of_kernel, max_dilations)
    longest = np.log2((n_steps - 1) / (KERNEL_STEPS - 1))
    dilations, counts = np.unique(np.logspace(0, longest, n_drawn, base=2).astype(np.int64), return_counts=True)
    sizes = (counts * (n_of_kernel / n_drawn)).astype(np.int64)
    rest = n_of_kernel - sizes.sum()
    return dilations, sizes + rest // len(sizes) + (np.arange(len(sizes)) < rest % len(sizes))


def _order(arrays: Mapping[str, NDArray[Any]]) -> Iterator[tuple[int, int, int]]:
    """Position of dilation and kernel of each convolution, and how many features it has, in the order of `biases`."""
    for dilation, size in enumerate(arrays["features_of_kernel"]):
        for kernel in range(len(KERNELS)):
            yield dilation, kernel, int(size)


def _convolved(
    sequence: NDArray[np.floating], seen: NDArray[np.int64], kernel: tuple[int, ...], dilation: int
) -> NDArray[np.float64]:
    """Convolution (sample, step) of the sum of the features `seen`, with zeros around: centred on each step.

    The weights are -1 plus 3 at the places of `kernel`, so that products are left out. Sums go number by number, in one
    order however many samples there are, as a bias may be met exactly.
    """
    n_steps, margin = sequence.shape[1], KERNEL_STEPS // 2 * dilation
    summed = reduce(add, (sequence[:, :, one].astype(np.float64) for one in seen))
    padded = np.pad(summed, ((0, 0), (margin, margin)))
    shifted = [padded[:, place * dilation : place * dilation + n_steps] for place in range(KERNEL_STEPS)]
    return 3 * reduce(add, (shifted[place] for place in kernel)) - reduce(add, shifted)
