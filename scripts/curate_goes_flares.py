"""GOES flare lists of NCEI, HEK and SWPC -> one list of canonical flares, and where the lists contradict each other."""

import logging
from collections.abc import Mapping, Sequence

import pandas as pd

from flaredag.artifacts import write_csv, write_json
from flaredag.flare_reconciliation import reconcile
from flaredag.joblog import job_log
from flaredag.listed_flares import read_lists, repairs_counted, with_true_flux
from flaredag.rejections import write_rejections
from flaredag.tables import NOT_GIVEN, curated_flares, write_flares

LOG = logging.getLogger("flaredag")


def curate_goes_flares(
    lists: Mapping[str, pd.DataFrame],
    *,
    preferred_order: Sequence[str],
    max_peak_difference_minutes: float,
    unscale_goes_8_to_15: bool,
) -> tuple[pd.DataFrame, pd.DataFrame, dict[str, int]]:
    """Canonical flares of `lists` (columns `FLARE_LIST_COLUMNS`), disagreements, and counts of what was found.

    With `unscale_goes_8_to_15` classes of flares that GOES 8-15 measured are those of the flux divided by 0.7; the
    disagreements tell the classes as the lists give them.
    """
    counts = {}
    for name in sorted(lists):
        counts |= {f"flares_repaired_{repair}_{name}": n for repair, n in repairs_counted(lists[name]).items()}
    flares, disagreements, found = reconcile(
        lists, preferred_order=preferred_order, max_peak_difference_minutes=max_peak_difference_minutes
    )
    unscaled, of_scale = with_true_flux(flares)
    counts |= found | of_scale
    if unscale_goes_8_to_15:
        flares = unscaled
    else:
        counts["flares_unscaled"] = 0
    flares, known = curated_flares(flares.assign(start_uncertainty=0.0, instrument="", region=NOT_GIVEN))
    return flares, disagreements, counts | known | {"flares_without_noaa_ar": int((flares["noaa_ar"] == 0).sum())}


def main(
    reports: Mapping[str, Sequence[str]],
    flares: str,
    counts: str,
    rejected: str,
    disagreements: str,
    *,
    preferred_order: Sequence[str],
    max_peak_difference_minutes: float,
    unscale_goes_8_to_15: bool,
) -> None:
    """Read the `reports` of each list, write flares (netCDF), counts (JSON), rejected records, disagreements (CSV)."""
    lists, left_out, found = read_lists(reports)
    table, differing, more = curate_goes_flares(
        lists,
        preferred_order=preferred_order,
        max_peak_difference_minutes=max_peak_difference_minutes,
        unscale_goes_8_to_15=unscale_goes_8_to_15,
    )
    LOG.info("%s", found | more)
    write_rejections(rejected, left_out)
    write_csv(disagreements, differing)
    write_json(counts, found | more)
    write_flares(flares, table)


if __name__ == "__main__":
    with job_log(snakemake.log[0]):
        main(
            {name: list(snakemake.input[name]) for name in snakemake.params.lists},
            snakemake.output.flares,
            snakemake.output.counts,
            snakemake.output.rejected,
            snakemake.output.disagreements,
            preferred_order=snakemake.params.lists,
            max_peak_difference_minutes=snakemake.params.max_peak_difference_minutes,
            unscale_goes_8_to_15=snakemake.params.unscale_goes_8_to_15,
        )
