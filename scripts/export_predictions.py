"""Predictions of one data set -> CSV, validation and test: what others verify, combine or plot."""

import logging
from collections.abc import Sequence

import pandas as pd

from flaredag.joblog import job_log
from flaredag.predictions import read_predictions, write_predictions_csv

LOG = logging.getLogger("flaredag")
# What a model says of the regions that it was fitted on is no forecast.
SPLITS = ("validation", "test")


def export_predictions(predictions: Sequence[str]) -> pd.DataFrame:
    """Predictions of all files on `SPLITS`, one after the other."""
    tables = [read_predictions(path, SPLITS).astype({"model": str, "instrument": str}) for path in predictions]
    return pd.concat(tables, ignore_index=True)


def main(predictions: Sequence[str], exported: str) -> None:
    """Read predictions (netCDF), write them as CSV."""
    table = export_predictions(predictions)
    LOG.info("%s: %d predictions of %d files", exported, len(table), len(predictions))
    write_predictions_csv(exported, table)


if __name__ == "__main__":
    with job_log(snakemake.log[0]):
        main(snakemake.input.predictions, snakemake.output.exported)
