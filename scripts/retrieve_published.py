"""Bring published tables here: from a mirror if its bytes are right, else from their public address."""

import logging
from collections.abc import Iterable, Mapping
from pathlib import Path

import requests

from flaredag.downloads import obtain
from flaredag.errors import InputError
from flaredag.joblog import Progress, job_log
from flaredag.sources import SourceFile, files_by_name, read_manifest

LOG = logging.getLogger("flaredag")


def retrieve_published(files: Mapping[Path, SourceFile], *, mirror: Path | None) -> None:
    """Bring every file to its path (the key), uncompressed; InputError at the first that cannot be had.

    Final names are given only when all are there: Snakemake deletes what a failed job made, and would
    so throw away what had come before the failure.
    """
    progress = Progress(LOG, "published files", len(files))
    parts = {}
    with requests.Session() as session:
        for target, file in files.items():
            parts[target] = obtain(file, target, mirror=mirror, session=session, log=LOG)
            progress.advance(file.name)
    for target, part in parts.items():
        part.replace(target)


def requested_files(manifest: str | Path, outputs: Iterable[str | Path], raw_dir: str | Path) -> dict[Path, SourceFile]:
    """File of the manifest for every output, whose path below `raw_dir` is the name of the file."""
    by_name = files_by_name(read_manifest(manifest))
    wanted = {Path(output): Path(output).relative_to(raw_dir).as_posix() for output in outputs}
    unknown = sorted(set(wanted.values()) - by_name.keys())
    if unknown:
        raise InputError(f"{manifest}: names no file {', '.join(unknown)}; it names {', '.join(sorted(by_name))}.")
    return {path: by_name[name] for path, name in wanted.items()}


def main(
    manifest: str | Path, outputs: Iterable[str | Path], *, raw_dir: str | Path, mirror: str | Path | None
) -> None:
    """Write `outputs`; `mirror` is a folder, or empty."""
    if mirror and not Path(mirror).is_dir():
        raise InputError(f"mirror={mirror}: no such folder. Name one that is there, or leave mirror empty.")
    retrieve_published(requested_files(manifest, outputs, raw_dir), mirror=Path(mirror) if mirror else None)


if __name__ == "__main__":
    with job_log(snakemake.log[0]):
        main(
            snakemake.input.manifest,
            snakemake.output,
            raw_dir=snakemake.params.raw_dir,
            # Not a param: where the bytes come from is no part of what they are, and must not rerun what has them.
            mirror=snakemake.config["mirror"],
        )
