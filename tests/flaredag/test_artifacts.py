"""Files whole or absent, by any end of the writer, and the same bytes for the same content."""

import errno
import hashlib
import json
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import xarray as xr

from flaredag.artifacts import read_json, sha256_of_file, write_csv, write_json, write_netcdf, written_whole
from flaredag.errors import InputError

SCRIPTS = Path(__file__).resolve().parents[2] / "scripts"

KILLED_WHILE_WRITING = f"""
import os, signal, sys
sys.path.insert(0, {str(SCRIPTS)!r})
from flaredag.artifacts import written_whole
with written_whole(sys.argv[1]) as part, part.open("w") as file:
    file.write("half of it")
    file.flush()
    os.kill(os.getpid(), signal.SIGKILL)
"""


def write_half(path, error):
    with written_whole(path) as part:
        part.write_text("half of it")
        raise error


class TestWrittenWhole:
    def test_takes_its_name_at_the_end_alone(self, tmp_path):
        path = tmp_path / "new" / "folder" / "scores.csv"
        with written_whole(path) as part:
            part.write_text("all of it")
            assert not path.exists()
            assert part.parent == path.parent, "a rename is whole within one folder only"
        assert path.read_text() == "all of it"
        assert list(path.parent.iterdir()) == [path]

    def test_others_may_read_it(self, tmp_path):
        with written_whole(tmp_path / "a") as part:
            part.write_text("")
        assert (tmp_path / "a").stat().st_mode & 0o777 == 0o644

    @pytest.mark.parametrize("error", [KeyError, InputError, KeyboardInterrupt, SystemExit])
    def test_an_error_leaves_nothing(self, tmp_path, error):
        with pytest.raises(error):
            write_half(tmp_path / "a", error)
        assert list(tmp_path.iterdir()) == []

    def test_an_error_leaves_what_was_there(self, tmp_path):
        (tmp_path / "a").write_text("before")
        with pytest.raises(KeyError):
            write_half(tmp_path / "a", KeyError)
        assert (tmp_path / "a").read_text() == "before"

    def test_a_writer_that_makes_the_file_anew_is_fine(self, tmp_path):
        # netCDF's library removes what is there and makes its own.
        with written_whole(tmp_path / "a") as part:
            part.unlink()
            part.write_text("anew")
        assert (tmp_path / "a").read_text() == "anew"

    def test_killed_in_the_middle(self, tmp_path):
        path = tmp_path / "predictions.nc"
        killed = subprocess.run([sys.executable, "-c", KILLED_WHILE_WRITING, str(path)], check=False)
        assert killed.returncode == -signal.SIGKILL
        assert not path.exists()
        assert [file.read_text() for file in tmp_path.iterdir()] == ["half of it"], "what is left has no final name"
        with written_whole(path) as part:
            part.write_text("all of it")
        assert path.read_text() == "all of it"

    def test_killed_while_an_older_file_is_there(self, tmp_path):
        path = tmp_path / "predictions.nc"
        path.write_text("before")
        subprocess.run([sys.executable, "-c", KILLED_WHILE_WRITING, str(path)], check=False)
        assert path.read_text() == "before"


class TestJson:
    def test_comes_back_and_keys_are_sorted(self, tmp_path):
        write_json(tmp_path / "a.json", {"b": [1, 2.5, None], "a": {"ü": True}})
        write_json(tmp_path / "b.json", {"a": {"ü": True}, "b": [1, 2.5, None]})
        assert read_json(tmp_path / "a.json") == {"b": [1, 2.5, None], "a": {"ü": True}}
        assert (tmp_path / "a.json").read_bytes() == (tmp_path / "b.json").read_bytes()

    @pytest.mark.parametrize("content", [b"", b"{", b'{"a": 1', b"\xff\xfe\x00", b"\x89HDF\r\n", b'{"a": 1} {"b": 2}'])
    def test_what_is_no_json_is_told_with_its_place(self, tmp_path, content):
        (tmp_path / "index.json").write_bytes(content)
        with pytest.raises(InputError, match=r"index\.json: not JSON .*Delete the file to have it made again"):
            read_json(tmp_path / "index.json")

    def test_what_json_cannot_hold_leaves_nothing(self, tmp_path):
        with pytest.raises(TypeError):
            write_json(tmp_path / "a.json", {"a": object()})
        assert list(tmp_path.iterdir()) == []


def test_sha256(tmp_path):
    # FIPS 180-2, appendix B.1, and a file longer than one block.
    (tmp_path / "abc").write_bytes(b"abc")
    assert sha256_of_file(tmp_path / "abc") == "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"
    long = b"0123456789" * 300_000
    (tmp_path / "long").write_bytes(long)
    assert sha256_of_file(tmp_path / "long") == hashlib.sha256(long).hexdigest()


def test_csv(tmp_path):
    write_csv(tmp_path / "a.csv", pd.DataFrame({"model": ["lstm", 'a "b", c'], "value": [0.123456789, np.nan]}))
    assert (tmp_path / "a.csv").read_bytes() == b'model,value\nlstm,0.123457\n"a ""b"", c",\n'


def test_netcdf_has_no_time_in_it(tmp_path):
    dataset = xr.Dataset(
        {"area": ("record", np.arange(5.0), {"units": "microhemisphere"})}, attrs={"instrument": "sharp"}
    )
    write_netcdf(tmp_path / "a.nc", dataset)
    time.sleep(1.1)
    write_netcdf(tmp_path / "b.nc", dataset)
    assert (tmp_path / "a.nc").read_bytes() == (tmp_path / "b.nc").read_bytes()
    xr.testing.assert_identical(xr.load_dataset(tmp_path / "a.nc"), dataset)


def test_json_of_numbers_is_readable_elsewhere(tmp_path):
    write_json(tmp_path / "a.json", [0.1, 1e-300, 2**53])
    assert json.loads((tmp_path / "a.json").read_text()) == [0.1, 1e-300, 9007199254740992]


@pytest.mark.parametrize("number", [errno.ENOSPC, errno.EDQUOT])
def test_a_full_disk_is_told_and_leaves_nothing(tmp_path, number):
    with (
        pytest.raises(InputError, match=r"a\.csv: no space left on its disk while it was made\. Make room"),
        written_whole(tmp_path / "a.csv") as part,
    ):
        part.write_text("half")
        raise OSError(number, "full")
    assert list(tmp_path.iterdir()) == []


def test_a_full_disk_is_told_where_a_library_hides_it(tmp_path, monkeypatch):
    usage = shutil.disk_usage(tmp_path)
    monkeypatch.setattr(shutil, "disk_usage", lambda path: usage._replace(free=4096))
    with pytest.raises(InputError, match="no space left"), written_whole(tmp_path / "a.nc"):
        raise RuntimeError("NetCDF: HDF error")


def test_other_errors_pass_as_they_are(tmp_path):
    with pytest.raises(PermissionError), written_whole(tmp_path / "a.csv"):
        raise PermissionError(errno.EACCES, "Permission denied")
    with pytest.raises(RuntimeError, match="HDF"), written_whole(tmp_path / "a.nc"):
        raise RuntimeError("NetCDF: HDF error")
