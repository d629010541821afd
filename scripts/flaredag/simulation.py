"""A simulated Sun: active regions that emerge, grow, decay, cross the disk and flare.

The physics is coarse and its numbers are chosen so that keyword ranges, flare rates and the skill of a simple
forecast resemble those of real SHARP and SMARP records. It tests the workflow; it says nothing about the Sun.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd
import xarray as xr
from scipy.signal import lfilter
from scipy.special import ndtri

from flaredag.errors import InputError
from flaredag.jsoc import T_REC_FORMAT, utc_from_tai

CADENCE_MINUTES = 96
STEPS_A_DAY = 24 * 60 // CADENCE_MINUTES
DAYS_IN_GRID = 14
LIMB_LONGITUDE_DEG = 90.0
TRACKED_LONGITUDE_DEG = 80.0
SMALLEST_TRACKED_FLUX_MX = 3e20
SQUARE_DEGREES_IN_MICROHEMISPHERE = 360.0**2 / (2 * np.pi) * 1e-6
PATCH_WIDTH_TO_HEIGHT = 1.8
EMERGING_ON_DISK_FRACTION = 0.35
SECOND_EMERGENCE_FRACTION = 0.33
USUAL_QUALITY_FRACTION = 0.1
SMALLEST_R_VALUE = 2.5
FLARE_FLUX_INDEX = 0.9  # N(> F) ~ F ** -index: about 2 for the differential distribution of peak fluxes.
SMALLEST_FLARE_W_M2 = 2e-7
LARGEST_FLARE_W_M2 = 2e-3
C_CLASS_W_M2 = 1e-6
MISSING = "MISSING"


@dataclass(frozen=True)
class Instrument:
    """How an instrument sees a region: its years, its numbers, its keywords as lines of the SHARP ones.

    Slopes and offsets are the regressions of SMARP on SHARP keywords published with Sun et al. 2022 (their
    Fig. 2); noise is relative for USFLUXL and AREA, in G/pixel for MEANGBL and in dex for R_VALUE.
    """

    number_keyword: str
    first_day: str
    n_days: int
    first_number: int
    first_noaa_ar: int
    usfluxl_slope: float
    usfluxl_offset_mx: float
    meangbl_slope: float
    meangbl_offset: float
    r_value_slope: float
    r_value_offset: float
    usfluxl_noise: float
    meangbl_noise: float
    r_value_noise: float
    usual_quality: int
    bad_quality: int


INSTRUMENTS = {
    "sharp": Instrument(
        number_keyword="HARPNUM",
        first_day="2011-01-01",
        n_days=1800,
        first_number=377,
        first_noaa_ar=11140,
        usfluxl_slope=1.0,
        usfluxl_offset_mx=0.0,
        meangbl_slope=1.0,
        meangbl_offset=0.0,
        r_value_slope=1.0,
        r_value_offset=0.0,
        usfluxl_noise=0.02,
        meangbl_noise=0.8,
        r_value_noise=0.06,
        usual_quality=0x400,
        bad_quality=0x10000,
    ),
    "smarp": Instrument(
        number_keyword="TARPNUM",
        first_day="1999-01-01",
        n_days=1800,
        first_number=2050,
        first_noaa_ar=8440,
        usfluxl_slope=1.21616,
        usfluxl_offset_mx=-3.87780e20,
        meangbl_slope=1.99203,
        meangbl_offset=8.34289,
        r_value_slope=0.832784,
        r_value_offset=-0.094560,
        usfluxl_noise=0.06,
        meangbl_noise=5.0,
        r_value_noise=0.15,
        usual_quality=0x200,
        bad_quality=0x40000,
    ),
}


def active_regions(instrument: Instrument, *, n_regions: int, rng: np.random.Generator) -> xr.Dataset:
    """Life of `n_regions` patches, dims (patch, step), one step in 96 minutes from their first on the disk.

    Variables: `time` (TAI), `longitude_deg` (from central meridian, west positive), `unsigned_flux_mx` and
    `r_value` as HMI would see them without noise, `on_disk` and `tracked` (bool), `c_flares_a_day` (rate of
    flares >= C1.0); a patch: `number`, `noaa_ars`, `latitude_deg`. Numbers grow with time, as JSOC's do.
    """
    if n_regions < 1:
        raise InputError(f"regions_per_instrument is {n_regions}; at least 1 is wanted. Change it in config.yaml.")
    n_steps = DAYS_IN_GRID * STEPS_A_DAY
    first_step = np.sort(rng.integers(0, (instrument.n_days - DAYS_IN_GRID) * STEPS_A_DAY, n_regions))
    steps = first_step[:, None] + np.arange(n_steps)
    days = np.arange(n_steps) / STEPS_A_DAY

    latitude = rng.choice([-1.0, 1.0], n_regions) * np.clip(rng.normal(17.0, 6.0, n_regions), 3.0, 35.0)
    emerges_on_disk = rng.random(n_regions) < EMERGING_ON_DISK_FRACTION
    first_longitude = np.where(emerges_on_disk, rng.uniform(-60.0, 20.0, n_regions), -LIMB_LONGITUDE_DEG)
    longitude = first_longitude[:, None] + synodic_rotation_deg_a_day(latitude)[:, None] * days
    age_days = days + np.where(emerges_on_disk, 0.0, rng.uniform(1.0, 12.0, n_regions))[:, None]

    flux, growth_a_day = unsigned_flux_mx(age_days, rng=rng)
    complexity = _complexity(n_regions, n_steps, rng) + 0.5 * np.clip(growth_a_day, 0.0, 1.5)
    r_value = 2.4 + 1.15 * np.log10(flux / 1e21) + 0.4 * complexity
    # Skill must stay short of perfect: part of what makes a region flare shows in no keyword.
    unseen_dex = rng.normal(0.0, 0.45, (n_regions, 1))
    on_disk = np.abs(longitude) <= LIMB_LONGITUDE_DEG

    dims = ("patch", "step")
    first_day = np.datetime64(instrument.first_day, "s")
    numbers = instrument.first_number + np.cumsum(rng.integers(1, 7, n_regions))
    return xr.Dataset(
        {
            "time": (dims, first_day + steps * np.timedelta64(CADENCE_MINUTES * 60, "s"), {"scale": "TAI"}),
            "longitude_deg": (dims, longitude, {"units": "degree"}),
            "unsigned_flux_mx": (dims, flux, {"units": "Mx"}),
            "complexity": (dims, complexity, {"units": "1"}),
            "r_value": (dims, np.where(r_value < SMALLEST_R_VALUE, 0.0, r_value), {"units": "log10(Mx)"}),
            "on_disk": (dims, on_disk),
            "tracked": (
                dims,
                (np.abs(longitude) <= TRACKED_LONGITUDE_DEG) & (flux > SMALLEST_TRACKED_FLUX_MX),
            ),
            "c_flares_a_day": (
                dims,
                c_flares_a_day(flux, r_value, unseen_dex=unseen_dex),
                {"units": "1 / day"},
            ),
            "latitude_deg": ("patch", latitude, {"units": "degree"}),
        },
        coords={
            "number": ("patch", numbers),
            "noaa_ars": ("patch", _noaa_ars(n_regions, instrument.first_noaa_ar, rng)),
        },
    )


def synodic_rotation_deg_a_day(latitude_deg: np.ndarray) -> np.ndarray:
    """Rotation of magnetic features seen from Earth, degrees a day (Snodgrass 1983, ApJ 270, 288)."""
    sine_squared = np.sin(np.radians(latitude_deg)) ** 2
    return 14.366 - 2.297 * sine_squared - 1.624 * sine_squared**2 - 0.9856


def unsigned_flux_mx(age_days: np.ndarray, *, rng: np.random.Generator) -> tuple[np.ndarray, np.ndarray]:
    """Total unsigned flux (Mx) and its relative growth (1/day) at `age_days`, dims (patch, step).

    Flux emerges in one episode, or two for a third of the patches, and decays exponentially.
    """
    n_regions = age_days.shape[0]
    # A value from each of n equal parts of the distribution: even a small Sun has its share of great regions.
    quantile = (rng.permutation(n_regions) + rng.random(n_regions)) / n_regions
    peak_flux = 10 ** (22.25 + 0.45 * ndtri(quantile))[:, None]
    second_peak_flux = np.where(
        rng.random((n_regions, 1)) < SECOND_EMERGENCE_FRACTION, rng.uniform(0.3, 1.2, (n_regions, 1)), 0.0
    )
    second_emergence_days = rng.uniform(2.0, 12.0, (n_regions, 1))
    rise_days = rng.uniform(1.0, 3.0, (n_regions, 1))
    decay_days = rng.uniform(6.0, 40.0, (n_regions, 1))

    def episode(days: np.ndarray) -> np.ndarray:
        days = np.clip(days, 0.0, None)
        return (1.0 - np.exp(-((days / rise_days) ** 2))) * np.exp(-days / decay_days)

    shape = 0.02 + episode(age_days) + second_peak_flux * episode(age_days - second_emergence_days)
    return peak_flux * shape, np.gradient(np.log(shape), 1.0 / STEPS_A_DAY, axis=1)


def c_flares_a_day(flux_mx: np.ndarray, r_value: np.ndarray, *, unseen_dex: np.ndarray) -> np.ndarray:
    """Mean number of flares >= C1.0 a day, from R_VALUE, flux and what no keyword shows (`unseen_dex`)."""
    return 10 ** np.clip(-0.15 + 1.3 * (r_value - 4.0) + 0.4 * np.log10(flux_mx / 1e22) + unseen_dex, -6.0, 1.2)


def goes_flares(regions: xr.Dataset, *, unattributed_fraction: float, rng: np.random.Generator) -> pd.DataFrame:
    """Flares of `regions` as GOES would list them: UTC to the minute, class, NOAA number (0: none).

    A Poisson process at the rate `c_flares_a_day`, peak fluxes from a power law; flares below the X-ray
    background of the moment go unlisted, so that few of class B are seen.
    """
    to_all_classes = (SMALLEST_FLARE_W_M2 / C_CLASS_W_M2) ** -FLARE_FLUX_INDEX
    expected = (regions["c_flares_a_day"] * to_all_classes / STEPS_A_DAY).where(regions["on_disk"], 0.0)
    counts = rng.poisson(expected.transpose("patch", "step").to_numpy())
    patch, step = (np.repeat(index, counts.ravel()) for index in np.indices(counts.shape).reshape(2, -1))
    n_flares = len(patch)

    # Inverse of the cumulative power law, cut at the largest flare.
    tail = rng.uniform((LARGEST_FLARE_W_M2 / SMALLEST_FLARE_W_M2) ** -FLARE_FLUX_INDEX, 1.0, n_flares)
    peak_flux = SMALLEST_FLARE_W_M2 * tail ** (-1.0 / FLARE_FLUX_INDEX)
    background = 10 ** rng.normal(-6.15, 0.25, n_flares)

    seconds_into_step = rng.integers(0, CADENCE_MINUTES * 60, n_flares)
    start_tai = regions["time"].to_numpy()[patch, step] + seconds_into_step.astype("timedelta64[s]")
    start = utc_from_tai(pd.Series(start_tai)).to_numpy().astype("datetime64[m]")
    rise_minutes = 1 + np.minimum(rng.lognormal(2.0, 0.6, n_flares), 120.0).astype(int)
    fall_minutes = 1 + np.minimum(rng.lognormal(2.0, 0.6, n_flares), 120.0).astype(int)
    peak = start + rise_minutes.astype("timedelta64[m]")

    flares = pd.DataFrame(
        {
            "start_time": np.datetime_as_string(start, unit="m"),
            "peak_time": np.datetime_as_string(peak, unit="m"),
            "end_time": np.datetime_as_string(peak + fall_minutes.astype("timedelta64[m]"), unit="m"),
            "goes_class": goes_class(peak_flux),
            "noaa_ar": np.where(
                rng.random(n_flares) < unattributed_fraction,
                0,
                _one_noaa_ar_each(regions["noaa_ars"].to_numpy()[patch], rng),
            ),
        }
    )
    listed = flares.loc[peak_flux > background, :]
    return listed.sort_values(["start_time", "noaa_ar", "goes_class"], ignore_index=True)


def goes_class(peak_flux_w_m2: np.ndarray) -> np.ndarray:
    """GOES class ("M1.2") of 1-8 Angstrom peak fluxes in W/m2; tenths are cut off, not rounded."""
    tenths = np.floor(np.asarray(peak_flux_w_m2) / 1e-9 + 1e-6).astype(int)
    letter_index = np.clip(np.floor(np.log10(np.maximum(tenths, 1))).astype(int) - 1, 0, 4)
    in_class = tenths // 10**letter_index
    letters = np.array(list("ABCMX"))[letter_index]
    return np.array([f"{letter}{n // 10}.{n % 10}" for letter, n in zip(letters, in_class, strict=True)], dtype=object)


def keyword_records(
    regions: xr.Dataset,
    instrument: Instrument,
    *,
    bad_record_fraction: float,
    gaps_a_patch: float,
    rng: np.random.Generator,
) -> pd.DataFrame:
    """Keyword records of `regions` as JSOC would give them: one row a patch and time, keywords as text.

    Noise grows to the limb. `bad_record_fraction` of the records have a keyword missing or a QUALITY that
    a careful reader refuses (half each); each patch has about `gaps_a_patch` gaps, of 4 records on average.
    """
    shape = regions.sizes["patch"], regions.sizes["step"]
    foreshortening = np.clip(np.cos(np.radians(regions["longitude_deg"].to_numpy())), 0.15, 1.0)
    noise = rng.normal(size=(4, *shape)) / np.sqrt(foreshortening)
    flux = regions["unsigned_flux_mx"].to_numpy()
    r_value = regions["r_value"].to_numpy() + instrument.r_value_noise / instrument.r_value_slope * noise[2]
    r_value = np.where(regions["r_value"] > 0, instrument.r_value_slope * r_value + instrument.r_value_offset, 0.0)
    # The regression does not hold below its offset: there the faintest patches keep half of their flux.
    usfluxl = np.maximum(instrument.usfluxl_slope * flux + instrument.usfluxl_offset_mx, 0.5 * flux)
    usfluxl *= foreshortening**0.15 * np.exp(instrument.usfluxl_noise * noise[0])
    meangbl = 15.0 + 1.8 * regions["r_value"].to_numpy() + 1.5 * regions["complexity"].to_numpy()
    area_mh = 3300.0 * (flux / 6e21) ** 0.6 * np.exp(0.05 * noise[3])
    half_width = 0.5 * np.sqrt(
        area_mh.max(1, keepdims=True) * SQUARE_DEGREES_IN_MICROHEMISPHERE * PATCH_WIDTH_TO_HEIGHT
    )
    half_height = half_width / PATCH_WIDTH_TO_HEIGHT
    longitude = regions["longitude_deg"].to_numpy()
    latitude = regions["latitude_deg"].to_numpy()[:, None]

    kept = regions["tracked"].to_numpy() & ~_gaps(*shape, gaps_a_patch, rng)
    patch, step = np.nonzero(kept)

    def text(values: np.ndarray, pattern: str) -> np.ndarray:
        return np.array([pattern % value for value in np.broadcast_to(values, shape)[patch, step]], dtype=object)

    records = pd.DataFrame(
        {
            instrument.number_keyword: regions["number"].to_numpy()[patch],
            "T_REC": pd.DatetimeIndex(regions["time"].to_numpy()[patch, step]).strftime(T_REC_FORMAT),
            "NOAA_ARS": regions["noaa_ars"].to_numpy()[patch],
            "LON_MIN": text(longitude - half_width, "%.6f"),
            "LON_MAX": text(longitude + half_width, "%.6f"),
            "LAT_MIN": text(latitude - half_height, "%.6f"),
            "LAT_MAX": text(latitude + half_height, "%.6f"),
            "USFLUXL": text(usfluxl, "%.6e"),
            "MEANGBL": text(
                np.clip(
                    instrument.meangbl_slope * meangbl
                    + instrument.meangbl_offset
                    + instrument.meangbl_noise * noise[1],
                    5.0,
                    None,
                ),
                "%.3f",
            ),
            "R_VALUE": text(np.clip(r_value, 0.0, None), "%.3f"),
            "AREA": text(area_mh, "%.4f"),
        }
    )
    return _with_bad_records(records, instrument, bad_record_fraction, rng)


def _complexity(n_regions: int, n_steps: int, rng: np.random.Generator) -> np.ndarray:
    """Magnetic complexity, dimensionless, (patch, step): a mean a patch and a red noise of 2 days."""
    memory = np.exp(-1.0 / (2.0 * STEPS_A_DAY))
    innovations = rng.normal(0.0, np.sqrt(1.0 - memory**2), (n_regions, n_steps))
    innovations[:, 0] /= np.sqrt(1.0 - memory**2)
    return rng.normal(0.0, 0.8, (n_regions, 1)) + 0.5 * np.asarray(lfilter([1.0], [1.0, -memory], innovations, axis=1))


def _noaa_ars(n_regions: int, first_noaa_ar: int, rng: np.random.Generator) -> np.ndarray:
    """NOAA_ARS of each patch: one number, or two or three joined by commas ("11158,11160")."""
    counts = rng.choice([1, 2, 3], n_regions, p=[0.8, 0.15, 0.05])
    last = first_noaa_ar + np.cumsum(counts + rng.integers(0, 3, n_regions))
    return np.array(
        [",".join(str(n) for n in range(end - count, end)) for end, count in zip(last, counts, strict=True)],
        dtype=object,
    )


def _one_noaa_ar_each(noaa_ars: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """One number out of each NOAA_ARS, chosen by chance."""
    chance = rng.random(len(noaa_ars))
    numbers = [ars.split(",") for ars in noaa_ars]
    return np.array([int(ars[int(u * len(ars))]) for ars, u in zip(numbers, chance, strict=True)], dtype=int)


def _gaps(n_regions: int, n_steps: int, gaps_a_patch: float, rng: np.random.Generator) -> np.ndarray:
    """Which records are lost, (patch, step): gaps begin by chance and last 4 records on average."""
    n_gaps = rng.poisson(gaps_a_patch, n_regions)
    patch = np.repeat(np.arange(n_regions), n_gaps)
    first = rng.integers(0, n_steps, len(patch))
    last = first + rng.geometric(0.25, len(patch))
    lost = np.zeros((n_regions, n_steps), dtype=bool)
    for row, begin, end in zip(patch, first, last, strict=True):
        lost[row, begin:end] = True
    return lost


def _with_bad_records(
    records: pd.DataFrame, instrument: Instrument, bad_record_fraction: float, rng: np.random.Generator
) -> pd.DataFrame:
    """Copy of `records` with a QUALITY; some are refused by it, as many others lack one of their keywords."""
    chance = rng.random(len(records))
    blank = chance < bad_record_fraction / 2
    refused = (chance >= bad_record_fraction / 2) & (chance < bad_record_fraction)
    quality = np.where(rng.random(len(records)) < USUAL_QUALITY_FRACTION, instrument.usual_quality, 0)
    quality |= np.where(refused, instrument.bad_quality, 0)
    blanked = rng.choice(["USFLUXL", "MEANGBL", "R_VALUE"], len(records))
    records = records.assign(QUALITY=[f"0x{value:08x}" for value in quality])
    for keyword in ("USFLUXL", "MEANGBL", "R_VALUE"):
        records[keyword] = records[keyword].mask(blank & (blanked == keyword), MISSING)
    return records
