"""Tables as netCDF files."""

import numpy as np
import pandas as pd
import pytest
import xarray as xr

from flaredag.errors import InputError
from flaredag.table_files import UTC_SECONDS, read_table, write_table

COLUMNS = {
    "time": {"long_name": "time", "units": UTC_SECONDS},
    "name": {"long_name": "name"},
    "flux": {"long_name": "flux", "units": "Mx"},
    "number": {"long_name": "number"},
}


def table(n_rows=2) -> pd.DataFrame:
    rows = {
        "time": pd.to_datetime(["2012-06-30 23:59:59", None]).astype("datetime64[s]"),
        "name": pd.Series(["a", ""], dtype="str"),
        "flux": [1.5, np.nan],
        "number": np.array([7, -1], dtype=np.int64),
    }
    return pd.DataFrame(rows).iloc[:n_rows]


@pytest.mark.parametrize("n_rows", [0, 1, 2])
def test_a_table_comes_back(tmp_path, n_rows):
    write_table(tmp_path / "table.nc", table(n_rows).assign(other=1), dim="row", columns=COLUMNS)
    got = read_table(tmp_path / "table.nc", columns=COLUMNS)
    pd.testing.assert_frame_equal(got, table(n_rows), check_dtype=n_rows > 0)
    assert (got.dtypes[["time", "flux", "number"]] == table().dtypes[["time", "flux", "number"]]).all()


def test_units_stand_in_the_file(tmp_path):
    write_table(tmp_path / "table.nc", table(), dim="row", columns=COLUMNS)
    dataset = xr.load_dataset(tmp_path / "table.nc", decode_times=False)
    assert dataset["flux"].dims == ("row",)
    assert dataset["flux"].attrs == {"long_name": "flux", "units": "Mx"}
    # 1341100799 s: date -u -d "2012-06-30 23:59:59" +%s
    assert dataset["time"].to_numpy().tolist() == [1341100799, np.iinfo(np.int64).min]


def test_what_lacks_a_column_is_refused(tmp_path):
    with pytest.raises(InputError, match=r"table\.nc: column flux missing; found time, name, number"):
        write_table(tmp_path / "table.nc", table().drop(columns="flux"), dim="row", columns=COLUMNS)
    assert list(tmp_path.iterdir()) == []
    write_table(tmp_path / "table.nc", table(), dim="row", columns={"flux": {}})
    with pytest.raises(InputError, match=r"table\.nc: variable time, name, number missing; found flux"):
        read_table(tmp_path / "table.nc", columns=COLUMNS)


def test_what_is_no_netcdf_is_refused(tmp_path):
    (tmp_path / "table.nc").write_text("time,name\n")
    for name in ("table.nc", "absent.nc"):
        with pytest.raises(InputError, match=rf"{name}: not readable as netCDF"):
            read_table(tmp_path / name, columns=COLUMNS)
