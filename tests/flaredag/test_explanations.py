import dataclasses
import re

import numpy as np
import pandas as pd
import pytest
import xarray as xr

from flaredag.errors import InputError
from flaredag.explanations import (
    CHECK_COLUMNS,
    ExplainedBipoles,
    Explanation,
    read_bipoles,
    read_explanation,
    write_bipoles,
    write_checks,
    write_explanation,
)


def explanation(*, n_frames=3, n_flares=2):
    random = np.random.default_rng(5)
    magnetogram = random.normal(size=(n_frames, 7, 9)).astype(np.float32)
    magnetogram[0, 0, 0] = np.nan
    return Explanation(
        instrument="sharp",
        region=377,
        noaa_ars="11158",
        archive_title="Embedded archive",
        simulated=True,
        model="cnn",
        fold=3,
        methods=("deconvolution", "integrated_gradients.zero"),
        issue_time=np.array(["2011-02-13T00:00:00", "2011-02-13T01:36:00", "2011-02-14T00:00:00"], "datetime64[s]")[
            :n_frames
        ],
        label=np.array([0, -1, 1], dtype=np.int8)[:n_frames],
        probability=np.array([0.1, 0.25, 0.75])[:n_frames],
        magnetogram=magnetogram,
        magnetogram_cnn=random.normal(size=(n_frames, 4, 4)).astype(np.float32),
        attribution=random.normal(size=(2, n_frames, 7, 9)).astype(np.float32),
        attribution_cnn=random.normal(size=(2, n_frames, 4, 4)).astype(np.float32),
        flare_start=np.array(["2011-02-13T17:28:00", "2011-02-15T01:44:00"], "datetime64[s]")[:n_flares],
        flare_peak_flux=np.array([6.6e-5, 2.2e-4])[:n_flares],
    )


def bipoles():
    random = np.random.default_rng(6)
    return ExplainedBipoles(
        methods=("grad_cam_4", "occlusion"),
        model="cnn",
        seed=0,
        patch_width_deg=24.0,
        any_flaring=False,
        amplitude_gauss=np.array([1000.0, 3000.0]),
        separation_deg=np.array([2.0, 4.0]),
        tilt_deg=np.array([0.0, 30.0]),
        mean_probability=np.array([0.2, 0.3]),
        probability=np.array([0.25, 0.35]),
        magnetogram=random.normal(size=(2, 8, 8)).astype(np.float32),
        attribution=random.normal(size=(2, 2, 8, 8)).astype(np.float32),
    )


def assert_same(one, other):
    for field in dataclasses.fields(one):
        a, b = getattr(one, field.name), getattr(other, field.name)
        np.testing.assert_array_equal(a, b, err_msg=field.name)
        assert np.asarray(a).dtype.kind == np.asarray(b).dtype.kind, field.name


@pytest.mark.parametrize("n_flares", [0, 2])
def test_a_region_comes_back_as_it_was_written(tmp_path, n_flares):
    given = explanation(n_flares=n_flares)
    write_explanation(tmp_path / "a.nc", given)
    assert_same(given, read_explanation(tmp_path / "a.nc"))


def test_bipoles_come_back_as_they_were_written(tmp_path):
    write_bipoles(tmp_path / "a.nc", bipoles())
    assert_same(bipoles(), read_bipoles(tmp_path / "a.nc"))


def test_same_content_same_bytes(tmp_path):
    for name in ("a.nc", "b.nc"):
        write_explanation(tmp_path / name, explanation())
    assert (tmp_path / "a.nc").read_bytes() == (tmp_path / "b.nc").read_bytes()


def test_another_reader_finds_the_names_of_the_methods_and_cf_times(tmp_path):
    write_explanation(tmp_path / "a.nc", explanation())
    dataset = xr.load_dataset(tmp_path / "a.nc")
    assert dataset.attrs["methods"] == "deconvolution integrated_gradients.zero"
    assert dataset["method"].attrs["flag_meanings"] == dataset.attrs["methods"]
    assert dataset["issue_time"].to_numpy()[1] == np.datetime64("2011-02-13T01:36:00")
    assert dataset["attribution"].dims == ("method", "frame", "y", "x")
    assert dataset["magnetogram_cnn"].dims == ("frame", "cnn_y", "cnn_x")


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("label", np.zeros(2, dtype=np.int8)),
        ("attribution", np.zeros((2, 3, 7, 8), dtype=np.float32)),
        ("magnetogram", np.zeros((7, 9), dtype=np.float32)),
        ("methods", ("deconvolution",)),
    ],
)
def test_arrays_that_do_not_belong_together_are_refused_and_nothing_is_written(tmp_path, field, value):
    given = dataclasses.replace(explanation(), **{field: value})
    with pytest.raises(InputError, match=re.escape("a.nc") + ".* has the shape"):
        write_explanation(tmp_path / "a.nc", given)
    assert not list(tmp_path.iterdir())


def test_other_files_are_refused_with_what_was_found(tmp_path):
    (tmp_path / "text.nc").write_text("no netCDF")
    with pytest.raises(InputError, match=r"text\.nc: not readable as netCDF"):
        read_explanation(tmp_path / "text.nc")
    write_bipoles(tmp_path / "bipoles.nc", bipoles())
    with pytest.raises(InputError, match=r"bipoles\.nc: no issue_time.*found .*tilt_deg"):
        read_explanation(tmp_path / "bipoles.nc")
    write_explanation(tmp_path / "region.nc", explanation())
    with pytest.raises(InputError, match=r"region\.nc: no amplitude_gauss"):
        read_bipoles(tmp_path / "region.nc")


def test_a_file_without_an_attribute_is_refused(tmp_path):
    write_explanation(tmp_path / "a.nc", explanation())
    dataset = xr.load_dataset(tmp_path / "a.nc", decode_cf=False)
    del dataset.attrs["fold"]
    dataset.to_netcdf(tmp_path / "b.nc")
    with pytest.raises(InputError, match=r"b\.nc: no attribute 'fold'"):
        read_explanation(tmp_path / "b.nc")


def test_checks_are_rows_in_the_order_given(tmp_path):
    row = {"subject": "sharp-377", "method": "deep_lift.zero", "check": "completeness_error", "value": 0.5, "n": 9}
    write_checks(tmp_path / "a.csv", [row, row | {"method": "-", "value": float("nan")}])
    text = (tmp_path / "a.csv").read_text().splitlines()
    assert text == [",".join(CHECK_COLUMNS), "sharp-377,deep_lift.zero,completeness_error,0.5,9", *text[2:]]
    assert text[2] == "sharp-377,-,completeness_error,,9"
    write_checks(tmp_path / "b.csv", [])
    assert list(pd.read_csv(tmp_path / "b.csv").columns) == list(CHECK_COLUMNS)
