"""What is told of members that can be combined all the same: missing forecasts, gaps, members that are alike."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from flaredag.members import Members

MONTH = np.timedelta64(28 * 86400, "s")


def peculiarities(members: Members) -> list[str]:
    """What is told of members that can be combined all the same, in words."""
    n_times = len(members.time)
    complete = ~np.isnan(members.probability).any(axis=1)
    notes = [f"{int(complete.sum())} of {n_times} windows have a forecast of every member."]
    for name, column in zip(members.names, members.probability.T, strict=True):
        missing = np.isnan(column)
        if missing.any():
            notes.append(
                f"{name}: missing in {int(missing.sum())} of {n_times} windows{_of_a_month(members, missing)}."
            )
        if np.ptp(column[~missing]) == 0:
            notes.append(f"{name}: every probability is {column[~missing][0]:.4g}: its correlations are not defined.")
    return notes + _alike(members) + _spacing(members)


def _of_a_month(members: Members, missing: NDArray[np.bool_]) -> str:
    """Where the longest run of missing forecasts lasts for a month or longer: when."""
    edges = np.flatnonzero(np.diff(np.concatenate([[False], missing, [False]]).astype(np.int8)))
    first, last = edges[::2], edges[1::2] - 1
    lasts = members.time[last] - members.time[first] + _window(members)
    longest = int(lasts.argmax())
    if lasts[longest] < MONTH:
        return ""
    days = (members.time[[first[longest], last[longest]]]).astype("datetime64[D]")
    return f", for a month or longer from {days[0]} to {days[1]}"


def _alike(members: Members) -> list[str]:
    """Members whose forecasts are the same."""
    notes = []
    for second in range(len(members.names)):
        for first in range(second):
            pair = members.probability[:, [first, second]]
            if np.array_equal(pair[:, 0], pair[:, 1], equal_nan=True):
                notes.append(
                    f"{members.names[first]} and {members.names[second]} are identical: only the sum of their weights "
                    "is determined, not each."
                )
    return notes


def _spacing(members: Members) -> list[str]:
    """Windows that overlap, and times without one."""
    steps, window = np.diff(members.time), _window(members)
    notes = []
    if (steps < window).any():
        notes.append(
            f"{int((steps < window).sum())} of {len(members.time)} windows begin before the one before has ended: "
            "their outcomes are not independent."
        )
    gaps = steps > window
    if gaps.any():
        longest = int(steps.argmax())
        notes.append(
            f"Windows do not follow each other at {int(gaps.sum())} places; the longest gap is from "
            f"{members.time[longest]} to {members.time[longest + 1]}."
        )
    return notes


def _window(members: Members) -> np.timedelta64:
    return np.timedelta64(round(members.window_hours * 3600), "s")
