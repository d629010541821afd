"""Files of explained magnetograms: a region's frames, or synthetic bipoles, with attribution maps and probabilities."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd
import xarray as xr

from flaredag.artifacts import write_csv, write_netcdf
from flaredag.errors import InputError

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import Path

    from numpy.typing import NDArray

UTC_SECONDS = "seconds since 1970-01-01 (UTC)"
# Methods whose maps a region has, in the order of files, figures and tables.
METHODS = (
    "deconvolution",
    "guided_backpropagation",
    "integrated_gradients.zero",
    "integrated_gradients.first",
    "deep_lift.zero",
    "deep_lift.first",
    "grad_cam_4",
    "grad_cam_5",
    "occlusion",
)
CHECK_COLUMNS = ("subject", "method", "check", "value", "n")
_ATTRIBUTION = {"units": "1", "description": "part of the positive class's logit; flag_meanings of `method` name them"}
# name -> dims, dtype, attributes
_REGION_VARIABLES: dict[str, tuple[tuple[str, ...], str, dict[str, Any]]] = {
    "issue_time": (("frame",), "datetime64[s]", {"units": UTC_SECONDS}),
    "label": (("frame",), "int8", {"long_name": "1 strong flare within the horizon, 0 none, -1 unknown"}),
    "probability": (("frame",), "float64", {"long_name": "probability of a network that has not seen the region"}),
    "magnetogram": (("frame", "y", "x"), "float32", {"long_name": "line-of-sight magnetic field", "units": "gauss"}),
    "magnetogram_cnn": (
        ("frame", "cnn_y", "cnn_x"),
        "float32",
        {"long_name": "line-of-sight magnetic field as the network sees it", "units": "gauss"},
    ),
    "attribution": (
        ("method", "frame", "y", "x"),
        "float32",
        {"long_name": "attribution, by splines of 2nd order", **_ATTRIBUTION},
    ),
    "attribution_cnn": (
        ("method", "frame", "cnn_y", "cnn_x"),
        "float32",
        {"long_name": "attribution on the network's pixels", **_ATTRIBUTION},
    ),
    "flare_start": (("flare",), "datetime64[s]", {"units": UTC_SECONDS}),
    "flare_peak_flux": (("flare",), "float64", {"long_name": "GOES 1-8 A peak flux", "units": "W m-2"}),
}
_BIPOLE_VARIABLES: dict[str, tuple[tuple[str, ...], str, dict[str, Any]]] = {
    "amplitude_gauss": (("bipole",), "float64", {"long_name": "amplitude B0 of the bipole", "units": "gauss"}),
    "separation_deg": (("bipole",), "float64", {"long_name": "angle rho between its poles", "units": "degree"}),
    "tilt_deg": (("bipole",), "float64", {"long_name": "tilt angle gamma", "units": "degree"}),
    "mean_probability": (("bipole",), "float64", {"long_name": "probability, mean over the networks"}),
    "probability": (("bipole",), "float64", {"long_name": "probability of the explained network"}),
    "magnetogram": (("bipole", "y", "x"), "float32", {"long_name": "line-of-sight magnetic field", "units": "gauss"}),
    "attribution": (("method", "bipole", "y", "x"), "float32", {"long_name": "attribution", **_ATTRIBUTION}),
}


@dataclass(frozen=True)
class Explanation:
    """A region's frames in time and what a network that has not seen it makes of them.

    `methods`: names, see `METHODS`. (frame,): `issue_time` (UTC), `label` (1 a strong flare
    starts within the horizon, 0 none does, -1 unknown), `probability`. `magnetogram` (frame, y, x), gauss, NaN where
    nothing was measured, in the size of the last frame's original image; `magnetogram_cnn` (frame, cnn_y, cnn_x),
    gauss, as the network sees it; `attribution` (method, frame, y, x) and `attribution_cnn` (method, frame, cnn_y,
    cnn_x). (flare,): `flare_start` (UTC), `flare_peak_flux` (W m-2). `noaa_ars`: numbers with commas between.
    `model`: name; `fold`: seed of the fit.
    """

    instrument: str
    region: int
    noaa_ars: str
    archive_title: str
    simulated: bool
    model: str
    fold: int
    methods: tuple[str, ...]
    issue_time: NDArray[np.datetime64]
    label: NDArray[np.int8]
    probability: NDArray[np.float64]
    magnetogram: NDArray[np.float32]
    magnetogram_cnn: NDArray[np.float32]
    attribution: NDArray[np.float32]
    attribution_cnn: NDArray[np.float32]
    flare_start: NDArray[np.datetime64]
    flare_peak_flux: NDArray[np.float64]


@dataclass(frozen=True)
class ExplainedBipoles:
    """A few bipoles of a sweep and what a network makes of them.

    (bipole,): `amplitude_gauss`, `separation_deg`, `tilt_deg`, `mean_probability` (over all networks), `probability`
    (of the explained one). `magnetogram` (bipole, y, x), gauss; `attribution` (method, bipole, y, x). `any_flaring`:
    whether one of them has a mean probability above 0.5; `seed`: of the explained network; `patch_width_deg`: of the
    image.
    """

    methods: tuple[str, ...]
    model: str
    seed: int
    patch_width_deg: float
    any_flaring: bool
    amplitude_gauss: NDArray[np.float64]
    separation_deg: NDArray[np.float64]
    tilt_deg: NDArray[np.float64]
    mean_probability: NDArray[np.float64]
    probability: NDArray[np.float64]
    magnetogram: NDArray[np.float32]
    attribution: NDArray[np.float32]


def write_explanation(path: str | Path, explanation: Explanation) -> None:
    """Write an explained region as netCDF."""
    attrs = {
        "instrument": explanation.instrument,
        "region": explanation.region,
        "noaa_ars": explanation.noaa_ars,
        "archive_title": explanation.archive_title,
        "simulated": int(explanation.simulated),
        "model": explanation.model,
        "fold": explanation.fold,
    }
    _write(path, explanation, _REGION_VARIABLES, attrs)


def read_explanation(path: str | Path) -> Explanation:
    """An explained region as `write_explanation` wrote it; InputError where the file is none."""
    values, attrs = _read(path, _REGION_VARIABLES)
    try:
        return Explanation(
            **values,
            methods=tuple(attrs["methods"].split()),
            instrument=str(attrs["instrument"]),
            region=int(attrs["region"]),
            noaa_ars=str(attrs["noaa_ars"]),
            archive_title=str(attrs["archive_title"]),
            simulated=bool(attrs["simulated"]),
            model=str(attrs["model"]),
            fold=int(attrs["fold"]),
        )
    except KeyError as error:
        raise InputError(f"{path}: no attribute {error}. Delete the file to have it made again.") from error


def write_bipoles(path: str | Path, bipoles: ExplainedBipoles) -> None:
    """Write explained bipoles as netCDF."""
    attrs = {
        "model": bipoles.model,
        "seed": bipoles.seed,
        "patch_width_deg": bipoles.patch_width_deg,
        "any_flaring": int(bipoles.any_flaring),
    }
    _write(path, bipoles, _BIPOLE_VARIABLES, attrs)


def read_bipoles(path: str | Path) -> ExplainedBipoles:
    """Explained bipoles as `write_bipoles` wrote them; InputError where the file is none."""
    values, attrs = _read(path, _BIPOLE_VARIABLES)
    try:
        return ExplainedBipoles(
            **values,
            methods=tuple(attrs["methods"].split()),
            model=str(attrs["model"]),
            seed=int(attrs["seed"]),
            patch_width_deg=float(attrs["patch_width_deg"]),
            any_flaring=bool(attrs["any_flaring"]),
        )
    except KeyError as error:
        raise InputError(f"{path}: no attribute {error}. Delete the file to have it made again.") from error


def write_checks(path: str | Path, checks: Sequence[Mapping[str, Any]]) -> None:
    """Write checks of attribution maps as CSV, columns `CHECK_COLUMNS`, in the order given.

    A row: `subject` (as "sharp-377"), `method`, `check` (see `flaredag.attribution_checks`), `value`, and `n`, the
    number of maps or pairs that the value is taken over.
    """
    write_csv(path, pd.DataFrame(list(checks), columns=list(CHECK_COLUMNS)))


def _write(
    path: str | Path,
    explained: Explanation | ExplainedBipoles,
    variables: Mapping[str, tuple[tuple[str, ...], str, dict[str, Any]]],
    attrs: Mapping[str, Any],
) -> None:
    methods = explained.methods
    codes = np.arange(len(methods), dtype=np.int8)
    content: dict[str, Any] = {"method": ("method", codes, {"flag_values": codes, "flag_meanings": " ".join(methods)})}
    sizes = {"method": len(methods)}
    for name, (dims, dtype, variable_attrs) in variables.items():
        values = np.asarray(getattr(explained, name)).astype(dtype)
        wanted = [sizes.setdefault(dim, size) for dim, size in zip(dims, values.shape, strict=False)]
        if wanted != list(values.shape) or len(dims) != values.ndim:
            raise InputError(f"{path}: {name} has the shape {values.shape}; wanted {dims} of {sizes}.")
        if dtype == "datetime64[s]":
            values = values.astype(np.int64)
        content[name] = (dims, values, variable_attrs)
    write_netcdf(path, xr.Dataset(content, attrs={**attrs, "methods": " ".join(methods)}))


def _read(
    path: str | Path, variables: Mapping[str, tuple[tuple[str, ...], str, dict[str, Any]]]
) -> tuple[dict[str, Any], dict[str, Any]]:
    try:
        dataset = xr.load_dataset(path, decode_cf=False)
    except (OSError, ValueError) as error:
        raise InputError(f"{path}: not readable as netCDF ({error}). Delete the file to have it made again.") from error
    missing = [name for name, (dims, _, _) in variables.items() if dataset.get(name, xr.DataArray()).dims != dims]
    if missing:
        found = ", ".join(map(str, dataset.variables))
        raise InputError(
            f"{path}: no {', '.join(missing)}, or of other dims; found {found}. Delete the file to have it made again."
        )
    return {name: dataset[name].to_numpy().astype(dtype) for name, (_, dtype, _) in variables.items()}, dataset.attrs
