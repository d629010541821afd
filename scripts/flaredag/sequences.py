"""Sequences of a region's magnetograms that lead up to a strong flare, for forecasts that are looked at one by one."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from flaredag.cubes import cube_stem, read_cube
from flaredag.errors import InputError
from flaredag.goes import reaches, threshold_w_m2
from flaredag.windows import ACTIVITY, EVOLUTION, count_flares

if TYPE_CHECKING:
    from pathlib import Path

    import pandas as pd
    from numpy.typing import NDArray

    from flaredag.samples import StudyWindows

QUIET, STRONG = EVOLUTION.index("QUIET->QUIET"), ACTIVITY.index("STRONG")
UNKNOWN = -1


@dataclass(frozen=True)
class RegionSequence:
    """Frames of a region, ascending in time: (frame,) arrays of equal length, at least one.

    `issue_time`: UTC; `label`: 1 if a strong flare starts within the horizon, 0 if none does, -1 where that is not
    known; `frame`: record of the cube of the stem `cube` ("sharp-3").
    """

    instrument: str
    region: int
    cube: str
    issue_time: NDArray[np.datetime64]
    label: NDArray[np.int8]
    frame: NDArray[np.int64]


def choose_regions(windows: StudyWindows, instrument: str, n: int) -> list[int]:
    """At most `n` regions of `instrument` that go from quiet to flare-imminent, the best first.

    A region counts if `flare_imminent_span` finds in it a window without any flare before and after, and later some
    that end before a strong flare. Regions are ranked by the lesser of the numbers of both kinds in the span, as both
    are to be seen; then by windows in the span; the rest by number.
    """
    own = windows.instrument == _code_of(windows, instrument)
    ranked = []
    for region in np.unique(windows.region[own]):
        at = _windows_of(windows, instrument, int(region))
        evolution = windows.evolution[at]
        span = flare_imminent_span(evolution, windows.issue_time[at])
        if span is not None:
            inside = evolution[span[0] : span[1] + 1]
            n_quiet, n_strong = int((inside == QUIET).sum()), int((inside % len(ACTIVITY) == STRONG).sum())
            ranked.append((-min(n_quiet, n_strong), -len(inside), int(region)))
    return [region for _, _, region in sorted(ranked)[:n]]


def flare_imminent_span(evolution: NDArray[np.int8], issue_time: NDArray[np.datetime64]) -> tuple[int, int] | None:
    """First and last of a region's windows between quiet and a strong flare, or None where it never goes from one.

    `evolution` (index into `EVOLUTION`) and `issue_time` are (window,), ascending in time. The last is the last window
    before the flare: of the first windows in a row, after one without any flare before and after, that have a strong
    flare ahead and none behind. The first is the latest window without any flare that lies as long before the first of
    those as the last lies after it, or the earliest one where there is none.
    """
    seconds = issue_time.astype("datetime64[s]").astype(np.int64)
    behind, ahead = np.divmod(evolution, len(ACTIVITY))
    quiet = np.flatnonzero(evolution == QUIET)
    imminent = (ahead == STRONG) & (behind != STRONG)
    imminent[: quiet[0] if len(quiet) else len(imminent)] = False
    if not imminent.any():
        return None
    start = int(np.argmax(imminent))
    after = np.flatnonzero(~imminent[start:])
    last = start + int(after[0]) - 1 if len(after) else len(imminent) - 1
    early = quiet[(quiet < start) & (seconds[quiet] <= 2 * seconds[start] - seconds[last])]
    return int(early[-1]) if len(early) else int(quiet[0]), last


def sequence_of_windows(windows: StudyWindows, instrument: str, region: int, *, n_frames: int) -> RegionSequence:
    """At most `n_frames` last magnetograms of a region's windows, evenly spaced in time, up to a strong flare.

    The span is that of `flare_imminent_span`, else all windows of the region. `label` is 1 where a strong flare starts
    in the prediction period of the window (Sun et al. 2022, Figure 13), whatever the study labels. Raises InputError
    where the region has no window or the study took no magnetograms.
    """
    images = windows.images
    if images is None:
        raise InputError("the study's windows have no magnetograms; wanted windows of an archive with cubes.")
    at = _windows_of(windows, instrument, region)
    if not len(at):
        numbers = np.unique(windows.region[windows.instrument == _code_of(windows, instrument)])
        raise InputError(
            f"{instrument} {region}: no window of it; the study has {len(numbers)} regions of {instrument}, "
            f"{numbers.min() if len(numbers) else '-'} to {numbers.max() if len(numbers) else '-'}. Name one of them."
        )
    span = flare_imminent_span(windows.evolution[at], windows.issue_time[at])
    if span is not None:
        at = at[span[0] : span[1] + 1]
    at = at[evenly_spaced(windows.issue_time[at], n_frames)]
    cubes = sorted({images.cubes[cube] for cube in images.cube[at]})
    if len(cubes) > 1:
        raise InputError(f"{instrument} {region}: its magnetograms lie in {' and '.join(cubes)}; wanted one cube.")
    return RegionSequence(
        instrument=instrument,
        region=region,
        cube=cubes[0],
        issue_time=windows.issue_time[at].astype("datetime64[s]"),
        label=(windows.evolution[at] % len(ACTIVITY) == STRONG).astype(np.int8),
        frame=images.frame[at].astype(np.int64),
    )


def sequence_of_cube(
    path: str | Path, region: int, flares: pd.DataFrame, *, n_frames: int, horizon_hours: float, strong_class: str
) -> RegionSequence:
    """At most `n_frames` good magnetograms of a region of a cube, evenly spaced in time, through its strongest flare.

    `flares`: those of the region, `start_time` (UTC) and `peak_flux` (W m-2). The span reaches from the region's first
    good image to the first one after the start of the strongest flare of at least `strong_class`; to the last one where
    there is none. `label` is 1 where such a flare starts in (t, t + `horizon_hours`]; all are -1 where no flare at all
    is given, as the region may then be without a NOAA number. Raises InputError where the region has no good image.
    """
    with read_cube(path) as cube:
        instrument = str(cube.attrs["instrument"])
        numbers, bad = cube["region"].to_numpy(), cube["bad_image"].to_numpy().astype(bool)
        time = cube["time"].to_numpy()
    frame = np.flatnonzero((numbers == region) & ~bad)
    if not len(frame):
        raise InputError(
            f"{path}: no good image of region {region} ({int((numbers == region).sum())} images of it, "
            f"{len(np.unique(numbers))} regions in all); wanted some. Name another region or cube."
        )
    frame = frame[np.argsort(time[frame], kind="stable")]
    time: NDArray[np.datetime64] = time[frame].astype("datetime64[s]")
    strong = flares[reaches(flares["peak_flux"], threshold_w_m2(strong_class))]
    start = strong["start_time"].to_numpy(dtype="datetime64[s]")
    inside = (start > time[0]) & (start <= time[-1])
    if inside.any():
        strongest = start[inside][np.argmax(strong["peak_flux"].to_numpy()[inside])]
        last = int(np.searchsorted(time, strongest, side="left"))
        frame, time = frame[: last + 1], time[: last + 1]
    chosen = evenly_spaced(time, n_frames)
    frame, time = frame[chosen], time[chosen]
    one, one_of_flare = np.zeros(len(time), dtype=np.int64), np.zeros(len(start), dtype=np.int64)
    ends: NDArray[np.datetime64] = time + np.timedelta64(round(horizon_hours * 3600), "s")
    label = count_flares(one, time, ends, one_of_flare, start, closed="right") > 0
    return RegionSequence(
        instrument=instrument,
        region=region,
        cube=cube_stem(path),
        issue_time=time,
        label=np.where(len(flares) > 0, label, UNKNOWN).astype(np.int8),
        frame=frame.astype(np.int64),
    )


def evenly_spaced(time: NDArray[np.datetime64], n_frames: int) -> NDArray[np.int64]:
    """Places of at most `n_frames` of the ascending times, the first and the last among them, ascending.

    Each is the nearest (the earlier of two) to one of so many moments evenly spaced between first and last; a time that
    is nearest to two of them is taken once. With one frame it is the last.
    """
    seconds = time.astype("datetime64[s]").astype(np.int64)
    moments = np.linspace(seconds[-1], seconds[0], n_frames)
    return np.unique(np.abs(seconds[:, None] - moments).argmin(axis=0))


def _windows_of(windows: StudyWindows, instrument: str, region: int) -> NDArray[np.int64]:
    """Places of a region's windows, ascending in time."""
    at = np.flatnonzero((windows.instrument == _code_of(windows, instrument)) & (windows.region == region))
    return at[np.argsort(windows.issue_time[at], kind="stable")]


def _code_of(windows: StudyWindows, instrument: str) -> int:
    if instrument not in windows.instruments:
        raise InputError(f"instrument {instrument!r} is not in the study; it has {', '.join(windows.instruments)}.")
    return windows.instruments.index(instrument)
