"""Members of several sources, and forecasts of the whole disk by our models -> the members of one combination."""

import logging
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from flaredag.artifacts import read_json, write_json
from flaredag.errors import InputError
from flaredag.event_days import compared_outcomes, event_days, event_name
from flaredag.joblog import job_log
from flaredag.joined_members import joined_members, members_of_predictions
from flaredag.listed_flares import read_covered_periods
from flaredag.member_peculiarities import peculiarities
from flaredag.members import Members, check_combinable, read_members, write_members
from flaredag.predictions import read_predictions
from flaredag.tables import read_flares

LOG = logging.getLogger("flaredag")


def join_members(sources: Sequence[Members], *, names: Sequence[str], event: str) -> tuple[Members, list[str]]:
    """The members `names` (all where empty) on the windows common to the `sources`, and notes on them in words.

    InputError where a source forecasts another event, or what is joined cannot be combined.
    """
    for one in sources:
        if one.event != event:
            raise InputError(
                f"{one.source} forecasts {one.event}; wanted {event}. Set the event of the combination so."
            )
    joined, notes = joined_members(sources, names)
    check_combinable(joined, joined.source)
    return joined, notes + peculiarities(joined)


def main(
    inputs: Mapping[str, Sequence[str]],
    members: str,
    source: str,
    *,
    names: Sequence[str],
    disks: Sequence[Mapping[str, Any]],
    event: Mapping[str, Any],
) -> None:
    """Read the `inputs`, write members (netCDF) and where they are from (JSON: sources, notes).

    `inputs`: `members` and `notes` of sources, `disks` (predictions of the whole disk, `disks` of the settings telling
    of each its source, seed, window and event), and `flares` and `covered` of the flare list that the outcomes are
    compared with, or none.
    """
    sources = [read_members(path) for path in inputs["members"]]
    sources += [
        members_of_predictions(read_predictions(path), **disk)
        for path, disk in zip(inputs["disks"], disks, strict=True)
    ]
    wanted = event_name(event["least_class"], event["below_class"])
    joined, notes = join_members(sources, names=names, event=wanted)
    for path in inputs["covered"]:
        listed = event_days(read_flares(inputs["flares"]), read_covered_periods(path), joined.time, **event)
        notes += compared_outcomes(joined.outcome, listed, joined.time, other="the flare list")
    told = {one.source: [] for one in sources}
    for path, one in zip(inputs["notes"], sources[: len(inputs["notes"])], strict=True):
        told[one.source] = read_json(path)["notes"]
    LOG.info(
        "%d windows, %d with an event; members %s", len(joined.time), joined.outcome.sum(), ", ".join(joined.names)
    )
    for note in notes:
        LOG.warning("%s: %s", joined.source, note)
    write_members(members, joined)
    write_json(source, {"sources": told, "notes": notes, "event_rate": float(np.mean(joined.outcome))})


if __name__ == "__main__":
    with job_log(snakemake.log[0]):
        main(
            {name: list(snakemake.input.get(name, [])) for name in ("members", "notes", "disks", "flares", "covered")},
            snakemake.output.members,
            snakemake.output.source,
            names=snakemake.params.names,
            disks=snakemake.params.disks,
            event=snakemake.params.event,
        )
