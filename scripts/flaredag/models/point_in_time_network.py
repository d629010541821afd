"""The neural network on single records that Li et al. 2024, section 3, hold networks on sequences against."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

import numpy as np

from flaredag.keyword_networks import (
    FittedNetwork,
    KeywordNetwork,
    array_of,
    check_batch_of_normalisation,
    fit_network_epochs,
    restored_network,
)
from flaredag.output_head import OutputHead

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from numpy.typing import NDArray
    from torch import Tensor

    from flaredag.samples import Samples


LAST, EACH = "last", "each"
_COLUMNS = ("label", "strong_before", "instrument", "region", "issue_time")


class PointInTimeNetwork(KeywordNetwork):
    """The output layer of the other networks, on the last record."""

    def __init__(self, n_features: int, *, head_sizes: Sequence[int], head_dropouts: Sequence[float]) -> None:
        super().__init__(n_features)
        self.head = OutputHead(n_features, sizes=head_sizes, dropouts=head_dropouts)

    def forward(self, sequence: Tensor) -> Tensor:
        """Logits (negative, positive) of the last step: (batch, step, feature) -> (batch, 2)."""
        return self.head(sequence[:, -1])


@dataclass(frozen=True)
class FittedOverSteps:
    """A network on single records whose forecast of a window is the mean of those of its records."""

    of_records: FittedNetwork

    @property
    def arrays(self) -> dict[str, NDArray[Any]]:
        """Parameters as arrays."""
        return self.of_records.arrays

    @property
    def history(self) -> dict[str, Any]:
        """Losses and validation scores of each epoch, of records."""
        return self.of_records.history

    def probability(self, samples: Samples) -> NDArray[np.float64]:
        """Probability of the positive class, (sample,)."""
        records, window = records_of(samples)
        total = np.bincount(window, weights=self.of_records.probability(records), minlength=len(samples))
        return total / np.bincount(window, minlength=len(samples))


def records_of(samples: Samples) -> tuple[Samples, NDArray[np.int64]]:
    """Each record of the windows as a sample of one step with the label of its window, and the window it is of.

    Steps of padding, all zeros, are no records, but for the last step, which no window lacks. Of a record that fills
    the step before it there are two.
    """
    recorded = (samples.sequence != 0).any(axis=2)
    recorded[:, -1] = True
    window, step = np.nonzero(recorded)
    rows = {name: getattr(samples, name)[window] for name in _COLUMNS}
    return replace(samples, sequence=samples.sequence[window, step][:, None], **rows), window


def fit(
    train: Samples, validation: Samples, *, seed: int, settings: Mapping[str, Any]
) -> FittedNetwork | FittedOverSteps:
    """Fit by Adam and keep one epoch; settings: `kept_epoch`, and as `fit_kept_epochs`."""
    kept = settings["kept_epoch"]
    return fit_kept_epochs(train, validation, seed=seed, settings=settings, kept_epochs=[kept])[kept]


def fit_kept_epochs(
    train: Samples, validation: Samples, *, seed: int, settings: Mapping[str, Any], kept_epochs: Sequence[str]
) -> dict[str, FittedNetwork] | dict[str, FittedOverSteps]:
    """Fit once by Adam; by name of `kept_epochs`, the fit at the epoch that it names.

    Settings: `steps`, "last" for the last record of each window, or "each" for all of them, each by itself, whose
    forecasts are averaged; `head_sizes`, `head_dropouts` (see `flaredag.output_head.OutputHead`), and those of
    `flaredag.keyword_networks.fit_network_epochs`.
    """
    each = settings["steps"] == EACH
    if each:
        train, validation = (records_of(samples)[0] for samples in (train, validation))
    check_batch_of_normalisation(train, settings)
    n_features = train.sequence.shape[2]
    fits = fit_network_epochs(
        lambda: _network(n_features, settings), train, validation, seed=seed, settings=settings, kept_epochs=kept_epochs
    )
    return {name: FittedOverSteps(one) for name, one in fits.items()} if each else fits


def restored(
    arrays: Mapping[str, NDArray[np.floating]], settings: Mapping[str, Any]
) -> FittedNetwork | FittedOverSteps:
    """The fit whose arrays these are; InputError if they are those of another network."""
    n_features = array_of(arrays, "head.layers.1.weight").shape[1]
    fit = restored_network(_network(n_features, settings), arrays)
    return FittedOverSteps(fit) if settings["steps"] == EACH else fit


def _network(n_features: int, settings: Mapping[str, Any]) -> PointInTimeNetwork:
    return PointInTimeNetwork(n_features, head_sizes=settings["head_sizes"], head_dropouts=settings["head_dropouts"])
