"""Scores of one model on one data set, resampled by blocks and added up over its seeds."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from flaredag.block_bootstrap import resampled_scores
from flaredag.score_tables import (
    CATEGORICAL_METRICS,
    PROBABILISTIC_METRICS,
    THRESHOLDS,
)
from flaredag.verification_settings import N_RELIABILITY_BINS

if TYPE_CHECKING:
    from collections.abc import Mapping

    from numpy.typing import NDArray

REGION, ROTATION = "region", "rotation"
CATEGORICAL = tuple(metric for metric in CATEGORICAL_METRICS if metric != "threshold")
# (metric, threshold) of every figure that is resampled; thresholds are kept as they are.
FIGURES = (
    *((metric, threshold) for metric in CATEGORICAL for threshold in THRESHOLDS),
    *((metric, "") for metric in PROBABILISTIC_METRICS),
)
FEWEST_BLOCKS = 2


@dataclass
class ResampledSeries:
    """Sums over seeds of the resampled figures of one model on one data set, by the kind of block.

    `sums`: (resample, figure), `n_defined`: seeds whose figure is defined, (figure,): the others are left out.
    """

    n_seeds: int = 0
    n_defined: NDArray[np.int64] = field(default_factory=lambda: np.zeros(len(FIGURES), dtype=np.int64))
    sums: dict[str, NDArray[np.float64]] = field(default_factory=dict)
    blocks: dict[str, set[int]] = field(default_factory=lambda: {REGION: set(), ROTATION: set()})

    def add(self, test: pd.DataFrame, figures: pd.Series, resampled: Mapping[str, NDArray[np.float64]]) -> None:
        """Add the `resampled` figures of one seed; `test`: its samples with their blocks, `figures`: its scores."""
        is_defined = ~np.isnan(figures.reindex(pd.MultiIndex.from_tuples(FIGURES)).to_numpy())
        for kind, own in resampled.items():
            self.sums[kind] = self.sums.get(kind, 0.0) + np.where(is_defined, own, 0.0)
            self.blocks[kind].update(test[kind].unique().tolist())
        self.n_defined = self.n_defined + is_defined
        self.n_seeds += 1

    def means(self, kind: str) -> NDArray[np.float64]:
        """Mean over the seeds, (resample, figure); NaN where no seed has the figure, or one lacks it in a resample."""
        return self.sums[kind] / np.where(self.n_defined > 0, self.n_defined, np.nan)

    @property
    def has_regions(self) -> bool:
        """Whether there are regions to be resampled: the whole disk is one."""
        return len(self.blocks[REGION]) >= FEWEST_BLOCKS


def resampled_figures(
    test: pd.DataFrame,
    figures: pd.Series,
    weights: Mapping[str, NDArray[np.float32]],
    *,
    event_rate: float,
    reliability_bins: int = N_RELIABILITY_BINS,
) -> dict[str, NDArray[np.float64]]:
    """Resampled `FIGURES` of one seed by kind of block, (resample, figure).

    `figures`: its scores; `event_rate`: of its training split; `reliability_bins`: those of its scores.
    """
    thresholds = figures.reindex(pd.MultiIndex.from_tuples([("threshold", name) for name in THRESHOLDS])).to_numpy()
    label, probability = test["label"].to_numpy(), test["probability"].to_numpy()
    resampled = {}
    for kind in (REGION, ROTATION):
        got = resampled_scores(
            label,
            probability,
            test[kind].to_numpy(),
            weights[kind],
            thresholds=thresholds,
            training_event_rate=event_rate,
            reliability_bins=reliability_bins,
        )
        resampled[kind] = np.stack(
            [got[metric][:, THRESHOLDS.index(name)] if name else got[metric] for metric, name in FIGURES], axis=1
        )
    return resampled
