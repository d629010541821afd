"""The windows of a study -> its strata: what was known of each window when its forecast was issued."""

import logging
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import pandas as pd
import xarray as xr

from flaredag.errors import InputError
from flaredag.goes import reaches, threshold_w_m2
from flaredag.harp_noaa import read_harp_noaa, with_noaa_numbers
from flaredag.joblog import job_log
from flaredag.listed_groups import largest_groups, longitudes_at
from flaredag.region_summaries import read_region_summary_table
from flaredag.samples import StudyWindows, read_windows
from flaredag.strata import (
    SolarCycle,
    Stratum,
    activity_before,
    cycle,
    cycle_phase,
    first_flare,
    mcintosh,
    position,
    write_strata,
)
from flaredag.tables import read_flares, read_records
from flaredag.windows import flares_of_regions

LOG = logging.getLogger("flaredag")


def describe_windows(
    windows: StudyWindows,
    records: pd.DataFrame,
    flares: pd.DataFrame,
    summaries: pd.DataFrame | None,
    *,
    harp_noaa: pd.DataFrame | None,
    strong_class: str,
    solar_cycles: Sequence[SolarCycle],
) -> dict[str, Stratum]:
    """Strata of all `windows`, by name.

    `records` and `flares` are the tables that the windows were made from, `summaries` NOAA's daily ones, None where the
    archive has none. `harp_noaa` (pairs `region`, `noaa_ar`): NOAA numbers of HARPs for records that name none, None if
    not at hand; flares are matched without it, as they were for the windows. InputError where a window ends at no
    record of the tables.
    """
    last = _last_records(windows, records)
    codes = last[["instrument", "region"]].drop_duplicates(ignore_index=True)
    codes["region_code"] = np.arange(len(codes))
    of_regions = flares_of_regions(flares, records.merge(codes, on=["instrument", "region"]))
    strong = of_regions[reaches(of_regions["peak_flux"], threshold_w_m2(strong_class))]
    region_code = last.merge(codes, on=["instrument", "region"], how="left")["region_code"].to_numpy(dtype=np.int64)
    noaa_ars = (last if harp_noaa is None else with_noaa_numbers(last, harp_noaa))["noaa_ars"].to_numpy()
    # A source that names no NOAA region at all does not give them.
    n_named = np.bincount(windows.instrument, weights=noaa_ars != "", minlength=len(windows.instruments))
    groups = largest_groups(noaa_ars, n_named[windows.instrument] > 0, windows.issue_time, summaries)
    lowest, highest = (last[name].to_numpy(dtype=np.float64) for name in ("longitude_min", "longitude_max"))
    return {
        "first_flare": first_flare(region_code, windows.issue_time, strong),
        "position": position(lowest, highest, longitudes_at(groups, windows.issue_time)),
        "cycle": cycle(windows.issue_time, solar_cycles),
        "cycle_phase": cycle_phase(windows.issue_time, solar_cycles),
        "mcintosh": mcintosh(groups),
        "activity_before": activity_before(windows.evolution),
    }


def main(
    windows: str,
    tables: Sequence[str],
    flares: Sequence[str],
    region_summaries: Sequence[str],
    harp_noaa: Sequence[str],
    strata: str,
    *,
    labels: Mapping[str, Any],
    solar_cycles: Sequence[SolarCycle],
) -> None:
    """Read the windows of a study and what they were made from; write their strata.

    `region_summaries` and `harp_noaa` (a map of HARPs): one file each, or none. `labels`: settings of the study; of
    several tasks the first tells what is strong and what the observation period is.
    """
    with xr.open_dataset(windows, decode_times=False) as opened:
        task = opened.attrs["tasks"].split(" ")[0]
    of_study = read_windows(windows, task)
    of_task = labels | labels.get("tasks", {}).get(task, {})
    described = describe_windows(
        of_study,
        read_records(tables),
        read_flares(flares),
        read_region_summary_table(region_summaries[0]) if region_summaries else None,
        harp_noaa=read_harp_noaa(harp_noaa[0])[0] if harp_noaa else None,
        strong_class=of_task["strong_class"],
        solar_cycles=solar_cycles,
    )
    for name, (codes, parts) in described.items():
        counts = np.bincount(codes, minlength=len(parts))
        LOG.info("%s: %s", name, ", ".join(f"{part} {n}" for part, n in zip(parts, counts, strict=True)))
    keys = {name: getattr(of_study, name) for name in ("instrument", "region", "issue_time")}
    write_strata(strata, keys, of_study.instruments, described)


def _last_records(windows: StudyWindows, records: pd.DataFrame) -> pd.DataFrame:
    """Record at which each window ends, (sample,) rows with the columns needed."""
    columns = ["instrument", "region", "time", "noaa_ars", "longitude_min", "longitude_max"]
    names = np.array(windows.instruments, dtype=object)
    ends = pd.DataFrame(
        {"instrument": names[windows.instrument], "region": windows.region.astype(np.int64), "time": windows.issue_time}
    )
    known = records.loc[:, columns].astype({"instrument": object, "region": np.int64})
    last = ends.merge(known, on=["instrument", "region", "time"], how="left", validate="many_to_one", indicator=True)
    absent = (last["_merge"] == "left_only").to_numpy()
    if absent.any():
        first = ends.iloc[int(absent.argmax())]
        raise InputError(
            f"{int(absent.sum())} of {len(ends)} windows end at no record of the tables; the first: "
            f"{first['instrument']} {first['region']} at {first['time']}. Delete the windows to have them made again."
        )
    return last


if __name__ == "__main__":
    with job_log(snakemake.log[0]):
        main(
            snakemake.input.windows,
            snakemake.input.tables,
            snakemake.input.flares,
            snakemake.input.region_summaries,
            snakemake.input.harp_noaa,
            snakemake.output.strata,
            labels=snakemake.params.labels,
            solar_cycles=snakemake.params.solar_cycles,
        )
