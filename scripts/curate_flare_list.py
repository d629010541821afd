"""One list of GOES flares by itself -> canonical flares, with and without the factor 0.7 of GOES 8-15, and its periods.

For asking what a verification owes to the list that its labels were made from.
"""

import logging
from collections.abc import Sequence

import pandas as pd

from flaredag.artifacts import write_csv, write_json
from flaredag.joblog import job_log
from flaredag.listed_flares import covered_periods, flares_of_one_list, read_lists, with_true_flux
from flaredag.rejections import write_rejections
from flaredag.tables import write_flares

LOG = logging.getLogger("flaredag")


def curate_flare_list(listed: pd.DataFrame, *, name: str) -> tuple[pd.DataFrame, pd.DataFrame, dict[str, int]]:
    """Canonical flares of a list, the same with the classes of the true flux, and counts.

    `listed` has the columns `FLARE_LIST_COLUMNS`.
    """
    flares, counts = flares_of_one_list(listed, name=name)
    unscaled, of_scale = with_true_flux(listed)
    return flares, flares_of_one_list(unscaled, name=name)[0], counts | of_scale


def main(
    reports: Sequence[str], flares: str, unscaled: str, covered: str, counts: str, rejected: str, *, name: str
) -> None:
    """Read the files of the list `name`; write flares twice (netCDF), periods (CSV), counts (JSON) and rejections."""
    lists, left_out, found = read_lists({name: reports})
    as_given, of_true_flux, more = curate_flare_list(lists[name], name=name)
    found = {"flares_rejected": found[f"flares_rejected_{name}"]} | more
    LOG.info("%s: %s", name, found)
    write_flares(unscaled, of_true_flux)
    write_csv(covered, covered_periods(lists[name]))
    write_json(counts, found)
    write_rejections(rejected, left_out)
    write_flares(flares, as_given)


if __name__ == "__main__":
    with job_log(snakemake.log[0]):
        main(
            list(snakemake.input.reports),
            snakemake.output.flares,
            snakemake.output.unscaled,
            snakemake.output.covered,
            snakemake.output.counts,
            snakemake.output.rejected,
            name=snakemake.params.name,
        )
