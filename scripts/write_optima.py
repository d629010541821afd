"""Optima of the hyperparameter searches of a study -> a configuration that lays them over the configured settings."""

import json
import logging
from collections.abc import Mapping
from typing import Any

from flaredag.artifacts import read_json, written_whole
from flaredag.joblog import job_log
from flaredag.search_settings import overlay_of_optima

LOG = logging.getLogger("flaredag")
HEADER = """\
# The optima of the hyperparameter searches of {study}, in place of the configured settings; nothing is searched again:
# snakemake --configfile {path} -- results/report.pdf
"""


def write_optima(
    optima: Mapping[str, Mapping[str, Any]], searches: Mapping[str, Mapping[str, Any]], *, study: str, path: str
) -> str:
    """YAML, which JSON is too, of the overlay (`flaredag.search_settings.overlay_of_optima`) that is to lie at `path`.

    `optima`: what each search of `study` came to (`flaredag.search_trials.optimum`), by its name; `searches`: as of
    `flaredag.search_settings.models_of_searches`.
    """
    overlay = overlay_of_optima(study, searches, {name: own["optimum"]["settings"] for name, own in optima.items()})
    return HEADER.format(study=study, path=path) + json.dumps(overlay, indent=1) + "\n"


def main(optima: Mapping[str, str], overlay: str, *, searches: Mapping[str, Mapping[str, Any]], study: str) -> None:
    """Read the optimum of each search and write the overlay."""
    found = {name: read_json(path) for name, path in optima.items()}
    with written_whole(overlay) as part:
        part.write_text(write_optima(found, searches, study=study, path=overlay))
    LOG.info("%s: optima of %s", overlay, ", ".join(optima))


if __name__ == "__main__":
    with job_log(snakemake.log[0]):
        main(
            {name: snakemake.input[f"optimum_{name}"] for name in snakemake.params.searches},
            snakemake.output.optima,
            searches=snakemake.params.searches,
            study=snakemake.params.study,
        )
