"""Keyword records of one shard of regions, from JSOC: the table as JSOC gives it, every text untouched.

The Lorentz forces are in a series of their own, whose records have the region and T_REC of those of the patches.
"""

import json
import logging
from collections.abc import Mapping, Sequence
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
# Fisher et al. 2012 (Sol. Phys. 277, 59), as Bobra & Couvidat 2015 take them; cgem.Lorentz has no others of use here.
LORENTZ_FORCE = ("TOTBSQ", "TOTFX", "TOTFY", "TOTFZ", "EPSX", "EPSY", "EPSZ")


def retrieve_keywords(
    client: JsocClient,
    kept: KeptShard,
    *,
    series: str,
    needed: Sequence[str],
    wanted: Sequence[str],
    conditions: str,
    as_of: str,
    final_after_days: int,
    cadence_minutes: int,
    regions_per_query: int,
) -> pd.DataFrame:
    """Records before `as_of` of the regions of `kept`'s shard that fulfil `conditions`, texts, sorted.

    Records lie `cadence_minutes` apart, counted from midnight TAI. Columns: `needed`, the keyword of the region's
    number first and T_REC second, and those of `wanted` that the series has.
    """
    region_keyword = needed[0]
    regions = kept.regions_to_ask(regions_of(kept.shard), as_of=as_of, final_after_days=final_after_days)
    LOG.info("%s: %d of %d region numbers to ask for", series, len(regions), len(regions_of(kept.shard)))
    columns = _columns_of(client, series, needed, wanted) if regions else []
    batches = [regions[first : first + regions_per_query] for first in range(0, len(regions), regions_per_query)]
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
    columns = [name for name in (*needed, *wanted) if name in kept.columns()]
    return pd.DataFrame(kept.records(columns, as_of=as_of, missing=MISSING), columns=columns, dtype=str)


def with_forces(records: pd.DataFrame, forces: pd.DataFrame) -> pd.DataFrame:
    """`records` with the Lorentz forces of the same region and T_REC, the first two columns of both.

    "MISSING" where there are none. Forces of several records of one region and time are all joined: which is right,
    curation cannot tell either, and leaves such records out.
    """
    region_keyword = forces.columns[0]
    keys = [region_keyword, "T_REC"]
    joined = records.merge(forces.drop_duplicates(), on=keys, how="left", indicator=True)
    n_without = int((joined["_merge"] == "left_only").sum())
    LOG.info("%d of %d records have no Lorentz forces", n_without, len(joined))
    return joined.drop(columns="_merge").fillna(MISSING)


def _columns_of(client: JsocClient, series: str, needed: Sequence[str], wanted: Sequence[str]) -> list[str]:
    """`needed`, and those of `wanted` that the series has; InputError where it lacks one that nothing goes without."""
    there = set(client.keywords_of(series))
    lacking = [name for name in needed if name not in there]
    if lacking:
        raise InputError(f"{series}: no keyword {', '.join(lacking)}. Is it a series of patches? Mend config.yaml.")
    lacking = [name for name in wanted if name not in there]
    if lacking:
        LOG.warning("%s has no keyword %s: left out", series, ", ".join(lacking))
    return [*needed, *(name for name in wanted if name in there)]


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

    `settings`: series and quality_below of each instrument, cadence_minutes, final_after_days; with lorentz_series the
    Lorentz forces are joined.
    """
    cadence_minutes = settings["cadence_minutes"]
    if MINUTES_A_DAY % cadence_minutes:
        raise InputError(f"cadence_minutes: {cadence_minutes} found, a divisor of {MINUTES_A_DAY} wanted.")
    series, quality_below = settings["series"][instrument], settings["quality_below"][instrument]
    lorentz_series = settings.get("lorentz_series")
    client = JsocClient(address, log=LOG, back_off=back_off or BackOff(), timeout_seconds=timeout_seconds)
    region_keyword = REGION_KEYWORD[instrument]
    asked = {
        "as_of": as_of,
        "final_after_days": settings["final_after_days"],
        "cadence_minutes": cadence_minutes,
        "regions_per_query": regions_per_query,
    }
    with disk_full_told(table):
        question = json.dumps([series, cadence_minutes, quality_below, KEYWORDS[instrument]])
        answers = [KeptShard(table, shard=shard, question=question)]
        records = retrieve_keywords(
            client,
            answers[0],
            series=series,
            needed=[region_keyword, *NEEDED],
            wanted=KEYWORDS[instrument],
            conditions=f"[? QUALITY<{quality_below} AND NOAA_NUM>=1 ?]",
            **asked,
        )
        if lorentz_series:
            question = json.dumps([lorentz_series, cadence_minutes, LORENTZ_FORCE])
            answers.append(KeptShard(_beside(table), shard=shard, question=question))
            # A joined record has been judged by its own QUALITY and NOAA_NUM.
            forces = retrieve_keywords(
                client,
                answers[1],
                series=lorentz_series,
                needed=[region_keyword, "T_REC"],
                wanted=LORENTZ_FORCE,
                conditions="",
                **asked,
            )
            records = with_forces(records, forces)
        LOG.info("%s: %d records of %d regions", table, len(records), records.iloc[:, 0].nunique())
        write_csv(table, records)
        for kept in answers:
            kept.finish(as_of=as_of)


def _beside(table: str | Path) -> Path:
    """The table by whose name the answers on Lorentz forces are kept; it is never written."""
    return Path(table).with_suffix(".forces.csv")


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
