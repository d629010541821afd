"""Anybody's forecasts: CSV files of times, labels and probabilities, read into the columns of flaredag.predictions.

A file has a header line and one line a forecast. Its columns, in any order, separated by commas:

- `time`: when the forecast window begins, ISO 8601; with a zone in every line, or in none, which is UTC
- `label`: 1 if the event occurred in the window, else 0; `probability`: that it would, 0 to 1
- `issue_time`: when the forecast was issued, as `time`; where there is no such column, it is `time`
- `region`: `instrument-number` or a number; without the column, forecasts are of the whole disk
- `split`: train, validation or test; `model`: its name; `seed`: a whole number. Without the column: test, the name of
  the file, 0

A forecast is told from others by model, seed, region and issue time. Numbers of lines count the header as line 1.
"""

from __future__ import annotations

import re
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

import numpy as np
import pandas as pd

from flaredag.errors import InputError
from flaredag.forecast_lines import (
    ForecastLines,
    FormOfFile,
    checked_outcomes,
    checked_times,
    read_forecast_lines,
    refuse_beyond_probability,
)
from flaredag.predictions import FLAG_MEANING, FULL_DISK, checked_predictions
from flaredag.splits import SPLITS

if TYPE_CHECKING:
    from numpy.typing import NDArray

REGION = re.compile(r"(?:([A-Za-z0-9_.+@-]*[A-Za-z_][A-Za-z0-9_.+@-]*)-)?([0-9]{1,9})")
TIMES = ("time", "issue_time")
FORECASTS = FormOfFile(
    required=("time", "label", "probability"),
    optional=("region", "split", "model", "seed", "issue_time"),
    times=TIMES,
    names=("region", "split", "model", "seed"),
    header="time,label,probability",
    others_are_numbers=False,
)


class ForecastFile(NamedTuple):
    """Predictions of a file (columns of flaredag.predictions), and in words what was taken for granted or changed."""

    predictions: pd.DataFrame
    notes: list[str]


def read_forecasts_csv(path: str | Path, *, instrument: str) -> ForecastFile:
    """Predictions of a CSV file, plain or `.gz`, ours or anybody's; a bare region number belongs to `instrument`.

    Rows keep their order, unless the times of a model, seed and region do not ascend: then all are sorted. A region
    may lie in two splits: that is for the audit to tell. Raises InputError, with the number of lines concerned and
    the first of them, if the file cannot be read, lacks a column, or holds what its columns cannot have (see above).
    """
    path = Path(path)
    lines, notes = read_forecast_lines(path, FORECASTS)
    taken = {"region": FULL_DISK, "split": "test", "model": name_of_file(path), "seed": "0"}
    for name, value in taken.items():
        if name not in lines.names:
            notes.append(f"There is no column {name}: it is {value} for every forecast.")
    issue_time = _checked_times(lines, notes)
    label, probability = checked_outcomes(lines, "label"), _checked_probability(lines)
    names = {
        name: lines.names.get(name, pd.Categorical.from_codes(np.zeros(len(label), np.int8), [value]))
        for name, value in taken.items()
    }
    instruments, numbers = _checked_regions(names["region"], lines, instrument)
    table = pd.DataFrame(
        {
            "instrument": instruments,
            "region": numbers,
            "issue_time": issue_time,
            "label": label,
            "probability": probability,
            "split": _checked_names(names["split"], "split", lines),
            "model": _checked_names(names["model"], "model", lines),
            "seed": _checked_seeds(names["seed"], lines),
        }
    )
    if not (table["split"] == "test").any():
        raise InputError(
            f"{path}: no forecast in split test; found {', '.join(sorted(table['split'].unique()))}. Scores are those "
            "of split test: name it, or leave the column out."
        )
    _refuse_repetitions(table, lines)
    table = _sorted_by_time(checked_predictions(table, path, region_in_two_splits_allowed=True), notes)
    return ForecastFile(table, notes + peculiarities(table))


def name_of_file(path: str | Path) -> str:
    """Name of a file without its endings, in letters, digits and _ - . + @: fit to be the name of a model."""
    stem = re.sub(r"(?i)\.gz$", "", Path(path).name)
    stem = re.sub(r"(?i)\.(?:csv|txt)$", "", stem)
    return re.sub(r"[^A-Za-z0-9_.+@-]", "_", stem) or "forecasts"


def peculiarities(predictions: pd.DataFrame) -> list[str]:
    """What leaves scores of a model's test split undefined, in words: one outcome, or one probability, throughout."""
    test = predictions[predictions["split"] == "test"]
    notes = []
    for (model, seed), series in test.groupby(["model", "seed"], observed=True, sort=True):
        name = f"{model}, seed {seed}"
        label, probability = series["label"].to_numpy(), series["probability"].to_numpy()
        if np.ptp(label) == 0:
            outcome = "an event" if label[0] else "no event"
            notes.append(
                f"{name}: every outcome of split test is {outcome}. No score that needs both outcomes is defined."
            )
        if np.ptp(probability) == 0:
            notes.append(
                f"{name}: every probability of split test is {probability[0]:.4g}. Nothing is ranked: it has no ROC "
                "curve."
            )
    return notes


def _checked_times(lines: ForecastLines, notes: list[str]) -> NDArray[np.datetime64]:
    """Issue times, seconds of UTC."""
    given = [name for name in TIMES if name in lines.times]
    times = [checked_times(lines, name, notes) for name in given]
    if len(given) == len(TIMES):
        late = lines.times["issue_time"] > lines.times["time"]
        if late.any():
            notes.append(
                f"{int(late.sum())} of {len(late)} forecasts are issued after their window begins: part of it was "
                "known by then."
            )
    return times[-1]


def _checked_probability(lines: ForecastLines) -> NDArray[np.float64]:
    probability = lines.numbers["probability"]
    lines.refuse(
        np.isnan(probability),
        "probability",
        found="no number (empty, NaN or text)",
        wanted="Wanted a number from 0 to 1 with a decimal point. Leave out the lines without a forecast.",
    )
    refuse_beyond_probability(
        lines, "probability", probability, if_missing="If it stands for a missing forecast, leave its line out."
    )
    return probability


def _checked_regions(
    region: pd.Categorical, lines: ForecastLines, instrument: str
) -> tuple[pd.Categorical, NDArray[np.int64]]:
    """Instrument and number of each region."""
    parsed = [REGION.fullmatch(f"{FULL_DISK}-0" if name == FULL_DISK else name) for name in region.categories]
    lines.refuse(
        np.array([match is None for match in parsed], dtype=bool)[region.codes],
        "region",
        found="no region",
        wanted=f"Wanted a number such as 377, or instrument-number such as sharp-377, or {FULL_DISK}.",
    )
    names = np.array([match[1] or instrument for match in parsed if match], dtype=object)
    numbers = np.array([int(match[2]) for match in parsed if match], dtype=np.int64)
    return pd.Categorical(names[region.codes]), numbers[region.codes]


def _checked_names(given: pd.Categorical, column: str, lines: ForecastLines) -> pd.Categorical:
    wanted = f"Wanted {', '.join(SPLITS)}." if column == "split" else "Wanted a name of letters, digits and _ - . + @."
    bad = [name not in SPLITS if column == "split" else not FLAG_MEANING.fullmatch(name) for name in given.categories]
    lines.refuse(np.array(bad, dtype=bool)[given.codes], column, found=f"no {column}", wanted=wanted)
    return given


def _checked_seeds(given: pd.Categorical, lines: ForecastLines) -> NDArray[np.int64]:
    seeds = pd.to_numeric(pd.Series(list(given.categories)), errors="coerce").to_numpy(dtype=np.float64)
    limits = np.iinfo(np.int16)
    bad = ~((seeds == np.rint(seeds)) & (seeds >= limits.min) & (seeds <= limits.max))
    lines.refuse(
        bad[given.codes], "seed", found="no seed", wanted=f"Wanted a whole number from {limits.min} to {limits.max}."
    )
    return seeds.astype(np.int64)[given.codes]


def _refuse_repetitions(table: pd.DataFrame, lines: ForecastLines) -> None:
    """Refuse a forecast that is given twice, and say what the two lines have in common."""
    key = ["model", "seed", "instrument", "region", "issue_time"]
    repeated = table.duplicated(key).to_numpy()
    if not repeated.any():
        return
    second = int(repeated.argmax())
    same = np.logical_and.reduce([(table[name] == table[name].iloc[second]).to_numpy() for name in key])
    first = int(same.argmax())
    time = lines.times["time"]
    if time[first] != time[second]:
        advice = "They are for two windows: give each lead time a model of its own."
    elif not table.loc[[first, second], ["label", "probability", "split"]].duplicated().any():
        advice = "They differ: if they are of two regions, models or seeds, name these in a column; else keep one."
    else:
        advice = "They are the same: keep one."
    raise InputError(
        f"{lines.path}: {int(repeated.sum())} of {len(table)} forecasts repeat the model, seed, region and issue time "
        f"of an earlier one; the first are lines {lines.line[first]} and {lines.line[second]}. {advice}"
    )


def _sorted_by_time(table: pd.DataFrame, notes: list[str]) -> pd.DataFrame:
    """`table`, sorted if the times of a model, seed and region do not ascend."""
    series = ["model", "seed", "instrument", "region"]
    group = table.groupby(series, observed=True, sort=False).ngroup().to_numpy()
    order = np.argsort(group, kind="stable")
    seconds = table["issue_time"].to_numpy().astype(np.int64)[order]
    descends = (np.diff(seconds) < 0) & (np.diff(group[order]) == 0)
    if not descends.any():
        return table
    notes.append(
        f"{int(descends.sum())} of {len(table)} forecasts come after a later one of the same model, seed and region: "
        "sorted."
    )
    return table.sort_values([*series, "issue_time"], kind="stable", ignore_index=True)
