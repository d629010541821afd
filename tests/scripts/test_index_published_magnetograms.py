"""The rule that puts published magnetograms where those of JSOC lie."""

import hashlib
import os

import pytest

import index_published_magnetograms
from curate_cubes import main as curate_cubes
from flaredag.cubes import read_cube
from flaredag.errors import InputError
from flaredag.fits_files import ListedFile, read_index
from index_published_magnetograms import main


@pytest.fixture
def files(tmp_path):
    """Two files of different content, in an order that is not that of their names."""
    folder = tmp_path / "raw"
    folder.mkdir()
    for name in ("b.fits", "a.fits"):
        (folder / name).write_bytes(name.encode())
    return [str(folder / "b.fits"), str(folder / "a.fits")]


def listed(name):
    return ListedFile(name, len(name), hashlib.sha256(name.encode()).hexdigest())


def test_index_and_folder(tmp_path, files):
    index = tmp_path / "segments" / "sharp-3.json"
    folder = index.with_suffix("")
    main(files[:1], str(index))
    assert read_index(index) == [listed("b.fits")]
    # Made again with other files: what is no longer listed is gone.
    main(files[1:], str(index))
    assert read_index(index) == [listed("a.fits")]
    assert [path.name for path in folder.iterdir()] == ["a.fits"]
    main(files, str(index))
    assert read_index(index) == [listed("a.fits"), listed("b.fits")]
    assert sorted(path.name for path in index.parent.iterdir()) == ["sharp-3", "sharp-3.json"]
    assert (folder / "a.fits").samefile(files[1])


def test_where_files_cannot_be_linked_they_are_copied(tmp_path, files, monkeypatch):
    def refuse(*_: object) -> None:
        raise PermissionError

    monkeypatch.setattr(index_published_magnetograms.os, "link", refuse)
    main(files, str(tmp_path / "sharp-3.json"))
    copied = tmp_path / "sharp-3" / "b.fits"
    assert copied.read_bytes() == b"b.fits"
    assert not copied.samefile(files[0])


def test_two_files_of_one_name(tmp_path, files):
    with pytest.raises(InputError, match=r"two files are called b\.fits"):
        main([files[0], *files], str(tmp_path / "sharp-3.json"))
    assert not (tmp_path / "sharp-3.json").exists()


def test_a_cube_of_the_real_files(mirror, tmp_path):
    index = tmp_path / "segments" / "sharp-3.json"
    paths = sorted((mirror / "fits_sharp_377_series").glob("*.fits"))
    during_the_flare = [path for path in paths if ".20110215_0" in path.name]
    main([os.fspath(path) for path in during_the_flare], str(index))
    outputs = [str(tmp_path / name) for name in ("sharp-3.zarr.zip", "sharp-3.json", "sharp-3.rejected.csv")]
    settings = {"pixels": 64, "sharp_to_smarp": "subsample"}
    curate_cubes(str(index), *outputs, instrument="sharp", shard=3, settings=settings)
    with read_cube(outputs[0]) as cube:
        assert set(cube["region"].to_numpy().tolist()) == {377}
        assert len(cube["region"]) == len(during_the_flare) > 5
        assert not cube["bad_image"].to_numpy().any()
