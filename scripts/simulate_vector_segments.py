"""Vector field of listed records of one shard of the simulated Sun, as JSOC gives its segments."""

import logging

import numpy as np
from numpy.typing import NDArray
from threadpoolctl import threadpool_limits

from flaredag.joblog import Progress, job_log
from flaredag.record_lists import read_record_list
from flaredag.simulated_files import SegmentFolder
from flaredag.simulated_regions import region_of_number
from flaredag.simulated_vector_files import INSTRUMENT, vector_files

LOG = logging.getLogger("flaredag")


def simulate_vector_segments(
    number: int, times: NDArray[np.datetime64], *, seed: int, bad_record_fraction: float, gaps_per_region: float
) -> dict[str, bytes]:
    """Files by name of the segments of the records of one HARP at `times` (TAI)."""
    return vector_files(
        region_of_number(INSTRUMENT, number, seed),
        times,
        seed=seed,
        bad_record_fraction=bad_record_fraction,
        gaps_per_region=gaps_per_region,
    )


def main(records: str, index: str, *, seed: int, bad_record_fraction: float, gaps_per_region: float) -> None:
    """Read the list of `records` (CSV), write their files in the folder of the index's name, last the index (JSON)."""
    listed = read_record_list(records, instrument=INSTRUMENT)
    folder = SegmentFolder(index)
    numbers = sorted(set(listed["region"]))
    progress = Progress(LOG, "regions", len(numbers))
    # One thread, so that sums of products come out the same as when the records were made.
    with threadpool_limits(1):
        for number in numbers:
            folder.add(
                simulate_vector_segments(
                    number,
                    listed.loc[listed["region"] == number, "t_rec"].to_numpy(),
                    seed=seed,
                    bad_record_fraction=bad_record_fraction,
                    gaps_per_region=gaps_per_region,
                )
            )
            progress.advance()
    folder.finish()
    LOG.info("%s: %d regions, %d records, %d files", index, len(numbers), len(listed), len(folder.listed))


if __name__ == "__main__":
    with job_log(snakemake.log[0]):
        main(
            snakemake.input.records,
            snakemake.output.index,
            seed=snakemake.params.seed,
            bad_record_fraction=snakemake.params.bad_record_fraction,
            gaps_per_region=snakemake.params.gaps_per_region,
        )
