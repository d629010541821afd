"""Yearly GOES flare reports of NCEI (formerly NGDC), fixed width: goes-xrs-report_{year}.txt.

Columns after NGDC's "X-ray solar flare report format" (xray.fmt.rev), here counted from 0: 0-4 data code 31 and station
777 (GOES), 5-10 YYMMDD, 13-16 start, 18-21 end, 23-26 maximum (HHMM, from 2400 on the next day; 17, 22, 27 a letter: E,
B before, D, A after, U uncertain), 28-33 location, 34-36 optical importance or SXI, 59 class letter, 60-62 ten times
the class number, 67-70 satellite (GOES if not told), 72-78 integrated flux, 80-84 NOAA region.
"""

from __future__ import annotations

import re
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from flaredag.flare_lists import (
    Faults,
    by_unique_text,
    clock_minute,
    clock_time,
    flare_table,
    read_bytes,
    refuse_if_all_rejected,
)
from flaredag.report_lines import ReportLines

if TYPE_CHECKING:
    import pandas as pd
    from numpy.typing import NDArray

    from flaredag.rejections import Rejection

WIDTH = 96
CENTURY_BEGINS = 75  # years below are of the 21st century; GOES began in 1975
# In these months the columns hold start, maximum, end; elsewhere 7 of 46,000 flares have their maximum after their end.
SWAPPED_MONTHS = np.array(["1994-02", "1994-07"], dtype="datetime64[M]")
_YEAR_IN_NAME = re.compile(r"report_(\d{4})")
_TIME = r"[0-9]{4}"
_TIME_OR_NONE = r"[0-9]{4}|////|    "
_FLUX = r" {8}|\d\.\dE[+-]\d\d |\d\.\dE\d\d  |[A-Z] {7}| [A-Z] {6}"  # or a letter as a remark
# Digits stand at the right; or, in 1997, four of them at the left. A letter may follow (none does so far).
_REGION = r" {6}| \d{4}[A-Z ]|\d{5}[A-Z ]|\d{4}  | 0    "


def read_ncei_report(path: str | Path) -> tuple[pd.DataFrame, list[Rejection]]:
    """Flares of a yearly report (columns `FLARE_LIST_COLUMNS`), gzipped or not, and the lines that are none.

    A line is refused unless all its columns hold what belongs there: one that is shifted is never read. InputError
    where the file cannot be read or none of its lines is a flare.
    """
    content = read_bytes(path).replace(b"\r", b"").rstrip(b"\x1a")
    # Two lines of 1991 have a tab between columns 70 and 72, where it stands for one blank.
    lines = (content.expandtabs() if b"\t" in content else content).split(b"\n")
    filled = [number for number, line in enumerate(lines) if line.strip()]
    report = ReportLines.of([lines[number] for number in filled], width=WIDTH)
    places = [f"line {number + 1}" for number in filled]
    named = _YEAR_IN_NAME.search(Path(path).name)
    day = _days(report)
    faults = Faults(len(filled))
    _mark_faults(faults, report, day)
    if named:
        faults.mark(day.astype("datetime64[Y]") != np.datetime64(named[1], "Y"), "year not that of the report")
    rejected = faults.rejections([str(path)] * len(filled), places, report.decoded())
    flares = _flares(report, day, faults.good, source=str(path), places=places)
    refuse_if_all_rejected(path, len(flares), rejected, form="a yearly GOES X-ray flare report of NCEI")
    return flares, rejected


def _days(report: ReportLines) -> NDArray[np.datetime64]:
    year, month, day = (report.number(start, start + 2) for start in (5, 7, 9))
    year = np.where(year < CENTURY_BEGINS, 2000, 1900) + year
    first_of_month = ((year - 1970) * 12 + np.clip(month, 1, 12) - 1).astype("datetime64[M]")
    date = first_of_month.astype("datetime64[D]") + (np.clip(day, 1, 31) - 1)
    exists = (month >= 1) & (month <= 12) & (day >= 1) & (date.astype("datetime64[M]") == first_of_month)  # noqa: PLR2004
    return np.where(exists & report.fits(5, 11, r"\d{6}"), date, np.datetime64("NaT", "D"))


def _mark_faults(faults: Faults, report: ReportLines, day: NDArray[np.datetime64]) -> None:
    def mark_unless(good: NDArray[np.bool_], reason: str) -> None:
        faults.mark(~good, reason)

    mark_unless(report.printable, "characters that are not printable ASCII")
    # 27 lines of 1991-1993 begin with 33777 or 77777, one of 1998 with 31403; all else in them is as it should be.
    mark_unless(report.fits(0, 5, r"\d{5}"), "no data code and station in columns 1-5")
    mark_unless(~np.isnat(day) & report.fits(11, 13, r"[ *]{2}"), "no date in columns 6-11")
    for start, pattern, name in ((13, _TIME, "start"), (18, _TIME_OR_NONE, "end"), (23, _TIME_OR_NONE, "maximum")):
        given = report.fits(start, start + 4, _TIME)
        of_a_day = clock_minute(report.number(start, start + 4)) >= 0
        mark_unless(report.fits(start, start + 4, pattern) & (of_a_day | ~given), f"no {name} time in its columns")
        mark_unless(report.fits(start + 4, start + 5, "[ A-Z]"), f"columns shifted after the {name} time")
    mark_unless(report.fits(28, 34, r" {6}|[NS]\d\d[EW]\d\d"), "no location in columns 29-34")
    mark_unless(report.fits(34, 37, r"   |SXI|[S1-4][FNB ] "), "no optical importance in columns 35-37")
    mark_unless(report.blank(37, 59), "columns 38-59 not blank")
    mark_unless(report.fits(59, 64, r"[ABCMX](\d{3}| \d\d| \d |   ) |     "), "no GOES class in columns 60-63")
    mark_unless(report.blank(64, 67) & report.fits(67, 72, r"GOES |G\d\d  "), "no satellite in columns 68-71")
    mark_unless(report.fits(72, 80, _FLUX), "no integrated flux in columns 73-79")
    mark_unless(report.fits(80, 86, _REGION), "no NOAA region in columns 81-85")
    # Four digits at the left are a number of five that lost one, once there are such.
    left = report.fits(80, 86, r"\d{4}  ") & (day >= np.datetime64("2002-06-14"))
    faults.mark(left, "NOAA region short of a digit")


def _flares(
    report: ReportLines, day: NDArray[np.datetime64], good: NDArray[np.bool_], *, source: str, places: list[str]
) -> pd.DataFrame:
    chosen = np.flatnonzero(good)
    report = ReportLines([report.lines[n] for n in chosen], report.characters[chosen], report.printable[chosen])
    day = day[chosen]
    start, second, third = (clock_time(day, clock_minute(report.number(column, column + 4))) for column in (13, 18, 23))
    swapped = np.isin(day.astype("datetime64[M]"), SWAPPED_MONTHS) & (third > second)
    south, east = (report.characters[:, column] == ord(letter) for column, letter in ((28, "S"), (31, "E")))
    located = ~report.blank(28, 34)
    latitude, longitude = report.number(29, 31).astype(np.float64), report.number(32, 34).astype(np.float64)
    return flare_table(
        start_time=start,
        peak_time=np.where(swapped, second, third),
        end_time=np.where(swapped, third, second),
        goes_class=by_unique_text(report.text(59, 63).astype(str).astype(object), _goes_class),
        noaa_ar=np.maximum(report.number(80, 85), 0),
        latitude_deg=np.where(located, np.where(south, -latitude, latitude), np.nan),
        longitude_deg=np.where(located, np.where(east, -longitude, longitude), np.nan),
        satellite=by_unique_text(report.text(67, 71).astype(str).astype(object), str.strip),
        source=[source] * len(chosen),
        place=[places[n] for n in chosen],
        swapped=swapped,
    )


def _goes_class(columns: str) -> str:
    """Class of columns 59-62: "C 49" is C4.9, "X120" X12.0; "X 1 ", one digit at the left, is X1.0."""
    letter, digits = columns[0].strip(), columns[1:].rstrip()
    if not digits.strip():
        return letter
    number = int(digits) if len(digits) == 3 else 10 * int(digits)  # noqa: PLR2004
    return f"{letter}{number // 10}.{number % 10}"
