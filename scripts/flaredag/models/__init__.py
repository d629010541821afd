"""Models: each is fitted on samples, gives the probability of the positive class, and is stored as arrays.

A model module has `fit(train, validation, *, seed, settings)` and `restored(arrays, settings)`; both return a
`FittedModel`.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Protocol

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from flaredag.samples import Samples


class FittedModel(Protocol):
    """What is kept of a fit: enough to predict, as plain arrays, and how the fit went."""

    arrays: dict[str, NDArray[Any]]
    history: dict[str, Any]

    def probability(self, samples: Samples) -> NDArray[np.float64]:
        """Probability of the positive class of each sample, (sample,)."""
        ...
