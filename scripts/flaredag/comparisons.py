"""Comparisons of two series of scores over seeds: whether a is better than b by more than chance.

The paired t-test of Sun et al. 2022 (section 3.4, Tables 7 and 8) takes the seeds for independent draws. They are
not: each seed draws its training and test regions anew from the same regions, so the resamples overlap, the
variance of the mean difference is underestimated and p is too small (Nadeau & Bengio 2003, Machine Learning 52, 239).
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import numpy as np
import pandas as pd
from scipy.stats import ttest_rel

from flaredag.errors import InputError

if TYPE_CHECKING:
    from numpy.typing import ArrayLike, NDArray

CONFIDENCE_LEVEL = 0.95
FEWEST_PAIRS = 2
# Scores are of order 1 and written with ten digits: smaller spreads of their differences are rounding.
ROUNDING = 1e-8


class PairedTest(NamedTuple):
    """Mean of the differences a - b, t statistic, one-sided p for a > b, and the two-sided interval of the mean."""

    difference: float
    statistic: float
    p: float
    low: float
    high: float


def paired_t_test(a: pd.Series, b: pd.Series) -> PairedTest:
    """One-sided paired t-test of H1: a > b, pairs matched by the index of both, which is the seed.

    t = sqrt(n) mean(d) / sd(d) with d = a - b and n - 1 degrees of freedom (Sun et al. 2022, section 3.4); the 95 %
    interval of mean(d) is two-sided. H1 says that the figure of a is greater, whether or not that is better.

    Where the test does not exist, statistic and interval are NaN. So is p if there is one pair, if a figure is
    undefined, or if all differences are equal and not zero (no spread to hold them against). p is 1 if all are
    zero: the two are the same, which is no evidence at all for a > b.

    Raises InputError if a seed occurs twice on a side or is missing on one.
    """
    for name, series in (("a", a), ("b", b)):
        if series.index.has_duplicates:
            seed = series.index[series.index.duplicated()][0]
            raise InputError(f"seed {seed} occurs twice in {name}; wanted one figure a seed. Verify each series once.")
    unpaired = sorted(a.index.symmetric_difference(b.index))
    if unpaired:
        raise InputError(
            f"seed {', '.join(map(str, unpaired))} on one side only: a has {sorted(a.index)}, b has {sorted(b.index)}; "
            "wanted the same seeds. Fit the missing seeds, or compare others."
        )
    seeds = a.index.sort_values()
    figures_a, figures_b = np.asarray(a[seeds], np.float64), np.asarray(b[seeds], np.float64)
    differences = figures_a - figures_b
    mean = float(differences.mean())
    nan = float("nan")
    if np.isnan(mean) or len(differences) < FEWEST_PAIRS:
        return PairedTest(mean, nan, nan, nan, nan)
    if np.ptp(differences) < ROUNDING:
        return PairedTest(mean, nan, 1.0 if abs(mean) < ROUNDING else nan, nan, nan)
    one_sided = ttest_rel(figures_a, figures_b, alternative="greater")
    interval = ttest_rel(figures_a, figures_b).confidence_interval(CONFIDENCE_LEVEL)
    return PairedTest(
        mean, float(one_sided.statistic), float(one_sided.pvalue), float(interval.low), float(interval.high)
    )


def holm(p: ArrayLike) -> NDArray[np.float64]:
    """Adjust the p values of one family, (test,), by Holm (1979): the family-wise error stays below their level.

    The k-th smallest of m is multiplied by m - k + 1, kept ascending, at most 1. A test without p (NaN) stays NaN
    and counts in m: it was one of the questions asked.
    """
    p = np.asarray(p, dtype=np.float64)
    order = np.argsort(p, kind="stable")
    factors = p.size - np.arange(p.size)
    adjusted = np.empty_like(p)
    adjusted[order] = np.minimum(np.maximum.accumulate(p[order] * factors), 1.0)
    return adjusted
