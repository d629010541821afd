"""NOAA's Solar Region Summaries -> one table: a row a region, day and section."""

import logging
from collections.abc import Sequence
from pathlib import Path

import pandas as pd

from flaredag.artifacts import write_json
from flaredag.joblog import Progress, job_log
from flaredag.region_summaries import SECTIONS, SUMMARY_COLUMNS, latest_rows, read_texts
from flaredag.rejections import Rejection, write_rejections
from flaredag.table_files import write_table

LOG = logging.getLogger("flaredag")


def curate_region_summaries(archives: Sequence[str]) -> tuple[pd.DataFrame, dict[str, int], list[Rejection]]:
    """Rows of all yearly archives (columns `SUMMARY_COLUMNS`), counts of what was found, and what was left out."""
    summaries, rejected = [], []
    progress = Progress(LOG, "region summaries", len(archives))
    for path in sorted(archives, key=lambda path: Path(path).name):
        texts, left_out = read_texts(path)
        summaries.extend(texts)
        rejected.extend(left_out)
        progress.advance()
    rows, counts = latest_rows(summaries)
    counts |= {f"rows_of_section_{section}": int((rows["section"] == section).sum()) for section in SECTIONS}
    counts |= {"noaa_ars": int(rows["noaa_ar"].nunique()), "rejected": len(rejected)}
    return rows, counts, rejected


def main(archives: Sequence[str], table: str, counts: str, rejected: str) -> None:
    """Read yearly archives (tar.gz), write the table (netCDF), the counts (JSON) and what was left out (CSV)."""
    rows, found, left_out = curate_region_summaries(archives)
    LOG.info("region summaries of %d archives: %s", len(archives), found)
    write_table(table, rows, dim="row", columns=SUMMARY_COLUMNS)
    write_json(counts, found)
    write_rejections(rejected, left_out)


if __name__ == "__main__":
    with job_log(snakemake.log[0]):
        main(
            snakemake.input.archives,
            snakemake.output.table,
            snakemake.output.counts,
            snakemake.output.rejected,
        )
