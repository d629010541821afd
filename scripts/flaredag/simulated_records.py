"""Records of simulated patches in JSOC's form: keywords as texts, magnetograms as FITS files, with their faults.

All keywords are computed from the pixels of the very file, by the rules that hold for JSOC's maps; those of the vector
field from a vector field on pixels of 0.06 degrees.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from flaredag.jsoc import REGION_KEYWORD, utc_from_tai
from flaredag.keywords import line_of_sight_keywords
from flaredag.simulated_files import BLANK, cut_images, fits_file
from flaredag.simulated_headers import (
    CARDS,
    constant_values,
    file_name,
    time_values,
)
from flaredag.simulated_patches import (
    CAMERAS,
    COARSE_PIXEL_DEG,
    FINE_PIXELS_A_COARSE_PIXEL,
    STRUCTURE_CONTRAST,
    Camera,
    PatchView,
    SimulatedPatch,
    cell_means,
    refined,
)
from flaredag.simulated_regions import SolarRegion, random_of
from flaredag.vector_keywords import vector_keywords

if TYPE_CHECKING:
    from collections.abc import Iterator

    from numpy.typing import NDArray

MISSING = "MISSING"
EDGES = ("LON_MIN", "LON_MAX", "LAT_MIN", "LAT_MAX")
LINE_OF_SIGHT = ("usfluxl", "meangbl", "r_value", "area", "area_acr", "cmaskl")
VECTOR_FIELD = (
    "usflux", "meangam", "meangbt", "meangbz", "meangbh", "meanjzd", "totusjz", "meanalp", "meanjzh", "totusjh",
    "absnjzh", "savncpp", "meanpot", "totpot", "meanshr", "shrgt45", "cmask", "totbsq", "totfx", "totfy", "totfz",
    "epsx", "epsy", "epsz",
)  # fmt: skip
KEYWORDS = {"sharp": (*LINE_OF_SIGHT, *VECTOR_FIELD), "smarp": LINE_OF_SIGHT}
_FORMS = dict.fromkeys(("meangbl", "r_value", "meangam", "meangbt", "meangbz", "meangbh"), "%.3f") | dict.fromkeys(
    ("meanshr", "shrgt45", "totusjh", "absnjzh"), "%.3f"
)
# Bits of QUALITY that readers let pass, and that they refuse.
USUAL_QUALITY, BAD_QUALITY = {"sharp": 0x400, "smarp": 0x200}, {"sharp": 0x10000, "smarp": 0x40000}
USUAL_QUALITY_FRACTION = 0.1
# A record of the last has no file of any segment.
NO_FILES = "no magnetogram"
FAULTS = ("keyword missing", "bad quality", "pixels missing", "other size", NO_FILES)
BAD_QUALITY_NOISE = 6.0
MEAN_GAP_RECORDS = 4.0
VECTOR_PIXELS_A_COARSE_PIXEL = 2
VECTOR_PIXEL_DEG = COARSE_PIXEL_DEG / VECTOR_PIXELS_A_COARSE_PIXEL
# Errors of the vector field on such pixels, gauss; where the true field is stronger it is surely disambiguated.
RADIAL_NOISE_GAUSS, HORIZONTAL_NOISE_GAUSS, DISAMBIGUATED_GAUSS = 12.0, 40.0, 90.0
SURE, UNSURE = 90, 50


@dataclass(frozen=True)
class RegionRecords:
    """Records of one region: `table`, texts, columns as `columns_of`; `files`, content by name."""

    table: pd.DataFrame
    files: dict[str, bytes]


@dataclass(frozen=True)
class Observation:
    """What an instrument sees of a patch at one `time` (TAI; `utc`), with the fault that the record has, if any.

    `position`: of the time among those of the patch; `image` in steps of the camera (`BLANK`: no value); `bitmap` of
    its pixels; `edges_deg` as of `PatchView`; `lost_keyword`: the one that the record lacks by its fault, or empty;
    `vector`: segments of the vector field, of HMI alone.
    """

    position: int
    time: np.datetime64
    utc: np.datetime64
    fault: str
    quality: int
    lost_keyword: str
    image: NDArray[np.int32]
    bitmap: NDArray[np.uint8]
    edges_deg: NDArray[np.float64]
    vector: dict[str, NDArray]


def columns_of(instrument: str) -> list[str]:
    """Columns of a table of keywords, in order."""
    place = ["NOAA_AR", "NOAA_NUM", "NOAA_ARS", "QUALITY", *EDGES]
    return [REGION_KEYWORD[instrument], "T_REC", *place, *(name.upper() for name in KEYWORDS[instrument])]


def region_records(
    region: SolarRegion, instrument: str, *, seed: int, bad_record_fraction: float, gaps_per_region: float
) -> RegionRecords:
    """All records of `region` by `instrument`, less gaps: about `gaps_per_region`, of 4 records on average.

    `bad_record_fraction` of the records have one of `FAULTS`.
    """
    patch, observations = observed(
        region, instrument, seed=seed, bad_record_fraction=bad_record_fraction, gaps_per_region=gaps_per_region
    )
    rows, images = [], []
    for observation in observations:
        values = record_values(patch, observation)
        rows.append(_texts(values, instrument))
        if observation.fault != NO_FILES:
            name = file_name(instrument, region.numbers[instrument], observation.time)
            images.append((name, observation.image, values))
    return RegionRecords(
        table=pd.DataFrame(rows, columns=columns_of(instrument), dtype=str), files=_magnetograms(patch.camera, images)
    )


def observed(
    region: SolarRegion, instrument: str, *, seed: int, bad_record_fraction: float, gaps_per_region: float
) -> tuple[SimulatedPatch, Iterator[Observation]]:
    """The patch of `region`, and what is seen of it at all times at which some of it is on the disk."""
    random = random_of("records", seed, region.k, sorted(CAMERAS).index(instrument))
    kept = ~_gaps(region.n_records, gaps_per_region, random)
    faults = np.where(
        random.random(region.n_records) < bad_record_fraction, random.choice(FAULTS, region.n_records), ""
    )
    patch = SimulatedPatch(region, CAMERAS[instrument], region.times[kept], seed)
    return patch, _observations(patch, faults[kept], random)


def _observations(
    patch: SimulatedPatch, faults: NDArray[np.str_], random: np.random.Generator
) -> Iterator[Observation]:
    instrument, camera = patch.camera.instrument, patch.camera
    utc = utc_from_tai(pd.Series(patch.times)).to_numpy()
    for view in patch.views():
        vector = _vector_segments(view, random) if instrument == "sharp" else [{} for _ in view.positions]
        for i, position in enumerate(map(int, view.positions)):
            if np.isnan(view.edges_deg[i]).any():
                continue
            fault = str(faults[position])
            image = np.where(view.off_disk[i], BLANK, view.steps[i])
            bitmap, lost_keyword = view.bitmap[i], ""
            quality = USUAL_QUALITY[instrument] if random.random() < USUAL_QUALITY_FRACTION else 0
            if fault == "bad quality":
                quality |= BAD_QUALITY[instrument]
                noise = random.normal(0.0, BAD_QUALITY_NOISE * camera.noise_gauss / camera.step_gauss, image.shape)
                image = np.where(image == BLANK, BLANK, image + noise.astype(np.int32))
            elif fault == "pixels missing":
                image = _with_hole(image, random)
            elif fault == "other size":
                cut = random.integers(3, 6, 2)
                image, bitmap = image[cut[0] :, cut[1] :], bitmap[cut[0] :, cut[1] :]
            elif fault == "keyword missing":
                lost_keyword = str(random.choice(LINE_OF_SIGHT[:4])).upper()
            yield Observation(
                position=position,
                time=patch.times[position],
                utc=utc[position],
                fault=fault,
                quality=quality,
                lost_keyword=lost_keyword,
                image=image,
                bitmap=bitmap,
                edges_deg=view.edges_deg[i],
                vector=vector[i],
            )


def record_values(patch: SimulatedPatch, observation: Observation) -> dict[str, Any]:
    """Values of a record by JSOC's keyword, None where missing; those of pixels are of the line-of-sight image."""
    instrument, camera = patch.camera.instrument, patch.camera
    field = np.where(observation.image == BLANK, np.nan, observation.image * camera.step_gauss)
    keywords = line_of_sight_keywords(field, observation.bitmap, instrument=instrument, pixel_degrees=camera.pixel_deg)
    if observation.vector:
        keywords |= vector_keywords(observation.vector, pixel_degrees=VECTOR_PIXEL_DEG)
    found = {name.upper(): keywords[name] for name in KEYWORDS[instrument]}
    values: dict[str, Any] = {name: value if np.isfinite(value) else None for name, value in found.items()}
    if observation.lost_keyword:
        values[observation.lost_keyword] = None
    values |= dict(zip(EDGES, map(float, observation.edges_deg), strict=True))
    values |= constant_values(patch) | time_values(patch, observation.position, observation.utc)
    return values | {"QUALITY": observation.quality, **pixel_values(field, observation.bitmap)}


def _vector_segments(view: PatchView, random: np.random.Generator) -> list[dict[str, NDArray]]:
    """Segments of the vector field of each record, as JSOC names them: Bp to the west, Bt to the south."""
    n = VECTOR_PIXELS_A_COARSE_PIXEL
    factor = 1 + STRUCTURE_CONTRAST * cell_means(view.structure, FINE_PIXELS_A_COARSE_PIXEL // n)
    off_disk = np.repeat(np.repeat(view.mu <= 0, n, 1), n, 2)
    maps: dict[str, NDArray] = {}
    for name, component in (("Br", view.field.radial), ("Bp", view.field.west), ("Bt", -view.field.north)):
        noise = random.standard_normal(factor.shape, dtype=np.float32)
        sigma = np.float32(RADIAL_NOISE_GAUSS if name == "Br" else HORIZONTAL_NOISE_GAUSS)
        maps[name] = np.where(off_disk, np.float32(np.nan), refined(component, n) * factor + sigma * noise)
    field = view.field
    strength = np.sqrt(field.radial**2 + field.west**2 + field.north**2)
    finer = FINE_PIXELS_A_COARSE_PIXEL // n
    maps["bitmap"] = view.bitmap[:, finer // 2 :: finer, finer // 2 :: finer]
    maps["conf_disambig"] = np.where(refined(strength, n) > DISAMBIGUATED_GAUSS, SURE, UNSURE)
    return [{name: values[i] for name, values in maps.items()} for i in range(len(view.positions))]


def _with_hole(image: NDArray[np.int32], random: np.random.Generator) -> NDArray[np.int32]:
    """The image with a block of lost pixels, a quarter to a half of each side."""
    image = image.copy()
    slices = []
    for size in image.shape:
        length = int(size * random.uniform(0.25, 0.5))
        first = int(random.integers(0, size - length))
        slices.append(slice(first, first + length))
    image[tuple(slices)] = BLANK
    return image


def pixel_values(field: NDArray[np.float64], bitmap: NDArray[np.uint8]) -> dict[str, Any]:
    """Header values of the pixels of an image, NaN where it has none: its centre, how many there are, how strong."""
    height, width = field.shape
    n_missing = int(np.isnan(field).sum())
    values: dict[str, Any] = {"CRPIX1": (width + 1) / 2, "CRPIX2": (height + 1) / 2, "NPIX": int((bitmap >= 30).sum())}  # noqa: PLR2004
    values |= {"DATAVALS": field.size - n_missing, "MISSVALS": n_missing}
    if n_missing < field.size:
        statistics = (np.nanmin(field), np.nanmax(field), np.nanmean(field), np.nanstd(field))
        values |= zip(("DATAMIN", "DATAMAX", "DATAMEAN", "DATARMS"), map(float, statistics), strict=True)
    return values


def _texts(row: dict[str, Any], instrument: str) -> dict[str, str]:
    """A record as JSOC's text."""
    texts = {name: MISSING if row[name] is None else f"{row[name]:.6f}" for name in EDGES}
    for name in KEYWORDS[instrument]:
        value = row[name.upper()]
        texts[name.upper()] = MISSING if value is None else _FORMS.get(name, "%.6e") % value
    time = row["T_REC"].replace(".000_TAI", "_TAI")
    numbers = {name: str(row[name]) for name in (REGION_KEYWORD[instrument], "NOAA_AR", "NOAA_NUM", "NOAA_ARS")}
    return numbers | {"T_REC": time, "QUALITY": f"0x{row['QUALITY']:08x}"} | texts


def _magnetograms(camera: Camera, images: list[tuple[str, NDArray[np.int32], dict[str, Any]]]) -> dict[str, bytes]:
    """FITS files by name of images in steps, each with its name and the values of its record."""
    by_shape: dict[tuple[int, ...], list[tuple[str, NDArray[np.int32], dict[str, Any]]]] = {}
    for one in images:
        by_shape.setdefault(one[1].shape, []).append(one)
    files = {}
    for of_shape in by_shape.values():
        compressed = cut_images(np.stack([image for _, image, _ in of_shape]))
        for (name, _, values), content in zip(of_shape, compressed, strict=True):
            files[name] = fits_file(
                content, cards=CARDS[camera.instrument], values=values, step_gauss=camera.step_gauss
            )
    return files


def _gaps(n_records: int, gaps_per_region: float, random: np.random.Generator) -> NDArray[np.bool_]:
    """Which records are absent; never all."""
    absent = np.zeros(n_records, dtype=bool)
    for _ in range(int(random.poisson(gaps_per_region))):
        first, length = int(random.integers(1, n_records)), int(random.geometric(1 / MEAN_GAP_RECORDS))
        absent[first : first + length] = True
    return absent
