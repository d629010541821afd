"""Comparisons of two series of forecasts: whether a is better than b by more than chance.

The paired t-test of Sun et al. 2022 (section 3.4, Tables 7 and 8) takes the seeds for independent draws. They are
not: each seed draws its training and test regions anew from the same regions, so the resamples overlap, the
variance of the mean difference is underestimated and p is too small. Nadeau & Bengio (2003, Machine Learning 52, 239)
correct for that overlap; the block bootstrap (flaredag.block_bootstrap) asks how much hangs on which regions were seen;
the test of Diebold & Mariano (1995) compares two series day by day.

Every test answers with a power statement too: the difference that it would have detected, one-sided at 5 %, in four
cases of five, had it been there.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np
import pandas as pd
import xarray as xr
from scipy.special import ndtri, stdtr, stdtrit
from scores.stats.statistical_tests import diebold_mariano

from flaredag.block_bootstrap import bounds
from flaredag.errors import InputError

if TYPE_CHECKING:
    from collections.abc import Mapping

    from numpy.typing import ArrayLike, NDArray

CONFIDENCE_LEVEL = 0.95
SIGNIFICANCE = 0.05
POWER = 0.8
FEWEST_PAIRS = 2
# Autocovariances of fewer days say little of how they depend on each other.
FEWEST_DAYS = 30
# Scores are of order 1 and written with ten digits: smaller spreads of their differences are rounding.
ROUNDING = 1e-8
NAN = float("nan")


class Comparison(NamedTuple):
    """Difference a - b, statistic, one-sided p for a > b, two-sided interval, and the difference detected in 4 of 5."""

    difference: float
    statistic: float
    p: float
    low: float
    high: float
    detectable_difference: float


def paired_t_test(a: pd.Series, b: pd.Series) -> Comparison:
    """One-sided paired t-test of H1: a > b, pairs matched by the index of both, which is the seed.

    t = sqrt(n) mean(d) / sd(d) with d = a - b and n - 1 degrees of freedom (Sun et al. 2022, section 3.4); the 95 %
    interval of mean(d) is two-sided. H1 says that the figure of a is greater, whether or not that is better.

    Where the test does not exist, statistic, interval and detectable difference are NaN. So is p if there is one pair,
    if a figure is undefined, or if all differences are equal and not zero (no spread to hold them against). p is 1 if
    all are zero: the two are the same, which is no evidence at all for a > b.

    Raises InputError if a seed occurs twice on a side or is missing on one.
    """
    return corrected_resampled_t_test(a, b, test_to_train_ratio=0.0)


def corrected_resampled_t_test(a: pd.Series, b: pd.Series, *, test_to_train_ratio: float) -> Comparison:
    """The paired t-test with the variance of overlapping resamples, (1/n + n_test/n_train) sd(d)^2.

    Nadeau & Bengio 2003, section 3. `test_to_train_ratio` is n_test/n_train, in what is drawn (regions); with 0 it is
    the plain test. As there, but all is NaN save the difference where the ratio is NaN: nothing was resampled.
    """
    differences = _paired_differences(a, b)
    mean = float(differences.mean())
    if np.isnan(mean) or np.isnan(test_to_train_ratio) or len(differences) < FEWEST_PAIRS:
        return Comparison(mean, NAN, NAN, NAN, NAN, NAN)
    if np.ptp(differences) < ROUNDING:
        return Comparison(mean, NAN, 1.0 if abs(mean) < ROUNDING else NAN, NAN, NAN, NAN)
    standard_error = float(np.sqrt(1.0 / len(differences) + test_to_train_ratio) * differences.std(ddof=1))
    return _student(mean, standard_error, len(differences) - 1)


def ratio_of_test_to_training(index: Mapping[str, Any], dataset: str) -> float:
    """Test regions over those of training and validation, mean over seeds; NaN where no regions are drawn by seed.

    `index`: of a study's data sets, as draw_datasets writes it. Of the instrument that is tested: the regions of
    another, always in training, are not drawn.
    """
    entry = index["datasets"].get(dataset)
    if entry is None or entry.get("split_by", "region") != "region":
        return NAN
    counts = [seed["regions_of_evaluated"] for seed in entry["seeds"].values()]
    return float(np.mean([count["test"] / (count["train"] + count["validation"]) for count in counts]))


def bootstrap_comparison(
    difference: float, resampled_differences: ArrayLike, *, level: float = CONFIDENCE_LEVEL
) -> Comparison:
    """Whether `difference`, a - b, is above 0, from its bootstrap resamples, (resample,); both made of the same draws.

    p = (1 + number of resamples not above 0) / (1 + number of resamples), one-sided (Davison & Hinkley 1997, section
    4.2.3: the observed data count as one); the interval is that of percentiles, two-sided. Resamples in which a figure
    is undefined are left out; where they are more than half, or the difference itself is undefined, all that hangs on
    them is NaN. Resamples without spread (a single block, say) give neither p nor interval, unless all are 0: then p
    is 1. There is no statistic.
    """
    resampled = np.asarray(resampled_differences, dtype=np.float64)
    defined = resampled[~np.isnan(resampled)]
    if np.isnan(difference) or 2 * len(defined) < len(resampled) or len(defined) < FEWEST_PAIRS:
        return Comparison(difference, NAN, NAN, NAN, NAN, NAN)
    if np.ptp(defined) < ROUNDING:
        is_zero = bool(np.abs(defined).max() < ROUNDING)
        return Comparison(difference, NAN, 1.0 if is_zero else NAN, NAN, NAN, NAN)
    low, high = bounds(resampled, level=level)
    return Comparison(
        difference=difference,
        statistic=NAN,
        p=(1 + int(np.count_nonzero(defined < ROUNDING))) / (1 + len(defined)),
        low=float(low),
        high=float(high),
        detectable_difference=float((ndtri(1.0 - SIGNIFICANCE) + ndtri(POWER)) * defined.std(ddof=1)),
    )


def diebold_mariano_test(loss_a: pd.Series, loss_b: pd.Series) -> Comparison:
    """Whether a loses less than b day by day: the test of Diebold & Mariano (1995), by the package `scores`.

    Both series have the issue time as index, in any order; H1 is mean(d) > 0 of d = loss of b - loss of a, so that here
    too a difference above 0 speaks for a. Forecasts are of the next day (h = 1), but a region errs on many days, so the
    variance of mean(d) is that of Hering & Genton (2011, Technometrics 53, 414), whose exponential model of the
    autocovariances is positive at any lag; statistic against Student's t with n - 1 degrees of freedom.

    Days that one side lacks, and days whose loss is NaN, are left out, and what remains is taken as if it were
    consecutive: the variance of the mean is a sum over pairs of the days at hand, whichever lie between. Where the test
    does not exist, all but the difference is NaN, as in `paired_t_test`: fewer than `FEWEST_DAYS` days, or a constant
    difference; p is 1 if all are zero. Raises InputError if a series has a time twice.
    """
    for name, series in (("a", loss_a), ("b", loss_b)):
        if series.index.has_duplicates:
            time = series.index[series.index.duplicated()][0]
            raise InputError(f"issue time {time} occurs twice in {name}; wanted one forecast a time.")
    days = loss_a.index.intersection(loss_b.index).sort_values()
    losses = (np.asarray(series[days], dtype=np.float64) for series in (loss_b, loss_a))
    differences = np.subtract(*losses)
    differences = differences[~np.isnan(differences)]
    mean = float(differences.mean()) if len(differences) else NAN
    if len(differences) and np.ptp(differences) < ROUNDING:
        return Comparison(mean, NAN, 1.0 if abs(mean) < ROUNDING else NAN, NAN, NAN, NAN)
    if len(differences) < FEWEST_DAYS:
        return Comparison(mean, NAN, NAN, NAN, NAN, NAN)
    # The fit of the autocovariances stops at absolute tolerances, so they must be of order 1; and with a mean of 1 in
    # place of their own, which they do not hang on, the statistic is the inverse of the standard error.
    scale = float(differences.std())
    series = xr.DataArray(
        ((differences - mean) / scale + 1.0)[np.newaxis], dims=("pair", "day"), coords={"pair": [0], "h": ("pair", [1])}
    )
    with np.errstate(over="ignore"):
        inverse = float(diebold_mariano(series, "pair", "h", method="HG")["dm_test_stat"][0])
    return _student(mean, scale / inverse, len(differences) - 1)


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


def _student(difference: float, standard_error: float, freedom: int) -> Comparison:
    """Comparison by Student's t; power by its quantiles, t_(1 - significance) + t_(power) standard errors."""
    statistic = difference / standard_error
    half_width = float(stdtrit(freedom, (1.0 + CONFIDENCE_LEVEL) / 2.0)) * standard_error
    quantiles = float(stdtrit(freedom, 1.0 - SIGNIFICANCE) + stdtrit(freedom, POWER))
    return Comparison(
        difference=difference,
        statistic=statistic,
        p=float(stdtr(freedom, -statistic)),
        low=difference - half_width,
        high=difference + half_width,
        detectable_difference=quantiles * standard_error,
    )


def _paired_differences(a: pd.Series, b: pd.Series) -> NDArray[np.float64]:
    """Differences a - b, (seed,), in the order of seeds."""
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
    return np.asarray(a[seeds], np.float64) - np.asarray(b[seeds], np.float64)
