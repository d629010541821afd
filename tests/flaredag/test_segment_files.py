"""Files of segments: their names, and what is let through under them."""

from __future__ import annotations

from pathlib import Path

import pytest
import requests

from flaredag.retrying import RefusedError, TryAgainError
from flaredag.segment_files import SegmentFile, fault_of_segment, fetch_segment, name_format, place_of_file
from local_server import LocalServer, running
from made_up_patches import SHARP, SMARP, file_name, magnetogram_file, times

T_REC = times("2011.02.15", 96)[0]
FILE = SegmentFile(SHARP, "HARPNUM", 377, T_REC, "magnetogram")
CONTENT = magnetogram_file(377, T_REC)


def test_names() -> None:
    assert FILE.name == "hmi.sharp_cea_720s.377.20110215_013600_TAI.magnetogram.fits" == file_name(377, T_REC)
    assert name_format(SHARP, "HARPNUM") == "hmi.sharp_cea_720s.{HARPNUM}.{T_REC:A}.{segment}"


@pytest.mark.parametrize(
    ("record", "address", "found"),
    [
        (f"{SHARP}[377][{T_REC}]{{Br}}", "http://jsoc/SUM1/a.b.fits", (377, T_REC, "Br")),
        (f"{SHARP}[377][{T_REC}]", f"http://jsoc/SUM1/{file_name(377, T_REC, segment='Bp')}", (377, T_REC, "Bp")),
        (f"{SMARP}[13520][2010.07.14_12:48:00.000_TAI]", "", (13520, "2010.07.14_12:48:00_TAI", "")),
        (f"{SHARP}[377]", "http://jsoc/SUM1/a.b.fits", None),
        ("", "", None),
    ],
)
def test_files_of_exports(record: str, address: str, found: tuple[int, str, str] | None) -> None:
    assert place_of_file(record, address) == found


def test_a_right_file() -> None:
    assert fault_of_segment(CONTENT, FILE) is None


def test_a_time_with_a_fraction() -> None:
    smarp = SegmentFile(SMARP, "TARPNUM", 13520, "2010.07.14_12:48:00_TAI", "magnetogram")
    assert fault_of_segment(magnetogram_file(13520, "2010.07.14_12:48:00.000_TAI", series=SMARP), smarp) is None


@pytest.mark.parametrize(
    ("content", "told"),
    [
        (b"", "no FITS file"),
        (b"<html>busy</html>", "no FITS file"),
        (CONTENT[:-100], "cut off"),
        (CONTENT[:2880], "without an image"),
        (CONTENT[:8640], "damaged"),
        (CONTENT[:-5760] + b"\xff" * 5760, "damaged"),
        (magnetogram_file(378, T_REC), "of another record (HARPNUM 378"),
        (magnetogram_file(377, times("2011.02.15", 192)[0]), "of another record"),
        (magnetogram_file(377, T_REC, series=SMARP), "of another record (HARPNUM None"),
    ],
)
def test_a_wrong_file(content: bytes, told: str) -> None:
    assert told in str(fault_of_segment(content, FILE))


def test_real_files(mirror: Path) -> None:
    paths = [
        *sorted((mirror / "fits_sharp_377_series").glob("*.fits"))[::20],
        *sorted((mirror / "fits_sharp_377").glob("*.fits")),
        *sorted((mirror / "fits_smarp_13520").glob("*.fits")),
    ]
    for path in paths:
        *series, region, time, segment, _ = path.name.split(".")
        t_rec = f"{time[:4]}.{time[4:6]}.{time[6:8]}_{time[9:11]}:{time[11:13]}:{time[13:15]}_TAI"
        keyword = "HARPNUM" if "sharp" in path.name else "TARPNUM"
        file = SegmentFile(".".join(series), keyword, int(region), t_rec, segment)
        assert file.name == path.name
        assert fault_of_segment(path.read_bytes(), file) is None, path.name
    assert len(paths) > 10


class OneFile(LocalServer):
    content = CONTENT

    def answer(self, path: str, query: dict[str, str]) -> bytes:
        return self.content


@pytest.mark.parametrize(
    ("fault", "error", "told"),
    [
        ("500", TryAgainError, "HTTP status 500"),
        ("429", TryAgainError, "HTTP status 429"),
        ("404", RefusedError, "HTTP status 404"),
        ("garbage", TryAgainError, "no FITS file"),
        ("cut", TryAgainError, "no connection, or cut short"),
        ("drop", TryAgainError, "no connection, or cut short"),
        ("slow", TryAgainError, "no answer in time"),
    ],
)
def test_a_fetch_leaves_nothing_wrong(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, fault: str, error: type[Exception], told: str
) -> None:
    monkeypatch.setenv("NO_PROXY", "127.0.0.1")
    target = tmp_path / FILE.name
    with running(OneFile()) as server, requests.Session() as session:
        timeout_seconds = 0.1 if fault == "slow" else 10.0
        server.fail(".", fault)
        with pytest.raises(error, match=told):
            fetch_segment(FILE, server.address, target, session=session, timeout_seconds=timeout_seconds)
        assert list(tmp_path.iterdir()) == []
        n_bytes, sha256 = fetch_segment(FILE, server.address, target, session=session, timeout_seconds=10.0)
    assert target.read_bytes() == CONTENT
    assert (n_bytes, len(sha256)) == (len(CONTENT), 64)
