"""FITS magnetograms of one instrument and shard -> one cube, one Zarr file."""

import logging
import tempfile
from collections import Counter
from collections.abc import Sequence
from pathlib import Path
from typing import IO, Any

import numpy as np
import pandas as pd

from flaredag.artifacts import disk_full_told, write_json
from flaredag.cubes import LARGEST_LONGITUDE_DEG, bad_images, frame_columns, frame_of, packed, write_cube
from flaredag.fits_files import ListedFile, PatchHeader, PatchImage, indexed_files, read_listed_image
from flaredag.joblog import Progress, job_log
from flaredag.jsoc import utc_from_tai
from flaredag.rejections import Rejection, write_rejections
from flaredag.shards import regions_of

LOG = logging.getLogger("flaredag")


def curate_cubes(
    folder: Path,
    files: Sequence[ListedFile],
    frames: IO[bytes],
    *,
    source: str,
    instrument: str,
    shard: int,
    settings: dict[str, Any],
) -> tuple[pd.DataFrame, list[Rejection], dict[str, int]]:
    """Records of the `files` in `folder` (columns of a cube, and `frame`), what was rejected, and counts.

    Records are sorted by region and time, each once. Their frames are appended to `frames` as they are read,
    packed; `frame` is a record's number there.
    """
    headers, nan_fractions, names, columns_of_frames, rejections, remarks = [], [], [], [], [], Counter()
    progress = Progress(LOG, f"{source}: magnetograms", len(files))
    for file in files:
        found = read_listed_image(folder, file, source=source)
        if isinstance(found, PatchImage):
            found = _if_of_shard(found, file.name, source=source, instrument=instrument, shard=shard)
        if isinstance(found, PatchImage):
            frame = packed(frame_of(found.image, instrument=instrument, **settings))
            frames.write(frame.tobytes())
            columns_of_frames.append(frame_columns(frame[None]))
            headers.append(found.header)
            nan_fractions.append(found.nan_fraction)
            names.append(file.name)
            remarks.update(found.remarks)
        else:
            rejections.append(found)
        progress.advance()
    for remark, n_files in sorted(remarks.items()):
        LOG.warning("%s: %d files: %s", source, n_files, remark)
    records = _table_of(headers).assign(nan_fraction=np.array(nan_fractions, dtype=np.float64), file=names)
    empty = np.empty((0, settings["pixels"], settings["pixels"]), dtype=np.int16)
    for name, column in frame_columns(empty).items():
        records[name] = np.concatenate([column, *(of_frame[name] for of_frame in columns_of_frames)])
    records = records.assign(frame=np.arange(len(records))).sort_values(["region", "t_rec", "file"], kind="stable")
    records, clashes = _each_once(records, folder, {file.name: file for file in files}, source=source)
    inside = records["longitude_min"].ge(-LARGEST_LONGITUDE_DEG) & records["longitude_max"].le(LARGEST_LONGITUDE_DEG)
    columns = [records[name] for name in ("height_pixels", "width_pixels", "nan_fraction", "region")]
    records = records.assign(time=utc_from_tai(records["t_rec"]), bad_image=bad_images(*columns, within=inside))
    counts = {
        "files_listed": len(files),
        "files_rejected": len(rejections) + len(clashes),
        "files_with_remarks_of_astropy": remarks.total(),
        "records_repeated": len(names) - len(clashes) - len(records),
        "records": len(records),
        "regions": int(records["region"].nunique()),
        "images_with_nan": int((records["nan_fraction"] > 0).sum()),
        "bad_images": int(records["bad_image"].sum()),
    }
    return records, sorted([*rejections, *clashes], key=lambda rejection: rejection.place), counts


def main(
    index: str, cube: str, counts: str, rejected: str, *, instrument: str, shard: int, settings: dict[str, Any]
) -> None:
    """Read the files of an index (JSON) from the folder of its name; write the cube, counts, what was rejected."""
    files, folder = indexed_files(index)
    Path(cube).parent.mkdir(parents=True, exist_ok=True)
    with disk_full_told(cube), tempfile.TemporaryFile(dir=Path(cube).parent) as frames:
        records, rejections, found = curate_cubes(
            folder, files, frames, source=Path(index).name, instrument=instrument, shard=shard, settings=settings
        )
        LOG.info("%s: %s", index, found)
        pixels = settings["pixels"]
        frame = records["frame"].to_numpy()
        write_cube(
            cube,
            records,
            lambda which: _frames_at(frames, frame[which], pixels=pixels),
            pixels=pixels,
            attrs={"instrument": instrument, "shard": shard, **settings},
        )
        write_rejections(rejected, rejections)
        write_json(counts, found)


def _if_of_shard(
    magnetogram: PatchImage, name: str, *, source: str, instrument: str, shard: int
) -> PatchImage | Rejection:
    header = magnetogram.header
    if header.instrument != instrument:
        return Rejection(source, name, "file of the other instrument", header.instrument)
    if header.region not in regions_of(shard):
        return Rejection(source, name, "region of another shard", f"region {header.region}")
    return magnetogram


def _table_of(headers: Sequence[PatchHeader]) -> pd.DataFrame:
    columns = {}
    for name, kind in PatchHeader.__annotations__.items():
        dtype = {"int": np.int64, "float": np.float64, "np.datetime64": "datetime64[s]"}.get(kind, object)
        columns[name] = np.array([getattr(header, name) for header in headers], dtype=dtype)
    return pd.DataFrame(columns)


def _each_once(
    records: pd.DataFrame, folder: Path, files: dict[str, ListedFile], *, source: str
) -> tuple[pd.DataFrame, list[Rejection]]:
    """Records each once: a repetition with the same pixels and header is dropped, records that differ all are."""
    repeated = records[records.duplicated(["region", "t_rec"], keep=False)]
    dropped, clashes = [], []
    for _, group in repeated.groupby(["region", "t_rec"]):
        first, *others = group["file"]
        original = read_listed_image(folder, files[first], source=source)
        same = all(_same_record(original, read_listed_image(folder, files[o], source=source)) for o in others)
        dropped += others if same else [first, *others]
        if not same:
            text = f"region and time of {len(group)} files that differ"
            clashes += [Rejection(source, name, "another file of this record differs", text) for name in group["file"]]
    return records[~records["file"].isin(dropped)].reset_index(drop=True), clashes


def _same_record(one: PatchImage | Rejection, other: PatchImage | Rejection) -> bool:
    return isinstance(one, PatchImage) and isinstance(other, PatchImage) and one.same_record_as(other)


def _frames_at(file: IO[bytes], places: np.ndarray, *, pixels: int) -> np.ndarray:
    """Packed frames (record, y, x) at the `places` of a file in which one lies after the other."""
    n_bytes = pixels**2 * np.dtype(np.int16).itemsize
    content = bytearray()
    for place in places:
        file.seek(int(place) * n_bytes)
        content += file.read(n_bytes)
    return np.frombuffer(content, dtype=np.int16).reshape(-1, pixels, pixels)


if __name__ == "__main__":
    with job_log(snakemake.log[0]):
        main(
            snakemake.input.index,
            snakemake.output.cube,
            snakemake.output.counts,
            snakemake.output.rejected,
            instrument=snakemake.wildcards.instrument,
            shard=int(snakemake.wildcards.shard),
            settings=snakemake.params.settings,
        )
