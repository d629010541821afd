"""Calibration of probability forecasts: the analytic prior shift, and maps fitted on a held-out block.

Every map is nondecreasing, so no calibration turns a ranking round, and goes from [0, 1] to [0, 1]. A map is fitted
on the validation split: it may have stopped the training of a model early, but no model was trained on it. `label` (1
where the event occurred, else 0), `probability` and `weight` (how often a sample counts) are (sample,).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
from scipy.optimize import minimize
from scipy.special import expit
from sklearn.isotonic import IsotonicRegression

from flaredag.errors import InputError

if TYPE_CHECKING:
    from numpy.typing import NDArray

    FloatArray = NDArray[np.float64]

# A forecast of 0 or 1 has no finite logarithm of odds: it is taken for one a millionth away.
LEAST_PROBABILITY = 1e-6
# Of the mean gradient over standardised features; the loss itself is of order 1.
_GRADIENT_TOLERANCE = 1e-10


@dataclass(frozen=True)
class IsotonicMap:
    """Piecewise linear through (`arrays["probability"]`, `arrays["calibrated"]`), (knot,); constant beyond them."""

    arrays: dict[str, FloatArray]

    def __call__(self, probability: FloatArray) -> FloatArray:
        """Calibrated probability, of the shape of `probability`."""
        return np.interp(probability, self.arrays["probability"], self.arrays["calibrated"])


@dataclass(frozen=True)
class BetaMap:
    """Probability 1 / (1 + exp(-(a ln p - b ln(1 - p) + c))) of the forecast p.

    `arrays`: `a`, `b` (not negative) and `c`, (1,) each. Kull, Silva Filho & Flach 2017, eq. 3; with a = b it is
    logistic in ln(p / (1 - p)) as in Platt 1999.
    """

    arrays: dict[str, FloatArray]

    def __call__(self, probability: FloatArray) -> FloatArray:
        """Calibrated probability, of the shape of `probability`."""
        of_event, of_none = _logarithms(probability)
        return expit(self.arrays["a"] * of_event + self.arrays["b"] * of_none + self.arrays["c"])


def prior_shift(probability: FloatArray, *, training_rate: float, natural_rate: float) -> FloatArray:
    """Forecasts of a model trained at the event rate `training_rate`, for a population with `natural_rate`.

    Exact where under-sampling left out samples by their class alone; 0 and 1 stay. Elkan 2001, theorem 2. Raises
    InputError if a rate is not between 0 and 1.
    """
    for name, rate in (("training", training_rate), ("natural", natural_rate)):
        if not 0 < rate < 1:
            raise InputError(
                f"{name} event rate {rate:g}; wanted one between 0 and 1. Take samples with events and without."
            )
    event = probability * (natural_rate / training_rate)
    none = (1 - probability) * ((1 - natural_rate) / (1 - training_rate))
    return event / (event + none)


def weights_to_rate(label: NDArray[np.int8], event_rate: float) -> FloatArray:
    """Weights of samples, (sample,), by which the event rate of `label` becomes `event_rate`; 1 for an event.

    Raises InputError if only one outcome occurred.
    """
    n_events, n_none = _counts(label, np.ones(len(label)))
    return np.where(label == 1, 1.0, (1 - event_rate) / event_rate * n_events / n_none)


def fit_calibration(method: str, label: NDArray[np.int8], probability: FloatArray, weight: FloatArray) -> Any:
    """The map of `method` (platt, beta or isotonic) fitted to the samples: callable, with plain `arrays`.

    Raises InputError if only one outcome has weight: then nothing tells how often the other occurs.
    """
    return _FITTED[method](label, probability, weight)


def fit_isotonic(label: NDArray[np.int8], probability: FloatArray, weight: FloatArray) -> IsotonicMap:
    """Isotonic regression (Zadrozny & Elkan 2002), constant beyond the forecasts that it was fitted on."""
    _counts(label, weight)
    fitted = IsotonicRegression(y_min=0, y_max=1, out_of_bounds="clip").fit(probability, label, sample_weight=weight)
    return IsotonicMap({"probability": fitted.X_thresholds_, "calibrated": np.clip(fitted.y_thresholds_, 0, 1)})


def fit_platt(label: NDArray[np.int8], probability: FloatArray, weight: FloatArray) -> BetaMap:
    """Logistic regression on ln(p / (1 - p)), with the targets of Platt 1999 and a slope that is not negative."""
    log_odds = sum(_logarithms(probability))
    (slope,), intercept = _logistic_fit(np.stack([log_odds], axis=1), label, weight)
    return BetaMap({"a": np.array([slope]), "b": np.array([slope]), "c": np.array([intercept])})


def fit_beta(label: NDArray[np.int8], probability: FloatArray, weight: FloatArray) -> BetaMap:
    """Beta calibration: logistic regression on ln p and -ln(1 - p), none of whose slopes is negative.

    Where a slope would be negative, the best fit without a negative one has it at 0 (Kull, Silva Filho & Flach 2017,
    section 4, refit without that feature). Targets are those of Platt 1999.
    """
    (a, b), c = _logistic_fit(np.stack(_logarithms(probability), axis=1), label, weight)
    return BetaMap({"a": np.array([a]), "b": np.array([b]), "c": np.array([c])})


_FITTED = {"platt": fit_platt, "beta": fit_beta, "isotonic": fit_isotonic}


def _logarithms(probability: FloatArray) -> tuple[FloatArray, FloatArray]:
    """Logarithms ln p and -ln(1 - p): both grow with p."""
    p = np.clip(probability, LEAST_PROBABILITY, 1 - LEAST_PROBABILITY)
    return np.log(p), -np.log1p(-p)


def _counts(label: NDArray[np.int8], weight: FloatArray) -> tuple[float, float]:
    """Weight of all events, and of all others; InputError if one is 0."""
    n_events, n_none = float(weight[label == 1].sum()), float(weight[label == 0].sum())
    if not n_events > 0 or not n_none > 0:
        raise InputError(
            f"{int((label == 1).sum())} samples with an event and {int((label == 0).sum())} without, to calibrate on; "
            "wanted some of each. Take another seed or a larger validation split."
        )
    return n_events, n_none


def _logistic_fit(features: FloatArray, label: NDArray[np.int8], weight: FloatArray) -> tuple[FloatArray, float]:
    """Slopes (feature,), none negative, and intercept of the weighted logistic regression on Platt's targets.

    With N events and M others the targets are (N + 1) / (N + 2) and 1 / (M + 2) in the place of 1 and 0 (Platt 1999,
    section 2.2), so the fit is finite even where the forecasts tell events from the rest without an error.
    """
    n_events, n_none = _counts(label, weight)
    target = np.where(label == 1, (n_events + 1) / (n_events + 2), 1 / (n_none + 2))
    share = weight / weight.sum()
    mean = (features * share[:, None]).sum(axis=0)
    spread = np.sqrt(((features - mean) ** 2 * share[:, None]).sum(axis=0))
    # The same forecast every time has rounding for its spread.
    varies = spread > 1e-9 * (1 + np.abs(mean))
    scaled = np.where(varies, (features - mean) / np.where(varies, spread, 1), 0)
    design = np.column_stack([scaled, np.ones(len(scaled))])

    def loss(coefficients: FloatArray) -> tuple[float, FloatArray]:
        # Sums, not matrix products: those of BLAS hang on the number of cores.
        logit = (design * coefficients).sum(axis=1)
        value = (share * (np.logaddexp(0, logit) - target * logit)).sum()
        return float(value), (design * (share * (expit(logit) - target))[:, None]).sum(axis=0)

    rate = (share * target).sum()
    start = np.append(np.zeros(features.shape[1]), np.log(rate / (1 - rate)))
    bounds = [(0, None)] * features.shape[1] + [(None, None)]
    options = {"gtol": _GRADIENT_TOLERANCE, "ftol": 0.0, "maxiter": 1000, "maxfun": 10000}
    solved = minimize(loss, start, jac=True, method="L-BFGS-B", bounds=bounds, options=options).x
    slopes = np.where(varies, solved[:-1] / np.where(varies, spread, 1), 0)
    return slopes, float(solved[-1] - (slopes * mean).sum())
