"""Files that are whole or absent, whose bytes depend on their content alone."""

from __future__ import annotations

import errno
import hashlib
import json
import os
import shutil
import tempfile
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

from flaredag.errors import InputError

if TYPE_CHECKING:
    from collections.abc import Iterator

    import pandas as pd
    import xarray as xr

BLOCK_BYTES = 1 << 20


@contextmanager
def disk_full_told(path: str | Path) -> Iterator[None]:
    """Turns "no space left" and "quota exceeded" while `path` is made into an InputError that says what to do."""
    try:
        yield
    except (OSError, RuntimeError) as error:
        # The netCDF library tells of a full disk as of any other fault.
        silent = isinstance(error, RuntimeError) and shutil.disk_usage(Path(path).parent).free < BLOCK_BYTES
        if not silent and getattr(error, "errno", None) not in (errno.ENOSPC, errno.EDQUOT):
            raise
        raise InputError(
            f"{path}: no space left on its disk while it was made. Make room, or put results on another disk, and run "
            "again: nothing half-written is left, and what has come so far is kept."
        ) from error


@contextmanager
def written_whole(path: str | Path) -> Iterator[Path]:
    """A temporary file beside `path` that takes its name only when the block ends without error.

    Raises InputError where the disk is full.
    """
    path = Path(path)
    with disk_full_told(path):
        path.parent.mkdir(parents=True, exist_ok=True)
        handle, name = tempfile.mkstemp(prefix=f".{path.name}.", suffix=".part", dir=path.parent)
        os.close(handle)
        part = Path(name)
        try:
            yield part
            with part.open("rb") as file:
                os.fsync(file.fileno())
            part.chmod(0o644)
            part.replace(path)
        finally:
            part.unlink(missing_ok=True)


def sha256_of_file(path: str | Path) -> str:
    """sha256 of a file's bytes, in hexadecimal."""
    digest = hashlib.sha256()
    with Path(path).open("rb") as file:
        while block := file.read(BLOCK_BYTES):
            digest.update(block)
    return digest.hexdigest()


def write_json(path: str | Path, content: Any) -> None:
    """Write `content` as indented JSON with sorted keys."""
    with written_whole(path) as part:
        part.write_text(json.dumps(content, indent=1, sort_keys=True) + "\n")


def read_json(path: str | Path) -> Any:
    """Content of a JSON file; InputError with the path and place if it is none."""
    try:
        return json.loads(Path(path).read_text())
    except (json.JSONDecodeError, UnicodeDecodeError) as error:
        raise InputError(f"{path}: not JSON ({error}). Delete the file to have it made again.") from error


def write_csv(path: str | Path, table: pd.DataFrame, *, float_format: str = "%.6g") -> None:
    """Write `table` as CSV without its index."""
    with written_whole(path) as part:
        table.to_csv(part, index=False, float_format=float_format, lineterminator="\n")


def write_netcdf(path: str | Path, dataset: xr.Dataset) -> None:
    """Write `dataset` as netCDF4, uncompressed: netCDF4 adds no time stamp, so same content, same bytes."""
    with written_whole(path) as part:
        dataset.to_netcdf(part, engine="netcdf4", format="NETCDF4")
