"""Lists of GOES flares: the columns that every reader of one gives, and the rules that all lists share.

What the lists hold as peak flux: NOAA's operational 1-8 angstrom flux. NCEI's yearly reports (to June 2017), SWPC's
daily event reports and HEK's events of SWPC carry the same numbers: as measured by GOES 1-7 and by GOES 16 and later,
times 0.7 by GOES 8-15, so that those agreed with GOES-7 (`flaredag.goes.flux_scale`). NCEI's science-quality flare
summaries, reprocessed since 2020, are without that factor and are another source.
In NCEI's reports before 1997 a flare matched to an optical one has the optical one's times, not those of the X-rays.
"""

from __future__ import annotations

import gzip
import zlib
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from flaredag.errors import InputError
from flaredag.goes import peak_flux_w_m2
from flaredag.noaa_numbers import full_noaa_numbers
from flaredag.rejections import Rejection

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence

    from numpy.typing import NDArray

FLARE_LIST_COLUMNS = (
    "start_time",  # UTC, datetime64[s]
    "peak_time",  # NaT if not given
    "end_time",  # NaT if not given
    "goes_class",  # as given, or "" if not
    "noaa_ar",  # all digits; 0 if not given
    "latitude_deg",  # heliographic, north positive; NaN if not given
    "longitude_deg",  # Stonyhurst, west positive; NaN if not given
    "satellite",  # as given, or ""
    "repairs",  # what was repaired in the record, of REPAIRS, joined by commas
    "source",
    "place",
)
REPAIRS = ("noaa_ar", "peak_time_dropped", "end_time_dropped", "peak_and_end_swapped")
LONGEST_FLARE_HOURS = 12  # the longest of NCEI's 46,700 flares of 1990-2017 lasts 10 h 25 min
NOT_A_TIME = np.datetime64("NaT", "s")
_DAY = np.timedelta64(86400, "s")
_LAST_CLOCK_MINUTE = 48 * 60 - 1


class Faults:
    """The first fault of each of `n` records."""

    def __init__(self, n: int) -> None:
        self.reason = np.full(n, "", dtype=object)

    def mark(self, wrong: NDArray[np.bool_], reason: str) -> None:
        """Give the records at `wrong` (record,) the `reason`, if they have none yet."""
        self.reason[wrong & self.good] = reason

    @property
    def good(self) -> NDArray[np.bool_]:
        """Whether a record has no fault, (record,)."""
        return self.reason == ""

    def rejections(self, sources: Sequence[str], places: Sequence[str], texts: Sequence[str]) -> list[Rejection]:
        """The records at fault in their order; each argument has a value a record."""
        return [Rejection(sources[n], places[n], self.reason[n], texts[n]) for n in np.flatnonzero(~self.good).tolist()]


def read_bytes(path: str | Path) -> bytes:
    """Content of a file, unpacked if it is gzipped whatever its name; InputError where that cannot be read whole."""
    try:
        content = Path(path).read_bytes()
        return gzip.decompress(content) if content.startswith(b"\x1f\x8b") else content
    except (OSError, EOFError, zlib.error) as error:
        raise InputError(f"{path}: not readable ({error}). Delete the file to have it fetched again.") from error


def refuse_if_all_rejected(path: str | Path, n_good: int, rejected: Sequence[Rejection], *, form: str) -> None:
    """InputError where a file has records and none of them can be used: then it is no file of that `form`."""
    if rejected and not n_good:
        raise InputError(
            f"{path}: none of its {len(rejected)} records is a flare ({rejected[0].place}: {rejected[0].reason}: "
            f"{rejected[0].text[:80]!r}); wanted {form}. Delete the file to have it fetched again."
        )


def clock_time(day: NDArray[np.datetime64], minute: NDArray[np.int64]) -> NDArray[np.datetime64]:
    """Time at `minute` of `day`, datetime64[s], NaT where it is below 0; beyond 24 h, as NCEI has it, the next day."""
    time = day.astype("datetime64[s]") + np.maximum(minute, 0) * np.timedelta64(60, "s")
    return np.where(minute >= 0, time, NOT_A_TIME)


def clock_minute(hhmm: NDArray[np.int64]) -> NDArray[np.int64]:
    """Minute of the day of HHMM as a whole number; -1 where that is no time of the day or of the next (24-47 h)."""
    minute = hhmm // 100 * 60 + hhmm % 100
    return np.where((hhmm >= 0) & (hhmm % 100 < 60) & (minute <= _LAST_CLOCK_MINUTE), minute, -1)  # noqa: PLR2004


def by_unique_text(texts: Sequence[str] | NDArray[np.object_], of_one: Callable[[str], object]) -> NDArray[np.object_]:
    """`of_one` of each text, worked out once for each different text, (record,)."""
    codes, unique = pd.factorize(np.asarray(texts, dtype=object))
    values = np.empty(len(unique), dtype=object)
    values[:] = [of_one(text) for text in unique]
    return values[codes]


def flare_table(
    *,
    start_time: NDArray[np.datetime64],
    peak_time: NDArray[np.datetime64],
    end_time: NDArray[np.datetime64],
    goes_class: Iterable[str],
    noaa_ar: NDArray[np.int64],
    latitude_deg: NDArray[np.float64],
    longitude_deg: NDArray[np.float64],
    satellite: Iterable[str],
    source: Iterable[str],
    place: Iterable[str],
    swapped: NDArray[np.bool_] | None = None,
) -> pd.DataFrame:
    """Flares in the columns `FLARE_LIST_COLUMNS`, times put in order and NOAA numbers made whole; `repairs` tells it.

    A peak or end before the start is of the next day (lists that give one date a flare); what then lies more than
    `LONGEST_FLARE_HOURS` after the start is dropped. Of a peak after the end the peak is dropped where it alone had
    to be moved to the next day, else the end. `swapped`: where a reader has exchanged the two. A class such as B0.0
    (SWPC has some) counts as not given.
    """
    peak_moved, end_moved = peak_time < start_time, end_time < start_time
    peak = np.where(peak_moved, peak_time + _DAY, peak_time)
    end = np.where(end_moved, end_time + _DAY, end_time)
    longest = np.timedelta64(LONGEST_FLARE_HOURS * 3600, "s")
    peak_late, end_late = peak - start_time > longest, end - start_time > longest
    clash = (peak > end) & ~peak_late & ~end_late
    peak_dropped = peak_late | (clash & peak_moved & ~end_moved)
    end_dropped = end_late | (clash & ~peak_dropped)
    full = full_noaa_numbers(noaa_ar, start_time)
    repaired = [full != noaa_ar, peak_dropped, end_dropped, np.zeros(len(full), bool) if swapped is None else swapped]
    classes = np.asarray(goes_class, dtype=object)
    repairs = np.full(len(full), "", dtype=object)
    for name, where in zip(REPAIRS, repaired, strict=True):
        repairs[where] = [f"{before},{name}" if before else name for before in repairs[where]]
    return pd.DataFrame(
        {
            "start_time": start_time.astype("datetime64[s]"),
            "peak_time": np.where(peak_dropped, NOT_A_TIME, peak).astype("datetime64[s]"),
            "end_time": np.where(end_dropped, NOT_A_TIME, end).astype("datetime64[s]"),
            "goes_class": np.where(peak_flux_w_m2(classes) == 0, "", classes),
            "noaa_ar": full,
            "latitude_deg": latitude_deg,
            "longitude_deg": longitude_deg,
            "satellite": np.asarray(satellite, dtype=object),
            "repairs": repairs,
            "source": np.asarray(source, dtype=object),
            "place": np.asarray(place, dtype=object),
        }
    )
