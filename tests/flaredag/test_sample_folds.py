"""Folds of samples: equal, stratified, and each hanging on its own sample."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from flaredag.errors import InputError
from flaredag.sample_folds import TEST, TRAINING, sample_folds

START = np.datetime64("2012-01-01T00:00:00", "s")
HOUR = np.timedelta64(3600, "s")


def drawn(samples, *, folds, purpose=TRAINING):
    """Folds of `samples`: (region, hour, label) each."""
    region, hour, label = (np.array(column, dtype=np.int64) for column in zip(*samples, strict=True))
    instrument = np.zeros(len(region), dtype=np.int8)
    return sample_folds(
        label.astype(np.int8), instrument, region, START + hour * HOUR, folds=folds, purpose=purpose, where="M"
    )


def of_class(folds, samples, value):
    return [fold for fold, (_, _, label) in zip(folds, samples, strict=True) if label == value]


@st.composite
def labelled(draw):
    """Samples of a few regions, each once, at least six of each class."""
    places = draw(st.lists(st.tuples(st.integers(1, 9), st.integers(0, 99)), min_size=12, max_size=60, unique=True))
    more = draw(st.lists(st.integers(0, 1), min_size=len(places) - 12, max_size=len(places) - 12))
    labels = draw(st.permutations([0, 1] * 6 + more))
    return [(*place, label) for place, label in zip(places, labels, strict=True)]


@given(samples=labelled(), folds=st.integers(2, 6), purpose=st.sampled_from([TRAINING, TEST]))
def test_folds_are_disjoint_cover_all_and_share_each_class_but_for_one(samples, folds, purpose):
    found = drawn(samples, folds=folds, purpose=purpose)
    # One number a sample: no sample is in two folds, or in none.
    assert set(found.tolist()) == set(range(folds))
    for value in (0, 1):
        sizes = np.bincount(of_class(found, samples, value), minlength=folds)
        assert sizes.max() - sizes.min() <= 1


@given(samples=labelled(), folds=st.integers(2, 6), seed=st.integers(0, 99))
def test_the_order_of_the_samples_moves_none(samples, folds, seed):
    order = np.random.default_rng(seed).permutation(len(samples))
    shuffled = drawn([samples[i] for i in order], folds=folds)
    assert shuffled.tolist() == drawn(samples, folds=folds)[order].tolist()


@given(samples=labelled(), folds=st.integers(2, 6), new=st.lists(st.integers(0, 1), min_size=1, max_size=5))
def test_samples_of_another_region_move_one_each_across_a_border_at_most(samples, folds, new):
    before = drawn(samples, folds=folds)
    after = drawn([*samples, *((77, hour, label) for hour, label in enumerate(new))], folds=folds)[: len(samples)]
    for value in (0, 1):
        moved = np.sum(np.array(of_class(before, samples, value)) != np.array(of_class(after, samples, value)))
        assert moved <= new.count(value) * (folds - 1)


def test_as_many_folds_as_samples_of_the_rarer_class():
    samples = [(region, 0, int(region <= 3)) for region in range(1, 10)]
    found = drawn(samples, folds=3)
    assert sorted(of_class(found, samples, 1)) == [0, 1, 2]
    assert np.bincount(of_class(found, samples, 0)).tolist() == [2, 2, 2]


def test_folds_of_training_and_test_are_drawn_apart():
    samples = [(region, hour, hour % 2) for region in range(20) for hour in range(10)]
    training, test = (drawn(samples, folds=10, purpose=purpose) for purpose in (TRAINING, TEST))
    # Of 200 samples a tenth, or so, are in the fold of the same number.
    assert 5 <= (training == test).sum() <= 40


@pytest.mark.parametrize(
    ("labels", "folds", "told"),
    [
        ([1, 1, 0, 0, 0, 0], 3, "M: 2 positive samples for 3 folds"),
        ([1, 1, 1, 0, 0], 3, "M: 2 negative samples for 3 folds"),
        ([1, 1, 0, 0], 1, "for 1 folds; wanted two folds or more"),
    ],
)
def test_folds_that_cannot_be_are_told(labels, folds, told):
    with pytest.raises(InputError, match=told):
        drawn([(1, hour, label) for hour, label in enumerate(labels)], folds=folds)
