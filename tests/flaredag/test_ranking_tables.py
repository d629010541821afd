"""Orders of features, rows of a ranking, and what is more than the spread over splits, worked out by hand."""

import numpy as np
import pytest

import made_up_ranking as made_up
from flaredag.errors import InputError
from flaredag.ranking_settings import orders_of
from flaredag.ranking_tables import (
    CUMULATIVE,
    INDIVIDUAL,
    exceeds_spread,
    falls_beyond_spread,
    order_of_features,
    rows_of_order,
)

NAN = float("nan")
BY_TSS = orders_of(made_up.SETTINGS)["tss"]


def ordered(skill, features=made_up.FEATURES):
    return order_of_features(made_up.subset_scores(skill), features, BY_TSS)


def difference(mean, sd=NAN, low=NAN, high=NAN):
    return {"difference": mean, "difference_sd": sd, "difference_low": low, "difference_high": high}


def test_features_are_sorted_by_their_mean_and_ties_by_the_studys_order():
    order = ordered(made_up.ALONE)
    assert order["feature"].tolist() == made_up.ORDER
    assert order["rank"].tolist() == [1, 2, 3, 4]
    np.testing.assert_allclose(order["mean"], [0.7, 0.6, 0.6, 0.5])
    # sd of .4 and .6 with n - 1: .1 sqrt 2.
    np.testing.assert_allclose(order["sd"], [0, 0.1 * 2**0.5, 0, 0.1 * 2**0.5], atol=1e-12)
    turned = ordered(made_up.ALONE, ("chis", "cdec", "usflux", "totusjh"))
    assert turned["feature"].tolist() == ["usflux", "chis", "cdec", "totusjh"]


def test_each_order_goes_by_its_own_model_and_figure():
    scores = made_up.removal_scores()
    found = {
        name: order_of_features(scores, made_up.REMOVED_FEATURES, order)["feature"].tolist()
        for name, order in orders_of(made_up.REMOVAL).items()
    }
    assert found == {"tss": ["r_value", "usflux", "area_acr"], "bss": ["usflux", "r_value", "area_acr"]}


def test_a_feature_without_scores_and_unequal_seeds_are_told():
    with pytest.raises(InputError, match="none of chis; wanted each of 4 features"):
        ordered({"totusjh": (0.1, 0.2), "usflux": (0.1, 0.2), "cdec": (0, 0)})
    with pytest.raises(InputError, match="not on the same seeds"):
        ordered(made_up.ALONE | {"chis": (0.6,)})
    other = orders_of(made_up.REMOVAL)["bss"]
    with pytest.raises(InputError, match="none of totusjh, usflux, cdec, chis"):
        order_of_features(made_up.subset_scores(made_up.ALONE), made_up.FEATURES, other)


def test_rows_of_an_order_are_in_its_figure():
    table, order = made_up.removal(), orders_of(made_up.REMOVAL)["bss"]
    alone = rows_of_order(table, order, INDIVIDUAL, name="bss", dataset="SHARP")
    assert alone["feature"].tolist() == ["usflux", "r_value", "area_acr"]
    np.testing.assert_allclose(alone["mean"], [0.3, 0.2, 0.0])
    last = rows_of_order(table, order, CUMULATIVE, name="bss", dataset="SHARP", direction="last")
    assert last["k"].tolist() == [3, 2, 1]
    np.testing.assert_allclose(last["mean"], [0.4, 0.3, 0.0])
    assert rows_of_order(table, order, INDIVIDUAL, name="bss", dataset="HED").empty


@pytest.mark.parametrize(
    ("row", "exceeds", "falls"),
    [
        (difference(-0.2, 0.1, -0.3, -0.1), True, True),
        (difference(0.2, 0.1, 0.1, 0.3), True, False),
        (difference(-0.2, 0.1, -0.5, 0.1), False, False),
        # Without an interval the standard deviation is what it is held against.
        (difference(-0.2, 0.1), True, True),
        (difference(-0.2, 0.3), False, False),
        (difference(0.0, 0.0), False, False),
        # One split, and a figure that is not defined.
        (difference(-0.2), None, None),
        (difference(NAN), None, None),
    ],
)
def test_what_is_more_than_the_spread(row, exceeds, falls):
    assert (exceeds_spread(row), falls_beyond_spread(row)) == (exceeds, falls)
