"""Flare lists of simulated flares as NCEI and HEK give them: not quite complete, not quite the same."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from flaredag.goes import peak_flux_w_m2
from flaredag.simulated_flares import goes_class
from flaredag.simulated_regions import random_of

if TYPE_CHECKING:
    pass

MINUTE = np.timedelta64(1, "m")
TIMES = ("start_time", "peak_time", "end_time")
# Flares that start between a flare and another that may overlap it: far more than ever happen.
MOST_NEIGHBOURS = 20
# From 2011 on NCEI's reports name the satellite, and lines end as DOS ends them.
FIRST_YEAR_WITH_SATELLITE = 2011
SATELLITE = "G15"
SWPC_STATION = "31777"


def told_apart(flares: pd.DataFrame) -> pd.DataFrame:
    """The flares that GOES, which sees the Sun as one star, can tell apart: none that peaks within a larger one.

    Sorted by start; columns as in `flaredag.simulated_flares`.
    """
    flares = flares.sort_values(["start_time", "peak_time", "noaa_ar", "goes_class"], ignore_index=True)
    start, peak, end = (flares[name].to_numpy(dtype="datetime64[m]") for name in TIMES)
    flux = peak_flux_w_m2(flares["goes_class"])
    hidden = np.zeros(len(flares), dtype=bool)
    for shift in range(1, min(MOST_NEIGHBOURS + 1, len(flares))):
        earlier, later = slice(None, -shift), slice(shift, None)
        hidden[earlier] |= (
            (peak[earlier] >= start[later]) & (peak[earlier] <= end[later]) & (flux[earlier] < flux[later])
        )
        hidden[later] |= (peak[later] <= end[earlier]) & (flux[later] <= flux[earlier])
    return flares[~hidden].reset_index(drop=True)


def attributed_flares(
    flares: pd.DataFrame, *, unattributed_fraction: float, misattributed_fraction: float, seed: int
) -> pd.DataFrame:
    """The flares with the NOAA region that observers gave them, 0 for none: some get none, some that of a neighbour.

    `flares` has the columns of `flaredag.simulated_flares`; a neighbour is another region that flared within 3 days.
    """
    random = random_of("lists", seed, 0)
    chance, step = random.random(len(flares)), random.integers(1, 9, len(flares))
    given = flares["noaa_ar"].to_numpy(copy=True)
    start = flares["start_time"].to_numpy(dtype="datetime64[m]")
    other = np.minimum(np.arange(len(flares)) + step, max(len(flares) - 1, 0))
    near = np.abs(start[other] - start) <= np.timedelta64(3, "D") if len(flares) else np.zeros(0, dtype=bool)
    wrong = (chance < misattributed_fraction) & near
    given[wrong] = flares["noaa_ar"].to_numpy()[other[wrong]]
    given[(chance >= misattributed_fraction) & (chance < misattributed_fraction + unattributed_fraction)] = 0
    return flares.assign(noaa_ar=given)


def listed_flares(flares: pd.DataFrame, name: str, *, difference_fraction: float, seed: int) -> pd.DataFrame:
    """The flares as list `name` has them: in `difference_fraction` of them it differs from what was observed.

    A fifth each: absent; class off by a tenth; peak late by a minute; end late by a minute; region not given, or its
    number off by one.
    """
    random = random_of("lists", seed, 1, *name.encode())
    chance, choice = random.random(len(flares)), random.integers(0, 5, len(flares))
    sign = random.choice([-1, 1], len(flares))
    differs = chance < difference_fraction
    flux = peak_flux_w_m2(flares["goes_class"])
    tenth = 10.0 ** np.floor(np.log10(flux * (1 + 1e-9)) - 1) if len(flares) else flux
    number = flares["noaa_ar"].to_numpy()
    # Never below the first of its letter: that is how classes are rounded.
    other_class = goes_class(np.maximum(flux + sign * tenth, 10 * tenth))
    listed = flares.assign(
        goes_class=np.where(differs & (choice == 1), other_class, flares["goes_class"]),
        noaa_ar=np.where(differs & (choice == 4), np.where(sign > 0, 0, number - (number > 0)), number),  # noqa: PLR2004
    )
    for kind, column in ((2, "peak_time"), (3, "end_time")):
        time = listed[column].to_numpy(dtype="datetime64[m]")
        shifted = time + np.where(differs & (choice == kind), 1, 0) * MINUTE
        listed[column] = np.datetime_as_string(shifted, unit="m") if len(listed) else listed[column]
    return listed[~(differs & (choice == 0))].reset_index(drop=True)


def of_year(flares: pd.DataFrame, year: int) -> pd.DataFrame:
    """Flares that start in `year` (UTC)."""
    return flares[flares["start_time"].str[:4] == str(year)].reset_index(drop=True)


def ncei_report(flares: pd.DataFrame, year: int) -> str:
    """Yearly GOES flare report of NCEI (fixed width), one line a flare: times, place, class, satellite, region."""
    with_satellite = year >= FIRST_YEAR_WITH_SATELLITE
    lines = [_ncei_line(flare, with_satellite=with_satellite) for flare in flares.itertuples(index=False)]
    return "".join(line + "\r\n" for line in lines)


def _ncei_line(flare: Any, *, with_satellite: bool) -> str:
    start, peak, end = (getattr(flare, name) for name in TIMES)
    day = start[2:4] + start[5:7] + start[8:10]
    hours = [time[11:13] + time[14:16] for time in (start, end, peak)]
    # A place is told where H-alpha saw the flare too: one in five.
    seen = flare.noaa_ar > 0 and int(start[15]) % 5 == 0
    place = _place(flare) + "SF" if seen else ""
    letter, tenths = flare.goes_class[0], round(10 * float(flare.goes_class[1:]))
    satellite = SATELLITE if with_satellite else "GOES"
    minutes = (np.datetime64(end) - np.datetime64(start)) / MINUTE
    fluence = peak_flux_w_m2([flare.goes_class])[0] * 60 * minutes * 0.5
    mantissa, exponent = f"{fluence:.1E}".split("E")
    region = f" {flare.noaa_ar:5d}" if flare.noaa_ar else (" " if with_satellite else "")
    return (
        f"{SWPC_STATION}{day}  {' '.join(hours)} {place:<31}{letter}{tenths:3d}    {satellite:<4} "
        f"{mantissa}E{int(exponent):+03d}{region}"
    )


def _place(flare: Any) -> str:
    north_south, east_west = "NS"[flare.latitude_deg < 0], "WE"[flare.longitude_deg < 0]
    return f"{north_south}{abs(flare.latitude_deg):02d}{east_west}{abs(flare.longitude_deg):02d}"


def hek_events(flares: pd.DataFrame) -> list[dict[str, Any]]:
    """Events of HEK, as its web service gives them: flares of SWPC's list, place 0, 0 where no region is known."""
    events = [_hek_event(flare) for flare in flares.itertuples(index=False)]
    return sorted(events, key=lambda event: (event["event_starttime"], event["kb_archivid"]))


def _hek_event(flare: Any) -> dict[str, Any]:
    start, peak, end = (f"{getattr(flare, name)}:00" for name in TIMES)
    known = flare.noaa_ar > 0
    longitude, latitude = (flare.longitude_deg, flare.latitude_deg) if known else (0, 0)
    next_day = str(np.datetime64(start[:10]) + np.timedelta64(1, "D"))
    stamp = "".join(character for character in start if character.isdigit())
    region = f"{flare.noaa_ar:05d}" if known else "00000"
    return {
        "SOL_standard": f"SOL{start}L{(longitude + 360) % 360:03d}C{90 - latitude:03d}",
        "active": "true",
        "ar_noaanum": int(flare.noaa_ar),
        "event_coord1": longitude,
        "event_coord2": latitude,
        "event_coordsys": "UTC-HGS-TOPO",
        "event_coordunit": "degrees",
        "event_endtime": end,
        "event_peaktime": peak,
        "event_starttime": start,
        "event_type": "FL",
        "fl_goescls": flare.goes_class,
        "frm_daterun": f"{next_day}T00:00:00",
        "frm_name": "SWPC",
        "hgs_x": longitude,
        "hgs_y": latitude,
        "kb_archivdate": f"{next_day}T06:45:33",
        "kb_archivid": f"ivo://helio-informatics.org/FL_SECstandard_{next_day.replace('-', '')}_{stamp}_{region}",
        "obs_instrument": "GOES",
        "obs_observatory": "GOES",
        "revision": "1",
    }
