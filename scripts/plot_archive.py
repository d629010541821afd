"""A figure of an archive: its coverage, some of its magnetograms, or SHARP against SMARP."""

import logging
from collections.abc import Mapping, Sequence

import numpy as np
import pandas as pd
from matplotlib.figure import Figure

from flaredag.coverage import COVERAGE_COLUMNS, instrument_of, largest_flares
from flaredag.cubes import read_cube, read_frames
from flaredag.errors import InputError
from flaredag.fusion import FACTOR_COLUMNS, MATCHED_COLUMNS, QUANTILE_COLUMNS, REGRESSION_COLUMNS
from flaredag.joblog import job_log
from flaredag.plots import write_svg
from flaredag.plots_archive import (
    Frame,
    Passage,
    coverage_figure,
    magnetograms_figure,
    quantiles_figure,
    regressions_figure,
)
from flaredag.tables import numbers, read_flares, read_raw_csv, read_records

LOG = logging.getLogger("flaredag")

REGIONS_SHOWN, FRAMES_SHOWN = 3, 3
TABLES = {
    "coverage": COVERAGE_COLUMNS,
    "matched": MATCHED_COLUMNS,
    "regressions": REGRESSION_COLUMNS,
    "quantiles": QUANTILE_COLUMNS,
    "factors": FACTOR_COLUMNS,
}
FRAME_COLUMNS = (
    "region",
    "time",
    "longitude_min",
    "longitude_max",
    "height_pixels",
    "width_pixels",
    "bad_image",
)
TEXT_COLUMNS = ("instrument", "month", "keyword", "t_rec_sharp", "t_rec_smarp")


def plot_archive(figure: str, tables: Mapping[str, pd.DataFrame], passages: Sequence[Passage], *, mark: str) -> Figure:
    """The figure of this name: coverage, regressions or quantiles of its `tables`, or magnetograms of `passages`."""
    if figure == "coverage":
        return coverage_figure(tables["coverage"], mark=mark)
    if figure == "magnetograms":
        return magnetograms_figure(passages, mark=mark)
    if figure == "regressions":
        return regressions_figure(tables["matched"], tables["regressions"], mark=mark)
    if figure == "quantiles":
        return quantiles_figure(tables["quantiles"], tables["factors"], mark=mark)
    raise InputError(f"figure {figure}: wanted coverage, magnetograms, regressions or quantiles. Mend the rule.")


def passages_shown(
    frames: pd.DataFrame, regions: pd.DataFrame, flares: pd.DataFrame, *, max_longitude_deg: float
) -> pd.DataFrame:
    """First, middle and last good frame of some regions of each instrument, from the most to the least flaring.

    `frames`: columns `FRAME_COLUMNS` and instrument; `regions` and `flares` as of flaredag.coverage.largest_flares.
    Rows of `frames` with goes_class (of the region's largest flare) and noaa_ars, frames in the order of time. Good
    frames have all their pixels, the size of the region's others, and lie within the longitude limit.
    """
    limit = max_longitude_deg
    good = ~frames["bad_image"] & (frames["longitude_min"] >= -limit) & (frames["longitude_max"] <= limit)
    frames = frames[good].sort_values(["instrument", "region", "time"], kind="stable")
    n_frames = frames.groupby(["instrument", "region"]).size()
    of_region = largest_flares(regions, flares).set_index(["instrument", "region"])
    noaa_ars = regions.groupby(["instrument", "region"])["noaa_ar"].agg(lambda of_one: ", ".join(sorted(set(of_one))))
    of_region = of_region.assign(noaa_ars=noaa_ars)[n_frames.reindex(of_region.index, fill_value=0) >= FRAMES_SHOWN]
    of_region = of_region.sort_values(["instrument", "peak_flux"], ascending=[True, False], kind="stable")
    shown = []
    for _, of_instrument in of_region.groupby(level="instrument", sort=True):
        for position in np.unique(np.linspace(0, len(of_instrument) - 1, REGIONS_SHOWN).round().astype(int)):
            one = of_instrument.iloc[[position]].reset_index()
            of_one = frames.merge(one[["instrument", "region", "goes_class", "noaa_ars"]], on=["instrument", "region"])
            shown.append(of_one.iloc[np.linspace(0, len(of_one) - 1, FRAMES_SHOWN).round().astype(int)])
    return pd.concat(shown, ignore_index=True) if shown else pd.DataFrame()


def read_passages(inputs: Mapping[str, Sequence[str]], *, max_longitude_deg: float) -> list[Passage]:
    """Some regions of each instrument with their magnetograms: `inputs` are cubes, tables and flares."""
    frames = []
    for path in inputs["cubes"]:
        with read_cube(path) as cube:
            of_cube = pd.DataFrame({name: cube[name].to_numpy() for name in FRAME_COLUMNS})
        frames.append(of_cube.assign(instrument=instrument_of(path), path=path, index=np.arange(len(of_cube))))
    regions = pd.concat([regions_of(read_records([path])) for path in inputs["tables"]], ignore_index=True)
    shown = passages_shown(
        pd.concat(frames, ignore_index=True),
        regions,
        read_flares(inputs["flares"]),
        max_longitude_deg=max_longitude_deg,
    )
    passages = []
    for start in range(0, len(shown), FRAMES_SHOWN):
        of_one = shown.iloc[start : start + FRAMES_SHOWN]
        first = of_one.iloc[0]
        gauss = read_frames(first["path"], of_one["index"])
        passages.append(
            Passage(
                instrument=first["instrument"],
                region=str(first["region"]),
                noaa_ars=first["noaa_ars"],
                largest_flare=first["goes_class"],
                frames=[
                    Frame(row.time.to_datetime64(), row.width_pixels / row.height_pixels, each)
                    for row, each in zip(of_one.itertuples(), gauss, strict=True)
                ],
            )
        )
    return passages


def regions_of(records: pd.DataFrame) -> pd.DataFrame:
    """Each patch with each of its NOAA numbers, first and last time (UTC), as `largest_flares` wants them."""
    seen = records.groupby(["instrument", "region", "noaa_ars"], as_index=False)["time"].agg(first="min", last="max")
    return seen.assign(noaa_ar=seen["noaa_ars"].str.split(",")).explode("noaa_ar").drop(columns="noaa_ars")


def read_table(path: str, columns: Sequence[str]) -> pd.DataFrame:
    """Table of numbers and, in `TEXT_COLUMNS`, texts."""
    text = read_raw_csv(path, columns)
    return text.assign(**{name: numbers(text[name], path=path) for name in columns if name not in TEXT_COLUMNS})


def main(inputs: Mapping[str, Sequence[str]], output: str, *, figure: str, max_longitude_deg: float, mark: str) -> None:
    """Draw one figure as SVG; `mark` stands in its corner: SIMULATED where the Sun is, else empty.

    `inputs`: paths by name, the tables of a figure (`TABLES`, one file each), or cubes, tables and flares.
    """
    tables = {name: read_table(inputs[name][0], columns) for name, columns in TABLES.items() if name in inputs}
    passages = read_passages(inputs, max_longitude_deg=max_longitude_deg) if "cubes" in inputs else []
    write_svg(output, plot_archive(figure, tables, passages, mark=mark))
    LOG.info("drew %s from %d files", output, sum(len(paths) for paths in inputs.values()))


if __name__ == "__main__":
    with job_log(snakemake.log[0]):
        main(
            {name: list(paths) for name, paths in snakemake.input.items()},
            snakemake.output.figure,
            figure=snakemake.wildcards.figure,
            max_longitude_deg=snakemake.params.max_longitude_deg,
            mark=snakemake.params.mark,
        )
