"""Means, differences and intervals along an order of features, on scores worked out by hand."""

import numpy as np
import pandas as pd
import pytest

import made_up_ranking as made_up
from flaredag.errors import InputError
from flaredag.ranked_subsets import COLUMNS, ranking_of_order
from flaredag.ranking_settings import FIRST, LAST, TSS
from flaredag.ranking_tables import AUC, CUMULATIVE, INDIVIDUAL, rows_of
from flaredag.score_tables import FIXED_THRESHOLD, VALIDATION_THRESHOLD

NAN = float("nan")
# Quantile .975 of Student's t with two degrees of freedom.
T_OF_TWO = 4.302652729696


def ranked(skill=None, order=made_up.ORDER, **changes):
    scores = made_up.subset_scores(made_up.ALONE | made_up.TOGETHER if skill is None else skill)
    given = {"model": made_up.MODEL, "directions": [FIRST], "test_to_train_ratio": NAN}
    return ranking_of_order(scores, order, **given | changes)


def removed(ratio=made_up.RATIO, **changes):
    given = {"model": made_up.BY_TSS, "directions": [FIRST, LAST], "test_to_train_ratio": ratio}
    order = ["r_value", "usflux", "area_acr"]
    return ranking_of_order(made_up.removal_scores(), order, **given | changes)


def of_tss(table, kind, direction=FIRST):
    return rows_of(table, kind, threshold=FIXED_THRESHOLD, metric=TSS, direction=direction)


def test_the_first_alone_is_the_first_of_the_cumulative_ones():
    table = ranked()
    assert list(table) == list(COLUMNS)
    alone, together = rows_of(table, INDIVIDUAL), rows_of(table, CUMULATIVE)
    assert alone["feature"].tolist() == together["feature"].tolist() == made_up.ORDER
    assert together["k"].tolist() == [1, 2, 3, 4]
    assert set(alone["k"]) == {1}
    np.testing.assert_allclose(together["mean"], [0.7, 0.85, 0.9, 0.8])
    at_validation = rows_of(table, CUMULATIVE, threshold=VALIDATION_THRESHOLD)
    np.testing.assert_allclose(at_validation["mean"], [0.6, 0.75, 0.8, 0.7])


def test_a_score_that_a_seed_does_not_define_is_left_out():
    area = rows_of(ranked(), INDIVIDUAL, threshold="", metric=AUC).set_index("feature").loc["chis"]
    assert (area["mean"], area["n_seeds"]) == (0.9, 1)
    assert np.isnan(area["sd"])
    # Held against the first of the order on the one seed that both have.
    assert area["difference"] == 0
    assert np.isnan(area["difference_sd"])
    assert "threshold" not in set(ranked()["metric"])


def test_what_remains_bears_the_name_of_the_feature_that_is_removed_next():
    table = removed()
    first, last = of_tss(table, CUMULATIVE), of_tss(table, CUMULATIVE, LAST)
    # Of the first two that is the second, of the last two too: it is the first of them.
    assert list(zip(first["k"], first["feature"], strict=True)) == [(1, "r_value"), (2, "usflux"), (3, "area_acr")]
    assert list(zip(last["k"], last["feature"], strict=True)) == [(3, "r_value"), (2, "usflux"), (1, "area_acr")]
    np.testing.assert_allclose(first["mean"], [0.7, 0.75, 2.3 / 3])
    np.testing.assert_allclose(last["mean"], [2.3 / 3, 1.4 / 3, 0.2])


def test_features_are_held_against_the_first_and_what_remains_against_all():
    table = removed()
    np.testing.assert_allclose(of_tss(table, INDIVIDUAL)["difference"], [0, -0.2, -0.5], atol=1e-12)
    last = of_tss(table, CUMULATIVE, LAST)
    # .4 .5 .5 and .1 .2 .3 less .7 .7 .9.
    np.testing.assert_allclose(last["difference"], [0, -0.3, -1.7 / 3], atol=1e-12)
    np.testing.assert_allclose(last["difference_sd"], [0, 0.1, 0.1 / 3**0.5], atol=1e-12)


def test_intervals_have_the_variance_of_splits_that_overlap():
    last = of_tss(removed(), CUMULATIVE, LAST).iloc[1]
    # sd .1 over three seeds, with 1/3 + 1/4 in place of 1/3.
    half_width = T_OF_TWO * 0.1 * (1 / 3 + 0.25) ** 0.5
    assert last["difference_low"] == pytest.approx(-0.3 - half_width)
    assert last["difference_high"] == pytest.approx(-0.3 + half_width)
    alone = of_tss(removed(), INDIVIDUAL).iloc[0]
    # .6, .7 and .8 have a sd of .1 too.
    assert (alone["low"], alone["high"]) == pytest.approx((0.7 - half_width, 0.7 + half_width))


def test_where_splits_draw_no_regions_there_is_no_interval():
    table = removed(NAN)
    assert table[["low", "high", "difference_low", "difference_high"]].isna().all(axis=None)
    np.testing.assert_allclose(table["mean"], removed()["mean"])
    np.testing.assert_allclose(table["difference_sd"], removed()["difference_sd"])


def test_of_chosen_sizes_both_ends_have_these_one_and_all():
    table = removed(sizes=[7])
    assert of_tss(table, CUMULATIVE)["k"].tolist() == [1, 3]
    assert of_tss(table, CUMULATIVE, LAST)["k"].tolist() == [3, 1]


def test_a_subset_without_scores_is_told():
    lacking = {name: skill for name, skill in made_up.TOGETHER.items() if name != "usflux cdec chis"}
    with pytest.raises(InputError, match="no scores of the features cdec, chis, usflux"):
        ranked(made_up.ALONE | lacking)
    with pytest.raises(InputError, match="no scores of the features usflux"):
        ranked(model="oracle")


def test_another_model_of_the_same_subsets_changes_nothing():
    alone = made_up.removal_scores()
    alone = alone[alone["model"] == made_up.BY_TSS]
    given = {"model": made_up.BY_TSS, "directions": [FIRST, LAST], "test_to_train_ratio": made_up.RATIO}
    found = ranking_of_order(alone, ["r_value", "usflux", "area_acr"], **given)
    pd.testing.assert_frame_equal(found, removed())
