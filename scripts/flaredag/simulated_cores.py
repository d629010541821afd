"""Core of high free energy of simulated regions: a sheared field along their inversion lines.

Bipoles with a smooth twist hold their free energy spread over the whole region: hardly a region of class C has a pixel
above the 4e4 erg/cm3 from which Li et al. 2024 count (a free field of 1000 G), on the real Sun most have in most
records of the day before their flare. The core is what they lack, in the horizontal field alone: along the inversion
line, the stronger the steeper the radial field is across it and the more of the region's field is not potential, as
flares are. Of the flares themselves it knows nothing, and a factor of its own besides, that no flare knows of.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from scipy import ndimage

from flaredag.bipoles import patch_field, patch_grid
from flaredag.simulated_patches import COARSE_PIXEL_DEG
from flaredag.simulated_regions import random_of

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from flaredag.bipoles import PatchField
    from flaredag.simulated_regions import SolarRegion

# Chosen so that energy, shear, current, helicity and gradient of the simulated cores are like those of the 288 regions
# of Li et al. 2024 (medians of class C and of M and above to a factor of 3). The mean twist is 26 times (C)
# and 5 times (M and above) theirs.
SHEAR_DEG, SHEAR_SCATTER_DEX = 1.5, 0.15
USUAL_NON_POTENTIAL, SLOPE_NON_POTENTIAL = 0.03, 0.3
STRONGEST_GAUSS = 1500.0
# Radial field to which the core reaches to both sides of the inversion line.
REACH_GAUSS = 350.0
WANDER_DEG, WANDER_PIXELS = 60.0, 4.0  # about the inversion line, over so many coarse pixels


def core_field(region: SolarRegion, time: np.datetime64, seed: int) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
    """West and north component of the field of a region's core at `time` (TAI), gauss, (y, x) in coarse pixels."""
    x_deg, y_deg = patch_grid(region.half_width_deg, region.half_height_deg, COARSE_PIXEL_DEG)
    field = patch_field(region.bipoles, region.age_days + region.days([time]), x_deg, y_deg)
    random = random_of("cores", seed, region.k)
    own = 10.0 ** random.normal(0.0, SHEAR_SCATTER_DEX)
    wander = ndimage.gaussian_filter(random.standard_normal((len(y_deg), len(x_deg))), WANDER_PIXELS, mode="wrap")
    usual = (float(non_potential_part(field)[0]) / USUAL_NON_POTENTIAL) ** SLOPE_NON_POTENTIAL
    return sheared_field(
        field.radial[0], shear_deg=SHEAR_DEG * own * usual, angle_deg=WANDER_DEG * wander / wander.std()
    )


def sheared_field(
    radial: NDArray[np.float32], *, shear_deg: float, angle_deg: NDArray[np.float64] | float
) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
    """West and north component, gauss, of a field along the inversion lines of `radial`, (y, x) in coarse pixels.

    Where the gradient of `radial` is g (gauss a degree) it is `shear_deg` times g strong, less as that comes near
    `STRONGEST_GAUSS`, and falls off within `REACH_GAUSS` of `radial`. The positive polarity lies to its right; it is
    turned counterclockwise from there by `angle_deg`.
    """
    to_north, to_west = np.gradient(radial.astype(np.float64), COARSE_PIXEL_DEG)
    steepness = shear_deg * np.hypot(to_west, to_north) / STRONGEST_GAUSS
    scale = shear_deg / np.sqrt(1 + steepness**2) * np.exp(-np.square(radial / REACH_GAUSS))
    cosine, sine = np.cos(np.radians(angle_deg)), np.sin(np.radians(angle_deg))
    west, north = -to_north * cosine - to_west * sine, to_west * cosine - to_north * sine
    return (scale * west).astype(np.float32), (scale * north).astype(np.float32)


def non_potential_part(field: PatchField) -> NDArray[np.float64]:
    """Root mean square of the field that the current makes, as a part of that of the radial field, (time,)."""
    radial = np.square(field.radial).sum((1, 2), dtype=np.float64)
    return np.sqrt(np.divide(field.free_energy, radial, out=np.zeros_like(radial), where=radial > 0))
