"""Forecasts without skill that scores are held against: random chance, all negative, the event rate of the test split.

Li et al. 2024, Table 5 and the text above it; eq. 4 for the event rate.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from flaredag.errors import InputError
from flaredag.score_tables import CATEGORICAL_METRICS
from flaredag.verification import ContingencyTable, categorical_scores

if TYPE_CHECKING:
    from numpy.typing import NDArray

    FloatArray = NDArray[np.float64]

RANDOM_CHANCE, ALL_NEGATIVE, EVENT_RATE = "random_chance", "all_negative", "event_rate_of_test"


def random_chance(n_events: FloatArray, n_samples: FloatArray) -> ContingencyTable:
    """Expected counts where as many events are forecast as occur, at random: hits P x P/(P + N) of P events."""
    rate = n_events / n_samples
    none = n_samples - n_events
    return ContingencyTable(
        hits=rate * n_events,
        misses=(1.0 - rate) * n_events,
        false_alarms=rate * none,
        correct_negatives=(1.0 - rate) * none,
    )


def all_negative(n_events: FloatArray, n_samples: FloatArray) -> ContingencyTable:
    """Counts where no event is ever forecast."""
    nothing = np.zeros_like(n_events)
    return ContingencyTable(hits=nothing, misses=n_events, false_alarms=nothing, correct_negatives=n_samples - n_events)


def reference_scores(scores: pd.DataFrame, *, dataset: str) -> pd.DataFrame:
    """Scores (model, seed, metric, value) of the three references on the test split of each seed of `dataset`.

    `scores`: columns of flaredag.score_tables, whose counts of samples and events they are computed from; NaN what is
    undefined. The event rate is that of the test split itself, the reference of the Brier skill score, known only
    afterwards. Raises InputError where `scores` have no counts of the data set, or the models of a seed other ones.
    """
    counts = scores.loc[(scores["dataset"] == dataset) & scores["metric"].isin(["n_samples", "n_events"])]
    least, most = (counts.pivot_table("value", "seed", "metric", aggfunc=each) for each in ("min", "max"))
    if counts.empty or not least.equals(most):
        found = "none" if counts.empty else "several"
        raise InputError(
            f"scores hold {found} of n_samples and n_events of a seed of {dataset}; wanted one, the same for all "
            "models. Verify the study again."
        )
    n_events, n_samples = (least[name].to_numpy(dtype=np.float64) for name in ("n_events", "n_samples"))
    rate = n_events / n_samples
    values = {
        (model, metric): found
        for model, table in ((RANDOM_CHANCE, random_chance), (ALL_NEGATIVE, all_negative))
        for metric, found in categorical_scores(table(n_events, n_samples)).items()
        if metric in CATEGORICAL_METRICS
    }
    values[EVENT_RATE, "brier_score"] = rate * (1.0 - rate)
    values[EVENT_RATE, "brier_skill_score"] = np.where((rate > 0.0) & (rate < 1.0), 0.0, np.nan)
    parts = [
        pd.DataFrame({"model": model, "seed": least.index, "metric": metric, "value": found})
        for (model, metric), found in values.items()
    ]
    return pd.concat(parts, ignore_index=True)
