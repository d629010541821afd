"""Flares of all shards of the simulated Sun -> lists of NCEI and HEK, region summaries of NOAA, the HARP-NOAA map."""

import json
import logging
from collections.abc import Mapping, Sequence

import numpy as np
import pandas as pd

from flaredag.artifacts import written_whole
from flaredag.errors import InputError
from flaredag.joblog import job_log
from flaredag.noaa_files import pack
from flaredag.simulated_flares import FLARE_COLUMNS
from flaredag.simulated_lists import attributed_flares, hek_events, listed_flares, ncei_report, of_year, told_apart
from flaredag.simulated_regions import regions_of_instrument, seen_regions, solar_region
from flaredag.simulated_summaries import region_days, returning_regions, summaries_of_year
from flaredag.tables import read_raw_csv, whole_numbers

LOG = logging.getLogger("flaredag")


def simulate_catalogues(flares: pd.DataFrame, *, year: int, difference_fraction: float, seed: int) -> tuple[str, str]:
    """Lists of a year's `flares` (with the NOAA regions that observers gave them): NCEI's report and HEK's JSON."""
    lists = {
        name: of_year(listed_flares(flares, name, difference_fraction=difference_fraction, seed=seed), year)
        for name in ("ncei", "hek")
    }
    return ncei_report(lists["ncei"], year), json.dumps({"result": hek_events(lists["hek"])}, indent=1) + "\n"


def harp_noaa_map(n_regions: Mapping[str, int], seed: int) -> str:
    """JSOC's map of HARPs to NOAA regions: a line a HARP."""
    regions = [solar_region(k, seed) for k in regions_of_instrument("sharp", n_regions)]
    lines = [f"{region.numbers['sharp']} {','.join(map(str, region.noaa_ars))}\n" for region in regions]
    return "".join(["HARPNUM NOAA_ARS\n", *lines])


def read_flares(paths: Sequence[str]) -> pd.DataFrame:
    """Flares of all shards, each once: that of a region that both instruments see is in two shards."""
    tables = []
    for path in paths:
        table = read_raw_csv(path, FLARE_COLUMNS)
        numbers = ("solar_region", "noaa_ar", "longitude_deg", "latitude_deg")
        tables.append(table.assign(**{name: whole_numbers(table[name], path=path) for name in numbers}))
    return pd.concat(tables, ignore_index=True).drop_duplicates(ignore_index=True)


def main(
    flares: Sequence[str],
    ncei: Sequence[str],
    hek: Sequence[str],
    srs: Sequence[str],
    harp_noaa: str,
    *,
    years: Sequence[int],
    n_regions: Mapping[str, int],
    seed: int,
    unattributed_flare_fraction: float,
    misattributed_flare_fraction: float,
    list_difference_fraction: float,
) -> None:
    """Read the flares of all shards; write, a file a year in order of `years`, the two lists and the summaries."""
    listed = attributed_flares(
        told_apart(read_flares(flares)),
        unattributed_fraction=unattributed_flare_fraction,
        misattributed_fraction=misattributed_flare_fraction,
        seed=seed,
    )
    outside = ~listed["start_time"].str[:4].isin([str(year) for year in years])
    if outside.any():
        raise InputError(
            f"{flares[0]} and {len(flares) - 1} more: {int(outside.sum())} flares outside the years {list(years)}, the "
            f"first on {listed['start_time'][outside].iloc[0]}. Mend the years of the rule."
        )
    regions = [solar_region(k, seed) for k in seen_regions(n_regions)]
    rows: dict[np.datetime64, list] = {}
    for region in regions:
        for day, of_day in region_days(region, seed).items():
            rows.setdefault(day, []).extend(of_day)
    due = returning_regions(regions)
    for year, ncei_path, hek_path, srs_path in zip(years, ncei, hek, srs, strict=True):
        report, events = simulate_catalogues(listed, year=year, difference_fraction=list_difference_fraction, seed=seed)
        for path, text in ((ncei_path, report), (hek_path, events)):
            with written_whole(path) as part:
                part.write_text(text, encoding="ascii", newline="")
        pack(srs_path, summaries_of_year(year, rows, due))
        LOG.info("%d: %d flares by NCEI", year, report.count("\n"))
    with written_whole(harp_noaa) as part:
        part.write_text(harp_noaa_map(n_regions, seed))
    LOG.info("%d flares of %d regions, %d days with regions", len(listed), len(regions), len(rows))


if __name__ == "__main__":
    with job_log(snakemake.log[0]):
        main(
            snakemake.input.flares,
            snakemake.output.ncei,
            snakemake.output.hek,
            snakemake.output.srs,
            snakemake.output.harp_noaa,
            years=snakemake.params.years,
            n_regions=snakemake.params.regions,
            seed=snakemake.params.seed,
            unattributed_flare_fraction=snakemake.params.unattributed_flare_fraction,
            misattributed_flare_fraction=snakemake.params.misattributed_flare_fraction,
            list_difference_fraction=snakemake.params.list_difference_fraction,
        )
