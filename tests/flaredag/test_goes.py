"""GOES classes and their peak flux."""

import numpy as np
import pytest

from flaredag.errors import InputError
from flaredag.goes import flux_scale, goes_class_of_flux, peak_flux_w_m2, reaches, threshold_w_m2, unscaled_classes


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


@pytest.mark.parametrize(
    ("satellite", "time", "scale"),
    [
        ("G15", "2020-01-20", 0.7),
        ("G16", "2019-12-20", 1.0),
        ("GO8", "1996-09-01", 0.7),
        ("G08", "1996-09-01", 0.7),
        ("GOES-7", "1991-01-01", 1.0),
        ("G18", "2024-01-01", 1.0),
        ("GOES", "1991-01-01", 1.0),
        ("GOES", "1995-02-28", 1.0),
        ("GOES", "1995-03-01", np.nan),
        ("GOES", "1996-08-13", np.nan),
        ("", "1996-08-14", 0.7),
        ("SDO", "2012-03-24", 0.7),
        ("GOES", "2019-12-12", 0.7),
        ("GOES", "2019-12-13", np.nan),
        ("GOES", "2020-01-26", 1.0),
    ],
)
def test_scale_of_the_operational_flux(satellite, time, scale):
    found = flux_scale([satellite], np.array([time], dtype="datetime64[s]"))
    np.testing.assert_array_equal(found, [scale])


def test_classes_of_the_true_flux():
    # 3.9e-4 W m-2 in the operational data is 5.5e-4 (5.57e-4) as measured: the flare of 2013-11-05.
    classes = ["X3.9", "M5.0", "C7.0", "M6.9", "C", "", "?", "M1.0", "M1.0", "A0.5"]
    scale = np.array([0.7] * 7 + [1.0, np.nan, 0.7])
    assert unscaled_classes(classes, scale).tolist() == [
        "X5.57", "M7.14", "M1.00", "M9.86", "C", "", "?", "M1.0", "M1.0", "A0.71",
    ]  # fmt: skip


def test_class_of_a_flux():
    fluxes = [2.8e-3, 1e-4, 9.996e-5, 9.99e-5, 1e-5, 1e-7, 5e-9]
    assert [goes_class_of_flux(flux) for flux in fluxes] == [
        "X28.00", "X1.00", "X1.00", "M9.99", "M1.00", "B1.00", "A0.50",
    ]  # fmt: skip


def test_a_flare_of_a_class_reaches_it_whatever_rounding_makes_of_its_flux():
    # A neighbour in binary floating point is the same class; one part in ten thousand less is not.
    flux = np.array([np.nextafter(1.1e-5, 0), 1.1e-5, np.nextafter(1.1e-5, 1), 1.0999e-5, np.nan])
    assert reaches(flux, threshold_w_m2("M1.1")).tolist() == [True, True, True, False, False]
