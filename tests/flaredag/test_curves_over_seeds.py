from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from flaredag.curves_over_seeds import curve_over_seeds, mean_and_standard_deviation, with_spread
from flaredag.errors import InputError
from made_up_curves import mock_curves


def test_mean_and_standard_deviation_leave_out_what_is_undefined():
    mean, sd = mean_and_standard_deviation(np.array([[1.0, 1.0, np.nan], [3.0, np.nan, np.nan]]))
    np.testing.assert_allclose(mean, [2, 1, np.nan])
    np.testing.assert_allclose(sd, [np.sqrt(2), np.nan, np.nan])
    values = np.random.default_rng(0).random((10, 4))
    np.testing.assert_allclose(mean_and_standard_deviation(values), [values.mean(axis=0), values.std(axis=0, ddof=1)])


def test_curve_over_seeds_by_hand():
    got = curve_over_seeds(mock_curves(), dataset="ONLY", model="lstm", curve="reliability")
    assert got.y[3] == pytest.approx(3 / 9 + 0.01)
    assert got.y_sd[3] == pytest.approx(0.01)
    assert got.n[3] == 21
    # Bin 4 is empty in seed 0: the mean is over seeds 1 and 2, the number over all three
    assert got.y[4] == pytest.approx(4 / 9 + 0.015)
    assert got.y_sd[4] == pytest.approx(0.01 / np.sqrt(2))
    assert got.n[4] == pytest.approx(43 / 3)


def test_curves_that_are_absent_or_unequal_are_refused():
    curves = mock_curves()
    with pytest.raises(InputError, match="no roc curve of ONLY cnn; there are curves of FUSED lstm, ONLY lstm"):
        curve_over_seeds(curves, dataset="ONLY", model="cnn", curve="roc")
    with pytest.raises(InputError, match="has 100, 101, 101 points in its seeds"):
        curve_over_seeds(curves.drop(index=10), dataset="FUSED", model="lstm", curve="roc")


@pytest.mark.parametrize(
    ("values", "text"),
    [
        ([0.9, 1.0], "0.950 ± 0.071"),
        ([0.5, np.nan], "0.500"),
        ([-21.5], "\N{MINUS SIGN}21.500"),
        ([-0.0001], "0.000"),
        ([np.nan], "undefined"),
    ],
)
def test_text_of_mean_and_spread(values, text):
    assert with_spread(pd.Series(values)) == text
