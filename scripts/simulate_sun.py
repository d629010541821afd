"""Raw files of the embedded archive: keyword records in JSOC's form and a GOES flare list, all simulated."""

import logging
from collections.abc import Mapping

import numpy as np
import pandas as pd

from flaredag.artifacts import write_csv
from flaredag.errors import InputError
from flaredag.joblog import job_log
from flaredag.simulation import INSTRUMENTS, active_regions, goes_flares, keyword_records


def simulate_sun(
    instruments: list[str],
    *,
    seed: int,
    regions_per_instrument: int,
    bad_record_fraction: float,
    gaps_per_region: float,
    unattributed_flare_fraction: float,
) -> tuple[dict[str, pd.DataFrame], pd.DataFrame]:
    """Keyword records of each instrument (`flaredag.simulation.keyword_records`) and the flares of all.

    Each instrument has its own stream of chance, so one table does not depend on which others are made.
    """
    unknown = sorted(set(instruments) - set(INSTRUMENTS))
    if unknown:
        raise InputError(f"no simulation of {unknown}; known instruments: {sorted(INSTRUMENTS)}.")
    keywords, flares = {}, []
    for name in instruments:
        rng = np.random.default_rng([seed, sorted(INSTRUMENTS).index(name)])
        regions = active_regions(INSTRUMENTS[name], n_regions=regions_per_instrument, rng=rng)
        flares.append(goes_flares(regions, unattributed_fraction=unattributed_flare_fraction, rng=rng))
        keywords[name] = keyword_records(
            regions,
            INSTRUMENTS[name],
            bad_record_fraction=bad_record_fraction,
            gaps_a_patch=gaps_per_region,
            rng=rng,
        )
    return keywords, pd.concat(flares).sort_values(["start_time", "noaa_ar", "goes_class"], ignore_index=True)


def main(
    keywords: Mapping[str, str],
    flares: str,
    *,
    seed: int,
    regions_per_instrument: int,
    bad_record_fraction: float,
    gaps_per_region: float,
    unattributed_flare_fraction: float,
    log: logging.Logger | None = None,
) -> None:
    """Write the records of each instrument to `keywords[instrument]` and the flare list to `flares` (CSV)."""
    tables, flare_list = simulate_sun(
        sorted(keywords),
        seed=seed,
        regions_per_instrument=regions_per_instrument,
        bad_record_fraction=bad_record_fraction,
        gaps_per_region=gaps_per_region,
        unattributed_flare_fraction=unattributed_flare_fraction,
    )
    for name, table in tables.items():
        write_csv(keywords[name], table)
        if log:
            log.info("%s: %d records of %d patches", keywords[name], len(table), regions_per_instrument)
    write_csv(flares, flare_list)
    if log:
        log.info("%s: %d flares", flares, len(flare_list))


if __name__ == "__main__":
    with job_log(snakemake.log[0]) as log:
        main(
            {"sharp": snakemake.output.sharp, "smarp": snakemake.output.smarp},
            snakemake.output.flares,
            seed=snakemake.params.seed,
            regions_per_instrument=snakemake.params.regions_per_instrument,
            bad_record_fraction=snakemake.params.bad_record_fraction,
            gaps_per_region=snakemake.params.gaps_per_region,
            unattributed_flare_fraction=snakemake.params.unattributed_flare_fraction,
            log=log,
        )
