"""Predictions of one data set -> the same calibrated by every method, and label sets with a stated coverage."""

import logging
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from pandas.api.types import union_categoricals

from flaredag.artifacts import read_json, write_csv
from flaredag.calibration import fit_calibration, prior_shift, weights_to_rate
from flaredag.calibration_names import METHODS, calibrated_name
from flaredag.conformal import TABLE_COLUMNS, verify_label_sets
from flaredag.errors import InputError
from flaredag.joblog import Progress, job_log
from flaredag.predictions import COLUMNS as PREDICTION_COLUMNS
from flaredag.predictions import FLAGS, read_predictions, write_predictions

LOG = logging.getLogger("flaredag")
SPLITS_USED = ("validation", "test")


def calibrate_predictions(
    predictions: pd.DataFrame, counts: Mapping[str, Any], *, undersampled: Sequence[str], class_weighted: Sequence[str]
) -> Iterator[pd.DataFrame]:
    """Calibrated predictions of every model and seed, one table each, of the validation and the test split.

    `predictions` has the columns of flaredag.predictions; `counts` is the entry `seeds` of the data set in the index:
    samples of each class by seed, as drawn (`splits`) and before under-sampling (`natural`); `undersampled` names the
    balanced splits, `class_weighted` the models trained with weights that make the classes equal: their training rate
    is one half. Forecasts are made for the population of the test split: at the natural event rate of the training
    split, or, where the test split itself is balanced, at a rate of one half. Where the validation split is not of that
    population its samples are weighted to its rate; nothing else is taken from the test split.

    Raises InputError if the index lacks a seed or its counts, or if a model has only one outcome to be calibrated on.
    """
    for (model, seed), samples in predictions.groupby(["model", "seed"], observed=True, sort=True):
        try:
            training_rate, natural_rate = (_event_rate(counts, seed, kind) for kind in ("splits", "natural"))
            if str(model) in class_weighted:
                training_rate = 0.5
            rate = 0.5 if "test" in undersampled else natural_rate
            validation = samples[samples["split"] == "validation"]
            label, probability = validation["label"].to_numpy(), validation["probability"].to_numpy()
            if ("validation" in undersampled) == ("test" in undersampled):
                weight = np.ones(len(label))
            else:
                weight = weights_to_rate(label, rate)
            raw = samples["probability"].to_numpy()
            for method in METHODS:
                if method == "prior_shift":
                    calibrated = prior_shift(raw, training_rate=training_rate, natural_rate=rate)
                else:
                    calibrated = fit_calibration(method, label, probability, weight)(raw)
                name = pd.Categorical.from_codes(
                    np.zeros(len(raw), dtype=np.int8), [calibrated_name(str(model), method)]
                )
                yield samples.assign(probability=calibrated, model=name)
        except InputError as error:
            raise InputError(f"model {model}, seed {seed}: {error}") from error


def main(
    predictions: Sequence[str | Path],
    index: str | Path,
    calibrated: str | Path,
    conformal: str | Path,
    *,
    study: str,
    dataset: str,
    undersampled: Sequence[str],
    class_weighted: Sequence[str],
    settings: Mapping[str, Any],
) -> None:
    """Calibrate the files `predictions` of `dataset`; write netCDF, and what came of the label sets (CSV).

    `settings`: keywords of `flaredag.conformal.verify_label_sets`.
    """
    datasets = read_json(index)["datasets"]
    if dataset not in datasets:
        raise InputError(
            f"{index}: no data set {dataset}; it has {', '.join(datasets)}. Delete it to have it made again."
        )
    if not predictions:
        raise InputError(f"{dataset}: no file of predictions; wanted those of its fits. Name some.")
    paths = list(dict.fromkeys(str(path) for path in predictions))
    progress = Progress(LOG, f"calibrate {dataset}", len(paths))
    raw, tables = [], []
    for path in paths:
        raw.append(read_predictions(path, SPLITS_USED))
        try:
            tables += calibrate_predictions(
                raw[-1], datasets[dataset]["seeds"], undersampled=undersampled, class_weighted=class_weighted
            )
        except InputError as error:
            raise InputError(f"{path}, data set {dataset}: {error}") from error
        progress.advance()
    together = _concatenated(raw)
    coverage = verify_label_sets(together, **settings).assign(study=study, dataset=dataset)
    LOG.info("%s: %d predictions calibrated by %s", dataset, len(together), ", ".join(METHODS))
    write_predictions(calibrated, _concatenated(tables))
    write_csv(conformal, coverage[list(TABLE_COLUMNS)], float_format="%.10g")


def _concatenated(tables: Sequence[pd.DataFrame]) -> pd.DataFrame:
    """Predictions one after the other; names stay categorical, as text would take many times the memory."""
    return pd.DataFrame(
        {
            name: union_categoricals([table[name] for table in tables])
            if name in FLAGS
            else np.concatenate([table[name].to_numpy() for table in tables])
            for name in PREDICTION_COLUMNS
        }
    )


def _event_rate(counts: Mapping[str, Any], seed: int, kind: str) -> float:
    """Event rate of the training split of a seed, as drawn or before under-sampling."""
    try:
        train = counts[str(seed)][kind]["train"]
        return train["positive"] / (train["positive"] + train["negative"])
    except (KeyError, ZeroDivisionError):
        raise InputError(
            f"the index tells of no samples of its training split ({kind}); wanted the numbers of positive and "
            "negative ones. Delete the index to have it made again."
        ) from None


if __name__ == "__main__":
    with job_log(snakemake.log[0]):
        main(
            snakemake.input.predictions,
            snakemake.input.index,
            snakemake.output.calibrated,
            snakemake.output.conformal,
            study=snakemake.params.study,
            dataset=snakemake.params.dataset,
            undersampled=snakemake.params.undersampled,
            class_weighted=snakemake.params.class_weighted,
            settings=snakemake.params.settings,
        )
