"""Persistence: a region that gave a strong flare in the observation period gives another."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Mapping

    from numpy.typing import NDArray

    from flaredag.samples import Samples


@dataclass(frozen=True)
class Persistence:
    """Probability 1 after a strong flare, else 0: nothing is fitted."""

    arrays: dict[str, NDArray[Any]] = field(default_factory=dict)
    history: dict[str, Any] = field(default_factory=dict)

    def probability(self, samples: Samples) -> NDArray[np.float64]:
        """1 where a strong flare started in the observation period, else 0, (sample,)."""
        return samples.strong_before.astype(np.float64)


def fit(train: Samples, validation: Samples, *, seed: int, settings: Mapping[str, Any]) -> Persistence:
    """Persistence needs no fit."""
    del train, validation, seed, settings
    return Persistence()


def restored(arrays: Mapping[str, NDArray[Any]], settings: Mapping[str, Any]) -> Persistence:
    """Persistence needs no arrays."""
    del arrays, settings
    return Persistence()
