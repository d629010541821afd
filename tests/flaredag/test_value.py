from __future__ import annotations

import numpy as np
import pytest
import xarray as xr
from hypothesis import given
from hypothesis import strategies as st
from scores.probability import relative_economic_value as value_of_scores

from flaredag.reliability import forecast_levels
from flaredag.resampled_counts import resampled_counts
from flaredag.value import potential_economic_value, relative_economic_value
from flaredag.verification import contingency_table

LABEL = np.array([1, 1, 0, 0, 0, 0, 0, 0, 0, 0], dtype=np.int8)
PROBABILITY = np.array([0.8, 0.3, 0.6, 0.3, 0.1, 0.1, 0.1, 0.1, 0.1, 0.1])
RATIOS = np.array([0.1, 0.2, 0.5])


def potential(label, probability, ratios):
    levels = forecast_levels(label, probability)
    block, weights = np.zeros(len(label), dtype=np.int64), np.zeros((0, 1), dtype=np.float32)
    counts = resampled_counts(label, levels.which, block, weights, n_bins=len(levels.n))
    return potential_economic_value(counts, cost_loss_ratios=ratios)[0]


def test_value_by_hand():
    table = contingency_table(LABEL, PROBABILITY, thresholds=RATIOS)
    # In units of the loss, of ten users. Never to act costs 2, always 10 C; a perfect forecast 2 C.
    # 0.1: 4 act and pay .4, none is hit; climatology min(2, 1) = 1, perfect .2: (1 - .4) / (1 - .2).
    # 0.2: the same 4 act and pay .8; climatology 2, perfect .4. 0.5: two act, one is hit: 2; climatology 2.
    assert relative_economic_value(table, cost_loss_ratios=RATIOS) == pytest.approx([0.6 / 0.8, 1.2 / 1.6, 0.0])


def test_potential_value_by_hand():
    # At 0.5 the best is to act on 0.8 alone: .5 + 1 = 1.5 of 2 and perfect 1.
    assert potential(LABEL, PROBABILITY, RATIOS) == pytest.approx([0.75, 0.75, 0.5])


def test_only_one_outcome_has_no_value():
    label = np.zeros(3, dtype=np.int8)
    probability = np.array([0.1, 0.5, 0.9])
    table = contingency_table(label, probability, thresholds=RATIOS)
    assert np.isnan(relative_economic_value(table, cost_loss_ratios=RATIOS)).all()
    assert np.isnan(potential(label, probability, RATIOS)).all()


def test_a_forecast_taken_at_its_word_may_do_harm_but_never_at_its_best_threshold():
    probability = 1.0 - PROBABILITY
    table = contingency_table(LABEL, probability, thresholds=RATIOS)
    assert relative_economic_value(table, cost_loss_ratios=RATIOS)[-1] < 0
    assert (potential(LABEL, probability, RATIOS) >= 0).all()


@given(seed=st.integers(0, 2**32 - 1), n=st.integers(2, 60))
def test_as_the_package_scores(seed, n):
    rng = np.random.default_rng(seed)
    probability = rng.random(n)
    label = rng.integers(2, size=n).astype(np.int8)
    label[:2] = 0, 1
    forecast, observed = xr.DataArray(probability, dims="sample"), xr.DataArray(label.astype(float), dims="sample")
    # The package acts at a threshold too, we only above it; 0 and 1 stand for always and never.
    thresholds = [0.0, *np.sort(probability), 1.0]
    ratios = np.arange(1, 20) / 20
    of_own_threshold = value_of_scores(
        forecast,
        observed,
        cost_loss_ratios=list(ratios),
        probability_thresholds=list(ratios),
        generate_equilibrium_point_rev=True,
    )
    of_best = value_of_scores(
        forecast,
        observed,
        cost_loss_ratios=list(ratios),
        probability_thresholds=thresholds,
        generate_maximum_rev=True,
    )
    table = contingency_table(label, probability, thresholds=ratios)
    (own,) = of_own_threshold.data_vars.values()
    np.testing.assert_allclose(relative_economic_value(table, cost_loss_ratios=ratios), own.to_numpy(), atol=1e-9)
    np.testing.assert_allclose(potential(label, probability, ratios), of_best["maximum"].to_numpy(), atol=1e-9)
