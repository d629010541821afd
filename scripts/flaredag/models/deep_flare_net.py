"""Deep Flare Net on the last record of the window: Nishizuka et al. 2018, ApJ 858, 113."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from torch import Tensor, nn

from flaredag.keyword_networks import (
    FittedNetwork,
    KeywordNetwork,
    array_of,
    check_batch_of_normalisation,
    fit_network,
    restored_network,
)

if TYPE_CHECKING:
    from collections.abc import Mapping

    import numpy as np
    from numpy.typing import NDArray

    from flaredag.samples import Samples

N_HIDDEN = 200
DROPOUT = 0.25
# TensorFlow 1 calls 0.99 the momentum: what is kept of the running statistics, not what is new.
NORMALISATION_EPSILON, NORMALISATION_MOMENTUM = 1e-3, 1 - 0.99
WEIGHT_DEVIATION, FIRST_BIAS, LAST_BIAS = 0.1, 1.1, 0.1


class NormalisedLayer(nn.Module):
    """Linear without bias, batch normalisation that learns a shift and no scale, and ReLU: (b, n_in) -> (b, n_out)."""

    def __init__(self, n_in: int, n_out: int) -> None:
        super().__init__()
        self.linear = nn.Linear(n_in, n_out, bias=False)
        self.normalisation = nn.BatchNorm1d(n_out, eps=NORMALISATION_EPSILON, momentum=NORMALISATION_MOMENTUM)
        self.normalisation.weight.requires_grad_(False)
        self.activation = nn.ReLU()

    def forward(self, inputs: Tensor) -> Tensor:
        """Activations of the layer."""
        return self.activation(self.normalisation(self.linear(inputs)))


class DeepFlareNet(KeywordNetwork):
    """Seven hidden layers of 200, 200, n, 200, 200, n and 200 neurons for n features, and a linear layer to two logits.

    The first has a bias and dropout, the others are of `NormalisedLayer`; the features themselves are added to what
    the third and the sixth give. Sizes, dropout, normalisation and first weights are those of the authors' code
    (github.com/komeisugiura/defn18, src/deepflarenet.py).
    """

    def __init__(self, n_features: int) -> None:
        super().__init__(n_features)
        self.first = nn.Sequential(nn.Linear(n_features, N_HIDDEN), nn.ReLU(), nn.Dropout(DROPOUT))
        self.to_first_skip = nn.Sequential(NormalisedLayer(N_HIDDEN, N_HIDDEN), NormalisedLayer(N_HIDDEN, n_features))
        self.to_second_skip = nn.Sequential(
            NormalisedLayer(n_features, N_HIDDEN),
            NormalisedLayer(N_HIDDEN, N_HIDDEN),
            NormalisedLayer(N_HIDDEN, n_features),
        )
        self.last = nn.Sequential(NormalisedLayer(n_features, N_HIDDEN), nn.Linear(N_HIDDEN, 2))
        for module in self.modules():
            if isinstance(module, nn.Linear):
                limit = 2 * WEIGHT_DEVIATION
                nn.init.trunc_normal_(module.weight, std=WEIGHT_DEVIATION, a=-limit, b=limit)
                if module.bias is not None:
                    nn.init.constant_(module.bias, LAST_BIAS if module.out_features == 2 else FIRST_BIAS)  # noqa: PLR2004

    def forward(self, sequence: Tensor) -> Tensor:
        """Logits (negative, positive) of the last step: (batch, step, feature) -> (batch, 2)."""
        features = sequence[:, -1]
        skipped = self.to_first_skip(self.first(features)) + features
        skipped = self.to_second_skip(skipped) + features
        return self.last(skipped)


def fit(train: Samples, validation: Samples, *, seed: int, settings: Mapping[str, Any]) -> FittedNetwork:
    """Fit by Adam (0.001, batches of 150 and 16,000 steps in the authors' code).

    Settings: those of `flaredag.keyword_networks.fit_network`. The authors weight >= M against the rest by 60 to 1, as
    the classes' sizes are ("balanced"), and their code keeps the step of the best TSS on the test set, which is not
    followed: the validation samples choose.
    """
    check_batch_of_normalisation(train, settings)
    n_features = train.sequence.shape[2]
    return fit_network(lambda: DeepFlareNet(n_features), train, validation, seed=seed, settings=settings)


def restored(arrays: Mapping[str, NDArray[np.floating]], settings: Mapping[str, Any]) -> FittedNetwork:
    """The fit whose arrays these are; InputError if they are those of another network."""
    del settings
    return restored_network(DeepFlareNet(array_of(arrays, "first.0.weight").shape[1]), arrays)
