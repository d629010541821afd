"""Output layer that the networks of Li et al. 2024, section 3.3, share: from what they found to two logits."""

from __future__ import annotations

from typing import TYPE_CHECKING

from torch import Tensor, nn

from flaredag.errors import InputError

if TYPE_CHECKING:
    from collections.abc import Sequence

N_DENSE = 3


class OutputHead(nn.Module):
    """Three times batch normalisation, dense layer and dropout, of each step alike; flattened, and two logits of all.

    `n_channels` and `n_steps` of what comes in; `sizes`: neurons of the three dense layers; `dropouts`: fraction that
    each dropout takes out (Table 4, dropout rates 1 to 3). The paper tells how many layers of each kind there are and
    that softmax makes two probabilities. Ours are their order, the sizes, a ReLU after each dense layer, without which
    they would be one linear map, and the linear layer that makes two logits of the flattened rest.

    Raises InputError for other than three sizes and three dropouts.
    """

    def __init__(self, n_channels: int, *, n_steps: int = 1, sizes: Sequence[int], dropouts: Sequence[float]) -> None:
        super().__init__()
        if len(sizes) != N_DENSE or len(dropouts) != N_DENSE:
            raise InputError(
                f"output head with head_sizes {list(sizes)} and head_dropouts {list(dropouts)}; wanted {N_DENSE} of "
                "each. Correct config.yaml."
            )
        layers: list[nn.Module] = []
        for n_in, n_out, dropout in zip([n_channels, *sizes], sizes, dropouts, strict=False):
            layers += [nn.BatchNorm1d(n_in), nn.Linear(n_in, n_out), nn.ReLU(), nn.Dropout(dropout)]
        self.layers = nn.Sequential(*layers)
        self.logits = nn.Linear(n_steps * sizes[-1], 2)

    def forward(self, found: Tensor) -> Tensor:
        """Logits (negative, positive), (batch, 2), of (batch, channel) or (batch, step, channel).

        Batch normalisation is over batch and steps.
        """
        return self.logits(self.layers(found.flatten(0, -2)).view(len(found), -1))
