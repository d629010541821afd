"""A made-up archive of a few patches that both instruments see for some days, as the curating scripts write it."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pandas as pd

from flaredag.artifacts import write_json
from flaredag.cubes import frame_columns, packed, write_cube
from flaredag.goes import peak_flux_w_m2
from flaredag.rejections import Rejection, write_rejections
from flaredag.samples import StudyWindows, WindowImages
from flaredag.tables import write_flares, write_records

FIRST = np.datetime64("2010-06-01T00:00:00", "s")
CADENCE = np.timedelta64(96, "m")
PIXELS = 16
# Region -> NOAA numbers, and latitude; 13 and 1300 are seen by one instrument alone.
PATCHES = {
    "sharp": {11: ("11072", 10.0), 12: ("11073,11074", -20.0), 13: ("11075", 5.0)},
    "smarp": {1301: ("11072", 10.0), 1302: ("11074", -20.0), 1300: ("11080", 25.0)},
}
SHARD = {"sharp": "0", "smarp": "13"}
CONTRAST = {"sharp": 1.0, "smarp": 1.1}  # of the pixels of the same patch
# The M1.0 flare of 11072 peaks at 02:10, the C1.2 at 01:10; no flare at 05:00.
DISAGREEMENTS = (
    "kind,peak_time,list_a,value_a,list_b,value_b,kept\n"
    "region,2010-06-02 01:10:00,hek,11072,ncei,11073,11072\n"
    "missing,2010-06-02 05:00:00,ncei,B2.0,hek,,B2.0\n"
    "class,2010-06-03 02:10:00,hek,M1.0,ncei,C9.9,M1.0\n"
)


def records_of(instrument: str, *, n_records: int = 60, seed: int = 0) -> pd.DataFrame:
    """Records of `PATCHES` at 96 minutes; SMARP's keywords are lines of SHARP's: USFLUXL 1.2 times, R_VALUE 0.5 more.

    Patches cross 13 degrees a day from 60 east, 20 degrees wide and 10 high. The sixth record is of bad quality.
    """
    parts = []
    for position, (region, (noaa_ars, latitude)) in enumerate(PATCHES[instrument].items()):
        rng = np.random.default_rng(seed + position)
        t_rec = FIRST + np.arange(n_records) * CADENCE
        east = -60.0 + 13.0 * np.arange(n_records) * 96 / 1440
        flux = rng.uniform(0.5e22, 3e22, n_records)
        r_value = rng.uniform(3.0, 4.5, n_records)
        smarp = instrument == "smarp"
        of_patch = pd.DataFrame({"t_rec": t_rec, "time": t_rec - np.timedelta64(34, "s")})
        parts.append(
            of_patch.assign(
                region=region,
                noaa_ars=noaa_ars,
                quality=np.where(np.arange(n_records) == 5, 0x40000, 0),
                longitude_min=east,
                longitude_max=east + 20.0,
                latitude_min=latitude - 5.0,
                latitude_max=latitude + 5.0,
                usfluxl=flux * (1.2 if smarp else 1.0),
                meangbl=rng.uniform(20.0, 60.0, n_records),
                r_value=r_value + (0.5 if smarp else 0.0),
                area=rng.uniform(1e3, 1e4, n_records),
            )
        )
    return pd.concat(parts, ignore_index=True)


def frames_of(records: pd.DataFrame, *, instrument: str) -> np.ndarray:
    """Two spots of opposite polarity that grow, (record, y, x), gauss; SMARP has 1.1 times the contrast."""
    y, x = np.mgrid[:PIXELS, :PIXELS] / (PIXELS - 1)
    spots = [np.exp(-((x - centre) ** 2 + (y - 0.5) ** 2) / 0.02) for centre in (0.3, 0.6)]
    growth = records.groupby("region").cumcount().to_numpy() / 60 + 0.5
    frames = 1500.0 * CONTRAST[instrument] * growth[:, None, None] * (spots[0] - 0.8 * spots[1])
    frames[records["quality"].to_numpy() > 0, :, :3] = np.nan
    return frames


def written_archive(folder: Path) -> dict[str, list[str]]:
    """Write the archive; paths by kind, as the rules name them."""
    paths: dict[str, list[str]] = {}
    for instrument, shard in SHARD.items():
        records, stem = records_of(instrument), f"{instrument}-{shard}"
        (folder / "tables").mkdir(parents=True, exist_ok=True)
        table, cube = folder / "tables" / f"{stem}.nc", folder / "cubes" / f"{stem}.zarr.zip"
        write_records(table, records, instrument=instrument)
        frames = frames_of(records, instrument=instrument)
        nan_fraction = np.isnan(frames).mean(axis=(1, 2))
        of_cube = records.assign(nan_fraction=nan_fraction, bad_image=nan_fraction > 0)
        write_made_up_cube(cube, of_cube, packed(frames), instrument=instrument)
        write_json(table.with_suffix(".json"), {"records_read": 181, "records_repeated": 1, "regions": 3})
        rejected = folder / "tables" / f"{stem}.rejected.csv"
        write_rejections(rejected, [Rejection("keywords.csv", "line 7", "T_REC is no time", "2010.06.31_00:00:00_TAI")])
        paths[f"{instrument}_tables"], paths[f"{instrument}_cubes"] = [str(table)], [str(cube)]
        paths.setdefault("tables_counts", []).append(str(table.with_suffix(".json")))
        paths.setdefault("tables_rejected", []).append(str(rejected))
    for kind in ("tables", "cubes"):
        paths[kind] = [*paths[f"sharp_{kind}"], *paths[f"smarp_{kind}"]]
    flares, disagreements = folder / "flares" / "goes.nc", folder / "flares" / "goes.disagreements.csv"
    write_json(flares.with_suffix(".json"), {"flares_read": 5, "flares_of_strange_kind": 1})
    write_flares(flares, made_up_flares())
    disagreements.write_text(DISAGREEMENTS)
    paths |= {"flares": [str(flares)], "flares_counts": [str(flares.with_suffix(".json"))]}
    return paths | {"disagreements": [str(disagreements)]}


def write_made_up_cube(path: Path, records: pd.DataFrame, steps: np.ndarray, *, instrument: str) -> None:
    """Write a cube of packed frames (record, y, x); `records` may lack what a cube has besides the keyword tables."""
    columns = {
        "longitude_deg": (records["longitude_min"] + records["longitude_max"]) / 2,
        "latitude_deg": (records["latitude_min"] + records["latitude_max"]) / 2,
        "carrington_longitude_deg": 0.0,
        "cdelt_deg": 0.12,
        "height_pixels": 83,
        "width_pixels": 166,
        "nan_fraction": 0.0,
        "bad_image": False,
        "file": "a.fits",
    }
    absent = {name: value for name, value in columns.items() if name not in records.columns}
    write_cube(
        path,
        records.assign(**absent, **frame_columns(steps)),
        lambda which: steps[list(which)],
        pixels=steps.shape[1],
        attrs={"instrument": instrument},
    )


def with_images(windows: StudyWindows, *, pixels: int = 6, seed: int = 0) -> tuple[StudyWindows, np.ndarray]:
    """Windows with a magnetogram each, and those, packed, (sample, y, x): a cube an instrument, last window first.

    Strong regions have the stronger fields; the patch of a window is at 0.5 degrees west a window, 10 north.
    """
    rng = np.random.default_rng(seed)
    n_windows = len(windows.label)
    gauss = rng.normal(size=(n_windows, pixels, pixels)) * (300.0 + 400.0 * (windows.label == 1))[:, None, None]
    steps = packed(gauss)
    frame = np.empty(n_windows, dtype=np.int32)
    for code in range(len(windows.instruments)):
        own = np.flatnonzero(windows.instrument == code)
        frame[own] = np.arange(len(own))[::-1]
    images = WindowImages(
        cubes=tuple(f"{name}-0" for name in windows.instruments),
        cube=windows.instrument.astype(np.int16),
        frame=frame,
        longitude_deg=np.arange(n_windows, dtype=np.float32) / 2 - 60,
        latitude_deg=np.full(n_windows, 10, dtype=np.float32),
        **frame_columns(steps),
    )
    return replace(windows, images=images), steps


def written_cubes(folder: Path, windows: StudyWindows, steps: np.ndarray) -> dict[str, str]:
    """Write the cubes that the windows name, of packed frames (sample, y, x); their paths by stem."""
    images = windows.images
    assert images is not None
    paths = {}
    for code, stem in enumerate(images.cubes):
        own = np.flatnonzero(images.cube == code)
        order = own[np.argsort(images.frame[own])]
        records = pd.DataFrame(
            {
                "region": windows.region[order],
                "t_rec": windows.issue_time[order],
                "time": windows.issue_time[order],
                "quality": 0,
                "longitude_deg": images.longitude_deg[order],
                "latitude_deg": images.latitude_deg[order],
                **dict.fromkeys(("longitude_min", "longitude_max", "latitude_min", "latitude_max"), 0.0),
            }
        )
        path = folder / f"{stem}.zarr.zip"
        write_made_up_cube(path, records, steps[order], instrument=windows.instruments[code])
        paths[stem] = str(path)
    return paths


def made_up_flares() -> pd.DataFrame:
    """Four flares of June and July 2010: B5.0, C1.2, M1.0 of NOAA 11072, X2.0 of NOAA 11074."""
    start = np.array(["2010-06-02T00:50", "2010-06-02T01:00", "2010-06-03T02:00", "2010-07-01T00:00"], "datetime64[s]")
    classes = ["B5.0", "C1.2", "M1.0", "X2.0"]
    return pd.DataFrame({"goes_class": classes, "noaa_ar": [11072, 11072, 11072, 11074]}).assign(
        start_time=start,
        start_uncertainty=0.0,
        peak_time=start + np.timedelta64(600, "s"),
        end_time=start + np.timedelta64(1200, "s"),
        peak_flux=peak_flux_w_m2(classes),
        instrument="",
        region=-1,
        lists="hek,ncei",
    )
