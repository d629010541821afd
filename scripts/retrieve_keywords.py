"""Keyword records of one shard of regions, from JSOC: the table as JSOC gives it, every text untouched."""

import json
import logging
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pandas as pd

from flaredag.artifacts import disk_full_told, write_csv
from flaredag.errors import InputError
from flaredag.joblog import Progress, job_log
from flaredag.jsoc import REGION_KEYWORD, T_REC_FORMAT
from flaredag.jsoc_requests import MISSING, JsocClient, region_list
from flaredag.kept_shards import KeptShard, read_day
from flaredag.retrying import BackOff
from flaredag.shards import regions_of

LOG = logging.getLogger("flaredag")

# Midnight TAI, as records are counted from there, before the first record of any series.
BEGINNING = "1996.01.01_00:00:00_TAI"
MINUTES_A_DAY = 1440
NEEDED = ("T_REC", "NOAA_ARS", "NOAA_NUM", "QUALITY", "LON_MIN", "LON_MAX", "LAT_MIN", "LAT_MAX")
LINE_OF_SIGHT = ("USFLUXL", "MEANGBL", "R_VALUE", "CMASKL", "AREA", "AREA_ACR")
# Bobra et al. 2014, Table 3; SMARP has no vector field.
VECTOR = (
    *("USFLUX", "MEANGAM", "MEANGBT", "MEANGBZ", "MEANGBH", "MEANJZD", "TOTUSJZ", "MEANALP", "MEANJZH", "TOTUSJH"),
    *("ABSNJZH", "SAVNCPP", "MEANPOT", "TOTPOT", "MEANSHR", "SHRGT45", "CMASK"),
)
KEYWORDS = {"sharp": (*LINE_OF_SIGHT, *VECTOR), "smarp": LINE_OF_SIGHT}


def retrieve_keywords(
    client: JsocClient,
    kept: KeptShard,
    *,
    instrument: str,
    series: str,
    as_of: str,
    final_after_days: int,
    cadence_minutes: int,
    quality_below: int,
    regions_per_query: int,
) -> pd.DataFrame:
    """Records before `as_of` of the regions of `kept`'s shard that lie in a NOAA region, texts, sorted.

    Records lie `cadence_minutes` apart, counted from midnight TAI, and have QUALITY below `quality_below`. Columns:
    the region number, `NEEDED`, and those of `KEYWORDS` that the series has.
    """
    region_keyword = REGION_KEYWORD[instrument]
    wanted = [region_keyword, *NEEDED, *KEYWORDS[instrument]]
    regions = kept.regions_to_ask(regions_of(kept.shard), as_of=as_of, final_after_days=final_after_days)
    LOG.info("%s: %d of %d region numbers to ask for", series, len(regions), len(regions_of(kept.shard)))
    columns = _columns_of(client, series, wanted) if regions else []
    batches = [regions[first : first + regions_per_query] for first in range(0, len(regions), regions_per_query)]
    conditions = f"[? QUALITY<{quality_below} AND NOAA_NUM>=1 ?]"
    times = f"{BEGINNING}-{read_day(as_of):%Y.%m.%d}_00:00:00_TAI"
    cadence = f"@{cadence_minutes}m"
    progress = Progress(LOG, f"{series} (questions)", len(batches))
    for batch in batches:
        asked = f"{series}[{region_list(batch)}]"
        records = client.records(f"{asked}[{times}{cadence}]{conditions}", columns)
        on_grid = _on_grid(records["T_REC"], cadence_minutes)
        if cadence and not on_grid.all():
            LOG.warning(
                "%s: %d of %d records are not %d min apart from midnight TAI; asking for all, to choose here",
                asked,
                (~on_grid).sum(),
                len(records),
                cadence_minutes,
            )
            cadence = ""
            records = client.records(f"{asked}[{times}]{conditions}", columns)
            on_grid = _on_grid(records["T_REC"], cadence_minutes)
        strange = sorted(set(records[region_keyword]) - {str(number) for number in batch})
        if strange:
            raise InputError(f"{asked}: JSOC answers with records of {region_keyword} {strange[:5]}. Run again later.")
        kept.keep(batch, as_of=as_of, columns=columns, rows=records[on_grid].to_numpy().tolist())
        progress.advance()
    columns = [name for name in wanted if name in kept.columns()]
    return pd.DataFrame(kept.records(columns, as_of=as_of, missing=MISSING), columns=columns, dtype=str)


def _columns_of(client: JsocClient, series: str, wanted: list[str]) -> list[str]:
    """Those of `wanted` that the series has; InputError where it lacks one that nothing goes without."""
    there = set(client.keywords_of(series))
    lacking = [name for name in wanted if name not in there]
    needed = [name for name in lacking if name in (wanted[0], *NEEDED)]
    if needed:
        raise InputError(f"{series}: no keyword {', '.join(needed)}. Is it a series of patches? Mend config.yaml.")
    if lacking:
        LOG.warning("%s has no keyword %s: left out", series, ", ".join(lacking))
    return [name for name in wanted if name in there]


def _on_grid(t_rec: pd.Series, cadence_minutes: int) -> pd.Series:
    """Whether each time lies a multiple of the cadence after midnight; texts that are no time pass, for curation."""
    times = pd.to_datetime(t_rec, format=T_REC_FORMAT, errors="coerce")
    since_midnight = times - times.dt.normalize()
    return times.isna() | (since_midnight % pd.Timedelta(minutes=cadence_minutes) == pd.Timedelta(0))


def main(
    table: str | Path,
    *,
    instrument: str,
    shard: int,
    as_of: str,
    settings: Mapping[str, Any],
    address: str,
    regions_per_query: int,
    back_off: BackOff | None = None,
    timeout_seconds: float = 60.0,
) -> None:
    """Write the table (CSV) of one shard.

    `settings`: series and quality_below of each instrument, cadence_minutes, final_after_days.
    """
    cadence_minutes = settings["cadence_minutes"]
    if MINUTES_A_DAY % cadence_minutes:
        raise InputError(f"cadence_minutes: {cadence_minutes} found, a divisor of {MINUTES_A_DAY} wanted.")
    series, quality_below = settings["series"][instrument], settings["quality_below"][instrument]
    question = json.dumps([series, cadence_minutes, quality_below, KEYWORDS[instrument]])
    with disk_full_told(table):
        kept = KeptShard(table, shard=shard, question=question)
        records = retrieve_keywords(
            JsocClient(address, log=LOG, back_off=back_off or BackOff(), timeout_seconds=timeout_seconds),
            kept,
            instrument=instrument,
            series=series,
            as_of=as_of,
            final_after_days=settings["final_after_days"],
            cadence_minutes=cadence_minutes,
            quality_below=quality_below,
            regions_per_query=regions_per_query,
        )
        LOG.info("%s: %d records of %d regions", table, len(records), records.iloc[:, 0].nunique())
        write_csv(table, records)
        kept.finish(as_of=as_of)


if __name__ == "__main__":
    with job_log(snakemake.log[0]):
        main(
            snakemake.output.table,
            instrument=snakemake.wildcards.instrument,
            shard=int(snakemake.wildcards.shard),
            as_of=snakemake.params.as_of,
            settings=snakemake.params.settings,
            # No params: how the table is asked for is no part of what it is.
            address=snakemake.config["archives"]["jsoc"]["retrieval"]["addresses"]["jsoc"],
            regions_per_query=snakemake.config["archives"]["jsoc"]["retrieval"]["regions_per_query"],
        )
