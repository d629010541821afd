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
    start_uncertainty (s, half its width). A contradiction is a flare that must be in a list and is not; it
    keeps the bounds of the lists that hold it.
    """
    seconds = time.astype("datetime64[s]").astype(np.int64)
    horizon = horizon_hours * 3600
    found: list[tuple[int, str, int, int]] = []
    n_contradictions = 0
    open_flares: dict[str, list[list[int]]] = {}  # class -> [earliest, latest] of each, in order of entry
    previous_region, previous_time = None, 0
    for one_region, now, names in zip(region.tolist(), seconds.tolist(), classes, strict=True):
        if one_region != previous_region:
            _close(open_flares, found, previous_region)
            previous_region, previous_time = one_region, now - horizon - 1
        elif not names and not open_flares:
            previous_time = now
            continue
        wanted: dict[str, int] = {}
        for name in names:
            wanted[name] = wanted.get(name, 0) + 1
        earliest = max(now, previous_time + horizon + 1)
        for name in {**open_flares, **wanted}:
            flares = open_flares.get(name, [])
            can_stay = [flare for flare in flares if flare[1] >= now]
            n_stay = min(len(can_stay), wanted.get(name, 0))
            staying = can_stay[len(can_stay) - n_stay :]
            for flare in flares[: len(flares) - n_stay]:
                n_contradictions += flare[0] >= now
                latest = min(flare[1], now - 1) if flare[0] < now else flare[1]
                found.append((one_region, name, flare[0], latest))
            for flare in staying:
                flare[0] = max(flare[0], now)
            entering = [[earliest, now + horizon] for _ in range(wanted.get(name, 0) - n_stay)]
            if staying or entering:
                open_flares[name] = staying + entering
            else:
                open_flares.pop(name, None)
        previous_time = now
    _close(open_flares, found, previous_region)
    flares = pd.DataFrame(found, columns=["region", "goes_class", "earliest", "latest"])
    middle = (flares["earliest"] + flares["latest"]) // 2
    return (
        pd.DataFrame(
            {
                "region": flares["region"].astype(np.int64),
                "goes_class": flares["goes_class"],
                "start_time": middle.to_numpy(dtype=np.int64).astype("datetime64[s]"),
                "start_uncertainty": (flares["latest"] - flares["earliest"]).to_numpy(dtype=np.float64) / 2,
            }
        ),
        n_contradictions,
    )


def _close(open_flares: dict[str, list[list[int]]], found: list, region: int | None) -> None:
    for name, flares in open_flares.items():
        found.extend((region, name, earliest, latest) for earliest, latest in flares)
    open_flares.clear()
