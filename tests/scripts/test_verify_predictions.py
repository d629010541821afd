from __future__ import annotations

import hashlib

import numpy as np
import pandas as pd
import pytest
import sklearn.metrics

from flaredag.errors import InputError
from flaredag.predictions import write_predictions
from flaredag.score_tables import (
    CATEGORICAL_METRICS,
    CURVE_COLUMNS,
    METRICS,
    PROBABILISTIC_METRICS,
    SCORE_COLUMNS,
    figures_by_seed,
    read_curves,
    read_scores,
)
from flaredag.verification import UNDEFINED_BECAUSE
from verify_predictions import main, verify_predictions

# region, split -> (label, probability); the best threshold on validation is 0.7
SAMPLES = {
    (1, "train"): ([0, 0, 0, 1], [0.1, 0.2, 0.3, 0.9]),
    (2, "validation"): ([0, 0, 1, 1], [0.1, 0.6, 0.8, 0.9]),
    (3, "test"): ([1, 1, 0, 0, 0], [0.9, 0.6, 0.65, 0.3, 0.2]),
}


def mock_predictions(samples=None, *, model: str = "lstm", seed: int = 0) -> pd.DataFrame:
    parts = [
        pd.DataFrame(
            {
                "instrument": "sharp",
                "region": region,
                "issue_time": np.datetime64("2011-02-15", "s") + np.arange(len(label)) * np.timedelta64(96, "m"),
                "label": label,
                "probability": probability,
                "split": split,
                "model": model,
                "seed": seed,
            }
        )
        for (region, split), (label, probability) in (samples or SAMPLES).items()
    ]
    return pd.concat(parts, ignore_index=True)


def random_predictions(model: str, seeds: range = range(3), n: int = 200) -> pd.DataFrame:
    parts = []
    for seed in seeds:
        rng = np.random.default_rng(seed)
        samples = {}
        for region, split in enumerate(("train", "validation", "test")):
            probability = rng.random(n)
            samples[region, split] = ((rng.random(n) < probability).astype(int), probability)
        parts.append(mock_predictions(samples, model=model, seed=seed))
    return pd.concat(parts, ignore_index=True)


def figure(scores: pd.DataFrame, metric: str, threshold: str = "") -> float:
    (value,) = scores.loc[(scores["metric"] == metric) & (scores["threshold"] == threshold), "value"]
    return value


def test_scores_by_hand():
    scores, _ = verify_predictions(mock_predictions())
    assert figure(scores, "threshold", "fixed_0.5") == 0.5
    assert figure(scores, "true_skill_statistic", "fixed_0.5") == pytest.approx(1 - 1 / 3)
    assert figure(scores, "threshold", "validation") == pytest.approx(0.7)
    assert figure(scores, "true_skill_statistic", "validation") == pytest.approx(1 / 2)
    assert figure(scores, "accuracy", "validation") == pytest.approx(4 / 5)
    assert figure(scores, "area_under_roc_curve") == pytest.approx(5 / 6)
    squares = 0.1**2 + 0.4**2 + 0.65**2 + 0.3**2 + 0.2**2
    assert figure(scores, "brier_score") == pytest.approx(squares / 5)
    assert figure(scores, "brier_skill_score") == pytest.approx(1 - squares / 5 / (6 / 25))
    # The event rate of the training split is 1/4: (2 * 9/16 + 3 * 1/16) / 5
    assert figure(scores, "brier_skill_score_training_climatology") == pytest.approx(1 - squares / (21 / 16))
    assert (figure(scores, "n_samples"), figure(scores, "n_events")) == (5, 2)
    assert set(scores["metric"]) == set(METRICS)
    # One hit and one miss of the events, one false alarm: precision 1/1 at the threshold of validation, 2/3 at 0.5.
    assert figure(scores, "precision", "validation") == 1
    assert figure(scores, "precision", "fixed_0.5") == pytest.approx(2 / 3)
    assert figure(scores, "balanced_accuracy", "validation") == pytest.approx((1 / 2 + 1) / 2)
    assert len(scores) == len(CATEGORICAL_METRICS) * 3 + len(PROBABILISTIC_METRICS) == 9 * 3 + 9


def test_only_the_test_split_is_scored():
    changed = dict(SAMPLES)
    changed[1, "train"] = ([1, 0, 0, 0], [0.9, 0.9, 0.9, 0.9])
    want, want_curves = verify_predictions(mock_predictions())
    got, got_curves = verify_predictions(mock_predictions(changed))
    pd.testing.assert_frame_equal(got, want)
    pd.testing.assert_frame_equal(got_curves, want_curves)


def test_curves():
    _, curves = verify_predictions(mock_predictions())
    sizes = {"reliability": 10, "roc": 101, "skill_score_profile": 110, "heidke_skill_score_profile": 110}
    assert curves.groupby("curve").size().to_dict() == sizes
    profile = curves[curves["curve"] == "skill_score_profile"]
    assert profile.loc[profile["x"] == 0.5, "y"].tolist() == pytest.approx([2 / 3])
    reliability = curves[curves["curve"] == "reliability"]
    assert reliability["n"].tolist() == [0, 0, 1, 1, 0, 0, 2, 0, 0, 1]
    assert reliability["y"].iloc[6] == 0.5


def test_the_bins_of_reliability_are_a_setting(tmp_path):
    write_predictions(tmp_path / "a.nc", random_predictions("lstm", range(1)))
    found = {n: verify(tmp_path, ["a.nc"], ["D"], reliability_bins=n) for n in (10, 20)}
    for n, (_, curves) in found.items():
        assert (curves["curve"] == "reliability").sum() == n
    scores = {n: of_n.set_index(["metric", "threshold"])["value"] for n, (of_n, _) in found.items()}
    differs = scores[10].index[~np.isclose(scores[10], scores[20], rtol=1e-9)]
    assert set(differs.get_level_values("metric")) == {"reliability", "resolution"}


def test_without_validation_or_training_what_hangs_on_them_is_undefined():
    scores, _ = verify_predictions(mock_predictions({(3, "test"): SAMPLES[3, "test"]}))
    undefined = scores[scores["value"].isna()]
    assert set(undefined["threshold"]) == {"validation", ""}
    assert (undefined["threshold"] == "validation").sum() == len(CATEGORICAL_METRICS)
    assert undefined.loc[undefined["threshold"] == "", "metric"].tolist() == ["brier_skill_score_training_climatology"]


def test_a_prediction_without_a_test_split_is_refused(tmp_path):
    samples = {key: value for key, value in SAMPLES.items() if key[1] != "test"}
    table = pd.concat([mock_predictions(), mock_predictions(samples, seed=1)])
    write_predictions(tmp_path / "p.nc", table)
    with pytest.raises(InputError, match=r"p.nc: model lstm, seed 1: no sample in split test, found train, validation"):
        verify(tmp_path, ["p.nc"], ["D"])


def verify(folder, names, datasets, **settings):
    main(
        [folder / name for name in names],
        datasets,
        ["strong_vs_quiet"] * len(datasets),
        folder / "scores.csv",
        folder / "curves.csv",
        archive="embedded",
        study="sun2022",
        **settings,
    )
    return read_scores(folder / "scores.csv"), read_curves(folder / "curves.csv")


def test_files_in_and_out(tmp_path):
    # A file of two models, and one that two data sets share.
    both = pd.concat([random_predictions("lstm"), random_predictions("boosting")])
    write_predictions(tmp_path / "a.nc", both.sample(frac=1, random_state=1))
    write_predictions(tmp_path / "b.nc", random_predictions("climatology"))
    scores, curves = verify(tmp_path, ["a.nc", "b.nc", "b.nc"], ["SHARP", "SHARP", "SMARP"])
    assert tuple(scores.columns) == SCORE_COLUMNS
    assert tuple(curves.columns) == CURVE_COLUMNS
    series = scores[["dataset", "model", "seed"]].drop_duplicates()
    assert len(scores) == 12 * (9 * 3 + 9)
    assert series["dataset"].tolist() == ["SHARP"] * 9 + ["SMARP"] * 3
    assert series["model"].tolist() == ["boosting"] * 3 + ["lstm"] * 3 + ["climatology"] * 6
    assert series["seed"].tolist() == [0, 1, 2] * 4
    assert set(scores["archive"]) == {"embedded"}
    assert set(scores["study"]) == {"sun2022"}
    assert set(scores["protocol"]) == {"strong_vs_quiet"}
    shared = [scores[(scores["model"] == "climatology") & (scores["dataset"] == name)] for name in ("SHARP", "SMARP")]
    np.testing.assert_array_equal(shared[0]["value"], shared[1]["value"])
    got = figures_by_seed(scores, dataset="SHARP", model="lstm", metric="area_under_roc_curve")
    for seed in range(3):
        test = both[(both["model"] == "lstm") & (both["seed"] == seed) & (both["split"] == "test")]
        want = sklearn.metrics.roc_auc_score(test["label"], test["probability"])
        assert got[seed] == pytest.approx(want, abs=1e-9)


def test_same_predictions_same_bytes(tmp_path):
    write_predictions(tmp_path / "a.nc", random_predictions("lstm"))
    digests = []
    for _ in range(2):
        verify(tmp_path, ["a.nc"], ["D"])
        digests.append(
            [hashlib.sha256((tmp_path / name).read_bytes()).hexdigest() for name in ("scores.csv", "curves.csv")]
        )
    assert digests[0] == digests[1]


def test_a_series_in_two_files_is_refused_and_nothing_written(tmp_path):
    for name in ("a.nc", "b.nc"):
        write_predictions(tmp_path / name, mock_predictions())
    with pytest.raises(InputError, match="data set D: model lstm, seed 0 is in two prediction files"):
        verify(tmp_path, ["a.nc", "b.nc"], ["D", "D"])
    assert sorted(path.name for path in tmp_path.iterdir()) == ["a.nc", "b.nc"]


def test_lists_that_do_not_match_are_refused(tmp_path):
    with pytest.raises(InputError, match="1 prediction files for 2 data sets"):
        verify(tmp_path, ["a.nc"], ["D", "E"])
    with pytest.raises(InputError, match="0 prediction files for 0 data sets"):
        verify(tmp_path, [], [])


def test_a_split_without_events_is_told_in_the_log_not_lost(tmp_path, caplog):
    samples = SAMPLES | {(2, "validation"): ([0, 0], [0.1, 0.2]), (3, "test"): ([0, 0, 0], [0.1, 0.2, 0.3])}
    write_predictions(tmp_path / "a.nc", mock_predictions(samples))
    scores, curves = verify(tmp_path, ["a.nc"], ["D"])
    assert len(scores) == 9 * 3 + 9
    assert figure(scores, "accuracy", "fixed_0.5") == 1
    assert np.isnan(figure(scores, "area_under_roc_curve"))
    assert np.isnan(figure(scores, "accuracy", "validation"))
    assert curves.loc[curves["curve"] == "roc", "y"].isna().all()
    assert "area_under_roc_curve: 1 of 1 figures are undefined (only one outcome occurred, or" in caplog.text
    assert f"threshold (validation): 1 of 1 figures are undefined ({UNDEFINED_BECAUSE['threshold']})" in caplog.text
    assert "true_skill_statistic (fixed_0.5): 1 of 1 figures" in caplog.text
    # Told once, as the threshold that they lack.
    assert "accuracy (validation)" not in caplog.text


def test_every_score_that_can_be_undefined_has_a_reason(tmp_path, caplog):
    for n, (outcome, forecast) in enumerate([(0, 0.0), (0, 1.0), (1, 0.0), (1, 1.0)]):
        write_predictions(tmp_path / f"{n}.nc", mock_predictions({(n, "test"): ([outcome] * 3, [forecast] * 3)}))
    scores, _ = verify(tmp_path, [f"{n}.nc" for n in range(4)], list("abcd"))
    at_fixed = scores[~scores["threshold"].isin(["validation", "best_on_test"])]
    assert set(at_fixed.loc[at_fixed["value"].isna(), "metric"]) == UNDEFINED_BECAUSE.keys() - {"threshold"}
    assert "false_alarm_ratio (fixed_0.5): 2 of 4 figures are undefined (no event was forecast): a lstm, c lstm" in (
        caplog.text
    )
