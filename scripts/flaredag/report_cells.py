"""Cells and tables of the report: numbers and names as a reader wants them. Blocks are plain JSON for the template.

A cell is a text, or a `text` in a `style`, or a figure with its spread (`mean`, `sd`, the `n` seeds that it is defined
for if not all, `best`) and, beneath them, its `interval` if it has one. Rows are `{"cells": [...]}` or, a heading over
the rows that follow, `{"group": ...}`.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from flaredag.calibration_names import is_calibrated, raw_name
from flaredag.score_tables import FIXED_THRESHOLD, TEST_THRESHOLD, VALIDATION_THRESHOLD

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    import pandas as pd

Block = dict[str, Any]

ABBREVIATIONS = {
    "true_skill_statistic": "TSS",
    "heidke_skill_score": "HSS",
    "accuracy": "ACC",
    "balanced_accuracy": "BACC",
    "probability_of_detection": "POD",
    "precision": "PREC",
    "false_alarm_ratio": "FAR",
    "probability_of_false_detection": "POFD",
    "area_under_roc_curve": "AUC",
    "brier_skill_score": "BSS",
    "brier_skill_score_training_climatology": "BSS train",
    "brier_score": "BS",
    "brier_score_reduction": "Brier score, day by day",
    "reliability": "REL",
    "resolution": "RES",
    "uncertainty": "UNC",
    "threshold": "threshold",
}
AT_THRESHOLD = {
    FIXED_THRESHOLD: "at the threshold 0.5",
    VALIDATION_THRESHOLD: "at the threshold that has the best TSS on the validation split",
    TEST_THRESHOLD: "at the threshold that has the best TSS on the test split itself, which no forecaster knows",
}
# Names that are written otherwise than in small letters.
SPELLINGS = {"lstm": "LSTM", "bilstm": "BiLSTM", "cnn": "CNN", "minirocket": "MiniRocket"}
MINUS, EN_DASH = "\N{MINUS SIGN}", "\N{EN DASH}"
UNDEFINED = EN_DASH
SMALLEST_P_SHOWN = 1e-4


def table(
    caption: str,
    columns: Sequence[dict[str, str]],
    rows: Sequence[dict[str, Any]],
    *,
    spans: Sequence[tuple[str, int]] = (),
    small: bool = False,
) -> Block:
    """Block of a table; `spans` (title, number of columns) stand above the columns."""
    return {"kind": "table", "caption": caption, "columns": columns, "rows": rows, "spans": spans, "small": small}


def counts_table(caption: str, groups: Mapping[str, Mapping[str, int]], titles: Mapping[str, str]) -> Block:
    """Block of a table of counts, a column a group, empty where it has no such count.

    `titles`: what a count is called, in the order of the rows; one that is not there goes by its name, after them.
    """
    names = ordered((name for counts in groups.values() for name in counts), list(titles))
    rows = [
        {
            "cells": [
                titles.get(name, words(name)),
                *(count(counts[name]) if name in counts else "" for counts in groups.values()),
            ]
        }
        for name in names
    ]
    return table(caption, text_columns("Count") + number_columns(*groups), rows)


def paragraph(text: str) -> Block:
    """Block of running text; what stands between backticks is code."""
    return {"kind": "paragraph", "text": text}


def number_columns(*titles: str) -> list[dict[str, str]]:
    """Columns of numbers, flush right."""
    return [{"title": title, "align": "right"} for title in titles]


def text_columns(*titles: str) -> list[dict[str, str]]:
    """Columns of text, flush left."""
    return [{"title": title, "align": "left"} for title in titles]


def wide_column(title: str) -> list[dict[str, str]]:
    """One column of text that takes the room that the others leave."""
    return [{"title": title, "align": "wide"}]


def mean_and_sd(values: pd.Series) -> Any:
    """Cell of mean and standard deviation (n - 1) over the seeds for which the figure is defined."""
    defined = values.dropna().to_numpy(dtype=np.float64)
    if not len(defined):
        return UNDEFINED
    cell = figure(number(defined.mean()), number(defined.std(ddof=1)) if len(defined) > 1 else "")
    return cell | {"n": "" if len(defined) == len(values) else str(len(defined))}


def mean_count(counts: Sequence[int]) -> Any:
    """Cell of mean and standard deviation (n - 1) of counts over seeds, in whole numbers."""
    return figure(count(float(np.mean(counts))), count(float(np.std(counts, ddof=1))) if len(counts) > 1 else "")


def figure(mean: str, sd: str = "") -> dict[str, Any]:
    """Cell of a figure and its spread, both as text."""
    return {"mean": mean, "sd": sd, "n": "", "best": False}


def with_interval(value: float, low: float, high: float, *, sd: float = float("nan"), n: str = "") -> Any:
    """Cell of a figure and, beneath it, its interval; `sd` over the seeds and the `n` of them, where given."""
    if np.isnan(value):
        return UNDEFINED
    return figure(number(value), "" if np.isnan(sd) else number(sd)) | {"n": n, "interval": interval(low, high)}


def difference(value: float, low: float, high: float) -> Any:
    """Cell of a difference and, beneath it, its interval, all with their signs."""
    if np.isnan(value):
        return UNDEFINED
    bounds = "" if np.isnan(low) or np.isnan(high) else f"[{signed(low)}, {signed(high)}]"
    return figure(signed(value)) | {"interval": bounds}


def interval(low: float, high: float) -> str:
    """Text of an interval; empty where it is undefined."""
    return "" if np.isnan(low) or np.isnan(high) else f"[{number(low)}, {number(high)}]"


def short(value: float, low: float = float("nan"), high: float = float("nan")) -> str:
    """Text of a figure of order 1 and its interval on one line, two digits, without the zero before the point."""
    if np.isnan(value):
        return UNDEFINED
    texts = [number(each, 2).replace("0.", ".", 1) if abs(each) < 1 else number(each, 2) for each in (value, low, high)]
    return texts[0] if np.isnan(low) or np.isnan(high) else f"{texts[0]} [{texts[1]}, {texts[2]}]"


def styled(text: str, style: str) -> dict[str, str]:
    """Cell of text that is plain, strong, good, bad, muted, or code."""
    return {"text": text, "style": style}


def number(value: float, digits: int = 3) -> str:
    """Text of a number; what rounds to zero has no sign."""
    return UNDEFINED if np.isnan(value) else f"{value:z.{digits}f}".replace("-", MINUS)


def signed(value: float) -> str:
    """Text of a difference, with its sign, unless it rounds to zero."""
    text = number(value)
    return text if np.isnan(value) or text.startswith(MINUS) or not float(text) else f"+{text}"


def count(value: float) -> str:
    """Text of a whole number, thousands apart."""
    return f"{value:,.0f}"


def p_value(value: float) -> str:
    """Text of a p value, four digits."""
    return f"< {SMALLEST_P_SHOWN:.4f}" if value < SMALLEST_P_SHOWN else number(value, 4)


def words(name: str) -> str:
    """Name as a reader wants it: models, metrics and counts lose their underscores, data sets keep them.

    Calibrated forecasts are those of a model, with the method behind it in brackets.
    """
    name = " ".join(
        f"{raw_name(word)} ({word.rpartition('.')[2]})" if is_calibrated(word) else word for word in name.split(" ")
    )
    shown = [word if word.isupper() else word.replace("_", " ") for word in name.split(" ")]
    spelled = (SPELLINGS.get(word, word) for word in " ".join(shown).split(" "))
    return " ".join(spelled).replace("->", " → ")


def ranges(numbers: Iterable[int]) -> str:
    """Text of ascending whole numbers, runs joined: 0, 1, 2 and 5 are "0-2, 5", with a dash of print."""
    runs: list[list[int]] = []
    for each in numbers:
        if runs and each == runs[-1][-1] + 1:
            runs[-1].append(each)
        else:
            runs.append([each])
    return ", ".join(str(run[0]) if len(run) == 1 else f"{run[0]}{EN_DASH}{run[-1]}" for run in runs)


def letter(position: int) -> str:
    """Letter of a reason: a to z, then aa, ab and so on."""
    first, last = divmod(position, 26)
    return (chr(ord("a") + first - 1) if first else "") + chr(ord("a") + last)


def ordered(found: Iterable[str], wanted: Sequence[str]) -> list[str]:
    """`found` in the order of `wanted`, those not in it after them."""
    found = list(dict.fromkeys(found))
    return [name for name in dict.fromkeys(wanted) if name in found] + [name for name in found if name not in wanted]
