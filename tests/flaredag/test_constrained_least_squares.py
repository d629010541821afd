from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.optimize import lsq_linear, minimize

from flaredag.constrained_least_squares import LinearConstraints, kkt_residual, least_squares


def constraints(n: int, *, low: float, total: float) -> LinearConstraints:
    return LinearConstraints(np.ones((1, n)), np.array([total]), np.eye(n), np.full(n, low))


def test_the_nearest_point_of_a_triangle_is_that_worked_out_by_hand():
    # Nearest to (1, 0.2, -1) on x + y + z = 1 is (1.267, 0.467, -0.733); with z = 0 it is (0.9, 0.1), all else 0.
    solved = least_squares(np.eye(3), np.array([1.0, 0.2, -1.0]), constraints(3, low=0.0, total=1.0))
    assert solved.solution == pytest.approx([0.9, 0.1, 0.0], abs=1e-14)
    assert solved.residual <= 1e-14


def test_the_residual_of_another_point_is_that_of_its_gradient():
    # At (0.5, 0.5, 0) the gradient of |x - (1, 0.2, -1)|^2 is (-1, 0.6, 2): -0.2 is balanced, and 0.8 is left.
    point, wanted = np.array([0.5, 0.5, 0.0]), np.array([1.0, 0.2, -1.0])
    residual = kkt_residual(point, 2 * (point - wanted), constraints(3, low=0.0, total=1.0))
    assert residual == pytest.approx(0.8)
    # What breaks a constraint by more than the gradient is off is told.
    outside = np.array([2.0, 0.0, 0.0])
    assert kkt_residual(outside, np.zeros(3), constraints(3, low=0.0, total=1.0)) == pytest.approx(1.0)


def test_equalities_may_leave_nothing_free():
    only = LinearConstraints(np.eye(2), np.array([0.3, 0.7]), np.eye(2), np.zeros(2))
    assert least_squares(np.eye(2), np.zeros(2), only).solution == pytest.approx([0.3, 0.7])


@settings(max_examples=60, deadline=None)
@given(st.integers(0, 10_000), st.integers(2, 7))
def test_bounded_least_squares_are_those_of_scipy(seed, n):
    rng = np.random.default_rng(seed)
    rows, target = rng.normal(size=(20, n)), rng.normal(size=20)
    bounds = LinearConstraints(np.zeros((0, n)), np.zeros(0), np.vstack([np.eye(n), -np.eye(n)]), np.full(2 * n, -0.1))
    solved = least_squares(rows, target, bounds)
    assert solved.solution == pytest.approx(lsq_linear(rows, target, (-0.1, 0.1), method="bvls").x, abs=1e-8)
    assert solved.residual <= 1e-9


@settings(max_examples=30, deadline=None)
@given(st.integers(0, 10_000), st.integers(2, 6))
def test_no_feasible_point_that_slsqp_finds_is_better(seed, n):
    rng = np.random.default_rng(seed)
    rows, target = rng.normal(size=(20, n)), rng.normal(size=20)
    solved = least_squares(rows, target, constraints(n, low=-0.2, total=1.0))
    assert solved.residual <= 1e-9

    def squares(x):
        return float(np.sum((rows @ x - target) ** 2))

    other = minimize(
        squares,
        np.full(n, 1 / n),
        method="SLSQP",
        bounds=[(-0.2, None)] * n,
        constraints={"type": "eq", "fun": lambda x: x.sum() - 1},
    )
    assert solved.solution.min() >= -0.2 - 1e-12
    assert solved.solution.sum() == pytest.approx(1.0, abs=1e-12)
    assert squares(solved.solution) <= other.fun + 1e-9
