"""Operators on vector maps: exact on polynomials, against sums written out, and on fields known in closed form."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from flaredag import vector_fields


def grid(n_y: int = 24, n_x: int = 30) -> tuple[np.ndarray, np.ndarray]:
    """Coordinates y and x of the pixels."""
    y, x = np.indices((n_y, n_x), dtype=float)
    return y, x


def test_derivatives_of_a_polynomial_of_second_degree_are_exact_up_to_the_edges():
    y, x = grid()
    along_x, along_y = vector_fields.derivatives(2.0 * x**2 - 3.0 * x * y + y)
    np.testing.assert_allclose(along_x, 4.0 * x - 3.0 * y, atol=1e-9)
    np.testing.assert_allclose(along_y, 1.0 - 3.0 * x, atol=1e-9)


def test_gradient_of_a_plane():
    y, x = grid()
    np.testing.assert_allclose(vector_fields.gradient_magnitude(6.0 * x + 8.0 * y), 10.0)


def test_variance_of_a_gradient():
    # Slope (3, 4), every pixel uncertain by 2 G: (9 + 16) / 25 x (2^2 + 2^2) / 4 = 2 G2.
    y, x = grid()
    variance = vector_fields.gradient_variance(3.0 * x + 4.0 * y, np.full(x.shape, 2.0))
    np.testing.assert_allclose(variance[1:-1, 1:-1], 2.0)
    # At the side edges the slope along x adds nothing: 16 / 25 x 8 / 4; in the corners neither does.
    np.testing.assert_allclose(variance[1:-1, [0, -1]], 1.28)
    assert variance[0, 0] == 0.0
    assert not vector_fields.gradient_variance(np.zeros_like(x), np.ones_like(x)).any()


def test_current_of_a_rigidly_turning_field():
    y, x = grid()
    np.testing.assert_allclose(vector_fields.vertical_current(-5.0 * y, 5.0 * x), 10.0)


def test_a_field_without_curl_has_no_current():
    y, x = grid()
    assert np.abs(vector_fields.vertical_current(2.0 * x + 3.0 * y, 3.0 * x - 7.0 * y)).max() < 1e-9


def test_current_through_a_sheet_is_the_jump_of_the_field():
    # Stokes: the sum of central differences is the jump of the mean of two pixels from end to end.
    _, x = grid(5, 80)
    by = 400.0 * np.tanh((x - 39.5) / 3.0)
    current = vector_fields.vertical_current(np.zeros_like(by), by)
    np.testing.assert_allclose(current[:, 1:-1].sum(axis=1), 800.0, rtol=1e-9)


def test_variance_of_a_current():
    y, _ = grid()
    variance = vector_fields.vertical_current_variance(np.full(y.shape, 3.0), np.full(y.shape, 4.0))
    np.testing.assert_allclose(variance[1:-1, 1:-1], (2 * 9.0 + 2 * 16.0) / 4)
    np.testing.assert_allclose(variance[0, 1:-1], 2 * 16.0 / 4)


def test_error_of_the_length_of_a_vector():
    three, four, none = (np.array([value]) for value in (3.0, 4.0, 0.0))
    error = vector_fields.magnitude_error([three, four], [np.array([1.0]), np.array([2.0])])
    assert error == pytest.approx(np.sqrt(9.0 + 64.0) / 5)
    assert vector_fields.magnitude_error([none, none], [three, four]).tolist() == [0.0]


def greens_function_written_out(bz: np.ndarray) -> np.ndarray:
    """Potential at each pixel: charges from 10 pixels before it to 9 after it, depth 0.001."""
    n_y, n_x = bz.shape
    potential = np.zeros(bz.shape)
    for j in range(n_y):
        for i in range(n_x):
            if np.isnan(bz[j, i]):
                continue
            for k in range(max(j - 10, 0), min(j + 10, n_y)):
                for m in range(max(i - 10, 0), min(i + 10, n_x)):
                    if not np.isnan(bz[k, m]):
                        potential[j, i] += bz[k, m] * 0.001 / np.sqrt((j - k) ** 2 + (i - m) ** 2 + 1e-6)
    return potential


def test_jsocs_potential_is_the_sum_over_charges():
    bz = np.random.default_rng(1).normal(scale=500.0, size=(23, 29))
    bz[7, 9] = np.nan
    potential = greens_function_written_out(bz)
    bx, by = vector_fields.greens_function_field(bz)
    np.testing.assert_allclose(bx[1:-1, 1:-1], (potential[1:-1, :-2] - potential[1:-1, 2:]) / 2, atol=1e-9)
    np.testing.assert_allclose(by[1:-1, 1:-1], (potential[:-2, 1:-1] - potential[2:, 1:-1]) / 2, atol=1e-9)
    assert not bx[[0, -1]].any()
    assert not by[:, [0, -1]].any()


def bipole(n: int = 256, depth: float = 6.0) -> list[np.ndarray]:
    """[Bx, By, Bz] of two opposite charges below the middle of a map."""
    y, x = grid(n, n)
    field = [np.zeros((n, n)) for _ in range(3)]
    for charge, place in ((1.0, n / 2 - 10), (-1.0, n / 2 + 10)):
        offset = [x - place, y - n / 2, np.full_like(x, depth)]
        distance = np.sqrt(sum(component**2 for component in offset))
        for component, part in zip(field, offset, strict=True):
            component += 1e5 * charge * part / distance**3
    return field


def test_potential_field_of_a_bipole_is_its_field_and_has_no_free_energy():
    bx, by, bz = bipole()
    potential = vector_fields.potential_field(bz)
    assert np.abs(potential[0] - bx).max() < 0.01 * np.abs(bx).max()
    assert np.abs(potential[1] - by).max() < 0.01 * np.abs(by).max()
    free = vector_fields.free_energy_density(bx, by, potential)
    assert free.sum() < 1e-3 * ((bx**2 + by**2 + bz**2) / (8 * np.pi)).sum()


def test_what_jsoc_calls_potential_is_not_the_potential_field():
    bx, by, bz = bipole()
    total = ((bx**2 + by**2 + bz**2) / (8 * np.pi)).sum()
    of_jsoc = vector_fields.free_energy_density(bx, by, vector_fields.greens_function_field(bz)).sum()
    assert of_jsoc > 0.2 * total


def test_missing_pixels_count_as_no_field_in_the_potential_field():
    bz = bipole(64)[2]
    filled, holed = bz.copy(), bz.copy()
    filled[30, 20], holed[30, 20] = 0.0, np.nan
    np.testing.assert_array_equal(vector_fields.potential_field(holed), vector_fields.potential_field(filled))


def test_free_energy_density_by_hand():
    one = np.array([100.0])
    assert vector_fields.free_energy_density(3 * one, 5 * one, (one, one)) == pytest.approx(2e5 / (8 * np.pi))


def test_shear_angles_by_hand():
    # Field and potential field with the same Bz: along, at 90 deg, and opposite in the horizontal.
    bx, by, bz = np.array([100.0, 0.0, -100.0, 0.0]), np.zeros(4), np.array([0.0, 100.0, 100.0, 0.0])
    potential = (np.array([5.0, 0.0, 100.0, 1.0]), np.zeros(4))
    angle = vector_fields.shear_angle_degrees([bx, by, bz], potential)
    np.testing.assert_allclose(angle, [0.0, 0.0, 90.0, np.nan], atol=1e-6)


@given(st.integers(0, 2**32 - 1))
def test_variance_of_the_shear_angle_is_that_of_small_changes_of_the_field(seed):
    field = list(np.random.default_rng(seed).uniform(100.0, 1000.0, size=(3, 1)))
    potential = (-field[1] - 50.0, field[0] + 70.0)
    errors = [np.array([2.0]), np.array([3.0]), np.array([5.0])]
    other = np.array([*(component[0] for component in potential), field[2][0]])

    def angle(vector: np.ndarray) -> float:
        return np.degrees(np.arccos(vector @ other / np.linalg.norm(vector) / np.linalg.norm(other)))

    vector = np.array([component[0] for component in field])
    slopes = [(angle(vector + step) - angle(vector - step)) / 2e-3 for step in 1e-3 * np.eye(3)]
    expected = sum((slope * error[0]) ** 2 for slope, error in zip(slopes, errors, strict=True))
    assert vector_fields.shear_angle_variance(field, errors, potential)[0] == pytest.approx(expected, rel=1e-4)


def test_parallel_fields_have_no_variance_of_shear_and_no_warning():
    field = [np.array([3.0, 0.0]), np.array([4.0, 0.0]), np.array([0.0, 0.0])]
    errors = [np.ones(2)] * 3
    assert np.isfinite(
        vector_fields.shear_angle_variance(field, errors, (np.array([6.0, 0.0]), np.array([8.0, 0.0])))
    ).all()
