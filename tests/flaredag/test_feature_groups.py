"""Groups of correlated features: worked out by hand, and what holds of any."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.stats import spearmanr

from flaredag.errors import InputError
from flaredag.feature_groups import feature_groups, rank_correlation

# Ranks 0, 1, 2, 3 and 0, 1, 3, 2: 1 - 6 * (0 + 0 + 1 + 1) / (4 * 15) = 0.8.
RANKS = np.array([[0.0, 0.0], [1.0, 1.0], [2.0, 3.0], [3.0, 2.0]])


def test_rank_correlation_worked_out_by_hand():
    np.testing.assert_allclose(rank_correlation(RANKS), [[1.0, 0.8], [0.8, 1.0]], rtol=1e-14)
    # Of a feature and its falling function the ranks are opposite: the sign is dropped.
    falling = np.column_stack([RANKS[:, 0], np.exp(-RANKS[:, 0])])
    np.testing.assert_allclose(rank_correlation(falling), np.ones((2, 2)), rtol=1e-14)


def test_two_copies_of_one_feature_are_a_group_and_noise_is_none():
    rng = np.random.default_rng(0)
    first, noise = rng.normal(size=(2, 50))
    groups = feature_groups(np.column_stack([noise, first, first]), ["noise", "a", "copy"], correlated_from=0.8)
    assert [group.name for group in groups] == ["noise", "a+copy"]
    assert groups[1].positions == (1, 2)
    assert groups[1].least_correlation == pytest.approx(1.0)
    assert np.isnan(groups[0].least_correlation)


def test_the_least_correlation_within_is_told_and_the_cut_holds():
    (together,) = feature_groups(RANKS, ["a", "b"], correlated_from=0.79)
    assert together.least_correlation == pytest.approx(0.8)
    assert len(feature_groups(RANKS, ["a", "b"], correlated_from=0.81)) == 2


def test_linkage_is_by_the_mean_so_that_members_may_be_less_correlated():
    # a, b and c of four samples: |a b| = .8, |b c| = .8, |a c| = .4; the third joins at (.8 + .4) / 2 = .6.
    c = np.array([0.0, 2.0, 3.0, 1.0])
    values = np.column_stack([RANKS, c])
    np.testing.assert_allclose(rank_correlation(values)[2], [0.4, 0.8, 1.0], rtol=1e-14)
    (group,) = feature_groups(values, ["a", "b", "c"], correlated_from=0.59)
    assert group.least_correlation == pytest.approx(0.4)
    assert len(feature_groups(values, ["a", "b", "c"], correlated_from=0.61)) == 2


def test_constant_features_are_groups_of_their_own():
    values = np.column_stack([RANKS, np.full(4, 7.0), np.full(4, 7.0)])
    groups = feature_groups(values, ["a", "b", "none", "nothing"], correlated_from=0.1)
    assert [group.name for group in groups] == ["a+b", "none", "nothing"]


def test_one_feature_is_one_group():
    (group,) = feature_groups(RANKS[:, :1], ["a"], correlated_from=0.8)
    assert (group.positions, group.name) == ((0,), "a")


@given(st.integers(0, 2**32), st.integers(2, 6), st.integers(3, 30), st.floats(0.05, 0.95))
def test_every_feature_is_in_one_group_and_correlations_are_spearmans(seed, n_features, n_samples, correlated_from):
    rng = np.random.default_rng(seed)
    # Whole numbers, so that there are ties.
    values = rng.integers(0, 5, (n_samples, n_features)).astype(np.float32)
    values[:2] = [[0], [1]]
    names = [f"f{i}" for i in range(n_features)]
    groups = feature_groups(values, names, correlated_from=correlated_from)
    assert sorted(position for group in groups for position in group.positions) == list(range(n_features))
    assert [group.positions[0] for group in groups] == sorted(group.positions[0] for group in groups)
    wanted = np.abs(spearmanr(values[:, 0], values[:, 1]).statistic)
    assert rank_correlation(values)[0, 1] == pytest.approx(wanted, abs=1e-12)


@pytest.mark.parametrize(
    ("values", "told"),
    [(np.empty((0, 2)), "0 samples"), (np.array([[1.0, np.nan], [2.0, 3.0]]), "1 with numbers that are not finite")],
)
def test_no_samples_or_numbers_that_are_not_finite_are_refused(values, told):
    with pytest.raises(InputError, match=told):
        feature_groups(values, ["a", "b"], correlated_from=0.8)
