"""Windows of a study -> its data sets, a file a data set, and the index that names their content."""

import logging
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from flaredag.artifacts import write_json
from flaredag.datasets import draw_dataset, split_members
from flaredag.errors import InputError
from flaredag.joblog import job_log
from flaredag.samples import (
    Dataset,
    Samples,
    StudyWindows,
    content_digest,
    magnetograms_digest,
    read_windows,
    samples_of_split,
    write_datasets,
)
from flaredag.sequences import choose_regions
from flaredag.splits import SPLITS, fold_of_regions

LOG = logging.getLogger("flaredag")

# Keywords of `draw_dataset` that say what is done with the members of a split, not who they are.
HOW_DRAWN = ("undersampled", "standardisation", "min_max_scaled", "pixels_standardised_by", "features")


def draw_datasets(
    windows: StudyWindows, name: str, *, seeds: Sequence[int], settings: Mapping[str, Any]
) -> tuple[list[Dataset], dict[str, Any]]:
    """The data set `name` for every seed, and its entry of the index: digests, and samples and regions of each split.

    `settings`: keywords of `draw_dataset`. Samples are counted as drawn (`splits`) and before any is left out to
    balance a split (`natural`).
    """
    datasets = [draw_dataset(windows, name=name, seed=seed, **settings) for seed in seeds]
    how_split = {key: value for key, value in settings.items() if key not in HOW_DRAWN}
    entry: dict[str, Any] = {"split_by": settings.get("split_by", "region"), "seeds": {}}
    if "training_folds" in settings:
        # Its seeds are folds, and figures over them no figures over seeds.
        entry["training_folds"] = settings["training_folds"]
    for dataset in datasets:
        samples = {split: samples_of_split(windows, dataset, split) for split in SPLITS}
        members = split_members(windows, where=f"{name}, seed {dataset.seed}", seed=dataset.seed, **how_split)
        entry["seeds"][str(dataset.seed)] = {
            "digest": content_digest(samples),
            "splits": {split: _counts(one.label) for split, one in samples.items()},
            "natural": {split: _counts(windows.label[own]) for split, own in members.items()},
            "regions": {split: _count_regions(one) for split, one in samples.items()},
            "regions_of_evaluated": {
                split: _count_regions(one, windows.instruments.index(settings["evaluated"]))
                for split, one in samples.items()
            },
        }
        if windows.images is not None:
            entry["seeds"][str(dataset.seed)]["magnetograms"] = magnetograms_digest(windows, dataset)
    return datasets, entry


def _count_regions(samples: Samples, instrument: int | None = None) -> int:
    """Regions of samples, of one instrument where its code is given."""
    own = np.stack([samples.instrument, samples.region])
    return np.unique(own if instrument is None else own[:, own[0] == instrument], axis=1).shape[1]


def _counts(label: NDArray[np.int8]) -> dict[str, int]:
    return {"positive": int((label == 1).sum()), "negative": int((label == 0).sum())}


def explained_regions(windows: StudyWindows, *, settings: Mapping[str, Any]) -> list[dict[str, int]]:
    """Regions whose forecasts are explained, each with the fold of the cross-validation that has not seen it.

    `settings`: `instrument`, `folds` and `validation_fraction`, and `regions`: numbers, or how many are to be chosen
    (`flaredag.sequences.choose_regions`). Raises InputError where a region that is asked for has no window.
    """
    wanted, instrument = settings["regions"], settings["instrument"]
    own = windows.instrument == windows.instruments.index(instrument)
    regions = choose_regions(windows, instrument, wanted) if isinstance(wanted, int) else list(wanted)
    group_of = dict(zip(windows.region[own].tolist(), windows.split_group[own].tolist(), strict=True))
    absent = [region for region in regions if region not in group_of]
    if absent:
        raise InputError(
            f"explanation: no window of {instrument} {absent}; wanted regions that have some. Name others."
        )
    folds = [
        fold_of_regions(
            windows.split_group[own],
            fold=fold,
            folds=settings["folds"],
            validation_fraction=settings["validation_fraction"],
        )["test"]
        for fold in range(settings["folds"])
    ]
    return [
        {"region": region, "fold": next(i for i, groups in enumerate(folds) if group_of[region] in groups)}
        for region in regions
    ]


def main(
    windows: str,
    datasets: str,
    index: str,
    *,
    settings: Mapping[str, Mapping[str, Any]],
    explanation: Mapping[str, Any] | None,
) -> None:
    """Read the windows; write the data sets that `settings` names, and the index (JSON)."""
    drawn, entries = {}, {}
    for name, own in settings.items():
        study = read_windows(windows, own["task"])
        drawn[name], entries[name] = draw_datasets(study, name, seeds=own["seeds"], settings=own["draw"])
        entries[name]["task"] = own["task"]
        for seed, entry in entries[name]["seeds"].items():
            LOG.info("%s, seed %s: %s, digest %s", name, seed, entry["splits"], entry["digest"])
    explained = (
        explained_regions(read_windows(windows, explanation["task"]), settings=explanation) if explanation else []
    )
    write_datasets(datasets, drawn)
    write_json(index, {"datasets": entries, "explained": explained})


if __name__ == "__main__":
    with job_log(snakemake.log[0]):
        main(
            snakemake.input.windows,
            snakemake.output.datasets,
            snakemake.output.index,
            settings=snakemake.params.settings,
            explanation=snakemake.params.explanation,
        )
