"""Poisson forecasts: probabilities of other windows, and of the whole disk from the flare rates of McIntosh classes.

MCSTAT (Gallagher, Moon & Wang 2002, Solar Physics 209, 171; Bloomfield et al. 2012, ApJ 747, L41): a group of sunspots
flares at the mean rate of its class.
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from flaredag.errors import InputError
from flaredag.full_disk import disk_probability
from flaredag.goes import threshold_w_m2
from flaredag.tables import numbers

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from numpy.typing import NDArray

    FloatArray = NDArray[np.float64]

# Of the table of counts: McIntosh class, flares of each letter, days on which a group was of the class.
CLASS, DAYS = "CLS", "N"
COUNTED = ("C", "M", "X")


def probability_over(probability: FloatArray, *, hours: float, wanted_hours: float) -> FloatArray:
    """Probability of an event in `wanted_hours` if that in `hours` is `probability`: 1 - (1 - p)^(wanted / hours).

    Flares of a Poisson process with one rate for both windows; Guerra et al. 2020, section 2, so convert 12 to 24
    hours. NaN stays NaN.
    """
    return 1 - (1 - probability) ** (wanted_hours / hours)


def converted_windows(
    probability: FloatArray,
    names: Sequence[str],
    *,
    hours_of_members: Mapping[str, float],
    window_hours: float,
    where: str | Path,
) -> tuple[FloatArray, list[str]]:
    """`probability` (time, member), those of `hours_of_members` converted to `window_hours`, and what is told of it.

    InputError that begins with `where` if it names a member that is not there.
    """
    unknown = [name for name in hours_of_members if name not in names]
    if unknown:
        raise InputError(
            f"{where}: hours_of_members names {', '.join(unknown)}; members are {', '.join(names)}. Name these only."
        )
    converted, notes = probability.copy(), []
    for name, hours in hours_of_members.items():
        column = list(names).index(name)
        converted[:, column] = probability_over(probability[:, column], hours=hours, wanted_hours=window_hours)
        notes.append(f"{name}: converted from windows of {hours:g} to {window_hours:g} hours, as of a Poisson process.")
    return converted, notes


def read_class_counts(path: str | Path) -> pd.DataFrame:
    """Flares by McIntosh class: columns `COUNTED` and `DAYS`, the class as "Axx" its index.

    The file is a text in columns, with remarks before the line of headings. InputError where it has no such line, a
    line is no class, a class stands twice or was seen on no day.
    """
    try:
        lines = [line.split() for line in Path(path).read_text(encoding="latin1").splitlines()]
    except OSError as error:
        raise InputError(f"{path}: not readable ({error}). Delete the file to have it fetched again.") from error
    headings = [CLASS, *COUNTED, DAYS]
    if headings not in lines:
        raise InputError(f"{path}: no line of headings {' '.join(headings)}. Delete the file to have it fetched again.")
    rows = [line for line in lines[lines.index(headings) + 1 :] if line]
    bad = next((row for row in rows if len(row) != len(headings)), None)
    if bad or not rows:
        raise InputError(
            f"{path}: {' '.join(bad or ['nothing'])!r} below the headings {' '.join(headings)}; wanted a class and "
            "four numbers a line. Delete the file to have it fetched again."
        )
    table = pd.DataFrame(rows, columns=headings)
    counts = table[[*COUNTED, DAYS]].apply(numbers, path=path).set_axis(table[CLASS].str.capitalize(), axis=0)
    repeated, unseen = counts.index[counts.index.duplicated()], counts.index[~(counts[DAYS] > 0)]
    if len(repeated) or len(unseen):
        found = f"{', '.join(repeated)} repeated" if len(repeated) else f"{', '.join(unseen)} without days"
        raise InputError(
            f"{path}: class {found}; wanted each once, with the days it was seen on. Delete the file to have it "
            "fetched again."
        )
    return counts


def rates_of_classes(counts: pd.DataFrame, *, least_class: str, below_class: str = "") -> tuple[pd.Series, float]:
    """Flares a day of a group, by McIntosh class, and of all classes together.

    They are those of `least_class` or above, and if given below `below_class`; `counts` as of `read_class_counts`.
    InputError where a class does not begin a letter that is counted: the table tells no more.
    """
    wanted = [f"{letter}1.0" for letter in COUNTED]
    for given in (least_class, below_class):
        if given and given not in wanted:
            raise InputError(
                f"event: {given} found, but flares are counted by letter; wanted {', '.join(wanted)}. Take another "
                "event for forecasts from classes."
            )
    letters = [
        letter
        for letter, each in zip(COUNTED, wanted, strict=True)
        if threshold_w_m2(each) >= threshold_w_m2(least_class)
        and not (below_class and threshold_w_m2(each) >= threshold_w_m2(below_class))
    ]
    flares = counts[letters].sum(axis=1)
    return flares / counts[DAYS], float(flares.sum() / counts[DAYS].sum())


def probabilities_from_classes(
    groups: pd.DataFrame, days: NDArray[np.datetime64], rates: pd.Series, *, rate_of_others: float, window_hours: float
) -> tuple[FloatArray, list[str]]:
    """Probability of an event anywhere on the disk on each of the `days` (day,), and what is told of it.

    `groups`: `issue_time` and `mcintosh`, a row a group and daily summary; of a day those count whose summary is issued
    on it. P = 1 - prod(1 - P_i) with P_i = 1 - exp(-rate of the class x window); a group whose class has no rate has
    `rate_of_others`, as one of a class that is not known, and a day without groups has P = 0.
    """
    issued = groups["issue_time"].to_numpy(dtype="datetime64[D]")
    day = np.searchsorted(days.astype("datetime64[D]"), issued)
    own = np.isin(issued, days.astype("datetime64[D]"))
    classes = groups["mcintosh"].str.capitalize()[own]
    rate = classes.map(rates)
    expected = rate.fillna(rate_of_others).to_numpy(dtype=np.float64) * window_hours / 24
    probability = disk_probability(1 - np.exp(-expected), day[own], n_days=len(days), unseen_rate=0.0)
    unknown = classes[rate.isna()]
    notes = [f"{len(days) - len(np.unique(day[own]))} of {len(days)} days have no group with spots: probability 0."]
    if len(unknown):
        told = ", ".join(sorted(set(unknown)))
        notes.append(
            f"{len(unknown)} of {len(classes)} groups are of classes without a rate ({told}): they have the mean of "
            f"all classes, {rate_of_others:.3g} flares a day."
        )
    return probability, notes
