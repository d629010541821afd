"""What a study left behind, checked by the rule check_artefacts on every run: units, gaps, leaks.

The fixtures are those of scripts/check_artefacts.py: `study` holds paths and settings, `windows` the windows and
`drawn` the data sets, by the name of the data set, `predictions` the tables of all fits and ensembles, with their
data set.
"""

from itertools import pairwise

import numpy as np
import pandas as pd
import pytest
import xarray as xr

from flaredag.splits import SPLITS
from flaredag.windows import EVOLUTION

# A handful of events may be ranked above all else by chance.
FEWEST_EVENTS = 10
OF_TRAINING = ("added_to_training", "undersampled", "standardisation", "fewer_training_regions", "features")


def test_numbers_have_units(study):
    content = xr.open_dataset(study.windows, decode_times=False)
    assert content["features"].attrs["units"]
    assert "since 1970-01-01" in content["issue_time"].attrs["units"]


@pytest.fixture(name="each")
def each_data_set(windows):
    """Windows, with the labels of each task, by the name of a data set."""
    return windows.items()


def test_features_are_finite_and_vary(each):
    for name, windows in each:
        used = windows.features[np.unique(windows.step_record[windows.step_record >= 0])]
        assert np.isfinite(used).all(), name
        assert (used.std(axis=0) > 0).all(), name


def test_windows_of_a_region_are_in_order_and_of_one_region_each(each):
    for name, windows in each:
        key = windows.instrument.astype(np.int64) * 10_000_000 + windows.region
        assert (np.diff(key) >= 0).all(), name
        same = np.diff(key) == 0
        assert (np.diff(windows.issue_time)[same] > np.timedelta64(0, "s")).all(), name
        # A record that two regions' windows shared would be a window across their border.
        last = windows.step_record[:, -1]
        first = np.where(windows.step_record < 0, last[:, None], windows.step_record).min(axis=1)
        starts = np.flatnonzero(np.diff(key)) + 1
        assert (first[starts] > last[starts - 1]).all(), name


def test_every_window_ends_with_a_record(each):
    for name, windows in each:
        assert (windows.step_record[:, -1] >= 0).all(), name
        assert (windows.step_record < len(windows.features)).all(), name


def test_magnetograms_of_windows_have_values(each):
    for name, windows in each:
        if windows.images is not None:
            assert np.isfinite(windows.images.mean_gauss).all(), name
            assert np.isfinite(windows.images.longitude_deg).all(), name


def test_labels_follow_from_evolution_types(study, each):
    for name, windows in each:
        task = study.drawn[name]["task"]
        settings = study.settings["labels"] | study.settings["labels"].get("tasks", {}).get(task, {})
        named = np.array(EVOLUTION)[windows.evolution]
        assert (np.isin(named, settings["positive"]) == (windows.label == 1)).all(), name
        assert (np.isin(named, settings["negative"]) == (windows.label == 0)).all(), name


def test_no_region_is_in_two_splits(study, windows, drawn):
    for name, datasets in drawn.items():
        if study.drawn[name]["draw"].get("borders") == "cut":
            continue
        own = windows[name]
        for what in (own.region, own.split_group):
            for dataset in datasets:
                regions = [
                    set(zip(own.instrument[positions], what[positions], strict=True))
                    for positions in (dataset.positions[split] for split in SPLITS)
                ]
                for one, other in [*pairwise(regions), (regions[0], regions[-1])]:
                    assert not one & other, f"{name}, seed {dataset.seed}"


def test_splits_with_cut_borders_follow_each_other_in_time(study, windows, drawn):
    for name, datasets in drawn.items():
        if study.drawn[name]["draw"].get("borders") != "cut":
            continue
        for dataset in datasets:
            issued = [windows[name].issue_time[dataset.positions[split]] for split in SPLITS]
            for earlier, later in pairwise(issued):
                assert earlier.max() < later.min(), f"{name}, seed {dataset.seed}"


def test_data_sets_of_one_instrument_share_validation_and_test(study, drawn):
    alike = {}
    for name, own in study.drawn.items():
        # What joins the training split, and how it is balanced, moves nothing in the others.
        evaluated = {key: value for key, value in own["draw"].items() if key not in OF_TRAINING}
        balanced = sorted(set(own["draw"]["undersampled"]) - {"train"})
        alike.setdefault(repr((own["task"], len(own["seeds"]), evaluated, balanced)), []).append(drawn[name])
    for datasets in alike.values():
        for one, other in pairwise(datasets):
            for a, b in zip(one, other, strict=True):
                assert (a.positions["validation"] == b.positions["validation"]).all()
                assert (a.positions["test"] == b.positions["test"]).all()


def test_data_sets_of_other_features_have_the_same_samples(study, drawn):
    alike = {}
    for name, own in study.drawn.items():
        of_samples = {key: value for key, value in own["draw"].items() if key != "features"}
        alike.setdefault(repr((own["task"], own["seeds"], of_samples)), []).append(drawn[name])
    for datasets in alike.values():
        for one, other in pairwise(datasets):
            for a, b in zip(one, other, strict=True):
                assert all(np.array_equal(a.positions[split], b.positions[split]) for split in SPLITS)


def test_folds_test_each_region_once(study, windows, drawn):
    for name, settings in study.settings["datasets"].items():
        if "folds" in settings:
            regions = [np.unique(windows[name].region[dataset.positions["test"]]) for dataset in drawn[name]]
            assert len(np.unique(np.concatenate(regions))) == sum(map(len, regions))


def test_training_folds_leave_each_sample_out_once(study, drawn):
    for name, datasets in drawn.items():
        draw = study.drawn[name]["draw"]
        # Where classes are balanced, others may be left out each time.
        if "training_folds" in draw and "train" not in draw["undersampled"]:
            trained = np.concatenate([dataset.positions["train"] for dataset in datasets])
            assert (np.unique(trained, return_counts=True)[1] == draw["training_folds"] - 1).all(), name
            for one, other in pairwise(datasets):
                for split in ("validation", "test"):
                    assert np.array_equal(one.positions[split], other.positions[split]), name


def test_balanced_splits_are_balanced(study, windows, drawn):
    for name, datasets in drawn.items():
        for dataset in datasets:
            for split in study.drawn[name]["draw"]["undersampled"]:
                label = windows[name].label[dataset.positions[split]]
                assert 2 * (label == 1).sum() == len(label)


def test_predictions_carry_the_labels_of_the_windows(windows, predictions):
    key = ["instrument", "region", "issue_time"]
    for name, table in predictions:
        own = windows[name]
        truth = pd.DataFrame(
            {
                "instrument": np.array(own.instruments)[own.instrument],
                "region": own.region,
                "issue_time": own.issue_time,
                "true_label": own.label,
            }
        )
        asked = table[[*key, "label"]].drop_duplicates().astype({"instrument": str})
        joined = asked.merge(truth, on=key, how="left")
        assert (joined["label"] == joined["true_label"]).all()


def test_models_of_a_data_set_share_their_samples(predictions):
    """Every model and ensemble is held against the same test samples: those of another would be no comparison."""
    samples = {}
    for name, table in predictions:
        tested = table[table["split"] == "test"]
        key = pd.util.hash_pandas_object(tested[["instrument", "region", "issue_time"]], index=False)
        for (model, seed), own in key.groupby([tested["model"], tested["seed"]], observed=True):
            found = samples.setdefault((name, seed), own.to_numpy())
            assert np.array_equal(own.to_numpy(), found), f"{name}, seed {seed}, {model}"


def test_scores_are_in_range(study):
    scores = pd.read_csv(study.scores)
    limits = {
        "true_skill_statistic": (-1, 1),
        "area_under_roc_curve": (0, 1),
        "accuracy": (0, 1),
        "brier_score": (0, 1),
    }
    for metric, (low, high) in limits.items():
        values = scores.loc[scores["metric"] == metric, "value"].dropna()
        assert len(values)
        assert values.between(low, high).all()


def test_no_model_is_too_good_to_be_true(study):
    """Perfect on the test set of every seed: then the label got among the features, unless events are few."""
    scores = pd.read_csv(study.scores)
    n_events = scores[scores["metric"] == "n_events"].groupby("dataset")["value"].mean()
    scores = scores[scores["dataset"].map(n_events) >= FEWEST_EVENTS]
    # Weights fitted on the test set may be perfect there honestly.
    scores = scores[~scores["model"].str.endswith("_oracle_on_test")]
    ranks = scores[scores["metric"] == "area_under_roc_curve"].groupby(["dataset", "model"])["value"].mean()
    assert not (ranks >= 1).any()
