"""Persistence: a strong flare in the observation period, another in the prediction period."""

import dataclasses

import numpy as np

from flaredag.models import persistence


def test_certainty_after_a_strong_flare_and_none_else(make_samples):
    samples = dataclasses.replace(make_samples(n_samples=3), strong_before=np.array([True, False, True]))
    fit = persistence.fit(samples, samples, seed=0, settings={})
    assert fit.probability(samples).tolist() == [1.0, 0.0, 1.0]
    assert fit.probability(samples).dtype == np.float64
    assert fit.arrays == {}


def test_the_label_takes_no_part(make_samples):
    samples = make_samples()
    fit = persistence.fit(samples, samples, seed=0, settings={})
    turned = dataclasses.replace(samples, label=1 - samples.label)
    assert fit.probability(turned).tolist() == fit.probability(samples).tolist()


def test_restored_gives_the_same(make_samples):
    samples = make_samples()
    again = persistence.restored({}, {})
    assert again.probability(samples).tolist() == samples.strong_before.astype(float).tolist()
