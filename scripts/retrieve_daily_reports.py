"""Bring a year of one of NOAA's daily texts here, region summaries (SRS) or event reports, packed into one archive."""

import logging
from pathlib import Path

from flaredag.joblog import job_log
from flaredag.kept_answers import KeptAnswers
from flaredag.noaa_files import DAILY_PRODUCTS, DailyProduct, pack
from flaredag.noaa_requests import Archives, archives
from flaredag.retrying import BackOff

LOG = logging.getLogger("flaredag")


def retrieve_daily_reports(
    sources: Archives, product: DailyProduct, year: int, *, address: str, kept: KeptAnswers, requests_in_flight: int
) -> dict[str, bytes]:
    """Texts of the days of `year`, by name: from a mirror, else from `address` ({year}, {month}, {date})."""
    return sources.days(product, year, address=address, kept=kept, requests_in_flight=requests_in_flight)


def main(
    archive: str | Path,
    *,
    product: str,
    year: int,
    address: str,
    as_of: str,
    final_after_days: int,
    requests_in_flight: int,
    mirror: str | Path | None,
    back_off: BackOff | None = None,
) -> None:
    """Write the archive of a `product` (key of `DAILY_PRODUCTS`).

    What comes is kept in a hidden folder beside it, for the next run.
    """
    kept = KeptAnswers(archive, as_of=as_of, final_after_days=final_after_days)
    with archives(mirror=mirror, log=LOG, back_off=back_off or BackOff()) as sources:
        members = retrieve_daily_reports(
            sources,
            DAILY_PRODUCTS[product],
            year,
            address=address,
            kept=kept,
            requests_in_flight=requests_in_flight,
        )
    pack(archive, members)


if __name__ == "__main__":
    with job_log(snakemake.log[0]):
        # Not params: where the bytes come from is no part of what they are, and must not rerun what has them.
        settings = snakemake.config["archives"]["jsoc"]["retrieval"]
        main(
            snakemake.output.archive,
            product=snakemake.wildcards.product,
            year=int(snakemake.wildcards.year),
            address=settings["addresses"][snakemake.wildcards.product],
            as_of=snakemake.params.as_of,
            final_after_days=settings["final_after_days"],
            requests_in_flight=settings["requests_in_flight"],
            mirror=snakemake.config["mirror"],
        )
