"""FITS files of the vector field of simulated patches, as JSOC exports the segments of a SHARP.

They hold the maps from which the keywords of their records were computed, and in the horizontal field a core of high
free energy besides (`flaredag.simulated_cores`), of which the keywords know nothing: all that rests on them is as it is
without these files. The field is given to 0.01 G as at JSOC, on pixels of 0.06 degrees.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

import numpy as np

from flaredag.simulated_cores import core_field
from flaredag.simulated_files import BLANK, bitmap_file, cut_images, fits_file
from flaredag.simulated_headers import CARDS, file_name
from flaredag.simulated_patches import refined
from flaredag.simulated_records import (
    NO_FILES,
    VECTOR_PIXEL_DEG,
    VECTOR_PIXELS_A_COARSE_PIXEL,
    observed,
    pixel_values,
    record_values,
)
from flaredag.vector_segments import FIELD_MAPS, MAPS

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from flaredag.simulated_records import Observation
    from flaredag.simulated_regions import SolarRegion

INSTRUMENT = "sharp"
STEP_GAUSS = 0.01


def vector_files(
    region: SolarRegion,
    times: NDArray[np.datetime64],
    *,
    seed: int,
    bad_record_fraction: float,
    gaps_per_region: float,
) -> dict[str, bytes]:
    """Files of the segments of the records of `region` by HMI at `times` (TAI), by name.

    The settings are those that its records were made with (`flaredag.simulated_records.region_records`): all chance is
    drawn again as it was then. There is no file of a record that is not there, or that has no magnetogram either.
    """
    patch, observations = observed(
        region, INSTRUMENT, seed=seed, bad_record_fraction=bad_record_fraction, gaps_per_region=gaps_per_region
    )
    wanted = np.flatnonzero(np.isin(patch.times, times)).tolist()
    seen: list[tuple[Observation, dict[str, Any]]] = []
    for observation in observations if wanted else ():
        if observation.position > wanted[-1]:
            break
        if observation.position in wanted and observation.fault != NO_FILES:
            values = record_values(patch, observation)
            seen.append((replace(observation, vector=_with_core(region, observation, seed)), values))
    return {
        file_name(INSTRUMENT, region.numbers[INSTRUMENT], observation.time, segment=segment): content
        for segment in MAPS
        for (observation, _), content in zip(seen, _files_of_segment(segment, seen), strict=True)
    }


def _with_core(region: SolarRegion, observation: Observation, seed: int) -> dict[str, NDArray]:
    """Segments of a record with the core of its region in the horizontal field."""
    west, north = (
        refined(component[None], VECTOR_PIXELS_A_COARSE_PIXEL)[0]
        for component in core_field(region, observation.time, seed)
    )
    return observation.vector | {"Bp": observation.vector["Bp"] + west, "Bt": observation.vector["Bt"] - north}


def _files_of_segment(segment: str, seen: list[tuple[Observation, dict[str, Any]]]) -> list[bytes]:
    """A file of the segment for each record, whose values its header has."""
    if not seen:
        return []
    images = np.stack([observation.vector[segment] for observation, _ in seen])
    is_field = segment in FIELD_MAPS
    headers = [
        values
        | pixel_values(image.astype(np.float64), observation.vector["bitmap"])
        | {"CDELT1": VECTOR_PIXEL_DEG, "CDELT2": VECTOR_PIXEL_DEG}
        | ({} if is_field else {"BUNIT": ""})
        for image, (observation, values) in zip(images, seen, strict=True)
    ]
    cards = CARDS[INSTRUMENT]
    if segment == "bitmap":
        pairs = zip(images.astype(np.int16), headers, strict=True)
        return [bitmap_file(image, cards=cards, values=values) for image, values in pairs]
    packed = _steps(images) if is_field else images.astype(np.int16)
    step_gauss = STEP_GAUSS if is_field else None
    return [
        fits_file(image, cards=cards, values=values, step_gauss=step_gauss)
        for image, values in zip(cut_images(packed), headers, strict=True)
    ]


def _steps(field: NDArray[np.floating]) -> NDArray[np.int32]:
    """A field, gauss, in whole steps; `BLANK` where it has no value."""
    absent = np.isnan(field)
    return np.where(absent, BLANK, np.rint(np.where(absent, 0.0, field) / STEP_GAUSS)).astype(np.int32)
