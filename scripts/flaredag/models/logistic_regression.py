"""Logistic regression on the last record of the window: the linear model to beat."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
from scipy.special import expit
from sklearn.linear_model import LogisticRegression
from sklearn.preprocessing import QuantileTransformer

from flaredag.errors import InputError

if TYPE_CHECKING:
    from collections.abc import Mapping

    from numpy.typing import NDArray

    from flaredag.samples import Samples


TRANSFORMS = ("none", "quantile", "logarithm")
N_QUANTILES = 1000
# Of the distances from the lowest value: where the logarithm of a feature begins to be one, and no straight line.
UNIT_QUANTILE = 0.1


@dataclass(frozen=True)
class FittedLogisticRegression:
    """`arrays`: `coefficients` (feature,) of the standardised features, `intercept` (1,).

    With a transform the coefficients are those of the transformed features. `quantiles` (quantile, feature) are the
    values of the standardised features at evenly spaced ranks of the training samples; `lowest` and `unit` (feature,)
    those of `_logarithms`.
    """

    arrays: dict[str, NDArray[Any]]
    history: dict[str, Any]

    def probability(self, samples: Samples) -> NDArray[np.float64]:
        """Probability of the positive class, (sample,)."""
        coefficients = self.arrays["coefficients"]
        last_record = samples.sequence[:, -1, : len(coefficients)].astype(np.float64)
        if "quantiles" in self.arrays:
            last_record = _transformer_of(self.arrays["quantiles"]).transform(last_record)
        if "lowest" in self.arrays:
            last_record = _logarithms(last_record, self.arrays["lowest"], self.arrays["unit"])
        return expit(last_record @ coefficients + self.arrays["intercept"][0])


def fit(train: Samples, validation: Samples, *, seed: int, settings: Mapping[str, Any]) -> FittedLogisticRegression:
    """Fit on the last records of `train`.

    Settings: `inverse_regularisation` (scikit-learn's C), `n_features` (how many, from the first, or "all"),
    `transform`: "none"; "quantile" for features by their rank among the training samples, as a normal deviate; or
    "logarithm" for those of `_logarithms`, standardised again before the fit.
    """
    del validation, seed
    n_given = train.sequence.shape[-1]
    n_features = n_given if settings["n_features"] == "all" else settings["n_features"]
    if n_features > n_given:
        raise InputError(
            f"logistic regression: n_features is {n_features}, the study has {n_given} features; wanted no more. Mend "
            "config.yaml."
        )
    transform = settings.get("transform", "none")
    if transform not in TRANSFORMS:
        raise InputError(
            f"logistic regression: transform is {transform!r}; wanted one of {', '.join(TRANSFORMS)}. Mend config.yaml."
        )
    last_record = train.sequence[:, -1, :n_features].astype(np.float64)
    arrays = {}
    if transform == "quantile":
        transformer = QuantileTransformer(n_quantiles=min(N_QUANTILES, len(last_record)), subsample=None)
        arrays["quantiles"] = transformer.fit(last_record).quantiles_
        last_record = _transformer_of(arrays["quantiles"]).transform(last_record)
    mean, spread = np.zeros(n_features), np.ones(n_features)
    if transform == "logarithm":
        arrays |= _scales(last_record)
        last_record = _logarithms(last_record, **arrays)
        mean, spread = last_record.mean(axis=0), last_record.std(axis=0)
        spread[spread == 0] = 1.0
    # Newton steps: where a feature tells the classes apart in a few samples, L-BFGS needs thousands.
    model = LogisticRegression(C=settings["inverse_regularisation"], solver="newton-cholesky", tol=1e-8)
    model.fit((last_record - mean) / spread, train.label)
    coefficients = model.coef_[0] / spread
    arrays |= {"coefficients": coefficients, "intercept": model.intercept_ - mean @ coefficients}
    return FittedLogisticRegression(arrays, {"iterations": int(model.n_iter_[0])})


def restored(arrays: Mapping[str, NDArray[Any]], settings: Mapping[str, Any]) -> FittedLogisticRegression:
    """The fit whose arrays these are."""
    del settings
    return FittedLogisticRegression(dict(arrays), {})


def _scales(values: NDArray[np.float64]) -> dict[str, NDArray[np.float64]]:
    """`lowest` value of each feature, (sample, feature) -> (feature,), and the `unit` of its logarithm.

    The unit is the quantile `UNIT_QUANTILE` of the distances from the lowest value that are not 0; 1 where all are.
    """
    distance = values - values.min(axis=0)
    unit = np.array([np.quantile(one[one > 0], UNIT_QUANTILE) if one.any() else 1.0 for one in distance.T])
    return {"lowest": values.min(axis=0), "unit": unit}


def _logarithms(
    values: NDArray[np.float64], lowest: NDArray[np.float64], unit: NDArray[np.float64]
) -> NDArray[np.float64]:
    """log(1 + (x - lowest) / unit) of each feature, (sample, feature); 0 for what lies below the lowest value.

    Totals such as the unsigned flux, and counts of flares, span decades above their least value.
    """
    return np.log1p(np.maximum(values - lowest, 0.0) / unit)


def _transformer_of(quantiles: NDArray[np.float64]) -> QuantileTransformer:
    """The transformer whose fit these quantiles, (quantile, feature), are."""
    transformer = QuantileTransformer(n_quantiles=len(quantiles), output_distribution="normal", subsample=None)
    transformer.n_features_in_ = quantiles.shape[1]
    transformer.n_quantiles_ = len(quantiles)
    transformer.references_ = np.linspace(0.0, 1.0, len(quantiles))
    transformer.quantiles_ = quantiles
    return transformer
