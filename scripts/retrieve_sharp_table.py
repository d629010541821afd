"""Bring the table of SHARP keywords here: packed from a mirror, else each region's table from its public address."""

import logging
import shutil
from pathlib import Path

import requests

from flaredag.downloads import obtain
from flaredag.errors import InputError
from flaredag.joblog import Progress, job_log
from flaredag.sharp_table import original_files, pack_original_tables
from flaredag.sources import SourceFile, files_of_form, read_manifest

LOG = logging.getLogger("flaredag")


def retrieve_sharp_table(packed: SourceFile, originals: list[SourceFile], table: Path, *, mirror: Path | None) -> None:
    """Write `table`: `packed` if the mirror has it, else packed here from all `originals`, each fetched and checked.

    What has come is kept beside it until it is written. InputError where neither can be had.
    """
    kept = table.with_name(f".{table.name}.parts")
    with requests.Session() as session:
        try:
            path = obtain(packed, kept / table.name, mirror=mirror, session=session, log=LOG)
        except InputError as error:
            LOG.warning("%s Fetching the tables of %d regions that it was made of.", error, len(originals))
        else:
            path.replace(table)
            shutil.rmtree(kept)
            return
        paths = []
        progress = Progress(LOG, "tables of regions", len(originals))
        for file in originals:
            path = obtain(file, kept / file.name, mirror=None, session=session, log=LOG)
            paths.append((int(Path(file.name).stem), path))
            progress.advance(file.name)
    LOG.info("%s: %d records packed", table, pack_original_tables(paths, table))
    shutil.rmtree(kept)


def main(manifest: str | Path, digests: str | Path, table: str | Path, *, mirror: str | Path | None) -> None:
    """Write `table` (Parquet); `digests` lists the files it is made of, `mirror` is a folder, or empty."""
    if mirror and not Path(mirror).is_dir():
        raise InputError(f"mirror={mirror}: no such folder. Name one that is there, or leave mirror empty.")
    files = files_of_form(read_manifest(manifest), "sharp_table")
    if len(files) != 1:
        raise InputError(f"{manifest}: {len(files)} files of the form sharp_table; wanted one.")
    retrieve_sharp_table(files[0], original_files(digests), Path(table), mirror=Path(mirror) if mirror else None)


if __name__ == "__main__":
    with job_log(snakemake.log[0]):
        main(
            snakemake.input.manifest,
            snakemake.input.digests,
            snakemake.output.table,
            # Not a param: where the bytes come from is no part of what they are, and must not rerun what has them.
            mirror=snakemake.config["mirror"],
        )
