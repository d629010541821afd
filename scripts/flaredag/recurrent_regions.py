"""Active regions that come back a rotation later, so that no split parts what is the same field."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from scipy.sparse import coo_array
from scipy.sparse.csgraph import connected_components

if TYPE_CHECKING:
    from numpy.typing import ArrayLike, NDArray

# Sidereal rotation of magnetic features: Snodgrass 1983 (ApJ 270, 288), 2.902 - 0.464 sin^2 - 0.328 sin^4 microradians
# a second, in degrees a day.
SNODGRASS_DEG_A_DAY = (14.366, -2.297, -1.624)
CARRINGTON_DEG_A_DAY = 14.1844
SYNODIC_CARRINGTON_DAYS = 27.2753
LARGEST_LONGITUDE_DIFFERENCE_DEG = 12.0
LARGEST_LATITUDE_DIFFERENCE_DEG = 5.0


def carrington_drift_deg(latitude_deg: ArrayLike) -> NDArray[np.float64]:
    """Carrington longitude that a magnetic feature gains in a rotation by the differential rotation of its latitude."""
    sine_squared = np.sin(np.radians(latitude_deg)) ** 2
    equator, second, fourth = SNODGRASS_DEG_A_DAY
    rate = equator + second * sine_squared + fourth * sine_squared**2
    return (rate - CARRINGTON_DEG_A_DAY) * SYNODIC_CARRINGTON_DAYS


def first_rotations(
    rotation: ArrayLike, carrington_longitude_deg: ArrayLike, latitude_deg: ArrayLike
) -> NDArray[np.int64]:
    """Carrington rotation (region,) in which the chain of recurrences that a region belongs to begins.

    A region returns as one of the next rotation within 12 degrees of longitude, once the drift of its latitude is taken
    off, and 5 of latitude. What is linked, directly or through others, is one chain: regions may have two successors or
    two predecessors. A region without either is its own chain, so that equal numbers are a rotation's new regions, and
    what became of them.
    """
    rotation = np.asarray(rotation, dtype=np.int64)
    longitude = np.asarray(carrington_longitude_deg, dtype=np.float64)
    latitude = np.asarray(latitude_deg, dtype=np.float64)
    # A longitude just below 360 is passed at the beginning of a rotation, one above 0 at its end: on one axis of time.
    turned = longitude - 360.0 * rotation
    difference = turned[None, :] + 360.0 - (turned + carrington_drift_deg(latitude))[:, None]
    returns = np.abs(difference) <= LARGEST_LONGITUDE_DIFFERENCE_DEG
    returns &= np.abs(latitude[None, :] - latitude[:, None]) <= LARGEST_LATITUDE_DIFFERENCE_DEG
    before, after = np.nonzero(returns)
    links = coo_array((np.ones(len(before), dtype=np.int8), (before, after)), shape=(len(rotation), len(rotation)))
    n_chains, chain = connected_components(links, directed=False)
    first = np.full(n_chains, np.iinfo(np.int64).max)
    np.minimum.at(first, chain, rotation)
    return first[chain]
