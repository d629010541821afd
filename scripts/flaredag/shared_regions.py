"""Patches that hold the same NOAA region, so that no split parts what is the same field."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pandas as pd
from scipy.sparse import coo_array
from scipy.sparse.csgraph import connected_components

if TYPE_CHECKING:
    from numpy.typing import NDArray


def groups_of_patches(region: NDArray[np.int64], pairs: pd.DataFrame) -> NDArray[np.int64]:
    """Group (region,) of each patch: the least number of all patches that share NOAA regions with it.

    `pairs`: a row a patch (`region`) and NOAA region (`noaa_ar`). Patches that share one, directly or through others,
    are one group; its flares are counted for all of them. A patch in no pair is a group of its own.
    """
    numbers, own = np.unique(region, return_inverse=True)
    known = pairs[pairs["region"].isin(numbers)]
    patch = np.searchsorted(numbers, known["region"].to_numpy(dtype=np.int64))
    noaa_ars, shared = np.unique(known["noaa_ar"].to_numpy(dtype=np.int64), return_inverse=True)
    n = len(numbers) + len(noaa_ars)
    links = coo_array((np.ones(len(known), dtype=np.int8), (patch, len(numbers) + shared)), shape=(n, n))
    group = connected_components(links, directed=False)[1][: len(numbers)]
    least = np.full(n, np.iinfo(np.int64).max)
    np.minimum.at(least, group, numbers)
    return least[group][own]
