"""Header cards of simulated patches: those of JSOC's exports that tell what, when, where and of what quality."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from flaredag.jsoc import REGION_KEYWORD
from flaredag.simulated_files import Card
from flaredag.simulated_observer import ASTRONOMICAL_UNIT_M, SOLAR_RADIUS_M

if TYPE_CHECKING:
    from flaredag.simulated_patches import SimulatedPatch

DAY = np.timedelta64(1, "D")

_SHARP = """
DATE %s|DATE-OBS %s|T_OBS %s|T_REC %s|TRECEPOC %s|TRECSTEP %.1f|TRECUNIT %s|CADENCE %.1f|USFLUX %.6E|MEANGAM %.3f|
MEANGBT %.3f|MEANGBZ %.3f|MEANGBH %.3f|MEANJZD %.8f|TOTUSJZ %.6E|MEANALP %.8f|MEANJZH %.8f|TOTUSJH %.3f|ABSNJZH %.3f|
SAVNCPP %.6E|MEANPOT %.6E|TOTPOT %.6E|MEANSHR %.3f|SHRGT45 %.3f|R_VALUE %.3f|USFLUXL %.6E|MEANGBL %.3f|CMASKL %.0f|
CTYPE1 %s|CTYPE2 %s|CRPIX1 %.6f|CRPIX2 %.6f|CRVAL1 %.6f|CRVAL2 %.6f|CDELT1 %.6f|CDELT2 %.6f|CUNIT1 %s|CUNIT2 %s|
CROTA2 %.4f|WCSNAME %s|DSUN_OBS %.2f|DSUN_REF %.0f|RSUN_REF %.0f|CRLN_OBS %.6f|CRLT_OBS %.6f|CAR_ROT %d|RSUN_OBS %.6f|
TELESCOP %s|INSTRUME %s|WAVELNTH %.1f|QUALITY %d|BUNIT %s|ORIGIN %s|CONTENT %s|HARPNUM %d|MASK %d|NPIX %d|AREA %.6f|
AREA_ACR %.6f|LAT_MIN %.6f|LON_MIN %.6f|LAT_MAX %.6f|LON_MAX %.6f|OMEGA_DT %.6f|T_FRST1 %s|T_LAST1 %s|N_PATCH1 %d|
NOAA_AR %d|NOAA_NUM %d|NOAA_ARS %s|DATAVALS %d|MISSVALS %d|DATAMIN %.6f|DATAMAX %.6f|DATAMEAN %.6f|DATARMS %.6f
"""
_SMARP = """
TARPNUM %d TARP ID|T_REC %s [TAI] Slot time|DATE %s [ISO] Date_time of processing; ISO 8601|
DATE-OBS %s [ISO] DATE_OBS = T_OBS {DATE__OBS}|T_OBS %s [TAI] nominal time|
TRECEPOC %s [TAI] Time of origin {T_REC_epoch}|TRECSTEP %.0f. [seconds] ts_eq step {T_REC_step}|
TRECUNIT %s ts_eq unit {T_REC_unit}|CADENCE %.0f. [seconds] repetition interval|
USFLUXL %.16E [Maxwell] Total unsigned flux|MEANGBL %.15G [Gauss/Mm] Mean value of the vertical field gra|
R_VALUE %.15G [Maxwell] Unsigned Flux R (Schrijver, 2007)|CMASKL %.0f [number] Number of pixels that contributed to t|
NCLASS %d Total number of distinct values allowed for|OFFDISK %d Mask value for off|
QUIET %d Mask value for quiet sun pixels|ACTIVE %d Mask value for active region pixels|
SPTQUIET %d Mask value for quiet sun pixels in sunspot mask|SPTFACUL %d Mask value for facula pixels in sunspot mask|
SPTSPOT %d Mask value for sunspot pixels in sunspot mask|ON_PATCH %d Bit mask indicating a pixel is close to an AR|
MASK %d Lower threshold for membership in this patch|CTYPE1 %s CRLN|CTYPE2 %s CRLT|
CRPIX1 %.1f [pixel] X coordinate of patch center with respe|CRPIX2 %.1f [pixel] Y coordinate of patch center with respe|
CRVAL1 %.14G [degree] Longitude at center of patch|CRVAL2 %.14G [degree] Latitude at center of patch|
CDELT1 %.2f [degree/pixel] Map scale in X direction|CDELT2 %.2f [degree/pixel] Map scale in Y direction|
CUNIT1 %s Degree|CUNIT2 %s Degree|CROTA2 %.0f. [deg] CROTA2: INST_ROT + SAT_ROT|WCSNAME %s WCS system name|
DSUN_OBS %.4f [m] Distance from SOHO/MDI to Sun center|DSUN_REF %.0f. [meters] Astronomical Unit|
RSUN_REF %.0f. [m] Reference radius of the Sun: 696,000,000.0|CRLN_OBS %.14G [deg] Carrington longitude of the observer|
CRLT_OBS %.14G [deg] Carrington latitude of the observer|CAR_ROT %d Carrington rotation number of CRLN_OBS|
RSUN_OBS %.14G [arcsec] Apparent semi|TELESCOP %s Observatory; SOHO|INSTRUME %s MDI|
WAVELNTH %.0f [Angstrom] For MDI: 6768 Angstroms|QUALITY %d Status Summary; 0 == no known problems|
BUNIT %s BUNIT: physical units of each data segment {BUN|ORIGIN %s ORIGIN: location where file made|
CONTENT %s CONTENT|OMEGA_DT %.14G [degree/day] Rotation rate over disk transit|
NPIX %d Number of pixels within the patch|AREA %.14G [mH] De|AREA_ACR %.14G [mH] De|
LAT_MIN %.15G [degree] Minimum Stonyhurst latitude of pixels|
LON_MIN %.15G [degree] Minimum Stonyhurst longitude of pixels|
LAT_MAX %.15G [degree] Maximum Stonyhurst latitude of pixels|
LON_MAX %.15G [degree] Maximum Stonyhurst longitude of pixels|
T_FRST1 %s [TAI] T_REC of initial HARP detection|T_LAST1 %s [TAI] T_REC of final HARP detection|
N_PATCH1 %d Image slots spanned by HARP (excludes pad)|NOAA_AR %d NOAA AR number that best matches this HARP|
NOAA_NUM %d Number of NOAA ARs that match this HARP |NOAA_ARS %s Comma|
DATAVALS %d Actual number of data values in image|MISSVALS %d Missing values {MISSVALS_001}|
DATAMIN %.15G Minimum value from pixels within patc|DATAMAX %.15G Maximum value from pixels within patc|
DATAMEAN %.15G Mean value from pixels within patch|DATARMS %.15G Rms deviation from the mean value of
"""
_CONSTANT: dict[str, dict[str, Any]] = {
    "sharp": {
        "TRECEPOC": "1993.01.01_00:00:00_TAI", "TRECSTEP": 720.0, "CADENCE": 720.0, "CUNIT1": "degree",
        "CUNIT2": "degree", "TELESCOP": "SDO/HMI", "INSTRUME": "HMI_SIDE1", "WAVELNTH": 6173.0,
        "ORIGIN": "flaredag simulation", "CONTENT": "HMI observable", "MASK": 32,
    },
    "smarp": {
        "TRECEPOC": "1993.01.01_00:00:00.000_TAI", "TRECSTEP": 5760.0, "CADENCE": 5760.0, "CUNIT1": "degree",
        "CUNIT2": "degree", "TELESCOP": "SOHO", "INSTRUME": "MDI", "WAVELNTH": 6768.0,
        "ORIGIN": "flaredag simulation", "CONTENT": "MDI observable", "MASK": 32, "NCLASS": 2, "OFFDISK": 0,
        "QUIET": 1, "ACTIVE": 2, "SPTQUIET": 4, "SPTFACUL": 8, "SPTSPOT": 16, "ON_PATCH": 32,
    },
}  # fmt: skip
SERIES = {"sharp": "hmi.sharp_cea_720s", "smarp": "mdi.smarp_cea_96m"}


def _cards(text: str, *, width: int) -> tuple[Card, ...]:
    parts = (" ".join(part.split()).split(" ", 2) for part in text.split("|"))
    return tuple(Card(part[0], part[1], part[2] if len(part) > 2 else "", width) for part in parts)  # noqa: PLR2004


CARDS = {"sharp": _cards(_SHARP, width=0), "smarp": _cards(_SMARP, width=20)}


def t_rec_text(time: np.datetime64, instrument: str = "sharp") -> str:
    """A time on the TAI clock as JSOC writes it in headers; MDI's with milliseconds."""
    day, clock = str(time.astype("datetime64[s]")).split("T")
    return f"{day.replace('-', '.')}_{clock}{'.000' if instrument == 'smarp' else ''}_TAI"


def file_name(instrument: str, number: int, time: np.datetime64, *, segment: str = "magnetogram") -> str:
    """Name of the file of a segment of a record, as JSOC's exports have it."""
    stamp = t_rec_text(time).replace(".", "").replace(":", "")
    return f"{SERIES[instrument]}.{number}.{stamp}.{segment}.fits"


def constant_values(patch: SimulatedPatch) -> dict[str, Any]:
    """Header values that all records of a patch share."""
    region, instrument = patch.region, patch.camera.instrument
    first, last = (t_rec_text(time, instrument) for time in (region.times[0], region.times[-1]))
    return _CONSTANT[instrument] | {
        REGION_KEYWORD[instrument]: region.numbers[instrument],
        "TRECUNIT": "secs", "CTYPE1": "CRLN-CEA", "CTYPE2": "CRLT-CEA", "CROTA2": 0.0,
        "CDELT1": patch.camera.pixel_deg, "CDELT2": patch.camera.pixel_deg, "WCSNAME": "Carrington Heliographic",
        "DSUN_REF": ASTRONOMICAL_UNIT_M, "RSUN_REF": SOLAR_RADIUS_M, "BUNIT": "Mx/cm^2",
        "OMEGA_DT": region.rotation_deg_a_day, "T_FRST1": first, "T_LAST1": last, "N_PATCH1": region.n_records,
        "NOAA_AR": region.noaa_ars[0], "NOAA_NUM": len(region.noaa_ars),
        "NOAA_ARS": ",".join(map(str, region.noaa_ars)),
    }  # fmt: skip


def time_values(patch: SimulatedPatch, position: int, utc: np.datetime64) -> dict[str, Any]:
    """Header values of when, and where on the disk, of one record; the time of processing is a month later."""
    instrument, time = patch.camera.instrument, patch.times[position]
    fraction = ".000" if instrument == "smarp" else ""
    centre = patch.centre
    longitude = float(centre.carrington_longitude_deg[position])
    return {
        "DATE": f"{utc + 30 * DAY}{fraction}", "DATE-OBS": f"{utc}{fraction or '.00'}",
        "T_OBS": t_rec_text(time, instrument), "T_REC": t_rec_text(time, instrument),
        "CRVAL1": (longitude + float(patch.longitude_deg[position])) % 360.0, "CRVAL2": patch.region.latitude_deg,
        "CRLN_OBS": longitude, "CRLT_OBS": float(centre.latitude_deg[position]),
        "CAR_ROT": int(centre.carrington_rotation[position]), "DSUN_OBS": float(centre.distance_m[position]),
        "RSUN_OBS": float(centre.radius_arcsec[position]),
    }  # fmt: skip
