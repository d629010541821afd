"""Flares with a course, and a study on the flare history."""

import numpy as np
import pandas as pd

from flaredag.flare_history import HISTORY_FEATURES
from made_up_records import SETTINGS


def with_course(flares, hours_to_peak, hours_to_end) -> pd.DataFrame:
    """Flares that peak and end so many hours after their start; NaN: not given."""
    start = flares["start_time"].to_numpy(dtype="datetime64[s]")
    for name, hours in (("peak_time", hours_to_peak), ("end_time", hours_to_end)):
        hours = np.broadcast_to(np.asarray(hours, dtype=np.float64), start.shape)
        given = np.flatnonzero(~np.isnan(hours))
        times = np.full(len(start), np.datetime64("NaT", "s"))
        times[given] = start[given] + np.round(3600 * hours[given]).astype("timedelta64[s]")
        flares = flares.assign(**{name: times})
    return flares


def history_settings(known_from, settings=SETTINGS) -> dict:
    """`settings` with all features of the flare history after the other ones."""
    history = {"decay_hours": 12, "known_from": known_from}
    return settings | {"features": [*settings["features"], *HISTORY_FEATURES], "flare_history": history}
