"""Keywords of an active-region patch from the pixels of its line-of-sight magnetogram, as JSOC computes them.

Source: Bobra et al. 2014 (Sol. Phys. 289, 3549; SHARP), Bobra et al. 2021 (ApJS 256, 26; SMARP), Schrijver 2007
(ApJL 655, L117; R_VALUE) and the public modules sharp.c, smarp.c, sw_functions.c of JSOC. Maps are in cylindrical
equal-area (CEA) projection, so that all pixels have one area.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from scipy import ndimage

from flaredag.errors import InputError

if TYPE_CHECKING:
    from numpy.typing import ArrayLike, NDArray

# RSUN_REF of every SHARP and SMARP header, and the astronomical unit.
SOLAR_RADIUS_M = 6.96e8
ASTRONOMICAL_UNIT_M = 1.495978707e11


@dataclass(frozen=True)
class PatchBitmap:
    """How an instrument's bitmap marks the patch: `lowest` value inside it, `active` the bit of strong field."""

    lowest: int
    active: int


# SHARP: 1 and 2 outside, 33 (weak) and 34 (strong) inside; HARPs before 2013-08 were once interpolated, hence 30.
# SMARP: bits of disk, field, continuum and patch, the least inside being 32 + 4 + 1.
PATCH_BITMAPS = {"sharp": PatchBitmap(lowest=30, active=2), "smarp": PatchBitmap(lowest=36, active=2)}

# One-sided differences of second order take three pixels.
LEAST_SHAPE = (3, 3)

# Schrijver 2007: field that counts as strong (G), pixels of 2 arcsec, Gaussian of 10 of them (15 Mm) full width.
STRONG_FIELD_GAUSS = 150.0
R_PIXEL_ARCSEC = 2.0
R_SIGMA_PIXELS = 10.0 / 2.3548
R_KERNEL_HALF_WIDTH = 20


def pixel_size_m(pixel_degrees: float, *, radius_m: float = SOLAR_RADIUS_M) -> float:
    """Side of a CEA pixel on the photosphere, m."""
    return float(np.deg2rad(pixel_degrees) * radius_m)


def pixel_arcsec(
    pixel_degrees: float, *, radius_m: float = SOLAR_RADIUS_M, distance_m: float = ASTRONOMICAL_UNIT_M
) -> float:
    """Side of a CEA pixel as it would be seen at disk centre from `distance_m`, arcsec."""
    return float(np.rad2deg(np.arctan(pixel_size_m(pixel_degrees, radius_m=radius_m) / distance_m)) * 3600.0)


def in_patch(bitmap: NDArray, *, instrument: str) -> NDArray[np.bool_]:
    """Pixels (y, x) that belong to the patch. Raises InputError for an instrument that is not known."""
    return bitmap >= _patch_bitmap(instrument).lowest


def near_inversion_lines(magnetogram: NDArray[np.floating]) -> NDArray[np.bool_]:
    """Pixels (y, x) of a magnetogram, gauss, with field above 150 G and field below -150 G both within one pixel.

    None at the edge, as at JSOC; NaN is no field.
    """
    strong = [ndimage.maximum_filter(sign * magnetogram > STRONG_FIELD_GAUSS, size=3) for sign in (1, -1)]
    near_line = np.zeros(magnetogram.shape, dtype=bool)
    near_line[1:-1, 1:-1] = (strong[0] & strong[1])[1:-1, 1:-1]
    return near_line


def r_value(magnetogram: ArrayLike, *, rebin: int) -> float:
    """Schrijver's R: log10 of the unsigned flux (G x pixels of 2 arcsec) near strong polarity inversion lines.

    Every `rebin`-th pixel of `magnetogram` (y, x; gauss) is taken, as JSOC does (it does not average). A pixel is on an
    inversion line where field above 150 G and field below -150 G both lie within one pixel of it; the map of those is
    smoothed by a Gaussian of 10 pixels full width and multiplied by |B| cut to whole gauss (JSOC's C takes the abs of
    an integer). 0 without such a line; NaN where no pixel has a value.
    """
    field = np.asarray(magnetogram, dtype=np.float64)
    field = field[: field.shape[0] // rebin * rebin : rebin, : field.shape[1] // rebin * rebin : rebin]
    if np.isnan(field).all():
        return float("nan")
    near_line = near_inversion_lines(field)
    if not near_line.any():
        return 0.0
    weight = ndimage.gaussian_filter(
        near_line.astype(np.float64), R_SIGMA_PIXELS, mode="constant", radius=R_KERNEL_HALF_WIDTH
    )
    flux = float((weight * np.trunc(np.abs(np.nan_to_num(field)))).sum())
    return float(np.log10(flux)) if flux >= 1.0 else 0.0


def line_of_sight_keywords(
    magnetogram: ArrayLike,
    bitmap: ArrayLike,
    *,
    instrument: str,
    pixel_degrees: float,
    radius_m: float = SOLAR_RADIUS_M,
) -> dict[str, float]:
    """Keywords that a line-of-sight magnetogram gives: both arrays (y, x), the field in gauss, NaN where missing.

    usfluxl   sum of |B| over the patch, Mx
    meangbl   mean of |grad B| over the patch, G/pixel (JSOC's documents say G/Mm; its code divides by no length)
    r_value   see `r_value`, log10(Mx) by name; the whole map counts, not only the patch
    area      area of the patch on the sphere, microhemisphere
    area_acr  area of its strong-field pixels, microhemisphere
    cmaskl    number of pixels of the patch that have a value

    AREA and AREA_ACR of JSOC come from the pixels of the camera before the projection; these from the projected ones.
    A patch without any pixel has flux, areas and cmaskl 0 and no gradient (NaN), as at JSOC; one whose pixels all lack
    a value has no flux either (NaN). Raises InputError where the shapes differ, a map is no array (y, x) of at least
    3 x 3 pixels, or the instrument is not known.
    """
    field, marks = np.asarray(magnetogram, dtype=np.float64), np.asarray(bitmap)
    check_shapes({"magnetogram": field, "bitmap": marks})
    patch = in_patch(marks, instrument=instrument)
    active = patch & (np.nan_to_num(marks).astype(np.int64) & _patch_bitmap(instrument).active > 0)
    area_cm2 = (100.0 * pixel_size_m(pixel_degrees, radius_m=radius_m)) ** 2
    microhemisphere = np.deg2rad(pixel_degrees) ** 2 / (2 * np.pi) * 1e6
    valid = patch & ~np.isnan(field)
    n_valid = int(valid.sum())
    nothing_measured = n_valid == 0 and bool(patch.any())
    along_y, along_x = np.gradient(field, edge_order=2)
    gradient = np.hypot(along_x, along_y)[valid]
    gradient = gradient[~np.isnan(gradient)]
    return {
        "usfluxl": float("nan") if nothing_measured else float(np.abs(field[valid]).sum() * area_cm2),
        "meangbl": float(gradient.mean()) if gradient.size else float("nan"),
        "r_value": r_value(field, rebin=r_rebin(pixel_degrees, radius_m=radius_m)),
        "area": float(patch.sum() * microhemisphere),
        "area_acr": float(active.sum() * microhemisphere),
        "cmaskl": float(n_valid),
    }


def r_rebin(pixel_degrees: float, *, radius_m: float = SOLAR_RADIUS_M) -> int:
    """Pixels of the map to one of the 2 arcsec that R is defined on: 4 for SHARP (0.03 deg), 1 for SMARP (0.12 deg)."""
    return max(round(R_PIXEL_ARCSEC / pixel_arcsec(pixel_degrees, radius_m=radius_m)), 1)


def check_shapes(maps: dict[str, NDArray]) -> None:
    """Raise InputError unless all maps are arrays (y, x) of one shape of at least 3 x 3 pixels."""
    shapes = {name: field.shape for name, field in maps.items()}
    shape = next(iter(shapes.values()))
    if len(set(shapes.values())) > 1 or len(shape) != len(LEAST_SHAPE) or min(shape) < min(LEAST_SHAPE):
        told = ", ".join(f"{name} {shape}" for name, shape in shapes.items())
        raise InputError(
            f"maps of a patch have the shapes {told}; wanted: one shape (y, x) of at least 3 x 3 pixels. "
            "Are the segments of one record and one series (cea)?"
        )


def _patch_bitmap(instrument: str) -> PatchBitmap:
    if instrument not in PATCH_BITMAPS:
        raise InputError(f"instrument {instrument!r}: no bitmap known; wanted {' or '.join(PATCH_BITMAPS)}.")
    return PATCH_BITMAPS[instrument]
