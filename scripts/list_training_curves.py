"""Loss and skill by epoch of the networks of which a study's figures show training curves."""

import logging
from collections.abc import Mapping, Sequence
from typing import Any

import pandas as pd

from flaredag.artifacts import read_json, write_csv
from flaredag.errors import InputError
from flaredag.joblog import job_log
from flaredag.training_curves import TRAINING_CURVE_COLUMNS, curves_of_fit

LOG = logging.getLogger("flaredag")


def list_training_curves(
    fits: Sequence[tuple[str, str, Mapping[str, Any]]], asked: Mapping[str, Sequence[str]]
) -> pd.DataFrame:
    """Table `flaredag.training_curves.TRAINING_CURVE_COLUMNS` of the models `asked` for, by data set.

    `fits`: data set, path and content of the provenance of each batch. Rows are in the order of data sets, models,
    seeds and epochs. Raises InputError where a fit has no such curves.
    """
    parts = [curves_of_fit(content, asked[dataset], dataset=dataset, path=path) for dataset, path, content in fits]
    rows = pd.concat(parts, ignore_index=True) if parts else pd.DataFrame(columns=list(TRAINING_CURVE_COLUMNS))
    order = [
        rows.loc[(rows["dataset"] == dataset) & (rows["model"] == model)].sort_values(["seed", "epoch"])
        for dataset, models in asked.items()
        for model in models
    ]
    return pd.concat(order, ignore_index=True) if order else rows


def main(
    provenances: Sequence[str], datasets: Sequence[str], training_curves: str, *, asked: Mapping[str, Sequence[str]]
) -> None:
    """Read the provenance of fits, each of the data set beside it, and write their training curves."""
    if len(provenances) != len(datasets):
        raise InputError(
            f"{len(provenances)} files of provenance for {len(datasets)} data sets; wanted one of each a file. Mend "
            "the input of the rule."
        )
    contents = [(dataset, path, read_json(path)) for dataset, path in zip(datasets, provenances, strict=True)]
    table = list_training_curves(contents, asked)
    write_csv(training_curves, table, float_format="%.10g")
    n_trainings = len(table[["dataset", "model", "seed"]].drop_duplicates())
    LOG.info("read %d files of provenance; %s: curves of %d fits", len(provenances), training_curves, n_trainings)


if __name__ == "__main__":
    with job_log(snakemake.log[0]):
        main(
            snakemake.input.provenances,
            snakemake.params.datasets,
            snakemake.output.training_curves,
            asked=snakemake.params.asked,
        )
