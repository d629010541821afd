"""Windows and data sets on file, samples of a split, and the digest of what a model sees."""

import dataclasses

import numpy as np
import pytest
import xarray as xr
from hypothesis import given
from hypothesis import strategies as st

from flaredag.cubes import frame_columns, unpacked
from flaredag.errors import InputError
from flaredag.samples import (
    Dataset,
    Samples,
    StudyWindows,
    content_digest,
    magnetograms_digest,
    read_datasets,
    read_magnetograms,
    read_windows,
    samples_of_split,
    with_magnetograms,
    write_datasets,
    write_windows,
)
from flaredag.splits import SPLITS
from flaredag.windows import EVOLUTION
from made_up_archive import with_images, written_cubes
from made_up_padding import is_padded, padded

POSITIONS = {"train": np.array([0, 3, 5]), "validation": np.array([1, 121]), "test": np.array([2, 4])}
MEAN = np.arange(8.0).reshape(2, 4)
SPREAD = np.arange(1.0, 9.0).reshape(2, 4)
# The field of samples that the digest of keywords and labels leaves out.
PIXELS = "magnetograms"


def dataset_of(seed=3, **changes):
    return Dataset(**({"seed": seed, "positions": POSITIONS, "mean": MEAN, "standard_deviation": SPREAD} | changes))


def all_samples(windows, dataset):
    return {split: samples_of_split(windows, dataset, split) for split in SPLITS}


def assert_same(got, wanted):
    for field in dataclasses.fields(wanted):
        a, b = getattr(got, field.name), getattr(wanted, field.name)
        if dataclasses.is_dataclass(b):
            assert_same(a, b)
        elif isinstance(b, np.ndarray):
            assert a.dtype == b.dtype, field.name
            np.testing.assert_array_equal(a, b, err_msg=field.name)
        else:
            assert a == b, field.name


class TestWindowsFile:
    def test_comes_back_as_written(self, study_windows, tmp_path):
        windows = study_windows()
        write_windows(tmp_path / "windows.nc", {"flare": windows})
        assert_same(read_windows(tmp_path / "windows.nc"), windows)
        assert_same(read_windows(tmp_path / "windows.nc", "flare"), windows)

    def test_images_come_back_as_written(self, study_windows, tmp_path):
        windows, _ = with_images(study_windows())
        write_windows(tmp_path / "windows.nc", {"flare": windows})
        assert_same(read_windows(tmp_path / "windows.nc"), windows)
        assert xr.load_dataset(tmp_path / "windows.nc")["longitude_deg"].attrs["units"] == "degree"

    def test_each_task_has_its_own_labels_and_evolution_and_the_same_windows(self, study_windows, tmp_path):
        m_in_a_day, _ = with_images(study_windows())
        c_in_a_day = dataclasses.replace(
            m_in_a_day, label=(1 - m_in_a_day.label).astype(np.int8), evolution=m_in_a_day.evolution[::-1].copy()
        )
        write_windows(tmp_path / "windows.nc", {"m_24h": m_in_a_day, "c_24h": c_in_a_day})
        assert_same(read_windows(tmp_path / "windows.nc", "m_24h"), m_in_a_day)
        assert_same(read_windows(tmp_path / "windows.nc", "c_24h"), c_in_a_day)

    @pytest.mark.parametrize("task", ["", "x_24h", "m_24"])
    def test_a_task_that_is_not_there_is_told(self, study_windows, tmp_path, task):
        write_windows(tmp_path / "windows.nc", dict.fromkeys(["m_24h", "c_24h"], study_windows()))
        with pytest.raises(InputError, match=rf"windows\.nc: no task '{task}'; it has m_24h, c_24h\. Mend .*`task`"):
            read_windows(tmp_path / "windows.nc", task)

    def test_the_only_task_by_another_name_is_told(self, study_windows, tmp_path):
        write_windows(tmp_path / "windows.nc", {"flare": study_windows()})
        with pytest.raises(InputError, match="no task 'm_24h'; it has flare"):
            read_windows(tmp_path / "windows.nc", "m_24h")

    def test_same_windows_same_bytes(self, study_windows, tmp_path):
        for name in ("a.nc", "b.nc"):
            write_windows(tmp_path / name, {"flare": with_images(study_windows())[0]})
        assert (tmp_path / "a.nc").read_bytes() == (tmp_path / "b.nc").read_bytes()

    def test_features_of_the_flare_history_have_their_units(self, study_windows, tmp_path):
        windows = dataclasses.replace(study_windows(), feature_names=("area", "edec", "xmax1d", "chis"))
        write_windows(tmp_path / "windows.nc", {"flare": windows})
        units = xr.load_dataset(tmp_path / "windows.nc")["features"].attrs["units"]
        assert units == "microhemisphere, 1e-4 W m-2, W m-2, 1"
        assert read_windows(tmp_path / "windows.nc").feature_names == windows.feature_names

    def test_missing_values_of_features_stay_missing(self, study_windows, tmp_path):
        windows = study_windows()
        windows.features[0, 0] = np.nan
        write_windows(tmp_path / "windows.nc", {"flare": windows})
        assert np.isnan(read_windows(tmp_path / "windows.nc").features[0, 0])


class TestDatasetsFile:
    def test_comes_back_as_written(self, tmp_path):
        other = {"train": np.array([7]), "validation": np.array([8, 9]), "test": np.array([], dtype=np.int64)}
        drawn = {
            "SHARP_ONLY": [dataset_of(3), dataset_of(4, positions=other)],
            "FUSED_SHARP": [
                dataset_of(3, mean=MEAN + 1, pixel_mean_gauss=-0.25, pixel_standard_deviation_gauss=123.456),
                dataset_of(4, standard_deviation=SPREAD + 1),
            ],
        }
        write_datasets(tmp_path / "datasets.nc", drawn)
        for name, datasets in drawn.items():
            for got, wanted in zip(read_datasets(tmp_path / "datasets.nc", name, [3, 4]), datasets, strict=True):
                assert got.seed == wanted.seed
                assert {split: got.positions[split].tolist() for split in SPLITS} == {
                    split: wanted.positions[split].tolist() for split in SPLITS
                }
                np.testing.assert_array_equal(got.mean, wanted.mean)
                np.testing.assert_array_equal(got.standard_deviation, wanted.standard_deviation)
                # To the last bit, as the digest of the magnetograms holds both.
                of_pixels = [
                    np.array([one.pixel_mean_gauss, one.pixel_standard_deviation_gauss]) for one in (got, wanted)
                ]
                np.testing.assert_array_equal(*of_pixels)

    def test_seeds_come_in_the_order_asked_for(self, tmp_path):
        write_datasets(tmp_path / "datasets.nc", {"ONLY": [dataset_of(seed) for seed in (0, 1, 2)]})
        assert [dataset.seed for dataset in read_datasets(tmp_path / "datasets.nc", "ONLY", [2, 0])] == [2, 0]

    def test_same_data_sets_same_bytes(self, tmp_path):
        for name in ("a.nc", "b.nc"):
            write_datasets(tmp_path / name, {"ONLY": [dataset_of()]})
        assert (tmp_path / "a.nc").read_bytes() == (tmp_path / "b.nc").read_bytes()

    @pytest.mark.parametrize(("name", "seed"), [("SHARP_ONLY", 9), ("SMARP_ONLY", 3)])
    def test_what_is_not_there_is_told(self, tmp_path, name, seed):
        write_datasets(tmp_path / "datasets.nc", {"SHARP_ONLY": [dataset_of(3)]})
        with pytest.raises(InputError, match=rf"datasets\.nc: no data set {name} of seed {seed}; it holds SHARP_ONLY"):
            read_datasets(tmp_path / "datasets.nc", name, [seed])


def test_samples_are_standardised_by_their_instrument(study_windows):
    windows = study_windows()
    samples = samples_of_split(windows, dataset_of(), "validation")
    # Sample 1 is of SHARP, sample 121 of SMARP (120 windows an instrument).
    assert samples.instrument.tolist() == [0, 1]
    assert samples.sequence.dtype == np.float32
    assert samples.sequence.shape == (2, 4, 4)
    for i, position in enumerate((1, 121)):
        for step in range(4):
            raw = windows.features[windows.step_record[position, step]]
            np.testing.assert_allclose(samples.sequence[i, step], (raw - MEAN[i]) / SPREAD[i], rtol=1e-6)
    assert samples.label.tolist() == windows.label[[1, 121]].tolist()
    assert samples.region.tolist() == windows.region[[1, 121]].tolist()
    assert (samples.issue_time == windows.issue_time[[1, 121]]).all()
    assert samples.magnetograms is None
    assert len(samples) == 2


class TestPaddedSteps:
    everyone = POSITIONS | {"train": np.arange(240)}

    def test_are_zero_and_the_others_as_without_padding(self, study_windows):
        windows, dataset = study_windows(), dataset_of(positions=self.everyone)
        whole, some = (samples_of_split(study, dataset, "train") for study in (windows, padded(windows)))
        absent = is_padded(padded(windows), self.everyone["train"])
        assert absent.sum() == 80 * 2
        assert (some.sequence[absent] == 0).all()
        assert (some.sequence[~absent] == whole.sequence[~absent]).all()
        assert (whole.sequence[absent] != 0).all()
        assert some.sequence.dtype == np.float32

    @pytest.mark.parametrize("value", [np.nan, np.inf, 1e300, -5.0])
    @pytest.mark.filterwarnings("error")
    def test_never_read_the_last_record(self, study_windows, value):
        # An index of -1 would read it; no window here ends with it or holds it.
        windows = padded(study_windows())
        features = np.vstack([windows.features, np.full(4, value)])
        longer = dataclasses.replace(windows, features=features)
        dataset = dataset_of(positions=self.everyone)
        one, other = (samples_of_split(study, dataset, "train") for study in (windows, longer))
        np.testing.assert_array_equal(one.sequence, other.sequence)
        assert content_digest(all_samples(longer, dataset)) == content_digest(all_samples(windows, dataset))

    def test_the_last_record_is_still_read_where_a_window_holds_it(self, study_windows):
        windows, dataset = padded(study_windows()), dataset_of(positions=POSITIONS | {"test": np.array([239])})
        last = len(windows.features) - 1
        assert windows.step_record[239].tolist() == [last - 3, last - 2, last - 1, last]
        got = samples_of_split(windows, dataset, "test").sequence[0, -1]
        np.testing.assert_allclose(got, (windows.features[-1] - MEAN[1]) / SPREAD[1], rtol=1e-6)

    def test_a_window_of_nothing_but_its_last_record(self, study_windows):
        windows = padded(study_windows(), every=1, n_steps=3)
        sequence = samples_of_split(windows, dataset_of(), "validation").sequence
        assert (sequence[:, :3] == 0).all()
        assert (sequence[:, 3] != 0).all()

    def test_a_padded_window_has_another_digest(self, study_windows):
        windows = study_windows()
        assert content_digest(all_samples(padded(windows), dataset_of())) != content_digest(
            all_samples(windows, dataset_of())
        )

    def test_come_back_as_written(self, study_windows, tmp_path):
        windows = padded(study_windows())
        write_windows(tmp_path / "windows.nc", {"flare": windows})
        assert_same(read_windows(tmp_path / "windows.nc"), windows)
        assert is_padded(read_windows(tmp_path / "windows.nc"), np.arange(240)).any()


@given(st.integers(0, 2**32), st.integers(1, 4), st.integers(1, 3))
def test_samples_are_those_of_a_loop(study_windows, seed, every, n_steps):
    windows = padded(study_windows(seed=seed), every=every, n_steps=n_steps)
    positions = np.random.default_rng(seed).permutation(240)[:50]
    sequence = samples_of_split(windows, dataset_of(positions=POSITIONS | {"train": positions}), "train").sequence
    for i, position in enumerate(positions):
        code = windows.instrument[position]
        for step, record in enumerate(windows.step_record[position]):
            wanted = (windows.features[record] - MEAN[code]) / SPREAD[code] if record >= 0 else np.zeros(4)
            assert sequence[i, step].tobytes() == wanted.astype(np.float32).tobytes()


def test_the_windows_are_left_as_they_were(study_windows):
    windows, untouched = study_windows(), study_windows()
    all_samples(windows, dataset_of())
    assert_same(windows, untouched)


def test_strong_before_is_a_strong_flare_in_the_observation_period(study_windows):
    windows = dataclasses.replace(study_windows(), evolution=np.arange(240, dtype=np.int8) % 9)
    positions = POSITIONS | {"test": np.arange(9)}
    samples = samples_of_split(windows, dataset_of(positions=positions), "test")
    strong = [name.startswith("STRONG->") for name in EVOLUTION]
    assert samples.strong_before.tolist() == strong


class TestContentDigest:
    def test_is_16_digits_and_repeatable(self, study_windows):
        digests = {content_digest(all_samples(study_windows(), dataset_of())) for _ in range(2)}
        assert len(digests) == 1
        assert len(digests.pop()) == 16

    @pytest.mark.parametrize("field", [field.name for field in dataclasses.fields(Samples) if field.name != PIXELS])
    @pytest.mark.parametrize("split", SPLITS)
    def test_changes_with_anything_that_a_model_sees(self, study_windows, split, field):
        samples = all_samples(study_windows(), dataset_of())
        before = content_digest(samples)
        values = getattr(samples[split], field).copy()
        last = (-1,) * values.ndim
        values[last] = (
            ~values[last]
            if values.dtype == bool
            else values[last] + np.ones(1, "timedelta64[s]" if values.dtype.kind == "M" else values.dtype)[0]
        )
        changed = samples | {split: dataclasses.replace(samples[split], **{field: values})}
        assert content_digest(changed) != before

    def test_changes_with_the_last_bit_of_a_feature(self, study_windows):
        samples = all_samples(study_windows(), dataset_of())
        before = content_digest(samples)
        samples["train"].sequence[0, 0, 0] = np.nextafter(samples["train"].sequence[0, 0, 0], np.float32(np.inf))
        assert content_digest(samples) != before

    def test_changes_with_the_form_of_the_same_bytes(self, study_windows):
        samples = all_samples(study_windows(), dataset_of())
        before = content_digest(samples)
        # Two steps of eight features instead of four of four.
        sequence = samples["train"].sequence.reshape(-1, 2, 8)
        changed = samples | {"train": dataclasses.replace(samples["train"], sequence=sequence)}
        assert content_digest(changed) != before

    def test_changes_when_a_sample_moves_to_another_split(self, study_windows):
        moved = POSITIONS | {"train": np.array([0, 3]), "test": np.array([2, 4, 5])}
        windows = study_windows()
        assert content_digest(all_samples(windows, dataset_of())) != content_digest(
            all_samples(windows, dataset_of(positions=moved))
        )

    def test_does_not_change_when_other_windows_come_before(self, study_windows):
        windows = study_windows()
        more = StudyWindows(
            instruments=windows.instruments,
            feature_names=windows.feature_names,
            features=np.concatenate([np.full((50, 4), 9.0), windows.features]),
            step_record=np.concatenate([np.full((7, 4), 3, dtype=np.int32), windows.step_record + np.int32(50)]),
            **{
                name: np.concatenate([getattr(windows, name)[:7], getattr(windows, name)])
                for name in ("instrument", "region", "split_group", "issue_time", "evolution", "label")
            },
        )
        shifted = {split: positions + 7 for split, positions in POSITIONS.items()}
        assert content_digest(all_samples(more, dataset_of(positions=shifted))) == content_digest(
            all_samples(windows, dataset_of())
        )

    def test_does_not_change_with_the_way_through_a_file(self, study_windows, tmp_path):
        windows = study_windows()
        write_windows(tmp_path / "windows.nc", {"flare": windows})
        write_datasets(tmp_path / "datasets.nc", {"ONLY": [dataset_of()]})
        stored = read_datasets(tmp_path / "datasets.nc", "ONLY", [3])[0]
        assert content_digest(all_samples(read_windows(tmp_path / "windows.nc"), stored)) == content_digest(
            all_samples(windows, dataset_of())
        )

    def test_does_not_change_with_magnetograms(self, study_windows, tmp_path):
        windows, steps = with_images(study_windows())
        samples = all_samples(windows, dataset_of())
        seen = with_magnetograms(samples, windows, dataset_of(), written_cubes(tmp_path, windows, steps))
        assert (
            content_digest(seen)
            == content_digest(samples)
            == content_digest(all_samples(study_windows(), dataset_of()))
        )


def of_pixels(**changes):
    """A data set that tells the statistics of pixels."""
    return dataset_of(**{"pixel_mean_gauss": -0.5, "pixel_standard_deviation_gauss": 250.0} | changes)


def images_with(windows, **columns):
    return dataclasses.replace(windows, images=dataclasses.replace(windows.images, **columns))


class TestMagnetogramsDigest:
    used = np.concatenate(list(POSITIONS.values()))

    def test_is_16_digits_and_repeatable(self, study_windows):
        digests = {magnetograms_digest(with_images(study_windows())[0], of_pixels()) for _ in range(2)}
        assert len(digests) == 1
        assert len(digests.pop()) == 16

    @given(
        sample=st.integers(0, 239), y=st.integers(0, 5), x=st.integers(0, 5), gauss=st.sampled_from([-0.5, 0.5, 9.0])
    )
    def test_changes_with_one_pixel_of_a_sample_and_of_no_other(self, study_windows, sample, y, x, gauss):
        windows, steps = with_images(study_windows())
        steps[sample, y, x] += int(gauss / 0.5)
        changed = images_with(windows, **frame_columns(steps))
        before, after = (magnetograms_digest(one, of_pixels()) for one in (windows, changed))
        assert (before != after) == (sample in self.used)
        assert content_digest(all_samples(windows, of_pixels())) == content_digest(all_samples(changed, of_pixels()))

    @given(sample=st.integers(0, 239), column=st.sampled_from(["longitude_deg", "latitude_deg"]))
    def test_changes_with_the_last_bit_of_a_place(self, study_windows, sample, column):
        windows, _ = with_images(study_windows())
        place = getattr(windows.images, column).copy()
        place[sample] = np.nextafter(place[sample], np.float32(np.inf))
        changed = images_with(windows, **{column: place})
        before, after = (magnetograms_digest(one, of_pixels()) for one in (windows, changed))
        assert (before != after) == (sample in self.used)

    @pytest.mark.parametrize("name", ["pixel_mean_gauss", "pixel_standard_deviation_gauss"])
    def test_changes_with_the_last_bit_of_the_statistics_of_pixels(self, study_windows, name):
        windows, _ = with_images(study_windows())
        changed = of_pixels(**{name: np.nextafter(getattr(of_pixels(), name), np.inf)})
        assert magnetograms_digest(windows, changed) != magnetograms_digest(windows, of_pixels())

    @pytest.mark.parametrize(("source", "target"), [("train", "validation"), ("validation", "test"), ("train", "test")])
    def test_changes_when_a_sample_moves_to_another_split(self, study_windows, source, target):
        # The last of a split becomes the first of the next: the order of samples stays where the splits are neighbours.
        windows, _ = with_images(study_windows())
        moved = POSITIONS | {
            source: POSITIONS[source][:-1],
            target: np.concatenate([POSITIONS[source][-1:], POSITIONS[target]]),
        }
        before, after = (magnetograms_digest(windows, of_pixels(positions=one)) for one in (POSITIONS, moved))
        assert before != after

    def test_does_not_change_with_where_the_frames_lie(self, study_windows):
        windows, _ = with_images(study_windows())
        elsewhere = images_with(
            windows, cubes=("sharp-0", "smarp-0", "sharp-1"), frame=windows.images.frame + np.int32(7)
        )
        assert magnetograms_digest(elsewhere, of_pixels()) == magnetograms_digest(windows, of_pixels())

    def test_does_not_change_with_the_way_through_a_file(self, study_windows, tmp_path):
        windows, _ = with_images(study_windows())
        drawn = of_pixels(pixel_mean_gauss=0.1 + 0.2, pixel_standard_deviation_gauss=1e-3 / 3)
        write_windows(tmp_path / "windows.nc", {"flare": windows})
        write_datasets(tmp_path / "datasets.nc", {"ONLY": [drawn]})
        stored = read_datasets(tmp_path / "datasets.nc", "ONLY", [3])[0]
        assert magnetograms_digest(read_windows(tmp_path / "windows.nc"), stored) == magnetograms_digest(windows, drawn)

    def test_windows_without_magnetograms_are_refused(self, study_windows):
        with pytest.raises(InputError, match="windows without magnetograms: the archive has none"):
            magnetograms_digest(study_windows(), of_pixels())


class TestMagnetograms:
    @pytest.fixture
    def study(self, study_windows, tmp_path):
        """Windows, their packed frames and the paths of the cubes."""
        windows, steps = with_images(study_windows())
        return windows, steps, written_cubes(tmp_path, windows, steps)

    def test_each_sample_has_its_frame_its_place_and_the_statistics(self, study):
        windows, steps, cubes = study
        samples = all_samples(windows, of_pixels())
        seen = with_magnetograms(samples, windows, of_pixels(), cubes)
        for split, positions in POSITIONS.items():
            got = seen[split].magnetograms
            assert got.steps.dtype == np.int16
            assert (got.steps == steps[positions]).all()
            # Window i lies at 0.5 i - 60 degrees.
            assert got.location_deg.tolist() == [[i / 2 - 60, 10.0] for i in positions]
            assert (got.mean_gauss, got.standard_deviation_gauss) == (-0.5, 250.0)
            assert_same(dataclasses.replace(seen[split], magnetograms=None), samples[split])

    def test_the_packed_frames_are_those_of_the_cube_in_gauss(self, study):
        windows, steps, cubes = study
        positions = np.array([239, 0, 5, 0])
        got = read_magnetograms(windows.images, positions, cubes)
        np.testing.assert_array_equal(unpacked(got), steps[positions] * np.float32(0.5))

    def test_a_split_may_have_no_sample(self, study):
        windows, _, cubes = study
        drawn = of_pixels(positions=POSITIONS | {"validation": np.array([], dtype=np.int64)})
        seen = with_magnetograms(all_samples(windows, drawn), windows, drawn, cubes)
        assert seen["validation"].magnetograms.steps.shape == (0, 6, 6)

    def test_only_the_cubes_of_the_samples_are_read(self, study):
        windows, steps, cubes = study
        got = read_magnetograms(windows.images, np.array([3, 4]), {"sharp-0": cubes["sharp-0"]})
        assert (got == steps[[3, 4]]).all()

    def test_a_missing_cube_is_told(self, study):
        windows, _, cubes = study
        with pytest.raises(InputError, match=r"windows name the cube smarp-0, there are sharp-0\. Run snakemake"):
            read_magnetograms(windows.images, np.array([3, 130]), {"sharp-0": cubes["sharp-0"]})

    def test_a_cube_that_is_gone_is_told(self, study, tmp_path):
        windows, _, cubes = study
        (tmp_path / "smarp-0.zarr.zip").unlink()
        with pytest.raises(InputError, match=r"smarp-0\.zarr\.zip: not readable as a cube"):
            read_magnetograms(windows.images, np.array([3, 130]), cubes)

    def test_a_cube_of_fewer_frames_is_told(self, study):
        windows, _, cubes = study
        beyond = images_with(windows, frame=windows.images.frame + np.int32(1)).images
        # Sample 0 has the last of 120 frames.
        with pytest.raises(InputError, match=r"sharp-0\.zarr\.zip: frames 120 to 120 asked for; it has 0 to 119"):
            read_magnetograms(beyond, np.array([0]), cubes)

    def test_frames_that_changed_under_the_windows_are_told(self, study, tmp_path):
        windows, steps, _ = study
        steps[4, 2, 3] += 1
        cubes = written_cubes(tmp_path, windows, steps)
        with pytest.raises(
            InputError, match=r"sharp-0\.zarr\.zip: its frames are not those that the windows were made"
        ):
            read_magnetograms(windows.images, np.array([3, 4, 130]), cubes)
        # What no sample asks for harms none.
        assert (read_magnetograms(windows.images, np.array([3, 130]), cubes) == steps[[3, 130]]).all()

    def test_cubes_of_different_sizes_are_told(self, study, study_windows, tmp_path):
        windows, _, cubes = study
        larger, more_steps = with_images(study_windows(), pixels=8)
        other = written_cubes(tmp_path / "larger", larger, more_steps)
        digest = np.where(windows.instrument == 1, larger.images.frame_digest, windows.images.frame_digest)
        mixed = images_with(windows, frame_digest=digest).images
        with pytest.raises(
            InputError, match=r"smarp-0\.zarr\.zip: frames of \(8, 8\) pixels, .* other cubes have \(6, 6\)"
        ):
            read_magnetograms(mixed, np.array([3, 130]), {"sharp-0": cubes["sharp-0"], "smarp-0": other["smarp-0"]})

    def test_windows_without_magnetograms_are_refused(self, study, study_windows):
        windows = study_windows()
        with pytest.raises(InputError, match="Leave out the models that need them"):
            with_magnetograms(all_samples(windows, of_pixels()), windows, of_pixels(), study[2])
