"""The rule that brings JSOC's map of HARPs to NOAA regions here."""

import pytest

from flaredag.errors import InputError
from flaredag.retrying import BackOff
from local_server import running
from noaa_server import HARP_MAP, NoaaServer
from retrieve_harp_noaa import main


@pytest.fixture(autouse=True)
def _no_proxy(monkeypatch):
    monkeypatch.setenv("NO_PROXY", "127.0.0.1")


@pytest.fixture
def server():
    with running(NoaaServer({"/harps.txt": HARP_MAP})) as one:
        yield one


def retrieve(server, folder, *, mirror=""):
    path = folder / "all_harps_with_noaa_ars.txt"
    main(path, address=f"{server.address}harps.txt", mirror=mirror, back_off=BackOff(sleep=lambda _: None))
    return path.read_bytes()


def test_map_is_written_as_it_came(server, tmp_path):
    server.fail("harps", "cut", "429")
    assert retrieve(server, tmp_path) == HARP_MAP


def test_error_page_is_refused(server, tmp_path):
    server.files["/harps.txt"] = b"<html>404</html>"
    with pytest.raises(InputError, match=r"map of HARPs to NOAA regions cannot be had"):
        retrieve(server, tmp_path)
    assert list(tmp_path.iterdir()) == []


def test_real_map_in_the_mirror(server, tmp_path, mirror):
    found = retrieve(server, tmp_path, mirror=mirror)
    assert found == (mirror / "harp_noaa" / "all_harps_with_noaa_ars.txt").read_bytes()
    assert server.requests == []
