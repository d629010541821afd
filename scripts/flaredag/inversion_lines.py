"""Polarity inversion lines of maps of equal-area pixels: how long they are, and how steep the field is across them.

A line runs between two neighbouring pixels whose fields are strong and of opposite sign. Falconer et al. 2008 (ApJ 689,
1433) measure the gradient-weighted length of such lines on line-of-sight magnetograms; here it is summed over the sides
of pixels, without interpolation.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import ArrayLike, NDArray


def inversion_line_features(
    field: ArrayLike, *, strong_gauss: float, pixel_width_deg: ArrayLike, pixel_height_deg: ArrayLike
) -> dict[str, NDArray[np.float64]]:
    """Features (record,) of maps `field` (record, y, x; gauss), whose pixels have a size (record,) in degrees of arc.

    inversion_line_length     length of all sides between pixels above `strong_gauss` and below minus it, degrees
    inversion_line_gradient   field gradient across those sides (difference over the distance of the pixels' centres)
                              times their length, summed: gauss. NaN of the field are on no line
    """
    field = np.asarray(field, dtype=np.float64)
    width, height = np.asarray(pixel_width_deg, dtype=np.float64), np.asarray(pixel_height_deg, dtype=np.float64)
    length, gradient = np.zeros(len(field)), np.zeros(len(field))
    polarity = (field > strong_gauss).astype(np.int8) - (field < -strong_gauss)
    for axis, side, distance in ((2, height, width), (1, width, height)):
        opposite = np.diff(polarity, axis=axis)
        across = np.where(np.abs(opposite) > 1, np.abs(np.diff(field, axis=axis)), 0.0)
        length += (across > 0).sum(axis=(1, 2)) * side
        gradient += across.sum(axis=(1, 2)) * side / distance
    return {"inversion_line_length": length, "inversion_line_gradient": gradient}
