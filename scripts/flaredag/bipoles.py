"""Magnetic field of bipolar regions on a patch: radial field, electric current, horizontal field, free energy.

The radial field is a sum of bipoles in the form of Yeates 2020 (Sol. Phys. 295, 119), eq. 18 of Sun et al. 2022. The
horizontal field is that of a potential field above it and of the vertical current that twisted bipoles carry.
Patches are flat: x to the west and y to the north, in degrees of the solar surface.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from scipy import fft

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from flaredag.simulated_regions import Bipole

# Size factor a of eq. 18: with it the axial dipole moments of real regions are met.
SIZE_FACTOR = 0.56
# Separation at emergence, as a part of that when full grown.
FIRST_SEPARATION = 0.5
# Turbulent diffusion of the field, square degrees a day: 25 km2/s, a tenth of that of weak field outside of spots.
DIFFUSION_DEG2_DAY = 0.015
TWIST_DAYS = 2.0
# Field lines close outside the patch too: the FFT must not see its copies at once.
PADDING_PIXELS = 16


@dataclass(frozen=True)
class PatchField:
    """Field of a patch, each (time, y, x), gauss: `radial`, and `west` and `north` of the whole horizontal field.

    `free_west`, `free_north` are the parts of it that the current makes.
    """

    radial: NDArray[np.float32]
    west: NDArray[np.float32]
    north: NDArray[np.float32]
    free_west: NDArray[np.float32]
    free_north: NDArray[np.float32]

    @property
    def free_energy(self) -> NDArray[np.float64]:
        """Sum over the patch of the square of the field that the current makes, gauss squared x pixel, (time,)."""
        squares = np.square(self.free_west) + np.square(self.free_north)
        return squares.sum((1, 2), dtype=np.float64)


def patch_grid(half_width_deg: float, half_height_deg: float, pixel_deg: float) -> tuple[NDArray, NDArray]:
    """Coordinates x (west) and y (north) of the pixels of a patch, degrees from its centre, float32."""
    axes = []
    for half in (half_width_deg, half_height_deg):
        n_pixels = int(np.ceil(2 * half / pixel_deg))
        axes.append(((np.arange(n_pixels) - (n_pixels - 1) / 2) * pixel_deg).astype(np.float32))
    return axes[0], axes[1]


def patch_field(bipoles: Sequence[Bipole], age_days: NDArray, x_deg: NDArray, y_deg: NDArray) -> PatchField:
    """Field of `bipoles` at ages of the region (time,), on pixels `x_deg` (x,), `y_deg` (y,) of one size."""
    shape = len(age_days), len(y_deg), len(x_deg)
    radial, current = np.zeros(shape, dtype=np.float32), np.zeros(shape, dtype=np.float32)
    for bipole in bipoles:
        seen = np.flatnonzero(age_days > bipole.emergence_days)
        if not seen.size:
            continue
        own = radial_field(bipole, age_days[seen], x_deg, y_deg)
        radial[seen] += own
        days = age_days[seen] - bipole.emergence_days
        twist = bipole.twist_per_deg * (1.0 - np.exp(-days / TWIST_DAYS))
        current[seen] += own * twist.astype(np.float32)[:, None, None]
    pixel_deg = float(x_deg[1] - x_deg[0])
    return PatchField(radial, *_horizontal_field(radial, current * np.float32(pixel_deg)))


def radial_field(bipole: Bipole, age_days: NDArray, x_deg: NDArray, y_deg: NDArray) -> NDArray[np.float32]:
    """Radial field of one bipole, gauss, (time, y, x): eq. 18, rotated by its tilt, at ages of its region (time,).

    It grows apart as it emerges; as it decays it spreads, while each polarity keeps what flux is left.
    """
    days = np.maximum(age_days - bipole.emergence_days, 0.0)
    grown = 1.0 - np.exp(-((days / bipole.rise_days) ** 2))
    decay = np.exp(-np.maximum(days - 2 * bipole.rise_days, 0.0) / bipole.decay_days)
    separation = bipole.separation_deg * (FIRST_SEPARATION + (1 - FIRST_SEPARATION) * grown)
    first_size2 = (SIZE_FACTOR * separation) ** 2
    size2 = first_size2 + 4 * DIFFUSION_DEG2_DAY * days
    amplitude = bipole.amplitude_gauss * grown * decay * (first_size2 / size2) ** 1.5 / separation
    tilt = np.radians(bipole.tilt_deg)
    cosine, sine = np.float32(np.cos(tilt)), np.float32(np.sin(tilt))

    def column(values: NDArray) -> NDArray[np.float32]:
        return values.astype(np.float32)[:, None, None]

    x = x_deg[None, None, :] - column(bipole.x_deg + bipole.drift_x_deg_day * days)
    y = y_deg[None, :, None] - column(bipole.y_deg + bipole.drift_y_deg_day * days)
    along, across = x * cosine + y * sine, y * cosine - x * sine
    # arcsin(s) is the latitude itself.
    exponent = (along * along + 2 * across * across) * column(-1 / size2)
    return (along * column(-amplitude) * np.exp(exponent)).astype(np.float32, copy=False)


def _horizontal_field(
    radial: NDArray[np.float32], current: NDArray[np.float32]
) -> tuple[NDArray[np.float32], NDArray[np.float32], NDArray[np.float32], NDArray[np.float32]]:
    """West and north component of the horizontal field, and of that part of it which `current` makes.

    Potential field: B_h = -grad phi with phi_k = B_k / |k|. Of the current: B_h = z x grad psi, del2 psi = J.
    """
    ny, nx = (fft.next_fast_len(n + PADDING_PIXELS, real=True) for n in radial.shape[1:])
    kx = (2j * np.pi * np.fft.rfftfreq(nx)).astype(np.complex64)[None, :]
    ky = (2j * np.pi * np.fft.fftfreq(ny)).astype(np.complex64)[:, None]
    k2 = np.abs(kx) ** 2 + np.abs(ky) ** 2
    k2[0, 0] = np.inf
    to_phi, to_psi = (1 / np.sqrt(k2)).astype(np.float32), (-1 / k2).astype(np.float32)
    phi = fft.rfft2(radial, (ny, nx)) * to_phi
    psi = fft.rfft2(current, (ny, nx)) * to_psi

    def back(spectrum: NDArray) -> NDArray[np.float32]:
        return fft.irfft2(spectrum, (ny, nx))[:, : radial.shape[1], : radial.shape[2]]

    free_west, free_north = back(-ky * psi), back(kx * psi)
    return back(-kx * phi) + free_west, back(-ky * phi) + free_north, free_west, free_north
