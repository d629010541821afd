"""Blocks by which anybody's forecasts are resampled: regions where they are given, else stretches of time."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from flaredag.block_bootstrap import block_weights, blocks_of_regions, carrington_rotation

if TYPE_CHECKING:
    import pandas as pd
    from numpy.typing import NDArray

REGIONS, ROTATIONS, WEEKS, DAYS, NONE = "regions", "Carrington rotations", "weeks", "days", "none"
# Resampling fewer blocks gives intervals that are too narrow by far.
FEWEST_BLOCKS = 10
SECONDS_PER_DAY, DAYS_PER_WEEK = 86400, 7


class Blocks(NamedTuple):
    """What a block is, and the block of each sample, 0 to n - 1, (sample,)."""

    kind: str
    block: NDArray[np.int64]
    n: int


def chosen_blocks(forecasts: pd.DataFrame) -> Blocks:
    """Blocks of `forecasts` (columns of flaredag.predictions): the first kind of which there are enough.

    Regions, Carrington rotations, weeks, days, in this order: the larger a block, the less its neighbours depend on
    each other. Of less than `FEWEST_BLOCKS` days all is one block, of the kind `NONE`: there are no intervals.
    """
    days = _times(forecasts).astype(np.int64) // SECONDS_PER_DAY
    kinds = {
        REGIONS: blocks_of_regions(forecasts["instrument"], forecasts["region"]),
        ROTATIONS: _numbered(carrington_rotation(_times(forecasts))),
        WEEKS: _numbered((days - days.min()) // DAYS_PER_WEEK),
        DAYS: _numbered(days),
    }
    for kind, block in kinds.items():
        n = int(block.max()) + 1
        if n >= FEWEST_BLOCKS:
            return Blocks(kind, block, n)
    return Blocks(NONE, np.zeros(len(forecasts), dtype=np.int64), 1)


def rotation_blocks(forecasts: pd.DataFrame) -> Blocks | None:
    """Carrington rotations of `forecasts`, if there are enough."""
    block = _numbered(carrington_rotation(_times(forecasts)))
    n = int(block.max()) + 1
    return Blocks(ROTATIONS, block, n) if n >= FEWEST_BLOCKS else None


def weights_of(blocks: Blocks, *, resamples: int, seed: int) -> NDArray[np.float32]:
    """How often each block is drawn (`flaredag.block_bootstrap.block_weights`); no resample of the kind `NONE`."""
    if blocks.kind == NONE:
        return np.zeros((0, blocks.n), dtype=np.float32)
    return block_weights(blocks.n, resamples=resamples, seed=seed)


def _times(forecasts: pd.DataFrame) -> NDArray[np.datetime64]:
    return forecasts["issue_time"].to_numpy().astype("datetime64[s]")


def _numbered(values: NDArray[np.int64]) -> NDArray[np.int64]:
    return np.unique(values, return_inverse=True)[1].astype(np.int64)
