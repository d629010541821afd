"""The windows file of a study, and samples drawn from it as arrays that a model can be fitted on."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
import xarray as xr

from flaredag.artifacts import write_netcdf
from flaredag.errors import InputError
from flaredag.keyword_ranges import KEYWORDS
from flaredag.splits import SPLITS
from flaredag.windows import EVOLUTION

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import Path

    from numpy.typing import NDArray

SECONDS_UTC = "seconds since 1970-01-01 (UTC)"


@dataclass(frozen=True)
class StudyWindows:
    """All windows of a study: indices into the records and what is known of each window.

    `features` (record, feature) are keywords in their units; `step_record` (sample, step) points into
    them; the rest is (sample,): `instrument` (index into `instruments`), `region`, `issue_time` (UTC),
    `evolution` (index into `flaredag.windows.EVOLUTION`), `label` (1, 0, or -1 if in neither class).
    """

    instruments: tuple[str, ...]
    feature_names: tuple[str, ...]
    features: NDArray[np.float64]
    step_record: NDArray[np.int32]
    instrument: NDArray[np.int8]
    region: NDArray[np.int32]
    issue_time: NDArray[np.datetime64]
    evolution: NDArray[np.int8]
    label: NDArray[np.int8]


@dataclass(frozen=True)
class Samples:
    """Standardised samples of one split: `sequence` (sample, step, feature) and (sample,) arrays.

    `strong_before`: whether a strong flare started in the observation period.
    """

    sequence: NDArray[np.float32]
    label: NDArray[np.int8]
    strong_before: NDArray[np.bool_]
    instrument: NDArray[np.int8]
    region: NDArray[np.int32]
    issue_time: NDArray[np.datetime64]

    def __len__(self) -> int:
        """Count the samples."""
        return len(self.label)


@dataclass(frozen=True)
class Dataset:
    """One data set of one seed: positions of its samples in the windows, and its standardisation.

    `positions`: split -> (sample,), ascending. `mean` and `standard_deviation`: (instrument, feature), in
    the units of the features.
    """

    seed: int
    positions: Mapping[str, NDArray[np.int64]]
    mean: NDArray[np.float64]
    standard_deviation: NDArray[np.float64]


def write_windows(path: str | Path, windows: StudyWindows) -> None:
    """Write the windows of a study, dims (record, feature), (sample, step)."""
    units = [KEYWORDS[name].units for name in windows.feature_names]
    codes = np.arange(len(windows.instruments), dtype=np.int8)
    evolution_attrs = {"flag_values": np.arange(9, dtype=np.int8), "flag_meanings": " ".join(EVOLUTION)}
    instrument_attrs = {"flag_values": codes, "flag_meanings": " ".join(windows.instruments)}
    seconds = windows.issue_time.astype("datetime64[s]").astype(np.int64)
    dataset = xr.Dataset(
        {
            "features": (("record", "feature"), windows.features, {"units": ", ".join(units)}),
            "step_record": (("sample", "step"), windows.step_record, {"long_name": "record of each step"}),
            "instrument": ("sample", windows.instrument, instrument_attrs),
            "region": ("sample", windows.region, {"long_name": "HARPNUM or TARPNUM"}),
            "issue_time": ("sample", seconds, {"units": SECONDS_UTC}),
            "evolution": ("sample", windows.evolution, evolution_attrs),
            "label": ("sample", windows.label, {"long_name": "1 positive, 0 negative, -1 in neither class"}),
        },
        attrs={"features": " ".join(windows.feature_names)},
    )
    write_netcdf(path, dataset)


def read_windows(path: str | Path) -> StudyWindows:
    """Windows as `write_windows` wrote them."""
    dataset = xr.load_dataset(path, decode_times=False)
    return StudyWindows(
        instruments=tuple(dataset["instrument"].attrs["flag_meanings"].split()),
        feature_names=tuple(dataset.attrs["features"].split()),
        features=dataset["features"].to_numpy(),
        step_record=dataset["step_record"].to_numpy(),
        instrument=dataset["instrument"].to_numpy(),
        region=dataset["region"].to_numpy(),
        issue_time=dataset["issue_time"].to_numpy().astype("datetime64[s]"),
        evolution=dataset["evolution"].to_numpy(),
        label=dataset["label"].to_numpy(),
    )


def samples_of_split(windows: StudyWindows, dataset: Dataset, split: str) -> Samples:
    """Standardised samples of one split of `dataset`."""
    positions = dataset.positions[split]
    sequence = windows.features[windows.step_record[positions]]
    instrument = windows.instrument[positions]
    sequence -= dataset.mean[instrument][:, None, :]
    sequence /= dataset.standard_deviation[instrument][:, None, :]
    return Samples(
        sequence=sequence.astype(np.float32),
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
        datasets.append(
            Dataset(
                seed=seed,
                positions={
                    split: content["position"][own & (content["split"] == split_code)].astype(np.int64)
                    for split_code, split in enumerate(SPLITS)
                },
                mean=content["mean"][draw[0]],
                standard_deviation=content["standard_deviation"][draw[0]],
            )
        )
    return datasets
