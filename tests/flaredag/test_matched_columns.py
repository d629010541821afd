"""Standardised columns matched to keywords: by hand, against numpy's own fit, and for every scaling."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from flaredag.matched_columns import keywords_of_samples, matched_columns, time_of_value

RNG = np.random.default_rng(7)
KEYWORDS = pd.DataFrame(RNG.normal(size=(40, 3)) * [1e22, 1.0, 500.0] + [5e22, 3.0, -20.0], columns=list("abc"))


def test_columns_by_hand():
    features = pd.DataFrame(
        {
            "first": (KEYWORDS["c"] + 20.0) / 500.0,
            "second": (KEYWORDS["a"] - 5e22) / 1e22,
            "other": RNG.normal(size=40),
            "falling": -KEYWORDS["b"],
            "constant": 1.0,
        }
    )
    found = matched_columns(features, KEYWORDS)
    assert found["keyword"].tolist() == ["c", "a", "", "", ""]
    assert found.loc["first", ["mean", "standard_deviation"]].tolist() == pytest.approx([-20.0, 500.0])
    assert found.loc["second", ["mean", "standard_deviation"]].tolist() == pytest.approx([5e22, 1e22])
    assert found.loc[["other", "falling", "constant"], ["mean", "standard_deviation"]].isna().all().all()
    assert (found["n_matched"] == 40).all()
    assert found.loc["first", "residual"] < 1e-12
    assert found.loc["other", "residual"] > 0.1
    assert np.isnan(found.loc["constant", "residual"])


def test_the_line_is_numpys():
    noisy = (KEYWORDS["b"] - 3.0) / 1.0 + 1e-6 * RNG.normal(size=40)
    found = matched_columns(noisy.to_frame("x"), KEYWORDS).loc["x"]
    slope, intercept = np.polyfit(noisy, KEYWORDS["b"], 1)
    assert (found["standard_deviation"], found["mean"]) == pytest.approx((slope, intercept), rel=1e-9)
    greatest = np.abs(KEYWORDS["b"] - intercept - slope * noisy).max() / slope
    assert found["residual"] == pytest.approx(greatest, rel=1e-6)


@given(
    st.permutations(["a", "b", "c"]), st.lists(st.tuples(st.floats(-5, 5), st.floats(0.1, 10)), min_size=3, max_size=3)
)
def test_every_permutation_and_scaling_is_undone(order, scales):
    """Names say nothing; the values do."""
    scaled = {
        f"x{i}": (KEYWORDS[name] - KEYWORDS[name].mean()) / (scale * KEYWORDS[name].std()) + shift
        for i, (name, (shift, scale)) in enumerate(zip(order, scales, strict=True))
    }
    found = matched_columns(pd.DataFrame(scaled), KEYWORDS)
    assert found["keyword"].tolist() == list(order)
    for (_, row), name, (_, scale) in zip(found.iterrows(), order, scales, strict=True):
        assert row["standard_deviation"] == pytest.approx(scale * KEYWORDS[name].std(), rel=1e-6)


def test_samples_without_all_keywords_do_not_count():
    holed = KEYWORDS.copy()
    holed.loc[:4, "b"] = np.nan
    features = ((KEYWORDS["a"] - 5e22) / 1e22).to_frame("x")
    features.loc[:4] = 1000.0
    found = matched_columns(features, holed).loc["x"]
    assert (found["keyword"], found["n_matched"]) == ("a", 35)


def test_few_samples_tell_nothing():
    found = matched_columns(((KEYWORDS["a"] - 5e22) / 1e22).to_frame("x")[:9], KEYWORDS[:9]).loc["x"]
    assert (found["keyword"], found["n_matched"]) == ("", 9)


def test_the_nearest_record_of_the_region_within_six_minutes_counts():
    time = pd.Timestamp("2015-03-01 12:00")
    minutes = [0, 12, 24, 0]
    records = pd.DataFrame(
        {
            "region": [1, 1, 1, 2],
            "time": [time + pd.Timedelta(minutes=minute) for minute in minutes],
            "a": [10.0, 11.0, 12.0, 20.0],
        }
    )
    asked = [(1, 25), (2, 5), (1, 7), (2, 7), (3, 0), (1, -6)]
    samples = pd.DataFrame(asked, columns=["region", "minute"])
    samples["time"] = [time + pd.Timedelta(minutes=minute) for minute in samples["minute"]]
    found = keywords_of_samples(samples, records.iloc[::-1], ["a"])["a"]
    # In the order of the samples: 6 minutes are near enough, 7 are not.
    assert found.tolist() == pytest.approx([12.0, 20.0, 11.0, np.nan, np.nan, 10.0], nan_ok=True)


def test_the_time_of_an_extreme_is_that_of_its_one_record():
    times = pd.to_datetime(["2014-10-25", "2015-01-01", "2016-01-01"])
    records = pd.DataFrame({"a": [7.0 * (1 + 5e-8), 3.0, 3.0], "time": times})
    assert time_of_value(records, "a", 7.0) == times[0]
    assert time_of_value(records, "a", 3.0) is None, "two records have it"
    assert time_of_value(records, "a", 7.00001) is None, "none has it"
