"""Gradient boosting: the stored trees give, to the last bit, what scikit-learn gives."""

import dataclasses

import numpy as np
import pytest
from sklearn.ensemble import HistGradientBoostingClassifier

from flaredag.models import gradient_boosting

SETTINGS = {"learning_rate": 0.1, "max_trees": 40, "max_leaves": 31}


@pytest.mark.parametrize(
    "settings",
    [SETTINGS, SETTINGS | {"max_trees": 1}, SETTINGS | {"learning_rate": 0.5, "max_leaves": 4}],
    ids=["many trees", "one tree", "small trees"],
)
@pytest.mark.parametrize("n_samples", [30, 1000])
def test_equals_scikit_learn_to_the_last_bit(make_samples, settings, n_samples):
    train, test = make_samples(n_samples=n_samples), make_samples(n_samples=700, seed=1)
    fit = gradient_boosting.fit(train, test, seed=4, settings=settings)
    model = HistGradientBoostingClassifier(
        learning_rate=settings["learning_rate"],
        max_iter=settings["max_trees"],
        max_leaf_nodes=settings["max_leaves"],
        early_stopping=False,
        random_state=4,
    ).fit(train.sequence[:, -1].astype(np.float64), train.label)
    for samples in (train, test):
        wanted = model.predict_proba(samples.sequence[:, -1].astype(np.float64))[:, 1]
        assert fit.probability(samples).tobytes() == wanted.tobytes()


def test_a_value_on_the_threshold_goes_left():
    # One tree of one split, feature 1 at 0.5: left -1, right +1; baseline 0.25.
    arrays = {
        "baseline": np.array([0.25]),
        "tree_start": np.array([0]),
        "feature_idx": np.array([1, 0, 0]),
        "num_threshold": np.array([0.5, 0.0, 0.0]),
        "left": np.array([1, 0, 0]),
        "right": np.array([2, 0, 0]),
        "value": np.array([0.0, -1.0, 1.0]),
        "is_leaf": np.array([0, 1, 1]),
    }
    sequence = np.zeros((3, 2, 3), dtype=np.float32)
    sequence[:, -1, 1] = [0.25, 0.5, 0.75]
    fit = gradient_boosting.restored(arrays, SETTINGS)
    logit = np.array([-0.75, -0.75, 1.25])
    samples = dataclasses.make_dataclass("Sequences", ["sequence"])(sequence)
    np.testing.assert_allclose(fit.probability(samples), 1 / (1 + np.exp(-logit)), rtol=1e-12)


def test_the_probability_is_that_of_the_positive_class(make_samples):
    train = make_samples(strength=10.0)
    probability = gradient_boosting.fit(train, train, seed=0, settings=SETTINGS).probability(train)
    assert probability[train.label == 1].mean() > 0.8
    assert probability[train.label == 0].mean() < 0.2


def test_restored_gives_the_same_bits(make_samples):
    train, test = make_samples(), make_samples(seed=1)
    fit = gradient_boosting.fit(train, test, seed=0, settings=SETTINGS)
    again = gradient_boosting.restored(fit.arrays, SETTINGS)
    assert again.probability(test).tobytes() == fit.probability(test).tobytes()
    assert fit.history == {"trees": 40}
    assert {values.dtype.str for values in fit.arrays.values()} == {"<i8", "<f8"}


def test_only_the_last_record_counts(make_samples):
    train = make_samples()
    fit = gradient_boosting.fit(train, train, seed=0, settings=SETTINGS)
    earlier = train.sequence.copy()
    earlier[:, :-1] = 99.0
    changed = dataclasses.replace(train, sequence=earlier)
    assert fit.probability(changed).tobytes() == fit.probability(train).tobytes()
    again = gradient_boosting.fit(changed, train, seed=0, settings=SETTINGS)
    assert again.probability(train).tobytes() == fit.probability(train).tobytes()
