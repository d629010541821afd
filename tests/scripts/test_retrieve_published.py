"""The rule that brings published tables here."""

from __future__ import annotations

import gzip
import hashlib
import threading
from collections.abc import Iterator
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest
import yaml

from flaredag import downloads
from flaredag.errors import InputError
from retrieve_published import main

CONTENTS = {"sharp_0.csv": b"arpnum,usflux\n377,2.7e22\n", "sharp_1.csv": b"arpnum,usflux\n401,1.1e22\n"}


class QuietHandler(SimpleHTTPRequestHandler):
    def log_message(self, *_: object) -> None:
        """Keep the test's output clean."""


@pytest.fixture
def public(tmp_path: Path) -> Iterator[str]:
    """Address of a server of the two files."""
    folder = tmp_path / "public"
    folder.mkdir()
    for name, content in CONTENTS.items():
        (folder / name).write_bytes(content)
    with ThreadingHTTPServer(("127.0.0.1", 0), partial(QuietHandler, directory=folder)) as server:
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
        thread.start()
        yield f"http://127.0.0.1:{server.server_port}"
        server.shutdown()
        thread.join()


@pytest.fixture
def mirror(tmp_path: Path) -> Path:
    folder = tmp_path / "mirror" / "somebody"
    folder.mkdir(parents=True)
    for name, content in CONTENTS.items():
        (folder / f"{name}.gz").write_bytes(gzip.compress(content, mtime=0))
    return tmp_path / "mirror"


@pytest.fixture(autouse=True)
def _no_proxy_no_waits(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("NO_PROXY", "127.0.0.1")
    monkeypatch.setattr(downloads, "BACK_OFF_SECONDS", 0.0)


def manifest_of(tmp_path: Path, address: str) -> Path:
    files = [
        {
            "name": f"somebody/{name}",
            "address": f"{address}/{name}",
            "bytes": len(content),
            "sha256": hashlib.sha256(content).hexdigest(),
            "mirror": f"somebody/{name}.gz",
            "mirror_sha256": hashlib.sha256(gzip.compress(content, mtime=0)).hexdigest(),
            "instrument": "sharp",
            "shard": name[6],
        }
        for name, content in CONTENTS.items()
    ]
    source = {"title": "t", "form": "labelled_samples", "licence": "MIT", "citation": "c", "citation_key": "k"}
    source["files"] = files
    path = tmp_path / "published_sources.yaml"
    path.write_text(yaml.safe_dump({"sources": {"somebody": source}}))
    return path


def outputs_of(tmp_path: Path) -> list[Path]:
    return [tmp_path / "raw" / "somebody" / name for name in CONTENTS]


def files_below(folder: Path) -> dict[str, bytes]:
    return {path.name: path.read_bytes() for path in folder.rglob("*") if path.is_file()}


def test_mirror_and_address_give_the_same_bytes(tmp_path: Path, mirror: Path, public: str) -> None:
    manifest = manifest_of(tmp_path, public)
    for raw_dir, folder in (("from_mirror", mirror), ("from_address", "")):
        outputs = [str(tmp_path / raw_dir / "somebody" / name) for name in CONTENTS]
        main(str(manifest), outputs, raw_dir=str(tmp_path / raw_dir), mirror=str(folder))
        assert files_below(tmp_path / raw_dir) == CONTENTS


def test_only_what_is_asked_for_comes(tmp_path: Path, mirror: Path) -> None:
    manifest = manifest_of(tmp_path, "http://127.0.0.1:1")
    main(manifest, outputs_of(tmp_path)[1:], raw_dir=tmp_path / "raw", mirror=mirror)
    assert files_below(tmp_path / "raw") == {"sharp_1.csv": CONTENTS["sharp_1.csv"]}


def test_a_failure_names_no_file_finished_and_loses_nothing(tmp_path: Path, mirror: Path, public: str) -> None:
    (mirror / "somebody" / "sharp_1.csv.gz").unlink()
    with pytest.raises(InputError, match=r"somebody/sharp_1\.csv cannot be had"):
        main(
            manifest_of(tmp_path, "http://127.0.0.1:1"),
            outputs_of(tmp_path),
            raw_dir=tmp_path / "raw",
            mirror=mirror,
        )
    assert not any(path.exists() for path in outputs_of(tmp_path))

    # sharp_0 now stands nowhere but in what the first call left.
    (tmp_path / "public" / "sharp_0.csv").unlink()
    main(manifest_of(tmp_path, public), outputs_of(tmp_path), raw_dir=tmp_path / "raw", mirror=None)
    assert files_below(tmp_path / "raw") == CONTENTS


def test_a_file_that_the_manifest_does_not_name(tmp_path: Path, mirror: Path) -> None:
    outputs = [tmp_path / "raw" / "somebody" / "sharp_7.csv"]
    with pytest.raises(InputError, match=r"names no file somebody/sharp_7\.csv; it names somebody/sharp_0\.csv"):
        main(manifest_of(tmp_path, "http://127.0.0.1:1"), outputs, raw_dir=tmp_path / "raw", mirror=mirror)


def test_a_mirror_that_is_not_there(tmp_path: Path) -> None:
    with pytest.raises(InputError, match=r"mirror=.*nowhere: no such folder"):
        main(
            manifest_of(tmp_path, "http://127.0.0.1:1"),
            outputs_of(tmp_path),
            raw_dir=tmp_path / "raw",
            mirror=tmp_path / "nowhere",
        )
