"""The group of a patch that NOAA's latest daily summary tells of when a forecast is issued, and where it is by then."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import astropy.units as u
import numpy as np
import pandas as pd
from sunpy.sun.models import differential_rotation

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Times = NDArray[np.datetime64]

# Summaries are issued daily, at about 00:30 UTC but not to the minute; an older one is of a day without a text.
OLDEST_SUMMARY = np.timedelta64(30 * 3600, "s")
DAY = np.timedelta64(86400, "s")
PLAGE, DUE_TO_RETURN = "IA", "II"  # sections of a summary
PLACE = ("latitude_deg", "longitude_deg")
OF_SUMMARY = ("section", "mcintosh", "valid_time", *PLACE)
GROUP_COLUMNS = ("summarised", "listed", "plage", "mcintosh", "valid_time", *PLACE)


def largest_groups(
    noaa_ars: NDArray[Any], numbered: NDArray[np.bool_], issue_time: Times, summaries: pd.DataFrame | None
) -> pd.DataFrame:
    """Largest of a patch's groups in the latest daily summary that was issued by the issue time, a row a sample.

    `noaa_ars` (sample,): NOAA numbers of the patch, joined by commas; `numbered`: whether its source tells them, so
    that an empty one is a patch without a numbered region. `summaries` has the columns of
    `flaredag.region_summaries.SUMMARY_COLUMNS`; None or empty where there are none.

    Columns `GROUP_COLUMNS`: `summarised`, whether the source tells numbers and a summary of the last 30 hours is there;
    `listed`, whether that has a region of the patch on the disk; `plage`, whether one without spots; the others as in
    that summary, empty or missing where none is listed. A plage is smaller than any group; of two of one size the lower
    number counts.
    """
    n_samples = len(issue_time)
    known, found = np.zeros(n_samples, dtype=bool), pd.DataFrame(columns=["sample", *OF_SUMMARY])
    if summaries is not None and not summaries.empty and n_samples:
        issued, of_summary = np.unique(summaries["issue_time"].to_numpy(dtype="datetime64[s]"), return_inverse=True)
        latest = np.searchsorted(issued, issue_time, side="right") - 1
        known = numbered & (latest >= 0) & (issue_time - issued[latest] <= OLDEST_SUMMARY)
        # A plage has no area, and what has none given is smaller than what has one.
        area = summaries["area_microhemisphere"].fillna(-1.0) - (summaries["section"] == PLAGE)
        listed = summaries[["noaa_ar", *OF_SUMMARY]].assign(summary=of_summary, area=area)
        listed = listed[listed["section"] != DUE_TO_RETURN]
        patches = pd.DataFrame({"sample": np.flatnonzero(known), "summary": latest[known], "noaa_ar": noaa_ars[known]})
        patches["noaa_ar"] = patches["noaa_ar"].str.split(",")
        patches = patches.explode("noaa_ar")
        patches["noaa_ar"] = pd.to_numeric(patches["noaa_ar"], errors="coerce")
        patches = patches.dropna(subset="noaa_ar").astype({"noaa_ar": np.int64})
        found = patches.merge(listed, on=["summary", "noaa_ar"])
        found = found.sort_values(["sample", "area", "noaa_ar"], ascending=[True, False, True])
    groups = found.drop_duplicates("sample").set_index("sample").reindex(np.arange(n_samples))
    return pd.DataFrame(
        {
            "summarised": known,
            "listed": groups["section"].notna(),
            "plage": groups["section"] == PLAGE,
            "mcintosh": groups["mcintosh"].fillna("").astype(str),
            "valid_time": groups["valid_time"].astype("datetime64[s]"),
        }
        | {name: groups[name].astype(np.float64) for name in PLACE}
    )


def longitudes_at(groups: pd.DataFrame, issue_time: Times) -> NDArray[np.float64]:
    """Longitude of each of the `groups` from the central meridian at the issue time, (sample,) degrees, west positive.

    That of the summary, turned on from the time at which it is valid at the synodic rate of its latitude: sidereal
    2.894 - 0.428 sin^2 - 0.370 sin^4 microrad/s (Howard, Harvey & Forgach 1990, Solar Physics 130, 295; small magnetic
    features), less 0.9856 degrees a day. Beyond +-90 behind the limb. NaN where no group or no place is listed.
    """
    days = (issue_time - groups["valid_time"].to_numpy(dtype="datetime64[s]")) / DAY
    latitude_deg, longitude_deg = (groups[name].to_numpy() for name in PLACE)
    turned = differential_rotation(days * u.day, latitude_deg * u.deg, model="howard", frame_time="synodic")
    # As differential_rotation gives them, angles are of 0 to 360 degrees.
    return longitude_deg + turned.wrap_at(180 * u.deg).to_value(u.deg)
