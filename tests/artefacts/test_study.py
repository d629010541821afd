"""What a study left behind, checked by the rule check_artefacts on every run: units, gaps, leaks.

The fixtures are those of scripts/check_artefacts.py: `study` holds paths and settings, `windows` the windows, `drawn`
the data sets by name, `predictions` the tables of all fits.
"""

from itertools import pairwise

import numpy as np
import pandas as pd
import xarray as xr

from flaredag.splits import SPLITS
from flaredag.windows import EVOLUTION


def test_numbers_have_units(study):
    content = xr.open_dataset(study.windows, decode_times=False)
    assert content["features"].attrs["units"]
    assert "since 1970-01-01" in content["issue_time"].attrs["units"]


def test_features_are_finite_and_vary(windows):
    used = windows.features[np.unique(windows.step_record)]
    assert np.isfinite(used).all()
    assert (used.std(axis=0) > 0).all()


def test_windows_of_a_region_are_in_order_and_of_one_region_each(windows):
    key = windows.instrument.astype(np.int64) * 10_000_000 + windows.region
    assert (np.diff(key) >= 0).all()
    same = np.diff(key) == 0
    assert (np.diff(windows.issue_time)[same] > np.timedelta64(0, "s")).all()
    # A record that two regions' windows shared would be a window across their border.
    first, last = (windows.step_record[:, [0, -1]]).T
    starts = np.flatnonzero(np.diff(key)) + 1
    assert (first[starts] > last[starts - 1]).all()


def test_labels_follow_from_evolution_types(study, windows):
    named = np.array(EVOLUTION)[windows.evolution]
    settings = study.settings["labels"]
    assert (np.isin(named, settings["positive"]) == (windows.label == 1)).all()
    assert (np.isin(named, settings["negative"]) == (windows.label == 0)).all()


def test_no_region_is_in_two_splits(windows, drawn):
    for name, datasets in drawn.items():
        for dataset in datasets:
            regions = [
                set(zip(windows.instrument[positions], windows.region[positions], strict=True))
                for positions in (dataset.positions[split] for split in SPLITS)
            ]
            for one, other in [*pairwise(regions), (regions[0], regions[-1])]:
                assert not one & other, f"{name}, seed {dataset.seed}"


def test_data_sets_of_one_instrument_share_validation_and_test(study, drawn):
    by_instrument = {}
    for name, settings in study.settings["datasets"].items():
        by_instrument.setdefault(settings["evaluated"], []).append(drawn[name])
    for datasets in by_instrument.values():
        for one, other in pairwise(datasets):
            for a, b in zip(one, other, strict=True):
                assert (a.positions["validation"] == b.positions["validation"]).all()
                assert (a.positions["test"] == b.positions["test"]).all()


def test_balanced_splits_are_balanced(study, windows, drawn):
    for datasets in drawn.values():
        for dataset in datasets:
            for split in study.settings["splits"]["undersampled"]:
                label = windows.label[dataset.positions[split]]
                assert 2 * (label == 1).sum() == len(label)


def test_predictions_carry_the_labels_of_the_windows(windows, predictions):
    key = ["instrument", "region", "issue_time"]
    truth = pd.DataFrame(
        {
            "instrument": np.array(windows.instruments)[windows.instrument],
            "region": windows.region,
            "issue_time": windows.issue_time,
            "true_label": windows.label,
        }
    )
    for table in predictions:
        asked = table[[*key, "label"]].drop_duplicates().astype({"instrument": str})
        joined = asked.merge(truth, on=key, how="left")
        assert (joined["label"] == joined["true_label"]).all()


def test_scores_are_in_range(study):
    scores = pd.read_csv(study.scores)
    limits = {
        "true_skill_statistic": (-1, 1),
        "area_under_roc_curve": (0, 1),
        "accuracy": (0, 1),
        "brier_score": (0, 1),
    }
    for metric, (low, high) in limits.items():
        values = scores.loc[scores["metric"] == metric, "value"]
        assert len(values)
        assert values.between(low, high).all()


def test_no_model_is_too_good_to_be_true(study):
    """Perfect on the test set of every seed: then the label got among the features."""
    scores = pd.read_csv(study.scores)
    ranks = scores[scores["metric"] == "area_under_roc_curve"].groupby(["dataset", "model"])["value"].mean()
    assert ranks.max() < 1
