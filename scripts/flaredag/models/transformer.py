"""Transformer on the sequence of keywords: Li et al. 2024, section 3 and Figure 2."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import torch
from torch import Tensor, nn

from flaredag.errors import InputError
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

    import numpy as np
    from numpy.typing import NDArray

    from flaredag.samples import Samples

POSITION_DEVIATION = 0.02


class MultiHeadAttention(nn.Module):
    """Self-attention of several heads: softmax(Q K^T / sqrt(head_size)) V of each, and a linear layer of all.

    Heads need not share the embedding's size among them (`n_heads` x `head_size` may be any). Vaswani et al. 2017,
    section 3.2.
    """

    def __init__(self, embedding_size: int, *, n_heads: int, head_size: int) -> None:
        super().__init__()
        self.n_heads, self.head_size = n_heads, head_size
        self.projection = nn.Linear(embedding_size, 3 * n_heads * head_size)
        self.output = nn.Linear(n_heads * head_size, embedding_size)

    def forward(self, embedded: Tensor) -> Tensor:
        """(batch, patch, embedding) -> (batch, patch, embedding)."""
        n_samples, n_patches, _ = embedded.shape
        projected = self.projection(embedded).view(n_samples, n_patches, 3, self.n_heads, self.head_size)
        query, key, value = projected.permute(2, 0, 3, 1, 4)
        attended = nn.functional.scaled_dot_product_attention(query, key, value)
        return self.output(attended.transpose(1, 2).reshape(n_samples, n_patches, -1))


class EncoderBlock(nn.Module):
    """Attention, added to what came in; of that batch normalisation and a perceptron of two layers, added to that.

    So the second sum takes what goes into the normalisation, not what comes out of it, as the paper says.
    """

    def __init__(self, embedding_size: int, *, n_heads: int, head_size: int, mlp_size: int, mlp_dropout: float) -> None:
        super().__init__()
        self.attention = MultiHeadAttention(embedding_size, n_heads=n_heads, head_size=head_size)
        self.normalisation = nn.BatchNorm1d(embedding_size)
        self.mlp = nn.Sequential(
            nn.Linear(embedding_size, mlp_size),
            nn.GELU(),
            nn.Dropout(mlp_dropout),
            nn.Linear(mlp_size, embedding_size),
            nn.Dropout(mlp_dropout),
        )

    def forward(self, embedded: Tensor) -> Tensor:
        """(batch, patch, embedding) -> (batch, patch, embedding); normalised over batch and patches."""
        attended = embedded + self.attention(embedded)
        rows = attended.flatten(0, 1)
        return attended + self.mlp(self.normalisation(rows)).view_as(attended)


class Transformer(KeywordNetwork):
    """Patches of steps, embedded linearly with a learned vector of their place, encoder blocks, and the output layer.

    `patch_steps`: steps of a patch, which must divide `n_steps`; `embedding_size`: of a patch; `mlp_size`: neurons of
    the first of the two dense layers of a block's perceptron, the second has `embedding_size`. The paper gives four
    blocks, two heads of 200 and the dropouts, and says that it follows the vision transformer. Ours are `patch_steps`,
    `embedding_size` and `mlp_size`, GELU between the two dense layers, and first vectors of places drawn with the
    deviation `POSITION_DEVIATION`. Steps of padding, all zeros, are seen as they are.

    Raises InputError where patches do not divide the steps.
    """

    def __init__(
        self,
        n_features: int,
        n_steps: int,
        *,
        patch_steps: int,
        embedding_size: int,
        n_blocks: int,
        n_heads: int,
        head_size: int,
        mlp_size: int,
        mlp_dropout: float,
        head_sizes: Sequence[int],
        head_dropouts: Sequence[float],
    ) -> None:
        if n_steps % patch_steps:
            raise InputError(
                f"transformer: windows of {n_steps} steps and patch_steps {patch_steps}; wanted a number that divides "
                "the steps. Correct config.yaml."
            )
        super().__init__(n_features, n_steps)
        n_patches = n_steps // patch_steps
        self.patch_steps = patch_steps
        self.embedding = nn.Linear(patch_steps * n_features, embedding_size)
        self.position = nn.Parameter(POSITION_DEVIATION * torch.randn(n_patches, embedding_size))
        self.blocks = nn.Sequential(
            *(
                EncoderBlock(
                    embedding_size, n_heads=n_heads, head_size=head_size, mlp_size=mlp_size, mlp_dropout=mlp_dropout
                )
                for _ in range(n_blocks)
            )
        )
        self.head = OutputHead(embedding_size, n_steps=n_patches, sizes=head_sizes, dropouts=head_dropouts)

    def forward(self, sequence: Tensor) -> Tensor:
        """Logits (negative, positive): (batch, step, feature) -> (batch, 2)."""
        patches = sequence.reshape(len(sequence), len(self.position), -1)
        return self.head(self.blocks(self.embedding(patches) + self.position))


def fit(train: Samples, validation: Samples, *, seed: int, settings: Mapping[str, Any]) -> FittedNetwork:
    """Fit by Adam and keep one epoch; settings: `kept_epoch`, and as `fit_kept_epochs`."""
    kept = settings["kept_epoch"]
    return fit_kept_epochs(train, validation, seed=seed, settings=settings, kept_epochs=[kept])[kept]


def fit_kept_epochs(
    train: Samples, validation: Samples, *, seed: int, settings: Mapping[str, Any], kept_epochs: Sequence[str]
) -> dict[str, FittedNetwork]:
    """Fit once by Adam on weighted cross-entropy (eq. 1 and 2); by name of `kept_epochs`, the fit at its epoch.

    Settings: `patch_steps`, `embedding_size`, `n_blocks`, `n_heads`, `head_size`, `mlp_size`, `mlp_dropout`,
    `head_sizes`, `head_dropouts` (see `Transformer` and `flaredag.output_head.OutputHead`), and those of
    `flaredag.keyword_networks.fit_network_epochs`.
    """
    check_batch_of_normalisation(train, settings)
    n_steps, n_features = train.sequence.shape[1:]
    return fit_network_epochs(
        lambda: _network(n_features, n_steps, settings),
        train,
        validation,
        seed=seed,
        settings=settings,
        kept_epochs=kept_epochs,
    )


def restored(arrays: Mapping[str, NDArray[np.floating]], settings: Mapping[str, Any]) -> FittedNetwork:
    """The fit whose arrays these are; InputError if they are those of another network."""
    patch_steps = settings["patch_steps"]
    n_features = array_of(arrays, "embedding.weight").shape[1] // patch_steps
    n_steps = len(array_of(arrays, "position")) * patch_steps
    return restored_network(_network(n_features, n_steps, settings), arrays)


def _network(n_features: int, n_steps: int, settings: Mapping[str, Any]) -> Transformer:
    return Transformer(
        n_features,
        n_steps,
        patch_steps=settings["patch_steps"],
        embedding_size=settings["embedding_size"],
        n_blocks=settings["n_blocks"],
        n_heads=settings["n_heads"],
        head_size=settings["head_size"],
        mlp_size=settings["mlp_size"],
        mlp_dropout=settings["mlp_dropout"],
        head_sizes=settings["head_sizes"],
        head_dropouts=settings["head_dropouts"],
    )
