"""Published files brought here whole: from a mirror if its bytes are right, else from their address."""

from __future__ import annotations

import gzip
import hashlib
import os
import time
import zlib
from http import HTTPStatus
from typing import TYPE_CHECKING

from flaredag.artifacts import sha256_of_file
from flaredag.errors import InputError
from flaredag.joblog import Progress
from flaredag.retrying import BackOff, RefusedError, TryAgainError, check_status, faults_of_requests, retried

if TYPE_CHECKING:
    import logging
    from collections.abc import Callable
    from pathlib import Path

    import requests

    from flaredag.sources import SourceFile

MAX_TRIES = 5
BACK_OFF_SECONDS = 1.0  # doubled from try to try
CONNECT_SECONDS, READ_SECONDS = 10.0, 60.0
BLOCK_BYTES = 1 << 16
MIB = 1 << 20


def obtain(
    file: SourceFile,
    target: Path,
    *,
    mirror: Path | None,
    session: requests.Session,
    log: logging.Logger,
    sleep: Callable[[float], None] = time.sleep,
) -> Path:
    """Bring the uncompressed bytes of `file` beside `target`, checked, under the name that is returned.

    The name, `<target>.<sha256>.part`, tells what the content will be, so an interrupted transfer is
    continued by the next process, and one that is whole is not made again; the caller renames it to `target`.
    Raises InputError where neither mirror nor address gives the file: what was wrong with each, what to do.
    """
    part = target.with_name(f"{target.name}.{file.sha256[:16]}.part")
    part.parent.mkdir(parents=True, exist_ok=True)
    if part.is_file() and part.stat().st_size >= file.bytes:
        fault = _fault(part, file)
        if fault is None:
            log.info("%s: whole since an earlier run", file.name)
            return part
        log.warning("%s: dropped what an earlier run left: %s", file.name, fault)
        part.unlink()
    mirror_problem = _copy_from_mirror(file, part, mirror=mirror, log=log)
    if mirror_problem is None:
        return part
    if not file.address:
        raise InputError(
            f"{file.name} cannot be had. Mirror: {mirror_problem}. It stands at no public address. Name a folder that "
            f"holds {file.mirror} (--config mirror=DIR), or choose studies that do without."
        )
    address_problem = _fetch_from_address(file, part, session=session, sleep=sleep, log=log)
    if address_problem is None:
        log.info("%s: %d bytes from %s", file.name, file.bytes, file.address)
        return part
    raise InputError(
        f"{file.name} cannot be had. Mirror: {mirror_problem}. Address {file.address}: {address_problem}. "
        f"Name a folder that holds {file.mirror} (--config mirror=DIR), or go online and run again: "
        "what has come so far is kept."
    )


def _fault(path: Path, file: SourceFile) -> str | None:
    """Fault of the uncompressed bytes at `path`; None if they are those of `file`."""
    n_bytes = path.stat().st_size
    if n_bytes != file.bytes:
        return f"{n_bytes} bytes found, {file.bytes} wanted"
    found = sha256_of_file(path)
    return None if found == file.sha256 else f"sha256 {found} found, {file.sha256} wanted"


def _copy_from_mirror(file: SourceFile, part: Path, *, mirror: Path | None, log: logging.Logger) -> str | None:
    """Copy `file`, uncompressed, from the mirror to `part`; what kept it from that, or None."""
    if mirror is None:
        return "none named"
    problems = []
    for name, wanted in {file.mirror: file.mirror_sha256, file.name: file.sha256}.items():
        path = mirror / name
        if not path.is_file():
            continue
        try:
            found = sha256_of_file(path)
        except OSError as error:
            problem: str | None = f"{path} cannot be read ({error.strerror})"
        else:
            if found != wanted:
                problem = f"{path} has sha256 {found}, {wanted} wanted{_note_on_gzip(path)}"
            else:
                problem = _copy(path, part, file)
        if problem is None:
            log.info("%s: %d bytes from mirror %s", file.name, file.bytes, path)
            return None
        log.warning("%s: mirror: %s; trying elsewhere", file.name, problem)
        problems.append(problem)
    return "; ".join(problems) or f"{mirror} has no {file.mirror}"


def _copy(path: Path, part: Path, file: SourceFile) -> str | None:
    """Copy the content of `path`, uncompressed, to `part`; what is wrong with it, or None."""
    packed = path.suffix == ".gz" and not file.name.endswith(".gz")
    digest = hashlib.sha256()
    try:
        with gzip.open(path) if packed else path.open("rb") as content, part.open("wb") as out:
            while block := content.read(MIB):
                digest.update(block)
                out.write(block)
            out.flush()
            os.fsync(out.fileno())
    except (EOFError, zlib.error, gzip.BadGzipFile) as error:
        part.unlink()
        return f"{path} is no whole gzip ({error})"
    if digest.hexdigest() == file.sha256:
        return None
    part.unlink()
    return f"the content of {path} has sha256 {digest.hexdigest()}, {file.sha256} wanted"


def _note_on_gzip(path: Path) -> str:
    """Note for a wrong sha256, where the file is a gzip that ends too early or is damaged."""
    if path.suffix != ".gz":
        return ""
    try:
        with gzip.open(path) as content:
            while content.read(MIB):
                pass
    except EOFError:
        return " (the gzip is truncated)"
    except (OSError, zlib.error):
        return " (no valid gzip)"
    return ""


def _fetch_from_address(
    file: SourceFile,
    part: Path,
    *,
    session: requests.Session,
    sleep: Callable[[float], None],
    log: logging.Logger,
) -> str | None:
    """Continue `part` from the address until it is whole; what kept it from that, or None."""
    anew = False

    def another_try() -> None:
        nonlocal anew
        _continue_part(file, part, session=session, log=log)
        fault = _fault(part, file)
        if fault is None:
            return
        if part.stat().st_size >= file.bytes:
            # Wrong bytes may come from what an earlier run left: one more try from zero tells.
            part.unlink()
            if anew:
                raise RefusedError(fault)
            anew = True
        raise TryAgainError(fault)

    back_off = BackOff(max_tries=MAX_TRIES, first_seconds=BACK_OFF_SECONDS, jitter_fraction=0.0, sleep=sleep)
    try:
        retried(another_try, what=file.name, log=log, back_off=back_off)
    except RefusedError as error:
        return str(error)
    return None


def _continue_part(file: SourceFile, part: Path, *, session: requests.Session, log: logging.Logger) -> None:
    """One request for the bytes that `part` lacks, written as they come."""
    n_here = part.stat().st_size if part.is_file() else 0
    # Ranges count bytes of what is sent; a compressed answer would shift them.
    headers = {"Accept-Encoding": "identity"} | ({"Range": f"bytes={n_here}-"} if n_here else {})
    with (
        faults_of_requests(),
        session.get(file.address, headers=headers, stream=True, timeout=(CONNECT_SECONDS, READ_SECONDS)) as response,
    ):
        n_here = _start_of_answer(response, file, part, n_here)
        if n_here:
            log.info("%s: continued at byte %d of %d", file.name, n_here, file.bytes)
        _write_blocks(response, file, part, n_here, log=log)


def _start_of_answer(response: requests.Response, file: SourceFile, part: Path, n_asked: int) -> int:
    """Byte of `file` at which the body of `response` begins; raises where it is not (part of) `file`."""
    status = response.status_code
    content_range = response.headers.get("Content-Range", "")
    partial = status == HTTPStatus.PARTIAL_CONTENT
    if status == HTTPStatus.REQUESTED_RANGE_NOT_SATISFIABLE or (
        partial and not content_range.startswith(f"bytes {n_asked}-")
    ):
        part.unlink(missing_ok=True)
        raise TryAgainError(f"HTTP status {status}, range {content_range!r} for bytes from {n_asked} on")
    check_status(status, response.headers)
    if not partial and status != HTTPStatus.OK:
        raise RefusedError(f"HTTP status {status} ({response.reason})")
    start = n_asked if partial else 0
    length = "" if "Content-Encoding" in response.headers else response.headers.get("Content-Length", "")
    if length.isdecimal() and start + int(length) != file.bytes:
        raise RefusedError(f"a file of {start + int(length)} bytes stands there, {file.bytes} wanted")
    return start


def _write_blocks(
    response: requests.Response, file: SourceFile, part: Path, start: int, *, log: logging.Logger
) -> None:
    """Write the body of `response` to `part` from byte `start` on; no more than one block too many."""
    progress = Progress(log, f"{file.name} (MiB)", -(-(file.bytes - start) // MIB))
    # Unbuffered: a killed process leaves all that had come.
    with part.open("ab" if start else "wb", buffering=0) as out:
        n_written = 0
        for block in response.iter_content(BLOCK_BYTES):
            out.write(block)
            n_written += len(block)
            while progress.n_done < n_written // MIB:
                progress.advance()
            if start + n_written > file.bytes:
                break
        os.fsync(out.fileno())
