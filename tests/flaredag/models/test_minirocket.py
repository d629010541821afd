"""MiniRocket, held against loops over samples, steps and weights; and what it can and cannot learn."""

import dataclasses
from itertools import combinations

import numpy as np
import pytest
from safetensors.numpy import load, save
from sklearn.linear_model import LogisticRegression, RidgeClassifierCV
from sklearn.metrics import roc_auc_score

from flaredag.errors import InputError
from flaredag.models import minirocket
from flaredag.models.minirocket import convolution_features
from made_up_sequences import bytes_of, ordered_samples, samples_of

SETTINGS = {"n_convolution_features": 840, "max_dilations": 32}


def splits(n_steps=12):
    return [ordered_samples(seed=seed, n_steps=n_steps) for seed in (0, 1, 2)]


def fitted(*, seed=0, n_steps=12, **changed):
    train, validation, _ = splits(n_steps)
    return minirocket.fit(train, validation, seed=seed, settings=SETTINGS | changed)


@pytest.fixture(scope="module")
def fit():
    return fitted()


def by_loops(sequence, arrays):
    """Shares of steps above each bias: weight by weight, with a zero for each step outside of the window."""
    n_steps = sequence.shape[1]
    kernels = list(combinations(range(9), 3))
    features, biases = [], iter(arrays["biases"])
    for place, (dilation, size) in enumerate(zip(arrays["dilations"], arrays["features_of_kernel"], strict=True)):
        for number, kernel in enumerate(kernels):
            weights = [2 if weight in kernel else -1 for weight in range(9)]
            convolved = np.zeros((len(sequence), n_steps))
            for step in range(n_steps):
                for weight in range(9):
                    seen = step + (weight - 4) * dilation
                    for feature in np.flatnonzero(arrays["inputs"][place, number]):
                        if 0 <= seen < n_steps:
                            convolved[:, step] += weights[weight] * sequence[:, seen, feature]
            steps = range(n_steps)
            if (place + number) % 2 == 1:
                steps = [step for step in steps if step - 4 * dilation >= 0 and step + 4 * dilation < n_steps]
            for _ in range(size):
                bias = next(biases)
                features.append([np.mean([row[step] > bias for step in steps]) for row in convolved])
    assert next(biases, None) is None
    return np.array(features).T


class TestFeatures:
    @pytest.mark.parametrize("n_steps", [9, 17, 40])
    def test_convolutions_and_shares_as_by_loops(self, n_steps):
        # Whole numbers are summed without rounding, so that values on a bias are on it in both.
        rng = np.random.default_rng(n_steps)
        sequence = rng.integers(-3, 4, size=(3, n_steps, 3)).astype(np.float32)
        train = samples_of(sequence, [0, 1, 0])
        arrays = minirocket.fit(train, samples_of(sequence, [0, 1, 0]), seed=1, settings=SETTINGS).arrays
        assert len(arrays["biases"]) == 840
        np.testing.assert_array_equal(convolution_features(sequence, arrays), by_loops(sequence, arrays))

    def test_by_hand(self):
        # One kernel of weights 2, 2, 2, -1, ... at dilation 1; all others have no feature of their own to tell.
        inputs = np.ones((1, 84, 1), dtype=np.uint8)
        arrays = {"dilations": np.array([1]), "features_of_kernel": np.array([1]), "inputs": inputs}
        arrays["biases"] = np.zeros(84)
        sequence = np.zeros((1, 10, 1))
        sequence[0, 4] = 1.0
        # At step s the value 1 has the weight 4 - (s - 4), that is 2 at s = 6, 7, 8 and -1 at s = 0 to 5.
        assert convolution_features(sequence, arrays)[0, 0] == 3 / 10
        # The next kernel has weights 2 at 0, 1 and 3, so at s = 8, 7 and 5; it counts steps 4 and 5 alone.
        assert convolution_features(sequence, arrays)[0, 1] == 1 / 2

    def test_shares_lie_in_0_to_1_and_hang_on_no_other_sample(self, fit):
        test = splits()[2]
        found = convolution_features(test.sequence, fit.arrays)
        assert found.min() >= 0
        assert found.max() <= 1
        np.testing.assert_array_equal(convolution_features(test.sequence[7:9], fit.arrays), found[7:9])

    def test_a_constant_added_changes_no_step_within(self, fit):
        # The weights sum to 0: kernels whose steps all lie within the window see no difference. Whole numbers, so that
        # nothing is rounded.
        sequence = splits()[2].sequence.round()
        plain, shifted = (convolution_features(one, fit.arrays) for one in (sequence, sequence + 8))
        within = np.repeat(np.arange(84) % 2 == 1, fit.arrays["features_of_kernel"][0])
        differs = (plain != shifted).any(axis=0)[: len(within)]
        assert not differs[within].any()
        assert differs[~within].mean() > 0.9


class TestForm:
    def test_dilations_of_the_papers_sequences(self):
        # 2 to 32 powers from 0 to log2(39 / 8), rounded down: 14 of 1, 8 of 2, 6 of 3, 4 of 4; 119 features a kernel.
        powers = (2 ** (np.arange(32) / 31 * np.log2(39 / 8))).astype(int)
        assert [int((powers == dilation).sum()) for dilation in (1, 2, 3, 4)] == [14, 8, 6, 4]
        train, validation, _ = splits(40)
        settings = {"n_convolution_features": 10_000, "max_dilations": 32}
        fit = minirocket.fit(train, validation, seed=0, settings=settings)
        assert fit.arrays["dilations"].tolist() == [1, 2, 3, 4]
        # 119 / 32 times as many, rounded down, are 52, 29, 22 and 14; the two that are left go to the first two.
        assert fit.arrays["features_of_kernel"].tolist() == [53, 30, 22, 14]
        assert fit.history["features"] == len(fit.arrays["coefficients"]) == 84 * 119

    def test_every_kernel_sees_from_one_to_all_features(self):
        rng = np.random.default_rng(0)
        sequence, label = rng.normal(size=(20, 9, 12)), np.arange(20) % 2
        fit = minirocket.fit(samples_of(sequence, label), samples_of(sequence, label), seed=0, settings=SETTINGS)
        n_seen = fit.arrays["inputs"].sum(axis=2)
        # Never more than a kernel has weights; halves of the logarithm's range: as many see one as two or three.
        assert n_seen.min() == 1
        assert n_seen.max() == 9
        assert 0.15 < (n_seen == 1).mean() < 0.45

    def test_the_classifier_is_the_ridge_of_scikit_learn(self, fit):
        train, _, test = splits()
        features = convolution_features(train.sequence, fit.arrays)
        spread = np.where(np.ptp(features, axis=0) == 0, 1.0, features.std(axis=0))
        ridge = RidgeClassifierCV(alphas=np.logspace(-3, 3, 10)).fit(features / spread, train.label)
        wanted = ridge.decision_function(convolution_features(test.sequence, fit.arrays) / spread)
        np.testing.assert_allclose(fit.score(test), wanted, atol=1e-9)
        assert fit.history["penalty"] == ridge.alpha_

    def test_probabilities_are_a_logistic_regression_on_the_scores_of_the_validation_split(self, fit):
        _, validation, test = splits()
        # Platt's targets as weights of both outcomes of each sample; another solver finds the same optimum.
        n_events, n_others = (validation.label == 1).sum(), (validation.label == 0).sum()
        target = np.where(validation.label == 1, (n_events + 1) / (n_events + 2), 1 / (n_others + 2))
        score, outcome = np.tile(fit.score(validation), 2)[:, None], np.repeat([1, 0], len(validation))
        model = LogisticRegression(C=np.inf, solver="newton-cholesky", tol=1e-12)
        model.fit(score, outcome, sample_weight=np.concatenate([target, 1 - target]))
        np.testing.assert_allclose(
            fit.probability(test), model.predict_proba(fit.score(test)[:, None])[:, 1], atol=1e-5
        )


class TestFit:
    def test_learns_what_came_before_what(self, fit):
        test = splits()[2]
        probability = fit.probability(test)
        assert ((probability > 0) & (probability < 1)).all()
        assert roc_auc_score(test.label, probability) > 0.95

    def test_learns_in_padded_windows(self):
        def padded(samples):
            return dataclasses.replace(samples, sequence=np.pad(samples.sequence, ((0, 0), (4, 0), (0, 0))))

        train, validation, test = map(padded, splits(8))
        fit = minirocket.fit(train, validation, seed=0, settings=SETTINGS)
        assert roc_auc_score(test.label, fit.probability(test)) > 0.95
        assert np.isfinite(fit.probability(samples_of(np.zeros((2, 12, 3)), [0, 1]))).all()

    def test_same_seed_same_bits(self, fit):
        test = splits()[2]
        again = fitted()
        assert bytes_of(again) == bytes_of(fit)
        assert again.probability(test).tobytes() == fit.probability(test).tobytes()
        assert bytes_of(fitted(seed=1)) != bytes_of(fit)

    def test_many_samples_as_a_few(self, fit, monkeypatch):
        test = splits()[2]
        whole = fit.probability(test)
        monkeypatch.setattr(minirocket, "SAMPLES_AT_ONCE", 7)
        assert fit.probability(test).tobytes() == whole.tobytes()
        assert fit.probability(ordered_samples(0, n_steps=12)).shape == (0,)


class TestRestored:
    def test_a_checkpoint_gives_the_same_bits(self, fit):
        test = splits()[2]
        again = minirocket.restored(load(save(fit.arrays)), SETTINGS)
        assert again.probability(test).tobytes() == fit.probability(test).tobytes()

    def test_windows_of_another_shape_are_refused(self, fit):
        with pytest.raises(InputError, match="windows of 13 steps and 3 features; the model wants 12 steps and 3"):
            fit.probability(ordered_samples(4, n_steps=13))
        test = splits()[2]
        fewer = dataclasses.replace(test, sequence=test.sequence[:, :, :2])
        with pytest.raises(InputError, match="windows of 12 steps and 2 features; the model wants 12 steps and 3"):
            fit.probability(fewer)


class TestRefused:
    def test_windows_shorter_than_a_kernel(self):
        with pytest.raises(InputError, match="minirocket: windows of 8 steps; wanted at least 9"):
            fitted(n_steps=8)

    @pytest.mark.parametrize("changed", [{"n_convolution_features": 83}, {"max_dilations": 0}])
    def test_settings_that_leave_nothing(self, changed):
        ((name, value),) = changed.items()
        with pytest.raises(InputError, match=f"{name} .*{value}.*wanted at least 84, one a kernel, and 1. Mend"):
            fitted(**changed)

    def test_samples_of_one_class(self):
        train, validation, _ = splits()
        nothing = np.zeros_like(train.label)
        with pytest.raises(InputError, match="minirocket: 0 training samples with an event and 400 without"):
            minirocket.fit(dataclasses.replace(train, label=nothing), validation, seed=0, settings=SETTINGS)
        with pytest.raises(InputError, match="0 samples with an event and 400 without, to calibrate on"):
            minirocket.fit(train, dataclasses.replace(validation, label=nothing), seed=0, settings=SETTINGS)

    def test_numbers_that_are_not_finite(self, fit):
        test = splits()[2]
        test.sequence[5, 3, 1] = np.nan
        with pytest.raises(InputError, match="1 of 400 windows hold numbers that are not finite"):
            fit.probability(test)
