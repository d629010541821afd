"""Synoptic charts made up by hand: quiet but for the pixels that a test sets; and tables of where regions were."""

from pathlib import Path

import numpy as np
from astropy.io import fits

from flaredag.synoptic_charts import SynopticCharts

START = np.datetime64("2014-09-27T00:00:00", "s")
# 27 days and 3 hours: a degree of Carrington longitude in 6510 s.
ROTATION_SECONDS = 27 * 86400 + 3 * 3600
SUMMARY_HEADER = "ar_noaanum,LOCATION,Carrington_long,AREA,Z,Longitude_extent,No_sunspots,MAGTYPE,date,NM,NONE,BETA"


def made_up_charts(rotations=(2155, 2156, 2157)) -> SynopticCharts:
    """Quiet charts; rotation 2155 begins at `START`, and each other one as many rotations later."""
    rotation = np.array(rotations, dtype=np.int64)
    start = START + (rotation - 2155) * np.timedelta64(ROTATION_SECONDS, "s")
    stop = start + np.timedelta64(ROTATION_SECONDS, "s")
    return SynopticCharts(rotation, start, stop, np.zeros((len(rotation), 254, 720), dtype=np.int16))


def texts_of(times) -> list[str]:
    return [f"{str(time)[:10].replace('-', '.')}_{str(time)[11:]}_TAI" for time in times]


def write_npz(path: Path, charts: SynopticCharts, **changes) -> Path:
    """As the packed file of all charts has them."""
    content = {
        "B_dG": charts.steps,
        "car_rot": charts.rotation,
        "t_start": np.array(texts_of(charts.start)),
        "t_stop": np.array(texts_of(charts.stop)),
    }
    np.savez(path, **{name: value for name, value in (content | changes).items() if value is not None})
    return path


def write_fits(folder: Path, charts: SynopticCharts) -> list[Path]:
    """As JSOC has them, a file a rotation."""
    paths = []
    for n, rotation in enumerate(charts.rotation):
        field = np.full((360, 720), 5.0, dtype=np.float32)
        steps = charts.steps[n]
        field[53:307] = np.where(steps == -32768, np.nan, steps / 10)
        hdu = fits.PrimaryHDU(field)
        hdu.header["CAR_ROT"] = int(rotation)
        hdu.header["T_START"], hdu.header["T_STOP"] = texts_of([charts.start[n], charts.stop[n]])
        path = folder / f"hmi.Synoptic_Mr_small.{rotation}.fits"
        hdu.writeto(path)
        paths.append(path)
    return paths


def write_summaries(path: Path, rows) -> Path:
    """A table of (NOAA number, location, Carrington longitude, time), its records with a number that has no name."""
    lines = [f"{n},{ar},{location},{longitude},0010,AXX,01,001,ALPHA,{time},,," for n, (ar, location, longitude, time)
             in enumerate(rows)]  # fmt: skip
    path.write_text("\n".join([SUMMARY_HEADER, *lines, ""]))
    return path
