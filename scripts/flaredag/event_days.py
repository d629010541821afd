"""Days with an event: whether a flare between two classes began in the window of a forecast of the whole disk."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from flaredag.errors import InputError
from flaredag.goes import reaches, threshold_w_m2
from flaredag.listed_flares import within_periods
from flaredag.outcomes import full_disk_outcomes

if TYPE_CHECKING:
    import pandas as pd
    from numpy.typing import NDArray

NOT_COVERED = -1


def event_name(least_class: str, below_class: str = "") -> str:
    """Name of an event, flares of `least_class` or above ("M1.0"), or of those below another ("M1.0 to X1.0").

    InputError where a class is none, or they are not in this order.
    """
    if not below_class:
        threshold_w_m2(least_class)
        return least_class
    if not threshold_w_m2(least_class) < threshold_w_m2(below_class):
        raise InputError(
            f"event: flares from {least_class} to below {below_class}; wanted the weaker class first. Exchange them."
        )
    return f"{least_class} to {below_class}"


def event_days(
    flares: pd.DataFrame,
    covered: pd.DataFrame,
    begins: NDArray[np.datetime64],
    *,
    window_hours: float,
    least_class: str,
    below_class: str = "",
) -> NDArray[np.int8]:
    """Outcome of each window, (time,): 1 with an event, 0 without, `NOT_COVERED` where the flare list tells nothing.

    `flares` are all of a list, those without a region too (`start_time`, `peak_flux`), and `covered` the periods that
    it covers (`begin`, `end`); `begins` are the starts of the windows, UTC. An event is a flare of `least_class` or
    above, and if given below `below_class`, that starts in (begin, begin + window]. Guerra et al. 2020, section 2,
    count flares of class M by themselves: 189 days of 2014 to 2016; with those of class X there are 197.
    """
    if below_class:
        flares = flares[~reaches(flares["peak_flux"], threshold_w_m2(below_class))]
    occurred = full_disk_outcomes(
        flares, begins, horizon_hours=window_hours, threshold_w_m2=threshold_w_m2(least_class)
    )
    ends = begins + np.timedelta64(round(window_hours * 3600), "s")
    return np.where(within_periods(begins, ends, covered), occurred, NOT_COVERED).astype(np.int8)


def compared_outcomes(
    outcome: NDArray[np.int8], by_other: NDArray[np.int8], begins: NDArray[np.datetime64], *, other: str
) -> list[str]:
    """In words, in how many windows (time,) the list `other`, which need not cover all, tells another outcome."""
    known = by_other != NOT_COVERED
    missed, added = known & (outcome > by_other), known & (outcome < by_other)
    told = f"Of {int(known.sum())} windows that {other} covers, {int(outcome[known].sum())} have an event"
    if not (missed.any() or added.any()):
        return [f"{told}; it tells the same."]
    first = begins[int((missed | added).argmax())]
    return [f"{told}; it lacks {int(missed.sum())} of these and has {int(added.sum())} others, the first on {first}."]
