"""Statistics that samples are standardised by: by hand, of whom they are, and where others come to lie."""

import dataclasses

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from flaredag.datasets import draw_dataset
from flaredag.errors import InputError
from flaredag.samples import StudyWindows, samples_of_split
from flaredag.splits import SPLITS
from flaredag.standardisation import feature_statistics
from made_up_padding import padded

DRAW = {
    "name": "SHARP_ONLY",
    "evaluated": "sharp",
    "added_to_training": [],
    "test_fraction": 0.2,
    "validation_fraction": 0.25,
    "undersampled": [],
    "standardisation": "train",
}


def windows_of(values, *, instrument=None, instruments=("sharp",)) -> StudyWindows:
    """Windows of one step each whose features, a and b, are `values` (sample, feature)."""
    values = np.array(values, dtype=np.float64)
    n = len(values)
    return StudyWindows(
        instruments=instruments,
        feature_names=("a", "b"),
        features=values,
        step_record=np.arange(n, dtype=np.int32)[:, None],
        instrument=np.zeros(n, np.int8) if instrument is None else np.array(instrument, dtype=np.int8),
        region=np.arange(n, dtype=np.int32),
        split_group=np.arange(n),
        issue_time=np.datetime64("2012-01-01", "s") + np.arange(n),
        evolution=np.zeros(n, np.int8),
        label=np.zeros(n, np.int8),
    )


class TestByHand:
    values = ([1.0, 10.0], [3.0, 30.0], [8.0, 20.0], [100.0, -5.0])

    def test_mean_and_standard_deviation(self):
        # Of 1, 3 and 8: mean 4, variance (9 + 1 + 16) / 3.
        mean, spread = feature_statistics(windows_of(self.values), np.array([0, 1, 2]))
        assert mean.tolist() == [[4.0, 20.0]]
        np.testing.assert_allclose(spread, [[np.sqrt(26 / 3), np.sqrt(200 / 3)]], rtol=1e-15)

    def test_minimum_and_range_of_those_named(self):
        minimum, value_range = feature_statistics(windows_of(self.values), np.array([0, 1, 2]), min_max_scaled=["b"])
        assert minimum.tolist() == [[4.0, 10.0]]
        assert value_range[0, 1] == 20.0
        np.testing.assert_allclose(value_range[0, 0], np.sqrt(26 / 3), rtol=1e-15)

    def test_each_instrument_has_its_own(self):
        windows = windows_of(self.values, instrument=[0, 0, 1, 1], instruments=("sharp", "smarp", "mdi"))
        minimum, value_range = feature_statistics(windows, np.arange(4), min_max_scaled=["a", "b"])
        # None of the third.
        assert minimum.tolist() == [[1.0, 10.0], [8.0, -5.0], [0.0, 0.0]]
        assert value_range.tolist() == [[2.0, 20.0], [92.0, 25.0], [1.0, 1.0]]

    @pytest.mark.parametrize("min_max_scaled", [[], ["b"]])
    @pytest.mark.parametrize("value", [0.0, 7.0, 0.1, -1e-300])
    def test_what_does_not_vary_becomes_zero(self, min_max_scaled, value):
        # The computed standard deviation of a thousand times 0.1 is 1e-17, by which another value would become 1e16.
        values = np.column_stack([np.arange(1000.0), np.full(1000, value)])
        subtracted, divisor = feature_statistics(windows_of(values), np.arange(1000), min_max_scaled=min_max_scaled)
        assert divisor[0, 1] == 1.0
        assert subtracted[0, 1] == pytest.approx(value, rel=1e-12)

    def test_a_spread_too_small_to_be_squared_is_not_divided_by(self):
        windows = windows_of([[0.0, 1e-200], [1.0, 2e-200]])
        assert feature_statistics(windows, np.arange(2))[1].tolist() == [[0.5, 1.0]]
        assert feature_statistics(windows, np.arange(2), min_max_scaled=["b"])[1].tolist() == [[0.5, 1e-200]]

    def test_a_name_that_is_no_feature_is_told(self):
        with pytest.raises(InputError, match=r"splits\.min_max_scaled: no feature c, d; the study has a, b\. Name"):
            feature_statistics(windows_of(self.values), np.arange(4), min_max_scaled=["a", "c", "d"])


def test_only_last_records_count_and_padded_steps_do_not(study_windows):
    windows = study_windows()
    everyone = np.arange(len(windows.label))
    for name in ([], ["area"]):
        wanted = feature_statistics(windows, everyone, min_max_scaled=name)
        got = feature_statistics(padded(windows, every=1, n_steps=3), everyone, min_max_scaled=name)
        np.testing.assert_array_equal(got, wanted)


class TestScaledSamples:
    @given(seed=st.integers(0, 1000), standardisation=st.sampled_from(["global", "train"]))
    def test_lie_in_the_unit_interval_where_the_statistics_are_from(self, study_windows, seed, standardisation):
        windows = study_windows(n_regions=40, seed=seed)
        scaled = ["usfluxl", "r_value"]
        drawn = draw_dataset(windows, seed=0, **DRAW | {"standardisation": standardisation, "min_max_scaled": scaled})
        plain = draw_dataset(windows, seed=0, **DRAW | {"standardisation": standardisation})
        samples = {split: samples_of_split(windows, drawn, split).sequence[:, -1] for split in SPLITS}
        train = samples["train"][:, [1, 3]]
        assert train.min() >= 0
        assert train.max() <= 1
        if standardisation == "train":
            assert train.min(axis=0).tolist() == [0, 0]
            assert train.max(axis=0).tolist() == [1, 1]
        else:
            everything = np.concatenate(list(samples.values()))[:, [1, 3]]
            assert (everything.min(axis=0) >= 0).all()
            assert (everything.max(axis=0) <= 1).all()
        # The others are as without.
        for split in SPLITS:
            others = samples_of_split(windows, plain, split).sequence[:, -1][:, [0, 2]]
            np.testing.assert_array_equal(samples[split][:, [0, 2]], others)

    def test_of_the_test_split_may_lie_outside(self, study_windows):
        windows = study_windows(n_regions=40)
        settings = DRAW | {"min_max_scaled": list(windows.feature_names)}
        test = draw_dataset(windows, seed=0, **settings).positions["test"]
        features = windows.features.copy()
        features[windows.step_record[test]] *= 3
        drawn = draw_dataset(dataclasses.replace(windows, features=features), seed=0, **settings)
        sequence = samples_of_split(dataclasses.replace(windows, features=features), drawn, "test").sequence
        assert sequence.min() < 0
        assert sequence.max() > 1

    @pytest.mark.parametrize(("standardisation", "leaks"), [("train", False), ("global", True)])
    @pytest.mark.parametrize("split", ["validation", "test"])
    def test_what_is_evaluated_has_a_say_only_where_declared(self, study_windows, split, standardisation, leaks):
        windows = study_windows(n_regions=40)
        settings = DRAW | {"standardisation": standardisation, "min_max_scaled": ["area"]}
        before = draw_dataset(windows, seed=0, **settings)
        features = windows.features.copy()
        features[windows.step_record[before.positions[split]], 0] += 1000.0
        after = draw_dataset(dataclasses.replace(windows, features=features), seed=0, **settings)
        assert (after.standard_deviation.tobytes() != before.standard_deviation.tobytes()) == leaks

    def test_a_constant_feature_is_zero_in_every_split(self, study_windows):
        windows = study_windows(n_regions=40)
        windows.features[:, 2] = 5.0
        drawn = draw_dataset(windows, seed=0, **DRAW | {"min_max_scaled": ["meangbl"]})
        assert all((samples_of_split(windows, drawn, split).sequence[:, :, 2] == 0).all() for split in SPLITS)
