"""The manifest names every file by what it holds."""

from __future__ import annotations

import hashlib
import platform

import pytest

from flaredag.errors import InputError
from flaredag.manifest import installed_versions, rows_of_artifacts, rows_of_fits


def test_versions_of_what_is_there_and_none_of_what_is_not():
    versions = installed_versions(["pytest", "no-such-package"])
    assert versions == {"python": platform.python_version(), "pytest": pytest.__version__, "no-such-package": None}


def test_an_artifact_is_its_digest_and_those_of_what_it_was_made_from(tmp_path):
    made, source = tmp_path / "made.nc", tmp_path / "source.csv"
    made.write_bytes(b"made")
    source.write_bytes(b"source")
    (row,) = rows_of_artifacts([{"path": str(made), "made_from": [str(source)], "seeds": [0, 1]}])
    assert row == {
        "path": str(made),
        "sha256": hashlib.sha256(b"made").hexdigest(),
        "made_from": {str(source): hashlib.sha256(b"source").hexdigest()},
        "seeds": [0, 1],
    }


def test_a_missing_artifact_is_told(tmp_path):
    with pytest.raises(InputError, match=r"gone\.nc: wanted in the manifest, but No such file"):
        rows_of_artifacts([{"path": str(tmp_path / "gone.nc"), "made_from": [], "seeds": []}])


def test_every_file_of_a_fit_once_although_two_studies_share_it(tmp_path):
    folder = tmp_path / "abc" / "networks-def"
    folder.mkdir(parents=True)
    (folder / "predictions.nc").write_bytes(b"p")
    (folder / "checkpoint.safetensors").write_bytes(b"c")
    fit = {"path": str(folder), "dataset_digest": "abc", "models_digest": "def", "seeds": "0 1"}
    rows = rows_of_fits([fit, fit])
    assert [row["path"] for row in rows] == [str(folder / "checkpoint.safetensors"), str(folder / "predictions.nc")]
    assert rows[0]["sha256"] == hashlib.sha256(b"c").hexdigest()
    assert rows[0]["made_from"] == {"dataset": "abc", "models": "def"}
    assert rows[0]["seeds"] == [0, 1]


def test_a_listed_fit_without_files_is_told(tmp_path):
    fit = {"path": str(tmp_path / "nothing"), "dataset_digest": "abc", "models_digest": "def", "seeds": "0"}
    with pytest.raises(InputError, match="holds no file"):
        rows_of_fits([fit])
