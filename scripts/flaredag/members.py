"""Members of a combination: probabilities that several forecasts gave the same event on one clock, and what came of it.

In a file the dims are (time, member). A forecast that is missing is NaN; nothing stands for it.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np
import xarray as xr

from flaredag.artifacts import write_netcdf
from flaredag.errors import InputError
from flaredag.predictions import FLAG_MEANING, TIME_UNITS

if TYPE_CHECKING:
    from pathlib import Path

    from numpy.typing import NDArray

LEAST_MEMBERS = 2
VARIABLES = ("time", "member", "probability", "outcome")
OF_FILE = ("window_hours", "event", "source")


@dataclass(frozen=True)
class Members:
    """Forecasts of one event by some members.

    `time`: start of each forecast window, UTC, datetime64[s], ascending, (time,); `names` of the members; `probability`
    of the event, (time, member) float64, NaN where missing; `outcome`: 1 if the event occurred, else 0, (time,) int8;
    `window_hours`: length of the windows; `event`: its name (`flaredag.event_days.event_name`); `source`: where the
    forecasts are from, in words.
    """

    time: NDArray[np.datetime64]
    names: tuple[str, ...]
    probability: NDArray[np.float64]
    outcome: NDArray[np.int8]
    window_hours: float
    event: str
    source: str

    def at(self, kept: NDArray[np.bool_] | NDArray[np.intp]) -> Members:
        """The windows `kept` alone: a mask, (time,), or their indices."""
        time, probability, outcome = self.time[kept], self.probability[kept], self.outcome[kept]
        return replace(self, time=time, probability=probability, outcome=outcome)


def check_members(members: Members, where: str | Path) -> None:
    """InputError that begins with `where` if what the fields of `Members` promise does not hold."""
    n_times, n_members = len(members.time), len(members.names)
    shapes = (members.probability.shape, members.outcome.shape)
    if shapes != ((n_times, n_members), (n_times,)) or not n_times or not n_members:
        raise InputError(
            f"{where}: probabilities of shape {shapes[0]} and outcomes of shape {shapes[1]} for {n_times} windows and "
            f"{n_members} members; wanted one or more of each. Have it made again."
        )
    unfit = [name for name in members.names if not FLAG_MEANING.fullmatch(name)]
    repeated = sorted({name for name in members.names if members.names.count(name) > 1})
    if unfit or repeated:
        raise InputError(
            f"{where}: members {', '.join(map(repr, unfit or repeated))} {'are no fit names' if unfit else 'repeated'};"
            " wanted a name of letters, digits and _ - . + @ for each. Rename them."
        )
    late = members.time[1:] <= members.time[:-1]
    if np.isnat(members.time).any() or late.any():
        first = int(late.argmax())
        raise InputError(
            f"{where}: {int(late.sum())} of {n_times} windows do not begin after the one before; the first is at "
            f"{members.time[first + 1]} after {members.time[first]}. Wanted one forecast a window, in order. Keep one."
        )
    wrong = (members.probability < 0) | (members.probability > 1)
    if wrong.any():
        row, column = (int(axis[0]) for axis in np.nonzero(wrong))
        raise InputError(
            f"{where}: member {members.names[column]}: {members.probability[row, column]:g} at {members.time[row]}, "
            f"one of {int(wrong.sum())} such; wanted probabilities from 0 to 1, NaN where missing. Mend them."
        )
    if not np.isin(members.outcome, (0, 1)).all():
        raise InputError(f"{where}: outcomes {np.unique(members.outcome).tolist()}; wanted 0 and 1. Mend them.")
    if not members.window_hours > 0:
        raise InputError(f"{where}: windows of {members.window_hours} h; wanted a positive length. Mend it.")


def check_combinable(members: Members, where: str | Path) -> None:
    """InputError that begins with `where` if nothing can be learnt from combining the `members`.

    Wanted are two or more, none of them missing throughout, windows with an event and windows without.
    """
    if len(members.names) < LEAST_MEMBERS:
        raise InputError(
            f"{where}: {len(members.names)} member ({', '.join(members.names)}); wanted two or more to be combined. "
            "Add others."
        )
    absent = [name for name, column in zip(members.names, members.probability.T, strict=True) if np.isnan(column).all()]
    if absent:
        raise InputError(
            f"{where}: member {', '.join(absent)}: missing in all of {len(members.time)} windows from "
            f"{members.time[0]} to {members.time[-1]}; wanted forecasts of each. Leave it out, or give its forecasts."
        )
    n_events = int(members.outcome.sum())
    if n_events in (0, len(members.outcome)):
        raise InputError(
            f"{where}: {n_events} of {len(members.outcome)} windows have an event; wanted some with and some without: "
            "else no forecast is better than another. Take a longer time, or another event."
        )


def write_members(path: str | Path, members: Members) -> None:
    """Write `members` as netCDF, dims (time, member); InputError as of `check_members`, before anything is written."""
    check_members(members, path)
    attributes = {name: getattr(members, name) for name in OF_FILE}
    dataset = xr.Dataset(
        {
            "probability": (
                ("time", "member"),
                members.probability.astype(np.float64),
                {"long_name": "forecast probability of the event; NaN if missing", "units": "1"},
            ),
            "outcome": (
                "time",
                members.outcome.astype(np.int8),
                {"long_name": "whether the event occurred in the window", "units": "1"},
            ),
            "time": (
                "time",
                members.time.astype("datetime64[s]").astype(np.int64),
                {"long_name": "start of the forecast window, UTC", "units": TIME_UNITS, "calendar": "standard"},
            ),
            "member": ("member", np.array(members.names, dtype="S"), {"long_name": "name of the forecast"}),
        },
        attrs={"Conventions": "CF-1.11", "title": "members of a combination of forecasts", **attributes},
    )
    write_netcdf(path, dataset)


def read_members(path: str | Path) -> Members:
    """Members of a file of `write_members`; InputError where it cannot be read, is another file, or fails a check."""
    try:
        dataset = xr.load_dataset(path, decode_times=False)
    except (OSError, RuntimeError, ValueError) as error:
        raise InputError(f"{path}: cannot be read as netCDF ({error}). Delete it to have it made again.") from error
    missing = [name for name in VARIABLES if name not in dataset.variables]
    missing += [name for name in OF_FILE if name not in dataset.attrs]
    if missing:
        raise InputError(f"{path}: no {', '.join(missing)}; wanted a file of members. Delete it to have it made again.")
    members = Members(
        time=dataset["time"].to_numpy().astype("datetime64[s]"),
        names=tuple(dataset["member"].to_numpy().astype("U").tolist()),
        probability=dataset["probability"].to_numpy(),
        outcome=dataset["outcome"].to_numpy().astype(np.int8),
        window_hours=float(dataset.attrs["window_hours"]),
        event=str(dataset.attrs["event"]),
        source=str(dataset.attrs["source"]),
    )
    check_members(members, path)
    return members
