"""Made-up forecasts of fits that lack one training fold each, all tested on the same samples."""

from __future__ import annotations

import numpy as np
import pandas as pd

from flaredag.sample_folds import TRAINING, sample_folds

START = np.datetime64("2011-02-01T00:00:00", "s")
HOUR = np.timedelta64(3600, "s")
FOLDS = 4
# Regions of each split, and hourly samples of each.
REGIONS = {"train": range(1, 13), "validation": range(13, 19), "test": range(19, 31)}
N_HOURS = 10


def samples_of_split(split: str) -> pd.DataFrame:
    """Samples of a split: about a third of each region's are events."""
    region, hour = (axis.ravel() for axis in np.meshgrid(list(REGIONS[split]), range(N_HOURS), indexing="ij"))
    label = (np.random.default_rng(len(REGIONS[split])).random(len(region)) < 0.35).astype(np.int8)
    time = START + (region * 72 + hour) * HOUR
    return pd.DataFrame(
        {"instrument": "sharp", "region": region, "issue_time": time, "label": label, "split": split}
    ).astype({"region": np.int32})


def predictions_of(skill: dict[str, float], *, folds: int = FOLDS) -> pd.DataFrame:
    """Forecasts of `folds` fits of each model, on every split: the better, the greater its `skill`."""
    parts = []
    for model, worth in skill.items():
        for fold in range(folds):
            for split in REGIONS:
                own = samples_of_split(split)
                if split == "train":
                    columns = (own[name].to_numpy() for name in ("label", "region", "region", "issue_time"))
                    own = own[sample_folds(*columns, folds=folds, purpose=TRAINING, where="") != fold]
                # The same noise for all models and, but for a little, for all fits.
                noise = np.random.default_rng(7).normal(size=len(samples_of_split(split)))[own.index]
                noise = noise + 0.1 * np.random.default_rng(fold).normal(size=len(own))
                probability = np.round(1 / (1 + np.exp(1 - worth * own["label"] - noise)), 3)
                parts.append(own.assign(probability=probability, model=model, seed=fold))
    table = pd.concat(parts, ignore_index=True)
    return table.astype({name: "category" for name in ("instrument", "split", "model")} | {"seed": np.int16})
