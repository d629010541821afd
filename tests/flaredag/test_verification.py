from __future__ import annotations

import operator
import warnings

import numpy as np
import pytest
import scores.categorical
import scores.probability
import sklearn.metrics
import xarray as xr
from hypothesis import assume, given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from flaredag.score_tables import CATEGORICAL_METRICS, PROBABILISTIC_METRICS
from flaredag.verification import (
    UNDEFINED_BECAUSE,
    ContingencyTable,
    best_threshold,
    brier_score_decomposition,
    categorical_scores,
    contingency_table,
    probabilistic_scores,
    reliability_curve,
    roc_curve,
    skill_score_profiles,
    threshold_of_best_true_skill_statistic,
)

# Ten forecasts: at 0.5 (strictly above) 3 hits, 1 miss (the 0.5 itself), 2 false alarms, 4 correct negatives.
LABEL = np.array([1, 1, 1, 1, 0, 0, 0, 0, 0, 0], dtype=np.int8)
PROBABILITY = np.array([0.9, 0.8, 0.6, 0.5, 0.7, 0.55, 0.5, 0.2, 0.1, 0.0])

METRICS_PROFILED = ("true_skill_statistic", "heidke_skill_score")

# No deadline: a busy machine is no failure.
patient = settings(deadline=None, max_examples=60)
probabilities = st.one_of(st.floats(0, 1), st.sampled_from([0.0, 0.1, 0.25, 0.3, 0.5, 0.7, 0.9, 1.0]))


@st.composite
def forecasts(draw, both_outcomes: bool = False):
    n = draw(st.integers(2 if both_outcomes else 1, 60))
    label = draw(hnp.arrays(np.int8, n, elements=st.integers(0, 1)))
    if both_outcomes:
        assume(0 < label.sum() < n)
    return label, draw(hnp.arrays(np.float64, n, elements=probabilities))


def true_skill_statistic(label, probability, threshold) -> float:
    table = contingency_table(label, probability, thresholds=np.array([threshold]))
    return float(categorical_scores(table)["true_skill_statistic"][0])


def random_forecasts(n=2000, seed=0):
    rng = np.random.default_rng(seed)
    probability = rng.random(n)
    return (rng.random(n) < probability**2).astype(np.int8), probability


def test_contingency_table_by_hand():
    table = contingency_table(LABEL, PROBABILITY, thresholds=[0.5, 0.0, 1.0, np.nan])
    assert table.hits.tolist()[:3] == [3, 4, 0]
    assert table.misses.tolist()[:3] == [1, 0, 4]
    assert table.false_alarms.tolist()[:3] == [2, 5, 0]
    assert table.correct_negatives.tolist()[:3] == [4, 1, 6]
    assert all(np.isnan(counts[3]) for counts in table)


def test_categorical_scores_by_hand():
    got = categorical_scores(contingency_table(LABEL, PROBABILITY, thresholds=[0.5]))
    want = {
        "accuracy": 7 / 10,
        "balanced_accuracy": (3 / 4 + 4 / 6) / 2,
        "probability_of_detection": 3 / 4,
        "precision": 3 / 5,
        "false_alarm_ratio": 2 / 5,
        "probability_of_false_detection": 2 / 6,
        "true_skill_statistic": 3 / 4 - 2 / 6,
        # Sun et al. 2022, eq. 10: 2 (TP TN - FN FP) / (P N' + P' N) = 2 (12 - 2) / (4 * 5 + 5 * 6)
        "heidke_skill_score": 20 / 50,
    }
    assert got.keys() == want.keys() == set(CATEGORICAL_METRICS) - {"threshold"}
    for metric, value in want.items():
        assert got[metric] == pytest.approx([value]), metric


def test_probabilistic_scores_by_hand():
    label = np.array([1, 0, 0, 1], dtype=np.int8)
    probability = np.array([0.75, 0.25, 0.75, 1.0])
    got = probabilistic_scores(label, probability, training_event_rate=0.25)
    # squares: 1/16, 1/16, 9/16, 0; climatology 1/2: 1/4; training: (9/16 + 1/16 + 1/16 + 9/16) / 4 = 5/16
    assert got["brier_score"] == pytest.approx(11 / 64)
    assert got["brier_skill_score"] == pytest.approx(1 - 11 / 16)
    assert got["brier_skill_score_training_climatology"] == pytest.approx(1 - 11 / 20)
    # pairs of event and non-event: .75 > .25, .75 = .75 (a half), 1 > both
    assert got["area_under_roc_curve"] == pytest.approx(3.5 / 4)
    # bins: {.25: 0}, {.75, .75: 1, 0}, {1: 1}
    assert got["reliability"] == pytest.approx((1 / 16 + 2 / 16 + 0) / 4)
    assert got["resolution"] == pytest.approx((1 / 4 + 0 + 1 / 4) / 4)
    assert got["uncertainty"] == pytest.approx(1 / 4)
    assert (got["n_samples"], got["n_events"]) == (4, 2)
    assert got.keys() == set(PROBABILISTIC_METRICS)


def test_categorical_scores_equal_scikit_learn():
    label, probability = random_forecasts()
    for threshold in (0.1, 0.5, 0.83):
        got = categorical_scores(contingency_table(label, probability, thresholds=[threshold]))
        event = probability > threshold
        assert got["accuracy"][0] == pytest.approx(sklearn.metrics.accuracy_score(label, event))
        balanced = sklearn.metrics.balanced_accuracy_score(label, event)
        assert got["balanced_accuracy"][0] == pytest.approx(balanced)
        assert got["true_skill_statistic"][0] == pytest.approx(2 * balanced - 1)
        assert got["precision"][0] == pytest.approx(sklearn.metrics.precision_score(label, event))
        assert got["heidke_skill_score"][0] == pytest.approx(sklearn.metrics.cohen_kappa_score(label, event))
        assert got["probability_of_detection"][0] == pytest.approx(sklearn.metrics.recall_score(label, event))
        assert got["false_alarm_ratio"][0] == pytest.approx(1 - sklearn.metrics.precision_score(label, event))
        specificity = sklearn.metrics.recall_score(1 - label, ~event)
        assert got["probability_of_false_detection"][0] == pytest.approx(1 - specificity)


def test_counts_equal_those_of_the_package_scores():
    label, probability = random_forecasts()
    for threshold in (0.1, 0.5, 0.83):
        event = xr.DataArray(probability > threshold, dims="sample")
        manager = scores.categorical.BinaryContingencyManager(
            event, xr.DataArray(label == 1, dims="sample")
        ).transform()
        counts = {name: float(value) for name, value in manager.get_counts().items()}
        got = contingency_table(label, probability, thresholds=[threshold])
        assert (got.hits[0], got.misses[0]) == (counts["tp_count"], counts["fn_count"])
        assert (got.false_alarms[0], got.correct_negatives[0]) == (counts["fp_count"], counts["tn_count"])


@patient
@given(forecasts(), st.floats(0, 1))
def test_precision_and_balanced_accuracy_follow_from_their_like(forecast, threshold):
    got = categorical_scores(contingency_table(*forecast, thresholds=[threshold]))
    assert got["precision"] == pytest.approx(1 - got["false_alarm_ratio"], nan_ok=True)
    assert got["balanced_accuracy"] == pytest.approx((1 + got["true_skill_statistic"]) / 2, nan_ok=True)


def test_scores_of_a_published_table_follow_from_each_other():
    # Liu et al. 2019, Tables 2 and 4: random forest, C class and above, 8732 events and 35957 others in the test set.
    # From recall .727 and precision .532 follow 6348 hits and 5584 false alarms, and from these the other scores.
    counts = [np.array([each]) for each in (6348.0, 2384.0, 5584.0, 30373.0)]
    got = categorical_scores(ContingencyTable(*counts))
    published = {
        "probability_of_detection": 0.727,
        "precision": 0.532,
        "accuracy": 0.822,
        "balanced_accuracy": 0.786,
        "heidke_skill_score": 0.502,
        "true_skill_statistic": 0.572,
    }
    for metric, value in published.items():
        assert got[metric] == pytest.approx([value], abs=1e-3), metric


@patient
@given(forecasts(both_outcomes=True))
def test_probabilistic_scores_equal_scikit_learn(forecast):
    label, probability = forecast
    got = probabilistic_scores(label, probability)
    if np.ptp(probability) > 0:  # scikit-learn takes a constant forecast for one that ranks at random
        assert got["area_under_roc_curve"] == pytest.approx(sklearn.metrics.roc_auc_score(label, probability))
    assert got["brier_score"] == pytest.approx(sklearn.metrics.brier_score_loss(label, probability))
    want = 1 - sklearn.metrics.brier_score_loss(label, probability) / np.var(label.astype(float))
    assert got["brier_skill_score"] == pytest.approx(want)


@patient
@given(forecasts(), st.integers(1, 30))
def test_brier_score_is_the_sum_of_its_components(forecast, reliability_bins):
    label, probability = forecast
    reliability, resolution, uncertainty = brier_score_decomposition(
        label, probability, reliability_bins=reliability_bins
    )
    assert reliability - resolution + uncertainty == pytest.approx(np.mean((probability - label) ** 2), abs=1e-12)
    assert reliability >= 0
    assert 0 <= uncertainty <= 0.25


@patient
@given(forecasts())
def test_resolution_is_murphys_where_a_bin_holds_one_forecast(forecast):
    label, probability = forecast
    probability = np.round(probability, 1)
    resolution = brier_score_decomposition(label, probability).resolution
    # 0.9 and 1.0 share the last bin
    assume(not ((probability == 0.9).any() and (probability == 1.0).any()))
    classes = [label[probability == value] for value in np.unique(probability)]
    want = sum(len(one) * (one.mean() - label.mean()) ** 2 for one in classes) / len(label)
    assert resolution == pytest.approx(want, abs=1e-12)


def test_within_bin_terms_by_hand():
    # One bin with forecasts 0.5, 0.55 and outcomes 0, 1: mean .525 and 1/2; between-bins resolution 0,
    # variance .025^2, covariance 2 * .025 * .5 = .025: resolution .025 - .000625
    got = brier_score_decomposition(np.array([0, 1], dtype=np.int8), np.array([0.5, 0.55]))
    assert got == pytest.approx((0.025**2, 0.024375, 0.25))


def test_components_hang_on_the_bins_alone_in_which_forecasts_lie():
    # .42 (event) and .48 (none) share one of ten bins, and lie in two of twenty.
    label, probability = np.array([1, 0], dtype=np.int8), np.array([0.42, 0.48])
    assert brier_score_decomposition(label, probability).reliability == pytest.approx((0.45 - 0.5) ** 2)
    of_twenty = brier_score_decomposition(label, probability, reliability_bins=20)
    assert of_twenty.reliability == pytest.approx((0.58**2 + 0.48**2) / 2)
    assert of_twenty.resolution == pytest.approx(0.25)
    got = probabilistic_scores(label, probability, reliability_bins=20)
    assert (got["reliability"], got["resolution"]) == of_twenty[:2]


@patient
@given(forecasts(both_outcomes=True), st.floats(0, 1), st.floats(0, 1))
def test_a_constant_forecast_has_no_skill(forecast, constant, threshold):
    label, _ = forecast
    probability = np.full(label.shape, constant)
    got = categorical_scores(contingency_table(label, probability, thresholds=[threshold]))
    assert got["true_skill_statistic"] == [0]
    assert got["heidke_skill_score"] == pytest.approx([0])
    scores_ = probabilistic_scores(label, probability)
    assert np.isnan(scores_["area_under_roc_curve"])
    assert scores_["resolution"] == pytest.approx(0, abs=1e-12)
    assert scores_["brier_skill_score"] <= 1e-12


@patient
@given(forecasts(both_outcomes=True), st.floats(0, 1), st.randoms(use_true_random=False))
def test_the_order_of_samples_does_not_matter(forecast, threshold, random):
    label, probability = forecast
    order = list(range(len(label)))
    random.shuffle(order)
    there = categorical_scores(contingency_table(label, probability, thresholds=[threshold]))
    back = categorical_scores(contingency_table(label[order], probability[order], thresholds=[threshold]))
    for metric in there:
        np.testing.assert_array_equal(there[metric], back[metric])
    there, back = probabilistic_scores(label, probability), probabilistic_scores(label[order], probability[order])
    for metric in there:
        assert there[metric] == pytest.approx(back[metric], abs=1e-9, nan_ok=True), metric
    best = threshold_of_best_true_skill_statistic
    assert best(label, probability) == best(label[order], probability[order])


@patient
@given(forecasts(both_outcomes=True), st.floats(0, 1), st.integers(2, 5))
def test_true_skill_statistic_and_roc_area_do_not_hang_on_the_class_ratio(forecast, threshold, times):
    label, probability = forecast
    repeats = np.where(label == 1, times, 1)
    more = np.repeat(label, repeats), np.repeat(probability, repeats)
    assert true_skill_statistic(*more, threshold) == pytest.approx(true_skill_statistic(label, probability, threshold))
    area = probabilistic_scores(label, probability)["area_under_roc_curve"]
    assert probabilistic_scores(*more)["area_under_roc_curve"] == pytest.approx(area, nan_ok=True)
    assert threshold_of_best_true_skill_statistic(*more) == threshold_of_best_true_skill_statistic(label, probability)


@patient
@given(forecasts(both_outcomes=True))
def test_on_balanced_data_the_skill_scores_follow_from_accuracy(forecast):
    label, probability = forecast
    label = np.concatenate([label, 1 - label])
    probability = np.concatenate([probability, probability[::-1]])
    got = categorical_scores(contingency_table(label, probability, thresholds=[0.5]))
    # Sun et al. 2022, section 3.3: TSS = HSS = 1 - 2 (1 - ACC)
    assert got["true_skill_statistic"] == pytest.approx(2 * got["accuracy"] - 1)
    assert got["heidke_skill_score"] == pytest.approx(2 * got["accuracy"] - 1)


@pytest.mark.parametrize(
    ("label", "probability", "want"),
    [
        ([0, 1], [0.2, 0.6], 0.4),  # the midpoint
        ([0, 0, 1, 1], [0.1, 0.3, 0.4, 0.9], 0.35),
        ([1, 0], [0.2, 0.6], 0.8),  # the wrong way round: nothing is better than something; 0.1 and 0.8 tie
        ([1, 0], [0.4, 0.8], 0.2),  # 0.2 and 0.9 tie, 0.2 is nearer to 0.5
        ([0, 1], [0.5, 0.5], 0.25),  # constant: 0.25 and 0.75 tie at the same distance, the lower
        ([0, 1], [0.0, 1.0], 0.5),
        ([0, 1, 0, 1], [0.1, 0.3, 0.5, 0.7], 0.6),  # 0.2 and 0.6 have 1/2, 0.6 is nearer to 0.5
        ([0, 1], [0.3, 0.3], 0.65),  # constant: 0.15 or 0.65
    ],
)
def test_best_threshold_by_hand(label, probability, want):
    got = threshold_of_best_true_skill_statistic(np.array(label, dtype=np.int8), np.array(probability))
    assert got == pytest.approx(want, abs=1e-15)


def test_the_best_threshold_of_any_score_lies_half_way_between_forecasts():
    label, probability = np.array([0, 1, 1], dtype=np.int8), np.array([0.2, 0.4, 0.8])
    # Both events above 0.2; where a hit counts less than nothing, none of them is best.
    assert best_threshold(label, probability, score=lambda table: table.hits - table.false_alarms) == pytest.approx(0.3)
    assert best_threshold(label, probability, score=lambda table: -table.hits) == pytest.approx(0.9)


@patient
@given(forecasts(both_outcomes=True))
def test_no_threshold_is_better_than_the_best(forecast):
    label, probability = forecast
    threshold = threshold_of_best_true_skill_statistic(label, probability)
    best = true_skill_statistic(label, probability, threshold)
    assert 0 <= threshold <= 1
    others = np.concatenate([np.linspace(0, 1, 201), probability, np.nextafter(probability, 0), [threshold]])
    others = np.clip(others, 0, 1)
    got = categorical_scores(contingency_table(label, probability, thresholds=others))["true_skill_statistic"]
    assert got.max() <= best + 1e-12


def test_best_threshold_between_neighbouring_floating_point_numbers():
    low = 0.7
    for _ in range(4):
        high = np.nextafter(low, 1)
        got = threshold_of_best_true_skill_statistic(np.array([0, 1], dtype=np.int8), np.array([low, high]))
        assert low <= got < high
        low = high


def test_best_threshold_of_one_outcome_does_not_exist():
    for label in (0, 1):
        assert np.isnan(threshold_of_best_true_skill_statistic(np.full(3, label, dtype=np.int8), PROBABILITY[:3]))


def test_undefined_scores_are_nan_without_a_warning_and_have_a_reason():
    cases = {
        # no event, and none forecast
        (0, 0.2): {
            "balanced_accuracy",
            "probability_of_detection",
            "precision",
            "false_alarm_ratio",
            "true_skill_statistic",
            "heidke_skill_score",
            "area_under_roc_curve",
            "brier_skill_score",
            "brier_skill_score_training_climatology",
        },
        # events only, all forecast
        (1, 0.8): {
            "balanced_accuracy",
            "probability_of_false_detection",
            "true_skill_statistic",
            "heidke_skill_score",
            "area_under_roc_curve",
            "brier_skill_score",
            "brier_skill_score_training_climatology",
        },
    }
    # 49: (1 / 49) * 49**2 is not 49, so that 0/0 of the Heidke skill score would be a number.
    for n in (1, 7, 49):
        for (outcome, forecast), want in cases.items():
            label, probability = np.full(n, outcome, dtype=np.int8), np.full(n, forecast)
            with warnings.catch_warnings():
                warnings.simplefilter("error")
                got = categorical_scores(contingency_table(label, probability, thresholds=[0.5]))
                every = {metric: value[0] for metric, value in got.items()} | probabilistic_scores(label, probability)
            undefined = {metric for metric, value in every.items() if np.isnan(value)}
            assert undefined == want
            assert undefined <= UNDEFINED_BECAUSE.keys()
            assert every["reliability"] == pytest.approx(0.04)


def test_an_unknown_threshold_makes_its_scores_unknown():
    got = categorical_scores(contingency_table(LABEL, PROBABILITY, thresholds=[0.5, np.nan]))
    assert all(np.isnan(value).tolist() == [False, True] for value in got.values())


def test_training_climatology_that_is_perfect_or_absent():
    label = np.zeros(4, dtype=np.int8)
    for rate in (0.0, float("nan")):
        got = probabilistic_scores(label, PROBABILITY[:4], training_event_rate=rate)
        assert np.isnan(got["brier_skill_score_training_climatology"])
    got = probabilistic_scores(label, np.zeros(4), training_event_rate=0.5)
    assert got["brier_skill_score_training_climatology"] == 1


def test_scores_keep_the_shape_of_the_counts():
    counts = np.array([[3.0, 1.0, 2.0], [4.0, 0.0, 5.0]])
    got = categorical_scores(ContingencyTable(counts, counts + 1, counts + 2, counts + 3))
    assert got["accuracy"].shape == (2, 3)
    assert got["accuracy"][1, 2] == pytest.approx((5 + 8) / (5 + 6 + 7 + 8))


def test_reliability_curve_by_hand():
    label = np.array([0, 1, 1, 0, 1], dtype=np.int8)
    x, y, n = reliability_curve(label, np.array([0.0, 0.05, 0.1, 0.95, 1.0]))
    assert n.tolist() == [2, 1, 0, 0, 0, 0, 0, 0, 0, 2]
    np.testing.assert_allclose(x, [0.025, 0.1, *[np.nan] * 7, 0.975])
    np.testing.assert_allclose(y, [0.5, 1, *[np.nan] * 7, 0.5])
    # Of twenty bins [0, .05), [.05, .1), ..., [.95, 1] each is as long as Liu et al. 2019 have them.
    _, y, n = reliability_curve(label, np.array([0.0, 0.05, 0.1, 0.95, 1.0]), reliability_bins=20)
    assert n.tolist() == [1, 1, 1, *[0] * 16, 2]
    np.testing.assert_allclose(y, [0, 1, 1, *[np.nan] * 16, 0.5])


@pytest.mark.parametrize("n_bins", [10, 20])
def test_reliability_curve_equals_scikit_learn(n_bins):
    from sklearn.calibration import calibration_curve

    label, probability = random_forecasts()
    x, y, _ = reliability_curve(label, probability, reliability_bins=n_bins)
    want_y, want_x = calibration_curve(label, probability, n_bins=n_bins)
    np.testing.assert_allclose(x, want_x)
    np.testing.assert_allclose(y, want_y)


def test_roc_curve_by_hand():
    # Thresholds fall through .9 (event), .6 (both), .3 (non-event): (0, 0), (0, 1/2), (1/2, 1), (1, 1)
    label = np.array([1, 1, 0, 0], dtype=np.int8)
    x, y, n = roc_curve(label, np.array([0.9, 0.6, 0.6, 0.3]))
    assert x.tolist() == np.linspace(0, 1, 101).tolist()
    assert y[[0, 25, 50, 75, 100]] == pytest.approx([0.5, 0.75, 1, 1, 1])
    assert set(n) == {4}


def test_roc_curve_equals_that_of_the_package_scores():
    label, probability = random_forecasts(300)
    want = scores.probability.roc_curve_data(
        xr.DataArray(probability, dims="sample"), xr.DataArray(label.astype(float), dims="sample")
    ).sortby("threshold", ascending=False)
    upper = want.to_dataframe().groupby("POFD")["POD"].max()
    x, y, _ = roc_curve(label, probability)
    np.testing.assert_allclose(y, np.interp(x, upper.index, upper))


@patient
@given(forecasts(both_outcomes=True))
def test_roc_curve_never_falls_and_ends_at_one(forecast):
    _, y, _ = roc_curve(*forecast)
    assert (np.diff(y) >= -1e-12).all()
    assert y[-1] == 1


def test_roc_curve_encloses_the_area():
    label, probability = random_forecasts(5000)
    x, y, _ = roc_curve(label, probability)
    area = probabilistic_scores(label, probability)["area_under_roc_curve"]
    assert np.trapezoid(y, x) == pytest.approx(area, abs=1e-3)


@patient
@given(forecasts(both_outcomes=True))
def test_skill_score_profiles_are_the_scores_at_each_threshold(forecast):
    label, probability = forecast
    profiles = skill_score_profiles(label, probability, metrics=METRICS_PROFILED)
    assert tuple(profiles) == METRICS_PROFILED
    for x, y, n in profiles.values():
        assert x[:11].tolist() == [each / 1000 for each in range(11)]
        assert x[10:].tolist() == np.linspace(0, 1, 101)[1:].tolist()
        assert y[-1] == pytest.approx(0, abs=1e-12)
        assert set(n) == {len(label)}
    x, y, _ = profiles["true_skill_statistic"]
    event, non_event = probability[label == 1], probability[label == 0]
    want = [operator.sub(np.mean(event > threshold), np.mean(non_event > threshold)) for threshold in x]
    np.testing.assert_allclose(y, want, atol=1e-12)
    for place in (0, 5, 40, 80):
        kappa = sklearn.metrics.cohen_kappa_score(label, probability > x[place])
        assert profiles["heidke_skill_score"].y[place] == pytest.approx(kappa, abs=1e-12)


def test_curves_of_one_outcome_are_undefined():
    label = np.zeros(3, dtype=np.int8)
    assert np.isnan(roc_curve(label, PROBABILITY[:3]).y).all()
    profiles = skill_score_profiles(label, PROBABILITY[:3], metrics=METRICS_PROFILED)
    assert np.isnan(profiles["true_skill_statistic"].y).all()
    # At the thresholds above .9 nothing is forecast, and nothing occurred; below, all that was forecast is wrong.
    heidke = profiles["heidke_skill_score"]
    assert np.isnan(heidke.y[heidke.x >= 0.9]).all()
    assert (heidke.y[heidke.x < 0.9] == 0).all()
    assert np.isnan(roc_curve(1 - label, PROBABILITY[:3]).y).all()
