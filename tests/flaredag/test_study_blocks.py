from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from flaredag.errors import InputError
from flaredag.predictions import read_predictions, write_predictions
from flaredag.study_blocks import read_study_blocks


def predictions(regions, splits, *, instrument="sharp", begin="2011-02-01", seed=0) -> pd.DataFrame:
    """One sample a region, ten days apart."""
    return pd.DataFrame(
        {
            "instrument": instrument,
            "region": regions,
            "issue_time": np.datetime64(begin, "s") + np.arange(len(regions)) * np.timedelta64(10, "D"),
            "label": 0,
            "probability": 0.1,
            "split": splits,
            "model": "lstm",
            "seed": seed,
        }
    )


def test_blocks_of_all_test_samples(tmp_path):
    # Carrington rotations begin on 2011-01-20, 2011-02-16 and 2011-03-16.
    a = predictions([12, 7, 400, 9], ["test", "train", "test", "test"])
    b = predictions([7, 400], ["test", "validation"], instrument="smarp", begin="2011-02-05", seed=1)
    write_predictions(tmp_path / "a.nc", a)
    write_predictions(tmp_path / "b.nc", b)
    blocks = read_study_blocks([tmp_path / "b.nc", tmp_path / "a.nc"])
    assert blocks.regions.tolist() == ["sharp 12", "sharp 400", "sharp 9", "smarp 7"]
    assert blocks.rotations.tolist() == [2106, 2107]
    test = read_predictions(tmp_path / "a.nc", ["test"])
    np.testing.assert_array_equal(blocks.of_regions(test), [0, 1, 2])
    np.testing.assert_array_equal(blocks.of_rotations(test), [0, 1, 1])
    test = read_predictions(tmp_path / "b.nc", ["test"])
    np.testing.assert_array_equal(blocks.of_regions(test), [3])


def test_what_is_no_predictions_file_is_told(tmp_path):
    (tmp_path / "a.nc").write_bytes(b"no netCDF")
    with pytest.raises(InputError, match=r"a.nc: cannot be read as predictions"):
        read_study_blocks([tmp_path / "a.nc"])
    pd.DataFrame({"x": [1]}).to_xarray().to_netcdf(tmp_path / "b.nc")
    with pytest.raises(InputError, match=r"b.nc: cannot be read as predictions"):
        read_study_blocks([tmp_path / "b.nc"])
