"""What an archive holds and what was left out of it, for the report: coverage by month, counts, disagreements."""

import logging
from collections.abc import Mapping, Sequence
from typing import Any

import pandas as pd

from flaredag.artifacts import write_csv, write_json
from flaredag.coverage import (
    coverage,
    disagreements_by_kind,
    holdings,
    instrument_of,
    rejections_by_reason,
    summed_counts,
)
from flaredag.cubes import read_cube
from flaredag.flare_reconciliation import DISAGREEMENT_COLUMNS
from flaredag.joblog import Progress, job_log
from flaredag.rejections import read_rejections
from flaredag.tables import read_flares, read_raw_csv, read_records

LOG = logging.getLogger("flaredag")

DISAGREEMENTS_SHOWN = 15


def summarise_archive(
    records: pd.DataFrame,
    images: pd.DataFrame,
    flares: pd.DataFrame,
    counts: Mapping[str, Mapping[str, Mapping[str, int]]],
    rejected: Mapping[str, pd.DataFrame],
    disagreements: pd.DataFrame | None,
) -> tuple[pd.DataFrame, dict[str, Any]]:
    """Coverage by month, and the summary of the archive, plain JSON.

    `records`, `images` and `flares` as of flaredag.coverage; `counts` (by instrument or list) and `rejected` by kind;
    no `disagreements` where nothing was compared.
    """
    compared = None
    if disagreements is not None:
        compared = disagreements_by_kind(disagreements, flares, n_examples=DISAGREEMENTS_SHOWN)
    summary = holdings(records, images, flares) | {
        "counts": {kind: of_kind for kind, of_kind in counts.items() if of_kind},
        "rejections": {kind: rejections_by_reason(of_kind) for kind, of_kind in rejected.items() if len(of_kind)},
        "disagreements": compared,
    }
    return coverage(records, images, flares), summary


def main(
    tables: Sequence[str],
    cubes: Sequence[str],
    flares: Sequence[str],
    counts: Mapping[str, Sequence[str]],
    rejected: Mapping[str, Sequence[str]],
    disagreements: Sequence[str],
    outputs: Mapping[str, str],
) -> None:
    """Read what was curated, write `outputs`: coverage (CSV) and archive (JSON).

    `tables`, `cubes` and `flares`: all of the archive; `counts` (JSON) and `rejected` (CSV) by kind of what they are
    of. Any of them may be empty but tables and flares.
    """
    # A shard at a time and no keywords: of the whole archive only what is counted is kept.
    columns = ["instrument", "region", "time"]
    records = pd.concat([read_records([path])[columns] for path in tables], ignore_index=True)
    progress = Progress(LOG, "cubes", len(cubes))
    images = [records.iloc[:0]]
    for path in cubes:
        with read_cube(path) as cube:
            of_cube = pd.DataFrame({name: cube[name].to_numpy() for name in ("region", "time")})
        images.append(of_cube.assign(instrument=instrument_of(path)))
        progress.advance()
    table, summary = summarise_archive(
        records,
        pd.concat(images, ignore_index=True),
        read_flares(flares),
        {kind: summed_counts(paths) for kind, paths in counts.items()},
        {kind: read_rejections(paths) for kind, paths in rejected.items()},
        pd.concat([read_raw_csv(path, DISAGREEMENT_COLUMNS) for path in disagreements]) if disagreements else None,
    )
    write_csv(outputs["coverage"], table)
    write_json(outputs["archive"], summary)
    LOG.info("%d records; %s, %s", len(records), outputs["coverage"], outputs["archive"])


def files_by_kind(inputs: Mapping[str, Sequence[str]], suffix: str) -> dict[str, list[str]]:
    """Of named inputs, those whose names end in `suffix`, by what stands before it."""
    return {name.removesuffix(suffix): list(paths) for name, paths in inputs.items() if name.endswith(suffix)}


if __name__ == "__main__":
    with job_log(snakemake.log[0]):
        main(
            list(snakemake.input.tables),
            list(snakemake.input.cubes),
            list(snakemake.input.flares),
            files_by_kind(dict(snakemake.input.items()), "_counts"),
            files_by_kind(dict(snakemake.input.items()), "_rejected"),
            list(snakemake.input.disagreements),
            dict(snakemake.output.items()),
        )
