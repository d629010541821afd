"""Support vector machine with radial basis functions (scikit-learn, libsvm) on the last record of the window.

Source: Bobra & Couvidat 2015, ApJ 798, 135. Its time grows with more than the square of the number of
samples, so it is fitted on some of them. Its scores become probabilities as in Platt 1999, on the validation split.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
from scipy.spatial.distance import cdist
from scipy.special import expit
from sklearn.svm import SVC

from flaredag.calibration import fit_platt
from flaredag.class_weights import class_weights
from flaredag.splits import random_order

if TYPE_CHECKING:
    from collections.abc import Mapping

    from numpy.typing import NDArray

    from flaredag.samples import Samples

# Pairs of a sample and a support vector, 8 bytes each.
PAIRS_AT_ONCE = 1 << 22
# Of libsvm's kernel values; it changes the time of a fit alone.
CACHE_MEBIBYTES = 500


@dataclass(frozen=True)
class FittedSupportVectorMachine:
    """`arrays`: `support_vectors` (vector, feature), float32, their `coefficients` (vector,), and (1,) the others.

    The score of a sample x is f(x) = sum_i `coefficients`_i exp(-`gamma` |x - x_i|^2) + `intercept`; its probability
    1 / (1 + exp(-(`platt_slope` f(x) + `platt_intercept`))).
    """

    arrays: dict[str, NDArray[Any]]
    history: dict[str, Any]

    def probability(self, samples: Samples) -> NDArray[np.float64]:
        """Probability of the positive class, (sample,)."""
        return expit(self.arrays["platt_slope"][0] * self.score(samples) + self.arrays["platt_intercept"][0])

    def score(self, samples: Samples) -> NDArray[np.float64]:
        """Signed distance from the boundary, in units of the margin, (sample,): above 0 on the events' side."""
        return _score(samples, self.arrays)


def fit(train: Samples, validation: Samples, *, seed: int, settings: Mapping[str, Any]) -> FittedSupportVectorMachine:
    """Fit on the last records of some of `train`, and the probabilities on `validation`.

    Settings: `max_samples` (drawn by the seed, each class by its share), `inverse_regularisation` (scikit-learn's C),
    `gamma` (of the standardised features, or "scale": 1 / (features * variance of all their values)), `class_weights`
    ("none" or "balanced"). Raises InputError if the samples of either split are of one class.
    """
    weights = class_weights(train.label, settings["class_weights"], model="support vector machine")
    drawn = _drawn(train, seed=seed, max_samples=settings["max_samples"])
    last_record = train.sequence[drawn, -1, :].astype(np.float64)
    variance = float(last_record.var())
    gamma = settings["gamma"]
    if gamma == "scale":
        gamma = 1 / (last_record.shape[1] * variance) if variance > 0 else 1.0
    model = SVC(C=settings["inverse_regularisation"], gamma=gamma, class_weight=weights, cache_size=CACHE_MEBIBYTES)
    model.fit(last_record, train.label[drawn])
    arrays: dict[str, NDArray[Any]] = {
        "support_vectors": model.support_vectors_.astype(np.float32),
        "coefficients": model.dual_coef_[0].copy(),
        "intercept": model.intercept_.copy(),
        "gamma": np.array([gamma]),
    }
    # The logarithm of these odds is the score.
    odds = expit(_score(validation, arrays))
    platt = fit_platt(validation.label, odds, np.ones(len(validation))).arrays
    arrays |= {"platt_slope": platt["a"], "platt_intercept": platt["c"]}
    history = {"samples": len(drawn), "support_vectors": len(arrays["coefficients"])}
    return FittedSupportVectorMachine(arrays, history)


def restored(arrays: Mapping[str, NDArray[Any]], settings: Mapping[str, Any]) -> FittedSupportVectorMachine:
    """The fit whose arrays these are."""
    del settings
    return FittedSupportVectorMachine(dict(arrays), {})


def _score(samples: Samples, arrays: Mapping[str, NDArray[Any]]) -> NDArray[np.float64]:
    last_record = samples.sequence[:, -1, :].astype(np.float64)
    vectors = arrays["support_vectors"].astype(np.float64)
    at_once = max(PAIRS_AT_ONCE // len(vectors), 1)
    score = np.full(len(last_record), arrays["intercept"][0])
    for first in range(0, len(last_record), at_once):
        part = slice(first, first + at_once)
        kernel = cdist(last_record[part], vectors, "sqeuclidean")
        np.exp(np.multiply(kernel, -arrays["gamma"][0], out=kernel), out=kernel)
        # Sums, not a matrix product: those of BLAS hang on the number of cores.
        score[part] += np.multiply(kernel, arrays["coefficients"], out=kernel).sum(axis=1)
    return score


def _drawn(samples: Samples, *, seed: int, max_samples: int) -> NDArray[np.int64]:
    """Positions, ascending, of at most `max_samples` samples: of both classes, each by its share of all."""
    if len(samples) <= max_samples:
        return np.arange(len(samples))
    seconds = samples.issue_time.astype("datetime64[s]").astype(np.int64)
    order = random_order("support_vector_machine", seed, samples.instrument, samples.region, seconds)
    n_positive = round(max_samples * float((samples.label == 1).mean()))
    n_positive = min(max(n_positive, 1), max_samples - 1)
    drawn = []
    for value, n_drawn in ((1, n_positive), (0, max_samples - n_positive)):
        positions = np.flatnonzero(samples.label == value)
        drawn.append(positions[np.argsort(order[positions], kind="stable")[:n_drawn]])
    return np.sort(np.concatenate(drawn))
