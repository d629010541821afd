"""GOES soft X-ray classes and flare lists."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from flaredag.errors import InputError

if TYPE_CHECKING:
    from collections.abc import Iterable

    from numpy.typing import NDArray

# Peak 1-8 angstrom flux of a class 1.0 flare, W m-2 (NOAA SWPC).
CLASS_FLUX_W_M2 = {"A": 1e-8, "B": 1e-7, "C": 1e-6, "M": 1e-5, "X": 1e-4}
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


def _one_peak_flux(text: str) -> float:
    match = _CLASS.fullmatch(text)
    if match is None:
        return float("nan")
    return CLASS_FLUX_W_M2[match[1]] * float(match[2] or 1.0)
