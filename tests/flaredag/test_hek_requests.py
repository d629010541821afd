"""Flares of HEK, asked month by month of a server that speaks as HEK does."""

import json
import logging
from datetime import date

import pytest
from sunpy.net import attrs as net_attrs
from sunpy.net.hek import HEKClient
from sunpy.net.hek import attrs as hek_attrs

from flaredag.errors import InputError
from flaredag.hek_requests import FIELDS, fault_of_list, fault_of_page, flares_of_year, identity, parameters
from flaredag.kept_answers import KeptAnswers
from flaredag.noaa_files import Fault
from flaredag.noaa_requests import archives
from flaredag.retrying import BackOff
from jsoc_server import JsocServer
from local_server import running

LOG = logging.getLogger("flaredag")
AS_OF = "2014-04-01"


def flare(number, start="2014-01-05T01:00:00", end="2014-01-05T01:20:00", **fields):
    return {
        "event_type": "FL",
        "event_starttime": start,
        "event_peaktime": start,
        "event_endtime": end,
        "event_coordsys": "UTC-HGS-TOPO",
        "event_coord1": -20.0,
        "event_coord2": 10.0,
        "event_coord3": None,
        "event_coordunit": "degrees",
        "fl_goescls": "M1.2",
        "ar_noaanum": 11931,
        "frm_name": "SWPC",
        "obs_observatory": "GOES",
        "kb_archivid": f"ivo://helio-informatics.org/FL_{number}",
        "event_description": "not needed",
    } | fields


# One over midnight from January to February, one that began in the year before, one that ends in the next year.
FLARES = {
    "a": flare("a", "2013-12-31T23:50:00", "2014-01-01T00:10:00"),
    "b": flare("b", "2014-01-31T23:50:00", "2014-02-01T00:10:00"),
    "c": flare("c", "2014-01-05T01:00:00", "2014-01-05T01:20:00"),
    "d": flare("d", "2014-03-31T00:00:00", "2014-03-31T00:20:00"),
    "e": flare("e", "2014-03-31T00:00:00", "2014-03-31T00:20:00", frm_name="Flare Detective - Trigger Module"),
    "f": flare("f", "2014-02-14T00:00:00", "2014-02-14T00:20:00", obs_observatory="SDO"),
}


@pytest.fixture(autouse=True)
def _no_proxy(monkeypatch):
    monkeypatch.setenv("NO_PROXY", "127.0.0.1")


@pytest.fixture
def server():
    with running(JsocServer(events=FLARES.values())) as one:
        yield one


def the_year(server, tmp_path, *, year=2014, as_of=AS_OF, mirror=None, final_after_days=10):
    kept = KeptAnswers(tmp_path / f"{year}.json", as_of=as_of, final_after_days=final_after_days)
    with archives(mirror=mirror, log=LOG, back_off=BackOff(sleep=lambda _: None)) as sources:
        return flares_of_year(sources, year, address=f"{server.address}hek/her", kept=kept)


def letters(events):
    return "".join(event["kb_archivid"][-1] for event in events)


def months_asked(server):
    return [path.partition("event_starttime=")[2][:7] for path in server.requests]


def test_flares_of_the_year_once_each_by_start(server, tmp_path):
    events = the_year(server, tmp_path)
    assert letters(events) == "cbd"
    assert events[0] == {field: FLARES["c"].get(field) for field in FIELDS}
    assert months_asked(server) == ["2014-01", "2014-02", "2014-03"]


def test_flares_at_one_time_are_sorted_by_name(server, tmp_path):
    server.events = [flare(name) for name in "zyx"]
    assert letters(the_year(server, tmp_path)) == "xyz"


def test_same_events_as_sunpys_own_search(server, tmp_path):
    client = HEKClient(url=f"{server.address}hek/her?")
    found = client.search(
        net_attrs.Time("2014-01-01", "2014-02-01"),
        hek_attrs.EventType("FL"),
        hek_attrs.FRM.Name == "SWPC",
        hek_attrs.OBS.Observatory == "GOES",
    )
    assert sorted(found.raw["kb_archivid"]) == sorted(FLARES[name]["kb_archivid"] for name in "abc")
    the_year(server, tmp_path)
    theirs, ours = (sorted(path.partition("?")[2].split("&")) for path in server.requests[:2])
    assert theirs == ours


def test_parameters_are_those_of_hek():
    asked = parameters(date(2014, 1, 1), date(2014, 2, 1))
    assert asked == {
        "cosec": "2",
        "cmd": "search",
        "type": "column",
        "event_type": "FL",
        "x1": "-5000",
        "y1": "-5000",
        "x2": "5000",
        "y2": "5000",
        "event_coordsys": "helioprojective",
        "event_starttime": "2014-01-01T00:00:00",
        "event_endtime": "2014-02-01T00:00:00",
        "param0": "FRM_Name",
        "op0": "=",
        "value0": "SWPC",
        "param1": "OBS_Observatory",
        "op1": "=",
        "value1": "GOES",
    }


def test_all_pages_are_read(server, tmp_path):
    server.events_a_page = 2
    server.events = [flare(name) for name in "abcde"]
    assert letters(the_year(server, tmp_path)) == "abcde"
    assert [path[-6:] for path in server.requests] == ["page=1", "page=2", "page=3", "page=1", "page=1"]


def test_pages_without_end_are_refused(server, tmp_path, monkeypatch):
    monkeypatch.setattr(server, "answer", lambda *_: {"result": [FLARES["c"]], "overmax": True})
    with pytest.raises(InputError, match=r"HEK 2014-01 page 2: HEK announces more pages and gives nothing new"):
        the_year(server, tmp_path)


def test_event_that_sunpy_cannot_read_does_not_fail_the_month(server, tmp_path):
    server.events = [flare("a", event_coordunit=None), flare("b", event_coordsys=""), flare("c", fl_goescls=None)]
    assert letters(the_year(server, tmp_path)) == "abc"


def test_event_without_name_is_kept(server, tmp_path):
    nameless = {name: value for name, value in flare("a").items() if name != "kb_archivid"}
    server.events = [nameless, nameless | {"fl_goescls": "C1.0"}, flare("b")]
    events = the_year(server, tmp_path)
    assert sorted(str(event["kb_archivid"])[-4:] for event in events) == ["FL_b", "None", "None"]
    assert {event["fl_goescls"] for event in events if event["kb_archivid"] is None} == {"M1.2", "C1.0"}


@pytest.mark.parametrize("fault", ["500", "503", "429", "garbage", "cut", "slow", "drop"])
def test_passing_fault_changes_nothing(server, tmp_path, fault):
    server.fail("2014-02", fault)
    assert letters(the_year(server, tmp_path)) == "cbd"


def test_broken_off_run_goes_on_and_asks_for_no_month_twice(server, tmp_path):
    server.fail("event_starttime=2014-02", *["garbage"] * 5)
    with pytest.raises(InputError, match=r"HEK 2014-02 page 1 cannot be had from http.*no JSON"):
        the_year(server, tmp_path)
    assert months_asked(server) == ["2014-01"] + ["2014-02"] * 5
    server.requests.clear()
    assert letters(the_year(server, tmp_path)) == "cbd"
    assert months_asked(server) == ["2014-02", "2014-03"]


def test_refresh_asks_only_for_months_that_may_have_changed(server, tmp_path):
    # Final after 10 days: as of March 8 January was, as of March 11 February is, but its answer is older than that.
    the_year(server, tmp_path, as_of="2014-03-08")
    server.requests.clear()
    assert letters(the_year(server, tmp_path, as_of="2014-03-11")) == "cb"
    assert months_asked(server) == ["2014-02", "2014-03"]
    server.requests.clear()
    assert letters(the_year(server, tmp_path, as_of="2014-04-05")) == "cbd"
    assert months_asked(server) == ["2014-03", "2014-04"]


def test_year_without_flares_is_refused(server, tmp_path):
    with pytest.raises(InputError, match=r"HEK lists no GOES flare of 2012\. Mend the address"):
        the_year(server, tmp_path, year=2012, as_of="2012-03-01")


def test_list_in_the_mirror_is_taken_instead(server, tmp_path):
    folder = tmp_path / "mirror" / "hek"
    folder.mkdir(parents=True)
    (folder / "2014.json").write_text(json.dumps({"result": [FLARES["d"], FLARES["a"]]}))
    assert letters(the_year(server, tmp_path, mirror=tmp_path / "mirror")) == "d"
    assert server.requests == []
    (folder / "2014.json").write_text("[]")
    with pytest.raises(InputError, match=r"2014\.json: no list of events \(result\)"):
        the_year(server, tmp_path, mirror=tmp_path / "mirror")


def test_address_without_hek_is_refused(server, tmp_path, monkeypatch):
    monkeypatch.setattr(server, "answer", lambda *_: None)
    with pytest.raises(InputError, match=r"HEK 2014-01 page 1: HTTP status 404\. Mend the address of HEK"):
        the_year(server, tmp_path)


def test_faults_of_pages():
    assert fault_of_page(b'{"result": [], "overmax": false}') is None
    assert fault_of_page(b'{"result": []}') == Fault("it does not say whether more pages follow (overmax)")
    for content in (b"[]", b'{"result": 3, "overmax": false}', b'{"result": [3], "overmax": false}'):
        assert fault_of_page(content) == Fault("no list of events (result)")
    assert fault_of_list(b"\xff\x00") == Fault("no JSON (2 bytes)")


def test_identity():
    assert identity({"kb_archivid": "ivo://a", "x": 1}) == "ivo://a"
    assert identity({"x": 1, "y": None}) == identity({"y": None, "x": 1}) != identity({"x": 2})
