"""Tables and flares of an archive -> the windows of a study, with evolution types and labels."""

import logging
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import pandas as pd

from flaredag.artifacts import write_json
from flaredag.errors import InputError
from flaredag.goes import threshold_w_m2
from flaredag.joblog import job_log
from flaredag.samples import StudyWindows, write_windows
from flaredag.tables import NOT_GIVEN, read_flares, read_records
from flaredag.windows import EVOLUTION, evolution_types, find_windows, flares_of_regions, labels

LOG = logging.getLogger("flaredag")

# Above every HARPNUM and TARPNUM: region_code = instrument * REGION_LIMIT + region.
REGION_LIMIT = 10_000_000


def make_windows(
    records: pd.DataFrame, flares: pd.DataFrame, *, settings: Mapping[str, Any]
) -> tuple[StudyWindows, dict[str, dict[str, int]]]:
    """Windows of all regions of `records`, and, an instrument, counts of records and windows kept and left out.

    `settings`: a study's `features`, `instruments`, `selection`, `windows` and `labels` as in the configuration.
    """
    instruments = tuple(settings["instruments"])
    records = records[records["instrument"].isin(instruments)].reset_index(drop=True)
    code = records["instrument"].map({name: i for i, name in enumerate(instruments)}).to_numpy(dtype=np.int64)
    records = records.assign(region_code=code * REGION_LIMIT + records["region"])
    if not records["region"].between(0, REGION_LIMIT - 1).all():
        raise InputError(
            f"region {records['region'].min()} to {records['region'].max()}: wanted HARPNUM or TARPNUM from 0 to "
            f"{REGION_LIMIT - 1}. Mend the tables."
        )
    # Flares know their patch by NOAA numbers that its records name, those left out below included.
    region_flares = flares_of_regions(flares, records)
    kept, counts = _selected(records, settings["selection"])
    features = list(settings["features"])
    records = records[kept].sort_values(["region_code", "t_rec"], kind="stable").reset_index(drop=True)
    good = records[features].notna().all(axis=1).to_numpy()
    if not len(records):
        raise InputError(f"no record of {', '.join(instruments)} is left by the selection {settings['selection']}.")
    window_settings, label_settings = settings["windows"], settings["labels"]
    n_steps, cadence = window_settings["n_steps"], window_settings["cadence_minutes"]
    region_code, t_rec = records["region_code"].to_numpy(), records["t_rec"].to_numpy()
    windows = find_windows(
        region_code,
        t_rec,
        good,
        cadence_minutes=cadence,
        n_steps=n_steps,
        max_bad_records=window_settings["max_bad_records"],
    )
    last = windows.step_record[:, -1]
    issue_time = records["time"].to_numpy()[last]
    # The paper compares the flares' UTC with T_REC's TAI as if they were one clock.
    compared = t_rec[last] if label_settings["clock"] == "tai_as_utc" else issue_time
    evolution = evolution_types(
        region_code[last],
        compared - np.timedelta64(cadence * (n_steps - 1), "m"),
        compared,
        region_flares,
        horizon_hours=label_settings["horizon_hours"],
        strong_flux_w_m2=threshold_w_m2(label_settings["strong_class"]),
        closed=label_settings["closed"],
    )
    study = StudyWindows(
        instruments=instruments,
        feature_names=tuple(features),
        features=records[features].to_numpy(),
        step_record=windows.step_record,
        instrument=(region_code[last] // REGION_LIMIT).astype(np.int8),
        region=(region_code[last] % REGION_LIMIT).astype(np.int32),
        issue_time=issue_time,
        evolution=evolution,
        label=labels(evolution, positive=label_settings["positive"], negative=label_settings["negative"]),
    )
    for i, name in enumerate(instruments):
        of_instrument = region_code // REGION_LIMIT == i
        counts[name]["records_with_missing_keywords"] = int((of_instrument & ~good).sum())
        counts[name]["windows_kept"] = int((study.instrument == i).sum())
        counts[name]["windows_with_filled_records"] = int(((study.instrument == i) & (windows.n_bad > 0)).sum())
    counts["all"] = windows.counts
    return study, counts


def summary(study: StudyWindows, counts: Mapping[str, Any]) -> dict[str, Any]:
    """Evolution types (the paper's Table 2) and samples (Table 3) of each instrument, and the counts."""
    evolution, samples = {}, {}
    for i, name in enumerate(study.instruments):
        own = study.instrument == i
        cells = np.bincount(study.evolution[own], minlength=len(EVOLUTION))
        evolution[name] = dict(zip(EVOLUTION, cells.tolist(), strict=True))
        n_positive, n_negative = (int((study.label[own] == value).sum()) for value in (1, 0))
        event_rate = n_positive / max(n_positive + n_negative, 1)
        samples[name] = {"positive": n_positive, "negative": n_negative, "event_rate": event_rate}
    return {"evolution": evolution, "samples": samples, "records": dict(counts)}


def main(
    tables: Sequence[str],
    flares: Sequence[str],
    windows: str,
    samples: str,
    *,
    settings: Mapping[str, Any],
) -> None:
    """Read tables and flares; write the windows, and a summary (JSON)."""
    study, counts = make_windows(read_records(tables), read_flares(flares), settings=settings)
    LOG.info("windows: %s", counts)
    write_windows(windows, study)
    write_json(samples, summary(study, counts))


def _selected(records: pd.DataFrame, selection: Mapping[str, Any]) -> tuple[np.ndarray, dict[str, dict[str, int]]]:
    """Which records are used, (record,), and counts; what a source does not give cannot leave a record out."""
    limit = selection["max_longitude_deg"]
    reasons = {
        "records_beyond_longitude": (records["longitude_min"] < -limit) | (records["longitude_max"] > limit),
        "records_of_bad_quality": records["quality"]
        >= records["instrument"].map(selection["quality_below"]).astype(np.int64),
        "records_outside_period": pd.Series(data=False, index=records.index),
    }
    for name, (begin, end) in selection["period"].items():
        outside = (records["t_rec"] < pd.Timestamp(begin)) | (records["t_rec"] >= pd.Timestamp(end))
        reasons["records_outside_period"] |= outside & (records["instrument"] == name)
    kept = np.ones(len(records), dtype=bool)
    counts: dict[str, dict[str, int]] = {}
    for reason, left_out in reasons.items():
        for name in selection["quality_below"]:
            own = counts.setdefault(name, {"records": int((records["instrument"] == name).sum())})
            own[reason] = int((kept & left_out & (records["instrument"] == name)).sum())
        kept &= ~left_out.to_numpy()
    for name in selection["quality_below"]:
        own_records = records["instrument"] == name
        counts[name]["records_kept"] = int((kept & own_records).sum())
        counts[name]["records_without_quality"] = int((own_records & (records["quality"] == NOT_GIVEN)).sum())
        counts[name]["records_without_longitude"] = int((own_records & records["longitude_min"].isna()).sum())
    return kept, counts


if __name__ == "__main__":
    with job_log(snakemake.log[0]):
        main(
            snakemake.input.tables,
            snakemake.input.flares,
            snakemake.output.windows,
            snakemake.output.samples,
            settings=snakemake.params.settings,
        )
