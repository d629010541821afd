"""Predictions of two made-up learners, for the tests of ensembles."""

from __future__ import annotations

import numpy as np
import pandas as pd

ENSEMBLE = {
    "name": "stack",
    "learners": ["lstm", "cnn"],
    "criteria": ["cross_entropy", "brier_score", "area_under_roc_curve", "true_skill_statistic"],
    "grid_points": [101, 11],
    "best_by": "true_skill_statistic",
    "oracle": "accuracy",
}


def made_up_learners(models=("lstm", "cnn"), *, seeds=(0, 1, 2), n_of_split: int = 40) -> pd.DataFrame:
    """Learners of equal skill, whose errors are independent, on the same samples; half of each split are events."""
    parts = []
    for seed in seeds:
        for number, model in enumerate(models):
            rng = np.random.default_rng([seed, number])
            label = np.tile([0, 1], 3 * n_of_split // 2)
            probability = 1 / (1 + np.exp(-2 * (2 * label - 1) - 3 * rng.normal(size=len(label))))
            parts.append(
                pd.DataFrame(
                    {
                        "instrument": "sharp",
                        "region": np.repeat([1, 2, 3], n_of_split),
                        "issue_time": np.datetime64("2011-02-15", "s")
                        + np.arange(len(label)) * np.timedelta64(96, "m"),
                        "label": label,
                        "probability": probability,
                        "split": np.repeat(["train", "validation", "test"], n_of_split),
                        "model": model,
                        "seed": seed,
                    }
                )
            )
    return pd.concat(parts, ignore_index=True)
