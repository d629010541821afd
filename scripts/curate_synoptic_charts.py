"""Synoptic charts and NOAA's region summaries -> a record and a patch of each region as it passes the meridian."""

import logging
from collections.abc import Mapping
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from flaredag.artifacts import write_json
from flaredag.compiled_summaries import read_compiled_summaries
from flaredag.cubes import frame_columns, packed, write_cube
from flaredag.errors import InputError
from flaredag.inversion_lines import inversion_line_features
from flaredag.joblog import job_log
from flaredag.jsoc import utc_from_tai
from flaredag.recurrent_regions import first_rotations
from flaredag.rejections import Rejection, write_rejections
from flaredag.synoptic_charts import (
    PIXEL_WIDTH_DEG,
    SynopticCharts,
    passage_times,
    patches,
    pixel_height_deg,
    pixel_width_deg,
    read_charts,
)
from flaredag.tables import NOT_GIVEN, curated_records, write_records

LOG = logging.getLogger("flaredag")

INSTRUMENT = "synoptic"
# A region is taken to pass the meridian within this of a row that tells where it is: half a rotation off is no chart.
LONGEST_TO_PASSAGE = np.timedelta64(9 * 24, "h")
# Rows whose Carrington longitude and distance from the meridian tell of passages further apart are counted.
NOTED_DIFFERENCE_HOURS = 12.0
SYNODIC_DEG_A_DAY = 13.2


def curate_synoptic_charts(
    charts: SynopticCharts, places: pd.DataFrame, *, settings: Mapping[str, Any], source: str
) -> tuple[pd.DataFrame, NDArray[np.int16], dict[str, int], list[Rejection]]:
    """Records (columns of a table and of a cube), their packed frames, counts, and the regions that have no patch.

    `places`: rows of the region summaries (columns `PLACE_COLUMNS`), called `source`. `settings`: `patch_pixels`,
    `max_longitude_deg` (a region seen no nearer to the meridian has no patch), `delay_hours` from the passage of the
    patch's centre to the issue time, so that all its pixels are of before, and `strong_gauss`.
    """
    regions, rejected, counts = _passages(
        charts, places, max_longitude_deg=settings["max_longitude_deg"], source=source
    )
    group = first_rotations(
        charts.rotation[regions["chart"]], regions["carrington_longitude_deg"], regions["latitude_deg"]
    )
    regions = regions.assign(split_group=group, recurs=group < charts.rotation[regions["chart"]])
    kept = regions[regions["kept"]].sort_values("noaa_ar", ignore_index=True)
    if not len(kept):
        raise InputError(
            f"{source}: none of its {len(regions)} regions is seen within {settings['max_longitude_deg']} degrees of "
            "the central meridian while there are charts. Are charts and summaries of the same years?"
        )
    chart, pixels = kept["chart"].to_numpy(), settings["patch_pixels"]
    longitude, latitude = (kept[f"{name}_deg"].to_numpy() for name in ("carrington_longitude", "latitude"))
    gauss = patches(charts, chart, longitude, latitude, pixels=pixels)
    nan_fraction = np.isnan(gauss).mean(axis=(1, 2))
    # As nothing is told of pixels without value, they are taken to be quiet.
    gauss = np.nan_to_num(gauss)
    frames = packed(gauss)
    issue, t_rec = _issue_times(kept["passage"], delay_hours=settings["delay_hours"])
    first_listed = places.groupby("noaa_ar")["valid_time"].min().reindex(kept["noaa_ar"])
    half_height = np.degrees(pixels / 2 / 180)
    records = pd.DataFrame(
        {
            "region": kept["noaa_ar"].to_numpy(),
            "t_rec": t_rec,
            "time": issue,
            "noaa_ars": kept["noaa_ar"].astype(str),
            "quality": NOT_GIVEN,
            "longitude_min": -PIXEL_WIDTH_DEG * pixels / 2,
            "longitude_max": PIXEL_WIDTH_DEG * pixels / 2,
            "latitude_min": latitude - half_height,
            "latitude_max": latitude + half_height,
            "split_group": kept["split_group"].to_numpy(dtype=np.int64),
            **field_features(gauss, latitude, strong_gauss=settings["strong_gauss"]),
            "longitude_deg": 0.0,
            "latitude_deg": latitude,
            "carrington_longitude_deg": longitude,
            "cdelt_deg": PIXEL_WIDTH_DEG,
            "height_pixels": pixels,
            "width_pixels": pixels,
            "nan_fraction": nan_fraction,
            "bad_image": False,
            "file": [f"hmi.Synoptic_Mr_small.{rotation}.fits" for rotation in charts.rotation[chart]],
            **frame_columns(frames),
        }
    )
    counts |= {
        "images_with_nan": int((nan_fraction > 0).sum()),
        # That such a region is taken at all is known later than the forecast would be issued.
        "regions_first_listed_after_issue": int((first_listed.to_numpy() > issue.to_numpy()).sum()),
        "regions_linked_to_an_earlier_rotation": int(kept["recurs"].sum()),
        "split_groups": int(records["split_group"].nunique()),
    }
    return records, frames, counts, rejected


def field_features(gauss: NDArray[np.float32], latitude_deg: NDArray, *, strong_gauss: float) -> dict[str, NDArray]:
    """Keywords (record,) of patches (record, y, x; gauss): see `flaredag.keyword_ranges.SYNOPTIC`."""
    unsigned = np.abs(gauss.astype(np.float64))
    lines = inversion_line_features(
        gauss,
        strong_gauss=strong_gauss,
        pixel_width_deg=pixel_width_deg(latitude_deg),
        pixel_height_deg=pixel_height_deg(latitude_deg),
    )
    return {"unsigned_field_sum": np.where(unsigned > strong_gauss, unsigned, 0.0).sum(axis=(1, 2)), **lines}


def _passages(
    charts: SynopticCharts, places: pd.DataFrame, *, max_longitude_deg: float, source: str
) -> tuple[pd.DataFrame, list[Rejection], dict[str, int]]:
    """A row a region that passed the meridian while there were charts: where, in which `chart`, `passage` (TAI clock).

    The row of a region's days is that nearest to the meridian, the earliest of several. `kept` where that is near
    enough; the others are told in the rejections.
    """
    days = places.assign(distance_deg=places["longitude_deg"].abs())
    nearest = days.sort_values(["noaa_ar", "distance_deg", "valid_time"], kind="stable").drop_duplicates("noaa_ar")
    valid = nearest["valid_time"].to_numpy(dtype="datetime64[s]")
    times = passage_times(charts, nearest["carrington_longitude_deg"])
    chart = np.abs(times - valid).argmin(axis=0)
    passage = times[chart, np.arange(len(nearest))]
    of_years = (valid >= charts.start[0]) & (valid < charts.stop[-1])
    seen = np.abs(passage - valid) <= LONGEST_TO_PASSAGE
    near = nearest["distance_deg"].to_numpy() <= max_longitude_deg
    moved_hours = nearest["longitude_deg"].to_numpy() / SYNODIC_DEG_A_DAY * 24
    differs = np.abs((valid - passage) / np.timedelta64(1, "h") - moved_hours) > NOTED_DIFFERENCE_HOURS
    reason = np.where(seen, "not seen near the central meridian", "no chart of its passage")
    rejected = [
        Rejection(source, f"region {nearest['noaa_ar'].iloc[n]}", str(reason[n]), _told(nearest.iloc[n]))
        for n in np.flatnonzero(of_years & ~(seen & near)).tolist()
    ]
    counts = {
        "regions_read": len(nearest),
        "regions_of_other_years": int((~of_years).sum()),
        "regions_without_chart": int((of_years & ~seen).sum()),
        "regions_not_seen_near_the_meridian": int((of_years & seen & ~near).sum()),
        "regions": int((of_years & seen & near).sum()),
        "passages_off_by_over_12_hours": int((of_years & seen & near & differs).sum()),
    }
    table = nearest.assign(chart=chart, passage=passage, kept=near)
    return table[of_years & seen].reset_index(drop=True), rejected, counts


def _told(place: pd.Series) -> str:
    return f"{place['longitude_deg']:+.0f} degrees from the meridian on {place['valid_time']}"


def _issue_times(passage: pd.Series, *, delay_hours: float) -> tuple[pd.Series, pd.Series]:
    """Issue times, UTC, and the same on the TAI clock, there rounded up to the minute as records stand on a grid."""
    clock = (passage + pd.to_timedelta(round(delay_hours * 3600), unit="s")).dt.ceil("min").astype("datetime64[s]")
    return utc_from_tai(clock).astype("datetime64[s]"), clock


def main(
    charts: str,
    summaries: str,
    table: str,
    cube: str,
    counts: str,
    rejected: str,
    *,
    settings: Mapping[str, Any],
) -> None:
    """Read charts and summaries, write records (netCDF), cube, counts (JSON) and what was left out (CSV)."""
    places, bad_rows = read_compiled_summaries(summaries)
    found, frames, of_regions, left_out = curate_synoptic_charts(
        read_charts(charts), places, settings=settings, source=summaries
    )
    records, of_records = curated_records(found, path=summaries)
    of_regions |= {**of_records, "summary_rows_rejected": len(bad_rows)}
    LOG.info("%s: %s", charts, of_regions)
    write_records(table, records, instrument=INSTRUMENT)
    write_cube(
        cube,
        found,
        lambda which: frames[list(which)],
        pixels=settings["patch_pixels"],
        attrs={"instrument": INSTRUMENT, **settings},
    )
    write_rejections(rejected, [*bad_rows, *left_out])
    write_json(counts, of_regions)


if __name__ == "__main__":
    with job_log(snakemake.log[0]):
        main(
            snakemake.input.charts,
            snakemake.input.summaries,
            snakemake.output.table,
            snakemake.output.cube,
            snakemake.output.counts,
            snakemake.output.rejected,
            settings=snakemake.params.settings,
        )
