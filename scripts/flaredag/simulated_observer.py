"""Where the Sun's disk stands, seen from Earth: heliographic angles and the direction of the line of sight."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import ArrayLike, NDArray

ASTRONOMICAL_UNIT_M = 1.495978707e11
SOLAR_RADIUS_M = 6.96e8
SYNODIC_PERIOD_DAYS = 27.2753
# Carrington rotation 1690 began on 1979-12-27 at 20:10 UTC (Astronomical Almanac).
_ROTATION, _ROTATION_BEGAN = 1690, np.datetime64("1979-12-27T20:10", "s")
LARGEST_B0_DEG = 7.25
_B0_ASCENDS_ON_DAY, _PERIHELION_ON_DAY, _DAYS_A_YEAR = 157.0, 3.0, 365.25
_ECCENTRICITY = 0.0167


@dataclass(frozen=True)
class DiskCentre:
    """Heliographic place of the disk's centre, (time,): `latitude_deg` is B0; rotation by Carrington's count."""

    carrington_longitude_deg: NDArray[np.float64]
    carrington_rotation: NDArray[np.int64]
    latitude_deg: NDArray[np.float64]
    distance_m: NDArray[np.float64]

    @property
    def radius_arcsec(self) -> NDArray[np.float64]:
        """Apparent radius of the Sun."""
        return np.degrees(np.arcsin(SOLAR_RADIUS_M / self.distance_m)) * 3600


def disk_centre(times: ArrayLike) -> DiskCentre:
    """The disk's centre at each of `times`, orbit and rotation as even motions on circles.

    Good to 2 degrees of longitude and 0.3 of latitude.
    """
    times = np.asarray(times, dtype="datetime64[s]")
    turns = (times - _ROTATION_BEGAN) / np.timedelta64(86400, "s") / SYNODIC_PERIOD_DAYS
    day = (times - times.astype("datetime64[Y]")) / np.timedelta64(86400, "s") + 1
    year_angle = 2 * np.pi / _DAYS_A_YEAR
    return DiskCentre(
        carrington_longitude_deg=360.0 * (1.0 - turns % 1.0),
        carrington_rotation=_ROTATION + np.floor(turns).astype(np.int64),
        latitude_deg=LARGEST_B0_DEG * np.sin(year_angle * (day - _B0_ASCENDS_ON_DAY)),
        distance_m=ASTRONOMICAL_UNIT_M * (1 - _ECCENTRICITY * np.cos(year_angle * (day - _PERIHELION_ON_DAY))),
    )


def line_of_sight(
    longitude_deg: ArrayLike, latitude_deg: ArrayLike, *, disk_centre_latitude_deg: ArrayLike
) -> tuple[NDArray[np.float32], NDArray[np.float32], NDArray[np.float32]]:
    """Components of the direction to the observer along the local radial, west and north direction.

    The radial one is mu, the cosine of the angle to disk centre: negative beyond the limb. Longitude is counted from
    the central meridian, west positive.
    """
    longitude, latitude, centre = np.broadcast_arrays(
        *(np.radians(a, dtype=np.float32) for a in (longitude_deg, latitude_deg, disk_centre_latitude_deg))
    )
    to_meridian = np.cos(centre) * np.cos(longitude)
    radial = np.sin(latitude) * np.sin(centre) + np.cos(latitude) * to_meridian
    west = -np.cos(centre) * np.sin(longitude)
    north = np.cos(latitude) * np.sin(centre) - np.sin(latitude) * to_meridian
    return radial, west, north
