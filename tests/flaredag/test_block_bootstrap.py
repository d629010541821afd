from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
import sunpy.coordinates.sun
from hypothesis import given
from hypothesis import strategies as st

from flaredag import block_bootstrap, resampled_ranking
from flaredag.block_bootstrap import block_weights, blocks_of_regions, bounds, carrington_rotation, resampled_scores
from flaredag.score_tables import CATEGORICAL_METRICS, PROBABILISTIC_METRICS
from flaredag.verification import categorical_scores, contingency_table, probabilistic_scores

CATEGORICAL = [metric for metric in CATEGORICAL_METRICS if metric != "threshold"]
# Many ties, the ends of bins, and forecasts of one outcome only.
probabilities = st.one_of(st.sampled_from([0.0, 0.1, 0.3, 0.5, 0.7, 1.0]), st.floats(0, 1))
samples = st.lists(st.tuples(st.integers(0, 1), probabilities, st.integers(0, 4)), min_size=1, max_size=30)


def columns(rows) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    label, probability, block = zip(*rows, strict=True)
    return np.array(label, dtype=np.int8), np.array(probability, dtype=float), np.array(block)


def scores_of_rows(label, probability, *, thresholds, **settings) -> dict[str, np.ndarray | float]:
    table = contingency_table(label, probability, thresholds=thresholds)
    return categorical_scores(table) | probabilistic_scores(label, probability, **settings)


@given(
    samples,
    st.lists(st.lists(st.integers(0, 3), min_size=5, max_size=5), min_size=1, max_size=4),
    st.lists(st.one_of(probabilities, st.just(float("nan"))), min_size=1, max_size=3),
    st.one_of(st.just(float("nan")), st.floats(0, 1)),
    st.sampled_from([10, 20, 7]),
)
def test_scores_are_those_of_the_rows_taken_as_often_as_their_block(rows, weights, thresholds, rate, n_bins):
    label, probability, block = columns(rows)
    weights = np.array(weights, dtype=np.float32)
    settings = {"thresholds": thresholds, "training_event_rate": rate, "reliability_bins": n_bins}
    got = resampled_scores(label, probability, block, weights, **settings)
    assert set(got) == {*CATEGORICAL, *PROBABILISTIC_METRICS}
    for resample, drawn in enumerate(weights):
        rows_taken = np.repeat(np.arange(len(label)), drawn[block].astype(int))
        if not len(rows_taken):
            assert got["n_samples"][resample] == got["n_events"][resample] == 0
            undefined = [got[name][resample] for name in got if name not in ("n_samples", "n_events")]
            assert np.isnan(np.concatenate([np.atleast_1d(value) for value in undefined])).all()
            continue
        want = scores_of_rows(label[rows_taken], probability[rows_taken], **settings)
        for name, value in want.items():
            if "skill" in name and name.startswith("brier"):
                # A quotient by a reference that is nearly perfect is ill-conditioned.
                reference = min(want["uncertainty"], 1.0) if name == "brier_skill_score" else rate
                if np.isfinite(reference) and reference < 1e-3:
                    continue
            np.testing.assert_allclose(got[name][resample], value, rtol=1e-9, atol=1e-11, err_msg=name)


def test_by_hand():
    # Block 0 holds an event at .8 and a non-event at .3, block 1 a non-event at .8, block 2 nothing.
    label, probability = np.array([1, 0, 0], np.int8), np.array([0.8, 0.3, 0.8])
    weights = np.array([[1, 1, 1], [2, 0, 1], [1, 2, 0], [0, 3, 0], [0, 0, 3]], dtype=np.float32)
    got = resampled_scores(label, probability, np.array([0, 0, 1]), weights, thresholds=[0.5, 0.9])
    np.testing.assert_array_equal(got["n_samples"], [3, 4, 4, 3, 0])
    np.testing.assert_array_equal(got["n_events"], [1, 2, 1, 0, 0])
    np.testing.assert_allclose(got["area_under_roc_curve"], [3 / 4, 1, (1 + 2 / 2) / 3, np.nan, np.nan])
    np.testing.assert_allclose(got["brier_score"], [0.77 / 3, 0.26 / 4, 1.41 / 4, 0.64, np.nan])
    np.testing.assert_allclose(got["true_skill_statistic"][:, 0], [0.5, 1, 1 - 2 / 3, np.nan, np.nan])
    np.testing.assert_allclose(got["accuracy"][:, 1], [2 / 3, 1 / 2, 3 / 4, 1, np.nan])
    np.testing.assert_allclose(got["precision"][:, 0], [1 / 2, 1, 1 / 3, 0, np.nan])
    assert np.isnan(got["precision"][:, 1]).all()
    np.testing.assert_allclose(got["balanced_accuracy"][:, 0], [3 / 4, 1, (1 + 1 / 3) / 2, np.nan, np.nan])


def test_a_constant_forecast_ranks_nothing_though_another_block_would():
    label, probability = np.array([1, 0, 1, 0], np.int8), np.array([0.4, 0.4, 0.6, 0.2])
    weights = np.array([[2, 0], [1, 1]], dtype=np.float32)
    got = resampled_scores(label, probability, np.array([0, 0, 1, 1]), weights)
    # Of the four pairs of both blocks: a tie, .4 over .2, .6 over .4 and .6 over .2.
    np.testing.assert_allclose(got["area_under_roc_curve"], [np.nan, 3.5 / 4])


def test_no_sample_at_all():
    none = np.empty(0)
    got = resampled_scores(none.astype(np.int8), none, none.astype(np.int64), np.ones((3, 2), np.float32))
    np.testing.assert_array_equal(got["n_samples"], [0, 0, 0])
    assert np.isnan(got["area_under_roc_curve"]).all()
    assert np.isnan(got["accuracy"]).all()


def many_samples(n: int = 3000, n_blocks: int = 60):
    rng = np.random.default_rng(0)
    probability = np.round(rng.beta(0.5, 3, n), 2)
    return (rng.random(n) < probability).astype(np.int8), probability, rng.integers(n_blocks, size=n)


def test_portions_threads_and_the_order_of_rows_change_no_bit(monkeypatch):
    label, probability, block = many_samples()
    weights = block_weights(60, resamples=50, seed=3)
    want = resampled_scores(label, probability, block, weights, thresholds=[0.5, 0.2], training_event_rate=0.1)
    monkeypatch.setattr(block_bootstrap, "NUMBERS_AT_A_TIME", 7 * 60)
    monkeypatch.setattr(resampled_ranking, "NUMBERS_AT_A_TIME", 1000)
    got = resampled_scores(label, probability, block, weights, thresholds=[0.5, 0.2], training_event_rate=0.1)
    assert want.keys() == got.keys()
    for name, values in want.items():
        np.testing.assert_array_equal(got[name], values, err_msg=name)


def test_sums_over_blocks_are_exact_in_any_order():
    rng = np.random.default_rng(1)
    sums = rng.normal(size=(500, 3)) * [1, 1e-6, 1e9]
    rounded = block_bootstrap._exactly_summable(sums, 500.0)
    assert (np.abs(rounded - sums) < 1e-12 * np.abs(sums).max(axis=0)).all()
    drawn = block_weights(500, resamples=1, seed=0)[0].astype(float)
    want = [np.sum(drawn[order, np.newaxis] * rounded[order], axis=0) for order in map(rng.permutation, [500] * 20)]
    for total in want:
        np.testing.assert_array_equal(total, drawn @ rounded)
        np.testing.assert_array_equal(total, np.cumsum(drawn[:, np.newaxis] * rounded, axis=0)[-1])


def test_weights_are_draws_with_replacement_and_hang_on_the_seed_alone():
    weights = block_weights(200, resamples=400, seed=5)
    assert weights.shape == (400, 200)
    assert weights.dtype == np.float32
    assert (weights.sum(axis=1) == 200).all()
    # Binomial of 200 draws of 1/200: mean 1, variance 1 - 1/200; none in (1 - 1/200)^200.
    assert weights.mean(axis=0) == pytest.approx(1, abs=0.25)
    assert weights.var() == pytest.approx(1 - 1 / 200, abs=0.02)
    assert (weights == 0).mean() == pytest.approx((1 - 1 / 200) ** 200, abs=0.005)
    np.testing.assert_array_equal(block_weights(200, resamples=400, seed=5), weights)
    assert (block_weights(200, resamples=400, seed=6) != weights).any()
    # More resamples begin with the same ones.
    np.testing.assert_array_equal(block_weights(200, resamples=500, seed=5)[:400], weights)
    assert (block_weights(1, resamples=3, seed=0) == 1).all()


def test_bounds():
    resampled = np.stack([np.arange(101.0), np.full(101, 2.0), np.full(101, np.nan), np.arange(101.0)], axis=1)
    resampled[:50, 3] = np.nan
    low, high = bounds(resampled, level=0.9)
    np.testing.assert_allclose(low, [5, 2, np.nan, 52.5])
    np.testing.assert_allclose(high, [95, 2, np.nan, 97.5])
    # 50 of 101 are fewer than half.
    resampled[50, 3] = np.nan
    assert np.isnan(bounds(resampled, level=0.9)).tolist() == [[False, False, True, True]] * 2
    low, high = bounds([3.0, 1.0, 2.0])
    assert (float(low), float(high)) == pytest.approx((1.05, 2.95))
    assert np.isnan(bounds(np.empty((0, 2)))).all()


@given(st.lists(st.floats(-1, 1), min_size=1, max_size=30), st.floats(0.01, 0.99))
def test_bounds_are_the_percentiles_of_numpy(values, level):
    got = bounds(values, level=level)
    np.testing.assert_allclose(got, np.quantile(values, [(1 - level) / 2, (1 + level) / 2]), atol=1e-12)


def test_the_interval_covers_what_it_says():
    """Share of samples of 40 regions whose 90 % interval of the event rate holds the true one."""
    rng = np.random.default_rng(2)
    weights = block_weights(40, resamples=400, seed=0)
    block = np.repeat(np.arange(40), 10)
    n_covered = 0
    for _ in range(200):
        # All windows of a region share its activity: as single samples they would bound far too closely.
        label = (rng.random(400) < np.repeat(rng.choice([0.05, 0.55], 40), 10)).astype(np.int8)
        got = resampled_scores(label, np.full(400, 0.3), block, weights)
        low, high = bounds(got["n_events"] / got["n_samples"], level=0.9)
        n_covered += bool(low <= 0.3 <= high)
    # 90 %, of 200: standard deviation 2 %; percentile intervals of few blocks are somewhat short.
    assert 0.8 <= n_covered / 200 <= 0.96


def test_carrington_rotations_are_those_of_the_ephemeris():
    times = pd.date_range("1996-01-01", "2026-01-01", freq="53h7min").to_numpy()
    precise = sunpy.coordinates.sun.carrington_rotation_number(times)
    from_a_beginning = np.abs(precise - np.rint(precise)) * 27.2753 * 24 * 60
    clear = from_a_beginning > 10
    got = carrington_rotation(times)
    np.testing.assert_array_equal(got[clear], np.floor(precise[clear]).astype(int))
    assert clear.mean() > 0.99
    # Of other units too, and of a time alone: rotation 2097 began on 2010-05-19 at 23:55.
    np.testing.assert_array_equal(carrington_rotation(times.astype("datetime64[ns]")), got)
    assert carrington_rotation(np.datetime64("2010-05-19T23:45")) == 2096
    assert carrington_rotation(np.datetime64("2010-05-20T00:05")) == 2097


def test_blocks_of_regions():
    # Sorted by instrument and number, whatever order the categories have.
    instrument = pd.Categorical(["smarp", "sharp", "smarp", "sharp", "sharp"], categories=["x", "smarp", "sharp"])
    region = [7, 377, 12, 7, 377]
    np.testing.assert_array_equal(blocks_of_regions(instrument, region), [2, 1, 3, 0, 1])
    np.testing.assert_array_equal(blocks_of_regions(pd.Series(instrument), pd.Series(region)), [2, 1, 3, 0, 1])
    np.testing.assert_array_equal(blocks_of_regions(["b", "a"], [-1, -1]), [1, 0])
    assert blocks_of_regions([], []).shape == (0,)
