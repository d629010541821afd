"""Least squares under linear equalities and inequalities, solved exactly, with the certificate that it is solved.

Lawson & Hanson 1974, Solving Least Squares Problems, chapter 23: without the equalities, and in coordinates in which
the sum of squares is a distance, it is the point of a polyhedron nearest the origin, which is dual to non-negative
least squares.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import numpy as np
from scipy.optimize import nnls

if TYPE_CHECKING:
    from numpy.typing import NDArray

    FloatArray = NDArray[np.float64]

MAX_PIVOTS = 10_000
# Of a constraint: nearer than this it holds with equality.
TOUCHES = 1e-9


class LinearConstraints(NamedTuple):
    """`equal_to` x = `equal_value` and `at_least` x >= `least_value`: (constraint, unknown) and (constraint,)."""

    equal_to: FloatArray
    equal_value: FloatArray
    at_least: FloatArray
    least_value: FloatArray


class LeastSquares(NamedTuple):
    """Solution (unknown,), and the greatest violation of the Karush-Kuhn-Tucker conditions at it, on the gradient."""

    solution: FloatArray
    residual: float


def least_squares(rows: FloatArray, target: FloatArray, constraints: LinearConstraints) -> LeastSquares:
    """The x of least |`rows` x - `target`|^2 under `constraints`, which can be met.

    `rows` (row, unknown) have full rank on what the equalities leave free: a small multiple of the unit matrix below
    them makes it so. Solved twice, the second time with the constraints that hold with equality as equalities, which
    takes off the rounding; the better of the two by its residual is returned.
    """
    triangle, rotated = _reduced(rows, target)
    found, pressed = _nearest(triangle, rotated, constraints)
    touched = pressed | (constraints.at_least @ found - constraints.least_value <= TOUCHES)
    refined = _on_face(triangle, rotated, constraints, touched)
    candidates = [found]
    if np.min(constraints.at_least @ refined - constraints.least_value, initial=0.0) >= -TOUCHES:
        candidates.append(refined)
    gradients = [2.0 * triangle.T @ (triangle @ x - rotated) for x in candidates]
    residuals = [kkt_residual(x, gradient, constraints) for x, gradient in zip(candidates, gradients, strict=True)]
    best = int(np.argmin(residuals))
    return LeastSquares(candidates[best], residuals[best])


def kkt_residual(x: FloatArray, gradient: FloatArray, constraints: LinearConstraints) -> float:
    """Greatest component of the gradient that no multipliers of the constraints that hold with equality balance.

    Multipliers of inequalities are not negative. The violation of the constraints themselves, if greater, is returned.
    """
    slack = constraints.at_least @ x - constraints.least_value
    touched = constraints.at_least[slack <= TOUCHES]
    normals = np.vstack([constraints.equal_to, -constraints.equal_to, touched]).T
    # SciPy's routine does not survive a matrix without columns.
    balanced = normals @ nnls(normals, gradient, maxiter=MAX_PIVOTS)[0] if normals.shape[1] else 0.0
    unbalanced = np.abs(gradient - balanced).max()
    violated = max(
        float(-slack.min(initial=0.0)),
        float(np.abs(constraints.equal_to @ x - constraints.equal_value).max(initial=0.0)),
    )
    return max(float(unbalanced), violated)


def _reduced(rows: FloatArray, target: FloatArray) -> tuple[FloatArray, FloatArray]:
    """Rows and target of the same sum of squares, but for a constant, with a row an unknown at most."""
    triangle = np.asarray(np.linalg.qr(np.column_stack([rows, target]), mode="r"))[: rows.shape[1]]
    return triangle[:, :-1], triangle[:, -1]


def _free(equal_to: FloatArray, equal_value: FloatArray) -> tuple[FloatArray, FloatArray]:
    """A point on which the equalities hold, and an orthonormal basis of what they leave free (unknown, free)."""
    left, size, right = np.linalg.svd(equal_to)
    rank = int(np.count_nonzero(size > size.max(initial=0.0) * TOUCHES))
    point = right[:rank].T @ ((left[:, :rank].T @ equal_value) / size[:rank])
    return point, right[rank:].T


def _nearest(
    rows: FloatArray, target: FloatArray, constraints: LinearConstraints
) -> tuple[FloatArray, NDArray[np.bool_]]:
    """Solution, and which inequalities hold it back."""
    point, free = _free(constraints.equal_to, constraints.equal_value)
    if free.shape[1] == 0:
        return point, np.zeros(len(constraints.at_least), dtype=bool)
    turned, triangle = np.linalg.qr(rows @ free)
    wanted = turned.T @ (target - rows @ point)
    # In u = triangle y - wanted the sum of squares is |u|^2, and the constraints are normals u >= least.
    normals = np.linalg.solve(triangle.T, (constraints.at_least @ free).T).T
    least = constraints.least_value - constraints.at_least @ point - normals @ wanted
    dual = np.vstack([normals.T, least])
    multipliers, _ = nnls(dual, np.append(np.zeros(len(dual) - 1), 1.0), maxiter=MAX_PIVOTS)
    remainder = dual @ multipliers - np.append(np.zeros(len(dual) - 1), 1.0)
    distance = -remainder[:-1] / remainder[-1]
    return point + free @ np.linalg.solve(triangle, distance + wanted), multipliers > 0


def _on_face(
    rows: FloatArray, target: FloatArray, constraints: LinearConstraints, touched: NDArray[np.bool_]
) -> FloatArray:
    point, free = _free(
        np.vstack([constraints.equal_to, constraints.at_least[touched]]),
        np.append(constraints.equal_value, constraints.least_value[touched]),
    )
    return point + free @ np.linalg.lstsq(rows @ free, target - rows @ point, rcond=None)[0]
