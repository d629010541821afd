"""A list of GOES flares that others compiled and published -> canonical flares, told by NOAA region."""

import logging
from collections.abc import Sequence

import pandas as pd

from flaredag.artifacts import write_json
from flaredag.compiled_lists import read_compiled_list
from flaredag.flare_lists import REPAIRS
from flaredag.joblog import job_log
from flaredag.rejections import write_rejections
from flaredag.tables import NOT_GIVEN, curated_flares, write_flares

LOG = logging.getLogger("flaredag")

KEY = ["start_time", "peak_time", "end_time", "goes_class", "noaa_ar"]


def curate_listed_flares(listed: pd.DataFrame, *, name: str) -> tuple[pd.DataFrame, dict[str, int]]:
    """Canonical flares of a list (columns `FLARE_LIST_COLUMNS`) of this `name`, each once, and counts."""
    repairs = listed["repairs"].str.get_dummies(",").reindex(columns=list(REPAIRS), fill_value=0).sum()
    counts = {f"flares_repaired_{repair}": int(repairs[repair]) for repair in REPAIRS}
    repeated = listed.duplicated(KEY)
    given = listed[~repeated].assign(start_uncertainty=0.0, instrument="", region=NOT_GIVEN, lists=name)
    flares, found = curated_flares(given)
    counts |= found | {
        "flares_repeated": int(repeated.sum()),
        "flares_without_noaa_ar": int((flares["noaa_ar"] == 0).sum()),
    }
    return flares, counts


def main(lists: Sequence[str], flares: str, counts: str, rejected: str, *, name: str) -> None:
    """Read published lists (CSV), write flares (netCDF), counts (JSON) and the lines left out (CSV)."""
    tables, left_out = [], []
    for path in sorted(lists):
        table, bad_lines = read_compiled_list(path)
        tables.append(table)
        left_out += bad_lines
    curated, found = curate_listed_flares(pd.concat(tables, ignore_index=True), name=name)
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
