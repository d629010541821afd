"""Contours of attribution maps: their level and where they lie."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from flaredag.attribution_contours import contour_level, contour_lines, smoothed


def cone(y: float, x: float, shape: tuple[int, int] = (40, 60), *, height: float = 10.0) -> np.ndarray:
    """Distance below a top: `height` at (y, x), less by 1 a pixel."""
    rows, columns = np.indices(shape)
    return height - np.hypot(rows - y, columns - x)


def test_a_single_pixel_is_smoothed_by_three_pixels():
    image = np.zeros((2, 41, 41), dtype=np.float32)
    image[0, 20, 20] = 1.0
    smooth = smoothed(image)
    rows, columns = np.indices((41, 41)) - 20
    assert smooth[0].sum() == pytest.approx(1.0, abs=1e-5)
    assert np.sqrt((smooth[0] * rows**2).sum()) == pytest.approx(3.0, abs=0.02)
    assert np.sqrt((smooth[0] * columns**2).sum()) == pytest.approx(3.0, abs=0.02)
    # Nothing goes from one frame to the next.
    assert not smooth[1].any()


def test_level_is_the_99th_percentile_of_the_size():
    # Sizes 0 ... 100: 99 % of the way from 0 to 100 is 99.
    assert contour_level(-np.arange(101.0).reshape(1, 101)) == 99.0
    assert contour_level(np.zeros((5, 5))) == 0.0
    assert contour_level(np.full((5, 5), np.nan)) == 0.0


def test_lines_of_a_cone_are_a_circle_and_its_negative_is_told_apart():
    above, below = contour_lines(cone(15.0, 30.0), 4.0)
    assert len(above) == 1
    # y and x are not exchanged: 10 - 4 pixels about x = 30, y = 15. Between pixels the cone is taken as flat.
    assert np.hypot(above[0][:, 0] - 30.0, above[0][:, 1] - 15.0) == pytest.approx(6.0, abs=0.05)
    negative_above, negative_below = contour_lines(-cone(15.0, 30.0), 4.0)
    assert len(negative_below) == 1
    assert np.hypot(negative_below[0][:, 0] - 30.0, negative_below[0][:, 1] - 15.0) == pytest.approx(6.0, abs=0.05)
    # Far from its top the cone is below -4.
    assert below
    assert negative_above


def test_no_lines_where_there_is_nothing_to_enclose():
    assert contour_lines(np.zeros((8, 8)), 0.0) == ([], [])
    assert contour_lines(np.ones((8, 8)), 2.0) == ([], [])


@given(st.integers(0, 2**32 - 1))
def test_lines_stay_inside_the_map(seed):
    smooth = smoothed(np.random.default_rng(seed).normal(size=(24, 36)))
    lines = [line for signed in contour_lines(smooth, contour_level(smooth)) for line in signed]
    assert lines
    points = np.concatenate(lines)
    # To rounding: points are interpolated along the map's edge.
    assert (points >= -1e-12).all()
    assert (points <= np.array([35, 23]) + 1e-12).all()
