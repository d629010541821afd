import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from flaredag.conformal import (
    COLUMNS,
    hierarchical_quantile,
    label_sets,
    label_thresholds,
    verify_label_sets,
)

SETTINGS = {"coverage_targets": [0.5], "resamples": 50, "seed": 1, "level": 0.95}


def test_quantile_with_one_window_a_region_is_the_plain_conformal_one():
    # The smallest of 9 scores that 90 % of 10 are at or below is the greatest; of 50 %, the fifth.
    score = np.array([0.9, 0.1, 0.8, 0.2, 0.7, 0.3, 0.6, 0.4, 0.5])
    assert hierarchical_quantile(score, np.arange(9), coverage=0.9) == 0.9
    assert hierarchical_quantile(score, np.arange(9), coverage=0.5) == 0.5
    assert hierarchical_quantile(score, np.arange(9), coverage=0.91) == float("inf")


def test_regions_weigh_the_same_whatever_their_windows():
    # Regions weigh 1/3: one window of 1/3, four of 1/12 each.
    score = np.array([0.5, 0.1, 0.2, 0.3, 0.4])
    block = np.array([7, 3, 3, 3, 3])
    assert hierarchical_quantile(score, block, coverage=1 / 12) == 0.1
    assert hierarchical_quantile(score, block, coverage=0.25) == 0.3
    assert hierarchical_quantile(score, block, coverage=0.26) == 0.4
    assert hierarchical_quantile(score, block, coverage=0.34) == 0.5
    assert hierarchical_quantile(score, block, coverage=0.67) == float("inf")


def test_without_a_calibration_region_nothing_is_ruled_out():
    assert hierarchical_quantile(np.empty(0), np.empty(0, dtype=np.int64), coverage=0.5) == float("inf")


@given(st.integers(1, 40), st.floats(0.05, 0.95))
def test_copies_of_a_region_change_nothing(n_copies, coverage):
    score = np.array([0.1, 0.4, 0.6, 0.2])
    block = np.array([0, 1, 2, 3])
    repeats = np.array([n_copies, 1, 1, 1])
    expected = hierarchical_quantile(score, block, coverage=coverage)
    assert hierarchical_quantile(np.repeat(score, repeats), np.repeat(block, repeats), coverage=coverage) == expected


def test_each_label_has_its_own_threshold():
    label = np.array([1, 0, 1, 0, 0], dtype=np.int8)
    probability = np.array([0.7, 0.4, 0.25, 0.1, 0.2])
    block = np.array([0, 0, 1, 1, 2])
    # Two regions have an event, with nonconformity 0.3 and 0.75; three have none, with 0.1, 0.2 and 0.4.
    thresholds = label_thresholds(label, probability, block, coverage=0.5)
    assert thresholds == pytest.approx([0.2, 0.75])
    sets = label_sets(np.array([0.1, 0.2, 0.25, 0.6]), thresholds)
    # columns: no event (p <= 0.2), event (p >= 0.25)
    assert sets.tolist() == [[True, False], [True, False], [False, True], [False, True]]


def test_a_forecast_at_the_threshold_is_in_the_set():
    probability = np.array([0.3, 0.3, 0.3])
    thresholds = label_thresholds(np.array([0, 1, 0], dtype=np.int8), probability, np.arange(3), coverage=0.3)
    assert label_sets(probability, thresholds).all()


def table(parts) -> pd.DataFrame:
    """Predictions of (seed, split, region, labels, probabilities)."""
    rows = [
        pd.DataFrame({"seed": seed, "split": split, "region": region, "label": label, "probability": probability})
        for seed, split, region, label, probability in parts
    ]
    return pd.concat(rows, ignore_index=True).assign(instrument="sharp", model="lstm").astype({"label": np.int8})


CALIBRATION = [("validation", 1, [0, 1], [0.2, 0.6]), ("validation", 2, [0, 1], [0.4, 0.8])]
# At a target of 1/2 with two regions a label: the greater nonconformity: no event if p <= 0.4, event if p >= 0.6.
TEST = [("test", 5, [0, 0, 0, 1], [0.1, 0.5, 0.9, 0.7]), ("test", 6, [0, 1], [0.3, 0.2])]


def test_coverage_by_hand():
    result = verify_label_sets(table([(0, *part) for part in [*CALIBRATION, *TEST]]), **SETTINGS)
    assert tuple(result.columns) == COLUMNS
    rows = result.set_index("label")
    assert rows.index.tolist() == ["all", "event", "no_event"]
    # Region 5: covered are 0.1 and 0.7 of four; region 6: 0.3 of two. Mean over regions, not over six samples.
    assert rows.loc["all", "coverage"] == pytest.approx((2 / 4 + 1 / 2) / 2)
    assert rows.loc["event", "coverage"] == pytest.approx((1 + 0) / 2)
    assert rows.loc["no_event", "coverage"] == pytest.approx((1 / 3 + 1) / 2)
    # Sets of region 5: {no event}, {}, {event}, {event}; of region 6: {no event}, {no event}
    shares = rows[["only_event", "only_no_event", "both", "empty"]]
    assert shares.loc["all"].tolist() == pytest.approx([2 / 8, (1 / 4 + 1) / 2, 0, 1 / 8])
    assert shares.loc["no_event"].tolist() == pytest.approx([1 / 6, (1 / 3 + 1) / 2, 0, 1 / 6])
    assert rows["n_samples"].tolist() == [6, 2, 4]
    assert rows["n_regions"].tolist() == [2, 2, 2]
    # Resamples of two regions: both of one, or one of each.
    assert rows.loc["event", ["low", "high"]].tolist() == [0, 1]
    assert rows.loc["all", ["low", "high"]].tolist() == [0.5, 0.5]


def test_figures_are_means_over_seeds_and_the_draw_of_regions_is_one():
    # Seed 1 tests region 5 alone, and region 7.
    other = [("test", 5, [0, 1], [0.1, 0.1]), ("test", 7, [0], [0.9])]
    both = table([(0, *part) for part in [*CALIBRATION, *TEST]] + [(1, *part) for part in [*CALIBRATION, *other]])
    rows = verify_label_sets(both, **SETTINGS).set_index("label")
    assert rows.loc["all", "coverage"] == pytest.approx((1 / 2 + (1 / 2 + 0) / 2) / 2)
    assert rows.loc["event", "coverage"] == pytest.approx((1 / 2 + 0) / 2)
    assert rows["n_samples"].tolist() == [4.5, 1.5, 3]
    assert rows["n_regions"].tolist() == [2, 1.5, 2]


def test_a_label_that_the_test_split_lacks_has_no_figures():
    result = verify_label_sets(
        table([(0, *part) for part in [*CALIBRATION, ("test", 5, [0, 0], [0.1, 0.5])]]), **SETTINGS
    ).set_index("label")
    figures = ["coverage", "low", "high", "only_event", "only_no_event", "both", "empty"]
    assert result.loc["event", figures].isna().all()
    assert result.loc["event", ["n_samples", "n_regions"]].tolist() == [0, 0]
    assert result.loc["no_event", "coverage"] == 0.5


def test_a_constant_forecast_rules_out_nothing():
    parts = [(0, split, region, labels, [0.5] * len(labels)) for split, region, labels, _ in [*CALIBRATION, *TEST]]
    result = verify_label_sets(table(parts), **SETTINGS)
    assert (result["both"] == 1).all()
    assert (result["coverage"] == 1).all()


def test_the_order_of_rows_and_models_does_not_matter():
    predictions = table([(0, *part) for part in [*CALIBRATION, *TEST]])
    two = pd.concat([predictions.assign(model="zeta"), predictions.assign(probability=0.5)], ignore_index=True)
    shuffled = two.sample(frac=1, random_state=3).reset_index(drop=True)
    pd.testing.assert_frame_equal(verify_label_sets(two, **SETTINGS), verify_label_sets(shuffled, **SETTINGS))


def simulated_regions(rng: np.random.Generator, n_regions: int) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Labels, forecasts and regions: 3 to 40 windows a region, all with nearly the region's own forecast.

    Small regions are forecast worst, so that windows counted one by one promise too much.
    """
    sizes = rng.integers(3, 41, size=n_regions)
    region = np.repeat(np.arange(n_regions), sizes)
    activity, error = rng.normal(size=(2, n_regions)) * np.array([[1.0], [3.0]])
    odds = (activity + error * (sizes < 15))[region] + 0.1 * rng.normal(size=len(region))
    label = (rng.random(len(region)) < 1 / (1 + np.exp(1 - 2 * activity[region]))).astype(np.int8)
    return label, 1 / (1 + np.exp(-odds)), region


def test_regions_to_come_are_covered_as_promised_however_alike_the_windows_of_a_region():
    n_trials, n_regions, target = 400, 12, 0.8
    rng = np.random.default_rng(5)
    by_region, by_window = ({0: [], 1: []} for _ in range(2))
    for _ in range(n_trials):
        label, probability, region = simulated_regions(rng, n_regions)
        new_label, new_probability, _ = simulated_regions(rng, 1)
        for shares, block in ((by_region, region), (by_window, np.arange(len(region)))):
            thresholds = label_thresholds(label, probability, block, coverage=target)
            holds = label_sets(new_probability, thresholds)[np.arange(len(new_label)), new_label]
            for y in np.unique(new_label):
                shares[y].append(holds[new_label == y].mean())
    for y in (0, 1):
        # Shares lie in [0, 1], so the mean of n trials has a standard error of at most 1 / (2 n^(1/2)).
        error = 1 / (2 * np.sqrt(len(by_region[y])))
        assert np.mean(by_region[y]) >= target - 2 * error
        # It is not bought by sets of everything.
        assert np.mean(by_region[y]) < 1 - 2 * error
        assert np.mean(by_window[y]) < target - 2 * error
