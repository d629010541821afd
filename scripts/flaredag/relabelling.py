"""Labels of a study's windows by another list of flares, and forecasts scored against them.

How far a score hangs on the list that the labels were made from, and on whether the fluxes of GOES 8-15 carry NOAA's
factor 0.7, is seen by scoring the same forecasts against other labels of the same windows.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np
import pandas as pd

from flaredag.block_bootstrap import block_weights, blocks_of_regions, bounds, resampled_scores
from flaredag.errors import InputError
from flaredag.goes import threshold_w_m2
from flaredag.listed_flares import within_periods
from flaredag.score_tables import CATEGORICAL_METRICS, FIXED_THRESHOLD, VALIDATION_THRESHOLD
from flaredag.study_windows import REGION_LIMIT
from flaredag.windows import evolution_types, flares_of_regions, labels

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from numpy.typing import NDArray

    from flaredag.samples import StudyWindows

METRICS = (
    "area_under_roc_curve",
    "brier_score",
    "brier_skill_score",
    "true_skill_statistic",
    "heidke_skill_score",
)
SCORED_COLUMNS = (
    "threshold",
    "metric",
    "value",
    "low",
    "high",
    "n_samples",
    "n_events",
    "n_changed",
    "n_not_covered",
    "value_of_study",
)


class Relabelled(NamedTuple):
    """Of each window (sample,): `label` by a list, 1, 0 or -1 if in neither class; whether the list `covered` it."""

    label: NDArray[np.int8]
    covered: NDArray[np.bool_]


def instruments_with_noaa_numbers(records: pd.DataFrame) -> set[str]:
    """Instruments whose records name NOAA regions, so that a list's flares can be matched to them."""
    return set(records.loc[records["noaa_ars"] != "", "instrument"])


def reaches_down_to(flares: pd.DataFrame, goes_class: str) -> bool:
    """Whether a list has flares down to a class, so that it tells all that are above it.

    One that was cut at C1.0 ends at C1.43 without the factor 0.7 of GOES 8-15: what is C1.0 then, it does not tell.
    """
    return bool((flares["peak_flux"] <= threshold_w_m2(goes_class) * (1 + 1e-9)).any())


def relabelled_windows(
    windows: StudyWindows,
    records: pd.DataFrame,
    flares: pd.DataFrame,
    covered: pd.DataFrame,
    *,
    label_settings: Mapping[str, Any],
    window_settings: Mapping[str, Any],
) -> Relabelled:
    """Labels of all `windows` by a list of `flares` that covers the periods `covered` (columns `begin` and `end`).

    `records` have `instrument`, `region`, `t_rec`, `time`, `noaa_ars`; the settings, of one task, are those that the
    windows were made with. A window is covered if its observation and its forecast period lie in one of the periods.
    Raises InputError where a window ends at no record.
    """
    names = np.array(windows.instruments)
    # A table may hold instruments that the study does not take.
    records = records[records["instrument"].isin(windows.instruments)]
    code = records["instrument"].map({name: i for i, name in enumerate(names)}).to_numpy(dtype=np.int64)
    records = records.assign(region_code=code * REGION_LIMIT + records["region"])
    region_code = windows.instrument.astype(np.int64) * REGION_LIMIT + windows.region
    issue_time = windows.issue_time.astype("datetime64[s]")
    compared: NDArray[np.datetime64] = issue_time
    if label_settings["clock"] == "tai_as_utc":
        at_end = pd.MultiIndex.from_arrays([records["region_code"], records["time"].astype("datetime64[s]")])
        place = at_end.get_indexer(pd.MultiIndex.from_arrays([region_code, issue_time]))
        if (place < 0).any():
            first = int(np.flatnonzero(place < 0)[0])
            told = f"{names[windows.instrument[first]]} region {windows.region[first]} at {issue_time[first]}"
            raise InputError(
                f"window of {told}: no such record ({int((place < 0).sum())} such windows); wanted the tables that the "
                "windows were made from. Run snakemake again."
            )
        compared = records["t_rec"].to_numpy(dtype="datetime64[s]")[place]
    cadence, n_steps = window_settings["cadence_minutes"], window_settings["n_steps"]
    observed_hours = label_settings.get("observation_hours", cadence * (n_steps - 1) / 60)
    begin: NDArray[np.datetime64] = compared - np.timedelta64(round(3600 * observed_hours), "s")
    end: NDArray[np.datetime64] = compared + np.timedelta64(round(3600 * label_settings["horizon_hours"]), "s")
    evolution = evolution_types(
        region_code,
        begin,
        compared,
        flares_of_regions(flares, records),
        horizon_hours=label_settings["horizon_hours"],
        strong_flux_w_m2=threshold_w_m2(label_settings["strong_class"]),
        closed=label_settings["closed"],
    )
    return Relabelled(
        labels(evolution, positive=label_settings["positive"], negative=label_settings["negative"]),
        within_periods(begin, end, covered),
    )


def positions_in_windows(predictions: pd.DataFrame, windows: StudyWindows) -> NDArray[np.int64]:
    """Position in `windows` of the sample of each prediction, (row,).

    Raises InputError where a prediction has no window there.
    """
    names = pd.Index(windows.instruments)
    own = pd.MultiIndex.from_arrays([windows.instrument, windows.region, windows.issue_time.astype("datetime64[s]")])
    wanted = pd.MultiIndex.from_arrays(
        [
            names.get_indexer(predictions["instrument"].astype(str)).astype(np.int8),
            predictions["region"].to_numpy(dtype=np.int32),
            predictions["issue_time"].to_numpy(dtype="datetime64[s]"),
        ]
    )
    place = own.get_indexer(wanted)
    if (place < 0).any():
        first = predictions[place < 0].iloc[0]
        raise InputError(
            f"forecast of {first['instrument']} region {first['region']} at {first['issue_time']}: no such window "
            f"({int((place < 0).sum())} such forecasts); wanted forecasts of the study's windows. Run snakemake again."
        )
    return place.astype(np.int64)


def scores_by_labels(
    predictions: pd.DataFrame,
    relabelled: Relabelled,
    *,
    validation_thresholds: Mapping[int, float],
    resamples: int,
    seed: int,
    level: float,
) -> pd.DataFrame:
    """Scores of one model's test forecasts against other labels, columns `SCORED_COLUMNS`.

    `relabelled`: of each row of `predictions`. Left out are rows that the list does not cover or that are in neither
    class by it. Each value is the mean over seeds, `low` and `high` its bounds from resampled regions, the same for all
    seeds; counts are means over seeds. `value_of_study` is the score against the study's own labels of the rows that
    are scored. `validation_thresholds`: of each seed. NaN where a score is undefined, and where nothing is left.
    """
    label, covered = relabelled
    block = blocks_of_regions(predictions["instrument"], predictions["region"])
    whole = np.ones((1, int(block.max(initial=-1)) + 1), dtype=np.float32)
    weights = np.concatenate([whole, block_weights(whole.shape[1], resamples=resamples, seed=seed)])
    own_label = predictions["label"].to_numpy(dtype=np.int8)
    scored = covered & (label >= 0)
    of_seeds, of_study, counts = [], [], []
    for number, rows in sorted(predictions.groupby("seed", observed=True).indices.items()):
        kept = rows[scored[rows]]
        of_seed = covered[rows]
        changed = (label[rows] != own_label[rows]) & of_seed
        counts.append([len(kept), int((label[kept] == 1).sum()), int(changed.sum()), int((~of_seed).sum())])
        thresholds = (0.5, validation_thresholds[int(number)])
        series = predictions["probability"].to_numpy()[kept], block[kept]
        of_seeds.append(_figures(label[kept], *series, weights, thresholds))
        of_study.append(_figures(own_label[kept], *series, whole, thresholds))
    mean = {key: np.mean([one[key] for one in of_seeds], axis=0) for key in of_seeds[0]}
    n_samples, n_events, n_changed, n_not_covered = np.mean(counts, axis=0)
    rows_of_table = []
    for (threshold, metric), figures in mean.items():
        low, high = (float(bound) for bound in bounds(figures[1:], level=level))
        by_study = float(np.mean([one[(threshold, metric)][0] for one in of_study]))
        of_rows = (n_samples, n_events, n_changed, n_not_covered)
        rows_of_table.append((threshold, metric, figures[0], low, high, *of_rows, by_study))
    return pd.DataFrame(rows_of_table, columns=list(SCORED_COLUMNS))


def _figures(
    label: NDArray[np.int8],
    probability: NDArray[np.float64],
    block: NDArray[np.int64],
    weights: NDArray[np.float32],
    thresholds: Sequence[float],
) -> dict[tuple[str, str], NDArray[np.float64]]:
    """Scores of one seed, (resample,), by threshold and metric; NaN where there is no sample."""
    named = dict(enumerate((FIXED_THRESHOLD, VALIDATION_THRESHOLD)))
    columns = {
        (named[column] if metric in CATEGORICAL_METRICS else "", metric): column
        for metric in METRICS
        for column in (named if metric in CATEGORICAL_METRICS else (0,))
    }
    if not len(label):
        return {key: np.full(len(weights), np.nan) for key in columns}
    scores = resampled_scores(label, probability, block, weights, thresholds=thresholds)
    return {key: scores[key[1]][:, column] if key[0] else scores[key[1]] for key, column in columns.items()}
