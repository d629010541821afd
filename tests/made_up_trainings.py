"""Provenance of made-up trainings of two names, by the curves of which the answers can be worked out by hand."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd

from flaredag.training_curves import curves_of_fit

MODELS = ("transformer", "transformer_by_brier_score")
N_EPOCHS = 40
# Best epochs of both names, by seed.
KEPT = {0: (12, 20), 1: (35, 20)}


def training_losses() -> list[float]:
    """Falls by a hundredth an epoch, from .7."""
    return [0.7 - 0.01 * epoch for epoch in range(N_EPOCHS)]


def validation_losses(seed: int) -> list[float]:
    """From .7 by two hundredths an epoch to .32 at epoch 20; then up by one (seed 0), or no more (others)."""
    rise = 0.01 if seed == 0 else 0.0
    return [0.7 - 0.02 * epoch if epoch < 20 else 0.32 + rise * (epoch - 19) for epoch in range(N_EPOCHS)]


def provenance(seeds=(0, 1), models=MODELS, **settings: Any) -> dict[str, Any]:
    """What a batch of fits leaves, as far as it matters for training curves."""
    history = {}
    for seed in seeds:
        curves = {
            "training_loss": training_losses(),
            "validation_cross_entropy": validation_losses(seed),
            "validation_brier_score": [0.25 - 0.001 * epoch for epoch in range(N_EPOCHS)],
            "validation_true_skill_statistic": [0.01 * epoch + 0.1 * seed for epoch in range(N_EPOCHS)],
        }
        for model, best in zip(MODELS, KEPT[seed], strict=True):
            history[f"{model}/{seed}"] = curves | {"best_epoch": best}
    own = {"class_weights": "balanced"} | settings
    made_from = {"seeds": list(seeds), "models": {name: dict(own) for name in models}}
    return {"made_from": made_from, "history": history}


def training_curves(dataset: str = "A") -> pd.DataFrame:
    """Curves of both names and seeds on a data set."""
    return curves_of_fit(provenance(), MODELS, dataset=dataset, path="p.json").astype({"seed": np.float64})
