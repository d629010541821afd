"""Forecasts of the whole disk as centres issued them -> members on a daily clock, with outcomes of a flare list."""

import logging
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from flaredag.artifacts import write_json
from flaredag.errors import InputError
from flaredag.event_days import NOT_COVERED, compared_outcomes, event_days, event_name
from flaredag.joblog import job_log
from flaredag.listed_flares import read_covered_periods
from flaredag.members import Members, write_members
from flaredag.operational_forecasts import days_of_issues, issue_of_each_day, read_issues, read_text_flares
from flaredag.tables import read_flares

LOG = logging.getLogger("flaredag")
Issues = tuple[NDArray[np.datetime64], NDArray[np.float64]]
HOUR, DAY = np.timedelta64(3600, "s"), np.timedelta64(86400, "s")


def curate_bulletins(
    issues: Mapping[str, Issues],
    flares: pd.DataFrame,
    covered: pd.DataFrame,
    *,
    issued_within_hours: Mapping[str, Sequence[float]],
    source: str,
    event: Mapping[str, Any],
) -> tuple[Members, list[str]]:
    """Members, one a centre, on all days (from 00:00 UTC) from the first forecast to the last, and notes in words.

    `issues`: issue times and probabilities of each centre, of which one a day counts
    (`flaredag.operational_forecasts.issue_of_each_day`); `issued_within_hours`: first and last hour of issue of each,
    from the start of the day; `flares`, `covered` and `event` as of `flaredag.event_days.event_days`. Days that the
    flare list does not cover are left out. InputError where none is left.
    """
    of_days = {
        name: days_of_issues(issue_time, issued_within_hours=issued_within_hours[name])
        for name, (issue_time, _) in issues.items()
    }
    told = np.concatenate([day[~np.isnat(day)] for day in of_days.values()])
    if not len(told):
        raise InputError(f"{source}: no forecast is issued within the hours of its day. Set issued_within_hours wider.")
    days = np.arange(told.min(), told.max() + DAY, DAY)
    outcome = event_days(flares, covered, days, **event)
    known = outcome != NOT_COVERED
    if not known.any():
        raise InputError(f"{source}: the flare list covers no day from {days[0]} to {days[-1]}. Take another list.")
    notes = [f"{int((~known).sum())} of {len(days)} days are not covered by the flare list."] if not known.all() else []
    days, outcome = days[known], outcome[known]
    columns = []
    for name, (issue_time, probability) in issues.items():
        chosen = issue_of_each_day(issue_time, of_days[name], days)
        columns.append(np.where(chosen >= 0, probability[chosen], np.nan))
        after = (issue_time[chosen] - days)[chosen >= 0] / HOUR
        notes.append(
            f"{name}: {int((chosen >= 0).sum())} of {len(days)} days have a forecast, of {len(issue_time)} issues; "
            f"{int((after > 0).sum())} are issued after it has begun, by {np.max(after, initial=0.0):.2g} h at most."
        )
    members = Members(
        time=days,
        names=tuple(issues),
        probability=np.stack(columns, axis=1),
        outcome=outcome,
        window_hours=event["window_hours"],
        event=event_name(event["least_class"], event["below_class"]),
        source=source,
    )
    return members, notes


def main(
    files: Sequence[str],
    flares: str,
    covered: str,
    members: str,
    notes: str,
    *,
    source: str,
    described: Mapping[str, Any],
    event: Mapping[str, Any],
) -> None:
    """Read `files` of the centres and their list of flares, and our flare list; write members (netCDF), notes (JSON).

    `described`: settings of the `source` in the configuration; `files` are those that it names, in any folder.
    """

    def path_of(name: str) -> str:
        return next(path for path in files if path.endswith(name))

    untold = [name for name, one in described["members"].items() if event["least_class"] not in one["columns"]]
    if untold:
        raise InputError(
            f"{source}: no column of {event['least_class']} is named for {', '.join(untold)}. Take another event, or "
            "name the columns of this one."
        )
    issues = {
        name: read_issues(path_of(one["file"]), column=one["columns"][event["least_class"]])
        for name, one in described["members"].items()
    }
    found, told = curate_bulletins(
        issues,
        read_flares([flares]),
        read_covered_periods(covered),
        issued_within_hours={name: one["issued_within_hours"] for name, one in described["members"].items()},
        source=source,
        event=event,
    )
    listed = read_text_flares(path_of(described["listed_flares"]))
    span = pd.DataFrame({"begin": [found.time[0]], "end": [found.time[-1] + DAY]})
    own = event_days(listed, span, found.time, **event)
    told += compared_outcomes(found.outcome, own, found.time, other=described["listed_flares"])
    LOG.info("%s: %d days, %d with an event", source, len(found.time), found.outcome.sum())
    for note in told:
        LOG.warning("%s: %s", source, note)
    write_members(members, found)
    write_json(notes, {"notes": told})


if __name__ == "__main__":
    with job_log(snakemake.log[0]):
        main(
            list(snakemake.input.files),
            snakemake.input.flares,
            snakemake.input.covered,
            snakemake.output.members,
            snakemake.output.notes,
            source=snakemake.wildcards.source,
            described=snakemake.params.described,
            event=snakemake.params.event,
        )
