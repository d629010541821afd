"""Random forest: the stored trees give what scikit-learn's give."""

import dataclasses

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sklearn.ensemble import RandomForestClassifier

from flaredag.errors import InputError
from flaredag.models import random_forest

SETTINGS = {"n_trees": 20, "features_per_split": 2, "min_samples_of_leaf": 1, "class_weights": "none"}
# Feature 1 at 0.5, its right child at -1.0 again; and a tree that is one leaf.
TWO_TREES = {
    "tree_start": np.array([0, 5], dtype=np.int32),
    "feature": np.array([1, -1, 0, -1, -1, -1], dtype=np.int16),
    "threshold_or_probability": np.array([0.5, 0.125, -1.0, 0.25, 1.0, 0.5], dtype=np.float32),
    "right_child": np.array([2, -1, 4, -1, -1, -1], dtype=np.int32),
}


def scikit_learn(train, of_forest, seed):
    weights = {"none": None, "balanced": "balanced"}[of_forest["class_weights"]]
    model = RandomForestClassifier(
        of_forest["n_trees"],
        max_features=of_forest["features_per_split"],
        min_samples_leaf=of_forest["min_samples_of_leaf"],
        class_weight=weights,
        random_state=seed,
    )
    return model.fit(train.sequence[:, -1], train.label)


def of_last_records(samples, last_record):
    """As many samples, of these last records and of nothing before."""
    return dataclasses.replace(samples, sequence=np.asarray(last_record, dtype=np.float32)[:, None, :])


@pytest.mark.parametrize(
    "of_forest",
    [
        SETTINGS,
        SETTINGS | {"n_trees": 1},
        SETTINGS | {"min_samples_of_leaf": 7},
        SETTINGS | {"class_weights": "balanced", "features_per_split": 3},
    ],
    ids=["deep", "one tree", "large leaves", "balanced"],
)
@pytest.mark.parametrize("n_samples", [10, 400])
def test_equals_scikit_learn(make_samples, of_forest, n_samples):
    train, test = make_samples(n_samples=n_samples), make_samples(n_samples=500, seed=1)
    fit = random_forest.fit(train, test, seed=4, settings=of_forest)
    model = scikit_learn(train, of_forest, seed=4)
    for samples in (train, test):
        wanted = model.predict_proba(samples.sequence[:, -1])[:, 1]
        np.testing.assert_allclose(fit.probability(samples), wanted, rtol=0, atol=1e-7)


def test_pure_leaves_give_the_same_bits(make_samples):
    # Of continuous values every leaf of one sample is pure: votes of 0 and 1 have no rounding.
    train, test = make_samples(), make_samples(seed=1)
    values = np.random.default_rng(0).normal(size=(2, 300, 3))
    train, test = of_last_records(train, values[0]), of_last_records(test, values[1])
    fit = random_forest.fit(train, test, seed=0, settings=SETTINGS)
    wanted = scikit_learn(train, SETTINGS, seed=0).predict_proba(test.sequence[:, -1])[:, 1]
    assert fit.probability(test).tobytes() == wanted.tobytes()


def test_neighbouring_numbers_are_told_apart(make_samples):
    # Two float32 next to each other: the threshold between them is no float32, and must not be rounded up. Below 2
    # they would be less than 1e-7 apart, which scikit-learn takes for equal.
    train = make_samples(n_samples=40)
    for low in np.array([3.0, np.nextafter(np.float32(3), 4), -3.0, 1000.0], dtype=np.float32):
        high = np.nextafter(low, np.float32(np.inf))
        values = np.where(train.label == 1, high, low)
        samples = of_last_records(train, np.stack([values] * 3, axis=1))
        fit = random_forest.fit(samples, samples, seed=0, settings=SETTINGS)
        assert fit.probability(samples).tolist() == train.label.tolist()


def test_sums_by_hand_and_a_value_on_the_threshold_goes_left(make_samples):
    samples = of_last_records(make_samples(n_samples=4), [[9, 0.5], [-1, 0.75], [-0.5, 0.75], [9, 0.25]])
    fit = random_forest.restored(TWO_TREES, SETTINGS)
    # The other tree says 0.5 to all.
    assert fit.probability(samples).tolist() == [(p + 0.5) / 2 for p in (0.125, 0.25, 1.0, 0.125)]


@pytest.mark.parametrize(("samples_at_once", "pairs_at_once"), [(1, 1), (7, 20), (64, 1 << 20)])
def test_the_parts_of_the_work_change_no_bit(make_samples, monkeypatch, samples_at_once, pairs_at_once):
    train, test = make_samples(), make_samples(n_samples=100, seed=1)
    fit = random_forest.fit(train, test, seed=0, settings=SETTINGS | {"class_weights": "balanced"})
    whole = fit.probability(test)
    monkeypatch.setattr(random_forest, "SAMPLES_AT_ONCE", samples_at_once)
    monkeypatch.setattr(random_forest, "PAIRS_AT_ONCE", pairs_at_once)
    assert fit.probability(test).tobytes() == whole.tobytes()


@settings(max_examples=25)
@given(st.integers(0, 50), st.integers(2, 30))
def test_probabilities_lie_between_0_and_1(seed, n_samples):
    rng = np.random.default_rng(seed)
    values, label = rng.integers(-2, 3, size=(n_samples, 1, 3)), np.arange(n_samples) % 2
    samples = dataclasses.make_dataclass("Rows", ["sequence", "label"])(values.astype(np.float32), label)
    balanced = SETTINGS | {"n_trees": 2, "class_weights": "balanced"}
    probability = random_forest.fit(samples, samples, seed=seed, settings=balanced).probability(samples)
    assert (probability >= 0).all()
    assert (probability <= 1).all()


def test_the_probability_is_that_of_the_positive_class(make_samples):
    train, test = make_samples(strength=10.0), make_samples(strength=10.0, seed=1)
    probability = random_forest.fit(train, train, seed=0, settings=SETTINGS).probability(test)
    assert probability[test.label == 1].mean() > 0.7
    assert probability[test.label == 0].mean() < 0.2


def test_restored_gives_the_same_bits_from_small_arrays(make_samples):
    train, test = make_samples(), make_samples(seed=1)
    fit = random_forest.fit(train, test, seed=0, settings=SETTINGS)
    again = random_forest.restored(fit.arrays, SETTINGS)
    assert again.probability(test).tobytes() == fit.probability(test).tobytes()
    n_nodes = len(fit.arrays["feature"])
    assert fit.history == {"trees": 20, "nodes": n_nodes}
    # 2 + 4 + 4 bytes a node, 4 a tree.
    assert sum(values.nbytes for values in fit.arrays.values()) == 10 * n_nodes + 4 * 20


def test_the_seed_decides_the_fit(make_samples):
    train, test = make_samples(), make_samples(seed=1)
    found = [random_forest.fit(train, test, seed=seed, settings=SETTINGS).probability(test) for seed in (3, 3, 4)]
    assert found[0].tobytes() == found[1].tobytes()
    assert found[0].tobytes() != found[2].tobytes()


def test_only_the_last_record_counts(make_samples):
    train = make_samples()
    fit = random_forest.fit(train, train, seed=0, settings=SETTINGS)
    earlier = train.sequence.copy()
    earlier[:, :-1] = 99.0
    changed = dataclasses.replace(train, sequence=earlier)
    assert fit.probability(changed).tobytes() == fit.probability(train).tobytes()
    again = random_forest.fit(changed, train, seed=0, settings=SETTINGS)
    assert again.probability(train).tobytes() == fit.probability(train).tobytes()


def test_features_that_never_change_give_about_the_event_rate(make_samples):
    train = make_samples()
    constant = of_last_records(train, np.zeros((300, 3)))
    fit = random_forest.fit(constant, constant, seed=0, settings=SETTINGS)
    assert fit.history["nodes"] == 20
    # The mean of 20 bootstrap samples of 300: its standard deviation is below 0.007.
    assert set(np.abs(fit.probability(constant) - train.label.mean()) < 0.03) == {True}


def test_two_samples_suffice(make_samples):
    samples = of_last_records(make_samples(n_samples=2), [[0.0, 0.0, 0.0], [1.0, 1.0, 1.0]])
    samples = dataclasses.replace(samples, label=np.array([0, 1], dtype=np.int8))
    probability = random_forest.fit(samples, samples, seed=0, settings=SETTINGS).probability(samples)
    assert probability[1] > probability[0]


def test_no_samples_have_no_probability(make_samples):
    fit = random_forest.restored(TWO_TREES, SETTINGS)
    assert fit.probability(make_samples(n_samples=0)).shape == (0,)


def test_samples_of_one_class_are_refused(make_samples):
    train = make_samples()
    quiet = dataclasses.replace(train, label=np.zeros_like(train.label))
    with pytest.raises(InputError, match="random forest: 0 training samples with an event and 300 without"):
        random_forest.fit(quiet, train, seed=0, settings=SETTINGS)


def test_more_features_a_split_than_there_are_are_refused(make_samples):
    train = make_samples()
    with pytest.raises(InputError, match="features_per_split is 4, the study has 3 features"):
        random_forest.fit(train, train, seed=0, settings=SETTINGS | {"features_per_split": 4})
