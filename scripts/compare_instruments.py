"""SHARP against SMARP where both saw the same patches: keywords and pixels (Sun et al. 2022, section 2.2)."""

import logging
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import pandas as pd

from flaredag.artifacts import write_csv
from flaredag.cubes import read_cube, read_frames
from flaredag.fusion import (
    EDGES,
    FACTOR_COLUMNS,
    POOLED,
    QUANTILE_COLUMNS,
    common_box,
    cropped,
    matched_records,
    multiplicative_factor,
    pixel_quantiles,
    regressions,
    sampled_records,
    usable_records,
)
from flaredag.joblog import Progress, job_log
from flaredag.tables import read_records

LOG = logging.getLogger("flaredag")

INSTRUMENTS = ("sharp", "smarp")
N_QUANTILES = 200


def compare_instruments(
    records: Mapping[str, pd.DataFrame], *, settings: Mapping[str, Any]
) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Matched records of both instruments (`records` by name) and the regression of each keyword on them.

    `settings`: `max_time_difference_minutes`. Tables of flaredag.fusion; without overlap the first is empty.
    """
    matched = matched_records(
        records["sharp"], records["smarp"], tolerance_minutes=settings["max_time_difference_minutes"]
    )
    return matched, regressions(matched)


def compare_pixels(matched: pd.DataFrame, cube_of: Mapping[tuple[str, int], str]) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Quantiles of the pixels of each pair of patches and of all together, and the factor between them.

    `matched`: the records whose magnetograms are compared; `cube_of`: path of the cube of each instrument and region.
    Only pixels within the box that both patches cover count, and records of which both cubes have the image.
    """
    quantiles, factors, pooled = [], [], {name: [] for name in INSTRUMENTS}
    patches = matched.groupby(["region_sharp", "region_smarp"], sort=True)
    progress = Progress(LOG, "pairs of patches", len(patches))
    for (sharp, smarp), of_pair in patches:
        pixels = _pixels_of_pair(of_pair, [cube_of["sharp", sharp], cube_of["smarp", smarp]])
        progress.advance()
        if not all(len(of_instrument) for of_instrument in pixels):
            LOG.info("HARP %d and TARP %d: no image of both at the same time", sharp, smarp)
            continue
        middle = of_pair[[f"{edge}_smarp" for edge in EDGES[2:]]].to_numpy(dtype=np.float64).mean()
        _add_pair(quantiles, factors, (sharp, smarp, middle), pixels)
        for name, of_instrument in zip(INSTRUMENTS, pixels, strict=True):
            pooled[name].append(of_instrument)
    if factors:
        _add_pair(quantiles, factors, (POOLED, POOLED, np.nan), [np.concatenate(pooled[name]) for name in INSTRUMENTS])
    return (
        pd.concat(quantiles) if quantiles else pd.DataFrame(columns=list(QUANTILE_COLUMNS)),
        pd.DataFrame(factors, columns=list(FACTOR_COLUMNS)),
    )


def main(
    tables: Mapping[str, Sequence[str]],
    cubes: Mapping[str, Sequence[str]],
    outputs: Mapping[str, str],
    *,
    settings: Mapping[str, Any],
) -> None:
    """Read tables and cubes of each instrument (a cube a table, in the same order, or none), compare them.

    `outputs` (CSV): matched, regressions, quantiles, factors; without overlap, or cubes, a header alone.
    """
    records, cube_of = {}, {}
    for name in INSTRUMENTS:
        usable = []
        for position, path in enumerate(tables[name]):
            of_shard = read_records([path])
            if cubes[name]:
                cube_of |= {(name, region): cubes[name][position] for region in of_shard["region"].unique()}
            usable.append(
                usable_records(
                    of_shard, max_longitude_deg=settings["max_longitude_deg"], quality_below=settings["quality_below"]
                )
            )
        records[name] = pd.concat(usable, ignore_index=True)
    matched, lines = compare_instruments(records, settings=settings)
    sampled = sampled_records(matched, every_hours=settings["pixel_sampling_hours"])
    quantiles, factors = compare_pixels(sampled if cube_of else matched.iloc[:0], cube_of)
    for name, table in (
        ("matched", matched),
        ("regressions", lines),
        ("quantiles", quantiles),
        ("factors", factors),
    ):
        write_csv(outputs[name], table)
    LOG.info("%s usable records", {name: len(of_instrument) for name, of_instrument in records.items()})
    LOG.info("%d matched records, %d pairs of patches with images", len(matched), max(len(factors) - 1, 0))
    LOG.info("%s", lines.to_string(index=False))


def _pixels_of_pair(of_pair: pd.DataFrame, paths: Sequence[str]) -> list[np.ndarray]:
    """Pixels (pixel,), gauss, of both instruments within the common boxes of the records of one pair of patches."""
    indices = [
        _indices_of(path, of_pair[[f"region_{name}", f"t_rec_{name}"]])
        for name, path in zip(INSTRUMENTS, paths, strict=True)
    ]
    there = (indices[0] >= 0) & (indices[1] >= 0)
    boxes = common_box(of_pair)[there]
    pixels = []
    for name, path, index in zip(INSTRUMENTS, paths, indices, strict=True):
        frames = read_frames(path, index[there])
        patches = of_pair.loc[there, [f"{edge}_{name}" for edge in EDGES]].to_numpy(dtype=np.float64)
        parts = [cropped(*one).ravel() for one in zip(frames, patches, boxes, strict=True)]
        pixels.append(np.concatenate(parts) if parts else np.empty(0, np.float32))
    return [of_instrument[np.isfinite(of_instrument)] for of_instrument in pixels]


def _indices_of(path: str, wanted: pd.DataFrame) -> np.ndarray:
    """Place in a cube of each record of `wanted` (columns region, t_rec), -1 where the cube has no image of it."""
    with read_cube(path) as cube:
        there = pd.MultiIndex.from_arrays([cube["region"].to_numpy(), pd.DatetimeIndex(cube["t_rec"].to_numpy())])
    region, t_rec = (wanted.iloc[:, column] for column in (0, 1))
    return there.get_indexer(pd.MultiIndex.from_arrays([region, pd.DatetimeIndex(t_rec)]))


def _add_pair(
    quantiles: list[pd.DataFrame], factors: list[tuple], pair: tuple[int, int, float], pixels: Sequence[np.ndarray]
) -> None:
    sharp, smarp, latitude = pair
    probability, *values = pixel_quantiles(*pixels, n_quantiles=N_QUANTILES)
    columns = (np.full(N_QUANTILES, sharp), np.full(N_QUANTILES, smarp), probability, *values)
    quantiles.append(pd.DataFrame(dict(zip(QUANTILE_COLUMNS, columns, strict=True))))
    factors.append((sharp, smarp, latitude, *(len(each) for each in pixels), multiplicative_factor(*values)))


if __name__ == "__main__":
    with job_log(snakemake.log[0]):
        main(
            {name: list(snakemake.input[f"{name}_tables"]) for name in INSTRUMENTS},
            {name: list(snakemake.input[f"{name}_cubes"]) for name in INSTRUMENTS},
            dict(snakemake.output.items()),
            settings=snakemake.params.settings,
        )
