"""The windows file of a study, and samples drawn from it as arrays that a model can be fitted on."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

import numpy as np
import xarray as xr

from flaredag.artifacts import write_netcdf
from flaredag.cubes import CUBE_ATTRS, frame_digests, read_packed
from flaredag.errors import InputError
from flaredag.flare_history import HISTORY_FEATURES
from flaredag.keyword_ranges import KEYWORDS
from flaredag.splits import SPLITS
from flaredag.windows import EVOLUTION

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import Path

    from numpy.typing import NDArray

SECONDS_UTC = "seconds since 1970-01-01 (UTC)"
IMAGE_ATTRS: dict[str, dict[str, str]] = {
    "cube": {"long_name": "index of the cube among the attribute `cubes`"},
    "frame": {"long_name": "record of the cube"},
    "frame_digest": CUBE_ATTRS["frame_digest"],
    "mean_gauss": CUBE_ATTRS["mean_gauss"],
    "mean_square_gauss2": CUBE_ATTRS["mean_square_gauss2"],
    "longitude_deg": CUBE_ATTRS["longitude_deg"],
    "latitude_deg": CUBE_ATTRS["latitude_deg"],
}


@dataclass(frozen=True)
class WindowImages:
    """Where the magnetogram of each window's last record is, and what is known of it without reading it.

    (sample,) arrays: `cube` (index into `cubes`, stems of the cubes' files), `frame` (record of that cube),
    `frame_digest`, `mean_gauss` and `mean_square_gauss2` (`flaredag.cubes.frame_columns`), `longitude_deg` of the
    patch's centre from the central meridian (west positive), `latitude_deg`.
    """

    cubes: tuple[str, ...]
    cube: NDArray[np.int16]
    frame: NDArray[np.int32]
    frame_digest: NDArray[np.int64]
    mean_gauss: NDArray[np.float64]
    mean_square_gauss2: NDArray[np.float64]
    longitude_deg: NDArray[np.float32]
    latitude_deg: NDArray[np.float32]


@dataclass(frozen=True)
class StudyWindows:
    """All windows of a study, with the labels of one task: indices into the records and what is known of each.

    `features` (record, feature) are keywords in their units; `step_record` (sample, step) points into
    them, -1 where a window is padded, which no last step is; the rest is (sample,): `instrument` (index into
    `instruments`), `region`, `split_group` (regions of one group stay in one split), `issue_time` (UTC), `evolution`
    (index into `flaredag.windows.EVOLUTION`), `label` (1, 0, or -1 if in neither class). `images` are None where the
    study takes no magnetograms.
    """

    instruments: tuple[str, ...]
    feature_names: tuple[str, ...]
    features: NDArray[np.float64]
    step_record: NDArray[np.int32]
    instrument: NDArray[np.int8]
    region: NDArray[np.int32]
    split_group: NDArray[np.int64]
    issue_time: NDArray[np.datetime64]
    evolution: NDArray[np.int8]
    label: NDArray[np.int8]
    images: WindowImages | None = None


@dataclass(frozen=True)
class Magnetograms:
    """Magnetograms of samples: `steps` (sample, y, x) of 0.5 gauss (`flaredag.cubes.STEP_GAUSS`), none without value.

    `location_deg` (sample, 2): longitude of the patch's centre from the central meridian, west positive, and its
    latitude. Mean and standard deviation are the data set's, for all pixels and instruments alike.
    """

    steps: NDArray[np.int16]
    location_deg: NDArray[np.float32]
    mean_gauss: float
    standard_deviation_gauss: float


@dataclass(frozen=True)
class Samples:
    """Standardised samples of one split: `sequence` (sample, step, feature) and (sample,) arrays.

    All features of a padded step are 0. Those that are scaled by minimum and range lie in [0, 1] where the statistics
    were taken; in other samples, as of the test split, they may lie outside.
    `strong_before`: whether a strong flare started in the observation period. `magnetograms` of the last records are
    there for models that ask for them.
    """

    sequence: NDArray[np.float32]
    label: NDArray[np.int8]
    strong_before: NDArray[np.bool_]
    instrument: NDArray[np.int8]
    region: NDArray[np.int32]
    issue_time: NDArray[np.datetime64]
    magnetograms: Magnetograms | None = None

    def __len__(self) -> int:
        """Count the samples."""
        return len(self.label)


@dataclass(frozen=True)
class Dataset:
    """One data set of one seed: positions of its samples in the windows, and its standardisation.

    `positions`: split -> (sample,), ascending. `mean` and `standard_deviation`: (instrument, feature), in
    the units of the features; of features that are min-max scaled they hold minimum and range. Those of the pixels in
    gauss, NaN where the study takes no magnetograms. `columns`: of the study's features those that models see,
    ascending; None for all.
    """

    seed: int
    positions: Mapping[str, NDArray[np.int64]]
    mean: NDArray[np.float64]
    standard_deviation: NDArray[np.float64]
    pixel_mean_gauss: float = float("nan")
    pixel_standard_deviation_gauss: float = float("nan")
    columns: NDArray[np.int64] | None = None

    def feature_names(self, windows: StudyWindows) -> tuple[str, ...]:
        """Names of the features of its samples."""
        names = windows.feature_names
        return names if self.columns is None else tuple(names[i] for i in self.columns)


def write_windows(path: str | Path, tasks: Mapping[str, StudyWindows]) -> None:
    """Write the windows of a study, dims (record, feature), (sample, step), (task, sample).

    `tasks` by name: the same windows, with the evolution types and labels of each task.
    """
    windows = next(iter(tasks.values()))
    features = KEYWORDS | HISTORY_FEATURES
    units = [features[name].units for name in windows.feature_names]
    codes = np.arange(len(windows.instruments), dtype=np.int8)
    evolution_attrs = {"flag_values": np.arange(9, dtype=np.int8), "flag_meanings": " ".join(EVOLUTION)}
    instrument_attrs = {"flag_values": codes, "flag_meanings": " ".join(windows.instruments)}
    seconds = windows.issue_time.astype("datetime64[s]").astype(np.int64)
    evolution, label = (
        np.stack([getattr(of_task, name) for of_task in tasks.values()]) for name in ("evolution", "label")
    )
    variables = {
        "features": (("record", "feature"), windows.features, {"units": ", ".join(units)}),
        "step_record": (("sample", "step"), windows.step_record, {"long_name": "record of each step, -1 if padded"}),
        "instrument": ("sample", windows.instrument, instrument_attrs),
        "region": ("sample", windows.region, {"long_name": "HARPNUM, TARPNUM or NOAA number"}),
        "split_group": ("sample", windows.split_group, {"long_name": "group of regions that stay in one split"}),
        "issue_time": ("sample", seconds, {"units": SECONDS_UTC}),
        "evolution": (("task", "sample"), evolution, evolution_attrs),
        "label": (("task", "sample"), label, {"long_name": "1 positive, 0 negative, -1 in neither class"}),
    }
    attrs = {"features": " ".join(windows.feature_names), "tasks": " ".join(tasks)}
    if windows.images is not None:
        attrs["cubes"] = " ".join(windows.images.cubes)
        variables |= {name: ("sample", getattr(windows.images, name), IMAGE_ATTRS[name]) for name in IMAGE_ATTRS}
    write_netcdf(path, xr.Dataset(variables, attrs=attrs))


def read_windows(path: str | Path, task: str = "") -> StudyWindows:
    """Windows as `write_windows` wrote them, with the labels of `task`, or of the only one.

    Raises InputError if there is no such task.
    """
    dataset = xr.load_dataset(path, decode_times=False)
    tasks = dataset.attrs["tasks"].split(" ")
    if task not in tasks and (task or len(tasks) > 1):
        raise InputError(f"{path}: no task {task!r}; it has {', '.join(tasks)}. Mend the data set's `task`.")
    row = tasks.index(task) if task else 0
    images = None
    if "cubes" in dataset.attrs:
        columns = {name: dataset[name].to_numpy() for name in IMAGE_ATTRS}
        images = WindowImages(cubes=tuple(dataset.attrs["cubes"].split()), **columns)
    return StudyWindows(
        instruments=tuple(dataset["instrument"].attrs["flag_meanings"].split()),
        feature_names=tuple(dataset.attrs["features"].split()),
        features=dataset["features"].to_numpy(),
        step_record=dataset["step_record"].to_numpy(),
        instrument=dataset["instrument"].to_numpy(),
        region=dataset["region"].to_numpy(),
        split_group=dataset["split_group"].to_numpy(),
        issue_time=dataset["issue_time"].to_numpy().astype("datetime64[s]"),
        evolution=dataset["evolution"].to_numpy()[row],
        label=dataset["label"].to_numpy()[row],
        images=images,
    )


def samples_of_split(windows: StudyWindows, dataset: Dataset, split: str) -> Samples:
    """Standardised samples of one split of `dataset`; padded steps are 0."""
    positions = dataset.positions[split]
    steps, instrument = windows.step_record[positions], windows.instrument[positions]
    columns = slice(None) if dataset.columns is None else dataset.columns
    features = windows.features[:, columns]
    sequence = np.zeros((*steps.shape, features.shape[1]), dtype=np.float32)
    for code in np.unique(instrument):
        own = np.flatnonzero(instrument == code)
        used = np.unique(steps[own])
        used = used[used >= 0]
        # Each record is standardised once, not once a window and step: that takes many times the memory.
        standardised = np.zeros((1 + len(used), features.shape[1]), dtype=np.float32)
        mean, standard_deviation = dataset.mean[code, columns], dataset.standard_deviation[code, columns]
        standardised[1:] = (features[used] - mean) / standard_deviation
        # Row of each record, and at the end, which -1 reads, that of a padded step.
        row = np.zeros(len(windows.features) + 1, dtype=np.int64)
        row[used] = np.arange(1, 1 + len(used))
        for step in range(steps.shape[1]):
            sequence[own, step] = standardised[row[steps[own, step]]]
    return Samples(
        sequence=sequence,
        label=windows.label[positions],
        strong_before=windows.evolution[positions] // 3 == 2,  # noqa: PLR2004 (STRONG in ACTIVITY)
        instrument=instrument,
        region=windows.region[positions],
        issue_time=windows.issue_time[positions],
    )


def content_digest(samples: Mapping[str, Samples]) -> str:
    """16 hex digits of the sha256 of all that a model sees of the samples of every split."""
    digest = hashlib.sha256()
    for split in SPLITS:
        one = samples[split]
        columns: Sequence[NDArray[Any]] = (
            one.sequence,
            one.label,
            one.strong_before,
            one.instrument,
            one.region,
            one.issue_time.astype(np.int64),
        )
        for column in columns:
            digest.update(f"{split} {column.dtype.str} {column.shape}".encode())
            digest.update(np.ascontiguousarray(column).tobytes())
    return digest.hexdigest()[:16]


def magnetograms_digest(windows: StudyWindows, dataset: Dataset) -> str:
    """16 hex digits of the sha256 of all that a model sees of the magnetograms of `dataset`, without reading them.

    Raises InputError where the study takes no magnetograms.
    """
    images = _images_of(windows)
    digest = hashlib.sha256(f"{dataset.pixel_mean_gauss!r} {dataset.pixel_standard_deviation_gauss!r}".encode())
    for split in SPLITS:
        positions = dataset.positions[split]
        for column in (images.frame_digest, images.longitude_deg, images.latitude_deg):
            digest.update(np.ascontiguousarray(column[positions]).tobytes())
    return digest.hexdigest()[:16]


def with_magnetograms(
    samples: Mapping[str, Samples], windows: StudyWindows, dataset: Dataset, cubes: Mapping[str, str | Path]
) -> dict[str, Samples]:
    """`samples` of every split of `dataset` with their magnetograms, each cube read once; `cubes`: paths by stem.

    Raises InputError where the study takes no magnetograms, a cube is missing, or its frames are not those that the
    windows were made with.
    """
    images = _images_of(windows)
    positions = np.concatenate([dataset.positions[split] for split in SPLITS])
    steps = read_magnetograms(images, positions, cubes)
    ends = np.cumsum([len(dataset.positions[split]) for split in SPLITS])
    location = np.stack([images.longitude_deg, images.latitude_deg], axis=1).astype(np.float32)
    return {
        split: replace(
            samples[split],
            magnetograms=Magnetograms(
                steps=of_split,
                location_deg=location[dataset.positions[split]],
                mean_gauss=dataset.pixel_mean_gauss,
                standard_deviation_gauss=dataset.pixel_standard_deviation_gauss,
            ),
        )
        for split, of_split in zip(SPLITS, np.split(steps, ends[:-1]), strict=True)
    }


def read_magnetograms(
    images: WindowImages, positions: NDArray[np.int64], cubes: Mapping[str, str | Path]
) -> NDArray[np.int16]:
    """Frames (position, y, x), packed, of the windows at `positions`; InputError as `with_magnetograms`."""
    steps: NDArray[np.int16] | None = None
    for code in np.unique(images.cube[positions]):
        name = images.cubes[code]
        if name not in cubes:
            raise InputError(f"windows name the cube {name}, there are {', '.join(cubes)}. Run snakemake again.")
        own = np.flatnonzero(images.cube[positions] == code)
        frames = read_packed(cubes[name], images.frame[positions[own]])
        if (frame_digests(frames) != images.frame_digest[positions[own]]).any():
            raise InputError(
                f"{cubes[name]}: its frames are not those that the windows were made with; wanted the same digests. "
                "Run snakemake again, so that the windows are made anew."
            )
        if steps is None:
            steps = np.empty((len(positions), *frames.shape[1:]), dtype=np.int16)
        if frames.shape[1:] != steps.shape[1:]:
            raise InputError(
                f"{cubes[name]}: frames of {frames.shape[1:]} pixels, those of other cubes have {steps.shape[1:]}. "
                "Run snakemake again, so that all are made with one size."
            )
        steps[own] = frames
    return np.empty((0, 0, 0), dtype=np.int16) if steps is None else steps


def _images_of(windows: StudyWindows) -> WindowImages:
    if windows.images is None:
        raise InputError(
            "windows without magnetograms: the archive has none, or the study does not ask for them (`magnetograms`). "
            "Leave out the models that need them."
        )
    return windows.images


def write_datasets(path: str | Path, datasets: Mapping[str, Sequence[Dataset]]) -> None:
    """Write the data sets of a study, each of several seeds: positions one after the other, dims (entry)."""
    drawn = [(code, dataset) for code, of_name in enumerate(datasets.values()) for dataset in of_name]
    codes = {"dataset": list(datasets), "split": SPLITS}
    columns: dict[str, list[NDArray[Any]]] = {"dataset": [], "seed": [], "split": [], "position": []}
    for code, dataset in drawn:
        for split_code, split in enumerate(SPLITS):
            positions = dataset.positions[split]
            columns["dataset"].append(np.full(len(positions), code, dtype=np.int8))
            columns["seed"].append(np.full(len(positions), dataset.seed, dtype=np.int32))
            columns["split"].append(np.full(len(positions), split_code, dtype=np.int8))
            columns["position"].append(positions.astype(np.int32))
    variables: dict[str, Any] = {}
    for name, parts in columns.items():
        meanings = codes.get(name)
        attrs: dict[str, Any] = {"long_name": f"{name} of the sample"}
        if meanings:
            attrs = {"flag_values": np.arange(len(meanings), dtype=np.int8), "flag_meanings": " ".join(meanings)}
        variables[name] = ("entry", np.concatenate(parts), attrs)
    statistics = ("draw", "instrument", "feature")
    variables["draw_dataset"] = ("draw", np.array([code for code, _ in drawn], dtype=np.int8))
    variables["draw_seed"] = ("draw", np.array([dataset.seed for _, dataset in drawn], dtype=np.int32))
    variables["mean"] = (statistics, np.stack([dataset.mean for _, dataset in drawn]))
    variables["standard_deviation"] = (statistics, np.stack([dataset.standard_deviation for _, dataset in drawn]))
    given = [
        np.ones(dataset.mean.shape[1], dtype=bool)
        if dataset.columns is None
        else np.isin(np.arange(dataset.mean.shape[1]), dataset.columns)
        for _, dataset in drawn
    ]
    variables["feature_seen"] = (statistics[::2], np.stack(given).astype(np.int8), {"long_name": "1 if models see it"})
    for name in ("pixel_mean_gauss", "pixel_standard_deviation_gauss"):
        variables[name] = ("draw", np.array([getattr(dataset, name) for _, dataset in drawn]), {"units": "gauss"})
    write_netcdf(path, xr.Dataset(variables))


def read_datasets(path: str | Path, name: str, seeds: Sequence[int]) -> list[Dataset]:
    """The data set `name` of each of `seeds`; InputError if the file lacks one."""
    stored = xr.load_dataset(path)
    content = {key: variable.to_numpy() for key, variable in stored.variables.items()}
    names = stored["dataset"].attrs["flag_meanings"].split()
    datasets = []
    for seed in seeds:
        code = names.index(name) if name in names else -1
        draw = np.flatnonzero((content["draw_dataset"] == code) & (content["draw_seed"] == seed))
        if not len(draw):
            raise InputError(
                f"{path}: no data set {name} of seed {seed}; it holds {', '.join(names)}. Delete the file."
            )
        own = (content["dataset"] == code) & (content["seed"] == seed)
        seen = content["feature_seen"][draw[0]] == 1
        datasets.append(
            Dataset(
                seed=seed,
                positions={
                    split: content["position"][own & (content["split"] == split_code)].astype(np.int64)
                    for split_code, split in enumerate(SPLITS)
                },
                mean=content["mean"][draw[0]],
                standard_deviation=content["standard_deviation"][draw[0]],
                pixel_mean_gauss=float(content["pixel_mean_gauss"][draw[0]]),
                pixel_standard_deviation_gauss=float(content["pixel_standard_deviation_gauss"][draw[0]]),
                columns=None if seen.all() else np.flatnonzero(seen),
            )
        )
    return datasets
