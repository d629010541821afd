"""The verification of anybody's forecasts as PDF: what was verified, the answer, leaks, tables and figures."""

import logging
from collections.abc import Mapping, Sequence
from typing import Any

import pandas as pd

from flaredag.artifacts import read_json, written_whole
from flaredag.diagnostics import read_decomposition, read_diagnostics
from flaredag.forecast_scores import read_intervals
from flaredag.joblog import job_log
from flaredag.manifest import installed_versions
from flaredag.predictions import read_predictions
from flaredag.report_pdf import compiled, figure_file
from flaredag.report_verification import Tables, facts, sections, summary

LOG = logging.getLogger("flaredag")


def write_verification(
    forecasts: pd.DataFrame,
    source: Mapping[str, Any],
    tables: Tables,
    *,
    level: float,
    n_figures: int,
    versions: Mapping[str, str | None],
) -> dict[str, Any]:
    """Content of the verification for its template, as JSON. `source`: file, sha256 and notes of curate_forecasts."""
    return {
        "file": source["file"],
        "facts": facts(forecasts, source["file"], source["sha256"], tables.intervals),
        "summary": summary(tables, level=level),
        "sections": sections(tables, source["notes"], [figure_file(i) for i in range(n_figures)], level=level),
        "versions": [[name, number or "not installed"] for name, number in versions.items()],
    }


def main(
    inputs: Mapping[str, str],
    figures: Sequence[str],
    verification: str,
    *,
    template: str,
    level: float,
    packages: Sequence[str],
) -> None:
    """Read what was found, write the PDF. `inputs`: predictions, source and the tables of `Tables`, by name."""
    tables = Tables(
        intervals=read_intervals(inputs["intervals"]),
        comparisons=pd.read_csv(inputs["comparisons"], dtype=dict.fromkeys(("a", "b"), str), keep_default_na=True),
        diagnostics=read_diagnostics(inputs["diagnostics"]),
        decomposition=read_decomposition(inputs["decomposition"]),
        audit=pd.read_csv(inputs["audit"]),
    )
    forecasts = read_predictions(inputs["predictions"], region_in_two_splits_allowed=True)
    versions = installed_versions(packages)
    content = write_verification(
        forecasts, read_json(inputs["source"]), tables, level=level, n_figures=len(figures), versions=versions
    )
    pdf = compiled(content, template=template, figures=figures)
    with written_whole(verification) as part:
        part.write_bytes(pdf)
    LOG.info("%s: %d bytes", verification, len(pdf))


if __name__ == "__main__":
    with job_log(snakemake.log[0]):
        main(
            {name: str(path) for name, path in snakemake.input.items() if name not in ("figures", "template", "looks")},
            list(snakemake.input.figures),
            snakemake.output.verification,
            template=snakemake.input.template,
            level=snakemake.params.level,
            packages=snakemake.params.packages,
        )
