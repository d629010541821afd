"""Keywords of vector maps: by hand on made-up fields, and against the header of a real one."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from flaredag import vector_fields
from flaredag.errors import InputError
from flaredag.vector_keywords import vector_keywords, vector_map
from sharp_maps import read_segments

SIDE_M = 364424.75
AREA_CM2 = (100 * SIDE_M) ** 2
MU_0 = 4e-7 * np.pi


def segments(bx, by, bz, *, margin: int = 3, error: float | None = None) -> dict[str, np.ndarray]:
    """Segments of a SHARP with that field, in gauss; the patch leaves a margin."""
    bx, by, bz = np.broadcast_arrays(*(np.asarray(component, dtype=float) for component in (bx, by, bz)))
    marks = np.zeros(bx.shape)
    marks[margin : bx.shape[0] - margin, margin : bx.shape[1] - margin] = 1.0
    maps = {"Br": bz, "Bp": bx, "Bt": -by, "bitmap": 34 * marks, "conf_disambig": 90 * marks}
    if error is not None:
        maps |= {name: np.full(bx.shape, error) for name in ("Br_err", "Bp_err", "Bt_err")}
    return maps


def keywords(maps: dict[str, np.ndarray]) -> dict[str, float]:
    return vector_keywords(maps, pixel_degrees=0.03)


def random_segments(seed: int, *, error: float | None = 10.0) -> dict[str, np.ndarray]:
    return segments(*np.random.default_rng(seed).normal(scale=400.0, size=(3, 16, 21)), error=error)


def test_uniform_field():
    # 10 x 14 pixels: Bh = 500 G, Bz = 1200 G, so |B| = 1300 G, at atan(5 / 12) to the vertical.
    got = keywords(segments(300.0, np.full((16, 20), 400.0), 1200.0))
    assert got["cmask"] == 140
    assert got["usflux"] == pytest.approx(140 * 1200.0 * AREA_CM2, rel=1e-6)
    assert got["meangam"] == pytest.approx(np.degrees(np.arctan2(5, 12)))
    for name in ("meangbt", "meangbh", "meangbz", "meanjzd", "totusjz", "meanalp", "meanjzh", "totusjh", "savncpp"):
        assert got[name] == pytest.approx(0.0, abs=1e-9), name
    # The Lorentz force is that of all 320 pixels: -Bx Bz / 4 pi, (Bh^2 - Bz^2) / 8 pi, in 1e20 dyne.
    assert got["totbsq"] == pytest.approx(320 * 1.69e6)
    assert got["totfx"] == pytest.approx(-320 * 3.6e5 * AREA_CM2 / (4 * np.pi * 1e20), rel=1e-6)
    assert got["totfy"] == pytest.approx(-320 * 4.8e5 * AREA_CM2 / (4 * np.pi * 1e20), rel=1e-6)
    assert got["totfz"] == pytest.approx(-320 * 1.19e6 * AREA_CM2 / (8 * np.pi * 1e20), rel=1e-6)
    eps = [got[name] for name in ("epsx", "epsy", "epsz")]
    assert eps == pytest.approx([3.6 / 16.9, 4.8 / 16.9, -11.9 / 16.9])


def test_weak_horizontal_field_does_not_count_in_the_inclination():
    bx = np.where(np.arange(20) < 10, 100.0, 101.0) * np.ones((16, 1))
    got = keywords(segments(bx, 0.0, 101.0))
    assert got["meangam"] == pytest.approx(45.0)
    assert np.isnan(keywords(segments(bx / 2, 0.0, 101.0))["meangam"])


def test_gradients_of_planes():
    y, x = np.indices((18, 22), dtype=float)
    got = keywords(segments(3.0 * x + 4.0 * y + 50.0, 0.0, 5.0 * x - 12.0 * y))
    assert got["meangbh"] == pytest.approx(5.0)
    assert got["meangbz"] == pytest.approx(13.0)


def test_current_sheet_carries_what_ampere_says():
    # By jumps by 800 G over the sheet: each row of the patch carries 0.08 T / mu_0 times its height.
    _, x = np.indices((16, 60), dtype=float)
    got = keywords(segments(0.0, 400.0 * np.tanh((x - 29.5) / 2.0), 500.0))
    assert got["totusjz"] == pytest.approx(10 * 0.08 / MU_0 * SIDE_M, rel=1e-6)
    assert got["meanjzd"] == pytest.approx(1e3 * 0.08 / MU_0 / SIDE_M / 54, rel=1e-6)
    # All of it flows where Bz is positive; JSOC's unit is A over the pixel's side in arcsec squared: 0.50247^2.
    assert got["savncpp"] == pytest.approx(got["totusjz"] / 0.50247**2, rel=1e-4)
    assert got["absnjzh"] == pytest.approx(500.0 * 10 * 800.0 / SIDE_M, rel=1e-6)


@pytest.mark.parametrize("alpha", [0.05, -0.2])
def test_force_free_field_has_its_alpha(alpha):
    # curl B = alpha B for B = (0, sin(alpha x), cos(alpha x)); central differences give sin(alpha) for alpha.
    _, x = np.indices((14, 90), dtype=float)
    got = keywords(segments(0.0, 900.0 * np.sin(alpha * x), 900.0 * np.cos(alpha * x)))
    assert got["meanalp"] == pytest.approx(np.sin(alpha) / SIDE_M * 1e6, rel=1e-6)
    assert got["meanjzh"] * alpha > 0
    assert got["totusjh"] == pytest.approx(got["absnjzh"])


def test_free_energy_and_shear_where_jsocs_field_vanishes():
    # Constant Bz has no gradient: the field of JSOC is (0, 0, Bz) but for the kernel's reach from the edges.
    got = keywords(segments(np.full((50, 50), 300.0), 0.0, 300.0, margin=12))
    assert got["meanpot"] == pytest.approx(300.0**2 / (8 * np.pi), rel=1e-9)
    assert got["totpot"] == pytest.approx(26**2 * 300.0**2 / (8 * np.pi) * AREA_CM2, rel=1e-6)
    assert got["meanshr"] == pytest.approx(45.0)
    tilted = keywords(segments(np.full((50, 50), 301.0), 0.0, 300.0, margin=12))
    assert tilted["shrgt45"] == 100.0
    assert keywords(segments(np.full((50, 50), 299.0), 0.0, 300.0, margin=12))["shrgt45"] == 0.0


def test_errors_of_a_uniform_field_by_hand():
    # 140 pixels, each component uncertain by 10 G.
    got = keywords(segments(300.0, np.full((16, 20), 400.0), 1200.0, error=10.0))
    assert got["errvf"] == pytest.approx(np.sqrt(140) * 10 * AREA_CM2, rel=1e-6)
    # Jz from four neighbours: sqrt(4 x 100) / 2 = 10 G/pixel each; Bh = 500 G likewise uncertain by 10 G.
    assert got["errusi"] == pytest.approx(np.sqrt(140) * 10 * 1e-4 / MU_0 * SIDE_M, rel=1e-6)
    assert got["errjz"] == pytest.approx(1e3 * 10 * 1e-4 / MU_0 / SIDE_M / np.sqrt(140), rel=1e-6)
    assert got["errtui"] == got["errtai"] == pytest.approx(np.sqrt(140) * 1200 * 10 / SIDE_M, rel=1e-6)
    assert got["errmih"] == pytest.approx(1200 * 10 / SIDE_M / np.sqrt(140), rel=1e-6)
    assert got["errgam"] == pytest.approx(np.degrees(10 / 1300) / np.sqrt(140), rel=1e-6)
    assert got["erralp"] == pytest.approx(10 / (1200 * np.sqrt(140)) / SIDE_M * 1e6, rel=1e-6)
    assert (got["errbt"], got["errbh"], got["errbz"]) == (0.0, 0.0, 0.0)


@given(st.integers(0, 2**32 - 1))
def test_scaling_of_the_field(seed):
    maps = random_segments(seed)
    doubled = {name: field if name in ("bitmap", "conf_disambig") else 2 * field for name, field in maps.items()}
    one, two = keywords(maps), keywords(doubled)
    once = "usflux errvf meangbt errbt meangbz errbz meangbh errbh meanjzd errjz totusjz errusi savncpp errjht"
    twice = "meanjzh errmih totusjh errtui absnjzh errtai meanpot errmpot totpot errtpot totbsq totfx totfy totfz"
    same = "meanalp erralp meanshr errmsha shrgt45 cmask epsx epsy epsz"
    for names, power in ((once, 1), (twice, 2), (same, 0)):
        for name in names.split():
            assert two[name] == pytest.approx(2**power * one[name], rel=1e-9, abs=1e-300), name
    # The noise of 100 G stays where it is.
    assert set(one) == {*once.split(), *twice.split(), *same.split(), "meangam", "errgam"}


@given(st.integers(0, 2**32 - 1))
def test_other_polarity(seed):
    maps = random_segments(seed, error=None)
    flipped = {name: -field if name in ("Br", "Bp", "Bt") else field for name, field in maps.items()}
    one, other = keywords(maps), keywords(flipped)
    assert other.pop("meanjzd") == pytest.approx(-one.pop("meanjzd"))
    assert other == pytest.approx(one, rel=1e-9)


@given(st.integers(0, 2**32 - 1))
def test_mirrored_in_the_equator_the_twist_changes_sign(seed):
    maps = random_segments(seed, error=None)
    mirrored = {name: (-field if name == "Bt" else field)[::-1] for name, field in maps.items()}
    one, other = keywords(maps), keywords(mirrored)
    for name in ("meanjzd", "meanalp", "meanjzh", "totfy", "epsy"):
        assert other[name] == pytest.approx(-one[name]), name
    # JSOC's sum over charges reaches 10 pixels to one side and 9 to the other.
    for name in (
        "usflux",
        "meangam",
        "meangbt",
        "meangbh",
        "meangbz",
        "totusjz",
        "totusjh",
        "savncpp",
        "totfx",
        "totfz",
    ):
        assert other[name] == pytest.approx(one[name]), name


def test_only_surely_disambiguated_pixels_of_the_patch_count():
    maps = random_segments(3)
    maps["conf_disambig"][5, 5], maps["bitmap"][6, 6], maps["Br"][7, 7] = 60, 2, np.nan
    assert keywords(random_segments(3))["cmask"] == 150
    assert keywords(maps)["cmask"] == 147
    changed = {**maps, "Br": maps["Br"].copy()}
    changed["Br"][5, 5] += 1000.0
    assert keywords(changed)["usflux"] == keywords(maps)["usflux"]


def test_a_missing_pixel_takes_its_neighbours_from_gradients_and_currents():
    _, x = np.indices((16, 20), dtype=float)
    maps = segments(0.0, 10.0 * x, 7.0 * x)
    maps["Bt"] = maps["Bt"].copy()
    maps["Bt"][8, 8] = np.nan
    got = keywords(maps)
    assert got["cmask"] == 139
    assert got["meangbz"] == pytest.approx(7.0)
    # Jz lacks the pixel and the two beside it, not those above and below, where Bx counts.
    assert got["totusjz"] == pytest.approx(137 * 10.0 * 1e-4 / MU_0 * SIDE_M, rel=1e-6)


def test_without_errors_there_are_no_keywords_of_errors():
    with_errors, without = keywords(random_segments(5)), keywords(random_segments(5, error=None))
    assert {name for name in with_errors if not name.startswith("err")} == set(without)
    assert len(with_errors) - len(without) == 15


def test_an_empty_mask_has_totals_zero_and_means_missing():
    maps = random_segments(7)
    maps["conf_disambig"][:] = 60
    got = keywords(maps)
    zero = {"cmask", "usflux", "totusjz", "totusjh", "absnjzh", "savncpp", "totpot"}
    assert {name for name, value in got.items() if value == 0.0} >= zero
    missing = {name for name, value in got.items() if np.isnan(value)}
    assert missing >= {name for name in got if name.startswith("mean")} | {"shrgt45"}
    assert got["totbsq"] > 0, "the whole map"


def test_a_map_without_values_gives_no_keyword():
    maps = random_segments(9)
    for name in ("Br", "Bp", "Bt"):
        maps[name] = np.full_like(maps[name], np.nan)
    got = keywords(maps)
    assert got.pop("cmask") == 0.0
    assert np.isnan(list(got.values())).all()


def test_segments_that_miss_or_differ_are_refused():
    maps = random_segments(11)
    with pytest.raises(InputError, match=r"segments Bt of a SHARP are missing; found .*Br"):
        vector_map({name: field for name, field in maps.items() if name != "Bt"})
    with pytest.raises(InputError, match=r"segments Bt_err of a SHARP are missing"):
        vector_map({name: field for name, field in maps.items() if name != "Bt_err"})
    with pytest.raises(InputError, match=r"Bp \(16, 20\).*one shape"):
        vector_map({**maps, "Bp": maps["Bp"][:, :-1]})


# Against a real header: HARP 377, 2011-02-15 02:00 TAI, processing of 2013.


@pytest.fixture(scope="module")
def harp_377(mirror):
    maps, header = read_segments(mirror / "fits_sharp_377")
    return maps, header, vector_keywords(maps, pixel_degrees=header["CDELT1"], distance_m=header["DSUN_OBS"])


SUMS = "usflux cmask totpot totusjz totusjh absnjzh errvf errusi errtpot errtui errtai"
MEANS = "meangam meangbt meangbz meangbh meanjzd meanalp meanjzh savncpp errjz erralp errmih errjht"
OF_JSOCS_POTENTIAL = "meanpot meanshr shrgt45 errmpot"
ROUNDED_TO_THREE_DECIMALS = "errgam errbt errbz errbh"


@pytest.mark.parametrize("name", SUMS.split())
def test_sums_of_harp_377(harp_377, name):
    _, header, got = harp_377
    assert got[name] == pytest.approx(float(header[name.upper()]), rel=1e-4)


@pytest.mark.parametrize("name", MEANS.split())
def test_gradients_currents_and_helicities_of_harp_377(harp_377, name):
    """Target 1 %; measured 7e-5 and better, one pixel of 45,703 whose current is 0 in JSOC's single precision."""
    _, header, got = harp_377
    assert got[name] == pytest.approx(float(header[name.upper()]), rel=1e-4)


@pytest.mark.parametrize("name", OF_JSOCS_POTENTIAL.split())
def test_free_energy_and_shear_of_harp_377(harp_377, name):
    """Target 5 %; measured 1e-5 and better."""
    _, header, got = harp_377
    assert got[name] == pytest.approx(float(header[name.upper()]), rel=1e-4)


@pytest.mark.parametrize("name", ROUNDED_TO_THREE_DECIMALS.split())
def test_errors_that_the_header_rounds_to_three_decimals(harp_377, name):
    _, header, got = harp_377
    assert got[name] == pytest.approx(float(header[name.upper()]), abs=5.01e-4)


def test_errmsha_misses_the_header_because_jsoc_keeps_the_error_of_the_last_pixel_only(harp_377):
    """JSOC assigns where it should add, so that its error of the mean is that of one pixel over their number: 0.000."""
    maps, header, got = harp_377
    patch = vector_map(maps)
    rows, columns = np.nonzero(patch.used)
    last = np.lexsort((rows, columns))[-1]
    potential = vector_fields.greens_function_field(patch.field[2])

    def at(field):
        return field[rows[last], columns[last]].reshape(1)

    variance = vector_fields.shear_angle_variance(
        [at(field) for field in patch.field],
        [at(error) for error in patch.errors],
        (at(potential[0]), at(potential[1])),
    )
    n_sheared = got["shrgt45"] / 100 * got["cmask"]
    assert np.sqrt(variance[0]) / n_sheared == pytest.approx(float(header["ERRMSHA"]), abs=5.01e-4)
    assert got["errmsha"] == pytest.approx(0.0315, abs=5e-4)


def test_the_true_potential_field_has_half_the_shear_that_headers_tell(harp_377):
    maps, header, got = harp_377
    patch = vector_map(maps)
    potential = vector_fields.potential_field(patch.field[2])
    shear = vector_fields.shear_angle_degrees(patch.field, potential)[patch.used].mean()
    energy = vector_fields.free_energy_density(patch.field[0], patch.field[1], potential)[patch.used].mean()
    assert shear == pytest.approx(26.1, abs=0.1)
    assert float(header["MEANSHR"]) == pytest.approx(52.5, abs=0.1)
    assert energy / got["meanpot"] == pytest.approx(0.709, abs=5e-3)


def test_published_lorentz_forces_are_those_of_the_whole_map_and_of_a_pixel_of_364_km(mirror):
    """Why ours are 0.2 % larger: TOTFZ = EPSZ TOTBSQ area / 8 pi holds in the table with (3.64e7 cm)^2."""
    pd = pytest.importorskip("pandas")
    table = pd.read_csv(mirror / "alciomar_sharp_daily" / "dataset_sharp_daily_2010_2019.csv.gz", sep=";")
    clear = table[table["EPSZ"].abs() > 0.2]
    area = (clear["TOTFZ"] * 1e20 * 8 * np.pi / clear["EPSZ"] / clear["TOTBSQ"]).median()
    assert area == pytest.approx(3.64e7**2, rel=1e-4)
    assert AREA_CM2 / area == pytest.approx(1.0023, abs=1e-4)
    # A region of 338 G in the pixels that USFLUX counts cannot have 2e8 G2 in them.
    smallest = table.nsmallest(1, "USFLUX").iloc[0]
    assert smallest["TOTBSQ"] > 100 * (smallest["USFLUX"] / AREA_CM2) ** 2
