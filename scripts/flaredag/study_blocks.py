"""Blocks of all test samples of a study: its regions, and the solar rotations of its issue times.

They are numbered once for the whole study, so that one draw of regions serves every data set, model and seed, and
differences between them are paired.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import numpy as np
import pandas as pd
import xarray as xr

from flaredag.block_bootstrap import blocks_of_regions, carrington_rotation
from flaredag.errors import InputError

if TYPE_CHECKING:
    from collections.abc import Iterable
    from pathlib import Path

    from numpy.typing import NDArray

NEEDED = ("instrument", "region", "issue_time", "split")


class StudyBlocks(NamedTuple):
    """Regions, as "instrument number" and sorted, and Carrington rotations, ascending; blocks are numbered so."""

    regions: NDArray[np.str_]
    rotations: NDArray[np.int64]

    def of_regions(self, samples: pd.DataFrame) -> NDArray[np.int64]:
        """Number of the region of each sample, (sample,)."""
        first, inverse = _regions(samples)
        return np.searchsorted(self.regions, first)[inverse]

    def of_rotations(self, samples: pd.DataFrame) -> NDArray[np.int64]:
        """Number of the rotation of each sample, (sample,)."""
        return np.searchsorted(self.rotations, carrington_rotation(samples["issue_time"].to_numpy()))


def read_study_blocks(paths: Iterable[str | Path]) -> StudyBlocks:
    """Blocks of the test samples of all predictions in `paths`; only what says where and when is read.

    Raises InputError on a file that is no predictions file; that it is sound, `read_predictions` checks.
    """
    regions, rotations = [], []
    for path in paths:
        samples = _places(path)
        regions.append(_regions(samples)[0])
        rotations.append(np.unique(carrington_rotation(samples["issue_time"].to_numpy())))
    return StudyBlocks(np.unique(np.concatenate(regions)), np.unique(np.concatenate(rotations)))


def _regions(samples: pd.DataFrame) -> tuple[NDArray[np.str_], NDArray[np.int64]]:
    """Names of the regions of samples, and which of them each sample has."""
    block = blocks_of_regions(samples["instrument"], samples["region"])
    first = samples.iloc[np.unique(block, return_index=True)[1]]
    return (first["instrument"].astype(str) + " " + first["region"].astype(str)).to_numpy(dtype=np.str_), block


def _places(path: str | Path) -> pd.DataFrame:
    """Instrument, region and issue time of the test samples of a predictions file."""
    try:
        with xr.open_dataset(path, engine="netcdf4", decode_cf=False) as opened:
            columns = opened[list(NEEDED)].load()
        meanings = {name: str(columns[name].attrs["flag_meanings"]).split() for name in ("instrument", "split")}
        codes = {name: np.asarray(columns[name].attrs["flag_values"]).tolist() for name in meanings}
        flags = {
            name: np.array(meanings[name])[pd.Index(np.atleast_1d(codes[name])).get_indexer(columns[name].to_numpy())]
            for name in meanings
        }
    except (OSError, RuntimeError, ValueError, KeyError, IndexError) as error:
        raise InputError(
            f"{path}: cannot be read as predictions ({error}). Delete it to have it made again."
        ) from error
    is_test = flags["split"] == "test"
    return pd.DataFrame(
        {
            "instrument": pd.Categorical(flags["instrument"][is_test]),
            "region": columns["region"].to_numpy()[is_test],
            "issue_time": columns["issue_time"].to_numpy()[is_test].astype("datetime64[s]"),
        }
    )
