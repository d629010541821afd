"""Keyword records of one shard and flares -> the records in the day before the largest flare of each region."""

import logging
from collections.abc import Sequence

import numpy as np
import pandas as pd

from flaredag.errors import InputError
from flaredag.goes import threshold_w_m2
from flaredag.joblog import job_log
from flaredag.record_lists import write_record_list
from flaredag.tables import read_flares, read_records
from flaredag.windows import days_before_flares, flares_of_regions, largest_flares

LOG = logging.getLogger("flaredag")


def list_days_before_flares(
    records: pd.DataFrame, flares: pd.DataFrame, *, least_class: str, hours: int, cadence_minutes: int
) -> tuple[pd.DataFrame, dict[str, int]]:
    """Records of one instrument in the `hours` before the largest flare of their region, sorted, and counts.

    The day is that of windows that end before flares (`flaredag.windows.days_before_flares`), every record being good:
    what a study leaves out it leaves out of them. A region without a flare of `least_class` has no day. InputError
    where the hours are no whole number of cadences.
    """
    n_steps, rest = divmod(60 * hours, cadence_minutes)
    if rest:
        raise InputError(
            f"curation.days_before_flares: {hours} hours are no whole number of cadences of {cadence_minutes} minutes; "
            "wanted such a number. Change the hours in config.yaml."
        )
    records = records.assign(region_code=records["region"])
    largest = largest_flares(flares_of_regions(flares, records), least_flux_w_m2=threshold_w_m2(least_class))
    found = days_before_flares(
        records["region"].to_numpy(dtype=np.int64),
        records["time"].to_numpy(),
        np.ones(len(records), dtype=bool),
        largest,
        cadence_minutes=cadence_minutes,
        n_steps=n_steps,
    )
    counts = {
        "regions": records["region"].nunique(),
        "regions_with_flare": len(largest),
        "regions_without_recent_record": int((~found.recent).sum()),
        "records_in_days": len(found.record),
    }
    return records.iloc[found.record].reset_index(drop=True), counts


def main(
    table: str,
    flares: Sequence[str],
    days: str,
    *,
    instrument: str,
    least_class: str,
    hours: int,
    cadence_minutes: int,
) -> None:
    """Read a table of records and flares (netCDF), write the list of records (CSV)."""
    listed, counts = list_days_before_flares(
        read_records([table]),
        read_flares(flares),
        least_class=least_class,
        hours=hours,
        cadence_minutes=cadence_minutes,
    )
    LOG.info("%s: %s", days, counts)
    write_record_list(days, listed, instrument=instrument)


if __name__ == "__main__":
    with job_log(snakemake.log[0]):
        main(
            snakemake.input.table,
            snakemake.input.flares,
            snakemake.output.days,
            instrument=snakemake.wildcards.instrument,
            least_class=snakemake.params.least_class,
            hours=snakemake.params.hours,
            cadence_minutes=snakemake.params.cadence_minutes,
        )
