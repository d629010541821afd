from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.optimize import minimize_scalar
from scipy.special import stdtr, stdtrit

from flaredag.comparisons import (
    bootstrap_comparison,
    corrected_resampled_t_test,
    diebold_mariano_test,
    holm,
    paired_t_test,
)
from flaredag.errors import InputError

patient = settings(deadline=None, max_examples=60)
figures = st.lists(st.floats(-1, 1).map(lambda value: round(value, 3)), min_size=3, max_size=10)


def series(values, seeds=None) -> pd.Series:
    return pd.Series(values, index=range(len(values)) if seeds is None else seeds, dtype=float)


def test_paired_t_test_by_hand():
    # Differences 1, 2, 3, 4: mean 2.5, variance 5/3, t = 2 * 2.5 / sqrt(5/3) = sqrt(15)
    got = paired_t_test(series([1.5, 2.5, 3.5, 4.5]), series([0.5, 0.5, 0.5, 0.5]))
    assert got.difference == 2.5
    assert got.statistic == pytest.approx(np.sqrt(15))
    assert got.p == pytest.approx(1 - stdtr(3, np.sqrt(15)))
    half_width = stdtrit(3, 0.975) * np.sqrt(5 / 3) / 2
    assert (got.low, got.high) == pytest.approx((2.5 - half_width, 2.5 + half_width))
    # Found with a chance of about 80 % where p < 5 % is asked: t at 95 % and at 80 %, in standard errors.
    assert got.detectable_difference == pytest.approx((2.353363 + 0.978472) * np.sqrt(5 / 3) / 2, rel=1e-6)


@pytest.mark.parametrize(
    ("t", "p"),
    # Sun et al. 2022, Tables 7 and 8: t and p printed for n = 10.
    [(2.514074, 0.016544), (-1.292359, 0.885787), (6.014784, 0.000099), (4.050296, 0.001442), (-0.082481, 0.531965)],
)
def test_p_values_printed_in_the_paper(t, p):
    # Ten differences with mean t / sqrt(10) and standard deviation 1.
    spread = np.linspace(-1, 1, 10)
    differences = spread / spread.std(ddof=1) + t / np.sqrt(10)
    got = paired_t_test(series(differences), series(np.zeros(10)))
    assert got.statistic == pytest.approx(t)
    assert got.p == pytest.approx(p, abs=1e-6)


def test_pairs_are_matched_by_seed_not_by_row():
    a, b = series([0.9, 0.8, 0.7], [0, 1, 2]), series([0.6, 0.75, 0.8], [2, 1, 0])
    assert paired_t_test(a, b) == paired_t_test(a, series([0.8, 0.75, 0.6], [0, 1, 2]))
    assert paired_t_test(a, b).difference == pytest.approx((0.1 + 0.05 + 0.1) / 3)


def test_a_seed_missing_or_doubled_is_refused():
    a = series([0.9, 0.8, 0.7])
    with pytest.raises(InputError, match=r"seed 2, 3 on one side only: a has \[0, 1, 2\], b has \[0, 1, 3\]"):
        paired_t_test(a, series([1, 2, 3], [0, 1, 3]))
    with pytest.raises(InputError, match="seed 1 occurs twice in b"):
        paired_t_test(a, series([1, 2, 3], [0, 1, 1]))


def test_differences_without_spread():
    a = series([0.9, 0.8, 0.7])
    same = paired_t_test(a, a.copy())
    assert (same.difference, same.p) == (0, 1)
    assert np.isnan([same.statistic, same.low, same.high]).all()
    # 0.9 - 0.8 and 0.8 - 0.7 differ in binary, which is rounding and no spread.
    shifted = paired_t_test(a, series([0.8, 0.7, 0.6]))
    assert shifted.difference == pytest.approx(0.1)
    assert np.isnan([shifted.statistic, shifted.p, shifted.low, shifted.high]).all()


def test_one_seed_or_an_undefined_figure_gives_no_p():
    one = paired_t_test(series([0.9]), series([0.8]))
    assert one.difference == pytest.approx(0.1)
    assert np.isnan(one.p)
    undefined = paired_t_test(series([0.9, np.nan, 0.7]), series([0.8, 0.7, 0.6]))
    assert np.isnan(undefined).all()


@patient
@given(figures)
def test_the_two_questions_exclude_each_other(values):
    a, b = series(values), series(np.linspace(0, 0.5, len(values)) ** 2)
    there, back = paired_t_test(a, b), paired_t_test(b, a)
    assert there.difference == pytest.approx(-back.difference)
    if not np.isnan(there.statistic):
        assert there.p + back.p == pytest.approx(1)
        assert (there.low, there.high) == pytest.approx((-back.high, -back.low))
        # The two-sided interval at 95 % lies above 0 just where the one-sided p is below 2.5 %.
        if abs(there.p - 0.025) > 1e-6:
            assert (there.low > 0) == (there.p < 0.025)


def test_holm_by_hand():
    # Sorted .005, .01, .03, .04 times 4, 3, 2, 1: .02, .03, .06, .04 -> kept ascending: .06
    assert holm([0.01, 0.04, 0.03, 0.005]) == pytest.approx([0.03, 0.06, 0.06, 0.02])
    assert holm([0.5, 0.6]) == pytest.approx([1, 1])
    assert holm([0.04]) == pytest.approx([0.04])
    assert holm([]).shape == (0,)


def test_a_test_without_p_counts_in_its_family():
    np.testing.assert_allclose(holm([0.01, np.nan, 0.02]), [0.03, np.nan, 0.04])


@patient
@given(st.lists(st.floats(0, 1), min_size=1, max_size=12))
def test_holm_lies_between_p_and_bonferroni_and_keeps_the_order(p):
    p = np.array(p)
    adjusted = holm(p)
    assert (adjusted >= p).all()
    assert (adjusted <= np.minimum(p * len(p), 1) + 1e-12).all()
    assert (np.diff(adjusted[np.argsort(p, kind="stable")]) >= 0).all()
    # Rejected at 5 % are those before the first p_(k) > 0.05 / (m - k + 1): Holm's own words.
    kept = np.sort(p) > 0.05 / (len(p) - np.arange(len(p)))
    n_rejected = int(np.argmax(kept)) if kept.any() else len(p)
    if np.abs(adjusted - 0.05).min() > 1e-9:
        assert (adjusted <= 0.05).sum() == n_rejected


def test_corrected_resampled_t_test_by_hand():
    # Differences 1, 2, 3, 4, and a quarter as many test regions as training regions: variance (1/4 + 1/4) 5/3
    a, b = series([1.5, 2.5, 3.5, 4.5]), series([0.5, 0.5, 0.5, 0.5])
    got = corrected_resampled_t_test(a, b, test_to_train_ratio=0.25)
    error = np.sqrt(5 / 6)
    assert got.difference == 2.5
    assert got.statistic == pytest.approx(2.5 / error)
    assert got.p == pytest.approx(1 - stdtr(3, 2.5 / error))
    assert (got.low, got.high) == pytest.approx((2.5 - stdtrit(3, 0.975) * error, 2.5 + stdtrit(3, 0.975) * error))
    assert got.detectable_difference == pytest.approx((stdtrit(3, 0.95) + stdtrit(3, 0.8)) * error)


@patient
@given(figures, st.floats(0.01, 2))
def test_the_correction_only_widens(values, ratio):
    a, b = series(values), series(np.linspace(0, 0.5, len(values)) ** 2)
    plain, corrected = paired_t_test(a, b), corrected_resampled_t_test(a, b, test_to_train_ratio=ratio)
    assert corrected.difference == plain.difference
    if not np.isnan(plain.statistic):
        factor = np.sqrt(1 + len(values) * ratio)
        assert corrected.statistic == pytest.approx(plain.statistic / factor)
        assert corrected.high - corrected.low == pytest.approx((plain.high - plain.low) * factor)
        assert corrected.detectable_difference == pytest.approx(plain.detectable_difference * factor)
        assert abs(corrected.p - 0.5) <= abs(plain.p - 0.5)


def test_where_nothing_was_resampled_there_is_no_corrected_test():
    got = corrected_resampled_t_test(series([0.9, 0.8, 0.6]), series([0.5, 0.5, 0.5]), test_to_train_ratio=np.nan)
    assert got.difference == pytest.approx(0.8 / 3)
    assert np.isnan(got[1:]).all()


def test_the_corrected_test_keeps_its_level_where_the_plain_one_does_not():
    """Share of studies without any difference in which it is found at 5 %, splits drawn anew from the same regions."""
    rng = np.random.default_rng(0)
    n_studies, n_regions, n_test, n_seeds = 400, 100, 20, 10
    n_found = np.zeros(2)
    for _ in range(n_studies):
        # A region's forecasts are better by one model or the other, whichever it was trained on.
        by_region = rng.normal(size=n_regions)
        draws = [rng.permutation(n_regions)[:n_test] for _ in range(n_seeds)]
        a, b = series([by_region[test].mean() for test in draws]), series(np.zeros(n_seeds))
        n_found += [paired_t_test(a, b).p < 0.05, corrected_resampled_t_test(a, b, test_to_train_ratio=0.25).p < 0.05]
    # 5 % of 400 have a standard deviation of 1.1 %.
    assert n_found[0] / n_studies > 0.12
    assert n_found[1] / n_studies < 0.085


def test_bootstrap_comparison_by_hand():
    # Of 99 resamples 4 are not above 0.
    resampled = np.concatenate([[-0.2, -0.1, 0, 0], np.linspace(0.1, 1, 95)])
    got = bootstrap_comparison(0.5, resampled, level=0.9)
    assert got.difference == 0.5
    assert got.p == pytest.approx((1 + 4) / (1 + 99))
    assert (got.low, got.high) == pytest.approx(tuple(np.quantile(resampled, [0.05, 0.95])))
    # Quantiles of the normal distribution at 95 % and 80 %.
    assert got.detectable_difference == pytest.approx((1.644854 + 0.841621) * resampled.std(ddof=1), rel=1e-6)
    assert np.isnan(got.statistic)
    # Undefined resamples are left out, up to half of them.
    half = np.concatenate([resampled, np.full(99, np.nan)])
    assert bootstrap_comparison(0.5, half, level=0.9)[2:] == pytest.approx(got[2:])
    assert np.isnan(bootstrap_comparison(0.5, np.append(half, np.nan))[1:]).all()
    assert np.isnan(bootstrap_comparison(np.nan, resampled)).all()


def test_bootstrap_comparison_without_spread():
    same = bootstrap_comparison(0.0, np.zeros(10))
    assert (same.difference, same.p) == (0, 1)
    assert np.isnan([same.low, same.high, same.detectable_difference]).all()
    one_block = bootstrap_comparison(0.1, np.full(10, 0.1))
    assert one_block.difference == 0.1
    assert np.isnan(one_block[1:]).all()


def days(values, begin="2012-01-01") -> pd.Series:
    return pd.Series(np.asarray(values, dtype=float), index=pd.date_range(begin, periods=len(values)))


def autocorrelated(n: int, coefficient: float, *, seed: int = 0) -> np.ndarray:
    shocks, values = np.random.default_rng(seed).normal(size=n), np.zeros(n)
    for day in range(1, n):
        values[day] = coefficient * values[day - 1] + shocks[day]
    return values


@pytest.mark.parametrize("scale", [1.0, 1e-4])
@pytest.mark.parametrize("coefficient", [0.0, 0.7])
def test_diebold_mariano_by_hand(scale, coefficient):
    # Hering & Genton 2011, eq. 7 to 9: sigma^2 exp(-3 lag / theta) fitted to the first half of the autocovariances.
    differences = scale * (autocorrelated(400, coefficient) + 0.2)
    got = diebold_mariano_test(days(np.zeros(400)), days(differences))
    deviation = differences - differences.mean()
    lags = np.arange(199)
    autocovariances = np.array([deviation[lag:] @ deviation[: 400 - lag] / 400 for lag in lags])

    def variance_and_misfit(theta: float) -> tuple[float, float]:
        model = np.exp(-3 * lags / theta)
        sigma_squared = max(model @ autocovariances / (model @ model), 0)
        return sigma_squared, np.sum((sigma_squared * model - autocovariances) ** 2)

    best = minimize_scalar(lambda log_theta: variance_and_misfit(np.exp(log_theta))[1] / scale**4, bounds=(-3, 5))
    theta = np.exp(best.x)
    density = variance_and_misfit(theta)[0] * (1 + 2 * np.exp(-3 * np.arange(1, 400) / theta).sum())
    error = np.sqrt(density / 400)
    assert got.difference == pytest.approx(differences.mean())
    assert got.statistic == pytest.approx(differences.mean() / error, rel=1e-3)
    assert got.p == pytest.approx(1 - stdtr(399, differences.mean() / error), rel=1e-2)
    assert got.high - got.low == pytest.approx(2 * stdtrit(399, 0.975) * error, rel=1e-3)
    assert got.detectable_difference == pytest.approx((stdtrit(399, 0.95) + stdtrit(399, 0.8)) * error, rel=1e-3)


def test_diebold_mariano_asks_more_of_days_that_depend_on_each_other():
    independent, dependent = (
        diebold_mariano_test(days(np.zeros(2000)), days(values / values.std() + 0.05))
        for values in (autocorrelated(2000, 0.0), autocorrelated(2000, 0.8))
    )
    # The variance of the mean grows by (1 + .8) / (1 - .8) = 9.
    widths = [got.high - got.low for got in (independent, dependent)]
    assert widths[1] / widths[0] == pytest.approx(3, rel=0.3)


def test_diebold_mariano_pairs_by_day_and_leaves_out_what_one_side_lacks():
    loss_a, loss_b = days(autocorrelated(100, 0.3)), days(autocorrelated(100, 0.3, seed=1))
    want = diebold_mariano_test(loss_a[10:60], loss_b[10:60])
    shuffled = loss_b[10:80].sample(frac=1, random_state=0)
    assert diebold_mariano_test(loss_a[:60], shuffled) == want
    with_gap = loss_a[:60].copy()
    with_gap.iloc[20] = np.nan
    kept = np.r_[10:20, 21:60]
    assert diebold_mariano_test(with_gap, shuffled) == diebold_mariano_test(loss_a.iloc[kept], loss_b.iloc[kept])
    back = diebold_mariano_test(loss_b[10:60], loss_a[10:60])
    assert (back.statistic, back.low, back.high) == pytest.approx((-want.statistic, -want.high, -want.low))
    assert back.p + want.p == pytest.approx(1)


def test_diebold_mariano_where_there_is_no_test():
    loss = days(autocorrelated(40, 0.3))
    same = diebold_mariano_test(loss, loss.copy())
    assert (same.difference, same.p) == (0, 1)
    assert np.isnan([same.statistic, same.low, same.high]).all()
    shifted = diebold_mariano_test(loss, loss + 0.1)
    assert shifted.difference == pytest.approx(0.1)
    assert np.isnan(shifted[1:]).all()
    few = diebold_mariano_test(loss[:29], days(np.zeros(29)))
    assert few.difference == pytest.approx(-loss[:29].mean())
    assert np.isnan(few[1:]).all()
    assert np.isnan(diebold_mariano_test(loss, days(np.zeros(5), begin="2020-01-01"))).all()
    # A mean of exactly zero is a test like any other.
    balanced = diebold_mariano_test(days(np.zeros(40)), days(np.tile([1.0, -1.0, -1.0, 1.0], 10)))
    assert (balanced.difference, balanced.statistic, balanced.p) == (0, 0, 0.5)
    assert balanced.high > 0
    with pytest.raises(InputError, match="issue time 2012-01-01 00:00:00 occurs twice in b"):
        diebold_mariano_test(loss, pd.concat([loss, loss[:1]]))
