"""Folds of samples: parts of a split of equal size and equal shares of both classes, whatever region a sample is of.

A sample has many near copies, an hour before and after, in other folds: whether a model would do as well elsewhere,
folds of samples do not tell (folds of regions do: `flaredag.splits.fold_of_regions`).
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from flaredag.errors import InputError
from flaredag.splits import random_order

if TYPE_CHECKING:
    from numpy.typing import NDArray

# What the folds are of: draws of the two are independent.
TRAINING, TEST = "training fold", "test fold"


def sample_folds(
    label: NDArray[np.int8],
    instrument: NDArray[np.integer],
    region: NDArray[np.integer],
    issue_time: NDArray[np.datetime64],
    *,
    folds: int,
    purpose: str,
    where: str,
) -> NDArray[np.int64]:
    """Fold, 0 to `folds` - 1, of each sample, (sample,): as many of each class (label 0, 1) in each, but for one.

    Samples of a class are put in an order that hangs on each of them alone, and folds are stretches of it: where a
    sample comes or goes, one at most crosses each border, and those of the other class stay. `purpose`: `TRAINING` or
    `TEST`. Liu et al. 2019, section 4.2. Raises InputError, beginning with `where`, with fewer than two folds or fewer
    samples of a class than folds.
    """
    found = np.empty(len(label), dtype=np.int64)
    order = random_order(purpose, 0, instrument, region, issue_time.astype("datetime64[s]").astype(np.int64))
    for value, name in ((1, "positive"), (0, "negative")):
        own = np.flatnonzero(label == value)
        if not 2 <= folds <= len(own):  # noqa: PLR2004 (one fold leaves nothing)
            raise InputError(
                f"{where}: {len(own)} {name} samples for {folds} folds; wanted two folds or more, and a sample of each "
                "class in each. Take fewer folds, or more data."
            )
        found[own[np.argsort(order[own], kind="stable")]] = np.arange(len(own)) * folds // len(own)
    return found
