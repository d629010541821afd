"""Windows of a study -> its data sets, a file a data set, and the index that names their content."""

import logging
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from flaredag.artifacts import write_json
from flaredag.datasets import draw_dataset
from flaredag.joblog import job_log
from flaredag.samples import Dataset, StudyWindows, content_digest, read_windows, samples_of_split, write_datasets
from flaredag.splits import SPLITS

LOG = logging.getLogger("flaredag")


def draw_datasets(
    windows: StudyWindows, name: str, *, seeds: Sequence[int], settings: Mapping[str, Any]
) -> tuple[list[Dataset], dict[str, Any]]:
    """The data set `name` for every seed, and its entry of the index: digests, and samples and regions of each split.

    `settings`: the data set's own, and the study's `splits`, as in the configuration.
    """
    datasets = [draw_dataset(windows, name=name, seed=seed, **settings) for seed in seeds]
    entry: dict[str, Any] = {"seeds": {}}
    for dataset in datasets:
        samples = {split: samples_of_split(windows, dataset, split) for split in SPLITS}
        entry["seeds"][str(dataset.seed)] = {
            "digest": content_digest(samples),
            "splits": {
                split: {"positive": int((one.label == 1).sum()), "negative": int((one.label == 0).sum())}
                for split, one in samples.items()
            },
            "regions": {
                split: len(np.unique(np.stack([one.instrument, one.region]), axis=1).T)
                for split, one in samples.items()
            },
        }
    return datasets, entry


def main(
    windows: str,
    datasets: str,
    index: str,
    *,
    seeds: Sequence[int],
    settings: Mapping[str, Mapping[str, Any]],
) -> None:
    """Read the windows; write the data sets that `settings` names, and the index (JSON)."""
    study = read_windows(windows)
    drawn, entries = {}, {}
    for name, own in settings.items():
        drawn[name], entries[name] = draw_datasets(study, name, seeds=seeds, settings=own)
        for seed, entry in entries[name]["seeds"].items():
            LOG.info("%s, seed %s: %s, digest %s", name, seed, entry["splits"], entry["digest"])
    write_datasets(datasets, drawn)
    write_json(index, {"datasets": entries})


if __name__ == "__main__":
    with job_log(snakemake.log[0]):
        main(
            snakemake.input.windows,
            snakemake.output.datasets,
            snakemake.output.index,
            seeds=snakemake.params.seeds,
            settings=snakemake.params.settings,
        )
