"""Keywords of active-region patches: meaning, units, physical ranges.

A column outside its range is usually another column under the wrong name (the headers that Liu et
al. 2019 published are permuted so): such a table is refused. Single values outside are made missing.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from flaredag.errors import InputError

if TYPE_CHECKING:
    import pandas as pd

# More than this fraction of a column outside its range is no accident of single records.
MAX_FRACTION_OUTSIDE = 0.01


@dataclass(frozen=True)
class Keyword:
    """A keyword: what it is, its units, and the range that an active region can have.

    or_zero: a total, which is 0 where no pixel counts, whatever its lowest value is otherwise.
    """

    long_name: str
    units: str
    lowest: float
    highest: float
    or_zero: bool = False

    def allows(self, values: np.ndarray) -> np.ndarray:
        """Which values lie in the range."""
        return ((values >= self.lowest) & (values <= self.highest)) | (self.or_zero & (values == 0))


# Ranges: an order of magnitude beyond the extremes of real tables, angles and fractions their whole range.
# Line of sight: 277,333 SMARP and SHARP records of 1996-2021; r_value, area_acr and the vector field: 1,204,136 SHARP
# records of 2010-2019; meanalp and the Lorentz force: 8,874 records of the same years.
LINE_OF_SIGHT = {
    "usfluxl": Keyword("total line-of-sight unsigned flux", "Mx", 1e18, 1e24),
    "meangbl": Keyword("mean gradient of the line-of-sight field", "G/pixel", 0.5, 1000.0),
    "r_value": Keyword("log of unsigned flux near polarity inversion lines (Schrijver 2007)", "log10(Mx)", 0.0, 8.0),
    "area": Keyword("de-projected area of the patch on the sphere", "microhemisphere", 0.5, 2e5),
    "area_acr": Keyword("de-projected area of the strong-field pixels", "microhemisphere", 0.004, 1e5, or_zero=True),
    "cmaskl": Keyword("pixels that usfluxl and meangbl count", "pixel", 0.0, 1e7),
}

VECTOR_FIELD = {
    "usflux": Keyword("total unsigned flux", "Mx", 6e14, 2.1e24, or_zero=True),
    "meangam": Keyword("mean angle of the field to the vertical", "deg", 0.0, 90.0),
    "meangbt": Keyword("mean gradient of the total field", "G/pixel", 0.3, 7000.0),
    "meangbz": Keyword("mean gradient of the vertical field", "G/pixel", 0.8, 6000.0),
    "meangbh": Keyword("mean gradient of the horizontal field", "G/pixel", 0.4, 5000.0),
    "meanjzd": Keyword("mean vertical current density", "mA/m2", -400.0, 400.0),
    "totusjz": Keyword("total unsigned vertical current", "A", 2e6, 1e16, or_zero=True),
    "meanalp": Keyword("mean twist parameter", "1/Mm", -5.0, 5.0),
    "meanjzh": Keyword("mean current helicity", "G2/m", -2.5, 2.5),
    "totusjh": Keyword("total unsigned current helicity", "G2/m", 0.0, 4e5),
    "absnjzh": Keyword("absolute value of the net current helicity", "G2/m", 0.0, 5e4),
    "savncpp": Keyword("sum of the absolute net currents of each polarity", "A/arcsec2", 5e4, 1.1e15, or_zero=True),
    "meanpot": Keyword("mean photospheric excess energy density", "erg/cm3", 1.0, 8e5),
    "totpot": Keyword("total photospheric excess energy density", "erg/cm", 3e15, 6e25, or_zero=True),
    "meanshr": Keyword("mean shear angle", "deg", 0.0, 180.0),
    "shrgt45": Keyword("fraction of area with shear above 45 deg", "%", 0.0, 100.0),
    "cmask": Keyword("pixels that the keywords of the vector field count", "pixel", 0.0, 1e7),
}

LORENTZ_FORCE = {
    "totbsq": Keyword("total of the squared field", "G2", 1e7, 3e12),
    "totfx": Keyword("total Lorentz force towards west", "1e20 dyne", -3e5, 3e5),
    "totfy": Keyword("total Lorentz force towards north", "1e20 dyne", -2e5, 2e5),
    "totfz": Keyword("total vertical Lorentz force", "1e20 dyne", -3e5, 3e5),
    "epsx": Keyword("sum of Bx Bz over that of B^2", "1", -0.5, 0.5),
    "epsy": Keyword("sum of By Bz over that of B^2", "1", -0.5, 0.5),
    "epsz": Keyword("sum of Bx^2 + By^2 - Bz^2 over that of B^2", "1", -1.0, 1.0),
}

# No table of them is known: from 0 to the order of the quantity itself.
ERRORS = {
    "errvf": Keyword("error of usflux", "Mx", 0.0, 1e23),
    "errgam": Keyword("error of meangam", "deg", 0.0, 90.0),
    "errbt": Keyword("error of meangbt", "G/pixel", 0.0, 1000.0),
    "errbz": Keyword("error of meangbz", "G/pixel", 0.0, 1000.0),
    "errbh": Keyword("error of meangbh", "G/pixel", 0.0, 1000.0),
    "errjz": Keyword("error of meanjzd", "mA/m2", 0.0, 400.0),
    "errusi": Keyword("error of totusjz", "A", 0.0, 1e15),
    "erralp": Keyword("error of meanalp", "1/Mm", 0.0, 50.0),
    "errmih": Keyword("error of meanjzh", "G2/m", 0.0, 25.0),
    "errtui": Keyword("error of totusjh", "G2/m", 0.0, 4e4),
    "errtai": Keyword("error of absnjzh", "G2/m", 0.0, 4e4),
    "errjht": Keyword("error of savncpp", "A/arcsec2", 0.0, 1e15),
    "errmpot": Keyword("error of meanpot", "erg/cm3", 0.0, 8e4),
    "errtpot": Keyword("error of totpot", "erg/cm", 0.0, 1e24),
    "errmsha": Keyword("error of meanshr", "deg", 0.0, 180.0),
}

# MagParDB of Li et al. 2024: 323 flares, and 11,974 records of the days before.
HIGH_ENERGY_DENSITY = {
    "hed_e_total": Keyword("total free energy density of the HED region", "erg/cm", 2.6e18, 2e25, or_zero=True),
    "hed_area": Keyword("area of the HED region", "cm2", 1e14, 2e20, or_zero=True),
    "hed_flux": Keyword("unsigned flux of the HED region", "Mx", 1e15, 7e22, or_zero=True),
    "hed_shear": Keyword("mean shear angle of the HED region", "deg", 0.0, 180.0),
    "hed_uj_mean": Keyword("mean unsigned vertical current density of the HED region", "A/m2", 1.9e-6, 0.7),
    "hed_j_total": Keyword("total unsigned vertical current of the HED region", "A", 2.8e7, 2.1e14, or_zero=True),
    "hed_uhc_mean": Keyword("mean unsigned current helicity of the HED region", "G2/m", 1e-7, 10.0),
    "hed_hc_total": Keyword("total unsigned current helicity of the HED region", "G2/m", 9e-5, 8e3, or_zero=True),
    "hed_gbh_mean": Keyword("mean gradient of the horizontal field of the HED region", "G/m", 6e-7, 6e-3),
    "hed_alp_mean": Keyword("mean twist parameter of the HED region", "1/Mm", -125.0, 125.0),
}

# Patches of synoptic charts, 32 x 32 pixels of half a degree: 1,083 regions of 2010-2018.
SYNOPTIC = {
    "unsigned_field_sum": Keyword("sum of the unsigned field of the strong pixels", "G", 30.0, 1e6, or_zero=True),
    "inversion_line_length": Keyword("length of the strong polarity inversion line", "degree", 0.0, 500.0),
    "inversion_line_gradient": Keyword("field gradient across the line, summed along it", "G", 0.0, 1e6),
}

KEYWORDS = LINE_OF_SIGHT | VECTOR_FIELD | LORENTZ_FORCE | ERRORS | HIGH_ENERGY_DENSITY | SYNOPTIC


def checked_keywords(table: pd.DataFrame, *, path: str) -> tuple[pd.DataFrame, dict[str, int]]:
    """`table` with values outside their physical range made NaN, and how many were missing or outside.

    `table` has one column a keyword (names of `KEYWORDS`). Raises InputError where more than 1 % of a
    column lies outside its range, and names the other columns of the table whose range would fit.
    """
    checked = table.astype(np.float64)
    counts = {"values_missing": 0, "values_outside_range": 0}
    for name in table.columns:
        keyword = KEYWORDS[name]
        values = checked[name].to_numpy(copy=True)
        missing = np.isnan(values)
        outside = ~missing & ~keyword.allows(values)
        if outside.sum() > max(MAX_FRACTION_OUTSIDE * len(values), 1):
            first = int(np.flatnonzero(outside)[0])
            median = float(np.median(values[~missing]))
            fits = [other for other in table.columns if other != name and KEYWORDS[other].allows(np.array(median))]
            raise InputError(
                f"{path}: column {name.upper()}: {int(outside.sum())} of {len(values)} values lie outside "
                f"{keyword.lowest:g} to {keyword.highest:g} {keyword.units} (record {first + 1} has "
                f"{values[first]:g}; median {median:g}); at most {MAX_FRACTION_OUTSIDE:.0%} may. Its values would "
                f"fit {', '.join(other.upper() for other in fits) or 'none of the other columns'}: are columns swapped?"
            )
        counts["values_missing"] += int(missing.sum())
        counts["values_outside_range"] += int(outside.sum())
        values[outside] = np.nan
        checked[name] = values
    return checked, counts
