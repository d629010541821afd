"""A table of NOAA's daily region summaries that others compiled: place and class of each region with spots, by day."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from flaredag.errors import InputError
from flaredag.noaa_numbers import full_noaa_numbers
from flaredag.rejections import Rejection
from flaredag.tables import read_raw_csv

if TYPE_CHECKING:
    from pathlib import Path

# Of hayesla/flare_forecast_proj, SRS_data_new_19960101_20181231.csv.
NUMBER, CLASS, TIME = "ar_noaanum", "Z", "date"
COLUMNS = (NUMBER, "LOCATION", "Carrington_long", TIME)
GROUP_COLUMNS = ("issue_time", "noaa_ar", "mcintosh")
PLACE_COLUMNS = ("noaa_ar", "valid_time", "latitude_deg", "longitude_deg", "carrington_longitude_deg")
_LOCATION = re.compile(r"([NS])(\d{2})([EW])(\d{2,3})")


def read_compiled_summaries(path: str | Path) -> tuple[pd.DataFrame, list[Rejection]]:
    """Places of regions, columns `PLACE_COLUMNS`, a row a region and day; and the rows that tell no place.

    Longitude from the central meridian (west positive) and Carrington longitude, degrees; times UTC. InputError where
    the file is no such table, or no row can be used.
    """
    texts = read_raw_csv(path, COLUMNS, nameless_index=True)
    number = pd.to_numeric(texts[NUMBER], errors="coerce").to_numpy(dtype=np.float64)
    time = pd.to_datetime(texts[TIME], format="%Y-%m-%d %H:%M", errors="coerce").to_numpy(dtype="datetime64[s]")
    carrington = pd.to_numeric(texts["Carrington_long"], errors="coerce").to_numpy(dtype=np.float64)
    places = texts["LOCATION"].str.extract(_LOCATION)
    latitude, longitude = (pd.to_numeric(places[column]).to_numpy(dtype=np.float64) for column in (1, 3))
    reason = np.full(len(texts), "", dtype=object)
    for wrong, told in (
        (~(np.nan_to_num(number) > 0), "NOAA number not readable"),
        (np.isnat(time), "time not readable"),
        (~(latitude <= 90) | ~(longitude <= 180), "location not readable"),  # noqa: PLR2004
        (~((carrington >= 0) & (carrington <= 360)), "Carrington longitude not readable"),  # noqa: PLR2004
    ):
        reason[wrong & (reason == "")] = told
    good = reason == ""
    rows = texts.agg(",".join, axis=1)
    rejected = [
        Rejection(str(path), f"record {n + 1}", reason[n], rows.iloc[n]) for n in np.flatnonzero(~good).tolist()
    ]
    if not good.any():
        told = f" ({rejected[0].place}: {rejected[0].reason})" if rejected else ""
        raise InputError(
            f"{path}: none of its {len(texts)} records tells where a region was{told}; wanted a NOAA number, a "
            "location such as N11W06, a Carrington longitude and a time. Delete the file to have it fetched again."
        )
    table = pd.DataFrame(
        {
            "noaa_ar": full_noaa_numbers(number[good].astype(np.int64), time[good]),
            "valid_time": time[good],
            "latitude_deg": (latitude * np.where(places[0] == "N", 1.0, -1.0))[good],
            "longitude_deg": (longitude * np.where(places[2] == "W", 1.0, -1.0))[good],
            "carrington_longitude_deg": carrington[good],
        }
    )
    return table.sort_values(["noaa_ar", "valid_time"], kind="stable", ignore_index=True), rejected


def read_compiled_groups(path: str | Path) -> pd.DataFrame:
    """McIntosh classes of groups with spots, columns `GROUP_COLUMNS`, a row a group and daily summary, sorted by time.

    `issue_time` in UTC. InputError where the file is no such table, or a time in it cannot be read.
    """
    texts = read_raw_csv(path, (NUMBER, CLASS, TIME), nameless_index=True)
    time = pd.to_datetime(texts[TIME], format="%Y-%m-%d %H:%M", errors="coerce")
    if time.isna().any() or texts.empty:
        raise InputError(
            f"{path}: {int(time.isna().sum())} of {len(texts)} records have no time such as 2014-10-23 00:30; wanted "
            "one in each, and one or more records. Delete the file to have it fetched again."
        )
    groups = pd.DataFrame(
        {"issue_time": time.astype("datetime64[s]"), "noaa_ar": texts[NUMBER], "mcintosh": texts[CLASS].str.strip()}
    )
    return groups.drop_duplicates(["issue_time", "noaa_ar"]).sort_values("issue_time", kind="stable", ignore_index=True)
