"""Support vector machine, held against scikit-learn and sums by hand."""

import dataclasses

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from sklearn.linear_model import LogisticRegression
from sklearn.svm import SVC

from flaredag.errors import InputError
from flaredag.models import support_vector_machine

SETTINGS = {"max_samples": 1000, "inverse_regularisation": 1.0, "gamma": "scale", "class_weights": "none"}


def scikit_learn(train, settings):
    weights = {"none": None, "balanced": "balanced"}[settings["class_weights"]]
    model = SVC(C=settings["inverse_regularisation"], gamma=settings["gamma"], class_weight=weights)
    return model.fit(train.sequence[:, -1].astype(np.float64), train.label)


@pytest.mark.parametrize(
    "settings",
    [
        SETTINGS,
        SETTINGS | {"gamma": 0.3, "inverse_regularisation": 20.0},
        SETTINGS | {"class_weights": "balanced"},
    ],
    ids=["default", "another kernel", "balanced"],
)
@pytest.mark.parametrize("n_samples", [10, 300])
def test_scores_equal_scikit_learn(make_samples, settings, n_samples):
    train, test = make_samples(n_samples=n_samples), make_samples(seed=1)
    fit = support_vector_machine.fit(train, test, seed=0, settings=settings)
    model = scikit_learn(train, settings)
    for samples in (train, test):
        wanted = model.decision_function(samples.sequence[:, -1].astype(np.float64))
        np.testing.assert_allclose(fit.score(samples), wanted, rtol=0, atol=1e-9)


def test_probabilities_are_a_logistic_regression_on_the_scores_of_the_validation_split(make_samples):
    train, validation, test = (make_samples(seed=seed) for seed in range(3))
    fit = support_vector_machine.fit(train, validation, seed=0, settings=SETTINGS)
    # Platt's targets as weights of both outcomes of each sample; another solver finds the same optimum.
    n_events, n_others = (validation.label == 1).sum(), (validation.label == 0).sum()
    target = np.where(validation.label == 1, (n_events + 1) / (n_events + 2), 1 / (n_others + 2))
    score, outcome = np.tile(fit.score(validation), 2)[:, None], np.repeat([1, 0], len(validation))
    model = LogisticRegression(C=np.inf, solver="newton-cholesky", tol=1e-12)
    model.fit(score, outcome, sample_weight=np.concatenate([target, 1 - target]))
    wanted = model.predict_proba(fit.score(test)[:, None])[:, 1]
    np.testing.assert_allclose(fit.probability(test), wanted, atol=1e-5)


def test_sums_by_hand(make_samples):
    # Two support vectors a distance of 2 apart, gamma ln 2: kernels are 2 to the minus squared distance.
    arrays = {
        "support_vectors": np.array([[0, 0], [2, 0]], dtype=np.float32),
        "coefficients": np.array([-2.0, 4.0]),
        "intercept": np.array([0.25]),
        "gamma": np.array([np.log(2)]),
        "platt_slope": np.array([2.0]),
        "platt_intercept": np.array([-1.0]),
    }
    sequence = np.array([[[0, 0]], [[1, 0]], [[1, 1]]], dtype=np.float32)
    samples = dataclasses.replace(make_samples(n_samples=3), sequence=sequence)
    fit = support_vector_machine.restored(arrays, SETTINGS)
    score = np.array([-2 + 4 / 16 + 0.25, -2 / 2 + 4 / 2 + 0.25, -2 / 4 + 4 / 4 + 0.25])
    np.testing.assert_allclose(fit.score(samples), score, rtol=1e-14)
    np.testing.assert_allclose(fit.probability(samples), 1 / (1 + np.exp(-(2 * score - 1))), rtol=1e-14)


def test_the_probability_is_that_of_the_positive_class(make_samples):
    train, test = make_samples(strength=10.0), make_samples(strength=10.0, seed=1)
    probability = support_vector_machine.fit(train, train, seed=0, settings=SETTINGS).probability(test)
    assert probability[test.label == 1].mean() > 0.7
    assert probability[test.label == 0].mean() < 0.2


def test_restored_gives_the_same_bits_whatever_the_parts_of_the_work(make_samples, monkeypatch):
    train, test = make_samples(), make_samples(seed=1)
    fit = support_vector_machine.fit(train, test, seed=0, settings=SETTINGS)
    again = support_vector_machine.restored(fit.arrays, SETTINGS)
    whole = fit.probability(test)
    assert again.probability(test).tobytes() == whole.tobytes()
    n_vectors = len(fit.arrays["support_vectors"])
    assert fit.history == {"samples": 300, "support_vectors": n_vectors}
    for pairs in (1, 7 * n_vectors):
        monkeypatch.setattr(support_vector_machine, "PAIRS_AT_ONCE", pairs)
        assert fit.probability(test).tobytes() == whole.tobytes()


def test_only_the_last_record_counts(make_samples):
    train = make_samples()
    earlier = train.sequence.copy()
    earlier[:, :-1] = 99.0
    changed = dataclasses.replace(train, sequence=earlier)
    fits = [support_vector_machine.fit(one, one, seed=0, settings=SETTINGS) for one in (train, changed)]
    assert fits[0].probability(train).tobytes() == fits[1].probability(train).tobytes()
    assert fits[0].probability(changed).tobytes() == fits[0].probability(train).tobytes()


class TestDraw:
    SETTINGS = SETTINGS | {"max_samples": 100}

    def test_the_seed_decides_the_fit(self, make_samples):
        train, test = make_samples(), make_samples(seed=1)
        found = [
            support_vector_machine.fit(train, test, seed=seed, settings=self.SETTINGS).probability(test)
            for seed in (3, 3, 4)
        ]
        assert found[0].tobytes() == found[1].tobytes()
        assert found[0].tobytes() != found[2].tobytes()

    def test_no_seed_matters_where_all_samples_are_taken(self, make_samples):
        train = make_samples()
        fits = [support_vector_machine.fit(train, train, seed=seed, settings=SETTINGS) for seed in (3, 4)]
        assert fits[0].probability(train).tobytes() == fits[1].probability(train).tobytes()

    def test_another_sample_moves_at_most_one_of_those_drawn(self, make_samples):
        train = make_samples(n_samples=301)
        first = dataclasses.replace(
            train, **{name: getattr(train, name)[:300] for name in ("label", "instrument", "region", "issue_time")}
        )
        before, after = (
            set(support_vector_machine._drawn(samples, seed=0, max_samples=100)) for samples in (first, train)
        )
        assert len(before) == len(after) == 100
        # One by the place that it takes, and one of each class where the shares are rounded anew.
        assert len(before - after) <= 2

    @given(st.integers(0, 30), st.integers(1, 29), st.integers(2, 40))
    def test_each_class_by_its_share_and_never_none(self, make_samples, seed, n_positive, max_samples):
        label = (np.arange(30) < n_positive).astype(np.int8)
        samples = dataclasses.replace(make_samples(n_samples=30), label=label)
        drawn = support_vector_machine._drawn(samples, seed=seed, max_samples=max_samples)
        assert (np.diff(drawn) > 0).all()
        n_drawn = min(30, max_samples)
        assert len(drawn) == n_drawn
        share = n_drawn * n_positive / 30
        assert 1 <= label[drawn].sum() <= n_drawn - 1
        assert abs(label[drawn].sum() - share) <= 1


def test_class_weights_are_those_of_all_samples_and_not_of_the_draw(make_samples):
    train = make_samples()
    settings = SETTINGS | {"max_samples": 99, "class_weights": "balanced"}
    drawn = support_vector_machine._drawn(train, seed=0, max_samples=99)
    n_positive = int((train.label == 1).sum())
    weights = {0: 300 / (2 * (300 - n_positive)), 1: 300 / (2 * n_positive)}
    last_record = train.sequence[drawn, -1].astype(np.float64)
    model = SVC(C=1.0, gamma="scale", class_weight=weights).fit(last_record, train.label[drawn])
    fit = support_vector_machine.fit(train, train, seed=0, settings=settings)
    np.testing.assert_allclose(fit.score(train)[drawn], model.decision_function(last_record), atol=1e-9)


def test_features_that_never_change_give_the_event_rate(make_samples):
    train = make_samples()
    constant = dataclasses.replace(train, sequence=np.zeros_like(train.sequence))
    fit = support_vector_machine.fit(constant, constant, seed=0, settings=SETTINGS)
    # Of Platt's targets, (n + 1) / (n + 2) of n events and 1 / (m + 2) of m others: the mean.
    n, m = (train.label == 1).sum(), (train.label == 0).sum()
    rate = (n * (n + 1) / (n + 2) + m / (m + 2)) / (n + m)
    np.testing.assert_allclose(fit.probability(constant), rate, rtol=1e-6)


def test_ties_and_two_samples(make_samples):
    two = dataclasses.replace(
        make_samples(n_samples=2),
        sequence=np.array([[[0.0, 0.0]], [[1.0, 1.0]]], dtype=np.float32),
        label=np.array([0, 1], dtype=np.int8),
    )
    fit = support_vector_machine.fit(two, two, seed=0, settings=SETTINGS)
    low, high = fit.probability(two)
    assert low < 0.5 < high
    # gamma is 1 / (2 features * variance 1/4) = 2, the squared distance 2; both coefficients are at their limit C = 1.
    np.testing.assert_allclose(fit.score(two), [np.exp(-4) - 1, 1 - np.exp(-4)], rtol=1e-12)
    # Of each a hundred: the limit is out of reach, and all lie on the margin.
    many = dataclasses.replace(
        make_samples(n_samples=200), sequence=np.repeat(two.sequence, 100, axis=0), label=np.repeat(two.label, 100)
    )
    tied = support_vector_machine.fit(many, many, seed=0, settings=SETTINGS)
    assert len(set(tied.probability(many))) == 2
    np.testing.assert_allclose(tied.score(two), [-1, 1], atol=1e-3)


def test_scores_that_turn_round_on_the_validation_split_tell_nothing(make_samples):
    # The slope may not be negative: at best it is 0, and the probability the same for all.
    train = make_samples(strength=10.0)
    opposite = dataclasses.replace(train, label=1 - train.label)
    fit = support_vector_machine.fit(train, opposite, seed=0, settings=SETTINGS)
    assert fit.arrays["platt_slope"].tolist() == [0.0]
    assert len(set(fit.probability(train))) == 1


def test_samples_of_one_class_are_refused(make_samples):
    train = make_samples()
    quiet = dataclasses.replace(train, label=np.zeros_like(train.label))
    with pytest.raises(InputError, match="support vector machine: 0 training samples with an event and 300 without"):
        support_vector_machine.fit(quiet, train, seed=0, settings=SETTINGS)
    with pytest.raises(InputError, match="0 samples with an event and 300 without, to calibrate on"):
        support_vector_machine.fit(train, quiet, seed=0, settings=SETTINGS)
