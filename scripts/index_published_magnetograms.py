"""Published FITS magnetograms of one shard -> the folder and index that magnetograms from JSOC lie in."""

import logging
import os
import shutil
import tempfile
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from flaredag.artifacts import disk_full_told, sha256_of_file, write_json
from flaredag.errors import InputError
from flaredag.joblog import Progress, job_log

LOG = logging.getLogger("flaredag")


def index_published_magnetograms(files: Sequence[Path], folder: Path) -> dict[str, Any]:
    """Content of the index of `files`, all of which then lie in `folder` and nothing else does.

    They are linked, not copied, where the file system allows. InputError where two files have one name.
    """
    names = [file.name for file in files]
    if len(set(names)) < len(names):
        twice = next(name for name in sorted(names) if names.count(name) > 1)
        raise InputError(f"{folder}: two files are called {twice}; wanted each once. Mend the list of published files.")
    folder.parent.mkdir(parents=True, exist_ok=True)
    listed = []
    progress = Progress(LOG, "published magnetograms", len(files))
    with tempfile.TemporaryDirectory(dir=folder.parent) as scratch:
        new = Path(scratch, folder.name)
        new.mkdir()
        for file in sorted(files, key=lambda file: file.name):
            try:
                os.link(file, new / file.name)
            except OSError:
                shutil.copyfile(file, new / file.name)
            size, digest = file.stat().st_size, sha256_of_file(file)
            listed.append({"name": file.name, "bytes": size, "sha256": digest})
            progress.advance(file.name)
        shutil.rmtree(folder, ignore_errors=True)  # what an earlier run has left
        new.rename(folder)
    return {"files": listed, "missing": []}


def main(files: Sequence[str], index: str) -> None:
    """Put `files` into the folder named as `index` (JSON), then write `index`."""
    with disk_full_told(index):
        content = index_published_magnetograms([Path(file) for file in files], Path(index).with_suffix(""))
    write_json(index, content)
    LOG.info("%s: %d files", index, len(content["files"]))


if __name__ == "__main__":
    with job_log(snakemake.log[0]):
        main(list(snakemake.input.files), snakemake.output.index)
