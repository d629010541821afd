"""Permutation importance: what is permuted and stays together, and losses worked out by hand."""

from dataclasses import dataclass, field, replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from flaredag.block_bootstrap import block_weights
from flaredag.errors import InputError
from flaredag.feature_groups import FeatureGroup
from flaredag.permutation_importance import (
    IMPORTANCE_METRICS,
    Forecaster,
    donors,
    forecast_again,
    forecaster,
    losses,
    permutations,
    permuted,
    resampled,
)

NAN = float("nan")
FIRST = FeatureGroup((0,), ("a",), NAN)
PAIR = FeatureGroup((0, 2), ("a", "c"), 0.9)


@dataclass
class LastOfFirst:
    """Forecasts the logistic function of the first feature in the last record."""

    arrays: dict = field(default_factory=dict)
    history: dict = field(default_factory=dict)

    def probability(self, samples):
        return 1.0 / (1.0 + np.exp(-samples.sequence[:, -1, 0].astype(np.float64)))


@given(st.integers(2, 50), st.integers(0, 100), st.integers(0, 5))
def test_donors_are_a_permutation_in_which_none_takes_its_own(n_samples, seed, repeat):
    taken_from = donors(n_samples, seed=seed, dataset_seed=0, group=FIRST, repeat=repeat)
    assert sorted(taken_from) == list(range(n_samples))
    assert (taken_from != np.arange(n_samples)).all()


def test_draws_hang_on_seeds_group_and_repeat():
    settings = {"seed": 1, "dataset_seed": 0, "group": FIRST, "repeat": 0}
    one = donors(100, **settings)
    np.testing.assert_array_equal(donors(100, **settings), one)
    for change in ({"seed": 2}, {"dataset_seed": 1}, {"group": PAIR}, {"repeat": 1}):
        assert (donors(100, **settings | change) != one).any()


def test_one_sample_has_no_other_to_take_from():
    with pytest.raises(InputError, match="1 test samples; wanted two or more"):
        donors(1, seed=0, dataset_seed=0, group=FIRST, repeat=0)


def test_sequences_stay_whole_and_the_group_together(make_samples):
    samples = make_samples(n_samples=40)
    # Every number tells its sample, step and feature.
    samples = replace(samples, sequence=np.arange(40 * 5 * 3, dtype=np.float32).reshape(40, 5, 3))
    taken_from = donors(40, seed=3, dataset_seed=0, group=PAIR, repeat=0)
    changed, got = permuted(samples, PAIR, taken_from)
    np.testing.assert_array_equal(changed, np.arange(40))
    for sample, donor in enumerate(taken_from):
        for feature in PAIR.positions:
            np.testing.assert_array_equal(got.sequence[sample, :, feature], samples.sequence[donor, :, feature])
        np.testing.assert_array_equal(got.sequence[sample, :, 1], samples.sequence[sample, :, 1])
    assert samples.sequence[0, 0, 0] == 0
    np.testing.assert_array_equal(got.region, samples.region)


def test_samples_that_get_what_they_had_are_left_out_and_keep_their_forecasts(make_samples):
    samples = make_samples(n_samples=4)
    sequence = np.zeros((4, 2, 3), dtype=np.float32)
    # The third differs in its first step alone.
    sequence[2, 0, 0] = 1.0
    sequence[:, 1, 0] = [1.0, 1.0, 1.0, 5.0]
    samples = replace(samples, sequence=sequence)
    changed, got = permuted(samples, FIRST, np.array([1, 2, 3, 0]))
    np.testing.assert_array_equal(changed, [1, 2, 3])
    np.testing.assert_array_equal(got.sequence[:, :, 0], [[1.0, 1.0], [0.0, 5.0], [0.0, 1.0]])
    np.testing.assert_array_equal(got.issue_time, samples.issue_time[1:])
    one = Forecaster(LastOfFirst(), 0.5, np.array([0.9, 0.8, 0.7, 0.6]))
    again = forecast_again(one, permuted(samples, FIRST, np.array([1, 2, 3, 0])))
    # Logistic functions of 1, 5 and 1; the first sample is not asked about again.
    np.testing.assert_allclose(again, [0.9, 0.731, 0.993, 0.731], atol=1e-3)
    nothing = permuted(samples, FeatureGroup((1,), ("b",), NAN), np.array([1, 2, 3, 0]))
    assert not len(nothing.changed)
    np.testing.assert_array_equal(forecast_again(one, nothing), one.probability)


def test_every_group_is_permuted_as_often_as_asked(make_samples):
    drawn = list(permutations(make_samples(n_samples=9), [FIRST, PAIR], repeats=2, seed=0, dataset_seed=0))
    assert [(number, repeat) for number, repeat, _ in drawn] == [(0, 0), (0, 1), (1, 0), (1, 1)]


def test_the_threshold_is_that_of_validation(make_samples):
    samples = make_samples(n_samples=4)
    sequence = np.zeros((4, 1, 3), dtype=np.float32)
    sequence[:, 0, 0] = [-2.0, -1.0, 1.0, 2.0]
    samples = replace(samples, sequence=sequence, label=np.array([0, 1, 1, 1], dtype=np.int8))
    test = replace(samples, sequence=-sequence)
    one = forecaster(LastOfFirst(), samples, test)
    # Between the logistic function of -2 and of -1.
    assert 0.1193 < one.threshold < 0.2689
    np.testing.assert_array_equal(one.probability, LastOfFirst().probability(test))


def test_scores_of_the_sample_itself_and_of_draws():
    label = np.array([0, 0, 1, 1], dtype=np.int8)
    # The second resample draws the first two regions, one without and one with an event, twice each.
    weights = np.array([[1, 1, 1, 1], [2, 0, 0, 2]], dtype=np.float32)
    got = resampled(np.array([0.1, 0.7, 0.3, 0.9]), label, np.arange(4), weights, threshold=0.5)
    assert got.shape == (2, len(IMPORTANCE_METRICS))
    # 1 hit of 2 and 1 false alarm of 2; of four pairs three are ranked rightly.
    np.testing.assert_allclose(got[0, :2], [0.0, 0.75])
    np.testing.assert_allclose(got[1, :2], [1.0, 1.0])


def test_losses_worked_out_by_hand():
    # Sample and two resamples; of each repeat as much is lost in every resample.
    before = np.array([[0.8, 0.9, 0.5], [0.7, 0.8, 0.4], [0.9, 1.0, 0.6]])
    after = np.stack([before - 0.1, before - 0.3])
    loss = losses(before, after, n_regions=5, level=0.95)["true_skill_statistic"]
    assert loss._asdict() == pytest.approx(
        {"score": 0.8, "permuted": 0.6, "loss": 0.2, "sd": 0.2 / np.sqrt(2), "low": 0.2, "high": 0.2}
    )


def test_one_region_has_no_interval_and_one_repeat_no_spread():
    before = np.full((11, 3), 0.5)
    loss = losses(before, before[np.newaxis] - 0.1, n_regions=1, level=0.95)["brier_skill_score"]
    assert loss.loss == pytest.approx(0.1)
    assert np.isnan([loss.sd, loss.low, loss.high]).all()


def test_a_planted_feature_loses_skill_and_noise_loses_none_within_its_interval(make_samples):
    samples = make_samples(n_samples=2000)
    block = np.arange(2000) // 20
    drawn = block_weights(100, resamples=200, seed=0)
    weights = np.concatenate([np.ones_like(drawn[:1]), drawn])
    one = Forecaster(LastOfFirst(), 0.5, LastOfFirst().probability(samples))
    before = resampled(one.probability, samples.label, block, weights, threshold=0.5)
    noise = FeatureGroup((2,), ("c",), NAN)
    # The last steps alone are looked at; a pair of the feature and noise counts as the feature does.
    for group, counts in ((FIRST, True), (PAIR, True), (noise, False)):
        after = np.stack(
            [
                resampled(forecast_again(one, changes), samples.label, block, weights, threshold=0.5)
                for _, _, changes in permutations(samples, [group], repeats=3, seed=5, dataset_seed=0)
            ]
        )
        for loss in losses(before, after, n_regions=100, level=0.95).values():
            if counts:
                assert loss.low > 0.1
                # Nothing is left of what was known.
                assert loss.permuted < loss.score / 2 + 0.26
            else:
                assert loss.loss == loss.low == loss.high == 0
