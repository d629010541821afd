"""Models: each is fitted on samples, gives the probability of the positive class, and is stored as arrays.

A model module has `fit(train, validation, *, seed, settings)` and `restored(arrays, settings)`; both return a
`FittedModel`. Where its training chooses an epoch (the setting `kept_epoch`), it may have
`fit_kept_epochs(train, validation, *, seed, settings, kept_epochs)` too: by each name of `kept_epochs` the
`FittedModel` that `fit` gives with that `kept_epoch`, all from one training. (Where `patience_epochs` ends it, that is
counted from the last epoch that was best by any of them.)
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
