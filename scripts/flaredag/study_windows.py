"""The windows of a study, made from the tables, flares and magnetograms of an archive: pure functions of their rows."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from flaredag.cubes import bad_images_in_windows
from flaredag.errors import InputError
from flaredag.flare_history import HISTORY_FEATURES, flare_history
from flaredag.goes import reaches, threshold_w_m2
from flaredag.samples import StudyWindows
from flaredag.tables import NOT_GIVEN
from flaredag.window_images import image_of_each, images_of_windows
from flaredag.windows import (
    ACTIVITY,
    STRONG,
    WEAK,
    evolution_types,
    find_windows,
    flares_of_regions,
    labels,
    largest_flares,
    windows_before_flares,
)

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from numpy.typing import NDArray

# Above every HARPNUM and TARPNUM: region_code = instrument * REGION_LIMIT + region.
REGION_LIMIT = 10_000_000
# Name of the task of a study that names none.
ONE_TASK = "flare"


def make_windows(
    records: pd.DataFrame, flares: pd.DataFrame, images: pd.DataFrame | None, *, settings: Mapping[str, Any]
) -> tuple[dict[str, StudyWindows], dict[str, dict[str, int]]]:
    """Windows of all regions of `records` for every task, and counts, an instrument, of what was kept and left out.

    `images`: columns of all cubes (`cube_columns`), None for a study or an archive without magnetograms. `settings`: a
    study's `features`, `instruments`, `selection`, `windows`, `labels`, `magnetograms` and `flare_history` as in the
    configuration. Raises InputError where a feature is in no table of an instrument, or is of the flare history and the
    study does not say which. With `before_flares` among `windows` they end before the largest flare of their region
    (`flaredag.windows.windows_before_flares`), which is what happens after them.
    """
    instruments = tuple(settings["instruments"])
    records = records[records["instrument"].isin(instruments)].reset_index(drop=True)
    code = records["instrument"].map({name: i for i, name in enumerate(instruments)}).to_numpy(dtype=np.int64)
    records = records.assign(region_code=code * REGION_LIMIT + records["region"])
    if not records["region"].between(0, REGION_LIMIT - 1).all():
        raise InputError(
            f"region {records['region'].min()} to {records['region'].max()}: wanted region numbers from 0 to "
            f"{REGION_LIMIT - 1}. Mend the tables."
        )
    # Flares know their patch by NOAA numbers that its records name, those left out below included.
    region_flares = flares_of_regions(flares, records)
    kept, counts = _selected(records, settings["selection"])
    features = list(settings["features"])
    records = records[kept].sort_values(["region_code", "t_rec"], kind="stable").reset_index(drop=True)
    for name, values in _history_of(records, region_flares, features, settings.get("flare_history")).items():
        records[name] = values
    if not len(records):
        raise InputError(f"no record of {', '.join(instruments)} is left by the selection {settings['selection']}.")
    _check_features(records, features)
    good = records[features].notna().all(axis=1).to_numpy()
    n_without_keywords = _count_of_each(~good, records["region_code"], instruments)
    bare = ~pd.Series(good).groupby(records["region_code"].to_numpy()).any()
    n_bare_regions = _count_of_each(bare.to_numpy(), bare.index.to_series(), instruments)
    image, bad_in_window = None, None
    if images is not None:
        image = image_of_each(records, images)
        of_records = images.iloc[image]
        by_region = settings["magnetograms"]["sizes_compared_within"] == "region"
        bad = (of_records["bad_image"] if by_region else of_records["nan_fraction"] > 0).to_numpy(dtype=bool)
        for name, n in _count_of_each(image < 0, records["region_code"], instruments).items():
            counts[name]["records_without_magnetogram"] = n
        for name, n in _count_of_each((image >= 0) & bad, records["region_code"], instruments).items():
            counts[name]["records_with_bad_magnetogram"] = n
        good = good & (image >= 0) & ~bad
        if not by_region:
            sizes = [of_records[name].to_numpy() for name in ("height_pixels", "width_pixels", "nan_fraction")]
            bad_in_window = partial(bad_images_in_windows, *sizes)
    window_settings = settings["windows"]
    n_steps, cadence = window_settings["n_steps"], window_settings["cadence_minutes"]
    region_code, t_rec = records["region_code"].to_numpy(), records["t_rec"].to_numpy()
    before_flares = window_settings.get("before_flares")
    flare_of_window = None
    if before_flares is None:
        windows = find_windows(
            region_code,
            t_rec,
            good,
            cadence_minutes=cadence,
            n_steps=n_steps,
            max_bad_records=window_settings.get("max_bad_records", 0),
            padding=window_settings.get("padding", "none"),
            bad_in_window=bad_in_window,
        )
    else:
        largest = largest_flares(region_flares, least_flux_w_m2=threshold_w_m2(before_flares["least_class"]))
        windows, flare = windows_before_flares(
            region_code,
            records["time"].to_numpy(),
            good,
            largest,
            cadence_minutes=cadence,
            n_steps=n_steps,
            least_records=before_flares["least_records"],
        )
        flare_of_window = largest["peak_flux"].to_numpy()[flare]
    last = windows.step_record[:, -1]
    issue_time = records["time"].to_numpy()[last]
    feature_values = records[features].to_numpy()
    tasks = {}
    for task, label_settings in tasks_of(settings["labels"]).items():
        # The paper compares the flares' UTC with T_REC's TAI as if they were one clock.
        compared = t_rec[last] if label_settings["clock"] == "tai_as_utc" else issue_time
        observed_hours = label_settings.get("observation_hours", cadence * (n_steps - 1) / 60)
        evolution = evolution_types(
            region_code[last],
            compared - np.timedelta64(round(3600 * observed_hours), "s"),
            compared,
            region_flares,
            horizon_hours=label_settings["horizon_hours"],
            strong_flux_w_m2=threshold_w_m2(label_settings["strong_class"]),
            closed=label_settings["closed"],
        )
        if flare_of_window is not None:
            # The flare that a window is before tells its label, though the day before it may begin more than 24 h away.
            strong = reaches(flare_of_window, threshold_w_m2(label_settings["strong_class"]))
            evolution = (evolution // len(ACTIVITY) * len(ACTIVITY) + np.where(strong, STRONG, WEAK)).astype(np.int8)
        tasks[task] = StudyWindows(
            instruments=instruments,
            feature_names=tuple(features),
            features=feature_values,
            step_record=windows.step_record,
            instrument=(region_code[last] // REGION_LIMIT).astype(np.int8),
            region=(region_code[last] % REGION_LIMIT).astype(np.int32),
            split_group=records["split_group"].to_numpy(dtype=np.int64)[last],
            issue_time=issue_time,
            evolution=evolution,
            label=labels(evolution, positive=label_settings["positive"], negative=label_settings["negative"]),
            images=None if image is None or images is None else images_of_windows(images, image[last]),
        )
    of_windows = region_code[last] // REGION_LIMIT
    for i, name in enumerate(instruments):
        counts[name]["records_with_missing_keywords"] = n_without_keywords[name]
        counts[name]["regions_without_keywords"] = n_bare_regions[name]
        counts[name]["windows_kept"] = int((of_windows == i).sum())
        own = of_windows == i
        n_padded = (windows.step_record[own] < 0).sum(axis=1)
        if before_flares is not None or window_settings.get("padding", "none") == "zeros":
            counts[name]["windows_padded"] = int((n_padded > 0).sum())
            counts[name]["steps_padded"] = int(n_padded.sum())
        if window_settings.get("padding", "none") == "none":
            counts[name]["windows_with_filled_records"] = int((windows.n_bad[own] > n_padded).sum())
    counts["all"] = windows.counts
    return tasks, counts


def sample_keys(
    instrument: NDArray[np.integer], region: NDArray[np.integer], issue_time: NDArray[np.datetime64]
) -> NDArray[np.int64]:
    """One number of instrument (index), region and issue time for each sample, (sample,)."""
    region_code = instrument.astype(np.int64) * REGION_LIMIT + region
    # Seconds since 1970 need less than 34 bits until the year 2500, and regions of ten instruments less than 27.
    return (region_code << 34) + issue_time.astype("datetime64[s]").astype(np.int64)


def tasks_of(label_settings: Mapping[str, Any]) -> dict[str, dict[str, Any]]:
    """Settings of the labels of each task: the common ones with its own over them; one task where none is named."""
    common = {name: value for name, value in label_settings.items() if name != "tasks"}
    return {task: common | own for task, own in label_settings.get("tasks", {ONE_TASK: {}}).items()}


def _selected(records: pd.DataFrame, selection: Mapping[str, Any]) -> tuple[np.ndarray, dict[str, dict[str, int]]]:
    """Which records are used, (record,), and counts; what a source does not give cannot leave a record out."""
    limit = selection["max_longitude_deg"]
    reasons = {
        "records_beyond_longitude": (records["longitude_min"] < -limit) | (records["longitude_max"] > limit),
        "records_of_bad_quality": records["quality"]
        >= records["instrument"].map(selection["quality_below"]).astype(np.int64),
        "records_outside_period": pd.Series(data=False, index=records.index),
    }
    if "every_minutes" in selection:
        seconds = records["t_rec"].to_numpy(dtype="datetime64[s]").astype(np.int64)
        between = seconds % (60 * selection["every_minutes"]) != 0
        reasons["records_between_times"] = pd.Series(between, index=records.index)
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


def _check_features(records: pd.DataFrame, features: Sequence[str]) -> None:
    """InputError where a feature is in no table, or has no value in any record of an instrument."""
    in_no_table = [name for name in features if name not in records]
    if in_no_table:
        raise InputError(
            f"features {', '.join(in_no_table)}: in none of the tables that the study takes; wanted a column of each. "
            "Take tables that have them (`source.tables`), or leave them out of `features`."
        )
    for instrument, own in records.groupby("instrument", sort=False):
        empty = [name for name in features if own[name].isna().all()]
        if empty:
            raise InputError(
                f"features {', '.join(empty)}: none of the {len(own)} records of {instrument} has a value; wanted it "
                "of most, as a record without one of its features is left out. Leave them, or the instrument, out."
            )


def _history_of(
    records: pd.DataFrame, region_flares: pd.DataFrame, features: Sequence[str], settings: Mapping[str, Any] | None
) -> dict[str, NDArray[np.float64]]:
    """Those of `features` that are of the flare history, (record,)."""
    named = [name for name in features if name in HISTORY_FEATURES]
    if not named:
        return {}
    if settings is None:
        raise InputError(
            f"features {', '.join(named)}: made from the flares before each record, and the study has no "
            "`flare_history`; wanted its decay_hours and known_from. Add it to the study, or leave these features out."
        )
    region_code, time = records["region_code"].to_numpy(dtype=np.int64), records["time"].to_numpy()
    history = flare_history(
        region_code, time, region_flares, decay_hours=settings["decay_hours"], known_from=settings["known_from"]
    )
    return {name: history[name] for name in named}


def _count_of_each(counted: np.ndarray, region_code: pd.Series, instruments: Sequence[str]) -> dict[str, int]:
    codes = region_code.to_numpy() // REGION_LIMIT
    return {name: int((counted & (codes == i)).sum()) for i, name in enumerate(instruments)}
