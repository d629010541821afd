"""Synoptic charts of HMI (`hmi.Synoptic_Mr_small`), and patches of them around active regions.

A chart holds one Carrington rotation: `Mr`, the line-of-sight field over the cosine of the angle to disk centre, gauss;
column i (from 0) at Carrington longitude (i + 1) / 2 degrees, row j at sine of latitude (j + 1 - 180.5) / 180. Each
column is a mean of about 20 magnetograms around its passage of the central meridian, which longitude L makes at
T_START + (T_STOP - T_START) (360 - L) / 360: time runs from right to left.
"""

from __future__ import annotations

import io
import re
import zipfile
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import xarray as xr
from astropy.io import fits

from flaredag.artifacts import write_netcdf
from flaredag.errors import InputError

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import ArrayLike, NDArray

CHART_SHAPE = (360, 720)
ROWS = slice(53, 307)  # below 45 degrees of latitude
PIXELS_A_DEGREE = 2
PIXEL_WIDTH_DEG = 1 / PIXELS_A_DEGREE
ROWS_A_RADIUS = 180  # of the sine of latitude
STEP_GAUSS = 0.1
MISSING = np.int16(-32768)
_TIME = re.compile(r"(\d{4})\.(\d\d)\.(\d\d)_(\d\d:\d\d):([0-5]\d|60)_TAI")


@dataclass(frozen=True)
class SynopticCharts:
    """Charts in order of their Carrington rotation: `rotation`, `start` and `stop` (TAI clock), (chart,).

    `steps` (chart, y, x), int16 of 0.1 gauss, `MISSING` where nothing was measured: rows `ROWS` of a chart, south
    first, and all its columns.
    """

    rotation: NDArray[np.int64]
    start: NDArray[np.datetime64]
    stop: NDArray[np.datetime64]
    steps: NDArray[np.int16]


def read_packed_charts(path: str | Path) -> SynopticCharts:
    """Charts of an .npz file with arrays `car_rot`, `t_start`, `t_stop` and `B_dG`; InputError where it is no such."""
    try:
        # Opened here, as numpy leaves a damaged file open.
        with Path(path).open("rb") as file, np.load(file, allow_pickle=False) as content:
            missing = sorted({"B_dG", "car_rot", "t_start", "t_stop"} - set(content.files))
            if missing:
                raise InputError(
                    f"{path}: no array {', '.join(missing)}; found {', '.join(content.files)}. Fetch it again."
                )
            charts = SynopticCharts(
                rotation=content["car_rot"].astype(np.int64),
                start=chart_times(content["t_start"]),
                stop=chart_times(content["t_stop"]),
                steps=content["B_dG"],
            )
    except (OSError, ValueError, EOFError, zipfile.BadZipFile, zipfile.LargeZipFile) as error:
        raise InputError(
            f"{path}: not readable as synoptic charts ({error}). Delete the file to have it fetched again."
        ) from error
    check_charts(charts, source=str(path))
    return charts


def read_original_charts(paths: Sequence[str | Path]) -> SynopticCharts:
    """Charts of the FITS files of JSOC's series, packed; InputError where one is no such chart."""
    charts = []
    for path in paths:
        try:
            content = Path(path).read_bytes()
            if not content.startswith(b"SIMPLE  ="):
                raise ValueError(f"begins with {content[:20]!r}")
            with fits.open(io.BytesIO(content)) as hdus:
                image = next(hdu for hdu in hdus if getattr(hdu, "shape", ()) == CHART_SHAPE)
                header, field = image.header, np.asarray(image.data[ROWS], dtype=np.float64)
            times = chart_times([header["T_START"], header["T_STOP"]])
            charts.append((int(header["CAR_ROT"]), *times, packed_chart(field)))
        except (OSError, KeyError, ValueError, TypeError, StopIteration) as error:
            raise InputError(
                f"{path}: no synoptic chart ({type(error).__name__}: {error}); wanted a FITS image of 720 x 360 pixels "
                "with CAR_ROT, T_START and T_STOP. Delete the file to have it fetched again."
            ) from error
    charts.sort(key=lambda chart: chart[0])
    found = SynopticCharts(*(np.array(column) for column in zip(*charts, strict=True)))
    check_charts(found, source=f"{paths[0]} and {len(paths) - 1} more")
    return found


def packed_chart(gauss: NDArray[np.floating]) -> NDArray[np.int16]:
    """Gauss as whole steps of 0.1 G, at most 3,276.7 G; NaN as `MISSING`."""
    limit = np.iinfo(np.int16).max
    return np.where(np.isnan(gauss), float(MISSING), np.clip(np.rint(gauss / STEP_GAUSS), -limit, limit)).astype(
        np.int16
    )


def write_charts(path: str | Path, charts: SynopticCharts) -> None:
    """Write charts as netCDF, the same bytes for the same charts wherever they came from."""
    units = "seconds since 1970-01-01 (TAI clock)"
    variables = {
        "rotation": ("chart", charts.rotation, {"long_name": "Carrington rotation"}),
        "start": ("chart", charts.start.astype("datetime64[s]").astype(np.int64), {"units": units}),
        "stop": ("chart", charts.stop.astype("datetime64[s]").astype(np.int64), {"units": units}),
        "steps": (("chart", "y", "x"), charts.steps, {"long_name": "radial field", "units": "0.1 gauss"}),
    }
    write_netcdf(path, xr.Dataset(variables))


def read_charts(path: str | Path) -> SynopticCharts:
    """Charts of a file of `write_charts`; InputError where it is none."""
    try:
        with xr.open_dataset(path, decode_times=False, mask_and_scale=False) as dataset:
            rotation, start, stop, steps = (dataset[name].to_numpy() for name in ("rotation", "start", "stop", "steps"))
    except (OSError, ValueError, KeyError) as error:
        raise InputError(f"{path}: not readable as charts ({error}). Delete it to have it made again.") from error
    charts = SynopticCharts(rotation, start.astype("datetime64[s]"), stop.astype("datetime64[s]"), steps)
    check_charts(charts, source=str(path))
    return charts


def chart_times(texts: ArrayLike) -> NDArray[np.datetime64]:
    """Times on the TAI clock, datetime64[s], of texts such as 2010.04.22_17:36:29_TAI; ValueError where one is none."""
    times = []
    for text in np.asarray(texts, dtype=str).tolist():
        match = _TIME.fullmatch(text)
        if match is None:
            raise ValueError(f"{text!r} is no time such as 2010.04.22_17:36:29_TAI")
        # Seconds are rounded: a chart of 2013 begins at 01:15:60.
        minute = np.datetime64("{}-{}-{}T{}".format(*match.groups()), "s")
        times.append(minute + np.timedelta64(int(match[5]), "s"))
    return np.array(times, dtype="datetime64[s]")


def check_charts(charts: SynopticCharts, *, source: str) -> None:
    """InputError where the charts are not in order, one a rotation, of the wanted shape and of about 27 days each."""
    shape = (ROWS.stop - ROWS.start, CHART_SHAPE[1])
    n_charts = len(charts.rotation)
    if charts.steps.shape != (n_charts, *shape) or charts.steps.dtype != np.int16:
        raise InputError(
            f"{source}: charts of shape {charts.steps.shape} and {charts.steps.dtype}; wanted ({n_charts}, {shape[0]}, "
            f"{shape[1]}) of int16. Fetch them again."
        )
    days = (charts.stop - charts.start) / np.timedelta64(1, "D")
    faulty = np.flatnonzero((days < 27) | (days > 28))  # noqa: PLR2004 (a rotation takes 27.2 to 27.4 days)
    if not n_charts or (np.diff(charts.rotation) < 1).any() or len(faulty):
        of_days = [f", {charts.rotation[n]} of {days[n]:.1f} days" for n in faulty[:3]]
        raise InputError(
            f"{source}: {n_charts} rotations, from {charts.rotation.tolist()[:3]} on{''.join(of_days)}; wanted each "
            "once, in order, of 27 to 28 days. Fetch them again."
        )


def passage_times(charts: SynopticCharts, carrington_longitude_deg: ArrayLike) -> NDArray[np.datetime64]:
    """Times (chart, longitude) at which longitudes (longitude,) pass the central meridian, TAI clock, datetime64[s]."""
    part = (360.0 - np.asarray(carrington_longitude_deg, dtype=np.float64)) / 360.0
    seconds = (charts.stop - charts.start) / np.timedelta64(1, "s")
    return charts.start[:, None] + np.rint(seconds[:, None] * part).astype("timedelta64[s]")


def patches(
    charts: SynopticCharts,
    chart: NDArray[np.integer],
    carrington_longitude_deg: ArrayLike,
    latitude_deg: ArrayLike,
    *,
    pixels: int,
) -> NDArray[np.float32]:
    """Patches (record, y, x), gauss, of `pixels` x `pixels` around places (record,) of the charts of these indices.

    South first, east on the left; NaN where nothing was measured. Pixel `pixels` / 2 is the nearest to the place. East
    of longitude 0 a chart goes on with longitude 360 of the next rotation, west of 360 with 0 of the one before, as
    those were seen next to it in time; where that chart is absent, or beyond the kept rows, pixels are NaN.
    """
    chart = np.asarray(chart, dtype=np.int64)
    column = np.rint(PIXELS_A_DEGREE * np.asarray(carrington_longitude_deg, dtype=np.float64) - 1).astype(np.int64)
    sine = np.sin(np.radians(np.asarray(latitude_deg, dtype=np.float64)))
    row = np.rint(ROWS_A_RADIUS + 0.5 + ROWS_A_RADIUS * sine - 1).astype(np.int64) - ROWS.start
    around = np.arange(pixels) - pixels // 2
    n_rows, n_columns = charts.steps.shape[1:]
    turns, columns = np.divmod(column[:, None] + around, n_columns)
    rows = row[:, None] + around
    rotation = charts.rotation[chart][:, None] - turns
    source = np.minimum(np.searchsorted(charts.rotation, rotation), len(charts.rotation) - 1)
    there = (charts.rotation[source] == rotation)[:, None, :] & ((rows >= 0) & (rows < n_rows))[:, :, None]
    steps = charts.steps[source[:, None, :], np.clip(rows, 0, n_rows - 1)[:, :, None], columns[:, None, :]]
    gauss = steps * np.float32(STEP_GAUSS)
    gauss[(steps == MISSING) | ~there] = np.nan
    return gauss


def pixel_height_deg(latitude_deg: ArrayLike) -> NDArray[np.float64]:
    """Height of a pixel at a latitude, degrees on the sphere."""
    return np.degrees(1 / ROWS_A_RADIUS) / np.cos(np.radians(latitude_deg))


def pixel_width_deg(latitude_deg: ArrayLike) -> NDArray[np.float64]:
    """Width of a pixel at a latitude, degrees on the sphere."""
    return PIXEL_WIDTH_DEG * np.cos(np.radians(latitude_deg))
