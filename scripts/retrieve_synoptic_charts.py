"""Bring the synoptic charts here: packed from a mirror, else each from its public address; one file either way."""

import logging
import shutil
from collections.abc import Sequence
from pathlib import Path

import requests

from flaredag.downloads import obtain
from flaredag.errors import InputError
from flaredag.joblog import Progress, job_log
from flaredag.sources import SourceFile, files_of_form, read_manifest
from flaredag.synoptic_charts import SynopticCharts, read_original_charts, read_packed_charts, write_charts

LOG = logging.getLogger("flaredag")


def retrieve_synoptic_charts(files: Sequence[SourceFile], folder: Path, *, mirror: Path | None) -> SynopticCharts:
    """Charts of the one file of `files` that has them packed, if the mirror has that; else of all the others.

    What comes is kept in `folder`. InputError where neither can be had.
    """
    packed = [file for file in files if file.name.endswith(".npz")]
    originals = [file for file in files if file not in packed]
    with requests.Session() as session:
        for file in packed:
            try:
                path = obtain(file, folder / Path(file.name).name, mirror=mirror, session=session, log=LOG)
            except InputError as error:
                if not originals:
                    raise
                LOG.warning("%s Fetching the %d charts that it was made of.", error, len(originals))
            else:
                return read_packed_charts(path)
        paths = []
        progress = Progress(LOG, "synoptic charts", len(originals))
        for file in originals:
            paths.append(obtain(file, folder / Path(file.name).name, mirror=mirror, session=session, log=LOG))
            progress.advance(file.name)
    return read_original_charts(paths)


def main(manifest: str | Path, charts: str | Path, *, mirror: str | Path | None) -> None:
    """Write `charts` (netCDF); `mirror` is a folder, or empty. What has come is kept until the file is written."""
    if mirror and not Path(mirror).is_dir():
        raise InputError(f"mirror={mirror}: no such folder. Name one that is there, or leave mirror empty.")
    files = files_of_form(read_manifest(manifest), "synoptic_charts")
    if not files:
        raise InputError(f"{manifest}: names no synoptic charts; wanted a source of the form synoptic_charts.")
    kept = Path(charts).with_name(f".{Path(charts).name}.parts")
    found = retrieve_synoptic_charts(files, kept, mirror=Path(mirror) if mirror else None)
    LOG.info("%s: rotations %d to %d, %d charts", charts, *found.rotation[[0, -1]], len(found.rotation))
    write_charts(charts, found)
    shutil.rmtree(kept)


if __name__ == "__main__":
    with job_log(snakemake.log[0]):
        main(
            snakemake.input.manifest,
            snakemake.output.charts,
            # Not a param: where the bytes come from is no part of what they are, and must not rerun what has them.
            mirror=snakemake.config["mirror"],
        )
