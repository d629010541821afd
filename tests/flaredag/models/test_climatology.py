"""Climatology: the event rate of training, whatever the sample."""

import dataclasses

import numpy as np

from flaredag.models import climatology


def test_the_event_rate_of_training_for_every_sample(make_samples):
    train, test = make_samples(n_samples=8), make_samples(n_samples=3, seed=1)
    train = dataclasses.replace(train, label=np.array([1, 0, 0, 0, 0, 0, 1, 0], dtype=np.int8))
    fit = climatology.fit(train, test, seed=0, settings={})
    assert fit.probability(test).tolist() == [0.25, 0.25, 0.25]


def test_validation_and_seed_take_no_part(make_samples):
    train, test = make_samples(), make_samples(seed=1)
    rates = {
        climatology.fit(train, make_samples(seed=seed), seed=seed, settings={}).probability(test)[0] for seed in (2, 3)
    }
    assert rates == {train.label.mean()}


def test_restored_gives_the_same(make_samples):
    train, test = make_samples(n_samples=7), make_samples(seed=1)
    fit = climatology.fit(train, train, seed=0, settings={})
    again = climatology.restored(fit.arrays, {})
    assert again.probability(test).tobytes() == fit.probability(test).tobytes()
