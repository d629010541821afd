"""NOAA's files on this machine: a folder's or dict's files, under the paths of their names."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date

from local_server import LocalServer

HARP_MAP = b"HARPNUM NOAA_ARS\n1 11067\n8 11069\n377 11158,11156\n"


class NoaaServer(LocalServer):
    """Serves `files`, contents by path such as "/srs/2014/01/20140101SRS.txt"; others are not there (404)."""

    def __init__(self, files: Mapping[str, bytes]) -> None:
        super().__init__()
        self.files = dict(files)

    def answer(self, path: str, query: dict[str, str]) -> bytes | None:
        return self.files.get(path)

    def names_asked(self) -> list[str]:
        """File names of all requests so far, in their order."""
        return [path.rpartition("/")[2] for path in self.requests]


def flare_report(*days: date) -> bytes:
    """A flare report as NCEI gives it, one C1.0 flare a day."""
    lines = [f"31777{day:%y%m%d}  0158 0232 0210".ljust(59) + "C 10    G15  1.9E-03 12290\r\n" for day in days]
    return "".join(lines).encode()


def region_summary(day: date, *, area: int = 60) -> bytes:
    """A daily region summary of one region."""
    return (
        f":Product: {day:%m%d}SRS.txt\n"
        f":Issued: {day:%Y %b %d} 0030 UTC\n"
        "# Prepared jointly by the U.S. Dept. of Commerce, NOAA,\n"
        "Joint USAF/NOAA Solar Region Summary\n"
        "I.  Regions with Sunspots.  Locations Valid at 08/2400Z\n"
        "Nmbr Location  Lo  Area  Z   LL   NN Mag Type\n"
        f"2734 N08W17   063  {area:04} Dso  03   05 Beta\n"
        "IA. H-alpha Plages without Spots.  Locations Valid at 08/2400Z Mar\n"
        "Nmbr  Location  Lo\n"
        "None\n"
        "II. Regions Due to Return\n"
        "Nmbr Lat    Lo\n"
        "None\n"
    ).encode()


def event_report(day: date, *, goes_class: str = "C1.0") -> bytes:
    """A daily event report of one flare."""
    return (
        f":Product: {day:%Y%m%d}events.txt\n"
        f":Created: {day:%Y %b %d} 2357 UT\n"
        f":Date: {day:%Y %m %d}\n"
        "# Prepared by the U.S. Dept. of Commerce, NOAA, Space Weather Prediction Center\n"
        "#\n"
        "#Event    Begin    Max       End  Obs  Q  Type  Loc/Frq   Particulars       Reg#\n"
        "#-------------------------------------------------------------------------------\n"
        "\n"
        f"4080       0158   0210      0232  G15  5   XRA  1-8A      {goes_class}    1.9E-03   2290\n"
    ).encode()
