"""Climatology: the event rate of the training split, whatever the sample."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Mapping

    from numpy.typing import NDArray

    from flaredag.samples import Samples


@dataclass(frozen=True)
class Climatology:
    """`arrays["event_rate"]`: the constant probability."""

    arrays: dict[str, NDArray[Any]]
    history: dict[str, Any] = field(default_factory=dict)

    def probability(self, samples: Samples) -> NDArray[np.float64]:
        """The event rate of the training split, (sample,)."""
        return np.full(len(samples), float(self.arrays["event_rate"][0]))


def fit(train: Samples, validation: Samples, *, seed: int, settings: Mapping[str, Any]) -> Climatology:
    """Event rate of `train`; the rest takes no part."""
    del validation, seed, settings
    return Climatology({"event_rate": np.array([train.label.mean()])})


def restored(arrays: Mapping[str, NDArray[Any]], settings: Mapping[str, Any]) -> Climatology:
    """The fit whose arrays these are."""
    del settings
    return Climatology(dict(arrays))
