"""Bring JSOC's map of HARPs to NOAA regions here: from a mirror, else from its address."""

import logging
from pathlib import Path

from flaredag.artifacts import written_whole
from flaredag.joblog import job_log
from flaredag.noaa_files import fault_of_harp_map
from flaredag.noaa_requests import Archives, archives
from flaredag.retrying import BackOff

LOG = logging.getLogger("flaredag")

MIRRORS = ("harp_noaa/all_harps_with_noaa_ars.txt",)


def retrieve_harp_noaa(sources: Archives, *, address: str) -> bytes:
    """The map as it stands today."""
    return sources.file([address], what="map of HARPs to NOAA regions", mirrors=MIRRORS, fault=fault_of_harp_map)


def main(harp_noaa: str | Path, *, address: str, mirror: str | Path | None, back_off: BackOff | None = None) -> None:
    """Write the map as it came."""
    with archives(mirror=mirror, log=LOG, back_off=back_off or BackOff()) as sources:
        content = retrieve_harp_noaa(sources, address=address)
    with written_whole(harp_noaa) as part:
        part.write_bytes(content)


if __name__ == "__main__":
    with job_log(snakemake.log[0]):
        main(
            snakemake.output.map,
            # Not params: where the bytes come from is no part of what they are, and must not rerun what has them.
            address=snakemake.config["archives"]["jsoc"]["retrieval"]["addresses"]["harp_noaa"],
            mirror=snakemake.config["mirror"],
        )
