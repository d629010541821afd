"""The protocol ladder: one model's skill from the papers' task to a forecaster's, a change of protocol a rung."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple, TypedDict

import numpy as np
import pandas as pd

from flaredag.calibration_names import calibrated_name
from flaredag.errors import InputError
from flaredag.report_cells import MINUS, number, short, words
from flaredag.score_tables import FIXED_THRESHOLD, VALIDATION_THRESHOLD
from flaredag.tables import numbers, read_raw_csv

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import Path


class Rung(NamedTuple):
    """A rung as a reader wants it: its letter, a label of two words, and what is asked on it."""

    letter: str
    label: str
    asked: str


class Ladder(TypedDict):
    """A chain of data sets, by the rung that each stands on; a rung may be absent."""

    name: str
    title: str
    rungs: Mapping[str, str]


BALANCED, NATURAL_RATE, FULL_DISK = "balanced", "natural_rate", "full_disk"
# From the lowest to the highest.
RUNGS: dict[str, Rung] = {
    BALANCED: Rung(
        "a",
        "balanced",
        "regions that flare strongly against regions that stay quiet, as many of the one as of the other",
    ),
    NATURAL_RATE: Rung(
        "b", "natural rate", "the same trained model, but tested at the rate at which both kinds of regions occur"
    ),
    "all_samples": Rung(
        "c",
        "all samples",
        "every window, nothing dropped for what happened later: is there a strong flare within the horizon, yes or no",
    ),
    "by_time": Rung("d", "by time", "the same, but trained on the past and tested on what came after it"),
    "by_cycle": Rung("e", "by cycle", "the same, but trained on one solar cycle and tested on another"),
    FULL_DISK: Rung("f", "full disk", "one forecast a day for the whole disk, made of those of its regions"),
}

TSS, BSS, AUC = "true_skill_statistic", "brier_skill_score", "area_under_roc_curve"
N_SAMPLES, N_EVENTS = "n_samples", "n_events"
# Values of the column `forecasts`: as the model gives them, or shifted to the natural rate of events.
RAW, PRIOR_SHIFT = "raw", "prior_shift"
FIGURES = ("value", "low", "high", "low_rotation", "high_rotation")
INTERVAL_COLUMNS = ("dataset", "model", "threshold", "metric", *FIGURES)
COLUMNS = ("ladder", "rung", "dataset", "forecasts", "metric", "threshold", *FIGURES)


def read_intervals(path: str | Path) -> pd.DataFrame:
    """Rows with the columns that `climb` needs, of one study; InputError on one missing, no number, or no row."""
    table = read_raw_csv(path, INTERVAL_COLUMNS)
    if table.empty:
        raise InputError(f"{path}: holds no row. Delete the file to have it made again.")
    return table.assign(**{name: numbers(table[name], path=path) for name in FIGURES})


def climb(intervals: pd.DataFrame, ladders: Sequence[Ladder], model: str) -> pd.DataFrame:
    """Scores of `model` on each rung of each ladder, with `COLUMNS`; a rung without the model has no row.

    `intervals` has a row a score, and `INTERVAL_COLUMNS`. The true skill
    statistic is given at threshold 0.5, and above the two lowest rungs also at the threshold chosen on validation. The
    Brier skill score is given of the forecasts as they are (`forecasts` is raw) and of those of `{model}.prior_shift`;
    the full disk's are made of shifted forecasts and have no raw ones. Raises InputError on a rung that nobody knows,
    a score that is given twice, or a model that is on no rung.
    """
    rows = []
    for ladder in ladders:
        unknown = [rung for rung in ladder["rungs"] if rung not in RUNGS]
        if unknown:
            raise InputError(
                f"ladder {ladder['name']}: no rung is called {', '.join(unknown)}; there are {', '.join(RUNGS)}. Mend "
                "the ladder."
            )
        for rung in RUNGS:
            if rung in ladder["rungs"]:
                rows += _on_rung(intervals, ladder["rungs"][rung], rung, ladder["name"], model)
    if not rows:
        named = ", ".join(dataset for ladder in ladders for dataset in ladder["rungs"].values())
        raise InputError(
            f"no score of {model} on any rung of the ladders ({named or 'none'}); there are scores of "
            f"{', '.join(sorted(set(intervals['model'])))}. Name another model, or verify it on these data sets."
        )
    return pd.DataFrame(rows, columns=list(COLUMNS))


def leading(climbed: pd.DataFrame, metric: str) -> pd.DataFrame:
    """One row a rung and ladder: the score a reader should take.

    That is the Brier skill score of the shifted forecasts, where there are any, and the true skill statistic at the
    threshold chosen on validation, where one was chosen.
    """
    rows = climbed.loc[climbed["metric"] == metric].copy()
    rows["_rank"] = (rows["threshold"] == VALIDATION_THRESHOLD).astype(int)
    rows["_rank"] += (rows["forecasts"] == PRIOR_SHIFT).astype(int)
    best = rows.groupby(["ladder", "rung"], sort=False)["_rank"].idxmax()
    return rows.loc[np.sort(best.to_numpy())].drop(columns="_rank")


def in_words(climbed: pd.DataFrame, model: str, ladder_title: str) -> str:
    """The climb of one ladder in running text, every number from `climbed`; InputError if it has another ladder's.

    A rung a sentence, with bounds; where the probabilities are worse than climatology until they are shifted, that is
    said; then the whole way, and its greatest step.
    """
    ladders = climbed["ladder"].unique()
    if len(ladders) != 1:
        raise InputError(
            f"the climb of one ladder is told at a time; found {', '.join(ladders) or 'none'}. Select one."
        )
    sentences = [f"{ladder_title}, {words(model)}."]
    for rung in dict.fromkeys(climbed["rung"]):
        rows = climbed.loc[climbed["rung"] == rung]
        scores = [_with_bounds(name, leading(rows, metric)) for name, metric in (("TSS", TSS), ("AUC", AUC))]
        told = [text for text in [*scores, _brier_skill_in_words(rows)] if text]
        asked = f"({RUNGS[rung].letter}) {RUNGS[rung].asked[0].upper()}{RUNGS[rung].asked[1:]}"
        sentences.append(f"{asked}{_event_rate_in_words(rows)}: {', '.join(told) or 'no score is defined'}.")
    return " ".join([*sentences, *_whole_way_in_words(climbed)])


def _on_rung(intervals: pd.DataFrame, dataset: str, rung: str, ladder: str, model: str) -> list[tuple[object, ...]]:
    of_dataset = intervals.loc[intervals["dataset"] == dataset]
    thresholds = [FIXED_THRESHOLD] if rung in (BALANCED, NATURAL_RATE) else [VALIDATION_THRESHOLD, FIXED_THRESHOLD]
    own = PRIOR_SHIFT if rung == FULL_DISK else RAW
    wanted = [(model, own, TSS, threshold) for threshold in thresholds]
    wanted += [(model, own, metric, "") for metric in (BSS, AUC, N_SAMPLES, N_EVENTS)]
    if own == RAW:
        wanted.append((calibrated_name(model, PRIOR_SHIFT), PRIOR_SHIFT, BSS, ""))
    rows = []
    for name, forecasts, metric, threshold in wanted:
        found = of_dataset.loc[
            (of_dataset["model"] == name) & (of_dataset["metric"] == metric) & (of_dataset["threshold"] == threshold)
        ]
        if len(found) > 1:
            raise InputError(
                f"{metric} {threshold} of {name} on {dataset} is given {len(found)} times; wanted once. Select one "
                "study and protocol."
            )
        rows += [
            (ladder, rung, dataset, forecasts, metric, threshold, *figures)
            for figures in found[list(FIGURES)].itertuples(index=False, name=None)
        ]
    return rows


def _with_bounds(name: str, rows: pd.DataFrame) -> str:
    """A score with its bounds, of the one row there is; empty where there is none, or none is defined."""
    if rows.empty or np.isnan(rows["value"].iloc[0]):
        return ""
    value, low, high = (float(rows[figure].iloc[0]) for figure in ("value", "low", "high"))
    return f"{name} {short(value, low, high)}".strip()


def _brier_skill_in_words(rows: pd.DataFrame) -> str:
    """Brier skill score of a rung: of the forecasts as they are, and of the shifted ones, where there are both."""
    skill = rows.loc[rows["metric"] == BSS].dropna(subset="value")
    raw, shifted = (skill.loc[skill["forecasts"] == forecasts] for forecasts in (RAW, PRIOR_SHIFT))
    if raw.empty or shifted.empty:
        return _with_bounds("BSS", skill)
    worse = " (worse than the event rate alone)" if raw["value"].iloc[0] < 0 else ""
    return f"{_with_bounds('BSS', raw)} as issued{worse} and {_with_bounds('', shifted)} shifted to the natural rate"


def _event_rate_in_words(rows: pd.DataFrame) -> str:
    n_samples, n_events = (rows.loc[rows["metric"] == metric, "value"].sum() for metric in (N_SAMPLES, N_EVENTS))
    return f" ({number(100 * n_events / n_samples, 1)} % are events)" if n_samples > 0 else ""


def _whole_way_in_words(climbed: pd.DataFrame) -> list[str]:
    """From the first rung to the last, and the greatest fall between two rungs that follow each other."""
    way = leading(climbed, TSS).dropna(subset="value")
    if len(way) < 2:  # noqa: PLR2004
        return []
    letters = [RUNGS[rung].letter for rung in way["rung"]]
    values = way["value"].to_numpy(dtype=np.float64)
    steps = np.diff(values)
    dearest = int(steps.argmin())
    text = (
        f"A TSS of {short(values[0])} on rung {letters[0]} is {short(values[-1])} on rung {letters[-1]} "
        f"({_change(values[-1] - values[0])})"
    )
    if steps[dearest] < 0:
        text += f"; the greatest fall is from {letters[dearest]} to {letters[dearest + 1]} ({_change(steps[dearest])})"
    told = [f"{text}."]
    skill = leading(climbed, BSS).dropna(subset="value")
    if not skill.empty and skill["rung"].iloc[-1] == way["rung"].iloc[-1]:
        low, high = (float(skill[bound].iloc[-1]) for bound in ("low", "high"))
        if not np.isnan(low):
            verdict = "better than" if low > 0 else "worse than" if high < 0 else "not told apart from"
            told.append(f"There the probabilities are {verdict} always forecasting the event rate.")
    return told


def _change(value: float) -> str:
    text = short(value)
    return text if text.startswith(MINUS) else f"+{text}"
