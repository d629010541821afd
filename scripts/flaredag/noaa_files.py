"""Files of NOAA and JSOC that come by day or year: which there are, what they must look like, how days are packed.

What a server calls a success may be an error page, another day or half a file, so each content is looked at before it
is kept; yet faults that public archives really hold are let through (a summary of 2019 ends after its first heading).
"""

from __future__ import annotations

import gzip
import io
import re
import tarfile
import zlib
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import TYPE_CHECKING

from flaredag.artifacts import written_whole
from flaredag.errors import InputError

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from pathlib import Path

# Tab, line feed, carriage return, and the end-of-file mark of DOS that some reports end with.
_BINARY = re.compile(rb"[^\t\n\r\x1a\x20-\x7e\x80-\xff]")
_REPORT_LINE = re.compile(r"\d{5}(\d{2})\d{4} ")  # station code and day
_SHORTEST_REPORT_LINE = 63  # flares without a class end with the satellite, columns 68-71
_LEAST_FRACTION_OF_LINES = 0.9
_ISSUED = re.compile(r"^:Issued:\s*(\d{4} [A-Za-z]{3} \d{1,2})\b", re.MULTILINE)
_DATE = re.compile(r"^[:#]\s*Date:\s*(\d{4} \d{2} \d{2})\b", re.MULTILINE)
# Reports before May 1998 have no heading with ":Product:".
_EVENT_COLUMNS = re.compile(r"^#?\s*Event\s+Begin\s+Max\s+End\b|NO EVENT REPORTS", re.MULTILINE | re.IGNORECASE)
_HARP_LINE = re.compile(r"\d+ \d{4,5}(,\d{4,5})*")


@dataclass(frozen=True)
class Fault:
    """What is wrong with a content; `may_stand` where the file at the source may well be so."""

    what: str
    may_stand: bool = False


@dataclass(frozen=True)
class DailyProduct:
    """A product of NOAA with one file a day.

    `fault` tells what is wrong with the file of a day; `mirrors` are the paths of a year's archive below a mirror,
    as `member` with "{date}" is the name of a day's file at the address and in such an archive.
    """

    title: str
    member: str
    mirrors: tuple[str, ...]
    fault: Callable[[bytes, date], Fault | None]

    def name_of(self, day: date) -> str:
        """Name of the file of `day`."""
        return self.member.format(date=f"{day:%Y%m%d}")


def read_day(text: str, *, what: str) -> date:
    """A day such as 2026-11-01; InputError naming `what` where the text is none."""
    try:
        return date.fromisoformat(text)
    except ValueError as error:
        raise InputError(f"{what}: {text!r} found, a day such as 2026-11-01 wanted.") from error


def as_of_of_year(year: int, *, as_of: str, final_after_days: int) -> str:
    """Day whose state of the year's lists is wanted: `as_of`, or for a finished year the day it became final.

    A year is finished once `final_after_days` have gone by since its end; from then on the answer is always the same,
    so that a later `as_of` does not ask for the year again.
    """
    wanted = read_day(as_of, what="as_of")
    if wanted < date(year, 1, 1):
        raise InputError(
            f"as_of: {as_of} found, before the year {year} that is asked for. Set a later day, or end years."
        )
    return min(wanted, date(year + 1, 1, 1) + timedelta(days=final_after_days)).isoformat()


def days_of_year(year: int, *, as_of: date) -> list[date]:
    """Days of a year that were over on `as_of`."""
    first = date(year, 1, 1)
    end = min(date(year + 1, 1, 1), as_of)
    return [first + timedelta(days=n) for n in range((end - first).days)]


def filled(address: str, **parts: str) -> str:
    """An address whose places such as {year} are filled; InputError where it has a place that nothing fills."""
    try:
        return address.format(**parts)
    except (LookupError, ValueError) as error:
        places = ", ".join(f"{{{name}}}" for name in parts)
        raise InputError(f"address {address}: a place that nothing fills ({error}); there are {places}.") from error


def fault_of_flare_report(content: bytes, year: int) -> Fault | None:
    """Fault of a yearly GOES flare report (NCEI, fixed width): flares of another year, no such lines, cut short."""
    if fault := _fault_of_text(content):
        return fault
    lines = [line.rstrip("\r\x1a ") for line in content.decode("latin1").split("\n") if line.strip("\r\x1a ")]
    years = [int(match[1]) for line in lines if (match := _REPORT_LINE.match(line))]
    if len(years) < _LEAST_FRACTION_OF_LINES * len(lines):
        return Fault(f"{len(years)} of {len(lines)} lines begin as a flare does")
    if years.count(year % 100) < _LEAST_FRACTION_OF_LINES * len(lines):
        return Fault(f"{years.count(year % 100)} of {len(lines)} flares are of {year}")
    if len(lines[-1]) < _SHORTEST_REPORT_LINE:
        return Fault(f"the last line ends after {len(lines[-1])} characters", may_stand=True)
    return None


def fault_of_region_summary(content: bytes, day: date) -> Fault | None:
    """Fault of a daily region summary (SRS): no such text, of another day, cut short."""
    if fault := _fault_of_text(content, may_be_empty=True):
        return fault
    text = content.decode("latin1")
    headed = ":Product:" in text and ":Issued:" in text
    if not headed and "SOLAR REGION SUMMARY" not in text.upper():
        return Fault("neither ':Product:' and ':Issued:' nor 'Solar Region Summary' stands in it")
    # One of 2010 was issued in the evening before.
    issued = _day_in(_ISSUED, text, "%Y %b %d")
    if issued is not None and not timedelta(0) <= day - issued <= timedelta(days=1):
        return Fault(f"issued on {issued}")
    if not re.search(r"^II\. ", text, re.MULTILINE):
        return Fault("it ends before section II", may_stand=True)
    return None


def fault_of_event_report(content: bytes, day: date) -> Fault | None:
    """Fault of a daily event report of SWPC: no such text, of another day, cut short."""
    if fault := _fault_of_text(content, may_be_empty=True):
        return fault
    text = content.decode("latin1")
    if not _EVENT_COLUMNS.search(text):
        return Fault("neither the column headings Event, Begin, Max, End nor 'NO EVENT REPORTS' stands in it")
    told = _day_in(_DATE, text, "%Y %m %d")
    if told not in (None, day):
        return Fault(f"it tells of {told}")
    return _fault_of_end(text)


def fault_of_harp_map(content: bytes) -> Fault | None:
    """Fault of JSOC's map of HARPs to NOAA regions: no such table, cut short."""
    if fault := _fault_of_text(content):
        return fault
    heading, *lines = content.decode("latin1").splitlines()
    if heading.split() != ["HARPNUM", "NOAA_ARS"]:
        return Fault(f"it begins with {heading[:40]!r} instead of HARPNUM NOAA_ARS")
    n_right = sum(_HARP_LINE.fullmatch(line.strip()) is not None for line in lines)
    if not lines or n_right < _LEAST_FRACTION_OF_LINES * len(lines):
        return Fault(f"{n_right} of {len(lines)} lines are a HARP and its regions")
    return _fault_of_end(content.decode("latin1"))


REGION_SUMMARIES = DailyProduct(
    title="solar region summaries",
    member="{date}SRS.txt",
    mirrors=("srs/{year}_SRS.tar.gz", "noaa_srs_raw/{year}_SRS.tar.gz"),
    fault=fault_of_region_summary,
)
EVENT_REPORTS = DailyProduct(
    title="solar event reports",
    member="{date}events.txt",
    mirrors=("swpc/{year}_events.tar.gz",),
    fault=fault_of_event_report,
)
DAILY_PRODUCTS = {"srs": REGION_SUMMARIES, "swpc": EVENT_REPORTS}


def pack(path: str | Path, members: Mapping[str, bytes]) -> None:
    """Write a gzipped tar archive of `members` (content by name) whose bytes depend on them alone."""
    with (
        written_whole(path) as part,
        part.open("wb") as file,
        gzip.GzipFile(filename="", mode="wb", fileobj=file, mtime=0) as packed,
        tarfile.open(fileobj=packed, mode="w", format=tarfile.USTAR_FORMAT) as archive,
    ):
        for name in sorted(members):
            # A TarInfo has neither time nor owner unless it is given them.
            entry = tarfile.TarInfo(name)
            entry.size = len(members[name])
            archive.addfile(entry, io.BytesIO(members[name]))


def unpack(path: Path) -> dict[str, bytes]:
    """Files of a gzipped tar archive by their names without folders; InputError where it is none, or not whole."""
    found = {}
    try:
        with tarfile.open(path, "r:gz") as archive:
            for entry in archive:
                file = archive.extractfile(entry) if entry.isfile() else None
                if file is not None:
                    found[entry.name.rpartition("/")[2]] = file.read()
    except (tarfile.TarError, EOFError, OSError, zlib.error) as error:
        raise InputError(f"{path}: no whole gzipped tar archive ({error}). Put a whole one there.") from error
    return found


def _fault_of_text(content: bytes, *, may_be_empty: bool = False) -> Fault | None:
    if not content.strip():
        return Fault("empty", may_stand=may_be_empty)
    if content.lstrip()[:1] == b"<":
        return Fault("a page in HTML or XML")
    if binary := _BINARY.search(content):
        return Fault(f"binary (byte {binary[0][0]:#04x} at {binary.start()})")
    return None


def _fault_of_end(text: str) -> Fault | None:
    return None if text.endswith(("\n", "\x1a")) else Fault("the last line has no end", may_stand=True)


def _day_in(pattern: re.Pattern[str], text: str, form: str) -> date | None:
    """Day that a line of the text tells; None where it tells none that can be read."""
    match = pattern.search(text)
    if match is None:
        return None
    try:
        return datetime.strptime(match[1], form).date()  # noqa: DTZ007  (only the day is used)
    except ValueError:
        return None
