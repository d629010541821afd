"""GOES flare lists of NCEI, HEK and SWPC -> one list of canonical flares, and where the lists contradict each other."""

import logging
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

import numpy as np
import pandas as pd

from flaredag.artifacts import write_csv, write_json
from flaredag.compiled_lists import read_compiled_list
from flaredag.errors import InputError
from flaredag.flare_lists import REPAIRS
from flaredag.flare_reconciliation import reconcile
from flaredag.goes import flux_scale, unscaled_classes
from flaredag.hek_events import read_hek_events
from flaredag.joblog import Progress, job_log
from flaredag.ncei_reports import read_ncei_report
from flaredag.rejections import Rejection, write_rejections
from flaredag.swpc_events import read_swpc_events
from flaredag.tables import NOT_GIVEN, curated_flares, write_flares

LOG = logging.getLogger("flaredag")

READERS: dict[str, Callable[[str], tuple[pd.DataFrame, list[Rejection]]]] = {
    "ncei": read_ncei_report,
    "hek": read_hek_events,
    "swpc": read_swpc_events,
}


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
        repairs = lists[name]["repairs"].str.get_dummies(",").reindex(columns=list(REPAIRS), fill_value=0).sum()
        counts |= {f"flares_repaired_{repair}_{name}": int(repairs[repair]) for repair in REPAIRS}
    flares, disagreements, found = reconcile(
        lists, preferred_order=preferred_order, max_peak_difference_minutes=max_peak_difference_minutes
    )
    scale = flux_scale(flares["satellite"], flares["start_time"].to_numpy(dtype="datetime64[s]"))
    counts |= found | {
        "flares_of_goes_8_to_15": int((scale < 1).sum()),
        "flares_of_unknown_flux_scale": int(np.isnan(scale).sum()),
        "flares_unscaled": 0,
    }
    if unscale_goes_8_to_15:
        classes = unscaled_classes(flares["goes_class"], scale)
        counts["flares_unscaled"] = int((classes != flares["goes_class"].to_numpy(dtype=object)).sum())
        flares = flares.assign(goes_class=classes)
    flares, known = curated_flares(flares.assign(start_uncertainty=0.0, instrument="", region=NOT_GIVEN))
    return flares, disagreements, counts | known | {"flares_without_noaa_ar": int((flares["noaa_ar"] == 0).sum())}


def read_lists(reports: Mapping[str, Sequence[str]]) -> tuple[dict[str, pd.DataFrame], list[Rejection], dict[str, int]]:
    """Flares of each list, what was left out of them, and counts; a file .csv or .csv.gz is a published compilation."""
    useless = sorted(name for name, paths in reports.items() if name not in READERS or not paths)
    if useless or not reports:
        raise InputError(
            f"flare lists {', '.join(useless) or '(none)'}: not known, or without files; wanted files of one or more "
            f"of {', '.join(READERS)}. Mend the names of the lists."
        )
    lists, rejected, counts = {}, [], {}
    progress = Progress(LOG, "flare lists", sum(len(paths) for paths in reports.values()))
    for name in sorted(reports):
        of_list, n_rejected_before = [], len(rejected)
        for path in sorted(reports[name]):
            read = read_compiled_list if ".csv" in Path(path).suffixes else READERS[name]
            flares, left_out = read(path)
            of_list.append(flares)
            rejected += left_out
            progress.advance(path)
        lists[name] = pd.concat(of_list, ignore_index=True)
        counts[f"flares_read_{name}"] = len(lists[name])
        counts[f"flares_rejected_{name}"] = len(rejected) - n_rejected_before
    return lists, rejected, counts


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
