from __future__ import annotations

import numpy as np
import pytest
import xarray as xr
from hypothesis import given
from hypothesis import strategies as st
from scores.probability import murphy_score

from flaredag.murphy import THRESHOLDS, elementary_score, table_of_climatology
from flaredag.verification import contingency_table


def test_by_hand():
    table = contingency_table(
        np.array([0, 1, 0, 1], dtype=np.int8), np.array([0.3, 0.3, 0.1, 0.9]), thresholds=[0.2, 0.3]
    )
    # At 0.2 one false alarm of four; at 0.3 one miss, for a forecast at the threshold is none.
    assert elementary_score(table, thresholds=np.array([0.2, 0.3])) == pytest.approx([2 * 0.2 / 4, 2 * 0.7 / 4])


@given(seed=st.integers(0, 2**32 - 1), n=st.integers(1, 50), ties=st.booleans())
def test_as_the_package_scores(seed, n, ties):
    rng = np.random.default_rng(seed)
    # Forecasts in hundredths lie on the thresholds.
    probability = rng.integers(0, 101, size=n) / 100 if ties else rng.random(n)
    label = rng.integers(2, size=n).astype(np.int8)
    got = elementary_score(contingency_table(label, probability, thresholds=THRESHOLDS), thresholds=THRESHOLDS)
    forecast, observed = xr.DataArray(probability, dims="sample"), xr.DataArray(label.astype(float), dims="sample")
    want = murphy_score(forecast, observed, list(THRESHOLDS), functional="expectile", alpha=0.5)
    np.testing.assert_allclose(got, 4 * want["total"].to_numpy(), atol=1e-12)


def test_the_area_is_the_brier_score():
    rng = np.random.default_rng(0)
    probability = rng.random(200)
    label = (rng.random(200) < probability).astype(np.int8)
    thresholds = (np.arange(100_000) + 0.5) / 100_000
    score = elementary_score(contingency_table(label, probability, thresholds=thresholds), thresholds=thresholds)
    assert score.mean() == pytest.approx(np.mean((probability - label) ** 2), abs=1e-5)


def test_climatology_is_the_constant_forecast_of_the_event_rate():
    label = np.array([1, 0, 0, 0, 0], dtype=np.int8)
    table = contingency_table(label, np.array([0.9, 0.1, 0.6, 0.3, 0.0]), thresholds=THRESHOLDS)
    want = contingency_table(label, np.full(5, 0.2), thresholds=THRESHOLDS)
    for got, of_constant in zip(table_of_climatology(table, thresholds=THRESHOLDS), want, strict=True):
        np.testing.assert_array_equal(got, of_constant)


def test_no_sample_has_no_score():
    empty = contingency_table(np.zeros(0, dtype=np.int8), np.zeros(0), thresholds=[0.5])
    assert np.isnan(elementary_score(empty, thresholds=np.array([0.5]))).all()


def test_thresholds_ascend_and_are_finer_where_low():
    assert (np.diff(THRESHOLDS) > 0).all()
    assert (THRESHOLDS[0], THRESHOLDS[-1]) == (0.001, 0.99)
    assert (THRESHOLDS < 0.1).sum() > 20
