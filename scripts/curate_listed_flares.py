"""A list of GOES flares that others compiled and published -> canonical flares, told by NOAA region."""

import logging
from collections.abc import Sequence

import pandas as pd

from flaredag.artifacts import write_json
from flaredag.compiled_lists import read_compiled_list
from flaredag.joblog import job_log
from flaredag.listed_flares import flares_of_one_list
from flaredag.rejections import write_rejections
from flaredag.tables import write_flares

LOG = logging.getLogger("flaredag")


def main(lists: Sequence[str], flares: str, counts: str, rejected: str, *, name: str) -> None:
    """Read published lists (CSV), write flares (netCDF), counts (JSON) and the lines left out (CSV)."""
    tables, left_out = [], []
    for path in sorted(lists):
        table, bad_lines = read_compiled_list(path)
        tables.append(table)
        left_out += bad_lines
    curated, found = flares_of_one_list(pd.concat(tables, ignore_index=True), name=name)
    found["flares_rejected"] = len(left_out)
    LOG.info("%s: %s", name, found)
    write_flares(flares, curated)
    write_rejections(rejected, left_out)
    write_json(counts, found)


if __name__ == "__main__":
    with job_log(snakemake.log[0]):
        main(
            list(snakemake.input.lists),
            snakemake.output.flares,
            snakemake.output.counts,
            snakemake.output.rejected,
            name=snakemake.params.name,
        )
