"""Anybody's members of a combination: CSV files of times, a column a member, and outcomes.

A file has a header line and one line a forecast window. Its columns, in any order, separated by commas:

- `time`: when the window begins, ISO 8601; with a zone in every line, or in none, which is UTC
- `outcome`: 1 if the event occurred in the window, else 0
- `window_hours`: the length of the window; without the column that of the settings. All lines must have one: members
  on windows of their own are named in the settings, and converted
- every other column is a member, whose name it has: its probability of the event, 0 to 1, empty where it is missing
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from flaredag.flare_rates import converted_windows
from flaredag.forecast_lines import (
    ForecastLines,
    FormOfFile,
    checked_outcomes,
    checked_times,
    read_forecast_lines,
    refuse_beyond_probability,
)
from flaredag.member_peculiarities import peculiarities
from flaredag.members import Members, check_combinable, check_members

if TYPE_CHECKING:
    from collections.abc import Mapping

    from numpy.typing import NDArray

TIME, OUTCOME, WINDOW = "time", "outcome", "window_hours"
# What the event is, only the file's author knows.
EVENT = "outcome of the file"
IF_MISSING = (
    "If it stands for a missing forecast, leave the field empty, or tell so: missing_value: {value:g} in config.yaml."
)


class MemberFile(NamedTuple):
    """Members of a file, and in words what was taken for granted, changed or is peculiar."""

    members: Members
    notes: list[str]


def read_members_csv(
    path: str | Path,
    *,
    window_hours: float,
    missing_value: float | None,
    hours_of_members: Mapping[str, float],
    time_column: str = TIME,
    outcome_column: str = OUTCOME,
    event: str = EVENT,
) -> MemberFile:
    """Members of a CSV file, plain or `.gz` (see above), which forecast an `event`.

    `window_hours` is that of a file that does not tell it; `missing_value`: a number that stands for a missing
    forecast, or None; `hours_of_members`: of those members that forecast another window. Published files may have other
    names for the columns of the time and the outcome. Lines are sorted by time.

    Raises InputError, with the number of lines concerned and the first of them, if the file cannot be read, holds what
    its columns cannot have, a time twice, windows of several lengths, or nothing that can be combined.
    """
    path = Path(path)
    form = FormOfFile(
        required=(time_column, outcome_column),
        optional=(WINDOW,),
        times=(time_column,),
        names=(),
        header=f"{time_column},MEMBER_1,MEMBER_2,{outcome_column}",
        others_are_numbers=True,
    )
    lines, notes = read_forecast_lines(path, form)
    time = checked_times(lines, time_column, notes)
    outcome = checked_outcomes(lines, outcome_column)
    names = [name for name in lines.header if name not in form.columns]
    columns = [_checked_member(lines, name, missing_value, notes) for name in names]
    order = np.argsort(time, kind="stable")
    if (np.diff(order) < 0).any():
        notes.append("The lines are not in the order of their times: sorted.")
    _refuse_repeated(time, lines, time_column)
    window_hours = _checked_window(lines, window_hours, notes)
    probability = np.stack(columns, axis=1) if columns else np.empty((len(time), 0))
    probability, converted = converted_windows(
        probability, names, hours_of_members=hours_of_members, window_hours=window_hours, where=path
    )
    members = Members(
        time=time[order],
        names=tuple(names),
        probability=probability[order],
        outcome=outcome[order],
        window_hours=window_hours,
        event=event,
        source=path.name,
    )
    check_combinable(members, path)
    check_members(members, path)
    return MemberFile(members, notes + converted + peculiarities(members))


def _checked_member(
    lines: ForecastLines, name: str, missing_value: float | None, notes: list[str]
) -> NDArray[np.float64]:
    """Probabilities of a member, (row,), NaN where missing."""
    probability = lines.numbers[name].copy()
    lines.refuse(
        np.isnan(probability) & lines.given[name],
        name,
        found="no number",
        wanted=f"Wanted a probability from 0 to 1, or nothing where it is missing: every column but "
        f"{', '.join(lines.form.columns)} is a member. Leave out columns that are none.",
    )
    stands = probability == missing_value if missing_value is not None else np.zeros(len(probability), dtype=bool)
    if stands.any():
        notes.append(f"{name}: {missing_value:g} in {int(stands.sum())} lines, taken as missing.")
    probability[stands] = np.nan
    unfit = probability[(probability < 0) | (probability > 1)]
    if len(unfit):
        refuse_beyond_probability(lines, name, probability, if_missing=IF_MISSING.format(value=unfit[0]))
    return probability


def _checked_window(lines: ForecastLines, of_settings: float, notes: list[str]) -> float:
    """Length of the windows, hours."""
    if WINDOW not in lines.numbers:
        notes.append(f"There is no column {WINDOW}: windows are {of_settings:g} hours long.")
        return of_settings
    hours = lines.numbers[WINDOW]
    lines.refuse(~(hours > 0), WINDOW, found="no length of a window", wanted="Wanted hours, such as 24.")
    lines.refuse(
        hours != hours[0],
        WINDOW,
        found=f"another length than the {hours[0]:g} h of the first line",
        wanted="Windows of several lengths cannot be combined: give those of one length, or a column a member and the "
        "hours of those that differ under ensemble.hours_of_members.",
    )
    return float(hours[0])


def _refuse_repeated(time: NDArray[np.datetime64], lines: ForecastLines, column: str) -> None:
    _, first = np.unique(time, return_index=True)
    repeated = np.ones(len(time), dtype=bool)
    repeated[first] = False
    lines.refuse(
        repeated, column, found="a time of an earlier line", wanted="Wanted one line a window: keep one of them."
    )
