"""SWAN-SF (Angryk et al. 2020, Scientific Data 7, 227): windows of SHARP keywords, 60 records 12 min apart, labelled.

A window is a file: tab-separated records, the label in its name. The label is the largest flare of the 24 h after the
window's end. Time stamps are JSOC's T_REC less its suffix, so on the TAI clock: the ten keywords below agree with
JSOC's records of the same T_REC to 2e-5 (median over 460 records; 2e-3 and more if shifted by one record).

Angryk et al. computed the keywords anew. USFLUX, TOTUSJZ, TOTUSJH, ABSNJZH, SAVNCPP and the means of angle, gradients,
current and helicity are JSOC's; MEANPOT, TOTPOT, MEANSHR and SHRGT45 differ from them by 0.5 to 2 %, R_VALUE by 2 %
(median; up to 21 %). TOTBSQ, TOTFX ... EPSZ follow another definition (no constant factor leads to JSOC's) and are not
taken.
"""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from flaredag.errors import InputError
from flaredag.goes import peak_flux_w_m2
from flaredag.jsoc import utc_from_tai
from flaredag.keyword_ranges import KEYWORDS, LORENTZ_FORCE
from flaredag.raw_records import RecordFaults, read_raw_records
from flaredag.rejections import Rejection
from flaredag.table_files import UTC_SECONDS
from flaredag.tables import NOT_GIVEN

WINDOW_COLUMNS: dict[str, dict[str, str]] = {
    "region": {"long_name": "HARPNUM"},
    "issue_time": {"long_name": "end of the window (its last record), UTC", "units": UTC_SECONDS},
    "first_time": {"long_name": "beginning of the window (its first record), UTC", "units": UTC_SECONDS},
    "n_records": {"long_name": "number of records that the file holds", "units": "1"},
    "label": {"long_name": "class of the largest flare in the 24 h after issue_time: A, B, C, M, X, or NF (none)"},
    "goes_class": {"long_name": "GOES class of that flare; empty if none"},
    "peak_flux": {"long_name": "peak 1-8 angstrom flux of that class; NaN if none", "units": "W m-2"},
    "flare_id": {"long_name": "number of that flare in SWAN-SF's flare catalogue; -1 if not given"},
}
NO_FLARE = "NF"
EDGES = {
    "longitude_min": "LON_MIN",
    "longitude_max": "LON_MAX",
    "latitude_min": "LAT_MIN",
    "latitude_max": "LAT_MAX",
}
_KEYWORD_COLUMNS = {name: name.upper() for name in KEYWORDS if name not in LORENTZ_FORCE}
STAMP_FORMAT = "%Y-%m-%d %H:%M:%S"

_STAMP = r"(\d{4}-\d\d-\d\dT\d\d[:_-]?\d\d[:_-]?\d\d)"
# The two styles in which the windows were published: lab[M]1.0@265_id[115]_st[...]_et[...] and M1.0@265_ar115_s..._e...
_NAMES = (
    re.compile(
        rf"lab\[(NF|FQ|[ABCMX])\](\d+(?:\.\d+)?)?(?:@(\d+))?(?::\w+?)?_id\[(\d+)\]_st\[{_STAMP}\]_et\[{_STAMP}\]\.csv"
    ),
    re.compile(rf"(NF|FQ|[ABCMX])(\d+(?:\.\d+)?)?(?:@(\d+))?(?::\w+?)?_ar(\d+)_s{_STAMP}_e{_STAMP}\.csv"),
)


def read_window(path: str | Path) -> tuple[pd.DataFrame, dict[str, Any], list[Rejection]]:
    """Records of a window, its row (`WINDOW_COLUMNS`), and the records left out.

    The records have the columns `RECORD_ATTRS` and those of `KEYWORDS` that the file has, R_VALUE at least. Raises
    InputError where the name is no window's, the file is unreadable, cut off, lacks a column, or does not span the
    times of its name.
    """
    window, first_t_rec, last_t_rec = _window_of_name(Path(path).name, str(path))
    raw, rejected = read_raw_records(
        path,
        ["Timestamp", "NOAA_AR", "QUALITY", "R_VALUE", *EDGES.values()],
        optional=[column for column in _KEYWORD_COLUMNS.values() if column != "R_VALUE"],
        delimiter="\t",
    )
    faults = RecordFaults(raw, source=str(path))
    t_rec = pd.to_datetime(raw["Timestamp"].str.strip(), format=STAMP_FORMAT, errors="coerce")
    faults.mark(t_rec.isna(), "time stamp not a time")
    faults.mark(t_rec.duplicated(), "time stamp repeated")
    columns = EDGES | {name: column for name, column in _KEYWORD_COLUMNS.items() if column in raw}
    values = {name: faults.numbers(column) for name, column in columns.items()}
    given = ~np.isnan(np.array([values[name] for name in columns if name not in EDGES])).all(axis=0)
    faults.mark(~given, "record without any keyword")
    quality = faults.numbers("QUALITY")
    faults.mark(~np.isnan(quality) & ((quality < 0) | (quality % 1 != 0)), "QUALITY not an integer")
    noaa_ars = raw["NOAA_AR"].str.strip().str.replace(r"\.0$", "", regex=True)
    noaa_ars = noaa_ars.where(~noaa_ars.isin(("nan", "NaN", "None", "0")), "")
    faults.mark(~noaa_ars.str.fullmatch("([0-9]{4,5}(;[0-9]{4,5})*)?"), "NOAA_AR not numbers joined by semicolons")
    records = pd.DataFrame(
        {
            "region": np.full(len(raw), window["region"], dtype=np.int64),
            "t_rec": t_rec,
            "noaa_ars": noaa_ars.str.replace(";", ","),
            "quality": np.where(np.isnan(quality), NOT_GIVEN, quality).astype(np.int64),
        }
        | values
    )
    # A record without keywords still tells when the window began or ended.
    if (t_rec.min(), t_rec.max()) != (first_t_rec, last_t_rec):
        raise InputError(
            f"{path}: its records span {t_rec.min()} to {t_rec.max()}; wanted {first_t_rec} to {last_t_rec}, as its "
            "name says. Was it cut off or renamed? Fetch it again."
        )
    records = records[faults.good].astype({"t_rec": "datetime64[s]"})
    records = records.assign(time=utc_from_tai(records["t_rec"]))
    window["n_records"] = len(records)
    return records.reset_index(drop=True), window, [*rejected, *faults.rejections()]


def _window_of_name(name: str, path: str) -> tuple[dict[str, Any], pd.Timestamp, pd.Timestamp]:
    """Row of a window but its `n_records`, and its first and last T_REC (TAI)."""
    match = next((match for pattern in _NAMES if (match := pattern.fullmatch(name))), None)
    if match is None:
        raise InputError(
            f"{path}: not a window of SWAN-SF by its name; wanted one like "
            "lab[M]1.5@7571_id[3686]_st[2014-02-03T17:00:00]_et[2014-02-04T04:48:00].csv. Rename or remove the file."
        )
    letter, magnitude, flare_id, region, first, last = match.groups()
    label = NO_FLARE if letter in (NO_FLARE, "FQ") else letter
    goes_class = "" if label == NO_FLARE else f"{letter}{magnitude or ''}"
    digits = pd.Series([re.sub(r"\D", "", stamp) for stamp in (first, last)])
    t_rec = pd.to_datetime(digits, format="%Y%m%d%H%M%S", errors="coerce")
    if t_rec.isna().any() or t_rec[1] < t_rec[0]:
        raise InputError(f"{path}: {first} to {last} in its name are no times. Rename or remove the file.")
    utc = utc_from_tai(t_rec.astype("datetime64[s]"))
    window = {
        "region": int(region),
        "issue_time": utc[1],
        "first_time": utc[0],
        "label": label,
        "goes_class": goes_class,
        "peak_flux": float(peak_flux_w_m2([goes_class])[0]),
        "flare_id": int(flare_id) if flare_id else NOT_GIVEN,
    }
    return window, t_rec[0], t_rec[1]
