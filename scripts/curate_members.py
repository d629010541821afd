"""Members of a combination as CSV, anybody's or published -> members, and what was taken for granted or is peculiar."""

import logging
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from flaredag.artifacts import sha256_of_file, write_json
from flaredag.errors import InputError
from flaredag.joblog import job_log
from flaredag.member_files import MemberFile, read_members_csv
from flaredag.members import write_members

LOG = logging.getLogger("flaredag")


def curate_members(file: str, *, settings: Mapping[str, Any]) -> MemberFile:
    """Members of a CSV file (columns: flaredag.member_files), and notes on them in words."""
    return read_members_csv(file, **settings)


def main(file: str, members: str, source: str, *, settings: Mapping[str, Any]) -> None:
    """Read a file (CSV), write members (netCDF) and where they are from (JSON: file, sha256, notes).

    `settings` are those of `flaredag.member_files.read_members_csv`. Raises InputError where no file is given.
    """
    if not file:
        raise InputError(
            "no members are given. Name a CSV file with the columns time, one a member, and outcome: snakemake "
            "results/ensemble/members.nc --config members=FILE.csv"
        )
    found, notes = curate_members(file, settings=settings)
    LOG.info(
        "%s: %d windows, %d with an event; members %s",
        file,
        len(found.time),
        found.outcome.sum(),
        ", ".join(found.names),
    )
    for note in notes:
        LOG.warning("%s: %s", file, note)
    write_members(members, found)
    write_json(source, {"file": Path(file).name, "sha256": sha256_of_file(file), "notes": notes})


if __name__ == "__main__":
    with job_log(snakemake.log[0]):
        main(
            snakemake.input.file,
            snakemake.output.members,
            snakemake.output.source,
            settings=snakemake.params.settings,
        )
