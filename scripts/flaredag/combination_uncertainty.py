"""Uncertainty of combined probabilities (Guerra et al. 2020, section 4.4)."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from flaredag.combined_metrics import combined_forecasts

if TYPE_CHECKING:
    from numpy.typing import NDArray

    FloatArray = NDArray[np.float64]


class Uncertainty(NamedTuple):
    """Standard uncertainties of a combined probability, (time,) each: their squares add up to the total's (eq. 9)."""

    statistical: FloatArray
    systematic: FloatArray
    total: FloatArray


def combination_uncertainty(members: FloatArray, weights: FloatArray, sd_of_weights: FloatArray) -> Uncertainty:
    """Uncertainty of the combination of `members` (time, member) with `weights` and their sd, (member,).

    Statistical: the standard error of the weighted mean P of M members, M / (M - 1) sum_i w_i^2 (P_i - P)^2 (eq. 10,
    after Gatz & Smith 1995). Systematic: that of the weights, sum_i P_i^2 sd(w_i)^2 over the number of members whose
    weight is not 0 (eq. 12); the members' own uncertainties are unknown. Climatology, where it is a member, counts.
    """
    n_members = len(weights)
    combined = combined_forecasts(members, weights[np.newaxis])[0]
    spread = np.sum((weights * (members - combined[:, np.newaxis])) ** 2, axis=1)
    statistical = np.sqrt(n_members / (n_members - 1) * spread)
    systematic = np.sqrt(np.sum((members * sd_of_weights) ** 2, axis=1) / np.count_nonzero(weights))
    return Uncertainty(statistical, systematic, np.hypot(statistical, systematic))
