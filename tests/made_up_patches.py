"""Keyword records and FITS files of small made-up patches, as JSOC has them."""

from __future__ import annotations

import io
from collections.abc import Iterable

import numpy as np
from astropy.io import fits

from jsoc_server import LORENTZ_FORCE, REGION_KEYWORD, Series

SHARP, SMARP, LORENTZ = REGION_KEYWORD


def times(day: str, *minutes: int) -> list[str]:
    """T_REC of a day such as 2011.02.15, `minutes` after midnight."""
    return [f"{day}_{minute // 60:02d}:{minute % 60:02d}:00_TAI" for minute in minutes]


def record(region: int, t_rec: str, *, series: str = SHARP, **texts: str) -> dict[str, str]:
    """A keyword record, as texts."""
    edges = {"LON_MIN": "-10.5", "LON_MAX": "5.25", "LAT_MIN": "-20", "LAT_MAX": "-12"}
    rest = {"NOAA_ARS": "11158,11162", "NOAA_NUM": "2", "QUALITY": "0x00000000", "USFLUXL": "2.5e+22"}
    more = {"MEANGBL": "95.1", "R_VALUE": "MISSING", "AREA": "1100.25"}
    return {REGION_KEYWORD[series]: str(region), "T_REC": t_rec, **rest, **edges, **more, **texts}


def forces(region: int, t_rec: str, **texts: str) -> dict[str, str]:
    """A record of the Lorentz forces, as texts."""
    return {"HARPNUM": str(region), "T_REC": t_rec} | dict.fromkeys(LORENTZ_FORCE, "0.125") | texts


def series_of(records: Iterable[dict[str, str]], name: str = SHARP) -> Series:
    """A series that has these records."""
    records = list(records)
    return Series(name, records, list(records[0]))


def file_name(region: int, t_rec: str, *, series: str = SHARP, segment: str = "magnetogram") -> str:
    """JSOC's name of the file of a segment of a record."""
    return f"{series}.{region}.{t_rec.replace('.', '').replace(':', '')}.{segment}.fits"


def segment_file(region: int, t_rec: str, segment: str) -> bytes:
    """The file of a segment of SHARP's: each has other pixels."""
    return magnetogram_file(region, t_rec, seed=sum(segment.encode()))


def magnetogram_file(region: int, t_rec: str, *, series: str = SHARP, seed: int = 0) -> bytes:
    """A magnetogram of 40 x 60 pixels, compressed as JSOC's are."""
    rng = np.random.default_rng([region, seed])
    header = fits.Header({REGION_KEYWORD[series]: region, "T_REC": t_rec, "QUALITY": 0})
    image = rng.integers(-3000, 3000, size=(40, 60), dtype=np.int32)
    out = io.BytesIO()
    hdus = [fits.PrimaryHDU(), fits.CompImageHDU(image, header=header, compression_type="RICE_1")]
    fits.HDUList(hdus).writeto(out)
    return out.getvalue()
