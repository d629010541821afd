import os
import zipfile

import numpy as np
import pytest
import zarr

from flaredag import zarr_zip
from flaredag.zarr_zip import write_zarr_zip


def filled(folder, *, order, time):
    contents = {"zarr.json": b"{}", "a/c/0/0": b"\x00\x01" * 50, "a/zarr.json": b"[]", "a/c/10/0": b"later"}
    for name in order(contents):
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(contents[name])
        os.utime(path, (time, time))
        path.chmod(0o600)
    return contents


def test_bytes_depend_on_content_alone(tmp_path):
    filled(tmp_path / "one", order=sorted, time=1_000_000_000)
    filled(tmp_path / "two", order=lambda names: sorted(names, reverse=True), time=1_500_000_000)
    for name in ("one", "two"):
        write_zarr_zip(tmp_path / f"{name}.zip", tmp_path / name)
    assert (tmp_path / "one.zip").read_bytes() == (tmp_path / "two.zip").read_bytes()


def test_members_are_sorted_each_once_and_stored(tmp_path):
    contents = filled(tmp_path / "store", order=list, time=0)
    write_zarr_zip(tmp_path / "s.zip", tmp_path / "store")
    with zipfile.ZipFile(tmp_path / "s.zip") as archive:
        assert archive.namelist() == ["a/c/0/0", "a/c/10/0", "a/zarr.json", "zarr.json"]
        assert {name: archive.read(name) for name in archive.namelist()} == contents
        assert {member.compress_type for member in archive.infolist()} == {zipfile.ZIP_STORED}
        assert {member.date_time for member in archive.infolist()} == {(1980, 1, 1, 0, 0, 0)}
        assert archive.testzip() is None


def test_zarr_reads_it(tmp_path):
    values = np.arange(100, dtype=np.int16).reshape(20, 5)
    zarr.create_array(tmp_path / "store", data=values, chunks=(3, 5))
    write_zarr_zip(tmp_path / "s.zip", tmp_path / "store")
    store = zarr.storage.ZipStore(tmp_path / "s.zip", mode="r")
    np.testing.assert_array_equal(zarr.open_array(store, mode="r")[:], values)
    store.close()


def test_members_beyond_the_old_limit_of_zip(tmp_path, monkeypatch):
    # As if 2 GiB were 64 bytes: a member larger than that must announce it before its bytes.
    contents = filled(tmp_path / "store", order=list, time=0)
    monkeypatch.setattr(zipfile, "ZIP64_LIMIT", 64)
    write_zarr_zip(tmp_path / "s.zip", tmp_path / "store")
    monkeypatch.undo()
    with zipfile.ZipFile(tmp_path / "s.zip") as archive:
        assert archive.read("a/c/0/0") == contents["a/c/0/0"]


def test_nothing_is_left_of_a_failure(tmp_path, monkeypatch):
    filled(tmp_path / "store", order=list, time=0)

    def broken(content, target):
        target.write(content.read(1))
        raise OSError("no more")

    monkeypatch.setattr(zarr_zip.shutil, "copyfileobj", broken)
    with pytest.raises(OSError, match="no more"):
        write_zarr_zip(tmp_path / "s.zip", tmp_path / "store")
    assert [path.name for path in tmp_path.iterdir()] == ["store"]
