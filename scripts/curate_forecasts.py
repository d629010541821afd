"""Anybody's forecasts as CSV -> predictions in the form that verification reads, and what was taken for granted."""

import logging
from pathlib import Path

from flaredag.artifacts import sha256_of_file, write_json
from flaredag.errors import InputError
from flaredag.forecast_files import ForecastFile, read_forecasts_csv
from flaredag.joblog import job_log
from flaredag.predictions import write_predictions

LOG = logging.getLogger("flaredag")
# Of regions given by a bare number: HARPNUM, as most published forecasts of regions have it.
INSTRUMENT = "sharp"


def curate_forecasts(forecasts: str) -> ForecastFile:
    """Predictions of a CSV file (columns: flaredag.forecast_files), and notes on them in words."""
    return read_forecasts_csv(forecasts, instrument=INSTRUMENT)


def main(forecasts: str, predictions: str, source: str) -> None:
    """Read forecasts (CSV), write predictions (netCDF) and where they are from (JSON: file, sha256, notes).

    A region may lie in two splits: their audit tells that. Raises InputError where no file is given.
    """
    if not forecasts:
        raise InputError(
            "no forecasts are given. Name a CSV file with the columns time, label, probability: snakemake "
            "results/verification.pdf --config forecasts=FILE.csv"
        )
    table, notes = curate_forecasts(forecasts)
    LOG.info("%s: %d forecasts of models %s", forecasts, len(table), ", ".join(table["model"].unique()))
    for note in notes:
        LOG.warning("%s: %s", forecasts, note)
    write_predictions(predictions, table, region_in_two_splits_allowed=True)
    write_json(source, {"file": Path(forecasts).name, "sha256": sha256_of_file(forecasts), "notes": notes})


if __name__ == "__main__":
    with job_log(snakemake.log[0]):
        main(snakemake.input.forecasts, snakemake.output.predictions, snakemake.output.source)
