"""HED parameters as Li et al. published them, made up: a series of the day before one flare of a region, and flares."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

if TYPE_CHECKING:
    from pathlib import Path

VALUES = {
    "energy": 2e22, "shear_mean": 53.0, "uj_mean": 0.009, "uhc_mean": 0.017, "GBH_MEAN": 0.00011, "ALP_MEAN": 0.043,
}  # fmt: skip
# Some of its names begin with a blank, and one ends with it.
FLARE_HEADER = (
    "INDEX, KEY, TSTART [UT], TPEAK [UT], TFINAL [UT], IXPEAK [W/m^2], LAT [deg], LON [deg], ARNUM,Confined/Eruptive,"
    "E_TOTAL[erg cm^-1] "
)
FLUX = {"C": 1e-6, "M": 1e-5, "X": 1e-4}


def series(region: int = 11158, level: str = "M", *, last: str = "2011-02-15 01:12", n: int = 40) -> pd.DataFrame:
    """A region's `n` records, texts, 36 minutes apart up to `last`; every parameter grows by 1 % a record."""
    step = np.arange(n)
    times = pd.date_range(end=last, periods=n, freq="36min")
    growing = {name: [f"{value * (1 + 0.01 * i):.6g}" for i in step] for name, value in VALUES.items()}
    keys = {"AR": str(region), "level": level, "time": times.strftime("%Y%m%d%H%M")}
    return pd.DataFrame(keys | growing).astype(object)


def flare(region: int = 11158, start: str = "2011-02-15 01:44", goes_class: str = "X2.2", **changes: Any) -> str:
    """A line of the list; `changes`: texts in place of `key`, `tstart`, `tpeak`, `tfinal`, `flux` or `arnum`."""
    begin = pd.Timestamp(start)
    peak, end = begin + pd.Timedelta("12min"), begin + pd.Timedelta("22min")
    told = {
        "key": f"{begin:%Y%m%d_%H%M}_{region}_{goes_class}",
        "tstart": f"{begin:%Y-%m-%d %H:%M}",
        "tpeak": f"{peak:%Y-%m-%d %H:%M}",
        "tfinal": f"{end:%Y-%m-%d %H:%M}",
        "flux": f"{FLUX.get(goes_class[0], 1e-7) * float(goes_class[1:]):.2E}",
        "arnum": str(region),
    } | changes
    times = ", ".join(told[name] for name in ("key", "tstart", "tpeak", "tfinal"))
    return f"0, {times},{told['flux']},-20,17,{told['arnum']},E,4.03E+23"


def written_series(path: Path, *tables: pd.DataFrame) -> str:
    """Path of the series of several regions, as published."""
    path.parent.mkdir(parents=True, exist_ok=True)
    pd.concat(tables).to_csv(path, index=False, lineterminator="\n")
    return str(path)


def written_flares(path: Path, *lines: str) -> str:
    """Path of the list of flares, as published."""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text("\n".join([FLARE_HEADER, *lines, ""]))
    return str(path)


def harps(*lines: str) -> str:
    """The map of HARPs, of lines such as "377 11158"."""
    return "\n".join(["HARPNUM NOAA_ARS", *lines, ""])
