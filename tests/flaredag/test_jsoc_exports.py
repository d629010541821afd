"""Exports in flight, against a server of this machine."""

from __future__ import annotations

import json
import logging
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import unquote

import pytest

from flaredag.errors import InputError
from flaredag.jsoc_exports import Exports
from flaredag.jsoc_requests import JsocClient
from flaredag.retrying import BackOff
from flaredag.segment_files import SegmentFile
from jsoc_server import JsocServer
from local_server import running
from made_up_patches import SHARP, record, series_of, times

LOG = logging.getLogger("flaredag")
T_RECS = times("2011.02.15", *range(0, 960, 96))
RECORDS = [record(region, t_rec) for region in (301, 302) for t_rec in T_RECS]
FILES = [SegmentFile(SHARP, "HARPNUM", int(r["HARPNUM"]), r["T_REC"], "magnetogram") for r in RECORDS]
NAMES = [file.name for file in FILES]


@pytest.fixture(autouse=True)
def _no_proxy(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("NO_PROXY", "127.0.0.1")


@pytest.fixture
def server() -> Iterator[JsocServer]:
    with running(JsocServer([series_of(RECORDS)], dict.fromkeys(NAMES, b"x"))) as server:
        yield server


def exports_of(server: JsocServer, remembered: Path, *, size: int = 5, in_flight: int = 2, files=FILES, waits=None):
    waits = [] if waits is None else waits
    back_off = BackOff(max_tries=3, jitter_fraction=0.0, sleep=waits.append)
    client = JsocClient(server.address, log=LOG, back_off=back_off, notify="me@example.org")
    return Exports(
        client,
        files,
        n_wanted=len(files),
        remembered=remembered,
        records_per_export=size,
        in_flight=in_flight,
        log=LOG,
    )


def drained(exports: Exports) -> dict[str, str]:
    """Addresses of all files that come."""
    addresses: dict[str, str] = {}
    while (finished := exports.next_finished()) is not None:
        assert not addresses.keys() & finished.addresses.keys()
        addresses |= finished.addresses
        exports.forget(finished.request_id)
    return addresses


def asked_times(server: JsocServer) -> list[int]:
    """Number of records that each export asked for."""
    return [len(export.entries) for export in server.exports.values()]


def test_every_file_comes_in_batches_of_one_region(server: JsocServer, tmp_path: Path) -> None:
    server.polls_pending = 2
    addresses = drained(exports_of(server, tmp_path / "e.json", size=6))
    assert sorted(addresses) == sorted(NAMES)
    assert all(address.endswith(f"/{name}") for name, address in addresses.items())
    assert asked_times(server) == [6, 4, 6, 4]
    assert server.most_pending == 2
    assert json.loads((tmp_path / "e.json").read_text()) == []


def test_waits_are_those_jsoc_says_or_longer(server: JsocServer, tmp_path: Path) -> None:
    server.polls_pending, server.wait_seconds = 3, 3
    waits: list[float] = []
    drained(exports_of(server, tmp_path / "e.json", files=FILES[:2], waits=waits))
    # Ours would be 1, 2, 4, 8 s.
    assert waits == [3.0, 3.0, 4.0, 8.0]


def test_pending_exports_of_an_earlier_run_are_taken_up(server: JsocServer, tmp_path: Path) -> None:
    first = exports_of(server, tmp_path / "e.json")
    finished = first.next_finished()
    assert finished is not None
    first.forget(finished.request_id)
    left = [file for file in FILES if file.name not in finished.addresses]
    rest = drained(exports_of(server, tmp_path / "e.json", files=left))
    assert sorted([*rest, *finished.addresses]) == sorted(NAMES)
    assert asked_times(server) == [5, 5, 5, 5]


@pytest.mark.parametrize(
    "left", ["", "{", "[3]", '[{"request_id": "JSOC_1"}]', '[{"request_id": 1, "names": ["gone"]}]']
)
def test_what_is_left_of_no_use_is_passed_over(server: JsocServer, tmp_path: Path, left: str) -> None:
    (tmp_path / "e.json").write_text(left)
    assert len(drained(exports_of(server, tmp_path / "e.json"))) == 20


@pytest.mark.parametrize("fault", ["refused", "failed", "forgotten"])
def test_an_export_that_fails_is_asked_for_again_in_halves(server: JsocServer, tmp_path: Path, fault: str) -> None:
    server.export_faults = [fault, "right", fault]
    exports = exports_of(server, tmp_path / "e.json", size=8, in_flight=1, files=FILES[:8])
    assert len(drained(exports)) == 8
    assert exports.given_up == {}
    sizes = asked_times(server)
    assert [size for size, export in zip(sizes, server.exports.values(), strict=True) if export.fault == "right"] == [
        4,
        2,
        2,
    ]


def test_a_record_that_makes_exports_fail_is_found_and_given_up(
    server: JsocServer, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    bad = T_RECS[6]
    request = server._request
    monkeypatch.setattr(
        server,
        "_request",
        lambda query: (
            {"status": 4, "error": "bad link"}
            if f"[301][{bad}" in query["ds"] or (f",{bad}" in query["ds"] and "[301]" in query["ds"])
            else request(query)
        ),
    )
    exports = exports_of(server, tmp_path / "e.json", size=10)
    assert len(drained(exports)) == 19
    assert exports.given_up == {FILES[6].name: "export refused: bad link (status 4)"}
    assert f"{FILES[6].name}: given up: export refused: bad link" in caplog.text
    # 10, 5 + 5, 2 + 3 of the second five, 1 + 1 or 1 + 2 of these, the one alone three times, and the other region.
    assert server.n_asked("exp_request") <= 12


def test_a_jsoc_that_fails_everything_is_one_error(server: JsocServer, tmp_path: Path) -> None:
    server.export_faults = ["refused"] * 1000
    with pytest.raises(InputError, match=r"11 of 20 files cannot be exported.*no room.*Run again later"):
        drained(exports_of(server, tmp_path / "e.json"))
    assert server.n_asked("exp_request") < 60


def test_three_files_of_which_none_comes_are_one_error(server: JsocServer, tmp_path: Path) -> None:
    server.export_faults = ["refused"] * 1000
    with pytest.raises(InputError, match="3 of 3 files"):
        drained(exports_of(server, tmp_path / "e.json", files=FILES[:3]))


def test_files_that_jsoc_lacks_and_files_it_does_not_list(
    server: JsocServer, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    del server.files[NAMES[1]]
    status, n_answers = server._status, []

    def first_answer_lacks_one(requestid: str) -> dict:
        answer = status(requestid)
        if answer["status"] == 0 and not n_answers:
            n_answers.append(1)
            del answer["data"][0]
        return answer

    monkeypatch.setattr(server, "_status", first_answer_lacks_one)
    addresses = drained(exports_of(server, tmp_path / "e.json", files=FILES[:4]))
    assert sorted(addresses) == NAMES[:4]
    assert [name for name, address in addresses.items() if not address] == [NAMES[1]]
    assert asked_times(server) == [4, 1]


def test_too_many_exports_are_waited_for(server: JsocServer, tmp_path: Path) -> None:
    server.most_exports_pending = 2
    assert len(drained(exports_of(server, tmp_path / "e.json", in_flight=4))) == 20
    assert server.most_pending == 2


VECTOR_FILES = [
    SegmentFile(SHARP, "HARPNUM", 301, t_rec, segment) for t_rec in T_RECS[:4] for segment in ("Bp", "Br", "Bt")
]


def vector_exports(server: JsocServer, remembered: Path, files=VECTOR_FILES, **settings) -> Exports:
    server.files = dict.fromkeys((file.name for file in VECTOR_FILES), b"x")
    return exports_of(server, remembered, files=files, **settings)


def test_a_record_set_takes_the_times_and_segments_of_a_batch(server: JsocServer, tmp_path: Path) -> None:
    # Of the second record one segment is here already: it cannot go with the others.
    files = [file for file in VECTOR_FILES if (file.t_rec, file.segment) != (T_RECS[1], "Br")]
    addresses = drained(vector_exports(server, tmp_path / "e.json", files, size=2, in_flight=1))
    assert sorted(addresses) == sorted(file.name for file in files)
    assert asked_times(server) == [3, 2, 6]
    asked = [unquote(request) for request in server.requests if "exp_request" in request]
    times = [f"[{T_RECS[0]}]{{Bp,Br,Bt}}", f"[{T_RECS[1]}]{{Bp,Bt}}", f"[{T_RECS[2]},{T_RECS[3]}]{{Bp,Br,Bt}}"]
    assert all(f"{SHARP}[301]{text}" in request for text, request in zip(times, asked, strict=True))


def test_a_segment_that_makes_exports_fail_is_found_and_given_up(
    server: JsocServer, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    request, sizes = server._request, []

    def fails(query: dict[str, str]) -> dict:
        times, _, segments = query["ds"].rpartition("{")
        sizes.append((times.count("_TAI"), segments.rstrip("}").split(",")))
        bad = T_RECS[2] in times and "Br" in segments
        return {"status": 4, "error": "bad link"} if bad else request(query)

    monkeypatch.setattr(server, "_request", fails)
    exports = vector_exports(server, tmp_path / "e.json", size=10, in_flight=1)
    assert len(drained(exports)) == 11
    (given_up,) = exports.given_up
    assert given_up == VECTOR_FILES[7].name
    # Halves of the records, of the two of the second half each, then of the segments of the one.
    assert sizes == [
        (4, ["Bp", "Br", "Bt"]), (2, ["Bp", "Br", "Bt"]), (2, ["Bp", "Br", "Bt"]), (1, ["Bp", "Br", "Bt"]),
        (1, ["Bp"]), (1, ["Br", "Bt"]), (1, ["Br"]), (1, ["Br"]), (1, ["Br"]), (1, ["Bt"]), (1, ["Bp", "Br", "Bt"]),
    ]  # fmt: skip


def test_files_that_could_not_be_fetched_are_asked_for_by_what_they_have_in_common(
    server: JsocServer, tmp_path: Path
) -> None:
    exports = vector_exports(server, tmp_path / "e.json", size=10, in_flight=1)
    finished = exports.next_finished()
    assert finished is not None
    exports.forget(finished.request_id)
    lost = [VECTOR_FILES[i].name for i in (0, 3, 7)]
    exports.fail(lost, "cut off")
    assert sorted(drained(exports)) == sorted(lost)
    assert asked_times(server) == [12, 2, 1]


def test_a_record_told_to_have_no_file_has_none_of_any_segment(
    server: JsocServer, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    answer = {"status": 0, "dir": "/SUM1", "data": [{"record": f"{SHARP}[301][{T_RECS[0]}]", "filename": "NoDataFile"}]}
    monkeypatch.setattr(server, "_status", lambda _: answer)
    assert drained(vector_exports(server, tmp_path / "e.json", VECTOR_FILES[:3])) == {
        file.name: "" for file in VECTOR_FILES[:3]
    }


def test_exports_of_others_in_the_way(server: JsocServer, tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    server.most_exports_pending = 0
    with pytest.raises(InputError, match=r"takes no more exports: User <notify> has 0 pending") as caught:
        drained(exports_of(server, tmp_path / "e.json"))
    assert "example" not in str(caught.value) + caplog.text
    assert server.n_asked("exp_request") == 3


def test_an_export_that_never_ends_is_asked_for_anew(server: JsocServer, tmp_path: Path) -> None:
    server.polls_pending = 10**9
    exports = exports_of(server, tmp_path / "e.json", files=FILES[:1])
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("flaredag.jsoc_exports.MOST_POLLS", 4)
        drained(exports)
    assert exports.given_up == {NAMES[0]: "export JSOC_20260101_003 failed: no end (status 1)"}
