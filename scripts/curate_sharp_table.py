"""A published table of 12-minute SHARP keywords and a map of HARPs to NOAA regions -> canonical records."""

import logging
from collections.abc import Sequence

import numpy as np
import pandas as pd

from flaredag.artifacts import write_json
from flaredag.harp_noaa import read_harp_noaa
from flaredag.joblog import job_log
from flaredag.jsoc import utc_from_tai
from flaredag.rejections import Rejection, write_rejections
from flaredag.shared_regions import groups_of_patches
from flaredag.sharp_table import CADENCE_MINUTES, read_sharp_table, rejections, steps_between_records
from flaredag.tables import NOT_GIVEN, curated_records, write_records

LOG = logging.getLogger("flaredag")

KEY = ["region", "t_rec"]


def curate_sharp_table(
    raw: pd.DataFrame, harp_noaa: pd.DataFrame, *, path: str
) -> tuple[pd.DataFrame, list[Rejection], dict[str, int]]:
    """Canonical records of `raw`, those left out because another contradicts them, and counts of what was found.

    `raw`: `region`, `t_rec` and keywords; `harp_noaa`: pairs of `region` and `noaa_ar`. InputError where a keyword is
    out of its range in more than 1 % of the records.
    """
    unique = raw.drop_duplicates()
    twice = unique.loc[unique.duplicated(KEY), KEY]
    clash = pd.MultiIndex.from_frame(raw[KEY]).isin(pd.MultiIndex.from_frame(twice))
    rejected = rejections(raw, clash, reason="differs from another record of its region and time", path=path)
    kept = raw[~clash]
    numbers = harp_noaa.sort_values(["region", "noaa_ar"]).astype({"noaa_ar": str}).groupby("region")["noaa_ar"]
    not_given = dict.fromkeys(("longitude_min", "longitude_max", "latitude_min", "latitude_max"), np.nan)
    records = kept.assign(
        time=utc_from_tai(kept["t_rec"]),
        noaa_ars=kept["region"].map(numbers.agg(",".join)).fillna("").astype(object),
        quality=NOT_GIVEN,
        **not_given,
    )
    records, counts = curated_records(records, path=path)
    # The flares of a NOAA region are those of all its patches: in two splits they would be a leak.
    records["split_group"] = groups_of_patches(records["region"].to_numpy(dtype=np.int64), harp_noaa)
    minutes = steps_between_records(records)
    regions = records.drop_duplicates("region")
    return (
        records,
        rejected,
        counts
        | {
            "records_kept": len(records),
            "regions": len(regions),
            "split_groups": int(records["split_group"].nunique()),
            "regions_without_noaa_ar": int((regions["noaa_ars"] == "").sum()),
            "steps": len(minutes),
            "steps_of_12_minutes": int((minutes == CADENCE_MINUTES).sum()),
            "steps_longer_than_a_day": int((minutes > 24 * 60).sum()),
            "records_off_12_minutes": int((records["t_rec"].astype(np.int64) % (60 * CADENCE_MINUTES) != 0).sum()),
        },
    )


def main(tables: Sequence[str], harp_noaa: str, table: str, counts: str, rejected: str) -> None:
    """Read published tables (Parquet) and the map; write records (netCDF), counts (JSON) and what was left out."""
    read = [read_sharp_table(path) for path in sorted(tables)]
    pairs, bad_lines = read_harp_noaa(harp_noaa)
    records, contradicted, found = curate_sharp_table(
        pd.concat([raw for raw, _ in read]), pairs, path=", ".join(sorted(tables))
    )
    left_out = [*(one for _, of_table in read for one in of_table), *contradicted]
    found |= {"records_rejected": len(left_out), "map_lines_rejected": len(bad_lines)}
    LOG.info("%s: %s", table, found)
    write_records(table, records, instrument="sharp")
    write_rejections(rejected, [*left_out, *bad_lines])
    write_json(counts, found)


if __name__ == "__main__":
    with job_log(snakemake.log[0]):
        main(
            list(snakemake.input.tables),
            snakemake.input.harp_noaa,
            snakemake.output.table,
            snakemake.output.counts,
            snakemake.output.rejected,
        )
