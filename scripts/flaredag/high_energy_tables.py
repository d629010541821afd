"""Parameters of regions of high free energy density (HED) before flares, and the flares, as Li et al. published them.

The series (Flare24hrlastnew.csv) has six parameters of 332 NOAA regions every 36 minutes of the day before one flare of
each, of class C or of M and above (Li et al. 2024b, section 2); the list has these flares (MagParDB, Li et al. 2024a).
Both stand in the public repository wangquanba/solar_physicsfeature.

Times of the series are T_REC (TAI), on its grid of 12 minutes. Units are those of `flaredag.keyword_ranges`: the mean
current is in A/m2, though the readme of the list says mA/m2. ALP_MEAN of the series is without sign, that of the list
with it. The list tells the start of a flare twice, in KEY and in TSTART, and where they differ the series ends just
before that of KEY; it tells the region twice, in KEY and in ARNUM, and where they differ the series has that of KEY.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from flaredag.errors import InputError
from flaredag.goes import peak_flux_w_m2
from flaredag.raw_records import RecordFaults, read_raw_records

if TYPE_CHECKING:
    from pathlib import Path

    from flaredag.rejections import Rejection

REGION, LEVEL, TIME = "AR", "level", "time"
KEYWORD_OF_COLUMN = {
    "energy": "hed_e_total",
    "shear_mean": "hed_shear",
    "uj_mean": "hed_uj_mean",
    "uhc_mean": "hed_uhc_mean",
    "GBH_MEAN": "hed_gbh_mean",
    "ALP_MEAN": "hed_alp_mean",
}
# M stands for M and X.
LEVEL_OF_CLASS = {"C": "C", "M": "M", "X": "M"}
GRID_MINUTES, STEP_MINUTES = 12, 36
# HMI began in May 2010, when the numbers were about 11065.
FIRST_REGION, LAST_REGION = 11000, 99999
# With six decimals a few records of a region may well have one value, so many may not.
CONSTANT_FROM_RECORDS = 5

# The header of the list has blanks after its commas.
KEY, FLARE_REGION, PEAK_FLUX = " KEY", " ARNUM", " IXPEAK [W/m^2]"
START, PEAK, END = " TSTART [UT]", " TPEAK [UT]", " TFINAL [UT]"
_KEY_PARTS = r"(?P<time>[0-9]{8}_[0-9]{4})_(?P<region>[0-9]{5})_(?P<goes_class>[CMX][0-9]{1,2}\.[0-9])"
# Relative; classes and fluxes are both given to two digits.
_FLUX_TOLERANCE = 0.01


def read_high_energy_series(path: str | Path) -> tuple[pd.DataFrame, list[Rejection]]:
    """Records of the series, indexed by line: `region`, `level`, `t_rec` (TAI) and parameters; and those left out.

    `region`: NOAA number, int64; `level`: C or M, by the flare to come; `t_rec`: datetime64[s]; parameters: float64,
    NaN where not given. Left out is a record that cannot be read, is off the 12-minute grid or its region's steps of 36
    minutes, or differs from another of its region and time; and a region of both levels, or of which a parameter never
    changes. Raises InputError where the file is unreadable or lacks a column, or no record can be used.
    """
    raw, rejected = read_raw_records(path, [REGION, LEVEL, TIME, *KEYWORD_OF_COLUMN])
    faults = RecordFaults(raw, source=str(path))
    region = faults.whole_numbers(REGION)
    faults.mark((region < FIRST_REGION) | (region > LAST_REGION), f"{REGION} not from {FIRST_REGION} to {LAST_REGION}")
    level = raw[LEVEL].str.strip()
    faults.mark(~level.isin(set(LEVEL_OF_CLASS.values())), "level neither C nor M")
    of_known_level = faults.good
    texts = raw[TIME].str.strip()
    t_rec = pd.to_datetime(texts.where(texts.str.fullmatch("[0-9]{12}")), format="%Y%m%d%H%M", errors="coerce")
    faults.mark(t_rec.isna(), "time not a time")
    parameters = {name: faults.numbers(column) for column, name in KEYWORD_OF_COLUMN.items()}
    minute = pd.Series(t_rec.to_numpy(dtype="datetime64[s]").astype(np.int64) // 60, index=raw.index)
    faults.mark(minute % GRID_MINUTES != 0, f"time off the grid of {GRID_MINUTES} minutes")
    table = pd.DataFrame({"region": region, "level": level, "t_rec": t_rec.astype("datetime64[s]")} | parameters)
    levels = table[of_known_level].groupby("region")["level"].nunique()
    faults.mark(table["region"].map(levels) > 1, "region of both levels")
    unique = table[faults.good].drop_duplicates()
    twice = unique.loc[unique.duplicated(["region", "t_rec"]), ["region", "t_rec"]]
    clash = pd.MultiIndex.from_frame(table[["region", "t_rec"]]).isin(pd.MultiIndex.from_frame(twice))
    faults.mark(clash, "differs from another record of its region and time")
    phase = (minute % STEP_MINUTES).where(faults.good)
    usual = phase.groupby(table["region"]).agg(lambda values: values.mode(dropna=True).min())
    faults.mark(phase != table["region"].map(usual), f"time off the region's steps of {STEP_MINUTES} minutes")
    good = table[faults.good]
    long = table["region"].map(good["region"].value_counts()) >= CONSTANT_FROM_RECORDS
    for column, name in KEYWORD_OF_COLUMN.items():
        constant = table["region"].map(good.groupby("region")[name].nunique()) == 1
        faults.mark(long & constant, f"{column} constant over its region")
    rejected = [*rejected, *faults.rejections()]
    _refuse_without_any(path, faults, rejected, wanted="a series of HED parameters")
    return table[faults.good], rejected


def read_high_energy_flares(path: str | Path) -> tuple[pd.DataFrame, list[Rejection]]:
    """Flares of MagParDB, one a region, indexed by line, and those left out.

    Columns: `region` (NOAA number, int64), `start_time`, `peak_time` and `end_time` (UTC, datetime64[s]), `goes_class`;
    whether TSTART agrees with the time of KEY (`start_agrees`) and ARNUM with its region (`region_agrees`). Region,
    start and class are those of KEY; peak and end are NaT where TSTART does not agree, as they go with it. Left out is
    a flare whose KEY cannot be read or whose peak flux is not that of its class, and regions with several flares.
    Raises InputError where the file is unreadable or lacks a column, or no flare can be used.
    """
    raw, rejected = read_raw_records(path, [KEY, START, PEAK, END, PEAK_FLUX, FLARE_REGION])
    faults = RecordFaults(raw, source=str(path))
    parts = raw[KEY].str.strip().str.extract(f"^{_KEY_PARTS}$")
    start = pd.to_datetime(parts["time"], format="%Y%m%d_%H%M", errors="coerce")
    faults.mark(parts.isna().any(axis=1) | start.isna(), "KEY not a time, a region and a class")
    flux = peak_flux_w_m2(parts["goes_class"].fillna(""))
    given = faults.numbers(PEAK_FLUX)
    faults.mark(np.abs(given / flux - 1) > _FLUX_TOLERANCE, "peak flux not that of its class")
    region = parts["region"].fillna("0").astype(np.int64)
    start_agrees = _minutes(raw[START]) == start
    peak, end = (_minutes(raw[column]).where(start_agrees) for column in (PEAK, END))
    table = pd.DataFrame(
        {
            "region": region,
            "start_time": start.astype("datetime64[s]"),
            "peak_time": peak.where(peak >= start),
            "end_time": end.where(end >= start),
            "goes_class": parts["goes_class"],
            "start_agrees": start_agrees,
            "region_agrees": raw[FLARE_REGION].str.strip() == parts["region"],
        }
    )
    unique = table[faults.good].drop_duplicates()
    several = unique.loc[unique.duplicated("region"), "region"]
    faults.mark(table["region"].isin(several), "region with several flares")
    rejected = [*rejected, *faults.rejections()]
    _refuse_without_any(path, faults, rejected, wanted="a list of flares such as MagParDB")
    return table[faults.good].drop_duplicates(), rejected


def _minutes(text: pd.Series) -> pd.Series:
    """Times to the minute, datetime64[s]; NaT where the text is none."""
    return pd.to_datetime(text.str.strip(), format="%Y-%m-%d %H:%M", errors="coerce").astype("datetime64[s]")


def _refuse_without_any(path: str | Path, faults: RecordFaults, rejected: list[Rejection], *, wanted: str) -> None:
    if not faults.good.any():
        first = f" ({rejected[0].place}: {rejected[0].reason})" if rejected else ""
        raise InputError(
            f"{path}: none of its {len(rejected)} records can be used{first}; wanted {wanted}. Delete the file to have "
            "it fetched again."
        )
