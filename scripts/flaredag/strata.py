"""Strata: what was known of each window when its forecast was issued, to verify forecasts part by part.

A stratum is a flag, one part of it a window. Each is told by what had happened by the issue time, `cycle_phase` apart,
which is told by the dates of minimum and maximum, known afterwards: it sorts forecasts, it makes none.

- `first_flare`: whether a strong flare of the region had begun before
- `position`: distance of the patch's centre from the central meridian; where its record tells no longitudes, that of
  its largest group by the latest summary of NOAA, turned on to the issue time
- `cycle`, `cycle_phase`: of the solar cycles of the configuration
- `mcintosh`: Zurich class, the first letter of McIntosh (1990, Solar Physics 125, 251), of the patch's largest group
- `activity_before`: flares in the observation period
"""

from __future__ import annotations

from itertools import pairwise
from typing import TYPE_CHECKING, Any, NamedTuple, TypedDict

import numpy as np
import pandas as pd
import xarray as xr

from flaredag.artifacts import write_netcdf
from flaredag.errors import InputError
from flaredag.samples import SECONDS_UTC
from flaredag.windows import ACTIVITY

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import Path

    from numpy.typing import NDArray

    Times = NDArray[np.datetime64]

FIRST_FLARE = ("before_first_flare", "after_first_flare")
NOT_GIVEN = "not_given"
POSITIONS = ("centre", "middle", "limb", NOT_GIVEN)
# Absolute longitudes of the patch's centre at which the middle and the limb begin. Keywords of patches grow with their
# distance from the meridian, and the field of the weak ones is lost in noise beyond about 50 degrees.
POSITION_LIMITS_DEG = (30.0, 50.0)
PHASES = ("minimum", "rising", "maximum", "declining", NOT_GIVEN)
YEAR = np.timedelta64(31_557_600, "s")  # 365.25 days
FROM_MINIMUM, FROM_MAXIMUM = YEAR, YEAR * 3 // 2
ZURICH = ("A", "B", "C", "D", "E", "F", "H")
NO_SPOTS, NOT_LISTED = "no_spots", "not_listed"
MCINTOSH = (*ZURICH, NO_SPOTS, NOT_LISTED, NOT_GIVEN)
KEYS = ("instrument", "region", "issue_time")
EVERYTHING = "all"  # stratum of all windows, of one part of the same name
# Of events, and of windows without, a seed on the mean: a score of fewer says nothing.
FEWEST_OF_EACH = 5
STRATA_COLUMNS = (
    "study",
    "dataset",
    "model",
    "stratum",
    "part",
    "threshold",
    "metric",
    "value",
    "low",
    "high",
    "n_samples",
    "n_events",
    "n_regions",
)
TITLES = {
    "first_flare": "whether a strong flare of the region had begun before the issue time",
    "position": "distance from the central meridian, of the patch, or of its largest group where no longitude is given",
    "cycle": "solar cycle",
    "cycle_phase": "phase of the solar cycle",
    "mcintosh": "Zurich class of the largest group of the patch in the latest summary issued by then",
    "activity_before": "flares in the observation period: none, none strong, or strong",
}


class SolarCycle(TypedDict):
    """A solar cycle: number, and the days (ISO) of the minimum it begins with, its maximum and the next minimum."""

    number: int
    begin: str
    maximum: str
    end: str


class Stratum(NamedTuple):
    """Part of each window as `codes`, (sample,), that index `parts`."""

    codes: NDArray[np.int8]
    parts: tuple[str, ...]


def first_flare(region: NDArray[np.int64], issue_time: Times, strong_flares: pd.DataFrame) -> Stratum:
    """Whether a strong flare of the region began before the issue time, whenever in the region's record.

    `region` (sample,): any number that tells regions apart; `strong_flares` has it as `region_code`, and `start_time`.
    """
    first_start = strong_flares.groupby("region_code")["start_time"].min()
    of_region = first_start.reindex(region).to_numpy(dtype="datetime64[s]")
    # A comparison with NaT is False: no strong flare is known of that region.
    return Stratum((of_region < issue_time).astype(np.int8), FIRST_FLARE)


def position(
    longitude_min: NDArray[np.float64], longitude_max: NDArray[np.float64], listed_longitude: NDArray[np.float64]
) -> Stratum:
    """Centre, middle or limb by the distance from the central meridian, degrees, (sample,) each.

    Of the centre of the patch at the issue time, by the longitudes of its record; where they are not given (NaN), of
    the largest of its groups, by `listed_longitude` (`flaredag.listed_groups.longitudes_at`): its place in NOAA's
    latest summary issued by then, turned on to the issue time. `not_given` where there is neither.
    """
    centre = (longitude_min + longitude_max) / 2.0
    distance = np.abs(np.where(np.isnan(centre), listed_longitude, centre))
    codes = np.searchsorted(POSITION_LIMITS_DEG, distance, side="right")
    return Stratum(np.where(np.isnan(distance), POSITIONS.index(NOT_GIVEN), codes).astype(np.int8), POSITIONS)


def cycle(issue_time: Times, cycles: Sequence[SolarCycle]) -> Stratum:
    """Solar cycle in which the forecast is issued: begin <= issue_time < end."""
    dates = _dates(cycles)
    parts = (*(f"cycle_{one['number']}" for one in cycles), NOT_GIVEN)
    codes = np.full(len(issue_time), len(cycles), dtype=np.int8)
    for code, (begin, _, end) in enumerate(dates):
        codes[(issue_time >= begin) & (issue_time < end)] = code
    return Stratum(codes, parts)


def cycle_phase(issue_time: Times, cycles: Sequence[SolarCycle]) -> Stratum:
    """Phase of the cycle: minimum within a year of its begin or end, maximum within 1.5 years of its maximum.

    What is between is rising before the maximum and declining after it. A year has 365.25 days.
    """
    minimum, rising, maximum, declining, outside = range(len(PHASES))
    codes = np.full(len(issue_time), outside, dtype=np.int8)
    for begin, peak, end in _dates(cycles):
        within = (issue_time >= begin) & (issue_time < end)
        codes[within] = np.where(issue_time[within] < peak, rising, declining)
        codes[within & (np.abs(issue_time - peak) <= FROM_MAXIMUM)] = maximum
        codes[within & (np.minimum(issue_time - begin, end - issue_time) <= FROM_MINIMUM)] = minimum
    return Stratum(codes, PHASES)


def mcintosh(groups: pd.DataFrame) -> Stratum:
    """Zurich class of the largest group of each patch (sample,) by NOAA's latest summary.

    `groups`: of `flaredag.listed_groups.largest_groups`. `no_spots`: listed without spots only; `not_listed`: no region
    of the patch is in the summary; `not_given`: not numbered, no class there, or no summary of the last 30 hours.
    """
    letter = groups["mcintosh"].str[:1].str.upper()
    part = np.select(
        [~groups["summarised"], ~groups["listed"], groups["plage"], ~letter.isin(ZURICH)],
        [NOT_GIVEN, NOT_LISTED, NO_SPOTS, NOT_GIVEN],
        default=letter,
    )
    return Stratum(pd.Categorical(part, categories=list(MCINTOSH)).codes, MCINTOSH)


def activity_before(evolution: NDArray[np.int8]) -> Stratum:
    """Flares in the observation period of each window by its evolution type, an index into `windows.EVOLUTION`."""
    return Stratum((evolution // len(ACTIVITY)).astype(np.int8), tuple(name.lower() for name in ACTIVITY))


def write_strata(
    path: str | Path, windows: Mapping[str, NDArray[Any]], instruments: Sequence[str], strata: Mapping[str, Stratum]
) -> None:
    """Write `strata` by name, dims (sample), beside the keys of the `windows`: instrument, region, issue_time."""
    seconds = windows["issue_time"].astype("datetime64[s]").astype(np.int64)
    variables: dict[str, Any] = {
        "instrument": ("sample", windows["instrument"], _flags(instruments)),
        "region": ("sample", windows["region"], {"long_name": "region number"}),
        "issue_time": ("sample", seconds, {"units": SECONDS_UTC}),
    }
    for name, (codes, parts) in strata.items():
        variables[name] = ("sample", codes, {"long_name": TITLES[name]} | _flags(parts))
    write_netcdf(path, xr.Dataset(variables))


def read_strata(path: str | Path) -> pd.DataFrame:
    """Windows as `write_strata` wrote them: the columns of `KEYS`, then a categorical a stratum.

    Raises InputError where the file is not of this form.
    """
    try:
        with xr.open_dataset(path, engine="netcdf4", decode_cf=False) as opened:
            dataset = opened.load()
    except (OSError, RuntimeError, ValueError) as error:
        raise InputError(f"{path}: cannot be read as netCDF ({error}). Delete it to have it made again.") from error
    names = [name for name in TITLES if name in dataset.variables]
    missing = [name for name in KEYS if name not in dataset.variables]
    if missing or not names:
        raise InputError(
            f"{path}: no variable {', '.join(missing or TITLES)}; found {', '.join(map(str, dataset.variables))}. "
            "Delete the file to have it made again."
        )
    table = pd.DataFrame(
        {
            "instrument": _categorical(dataset["instrument"]),
            "region": dataset["region"].to_numpy(),
            "issue_time": dataset["issue_time"].to_numpy().astype("datetime64[s]"),
        }
    )
    return table.assign(**{name: _categorical(dataset[name]) for name in names})


def strata_of_predictions(predictions: pd.DataFrame, strata: pd.DataFrame, *, source: str | Path) -> pd.DataFrame:
    """Strata of each row of `predictions`, in their order, without the keys; `EVERYTHING` is the first of them.

    Raises InputError with `source` where a prediction is of no window.
    """
    names = [name for name in strata.columns if name not in KEYS]
    joined = predictions.loc[:, list(KEYS)].astype({"instrument": str}).reset_index(drop=True)
    windows = strata.astype({"instrument": str})
    found = joined.merge(windows.assign(found=True), on=list(KEYS), how="left", validate="many_to_one")
    absent = found["found"].isna().to_numpy()
    if absent.any():
        first = joined.iloc[int(absent.argmax())]
        raise InputError(
            f"{source}: {int(absent.sum())} of {len(joined)} predictions are of no window of the study; the first: "
            f"{first['instrument']} {first['region']} at {first['issue_time']}. Verify by strata what was predicted "
            "for the study's windows, and delete its strata to have them made again."
        )
    everything = pd.Categorical.from_codes(np.zeros(len(found), dtype=np.int8), categories=[EVERYTHING])
    return pd.concat([pd.DataFrame({EVERYTHING: everything}), found.loc[:, names]], axis=1)


def _dates(cycles: Sequence[SolarCycle]) -> list[Times]:
    """Begin, maximum and end of each cycle; InputError where they are no days, or out of order."""
    dates = []
    for one in cycles:
        try:
            days = np.array([one["begin"], one["maximum"], one["end"]], dtype="datetime64[s]")
        except ValueError as error:
            raise InputError(f"solar_cycles: cycle {one['number']}: {error}. Give days such as 2008-12-01.") from error
        if not (np.isfinite(days).all() and (np.diff(days) > np.timedelta64(0, "s")).all()):
            raise InputError(
                f"solar_cycles: cycle {one['number']} begins {one['begin']}, has its maximum {one['maximum']} and ends "
                f"{one['end']}; wanted three days in this order. Mend the archive's solar_cycles."
            )
        dates.append(days)
    for before, after in pairwise(dates):
        if after[0] < before[-1]:
            raise InputError(
                f"solar_cycles: a cycle begins {after[0]} before the one above it ends {before[-1]}. Give them in "
                "their order, none within another."
            )
    return dates


def _flags(meanings: Sequence[str]) -> dict[str, Any]:
    return {"flag_values": np.arange(len(meanings), dtype=np.int8), "flag_meanings": " ".join(meanings)}


def _categorical(variable: xr.DataArray) -> pd.Categorical:
    return pd.Categorical.from_codes(variable.to_numpy(), categories=variable.attrs["flag_meanings"].split())
