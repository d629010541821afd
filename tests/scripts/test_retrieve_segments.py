"""FITS files from JSOC, against a server of this machine."""

from __future__ import annotations

import errno
import hashlib
import json
import logging
import os
import signal
import subprocess
import sys
import textwrap
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

import retrieve_keywords
import retrieve_segments
from flaredag import segment_files
from flaredag.errors import InputError
from flaredag.retrying import BackOff
from flaredag.vector_segments import MAPS
from jsoc_server import JsocServer
from local_server import running
from made_up_patches import SHARP, SMARP, file_name, magnetogram_file, record, segment_file, series_of, times

SCRIPTS = Path(__file__).parents[2] / "scripts"
NOTIFY = "some.body@example.org"
SETTINGS = {"series": {"sharp": SHARP, "smarp": SMARP}, "segments": ["magnetogram"]}
RECORDS = [record(region, t) for region in (301, 377) for t in times("2011.02.15", 0, 96, 192)]
CONTENTS = {file_name(int(r["HARPNUM"]), r["T_REC"]): magnetogram_file(int(r["HARPNUM"]), r["T_REC"]) for r in RECORDS}
NAMES = sorted(CONTENTS)


@pytest.fixture(autouse=True)
def _environment(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("NO_PROXY", "127.0.0.1")
    monkeypatch.setenv("FLAREDAG_NOTIFY", NOTIFY)


@pytest.fixture
def server() -> Iterator[JsocServer]:
    with running(JsocServer([series_of(RECORDS)], dict(CONTENTS), registered=(NOTIFY,))) as server:
        yield server


@pytest.fixture
def raw(tmp_path: Path) -> Path:
    """Folder of raw files, with the keyword table."""
    path = tmp_path / "raw" / "keywords" / "sharp-3.csv"
    path.parent.mkdir(parents=True)
    path.write_text("HARPNUM,T_REC\n" + "".join(f"{r['HARPNUM']},{r['T_REC']}\n" for r in RECORDS))
    return tmp_path / "raw"


def retrieved(server: JsocServer, raw: Path, **others) -> dict:
    """The index that main writes."""
    index = raw / "segments" / "sharp-3.json"
    arguments = {"records_per_export": 2, "exports_in_flight": 2} | others
    retrieve_segments.main(
        raw / "keywords" / "sharp-3.csv",
        index,
        instrument="sharp",
        settings=SETTINGS | arguments.pop("settings", {}),
        address=server.address,
        back_off=BackOff(max_tries=3, first_seconds=0.0),
        **arguments,
    )
    return json.loads(index.read_text())


def on_disk(raw: Path) -> dict[str, bytes]:
    return {path.name: path.read_bytes() for path in (raw / "segments" / "sharp-3").iterdir()}


def index_of(names: list[str]) -> list[dict]:
    return [
        {"name": name, "bytes": len(CONTENTS[name]), "sha256": hashlib.sha256(CONTENTS[name]).hexdigest()}
        for name in names
    ]


def test_files_and_index(server: JsocServer, raw: Path, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level("INFO", logger="flaredag")
    assert retrieved(server, raw) == {"files": index_of(NAMES), "missing": []}
    assert on_disk(raw) == CONTENTS
    assert server.n_asked("exp_request") == 4
    assert server.n_asked("protocol=fits.*process%3Dn=0") == 4
    assert "sharp-3 (files): 6 of 6, 0 s left" in caplog.text


def test_what_is_here_is_not_asked_for_again(server: JsocServer, raw: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    index = retrieved(server, raw)
    n_asked = len(server.requests)
    monkeypatch.delenv("FLAREDAG_NOTIFY")
    assert retrieved(server, raw) == index
    assert len(server.requests) == n_asked


def test_a_grown_table_brings_what_is_new(server: JsocServer, raw: Path) -> None:
    table = raw / "keywords" / "sharp-3.csv"
    whole = table.read_text()
    table.write_text("".join(whole.splitlines(keepends=True)[:-2]))
    assert len(retrieved(server, raw)["files"]) == 4
    n_asked = server.n_asked("/SUM")
    table.write_text(whole)
    assert retrieved(server, raw)["files"] == index_of(NAMES)
    assert server.n_asked("/SUM") == n_asked + 2


def test_an_empty_table_needs_no_jsoc(raw: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("FLAREDAG_NOTIFY")
    (raw / "keywords" / "sharp-3.csv").write_text("HARPNUM,T_REC\n")
    with JsocServer() as silent:
        assert retrieved(silent, raw) == {"files": [], "missing": []}


def test_a_record_without_time_has_no_file(server: JsocServer, raw: Path, caplog: pytest.LogCaptureFixture) -> None:
    with (raw / "keywords" / "sharp-3.csv").open("a") as table:
        table.write("301,MISSING\n,2011.02.15_00:00:00_TAI\n")
    assert retrieved(server, raw)["files"] == index_of(NAMES)
    assert "2 records without region or T_REC" in caplog.text


def test_a_file_spoilt_on_disk_comes_again(server: JsocServer, raw: Path) -> None:
    index = retrieved(server, raw)
    path = raw / "segments" / "sharp-3" / NAMES[0]
    path.write_bytes(CONTENTS[NAMES[0]][:-1] + b"x")
    server.requests.clear()
    assert retrieved(server, raw) == index
    assert on_disk(raw) == CONTENTS
    assert server.n_asked("/SUM") == 1


def test_a_file_without_note_is_looked_at(server: JsocServer, raw: Path) -> None:
    folder = raw / "segments" / "sharp-3"
    folder.mkdir(parents=True)
    (folder / NAMES[0]).write_bytes(CONTENTS[NAMES[0]])
    (folder / NAMES[1]).write_bytes(CONTENTS[NAMES[2]])
    (folder / f".{NAMES[2]}.abc.part").write_bytes(b"half")
    retrieved(server, raw)
    assert on_disk(raw) == CONTENTS
    assert server.n_asked("/SUM") == 5


@pytest.mark.parametrize("fault", ["500", "429", "garbage", "cut", "drop", "slow"])
@pytest.mark.parametrize("of", ["/SUM", "jsoc_fetch"])
def test_faults_change_no_byte(server: JsocServer, raw: Path, fault: str, of: str) -> None:
    server.fail(of, "right", fault, fault, "right", fault)
    index = retrieved(server, raw, timeout_seconds=0.1 if fault == "slow" else 10.0)
    assert index == {"files": index_of(NAMES), "missing": []}
    assert on_disk(raw) == CONTENTS


@pytest.mark.parametrize("fault", ["refused", "failed", "forgotten", "another"])
def test_faults_of_exports_change_no_byte(server: JsocServer, raw: Path, fault: str) -> None:
    server.export_faults = ["right", fault, fault]
    assert retrieved(server, raw, records_per_export=3) == {"files": index_of(NAMES), "missing": []}
    assert on_disk(raw) == CONTENTS


def test_an_export_that_has_expired_is_asked_for_again(server: JsocServer, raw: Path) -> None:
    server.fail("/SUM", "404", "404")
    assert retrieved(server, raw, records_per_export=3)["files"] == index_of(NAMES)
    assert server.n_asked("exp_request") == 4


def test_files_that_jsoc_lacks_are_listed(server: JsocServer, raw: Path) -> None:
    del server.files[NAMES[4]]
    missing = [{"name": NAMES[4], "reason": "JSOC has no file"}]
    assert retrieved(server, raw) == {"files": index_of([*NAMES[:4], NAMES[5]]), "missing": missing}
    # The next time that there is reason to ask, it may be there.
    server.files[NAMES[4]] = CONTENTS[NAMES[4]]
    assert retrieved(server, raw) == {"files": index_of(NAMES), "missing": []}


def test_a_file_that_is_broken_at_jsoc_is_listed(server: JsocServer, raw: Path) -> None:
    server.files[NAMES[4]] = CONTENTS[NAMES[4]][:2880]
    index = retrieved(server, raw)
    assert index["files"] == index_of([*NAMES[:4], NAMES[5]])
    (missing,) = index["missing"]
    assert missing["name"] == NAMES[4]
    assert "without an image (tried 3 times)" in missing["reason"]
    assert NAMES[4] not in on_disk(raw)


def test_files_of_other_records_never_take_a_name(server: JsocServer, raw: Path) -> None:
    server.files = dict(zip(NAMES, [*list(CONTENTS.values())[1:], b""], strict=True))
    with pytest.raises(InputError, match="6 of 6 files cannot be exported"):
        retrieved(server, raw)
    assert on_disk(raw) == {}
    assert not (raw / "segments" / "sharp-3.json").exists()


def test_a_server_that_stays_ill(server: JsocServer, raw: Path) -> None:
    server.fail("exp_request", "right", "500", "500", "500")
    with pytest.raises(InputError, match=r"HTTP status 500 \(tried 3 times\).*run again"):
        retrieved(server, raw)
    assert not (raw / "segments" / "sharp-3.json").exists()
    n_asked = server.n_asked("exp_request")
    assert retrieved(server, raw)["files"] == index_of(NAMES)
    assert server.n_asked("exp_request") == n_asked + 3  # the first is remembered


def test_no_address_for_exports(server: JsocServer, raw: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("FLAREDAG_NOTIFY")
    with pytest.raises(InputError, match="FLAREDAG_NOTIFY: not set"):
        retrieved(server, raw)
    assert server.requests == []
    with pytest.raises(InputError, match="not registered at JSOC"):
        retrieved(server, raw, notify="stranger@example.org")
    assert server.n_asked("exp_request") == 0


def test_no_such_segment(server: JsocServer, raw: Path) -> None:
    with pytest.raises(InputError, match="no segment Bx; it has magnetogram, bitmap"):
        retrieved(server, raw, settings={"segments": ["magnetogram", "Bx"]})


def test_a_full_disk(server: JsocServer, raw: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    n_read = []

    def full(content: bytes, file: object) -> None:
        n_read.append(content)
        if len(n_read) == 3:
            raise OSError(errno.ENOSPC, "No space left on device")

    with monkeypatch.context() as patch:
        patch.setattr(segment_files, "fault_of_segment", full)
        with pytest.raises(InputError, match="no space left on its disk"):
            retrieved(server, raw)
    assert len(on_disk(raw)) == 2
    assert retrieved(server, raw)["files"] == index_of(NAMES)
    assert server.n_asked("/SUM") == 7


VECTOR = {"segments": list(MAPS)}
VECTOR_CONTENTS = {
    file_name(int(r["HARPNUM"]), r["T_REC"], segment=segment): segment_file(int(r["HARPNUM"]), r["T_REC"], segment)
    for r in RECORDS
    for segment in MAPS
}


@pytest.fixture
def vector_server(server: JsocServer) -> JsocServer:
    server.files = dict(VECTOR_CONTENTS)
    return server


def test_the_segments_of_the_vector_field_come_a_record_at_once(vector_server: JsocServer, raw: Path) -> None:
    index = retrieved(vector_server, raw, settings=VECTOR)
    assert [file["name"] for file in index["files"]] == sorted(VECTOR_CONTENTS)
    assert index["missing"] == []
    assert on_disk(raw) == VECTOR_CONTENTS
    # Two records of a region and the third, of both regions.
    assert [len(export.entries) for export in vector_server.exports.values()] == [10, 5, 10, 5]
    n_asked = len(vector_server.requests)
    assert retrieved(vector_server, raw, settings=VECTOR) == index
    assert len(vector_server.requests) == n_asked


def test_of_a_record_that_is_half_here_the_rest_is_asked_for(vector_server: JsocServer, raw: Path) -> None:
    index = retrieved(vector_server, raw, settings=VECTOR)
    folder = raw / "segments" / "sharp-3"
    lost = [file_name(301, RECORDS[0]["T_REC"], segment=segment) for segment in ("Bt", "bitmap")]
    lost.append(file_name(377, RECORDS[4]["T_REC"], segment="Br"))
    for name in lost:
        (folder / name).unlink()
    vector_server.requests.clear()
    assert retrieved(vector_server, raw, settings=VECTOR) == index
    assert on_disk(raw) == VECTOR_CONTENTS
    assert vector_server.n_asked("/SUM") == 3
    assert [len(export.entries) for export in vector_server.exports.values()][4:] == [2, 1]


@pytest.mark.parametrize("fault", ["refused", "failed", "another", "nameless"])
def test_faults_of_exports_of_several_segments_change_no_byte(vector_server: JsocServer, raw: Path, fault: str) -> None:
    vector_server.export_faults = [fault, "right", fault, fault]
    index = retrieved(vector_server, raw, settings=VECTOR, records_per_export=3)
    assert index["missing"] == []
    assert on_disk(raw) == VECTOR_CONTENTS


def test_a_segment_that_jsoc_lacks_takes_no_other_with_it(vector_server: JsocServer, raw: Path) -> None:
    name = file_name(377, RECORDS[4]["T_REC"], segment="conf_disambig")
    del vector_server.files[name]
    index = retrieved(vector_server, raw, settings=VECTOR)
    assert index["missing"] == [{"name": name, "reason": "JSOC has no file"}]
    assert on_disk(raw) == {other: content for other, content in VECTOR_CONTENTS.items() if other != name}


def test_the_address_for_exports_is_nowhere(
    server: JsocServer, raw: Path, caplog: pytest.LogCaptureFixture, capfd: pytest.CaptureFixture[str]
) -> None:
    caplog.set_level(logging.DEBUG)
    server.most_exports_pending = 0
    server.fail("checkAddress", "500", "garbage")
    server.fail("exp_request", "500", "drop")
    with pytest.raises(InputError) as caught:
        retrieved(server, raw)
    server.most_exports_pending = 2
    retrieved(server, raw)
    assert server.n_asked("some.body") > 3
    told = str(caught.value) + caplog.text + "".join(capfd.readouterr())
    for path in raw.rglob("*"):
        told += str(path) + (path.read_bytes().decode("latin1") if path.is_file() else "")
    assert "some.body" not in told
    assert "example.org" not in told


def test_a_killed_run_goes_on_where_it_was(raw: Path, tmp_path: Path) -> None:
    program = textwrap.dedent(f"""
        import sys, retrieve_segments
        from flaredag.retrying import BackOff
        retrieve_segments.main(
            {str(raw / "keywords" / "sharp-3.csv")!r}, {str(raw / "segments" / "sharp-3.json")!r}, instrument="sharp",
            settings={SETTINGS!r}, address=sys.argv[1], records_per_export=2, exports_in_flight=1,
            back_off=BackOff(first_seconds=0.0),
        )
    """)
    settings = {"registered": (NOTIFY,)}
    with running(JsocServer([series_of(RECORDS)], dict(CONTENTS), **settings)) as server:
        del server.files[NAMES[0]]
        server.fail("/SUM", "right", "right", "slow")
        environment = os.environ | {"PYTHONPATH": str(SCRIPTS)}
        process = subprocess.Popen([sys.executable, "-c", program, server.address], env=environment)
        give_up = time.monotonic() + 30
        while server.n_asked("/SUM") < 3 and time.monotonic() < give_up:
            time.sleep(0.002)
        process.send_signal(signal.SIGKILL)
        process.wait()
        assert not (raw / "segments" / "sharp-3.json").exists()
        n_fetched = server.n_asked("/SUM")
        assert n_fetched == 3
        n_exports = len(server.exports)
        index = retrieved(server, raw)
        assert [file["name"] for file in index["files"]] == NAMES[1:]
        assert [file["name"] for file in index["missing"]] == NAMES[:1]
        # Four batches of records, none exported twice; of the files only the one under way was asked for twice.
        assert n_exports == 3
        assert len(server.exports) == 4
        assert server.n_asked("/SUM") == 6
    assert on_disk(raw) == {name: CONTENTS[name] for name in NAMES[1:]}


def test_raw_files_served_come_back_the_same(server: JsocServer, raw: Path, tmp_path: Path) -> None:
    settings = {
        "series": SETTINGS["series"],
        "quality_below": {"sharp": 65536},
        "cadence_minutes": 96,
        "final_after_days": 30,
    }

    def all_retrieved(address: str, folder: Path) -> None:
        table = folder / "keywords" / "sharp-3.csv"
        retrieve_keywords.main(
            table,
            instrument="sharp",
            shard=3,
            as_of="2012-01-01",
            settings=settings,
            address=address,
            regions_per_query=30,
        )
        retrieve_segments.main(
            table,
            folder / "segments" / "sharp-3.json",
            instrument="sharp",
            settings=SETTINGS,
            address=address,
            records_per_export=4,
            exports_in_flight=1,
            back_off=BackOff(first_seconds=0.0),
        )

    all_retrieved(server.address, tmp_path / "first")
    with running(JsocServer.from_raw(tmp_path / "first")) as second:
        all_retrieved(second.address, tmp_path / "second")
    first, again = (
        {
            path.relative_to(tmp_path / name): path.read_bytes()
            for path in (tmp_path / name).rglob("*")
            if path.is_file() and not any(part.startswith(".") for part in path.relative_to(tmp_path / name).parts)
        }
        for name in ("first", "second")
    )
    assert first == again
    assert len(first) == 8
