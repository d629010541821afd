"""Parameters of the region of high free energy density: by hand on made-up fields, and on a real one."""

import numpy as np
import pytest

from flaredag.energy_density import high_energy_density_keywords
from flaredag.errors import InputError
from sharp_maps import read_segments

SIDE_M = 364424.75
AREA_CM2 = (100 * SIDE_M) ** 2
MU_0 = 4e-7 * np.pi
TOTALS = ("hed_e_total", "hed_area", "hed_flux", "hed_j_total", "hed_hc_total")


def segments(bx, by, bz) -> dict[str, np.ndarray]:
    bx, by, bz = np.broadcast_arrays(*(np.asarray(component, dtype=float) for component in (bx, by, bz)))
    marks = np.zeros(bx.shape)
    marks[4:-4, 4:-4] = 1.0
    return {"Br": bz, "Bp": bx, "Bt": -by, "bitmap": 34 * marks, "conf_disambig": 90 * marks}


def keywords(maps: dict[str, np.ndarray]) -> dict[str, float]:
    return high_energy_density_keywords(maps, pixel_degrees=0.03)


def test_horizontal_field_alone_is_all_free_energy():
    # Bz = 0 has no potential field: B^2 / 8 pi = 4e4 erg/cm3 at 1002.65 G. By grows by 1 G a pixel along x.
    _, x = np.indices((20, 40), dtype=float)
    by = 983.0 + x
    got = keywords(segments(0.0, by, 0.0))
    # Columns 20 (1003 G) to 35, rows 4 to 15.
    inside = 12 * 16
    assert got["hed_area"] == pytest.approx(inside * AREA_CM2, rel=1e-6)
    assert got["hed_e_total"] == pytest.approx(12 * (by[0, 20:36] ** 2).sum() / (8 * np.pi) * AREA_CM2, rel=1e-6)
    assert got["hed_gbh_mean"] == pytest.approx(1.0 / SIDE_M, rel=1e-6)
    assert got["hed_uj_mean"] == pytest.approx(1e-4 / (MU_0 * SIDE_M), rel=1e-6)
    assert got["hed_j_total"] == pytest.approx(inside * 1e-4 / MU_0 * SIDE_M, rel=1e-6)
    assert (got["hed_flux"], got["hed_uhc_mean"], got["hed_hc_total"]) == (0.0, 0.0, 0.0)


def test_a_twisted_field_has_its_twist_and_helicity():
    alpha = 0.1
    _, x = np.indices((24, 100), dtype=float)
    by, bz = 3000.0 * np.sin(alpha * x), 3000.0 * np.cos(alpha * x)
    got = keywords(segments(0.0, by, bz))
    assert got["hed_area"] > 0
    assert got["hed_alp_mean"] == pytest.approx(np.sin(alpha) / SIDE_M * 1e6, rel=1e-6)
    assert got["hed_hc_total"] == pytest.approx(got["hed_uhc_mean"] * got["hed_area"] / AREA_CM2, rel=1e-5)


def test_a_potential_bipole_has_no_such_region():
    y, x = np.indices((128, 128), dtype=float)
    field = np.zeros((3, 128, 128))
    for charge, place in ((1.0, 54.0), (-1.0, 74.0)):
        offset = np.stack([x - place, y - 64.0, np.full_like(x, 6.0)])
        field += 7e4 * charge * offset / (offset**2).sum(axis=0) ** 1.5
    assert np.abs(field[2]).max() > 1800
    got = keywords(segments(*field))
    assert [got[name] for name in TOTALS] == [0.0] * 5
    assert all(np.isnan(value) for name, value in got.items() if name not in TOTALS)


def test_nothing_outside_the_patch_counts():
    maps = segments(2000.0, np.full((20, 20), 500.0), 0.0)
    assert keywords(maps)["hed_area"] == pytest.approx(144 * AREA_CM2, rel=1e-6)
    assert keywords({**maps, "conf_disambig": np.zeros((20, 20))})["hed_area"] == 0.0


def test_a_map_without_values_gives_no_parameter():
    maps = segments(np.full((12, 12), np.nan), np.nan, np.nan)
    assert np.isnan(list(keywords(maps).values())).all()


def test_missing_segments_are_refused():
    with pytest.raises(InputError, match="segments Br, Bp"):
        keywords({"Bt": np.zeros((5, 5)), "bitmap": np.zeros((5, 5)), "conf_disambig": np.zeros((5, 5))})


def test_harp_377_against_the_published_parameters_of_ar_11158_just_before_its_flare(mirror):
    """MagParDB has the region just before its X2.2 flare (01:44), the map is of 02:00: no test of the algorithm.

    The total agrees within 15 % and the shear within 10 deg. MagParDB's region is twice as large, its mean current,
    twist and gradient are 2.5 to 4 times smaller, its helicity ten times: the survey's paper, which may tell how the
    maps were smoothed, is not among the sources of this code. That gap is held here, lest it be taken for agreement.
    """
    maps, header = read_segments(mirror / "fits_sharp_377")
    got = high_energy_density_keywords(maps, pixel_degrees=header["CDELT1"])
    assert got["hed_e_total"] == pytest.approx(4.03e23, rel=0.15)
    assert got["hed_shear"] == pytest.approx(56.07, abs=10)
    assert got["hed_flux"] == pytest.approx(2.01e21, rel=0.4)
    assert got["hed_j_total"] == pytest.approx(7.26e12, rel=0.3)
    ratios = {"hed_area": 7.63e18, "hed_uj_mean": 0.0094, "hed_gbh_mean": 1.26e-4, "hed_alp_mean": 0.0526}
    ratios |= {"hed_uhc_mean": 0.0286}
    measured = {name: got[name] / published for name, published in ratios.items()}
    expected = {
        "hed_area": 0.50,
        "hed_uj_mean": 2.54,
        "hed_gbh_mean": 2.52,
        "hed_alp_mean": 4.25,
        "hed_uhc_mean": 9.66,
    }
    assert measured == pytest.approx(expected, rel=0.02)
