"""Bipoles: eq. 18 by hand, flux, growth; the horizontal field of a wave; free energy of twist alone."""

from __future__ import annotations

import dataclasses

import numpy as np
import pytest

from flaredag.bipoles import SIZE_FACTOR, patch_field, patch_grid, radial_field
from flaredag.simulated_regions import Bipole

FULL_GROWN = Bipole(
    emergence_days=0.0, x_deg=0.0, y_deg=0.0, drift_x_deg_day=0.0, drift_y_deg_day=0.0, amplitude_gauss=4000.0,
    separation_deg=2.0, rise_days=0.001, decay_days=1e9, tilt_deg=0.0, twist_per_deg=0.0,
)  # fmt: skip
NOW = np.array([0.1])


def test_grid_is_centred_and_covers_the_patch() -> None:
    x, y = patch_grid(1.0, 0.5, 0.12)
    assert (len(x), len(y)) == (17, 9)  # 2 / 0.12 = 16.7, 1 / 0.12 = 8.3
    assert x[0] == -x[-1]
    assert np.diff(x) == pytest.approx(0.12, abs=1e-6)


def test_field_is_that_of_equation_18() -> None:
    x, y = np.array([-0.5, 0.0, 0.5], dtype=np.float32), np.array([0.0, 0.3], dtype=np.float32)
    field = radial_field(FULL_GROWN, NOW, x, y)[0]
    # -B0 (phi / rho) exp(-(phi^2 + 2 lat^2) / (0.56 rho)^2), rho = 2: diffusion of a tenth of a day aside.
    expected = -4000 * 0.25 * np.exp(-(0.25 + 2 * 0.09) / (SIZE_FACTOR * 2) ** 2)
    assert field[1, 2] == pytest.approx(expected, rel=0.02)
    assert field[:, 1] == pytest.approx(0.0, abs=1e-3)
    assert field[0, 0] == pytest.approx(-field[0, 2])


def test_tilt_turns_the_line_between_the_polarities() -> None:
    x = y = np.linspace(-1, 1, 21, dtype=np.float32)
    level = radial_field(FULL_GROWN, NOW, x, y)[0]
    upright = radial_field(dataclasses.replace(FULL_GROWN, tilt_deg=90.0), NOW, x, y)[0]
    assert upright == pytest.approx(level.T, abs=0.05)


def test_flux_is_balanced_grows_spreads_without_loss_and_decays() -> None:
    x, y = patch_grid(6.0, 6.0, 0.12)
    growing = dataclasses.replace(FULL_GROWN, rise_days=2.0)
    flux = np.abs(radial_field(growing, np.array([0.5, 1.0, 2.0, 4.0]), x, y)).sum((1, 2))
    assert (np.diff(flux) > 0).all()
    spreading = radial_field(FULL_GROWN, np.array([0.1, 10.0]), x, y)
    assert np.abs(spreading.sum((1, 2))).max() < 1e-3 * np.abs(spreading).sum()
    assert np.abs(spreading).max((1, 2))[1] < np.abs(spreading).max((1, 2))[0]
    assert np.abs(spreading).sum((1, 2))[1] == pytest.approx(np.abs(spreading).sum((1, 2))[0], rel=1e-3)
    decaying = radial_field(dataclasses.replace(FULL_GROWN, decay_days=5.0), np.array([0.01, 5.01]), x, y)
    assert np.abs(decaying).sum((1, 2))[1] / np.abs(decaying).sum((1, 2))[0] == pytest.approx(np.exp(-1), rel=0.01)


def test_nothing_is_there_before_emergence() -> None:
    x, y = patch_grid(3.0, 2.0, 0.12)
    later = dataclasses.replace(FULL_GROWN, emergence_days=1.0)
    field = patch_field([later], np.array([0.5, 1.5]), x, y)
    assert not field.radial[0].any()
    assert field.radial[1].any()


def test_potential_field_points_from_positive_to_negative_polarity() -> None:
    # Positive in the east (x < 0), negative in the west: between them the field runs west.
    x, y = patch_grid(4.0, 3.0, 0.12)
    field = patch_field([FULL_GROWN], NOW, x, y)
    middle = len(y) // 2, len(x) // 2
    assert field.west[0][middle] > 300
    assert abs(field.north[0][middle]) < 0.05 * field.west[0][middle]
    assert not field.free_west.any()
    assert field.free_energy == pytest.approx([0.0])


def test_twist_makes_a_current_in_proportion_to_the_field() -> None:
    x, y = patch_grid(5.0, 4.0, 0.12)
    age = np.array([20.0])
    twisted = dataclasses.replace(FULL_GROWN, twist_per_deg=0.2)
    field = patch_field([twisted], age, x, y)
    curl = np.gradient(field.free_north[0], axis=1) - np.gradient(field.free_west[0], axis=0)
    inside = np.s_[6:-6, 6:-6]
    # curl B = alpha B: alpha 0.2 a degree is 0.024 a pixel of 0.12 degrees, built up to all but exp(-10).
    slope = np.polyfit(field.radial[0][inside].ravel(), curl[inside].ravel(), 1)[0]
    assert slope == pytest.approx(0.2 * 0.12, rel=0.05)
    assert field.free_energy[0] > 0
    # Twice the twist, twice the field that it makes, four times the energy.
    doubled = patch_field([dataclasses.replace(twisted, twist_per_deg=0.4)], age, x, y)
    assert doubled.free_energy[0] == pytest.approx(4 * field.free_energy[0], rel=1e-4)
