import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from sklearn.linear_model import LogisticRegression

from flaredag.calibration import (
    LEAST_PROBABILITY,
    fit_beta,
    fit_calibration,
    fit_isotonic,
    fit_platt,
    prior_shift,
    weights_to_rate,
)
from flaredag.errors import InputError

FITTED = ("platt", "beta", "isotonic")
GRID = np.linspace(0, 1, 101)


def random_forecasts(n: int = 4000, *, seed: int = 0, power: float = 2.0):
    """Forecasts p of an event that occurs with probability p^power."""
    rng = np.random.default_rng(seed)
    probability = rng.random(n)
    return (rng.random(n) < probability**power).astype(np.int8), probability, np.ones(n)


def test_prior_shift_by_hand():
    # odds 1 at a rate of 1/2 are odds 1/4 at 1/5; odds 4 are odds 1
    shifted = prior_shift(np.array([0.0, 0.5, 0.8, 1.0]), training_rate=0.5, natural_rate=0.2)
    assert shifted[0] == 0
    assert shifted[3] == 1
    assert shifted[1:3] == pytest.approx([0.2, 0.5])


def test_prior_shift_agrees_with_the_formula_of_elkan():
    p, b, rate = 0.3, 0.4, 0.05
    expected = rate * (p - p * b) / (b - p * b + rate * p - b * rate)
    assert prior_shift(np.array([p]), training_rate=b, natural_rate=rate)[0] == pytest.approx(expected, rel=1e-12)


@given(st.floats(0, 1), st.floats(1e-4, 1 - 1e-4))
def test_prior_shift_between_equal_rates_changes_nothing(probability, rate):
    assert prior_shift(np.array([probability]), training_rate=rate, natural_rate=rate)[0] == probability


@given(st.lists(st.floats(0, 1), min_size=2), st.floats(0.01, 0.99), st.floats(0.01, 0.99))
def test_prior_shift_keeps_order_and_range(probability, training_rate, natural_rate):
    shifted = prior_shift(np.sort(probability), training_rate=training_rate, natural_rate=natural_rate)
    assert (np.diff(shifted) >= -1e-15).all()
    assert ((shifted >= 0) & (shifted <= 1)).all()


def test_prior_shift_of_an_undersampled_population_is_its_event_rate():
    # 30 events and 970 others, forecast perfectly well by climatology of the balanced sample
    shifted = prior_shift(np.array([0.5]), training_rate=0.5, natural_rate=0.03)
    assert shifted[0] == pytest.approx(0.03)


@pytest.mark.parametrize(("training", "natural", "what"), [(0, 0.1, "training"), (1, 0.1, "training"), (0.5, 1, "nat")])
def test_prior_shift_needs_both_outcomes(training, natural, what):
    with pytest.raises(InputError, match=f"{what}.*wanted one between 0 and 1"):
        prior_shift(np.array([0.5]), training_rate=training, natural_rate=natural)


def test_weights_restore_the_event_rate():
    # 2 events and 4 others; a rate of 1/10 needs 18 others for 2 events
    label = np.array([1, 0, 0, 1, 0, 0], dtype=np.int8)
    weight = weights_to_rate(label, 0.1)
    assert weight.tolist() == pytest.approx([1, 4.5, 4.5, 1, 4.5, 4.5])


def test_isotonic_by_hand():
    # 0.2 and 0.4 are out of order: (1 + 0 + 0) / 3 is their common level
    label = np.array([0, 1, 0, 0, 1], dtype=np.int8)
    probability = np.array([0.1, 0.2, 0.4, 0.4, 0.8])
    calibrate = fit_isotonic(label, probability, np.ones(5))
    assert calibrate(np.array([0.0, 0.1, 0.2, 0.3, 0.4, 0.6, 0.8, 1.0])) == pytest.approx(
        [0, 0, 1 / 3, 1 / 3, 1 / 3, 2 / 3, 1, 1]
    )


def test_platt_and_beta_agree_with_an_independent_logistic_regression():
    label, probability, weight = random_forecasts(20_000)
    clipped = np.clip(probability, LEAST_PROBABILITY, 1 - LEAST_PROBABILITY)
    n_events, n_none = (label == 1).sum(), (label == 0).sum()
    target = np.where(label == 1, (n_events + 1) / (n_events + 2), 1 / (n_none + 2))
    features = {"platt": [np.log(clipped / (1 - clipped))], "beta": [np.log(clipped), -np.log1p(-clipped)]}
    for method, columns in features.items():
        x = np.stack(columns, axis=1)
        # A target between 0 and 1 is a sample of both classes with weights.
        theirs = LogisticRegression(C=np.inf, tol=1e-12, solver="newton-cholesky").fit(
            np.concatenate([x, x]),
            np.repeat([1, 0], len(x)),
            sample_weight=np.concatenate([target, 1 - target]),
        )
        ours = fit_calibration(method, label, probability, weight)
        expected = theirs.predict_proba(x)[:, 1]
        assert ours(probability) == pytest.approx(expected, abs=1e-7)


def test_beta_calibration_finds_the_map_that_made_the_events():
    # a = 2, b = 1/2, c = 0.3 of 200,000 samples: standard errors are below 0.02
    rng = np.random.default_rng(3)
    probability = rng.uniform(0.02, 0.98, 200_000)
    truth = 1 / (1 + np.exp(-(2 * np.log(probability) - 0.5 * np.log1p(-probability) + 0.3)))
    label = (rng.random(len(truth)) < truth).astype(np.int8)
    fitted = fit_beta(label, probability, np.ones(len(truth)))
    found = [fitted.arrays[name][0] for name in "abc"]
    assert found == pytest.approx([2, 0.5, 0.3], abs=0.08)


def test_no_slope_is_negative_and_the_rest_is_refitted():
    # Events grow rarer as the forecast nears 1: b alone would be negative.
    label, probability, weight = random_forecasts(20_000, power=0.2)
    label = np.where((probability > 0.9) & (np.arange(len(label)) % 3 > 0), 0, label).astype(np.int8)
    fitted = fit_beta(label, probability, weight)
    assert fitted.arrays["b"][0] == 0
    assert fitted.arrays["a"][0] > 0
    x = np.log(np.clip(probability, LEAST_PROBABILITY, 1 - LEAST_PROBABILITY))[:, None]
    alone = LogisticRegression(C=np.inf, tol=1e-12, solver="newton-cholesky").fit(x, label)
    # Platt's targets move a slope by the order of one sample in 20,000.
    assert fitted.arrays["a"][0] == pytest.approx(alone.coef_[0, 0], rel=2e-3)
    both = LogisticRegression(C=np.inf, tol=1e-12, solver="newton-cholesky").fit(
        np.column_stack([x[:, 0], -np.log1p(-np.clip(probability, 0, 1 - LEAST_PROBABILITY))]), label
    )
    assert both.coef_[0, 1] < 0


@pytest.mark.parametrize("method", FITTED)
def test_a_forecast_that_is_wrong_way_round_becomes_the_event_rate(method):
    label, probability, weight = random_forecasts()
    calibrated = fit_calibration(method, label, 1 - probability, weight)(GRID[1:-1])
    # Isotonic regression may keep a step at either end.
    inner = calibrated[10:-10]
    assert np.ptp(inner) < 0.05
    assert inner.mean() == pytest.approx(label.mean(), abs=0.01)


@pytest.mark.parametrize("method", FITTED)
@given(data=st.data())
def test_maps_keep_order_and_range(method, data):
    values = st.sampled_from([0.0, 1e-9, 0.1, 0.25, 0.5, 0.9, 1.0])
    probability = np.array(data.draw(st.lists(values, min_size=2, max_size=30)))
    label = np.array(data.draw(st.lists(st.integers(0, 1), min_size=len(probability), max_size=len(probability))))
    label[:2] = (0, 1)
    weight = np.array(data.draw(st.lists(st.sampled_from([0.5, 1.0, 40.0]), min_size=len(label), max_size=len(label))))
    calibrated = fit_calibration(method, label.astype(np.int8), probability, weight)(GRID)
    assert (np.diff(calibrated) >= -1e-12).all()
    assert ((calibrated >= 0) & (calibrated <= 1)).all()


@pytest.mark.parametrize("method", FITTED)
def test_a_constant_forecast_becomes_the_constant_event_rate(method):
    # 30 events of 1000: climatology of a balanced training split says 1/2.
    label = (np.arange(1000) < 30).astype(np.int8)
    calibrate = fit_calibration(method, label, np.full(1000, 0.5), np.ones(1000))
    calibrated = calibrate(GRID)
    assert (calibrated == calibrated[0]).all()
    # Platt's targets give every class one sample of the other.
    assert calibrated[0] == pytest.approx(0.03, abs=1e-4)


@pytest.mark.parametrize("method", FITTED)
def test_forecasts_of_0_and_1_become_the_event_rates_of_either(method):
    # 20 events of 1000 after "no", 30 of 100 after "yes"
    label = np.concatenate([np.arange(1000) < 20, np.arange(100) < 30]).astype(np.int8)
    probability = np.concatenate([np.zeros(1000), np.ones(100)])
    calibrated = fit_calibration(method, label, probability, np.ones(1100))(np.array([0.0, 1.0]))
    # Platt's targets of 50 events and 1050 others
    event, none = (1, 0) if method == "isotonic" else (51 / 52, 1 / 1052)
    expected = [(20 * event + 980 * none) / 1000, (30 * event + 70 * none) / 100]
    assert calibrated == pytest.approx(expected, abs=1e-7)


@pytest.mark.parametrize("method", FITTED)
def test_forecasts_without_an_error_have_a_finite_map(method):
    label = np.repeat([0, 1], 50).astype(np.int8)
    calibrated = fit_calibration(method, label, label.astype(float), np.ones(100))(np.array([0.0, 0.5, 1.0]))
    assert calibrated[0] < 0.03
    assert calibrated[1] == pytest.approx(0.5, abs=1e-6)
    assert calibrated[2] > 0.97


@pytest.mark.parametrize("method", FITTED)
def test_weights_count_as_samples_do(method):
    label, probability, _ = random_forecasts(400)
    weight = np.where(label == 1, 1.0, 3.0)
    repeated = np.repeat(np.arange(400), weight.astype(int))
    weighted = fit_calibration(method, label, probability, weight)(GRID)
    several = fit_calibration(method, label[repeated], probability[repeated], np.ones(len(repeated)))(GRID)
    assert weighted == pytest.approx(several, abs=1e-6)


@pytest.mark.parametrize("method", FITTED)
def test_calibration_restores_the_probability_that_made_the_events(method):
    # 40,000 samples: a bin of isotonic regression is uncertain by about (0.25 / 1000)^(1/2)
    label, probability, weight = random_forecasts(40_000)
    calibrated = fit_calibration(method, label, probability, weight)(GRID)
    assert np.abs(calibrated - GRID**2).max() < {"platt": 0.06, "beta": 0.02, "isotonic": 0.05}[method]


@pytest.mark.parametrize("method", FITTED)
def test_the_order_of_samples_does_not_matter(method):
    label, probability, weight = random_forecasts(500)
    order = np.random.default_rng(1).permutation(500)
    one = fit_calibration(method, label, probability, weight)(GRID)
    other = fit_calibration(method, label[order], probability[order], weight)(GRID)
    assert other == pytest.approx(one, abs=1e-9)


@pytest.mark.parametrize("method", FITTED)
@pytest.mark.parametrize(("outcome", "told"), [(0, "0 samples with an event and 5"), (1, "5 .* and 0 without")])
def test_one_outcome_alone_calibrates_nothing(method, outcome, told):
    with pytest.raises(InputError, match=f"{told}.*wanted some of each"):
        fit_calibration(method, np.full(5, outcome, dtype=np.int8), np.linspace(0, 1, 5), np.ones(5))


def test_a_perfect_forecast_stays_nearly_as_it_is():
    label, probability, weight = random_forecasts(100_000, power=1.0)
    for fit in (fit_platt, fit_beta):
        arrays = fit(label, probability, weight).arrays
        assert [arrays[name][0] for name in "abc"] == pytest.approx([1, 1, 0], abs=0.04)
