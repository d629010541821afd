"""What came of a forecast: whether a flare of the forecast's strength began in its window."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from flaredag.goes import reaches
from flaredag.windows import count_flares

if TYPE_CHECKING:
    import pandas as pd
    from numpy.typing import NDArray


def full_disk_outcomes(
    flares: pd.DataFrame, issue_times: NDArray[np.datetime64], *, horizon_hours: float, threshold_w_m2: float
) -> NDArray[np.bool_]:
    """Whether a flare of at least `threshold_w_m2` anywhere on the disk starts in (t, t + horizon] of each time t.

    `flares` has `start_time` (UTC) and `peak_flux` (W m-2), flares without a region among them; NaN is below every
    threshold. A flare that starts at the issue time is known by then and does not count.
    """
    strong = reaches(flares["peak_flux"], threshold_w_m2)
    start = flares["start_time"].to_numpy(dtype="datetime64[s]")[strong]
    begins: NDArray[np.datetime64] = issue_times.astype("datetime64[s]")
    ends: NDArray[np.datetime64] = begins + np.timedelta64(round(horizon_hours * 3600), "s")
    disk, disk_of_flare = np.zeros(len(begins), dtype=np.int64), np.zeros(len(start), dtype=np.int64)
    return count_flares(disk, begins, ends, disk_of_flare, start, closed="right") > 0
