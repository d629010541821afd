"""The leak audit of a study: its data sets, its windows made with another future, its forecasts."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from flaredag.altered_future import changed_windows, windows_of_another_future
from flaredag.audit import Finding, is_declared
from flaredag.audit_features import column_gives_label_away, feature_knows_the_future
from flaredag.audit_forecasts import forecast_equals_label, forecasts_of_another_sample
from flaredag.audit_splits import (
    SplitSamples,
    chosen_by_outcome,
    noaa_region_in_two_splits,
    region_in_two_splits,
    windows_overlap_across_splits,
)
from flaredag.audit_statistics import standardised_by_test, threshold_from_test
from flaredag.goes import threshold_w_m2
from flaredag.splits import SPLITS
from flaredag.study_windows import REGION_LIMIT, tasks_of
from flaredag.sympathetic_flares import flares_with_positions, sympathetic_flares
from flaredag.windows import flares_of_regions

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from numpy.typing import NDArray

    from flaredag.samples import Dataset, StudyWindows

# Quantiles of the issue times at which the regions then seen get another future; all tables get one at the median.
_CUTS_OF_REGIONS = (0.1, 0.3, 0.5, 0.7, 0.9)


def findings_of_data_set(
    name: str,
    windows: StudyWindows,
    datasets: Sequence[Dataset],
    *,
    settings: Mapping[str, Any],
    drawn: Mapping[str, Any],
    declared_leaks: Sequence[Mapping[str, Any]],
) -> list[Finding]:
    """Findings on the splits, statistics and choice of samples of the data set `name`, of all its seeds.

    `settings`: of the study's windows and labels; `drawn`: of this data set (`flaredag.studies.settings_of_datasets`).
    """
    draw = drawn["draw"]
    tasks = tasks_of(settings["labels"])
    labels = tasks[drawn["task"]] if drawn["task"] else next(iter(tasks.values()))
    draws = draws_of_datasets(windows, datasets)
    own = windows.instrument == windows.instruments.index(draw["evaluated"])
    cut_declared = draw.get("borders") == "cut" and is_declared(declared_leaks, "borders", "cut")
    return [
        region_in_two_splits(name, draws, cut_declared=cut_declared),
        windows_overlap_across_splits(
            name,
            draws,
            window_hours=window_hours(settings["windows"], labels),
            horizon_hours=labels["horizon_hours"],
            split_by=draw.get("split_by", "region"),
            cut_declared=cut_declared,
        ),
        standardised_by_test(
            name,
            windows,
            datasets,
            declared=draw["standardisation"] == "global" and is_declared(declared_leaks, "standardisation", "global"),
            min_max_scaled=draw.get("min_max_scaled", ()),
            pixels_of=draw.get("pixels_standardised_by"),
            whole_regions=draw.get("unit") == "region",
        ),
        *chosen_by_outcome(
            name,
            undersampled="test" in draw["undersampled"],
            undersampling_declared=is_declared(declared_leaks, "undersampled", "test"),
            evolution=windows.evolution[own],
            label=windows.label[own],
            dropping_declared=is_declared(declared_leaks, "labels", "irrelevant"),
        ),
    ]


def findings_of_features(task: str, windows: StudyWindows, instrument: str) -> list[Finding]:
    """Whether a feature of the last records of all labelled windows of `instrument` gives the label of `task` away."""
    own = (windows.instrument == windows.instruments.index(instrument)) & (windows.label >= 0)
    last = windows.features[windows.step_record[own, -1]]
    columns = {name: last[:, i] for i, name in enumerate(windows.feature_names)}
    subject = f"{instrument}, {task}" if task else instrument
    return column_gives_label_away(subject, columns, windows.label[own], windows.region[own].astype(np.int64))


def window_hours(windows: Mapping[str, Any], labels: Mapping[str, Any]) -> float:
    """Hours before the issue time that a window knows of: of its records, or of the flares it observed."""
    of_records = windows["cadence_minutes"] * (windows["n_steps"] - 1) / 60
    return max(of_records, labels.get("observation_hours", 0))


def draws_of_datasets(windows: StudyWindows, datasets: Sequence[Dataset]) -> list[SplitSamples]:
    """Who is in which split when, a draw a seed."""
    codes, region = np.unique(windows.instrument * np.int64(REGION_LIMIT) + windows.region, return_inverse=True)
    names = [f"{windows.instruments[code // REGION_LIMIT]} {code % REGION_LIMIT}" for code in codes]
    groups, group = np.unique(windows.split_group, return_inverse=True)
    group = windows.instrument.astype(np.int64) * len(groups) + group
    draws = []
    for dataset in datasets:
        positions = np.concatenate([dataset.positions[split] for split in SPLITS])
        split = np.repeat(np.arange(len(SPLITS), dtype=np.int8), [len(dataset.positions[name]) for name in SPLITS])
        draws.append(
            SplitSamples(
                name=f"seed {dataset.seed}",
                split=split,
                region=region[positions],
                group=group[positions],
                issue_time=windows.issue_time[positions],
                region_names=names,
            )
        )
    return draws


def findings_of_future(
    windows: Mapping[str, StudyWindows],
    records: pd.DataFrame,
    flares: pd.DataFrame,
    images: pd.DataFrame | None,
    *,
    settings: Mapping[str, Any],
    declared_leaks: Sequence[Mapping[str, Any]],
    seed: int,
) -> list[Finding]:
    """Whether windows, made again from tables whose records after a cut are others, are the same up to the cut.

    `windows` of each task as stored ("" is the only one); tables, flares and columns of cubes that they were made from.
    All tables are altered after the median issue time, and at other times those regions that are then on the disk.
    """
    rng = np.random.default_rng(seed)
    before_flares = "before_flares" in settings["windows"]
    first = next(iter(windows.values()))
    seconds = np.sort(first.issue_time.astype("datetime64[s]").astype(np.int64))
    quantiles = (0.5, *_CUTS_OF_REGIONS)
    cuts = [seconds[int((len(seconds) - 1) * quantile)].astype("datetime64[s]") for quantile in quantiles]
    span = records.groupby(["instrument", "region"])["time"].agg(["min", "max"])
    instruments = np.array(first.instruments)[first.instrument]
    changed: dict[tuple[str, str], Counter[str]] = {}
    n_compared: Counter[tuple[str, str]] = Counter()
    for is_first, cut in zip((True, *[False] * len(_CUTS_OF_REGIONS)), cuts, strict=True):
        on_disk = span.index if is_first else span.index[(span["min"] <= cut) & (span["max"] > cut)]
        among = np.asarray(pd.MultiIndex.from_arrays([instruments, first.region]).isin(on_disk))
        if not (among & (first.issue_time <= cut)).any():
            continue
        chosen = records[pd.MultiIndex.from_frame(records[["instrument", "region"]]).isin(on_disk)]
        made = windows_of_another_future(chosen, flares, images, cut, settings=settings, rng=rng)
        for task, before in windows.items():
            key = ("all regions" if is_first else "regions on the disk", task)
            after = made[task] if task else next(iter(made.values()))
            of_cut, n = changed_windows(before, after, cut, among=among, padding_counts=not before_flares)
            changed.setdefault(key, Counter()).update(of_cut)
            n_compared[key] += n
    told = {"all regions": f"{cuts[0]}Z", "regions on the disk": f"one of {len(cuts) - 1} times since {cuts[1]}Z"}
    return [
        feature_knows_the_future(
            f"{regions}, {task}" if len(windows) > 1 else regions,
            of_key,
            n_compared=n_compared[key],
            cut=told[regions],
            choice_declared=before_flares and is_declared(declared_leaks, "windows", "before_flares"),
        )
        for key, of_key in changed.items()
        for regions, task in (key,)
    ]


def findings_of_predictions(
    name: str,
    predictions: pd.DataFrame,
    scores: pd.DataFrame,
    windows: StudyWindows | None,
    datasets: Sequence[Dataset],
) -> list[Finding]:
    """Findings on forecasts of the data set `name`; None and no data sets where it is not drawn from windows."""
    own = scores[scores["dataset"] == name]
    findings = [*threshold_from_test(name, predictions, own), *forecast_equals_label(name, predictions)]
    if windows is not None:
        findings += forecasts_of_another_sample(name, predictions, windows, datasets)
    return findings


def findings_of_regions(
    windows: StudyWindows,
    datasets: Mapping[str, Sequence[Dataset]],
    records: pd.DataFrame,
    flares: pd.DataFrame,
    *,
    settings: Mapping[str, Any],
    seed: int,
) -> list[Finding]:
    """Reports on regions that are bound to each other across splits: by NOAA's number, or by flaring together."""
    code = records["instrument"].map({name: i for i, name in enumerate(windows.instruments)})
    region_code = (code * REGION_LIMIT + records["region"])[code.notna()]
    records = records[code.notna()].assign(region_code=region_code.astype(np.int64))
    region_codes, region = np.unique(windows.instrument * np.int64(REGION_LIMIT) + windows.region, return_inverse=True)
    split_of_region = {name: _split_of_region(region, len(region_codes), drawn) for name, drawn in datasets.items()}
    numbers = _noaa_numbers(records)
    numbers = numbers[numbers["region_code"].isin(region_codes)]
    of_number = np.searchsorted(region_codes, numbers["region_code"].to_numpy())
    # Without numbers there is nothing to be told of each data set.
    asked = split_of_region if len(numbers) else {"all data sets": np.empty((0, len(region_codes)), dtype=np.int8)}
    findings = [
        noaa_region_in_two_splits(name, numbers["noaa_ar"].to_numpy(), of_number, splits)
        for name, splits in asked.items()
    ]
    labels = next(iter(tasks_of(settings["labels"]).values()))
    strong = flares_with_positions(
        flares_of_regions(flares, records),
        records,
        region_codes,
        strong_flux_w_m2=threshold_w_m2(labels["strong_class"]),
    )
    return findings + sympathetic_flares(strong, list(split_of_region), list(split_of_region.values()), seed=seed)


def _noaa_numbers(records: pd.DataFrame) -> pd.DataFrame:
    """NOAA numbers that the records of each region name: `region_code`, `noaa_ar`, each pair once."""
    named = records[["region_code", "noaa_ars"]].drop_duplicates()
    numbers = named.assign(noaa_ar=named["noaa_ars"].str.split(",")).explode("noaa_ar")
    numbers["noaa_ar"] = pd.to_numeric(numbers["noaa_ar"], errors="coerce")
    numbers = numbers[numbers["noaa_ar"] > 0].astype({"noaa_ar": np.int64})
    return numbers[["region_code", "noaa_ar"]].drop_duplicates()


def _split_of_region(region: NDArray[np.int64], n_regions: int, datasets: Sequence[Dataset]) -> NDArray[np.int8]:
    """Split of each region, (draw, region): -1 where it is in none, the last where a border cuts it."""
    splits = np.full((len(datasets), n_regions), -1, dtype=np.int8)
    for row, dataset in zip(splits, datasets, strict=True):
        for code, name in enumerate(SPLITS):
            row[region[dataset.positions[name]]] = code
    return splits
