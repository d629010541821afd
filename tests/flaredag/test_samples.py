"""Windows and data sets on file, samples of a split, and the digest of what a model sees."""

import dataclasses

import numpy as np
import pytest

from flaredag.errors import InputError
from flaredag.samples import (
    Dataset,
    Samples,
    StudyWindows,
    content_digest,
    read_datasets,
    read_windows,
    samples_of_split,
    write_datasets,
    write_windows,
)
from flaredag.splits import SPLITS
from flaredag.windows import EVOLUTION

POSITIONS = {"train": np.array([0, 3, 5]), "validation": np.array([1, 121]), "test": np.array([2, 4])}
MEAN = np.arange(8.0).reshape(2, 4)
SPREAD = np.arange(1.0, 9.0).reshape(2, 4)


def dataset_of(seed=3, **changes):
    return Dataset(**({"seed": seed, "positions": POSITIONS, "mean": MEAN, "standard_deviation": SPREAD} | changes))


def all_samples(windows, dataset):
    return {split: samples_of_split(windows, dataset, split) for split in SPLITS}


def assert_same(got, wanted):
    for field in dataclasses.fields(wanted):
        a, b = getattr(got, field.name), getattr(wanted, field.name)
        if isinstance(b, np.ndarray):
            assert a.dtype == b.dtype, field.name
            np.testing.assert_array_equal(a, b, err_msg=field.name)
        else:
            assert a == b, field.name


class TestWindowsFile:
    def test_comes_back_as_written(self, study_windows, tmp_path):
        windows = study_windows()
        write_windows(tmp_path / "windows.nc", windows)
        assert_same(read_windows(tmp_path / "windows.nc"), windows)

    def test_same_windows_same_bytes(self, study_windows, tmp_path):
        for name in ("a.nc", "b.nc"):
            write_windows(tmp_path / name, study_windows())
        assert (tmp_path / "a.nc").read_bytes() == (tmp_path / "b.nc").read_bytes()

    def test_missing_values_of_features_stay_missing(self, study_windows, tmp_path):
        windows = study_windows()
        windows.features[0, 0] = np.nan
        write_windows(tmp_path / "windows.nc", windows)
        assert np.isnan(read_windows(tmp_path / "windows.nc").features[0, 0])


class TestDatasetsFile:
    def test_comes_back_as_written(self, tmp_path):
        other = {"train": np.array([7]), "validation": np.array([8, 9]), "test": np.array([], dtype=np.int64)}
        drawn = {
            "SHARP_ONLY": [dataset_of(3), dataset_of(4, positions=other)],
            "FUSED_SHARP": [dataset_of(3, mean=MEAN + 1), dataset_of(4, standard_deviation=SPREAD + 1)],
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
    assert len(samples) == 2


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

    @pytest.mark.parametrize("field", [field.name for field in dataclasses.fields(Samples)])
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
                for name in ("instrument", "region", "issue_time", "evolution", "label")
            },
        )
        shifted = {split: positions + 7 for split, positions in POSITIONS.items()}
        assert content_digest(all_samples(more, dataset_of(positions=shifted))) == content_digest(
            all_samples(windows, dataset_of())
        )

    def test_does_not_change_with_the_way_through_a_file(self, study_windows, tmp_path):
        windows = study_windows()
        write_windows(tmp_path / "windows.nc", windows)
        write_datasets(tmp_path / "datasets.nc", {"ONLY": [dataset_of()]})
        stored = read_datasets(tmp_path / "datasets.nc", "ONLY", [3])[0]
        assert content_digest(all_samples(read_windows(tmp_path / "windows.nc"), stored)) == content_digest(
            all_samples(windows, dataset_of())
        )
