"""Cores of high free energy of simulated regions: along the inversion line, of a region's state, not its flares."""

from dataclasses import replace

import numpy as np
import pytest

from flaredag.bipoles import PatchField, patch_field, patch_grid
from flaredag.energy_density import HIGH_ENERGY_DENSITY_ERG_CM3
from flaredag.simulated_cores import STRONGEST_GAUSS, core_field, non_potential_part, sheared_field
from flaredag.simulated_flares import activity
from flaredag.simulated_patches import COARSE_PIXEL_DEG
from flaredag.simulated_regions import solar_region

SEED, K = 5, 3


def slope(gauss_a_degree, *, axis, n=41):
    """A radial field that grows evenly along an axis of (y, x), 0 in the middle."""
    line = gauss_a_degree * COARSE_PIXEL_DEG * (np.arange(n) - n // 2)
    return np.broadcast_to(line if axis == 1 else line[:, None], (n, n)).astype(np.float32)


def test_the_field_lies_along_the_inversion_line_and_falls_off_from_it():
    # The positive polarity to the west: with it on its right the field points north.
    west, north = sheared_field(slope(1000.0, axis=1), shear_deg=0.1, angle_deg=0.0)
    np.testing.assert_allclose(west, 0.0, atol=1e-4)
    of_column = north[0]
    assert (north == of_column).all()
    # 0.1 degrees of 1000 G a degree, hardly less for being far from the strongest.
    assert of_column[20] == pytest.approx(100.0 / np.hypot(1, 100.0 / STRONGEST_GAUSS), rel=1e-5)
    # 350 G to either side: 1/e of it, between the pixels of 240 and 360 G and beyond.
    assert of_column[17] == of_column[23] == pytest.approx(of_column[20] * np.exp(-((360 / 350) ** 2)), rel=1e-4)
    assert of_column[0] < 1e-6


def test_an_angle_turns_it_counterclockwise_and_its_strength_has_a_limit():
    radial = slope(1000.0, axis=0)
    # The positive polarity to the north: the field points east.
    west, north = (component[20, 20] for component in sheared_field(radial, shear_deg=0.1, angle_deg=0.0))
    assert (west < 0, abs(north) < 1e-4) == (True, True)
    turned_west, turned_north = (c[20, 20] for c in sheared_field(radial, shear_deg=0.1, angle_deg=90.0))
    assert turned_west == pytest.approx(0.0, abs=1e-4)
    assert abs(turned_north) == pytest.approx(abs(west), rel=1e-5)
    strongest, _ = sheared_field(radial, shear_deg=1e4, angle_deg=0.0)
    assert abs(strongest[20, 20]) == pytest.approx(STRONGEST_GAUSS, rel=1e-6)
    assert STRONGEST_GAUSS**2 / (8 * np.pi) > HIGH_ENERGY_DENSITY_ERG_CM3


def test_without_gradient_or_flux_there_is_no_core():
    for radial in (np.zeros((9, 9), np.float32), np.full((9, 9), 200.0, np.float32)):
        for component in sheared_field(radial, shear_deg=2.0, angle_deg=0.0):
            assert not component.any()
    nothing = np.zeros((1, 4, 4), np.float32)
    assert non_potential_part(PatchField(*[nothing] * 5)).tolist() == [0.0]


def test_non_potential_part_by_hand():
    # Free field (3, 4) G on one of four pixels, radial 10 G on each: 25 of 400.
    radial, west, north = np.full((1, 2, 2), 10.0), np.zeros((1, 2, 2)), np.zeros((1, 2, 2))
    west[0, 0, 0], north[0, 0, 0] = 3.0, 4.0
    assert non_potential_part(PatchField(radial, west, north, west, north)).tolist() == [0.25]


def test_a_core_is_of_its_region_seed_and_time_alone():
    region = solar_region(K, SEED)
    time = region.times[20]
    first, again = core_field(region, time, SEED), core_field(region, time, SEED)
    x, y = patch_grid(region.half_width_deg, region.half_height_deg, COARSE_PIXEL_DEG)
    for one, other in zip(first, again, strict=True):
        assert one.shape == (len(y), len(x))
        assert one.dtype == np.float32
        np.testing.assert_array_equal(one, other)
    assert not np.array_equal(first[0], core_field(region, time, SEED + 1)[0])
    assert not np.array_equal(first[0], core_field(region, region.times[21], SEED)[0])


def test_cores_go_with_what_drives_flares():
    cores, free = [], []
    for k in range(12):
        region = solar_region(k, SEED)
        west, north = core_field(region, region.times[len(region.times) // 2], SEED)
        x, y = patch_grid(region.half_width_deg, region.half_height_deg, COARSE_PIXEL_DEG)
        days = region.days(region.times[[len(region.times) // 2]])
        cores.append(float((west**2 + north**2).sum()))
        free.append(float(patch_field(region.bipoles, region.age_days + days, x, y).free_energy[0]))
    assert np.corrcoef(np.log(cores), np.log(free))[0, 1] > 0.5


def test_a_factor_of_the_rate_alone_leaves_the_core_as_it_is():
    region = solar_region(K, SEED)
    livelier = replace(region, unseen_dex=region.unseen_dex + 0.5)
    assert activity(livelier).c_flares_a_day.sum() > activity(region).c_flares_a_day.sum()
    of_both = (core_field(one, region.times[9], SEED) for one in (region, livelier))
    for one, other in zip(*of_both, strict=True):
        np.testing.assert_array_equal(one, other)
