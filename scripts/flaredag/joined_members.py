"""Members from several sources on the windows that all have, forecasts of the whole disk by our models among them."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np

from flaredag.errors import InputError
from flaredag.members import Members

if TYPE_CHECKING:
    from collections.abc import Sequence

    import pandas as pd


def members_of_predictions(
    predictions: pd.DataFrame, *, seed: int, window_hours: float, event: str, source: str
) -> Members:
    """The models of a `seed` as members, on the days of split test of forecasts of the whole disk.

    `predictions` has the columns of flaredag.predictions; `source` names them. InputError where the seed has none, or
    models tell different outcomes.
    """
    own = predictions[(predictions["seed"] == seed) & (predictions["split"] == "test")]
    if own.empty:
        seeds = ", ".join(map(str, sorted(predictions["seed"].unique().tolist())))
        raise InputError(f"{source}: no forecast of seed {seed} in split test; there are seeds {seeds}. Take another.")
    wide = own.set_index(["issue_time", own["model"].astype(str)])["probability"].unstack("model")  # noqa: PD010
    outcomes = own.groupby("issue_time")["label"].agg(["min", "max"])
    differ = outcomes["min"] != outcomes["max"]
    if differ.any():
        raise InputError(
            f"{source}: models have different outcomes on {int(differ.sum())} of {len(outcomes)} days, the first "
            f"{differ.idxmax()}; wanted one event. Verify them against one flare list."
        )
    return Members(
        time=wide.index.to_numpy(dtype="datetime64[s]"),
        names=tuple(wide.columns),
        probability=wide.to_numpy(dtype=np.float64),
        outcome=outcomes["max"].to_numpy(dtype=np.int8),
        window_hours=window_hours,
        event=event,
        source=source,
    )


def joined_members(sources: Sequence[Members], names: Sequence[str]) -> tuple[Members, list[str]]:
    """Members of several sources on the windows that all of them have, and what is told of it.

    `names`: those that are taken, in this order; all, in the order of the sources, where it is empty. The outcome is
    that of the first source. Raises InputError where the sources forecast different events or windows, have no window
    in common, name a member twice, or lack one of `names`.
    """
    first = sources[0]
    for other in sources[1:]:
        for what in ("event", "window_hours"):
            if getattr(other, what) != getattr(first, what):
                raise InputError(
                    f"{first.source} forecasts {what} {getattr(first, what)}, {other.source} {getattr(other, what)}; "
                    "wanted the same of all members. Combine them apart, or convert the windows."
                )
    time = first.time
    for other in sources[1:]:
        time = np.intersect1d(time, other.time)
    told = "; ".join(f"{one.source}: {one.time[0]} to {one.time[-1]}" for one in sources)
    if not len(time):
        raise InputError(f"no window is common to all sources ({told}). Take sources of one time and clock.")
    parts = [one.at(np.searchsorted(one.time, time)) for one in sources]
    outcome = parts[0].outcome
    notes = []
    if len(sources) > 1:
        notes.append(f"{len(time)} windows are common to all sources ({told}).")
    for one, part in zip(sources[1:], parts[1:], strict=True):
        differ = part.outcome != outcome
        if differ.any():
            notes.append(
                f"{one.source} tells another outcome than {first.source} in {int(differ.sum())} windows, the first "
                f"{time[differ.argmax()]}: that of {first.source} is taken."
            )
    found = tuple(name for one in sources for name in one.names)
    missing = [name for name in names if name not in found]
    if missing:
        raise InputError(f"no member {', '.join(missing)}; the sources have {', '.join(found)}. Name one of these.")
    taken = [found.index(name) for name in names] if names else list(range(len(found)))
    joined = replace(
        parts[0],
        names=tuple(found[position] for position in taken),
        probability=np.concatenate([part.probability for part in parts], axis=1)[:, taken],
        source="; ".join(one.source for one in sources),
    )
    return joined, notes
