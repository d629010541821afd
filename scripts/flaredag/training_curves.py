"""Training curves: loss and skill of networks by epoch, from the provenance of their fits, and whether they overfit."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np
import pandas as pd

from flaredag.errors import InputError
from flaredag.numeric_tables import read_numeric_csv

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import Path

    from numpy.typing import NDArray

    FloatArray = NDArray[np.float64]

TRAINING_LOSS, VALIDATION_LOSS = "training_loss", "validation_cross_entropy"
CURVES = (TRAINING_LOSS, VALIDATION_LOSS, "validation_brier_score", "validation_true_skill_statistic")
TRAINING_CURVE_NUMBERS = ("seed", "epoch", "kept", *CURVES)
# `epoch` counts from 1; `kept` is 1 in the epoch whose network forecasts, else 0; `class_weights` of the training loss.
TRAINING_CURVE_COLUMNS = ("dataset", "model", "class_weights", *TRAINING_CURVE_NUMBERS)
# Losses on some forty regions jump from epoch to epoch: whether they rise or fall is told of running means.
EPOCHS_AVERAGED = 10


class Overfitting(NamedTuple):
    """What becomes of the losses of a training after the validation loss has turned.

    `turned_epoch`: the last of the `EPOCHS_AVERAGED` epochs over which the validation loss has its least mean.
    `training_change` and `validation_change`: mean over the last epochs less that mean, of each loss.
    """

    turned_epoch: int
    training_change: float
    validation_change: float

    @property
    def is_there(self) -> bool:
        """Whether the validation loss rises while the training loss falls."""
        return self.training_change < 0.0 < self.validation_change


def curves_of_fit(provenance: Mapping[str, Any], models: Sequence[str], *, dataset: str, path: str) -> pd.DataFrame:
    """Training curves, `TRAINING_CURVE_COLUMNS`, of those of `models` that a batch of fits on `dataset` holds.

    `provenance`: what the fits left at `path`. Raises InputError where it is of no network that was validated at each
    epoch.
    """
    try:
        made_from, history = provenance["made_from"], provenance["history"]
        parts = []
        for model in (name for name in models if name in made_from["models"]):
            for seed in made_from["seeds"]:
                own = history[f"{model}/{seed}"]
                part = pd.DataFrame({name: np.asarray(own[name], dtype=np.float64) for name in CURVES})
                part["epoch"] = np.arange(1, len(part) + 1)
                part["kept"] = (part["epoch"] == own["best_epoch"]).astype(np.int64)
                weights = made_from["models"][model].get("class_weights") or ""
                parts.append(part.assign(dataset=dataset, model=model, seed=seed, class_weights=weights))
    except (KeyError, TypeError, ValueError) as error:
        raise InputError(
            f"{path}: tells no training curves of {', '.join(models)} ({error!r}); wanted {', '.join(CURVES)} of every "
            "epoch and best_epoch. Name networks in the figure, or delete the folder to have the fits made again."
        ) from error
    found = pd.concat(parts, ignore_index=True) if parts else pd.DataFrame(columns=list(TRAINING_CURVE_COLUMNS))
    return found[list(TRAINING_CURVE_COLUMNS)]


def read_training_curves(path: str | Path) -> pd.DataFrame:
    """Training curves, `TRAINING_CURVE_COLUMNS`, perhaps none; InputError where the file is another."""
    return read_numeric_csv(path, TRAINING_CURVE_COLUMNS, TRAINING_CURVE_NUMBERS)


def curves_of_training(curves: pd.DataFrame, *, dataset: str, models: Sequence[str]) -> dict[int, pd.DataFrame]:
    """Curves of the one training of `models` on `dataset`, by seed ascending: `CURVES` and `kept_by`, by epoch.

    `kept_by`: the models, a tuple, that keep an epoch. Raises InputError where a model has no curves, or where they
    are of several trainings, whose curves differ.
    """
    of_model = {
        model: curves.loc[(curves["dataset"] == dataset) & (curves["model"] == model)].set_index(["seed", "epoch"])
        for model in models
    }
    for model, own in of_model.items():
        if own.empty:
            found = curves[["dataset", "model"]].drop_duplicates().agg(" ".join, axis=1)
            raise InputError(
                f"no training curve of {dataset} {model}; there are curves of {', '.join(found) or 'none'}. Delete the "
                "table of training curves to have it made again."
            )
    first, *others = of_model.values()
    if any(not first[list(CURVES)].equals(other[list(CURVES)]) for other in others):
        raise InputError(
            f"{' and '.join(models)} on {dataset} are of several trainings, whose curves differ; wanted names of one "
            "training that keep different epochs. Give each a figure of its own."
        )
    kept_by = [
        tuple(model for model, is_kept in zip(of_model, row, strict=True) if is_kept)
        for row in zip(*(own["kept"].astype(bool) for own in of_model.values()), strict=True)
    ]
    together = first[[*CURVES]].assign(kept_by=kept_by)
    return {int(seed): own.droplevel("seed") for seed, own in together.groupby(level="seed", sort=True)}


def overfitting(training_loss: FloatArray, validation_loss: FloatArray) -> Overfitting | None:
    """What becomes of the losses, (epoch,), after that of validation has turned; None of less epochs than two means."""
    if len(validation_loss) < 2 * EPOCHS_AVERAGED:
        return None
    window = np.full(EPOCHS_AVERAGED, 1.0 / EPOCHS_AVERAGED)
    training, validation = (np.convolve(loss, window, mode="valid") for loss in (training_loss, validation_loss))
    turned = int(validation.argmin())
    return Overfitting(
        turned + EPOCHS_AVERAGED,
        float(training[-1] - training[turned]),
        float(validation[-1] - validation[turned]),
    )
