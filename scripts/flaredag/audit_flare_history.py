"""The leak audit of the flare history: whether a feature knows what a flare in progress will become."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from flaredag.altered_future import altered_flares_in_progress, changed_windows
from flaredag.audit import CLEAN, DECLARED, LEAK, REPORTED, Finding, is_declared
from flaredag.flare_history import HISTORY_FEATURES
from flaredag.study_windows import REGION_LIMIT, make_windows
from flaredag.windows import count_flares, flares_of_regions

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    import pandas as pd
    from numpy.typing import NDArray

    from flaredag.samples import StudyWindows

CHECK, SUBJECT = "flare_in_progress_is_known", "flare history"
# The setting that a study names where it declares the leak.
KNOWN_FROM = "flare_history.known_from"
_SECOND = np.timedelta64(1, "s")


def findings_of_flare_history(
    windows: StudyWindows,
    records: pd.DataFrame,
    flares: pd.DataFrame,
    images: pd.DataFrame | None,
    *,
    settings: Mapping[str, Any],
    declared_leaks: Sequence[Mapping[str, Any]],
) -> list[Finding]:
    """Whether windows, made again with flares in progress that become others, are the same.

    `windows` of any task, and the tables and columns of cubes that they were made from; nothing is told of a study
    without `flare_history`. The flares are those in progress when most windows were issued between the start and the
    peak of a flare of their region. A feature of the flare history that changes is a leak, unless the study declares it
    (setting `KNOWN_FROM`). Activity observed before the issue time, which counts flares from their start on, is
    reported.
    """
    if "flare_history" not in settings:
        return []
    code = records["instrument"].map({name: i for i, name in enumerate(windows.instruments)})
    own = records[code.notna()].assign(region_code=(code * REGION_LIMIT + records["region"])[code.notna()])
    region_flares = flares_of_regions(flares, own.astype({"region_code": np.int64}))
    region_code = windows.instrument * np.int64(REGION_LIMIT) + windows.region
    rising = flare_rises(region_code, windows.issue_time, region_flares)
    if not rising.any():
        text = "cannot be decided: no window was issued between the start and the peak of a flare of its region"
        return [Finding(CHECK, SUBJECT, REPORTED, 0, text)]
    times, n_rising = np.unique(windows.issue_time[rising], return_counts=True)
    cut = times[np.argmax(n_rising)]
    regions = np.unique(region_code[rising & (windows.issue_time == cut)])
    chosen = own[own["region_code"].isin(regions)].drop(columns="region_code")
    made, _ = make_windows(chosen, altered_flares_in_progress(flares, cut), images, settings=settings)
    after = next(iter(made.values()))
    changed, _ = changed_windows(windows, after, cut, among=np.isin(region_code, regions))
    told = f"{len(regions)} windows issued at {cut}Z, between the start and the peak of a flare of their region"
    found = Finding(CHECK, SUBJECT, CLEAN, len(regions), f"{told}, are the same whatever the flare becomes")
    guilty = {name: changed[name] for name in HISTORY_FEATURES if changed.get(name)}
    if guilty:
        declared = is_declared(declared_leaks, KNOWN_FROM, settings["flare_history"]["known_from"])
        named = ", ".join(f"{name} ({n})" for name, n in guilty.items())
        text = f"of {told}, some change with what the flare becomes: {named}"
        found = Finding(CHECK, SUBJECT, DECLARED if declared else LEAK, max(guilty.values()), text)
    if not changed["strong_before"]:
        return [found]
    text = f"of {told}, some tell of a strong flare before the issue time that had begun and not peaked"
    return [found, Finding(CHECK, "activity before the issue time", REPORTED, changed["strong_before"], text)]


def flare_rises(
    region_code: NDArray[np.int64], issue_time: NDArray[np.datetime64], flares: pd.DataFrame
) -> NDArray[np.bool_]:
    """Whether a flare of the region had begun before the issue time and not peaked, (sample,).

    `flares` (`flaredag.windows.flares_of_regions`) has `region_code`, `start_time` and `peak_time`.
    """
    flares = flares[flares["peak_time"].notna()]
    of_region = flares["region_code"].to_numpy(dtype=np.int64)
    start, peak = (flares[name].to_numpy(dtype="datetime64[s]") for name in ("start_time", "peak_time"))
    if not len(start):
        return np.zeros(len(issue_time), dtype=bool)
    before_all = np.full(len(issue_time), start.min() - _SECOND)
    begun = count_flares(region_code, before_all, issue_time - _SECOND, of_region, start, closed="right")
    peaked = count_flares(region_code, before_all, issue_time - _SECOND, of_region, peak, closed="right")
    return begun > peaked
