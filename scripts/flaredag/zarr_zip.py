"""One file for a Zarr store: a zip archive whose bytes depend on the store's content alone."""

from __future__ import annotations

import shutil
import zipfile
from typing import TYPE_CHECKING

from flaredag.artifacts import written_whole

if TYPE_CHECKING:
    from pathlib import Path

EARLIEST_ZIP_TIME = (1980, 1, 1, 0, 0, 0)
REGULAR_FILE_FOR_ALL_TO_READ = 0o100644 << 16
UNIX = 3


def write_zarr_zip(path: str | Path, store: Path) -> None:
    """Write the files below the folder `store` into the zip archive `path`, whole or not at all.

    Names sorted, no times, nothing compressed again: zarr's own ZipStore stamps the time on each member and
    repeats members that are written twice.
    """
    files = {file.relative_to(store).as_posix(): file for file in store.rglob("*") if file.is_file()}
    with written_whole(path) as part, zipfile.ZipFile(part, "w", zipfile.ZIP_STORED) as archive:
        for name in sorted(files):
            member = zipfile.ZipInfo(name, EARLIEST_ZIP_TIME)
            member.create_system, member.external_attr = UNIX, REGULAR_FILE_FOR_ALL_TO_READ
            member.file_size = files[name].stat().st_size  # more than 2 GiB wants another form of member
            with files[name].open("rb") as content, archive.open(member, "w") as target:
                shutil.copyfileobj(content, target)
