"""Daily event reports of NOAA SWPC, a year packed as {year}_events.tar.gz: the lines of X-ray flares (XRA, 1-8 A).

Columns counted from 0: 0-3 event, 5 a plus sign, 11-14 begin, 18-21 maximum, 28-31 end (HHMM UTC, //// if not known; a
letter before: B before, A after, U uncertain), 34-36 observatory, 39 quality, 43-45 type, 48-56 location or band, 58-65
particulars (the class), 66-73 integrated flux, 76-79 the last four digits of the NOAA region.
"""

from __future__ import annotations

import io
import re
import tarfile
from typing import TYPE_CHECKING

import numpy as np

from flaredag.errors import InputError
from flaredag.flare_lists import (
    Faults,
    by_unique_text,
    clock_minute,
    clock_time,
    flare_table,
    read_bytes,
    refuse_if_all_rejected,
)
from flaredag.listed_texts import goes_classes
from flaredag.rejections import Rejection
from flaredag.report_lines import ReportLines

if TYPE_CHECKING:
    from pathlib import Path

    import pandas as pd
    from numpy.typing import NDArray

WIDTH = 80
_MEMBER = re.compile(r"(\d{4})(\d{2})(\d{2})events\.txt")
_DATE = re.compile(rb"^[:#]\s*Date:\s*(\d{4}) (\d{2}) (\d{2})\b", re.MULTILINE)
_TIME = r"\d{4}|////"


def read_swpc_events(path: str | Path) -> tuple[pd.DataFrame, list[Rejection]]:
    """X-ray flares of a year's daily reports (columns `FLARE_LIST_COLUMNS`), and the XRA lines that are none.

    Lines of other types of event are passed over. A line with XRA anywhere in it is refused unless all its columns hold
    what belongs there. The date of the report is that of the begin. InputError where the archive is unreadable or cut
    off, holds no daily report, or has XRA lines of which none is a flare.
    """
    lines: list[bytes] = []
    places: list[str] = []
    days: list[np.datetime64] = []
    rejected: list[Rejection] = []
    reports = _daily_reports(path)
    for name, content in sorted(reports):
        day = _day_of_name(name)
        told = _DATE.search(content)
        if day is None or (told and b"%s-%s-%s" % told.groups() != str(day).encode()):
            reason = "no date in the name" if day is None else "date in the text not that of the name"
            rejected.append(Rejection(str(path), name, reason, told[0].decode() if told else name))
            continue
        of_report = content.split(b"\n")
        found = [n for n, line in enumerate(of_report) if b"XRA" in line and line[:1] not in b"#:"]
        lines += [of_report[n].rstrip(b"\r\x1a ") for n in found]
        places += [f"{name} line {n + 1}" for n in found]
        days += [day] * len(found)
    report = ReportLines.of(lines, width=WIDTH)
    faults = Faults(len(lines))
    _mark_faults(faults, report)
    bad_lines = faults.rejections([str(path)] * len(lines), places, report.decoded())
    flares = _flares(report, np.array(days, dtype="datetime64[D]"), faults.good, source=str(path), places=places)
    refuse_if_all_rejected(path, len(flares), bad_lines, form="daily event reports of SWPC")
    return flares, rejected + bad_lines


def _daily_reports(path: str | Path) -> list[tuple[str, bytes]]:
    # Unpacked at once: tarfile seeks in the archive, which is slow in a gzip.
    content = read_bytes(path)
    try:
        with tarfile.open(fileobj=io.BytesIO(content), mode="r:") as archive:
            reports = [
                (member.name.rpartition("/")[2], content[member.offset_data : member.offset_data + member.size])
                for member in archive
                if member.isfile() and member.name.endswith("events.txt")
            ]
    except (tarfile.TarError, OSError) as error:
        raise InputError(
            f"{path}: not readable as tar.gz ({error}). Delete the file to have it fetched again."
        ) from error
    if not reports:
        raise InputError(
            f"{path}: holds no daily event report; wanted texts named YYYYMMDDevents.txt. Delete the file to have it "
            "fetched again."
        )
    return reports


def _day_of_name(name: str) -> np.datetime64 | None:
    match = _MEMBER.fullmatch(name)
    try:
        return np.datetime64("-".join(match.groups()), "D") if match else None
    except ValueError:
        return None


def _mark_faults(faults: Faults, report: ReportLines) -> None:
    def mark_unless(good: NDArray[np.bool_], reason: str) -> None:
        faults.mark(~good, reason)

    mark_unless(report.printable, "characters that are not printable ASCII")
    mark_unless(report.fits(43, 48, r"XRA  "), "XRA not in columns 44-46")
    mark_unless(report.fits(48, 58, r"1-8A      "), "not of 1-8 angstrom")
    mark_unless(report.fits(0, 7, r"(?=.*\d)[\d ]{4} [+ ] "), "no event number in columns 1-4")
    for start, name in ((11, "begin"), (18, "maximum"), (28, "end")):
        given = report.fits(start, start + 4, r"\d{4}")
        of_a_day = clock_minute(report.number(start, start + 4)) >= 0
        in_columns = report.fits(start - 2, start + 5, rf" [A-Z ]({_TIME})[ ]")
        mark_unless(in_columns & (of_a_day | ~given), f"no {name} time in its columns")
    mark_unless(report.fits(11, 15, r"\d{4}"), "no begin time")
    mark_unless(report.blank(7, 9) & report.blank(23, 26), "columns 8-9 or 24-26 not blank")
    mark_unless(report.fits(33, 43, r" [A-Z0-9 ]{3}  .   "), "no observatory in columns 35-37")
    mark_unless(report.fits(58, 66, r"([ABCMX](\d{1,2}([.,]\d{0,3})?)?)? *"), "no GOES class in columns 59-66")
    mark_unless(report.fits(66, 76, r"(\d\.\d{1,2}E[+-]?\d{1,2})? *"), "no integrated flux in columns 67-74")
    mark_unless(report.blank(74, 76) & report.fits(76, 80, r"\d{4}|    | {3}0"), "no NOAA region in columns 77-80")


def _flares(
    report: ReportLines, day: NDArray[np.datetime64], good: NDArray[np.bool_], *, source: str, places: list[str]
) -> pd.DataFrame:
    chosen = np.flatnonzero(good)
    report = ReportLines([report.lines[n] for n in chosen], report.characters[chosen], report.printable[chosen])
    start, peak, end = (
        clock_time(day[chosen], clock_minute(report.number(column, column + 4))) for column in (11, 18, 28)
    )
    nowhere = np.full(len(chosen), np.nan)
    return flare_table(
        start_time=start,
        peak_time=peak,
        end_time=end,
        goes_class=goes_classes(report.text(58, 66).astype(str).astype(object), Faults(len(chosen))),
        noaa_ar=np.maximum(report.number(76, 80), 0),
        latitude_deg=nowhere,
        longitude_deg=nowhere,
        satellite=by_unique_text(report.text(34, 37).astype(str).astype(object), str.strip),
        source=[source] * len(chosen),
        place=[places[n] for n in chosen],
    )
