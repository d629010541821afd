from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from sklearn.isotonic import IsotonicRegression

from flaredag.block_bootstrap import block_weights, bounds
from flaredag.reliability import MOST_LEVELS, bounds_of_miscalibration, corp_reliability, forecast_levels

NO_WEIGHTS = np.zeros((0, 1), dtype=np.float32)


def corp_of_one_block(label, probability):
    block = np.zeros(len(label), dtype=np.int64)
    return corp_reliability(np.array(label, dtype=np.int8), np.array(probability), block, NO_WEIGHTS)


def regions(rng, n_samples, n_regions, power):
    """Forecasts of regions that differ; the event rate is the forecast to a power."""
    block = np.sort(rng.integers(0, n_regions, n_samples))
    activity = rng.normal(size=n_regions)[block] + 0.7 * rng.normal(size=n_samples)
    probability = 1 / (1 + np.exp(3 - 1.5 * activity))
    return (rng.random(n_samples) < probability**power).astype(np.int8), probability, block


def test_corp_by_hand():
    # Events fall from 1 of 1 at 0.2 to 0 of 1 at 0.4: pooled to 1/2; 0 at 0.1 and 1 at 0.9 stand.
    corp = corp_of_one_block([0, 1, 0, 1], [0.1, 0.2, 0.4, 0.9])
    assert corp.levels.forecast == pytest.approx([0.1, 0.2, 0.4, 0.9])
    assert corp.levels.event_rate == pytest.approx([0, 0.5, 0.5, 1])
    assert corp.levels.n.tolist() == [1, 1, 1, 1]
    brier = (0.01 + 0.64 + 0.16 + 0.01) / 4
    assert corp.brier_score[0] == pytest.approx(brier)
    assert corp.uncertainty[0] == pytest.approx(0.25)
    assert corp.miscalibration[0] == pytest.approx(brier - 0.5 / 4)
    assert corp.discrimination[0] == pytest.approx(0.25 - 0.5 / 4)


def test_a_constant_forecast_tells_nothing_apart():
    corp = corp_of_one_block([0, 1, 0, 0], [0.5] * 4)
    assert corp.levels.event_rate.tolist() == [0.25]
    assert corp.discrimination[0] == 0
    assert corp.miscalibration[0] == pytest.approx(0.25**2)


def test_one_class_only():
    corp = corp_of_one_block([0, 0, 0], [0.1, 0.2, 0.2])
    assert corp.levels.event_rate.tolist() == [0, 0]
    assert (corp.uncertainty[0], corp.discrimination[0]) == (0, 0)
    assert corp.miscalibration[0] == pytest.approx(0.09 / 3)


@given(seed=st.integers(0, 2**32 - 1), n=st.integers(1, 80), distinct=st.sampled_from([3, 20, 10**6]))
def test_fit_and_decomposition_are_those_of_isotonic_regression(seed, n, distinct):
    rng = np.random.default_rng(seed)
    probability = rng.integers(0, distinct + 1, size=n) / distinct
    label = rng.integers(2, size=n).astype(np.int8)
    corp = corp_of_one_block(label, probability)
    want = IsotonicRegression().fit(probability, label).predict(probability)
    np.testing.assert_allclose(corp.levels.event_rate[corp.levels.which], want, atol=1e-9)
    brier_of_fit = np.mean((want - label) ** 2)
    assert corp.miscalibration[0] == pytest.approx(np.mean((probability - label) ** 2) - brier_of_fit, abs=1e-9)
    assert corp.discrimination[0] == pytest.approx(label.var() - brier_of_fit, abs=1e-9)


@given(seed=st.integers(0, 2**32 - 1), n=st.integers(2, 60), n_blocks=st.integers(1, 6))
def test_a_resample_is_fitted_as_its_rows_would_be(seed, n, n_blocks):
    rng = np.random.default_rng(seed)
    probability, label = rng.integers(0, 21, size=n) / 20, rng.integers(2, size=n).astype(np.int8)
    block = rng.integers(n_blocks, size=n)
    weights = block_weights(n_blocks, resamples=3, seed=seed)
    corp = corp_reliability(label, probability, block, weights)
    for resample in range(3):
        rows = np.repeat(np.arange(n), weights[resample, block].astype(int))
        got = {name: getattr(corp, name)[resample + 1] for name in ("miscalibration", "discrimination", "brier_score")}
        if not len(rows):
            assert all(np.isnan(value) for value in got.values())
            continue
        want = corp_of_one_block(label[rows], probability[rows])
        for name, value in got.items():
            assert value == pytest.approx(getattr(want, name)[0], abs=1e-9)
        drawn = np.isin(corp.levels.forecast, want.levels.forecast)
        np.testing.assert_allclose(corp.event_rate[resample + 1, drawn], want.levels.event_rate, atol=1e-9)
        left_out = weights[resample, block] == 0
        held_out = corp.held_out_miscalibration[resample]
        if left_out.any():
            fitted = corp.event_rate[resample + 1, corp.levels.which[left_out]]
            truth = label[left_out]
            by_hand = np.mean((probability[left_out] - truth) ** 2) - np.mean((fitted - truth) ** 2)
            assert held_out == pytest.approx(by_hand, abs=1e-9)
        else:
            assert np.isnan(held_out)


def test_many_values_are_pooled_finely_where_forecasts_are_many_and_where_they_are_rare():
    rng = np.random.default_rng(0)
    label, probability, _ = regions(rng, 40_000, 500, 1.0)
    levels = forecast_levels(label, probability)
    assert len(levels.n) <= MOST_LEVELS
    assert levels.n.sum() == 40_000
    assert (np.diff(levels.forecast) > 0).all()
    assert (np.diff(levels.event_rate) >= 0).all()
    assert levels.n.max() <= 40_000 / 250 + 1
    rare = probability > 0.8
    assert len(np.unique(levels.which[rare])) > 20
    np.testing.assert_allclose(np.bincount(levels.which, probability) / levels.n, levels.forecast)
    # The isotonic fit keeps the number of events, and so does its mean over a level.
    assert (levels.n * levels.event_rate).sum() == pytest.approx(label.sum())


def test_pooling_changes_the_components_less_than_chance_does():
    label, probability, block = regions(np.random.default_rng(1), 20_000, 300, 1.2)
    weights = block_weights(300, resamples=20, seed=0)
    corp = corp_reliability(label, probability, block, weights)
    for resample in range(3):
        rows = np.repeat(np.arange(20_000), weights[resample, block].astype(int))
        exact = corp_of_one_block(label[rows], probability[rows])
        loss = exact.miscalibration[0] - corp.miscalibration[resample + 1]
        assert 0 <= loss < 0.1 * corp.discrimination[1:].std()
        assert exact.discrimination[0] - corp.discrimination[resample + 1] == pytest.approx(loss, abs=1e-12)


@pytest.mark.parametrize("power", [1.0, 1.3])
def test_bounds_of_miscalibration_hold_the_truth_where_percentiles_lie_above_it(power):
    _, many, _ = regions(np.random.default_rng(0), 10**6, 10**6, power)
    truth = np.mean((many - many**power) ** 2)
    held, held_by_percentiles = [], []
    for seed in range(40):
        label, probability, block = regions(np.random.default_rng(seed), 4000, 150, power)
        corp = corp_reliability(label, probability, block, block_weights(150, resamples=100, seed=seed))
        low, high = bounds_of_miscalibration(corp, level=0.95)
        held.append(low <= truth <= high)
        low, high = bounds(corp.miscalibration[1:])
        held_by_percentiles.append(low <= truth <= high)
    assert np.mean(held) >= 0.9
    assert np.mean(held_by_percentiles) < 0.5


def test_no_resample_or_one_block_has_no_bounds():
    assert np.isnan(bounds_of_miscalibration(corp_of_one_block([0, 1], [0.2, 0.4]), level=0.95)).all()
    one_block = corp_reliability(
        np.array([0, 1], dtype=np.int8), np.array([0.2, 0.4]), np.zeros(2, dtype=np.int64), np.ones((9, 1), np.float32)
    )
    assert np.isnan(bounds_of_miscalibration(one_block, level=0.95)).all()


def test_bounds_of_the_curve_hold_the_truth_between_its_ends():
    held = []
    for seed in range(30):
        rng = np.random.default_rng(seed)
        probability = rng.random(2000)
        label = (rng.random(2000) < probability).astype(np.int8)
        weights = block_weights(100, resamples=100, seed=seed)
        corp = corp_reliability(label, probability, np.arange(2000) % 100, weights)
        low, high = bounds(corp.event_rate[1:], level=0.95)
        truth = corp.levels.forecast
        held.append(((low <= truth) & (truth <= high))[(truth > 0.1) & (truth < 0.9)].mean())
    assert np.mean(held) >= 0.92
