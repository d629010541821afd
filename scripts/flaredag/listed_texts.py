"""Times, classes and numbers of flare lists that come as texts: read for all records at once, odd ones marked."""

from __future__ import annotations

import math
import re
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from flaredag.flare_lists import NOT_A_TIME, Faults, by_unique_text, clock_minute, clock_time

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

NOT_GIVEN_TEXTS = frozenset({"", "////", "nan", "NaN", "None", "NaT", "null"})
# No flare list begins before GOES, and a mistyped year must not reach far ahead.
FIRST_YEAR, LAST_YEAR = 1975, 2100
LARGEST_NUMBER = 99999
_CLASS = re.compile(r"[ABCMX](\d{1,2}(\.\d*)?)?|")
_DAY_AND_TIME = re.compile(r"\d{4}[-/]\d{2}[-/]\d{2}[T ]\d{2}:\d{2}(:\d{2}(\.\d*)?)?Z?")
_CLOCK = re.compile(r"\d{4}")


def listed_times(
    texts: Sequence[str],
    faults: Faults,
    what: str,
    *,
    needed: bool = False,
    day: NDArray[np.datetime64] | None = None,
) -> NDArray[np.datetime64]:
    """UTC times of texts such as "2011-02-15 01:44:00", "2011/02/15 01:44" or, of a `day`, "0144", datetime64[s].

    NaT where not given, a fault if `needed`; texts that are no time are marked. Parts of a second are cut off.
    """
    stripped = [text.strip() for text in texts]
    clock = np.array([day is not None and _CLOCK.fullmatch(text) is not None for text in stripped], dtype=bool)
    form = np.array([_DAY_AND_TIME.fullmatch(text) is not None for text in stripped], dtype=bool)
    # A leap second, 23:59:60, is the first of the next day: datetime64 has none.
    leap = [n for n, text in enumerate(stripped) if text[17:19] == "60" and form[n]]
    for n in leap:
        stripped[n] = f"{stripped[n][:17]}59"
    plain = [
        text[:19].replace("/", "-").removesuffix("Z") if good else "" for text, good in zip(stripped, form, strict=True)
    ]
    parsed = pd.to_datetime(pd.Series(plain, dtype=object), format="ISO8601", errors="coerce")
    times = parsed.to_numpy(dtype="datetime64[s]").copy()
    times[leap] += np.timedelta64(1, "s")
    if day is not None:
        hhmm = np.array([int(text) if good else -1 for text, good in zip(stripped, clock, strict=True)], dtype=np.int64)
        times = np.where(clock, clock_time(day, clock_minute(hhmm)), times)
    given = np.array([text not in NOT_GIVEN_TEXTS for text in stripped], dtype=bool)
    year = times.astype("datetime64[Y]").astype(np.int64) + 1970
    odd = np.isnat(times) | (year < FIRST_YEAR) | (year > LAST_YEAR)
    faults.mark(given & odd, f"{what} not readable")
    if needed:
        faults.mark(~given, f"no {what}")
    return np.where(odd, NOT_A_TIME, times)


def goes_classes(texts: Sequence[str] | NDArray[np.object_], faults: Faults) -> NDArray[np.object_]:
    """GOES classes as given, "" if not; a comma is read as the point (two flares of 1999). Others are marked."""
    classes = by_unique_text(
        texts, lambda text: "" if text.strip() in NOT_GIVEN_TEXTS else text.strip().replace(",", ".")
    )
    good = by_unique_text(classes, lambda text: _CLASS.fullmatch(text) is not None)
    faults.mark(~good.astype(bool), "no GOES class")
    return classes


def listed_numbers(texts: Sequence[str], faults: Faults, what: str, *, whole: bool = False) -> NDArray[np.float64]:
    """Numbers of texts, NaN where not given; texts that are none, or if `whole` no whole number 0-99999, are marked."""
    values = by_unique_text(texts, lambda text: _number(text.strip(), whole=whole))
    good = np.array([value is not None for value in values], dtype=bool)
    faults.mark(~good, f"{what} not readable")
    return np.array([math.nan if value is None else value for value in values], dtype=np.float64)


def _number(text: str, *, whole: bool) -> float | None:
    if text in NOT_GIVEN_TEXTS:
        return math.nan
    try:
        value = float(text)
    except ValueError:
        return None
    good = math.isfinite(value) and (not whole or (value == int(value) and 0 <= value <= LARGEST_NUMBER))
    return value if good else None
