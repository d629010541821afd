from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.special import stdtr, stdtrit

from flaredag.comparisons import holm, paired_t_test
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
