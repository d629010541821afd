"""Made-up members of combinations: as tables, as files of centres, and with flare lists that tell their outcomes."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd

from flaredag.artifacts import write_csv
from flaredag.members import Members
from flaredag.tables import curated_flares, write_flares

DAY = np.timedelta64(86400, "s")
FIRST_DAY = np.datetime64("2015-03-01", "s")
CLASS_COUNTS = """Flare occurrence as a function of McIntosh spot class
CLS = McIntosh active region class code

CLS      C     M     X     N
AXX   10.0     1     0   100
EKC   90.0    60    15    50
"""
SUMMARY_HEADER = "ar_noaanum,LOCATION,Carrington_long,AREA,Z,Longitude_extent,No_sunspots,MAGTYPE,date"


def days(n: int, first: np.datetime64 = FIRST_DAY) -> np.ndarray:
    return first + np.arange(n) * DAY


def members(
    probability: list[list[float]],
    outcome: list[int],
    *,
    names: tuple[str, ...] = ("A", "B"),
    source: str = "made up",
    event: str = "M1.0",
    first: np.datetime64 = FIRST_DAY,
) -> Members:
    """Members of daily windows, a row of `probability` a day."""
    values = np.array(probability, dtype=np.float64)
    return Members(days(len(outcome), first), names, values, np.array(outcome, dtype=np.int8), 24.0, event, source)


def flares(starts_and_classes: dict[str, str]) -> pd.DataFrame:
    """Canonical flares without a region, by the time at which they start."""
    start = pd.to_datetime(pd.Series(list(starts_and_classes), dtype=object)).astype("datetime64[s]")
    table = pd.DataFrame({"start_time": start, "peak_time": start, "end_time": start})
    table["goes_class"] = list(starts_and_classes.values())
    table = table.assign(noaa_ar=0, start_uncertainty=0.0, instrument="", region=-1, lists="swpc")
    return curated_flares(table)[0]


def periods(begin: str, end: str) -> pd.DataFrame:
    """One period that a flare list covers."""
    return pd.DataFrame({"begin": [pd.Timestamp(begin)], "end": [pd.Timestamp(end)]})


def written_list(folder: Path, starts_and_classes: dict[str, str], begin: str, end: str) -> tuple[str, str]:
    """Paths of a flare list and of the periods it covers."""
    write_flares(folder / "swpc.nc", flares(starts_and_classes))
    write_csv(folder / "swpc.covered.csv", periods(begin, end))
    return str(folder / "swpc.nc"), str(folder / "swpc.covered.csv")


def written_groups(path: Path, groups: list[tuple[int, str, str]]) -> Path:
    """A compiled table of region summaries: NOAA number, McIntosh class and time of issue of each group."""
    rows = [
        f"{n},{number},N10W10,100,0010,{mcintosh},05,002,BETA,{time}"
        for n, (number, mcintosh, time) in enumerate(groups)
    ]
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text("\n".join([SUMMARY_HEADER, *rows]) + "\n")
    return path
