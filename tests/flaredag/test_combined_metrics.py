from __future__ import annotations

import numpy as np
import pytest
import xarray as xr
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import stats
from scores.categorical import BasicContingencyManager
from scores.continuous import mae
from scores.continuous.correlation import pearsonr
from scores.probability import brier_score
from sklearn.metrics import roc_auc_score

from flaredag.combined_metrics import (
    METRICS,
    better,
    combined_forecasts,
    forecast_values,
    metric_values,
    threshold_of_metric,
    weighted_sums,
)
from flaredag.errors import InputError
from flaredag.verification import brier_score_decomposition, contingency_table
from made_up_combinations import forecasts_of_centres

CATEGORICAL = [name for name, metric in METRICS.items() if metric.is_categorical]
LABEL = np.array([0, 0, 0, 1, 1], dtype=np.int8)
FORECAST = np.array([[0.1, 0.2, 0.6, 0.4, 0.8]])
# Tenths: ties, bin edges, and forecasts of 0 and 1 again and again.
DAYS = st.lists(st.tuples(st.integers(0, 1), st.integers(0, 10)), min_size=3, max_size=20).filter(
    lambda days: {day[0] for day in days} == {0, 1}
)


def at_thresholds(metric: str, label, forecast, thresholds) -> np.ndarray:
    """Metric at each of `thresholds`, by the package `scores`, or from counts where it has none."""
    table = contingency_table(label, forecast, thresholds=thresholds)
    counts = dict(zip(("tp_count", "fn_count", "fp_count", "tn_count"), table, strict=True))
    arrays = {name: xr.DataArray(count, dims="threshold") for name, count in counts.items()}
    manager = BasicContingencyManager(arrays | {"total_count": sum(arrays.values())})
    if metric == "categorical_brier_score":
        return (table.misses + table.false_alarms) / len(label)
    name = {"true_skill_statistic": "peirce_skill_score", "gilbert_skill_score": "gilberts_skill_score"}
    values = getattr(manager, name.get(metric, metric))().to_numpy()
    # No skill where one outcome alone is forecast: there rounding makes something of the package's 0 / 0.
    alike = (table.hits + table.false_alarms) % len(label) == 0
    return np.where(alike, 0.0, values) if metric in ("heidke_skill_score", "gilbert_skill_score") else values


def test_metrics_of_five_days_are_those_worked_out_by_hand():
    expected = {
        # Squares 0.01, 0.04, 0.36, 0.36, 0.04 and errors 0.1, 0.2, 0.6, 0.6, 0.2.
        "brier_score": 0.81 / 5,
        "mean_absolute_error": 1.7 / 5,
        # Of 6 pairs only that of the third and fourth day is lost.
        "area_under_roc_curve": 5 / 6,
        # Ranks 1, 2, 4, 3, 5 of forecasts and 2, 2, 2, 4.5, 4.5 of outcomes: covariance 5, squares 10 and 7.5.
        "spearman_rank_correlation": 5 / np.sqrt(75),
        # 4 more pairs won than lost, of 10 pairs, 6 of which are not tied in the outcome.
        "kendall_rank_correlation": 4 / np.sqrt(60),
        # Each forecast in a bin of its own.
        "reliability": 0.81 / 5,
        "resolution": 0.24,
        # Above 0.2: both events and one false alarm; above 0.6: one event and none.
        "true_skill_statistic": 2 / 3,
        "accuracy": 4 / 5,
        "categorical_brier_score": 1 / 5,
        "critical_success_index": 2 / 3,
        # 2 (2 x 2 - 1 x 0) / (2 x 2 + 3 x 3) of either order.
        "heidke_skill_score": 8 / 13,
        "gilbert_skill_score": (2 - 1.2) / (3 - 1.2),
    }
    for metric, value in expected.items():
        assert forecast_values(metric, LABEL, FORECAST)[0] == pytest.approx(value, abs=1e-12), metric
    assert forecast_values("linear_correlation", LABEL, FORECAST)[0] == pytest.approx(
        np.corrcoef(FORECAST[0], LABEL)[0, 1]
    )
    assert set(expected) | {"linear_correlation"} == set(METRICS)


@settings(max_examples=80, deadline=None)
@given(DAYS)
def test_probabilistic_metrics_are_those_of_other_packages(days):
    label = np.array([day[0] for day in days], dtype=np.int8)
    forecast = np.array([day[1] for day in days]) / 10
    got = {metric: float(forecast_values(metric, label, forecast[None])[0]) for metric in METRICS}
    arrays = xr.DataArray(forecast, dims="day"), xr.DataArray(label.astype(float), dims="day")
    assert got["brier_score"] == pytest.approx(float(brier_score(*arrays)), abs=1e-12)
    assert got["mean_absolute_error"] == pytest.approx(float(mae(*arrays)), abs=1e-12)
    decomposition = brier_score_decomposition(label, forecast)
    assert got["reliability"] == pytest.approx(decomposition.reliability, abs=1e-12)
    assert got["resolution"] == pytest.approx(decomposition.resolution, abs=1e-12)
    ranked = ("linear_correlation", "spearman_rank_correlation", "kendall_rank_correlation", "area_under_roc_curve")
    if np.ptp(forecast) == 0:
        assert all(np.isnan(got[metric]) for metric in ranked)
        return
    assert got["linear_correlation"] == pytest.approx(float(pearsonr(*arrays)), abs=1e-9)
    assert got["spearman_rank_correlation"] == pytest.approx(stats.spearmanr(forecast, label)[0], abs=1e-9)
    assert got["kendall_rank_correlation"] == pytest.approx(stats.kendalltau(forecast, label)[0], abs=1e-9)
    assert got["area_under_roc_curve"] == pytest.approx(roc_auc_score(label, forecast), abs=1e-12)


@settings(max_examples=60, deadline=None)
@given(DAYS)
def test_no_threshold_is_better_than_that_of_a_categorical_metric(days):
    label = np.array([day[0] for day in days], dtype=np.int8)
    forecast = np.array([day[1] for day in days]) / 10
    for metric in CATEGORICAL:
        found = float(forecast_values(metric, label, forecast[None])[0])
        threshold = threshold_of_metric(metric, label, forecast)
        assert 0 <= threshold <= 1
        # All that any threshold in [0, 1] can do, after that which was found.
        values = at_thresholds(metric, label, forecast, [threshold, *(np.arange(21) / 20)])
        best = values.max() if METRICS[metric].larger_is_better else values.min()
        assert values[0] == pytest.approx(found, abs=1e-12), metric
        assert best == pytest.approx(found, abs=1e-12), metric


def test_many_candidates_at_once_are_each_alone():
    _, label, members = forecasts_of_centres(0, n_days=300, n_members=4)
    weights = np.random.default_rng(0).uniform(-1, 1, (130, 4))
    for metric in METRICS:
        together = metric_values(metric, label, members, weights)
        alone = np.concatenate([metric_values(metric, label, members, one[None]) for one in weights])
        np.testing.assert_array_equal(together, alone)
    assert metric_values("accuracy", label, members, weights[:0]).shape == (0,)


def test_combined_forecasts_stay_in_their_range_and_keep_ties():
    members = np.array([[0.1, 0.2], [0.3, 0.0], [0.9, 0.9]])
    forecast = combined_forecasts(members, np.array([[2.0, -1.0], [1.0, 1.0]]))
    assert forecast.tolist() == [[0.0, 0.6, 0.9], [0.3, 0.3, 1.0]]
    assert weighted_sums(members, np.array([[-1.0, 0.0]]))[0].tolist() == [-0.1, -0.3, -0.9]


def test_undefined_is_worse_than_anything():
    assert better("accuracy", 0.2, float("nan"))
    assert not better("brier_score", float("nan"), 1.0)
    assert better("brier_score", 0.1, 0.2)
    assert better("accuracy", 0.2, 0.1)


def test_threshold_of_a_probabilistic_metric_is_none():
    assert np.isnan(threshold_of_metric("brier_score", LABEL, FORECAST[0]))


def test_an_unknown_metric_is_refused():
    with pytest.raises(InputError, match="unknown metric 'brier'; known are brier_score"):
        metric_values("brier", LABEL, FORECAST.T, np.ones((1, 1)))
