"""What the weights of a linear combination may be, and the forecasts and outcomes that they are chosen on.

Guerra et al. 2020, section 3: constrained, where no weight is negative; unconstrained, where the climatological event
rate is one member more and weights have any sign. In both the weights sum to 1, so that a combination of members that
agree is what they agree on.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from flaredag.combined_metrics import as_issued, combined_forecasts, metric_values, weighted_sums
from flaredag.errors import InputError
from flaredag.verification_settings import N_RELIABILITY_BINS

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from flaredag.combined_metrics import FloatArray, LabelArray

CLIMATOLOGY = "climatology"
TWO = 2
# Halvings of an interval of weights until it is as narrow as rounding.
MAX_HALVINGS = 100
# Of the span of the forecasts: a member that leaves less of itself is a combination of the others.
LEAST_OWN_PART = 1e-9


@dataclass(frozen=True)
class CombinationProblem:
    """Members to be combined, and the set of weights (member,) to choose from: `low` <= w <= `high`, of sum 1.

    `label` (time,) is 1 on days with an event, else 0; `members` are probabilities, (time, member), none missing, the
    last of them climatology where that is a member. `equal` are the weights of the mean of the forecasting methods,
    with none on climatology. `reliability_bins` is the number of bins of reliability and resolution.
    """

    names: tuple[str, ...]
    label: LabelArray
    members: FloatArray
    low: float
    high: float
    equal: FloatArray
    reliability_bins: int

    def values(self, metric: str, weights: FloatArray) -> FloatArray:
        """Metric of each of `weights`, (candidate, member), on the problem's days, (candidate,)."""
        return metric_values(metric, self.label, self.members, weights, reliability_bins=self.reliability_bins)

    def value(self, metric: str, weights: FloatArray) -> float:
        """Metric of one weight vector, (member,)."""
        return float(self.values(metric, weights[np.newaxis])[0])

    def forecast(self, weights: FloatArray) -> FloatArray:
        """Combined probability with one weight vector, (time,)."""
        return combined_forecasts(self.members, weights[np.newaxis])[0]


def constrained_problem(
    names: Sequence[str], label: LabelArray, members: FloatArray, *, reliability_bins: int = N_RELIABILITY_BINS
) -> CombinationProblem:
    """Weights none of which is negative, of sum 1 (eqs 5 and 6).

    `names` are the members', in the order of the columns. Raises InputError on fewer than two members, a member with
    missing values or values outside [0, 1], and on days with one outcome alone.
    """
    _check(names, label, members)
    equal = np.full(len(names), 1.0 / len(names))
    return CombinationProblem(tuple(names), label, members, 0.0, 1.0, equal, reliability_bins)


def unconstrained_problem(
    names: Sequence[str],
    label: LabelArray,
    members: FloatArray,
    *,
    low: float = -1.0,
    high: float = 1.0,
    reliability_bins: int = N_RELIABILITY_BINS,
) -> CombinationProblem:
    """Weights of any sign, in [`low`, `high`] and of sum 1, with climatology as the last member (eqs 7 and 8).

    Climatology is the event rate of the given days. The paper names no bounds; [-1, 1] is where its starts are drawn.
    Raises InputError as `constrained_problem` does, and on bounds between which neither equal weights nor climatology
    alone lie.
    """
    _check(names, label, members)
    if not (low <= 0.0 and high >= 1.0):
        raise InputError(
            f"weights between {low:g} and {high:g}; wanted bounds with 0 and 1 between them, so that any member can be "
            "left out or stand alone. Mend the bounds of unconstrained weights."
        )
    equal = np.append(np.full(len(names), 1.0 / len(names)), 0.0)
    with_rate = with_climatology(members, float(label.mean()))
    return CombinationProblem((*names, CLIMATOLOGY), label, with_rate, low, high, equal, reliability_bins)


def with_climatology(members: FloatArray, event_rate: float) -> FloatArray:
    """Members with the constant forecast `event_rate` as the last, (time, member + 1)."""
    return np.column_stack([members, np.full(len(members), event_rate)])


def complete_days(members: FloatArray) -> NDArray[np.bool_]:
    """Whether every member has a forecast of the day, (time,); a missing one is NaN."""
    return np.asarray(~np.isnan(members).any(axis=1))


def forecasts_of_present(members: FloatArray, weights: FloatArray) -> FloatArray:
    """Forecasts of combinations on days on which members may be missing (NaN), (candidate, time).

    What the missing members of a day weigh is shared out among the present ones in proportion to the size of their
    weights: a weight of none of the members negative is divided by the sum of those present. NaN where no member with
    a weight is present.
    """
    present = ~np.isnan(members)
    known, size = np.where(present, members, 0.0), np.abs(weights)
    missing_weight = weights.sum(axis=1, keepdims=True) - weighted_sums(present.astype(np.float64), weights)
    size_of_present = weighted_sums(present.astype(np.float64), size)
    share = missing_weight / np.where(size_of_present > 0, size_of_present, np.nan)
    return as_issued(weighted_sums(known, weights) + share * weighted_sums(known, size))


def project(weights: FloatArray, *, low: float, high: float) -> FloatArray:
    """Weights in [`low`, `high`] of sum 1 that are nearest to each of `weights`, (candidate, member).

    They are w - t held in the bounds, and t is found by halving.
    """
    least = weights.min(axis=1, keepdims=True) - high
    greatest = weights.max(axis=1, keepdims=True) - low
    for _ in range(MAX_HALVINGS):
        middle = (least + greatest) / 2.0
        is_less = np.clip(weights - middle, low, high).sum(axis=1, keepdims=True) > 1.0
        least, greatest = np.where(is_less, middle, least), np.where(is_less, greatest, middle)
        if np.all(greatest - least <= np.spacing(np.abs(greatest))):
            break
    return np.clip(weights - greatest, low, high)


def collinear_members(problem: CombinationProblem) -> tuple[str, ...]:
    """Names of members that are a weighted sum, of sum 1, of members before them: weights can be moved between those.

    Identical members are the plainest case.
    """
    beside = problem.members - problem.members[:, :1]
    scale = max(float(np.abs(problem.members).max()), LEAST_OWN_PART) * np.sqrt(len(beside))
    basis: list[FloatArray] = []
    found = []
    for name, column in zip(problem.names[1:], beside.T[1:], strict=True):
        own = column.copy()
        # Twice, as rounding of the first pass is taken off by the second.
        for direction in basis * TWO:
            own -= direction * float(np.sum(direction * own))
        length = float(np.sqrt(np.sum(own**2)))
        if length <= LEAST_OWN_PART * scale:
            found.append(name)
        else:
            basis.append(own / length)
    return tuple(found)


def shared_among_identical(problem: CombinationProblem, weights: FloatArray) -> FloatArray:
    """Weights (member,) of which members with identical forecasts have equal ones, their sum as it was."""
    _, which = np.unique(problem.members, axis=1, return_inverse=True)
    which = which.ravel()
    mean = np.bincount(which, weights=weights) / np.bincount(which)
    return mean[which]


def _check(names: Sequence[str], label: LabelArray, members: FloatArray) -> None:
    if members.shape != (len(label), len(names)):
        raise InputError(
            f"forecasts of shape {members.shape} for {len(label)} days and {len(names)} members; wanted a row a day "
            "and a column a member. Bring all members onto the days of the outcomes."
        )
    if len(set(names)) < len(names) or CLIMATOLOGY in names:
        raise InputError(
            f"members {', '.join(names)}; wanted names of their own, and none of them {CLIMATOLOGY!r}. Rename them."
        )
    if len(names) < TWO:
        raise InputError(f"{len(names)} member to combine; wanted two or more. Add another forecast.")
    if not np.isin(label, (0, 1)).all():
        raise InputError("outcomes other than 0 and 1; wanted 1 on days with an event, else 0. Mend the outcomes.")
    n_events = int(label.sum(dtype=np.int64))
    if not 0 < n_events < len(label):
        raise InputError(
            f"{n_events} event days of {len(label)}; wanted some with an event and some without, as nothing else tells "
            "good weights from bad. Take more days, or a weaker class of flares."
        )
    missing = np.isnan(members).sum(axis=0)
    if missing.any():
        first = int(np.argmax(missing > 0))
        raise InputError(
            f"member {names[first]}: {missing[first]} of {len(label)} forecasts are missing; weights are fitted on "
            "days on which all members have one. Leave out the other days, or the member."
        )
    outside = (members < 0.0) | (members > 1.0)
    if outside.any():
        first = int(np.argmax(outside.any(axis=0)))
        example = members[outside[:, first], first][0]
        raise InputError(
            f"member {names[first]}: {outside[:, first].sum()} of {len(label)} forecasts outside [0, 1], such as "
            f"{example:g}; wanted probabilities. Divide those in per cent by 100, and leave negative ones empty if "
            "they mean a missing forecast."
        )
