"""Which magnetogram of the cubes belongs to which record, and what the windows keep of it."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from flaredag.cubes import cube_stem, read_cube
from flaredag.errors import InputError
from flaredag.samples import WindowImages

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray


def cube_columns(cubes: Sequence[str]) -> pd.DataFrame:
    """Columns of the records of all cubes (a row a record), with `instrument` and `cube`, the stem of the file."""
    tables = []
    for path in cubes:
        with read_cube(path) as cube:
            table = cube.drop_vars("magnetogram").to_dataframe().reset_index(names="frame")
            tables.append(table.assign(instrument=str(cube.attrs["instrument"]), cube=cube_stem(path)))
    return pd.concat(tables, ignore_index=True)


def image_of_each(records: pd.DataFrame, images: pd.DataFrame) -> NDArray[np.int64]:
    """Row of `images` (`cube_columns`) of each record, (record,), -1 where it has none.

    Raises InputError where an image occurs twice, or no record has one: cubes of another archive.
    """
    key = ["instrument", "region", "t_rec"]
    if images.duplicated(key).any():
        first = images[images.duplicated(key)].iloc[0]
        raise InputError(
            f"cubes: {first['instrument']} {first['region']} at {first['t_rec']} twice, the second in {first['cube']}; "
            "wanted each record once. Delete the cubes to have them made again."
        )
    rows = images[key].assign(row=np.arange(len(images)))
    row = records[key].merge(rows, on=key, how="left")["row"].fillna(-1).to_numpy(dtype=np.int64)
    if not (row >= 0).any():
        raise InputError(
            f"no record of the tables has a magnetogram in the cubes ({len(images)} images, {len(records)} records): "
            "wanted cubes of the same regions and times. Make tables and cubes from one archive."
        )
    return row


def images_of_windows(images: pd.DataFrame, row: NDArray[np.int64]) -> WindowImages:
    """What the windows say of the images at the `row` of each, (sample,), of `images`."""
    of_windows = images.iloc[row]
    cubes = tuple(sorted(images["cube"].unique()))
    types = {
        "frame": np.int32,
        "frame_digest": np.int64,
        "mean_gauss": np.float64,
        "mean_square_gauss2": np.float64,
        "longitude_deg": np.float32,
        "latitude_deg": np.float32,
    }
    columns = {name: of_windows[name].to_numpy(dtype=dtype) for name, dtype in types.items()}
    codes = of_windows["cube"].map({name: i for i, name in enumerate(cubes)}).to_numpy(dtype=np.int16)
    return WindowImages(cubes=cubes, cube=codes, **columns)
