"""Groups of features that say much the same: by rank correlation, so that they can be judged together."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import numpy as np
from scipy.cluster.hierarchy import fcluster, linkage
from scipy.spatial.distance import squareform
from scipy.stats import rankdata

from flaredag.errors import InputError

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    FloatArray = NDArray[np.float64]

JOINED_BY = "+"


class FeatureGroup(NamedTuple):
    """Features that are judged together, in the study's order.

    `positions` among the features and `names`, (member,); `least_correlation`: the least absolute rank correlation of
    two members, NaN of a single one.
    """

    positions: tuple[int, ...]
    names: tuple[str, ...]
    least_correlation: float

    @property
    def name(self) -> str:
        """Names of all members, joined by +."""
        return JOINED_BY.join(self.names)


def rank_correlation(values: NDArray[np.floating]) -> FloatArray:
    """Absolute rank correlations (Spearman 1904) of the columns of `values` (sample, feature): (feature, feature).

    Ties have their mean rank. A constant column, which has no correlation, has 0 with all others. Raises InputError
    where a number is not finite or there is no sample.
    """
    if not len(values) or not np.isfinite(values).all():
        n_bad = int((~np.isfinite(values)).any(axis=1).sum())
        raise InputError(
            f"{len(values)} samples to correlate features of, {n_bad} with numbers that are not finite; wanted some, "
            "all finite. Look at the features of the study."
        )
    ranks = rankdata(values, axis=0)
    ranks -= ranks.mean(axis=0)
    length = np.sqrt((ranks**2).sum(axis=0))
    varies = length > 0
    # Products are summed by einsum and not by BLAS, whose order of summing hangs on the number of threads.
    covariance = np.einsum("sa,sb->ab", ranks, ranks)
    correlation = np.abs(covariance) / np.outer(*[np.where(varies, length, 1.0)] * 2)
    correlation = np.minimum((correlation + correlation.T) / 2.0, 1.0)
    np.fill_diagonal(correlation, 1.0)
    return correlation


def feature_groups(
    values: NDArray[np.floating], names: Sequence[str], *, correlated_from: float
) -> tuple[FeatureGroup, ...]:
    """Groups of the columns `names` of `values` (sample, feature), in the order of their first members.

    Average linkage on 1 - |rank correlation| (Sokal & Michener 1958), cut at 1 - `correlated_from`: two groups are one
    where the mean absolute correlation of their members is `correlated_from` or more, so that two members of a group
    may have less. A constant feature is a group of its own. Raises InputError as `rank_correlation` does.
    """
    correlation = rank_correlation(values)
    if len(names) == 1:
        return (FeatureGroup((0,), tuple(names), float("nan")),)
    distance = 1.0 - correlation
    tree = linkage(squareform(distance, checks=False), method="average")
    code = fcluster(tree, 1.0 - correlated_from, criterion="distance")
    groups = []
    for first in sorted(np.unique(code, return_index=True)[1]):
        positions = np.flatnonzero(code == code[first])
        within = correlation[np.ix_(positions, positions)][np.triu_indices(len(positions), k=1)]
        groups.append(
            FeatureGroup(
                tuple(positions.tolist()),
                tuple(names[i] for i in positions.tolist()),
                float(within.min()) if len(within) else float("nan"),
            )
        )
    return tuple(groups)
