"""Parameters of the region of high photospheric free energy density (HED) of a vector map.

Source: Li et al. 2024a (survey of magnetic field parameters, arXiv 2402.18890; table MagParDB) and Li et al. 2024b
(Transformer on SHARP and HED parameters), Table 2.

Models of MagParDB's values must not be asked about ours, nor the other way round. In NOAA 11158 at the flare of
2011-02-15 01:44 MagParDB has twice our area (5,812 pixels; HARP 377 at 02:00: 2,884) with nearly our energy (4.0e23,
3.6e23 erg/cm), but a mean |Bz| of 263 G there (707), currents of .0094 A/m2 (.024), a helicity of .029 G2/m (.28),
and so half the gradient. No other threshold, smoothing, binning, potential field or mask of ambiguity that was tried
gives all of these: the papers do not tell on what map they were made.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from flaredag import vector_fields
from flaredag.keywords import SOLAR_RADIUS_M, pixel_size_m
from flaredag.vector_keywords import MU_0, TESLA_PER_GAUSS, mean, vector_map

if TYPE_CHECKING:
    from collections.abc import Mapping

    from numpy.typing import ArrayLike

HIGH_ENERGY_DENSITY_ERG_CM3 = 4e4


def high_energy_density_keywords(
    segments: Mapping[str, ArrayLike], *, pixel_degrees: float, radius_m: float = SOLAR_RADIUS_M
) -> dict[str, float]:
    """HED parameters of a SHARP (segments as for `vector_map`), named as in MagParDB with `hed_` before.

    The HED region: pixels of the patch, surely disambiguated, at which (B - B_potential)^2 / 8 pi exceeds 4e4 erg/cm3;
    B_potential is the current-free field with the observed Bz.

    hed_e_total   free energy density summed over its area, erg/cm
    hed_area      cm2
    hed_flux      sum of |Bz|, Mx
    hed_shear     mean angle between field and potential field, deg
    hed_uj_mean   mean |Jz|, A/m2 (MagParDB says mA/m2; its numbers are A/m2)
    hed_j_total   sum of |Jz| over the area, A
    hed_uhc_mean  mean |mu_0 Bz Jz|, G2/m
    hed_hc_total  sum of |mu_0 Bz Jz| over pixels, G2/m
    hed_gbh_mean  mean gradient of the horizontal field, G/m
    hed_alp_mean  sum(mu_0 Jz Bz) / sum(Bz^2), 1/Mm

    Without such a region totals are 0 and means NaN; where no pixel of the patch has a value all is NaN.
    """
    patch = vector_map(segments)
    bx, by, bz = patch.field
    side_m = pixel_size_m(pixel_degrees, radius_m=radius_m)
    area_cm2 = (100.0 * side_m) ** 2
    potential = vector_fields.potential_field(bz)
    energy = vector_fields.free_energy_density(bx, by, potential)
    current = vector_fields.vertical_current(bx, by) / side_m
    steepness = vector_fields.gradient_magnitude(np.hypot(bx, by)) / side_m
    region = patch.used & (energy > HIGH_ENERGY_DENSITY_ERG_CM3) & ~np.isnan(current + steepness)
    shear = vector_fields.shear_angle_degrees(
        [component[region] for component in patch.field], (potential[0][region], potential[1][region])
    )
    density_a_m2 = np.abs(current[region]) * TESLA_PER_GAUSS / MU_0
    helicity = current[region] * bz[region]
    totals = {
        "hed_e_total": float(energy[region].sum() * area_cm2),
        "hed_area": float(region.sum() * area_cm2),
        "hed_flux": float(np.abs(bz[region]).sum() * area_cm2),
        "hed_j_total": float(density_a_m2.sum() * side_m**2),
        "hed_hc_total": float(np.abs(helicity).sum()),
    }
    flux_squared = float((bz[region] ** 2).sum())
    means = {
        "hed_shear": mean(shear[~np.isnan(shear)]),
        "hed_uj_mean": mean(density_a_m2),
        "hed_uhc_mean": mean(np.abs(helicity)),
        "hed_gbh_mean": mean(steepness[region]),
        "hed_alp_mean": float(helicity.sum()) / flux_squared * 1e6 if flux_squared else float("nan"),
    }
    if patch.is_blank:
        totals = dict.fromkeys(totals, float("nan"))
    return totals | means
