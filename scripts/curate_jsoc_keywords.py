"""Keyword records as JSOC gives them, one shard of regions -> its canonical table."""

import logging

import numpy as np
import pandas as pd

from flaredag.artifacts import write_json
from flaredag.joblog import job_log
from flaredag.jsoc import REGION_KEYWORD, T_REC_FORMAT, utc_from_tai
from flaredag.keyword_ranges import KEYWORDS
from flaredag.raw_records import RecordFaults, read_raw_records
from flaredag.rejections import Rejection, write_rejections
from flaredag.shards import REGIONS_A_SHARD
from flaredag.tables import curated_records, write_records

LOG = logging.getLogger("flaredag")

WANTED_KEYWORDS = ("usfluxl", "meangbl", "r_value", "area")
EDGES = {
    "longitude_min": "LON_MIN",
    "longitude_max": "LON_MAX",
    "latitude_min": "LAT_MIN",
    "latitude_max": "LAT_MAX",
}
LATITUDES = ("LAT_MIN", "LAT_MAX")
# NOAA_ARS holds numbers joined by commas; JSOC writes these where there is none.
NO_NOAA_AR = ("MISSING", "0")
# Launch of SOHO; an earlier T_REC is JSOC's epoch, which stands for none.
FIRST_T_REC, LAST_T_REC = "1995-12-02", "2100-01-01"


def wanted_columns(instrument: str) -> list[str]:
    """Columns that the raw table must have."""
    region = REGION_KEYWORD[instrument]
    return [region, "T_REC", "NOAA_ARS", "QUALITY", "LON_MIN", "LON_MAX", *(name.upper() for name in WANTED_KEYWORDS)]


def optional_columns() -> list[str]:
    """Columns that are taken where the raw table has them."""
    return [*LATITUDES, *(name.upper() for name in KEYWORDS if name not in WANTED_KEYWORDS)]


def curate_jsoc_keywords(
    raw: pd.DataFrame, *, instrument: str, shard: int, path: str
) -> tuple[pd.DataFrame, dict[str, int], list[Rejection]]:
    """Canonical records of `raw` (texts, indexed by line), counts of what was found, and the records left out.

    Of records of one region and time that differ none is taken, as nothing tells which is right. Raises InputError
    where a whole column is out of its physical range.
    """
    faults = RecordFaults(raw, source=path)
    region = faults.whole_numbers(REGION_KEYWORD[instrument])
    faults.mark(region // REGIONS_A_SHARD != shard, "region outside its shard")
    t_rec = pd.to_datetime(raw["T_REC"].str.strip(), format=T_REC_FORMAT, errors="coerce")
    faults.mark(t_rec.isna(), "T_REC not a time")
    faults.mark(~t_rec.between(FIRST_T_REC, LAST_T_REC), "T_REC out of range")
    noaa_ars = raw["NOAA_ARS"].str.replace(" ", "")
    noaa_ars = noaa_ars.where(~noaa_ars.isin(NO_NOAA_AR), "")
    faults.mark(~noaa_ars.str.fullmatch("([0-9]{1,5}(,[0-9]{1,5})*)?"), "NOAA_ARS not numbers joined by commas")
    quality = _quality(faults)
    columns = {name: column for name, column in EDGES.items() if column in raw}
    columns |= {name: name.upper() for name in KEYWORDS if name.upper() in raw}
    values = dict.fromkeys(EDGES, np.nan) | {name: faults.numbers(column) for name, column in columns.items()}
    records = pd.DataFrame(
        {"region": region, "t_rec": t_rec, "noaa_ars": noaa_ars, "quality": quality} | values, index=raw.index
    )
    records = records.astype({name: np.float64 for name in values})
    _mark_clashes(faults, records)
    records = records[faults.good].astype({"t_rec": "datetime64[s]"})
    records = records.assign(time=utc_from_tai(records["t_rec"]) if len(records) else records["t_rec"])
    records, counts = curated_records(records, path=path)
    rejected = faults.rejections()
    counts |= {"records_read": len(raw), "records_rejected": len(rejected), "regions": records["region"].nunique()}
    return records, counts, rejected


def _quality(faults: RecordFaults) -> np.ndarray:
    """QUALITY words ("0x00010000" or decimal) as int64; records with others are marked."""
    words = faults.raw["QUALITY"].str.strip()
    good = words.str.fullmatch(r"0[xX][0-9a-fA-F]{1,8}|[0-9]{1,10}")
    faults.mark(~good, "QUALITY not an integer")
    words = words.where(good, "0")
    values = {word: int(word, 16) if word[:2] in ("0x", "0X") else int(word) for word in words.unique()}
    return words.map(values).to_numpy(dtype=np.int64)


def _mark_clashes(faults: RecordFaults, records: pd.DataFrame) -> None:
    good = records[faults.good]
    unique = good.drop_duplicates()
    clash = unique[unique.duplicated(["region", "t_rec"], keep=False)]
    keys = pd.MultiIndex.from_frame(records[["region", "t_rec"]])
    faults.mark(
        keys.isin(pd.MultiIndex.from_frame(clash[["region", "t_rec"]])), "records of one region and time that differ"
    )


def main(raw: str, table: str, counts: str, rejected: str, *, instrument: str, shard: int) -> None:
    """Read a raw shard (CSV), write its canonical table (netCDF), the counts (JSON) and what was left out (CSV)."""
    texts, wrong_lines = read_raw_records(raw, wanted_columns(instrument), optional=optional_columns())
    records, found, left_out = curate_jsoc_keywords(texts, instrument=instrument, shard=shard, path=raw)
    found["records_read"] += len(wrong_lines)
    found["records_rejected"] += len(wrong_lines)
    LOG.info("%s: %s", raw, found)
    write_records(table, records, instrument=instrument)
    write_json(counts, found)
    write_rejections(rejected, [*wrong_lines, *left_out])


if __name__ == "__main__":
    with job_log(snakemake.log[0]):
        main(
            snakemake.input.raw,
            snakemake.output.table,
            snakemake.output.counts,
            snakemake.output.rejected,
            instrument=snakemake.wildcards.instrument,
            shard=int(snakemake.wildcards.shard),
        )
