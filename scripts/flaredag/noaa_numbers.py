"""Numbers of NOAA active regions, which NOAA's lists give by their last four digits."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

_AR_10000 = np.datetime64("2002-06-14")
_ARS_A_YEAR = 250.0


def full_noaa_numbers(number: NDArray[np.int64], day: NDArray[np.datetime64]) -> NDArray[np.int64]:
    """Full numbers of active regions given by their last four digits: those nearest to the numbers of the day.

    AR 10000 was numbered on 2002-06-14 and about 250 regions follow a year, so that 9991 of 2002-06-17 stays and 1089
    of 2010 is 11089. Numbers of five digits, and 0 for none, stay.
    """
    expected = 10000 + _ARS_A_YEAR * ((day.astype("datetime64[D]") - _AR_10000) / np.timedelta64(1, "D")) / 365.25
    ten_thousands = np.maximum(np.nan_to_num(np.rint((expected - number) / 10000)), 0).astype(np.int64)
    return np.where((number > 0) & (number < 10000), number + 10000 * ten_thousands, number)  # noqa: PLR2004
