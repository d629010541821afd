"""One shard of the simulated Sun: keyword records and magnetograms as JSOC gives them, flares of its regions."""

import logging
from collections.abc import Sequence

import pandas as pd
from threadpoolctl import threadpool_limits

from flaredag.artifacts import write_csv
from flaredag.joblog import Progress, job_log
from flaredag.simulated_files import SegmentFolder
from flaredag.simulated_flares import FLARE_COLUMNS, region_flares
from flaredag.simulated_records import RegionRecords, columns_of, region_records
from flaredag.simulated_regions import region_of_number

LOG = logging.getLogger("flaredag")


def simulate_sun(
    number: int, *, instrument: str, seed: int, bad_record_fraction: float, gaps_per_region: float
) -> tuple[RegionRecords, pd.DataFrame]:
    """Records of one HARP or TARP, and the flares of its region (columns of `flaredag.simulated_flares`)."""
    region = region_of_number(instrument, number, seed)
    records = region_records(
        region, instrument, seed=seed, bad_record_fraction=bad_record_fraction, gaps_per_region=gaps_per_region
    )
    return records, region_flares(region, seed)


def main(
    keywords: str,
    index: str,
    flares: str,
    *,
    instrument: str,
    numbers: Sequence[int],
    seed: int,
    bad_record_fraction: float,
    gaps_per_region: float,
) -> None:
    """Write records (CSV), magnetograms (in the folder of the index's name), flares (CSV), last the index (JSON)."""
    folder = SegmentFolder(index)
    tables, flare_lists = [pd.DataFrame(columns=columns_of(instrument))], []
    progress = Progress(LOG, f"regions of {instrument}", len(numbers))
    # One thread, so that sums of products come out the same on any machine of one kind.
    with threadpool_limits(1):
        for number in sorted(numbers):
            records, of_region = simulate_sun(
                number,
                instrument=instrument,
                seed=seed,
                bad_record_fraction=bad_record_fraction,
                gaps_per_region=gaps_per_region,
            )
            tables.append(records.table)
            flare_lists.append(of_region)
            folder.add(records.files)
            progress.advance()
    table = pd.concat(tables, ignore_index=True)
    flare_list = pd.concat(flare_lists, ignore_index=True) if flare_lists else pd.DataFrame(columns=list(FLARE_COLUMNS))
    write_csv(keywords, table)
    write_csv(flares, flare_list)
    folder.finish()
    LOG.info(
        "%s: %d regions, %d records, %d magnetograms, %d flares", keywords, len(numbers), len(table),
        len(folder.listed), len(flare_list),
    )  # fmt: skip


if __name__ == "__main__":
    with job_log(snakemake.log[0]):
        main(
            snakemake.output.keywords,
            snakemake.output.index,
            snakemake.output.flares,
            instrument=snakemake.wildcards.instrument,
            numbers=snakemake.params.numbers,
            seed=snakemake.params.seed,
            bad_record_fraction=snakemake.params.bad_record_fraction,
            gaps_per_region=snakemake.params.gaps_per_region,
        )
