"""Logistic regression, held against scikit-learn and a formula."""

import dataclasses

import numpy as np
import pytest
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import FunctionTransformer, QuantileTransformer, StandardScaler

from flaredag.errors import InputError
from flaredag.models import logistic_regression

SETTINGS = {"inverse_regularisation": 1.0, "n_features": "all"}


@pytest.mark.parametrize("inverse_regularisation", [0.01, 1.0, 100.0])
def test_equals_scikit_learn(make_samples, inverse_regularisation):
    train, test = make_samples(), make_samples(seed=1)
    settings = SETTINGS | {"inverse_regularisation": inverse_regularisation}
    fit = logistic_regression.fit(train, test, seed=0, settings=settings)
    # Another solver finds the same optimum.
    model = LogisticRegression(C=inverse_regularisation, solver="lbfgs", tol=1e-12, max_iter=10000)
    model.fit(train.sequence[:, -1].astype(np.float64), train.label)
    wanted = model.predict_proba(test.sequence[:, -1].astype(np.float64))[:, 1]
    np.testing.assert_allclose(fit.probability(test), wanted, atol=1e-6)
    np.testing.assert_allclose(fit.arrays["coefficients"], model.coef_[0], rtol=1e-4)


def test_probability_is_the_formula(make_samples):
    samples = make_samples(n_samples=2)
    arrays = {"coefficients": np.array([1.0, 2.0, -1.0]), "intercept": np.array([0.5])}
    fit = logistic_regression.restored(arrays, SETTINGS)
    for sample, probability in zip(samples.sequence, fit.probability(samples), strict=True):
        a, b, c = sample[-1].astype(np.float64)
        assert probability == pytest.approx(1 / (1 + np.exp(-(a + 2 * b - c + 0.5))), rel=1e-12)


def test_the_probability_is_that_of_the_positive_class(make_samples):
    train = make_samples(strength=10.0)
    fit = logistic_regression.fit(train, train, seed=0, settings=SETTINGS)
    probability = fit.probability(train)
    assert probability[train.label == 1].mean() > 0.8
    assert probability[train.label == 0].mean() < 0.2


def test_only_the_last_record_counts(make_samples):
    train = make_samples()
    earlier = train.sequence.copy()
    earlier[:, :-1] = 99.0
    fits = [
        logistic_regression.fit(samples, train, seed=0, settings=SETTINGS)
        for samples in (train, dataclasses.replace(train, sequence=earlier))
    ]
    assert fits[0].arrays["coefficients"].tolist() == fits[1].arrays["coefficients"].tolist()


@pytest.mark.parametrize("n_features", [1, 2, 3])
def test_takes_as_many_features_from_the_first_as_asked_for(make_samples, n_features):
    train, test = make_samples(), make_samples(seed=1)
    settings = SETTINGS | {"n_features": n_features}
    fit = logistic_regression.fit(train, test, seed=0, settings=settings)
    model = LogisticRegression(solver="newton-cholesky", tol=1e-12)
    model.fit(train.sequence[:, -1, :n_features].astype(np.float64), train.label)
    np.testing.assert_allclose(fit.arrays["coefficients"], model.coef_[0], rtol=1e-4)
    # The rest has no say, neither in the fit nor in a forecast, before and after it was stored.
    noise = test.sequence.copy()
    noise[:, :, n_features:] = 77.0
    blind = dataclasses.replace(test, sequence=noise)
    for one in (fit, logistic_regression.restored(fit.arrays, settings)):
        assert one.probability(blind).tobytes() == fit.probability(test).tobytes()


def test_all_features_are_as_many_as_there_are(make_samples):
    train = make_samples()
    fits = [logistic_regression.fit(train, train, seed=0, settings=SETTINGS | {"n_features": n}) for n in ("all", 3)]
    assert fits[0].arrays["coefficients"].tolist() == fits[1].arrays["coefficients"].tolist()


def test_restored_gives_the_same_bits_and_the_seed_takes_no_part(make_samples):
    train, test = make_samples(), make_samples(seed=1)
    fits = [logistic_regression.fit(train, test, seed=seed, settings=SETTINGS) for seed in (0, 1)]
    again = logistic_regression.restored(fits[0].arrays, SETTINGS)
    assert len({fit.probability(test).tobytes() for fit in (*fits, again)}) == 1


class TestQuantileTransform:
    SETTINGS = SETTINGS | {"transform": "quantile"}

    def test_equals_scikit_learn(self, make_samples):
        train, test = make_samples(), make_samples(seed=1)
        fit = logistic_regression.fit(train, test, seed=0, settings=self.SETTINGS)
        model = make_pipeline(
            QuantileTransformer(n_quantiles=300, output_distribution="normal"),
            LogisticRegression(solver="lbfgs", tol=1e-12, max_iter=10000),
        )
        model.fit(train.sequence[:, -1].astype(np.float64), train.label)
        wanted = model.predict_proba(test.sequence[:, -1].astype(np.float64))[:, 1]
        np.testing.assert_allclose(fit.probability(test), wanted, atol=1e-6)

    def test_the_fit_hangs_on_ranks_alone(self, make_samples):
        # What keeps the order of a feature's values keeps the fit: here their cubes.
        train, test = make_samples(), make_samples(seed=1)
        cubed = [dataclasses.replace(samples, sequence=samples.sequence**3) for samples in (train, test)]
        fit = logistic_regression.fit(train, test, seed=0, settings=self.SETTINGS)
        of_cubes = logistic_regression.fit(*cubed, seed=0, settings=self.SETTINGS)
        np.testing.assert_allclose(of_cubes.arrays["coefficients"], fit.arrays["coefficients"], rtol=1e-3)
        np.testing.assert_allclose(of_cubes.probability(cubed[0]), fit.probability(train), atol=1e-3)

    def test_restored_gives_the_same_bits(self, make_samples):
        train, test = make_samples(), make_samples(seed=1)
        fit = logistic_regression.fit(train, test, seed=0, settings=self.SETTINGS)
        again = logistic_regression.restored(fit.arrays, self.SETTINGS)
        assert again.probability(test).tobytes() == fit.probability(test).tobytes()
        assert fit.arrays["quantiles"].shape == (300, 3)

    def test_no_more_than_the_features_asked_for(self, make_samples):
        train = make_samples()
        fit = logistic_regression.fit(train, train, seed=0, settings=self.SETTINGS | {"n_features": 2})
        assert fit.arrays["quantiles"].shape[1] == len(fit.arrays["coefficients"]) == 2

    def test_the_plain_fit_is_that_of_no_transform(self, make_samples):
        train = make_samples()
        fits = [
            logistic_regression.fit(train, train, seed=0, settings=settings)
            for settings in (SETTINGS, SETTINGS | {"transform": "none"})
        ]
        assert fits[0].arrays.keys() == {"coefficients", "intercept"}
        assert fits[0].arrays["coefficients"].tolist() == fits[1].arrays["coefficients"].tolist()

    def test_an_unknown_transform(self, make_samples):
        train = make_samples()
        with pytest.raises(InputError, match="transform is 'log'; wanted one of none, quantile, logarithm"):
            logistic_regression.fit(train, train, seed=0, settings=SETTINGS | {"transform": "log"})


class TestLogarithms:
    SETTINGS = SETTINGS | {"transform": "logarithm"}

    def test_by_hand(self):
        # Lowest value 1; the distances above it are 0, 1, 3 and 7: their quantile 0.1 is 1 + 0.2 * 2 = 1.4.
        values = np.array([[1.0], [2.0], [4.0], [8.0]])
        scales = logistic_regression._scales(values)
        assert scales["lowest"].tolist() == [1.0]
        assert scales["unit"].tolist() == pytest.approx([1.4])
        found = logistic_regression._logarithms(np.array([[8.0], [-5.0]]), **scales)
        assert found[:, 0].tolist() == pytest.approx([np.log(1 + 7 / 1.4), 0.0])

    def test_a_constant_feature_says_nothing(self, make_samples):
        train = make_samples()
        train.sequence[:, :, 1] = 2.5
        fit = logistic_regression.fit(train, train, seed=0, settings=self.SETTINGS)
        assert fit.arrays["unit"][1] == 1.0
        assert fit.arrays["coefficients"][1] == 0.0
        assert np.isfinite(fit.probability(train)).all()

    def test_equals_scikit_learn(self, make_samples):
        train, test = make_samples(), make_samples(seed=1)
        fit = logistic_regression.fit(train, test, seed=0, settings=self.SETTINGS)
        scales = logistic_regression._scales(train.sequence[:, -1].astype(np.float64))
        model = make_pipeline(
            FunctionTransformer(lambda values: np.log1p(np.maximum(values - scales["lowest"], 0) / scales["unit"])),
            StandardScaler(),
            LogisticRegression(solver="lbfgs", tol=1e-12, max_iter=10000),
        )
        model.fit(train.sequence[:, -1].astype(np.float64), train.label)
        wanted = model.predict_proba(test.sequence[:, -1].astype(np.float64))[:, 1]
        np.testing.assert_allclose(fit.probability(test), wanted, atol=1e-6)

    def test_restored_gives_the_same_bits(self, make_samples):
        train, test = make_samples(), make_samples(seed=1)
        fit = logistic_regression.fit(train, test, seed=0, settings=self.SETTINGS)
        again = logistic_regression.restored(fit.arrays, self.SETTINGS)
        assert again.probability(test).tobytes() == fit.probability(test).tobytes()

    def test_the_unit_of_the_features_does_not_matter(self, make_samples):
        train, test = make_samples(), make_samples(seed=1)
        in_other_units = [dataclasses.replace(one, sequence=one.sequence * 8 + 32) for one in (train, test)]
        fits = [
            logistic_regression.fit(one[0], one[1], seed=0, settings=self.SETTINGS).probability(one[1])
            for one in ([train, test], in_other_units)
        ]
        np.testing.assert_allclose(fits[0], fits[1], atol=1e-5)
