"""The store of fits: each is filed under the digests of its data and of its models, code and settings."""

from __future__ import annotations

import itertools
import re
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from flaredag.errors import InputError
from flaredag.provenance import digest_of

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

# The kind of fits that take magnetograms.
ON_MAGNETOGRAMS = "magnetogram_networks"
DIGEST = r"[0-9a-f]{16}"
FIT_COLUMNS: tuple[str, ...] = ("dataset", "models", "seeds", "dataset_digest", "models_digest", "path")


@dataclass(frozen=True)
class StoredFit:
    """One batch of fits: models of one kind on the data sets of a batch of seeds."""

    dataset: str
    kind: str
    dataset_digest: str
    models_digest: str
    folder: str
    made_from: dict[str, Any]


def fits_of_study(
    index: Mapping[str, Any],
    kinds: Mapping[str, Mapping[str, Any]],
    *,
    datasets: Mapping[str, Mapping[str, Any]],
    models: Mapping[str, Mapping[str, Any]],
    code: Mapping[str, str],
    environments: Mapping[str, str],
    store: str,
) -> list[StoredFit]:
    """All fits of a study, in the order of data sets, kinds, models and seeds.

    `index`: what draw_datasets wrote; `kinds`: a study's `fits`; `datasets`: the study's, of which one may name the
    few `models` that are fitted on it and settings of its own for some; `models`: settings of every model; `code` and
    `environments`: digest of the script and of the environment of each kind.
    """
    fits = []
    for dataset, entry in index["datasets"].items():
        seeds = sorted(entry["seeds"], key=int)
        for kind, settings in kinds.items():
            names = [name for name in settings["models"] if name in datasets[dataset].get("models", [name])]
            n_models, n_seeds = settings.get("models_per_job", max(len(names), 1)), settings["seeds_per_job"]
            for first_model, start in itertools.product(range(0, len(names), n_models), range(0, len(seeds), n_seeds)):
                batch = seeds[start : start + n_seeds]
                digests = {seed: entry["seeds"][seed]["digest"] for seed in batch}
                made_from: dict[str, Any] = {
                    "seeds": [int(seed) for seed in digests],
                    "models": {
                        name: settings_on_dataset(models, datasets[dataset], name)
                        for name in names[first_model : first_model + n_models]
                    },
                    "datasets": digests,
                    "code": code[kind],
                    "environment": environments[kind],
                }
                # The samples' digest is that of keywords and labels, so that other pixels refit no keyword model.
                if kind == ON_MAGNETOGRAMS:
                    made_from["magnetograms"] = {seed: entry["seeds"][seed]["magnetograms"] for seed in batch}
                dataset_digest, models_digest = digests_of(made_from)
                folder = f"{store}/checkpoints/{dataset_digest}/{kind}-{models_digest}"
                fits.append(StoredFit(dataset, kind, dataset_digest, models_digest, folder, made_from))
    return fits


def settings_on_dataset(
    models: Mapping[str, Mapping[str, Any]], dataset: Mapping[str, Any], model: str
) -> dict[str, Any]:
    """Settings of a model on one data set: those of the model, and over them what the data set says of it.

    Raises InputError where that is a setting that the model does not have.
    """
    own = dataset.get("model_settings", {}).get(model, {})
    unknown = [name for name in own if name not in models[model]]
    if unknown:
        raise InputError(
            f"model_settings of {model}: no setting {', '.join(unknown)}; it has {', '.join(models[model])}. Correct "
            "config.yaml."
        )
    return {**models[model], **own}


def digests_of(made_from: Mapping[str, Any]) -> tuple[str, str]:
    """Digest of the data sets of a fit, and that of all else that it is made from: they name its folder."""
    rest = {name: made for name, made in made_from.items() if name not in ("seeds", "datasets")}
    return digest_of(made_from["datasets"]), digest_of(rest)


def check_stored(checkpoint: str | Path, made_from: Mapping[str, Any]) -> None:
    """InputError where a checkpoint lies in the store under other digests than of what it was made from.

    A path that is not of the store's form says nothing, and is taken as it is.
    """
    folder = Path(checkpoint).parent
    named = (folder.parent.name, folder.name.rpartition("-")[2])
    if all(re.fullmatch(DIGEST, name) for name in named) and named != (found := digests_of(made_from)):
        raise InputError(
            f"{checkpoint}: made from data sets {found[0]} and models {found[1]}, but filed under {named[0]} and "
            f"{named[1]}; wanted a fit under its own digests. Delete the folder to have it made again."
        )


def stored_fit(
    fits: Mapping[str, Sequence[StoredFit]], *, kind: str, dataset_digest: str, models_digest: str
) -> tuple[str, StoredFit]:
    """The first study of `fits` (by name) that asks for the fit of these digests, and that fit.

    Raises InputError if none does, as of a made-up path.
    """
    for study, of_study in fits.items():
        for fit in of_study:
            if (fit.kind, fit.dataset_digest, fit.models_digest) == (kind, dataset_digest, models_digest):
                return study, fit
    raise InputError(
        f"{kind}-{models_digest} on data set {dataset_digest}: no study of this configuration asks for such a fit. "
        "Ask for results/report.pdf: Snakemake then finds out which fits it needs."
    )


def fit_rows(fits: Sequence[StoredFit]) -> list[dict[str, str]]:
    """A row a fit with `FIT_COLUMNS`: which digest is what, for people."""
    return [
        {
            "dataset": fit.dataset,
            "models": "+".join(fit.made_from["models"]),
            "seeds": " ".join(str(seed) for seed in fit.made_from["seeds"]),
            "dataset_digest": fit.dataset_digest,
            "models_digest": fit.models_digest,
            "path": fit.folder,
        }
        for fit in fits
    ]
