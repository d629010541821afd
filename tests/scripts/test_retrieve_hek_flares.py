"""The rule that brings HEK's flares here."""

import json

import pytest

from flaredag.errors import InputError
from flaredag.hek_requests import FIELDS
from flaredag.retrying import BackOff
from jsoc_server import JsocServer
from local_server import running
from retrieve_hek_flares import main


def flare(month):
    return dict.fromkeys(FIELDS) | {
        "event_type": "FL",
        "event_starttime": f"2014-{month:02}-10T01:00:00",
        "event_endtime": f"2014-{month:02}-10T01:20:00",
        "fl_goescls": "M1.2",
        "frm_name": "SWPC",
        "obs_observatory": "GOES",
        "kb_archivid": f"ivo://helio-informatics.org/FL_{month}",
    }


FLARES = [flare(month) for month in range(1, 13)]


@pytest.fixture(autouse=True)
def _no_proxy(monkeypatch):
    monkeypatch.setenv("NO_PROXY", "127.0.0.1")


@pytest.fixture
def server():
    with running(JsocServer(events=FLARES)) as one:
        yield one


def retrieve(server, folder, *, year=2014, as_of="2015-03-02"):
    path = folder / "2014.json"
    main(
        path,
        year=year,
        address=f"{server.address}hek/her",
        as_of=as_of,
        final_after_days=60,
        mirror="",
        back_off=BackOff(sleep=lambda _: None),
    )
    return path.read_bytes()


def test_events_as_hek_gives_them(server, tmp_path):
    assert json.loads(retrieve(server, tmp_path)) == {"result": FLARES}
    assert server.n_asked("her") == 12


def test_bytes_do_not_hang_on_faults_or_refreshes(server, tmp_path):
    plain = retrieve(server, tmp_path / "plain")
    server.fail("her", "500", "garbage", "cut", "drop")
    retrieve(server, tmp_path / "refreshed", as_of="2014-06-01")
    assert retrieve(server, tmp_path / "refreshed") == plain


def test_nothing_is_written_when_a_month_cannot_be_had(server, tmp_path):
    server.fail("event_starttime=2014-05", *["500"] * 5)
    with pytest.raises(InputError, match=r"HEK 2014-05 page 1 cannot be had from http://127\.0\.0\.1.*HTTP status 500"):
        retrieve(server, tmp_path)
    assert [path.name for path in tmp_path.iterdir()] == [".2014.json.answers"]


def test_year_without_flares_is_refused(server, tmp_path):
    with pytest.raises(InputError, match=r"HEK lists no GOES flare of 2013"):
        retrieve(server, tmp_path, year=2013, as_of="2014-03-02")
