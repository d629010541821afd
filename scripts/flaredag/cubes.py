"""Magnetogram cubes: patches of one instrument and shard on one grid, dims (record, y, x), in one Zarr file."""

from __future__ import annotations

import hashlib
import shutil
import zipfile
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd
import xarray as xr
import zarr
from scipy.ndimage import gaussian_filter
from zarr.codecs import BloscCodec
from zarr.storage import LocalStore, ZipStore

from flaredag.errors import InputError
from flaredag.tables import RECORD_ATTRS
from flaredag.zarr_zip import write_zarr_zip

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping, Sequence

    from numpy.typing import ArrayLike, NDArray

FRAMES_A_CHUNK = 32  # about 1 MB before compression; one frame read costs one chunk
STEP_GAUSS = 0.5
NO_VALUE = np.int16(-32768)
SHARP_PIXELS_A_SMARP_PIXEL = 4
# How Liu et al. 2012 (Solar Phys. 279, 295) make MDI proxies from HMI magnetograms, as Sun et al. 2022, section 2.2,
# tell it.
HMI_BLUR_FWHM_PIXELS = 4.7
HMI_BLUR_RADIUS_PIXELS = 15
MDI_OFFSET_GAUSS, MDI_SLOPE = -0.18, 1.40
SHARP_TO_SMARP = ("subsample", "gaussian", "average")
LARGEST_SIZE_DEVIATION_PIXELS = 2
LARGEST_LONGITUDE_DEG = 70.0

CUBE_ATTRS: dict[str, dict[str, str]] = {
    **{name: RECORD_ATTRS[name] for name in ("region", "t_rec", "time", "quality")},
    "longitude_deg": {"long_name": "centre of the patch from the central meridian, west positive", "units": "degree"},
    "latitude_deg": {"long_name": "heliographic latitude of the centre of the patch", "units": "degree"},
    "carrington_longitude_deg": {"long_name": "Carrington longitude of the centre of the patch", "units": "degree"},
    "cdelt_deg": {"long_name": "size of a pixel of the original image", "units": "degree"},
    **{name: RECORD_ATTRS[name] for name in ("longitude_min", "longitude_max", "latitude_min", "latitude_max")},
    "height_pixels": {"long_name": "height of the original image"},
    "width_pixels": {"long_name": "width of the original image"},
    "nan_fraction": {"long_name": "part of the original image's pixels without value"},
    "bad_image": {"long_name": "NaN, or a size off the median of the region's images: see flaredag.cubes.bad_images"},
    "frame_digest": {"long_name": "first 8 bytes of the sha256 of the frame as it is packed"},
    "mean_gauss": {"long_name": "mean of the frame's pixels", "units": "gauss"},
    "mean_square_gauss2": {"long_name": "mean of the squares of the frame's pixels", "units": "gauss2"},
    "file": {"long_name": "name of the FITS file"},
}
_TIMES = ("t_rec", "time")


def frame_of(image: NDArray[np.floating], *, instrument: str, pixels: int, sharp_to_smarp: str) -> NDArray[np.float64]:
    """A magnetogram, dims (y, x), gauss, as `pixels` x `pixels`: SHARP brought to SMARP's grid first."""
    if instrument == "sharp":
        image = on_smarp_grid(image, method=sharp_to_smarp)
    return resized(image, pixels=pixels)


def on_smarp_grid(image: NDArray[np.floating], *, method: str) -> NDArray[np.floating]:
    """A SHARP magnetogram, dims (y, x), gauss, with pixels four times as wide and high.

    `subsample`: every fourth pixel (Sun et al. 2022, section 2.2); `average`: means of 4 x 4 pixels; `gaussian`:
    blurred, then averaged, then -0.18 G + 1.40 times the field (Liu et al. 2012). A last row or column of cells
    may hold fewer pixels. A cell to which any NaN contributes is NaN: with `gaussian` that is up to 15 pixels
    off, with `subsample` three of four NaN go unseen, so that `nan_fraction` counts those of the original.
    Beyond its edges the image is taken to go on as its last pixels.
    """
    if method == "subsample":
        return image[::SHARP_PIXELS_A_SMARP_PIXEL, ::SHARP_PIXELS_A_SMARP_PIXEL]
    if method == "average":
        return _cell_means(image)
    if method != "gaussian":
        raise InputError(f"sharp_to_smarp is {method!r}; wanted one of {', '.join(SHARP_TO_SMARP)}.")
    sigma = HMI_BLUR_FWHM_PIXELS / (2 * np.sqrt(2 * np.log(2)))
    blurred = gaussian_filter(image.astype(np.float64), sigma, mode="nearest", radius=HMI_BLUR_RADIUS_PIXELS)
    return MDI_OFFSET_GAUSS + MDI_SLOPE * _cell_means(blurred)


def _cell_means(image: NDArray[np.floating]) -> NDArray[np.float64]:
    means = image.astype(np.float64)
    for axis in (0, 1):
        starts = np.arange(0, image.shape[axis], SHARP_PIXELS_A_SMARP_PIXEL)
        n_pixels = np.diff(np.append(starts, image.shape[axis]))
        means = np.add.reduceat(means, starts, axis=axis) / np.expand_dims(n_pixels, 1 - axis)
    return means


def resized(image: NDArray[np.floating], *, pixels: int) -> NDArray[np.float64]:
    """An image, dims (y, x), as `pixels` x `pixels` by bilinear interpolation, corner pixels on corner pixels.

    As torch.nn.functional.grid_sample with align_corners=True, which Sun et al. 2022 use (section 2.6): no
    smoothing before. NaN where a NaN has any weight.
    """
    return _interpolated(_interpolated(image.astype(np.float64), pixels, axis=0), pixels, axis=1)


def _interpolated(image: NDArray[np.float64], n_pixels: int, *, axis: int) -> NDArray[np.float64]:
    n_steps = max(n_pixels - 1, 1)
    # In whole numbers: a weight that ought to be 0 must not let a NaN through.
    first, remainder = np.divmod(np.arange(n_pixels) * (image.shape[axis] - 1), n_steps)
    before = np.take(image, first, axis=axis)
    after = np.take(image, first + (remainder > 0), axis=axis)
    return before + (after - before) * np.expand_dims(remainder / n_steps, 1 - axis)


def packed(frame: NDArray[np.floating]) -> NDArray[np.int16]:
    """Gauss as whole steps of 0.5 G, NaN as `NO_VALUE`; the field must be within 16,383 G."""
    steps = np.rint(frame / STEP_GAUSS)
    return np.where(np.isnan(steps), float(NO_VALUE), steps).astype(np.int16)


def unpacked(steps: NDArray[np.int16]) -> NDArray[np.float32]:
    """Gauss of `packed` steps."""
    frames = steps * np.float32(STEP_GAUSS)
    frames[steps == NO_VALUE] = np.nan
    return frames


def frame_columns(frames: NDArray[np.int16]) -> dict[str, NDArray[Any]]:
    """Columns (record,) of a cube that tell of packed frames (record, y, x) what is wanted without reading them.

    `frame_digest`, `mean_gauss` and `mean_square_gauss2`; the means are NaN where any pixel has no value.
    """
    gauss = unpacked(frames).astype(np.float64)
    return {
        "frame_digest": frame_digests(frames),
        "mean_gauss": gauss.mean(axis=(1, 2)),
        "mean_square_gauss2": (gauss**2).mean(axis=(1, 2)),
    }


def frame_digests(frames: NDArray[np.int16]) -> NDArray[np.int64]:
    """First 8 bytes of the sha256 of each packed frame (record, y, x), as a number (record,)."""
    content = np.ascontiguousarray(frames, dtype="<i2")
    digests = b"".join(hashlib.sha256(frame).digest()[:8] for frame in content)
    return np.frombuffer(digests, dtype="<i8").astype(np.int64)


def bad_images(
    height: ArrayLike, width: ArrayLike, nan_fraction: ArrayLike, groups: ArrayLike, *, within: ArrayLike
) -> NDArray[np.bool_]:
    """Images (record,) with NaN, or of a height or width more than 2 pixels off the median of their group.

    The median is that of the group's records where `within` (of all, where that is none). With groups the regions
    and `within` the records inside 70 degrees of the central meridian, this is the rule in the code of Sun et al.
    2022; their section 2.3 has the median of the sample sequence: `bad_images_in_windows`.
    """
    bad = np.asarray(nan_fraction) > 0
    groups, within = pd.Series(np.asarray(groups)), np.asarray(within, dtype=bool)
    within = within | ~pd.Series(within).groupby(groups).transform("any").to_numpy(dtype=bool)
    for size in (height, width):
        size = np.asarray(size, dtype=np.float64)
        median = pd.Series(np.where(within, size, np.nan)).groupby(groups).transform("median").to_numpy()
        bad |= np.abs(size - median) > LARGEST_SIZE_DEVIATION_PIXELS
    return bad


def bad_images_in_windows(
    height: ArrayLike, width: ArrayLike, nan_fraction: ArrayLike, step_record: NDArray[np.integer]
) -> NDArray[np.bool_]:
    """Images (sample, step) with NaN or off the median size of their own window (Sun et al. 2022, section 2.3).

    `step_record` (sample, step) are indices of records, -1 where there is none: that counts as bad, and not in the
    median.
    """
    absent = step_record < 0
    bad = absent | (np.append(nan_fraction, 0.0)[step_record] > 0)
    some = ~absent.all(axis=1)
    for size in (height, width):
        sizes = np.where(absent, np.nan, np.append(np.asarray(size, dtype=np.float64), np.nan)[step_record])
        median = np.nanmedian(sizes[some], axis=1, keepdims=True)
        bad[some] |= np.abs(sizes[some] - median) > LARGEST_SIZE_DEVIATION_PIXELS
    return bad


def write_cube(
    path: str | Path,
    records: pd.DataFrame,
    packed_frames: Callable[[Sequence[int]], NDArray[np.int16]],
    *,
    pixels: int,
    attrs: Mapping[str, Any],
) -> None:
    """Write `records` (columns `CUBE_ATTRS`) and their frames as one file; same content, same bytes.

    `packed_frames(i)` gives the frames (record, y, x) of the records i, a chunk at a time, so that no more than a
    chunk is held at once.
    """
    path, n_records = Path(path), len(records)
    path.parent.mkdir(parents=True, exist_ok=True)
    folder = path.with_name(f".{path.name}.store")
    shutil.rmtree(folder, ignore_errors=True)  # what a killed run has left
    try:
        group = zarr.create_group(LocalStore(folder), zarr_format=3, attributes=dict(attrs))
        magnetogram = group.create_array(
            "magnetogram",
            shape=(n_records, pixels, pixels),
            chunks=(FRAMES_A_CHUNK, pixels, pixels),
            dtype=np.int16,
            compressors=BloscCodec(cname="zstd", clevel=3, shuffle="bitshuffle"),
            fill_value=int(NO_VALUE),
            dimension_names=("record", "y", "x"),
            attributes={
                "long_name": "line-of-sight magnetic field",
                "units": "gauss",
                "scale_factor": STEP_GAUSS,
                "_FillValue": int(NO_VALUE),
            },
        )
        for start in range(0, n_records, FRAMES_A_CHUNK):
            stop = min(start + FRAMES_A_CHUNK, n_records)
            magnetogram[start:stop] = packed_frames(range(start, stop))
        for name, variable_attrs in CUBE_ATTRS.items():
            column = records[name].to_numpy()
            if name in _TIMES:
                column = column.astype("datetime64[s]").astype(np.int64)
            elif column.dtype == object or records[name].dtype == "string":
                column = column.astype(str)
            array = group.create_array(
                name,
                shape=(n_records,),
                chunks=(max(n_records, 1),),
                dtype="str" if column.dtype.kind == "U" else column.dtype,
                dimension_names=("record",),
                attributes={**variable_attrs},
            )
            if n_records:
                array[:] = column
        write_zarr_zip(path, folder)
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def cube_stem(path: str | Path) -> str:
    """Name of a cube's file without its suffixes: "sharp-3"."""
    return Path(path).name.split(".")[0]


def read_cube(path: str | Path) -> xr.Dataset:
    """A cube: `magnetogram` (record, y, x), gauss, read when asked for; and the columns `CUBE_ATTRS` (record).

    Close it, or use it in a `with`, as it keeps the file open. For many frames `read_frames` is quicker.
    """
    with _refused_if_damaged(path):
        store = _opened(path)
        dataset = xr.open_zarr(store, consolidated=False, chunks=None, decode_times=False)
        columns = dataset[list(CUBE_ATTRS)].load()
    texts = {"file": np.array(columns["file"].to_numpy().tolist(), dtype=str)}
    times = {name: columns[name].to_numpy().astype("datetime64[s]") for name in _TIMES}
    names = {name: {"long_name": CUBE_ATTRS[name]["long_name"]} for name in (*texts, *times)}
    decoded = {name: ("record", values, names[name]) for name, values in (texts | times).items()}
    cube = dataset.assign({**columns.data_vars, **decoded})
    cube.set_close(store.close)
    return cube


def read_frames(path: str | Path, indices: ArrayLike) -> NDArray[np.float32]:
    """Frames (record, y, x), gauss, of the records `indices` of a cube, in their order; each chunk is read once."""
    return unpacked(read_packed(path, indices))


def read_packed(path: str | Path, indices: ArrayLike) -> NDArray[np.int16]:
    """Frames as `read_frames` gives them, but `packed`: half the memory."""
    wanted, place = np.unique(np.asarray(indices, dtype=np.int64), return_inverse=True)
    with _refused_if_damaged(path):
        store = _opened(path)
        try:
            magnetogram = zarr.open_array(store, path="magnetogram", mode="r")
            n_records = magnetogram.shape[0]
            if len(wanted) and not 0 <= wanted[0] <= wanted[-1] < n_records:
                raise InputError(f"{path}: frames {wanted[0]} to {wanted[-1]} asked for; it has 0 to {n_records - 1}.")
            frames = np.empty((len(wanted), *magnetogram.shape[1:]), dtype=np.int16)
            if len(wanted):
                frames[:] = magnetogram.oindex[wanted]
        finally:
            store.close()
    return frames[place]


@contextmanager
def _refused_if_damaged(path: str | Path) -> Iterator[None]:
    try:
        yield
    except (OSError, zipfile.BadZipFile) as error:
        raise InputError(f"{path}: not readable as a cube ({error}). Delete it to have it made again.") from error


def _opened(path: str | Path) -> ZipStore:
    with zipfile.ZipFile(path) as archive:
        members = set(archive.namelist())
    missing = [name for name in ("magnetogram", *CUBE_ATTRS) if f"{name}/zarr.json" not in members]
    if missing:
        raise InputError(f"{path}: no {', '.join(missing)}; not a cube? Delete it to have it made again.")
    return ZipStore(path, mode="r")
