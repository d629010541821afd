"""A flare list rebuilt from the lists of flares in sliding windows.

Some published samples give, with each record, the classes of the region's flares in the hours after
it, and no flare times. A flare enters such lists when its start comes within the horizon and leaves when
the record's time passes it, so the records around its entry and its exit bound its start.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray


def flares_from_sliding_lists(
    region: NDArray[np.int64],
    time: NDArray[np.datetime64],
    classes: Sequence[Sequence[str]],
    *,
    horizon_hours: int,
) -> tuple[pd.DataFrame, int]:
    """Flares whose starts agree with every list, and the number of contradictions met.

    `classes` holds, for each record, the classes of the flares with time <= start <= time + horizon, in any
    order; records are sorted by region and time. Flares of one class in one region cannot be told apart, so
    as few as possible are assumed. Returns columns region, goes_class, start_time (middle of what is known),
    start_uncertainty (s, half its width). Where no flares agree with all lists of a class in a region, those
    returned are in every list that names them, and a contradiction is one that is in a list without it.
    """
    seconds = time.astype("datetime64[s]").astype(np.int64)
    first_records = np.flatnonzero(np.diff(region, prepend=region[:1] - 1))
    ends = np.append(first_records, len(region))[1:]
    none = np.empty(0, dtype=np.int64)
    found = [pd.DataFrame({"region": none, "goes_class": none.astype(object), "earliest": none, "latest": none})]
    n_contradictions = 0
    for first, end in zip(first_records.tolist(), ends.tolist(), strict=True):
        names = sorted({name for listed in classes[first:end] for name in listed})
        if not names:
            continue
        held = np.array([[listed.count(name) for name in names] for listed in classes[first:end]])
        points, n_starts, contradicting = _fewest_starts(seconds[first:end], held, horizon_hours * 3600)
        n_contradictions += int(n_starts[contradicting].sum())
        interval, code = (axis.repeat(n_starts[n_starts > 0]) for axis in np.nonzero(n_starts))
        found.append(
            pd.DataFrame(
                {
                    "region": region[first],
                    "goes_class": np.array(names, dtype=object)[code],
                    "earliest": points[interval - 1] + 1,
                    "latest": points[interval],
                }
            )
        )
    flares = pd.concat(found, ignore_index=True)
    middle = (flares["earliest"] + flares["latest"]) // 2
    flares["start_time"] = middle.to_numpy().astype("datetime64[s]")
    flares["start_uncertainty"] = (flares["latest"] - flares["earliest"]) / 2
    return flares.drop(columns=["earliest", "latest"]), n_contradictions


def _fewest_starts(
    time: NDArray[np.int64], held: NDArray[np.int64], horizon: int
) -> tuple[NDArray[np.int64], NDArray[np.int64], NDArray[np.bool_]]:
    """Points in time, s, and how many flares start after each point's predecessor and up to it, (point, class).

    With N(t) the number of starts up to t, the list of a record holds N(time + horizon) - N(time - 1) flares, `held`
    (record, class). Of all N that fulfil this for every list, the least is found by raising N from 0 wherever a list
    asks for more. Third, (point, class): whether these flares are in a list that does not hold them.
    """
    points = np.unique(np.concatenate([time - 1, time + horizon]))
    before, end = np.searchsorted(points, time - 1), np.searchsorted(points, time + horizon)
    started = np.zeros((len(points), held.shape[1]), dtype=np.int64)
    contradictory = np.zeros(held.shape[1], dtype=bool)
    while True:
        raised = started.copy()
        raised[end] = np.maximum(raised[end], raised[before] + held)
        # A list that holds fewer wants the others to have started before it; contradictory ones are not heard.
        raised[before] = np.maximum(raised[before], np.where(contradictory, 0, raised[end] - held))
        np.maximum.accumulate(raised, axis=0, out=raised)
        if (raised == started).all():
            break
        # Lists that agree never ask for more flares than they hold in all.
        failed = (raised > held.sum(axis=0)).any(axis=0)
        contradictory |= failed
        started = np.where(failed, 0, raised)
    n_starts = np.diff(started, axis=0, prepend=0)
    too_many = started[end] - started[before] > held
    point = np.arange(len(points))[:, None]
    within = (before < point) & (point <= end)
    return points, n_starts, within @ too_many
