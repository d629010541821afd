"""NOAA's daily region summaries of the simulated Sun: spots, McIntosh and Mount Wilson class of each region and day."""

from __future__ import annotations

import itertools
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from scipy import ndimage

from flaredag.bipoles import patch_field, patch_grid
from flaredag.keywords import r_value
from flaredag.simulated_observer import disk_centre
from flaredag.simulated_patches import COARSE_PIXEL_DEG
from flaredag.simulated_regions import random_of

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from numpy.typing import NDArray

    from flaredag.simulated_regions import SolarRegion

DAY = np.timedelta64(86400, "s")
SPOT_GAUSS, PLAGE_GAUSS = 550.0, 60.0
PIXEL_MICROHEMISPHERE = np.radians(COARSE_PIXEL_DEG) ** 2 / (2 * np.pi) * 1e6
LARGEST_LONGITUDE_DEG = 85.0
RETURNS_WITHIN_DAYS = 3
# Share of each NOAA region in the spots of a patch that holds several.
SHARES = {1: (1.0,), 2: (0.7, 0.3), 3: (0.6, 0.25, 0.15)}
# Simulated regions are about half as wide as real ones of their flux; classes by extent are meant for those.
EXTENT_SCALE = 2.0
DELTA_R_VALUE, GAMMA_R_VALUE = 4.25, 3.9
LARGE_SPOT_MICROHEMISPHERE, PENUMBRA_MICROHEMISPHERE = 250, 20


@dataclass(frozen=True)
class RegionDay:
    """What observers say of a NOAA region at the end of a day (24:00 UTC): place in whole degrees, west positive.

    Without spots `area` (millionths of the hemisphere) is 0 and there are no classes.
    """

    noaa_ar: int
    latitude_deg: int
    longitude_deg: int
    carrington_deg: int
    area: int
    mcintosh: str
    extent_deg: int
    n_spots: int
    mount_wilson: str


def region_days(region: SolarRegion, seed: int) -> dict[np.datetime64, list[RegionDay]]:
    """Rows of a region by the day at whose end they hold, while it is on the disk and shows at least plage."""
    limb_days = (LARGEST_LONGITUDE_DEG + region.first_longitude_deg) / region.rotation_deg_a_day
    first = region.first_record - np.timedelta64(round(86400 * limb_days), "s")
    days = np.arange(first.astype("datetime64[D]"), first.astype("datetime64[D]") + 16) + np.timedelta64(1, "D")
    longitude = region.longitude_deg(days)
    age = region.age_days + region.days(days)
    seen = (np.abs(longitude) <= LARGEST_LONGITUDE_DEG) & (age > 0)
    days, longitude, age = days[seen], longitude[seen], age[seen]
    if not len(days):
        return {}
    x, y = patch_grid(region.half_width_deg, region.half_height_deg, COARSE_PIXEL_DEG)
    radial = patch_field(region.bipoles, age, x, y).radial
    carrington = disk_centre(days).carrington_longitude_deg + longitude
    random = random_of("summaries", seed, region.k)
    rows = {}
    for i, day in enumerate(days):
        of_day = _rows(region, radial[i], float(longitude[i]), float(carrington[i]), x, random)
        if of_day:
            rows[day.astype("datetime64[D]") - np.timedelta64(1, "D")] = of_day
    return rows


def _rows(
    region: SolarRegion,
    radial: NDArray[np.float32],
    longitude: float,
    carrington: float,
    x_deg: NDArray[np.float32],
    random: np.random.Generator,
) -> list[RegionDay]:
    strength = np.abs(radial)
    if strength.max() < PLAGE_GAUSS:
        return []
    spots = strength > SPOT_GAUSS
    polarities = [spots & (sign * radial > 0) for sign in (1, -1)]
    inversion_line = r_value(radial, rebin=1)
    columns = np.flatnonzero(spots.any(axis=0))
    extent = float(np.ptp(x_deg[columns])) if len(columns) else 0.0
    n_clumps = ndimage.label(spots)[1]
    rows = []
    for place, (noaa_ar, share) in enumerate(zip(region.noaa_ars, SHARES[len(region.noaa_ars)], strict=True)):
        # Observers round areas to tens, and differ by some tenths.
        area = share * spots.sum() * PIXEL_MICROHEMISPHERE * 10 ** random.normal(0.0, 0.08)
        rounded = int(round(area, -1))
        shift = 0.0 if place == 0 else (place % 2 * 2 - 1) * 0.7 * region.half_width_deg
        located = {
            "noaa_ar": noaa_ar,
            "latitude_deg": round(region.latitude_deg),
            "longitude_deg": round(longitude + shift),
            "carrington_deg": round(carrington + shift) % 360,
        }
        if not spots.any() or area < 2:  # noqa: PLR2004
            rows.append(RegionDay(**located, area=0, mcintosh="", extent_deg=0, n_spots=0, mount_wilson=""))
            continue
        own_extent = max(1, round(EXTENT_SCALE * extent * np.sqrt(share)))
        n_spots = max(1, round(n_clumps * share + area / 25 * random.uniform(0.6, 1.4)))
        both = all(polarity.any() for polarity in polarities) and n_spots > 1
        mcintosh, mount_wilson = _classes(rounded, own_extent, n_spots, inversion_line * np.sqrt(share), both=both)
        rows.append(
            RegionDay(
                **located,
                area=rounded,
                mcintosh=mcintosh,
                extent_deg=own_extent,
                n_spots=n_spots,
                mount_wilson=mount_wilson,
            )
        )
    return rows


def _classes(area: int, extent_deg: int, n_spots: int, inversion_line: float, *, both: bool) -> tuple[str, str]:
    """McIntosh (1990, Sol. Phys. 125, 251) and Mount Wilson class of a group.

    Zurich class by polarity, penumbra and extent; penumbra of the largest spot by area; distribution of spots by how
    strong the inversion line between them is.
    """
    penumbra = area >= PENUMBRA_MICROHEMISPHERE
    if not both:
        zurich = "H" if penumbra else "A"
    elif not penumbra:
        zurich = "B"
    else:
        zurich = "C" if n_spots < 4 else ("D" if extent_deg <= 10 else ("E" if extent_deg <= 15 else "F"))  # noqa: PLR2004
    large, complex_group = area >= LARGE_SPOT_MICROHEMISPHERE, inversion_line >= GAMMA_R_VALUE
    if not penumbra:
        largest = "x"
    else:
        symmetric = not complex_group and inversion_line == 0
        largest = ("h" if symmetric else "k") if large else ("s" if symmetric else "a")
    if zurich in "AH":
        distribution = "x"
    elif zurich in "BC":
        distribution = "o" if not complex_group else "i"
        distribution = "o" if zurich == "B" else distribution
    else:
        distribution = "c" if inversion_line >= DELTA_R_VALUE else ("i" if complex_group else "o")
    if zurich in "AH":
        magnetic = "Alpha"
    elif inversion_line >= DELTA_R_VALUE and penumbra:
        magnetic = "Beta-Gamma-Delta"
    else:
        magnetic = "Beta-Gamma" if complex_group else "Beta"
    return zurich + largest + distribution, magnetic


def returning_regions(
    regions: Iterable[SolarRegion],
) -> dict[np.datetime64, list[tuple[int, int, int]]]:
    """Regions that come over the east limb, by the days on which they are due: number, latitude, Carrington longitude.

    Only those old enough to have been seen a rotation before; NOAA gives their number of then, which is lower.
    """
    due: dict[np.datetime64, list[tuple[int, int, int]]] = {}
    for region in regions:
        days_to_limb = (90.0 + region.first_longitude_deg) / region.rotation_deg_a_day
        limb = region.first_record - np.timedelta64(round(86400 * days_to_limb), "s")
        if region.age_days - days_to_limb < RETURNS_WITHIN_DAYS:
            continue
        carrington = float(disk_centre(limb).carrington_longitude_deg) - 90.0
        row = (region.noaa_ars[0] - 6, round(region.latitude_deg), round(carrington) % 360)
        for back in range(RETURNS_WITHIN_DAYS):
            due.setdefault(limb.astype("datetime64[D]") - np.timedelta64(back, "D"), []).append(row)
    return due


def summary_text(day: np.datetime64, rows: Sequence[RegionDay], due: Sequence[tuple[int, int, int]]) -> str:
    """The summary issued at 00:30 UTC of `day`: `rows` hold at the end of the day before."""
    issued, before = day.astype(object), (day - np.timedelta64(1, "D")).astype(object)
    last_due = (day + np.timedelta64(2, "D")).astype(object)
    number = int((day - day.astype("datetime64[Y]")).astype(int)) + 1
    spotted = sorted((row for row in rows if row.mcintosh), key=lambda row: row.noaa_ar)
    plages = sorted((row for row in rows if not row.mcintosh), key=lambda row: row.noaa_ar)
    lines = [
        f":Product: {issued:%m%d}SRS.txt",
        f":Issued: {issued:%Y %b %d} 0030 UTC",
        "# Prepared jointly by the U.S. Dept. of Commerce, NOAA,",
        "# Space Weather Prediction Center and the U.S. Air Force.",
        "#",
        "Joint USAF/NOAA Solar Region Summary",
        f"SRS Number {number} Issued at 0030Z on {issued:%d %b %Y}",
        f"Report compiled from data received at SWO on {before:%d %b}",
        f"I.  Regions with Sunspots.  Locations Valid at {before:%d}/2400Z ",
        "Nmbr Location  Lo  Area  Z   LL   NN Mag Type",
        *(_spotted_line(row) for row in spotted),
        *([] if spotted else ["None"]),
        f"IA. H-alpha Plages without Spots.  Locations Valid at {before:%d}/2400Z {before:%b}",
        "Nmbr  Location  Lo",
        *(f"{row.noaa_ar % 10000:04d}  {_location(row)}   {row.carrington_deg:03d}" for row in plages),
        *([] if plages else ["None"]),
        f"II. Regions Due to Return {issued:%d %b} to {last_due:%d %b}",
        "Nmbr Lat    Lo",
        *(f"{ar % 10000:04d} {'NS'[lat < 0]}{abs(lat):02d}    {lon:03d}" for ar, lat, lon in sorted(due)),
        *([] if due else ["None"]),
    ]
    return "".join(line + "\n" for line in lines)


def _spotted_line(row: RegionDay) -> str:
    return (
        f"{row.noaa_ar % 10000:04d} {_location(row)}   {row.carrington_deg:03d}  {row.area:04d} {row.mcintosh}  "
        f"{row.extent_deg:02d}   {row.n_spots:02d} {row.mount_wilson}"
    )


def _location(row: RegionDay) -> str:
    north_south, east_west = "NS"[row.latitude_deg < 0], "WE"[row.longitude_deg < 0]
    return f"{north_south}{abs(row.latitude_deg):02d}{east_west}{min(abs(row.longitude_deg), 90):02d}"


def summaries_of_year(
    year: int,
    rows: Mapping[np.datetime64, Sequence[RegionDay]],
    due: Mapping[np.datetime64, Sequence[tuple[int, int, int]]],
) -> dict[str, bytes]:
    """Texts of all days of a year by file name: YYYYMMDDSRS.txt. `rows` by the day at whose end they hold."""
    days = np.arange(f"{year - 1}-12-31", f"{year + 1}-01-01", dtype="datetime64[D]")
    texts = {}
    for before, day in itertools.pairwise(days):
        text = summary_text(day, rows.get(before, ()), due.get(day, ()))
        texts[f"{str(day).replace('-', '')}SRS.txt"] = text.encode("ascii")
    return texts
