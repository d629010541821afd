"""NOAA's Solar Region Summaries (SRS): what the observers said of each numbered active region, day by day.

One text a day, issued at about 00:30 UTC, in three sections: I regions with sunspots, IA H-alpha plages without
spots, II regions due to return. SWPC and NCEI keep them in one tar.gz a year. The case and the headings changed over
the years (mixed case since 2000-10-02), the order of the columns did not.
"""

from __future__ import annotations

import gzip
import re
import tarfile
import zlib
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from pathlib import PurePosixPath
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from flaredag.errors import InputError
from flaredag.region_summary_lines import BadLine, region_values
from flaredag.rejections import Rejection
from flaredag.table_files import UTC_SECONDS, read_table

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence
    from pathlib import Path

SUMMARY_COLUMNS: dict[str, dict[str, str]] = {
    "issue_time": {"long_name": "time of issue, UTC", "units": UTC_SECONDS},
    "valid_time": {"long_name": "time at which the locations are valid, UTC", "units": UTC_SECONDS},
    "noaa_ar": {"long_name": "NOAA active region, all five digits"},
    "section": {"long_name": "I regions with sunspots, IA plages without spots, II regions due to return"},
    "latitude_deg": {"long_name": "heliographic latitude, north positive", "units": "degree"},
    "longitude_deg": {"long_name": "Stonyhurst longitude, west positive; NaN if not given", "units": "degree"},
    "carrington_longitude_deg": {"long_name": "Carrington longitude, 0 to 360; NaN if not given", "units": "degree"},
    "area_microhemisphere": {
        "long_name": "corrected area of the spots, millionths of the solar hemisphere; NaN if not given",
        "units": "microhemisphere",
    },
    "mcintosh": {"long_name": "modified Zurich (McIntosh 1990) class; empty if not given"},
    "longitude_extent_deg": {"long_name": "longitudinal extent of the group; NaN if not given", "units": "degree"},
    "n_spots": {"long_name": "number of spots; NaN if not given", "units": "1"},
    "mount_wilson": {"long_name": "Mount Wilson magnetic class; empty if not given"},
}
SECTIONS = ("I", "IA", "II")
MAX_TEXT_BYTES = 1 << 20  # a daily text has 1 to 3 kB
FIRST_YEAR, LAST_YEAR = 1900, 2199
DAY = timedelta(days=1)

_MONTHS = ("jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec")
_DAY_IN_NAME = re.compile(r"(\d{4})(\d{2})(\d{2})SRS\.txt", re.IGNORECASE)
_ISSUED = re.compile(r":Issued:\s*(\d{4})\s+([A-Za-z]{3})[a-z]*\s+(\d{1,2})\s+(\d{2}):?(\d{2})", re.IGNORECASE)
_SECTION = re.compile(r"\s*(III|II|IA|I)\s*\.\s*[A-Z]", re.IGNORECASE)
_VALID = re.compile(r"valid at\s+(\d{1,2})/(\d{2}):?(\d{2})Z", re.IGNORECASE)
_HEADING = re.compile(r"\s*(?:NMBR|NUMBER)\b", re.IGNORECASE)
_BEGINS_AS_REGION = re.compile(r"\s*\d{1,5}\s+[NS]\d", re.IGNORECASE)


@dataclass
class RegionSummary:
    """One daily text: its `day` (00:00 UTC, of its name), times, and rows (tuples in order of `SUMMARY_COLUMNS`)."""

    source: str
    member: str
    day: datetime
    issue_time: datetime
    rows: list[tuple] = field(default_factory=list)


def read_region_summaries(path: str | Path) -> tuple[pd.DataFrame, list[Rejection]]:
    """Rows (columns `SUMMARY_COLUMNS`) of all daily texts of a yearly tar.gz, and what was left out.

    One row a region, day and section. Of two texts of one day the later issue counts.
    """
    summaries, rejected = read_texts(path)
    rows, _ = latest_rows(summaries)
    return rows, rejected


def read_texts(path: str | Path) -> tuple[list[RegionSummary], list[Rejection]]:
    """Daily texts of a yearly tar.gz in order of their names; nothing is unpacked to disk.

    An archive may be empty, as that of a year just begun is. Raises InputError where it is unreadable or cut off, or
    has members but no summary among them.
    """
    summaries, rejected, n_texts = [], [], 0
    try:
        with gzip.open(path) as stream, tarfile.open(fileobj=stream, mode="r:") as archive:
            for member in archive:
                if member.isdir():
                    continue
                # A name may hold any bytes.
                name = member.name.encode("ascii", "backslashreplace").decode()
                reason = _reason_to_skip(member, PurePosixPath(name).name)
                if reason:
                    rejected.append(Rejection(str(path), name, reason, ""))
                    continue
                n_texts += 1
                file = archive.extractfile(member)
                content = file.read() if file else b""
                summary, bad_lines = read_text(content.decode("latin-1"), source=str(path), member=name)
                rejected.extend(bad_lines)
                if summary is not None:
                    summaries.append(summary)
            # tarfile takes a damaged header for the end of the archive, and leaves the checksum unread.
            while rest := stream.read(MAX_TEXT_BYTES):
                if rest.strip(b"\0"):
                    raise tarfile.ReadError("damaged within")
    except (tarfile.TarError, zlib.error, EOFError, OSError) as error:
        raise InputError(
            f"{path}: not readable as tar.gz ({error}). Delete the file to have it fetched again."
        ) from error
    if rejected and n_texts == 0:
        raise InputError(
            f"{path}: {len(rejected)} members, such as {rejected[0].place!r}, no daily region summary; wanted texts "
            "named YYYYMMDDSRS.txt. Delete the file to have it fetched again."
        )
    return sorted(summaries, key=lambda summary: summary.member), sorted(rejected, key=lambda r: (r.source, r.place))


def latest_rows(summaries: Iterable[RegionSummary]) -> tuple[pd.DataFrame, dict[str, int]]:
    """Rows of the latest issue of each day, sorted by day, section and region; and counts of texts."""
    latest: dict[datetime, RegionSummary] = {}
    n_texts = 0
    for summary in summaries:
        n_texts += 1
        other = latest.get(summary.day)
        # Of two issues of one minute that which stands later in the archive.
        if other is None or summary.issue_time >= other.issue_time:
            latest[summary.day] = summary
    rows = [row for day in sorted(latest) for row in latest[day].rows]
    table = pd.DataFrame(rows, columns=list(SUMMARY_COLUMNS))
    floats = [name for name in SUMMARY_COLUMNS if name.endswith(("_deg", "_microhemisphere")) or name == "n_spots"]
    table = table.astype(
        dict.fromkeys(("issue_time", "valid_time"), "datetime64[s]")
        | {"noaa_ar": np.int64}
        | dict.fromkeys(floats, np.float64)
        | dict.fromkeys(("section", "mcintosh", "mount_wilson"), "str")
    )
    n_days = (max(latest) - min(latest)).days + 1 if latest else 0
    counts = {"texts_read": n_texts, "texts_superseded": n_texts - len(latest)}
    return table, counts | {"days_without_text": n_days - len(latest)}


def read_region_summary_table(path: str | Path) -> pd.DataFrame:
    """Rows of region_summaries.nc, columns `SUMMARY_COLUMNS`; InputError where it is not such a file."""
    return read_table(path, columns=SUMMARY_COLUMNS)


def read_text(text: str, *, source: str, member: str) -> tuple[RegionSummary | None, list[Rejection]]:
    """One daily text, and its lines that were left out; None where it has no sections or no date."""
    lines = text.splitlines()
    rejected: list[Rejection] = []

    def reject(place: int, reason: str, line: str) -> None:
        rejected.append(Rejection(source, f"{member}:{place:03d}", reason, line.strip()))

    times = _times_of_text(lines, member, reject)
    if times is None:
        reject(0, "text without issue time", lines[0] if lines else "")
        return None, rejected
    day, issue_time = times
    summary = RegionSummary(source, member, day, issue_time)
    section, valid_time, n_sections = "", day, 0
    first_words: dict[tuple[str, int], list[str]] = {}
    for place, line in enumerate(lines, start=1):
        # Some texts end with the end-of-file mark of DOS.
        stripped = line.strip(" \t\x1a")
        heading = _SECTION.match(line)
        if heading:
            section = heading[1].upper()
            n_sections += section in SECTIONS
            valid_time = _valid_time(line, day) or valid_time
        elif not stripped or stripped.upper().strip(".") == "NONE" or _HEADING.match(line):
            continue
        elif section in SECTIONS and stripped[0].isdecimal():
            try:
                values = region_values(line, section, day)
            except BadLine as error:
                reject(place, str(error), line)
                continue
            words, key = line.upper().split(), (section, values[0])
            if key in first_words:
                same = words == first_words[key]
                reject(place, "region repeated" if same else "region given twice, differently", line)
            else:
                first_words[key] = words
                summary.rows.append((issue_time, valid_time, values[0], section, *values[1:]))
        elif section == "II":
            section = "end"
        elif section in SECTIONS:
            reject(place, "text among the regions", line)
        elif section == "end" and _BEGINS_AS_REGION.match(line):
            reject(place, "region after the end of the sections", line)
    if n_sections == 0:
        reject(0, "text without sections", lines[0] if lines else "")
        return None, rejected
    if section not in ("II", "III", "end"):
        reject(len(lines), "text ends before section II", lines[-1])
    summary.rows.sort(key=lambda row: (SECTIONS.index(row[3]), row[2]))
    return summary, rejected


def _reason_to_skip(member: tarfile.TarInfo, name: str) -> str:
    """Why a member of an archive is no daily text; empty if it is one."""
    if not member.isfile():
        return "member that is no plain file"
    if not name.lower().endswith("srs.txt") or name.startswith("._"):
        return "member that is no region summary by its name"
    return "text too long" if member.size > MAX_TEXT_BYTES else ""


def _times_of_text(
    lines: Sequence[str], member: str, reject: Callable[[int, str, str], None]
) -> tuple[datetime, datetime] | None:
    """Day and issue time of a text; None if neither its name nor its heading tells them."""
    issue_time = None
    for place, line in enumerate(lines[:12], start=1):
        if line.lower().startswith(":issued"):
            issue_time = _issue_time(line)
            if issue_time is None:
                reject(place, "issue time unreadable", line)
            break
    match = _DAY_IN_NAME.fullmatch(PurePosixPath(member).name)
    day = _time(int(match[1]), int(match[2]), int(match[3])) if match else None
    if day is None:
        return None if issue_time is None else (_midnight(issue_time), issue_time)
    if issue_time is not None and abs(issue_time - day) >= 2 * DAY:
        reject(0, "issue time unlike the file's name", issue_time.isoformat())
        issue_time = None
    return day, issue_time or day + timedelta(minutes=30)


def _time(year: int, month: int, day: int, hour: int = 0, minute: int = 0) -> datetime | None:
    """The time, UTC; None if there is none such, or not in the centuries of NOAA."""
    if not FIRST_YEAR <= year <= LAST_YEAR:
        return None
    try:
        return datetime(year, month, day, hour, minute)  # noqa: DTZ001 (all times here are UTC)
    except ValueError:
        return None


def _midnight(time: datetime) -> datetime:
    return time.replace(hour=0, minute=0)


def _issue_time(line: str) -> datetime | None:
    match = _ISSUED.match(line)
    if match is None or match[2].lower() not in _MONTHS:
        return None
    return _time(int(match[1]), _MONTHS.index(match[2].lower()) + 1, *map(int, match.group(3, 4, 5)))


def _valid_time(heading: str, day: datetime) -> datetime | None:
    """Time of "Locations Valid at 05/2400Z" within two days before the end of `day`; None if not given so."""
    match = _VALID.search(heading)
    if match is None:
        return None
    day_of_month, hours, minutes = (int(number) for number in match.groups())
    for days_back in range(3):
        date = day - days_back * DAY
        if date.day == day_of_month:
            return date + timedelta(hours=hours, minutes=minutes)
    return None
