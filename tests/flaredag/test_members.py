"""Members of a combination: what a file of them keeps, and what is refused."""

from dataclasses import replace

import numpy as np
import pytest
import xarray as xr
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

import made_up_members as made_up
from flaredag.artifacts import sha256_of_file
from flaredag.errors import InputError
from flaredag.members import check_combinable, check_members, read_members, write_members

NAN = float("nan")
GOOD = made_up.members([[0.1, 0.2], [NAN, 0.5], [1.0, 0.0]], [0, 1, 0])
probabilities = st.one_of(st.floats(0, 1), st.just(NAN))


@settings(max_examples=20, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.lists(st.tuples(st.tuples(probabilities, probabilities), st.integers(0, 1)), min_size=1, max_size=6))
def test_what_is_written_is_read_bit_by_bit(tmp_path, rows):
    written = made_up.members([list(row) for row, _ in rows], [outcome for _, outcome in rows])
    write_members(tmp_path / "members.nc", written)
    read = read_members(tmp_path / "members.nc")
    np.testing.assert_array_equal(read.probability, written.probability)
    np.testing.assert_array_equal(read.outcome, written.outcome)
    np.testing.assert_array_equal(read.time, written.time)
    assert (read.names, read.window_hours, read.event, read.source) == (("A", "B"), 24.0, "M1.0", "made up")
    assert (read.time.dtype, read.outcome.dtype) == (np.dtype("datetime64[s]"), np.int8)


def test_the_same_members_are_the_same_bytes_with_units(tmp_path):
    for name in ("one.nc", "two.nc"):
        write_members(tmp_path / name, GOOD)
    assert sha256_of_file(tmp_path / "one.nc") == sha256_of_file(tmp_path / "two.nc")
    with xr.open_dataset(tmp_path / "one.nc") as dataset:
        assert dataset["time"].to_numpy().tolist() == GOOD.time.astype("datetime64[ns]").tolist()
        assert dataset["probability"].attrs["units"] == "1"
        assert dict(dataset.sizes) == {"time": 3, "member": 2}


def test_some_windows_alone():
    complete = GOOD.at(~np.isnan(GOOD.probability).any(axis=1))
    assert complete.probability.tolist() == [[0.1, 0.2], [1.0, 0.0]]
    assert complete.outcome.tolist() == [0, 0]
    assert complete.time.tolist() == GOOD.time[[0, 2]].tolist()


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"names": ("A",)}, r"probabilities of shape \(3, 2\).*3 windows and 1 members"),
        ({"names": ("A", "A")}, "members 'A' repeated"),
        ({"names": ("A", "my model")}, "'my model' are no fit names"),
        (
            {"time": GOOD.time[[0, 0, 2]]},
            "1 of 3 windows do not begin after the one before; the first is at 2015-03-01",
        ),
        ({"probability": np.array([[0.1, 0.2], [0.3, 1.5], [2.0, 0.1]])}, "member B: 1.5 at 2015-03-02.*one of 2 such"),
        ({"outcome": np.array([0, 2, 1], dtype=np.int8)}, r"outcomes \[0, 1, 2\]"),
        ({"window_hours": 0.0}, "windows of 0.0 h"),
    ],
)
def test_what_breaks_a_promise_is_refused_and_nothing_written(tmp_path, change, words):
    with pytest.raises(InputError, match=f"(?s)members.nc: .*{words}"):
        write_members(tmp_path / "members.nc", replace(GOOD, **change))
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(
    ("members", "words"),
    [
        (made_up.members([[0.1], [0.2]], [0, 1], names=("A",)), r"here: 1 member \(A\); wanted two"),
        (made_up.members([[0.1, NAN], [0.2, NAN]], [0, 1]), "here: member B: missing in all of 2 windows"),
        (made_up.members([[0.1, 0.2], [0.2, 0.3]], [0, 0]), "here: 0 of 2 windows have an event"),
        (made_up.members([[0.1, 0.2], [0.2, 0.3]], [1, 1]), "here: 2 of 2 windows have an event"),
    ],
)
def test_what_cannot_be_combined_is_refused(members, words):
    check_members(members, "here")
    with pytest.raises(InputError, match=words):
        check_combinable(members, "here")


def test_another_file_is_refused_without_a_traceback_of_the_library(tmp_path):
    (tmp_path / "text.nc").write_text("no netCDF")
    with pytest.raises(InputError, match=r"text\.nc: cannot be read as netCDF"):
        read_members(tmp_path / "text.nc")
    xr.Dataset({"time": ("time", [1])}).to_netcdf(tmp_path / "other.nc")
    with pytest.raises(InputError, match=r"other\.nc: no member, probability, outcome, window_hours, event, source"):
        read_members(tmp_path / "other.nc")
