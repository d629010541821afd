"""Files of archives on a server that misbehaves."""

import gzip
import json
import logging
import socket
from datetime import date, timedelta

import pytest

from flaredag import noaa_requests
from flaredag.errors import InputError
from flaredag.kept_answers import KeptAnswers
from flaredag.noaa_files import EVENT_REPORTS, REGION_SUMMARIES, fault_of_harp_map, pack
from flaredag.noaa_requests import archives
from flaredag.retrying import BackOff
from local_server import running
from noaa_server import HARP_MAP, NoaaServer, event_report, region_summary

LOG = logging.getLogger("flaredag")
AS_OF = "2014-01-09"
DAYS = [date(2014, 1, 1) + timedelta(n) for n in range(8)]
FILES = {f"/2014/01/{REGION_SUMMARIES.name_of(day)}": region_summary(day) for day in DAYS}
MAP = "/all_harps_with_noaa_ars.txt"


class Waits(list):
    """Waits between tries, s, that were asked for and not waited."""

    def back_off(self, max_tries=5):
        return BackOff(max_tries=max_tries, sleep=self.append, chance=lambda: 0.0)


@pytest.fixture(autouse=True)
def _no_proxy(monkeypatch):
    monkeypatch.setenv("NO_PROXY", "127.0.0.1")


@pytest.fixture
def server():
    with running(NoaaServer(FILES | {MAP: HARP_MAP})) as one:
        yield one


@pytest.fixture
def waits():
    return Waits()


def the_map(server, waits, path=MAP, **settings):
    with archives(mirror=None, log=LOG, back_off=waits.back_off(**settings)) as sources:
        return sources.answer(server.address.rstrip("/") + path, what="map", fault=fault_of_harp_map)


def the_days(server, waits, tmp_path, *, mirror=None, as_of=AS_OF, product=REGION_SUMMARIES, n=1, final_after_days=3):
    kept = KeptAnswers(tmp_path / "2014.tar.gz", as_of=as_of, final_after_days=final_after_days)
    address = server.address + "{year}/{month}/" + product.member
    with archives(mirror=mirror, log=LOG, back_off=waits.back_off()) as sources:
        return sources.days(product, 2014, address=address, kept=kept, requests_in_flight=n)


@pytest.mark.parametrize("fault", ["500", "503", "429", "garbage", "cut", "drop"])
def test_passing_fault_is_tried_again(server, waits, fault):
    server.fail("harps", fault, fault)
    assert the_map(server, waits) == HARP_MAP
    assert len(server.requests) == 3
    assert waits == [1.0, 2.0]


def test_slow_answer_is_waited_for(server, waits):
    server.fail("harps", "slow")
    assert the_map(server, waits) == HARP_MAP
    assert len(server.requests) == 1


def test_answer_that_does_not_come_in_time_is_asked_again(server, waits, monkeypatch):
    monkeypatch.setattr(noaa_requests, "TIMEOUTS_SECONDS", (10.0, 0.05))
    server.fail("harps", "slow")
    assert the_map(server, waits) == HARP_MAP
    assert len(server.requests) == 2


@pytest.mark.parametrize(
    ("fault", "said"),
    [
        ("500", r"HTTP status 500 \(tried 3 times\)"),
        ("garbage", r"what came is no such file: a page in HTML or XML \(tried 3 times\)"),
        ("drop", r"no connection, or cut short"),
        ("cut", r"no connection, or cut short"),
    ],
)
def test_lasting_fault_names_the_host_and_what_to_do(server, waits, fault, said):
    server.fail("harps", *[fault] * 3)
    with pytest.raises(InputError, match=said) as raised:
        the_map(server, waits, max_tries=3)
    assert f"map cannot be had from http://127.0.0.1:{server.server_port}{MAP}" in str(raised.value)
    assert "Run again when it answers (what has come is kept), or name a folder" in str(raised.value)


def test_forbidden_address_is_not_tried_again(server, waits):
    server.fail("harps", "403")
    with pytest.raises(InputError, match=r"HTTP status 403"):
        the_map(server, waits)
    assert len(server.requests) == 1


def test_nothing_there(server, waits):
    assert the_map(server, waits, path="/nowhere.txt") is None
    assert len(server.requests) == 1


def test_offline(waits):
    with socket.socket() as closed:
        closed.bind(("127.0.0.1", 0))
        port = closed.getsockname()[1]
    with (
        archives(mirror=None, log=LOG, back_off=waits.back_off()) as sources,
        pytest.raises(InputError, match=rf"from http://127.0.0.1:{port}/x.txt: no connection.*mirror=DIR"),
    ):
        sources.answer(f"http://somebody:secret@127.0.0.1:{port}/x.txt?key=1", what="x", fault=fault_of_harp_map)
    assert waits == [1.0, 2.0, 4.0, 8.0]


def test_half_file_that_stands_at_the_source_is_taken(server, waits, caplog):
    server.files[MAP] = HARP_MAP[:-1]
    with caplog.at_level("WARNING", "flaredag"):
        assert the_map(server, waits) == HARP_MAP[:-1]
    assert len(server.requests) == 2
    assert "map: the last line has no end; taken, as it came so twice" in caplog.messages


def test_half_file_that_differs_is_asked_again(server, waits, monkeypatch):
    answers = iter([HARP_MAP[:-1], HARP_MAP[:-3], HARP_MAP])
    monkeypatch.setattr(server, "answer", lambda *_: next(answers))
    assert the_map(server, waits) == HARP_MAP


def test_page_of_errors_is_never_taken(server, waits):
    server.files[MAP] = b"<html>busy</html>"
    with pytest.raises(InputError, match=r"a page in HTML or XML \(tried 5 times\)"):
        the_map(server, waits)


def test_all_days_of_a_year_up_to_as_of(server, waits, tmp_path):
    found = the_days(server, waits, tmp_path, n=3)
    assert found == {REGION_SUMMARIES.name_of(day): region_summary(day) for day in DAYS}
    assert sorted(server.names_asked()) == sorted(found)


def test_no_more_requests_at_once_than_allowed(server, waits, tmp_path):
    server.fail("SRS", *["slow"] * 8)
    the_days(server, waits, tmp_path, n=2)
    assert server.most_in_flight == 2


def test_absent_day_is_told_and_asked_for_next_time(server, waits, tmp_path, caplog):
    del server.files["/2014/01/20140105SRS.txt"]
    with caplog.at_level("WARNING", "flaredag"):
        found = the_days(server, waits, tmp_path)
    assert sorted(found) == [f"2014010{n}SRS.txt" for n in (1, 2, 3, 4, 6, 7, 8)]
    assert caplog.messages == ["solar region summaries of 2014: no file of 2014-01-05"]
    server.requests.clear()
    assert the_days(server, waits, tmp_path) == found
    assert server.names_asked() == ["20140105SRS.txt"]


def test_day_whose_file_is_empty_is_absent(server, waits, tmp_path):
    server.files["/2014/01/20140105SRS.txt"] = b""
    assert len(the_days(server, waits, tmp_path)) == 7
    assert server.names_asked().count("20140105SRS.txt") == 2


def test_year_without_any_day_is_refused(server, waits, tmp_path):
    with pytest.raises(InputError, match=r"solar event reports of 2014: none of 8 days is at http.*2014_events.tar.gz"):
        the_days(server, waits, tmp_path, product=EVENT_REPORTS)


def test_faults_of_many_days_at_once(server, waits, tmp_path):
    # Four, as five could all meet one day and be one try too many.
    server.fail("SRS", "500", "garbage", "cut", "drop")
    found = the_days(server, waits, tmp_path, n=4)
    assert found == {REGION_SUMMARIES.name_of(day): region_summary(day) for day in DAYS}


def test_broken_off_run_goes_on_and_asks_for_no_file_twice(server, waits, tmp_path):
    server.fail("20140104", *["500"] * 5)
    with pytest.raises(InputError, match=r"20140104SRS.txt cannot be had"):
        the_days(server, waits, tmp_path)
    first = server.names_asked()
    assert first[:8] == [f"2014010{n}SRS.txt" for n in (1, 2, 3, 4, 4, 4, 4, 4)]
    found = the_days(server, waits, tmp_path)
    assert found == {REGION_SUMMARIES.name_of(day): region_summary(day) for day in DAYS}
    second = server.names_asked()[len(first) :]
    assert sorted((set(first) - {"20140104SRS.txt"}) | set(second)) == sorted(found)
    assert set(first) & set(second) == {"20140104SRS.txt"}


def test_days_after_one_that_cannot_be_had_are_given_up(server, waits, tmp_path):
    server.fail("20140104", *["500"] * 5)
    with pytest.raises(InputError, match=r"20140104SRS.txt cannot be had"):
        the_days(server, waits, tmp_path, as_of="2015-01-01")
    assert "20141231SRS.txt" not in server.names_asked()


def test_refresh_asks_only_for_days_that_may_have_changed(server, waits, tmp_path):
    # Asked as of the 9th, final after 3 days: what ended by the 6th (days 1 to 5) was final.
    the_days(server, waits, tmp_path)
    new = date(2014, 1, 9)
    server.files[f"/2014/01/{REGION_SUMMARIES.name_of(new)}"] = region_summary(new)
    server.files["/2014/01/20140107SRS.txt"] = region_summary(date(2014, 1, 7), area=70)
    server.requests.clear()
    found = the_days(server, waits, tmp_path, as_of="2014-01-10")
    assert server.names_asked() == [f"2014010{n}SRS.txt" for n in (6, 7, 8, 9)]
    assert len(found) == 9
    assert found["20140107SRS.txt"] == region_summary(date(2014, 1, 7), area=70)


def test_years_archive_in_the_mirror_stands_for_the_year(server, waits, tmp_path, caplog):
    mirror = tmp_path / "mirror"
    days = {f"SRS/{REGION_SUMMARIES.name_of(day)}": region_summary(day) for day in [*DAYS[:6], date(2014, 1, 20)]}
    pack(mirror / "noaa_srs_raw" / "2014_SRS.tar.gz", days)
    with caplog.at_level("WARNING", "flaredag"):
        found = the_days(server, waits, tmp_path, mirror=mirror)
    assert found == {REGION_SUMMARIES.name_of(day): region_summary(day) for day in DAYS[:6]}
    assert caplog.messages == ["solar region summaries of 2014: no file of 2014-01-07, 2014-01-08"]
    assert server.requests == []


def test_wrong_day_in_the_mirror_is_named(server, waits, tmp_path):
    mirror = tmp_path / "mirror"
    pack(mirror / "swpc" / "2014_events.tar.gz", {"20140102events.txt": event_report(date(2014, 1, 3))})
    with pytest.raises(InputError, match=r"2014_events\.tar\.gz: 20140102events\.txt: it tells of 2014-01-03"):
        the_days(server, waits, tmp_path, mirror=mirror, product=EVENT_REPORTS)


def test_file_comes_from_the_mirror_then_from_the_first_address_that_has_it(server, waits, tmp_path):
    mirror = tmp_path / "mirror"
    (mirror / "harps").mkdir(parents=True)
    packed = mirror / "harps" / "map.txt.gz"
    packed.write_bytes(gzip.compress(HARP_MAP, mtime=0))
    addresses = [f"{server.address}absent.txt", server.address.rstrip("/") + MAP, f"{server.address}never.txt"]

    def the_file():
        with archives(mirror=mirror, log=LOG, back_off=waits.back_off()) as sources:
            return sources.file(addresses, what="map", mirrors=["harps/map.txt"], fault=fault_of_harp_map)

    assert the_file() == HARP_MAP
    assert server.requests == []
    packed.write_bytes(b"no gzip")
    with pytest.raises(InputError, match=r"map\.txt\.gz: cannot be read"):
        the_file()
    packed.write_bytes(gzip.compress(b"<html>", mtime=0))
    with pytest.raises(InputError, match=r"map\.txt\.gz: a page in HTML or XML"):
        the_file()
    packed.unlink()
    assert the_file() == HARP_MAP
    assert server.names_asked() == ["absent.txt", "all_harps_with_noaa_ars.txt"]
    server.files.clear()
    with pytest.raises(InputError, match=r"none of its addresses has it .*harps/map\.txt \(--config mirror=DIR\)"):
        the_file()


def test_mirror_that_is_not_there_is_refused(tmp_path):
    with (
        pytest.raises(InputError, match=r"mirror=.*nowhere: no such folder"),
        archives(mirror=tmp_path / "nowhere", log=LOG, back_off=BackOff()),
    ):
        pass


def test_answer_may_be_json(server, waits):
    server.files["/x"] = json.dumps({"a": 1}).encode()
    with archives(mirror=None, log=LOG, back_off=waits.back_off()) as sources:
        address = f"{server.address}x"
        assert sources.answer(address, what="x", fault=lambda _: None, params={"q": "a b"}) == b'{"a": 1}'
    assert server.requests == ["/x?q=a+b"]
