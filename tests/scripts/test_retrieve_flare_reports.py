"""The rule that brings NCEI's flare reports here."""

import gzip
from datetime import date

import pytest

from flaredag.errors import InputError
from flaredag.retrying import BackOff
from local_server import running
from noaa_server import NoaaServer, flare_report
from retrieve_flare_reports import main

NAMES = ("r_{year}_modifiedreplacedmissingrows.txt", "r_{year}.txt", "r_{year}-ytd.txt")
REPORT = {year: flare_report(date(year, 3, 9), date(year, 7, 1)) for year in (2014, 2015, 2017)}
FILES = {
    "/r_2014.txt": REPORT[2014],
    "/r_2015_modifiedreplacedmissingrows.txt": REPORT[2015],
    "/r_2015.txt": flare_report(date(2015, 3, 9)),
    "/r_2017-ytd.txt": REPORT[2017],
}


@pytest.fixture(autouse=True)
def _no_proxy(monkeypatch):
    monkeypatch.setenv("NO_PROXY", "127.0.0.1")


@pytest.fixture
def server():
    with running(NoaaServer(FILES)) as one:
        yield one


def retrieve(server, folder, year, *, mirror=""):
    report = folder / f"goes-xrs-report_{year}.txt"
    addresses = [server.address + name for name in NAMES]
    main(report, year=year, addresses=addresses, mirror=mirror, back_off=BackOff(sleep=lambda _: None))
    return report.read_bytes()


@pytest.mark.parametrize(("year", "n_asked"), [(2014, 2), (2015, 1), (2017, 3)])
def test_first_name_that_is_there_is_taken(server, tmp_path, year, n_asked):
    assert retrieve(server, tmp_path, year) == REPORT[year]
    assert len(server.requests) == n_asked


def test_year_without_report_is_refused(server, tmp_path):
    with pytest.raises(InputError, match=r"GOES flare report of 2018: none of its addresses has it"):
        retrieve(server, tmp_path, 2018)
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("fault", ["500", "429", "garbage", "cut", "slow", "drop"])
def test_passing_fault_changes_nothing(server, tmp_path, fault):
    server.fail("r_2014.txt", fault)
    assert retrieve(server, tmp_path, 2014) == REPORT[2014]


def test_lasting_fault_leaves_no_file(server, tmp_path):
    server.fail("r_2014.txt", *["garbage"] * 5)
    with pytest.raises(InputError, match=r"GOES flare report of 2014 cannot be had from .*a page in HTML or XML"):
        retrieve(server, tmp_path, 2014)
    assert list(tmp_path.iterdir()) == []


def test_report_of_another_year_is_refused(server, tmp_path):
    server.files["/r_2014.txt"] = REPORT[2015]
    with pytest.raises(InputError, match=r"0 of 2 flares are of 2014"):
        retrieve(server, tmp_path, 2014)


def test_real_report_in_the_mirror(server, tmp_path, mirror):
    packed = mirror / "goes_xrs_ngdc" / "goes-xrs-report_2014.txt.gz"
    assert retrieve(server, tmp_path, 2014, mirror=mirror) == gzip.decompress(packed.read_bytes())
    assert server.requests == []
