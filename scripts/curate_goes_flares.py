"""A GOES flare list -> the canonical flares."""

import logging

import pandas as pd

from flaredag.artifacts import write_json
from flaredag.joblog import job_log
from flaredag.tables import NOT_GIVEN, curated_flares, read_raw_csv, utc_times, whole_numbers, write_flares

LOG = logging.getLogger("flaredag")

WANTED_COLUMNS = ("start_time", "goes_class", "noaa_ar")


def curate_goes_flares(raw: pd.DataFrame, *, path: str) -> tuple[pd.DataFrame, dict[str, int]]:
    """Canonical flares of `raw` (columns `WANTED_COLUMNS`, texts), and counts of what was found."""
    flares = raw[["goes_class"]].assign(
        start_time=utc_times(raw["start_time"], path=path),
        start_uncertainty=0.0,
        noaa_ar=whole_numbers(raw["noaa_ar"], path=path),
        instrument="",
        region=NOT_GIVEN,
    )
    flares, counts = curated_flares(flares)
    return flares, counts | {"flares_without_noaa_ar": int((flares["noaa_ar"] == 0).sum())}


def main(raw: str, flares: str, counts: str) -> None:
    """Read a flare list (CSV), write the canonical flares and the counts (JSON)."""
    table, found = curate_goes_flares(read_raw_csv(raw, WANTED_COLUMNS), path=raw)
    LOG.info("%s: %s", raw, found)
    write_flares(flares, table)
    write_json(counts, found)


if __name__ == "__main__":
    with job_log(snakemake.log[0]):
        main(snakemake.input.raw, snakemake.output.flares, snakemake.output.counts)
