"""Records of HED parameters, by NOAA region, and the 12-minute table of SHARP keywords -> records with both."""

import logging
from collections.abc import Sequence

import pandas as pd

from flaredag.artifacts import write_json
from flaredag.errors import InputError
from flaredag.harp_noaa import read_harp_noaa
from flaredag.joblog import job_log
from flaredag.rejections import Rejection, write_rejections
from flaredag.sharp_table import CADENCE_MINUTES, KEYWORD_OF_COLUMN, rejections
from flaredag.tables import read_records, write_records

LOG = logging.getLogger("flaredag")

INSTRUMENT = "sharp"
KEYWORDS = list(KEYWORD_OF_COLUMN.values())


def join_sharp_records(
    records: pd.DataFrame, sharp: pd.DataFrame, harp_noaa: pd.DataFrame, *, path: str
) -> tuple[pd.DataFrame, list[Rejection], dict[str, int]]:
    """Those of `records` that have SHARP keywords, with them; the others, with the reason; and counts.

    The `region` of `records` is a NOAA number, that of `sharp` a HARPNUM; `harp_noaa`: pairs of `region` (HARPNUM) and
    `noaa_ar`. Keywords are those of the record at the same T_REC of a HARP that holds the region, or else of the record
    before, by 12 minutes at most: never of a later one. Of several HARPs the whole region has the one that gives it the
    most records, of equal ones that of the least number. Keywords are of the whole patch, and regions of one patch have
    the same. InputError where no record is joined.
    """
    found = _records_of_harps(records, sharp, harp_noaa)
    # idxmax takes the first of equal ones, and they come sorted by HARP.
    per_harp = found.groupby(["region", "harpnum"], as_index=False).size()
    taken = per_harp.loc[per_harp.groupby("region")["size"].idxmax(), ["region", "harpnum"]]
    found = found.merge(taken, on=["region", "harpnum"]).set_index("record").sort_index()
    if not len(found):
        raise InputError(
            f"{path}: none of its {len(records)} records has one of SHARP keywords at its time; wanted that of most. "
            "Are the map of HARPs and the table those of its years?"
        )
    joined = records.loc[found.index].join(found[KEYWORDS])
    in_map = records["region"].isin(harp_noaa["noaa_ar"])
    harps_of_table = harp_noaa[harp_noaa["region"].isin(sharp["region"].unique())]
    in_table = records["region"].isin(harps_of_table["noaa_ar"])
    alone = ~records.index.isin(found.index)
    reasons = {
        "no HARP holds its region": ~in_map,
        "no HARP of its region in the table of SHARP keywords": in_map & ~in_table,
        f"no SHARP record at its time or {CADENCE_MINUTES} minutes before": in_table & alone,
    }
    rejected, n_rejected = [], []
    for reason, wrong in reasons.items():
        rejected += rejections(records[["region", "t_rec"]], wrong.to_numpy(), reason=reason, path=path)
        n_rejected.append(int(wrong.sum()))
    same_time = found["sharp_t_rec"] == joined["t_rec"]
    regions_of_harp = found.groupby("harpnum")["region"].nunique()
    counts = {
        "records_read": len(records),
        "records_joined_at_same_time": int(same_time.sum()),
        "records_joined_to_earlier": int((~same_time).sum()),
        "records_kept": len(joined),
        "records_without_harp": n_rejected[0],
        "records_of_harps_not_in_table": n_rejected[1],
        "records_without_sharp_record": n_rejected[2],
        "values_missing": int(joined[KEYWORDS].isna().sum().sum()),
        "regions_read": records["region"].nunique(),
        "regions": joined["region"].nunique(),
        "harps": len(regions_of_harp),
        "harps_of_several_regions": int((regions_of_harp > 1).sum()),
        "split_groups": joined["split_group"].nunique(),
    }
    return joined.reset_index(drop=True), rejected, counts


def _records_of_harps(records: pd.DataFrame, sharp: pd.DataFrame, harp_noaa: pd.DataFrame) -> pd.DataFrame:
    """The SHARP record of each record and HARP that holds its region, where there is one.

    Columns: `record` (index of `records`), its `region`, `harpnum`, `sharp_t_rec` and the keywords.
    """
    pairs = harp_noaa.rename(columns={"region": "harpnum", "noaa_ar": "region"})
    wanted = records[["region", "t_rec"]].rename_axis("record").reset_index().merge(pairs, on="region")
    there = sharp.loc[sharp["region"].isin(pairs["harpnum"]), ["region", "t_rec", *KEYWORDS]]
    there = there.assign(sharp_t_rec=there["t_rec"]).rename(columns={"region": "harpnum"})
    found = pd.merge_asof(
        wanted.sort_values("t_rec", kind="stable"),
        there.sort_values("t_rec", kind="stable"),
        on="t_rec",
        by="harpnum",
        direction="backward",
        tolerance=pd.Timedelta(minutes=CADENCE_MINUTES),
    )
    return found[found["sharp_t_rec"].notna()].drop(columns="t_rec")


def main(
    tables: Sequence[str], sharp_tables: Sequence[str], harp_noaa: str, table: str, counts: str, rejected: str
) -> None:
    """Read both tables (netCDF) and the map; write records (netCDF), counts (JSON) and what was not joined (CSV)."""
    pairs, _ = read_harp_noaa(harp_noaa)
    joined, left_out, found = join_sharp_records(
        read_records(tables), read_records(sharp_tables), pairs, path=", ".join(tables)
    )
    LOG.info("%s: %s", table, found)
    write_records(table, joined, instrument=INSTRUMENT)
    write_rejections(rejected, left_out)
    write_json(counts, found)


if __name__ == "__main__":
    with job_log(snakemake.log[0]):
        main(
            list(snakemake.input.tables),
            list(snakemake.input.sharp_tables),
            snakemake.input.harp_noaa,
            snakemake.output.table,
            snakemake.output.counts,
            snakemake.output.rejected,
        )
