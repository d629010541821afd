"""A region's magnetograms and a CNN that has not seen it -> attribution maps, and numbers that tell of their worth."""

import logging
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from scipy import ndimage

from flaredag.attribution_checks import checks_of_lines, checks_of_network
from flaredag.attributions import (
    explain,
    fitted_cnns,
    positive_probabilities,
    standardised,
    to_original_resolution,
)
from flaredag.cubes import cube_stem, read_cube, read_frames
from flaredag.errors import InputError
from flaredag.explanations import METHODS, Explanation, write_checks, write_explanation
from flaredag.fits_files import PatchImage, read_index, read_listed_image
from flaredag.joblog import Progress, job_log
from flaredag.models.cnn import FittedCNN
from flaredag.samples import StudyWindows, read_datasets, read_windows
from flaredag.sequences import RegionSequence, sequence_of_cube, sequence_of_windows
from flaredag.tables import read_flares, read_records
from flaredag.windows import flares_of_regions

LOG = logging.getLogger("flaredag")


def explain_region(
    sequence: RegionSequence,
    gauss: np.ndarray,
    originals: np.ndarray,
    fitted: FittedCNN,
    others: Sequence[FittedCNN],
    flares: pd.DataFrame,
    *,
    pixel_degrees: float,
    settings: Mapping[str, Any],
) -> tuple[Explanation, list[dict[str, object]]]:
    """What `fitted` makes of the frames of `sequence`, and checks of it.

    `gauss` (frame, cnn_y, cnn_x) as the network sees them, `originals` (frame, y, x), both gauss, the latter with
    pixels of `pixel_degrees`. `others`: networks that have not seen the region either. `flares`: of the region,
    `start_time` (UTC) and `peak_flux` (W m-2). `settings`: as in `main`.
    """
    maps = explain(fitted, gauss, METHODS)
    probability = positive_probabilities(fitted.network, standardised(fitted, gauss))
    subject = f"{sequence.instrument}-{sequence.region}"
    LOG.info("%s: probabilities %s, labels %s", subject, probability.round(3).tolist(), sequence.label.tolist())
    attribution = to_original_resolution(maps.maps, originals.shape[1:])
    checks = checks_of_network(subject, fitted, gauss, maps, others)
    checks += checks_of_lines(subject, METHODS, attribution, originals, pixel_degrees=pixel_degrees)
    end = sequence.issue_time[-1] + np.timedelta64(round(settings["horizon_hours"] * 3600), "s")
    shown = flares[flares["start_time"].between(sequence.issue_time[0], end) & flares["peak_flux"].notna()]
    shown = shown.sort_values(["start_time", "peak_flux"])
    explanation = Explanation(
        instrument=sequence.instrument,
        region=sequence.region,
        noaa_ars=settings["noaa_ars"],
        archive_title=settings["archive_title"],
        simulated=settings["simulated"],
        model=settings["model"],
        fold=settings["fold"],
        methods=METHODS,
        issue_time=sequence.issue_time,
        label=sequence.label,
        probability=probability,
        magnetogram=originals,
        magnetogram_cnn=gauss,
        attribution=attribution,
        attribution_cnn=maps.maps,
        flare_start=shown["start_time"].to_numpy(dtype="datetime64[s]"),
        flare_peak_flux=shown["peak_flux"].to_numpy(dtype=np.float64),
    )
    return explanation, checks


def region_of(tables: Sequence[str], flares: Sequence[str], *, settings: Mapping[str, Any]) -> tuple[str, pd.DataFrame]:
    """NOAA numbers of the region, commas between, and its flares; the settings' `noaa_ars` where no table is given."""
    instrument, region, noaa_ars = (settings[name] for name in ("instrument", "region", "noaa_ars"))
    if tables:
        records = read_records(tables)
        own = records[(records["instrument"] == instrument) & (records["region"] == region)]
        numbers = {number for joined in own["noaa_ars"] for number in joined.split(",") if number}
        noaa_ars = ",".join(sorted(numbers, key=int))
    one = {"instrument": [instrument], "region": [region], "noaa_ars": [noaa_ars], "region_code": [region]}
    return noaa_ars, flares_of_regions(read_flares(flares), pd.DataFrame(one))


def originals_of(cube: str, segments: str, sequence: RegionSequence) -> tuple[np.ndarray, float]:
    """Magnetograms (frame, y, x), gauss, in the size of the last one's original image, and degrees a pixel.

    Those that differ from it by a pixel or two, as patches do when they are cut out anew, are stretched to it. Raises
    InputError where a file is not what the index `segments` (JSON) lists, or a size differs by more than a tenth.
    """
    with read_cube(cube) as content:
        names = content["file"].to_numpy()[sequence.frame]
        pixel_degrees = float(content["cdelt_deg"].to_numpy()[sequence.frame[-1]])
    listed = {file.name: file for file in read_index(segments)}
    images = []
    progress = Progress(LOG, "magnetograms", len(names))
    for name in names:
        if name not in listed:
            raise InputError(f"{segments}: does not list {name}, which {cube} holds. Delete the cube to make it anew.")
        found = read_listed_image(Path(segments).with_suffix(""), listed[name], source=Path(segments).name)
        if not isinstance(found, PatchImage):
            raise InputError(f"{segments}: {name}: {found.reason} ({found.text}). Delete the index to fetch it again.")
        images.append(found.image)
        progress.advance(name)
    shape = images[-1].shape
    for name, image in zip(names, images, strict=True):
        if any(abs(n - wanted) > wanted / 10 for n, wanted in zip(image.shape, shape, strict=True)):
            raise InputError(f"{name}: {image.shape} pixels, {names[-1]} has {shape}; wanted images of about one size.")
    return np.stack([_stretched(image, shape) for image in images]), pixel_degrees


def regions_seen(windows: StudyWindows, datasets: str, dataset: str, seed: int, instrument: str) -> set[int]:
    """Regions of `instrument` among the training and validation samples of a data set and seed."""
    positions = read_datasets(datasets, dataset, [seed])[0].positions
    seen = np.concatenate([positions["train"], positions["validation"]])
    return set(windows.region[seen[windows.instrument[seen] == windows.instruments.index(instrument)]].tolist())


def main(
    inputs: Mapping[str, Any],
    others: Mapping[str, Sequence[str]],
    outputs: Mapping[str, str],
    *,
    settings: Mapping[str, Any],
) -> None:
    """Read the region's magnetograms and networks, write the explanation (netCDF) and checks (CSV).

    `inputs`: `cube`; `segments` (index of its FITS files, JSON); `flares`, a list; `tables` of keywords, a list, which
    tell the region's NOAA numbers; `checkpoint` of the fold; and `windows` and `datasets` of the study, which tell the
    sequence and which regions a network has seen: both None where the region is of another archive than the networks.
    `others`: checkpoints of further networks by their data set; of these, those that have not seen the region are used.
    `settings`: `instrument`, `region`, `dataset`, `task`, `fold` and `model` of the network, `n_frames`,
    `horizon_hours`, `strong_class`, `noaa_ars` (for want of tables), `archive_title`, `simulated`.
    """
    instrument, region, fold, model = (settings[name] for name in ("instrument", "region", "fold", "model"))
    noaa_ars, flares = region_of(inputs["tables"], inputs["flares"], settings=settings)
    networks = fitted_cnns(inputs["checkpoint"], model)
    if fold not in networks:
        raise InputError(f"{inputs['checkpoint']}: no {model} of seed {fold}; it has {sorted(networks)}. Delete it.")
    further = [
        (name, seed, fit) for name in others for path in others[name] for seed, fit in fitted_cnns(path, model).items()
    ]
    if inputs["windows"] is None:
        sequence = sequence_of_cube(
            inputs["cube"],
            region,
            flares,
            n_frames=settings["n_frames"],
            horizon_hours=settings["horizon_hours"],
            strong_class=settings["strong_class"],
        )
    else:
        windows = read_windows(inputs["windows"], settings["task"])
        if region in regions_seen(windows, inputs["datasets"], settings["dataset"], fold, instrument):
            raise InputError(
                f"{inputs['datasets']}: {instrument} {region} is among the training or validation samples of "
                f"{settings['dataset']}, fold {fold}; wanted a fold that has not seen it. Name the fold that tests it."
            )
        further = [
            one for one in further if region not in regions_seen(windows, inputs["datasets"], *one[:2], instrument)
        ]
        sequence = sequence_of_windows(windows, instrument, region, n_frames=settings["n_frames"])
    if sequence.cube != cube_stem(inputs["cube"]):
        raise InputError(f"{inputs['cube']}: the magnetograms of {instrument} {region} are in {sequence.cube}.")
    originals, pixel_degrees = originals_of(inputs["cube"], inputs["segments"], sequence)
    explanation, checks = explain_region(
        sequence,
        read_frames(inputs["cube"], sequence.frame),
        originals,
        networks[fold],
        [fit for _, _, fit in further],
        flares,
        pixel_degrees=pixel_degrees,
        settings={**settings, "noaa_ars": noaa_ars},
    )
    write_explanation(outputs["explanation"], explanation)
    write_checks(outputs["checks"], checks)


def _stretched(image: np.ndarray, shape: tuple[int, ...]) -> np.ndarray:
    """An image (y, x) in another size, bilinearly, edges on edges."""
    if image.shape == shape:
        return image
    factor = np.array(shape) / np.array(image.shape)
    return ndimage.zoom(image, factor, order=1, mode="nearest", grid_mode=True)


if __name__ == "__main__":
    with job_log(snakemake.log[0]):
        main(
            {
                "windows": snakemake.input.get("windows"),
                "datasets": snakemake.input.get("datasets"),
                "cube": snakemake.input.cube,
                "segments": snakemake.input.segments,
                "tables": list(snakemake.input.get("tables", [])),
                "flares": list(snakemake.input.flares),
                "checkpoint": snakemake.input.checkpoint,
            },
            {name: list(snakemake.input[name]) for name in snakemake.params.others},
            {"explanation": snakemake.output.explanation, "checks": snakemake.output.checks},
            settings=snakemake.params.settings,
        )
