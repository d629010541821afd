"""Keywords of an active-region patch from the pixels of its vector field, as JSOC computes them.

Source: Bobra et al. 2014 (Sol. Phys. 289, 3549), Table 3, and the public modules sharp.c and sw_functions.c of JSOC;
the Lorentz force: Fisher et al. 2012 (Sol. Phys. 277, 59) and JSOC's lorentz.c (series cgem.Lorentz).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from flaredag import vector_fields
from flaredag.errors import InputError
from flaredag.keywords import (
    ASTRONOMICAL_UNIT_M,
    SOLAR_RADIUS_M,
    check_shapes,
    in_patch,
    pixel_arcsec,
    pixel_size_m,
)
from flaredag.vector_segments import ERROR_MAPS, MAPS

if TYPE_CHECKING:
    from collections.abc import Mapping

    from numpy.typing import ArrayLike, NDArray

MU_0 = 4e-7 * np.pi
TESLA_PER_GAUSS = 1e-4
# conf_disambig: 90 strong field, all solutions agree; 60 and 50 weak field; once interpolated (records of 2010-2013).
LOWEST_CONFIDENCE = 70
# The angle of the field is taken where its horizontal part exceeds the noise (G), the shear counted above 45 deg.
HORIZONTAL_NOISE_GAUSS = 100.0
STRONG_SHEAR_DEGREES = 45.0
LORENTZ_UNIT_DYNE = 1e20
# Keyword, its error, and the axes of the component of the field whose gradient it is.
GRADIENTS = (("meangbt", "errbt", (0, 1, 2)), ("meangbh", "errbh", (0, 1)), ("meangbz", "errbz", (2,)))


@dataclass(frozen=True)
class VectorMap:
    """Vector field of a patch: field [Bx, By, Bz] in gauss (y, x), x west, y north; the pixels that keywords count.

    errors: those of [Bx, By, Bz], or empty. chosen: of the patch and surely disambiguated; used: those with a value.
    """

    field: list[NDArray]
    errors: list[NDArray]
    chosen: NDArray[np.bool_]

    @property
    def used(self) -> NDArray[np.bool_]:
        """Chosen pixels at which all components, and their errors where given, have a value."""
        return self.chosen & ~np.isnan(sum(self.field) + sum(self.errors))

    @property
    def is_blank(self) -> bool:
        """Whether pixels are chosen but none of them has a value."""
        return bool(self.chosen.any() and not self.used.any())


def vector_map(segments: Mapping[str, ArrayLike]) -> VectorMap:
    """The vector field of a SHARP from its segments (arrays (y, x) by JSOC's names).

    Br, Bp, Bt, bitmap and conf_disambig are needed; Br_err, Bp_err and Bt_err may be left out, all three. Bp points
    west (x), Bt south (-y). Raises InputError where a segment is missing or the shapes differ.
    """
    given = [name for name in ERROR_MAPS if name in segments]
    missing = [name for name in (*MAPS, *(ERROR_MAPS if given else ())) if name not in segments]
    if missing:
        raise InputError(f"segments {', '.join(missing)} of a SHARP are missing; found {', '.join(sorted(segments))}.")
    maps = {name: np.asarray(segments[name], dtype=np.float64) for name in (*MAPS, *given)}
    check_shapes(maps)
    return VectorMap(
        field=[maps["Bp"], -maps["Bt"], maps["Br"]],
        errors=[maps[name] for name in ("Bp_err", "Bt_err", "Br_err") if given],
        chosen=in_patch(maps["bitmap"], instrument="sharp") & (maps["conf_disambig"] >= LOWEST_CONFIDENCE),
    )


def vector_keywords(
    segments: Mapping[str, ArrayLike],
    *,
    pixel_degrees: float,
    radius_m: float = SOLAR_RADIUS_M,
    distance_m: float = ASTRONOMICAL_UNIT_M,
) -> dict[str, float]:
    """SHARP keywords of a vector map, with their errors where the segments of errors are given: `vector_map`.

    Units as at JSOC: usflux Mx; meangam, meanshr deg; meangbt, meangbz, meangbh G/pixel (documented as G/Mm); meanjzd
    mA/m2; totusjz A; meanalp 1/Mm; meanjzh, totusjh, absnjzh G2/m; savncpp A/arcsec2 (JSOC divides by the pixel's side
    in arcsec where it should multiply: the net currents over the square of that side, hence `distance_m`, the header's
    DSUN_OBS); meanpot erg/cm3; totpot erg/cm; shrgt45 %; cmask pixels; totbsq G2; totfx, totfy, totfz 1e20 dyne.

    As at JSOC: the free energy and the shear stand on `greens_function_field`; the Lorentz force is summed over the
    whole map, all else over pixels of the patch that are surely disambiguated. Otherwise than there: a pixel whose
    gradient or current is exactly 0 counts as one (there it is left out), and errmsha is the error of the mean (there
    that of the last pixel). Where no pixel is chosen totals are 0 and means NaN; where none of those chosen has a
    value, all but cmask is NaN.
    """
    patch = vector_map(segments)
    used = patch.used
    if patch.is_blank:
        nothing = dict.fromkeys(_keywords(patch, used, pixel_degrees, radius_m, distance_m), float("nan"))
        return {**nothing, "cmask": 0.0}
    return _keywords(patch, used, pixel_degrees, radius_m, distance_m)


def _keywords(
    patch: VectorMap, used: NDArray[np.bool_], pixel_degrees: float, radius_m: float, distance_m: float
) -> dict[str, float]:
    bz = patch.field[2]
    side_m = pixel_size_m(pixel_degrees, radius_m=radius_m)
    area_cm2 = (100.0 * side_m) ** 2
    side_arcsec = pixel_arcsec(pixel_degrees, radius_m=radius_m, distance_m=distance_m)
    keywords = {"cmask": float(used.sum()), "usflux": float(np.abs(bz[used]).sum() * area_cm2)}
    if patch.errors:
        keywords["errvf"] = float(np.sqrt((patch.errors[2][used] ** 2).sum()) * area_cm2)
    return {
        **keywords,
        **_inclination(patch, used),
        **_gradients(patch, used),
        **_currents(patch, used, side_m=side_m, side_arcsec=side_arcsec),
        **_free_energy(patch, used, area_cm2=area_cm2),
        **_lorentz_force(patch, area_cm2=area_cm2),
    }


def mean(values: NDArray) -> float:
    """Mean; NaN of no values."""
    return float(values.mean()) if values.size else float("nan")


def _error_of_mean(variances: NDArray) -> float:
    return float(np.sqrt(variances.sum()) / variances.size) if variances.size else float("nan")


def _inclination(patch: VectorMap, used: NDArray[np.bool_]) -> dict[str, float]:
    """MEANGAM: mean angle of the field to the vertical where its horizontal part exceeds the noise."""
    bx, by, bz = (component[used] for component in patch.field)
    horizontal = np.hypot(bx, by)
    clear = horizontal > HORIZONTAL_NOISE_GAUSS
    keywords = {"meangam": mean(np.degrees(np.arctan2(horizontal, np.abs(bz))[clear]))}
    if patch.errors:
        ex, ey, ez = (error[used] for error in patch.errors)
        horizontal_error = vector_fields.magnitude_error([bx, by], [ex, ey])
        squared = bz**2 + horizontal**2
        variance = (bz[clear] * horizontal_error[clear]) ** 2 + (horizontal[clear] * ez[clear]) ** 2
        keywords["errgam"] = _error_of_mean(np.degrees(1.0) ** 2 * variance / squared[clear] ** 2)
    return keywords


def _gradients(patch: VectorMap, used: NDArray[np.bool_]) -> dict[str, float]:
    """MEANGBT, MEANGBH, MEANGBZ: mean gradients of the total, horizontal and vertical field."""
    keywords = {}
    for name, error_name, axes in GRADIENTS:
        components = [patch.field[axis] for axis in axes]
        field = np.sqrt(sum(component**2 for component in components)) if len(axes) > 1 else components[0]
        gradient = vector_fields.gradient_magnitude(field)
        valid = used & ~np.isnan(gradient)
        keywords[name] = mean(gradient[valid])
        if patch.errors:
            errors = [patch.errors[axis] for axis in axes]
            error = vector_fields.magnitude_error(components, errors) if len(axes) > 1 else errors[0]
            keywords[error_name] = _error_of_mean(vector_fields.gradient_variance(field, error)[valid])
    return keywords


def _currents(patch: VectorMap, used: NDArray[np.bool_], *, side_m: float, side_arcsec: float) -> dict[str, float]:
    """Vertical current and current helicity: MEANJZD, TOTUSJZ, SAVNCPP, MEANALP, MEANJZH, TOTUSJH, ABSNJZH."""
    bx, by, bz_map = patch.field
    current = vector_fields.vertical_current(bx, by)
    valid = used & ~np.isnan(current)
    jz, bz = current[valid], bz_map[valid]
    density_a_m2 = TESLA_PER_GAUSS / (MU_0 * side_m)
    ampere = density_a_m2 * side_m**2
    helicity = jz * bz / side_m
    flux_squared = float((bz**2).sum())
    twist = float((jz * bz).sum()) / flux_squared if flux_squared else float("nan")
    per_mm = 1e6 / side_m
    keywords = {
        "meanjzd": mean(jz) * density_a_m2 * 1e3,
        "totusjz": float(np.abs(jz).sum()) * ampere,
        "savncpp": float(abs(jz[bz > 0].sum()) + abs(jz[bz <= 0].sum())) * ampere / side_arcsec**2,
        "meanalp": twist * per_mm,
        "meanjzh": mean(helicity),
        "totusjh": float(np.abs(helicity).sum()),
        "absnjzh": float(abs(helicity.sum())),
    }
    if not patch.errors:
        return keywords
    variance = vector_fields.vertical_current_variance(patch.errors[0], patch.errors[1])[valid]
    bz_variance = patch.errors[2][valid] ** 2
    twist_variance = bz**2 * variance + (jz - 2 * bz * twist) ** 2 * bz_variance
    helicity_variance = (variance * bz**2 + bz_variance * jz**2) / side_m**2
    total_current, total_helicity = float(np.sqrt(variance.sum())), float(np.sqrt(helicity_variance.sum()))
    return keywords | {
        "errjz": _error_of_mean(variance) * density_a_m2 * 1e3,
        "errusi": total_current * ampere,
        "errjht": total_current * ampere / side_arcsec**2,
        "erralp": float(np.sqrt(twist_variance.sum())) / flux_squared * per_mm if flux_squared else float("nan"),
        "errmih": _error_of_mean(helicity_variance),
        "errtui": total_helicity,
        "errtai": total_helicity,
    }


def _free_energy(patch: VectorMap, used: NDArray[np.bool_], *, area_cm2: float) -> dict[str, float]:
    """MEANPOT, TOTPOT, MEANSHR, SHRGT45 with JSOC's field in the place of the potential one."""
    potential = vector_fields.greens_function_field(patch.field[2])
    potential = (potential[0][used], potential[1][used])
    field = [component[used] for component in patch.field]
    energy = vector_fields.free_energy_density(field[0], field[1], potential)
    angle = vector_fields.shear_angle_degrees(field, potential)
    sheared = ~np.isnan(angle)
    keywords = {
        "meanpot": mean(energy),
        "totpot": float(energy.sum()) * area_cm2,
        "meanshr": mean(angle[sheared]),
        "shrgt45": 100.0 * mean(angle[sheared] > STRONG_SHEAR_DEGREES),
    }
    if patch.errors:
        errors = [error[used] for error in patch.errors]
        variance = sum((2 * (field[i] - potential[i]) * errors[i] / (8 * np.pi)) ** 2 for i in (0, 1))
        angle_variance = vector_fields.shear_angle_variance(field, errors, potential)
        keywords["errmpot"] = _error_of_mean(np.asarray(variance))
        keywords["errtpot"] = float(np.sqrt(np.sum(variance))) * area_cm2
        keywords["errmsha"] = _error_of_mean(angle_variance[sheared])
    return keywords


def _lorentz_force(patch: VectorMap, *, area_cm2: float) -> dict[str, float]:
    """Lorentz force on the volume above the whole map (Fisher et al. 2012, eqs. 5, 6), and its share of B^2.

    cgem.Lorentz takes a pixel of 3.64e7 cm; this one the true size, so that its forces are 0.2 % larger.
    """
    bx, by, bz = patch.field
    squared = bx**2 + by**2 + bz**2
    total = float(np.nansum(squared))
    sums = [float(np.nansum(product)) for product in (bx * bz, by * bz, squared - 2 * bz**2)]
    horizontal = -area_cm2 / (4 * np.pi) / LORENTZ_UNIT_DYNE
    vertical = area_cm2 / (8 * np.pi) / LORENTZ_UNIT_DYNE
    keywords = {"totbsq": total}
    for axis, product, factor in zip("xyz", sums, (horizontal, horizontal, vertical), strict=True):
        keywords[f"totf{axis}"] = product * factor
        keywords[f"eps{axis}"] = product / total if total else float("nan")
    return keywords
