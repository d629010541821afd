"""Contours round the pixels that count most in attribution maps, as Figure 15 of Sun et al. 2022."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from matplotlib.figure import Figure
from scipy import ndimage

if TYPE_CHECKING:
    from numpy.typing import NDArray

    FloatArray = NDArray[np.float64]

SIGMA_PIXELS = 3.0
PERCENTILE = 99.0


def smoothed(attribution: NDArray[np.float32]) -> NDArray[np.float32]:
    """Maps (..., y, x), each smoothed by a Gaussian of `SIGMA_PIXELS`."""
    return ndimage.gaussian_filter(attribution, SIGMA_PIXELS, axes=(-2, -1))


def contour_level(smooth: NDArray[np.float32]) -> float:
    """Level of the contours of smoothed maps: the 99th percentile of what they are in size; 0 where they have none."""
    level = float(np.percentile(np.abs(smooth), PERCENTILE))
    return level if np.isfinite(level) else 0.0


def contour_lines(smooth: NDArray[np.float32], level: float) -> tuple[list[FloatArray], list[FloatArray]]:
    """Lines at which a smoothed map (y, x) is `level`, and at which it is minus `level`: each (point, 2), x and y.

    In pixels: pixel 0 has its centre at 0. What is not closed inside the map ends at its edge; level 0 has no lines.
    """
    if not level or level > np.abs(smooth).max():
        return [], []
    contours = Figure().add_subplot().contour(smooth, levels=[-level, level])
    below, above = (
        [np.asarray(line, dtype=np.float64) for line in path.to_polygons(closed_only=False)]
        for path in contours.get_paths()
    )
    return above, below
