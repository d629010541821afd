"""Flares of simulated regions: when, how large, which of them GOES can tell from the background.

A Poisson process whose rate follows the strong polarity inversion line (R_VALUE without noise), the free energy of the
twisted field and the emergence of flux, and a factor of each region that no magnetogram shows. A flare belongs to the
region on the Sun, whichever instrument looks at it, and goes unseen behind the limb.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from flaredag.bipoles import patch_field, patch_grid
from flaredag.goes import CLASS_FLUX_W_M2
from flaredag.jsoc import utc_from_tai
from flaredag.keywords import r_value
from flaredag.simulated_patches import COARSE_PIXEL_DEG
from flaredag.simulated_regions import CADENCE, random_of

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from flaredag.simulated_regions import SolarRegion

FLARE_FLUX_INDEX = 0.8  # N(> F) ~ F ** -index: 1.8 for the differential distribution of peak fluxes.
SMALLEST_FLARE_W_M2, LARGEST_FLARE_W_M2 = 2e-7, 2e-3
# Rate of flares >= C1.0 a day of a region of R_VALUE and free energy (G2 x coarse pixels) as given, not emerging.
USUAL_C_FLARES_A_DAY, USUAL_R_VALUE, USUAL_FREE_ENERGY = 9.0, 4.0, 1e6
SLOPE_R_VALUE, SLOPE_FREE_ENERGY, SLOPE_EMERGENCE = 1.2, 0.35, 0.25
WITHOUT_INVERSION_LINE = 2.6  # R_VALUE that counts where there is no strong inversion line
MOST_C_FLARES_A_DAY = 6.0
LIMB_DEG = 90.0
DAYS_AFTER_TRACK = 1.0
BACKGROUND_DEX, BACKGROUND_SCATTER_DEX = -6.25, 0.25  # X-ray background of the moment of a flare, log10 W/m2
_CADENCE_DAYS = CADENCE / np.timedelta64(1, "D")
FLARE_COLUMNS = (
    "solar_region", "start_time", "peak_time", "end_time", "goes_class", "noaa_ar", "longitude_deg", "latitude_deg",
)  # fmt: skip


@dataclass(frozen=True)
class Activity:
    """What drives the flares of a region, at `times` (TAI) while it is seen: arrays (time,)."""

    times: NDArray[np.datetime64]
    longitude_deg: NDArray[np.float64]
    r_value: NDArray[np.float64]
    free_energy: NDArray[np.float64]
    flux_gauss_pixels: NDArray[np.float64]
    c_flares_a_day: NDArray[np.float64]


def activity(region: SolarRegion) -> Activity:
    """Activity of a region every 96 minutes from when it comes over the east limb, or emerges, to when it goes."""
    days_to_limb = (LIMB_DEG + region.first_longitude_deg) / region.rotation_deg_a_day
    before = int(min(days_to_limb, region.age_days) / _CADENCE_DAYS)
    after = int(DAYS_AFTER_TRACK / _CADENCE_DAYS)
    times = region.first_record + np.arange(-before, region.n_records + after) * CADENCE
    longitude = region.longitude_deg(times)
    times, longitude = times[np.abs(longitude) <= LIMB_DEG], longitude[np.abs(longitude) <= LIMB_DEG]
    x, y = patch_grid(region.half_width_deg, region.half_height_deg, COARSE_PIXEL_DEG)
    field = patch_field(region.bipoles, region.age_days + region.days(times), x, y)
    inversion_line = np.array([r_value(radial, rebin=1) for radial in field.radial])
    flux = np.abs(field.radial).sum((1, 2), dtype=np.float64)
    growth = np.gradient(np.log(np.maximum(flux, 1.0)), _CADENCE_DAYS) if len(flux) > 1 else np.zeros(len(flux))
    dex = (
        SLOPE_R_VALUE * (np.maximum(inversion_line, WITHOUT_INVERSION_LINE) - USUAL_R_VALUE)
        + SLOPE_FREE_ENERGY * np.log10(np.maximum(field.free_energy, 1.0) / USUAL_FREE_ENERGY)
        + SLOPE_EMERGENCE * np.clip(growth, -0.5, 1.5)
        + region.unseen_dex
    )
    rate = np.minimum(USUAL_C_FLARES_A_DAY * 10.0**dex, MOST_C_FLARES_A_DAY)
    return Activity(times, longitude, inversion_line, field.free_energy, flux, rate)


def region_flares(region: SolarRegion, seed: int) -> pd.DataFrame:
    """Listed flares of a region, columns `FLARE_COLUMNS`, by start: UTC minutes, GOES class, one of its NOAA numbers.

    Peak fluxes follow a power law; flares below the X-ray background of their moment are not listed.
    """
    random = random_of("flares", seed, region.k)
    active = activity(region)
    to_all = (SMALLEST_FLARE_W_M2 / CLASS_FLUX_W_M2["C"]) ** -FLARE_FLUX_INDEX
    step = np.repeat(np.arange(len(active.times)), random.poisson(active.c_flares_a_day * to_all * _CADENCE_DAYS))
    n_flares = len(step)
    # Inverse of the cumulative power law, cut at the largest flare.
    tail = random.uniform((LARGEST_FLARE_W_M2 / SMALLEST_FLARE_W_M2) ** -FLARE_FLUX_INDEX, 1.0, n_flares)
    peak_flux = SMALLEST_FLARE_W_M2 * tail ** (-1.0 / FLARE_FLUX_INDEX)
    listed = peak_flux > 10 ** random.normal(BACKGROUND_DEX, BACKGROUND_SCATTER_DEX, n_flares)
    seconds = random.integers(0, int(CADENCE / np.timedelta64(1, "s")), n_flares)
    start_tai = pd.Series(active.times[step] + seconds.astype("timedelta64[s]"))
    start = (utc_from_tai(start_tai) if n_flares else start_tai).to_numpy().astype("datetime64[m]")
    rise, fall = (1 + np.minimum(random.lognormal(2.0, 0.6, n_flares), 120.0).astype(int) for _ in range(2))
    peak = start + rise.astype("timedelta64[m]")
    place = np.minimum(random.geometric(0.7, n_flares) - 1, len(region.noaa_ars) - 1)
    flares = pd.DataFrame(
        {
            "solar_region": region.k,
            "start_time": np.datetime_as_string(start, unit="m"),
            "peak_time": np.datetime_as_string(peak, unit="m"),
            "end_time": np.datetime_as_string(peak + fall.astype("timedelta64[m]"), unit="m"),
            "goes_class": goes_class(peak_flux),
            "noaa_ar": np.array(region.noaa_ars)[place],
            "longitude_deg": np.rint(active.longitude_deg[step]).astype(int),
            "latitude_deg": round(region.latitude_deg),
        },
        columns=list(FLARE_COLUMNS),
    )
    return flares[listed].sort_values(["start_time", "peak_time", "goes_class"], ignore_index=True)


def goes_class(peak_flux_w_m2: NDArray[np.float64]) -> NDArray[np.object_]:
    """GOES class ("M1.2") of 1-8 angstrom peak fluxes in W/m2; tenths are cut off, not rounded."""
    tenths = np.floor(np.asarray(peak_flux_w_m2) / 1e-9 + 1e-6).astype(int)
    letter_index = np.clip(np.floor(np.log10(np.maximum(tenths, 1))).astype(int) - 1, 0, 4)
    in_class = tenths // 10**letter_index
    letters = np.array(list("ABCMX"))[letter_index]
    return np.array([f"{letter}{n // 10}.{n % 10}" for letter, n in zip(letters, in_class, strict=True)], dtype=object)
