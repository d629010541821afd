"""A batch of fits: several seeds and models of one data set, each predicting all splits before the job ends."""

from __future__ import annotations

import json
import logging
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd
from safetensors import SafetensorError, safe_open
from safetensors.numpy import save
from threadpoolctl import threadpool_limits

from flaredag.artifacts import read_json, sha256_of_file, write_json, written_whole
from flaredag.errors import InputError
from flaredag.joblog import Progress
from flaredag.predictions import write_predictions
from flaredag.samples import (
    Dataset,
    Samples,
    StudyWindows,
    content_digest,
    magnetograms_digest,
    read_datasets,
    read_windows,
    samples_of_split,
    with_magnetograms,
)
from flaredag.splits import SPLITS
from flaredag.store import check_stored

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from types import ModuleType

    from flaredag.models import FittedModel

LOG = logging.getLogger("flaredag")


def fit_batch(
    windows: str | Path,
    datasets: str | Path,
    index: str | Path,
    *,
    dataset: str,
    seeds: Sequence[int],
    settings: Mapping[str, Mapping[str, Any]],
    models: Mapping[str, ModuleType],
    cubes: Mapping[str, str | Path] | None = None,
) -> tuple[pd.DataFrame, dict[str, FittedModel]]:
    """Predictions of every model and seed on every split, and the fitted models by "model/seed".

    `settings`: of each model to be fitted; `models`: module of each (see `flaredag.models`); `cubes`: paths by stem,
    for models on magnetograms. Each data set is read once; models that differ in the epoch that they keep alone are
    trained once where their module can. Raises InputError where a data set's content is not what the
    index names: a fit filed under a wrong digest would be taken for another.
    """
    entry = read_json(index)["datasets"][dataset]
    study, digests = read_windows(windows, entry["task"]), entry["seeds"]
    progress = Progress(LOG, f"{dataset}: fits", len(settings) * len(seeds))
    predictions, fitted = [], {}
    for one in read_datasets(datasets, dataset, seeds):
        wanted, where = digests[str(one.seed)], f"{datasets}: {dataset}, seed {one.seed}"
        samples = samples_with_digest(study, one, wanted.get("digest"), where=where)
        if cubes is not None:
            _check_digest(magnetograms_digest(study, one), wanted.get("magnetograms"), where=f"{where}, magnetograms")
            samples = with_magnetograms(samples, study, one, cubes)
        fits: dict[str, FittedModel] = {}
        for model in settings:
            with threadpool_limits(1):
                if model not in fits:
                    fits |= fits_with(model, samples, seed=one.seed, settings=settings, models=models)
                fit = fits[model]
                predictions += [_predictions(study, fit, samples[split], split, model, one.seed) for split in SPLITS]
            fitted[f"{model}/{one.seed}"] = fit
            LOG.info("%s, seed %d, %s: %s", dataset, one.seed, model, json.dumps(fit.history))
            progress.advance(f"({model}, seed {one.seed})")
    return pd.concat(predictions, ignore_index=True), fitted


def samples_with_digest(
    windows: StudyWindows, dataset: Dataset, digest: str | None, *, where: str
) -> dict[str, Samples]:
    """Samples of each split of a data set; InputError, beginning with `where`, where their digest is another.

    A fit filed under a wrong digest would be taken for another.
    """
    samples = {split: samples_of_split(windows, dataset, split) for split in SPLITS}
    _check_digest(content_digest(samples), digest, where=where)
    return samples


def _check_digest(found: str, wanted: str | None, *, where: str) -> None:
    if found != wanted:
        raise InputError(
            f"{where} has the digest {found}, wanted {wanted}: the windows changed under it. Run snakemake again; if "
            "this returns, delete the index."
        )


def fits_with(
    model: str,
    samples: Mapping[str, Samples],
    *,
    seed: int,
    settings: Mapping[str, Mapping[str, Any]],
    models: Mapping[str, ModuleType],
) -> dict[str, FittedModel]:
    """The fit of `model`, and those of all of `settings` that the same training gives, by name.

    One training gives those that differ in the epoch that they keep alone, where their module has `fit_kept_epochs`.
    """
    module, own = models[model], settings[model]
    train, validation = samples["train"], samples["validation"]
    if not hasattr(module, "fit_kept_epochs"):
        return {model: module.fit(train, validation, seed=seed, settings=own)}
    kept = {
        name: other["kept_epoch"]
        for name, other in settings.items()
        if models[name] is module and {**other, "kept_epoch": ""} == {**own, "kept_epoch": ""}
    }
    epochs = list(dict.fromkeys(kept.values()))
    fits = module.fit_kept_epochs(train, validation, seed=seed, settings=own, kept_epochs=epochs)
    return {name: fits[epoch] for name, epoch in kept.items()}


def dataset_of(index: str | Path, digests: Mapping[str, str]) -> str:
    """Name of a data set that has these digests, one a seed; InputError if the index names none.

    Looked up and not given, so that a second name of the same content refits nothing.
    """
    for name, entry in read_json(index)["datasets"].items():
        if all(entry["seeds"].get(seed, {}).get("digest") == digest for seed, digest in digests.items()):
            return name
    raise InputError(f"{index}: names no data set with the digests {dict(digests)}. Run snakemake again.")


def write_batch(
    fits: tuple[pd.DataFrame, Mapping[str, FittedModel]],
    predictions: str | Path,
    checkpoint: str | Path,
    provenance: str | Path,
    *,
    made_from: Mapping[str, Any],
) -> None:
    """Write what `fit_batch` gave: predictions, checkpoint (safetensors), and the provenance in clear."""
    table, fitted = fits
    # Row by row: of an array that lies otherwise in memory, safetensors 0.8 writes the values in the wrong order.
    arrays = {
        f"{name}/{array}": np.asarray(values, order="C")
        for name, fit in fitted.items()
        for array, values in fit.arrays.items()
    }
    with written_whole(checkpoint) as part:
        # One key: safetensors keeps metadata in a hash map, whose order differs from run to run.
        part.write_bytes(save(arrays, metadata={"made_from": json.dumps(made_from, sort_keys=True)}))
    write_predictions(predictions, table)
    write_json(
        provenance,
        {
            "made_from": made_from,
            "sha256": {Path(path).name: sha256_of_file(path) for path in (predictions, checkpoint)},
            "history": {name: fit.history for name, fit in fitted.items()},
        },
    )


def read_checkpoint(path: str | Path, models: Mapping[str, ModuleType]) -> dict[str, FittedModel]:
    """Fitted models by "model/seed" of a checkpoint that `write_batch` wrote.

    Raises InputError if it is none, is of another architecture than its settings say, or lies in the store under
    digests that are not its own.
    """
    fitted = {}
    try:
        with safe_open(path, framework="np") as file:
            made_from = json.loads(file.metadata()["made_from"])
            arrays = {name: file.get_tensor(name) for name in file.keys()}  # noqa: SIM118 (not a dict)
        for model, settings in made_from["models"].items():
            for seed in made_from["seeds"]:
                prefix = f"{model}/{seed}/"
                own = {name.removeprefix(prefix): value for name, value in arrays.items() if name.startswith(prefix)}
                fitted[f"{model}/{seed}"] = models[model].restored(own, settings)
    # What torch does not find among the arrays, or finds of another shape, is a RuntimeError.
    except (SafetensorError, OSError, KeyError, TypeError, ValueError, RuntimeError) as error:
        raise InputError(f"{path}: not a checkpoint of flaredag ({error}). Delete it to have it made again.") from error
    check_stored(path, made_from)
    return fitted


def _predictions(
    windows: StudyWindows, fit: FittedModel, samples: Samples, split: str, model: str, seed: int
) -> pd.DataFrame:
    instruments = pd.Categorical.from_codes(samples.instrument, categories=list(windows.instruments))
    return pd.DataFrame(
        {
            "instrument": instruments.astype(str),
            "region": samples.region,
            "issue_time": samples.issue_time,
            "label": samples.label,
            "probability": fit.probability(samples),
            "split": split,
            "model": model,
            "seed": seed,
        }
    )
