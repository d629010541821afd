"""Orders and means of a feature ranking, on scores worked out by hand."""

import numpy as np
import pandas as pd
import pytest

import made_up_ranking as made_up
from flaredag.artifacts import write_csv
from flaredag.errors import InputError
from flaredag.ranking_tables import (
    AUC,
    CUMULATIVE,
    INDIVIDUAL,
    means_over_seeds,
    order_of_features,
    ranking_of_dataset,
    read_subset_scores,
    rows_of,
)
from flaredag.score_tables import VALIDATION_THRESHOLD


def test_features_are_sorted_by_their_mean_and_ties_by_the_studys_order():
    order = order_of_features(made_up.subset_scores(made_up.ALONE), made_up.FEATURES)
    assert order["feature"].tolist() == made_up.ORDER
    assert order["rank"].tolist() == [1, 2, 3, 4]
    np.testing.assert_allclose(order["mean"], [0.7, 0.6, 0.6, 0.5])
    # sd of .4 and .6 with n - 1: .1 sqrt 2.
    np.testing.assert_allclose(order["sd"], [0, 0.1 * 2**0.5, 0, 0.1 * 2**0.5], atol=1e-12)
    turned = order_of_features(made_up.subset_scores(made_up.ALONE), ("chis", "cdec", "usflux", "totusjh"))
    assert turned["feature"].tolist() == ["usflux", "chis", "cdec", "totusjh"]


def test_a_feature_without_scores_and_unequal_seeds_are_told():
    with pytest.raises(InputError, match="none of chis; wanted each of 4 features"):
        order_of_features(
            made_up.subset_scores({"totusjh": (0.1, 0.2), "usflux": (0.1, 0.2), "cdec": (0, 0)}), made_up.FEATURES
        )
    with pytest.raises(InputError, match="not on the same seeds"):
        order_of_features(made_up.subset_scores(made_up.ALONE | {"chis": (0.6,)}), made_up.FEATURES)


def test_a_score_that_a_seed_does_not_define_is_left_out():
    means = means_over_seeds(made_up.subset_scores({"chis": (0.6, 0.6)}))
    area = means[means["metric"] == AUC].iloc[0]
    assert (area["mean"], area["n_seeds"]) == (0.9, 1)
    assert np.isnan(area["sd"])
    assert "threshold" not in set(means["metric"])


def test_the_first_alone_is_the_first_of_the_cumulative_ones():
    table = ranking_of_dataset(made_up.subset_scores(made_up.ALONE | made_up.TOGETHER), made_up.ORDER)
    alone, together = rows_of(table, INDIVIDUAL), rows_of(table, CUMULATIVE)
    assert alone["feature"].tolist() == together["feature"].tolist() == made_up.ORDER
    assert together["k"].tolist() == [1, 2, 3, 4]
    assert set(alone["k"]) == {1}
    np.testing.assert_allclose(together["mean"], [0.7, 0.85, 0.9, 0.8])
    at_validation = rows_of(table, CUMULATIVE, threshold=VALIDATION_THRESHOLD)
    np.testing.assert_allclose(at_validation["mean"], [0.6, 0.75, 0.8, 0.7])


def test_a_subset_without_scores_is_told():
    lacking = {name: skill for name, skill in made_up.TOGETHER.items() if name != "usflux cdec chis"}
    with pytest.raises(InputError, match="no scores of the features cdec, chis, usflux"):
        ranking_of_dataset(made_up.subset_scores(made_up.ALONE | lacking), made_up.ORDER)


def test_a_figure_that_is_given_twice_is_told(tmp_path):
    paths = [tmp_path / "a.csv", tmp_path / "b.csv"]
    for path in paths:
        write_csv(path, made_up.subset_scores({"cdec": (0.5, 0.7)}))
    pd.testing.assert_frame_equal(
        read_subset_scores(paths[:1]), made_up.subset_scores({"cdec": (0.5, 0.7)}), check_dtype=False
    )
    with pytest.raises(InputError, match="10 figures are given twice, the first of cdec"):
        read_subset_scores(paths)
