"""Permutation importance of a made-up study, as permute_features writes it, for the tests of figure and report."""

import numpy as np
import pandas as pd

from flaredag.importance_tables import IMPORTANCE_COLUMNS
from flaredag.permutation_importance import IMPORTANCE_METRICS

# Loss of TSS of the LSTM; the regression loses half. Five correlated features, one that counts little, one noise.
LOSSES = {"usflux+totusjz+totusjh+totpot+savncpp": 0.4, "r_value": 0.1, "meangam": 0.01}
NAN = float("nan")


def importance(datasets: tuple[str, ...] = ("A",), models=("lstm", "logistic_regression")) -> pd.DataFrame:
    """Losses, bounded by .05 to both sides; of AUC a half, of the Brier skill score a quarter."""
    rows = []
    for dataset in datasets:
        for position, model in enumerate(models):
            for group, loss in LOSSES.items():
                n_features = len(group.split("+"))
                for share, metric in zip((1.0, 0.5, 0.25), IMPORTANCE_METRICS, strict=True):
                    lost = loss * share / (1 + position)
                    row = {"dataset": dataset, "model": model, "group": group, "n_features": float(n_features)}
                    row |= {"least_correlation": 0.83 if n_features > 1 else NAN, "metric": metric, "score": 0.7}
                    row |= {"permuted": 0.7 - lost, "loss": lost, "sd": 0.004, "low": lost - 0.05, "high": lost + 0.05}
                    row |= {"n_repeats": 5.0, "n_seeds": 1.0, "n_samples": 70000.0, "n_events": 1234.0}
                    rows.append(row | {"n_regions": 600.0})
    return pd.DataFrame(rows)[list(IMPORTANCE_COLUMNS)]


def without_interval(table: pd.DataFrame) -> pd.DataFrame:
    return table.assign(low=np.nan, high=np.nan)
