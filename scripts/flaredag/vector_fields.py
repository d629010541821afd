"""Operators on maps of the photospheric vector field: gradients, vertical current, potential field, shear, errors.

Maps are arrays (y, x), x towards solar west, y towards north; the field is in gauss, lengths are pixels. A pixel
without a value is NaN, and so is what is derived from it.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from scipy import fft, signal

if TYPE_CHECKING:
    from numpy.typing import NDArray

# JSOC's Green's function (module greenpot of sw_functions.c): depth of the charges, and reach of the sum in pixels.
CHARGE_DEPTH_PIXELS = 0.001
CHARGE_REACH_PIXELS = 10


def derivatives(field: NDArray) -> tuple[NDArray, NDArray]:
    """d/dx and d/dy of a map, per pixel: central differences of second order, one-sided ones at the edges."""
    along_y, along_x = np.gradient(field, edge_order=2)
    return along_x, along_y


def gradient_magnitude(field: NDArray) -> NDArray:
    """|grad field| in the plane of the map, per pixel."""
    return np.hypot(*derivatives(field))


def gradient_variance(field: NDArray, error: NDArray) -> NDArray:
    """Variance of `gradient_magnitude` from the errors of the pixels' neighbours; 0 at the edges, as at JSOC."""
    along_x, along_y = derivatives(field)
    squared = along_x**2 + along_y**2
    variance = 0.25 * (
        along_x**2 * _neighbour_variance(error, axis=1) + along_y**2 * _neighbour_variance(error, axis=0)
    )
    return np.divide(variance, squared, out=np.zeros_like(variance), where=squared > 0)


def vertical_current(bx: NDArray, by: NDArray) -> NDArray:
    """Curl of the horizontal field, dBy/dx - dBx/dy, gauss per pixel: mu_0 times the vertical current density."""
    return derivatives(by)[0] - derivatives(bx)[1]


def vertical_current_variance(bx_error: NDArray, by_error: NDArray) -> NDArray:
    """Variance of `vertical_current`; at the edges only of the differences that are central there, as at JSOC."""
    return 0.25 * (_neighbour_variance(by_error, axis=1) + _neighbour_variance(bx_error, axis=0))


def _neighbour_variance(error: NDArray, *, axis: int) -> NDArray:
    """Sum of the squared errors of the two neighbours along an axis; 0 at the edges."""
    squared = np.moveaxis(error, axis, 0) ** 2
    total = np.zeros_like(squared)
    total[1:-1] = squared[2:] + squared[:-2]
    return np.moveaxis(total, 0, axis)


def magnitude_error(components: list[NDArray], errors: list[NDArray]) -> NDArray:
    """Error of the length of a vector with independent errors of its components; 0 where the length is 0."""
    variance = sum((field * error) ** 2 for field, error in zip(components, errors, strict=True))
    length = np.sqrt(sum(field**2 for field in components))
    return np.divide(np.sqrt(variance), length, out=np.zeros_like(length), where=length != 0)


def greens_function_field(bz: NDArray) -> tuple[NDArray, NDArray]:
    """Bx and By of the field that JSOC calls potential: minus the gradient of a sum over charges of strength Bz.

    The sum runs over 20 x 20 pixels, and each charge lies 0.001 pixels deep with a potential of 0.001 Bz / r: in effect
    the potential is Bz itself, smoothed by less than 1 %. MEANPOT, TOTPOT, MEANSHR and SHRGT45 of every SHARP header
    stand on this field, which is NOT the potential field with that Bz (`potential_field`): in HARP 377 before the flare
    of 2011-02-15 it gives a mean shear of 52.5 deg and TOTPOT 8.84e23 erg/cm, where the potential field gives 26.1 deg
    and 6.26e23. A pixel without value counts as 0; the outermost pixels get 0.
    """
    reach = CHARGE_REACH_PIXELS
    offset = np.arange(1 - reach, reach + 1)
    kernel = CHARGE_DEPTH_PIXELS / np.sqrt(offset[:, None] ** 2 + offset**2 + CHARGE_DEPTH_PIXELS**2)
    n_y, n_x = bz.shape
    potential = signal.oaconvolve(np.nan_to_num(bz), kernel)[reach - 1 : reach - 1 + n_y, reach - 1 : reach - 1 + n_x]
    potential[np.isnan(bz)] = 0.0
    bx, by = np.zeros((2, n_y, n_x))
    bx[1:-1, 1:-1] = -0.5 * (potential[1:-1, 2:] - potential[1:-1, :-2])
    by[1:-1, 1:-1] = -0.5 * (potential[2:, 1:-1] - potential[:-2, 1:-1])
    return bx, by


def potential_field(bz: NDArray) -> tuple[NDArray, NDArray]:
    """Bx and By at the photosphere of the current-free field with the vertical component `bz` (Alissandrakis 1981).

    By Fourier transform: (Bx, By) = -i (kx, ky) / |k| Bz. The map is surrounded by as many pixels of zero field again,
    so that its periodic images act little; a pixel without value counts as 0.
    """
    shape = [fft.next_fast_len(2 * n, real=True) for n in bz.shape]
    ky = 2 * np.pi * fft.fftfreq(shape[0])[:, None]
    kx = 2 * np.pi * fft.rfftfreq(shape[1])
    length = np.hypot(kx, ky)
    length[0, 0] = 1.0
    spectrum = -1j * fft.rfft2(np.nan_to_num(bz), shape) / length
    n_y, n_x = bz.shape
    bx, by = (fft.irfft2(k * spectrum, shape)[:n_y, :n_x] for k in (kx, ky))
    return bx, by


def free_energy_density(bx: NDArray, by: NDArray, potential: tuple[NDArray, NDArray]) -> NDArray:
    """(B - B_potential)^2 / 8 pi, erg/cm3; both have the same Bz."""
    return ((bx - potential[0]) ** 2 + (by - potential[1]) ** 2) / (8 * np.pi)


def shear_angle_degrees(field: list[NDArray], potential: tuple[NDArray, NDArray]) -> NDArray:
    """Angle between the field [Bx, By, Bz] and the potential field with the same Bz; NaN where either has no length."""
    bx, by, bz = field
    px, py = potential
    product = np.sqrt((bx**2 + by**2 + bz**2) * (px**2 + py**2 + bz**2))
    cosine = np.divide(bx * px + by * py + bz**2, product, out=np.full_like(bz, np.nan), where=product > 0)
    return np.degrees(np.arccos(np.clip(cosine, -1.0, 1.0)))


def shear_angle_variance(field: list[NDArray], errors: list[NDArray], potential: tuple[NDArray, NDArray]) -> NDArray:
    """Variance of `shear_angle_degrees`, degrees squared, from errors of the field; that of the potential is left out.

    d angle / dB is a vector of length 1 / |B|, at right angles to B in the plane of both fields; 0 where they are
    parallel, where that plane has no direction.
    """
    b_length = np.sqrt(sum(component**2 for component in field))
    other = [*potential, field[2]]
    p_length = np.sqrt(sum(component**2 for component in other))
    with np.errstate(divide="ignore", invalid="ignore"):
        b_unit, p_unit = [b / b_length for b in field], [p / p_length for p in other]
        cosine = sum(b * p for b, p in zip(b_unit, p_unit, strict=True))
        across = [p - cosine * b for b, p in zip(b_unit, p_unit, strict=True)]
        scale = np.sqrt(sum(component**2 for component in across)) * b_length
        slopes = [np.where(scale > 0, component / scale, 0.0) for component in across]
    return np.degrees(1.0) ** 2 * sum((slope * error) ** 2 for slope, error in zip(slopes, errors, strict=True))
