"""Synthetic magnetograms of one bipole, swept over its strength, size and tilt, to see what a network looks for."""

from __future__ import annotations

from itertools import product
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from flaredag.bipoles import SIZE_FACTOR
from flaredag.errors import InputError

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray


def bipole_magnetogram(
    amplitude_gauss: float, separation_deg: float, tilt_deg: float, *, patch_width_deg: float, pixels: int
) -> NDArray[np.float64]:
    """Line-of-sight field (y, x), gauss, of a bipole in the middle of a square patch at the centre of the disk.

    B(s, phi) = -B0 (phi / rho) exp(-(phi^2 + 2 arcsin(s)^2) / (a rho)^2), s the sine of latitude, phi the longitude, a
    0.56: the eastern pole is positive. A positive tilt turns the bipole about the patch's centre so that its eastern
    pole moves north, the leading one toward the equator of the northern hemisphere. Pixels are those of a cylindrical
    equal-area projection: columns evenly spaced in longitude, rows in the sine of latitude, `patch_width_deg` on the
    equator for both. The strongest field is 0.2402 B0, at 0.396 rho from the centre; it lies that of the radial field.

    Source: Yeates 2020 (Sol. Phys. 295, 119), eq. 18 of Sun et al. 2022.
    """
    if separation_deg <= 0 or patch_width_deg <= 0 or pixels < 1:
        raise InputError(
            f"bipole of separation {separation_deg} deg on {pixels} pixels of {patch_width_deg} deg together; wanted "
            "positive numbers. Correct the settings of the bipoles."
        )
    axis = np.deg2rad((np.arange(pixels) - (pixels - 1) / 2) * (patch_width_deg / pixels))
    longitude, sine = axis[None, :], np.clip(axis, -1.0, 1.0)[:, None]
    # Turned about the axis that points from the Sun's centre to that of the patch.
    cosine = np.sqrt(1 - sine**2)
    toward, west, north = cosine * np.cos(longitude), cosine * np.sin(longitude), sine
    tilt = np.deg2rad(tilt_deg)
    own_west = west * np.cos(tilt) - north * np.sin(tilt)
    own_north = west * np.sin(tilt) + north * np.cos(tilt)
    phi, latitude = np.arctan2(own_west, toward), np.arcsin(np.clip(own_north, -1.0, 1.0))
    rho = np.deg2rad(separation_deg)
    return -amplitude_gauss * phi / rho * np.exp(-(phi**2 + 2 * latitude**2) / (SIZE_FACTOR * rho) ** 2)


def bipole_sweep(
    amplitudes_gauss: Sequence[float],
    separations_deg: Sequence[float],
    tilts_deg: Sequence[float],
    *,
    patch_width_deg: float,
    pixels: int,
) -> tuple[pd.DataFrame, NDArray[np.float32]]:
    """All bipoles of a grid: columns `amplitude_gauss`, `separation_deg`, `tilt_deg`, and magnetograms (bipole, y, x).

    Tilts change quickest, amplitudes slowest.
    """
    grid = list(product(amplitudes_gauss, separations_deg, tilts_deg))
    table = pd.DataFrame(grid, columns=["amplitude_gauss", "separation_deg", "tilt_deg"], dtype=np.float64)
    if table.empty:
        raise InputError("no bipole: a list of amplitudes, separations or tilts is empty; wanted at least one of each.")
    magnetograms = np.stack(
        [
            bipole_magnetogram(*bipole, patch_width_deg=patch_width_deg, pixels=pixels).astype(np.float32)
            for bipole in grid
        ]
    )
    return table, magnetograms
