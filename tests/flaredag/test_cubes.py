import errno
import hashlib
import struct
import zipfile

import numpy as np
import pandas as pd
import pytest
import torch
import zarr
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from flaredag import cubes
from flaredag.cubes import (
    CUBE_ATTRS,
    bad_images,
    bad_images_in_windows,
    cube_stem,
    frame_columns,
    frame_digests,
    frame_of,
    on_smarp_grid,
    packed,
    read_cube,
    read_frames,
    read_packed,
    resized,
    unpacked,
    write_cube,
)
from flaredag.errors import InputError

NAN = np.nan


def test_resizing_by_hand():
    image = np.array([[0.0, 10.0, 20.0], [30.0, 40.0, 50.0]])
    # 2 rows to 3: 0, 1/2, 1; 3 columns to 3: the same.
    np.testing.assert_allclose(resized(image, pixels=3), [[0, 10, 20], [15, 25, 35], [30, 40, 50]])
    # 3 columns to 2: the corners alone.
    np.testing.assert_allclose(resized(image, pixels=2), [[0, 20], [30, 50]])
    # 3 columns to 5: also halfway; the rows at quarters.
    np.testing.assert_allclose(resized(image, pixels=5)[1], [7.5, 12.5, 17.5, 22.5, 27.5])


def test_resizing_of_a_single_pixel_and_line():
    np.testing.assert_array_equal(resized(np.array([[7.0]]), pixels=3), np.full((3, 3), 7.0))
    np.testing.assert_array_equal(resized(np.array([[0.0, 8.0]]), pixels=3), [[0, 4, 8]] * 3)


def test_resizing_lets_nan_through_where_it_has_weight():
    image = np.array([[0.0, 10.0, NAN], [30.0, 40.0, 50.0]])
    # The pixels halfway between rows see the NaN above with weight 1/2, the last row with weight 0.
    np.testing.assert_allclose(resized(image, pixels=3), [[0, 10, NAN], [15, 25, NAN], [30, 40, 50]])
    np.testing.assert_allclose(resized(image, pixels=5)[0], [0, 5, 10, NAN, NAN])
    np.testing.assert_allclose(resized(image, pixels=5)[4], [30, 35, 40, 45, 50])


@given(
    hnp.arrays(np.float64, st.tuples(st.integers(1, 40), st.integers(1, 40)), elements=st.floats(-3000, 3000)),
    st.integers(2, 33),
)
def test_resizing_is_torch_grid_sample_with_aligned_corners(image, pixels):
    place = torch.linspace(-1, 1, pixels, dtype=torch.float64)
    y, x = torch.meshgrid(place, place, indexing="ij")
    theirs = torch.nn.functional.grid_sample(
        torch.from_numpy(image)[None, None], torch.stack([x, y], -1)[None], mode="bilinear", align_corners=True
    )
    np.testing.assert_allclose(resized(image, pixels=pixels), theirs[0, 0].numpy(), atol=1e-9)


def test_subsampling_takes_every_fourth_pixel():
    image = np.arange(9 * 6).reshape(9, 6).astype(np.float32)
    np.testing.assert_array_equal(on_smarp_grid(image, method="subsample"), [[0, 4], [24, 28], [48, 52]])


def test_averages_of_four_by_four_pixels_and_of_what_is_left_at_the_edge():
    image = np.arange(5 * 6).reshape(5, 6).astype(np.float32)
    # Rows 0-3 and columns 0-3: mean of 0..3 is 1.5, of 0, 6, 12, 18 is 9; columns 4 and 5: 4.5; the last row: 24.
    np.testing.assert_allclose(on_smarp_grid(image, method="average"), [[10.5, 13.5], [25.5, 28.5]])


def test_an_average_with_nan_is_nan():
    image = np.ones((8, 8))
    image[7, 2] = NAN
    np.testing.assert_array_equal(on_smarp_grid(image, method="average"), [[1, 1], [NAN, 1]])
    # Not seen by subsampling, which takes rows and columns 0 and 4.
    np.testing.assert_array_equal(on_smarp_grid(image, method="subsample"), np.ones((2, 2)))


def test_mdi_proxy_of_a_uniform_field():
    # -0.18 + 1.40 * 100
    np.testing.assert_allclose(on_smarp_grid(np.full((9, 9), 100.0), method="gaussian"), np.full((3, 3), 139.82))


def test_mdi_proxy_of_one_pixel_is_the_blur_averaged():
    image = np.zeros((64, 64))
    image[30, 33] = 1000.0
    # A Gaussian of FWHM 4.7 pixels, cut off 15 pixels off: each profile adds up to 1.
    distance = np.arange(64)
    profiles = []
    for place in (30, 33):
        weight = np.where(abs(distance - place) <= 15, 2.0 ** -((2 * (distance - place) / 4.7) ** 2), 0.0)
        profiles.append((weight / weight.sum()).reshape(16, 4).mean(1))
    wanted = -0.18 + 1.40 * 1000 * np.outer(*profiles)
    np.testing.assert_allclose(on_smarp_grid(image, method="gaussian"), wanted, rtol=1e-9)


def test_mdi_proxy_is_nan_within_reach_of_nan():
    image = np.zeros((64, 64))
    image[1, 1] = NAN  # reaches rows and columns 0 to 16: cells 0 to 4
    proxy = on_smarp_grid(image, method="gaussian")
    assert np.isnan(proxy[:5, :5]).all()
    assert np.isnan(proxy).sum() == 25


def test_smarp_images_are_only_resized():
    image = np.random.default_rng(0).normal(0, 100, (20, 31))
    got = frame_of(image, instrument="smarp", pixels=16, sharp_to_smarp="gaussian")
    np.testing.assert_array_equal(got, resized(image, pixels=16))
    got = frame_of(image, instrument="sharp", pixels=16, sharp_to_smarp="subsample")
    np.testing.assert_array_equal(got, resized(image[::4, ::4], pixels=16))


def test_unknown_way_from_sharp_to_smarp():
    with pytest.raises(InputError, match="'nearest'; wanted one of subsample, gaussian, average"):
        frame_of(np.ones((9, 9)), instrument="sharp", pixels=4, sharp_to_smarp="nearest")


def test_packing_in_steps_of_half_a_gauss():
    steps = packed(np.array([0.0, 0.2, 0.3, -100.6, 14000.18, NAN]))
    assert steps.dtype == np.int16
    np.testing.assert_array_equal(steps, [0, 0, 1, -201, 28000, -32768])
    frame = unpacked(steps)
    assert frame.dtype == np.float32
    np.testing.assert_array_equal(frame, [0, 0, 0.5, -100.5, 14000, NAN])


@given(hnp.arrays(np.float64, 20, elements=st.floats(-14000.18, 14000.18)))
def test_packing_is_within_a_quarter_gauss(frame):
    assert np.abs(unpacked(packed(frame)) - frame).max() <= 0.25


def test_bad_images_of_a_region():
    height = [100, 100, 102, 103, 97, 100, 50, 50]
    width = [200, 200, 198, 200, 200, 203, 70, 70]
    nan_fraction = [0, 1e-6, 0, 0, 0, 0, 0, 0]
    region = [1, 1, 1, 1, 1, 1, 2, 2]
    within = [True] * 8
    # Medians of region 1: 100 and 200; 2 pixels off are allowed, 3 are not. Region 2 has its own.
    wanted = [False, True, False, True, True, True, False, False]
    assert bad_images(height, width, nan_fraction, region, within=within).tolist() == wanted


def test_the_median_is_that_of_the_records_within():
    height = [100, 100, 130, 130, 130]
    same = [50] * 5
    region = [1] * 5
    none = [0.0] * 5
    # All five: the median is 130. Only the first two are within 70 degrees: 100.
    assert bad_images(height, same, none, region, within=[True] * 5).tolist() == [True, True, False, False, False]
    within = [True, True, False, False, False]
    assert bad_images(height, same, none, region, within=within).tolist() == [False, False, True, True, True]
    # None within: all count.
    assert bad_images(height, same, none, region, within=[False] * 5).tolist() == [True, True, False, False, False]
    assert bad_images([], [], [], [], within=[]).tolist() == []


def test_bad_images_of_windows():
    height = np.array([100, 100, 104, 104, 104])
    width = np.full(5, 200)
    nan_fraction = np.array([0, 0, 0, 0, 0.1])
    step_record = np.array([[0, 1, 2], [1, 2, 3], [2, 3, 4], [-1, 0, 1], [-1, -1, -1]])
    # Medians 100, 104, 104, 100, none; record 4 has NaN; -1 is absent.
    wanted = [[0, 0, 1], [1, 0, 0], [0, 0, 1], [1, 0, 0], [1, 1, 1]]
    got = bad_images_in_windows(height, width, nan_fraction, step_record)
    np.testing.assert_array_equal(got, np.array(wanted, dtype=bool))


def test_bad_images_of_no_window():
    got = bad_images_in_windows(np.array([1]), np.array([1]), np.array([0.0]), np.empty((0, 16), dtype=np.int32))
    assert got.shape == (0, 16)


def test_the_two_rules_differ_only_in_the_median():
    # One window that is the whole region: both rules are the same.
    rng = np.random.default_rng(0)
    height, width = rng.integers(96, 104, (2, 16))
    nan_fraction = rng.choice([0.0, 0.2], 16)
    window = bad_images_in_windows(height, width, nan_fraction, np.arange(16)[None])
    assert window[0].tolist() == bad_images(height, width, nan_fraction, [5] * 16, within=[True] * 16).tolist()


def made_up_records(n):
    t_rec = np.datetime64("2011-02-15T02:00:00", "s") + np.arange(n) * np.timedelta64(5760, "s")
    values = {name: np.arange(n, dtype=np.float64) for name in CUBE_ATTRS}
    whole = {name: np.arange(n) + 300 for name in ("region", "quality", "height_pixels", "width_pixels")}
    times = {"t_rec": t_rec, "time": t_rec - np.timedelta64(34, "s")}
    other = {"bad_image": np.arange(n) % 2 == 1, "file": [f"file-{'x' * i}.fits" for i in range(n)]}
    return pd.DataFrame(values | whole | times | other)


def write_made_up(path, n, *, pixels=8):
    frames = np.random.default_rng(0).integers(-4000, 4000, (n, pixels, pixels)).astype(np.int16)
    frames[:, 0, 0] = -32768
    attrs = {"instrument": "sharp", "pixels": pixels, "sharp_to_smarp": "subsample"}
    write_cube(path, made_up_records(n), lambda which: frames[list(which)], pixels=pixels, attrs=attrs)
    return frames


FRAMES = hnp.arrays(np.int16, (3, 2, 4), elements=st.integers(-32767, 32767))


class TestColumnsOfFrames:
    def test_by_hand(self):
        # 10, -10, 0 and 4 G; and one pixel without value.
        frames = np.array([[[20, -20], [0, 8]], [[20, -20], [0, -32768]]], dtype=np.int16)
        columns = frame_columns(frames)
        assert columns["mean_gauss"][0] == 1.0
        assert columns["mean_square_gauss2"][0] == (100 + 100 + 0 + 16) / 4
        assert np.isnan([columns["mean_gauss"][1], columns["mean_square_gauss2"][1]]).all()
        digest = hashlib.sha256(struct.pack("<4h", 20, -20, 0, 8)).digest()[:8]
        assert columns["frame_digest"][0] == struct.unpack("<q", digest)[0]

    def test_no_frames_have_columns_of_their_types(self):
        columns = frame_columns(np.empty((0, 5, 5), dtype=np.int16))
        types = {name: (column.dtype, len(column)) for name, column in columns.items()}
        assert types == {
            "frame_digest": (np.int64, 0),
            "mean_gauss": (np.float64, 0),
            "mean_square_gauss2": (np.float64, 0),
        }

    @given(FRAMES, st.integers(0, 2), st.integers(0, 1), st.integers(0, 3), st.integers(1, 2**16 - 1))
    def test_one_pixel_changes_the_digest_of_its_frame_alone(self, frames, frame, y, x, by):
        before = frame_digests(frames)
        other = frames.copy()
        # Any other value of 16 bits, NO_VALUE included.
        other[frame, y, x] = np.uint16((int(frames[frame, y, x]) + by) % 2**16).view(np.int16)
        assert (frame_digests(other) != before).tolist() == [i == frame for i in range(3)]

    @given(FRAMES)
    def test_a_digest_is_the_frames_however_it_lies_in_memory_and_beside_whichever(self, frames):
        digests = frame_digests(frames)
        assert frame_digests(np.asfortranarray(frames)).tolist() == digests.tolist()
        assert frame_digests(frames.astype(">i2")).tolist() == digests.tolist()
        assert frame_digests(frames[::-1]).tolist() == digests[::-1].tolist()

    @given(FRAMES)
    def test_means_of_squares_are_those_of_the_mean_and_variance(self, frames):
        columns, gauss = frame_columns(frames), frames * 0.5
        np.testing.assert_allclose(columns["mean_gauss"], gauss.mean(axis=(1, 2)), atol=1e-9)
        square = gauss.mean(axis=(1, 2)) ** 2 + gauss.var(axis=(1, 2))
        np.testing.assert_allclose(columns["mean_square_gauss2"], square, rtol=1e-12)


@pytest.mark.parametrize("path", ["sharp-3.zarr.zip", "results/embedded/cubes/sharp-3.zarr.zip", "a.b/sharp-3.zip"])
def test_the_stem_of_a_cube_has_no_suffix(path):
    assert cube_stem(path) == "sharp-3"


@pytest.mark.parametrize("n", [0, 1, 32, 70])
def test_cube_is_read_as_it_was_written(tmp_path, n):
    path = tmp_path / "cubes" / "sharp-3.zarr.zip"
    frames = write_made_up(path, n)
    records = made_up_records(n)
    with read_cube(path) as cube:
        assert dict(cube.sizes) == {"record": n, "y": 8, "x": 8}
        assert cube.attrs == {"instrument": "sharp", "pixels": 8, "sharp_to_smarp": "subsample"}
        assert cube["magnetogram"].attrs["units"] == "gauss"
        np.testing.assert_array_equal(cube["magnetogram"].to_numpy(), np.where(frames == -32768, NAN, frames * 0.5))
        for name in CUBE_ATTRS:
            np.testing.assert_array_equal(cube[name].to_numpy(), records[name].to_numpy(), err_msg=name)
        assert cube["time"].dtype == "datetime64[s]"
        assert cube["bad_image"].dtype == bool
        assert cube["cdelt_deg"].attrs == CUBE_ATTRS["cdelt_deg"]
    assert [file.name for file in path.parent.iterdir()] == ["sharp-3.zarr.zip"]


def test_same_bytes_each_time(tmp_path):
    for name in ("a", "b"):
        write_made_up(tmp_path / name, 70)
    assert (tmp_path / "a").read_bytes() == (tmp_path / "b").read_bytes()


def test_frames_are_packed_in_chunks_of_32(tmp_path):
    write_made_up(tmp_path / "a.zip", 70)
    store = zarr.storage.ZipStore(tmp_path / "a.zip", mode="r")
    magnetogram = zarr.open_array(store, path="magnetogram", mode="r")
    assert (magnetogram.dtype, magnetogram.chunks, magnetogram.fill_value) == (np.int16, (32, 8, 8), -32768)
    codec = magnetogram.compressors[0].to_dict()["configuration"]
    assert (codec["cname"], codec["shuffle"], codec["typesize"]) == ("zstd", "bitshuffle", 2)
    assert dict(magnetogram.attrs)["scale_factor"] == 0.5
    store.close()


def test_magnetograms_are_read_when_asked_for(tmp_path, monkeypatch):
    frames = write_made_up(tmp_path / "a.zip", 70)
    asked = []
    get = zarr.storage.ZipStore._get

    def noted(self, key, *args, **kwargs):
        asked.append(key)
        return get(self, key, *args, **kwargs)

    monkeypatch.setattr(zarr.storage.ZipStore, "_get", noted)
    with read_cube(tmp_path / "a.zip") as cube:
        assert not any(key.startswith("magnetogram/c/") for key in asked)
        np.testing.assert_array_equal(cube["magnetogram"][40, 1:].to_numpy(), frames[40, 1:] * 0.5)
    assert {key for key in asked if key.startswith("magnetogram/c/")} == {"magnetogram/c/1/0/0"}


def test_frames_in_the_order_asked_for(tmp_path):
    frames = write_made_up(tmp_path / "a.zip", 70)
    got = read_frames(tmp_path / "a.zip", [69, 0, 33, 0])
    assert got.dtype == np.float32
    np.testing.assert_array_equal(got[:, 1:], frames[[69, 0, 33, 0], 1:] * 0.5)
    assert np.isnan(got[:, 0, 0]).all()
    assert read_frames(tmp_path / "a.zip", []).shape == (0, 8, 8)


def test_packed_frames_in_the_order_asked_for(tmp_path):
    frames = write_made_up(tmp_path / "a.zip", 70)
    got = read_packed(tmp_path / "a.zip", np.array([69, 0, 33, 0]))
    assert got.dtype == np.int16
    # As stored, pixels without value and all, so that the digest is the same.
    np.testing.assert_array_equal(got, frames[[69, 0, 33, 0]])
    assert frame_digests(got).tolist() == frame_digests(frames)[[69, 0, 33, 0]].tolist()


@pytest.mark.parametrize("indices", [[-1], [70], [0, 70]])
def test_frames_that_are_not_there(tmp_path, indices):
    write_made_up(tmp_path / "a.zip", 70)
    with pytest.raises(InputError, match=r"a\.zip: frames .* asked for; it has 0 to 69"):
        read_frames(tmp_path / "a.zip", indices)


def test_files_that_are_no_cubes(tmp_path):
    (tmp_path / "text").write_text("no zip")
    write_made_up(tmp_path / "cut", 5)
    (tmp_path / "cut").write_bytes((tmp_path / "cut").read_bytes()[:-100])
    with zipfile.ZipFile(tmp_path / "empty", "w"):
        pass
    zarr.create_group(tmp_path / "store").create_array("other", shape=(1,), dtype="i2")
    cubes.write_zarr_zip(tmp_path / "other", tmp_path / "store")
    for name in ("text", "cut", "empty", "other", "absent"):
        for read in (read_cube, lambda path: read_frames(path, [0]), lambda path: read_packed(path, [0])):
            with pytest.raises(InputError, match=f"{name}: .*Delete it to have it made again"):
                read(tmp_path / name)


def test_a_damaged_chunk(tmp_path):
    write_made_up(tmp_path / "a.zip", 70)
    content = bytearray((tmp_path / "a.zip").read_bytes())
    content[content.index(b"magnetogram/c/1/0/0") + 500] ^= 1
    (tmp_path / "a.zip").write_bytes(content)
    assert read_frames(tmp_path / "a.zip", [5, 69]).shape == (2, 8, 8)
    with pytest.raises(InputError, match=r"a\.zip: not readable as a cube \(Bad CRC"):
        read_frames(tmp_path / "a.zip", [5, 40])


def test_a_failure_leaves_nothing(tmp_path):
    def fails(which):
        raise OSError(errno.ENOSPC, "No space left on device")

    with pytest.raises(OSError, match="No space"):
        write_cube(tmp_path / "a.zip", made_up_records(3), fails, pixels=8, attrs={})
    assert list(tmp_path.iterdir()) == []
