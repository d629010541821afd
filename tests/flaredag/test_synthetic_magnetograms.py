import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from flaredag.errors import InputError
from flaredag.synthetic_magnetograms import bipole_magnetogram, bipole_sweep


def test_the_field_is_that_of_equation_18():
    # 5 pixels of 1 degree: columns and rows at -2, -1, 0, 1, 2 degrees.
    found = bipole_magnetogram(1000.0, 2.0, 0.0, patch_width_deg=5.0, pixels=5)
    on_equator = [-1000 * x / 2 * np.exp(-((x / 1.12) ** 2)) for x in (-2, -1, 0, 1, 2)]
    np.testing.assert_allclose(found[2], on_equator, atol=1e-9)
    # A row is a degree of sine: its latitude is arcsin(pi / 180). Twice its square stands in the exponent.
    latitude = np.rad2deg(np.arcsin(np.deg2rad(1.0)))
    assert found[3, 1] == pytest.approx(500 * np.exp(-(1 + 2 * latitude**2) / 1.12**2))


def test_the_strongest_field_is_where_the_docstring_says():
    found = bipole_magnetogram(1000.0, 10.0, 0.0, patch_width_deg=20.0, pixels=2001)
    assert found.max() == pytest.approx(240.2, abs=0.05)
    row, column = np.unravel_index(found.argmax(), found.shape)
    assert row == 1000
    assert (column - 1000) * 20 / 2001 == pytest.approx(-3.96, abs=0.01)


def test_a_positive_tilt_moves_the_eastern_pole_north():
    upright = bipole_magnetogram(1000.0, 4.0, 90.0, patch_width_deg=10.0, pixels=41)
    row, column = np.unravel_index(upright.argmax(), upright.shape)
    assert column == 20
    assert row > 20
    oblique = bipole_magnetogram(1000.0, 4.0, 30.0, patch_width_deg=10.0, pixels=41)
    row, column = np.unravel_index(oblique.argmax(), oblique.shape)
    assert np.rad2deg(np.arctan2(row - 20, 20 - column)) == pytest.approx(30, abs=4)


@given(st.floats(1, 5000), st.floats(0.5, 20), st.floats(-180, 180))
def test_both_polarities_are_alike_and_a_half_turn_exchanges_them(amplitude, separation, tilt):
    grid = {"patch_width_deg": 24.0, "pixels": 16}
    found = bipole_magnetogram(amplitude, separation, tilt, **grid)
    np.testing.assert_allclose(found, -found[::-1, ::-1], atol=1e-9 * amplitude)
    np.testing.assert_allclose(
        bipole_magnetogram(amplitude, separation, tilt + 180, **grid), -found, atol=1e-9 * amplitude
    )
    np.testing.assert_allclose(
        bipole_magnetogram(2 * amplitude, separation, tilt, **grid), 2 * found, atol=1e-9 * amplitude
    )


def test_a_sweep_holds_every_bipole_once_in_the_order_told():
    table, found = bipole_sweep([100, 200], [2, 4, 6], [0, 30], patch_width_deg=16.0, pixels=8)
    assert found.shape == (12, 8, 8)
    assert found.dtype == np.float32
    assert table.iloc[0].tolist() == [100, 2, 0]
    assert table.iloc[1].tolist() == [100, 2, 30]
    assert table.iloc[7].tolist() == [200, 2, 30]
    assert len(table.drop_duplicates()) == 12
    wanted = bipole_magnetogram(200, 2, 30, patch_width_deg=16.0, pixels=8).astype(np.float32)
    np.testing.assert_array_equal(found[7], wanted)


def test_settings_without_sense_are_refused():
    with pytest.raises(InputError, match="separation 0 deg"):
        bipole_magnetogram(1000.0, 0, 0.0, patch_width_deg=10.0, pixels=8)
    with pytest.raises(InputError, match="no bipole"):
        bipole_sweep([100], [], [0], patch_width_deg=16.0, pixels=8)
