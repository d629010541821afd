"""GOES classes and their peak flux."""

import numpy as np
import pytest

from flaredag.errors import InputError
from flaredag.goes import peak_flux_w_m2, threshold_w_m2


@pytest.mark.parametrize(
    ("goes_class", "flux"),
    [
        ("A5.3", 5.3e-8),
        ("B1.0", 1e-7),
        ("C9.9", 9.9e-6),
        ("M1.0", 1e-5),
        ("M1.2", 1.2e-5),
        ("X10", 1e-3),
        ("X28.0", 2.8e-3),
        ("C", 1e-6),
        (" M5.5 ", 5.5e-5),
    ],
)
def test_peak_flux_of_a_class(goes_class, flux):
    assert peak_flux_w_m2([goes_class])[0] == pytest.approx(flux, rel=1e-12)


@pytest.mark.parametrize(
    "text", ["", "?", "m1.2", "D1.0", "1.2", "M-1", "M1.2.3", "MX", "M1,2", "unknown", None, np.nan]
)
def test_what_is_no_class_has_no_flux(text):
    assert np.isnan(peak_flux_w_m2(["M1.0", text])[1])


def test_fluxes_keep_the_order_and_length_of_the_list():
    np.testing.assert_allclose(peak_flux_w_m2(["X1.0", "", "C1.0", "X1.0"]), [1e-4, np.nan, 1e-6, 1e-4])
    assert peak_flux_w_m2([]).shape == (0,)


def test_ten_times_x_is_more_than_nine_times():
    # As texts "X10.0" < "X9.0": the authors of Sun et al. 2022 mark this trap.
    nine, ten = peak_flux_w_m2(["X9.0", "X10.0"])
    assert nine < ten


def test_threshold():
    assert threshold_w_m2("M1.0") == 1e-5
    with pytest.raises(InputError, match=r"'': wanted a letter A, B, C, M or X"):
        threshold_w_m2("")
