"""Which digest is what: the fits of a study as CSV."""

import csv
from collections.abc import Sequence

from flaredag.artifacts import written_whole
from flaredag.joblog import job_log
from flaredag.store import FIT_COLUMNS


def list_fits(fits: Sequence[dict[str, str]], path: str) -> None:
    """Write `fits` (rows with `FIT_COLUMNS`) to `path`."""
    with written_whole(path) as part, part.open("w", newline="") as file:
        writer = csv.DictWriter(file, FIT_COLUMNS, lineterminator="\n")
        writer.writeheader()
        writer.writerows(fits)


if __name__ == "__main__":
    with job_log(snakemake.log[0]):
        list_fits(snakemake.params.fits, snakemake.output.fits)
