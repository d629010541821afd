"""One line of a Solar Region Summary: what the observers said of one region.

The columns, the same in all layouts since 1996:

    Nmbr Location  Lo  Area  Z   LL   NN Mag Type   I regions with sunspots
    Nmbr  Location  Lo                              IA H-alpha plages without spots
    Nmbr Lat    Lo                                  II regions due to return
"""

from __future__ import annotations

import re
from datetime import datetime
from typing import TYPE_CHECKING

import numpy as np

from flaredag.noaa_numbers import full_noaa_numbers

if TYPE_CHECKING:
    from collections.abc import Sequence

_LOCATION = r"([NS])\s?(\d{1,2})(?:\s?([EW])\s?(\d{1,3}))?"
_REGION = re.compile(rf"\s*(\d{{1,5}})\s+{_LOCATION}(?!\S)(.*)", re.IGNORECASE)
_MCINTOSH = re.compile(r"[A-H][XRSAHK][XOIC]", re.IGNORECASE)
_MAGNETIC = {"ALPHA": "Alpha", "BETA": "Beta", "GAMMA": "Gamma", "DELTA": "Delta"}
# Where the columns begin, the same in all layouts from 1996 on.
_COLUMN_STARTS = {"carrington": 14, "area": 19, "extent": 29, "n_spots": 34}
_NO_SPOTS = (float("nan"), "", float("nan"), float("nan"), "")


class BadLine(ValueError):
    """A line that is no region; its message is the reason of the rejection."""


def region_values(line: str, section: str, day: datetime) -> tuple:
    """Values of a region's line: those of `SUMMARY_COLUMNS` but times and section, in that order.

    Raises BadLine with the reason where the line is no region of the `section` (I, IA or II).
    """
    match = _REGION.fullmatch(line.rstrip())
    if match is None:
        raise BadLine("region without location")
    number, north_south, latitude, east_west, longitude, rest = match.groups()
    latitude_deg = float(latitude) * (1 if north_south in "Nn" else -1)
    longitude_deg = float("nan")
    if east_west:
        longitude_deg = float(longitude) * (1 if east_west in "Ww" else -1)
    elif section != "II":
        raise BadLine("region without location")
    if abs(latitude_deg) > 90 or abs(longitude_deg) > 180:  # noqa: PLR2004
        raise BadLine("location not on the Sun")
    # 0000 is AR 10000.
    noaa_ar = int(full_noaa_numbers(np.array([int(number) or 10000]), np.array([day], dtype="datetime64[s]"))[0])
    if section != "I":
        carrington = re.fullmatch(r"\s*(\d{1,3})?(?:\s+[A-Za-z].*)?", rest)
        if carrington is None:
            raise BadLine("wrong columns")
        return (noaa_ar, latitude_deg, longitude_deg, _carrington(carrington[1]), *_NO_SPOTS)
    return (noaa_ar, latitude_deg, longitude_deg, *_spots(rest, match.start(6)))


def _carrington(text: str | None) -> float:
    degrees = float(text) if text else float("nan")
    if degrees > 360:  # noqa: PLR2004
        raise BadLine("Carrington longitude over 360")
    return degrees % 360


def _spots(text: str, start: int) -> tuple[float, float, str, float, float, str]:
    """Carrington longitude, area, McIntosh class, extent, number of spots, magnetic class of a spotted region.

    `text` follows the location and begins at column `start`. A value that is missing leaves a gap: which of two
    columns it left empty is told by where the other stands.
    """
    tokens = [(token[0], token.start() + start) for token in re.finditer(r"\S+", text)]
    numbers: tuple[list, list] = ([], [])
    mcintosh, magnetic = "", []
    for token, place in tokens:
        if token.isdecimal() and not magnetic:
            numbers[bool(mcintosh)].append((token, place))
        elif not mcintosh and not magnetic and len(token) == 3:  # noqa: PLR2004
            mcintosh = token
        else:
            magnetic.extend(re.split(r"[-/]", token))
    if not mcintosh:
        raise BadLine("region without McIntosh class")
    if _MCINTOSH.fullmatch(mcintosh) is None:
        raise BadLine("McIntosh class not known")
    carrington, area = _two_columns(numbers[0], "carrington", "area")
    extent, n_spots = _two_columns(numbers[1], "extent", "n_spots")
    names = [_MAGNETIC.get(part.upper()) for part in magnetic if part]
    if None in names:
        raise BadLine("magnetic class not known")
    return (
        _carrington(carrington),
        float(area or "nan"),
        mcintosh.capitalize(),
        float(extent or "nan"),
        float(n_spots or "nan"),
        "-".join(name for name in names if name),
    )


def _two_columns(tokens: Sequence[tuple[str, int]], first: str, second: str) -> tuple[str | None, str | None]:
    """Texts of two neighbouring columns from the numbers found there, either of which may be missing."""
    if len(tokens) > 2:  # noqa: PLR2004
        raise BadLine("wrong columns")
    if len(tokens) != 1:
        return (tokens[0][0], tokens[1][0]) if tokens else (None, None)
    text, place = tokens[0]
    starts = _COLUMN_STARTS
    return (text, None) if abs(place - starts[first]) <= abs(place - starts[second]) else (None, text)
