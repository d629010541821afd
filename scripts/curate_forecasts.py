"""Anybody's forecasts as CSV -> predictions in the form that verification reads."""

import logging

import pandas as pd

from flaredag.joblog import job_log
from flaredag.predictions import read_forecasts_csv, write_predictions

LOG = logging.getLogger("flaredag")
# Of regions given by a bare number: HARPNUM, as most published forecasts of regions have it.
INSTRUMENT = "sharp"


def curate_forecasts(forecasts: str) -> pd.DataFrame:
    """Predictions of a CSV file with the columns time, label, probability, region, split, model, seed."""
    return read_forecasts_csv(forecasts, instrument=INSTRUMENT)


def main(forecasts: str, predictions: str) -> None:
    """Read forecasts (CSV), write predictions (netCDF)."""
    table = curate_forecasts(forecasts)
    LOG.info("%s: %d forecasts of models %s", forecasts, len(table), ", ".join(table["model"].unique()))
    write_predictions(predictions, table)


if __name__ == "__main__":
    with job_log(snakemake.log[0]):
        main(snakemake.input.forecasts, snakemake.output.predictions)
