"""Published HED parameters of the day before one flare of each NOAA region -> canonical records, and those flares."""

import logging

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from flaredag.artifacts import write_json
from flaredag.errors import InputError
from flaredag.harp_noaa import read_harp_noaa
from flaredag.high_energy_tables import LEVEL_OF_CLASS, STEP_MINUTES, read_high_energy_flares, read_high_energy_series
from flaredag.joblog import job_log
from flaredag.jsoc import utc_from_tai
from flaredag.raw_records import RecordFaults
from flaredag.rejections import Rejection, write_rejections
from flaredag.shared_regions import groups_of_patches
from flaredag.tables import NOT_GIVEN, curated_flares, curated_records, write_flares, write_records

LOG = logging.getLogger("flaredag")

INSTRUMENT = "sharp"
FLARE_LIST = "magpardb"
DAY = pd.Timedelta("24h")
# The published series begin at most 27 h before the flare: what is older belongs to another flare, or another year.
LONGEST_BEFORE_FLARE = 2 * DAY
NOT_BEFORE_FLARE = "not before the region's flare"


def curate_high_energy_regions(
    series: pd.DataFrame, listed: pd.DataFrame, harp_noaa: pd.DataFrame, *, path: str
) -> tuple[pd.DataFrame, pd.DataFrame, list[Rejection], dict[str, int]]:
    """Canonical records of `series`, canonical flares, the records that flares forbid, and counts of what was found.

    `series` and `listed` as `read_high_energy_series` and `read_high_energy_flares` give them; `harp_noaa`: pairs of
    `region` (HARPNUM) and `noaa_ar`. The `region` of a record is its NOAA number. Left out is a record that is not
    before the flare of its region, for it knows the flare, that is more than two days before it, or whose level is not
    the flare's. A region without a listed flare is given one of the least class of its level, a step after its last
    record: its `lists` is empty and its `start_uncertainty` is that step. Raises InputError where no record is left, or
    a parameter is out of its range in more than 1 % of the records.
    """
    flare_of_region = listed.set_index("region")
    start = series["region"].map(flare_of_region["start_time"])
    level = series["region"].map(flare_of_region["goes_class"].str[0].map(LEVEL_OF_CLASS))
    time = utc_from_tai(series["t_rec"])
    faults = RecordFaults(series.astype(str), source=path)
    faults.mark(level.notna() & (level != series["level"]), "level not that of the region's flare")
    faults.mark(time >= start, NOT_BEFORE_FLARE)
    faults.mark(start - time > LONGEST_BEFORE_FLARE, "more than two days before the region's flare")
    kept = series.assign(time=time)[faults.good]
    if not len(kept):
        raise InputError(
            f"{path}: none of its {len(series)} records lies in the two days before the flare of its region; wanted "
            "most of them to. Are series and flares published together?"
        )
    not_given = dict.fromkeys(("longitude_min", "longitude_max", "latitude_min", "latitude_max"), np.nan)
    records, counts = curated_records(
        kept.drop(columns="level").assign(
            noaa_ars=kept["region"].astype(str).astype(object), quality=NOT_GIVEN, **not_given
        ),
        path=path,
    )
    records["split_group"] = groups_of_regions(records["region"].to_numpy(dtype=np.int64), harp_noaa)
    assumed = _assumed_flares(kept[~kept["region"].isin(listed["region"])])
    flares = pd.concat([listed.assign(start_uncertainty=0.0, lists=FLARE_LIST), assumed], ignore_index=True)
    flares, flare_counts = curated_flares(flares.assign(noaa_ar=flares["region"], instrument=INSTRUMENT))
    after = faults.reason == NOT_BEFORE_FLARE
    counts |= flare_counts | {
        "records_kept": len(records),
        "records_not_before_flare": int(after.sum()),
        "records_more_than_a_day_before_flare": int((start - time > DAY)[faults.good].sum()),
        "regions_with_records_not_before_flare": series.loc[after, "region"].nunique(),
        "flares_start_of_key_taken": int((~listed["start_agrees"]).sum()),
        "flares_region_of_key_taken": int((~listed["region_agrees"]).sum()),
        "flares_not_known": len(assumed),
        "flares_without_records": int((~flares["region"].isin(records["region"])).sum()),
    }
    return records, flares, faults.rejections(), counts | _counts_of_regions(records, kept, harp_noaa)


def groups_of_regions(region: NDArray[np.int64], harp_noaa: pd.DataFrame) -> NDArray[np.int64]:
    """Group (record,) of each NOAA region: those that share a HARP, directly or through others, whose field is one.

    The others need no record here: a HARP table has the patches that link them. A region without a HARP is a group.
    """
    by_noaa_ar = harp_noaa.rename(columns={"region": "noaa_ar", "noaa_ar": "region"})
    everyone = np.union1d(region, by_noaa_ar["region"].to_numpy(dtype=np.int64))
    return groups_of_patches(everyone, by_noaa_ar)[np.searchsorted(everyone, region)]


def _assumed_flares(records: pd.DataFrame) -> pd.DataFrame:
    """A flare for each region of `records` (`region`, `time`, `level`), none of which a list names."""
    of_region = records.groupby("region", as_index=False).agg(last=("time", "max"), level=("level", "first"))
    step = pd.Timedelta(minutes=STEP_MINUTES)
    nothing = pd.Series(pd.NaT, index=of_region.index, dtype="datetime64[s]")
    return pd.DataFrame(
        {
            "region": of_region["region"],
            "start_time": (of_region["last"] + step).astype("datetime64[s]"),
            "start_uncertainty": step.total_seconds(),
            "peak_time": nothing,
            "end_time": nothing,
            "goes_class": of_region["level"] + "1.0",
            "lists": "",
        }
    )


def _counts_of_regions(records: pd.DataFrame, kept: pd.DataFrame, harp_noaa: pd.DataFrame) -> dict[str, int]:
    regions = kept.drop_duplicates("region")
    held = harp_noaa[harp_noaa["noaa_ar"].isin(regions["region"])]
    return {
        "regions": len(regions),
        "regions_of_level_c": int((regions["level"] == "C").sum()),
        "regions_of_level_m": int((regions["level"] == "M").sum()),
        "regions_without_harp": int((~regions["region"].isin(held["noaa_ar"])).sum()),
        "regions_in_several_harps": int((held["noaa_ar"].value_counts() > 1).sum()),
        "harps_of_several_regions": int((held["region"].value_counts() > 1).sum()),
        "split_groups": records["split_group"].nunique(),
    }


def main(inputs: dict[str, str], table: str, flares: str, counts: str, rejected: str) -> None:
    """Read the `inputs`; write records and flares (netCDF), counts (JSON) and what was left out (CSV).

    `inputs`: `series` and `flares` as published (CSV), and `harp_noaa`, the map of HARPs.
    """
    series, left_out = read_high_energy_series(inputs["series"])
    listed, bad_flares = read_high_energy_flares(inputs["flares"])
    pairs, bad_lines = read_harp_noaa(inputs["harp_noaa"])
    records, curated, forbidden, found = curate_high_energy_regions(series, listed, pairs, path=inputs["series"])
    found |= {
        "records_rejected": len(left_out) + len(forbidden),
        "flares_rejected": len(bad_flares),
        "map_lines_rejected": len(bad_lines),
    }
    LOG.info("%s: %s", table, found)
    for told, agrees in (("TSTART", "start_agrees"), ("ARNUM", "region_agrees")):
        differing = listed.loc[~listed[agrees], "region"]
        LOG.info("%s: KEY taken where %s differs: regions %s", inputs["flares"], told, ", ".join(map(str, differing)))
    write_records(table, records, instrument=INSTRUMENT)
    write_flares(flares, curated)
    write_rejections(rejected, [*left_out, *forbidden, *bad_flares, *bad_lines])
    write_json(counts, found)


if __name__ == "__main__":
    with job_log(snakemake.log[0]):
        main(
            {name: snakemake.input[name] for name in ("series", "flares", "harp_noaa")},
            snakemake.output.table,
            snakemake.output.flares,
            snakemake.output.counts,
            snakemake.output.rejected,
        )
