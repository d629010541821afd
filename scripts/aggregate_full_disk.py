"""Forecasts of regions -> one forecast a day of the whole disk, with the baselines that a day has."""

import logging
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from flaredag.calibration_names import calibrated_name, raw_name
from flaredag.errors import InputError
from flaredag.full_disk import disk_probability, issue_times_of_days, latest_forecasts, unseen_rate
from flaredag.goes import threshold_w_m2
from flaredag.joblog import job_log
from flaredag.outcomes import full_disk_outcomes
from flaredag.predictions import COLUMNS, FULL_DISK, read_predictions, write_predictions
from flaredag.samples import Dataset, StudyWindows, read_datasets, read_windows
from flaredag.tables import read_flares

LOG = logging.getLogger("flaredag")
METHOD = "prior_shift"
SPLITS_USED = ("validation", "test")
CLIMATOLOGY, PERSISTENCE = "climatology", "persistence"


def aggregate_full_disk(
    predictions: pd.DataFrame,
    windows: StudyWindows,
    datasets: Sequence[Dataset],
    flares: pd.DataFrame,
    *,
    settings: Mapping[str, Any],
) -> pd.DataFrame:
    """One forecast a day of the whole disk, columns of flaredag.predictions: instrument `FULL_DISK`, region 0.

    `predictions`: calibrated forecasts of regions, of which those by prior shift are taken: it has learnt nothing from
    the validation split, on whose days the disk is forecast too; `datasets`: the chronological data set they are of,
    one a seed, its validation and test splits not under-sampled; `flares`: all of the archive, those without region
    too; `settings`: `issue_hour` (UTC), `max_age_hours`, `horizon_hours`, `strong_class`, `cadence_minutes`.

    A split has every day whose issue time lies between its first sample and one cadence after its last, days without
    any region included. The event is a strong flare anywhere on the disk in (t, t + horizon]. How often one comes from
    elsewhere than a region with a forecast, and the climatology, are those of the days from the first window on whose
    forecast windows end before the validation split. Persistence: whether the last horizon had an event.
    Raises InputError if no forecast is calibrated by prior shift, or if the splits are not one after the other.
    """
    names = sorted(map(str, predictions["model"].unique()))
    taken = [name for name in names if name == calibrated_name(raw_name(name), METHOD)]
    if not taken:
        raise InputError(
            f"models {', '.join(names)}: none calibrated by {METHOD}; wanted some. Calibrate the predictions."
        )
    # A day has these of its own.
    taken = [name for name in taken if raw_name(name) not in (CLIMATOLOGY, PERSISTENCE)]
    predictions = predictions[predictions["model"].isin(taken)]
    horizon = np.timedelta64(round(settings["horizon_hours"] * 3600), "s")

    def occurred(issue_times: NDArray[np.datetime64]) -> NDArray[np.bool_]:
        return full_disk_outcomes(
            flares,
            issue_times,
            horizon_hours=settings["horizon_hours"],
            threshold_w_m2=threshold_w_m2(settings["strong_class"]),
        )

    tables = []
    for dataset in datasets:
        days = _days(windows, dataset, settings)
        on_disk = occurred(days["train"])
        from_elsewhere = unseen_rate(on_disk, _seen_events(windows, dataset, days["train"], settings))
        LOG.info(
            "seed %d: %d days of training, %d with an event; from regions without a forecast on %.3g of the rest",
            dataset.seed,
            len(on_disk),
            on_disk.sum(),
            from_elsewhere,
        )
        for split in SPLITS_USED:
            own = predictions[(predictions["seed"] == dataset.seed) & (predictions["split"] == split)]
            forecasts = {
                CLIMATOLOGY: np.full(len(days[split]), on_disk.mean()),
                PERSISTENCE: occurred(days[split] - horizon).astype(np.float64),
            }
            for model, of_model in own.groupby("model", observed=True):
                forecasts[raw_name(str(model))] = _disk_forecasts(of_model, days[split], from_elsewhere, settings)
            event = occurred(days[split])
            tables += [
                pd.DataFrame({"issue_time": days[split], "label": event, "probability": probability}).assign(
                    model=model, seed=dataset.seed, split=split
                )
                for model, probability in sorted(forecasts.items())
            ]
    table = pd.concat(tables, ignore_index=True).assign(instrument=FULL_DISK, region=0)
    return table.astype({"label": np.int8})[list(COLUMNS)]


def main(
    predictions: str | Path,
    windows: str | Path,
    datasets: str | Path,
    flares: Sequence[str | Path],
    disk: str | Path,
    *,
    dataset: str,
    task: str,
    settings: Mapping[str, Any],
) -> None:
    """Aggregate the calibrated predictions of `dataset`, whose labels are of `task`; write predictions of the disk."""
    table = read_predictions(predictions, SPLITS_USED)
    drawn = read_datasets(datasets, dataset, sorted(table["seed"].unique().tolist()))
    try:
        forecasts = aggregate_full_disk(
            table, read_windows(windows, task), drawn, read_flares(flares), settings=settings
        )
    except InputError as error:
        raise InputError(f"{predictions}: {error}") from error
    for split, own in forecasts.groupby("split", sort=False):
        days = own.drop_duplicates("issue_time")
        LOG.info("%s: %d days, %d with an event", split, len(days), days["label"].sum())
    LOG.info("events are those of the flare list: one that holds flares of regions alone has none of the rest")
    write_predictions(disk, forecasts)


def _days(windows: StudyWindows, dataset: Dataset, settings: Mapping[str, Any]) -> dict[str, NDArray[np.datetime64]]:
    """Issue times of the days of each split, (day,)."""
    cadence, horizon = (
        np.timedelta64(round(seconds), "s")
        for seconds in (settings["cadence_minutes"] * 60, settings["horizon_hours"] * 3600)
    )
    labelled = _labelled(windows, dataset)
    spans = {}
    for split, positions in dataset.positions.items():
        if split == "train":
            # Another instrument that is added to training may reach back decades further.
            positions = np.intersect1d(positions, labelled)
        issued = windows.issue_time[positions]
        if not len(issued):
            raise InputError(f"seed {dataset.seed}: no sample in split {split}; wanted some in every split.")
        spans[split] = [issued.min(), issued.max()]
    for earlier, later in (("train", "validation"), ("validation", "test")):
        if not spans[earlier][1] + horizon < spans[later][0]:
            raise InputError(
                f"seed {dataset.seed}: samples of split {earlier} reach to {spans[earlier][1]}, those of {later} begin "
                f"at {spans[later][0]}; wanted them a horizon of {settings['horizon_hours']} h later. Take a data set "
                "that is split by time."
            )
    # Under-sampling leaves out training samples, the first and the last among them.
    spans["train"] = [windows.issue_time[labelled].min(), spans["validation"][0] - horizon - cadence]
    days = {
        split: issue_times_of_days(first, last + cadence, issue_hour=settings["issue_hour"])
        for split, (first, last) in spans.items()
    }
    for split, own in days.items():
        if not len(own):
            raise InputError(
                f"seed {dataset.seed}: split {split} reaches from {spans[split][0]} to {spans[split][1]} and has no "
                f"day with an issue time at {settings['issue_hour']} h UTC; wanted one or more. Take a longer split."
            )
    return days


def _labelled(windows: StudyWindows, dataset: Dataset) -> NDArray[np.int64]:
    """Positions of all labelled windows, drawn or not, of the instrument that the data set is tested on."""
    evaluated = np.unique(windows.instrument[dataset.positions["test"]])
    return np.flatnonzero((windows.label >= 0) & np.isin(windows.instrument, evaluated))


def _seen_events(
    windows: StudyWindows, dataset: Dataset, days: NDArray[np.datetime64], settings: Mapping[str, Any]
) -> NDArray[np.bool_]:
    """Whether the latest window of any region has an event, (day,)."""
    own = _labelled(windows, dataset)
    region = (windows.instrument[own].astype(np.int64) << 32) + windows.region[own]
    window, day = latest_forecasts(region, windows.issue_time[own], days, max_age_hours=settings["max_age_hours"])
    return np.bincount(day, windows.label[own][window], minlength=len(days)) > 0


def _disk_forecasts(
    forecasts: pd.DataFrame, days: NDArray[np.datetime64], from_elsewhere: float, settings: Mapping[str, Any]
) -> NDArray[np.float64]:
    """Forecast of the whole disk by one model and seed, (day,)."""
    region = forecasts.groupby(["instrument", "region"], observed=True).ngroup().to_numpy()
    forecast, day = latest_forecasts(
        region, forecasts["issue_time"].to_numpy(), days, max_age_hours=settings["max_age_hours"]
    )
    return disk_probability(
        forecasts["probability"].to_numpy()[forecast], day, n_days=len(days), unseen_rate=from_elsewhere
    )


if __name__ == "__main__":
    with job_log(snakemake.log[0]):
        main(
            snakemake.input.predictions,
            snakemake.input.windows,
            snakemake.input.datasets,
            snakemake.input.flares,
            snakemake.output.disk,
            dataset=snakemake.params.dataset,
            task=snakemake.params.task,
            settings=snakemake.params.settings,
        )
