"""GOES soft X-ray classes and flare lists."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from flaredag.errors import InputError

if TYPE_CHECKING:
    from collections.abc import Iterable

    from numpy.typing import ArrayLike, NDArray

# Peak 1-8 angstrom flux of a class 1.0 flare, W m-2 (NOAA SWPC).
CLASS_FLUX_W_M2 = {"A": 1e-8, "B": 1e-7, "C": 1e-6, "M": 1e-5, "X": 1e-4}
# NOAA multiplied the 1-8 angstrom flux of GOES 8-15 by this, so that it agreed with GOES-7; from GOES-16 on the flux is
# as measured (NOAA, GOES XRS readme and user's guide).
GOES_8_TO_15_SCALE = 0.7
_SCALED_SATELLITES = (8, 15)
# A class such as C1.1 is a product of two floats: a hair of tolerance keeps it in its class.
ROUNDING = 1e-9
# For flares of a list that does not tell the satellite. The XRS of GOES-8 measured from 1995-03-01 on, that of GOES-7
# until 1996-08-13; SWPC's list has GOES-16 from 2019-12-13 on and GOES-15 until 2020-01-25. Between, it may be either.
_UNSCALED_BEFORE, _SCALED_FROM = np.datetime64("1995-03-01"), np.datetime64("1996-08-14")
_SCALED_BEFORE, _UNSCALED_FROM = np.datetime64("2019-12-13"), np.datetime64("2020-01-26")
_SATELLITE = re.compile(r"G(?:OES|O)?[ -]?0?(\d{1,2})", re.IGNORECASE)
_CLASS = re.compile(r"([ABCMX])(\d{1,3}(?:\.\d*)?)?")


def peak_flux_w_m2(goes_class: Iterable[str]) -> NDArray[np.float64]:
    """Peak flux, W m-2, of each GOES class ("M1.2" -> 1.2e-5); NaN where the text is no class.

    A bare letter ("C"), of which the lists hold a few, has the least flux of its class: which
    letter it is decides whether a region was quiet, and the letter is known.
    """
    texts = pd.Series(list(goes_class), dtype="object").fillna("").astype(str).str.strip()
    fluxes = {text: _one_peak_flux(text) for text in texts.unique()}
    return texts.map(fluxes).to_numpy(dtype=np.float64)


def threshold_w_m2(goes_class: str) -> float:
    """Peak flux, W m-2, at which `goes_class` (a setting such as "M1.0") begins; InputError if it is none."""
    flux = _one_peak_flux(goes_class)
    if np.isnan(flux):
        raise InputError(f"GOES class {goes_class!r}: wanted a letter A, B, C, M or X and a number, such as 'M1.0'.")
    return flux


def reaches(peak_flux: ArrayLike, least_flux_w_m2: float) -> NDArray[np.bool_]:
    """Whether each flare's `peak_flux`, W m-2, is that at which a class begins, or above.

    Both are read from texts of classes: what rounding makes of them decides nothing.
    """
    return np.asarray(peak_flux) >= least_flux_w_m2 * (1 - ROUNDING)


def flux_scale(satellite: Iterable[str], time: NDArray[np.datetime64]) -> NDArray[np.float64]:
    """Factor that is in the operational flux of each flare, 1.0 or `GOES_8_TO_15_SCALE`; NaN where not to be known.

    It is that of the satellite where a text ("G15", "GO8", "GOES-16") names one, else that of the date; between two
    generations, where either may have measured, it is not known.
    """
    texts = pd.Series(list(satellite), dtype="object").fillna("").astype(str).str.strip()
    number = texts.map({text: _satellite_number(text) for text in texts.unique()}).to_numpy(dtype=np.int64)
    scaled = (number >= _SCALED_SATELLITES[0]) & (number <= _SCALED_SATELLITES[1])
    by_satellite = np.where(scaled, GOES_8_TO_15_SCALE, 1.0)
    by_date = np.where((time >= _SCALED_FROM) & (time < _SCALED_BEFORE), GOES_8_TO_15_SCALE, np.nan)
    by_date = np.where((time < _UNSCALED_BEFORE) | (time >= _UNSCALED_FROM), 1.0, by_date)
    return np.where(number > 0, by_satellite, by_date)


def unscaled_classes(goes_class: Iterable[str], scale: NDArray[np.float64]) -> NDArray[np.object_]:
    """Class of each flux divided by its `scale`, with two decimals ("M5.0" / 0.7 -> "M7.14").

    Classes that are none, bare letters and those of scale 1 or NaN stay as they are: which class a bare letter becomes
    is not known.
    """
    texts = pd.Series(list(goes_class), dtype="object").fillna("").astype(str).str.strip()
    changed = (np.nan_to_num(scale, nan=1.0) != 1.0) & (texts.str.len() > 1) & ~np.isnan(peak_flux_w_m2(texts))
    fluxes = peak_flux_w_m2(texts) / scale
    new = [
        goes_class_of_flux(flux) if change else text for text, flux, change in zip(texts, fluxes, changed, strict=True)
    ]
    return np.array(new, dtype=object)


def goes_class_of_flux(flux_w_m2: float) -> str:
    """GOES class of a peak flux with two decimals; what rounds to 10.00 is 1.00 of the next letter."""
    least = {name: CLASS_FLUX_W_M2[name] * 0.9995 for name in "XMCB"}  # 9.995 of the letter below
    letter = next((name for name in least if flux_w_m2 >= least[name]), "A")
    return f"{letter}{flux_w_m2 / CLASS_FLUX_W_M2[letter]:.2f}"


def _satellite_number(text: str) -> int:
    match = _SATELLITE.fullmatch(text)
    return int(match[1]) if match else 0


def _one_peak_flux(text: str) -> float:
    match = _CLASS.fullmatch(text)
    if match is None:
        return float("nan")
    return CLASS_FLUX_W_M2[match[1]] * float(match[2] or 1.0)
