"""Records of HARPs and TARPs, JSOC's HARP-NOAA map, NOAA's region summaries -> one row a region."""

import logging
from collections.abc import Sequence

import numpy as np
import pandas as pd

from flaredag.artifacts import write_json
from flaredag.errors import InputError
from flaredag.harp_noaa import read_harp_noaa
from flaredag.joblog import Progress, job_log
from flaredag.region_summaries import read_region_summary_table
from flaredag.table_files import UTC_SECONDS, write_table
from flaredag.tables import read_records

LOG = logging.getLogger("flaredag")

REGION_COLUMNS = {
    "instrument": {"long_name": "instrument"},
    "region": {"long_name": "HARPNUM (sharp) or TARPNUM (smarp)"},
    "noaa_ars": {"long_name": "NOAA active regions of all records, ascending, joined by commas; empty if none"},
    "first_time": {"long_name": "time of the first record, UTC", "units": UTC_SECONDS},
    "last_time": {"long_name": "time of the last record, UTC", "units": UTC_SECONDS},
    "n_records": {"long_name": "number of records", "units": "1"},
    "latitude_deg": {"long_name": "mean latitude of the middle of the patch; NaN if not given", "units": "degree"},
    "largest_r_value": {"long_name": "largest R_VALUE; NaN if never given", "units": "log10(Mx)"},
    "largest_usfluxl": {"long_name": "largest USFLUXL; NaN if never given", "units": "Mx"},
    "map_noaa_ars": {"long_name": "NOAA active regions by JSOC's HARP-NOAA map, as noaa_ars"},
    "map_agrees": {"long_name": "1 if map_noaa_ars is noaa_ars, 0 if not, -1 if the map does not reach the region"},
    "n_summary_days": {"long_name": "days on which NOAA saw one of the regions; -1 if no summaries", "units": "1"},
    "largest_area_microhemisphere": {
        "long_name": "largest area of spots that NOAA gives for one of the regions; NaN if none",
        "units": "microhemisphere",
    },
    "mcintosh": {"long_name": "McIntosh class at the largest area, the first if several; empty if none"},
}
NOT_COMPARED = -1
SECTIONS_ON_DISK = ("I", "IA")
KEY = ["instrument", "region"]


def curate_regions(
    records: pd.DataFrame, harp_noaa: pd.DataFrame | None, summaries: pd.DataFrame | None
) -> tuple[pd.DataFrame, dict[str, int]]:
    """One row a region of `records` (columns `REGION_COLUMNS`, sorted by instrument and region), and counts.

    A patch should bear one NOAA_ARS all its life; where it does not, the union counts. `harp_noaa` (`read_harp_noaa`)
    is held against it for HARPs up to the last in the map, number by number; `summaries` (`SUMMARY_COLUMNS`) are those
    of its NOAA regions while on the disk.
    """
    middle = (records["latitude_min"] + records["latitude_max"]) / 2
    absent = {name: np.nan for name in ("r_value", "usfluxl") if name not in records}
    groups = records.assign(latitude=middle, **absent).groupby(KEY, sort=True)
    regions = groups.agg(
        first_time=("time", "min"),
        last_time=("time", "max"),
        n_records=("time", "size"),
        latitude_deg=("latitude", "mean"),
        largest_r_value=("r_value", "max"),
        largest_usfluxl=("usfluxl", "max"),
    )
    named = records[[*KEY, "noaa_ars"]].drop_duplicates()
    pairs = _pairs(named)
    regions["noaa_ars"] = _joined(pairs, regions.index)
    counts = {
        "regions": len(regions),
        "regions_without_noaa_ar": int((regions["noaa_ars"] == "").sum()),
        "regions_with_changing_noaa_ars": int(named.duplicated(KEY).groupby([named[key] for key in KEY]).any().sum()),
    }
    counts |= _compare_with_map(regions, pairs, harp_noaa)
    counts |= _add_summaries(regions, pairs, summaries)
    return regions.reset_index()[list(REGION_COLUMNS)], counts


def _pairs(named: pd.DataFrame) -> pd.DataFrame:
    """Each NOAA region of each patch once: columns `KEY` and `noaa_ar`."""
    pairs = named[named["noaa_ars"] != ""]
    pairs = pairs.assign(noaa_ar=pairs["noaa_ars"].str.split(",")).explode("noaa_ar")
    pairs = pairs[[*KEY, "noaa_ar"]].astype({"noaa_ar": np.int64})
    return pairs.drop_duplicates().sort_values([*KEY, "noaa_ar"], ignore_index=True)


def _joined(pairs: pd.DataFrame, index: pd.Index) -> pd.Series:
    """Numbers of each patch of `index` joined by commas, in the order of `pairs`."""
    joined = pairs.assign(noaa_ar=pairs["noaa_ar"].astype(str)).groupby(KEY)["noaa_ar"].agg(",".join)
    return joined.reindex(index).fillna("").astype("str")


def _compare_with_map(regions: pd.DataFrame, pairs: pd.DataFrame, harp_noaa: pd.DataFrame | None) -> dict[str, int]:
    instrument, region = (regions.index.get_level_values(key) for key in KEY)
    regions["map_noaa_ars"] = ""
    regions["map_agrees"] = np.int8(NOT_COMPARED)
    if harp_noaa is None or harp_noaa.empty:
        return {}
    compared = (instrument == "sharp") & (region <= harp_noaa["region"].max())
    of_map = harp_noaa.assign(instrument="sharp")
    of_map = of_map[pd.MultiIndex.from_frame(of_map[KEY]).isin(regions.index)]
    regions["map_noaa_ars"] = _joined(of_map, regions.index)
    agrees = (regions["map_noaa_ars"] == regions["noaa_ars"]).to_numpy(dtype=np.int8)
    regions["map_agrees"] = np.where(compared, agrees, np.int8(NOT_COMPARED))
    of_records = pairs[pd.MultiIndex.from_frame(pairs[KEY]).isin(regions.index[compared])]
    merged = of_records.merge(of_map, on=[*KEY, "noaa_ar"], how="outer", indicator=True)["_merge"]
    return {
        "regions_held_against_map": int(compared.sum()),
        "regions_that_differ_from_map": int((agrees[compared] == 0).sum()),
        "noaa_ars_in_map_and_records": int((merged == "both").sum()),
        "noaa_ars_only_in_map": int((merged == "right_only").sum()),
        "noaa_ars_only_in_records": int((merged == "left_only").sum()),
    }


def _add_summaries(regions: pd.DataFrame, pairs: pd.DataFrame, summaries: pd.DataFrame | None) -> dict[str, int]:
    regions["n_summary_days"] = NOT_COMPARED if summaries is None else 0
    regions["largest_area_microhemisphere"] = np.nan
    regions["mcintosh"] = ""
    if summaries is None:
        return {}
    seen = summaries[summaries["section"].isin(SECTIONS_ON_DISK)]
    rows = pairs.merge(seen.assign(day=seen["valid_time"].dt.floor("D")), on="noaa_ar")
    days = rows.groupby(KEY)["day"].nunique()
    regions["n_summary_days"] = days.reindex(regions.index, fill_value=0).astype(np.int64)
    spotted = rows.dropna(subset="area_microhemisphere")
    largest = spotted.sort_values(
        [*KEY, "area_microhemisphere", "valid_time", "noaa_ar"], ascending=[True, True, False, True, True]
    )
    largest = largest.drop_duplicates(KEY).set_index(KEY).reindex(regions.index)
    regions["largest_area_microhemisphere"] = largest["area_microhemisphere"].astype(np.float64)
    regions["mcintosh"] = largest["mcintosh"].fillna("").astype("str")
    return {"regions_in_summaries": int((regions["n_summary_days"] > 0).sum())}


def main(
    tables: Sequence[str], harp_noaa: Sequence[str], region_summaries: Sequence[str], regions: str, counts: str
) -> None:
    """Read tables of records, the map and the summaries (a file of each, or none); write the regions and the counts."""
    LOG.info("%d tables of records, map %s, summaries %s", len(tables), list(harp_noaa), list(region_summaries))
    pairs, rejected = read_harp_noaa(harp_noaa[0]) if harp_noaa else (None, [])
    for rejection in rejected:
        LOG.info("%s, %s: %s", rejection.source, rejection.place, rejection.reason)
    summaries = read_region_summary_table(region_summaries[0]) if region_summaries else None
    parts, found = [], {"map_lines_rejected": len(rejected)}
    progress = Progress(LOG, "regions", len(tables))
    for path in sorted(tables):
        part, of_part = curate_regions(read_records([path]), pairs, summaries)
        parts.append(part.assign(path=path))
        found = {key: found.get(key, 0) + of_part.get(key, 0) for key in found | of_part}
        progress.advance()
    table = pd.concat(parts, ignore_index=True).sort_values(KEY, ignore_index=True)
    twice = table[table.duplicated(KEY, keep=False)]
    if len(twice):
        first = twice.iloc[0]
        raise InputError(
            f"{first['instrument']} region {first['region']} lies in {' and '.join(twice['path'].iloc[:2])} "
            f"({len(twice) // 2} such regions); wanted each region in one table. Mend the source."
        )
    LOG.info("regions: %s", found)
    write_table(regions, table, dim="region_row", columns=REGION_COLUMNS)
    write_json(counts, found)


if __name__ == "__main__":
    with job_log(snakemake.log[0]):
        main(
            snakemake.input.tables,
            snakemake.input.harp_noaa,
            snakemake.input.region_summaries,
            snakemake.output.regions,
            snakemake.output.counts,
        )
