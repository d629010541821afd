"""Files from a mirror and over HTTP, against a server of this machine that misbehaves on request."""

from __future__ import annotations

import gzip
import hashlib
import logging
import os
import signal
import subprocess
import sys
import textwrap
import threading
import time
from collections.abc import Iterator
from dataclasses import replace
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest
import requests

from flaredag import downloads
from flaredag.downloads import obtain
from flaredag.errors import InputError
from flaredag.sources import SourceFile

CONTENT = b"arpnum,usflux\n" + b"".join(b"%d,%d\n" % (number, number**3) for number in range(30_000))
PACKED = gzip.compress(CONTENT, mtime=0)
SCRIPTS = Path(__file__).parents[2] / "scripts"


def sha256(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()


class FileServer(ThreadingHTTPServer):
    """Serves CONTENT; `answers` says how the next requests are answered ("right" once it is used up)."""

    daemon_threads = True

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), FileHandler)
        self.answers: list[str | int] = []
        self.ranges: list[str | None] = []

    def handle_error(self, *_: object) -> None:
        """Say nothing: a client that hangs up is part of the tests."""

    @property
    def file(self) -> SourceFile:
        return SourceFile(
            name="somebody/table.csv",
            address=f"http://127.0.0.1:{self.server_port}/table.csv",
            bytes=len(CONTENT),
            sha256=sha256(CONTENT),
            mirror="somebody/table.csv.gz",
            mirror_sha256=sha256(PACKED),
            instrument="sharp",
            shard="0",
        )


class FileHandler(BaseHTTPRequestHandler):
    server: FileServer

    def log_message(self, *_: object) -> None:
        """Keep the test's output clean."""

    def do_GET(self) -> None:
        asked = self.headers["Range"]
        self.server.ranges.append(asked)
        how = self.server.answers.pop(0) if self.server.answers else "right"
        if isinstance(how, int):
            self.send_response(how)
            self.send_header("Retry-After", "7")
            self.send_header("Content-Length", "0")
            self.end_headers()
            return
        start = int(asked.removeprefix("bytes=").removesuffix("-")) if asked and how != "no range" else 0
        body = CONTENT[start:]
        self.send_response(206 if start else 200)
        if start:
            said = 0 if how == "wrong range" else start
            self.send_header("Content-Range", f"bytes {said}-{len(CONTENT) - 1}/{len(CONTENT)}")
        length: int | None = len(body)
        if how == "garbage":
            body = b"?" * len(body)
        elif how == "another file":
            body, length = b"<html>moved</html>", 18
        elif how == "too long":
            body, length = body * 3, None
        elif how == "cut":
            body = body[: len(body) // 2]
        elif how == "cut, length unknown":
            body, length = body[: len(body) // 2], None
        if length is not None:
            self.send_header("Content-Length", str(length))
        self.end_headers()
        if how == "stalled":
            self.wfile.write(body[:1000])
            time.sleep(0.6)
        elif how == "slow":
            for first in range(0, len(body), 5000):
                self.wfile.write(body[first : first + 5000])
                time.sleep(0.05)
        else:
            self.wfile.write(body)
        self.close_connection = True


@pytest.fixture
def server() -> Iterator[FileServer]:
    with FileServer() as server:
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
        thread.start()
        yield server
        server.shutdown()
        thread.join()


@pytest.fixture
def target(tmp_path: Path) -> Path:
    return tmp_path / "raw" / "somebody" / "table.csv"


def mirror_with(tmp_path: Path, name: str, content: bytes) -> Path:
    path = tmp_path / "mirror" / "somebody" / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(content)
    return tmp_path / "mirror"


def obtained(file: SourceFile, target: Path, *, mirror: Path | None = None) -> tuple[Path, list[float]]:
    """Part that `obtain` made, and the waits between its tries."""
    waits: list[float] = []
    with requests.Session() as session:
        session.trust_env = False
        log = logging.getLogger("test_downloads")
        part = obtain(file, target, mirror=mirror, session=session, log=log, sleep=waits.append)
    return part, waits


def left_behind(target: Path, content: bytes) -> Path:
    part = target.with_name(f"table.csv.{sha256(CONTENT)[:16]}.part")
    part.parent.mkdir(parents=True)
    part.write_bytes(content)
    return part


@pytest.mark.parametrize(("name", "content"), [("table.csv.gz", PACKED), ("table.csv", CONTENT)])
def test_a_mirror_with_the_right_bytes_spares_the_network(
    server: FileServer, target: Path, tmp_path: Path, name: str, content: bytes
) -> None:
    part, _ = obtained(server.file, target, mirror=mirror_with(tmp_path, name, content))
    assert part.read_bytes() == CONTENT
    assert part.parent == target.parent
    assert server.ranges == []


def test_the_plain_file_of_a_mirror_serves_where_its_gzip_is_wrong(
    server: FileServer, target: Path, tmp_path: Path
) -> None:
    mirror = mirror_with(tmp_path, "table.csv.gz", PACKED[:-9])
    part, _ = obtained(server.file, target, mirror=mirror_with(tmp_path, "table.csv", CONTENT))
    assert mirror.is_dir()
    assert part.read_bytes() == CONTENT
    assert server.ranges == []


@pytest.mark.parametrize(
    ("packed", "told"),
    [
        (PACKED[:-9], "the gzip is truncated"),
        (b"<html>", "no valid gzip"),
        (gzip.compress(CONTENT + b"1,1\n"), f"{sha256(PACKED)} wanted"),
    ],
)
def test_a_wrong_mirror_is_told_and_passed_over(
    server: FileServer,
    target: Path,
    tmp_path: Path,
    caplog: pytest.LogCaptureFixture,
    packed: bytes,
    told: str,
) -> None:
    part, _ = obtained(server.file, target, mirror=mirror_with(tmp_path, "table.csv.gz", packed))
    assert part.read_bytes() == CONTENT
    (warning,) = [record.getMessage() for record in caplog.records if record.levelno == logging.WARNING]
    assert told in warning
    assert f"has sha256 {sha256(packed)}, {sha256(PACKED)} wanted" in warning
    assert str(tmp_path / "mirror") in warning


@pytest.mark.parametrize(
    ("packed", "told"),
    [(PACKED[:-9], "no whole gzip"), (b"<html>", "no whole gzip"), (gzip.compress(b"a", mtime=0), "content of")],
)
def test_a_manifest_that_vouches_for_a_wrong_gzip_does_not_let_it_through(
    server: FileServer,
    target: Path,
    tmp_path: Path,
    caplog: pytest.LogCaptureFixture,
    packed: bytes,
    told: str,
) -> None:
    file = replace(server.file, mirror_sha256=sha256(packed))
    part, _ = obtained(file, target, mirror=mirror_with(tmp_path, "table.csv.gz", packed))
    assert part.read_bytes() == CONTENT
    assert any(told in record.getMessage() for record in caplog.records)
    assert server.ranges == [None]  # from zero: nothing of the wrong content was kept


@pytest.mark.parametrize("end", ["cut", "cut, length unknown"])
def test_a_download_cut_short_goes_on_where_it_was(
    server: FileServer, target: Path, monkeypatch: pytest.MonkeyPatch, end: str
) -> None:
    monkeypatch.setattr(downloads, "BLOCK_BYTES", 1000)
    server.answers = [end, end]
    part, waits = obtained(server.file, target)
    assert part.read_bytes() == CONTENT
    starts = [int(asked[6:-1]) for asked in server.ranges if asked]
    # At most the block in hand is lost.
    assert len(CONTENT) / 2 - 1001 < starts[0] <= len(CONTENT) / 2
    assert len(CONTENT) * 3 / 4 - 1502 < starts[1] <= len(CONTENT) * 3 / 4
    assert len(server.ranges) == 3
    assert waits == [1.0, 2.0]


def test_a_server_without_ranges_sends_the_file_anew(server: FileServer, target: Path) -> None:
    server.answers = ["cut", "no range"]
    part, _ = obtained(server.file, target)
    assert part.read_bytes() == CONTENT


@pytest.mark.parametrize("answer", ["wrong range", 416])
def test_a_range_not_asked_for_is_thrown_away(server: FileServer, target: Path, answer: str | int) -> None:
    left_behind(target, CONTENT[:100])
    server.answers = [answer]
    part, _ = obtained(server.file, target)
    assert part.read_bytes() == CONTENT
    assert server.ranges == ["bytes=100-", None]


def test_a_busy_server_is_asked_again_when_it_says(server: FileServer, target: Path) -> None:
    server.answers = [500, 429]
    part, waits = obtained(server.file, target)
    assert part.read_bytes() == CONTENT
    assert waits == [7.0, 7.0]


def test_a_stalled_server_is_left_and_asked_for_the_rest(
    server: FileServer, target: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(downloads, "READ_SECONDS", 0.1)
    monkeypatch.setattr(downloads, "BLOCK_BYTES", 500)
    server.answers = ["stalled"]
    part, waits = obtained(server.file, target)
    assert part.read_bytes() == CONTENT
    assert server.ranges == [None, "bytes=1000-"]
    assert waits == [1.0]


def test_what_an_earlier_run_left_is_continued(server: FileServer, target: Path) -> None:
    left_behind(target, CONTENT[:12_345])
    part, _ = obtained(server.file, target)
    assert part.read_bytes() == CONTENT
    assert server.ranges == ["bytes=12345-"]


def test_what_an_earlier_run_completed_is_not_fetched_again(server: FileServer, target: Path) -> None:
    left_behind(target, CONTENT)
    part, _ = obtained(server.file, target)
    assert part.read_bytes() == CONTENT
    assert server.ranges == []


@pytest.mark.parametrize("left", [b"x" * 100, b"x" * len(CONTENT), CONTENT + b"x"])
def test_wrong_bytes_of_an_earlier_run_are_fetched_once_more_from_zero(
    server: FileServer, target: Path, left: bytes
) -> None:
    left_behind(target, left)
    part, _ = obtained(server.file, target)
    assert part.read_bytes() == CONTENT
    assert server.ranges[-1] is None


@pytest.mark.parametrize(
    ("answers", "told", "n_requests"),
    [
        (["garbage"] * 2, f"sha256 {sha256(b'?' * len(CONTENT))} found, {sha256(CONTENT)} wanted", 2),
        (["too long"] * 2, f"{len(CONTENT)} wanted", 2),
        (["another file"], f"a file of 18 bytes stands there, {len(CONTENT)} wanted", 1),
        ([404], "HTTP status 404", 1),
        ([503] * 9, "HTTP status 503 (tried 5 times)", 5),
    ],
)
def test_a_file_that_cannot_be_had_is_one_error_that_says_why(
    server: FileServer, target: Path, tmp_path: Path, answers: list[str | int], told: str, n_requests: int
) -> None:
    server.answers = answers
    mirror = mirror_with(tmp_path, "table.csv.gz", PACKED[:-9])
    with pytest.raises(InputError) as refused:
        obtained(server.file, target, mirror=mirror)
    message = str(refused.value)
    assert told in message
    assert "somebody/table.csv cannot be had" in message
    assert f"has sha256 {sha256(PACKED[:-9])}, {sha256(PACKED)} wanted (the gzip is truncated)" in message
    assert server.file.address in message
    assert "mirror=DIR" in message
    assert len(server.ranges) == n_requests
    assert list(target.parent.iterdir()) == []


def test_a_file_without_address_comes_from_a_mirror_or_not_at_all(
    server: FileServer, target: Path, tmp_path: Path
) -> None:
    file = replace(server.file, address="")
    mirror = mirror_with(tmp_path, "table.csv.gz", PACKED)
    part, _ = obtained(file, target, mirror=mirror)
    assert part.read_bytes() == CONTENT
    part.unlink()
    (mirror / "somebody" / "table.csv.gz").unlink()
    with pytest.raises(
        InputError, match=r"has no somebody/table\.csv\.gz\. It stands at no public address\. Name a folder"
    ):
        obtained(file, target, mirror=mirror)
    assert server.ranges == []


def test_a_mirror_that_cannot_be_read_is_told_and_passed_over(
    server: FileServer,
    target: Path,
    tmp_path: Path,
    caplog: pytest.LogCaptureFixture,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    def sha256_of_file(path: Path) -> str:
        if "mirror" in path.parts:
            raise PermissionError(13, "Permission denied")
        return sha256(path.read_bytes())

    monkeypatch.setattr(downloads, "sha256_of_file", sha256_of_file)
    part, _ = obtained(server.file, target, mirror=mirror_with(tmp_path, "table.csv.gz", PACKED))
    assert part.read_bytes() == CONTENT
    assert "cannot be read (Permission denied)" in caplog.text


def test_no_server_at_all(server: FileServer, target: Path, tmp_path: Path) -> None:
    file = replace(server.file, address="http://127.0.0.1:1/table.csv")
    (tmp_path / "mirror").mkdir()
    with pytest.raises(InputError, match=r"has no somebody/table\.csv\.gz.*no connection.*\(tried 5 times\)"):
        obtained(file, target, mirror=tmp_path / "mirror")
    with pytest.raises(InputError, match="Mirror: none named"):
        obtained(file, target)


def test_a_killed_process_is_followed_by_one_that_goes_on(server: FileServer, target: Path) -> None:
    server.answers = ["slow"]
    program = textwrap.dedent(f"""
        import logging, pathlib, requests
        from flaredag import downloads
        from flaredag.sources import SourceFile
        downloads.BLOCK_BYTES = 5000
        target = pathlib.Path({str(target)!r})
        session = requests.Session()
        session.trust_env = False
        downloads.obtain({server.file!r}, target, mirror=None, session=session, log=logging.getLogger())
    """)
    environment = os.environ | {"PYTHONPATH": str(SCRIPTS)}
    process = subprocess.Popen([sys.executable, "-c", program], env=environment)
    part = target.with_name(f"table.csv.{sha256(CONTENT)[:16]}.part")
    give_up = time.monotonic() + 30
    while not (part.exists() and part.stat().st_size > 0) and time.monotonic() < give_up:
        time.sleep(0.01)
    process.send_signal(signal.SIGKILL)
    process.wait()
    n_left = part.stat().st_size
    assert 0 < n_left < len(CONTENT)
    assert not target.exists()

    assert obtained(server.file, target)[0].read_bytes() == CONTENT
    assert server.ranges == [None, f"bytes={n_left}-"]
