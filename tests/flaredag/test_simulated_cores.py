"""Cores of high free energy of simulated regions: along the inversion line, of a region's state, not its flares."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import yaml

from flaredag.bipoles import PatchField, patch_field, patch_grid
from flaredag.energy_density import HIGH_ENERGY_DENSITY_ERG_CM3, high_energy_density_keywords
from flaredag.fits_files import named_record, read_image
from flaredag.goes import peak_flux_w_m2
from flaredag.jsoc import utc_from_tai
from flaredag.simulated_cores import STRONGEST_GAUSS, core_field, non_potential_part, sheared_field
from flaredag.simulated_flares import activity, region_flares
from flaredag.simulated_patches import COARSE_PIXEL_DEG
from flaredag.simulated_regions import regions_of_instrument, solar_region
from flaredag.simulated_vector_files import vector_files
from flaredag.vector_segments import FIELD_MAPS

ROOT = Path(__file__).parents[2]
SEED, K = 5, 3
# Medians over the 288 regions of Li et al. 2024b, of class C and of M and above, of each region's own median.
PUBLISHED = {
    "hed_e_total": (1.01e22, 7.26e22),
    "hed_shear": (52.3, 56.0),
    "hed_uj_mean": (0.00864, 0.00943),
    "hed_uhc_mean": (0.0138, 0.0281),
    "hed_gbh_mean": (1.07e-4, 1.19e-4),
}


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


@pytest.fixture(scope="module")
def before_flares():
    """HED parameters of two records in the day before the largest flare of each HARP of the archive, with its class."""
    simulation = yaml.safe_load((ROOT / "config.yaml").read_text())["archives"]["embedded"]["simulation"]
    settings = {name: simulation[name] for name in ("seed", "bad_record_fraction", "gaps_per_region")}
    rows = []
    for k in regions_of_instrument("sharp", simulation["regions"]):
        region = solar_region(k, simulation["seed"])
        utc = utc_from_tai(pd.Series(region.times)).to_numpy()
        flares = region_flares(region, simulation["seed"])
        flares = flares.assign(flux=peak_flux_w_m2(flares["goes_class"]), start=pd.to_datetime(flares["start_time"]))
        flares = flares[(flares["flux"] >= 1e-6) & (flares["start"] > utc[0])]
        if flares.empty:
            continue
        largest = flares.loc[flares["flux"].idxmax()]
        before = largest["start"].to_datetime64() - utc
        times = region.times[(before > np.timedelta64(0, "h")) & (before <= np.timedelta64(24, "h"))][-1::-8]
        maps = {}
        for name, content in vector_files(region, times, **settings).items():
            _, time, segment = named_record(name)
            image = read_image(content, source="index", place=name, in_gauss=segment in FIELD_MAPS).image
            maps.setdefault(time, {})[segment] = image
        large = bool(largest["flux"] >= 1e-5)
        rows += [{"k": k, "large": large, **high_energy_density_keywords(m, pixel_degrees=0.06)} for m in maps.values()]
    return pd.DataFrame(rows)


def test_most_flaring_regions_have_a_core_and_those_of_class_c_less_often(before_flares):
    has_core = (before_flares["hed_area"] > 0).groupby(before_flares["large"]).mean()
    assert 0.6 < has_core[False] < has_core[True]
    assert has_core[True] > 0.9
    regions = before_flares.groupby("large")["k"].nunique()
    assert regions[False] > 10
    assert regions[True] > 20


def test_cores_are_like_those_that_were_published_and_classes_overlap(before_flares):
    with_core = before_flares[before_flares["hed_area"] > 0]
    of_region = with_core.groupby(["large", "k"])[list(PUBLISHED)].median()
    for name, published in PUBLISHED.items():
        found = of_region[name].groupby("large").median()
        for large, wanted in zip((False, True), published, strict=True):
            assert wanted / 3 < found[large] < 3 * wanted, (name, large, found[large])
    energy = of_region["hed_e_total"]
    assert energy[False].median() < energy[True].median() / 2
    assert energy[False].quantile(0.9) > energy[True].quantile(0.1)
