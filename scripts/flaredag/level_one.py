"""Level-one data of stacking (Wolpert 1992): what the base learners forecast for the same samples, side by side."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import numpy as np
import pandas as pd

from flaredag.errors import InputError
from flaredag.predictions import read_predictions
from flaredag.splits import SPLITS

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from numpy.typing import NDArray

SAMPLE = ["split", "instrument", "region", "issue_time"]


class LevelOneData(NamedTuple):
    """Samples of one seed and what the learners say of them.

    `samples`: columns of `SAMPLE` and `label`, sorted by split (train, validation, test), instrument, region and time;
    `probabilities`: (sample, learner), in the order in which the learners were asked for.
    """

    samples: pd.DataFrame
    probabilities: NDArray[np.float64]

    def of_split(self, split: str) -> tuple[NDArray[np.int8], NDArray[np.float64]]:
        """Labels (sample,) and probabilities (sample, learner) of one split."""
        within = (self.samples["split"] == split).to_numpy()
        return self.samples["label"].to_numpy()[within], self.probabilities[within]


def read_learners(paths: Sequence[str | Path], learners: Sequence[str]) -> pd.DataFrame:
    """Predictions of the `learners`, with the columns of flaredag.predictions, of all files; each is read once.

    Raises InputError if a file fails a check, no file holds a learner, or two hold the same forecast.
    """
    tables = []
    models: set[str] = set()
    for path in dict.fromkeys(map(str, paths)):
        table = read_predictions(path)
        models |= set(table["model"].cat.categories)
        kept = table.loc[table["model"].isin(list(learners)), :]
        tables.append(kept.astype({"model": str, "instrument": str, "split": str}))
    absent = [learner for learner in learners if learner not in models]
    if absent:
        raise InputError(
            f"{', '.join(map(str, paths))}: no predictions of base learner {', '.join(absent)}; there are "
            f"{', '.join(sorted(models))}. Fit it on the data set, or take it out of the ensemble."
        )
    joined = pd.concat(tables, ignore_index=True)
    twice = joined.duplicated([*SAMPLE, "model", "seed"])
    if twice.any():
        first = joined.loc[twice.idxmax()]
        raise InputError(
            f"{', '.join(map(str, paths))}: {twice.sum()} forecasts are in two files; the first is of "
            f"{first['model']}, seed {first['seed']}, {_described(first)}. Wanted one. Name each fit once."
        )
    return joined


def level_one_data(predictions: pd.DataFrame, learners: Sequence[str], *, seed: int) -> LevelOneData:
    """What the `learners` of one seed forecast, side by side; `predictions` as of `read_learners`.

    Raises InputError if a learner has no forecast for a sample that another has, or if they differ in its label.
    """
    rows = predictions.loc[(predictions["seed"] == seed) & predictions["model"].isin(list(learners)), :]
    rows = rows.assign(split=pd.Categorical(rows["split"], categories=list(SPLITS)))
    rows = rows.set_index(SAMPLE)
    # An outer join: what a learner has no forecast for is NaN.
    joined = pd.concat(
        {learner: rows.loc[rows["model"] == learner, ["probability", "label"]] for learner in learners}, axis=1
    ).sort_index()
    probabilities, labels = (joined.xs(name, axis=1, level=1) for name in ("probability", "label"))
    samples = joined.index.to_frame(index=False)
    for learner in learners:
        missing = probabilities[learner].isna().to_numpy()
        if missing.any():
            raise InputError(
                f"base learner {learner} has no forecast for {missing.sum()} of {len(missing)} samples "
                f"that others of {', '.join(learners)} have; the first is "
                f"{_described(samples.iloc[int(missing.argmax())])}. Wanted all learners on the same samples. Fit them "
                "on the same data set, or take it out of the ensemble."
            )
    differs = (labels.to_numpy() != labels.to_numpy()[:, :1]).any(axis=1)
    if differs.any():
        first = int(differs.argmax())
        found = ", ".join(f"{learner} {label:.0f}" for learner, label in labels.iloc[first].items())
        raise InputError(
            f"base learners differ in the label of {differs.sum()} of {len(differs)} samples; the first is "
            f"{_described(samples.iloc[first])}: {found}. Wanted one truth. Fit them on the same data set."
        )
    samples = samples.assign(split=samples["split"].astype(str), label=labels[learners[0]].to_numpy().astype(np.int8))
    return LevelOneData(samples, probabilities.to_numpy())


def _described(sample: pd.Series) -> str:
    time = f"{sample['issue_time']:%Y-%m-%dT%H:%M:%SZ}"
    return f"{sample['instrument']} region {sample['region']} at {time}, {sample['split']}"
