"""Forecasts of the whole disk, one a day, made of the forecasts of its regions.

On a day with issue time t each region counts with its latest forecast issued in (t - max_age, t]. The disk stays
without an event if every region does, and if no flare comes from elsewhere: from a region that has no forecast, or from
none.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from flaredag.errors import InputError

if TYPE_CHECKING:
    from numpy.typing import NDArray

    FloatArray = NDArray[np.float64]

SECONDS_PER_HOUR, SECONDS_PER_DAY = 3600, 86400


def issue_times_of_days(first: np.datetime64, last: np.datetime64, *, issue_hour: float) -> NDArray[np.datetime64]:
    """Every time in [`first`, `last`] at `issue_hour` (0 to 24, UTC) of a day, (day,), datetime64[s], ascending."""
    hour = round(issue_hour * SECONDS_PER_HOUR)
    begin, end = (time.astype("datetime64[s]").astype(np.int64) - hour for time in (first, last))
    days = np.arange(-(-begin // SECONDS_PER_DAY), end // SECONDS_PER_DAY + 1)
    return (days * SECONDS_PER_DAY + hour).astype("datetime64[s]")


def latest_forecasts(
    region: NDArray[np.int64],
    issue_time: NDArray[np.datetime64],
    days: NDArray[np.datetime64],
    *,
    max_age_hours: float,
) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Latest forecast of each region on each day: pairs of a forecast and a day, as indices into either, (pair,).

    A day with issue time t has of each region the latest forecast issued in (t - `max_age_hours`, t], none if there is
    none. `region` and `issue_time` are (forecast,); any integers tell regions apart; `days` (day,) are ascending.
    Raises InputError if a region has two forecasts of one time.
    """
    seconds = issue_time.astype("datetime64[s]").astype(np.int64)
    order = np.lexsort((seconds, region))
    region, seconds = region[order], seconds[order]
    same_region = region[1:] == region[:-1]
    if (same_region & (seconds[1:] == seconds[:-1])).any():
        first = int((same_region & (seconds[1:] == seconds[:-1])).argmax())
        raise InputError(
            f"region {region[first]}: two forecasts of {np.datetime64(int(seconds[first]), 's')}; wanted one of a "
            "model and seed for a region and time. Leave out the other."
        )
    # A forecast holds from its issue time until it is too old or there is a later one.
    ends = seconds + round(max_age_hours * SECONDS_PER_HOUR)
    ends[:-1] = np.where(same_region, np.minimum(ends[:-1], seconds[1:]), ends[:-1])
    day_seconds = days.astype("datetime64[s]").astype(np.int64)
    first_day, end_day = np.searchsorted(day_seconds, seconds), np.searchsorted(day_seconds, ends)
    n_days = end_day - first_day
    forecast = np.repeat(np.arange(len(seconds)), n_days)
    day = np.repeat(first_day - np.cumsum(n_days) + n_days, n_days) + np.arange(len(forecast))
    return order[forecast], day


def disk_probability(probability: FloatArray, day: NDArray[np.int64], *, n_days: int, unseen_rate: float) -> FloatArray:
    """Probability of an event anywhere on the disk, (day,): 1 - (1 - `unseen_rate`) prod_i (1 - P_i).

    `probability` and `day` (index of a day) are (pair,), a region and day each; a day without any has `unseen_rate`.
    Guerra et al. 2020, eq. 1, with the regions that nobody sees for one region more.
    """
    without = np.full(n_days, 1 - unseen_rate)
    np.multiply.at(without, day, 1 - probability)
    return 1 - without


def unseen_rate(on_disk: NDArray[np.bool_], of_regions: NDArray[np.bool_]) -> float:
    """Probability that a day has an event that no region with a forecast gives.

    `on_disk`: whether the disk had an event, `of_regions`: whether a region with a forecast had one, (day,). It is the
    event rate of the days on which no such region had one: on the others nobody can tell, and counting them as days
    without would make it too low. Raises InputError where there is no such day.
    """
    quiet = ~of_regions
    if not quiet.any():
        raise InputError(
            f"regions gave an event on all of {len(quiet)} days of training; wanted some without, to tell how often "
            "flares come from elsewhere. Take a longer training split."
        )
    return float(on_disk[quiet].mean())
