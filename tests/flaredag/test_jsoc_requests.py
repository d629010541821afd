"""Questions to JSOC, against a server of this machine that speaks as JSOC does and misbehaves on request."""

from __future__ import annotations

import logging
import traceback
from collections.abc import Iterator
from urllib.parse import quote, quote_plus

import drms
import pytest
from drms.config import ServerConfig

from flaredag.errors import InputError
from flaredag.jsoc_requests import JsocClient, notify_address, region_list
from flaredag.retrying import BackOff
from jsoc_server import JsocServer
from local_server import running
from made_up_patches import SHARP, file_name, magnetogram_file, record, series_of, times

LOG = logging.getLogger("flaredag")
NOTIFY = "some.body+x@example.org"
DAY = "2011.02.15"
RECORDS = [record(region, t_rec) for region in (3, 377) for t_rec in times(DAY, 0, 12, 96, 192)]
ALL = f"{SHARP}[1-400]"
COLUMNS = ["HARPNUM", "T_REC", "NOAA_ARS", "R_VALUE"]


@pytest.fixture(autouse=True)
def _no_proxy(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("NO_PROXY", "127.0.0.1")


@pytest.fixture
def server() -> Iterator[JsocServer]:
    name = file_name(3, RECORDS[0]["T_REC"])
    server = JsocServer([series_of(RECORDS)], {name: magnetogram_file(3, RECORDS[0]["T_REC"])}, registered=(NOTIFY,))
    with running(server):
        yield server


@pytest.fixture
def waits() -> list[float]:
    return []


@pytest.fixture
def client(server: JsocServer, waits: list[float]) -> JsocClient:
    back_off = BackOff(max_tries=4, jitter_fraction=0.0, sleep=waits.append)
    return JsocClient(server.address, log=LOG, back_off=back_off, timeout_seconds=10.0, notify=NOTIFY)


def test_the_client_of_drms_understands_the_server(server: JsocServer) -> None:
    config = ServerConfig(
        name="here",
        cgi_baseurl=server.address + "cgi-bin/ajax/",
        cgi_jsoc_info="jsoc_info",
        cgi_jsoc_fetch="jsoc_fetch",
        cgi_check_address="checkAddress.sh",
        cgi_show_series="show_series",
        cgi_show_series_wrapper="showextseries",
        show_series_wrapper_dbhost="db",
        http_download_baseurl=server.address,
    )
    drms_client = drms.Client(config, email=NOTIFY)
    assert drms_client.series("hmi") == [SHARP]
    assert drms_client.pkeys(SHARP) == ["HARPNUM", "T_REC"]
    table, segments = drms_client.query(f"{SHARP}[3]", key="HARPNUM,T_REC", seg="magnetogram", rec_index=True)
    assert table["HARPNUM"].tolist() == [3, 3, 3, 3]
    assert table.index[0] == f"{SHARP}[3][{DAY}_00:00:00_TAI]"
    assert len(segments) == 4
    assert len(drms_client.query(f"{SHARP}[5]", key="HARPNUM")) == 0
    with pytest.raises(drms.DrmsQueryError, match="not found"):
        drms_client.query("nobody.s_series[1]", key="HARPNUM")
    export = drms_client.export(f"{SHARP}[3][{DAY}_00:00:00_TAI]{{magnetogram}}", method="url", protocol="fits")
    assert export.wait(sleep=0)
    assert export.urls["filename"].tolist() == [file_name(3, f"{DAY}_00:00:00_TAI")]


@pytest.mark.parametrize(
    ("record_set", "n_records"),
    [
        (ALL, 8),
        (f"{SHARP}[3]", 4),
        (f"{SHARP}[1-3,377]", 8),
        (f"{SHARP}[4-9]", 0),
        (f"{SHARP}[][{DAY}_00:00:00_TAI-{DAY}_01:36:00_TAI]", 6),
        (f"{SHARP}[3][{DAY}_00:00:00_TAI-{DAY}_23:00:00_TAI@96m]", 3),
        (f"{SHARP}[3][{DAY}_00:12:00_TAI-{DAY}_23:00:00_TAI@96m]", 1),
        (f"{SHARP}[3][{DAY}_00:12:00_TAI,{DAY}_03:12:00_TAI]", 2),
        (f"{SHARP}[3][? QUALITY<65536 AND NOAA_NUM>=1 ?]", 4),
        (f"{SHARP}[3][? QUALITY<65536 AND NOAA_NUM>=3 ?]", 0),
    ],
)
def test_record_sets(client: JsocClient, record_set: str, n_records: int) -> None:
    assert len(client.records(record_set, COLUMNS)) == n_records


def test_quality_words_are_compared_as_jsoc_does() -> None:
    words = ("0x00000000", "0x00010000", "0x80000000", "MISSING")
    records = [record(3, t, QUALITY=word) for t, word in zip(times(DAY, 0, 96, 192, 288), words, strict=True)]
    with running(JsocServer([series_of(records)])) as server:
        client = JsocClient(server.address, log=LOG, back_off=BackOff(first_seconds=0.0))
        found = client.records(f"{SHARP}[3][? QUALITY<65536 ?]", ["QUALITY"])
    # A signed word: the highest bit makes it negative.
    assert found["QUALITY"].tolist() == ["0x00000000", "0x80000000"]


def test_texts_come_as_they_are(client: JsocClient) -> None:
    table = client.records(f"{SHARP}[3][{DAY}_00:00:00_TAI]", [*COLUMNS, "NOWHERE"])
    assert table.to_numpy().tolist() == [["3", f"{DAY}_00:00:00_TAI", "11158,11162", "MISSING", "MISSING"]]
    assert client.records(f"{SHARP}[5]", COLUMNS).columns.tolist() == COLUMNS


def test_keywords_and_segments(client: JsocClient) -> None:
    assert client.keywords_of(SHARP) == list(RECORDS[0])
    assert client.segments_of(SHARP) == ["magnetogram", "bitmap", "conf_disambig", "Br", "Bp", "Bt"]


@pytest.mark.parametrize("fault", ["500", "503", "429", "408", "garbage", "cut", "drop", "slow"])
def test_faults_that_pass_are_waited_out(
    server: JsocServer, client: JsocClient, waits: list[float], fault: str
) -> None:
    server.fail("rs_list", fault, fault)
    client.timeout_seconds = 0.1 if fault == "slow" else 10.0
    assert len(client.records(ALL, COLUMNS)) == 8
    assert waits == [1.0, 2.0]
    assert server.n_asked("rs_list") == 3


@pytest.mark.parametrize(
    ("fault", "told"),
    [
        ("500", "HTTP status 500"),
        ("garbage", "no JSON"),
        ("drop", "no connection, or cut short"),
        ("cut", "no connection, or cut short"),
    ],
)
def test_a_server_that_stays_ill_is_named(server: JsocServer, client: JsocClient, fault: str, told: str) -> None:
    server.fail("rs_list", *[fault] * 4)
    with pytest.raises(InputError, match=rf"{told}.*\(tried 4 times\).*run again"):
        client.records(ALL, COLUMNS)


def test_no_server_at_all() -> None:
    client = JsocClient("http://127.0.0.1:1", log=LOG, back_off=BackOff(max_tries=2, first_seconds=0.0))
    with pytest.raises(InputError, match=r"no connection.*ConnectionRefusedError.*tried 2 times"):
        client.records(ALL, COLUMNS)


def test_the_timeout_of_sockets_is_put_back(client: JsocClient) -> None:
    import socket

    client.records(ALL, COLUMNS)
    assert socket.getdefaulttimeout() is None


@pytest.mark.parametrize(
    ("record_set", "told"),
    [
        ("nobody.s_series[1]", "series not found"),
        (f"{SHARP}[one]", "bad prime key"),
        (f"{SHARP}[3][? X=1 ?]", "bad condition"),
    ],
)
def test_what_cannot_get_better_is_asked_once(
    server: JsocServer, client: JsocClient, record_set: str, told: str
) -> None:
    with pytest.raises(InputError, match=told):
        client.records(record_set, COLUMNS)
    with pytest.raises(InputError, match="does not exist"):
        client.keywords_of("nobody.s_series")
    server.fail("rs_list", "404")
    with pytest.raises(InputError, match="HTTP status 404"):
        client.records(ALL, COLUMNS)
    assert len(server.requests) == 3


GOOD = {"status": 0, "count": 1, "keywords": [{"name": name, "values": ["1"]} for name in COLUMNS]}


@pytest.mark.parametrize(
    ("answer", "told"),
    [
        ({}, "without status"),
        ({"status": "?"}, "without status"),
        ({"status": 0}, "without the number of its records"),
        (GOOD | {"count": 2}, "2 records announced, columns of [1] values"),
        ({"status": 0, "count": 1}, "without the number of its records, or without them"),
        (GOOD | {"keywords": [*GOOD["keywords"][:3], {"name": "R_VALUE", "values": ["1", "2"]}]}, "[1, 2] values"),
        (GOOD | {"keywords": GOOD["keywords"][:3]}, "records without R_VALUE"),
        (GOOD | {"keywords": ["T_REC"]}, "records of another form"),
        (GOOD | {"keywords": [{"name": "T_REC"}]}, "records of another form"),
        ({"status": 1, "error": "too many connections"}, "JSOC says 'too many connections' (status 1)"),
        ([], "JSON of another form (list)"),
    ],
)
def test_a_misshapen_answer_is_asked_for_again_then_named(
    server: JsocServer,
    client: JsocClient,
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
    answer: object,
    told: str,
) -> None:
    import json

    answers = [answer, answer, GOOD, *[answer] * 4]
    monkeypatch.setattr(server, "answer", lambda *_: json.dumps(answers.pop(0)).encode())
    assert len(client.records(ALL, COLUMNS)) == 1
    assert sum(told in line.getMessage() for line in caplog.records) == 2
    with pytest.raises(InputError) as caught:
        client.records(ALL, COLUMNS)
    assert told in str(caught.value)
    assert "tried 4 times" in str(caught.value)


def test_a_count_may_be_a_text(server: JsocServer, client: JsocClient, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(server, "answer", lambda *_: GOOD | {"count": "1"})
    assert len(client.records(ALL, COLUMNS)) == 1


@pytest.mark.parametrize("address", ["jsoc.stanford.edu", "ftp://jsoc.stanford.edu", "", "file:///etc/passwd"])
def test_an_address_that_is_none(address: str) -> None:
    with pytest.raises(InputError, match="jsoc address"):
        JsocClient(address, log=LOG, back_off=BackOff())


@pytest.mark.parametrize(
    ("regions", "told"),
    [([], ""), ([7], "7"), ([1, 2, 3, 7], "1-3,7"), ([9, 1, 3, 8], "1,3,8-9"), (range(300, 400), "300-399")],
)
def test_region_lists(regions: list[int], told: str) -> None:
    assert region_list(regions) == told


def test_the_address_for_exports_is_given_or_in_the_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("FLAREDAG_NOTIFY", raising=False)
    with pytest.raises(InputError, match=r"FLAREDAG_NOTIFY: not set.*register_email"):
        notify_address("")
    monkeypatch.setenv("FLAREDAG_NOTIFY", NOTIFY)
    assert notify_address(None) == NOTIFY
    assert notify_address("other@example.org") == "other@example.org"
    monkeypatch.setenv("FLAREDAG_NOTIFY", "somebody at example")
    with pytest.raises(InputError, match="no e-mail address") as caught:
        notify_address()
    assert "somebody" not in str(caught.value)


def test_an_address_that_jsoc_does_not_know(server: JsocServer, client: JsocClient) -> None:
    client.check_notify()
    server.registered = ()
    with pytest.raises(InputError, match="not registered at JSOC") as caught:
        client.check_notify()
    assert "example" not in str(caught.value)


def test_an_export_from_request_to_addresses(server: JsocServer, client: JsocClient) -> None:
    server.polls_pending, server.wait_seconds = 2, 3
    asked = client.request_export(
        f"{SHARP}[3][{DAY}_00:00:00_TAI,{DAY}_00:12:00_TAI]{{magnetogram}}",
        file_name_format=f"{SHARP}.{{HARPNUM}}.{{T_REC:A}}.{{segment}}",
    )
    assert (asked.status, asked.request_id, asked.wait_seconds) == (2, "JSOC_20260101_001", 3.0)
    assert [client.export_status(asked.request_id).status for _ in range(2)] == [1, 1]
    done = client.export_status(asked.request_id)
    records = [f"{SHARP}[3][{t_rec}]{{magnetogram}}" for t_rec in times(DAY, 0, 12)]
    address = f"{server.address}SUM11/JSOC_20260101_001/S00000/{file_name(3, f'{DAY}_00:00:00_TAI')}"
    assert done.files == [(records[0], address), (records[1], "")]
    assert client.export_status("JSOC_19990101_001").status == 6


def _everything_told(caplog: pytest.LogCaptureFixture, error: BaseException) -> str:
    shown = "".join(traceback.format_exception(error))
    return shown + "".join(f"{line.getMessage()} {line.args} {line.exc_text}" for line in caplog.records)


@pytest.mark.parametrize("fault", ["500", "404", "429", "garbage", "drop", "cut", "slow"])
@pytest.mark.parametrize("question", ["check_notify", "request_export"])
def test_the_address_never_leaks(
    server: JsocServer, client: JsocClient, caplog: pytest.LogCaptureFixture, fault: str, question: str
) -> None:
    caplog.set_level(logging.DEBUG)
    client.timeout_seconds = 0.1 if fault == "slow" else 10.0
    server.fail(".", *[fault] * 4)
    with pytest.raises(InputError) as caught:
        if question == "check_notify":
            client.check_notify()
        else:
            client.request_export(f"{SHARP}[3]{{magnetogram}}", file_name_format="x")
    assert any(quote(NOTIFY, safe="") in asked or "some.body" in asked for asked in server.requests)
    told = _everything_told(caplog, caught.value)
    assert "example" not in told
    assert "some.body" not in told


def test_what_jsoc_says_of_the_address_is_struck_out(server: JsocServer, client: JsocClient) -> None:
    server.most_exports_pending = 0
    answer = client.request_export(f"{SHARP}[3]{{magnetogram}}", file_name_format="x")
    assert answer.status == 7
    assert answer.error.startswith("User <notify> has 0 pending export requests")
    for form in (NOTIFY, NOTIFY.upper(), quote(NOTIFY), quote_plus(NOTIFY), quote_plus(quote_plus(NOTIFY))):
        assert client._scrubbed(f"at {form}.") == "at <notify>."


def test_sunpy_reads_the_flares_of_hek(server: JsocServer) -> None:
    import warnings

    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        from sunpy.net import attrs as a
        from sunpy.net.hek import HEKClient
    coordinates = {"event_coordsys": "UTC-HGS-TOPO", "event_coord1": -20.0, "event_coord2": 10.0, "event_coord3": None}
    server.events = [
        {
            "event_type": "FL",
            "kb_archivid": f"ivo://flare_{day}",
            "event_starttime": f"2014-01-{day:02d}T23:50:00",
            "event_peaktime": f"2014-01-{day:02d}T23:55:00",
            "event_endtime": f"2014-01-{day + 1:02d}T00:10:00",
            "fl_goescls": goes_class,
            "ar_noaanum": 11944,
            "obs_observatory": "GOES",
            "event_coordunit": "degrees",
            **coordinates,
        }
        for day, goes_class in [(5, "X1.2"), (4, "M9.9"), (3, "M1.0"), (2, "C9.9"), (1, "M2.0")]
    ]
    server.events_a_page = 2
    table = HEKClient(url=f"{server.address}hek/her?").search(
        a.Time("2014-01-02T00:00", "2014-01-04T23:59"),
        a.hek.EventType("FL"),
        a.hek.FL.GOESCls >= "M1.0",
        a.hek.OBS.Observatory == "GOES",
    )
    # The flare of the 1st ends on the 2nd; that of the 5th is too late; pages of two.
    assert list(table["fl_goescls"]) == ["M2.0", "M1.0", "M9.9"]
    assert str(table["event_peaktime"][1]) == "2014-01-03 23:55:00.000"
    assert server.n_asked("hek/her") == 2
