"""Keyword records as JSOC gives them -> the canonical table of one instrument."""

import logging

import numpy as np
import pandas as pd

from flaredag.artifacts import write_json
from flaredag.errors import InputError
from flaredag.joblog import job_log
from flaredag.jsoc import read_quality, read_t_rec, utc_from_tai
from flaredag.keywords import KEYWORDS
from flaredag.tables import curated_records, numbers, read_raw_csv, whole_numbers, write_records

LOG = logging.getLogger("flaredag")

# Name of the region number in the series of each instrument.
REGION_KEYWORD = {"sharp": "HARPNUM", "smarp": "TARPNUM"}
# NOAA_ARS holds numbers joined by commas; JSOC writes these where there is none.
NO_NOAA_AR = ("MISSING", "0")


def curate_jsoc_keywords(raw: pd.DataFrame, *, instrument: str, path: str) -> tuple[pd.DataFrame, dict[str, int]]:
    """Canonical records of `raw` (columns of `wanted_columns`, texts), and counts of what was found."""
    t_rec = read_t_rec(raw["T_REC"], path=path)
    noaa_ars = raw["NOAA_ARS"].str.strip()
    noaa_ars = noaa_ars.where(~noaa_ars.isin(NO_NOAA_AR), "")
    wrong = ~noaa_ars.str.fullmatch(r"(\d+(, *\d+)*)?")
    if wrong.any():
        raise InputError(
            f"{path}: column NOAA_ARS: record {int(np.flatnonzero(wrong)[0]) + 1} is {noaa_ars[wrong].iloc[0]!r} "
            f"({int(wrong.sum())} such records); wanted numbers joined by commas, or {NO_NOAA_AR[0]}. Mend the record."
        )
    records = pd.DataFrame({"noaa_ars": noaa_ars}).assign(
        region=whole_numbers(raw[REGION_KEYWORD[instrument]], path=path),
        t_rec=t_rec,
        time=utc_from_tai(t_rec),
        quality=read_quality(raw["QUALITY"], path=path),
        longitude_min=numbers(raw["LON_MIN"], path=path),
        longitude_max=numbers(raw["LON_MAX"], path=path),
        **{name: numbers(raw[name.upper()], path=path) for name in KEYWORDS},
    )
    return curated_records(records, path=path)


def wanted_columns(instrument: str) -> list[str]:
    """Columns that the raw table must have."""
    region = REGION_KEYWORD[instrument]
    return [region, "T_REC", "NOAA_ARS", "QUALITY", "LON_MIN", "LON_MAX", *(name.upper() for name in KEYWORDS)]


def main(raw: str, table: str, counts: str, *, instrument: str) -> None:
    """Read a raw keyword table (CSV), write the canonical table and the counts (JSON)."""
    records, found = curate_jsoc_keywords(
        read_raw_csv(raw, wanted_columns(instrument)), instrument=instrument, path=raw
    )
    found["regions"] = len(np.unique(records["region"]))
    LOG.info("%s: %s", raw, found)
    write_records(table, records, instrument=instrument)
    write_json(counts, found)


if __name__ == "__main__":
    with job_log(snakemake.log[0]):
        main(
            snakemake.input.raw,
            snakemake.output.table,
            snakemake.output.counts,
            instrument=snakemake.params.instrument,
        )
