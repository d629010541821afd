"""The rule that brings NOAA's daily region summaries and event reports here."""

import os
import signal
import subprocess
import sys
import textwrap
import time
from datetime import date, timedelta

import pytest

from flaredag.errors import InputError
from flaredag.noaa_files import unpack
from flaredag.retrying import BackOff
from local_server import running
from noaa_server import NoaaServer, event_report, region_summary
from retrieve_daily_reports import main

YEAR = 2012
DAYS = [date(YEAR, 1, 1) + timedelta(n) for n in range(366)]
ARCHIVE = "2012_SRS.tar.gz"


@pytest.fixture(autouse=True)
def _no_proxy(monkeypatch):
    monkeypatch.setenv("NO_PROXY", "127.0.0.1")


@pytest.fixture
def server():
    files = {f"/srs/{day:%Y}/{day:%m}/{day:%Y%m%d}SRS.txt": region_summary(day) for day in DAYS}
    with running(NoaaServer(files)) as one:
        yield one


def retrieve(server, folder, *, as_of="2013-03-02", mirror="", requests_in_flight=4, final_after_days=60):
    main(
        folder / ARCHIVE,
        product="srs",
        year=YEAR,
        address=f"{server.address}srs/{{year}}/{{month}}/{{date}}SRS.txt",
        as_of=as_of,
        final_after_days=final_after_days,
        requests_in_flight=requests_in_flight,
        mirror=mirror,
        back_off=BackOff(sleep=lambda _: None),
    )
    return (folder / ARCHIVE).read_bytes()


def test_year_is_packed(server, tmp_path):
    retrieve(server, tmp_path)
    assert unpack(tmp_path / ARCHIVE) == {f"{day:%Y%m%d}SRS.txt": region_summary(day) for day in DAYS}


def test_bytes_do_not_hang_on_faults_threads_or_refreshes(server, tmp_path):
    plain = retrieve(server, tmp_path / "plain", requests_in_flight=1)
    server.fail("SRS", "500", "429", "garbage", "cut")
    assert retrieve(server, tmp_path / "faults", requests_in_flight=10) == plain
    retrieve(server, tmp_path / "refreshed", as_of="2012-07-01")
    assert retrieve(server, tmp_path / "refreshed") == plain


def test_nothing_is_written_when_a_day_cannot_be_had(server, tmp_path):
    server.fail("20120203", *["garbage"] * 5)
    with pytest.raises(InputError, match=r"20120203SRS\.txt cannot be had from http://127\.0\.0\.1"):
        retrieve(server, tmp_path)
    assert [path.name for path in tmp_path.iterdir()] == [f".{ARCHIVE}.answers"]


def test_refresh_asks_only_for_days_that_may_have_changed(server, tmp_path):
    retrieve(server, tmp_path, as_of="2012-12-01", final_after_days=30)
    server.requests.clear()
    retrieve(server, tmp_path, as_of="2013-01-31", final_after_days=30)
    # As of December 1 all was final that had ended 30 days before, by November 1.
    asked = [day for day in DAYS if day >= date(2012, 11, 1)]
    assert sorted(server.names_asked()) == [f"{day:%Y%m%d}SRS.txt" for day in asked]


def test_killed_run_goes_on(server, tmp_path):
    server.fail("201206", *["slow"] * 30)
    script = textwrap.dedent(
        f"""
        from retrieve_daily_reports import main
        main({str(tmp_path / ARCHIVE)!r}, product="srs", year={YEAR},
             address="{server.address}srs/{{year}}/{{month}}/{{date}}SRS.txt",
             as_of="2013-03-02", final_after_days=60, requests_in_flight=2, mirror="")
        """
    )
    environment = os.environ | {"PYTHONPATH": os.pathsep.join(path for path in sys.path if path)}
    process = subprocess.Popen([sys.executable, "-c", script], env=environment)
    while not any("201206" in asked for asked in list(server.requests)) and process.poll() is None:
        time.sleep(0.01)
    process.send_signal(signal.SIGKILL)
    assert process.wait() == -signal.SIGKILL
    assert not (tmp_path / ARCHIVE).exists()
    first = server.names_asked()
    server.faults.clear()
    content = retrieve(server, tmp_path)
    second = server.names_asked()[len(first) :]
    # Only what was under way when it was killed is asked twice.
    assert len(set(first) & set(second)) <= 2
    assert len(second) < 366 - 100
    assert content == retrieve(server, tmp_path / "plain")


def test_real_archive_in_the_mirror(server, tmp_path, mirror):
    retrieve(server, tmp_path, mirror=str(mirror))
    assert server.requests == []
    found = unpack(tmp_path / ARCHIVE)
    theirs = unpack(mirror / "noaa_srs_raw" / ARCHIVE)
    assert found == theirs
    assert len(found) == 365


EVENT_DAYS = [date(2014, 1, 1) + timedelta(n) for n in range(31)]
EVENTS = "2014_events.tar.gz"


@pytest.fixture
def event_server():
    files = {f"/events/{day:%Y}/{day:%m}/{day:%Y%m%d}events.txt": event_report(day) for day in EVENT_DAYS}
    with running(NoaaServer(files)) as one:
        yield one


def retrieve_events(server, folder, *, year=2014, as_of="2014-02-01"):
    main(
        folder / EVENTS,
        product="swpc",
        year=year,
        address=f"{server.address}events/{{year}}/{{month}}/{{date}}events.txt",
        as_of=as_of,
        final_after_days=60,
        requests_in_flight=4,
        mirror="",
        back_off=BackOff(sleep=lambda _: None),
    )
    return unpack(folder / EVENTS)


def test_month_of_events_is_packed(event_server, tmp_path):
    assert retrieve_events(event_server, tmp_path) == {
        f"{day:%Y%m%d}events.txt": event_report(day) for day in EVENT_DAYS
    }


def test_corrected_report_is_found_by_a_refresh(event_server, tmp_path):
    retrieve_events(event_server, tmp_path)
    event_server.files["/events/2014/01/20140120events.txt"] = event_report(date(2014, 1, 20), goes_class="X1.2")
    assert b"X1.2" in retrieve_events(event_server, tmp_path, as_of="2014-02-02")["20140120events.txt"]


def test_report_of_another_day_is_refused(event_server, tmp_path):
    event_server.files["/events/2014/01/20140120events.txt"] = event_report(date(2014, 1, 21))
    with pytest.raises(InputError, match=r"20140120events\.txt cannot be had from .*: it tells of 2014-01-21"):
        retrieve_events(event_server, tmp_path)


def test_absent_year_of_events_is_refused(event_server, tmp_path):
    with pytest.raises(InputError, match=r"solar event reports of 2013: none of 31 days is at"):
        retrieve_events(event_server, tmp_path, year=2013, as_of="2013-02-01")
    assert list(tmp_path.iterdir()) == []
