"""Bring HEK's list of GOES flares of a year here, month by month."""

import logging
from pathlib import Path
from typing import Any

from flaredag.artifacts import write_json
from flaredag.hek_requests import flares_of_year
from flaredag.joblog import job_log
from flaredag.kept_answers import KeptAnswers
from flaredag.noaa_requests import Archives, archives
from flaredag.retrying import BackOff

LOG = logging.getLogger("flaredag")


def retrieve_hek_flares(sources: Archives, year: int, *, address: str, kept: KeptAnswers) -> dict[str, Any]:
    """HEK's events of `year` in the form of HEK's answers: {"result": [event, ...]}."""
    events = flares_of_year(sources, year, address=address, kept=kept)
    LOG.info("HEK %d: %d flares", year, len(events))
    return {"result": events}


def main(
    events: str | Path,
    *,
    year: int,
    address: str,
    as_of: str,
    final_after_days: int,
    mirror: str | Path | None,
    back_off: BackOff | None = None,
) -> None:
    """Write the events; months that come are kept in a hidden folder beside them, for the next run."""
    kept = KeptAnswers(events, as_of=as_of, final_after_days=final_after_days)
    with archives(mirror=mirror, log=LOG, back_off=back_off or BackOff()) as sources:
        found = retrieve_hek_flares(sources, year, address=address, kept=kept)
    write_json(events, found)


if __name__ == "__main__":
    with job_log(snakemake.log[0]):
        # Not params: where the bytes come from is no part of what they are, and must not rerun what has them.
        settings = snakemake.config["archives"]["jsoc"]["retrieval"]
        main(
            snakemake.output.events,
            year=int(snakemake.wildcards.year),
            address=settings["addresses"]["hek"],
            as_of=snakemake.params.as_of,
            final_after_days=settings["final_after_days"],
            mirror=snakemake.config["mirror"],
        )
