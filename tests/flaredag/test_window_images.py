"""Which magnetogram belongs to which record, and what windows keep of it."""

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from flaredag.cubes import CUBE_ATTRS, frame_digests
from flaredag.errors import InputError
from flaredag.window_images import cube_columns, image_of_each, images_of_windows
from made_up_archive import frames_of, records_of, written_archive

START = np.datetime64("2012-01-01T00:00:00", "s")
HOUR = np.timedelta64(3600, "s")


@pytest.fixture(scope="module")
def archive(tmp_path_factory):
    """Paths of a made-up archive, by kind."""
    return written_archive(tmp_path_factory.mktemp("archive"))


def table_of(*rows, **columns) -> pd.DataFrame:
    """Records or images: (instrument, region, hours)."""
    instrument, region, hours = zip(*rows, strict=True)
    t_rec = START + np.array(hours, dtype=np.int64) * HOUR
    return pd.DataFrame({"instrument": instrument, "region": region, "t_rec": t_rec} | columns)


class TestCubeColumns:
    def test_a_row_a_record_of_every_cube_and_no_pixels(self, archive):
        columns = cube_columns(archive["cubes"])
        assert set(columns.columns) == {*CUBE_ATTRS, "instrument", "cube", "frame"}
        # Three patches of sixty records an instrument.
        assert columns["cube"].tolist() == ["sharp-0"] * 180 + ["smarp-13"] * 180
        assert columns["instrument"].tolist() == ["sharp"] * 180 + ["smarp"] * 180
        assert columns["frame"].tolist() == [*range(180), *range(180)]
        assert columns["region"].iloc[[0, 180]].tolist() == [11, 1301]

    def test_times_are_those_of_the_tables(self, archive):
        columns = cube_columns(archive["smarp_cubes"])
        assert columns["t_rec"].tolist() == records_of("smarp")["t_rec"].tolist()

    def test_statistics_of_a_frame_with_pixels_without_value_are_none(self, archive):
        columns = cube_columns(archive["sharp_cubes"])
        has_nan = np.isnan(frames_of(records_of("sharp"), instrument="sharp")).any(axis=(1, 2))
        assert has_nan.sum() == 3
        assert (columns["mean_gauss"].isna() == has_nan).all()
        assert (columns["mean_square_gauss2"].isna() == has_nan).all()

    def test_a_cube_that_is_none_is_told(self, tmp_path):
        (tmp_path / "sharp-0.zarr.zip").write_bytes(b"PK")
        with pytest.raises(InputError, match=r"sharp-0\.zarr\.zip: not readable as a cube"):
            cube_columns([str(tmp_path / "sharp-0.zarr.zip")])


class TestImageOfEach:
    def test_by_hand(self):
        images = table_of(("sharp", 377, 3), ("smarp", 377, 1), ("sharp", 377, 1), ("sharp", 401, 1))
        records = table_of(
            ("sharp", 377, 1), ("sharp", 377, 2), ("smarp", 377, 1), ("sharp", 401, 2), ("smarp", 401, 1)
        )
        # Neither the other time nor the other instrument's region of the number is taken.
        assert image_of_each(records, images).tolist() == [2, -1, 1, -1, -1]

    def test_times_of_tables_and_cubes_may_be_of_different_units(self):
        images = table_of(("sharp", 377, 1))
        records = images.assign(t_rec=images["t_rec"].astype("datetime64[ns]"), region=np.int32(377))
        assert image_of_each(records, images).tolist() == [0]

    @given(
        st.lists(st.tuples(st.sampled_from(["sharp", "smarp"]), st.integers(1, 3), st.integers(0, 5)), min_size=1),
        st.sets(st.tuples(st.sampled_from(["sharp", "smarp"]), st.integers(1, 3), st.integers(0, 5)), min_size=1),
    )
    def test_is_that_of_a_loop(self, records, images):
        images = sorted(images)
        wanted = [images.index(record) if record in images else -1 for record in records]
        if max(wanted) < 0:
            with pytest.raises(InputError, match="no record of the tables"):
                image_of_each(table_of(*records), table_of(*images))
        else:
            assert image_of_each(table_of(*records), table_of(*images)).tolist() == wanted

    def test_an_image_twice_is_told_with_its_cube(self):
        images = table_of(
            ("sharp", 377, 1), ("sharp", 378, 1), ("sharp", 377, 1), cube=["sharp-0", "sharp-0", "sharp-3"]
        )
        with pytest.raises(
            InputError, match=r"sharp 377 at 2012-01-01 01:00:00 twice, the second in sharp-3; .*Delete"
        ):
            image_of_each(images, images)

    def test_cubes_of_another_archive_are_told(self):
        records, images = table_of(("sharp", 377, 1), ("sharp", 377, 2)), table_of(("sharp", 377, 3))
        with pytest.raises(InputError, match=r"no record .* in the cubes \(1 images, 2 records\).*from one archive"):
            image_of_each(records, images)


class TestImagesOfWindows:
    def test_each_window_names_its_cube_and_frame(self, archive):
        columns = cube_columns(archive["cubes"])
        # The second frame of SMARP, the first, and the last of SHARP.
        images = images_of_windows(columns, np.array([181, 0, 179]))
        assert images.cubes == ("sharp-0", "smarp-13")
        assert images.cube.tolist() == [1, 0, 0]
        assert images.frame.tolist() == [1, 0, 179]
        # From 60 east, 20 degrees wide; 13 degrees a day, of which there are 59 times 96 minutes.
        np.testing.assert_allclose(images.longitude_deg[1:], [-50.0, -50.0 + 13 * 59 * 96 / 1440], rtol=1e-6)
        assert images.latitude_deg.tolist() == [10.0, 10.0, 5.0]
        assert [column.dtype for column in (images.cube, images.frame, images.frame_digest)] == [
            np.int16,
            np.int32,
            np.int64,
        ]

    def test_digest_and_means_are_those_of_the_frame(self, archive):
        images = images_of_windows(cube_columns(archive["cubes"]), np.array([181, 0]))
        for name, row, place in [("smarp", 1, 0), ("sharp", 0, 1)]:
            steps = np.rint(frames_of(records_of(name), instrument=name)[row : row + 1] / 0.5).astype(np.int16)
            assert images.frame_digest[place] == frame_digests(steps)[0]
            np.testing.assert_allclose(images.mean_gauss[place], (steps * 0.5).mean(), rtol=1e-12)
            np.testing.assert_allclose(images.mean_square_gauss2[place], ((steps * 0.5) ** 2).mean(), rtol=1e-12)

    def test_no_windows(self, archive):
        assert len(images_of_windows(cube_columns(archive["cubes"]), np.array([], dtype=np.int64)).cube) == 0
