"""McIntosh classes of the groups of each day -> one member: a Poisson forecast of the whole disk (MCSTAT)."""

import logging
from collections.abc import Mapping
from typing import Any

import numpy as np
import pandas as pd

from flaredag.artifacts import write_json
from flaredag.compiled_summaries import read_compiled_groups
from flaredag.errors import InputError
from flaredag.event_days import NOT_COVERED, event_days, event_name
from flaredag.flare_rates import probabilities_from_classes, rates_of_classes, read_class_counts
from flaredag.joblog import job_log
from flaredag.listed_flares import read_covered_periods
from flaredag.members import Members, write_members
from flaredag.tables import read_flares

LOG = logging.getLogger("flaredag")
DAY = np.timedelta64(86400, "s")


def forecast_from_classes(
    groups: pd.DataFrame,
    counts: pd.DataFrame,
    flares: pd.DataFrame,
    covered: pd.DataFrame,
    *,
    name: str,
    source: str,
    event: Mapping[str, Any],
) -> tuple[Members, list[str]]:
    """The one member `name` on the days (from 00:00 UTC) from the first of the `groups` to the last, and notes.

    A day's forecast rests on the summary issued on it, at about 00:30, of the groups as they were at 00:00. `counts`:
    flares by class (`flaredag.flare_rates.read_class_counts`); `flares`, `covered` and `event` as of
    `flaredag.event_days.event_days`. Days that the flare list does not cover are left out; InputError where none is
    left.
    """
    issued = groups["issue_time"].to_numpy(dtype="datetime64[D]").astype("datetime64[s]")
    days = np.arange(issued.min(), issued.max() + DAY, DAY)
    outcome = event_days(flares, covered, days, **event)
    known = outcome != NOT_COVERED
    if not known.any():
        raise InputError(f"{source}: the flare list covers no day from {days[0]} to {days[-1]}. Take another list.")
    days, outcome = days[known], outcome[known]
    classes = {key: event[key] for key in ("least_class", "below_class")}
    rates, of_others = rates_of_classes(counts, **classes)
    probability, notes = probabilities_from_classes(
        groups, days, rates, rate_of_others=of_others, window_hours=event["window_hours"]
    )
    members = Members(
        time=days,
        names=(name,),
        probability=probability[:, np.newaxis],
        outcome=outcome,
        window_hours=event["window_hours"],
        event=event_name(**classes),
        source=source,
    )
    return members, notes


def main(
    groups: str,
    counts: str,
    flares: str,
    covered: str,
    members: str,
    notes: str,
    *,
    name: str,
    source: str,
    event: Mapping[str, Any],
) -> None:
    """Read compiled region summaries, flares by class and a flare list; write a member (netCDF) and notes (JSON)."""
    found, told = forecast_from_classes(
        read_compiled_groups(groups),
        read_class_counts(counts),
        read_flares([flares]),
        read_covered_periods(covered),
        name=name,
        source=source,
        event=event,
    )
    LOG.info("%s: %d days, %d with an event", source, len(found.time), found.outcome.sum())
    for note in told:
        LOG.warning("%s: %s", source, note)
    write_members(members, found)
    write_json(notes, {"notes": told})


if __name__ == "__main__":
    with job_log(snakemake.log[0]):
        main(
            snakemake.input.groups,
            snakemake.input.counts,
            snakemake.input.flares,
            snakemake.input.covered,
            snakemake.output.members,
            snakemake.output.notes,
            name=snakemake.params.name,
            source=snakemake.wildcards.source,
            event=snakemake.params.event,
        )
