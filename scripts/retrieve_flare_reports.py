"""Bring NCEI's GOES flare report of a year here: from a mirror, else from the first address that has one."""

import logging
from collections.abc import Sequence
from pathlib import Path

from flaredag.artifacts import written_whole
from flaredag.joblog import job_log
from flaredag.noaa_files import fault_of_flare_report, filled
from flaredag.noaa_requests import Archives, archives
from flaredag.retrying import BackOff

LOG = logging.getLogger("flaredag")

MIRRORS = ("ncei/goes-xrs-report_{year}.txt", "goes_xrs_ngdc/goes-xrs-report_{year}.txt")


def retrieve_flare_reports(sources: Archives, year: int, *, addresses: Sequence[str]) -> bytes:
    """Flare report of `year`; `addresses` with {year} are tried in order, as some years' files have other names."""
    return sources.file(
        [filled(address, year=str(year)) for address in addresses],
        what=f"GOES flare report of {year}",
        mirrors=[name.format(year=year) for name in MIRRORS],
        fault=lambda content: fault_of_flare_report(content, year),
    )


def main(
    report: str | Path,
    *,
    year: int,
    addresses: Sequence[str],
    mirror: str | Path | None,
    back_off: BackOff | None = None,
) -> None:
    """Write the report as it came."""
    with archives(mirror=mirror, log=LOG, back_off=back_off or BackOff()) as sources:
        content = retrieve_flare_reports(sources, year, addresses=addresses)
    with written_whole(report) as part:
        part.write_bytes(content)


if __name__ == "__main__":
    with job_log(snakemake.log[0]):
        main(
            snakemake.output.report,
            year=int(snakemake.wildcards.year),
            # Not params: where the bytes come from is no part of what they are, and must not rerun what has them.
            addresses=snakemake.config["archives"]["jsoc"]["retrieval"]["addresses"]["ncei"],
            mirror=snakemake.config["mirror"],
        )
