"""Flare lists that others compiled from SWPC and HEK and published as CSV: their layouts, known by their headers."""

from __future__ import annotations

import csv
import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from flaredag.errors import InputError
from flaredag.flare_lists import Faults, by_unique_text, flare_table, read_bytes, refuse_if_all_rejected
from flaredag.listed_texts import goes_classes, listed_numbers, listed_times

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from flaredag.rejections import Rejection


@dataclass(frozen=True)
class Layout:
    """Where a list has what: `columns` gives the header's name of each of start, goes_class, noaa_ar and more.

    `header`: the names where the file has none. `date`: the column with the day YYYYMMDD of times HHMM. `location`:
    a column such as "(-73, 23)" (longitude west, latitude; 0, 0 if unknown, as HEK has it) or "S26W41".
    """

    columns: dict[str, str]
    delimiter: str = ","
    header: tuple[str, ...] = ()

    def fits(self, header: Sequence[str]) -> bool:
        """Whether a header has all the columns."""
        return set(self.columns.values()) <= set(header)


# Compilations in public repositories: kehu001/CLEAR-Flare-Forecasting-Models, hayesla/flare_forecast_proj (2),
# JasonTLWang/LSTM-flare-prediction, lucaspauker/sympathetic-flaring-research,
# alciomarhollanda/DATA-SET-FOR-SOLAR-FLARE-PREDICTION.
LAYOUTS = (
    Layout(
        {
            "start": "start_time", "peak": "peak_time", "end": "end_time", "goes_class": "label", "noaa_ar": "noaa_ar",
            "satellite": "obs",
        }
    ),
    Layout(
        {
            "start": "start_time", "peak": "max_time", "end": "end_time", "goes_class": "goes_class",
            "noaa_ar": "noaa_ar", "satellite": "goes_sat", "date": "date",
        }
    ),
    Layout(
        {
            "start": "event_starttime", "peak": "event_peaktime", "end": "event_endtime", "goes_class": "goes_class",
            "noaa_ar": "noaa_ar", "location": "position_hgs",
        }
    ),
    Layout({"start": "Start Time", "end": "End Time", "goes_class": "Flares", "noaa_ar": "NOAA"}),
    Layout(
        {
            "start": "start_time", "peak": "peak_time", "end": "end_time", "goes_class": "goes_class",
            "noaa_ar": "noaa_active_region", "location": "goes_location",
        }
    ),
    Layout(
        {"start": "start", "peak": "peak", "end": "end", "goes_class": "class", "noaa_ar": "region",
         "location": "place"},
        delimiter=";",
        header=("date", "start", "peak", "end", "class", "place", "region", "letter", "code", "longitude", "latitude"),
    ),
)  # fmt: skip
_LOCATION = re.compile(r"\((-?\d{1,3}), (-?\d{1,2})\)|([NS])(\d\d)([EW])(\d\d)")


def read_compiled_list(path: str | Path) -> tuple[pd.DataFrame, list[Rejection]]:
    """Flares of a published compilation (columns `FLARE_LIST_COLUMNS`), gzipped or not, and the lines that are none.

    InputError where the file cannot be read, has none of the `LAYOUTS`, or no line is a flare.
    """
    text = read_bytes(path).decode("utf-8-sig", errors="backslashreplace")
    lines = text.replace("\r", "").split("\n")
    layout, header, n_headings = _layout(path, lines)
    numbers = [number for number, line in enumerate(lines) if number >= n_headings and line.strip()]
    rows = [_fields(lines[number], layout.delimiter) for number in numbers]
    if rows and not layout.header and len(rows[0]) == len(header) + 1:
        header = ["", *header]  # an index without a name
    faults = Faults(len(rows))
    faults.mark(
        np.array([len(row) != len(header) for row in rows], dtype=bool), "number of fields not that of the header"
    )
    if lines[-1].strip():
        faults.mark(np.array(numbers) == len(lines) - 1, "last line cut off")
    texts = _columns(rows, header, layout)
    flares = _flares(texts, faults, source=str(path), places=[f"line {number + 1}" for number in numbers])
    good = faults.good
    rejected = faults.rejections(flares["source"], flares["place"], [lines[number] for number in numbers])
    refuse_if_all_rejected(path, int(good.sum()), rejected, form="a list of flares")
    return flares[good].reset_index(drop=True), rejected


def _layout(path: str | Path, lines: Sequence[str]) -> tuple[Layout, list[str], int]:
    for layout in LAYOUTS:
        header = _fields(lines[0], layout.delimiter)
        if layout.header:
            if len(header) == len(layout.header):
                return layout, list(layout.header), 0
        elif layout.fits(header):
            return layout, header, 1
    wanted = "; ".join(", ".join(layout.columns.values()) for layout in LAYOUTS if not layout.header)
    raise InputError(
        f"{path}: {lines[0][:200]!r} is the header of no flare list known; wanted one with the columns {wanted}. Add "
        "its layout to flaredag.compiled_lists."
    )


def _fields(line: str, delimiter: str) -> list[str]:
    """Fields of one line; none where its quotes do not match."""
    try:
        return next(csv.reader([line], delimiter=delimiter, strict=True), [])
    except csv.Error:
        return []


def _columns(rows: Sequence[Sequence[str]], header: Sequence[str], layout: Layout) -> dict[str, list[str]]:
    """Texts of the layout's columns; "" in rows of another length."""
    place = {name: header.index(column) for name, column in layout.columns.items()}
    return {name: [row[at] if len(row) == len(header) else "" for row in rows] for name, at in place.items()}


def _flares(texts: dict[str, list[str]], faults: Faults, *, source: str, places: list[str]) -> pd.DataFrame:
    n = len(places)
    nothing = [""] * n
    day = None
    if "date" in texts:
        day = pd.to_datetime(pd.Series(texts["date"], dtype=object), format="%Y%m%d", errors="coerce").to_numpy()
        day = day.astype("datetime64[D]")
        faults.mark(np.isnat(day), "date not readable")
    start = listed_times(texts["start"], faults, "start time", needed=True, day=day)
    peak = listed_times(texts.get("peak", nothing), faults, "peak time", day=day)
    end = listed_times(texts.get("end", nothing), faults, "end time", day=day)
    classes = goes_classes(texts["goes_class"], faults)
    regions = listed_numbers(texts["noaa_ar"], faults, "NOAA region", whole=True)
    locations = by_unique_text(texts.get("location", nothing), _location)
    longitude, latitude = (np.array([place[axis] for place in locations], dtype=np.float64) for axis in (0, 1))
    return flare_table(
        start_time=start,
        peak_time=peak,
        end_time=end,
        goes_class=classes,
        noaa_ar=np.nan_to_num(regions).astype(np.int64),
        latitude_deg=latitude,
        longitude_deg=longitude,
        satellite=by_unique_text(texts.get("satellite", nothing), str.strip),
        source=[source] * n,
        place=places,
    )


def _location(text: str) -> tuple[float, float]:
    """Longitude and latitude; NaN where the text is no location or HEK's 0, 0."""
    match = _LOCATION.fullmatch(text.strip())
    if match is None:
        return np.nan, np.nan
    if match[1]:
        longitude, latitude = float(match[1]), float(match[2])
        return (np.nan, np.nan) if longitude == latitude == 0 else (longitude, latitude)
    return float(match[6]) * (1 if match[5] == "W" else -1), float(match[4]) * (1 if match[3] == "N" else -1)
