"""Forecasts of the whole disk as operational centres issued them: texts of a line an issue, and their lists of flares.

A line begins with year, month, day, hour and minute of the issue (UTC), percentages of flares of a class on the days
that follow stand in columns after them.
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from flaredag.errors import InputError
from flaredag.goes import peak_flux_w_m2

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    Times = NDArray[np.datetime64]

PARTS_OF_TIME = ("year", "month", "day", "hour", "minute")
PERCENT = 100.0
# Of a list of flares: year, month, day, HHMM of start, peak and end, class, and if known the NOAA region.
FIELDS_OF_FLARE = 7


def read_issues(path: str | Path, *, column: int) -> tuple[Times, NDArray[np.float64]]:
    """Issue times, UTC, and probabilities, 0 to 1, of the `column` (from 1) of a file of percentages, (issue,).

    InputError with the line where a field is no number, a time none of the calendar, or a percentage above 100.
    """
    times, percentages = [], []
    for place, fields in _lines(path):
        try:
            parts, percentage = [int(field) for field in fields[: len(PARTS_OF_TIME)]], float(fields[column - 1])
            times.append(np.datetime64(pd.Timestamp(**dict(zip(PARTS_OF_TIME, parts, strict=True))), "s"))
        except (ValueError, IndexError) as error:
            raise InputError(
                f"{path}: {place}: {' '.join(fields)[:80]!r}; wanted {', '.join(PARTS_OF_TIME)}, and a percentage in "
                f"column {column} ({error}). Delete the file to have it fetched again."
            ) from error
        if not 0 <= percentage <= PERCENT:
            raise InputError(
                f"{path}: {place}: {percentage:g} in column {column}; wanted 0 to 100 percent. Name another column."
            )
        percentages.append(percentage)
    return np.array(times, dtype="datetime64[s]"), np.array(percentages) / PERCENT


def read_text_flares(path: str | Path) -> pd.DataFrame:
    """Flares of a text of a line a flare: `start_time` (UTC) and `peak_flux` (W m-2).

    InputError with the line where it is no flare.
    """
    starts, classes = [], []
    for place, fields in _lines(path):
        try:
            year, month, day, clock = (int(field) for field in fields[:4])
            starts.append(np.datetime64(pd.Timestamp(year, month, day, clock // 100, clock % 100), "s"))
            classes.append(fields[FIELDS_OF_FLARE - 1])
        except (ValueError, IndexError) as error:
            raise InputError(
                f"{path}: {place}: {' '.join(fields)[:80]!r}; wanted year, month, day, start, peak, end and class "
                f"({error}). Delete the file to have it fetched again."
            ) from error
    flares = pd.DataFrame({"start_time": starts, "peak_flux": peak_flux_w_m2(classes)})
    if flares["peak_flux"].isna().any():
        bad = classes[int(flares["peak_flux"].isna().to_numpy().argmax())]
        raise InputError(f"{path}: {bad!r} is no GOES class. Delete the file to have it fetched again.")
    return flares


def days_of_issues(issue_time: Times, *, issued_within_hours: Sequence[float]) -> Times:
    """Start of the day, 00:00 UTC, that each issue is of, (issue,); NaT where it is issued at another time of the day.

    `issued_within_hours`: first and last hour of issue, from the start of the day.
    """
    first, last = (round(hours * 3600) * np.timedelta64(1, "s") for hours in issued_within_hours)
    days = (issue_time - first).astype("datetime64[D]").astype("datetime64[s]")
    return np.where(issue_time - days <= last, days, np.datetime64("NaT", "s"))


def issue_of_each_day(issue_time: Times, day: Times, days: Times) -> NDArray[np.int64]:
    """Index of the issue that counts on each of the `days`, (day,), -1 where there is none.

    `issue_time` and the `day` that each is of are (issue,), NaT where of none. Of several that counts which is the last
    by the start of the day, else the first after it: a later one has seen more of the day. Of two of one minute the
    later line.
    """
    table = pd.DataFrame({"day": day, "after": issue_time > day, "apart": abs(issue_time - day)})
    table = table[table["day"].notna()].iloc[::-1]
    best = table.sort_values(["after", "apart"], kind="stable").drop_duplicates("day")
    chosen = pd.Series(best.index.to_numpy(), index=best["day"].to_numpy(dtype="datetime64[s]"))
    return chosen.reindex(days, fill_value=-1).to_numpy(dtype=np.int64)


def _lines(path: str | Path) -> list[tuple[str, list[str]]]:
    """Place and fields of each line that is not empty; InputError where there is none."""
    try:
        text = Path(path).read_text(encoding="latin1")
    except OSError as error:
        raise InputError(f"{path}: not readable ({error}). Delete the file to have it fetched again.") from error
    lines = [(f"line {number}", line.split()) for number, line in enumerate(text.splitlines(), start=1) if line.strip()]
    if not lines:
        raise InputError(f"{path}: is empty. Delete the file to have it fetched again.")
    return lines
