"""Scores of anybody's forecasts and their intervals."""

import numpy as np
import pandas as pd
import pytest

from flaredag.errors import InputError
from flaredag.forecast_blocks import Blocks, chosen_blocks, rotation_blocks
from flaredag.forecast_scores import (
    EVENT_RATE_THRESHOLD,
    INTERVAL_COLUMNS,
    curves_of,
    intervals_of,
    read_intervals,
    scores_of,
    series_of,
)
from flaredag.predictions import read_predictions
from made_up_forecasts import curated, daily_forecasts, forecasts_of_regions

CHANCE = {"resamples": 200, "seed": 5, "level": 0.95}


def value_of(table: pd.DataFrame, metric: str, threshold: str = "", column: str = "value") -> float:
    rows = table[(table["metric"] == metric) & (table["threshold"] == threshold)]
    assert len(rows) == 1
    return float(rows[column].iloc[0])


def table_of(rows: list[tuple[str, int, str, int, float]]) -> pd.DataFrame:
    """(model, seed, split, label, probability) -> predictions, one a day."""
    model, seed, split, label, probability = zip(*rows, strict=True)
    time = np.datetime64("2017-01-01", "s") + np.arange(len(rows)) * np.timedelta64(1, "D")
    columns = {"instrument": "disk", "region": 0, "issue_time": time, "label": label, "probability": probability}
    return pd.DataFrame(columns | {"split": split, "model": model, "seed": seed})


def test_scores_worked_out_by_hand():
    # Event rate 1/2: at 0.5 (and at the event rate) one hit of two events, no false alarm of two: TSS 1/2. Brier score
    # (.01 + .36 + .04 + .09) / 4 = .125 against .25. Both events are forecast above both non-events.
    table = table_of(
        [("m", 0, "test", 1, 0.9), ("m", 0, "test", 1, 0.4), ("m", 0, "test", 0, 0.2), ("m", 0, "test", 0, 0.3)]
    )
    _, series = series_of(table)
    scores = scores_of(series)
    assert value_of(scores, "true_skill_statistic", "fixed_0.5") == 0.5
    assert value_of(scores, "threshold", EVENT_RATE_THRESHOLD) == 0.5
    assert value_of(scores, "brier_score") == pytest.approx(0.125)
    assert value_of(scores, "brier_skill_score") == pytest.approx(0.5)
    assert value_of(scores, "area_under_roc_curve") == 1.0
    assert np.isnan(value_of(scores, "brier_skill_score_training_climatology"))


def test_the_threshold_is_of_the_validation_split_where_there_is_one_and_climatology_of_the_training_split():
    rows = [("m", 0, "train", label, 0.5) for label in (1, 0, 0, 0)]
    rows += [("m", 0, "validation", 1, 0.2), ("m", 0, "validation", 0, 0.1)]
    rows += [("m", 0, "test", 1, 0.3), ("m", 0, "test", 0, 0.05)]
    test, series = series_of(table_of(rows))
    assert len(test) == 2
    assert series[0].row.tolist() == [0, 1]
    assert series[0].thresholds == {"fixed_0.5": 0.5, "validation": pytest.approx(0.15)}
    scores = scores_of(series)
    assert value_of(scores, "true_skill_statistic", "validation") == 1.0
    # Brier score (.49 + .0025) / 2 against (.75^2 + .25^2) / 2.
    expected = 1 - 0.4925 / 0.625
    assert value_of(scores, "brier_skill_score_training_climatology") == pytest.approx(expected)


def test_a_series_without_test_forecasts_is_named():
    rows = [("a", 0, "test", 1, 0.5), ("b", 3, "validation", 0, 0.5)]
    with pytest.raises(InputError, match="model b, seed 3: no forecast in split test"):
        series_of(table_of(rows))


def test_intervals_hold_the_figure_and_shrink_with_the_level(tmp_path):
    forecasts = read_predictions(curated(tmp_path, daily_forecasts(models=("a", "b"))))
    test, series = series_of(forecasts)
    blocks, scores = chosen_blocks(test), scores_of(series)
    wide, narrow = (
        intervals_of(series, scores, blocks, rotation_blocks(test), **CHANCE | {"level": level})
        for level in (0.95, 0.5)
    )
    assert tuple(wide.columns) == INTERVAL_COLUMNS
    assert set(wide["blocks"]) == {"Carrington rotations"}
    defined = wide["low"].notna() & ~wide["metric"].isin(["n_samples", "n_events", "threshold"])
    for metric in ("brier_skill_score", "area_under_roc_curve", "brier_score"):
        of_metric = wide["metric"] == metric
        assert (wide.loc[of_metric, "low"] < wide.loc[of_metric, "value"]).all()
        assert (wide.loc[of_metric, "value"] < wide.loc[of_metric, "high"]).all()
    spread = (wide["high"] - wide["low"])[defined]
    assert ((narrow["high"] - narrow["low"])[defined] <= spread).all()
    # The same blocks, so the same intervals.
    np.testing.assert_array_equal(wide["low"], wide["low_rotation"])
    assert wide.loc[wide["metric"].isin(["n_samples", "n_events"]), "low"].isna().all()


def test_the_mean_over_seeds_has_the_interval_of_the_mean():
    rng = np.random.default_rng(0)
    rows = [("m", seed, "test", int(day % 5 == 0), float(rng.random())) for seed in (0, 1) for day in range(60)]
    table = table_of(rows)
    table["issue_time"] = np.tile(table["issue_time"].to_numpy()[:60], 2)
    _, series = series_of(table)
    block = np.tile(np.arange(60) // 5, 2)
    found = intervals_of(series, scores_of(series), Blocks("weeks", block, 12), None, **CHANCE)
    each = [intervals_of([one], scores_of([one]), Blocks("weeks", block, 12), None, **CHANCE) for one in series]
    low, high = (value_of(found, "brier_score", column=name) for name in ("low", "high"))
    assert value_of(found, "brier_score", column="n_seeds") == 2
    assert value_of(found, "brier_score") == pytest.approx(np.mean([value_of(one, "brier_score") for one in each]))
    # The mean of two series of independent errors varies less than either.
    assert high - low < min(
        value_of(one, "brier_score", column="high") - value_of(one, "brier_score", column="low") for one in each
    )
    assert found["low_rotation"].isna().all()
    assert (found["n_rotations"] == 0).all()


def test_too_few_blocks_have_no_interval():
    test, series = series_of(table_of([("m", 0, "test", label, 0.4) for label in (0, 1, 0)]))
    found = intervals_of(series, scores_of(series), chosen_blocks(test), None, **CHANCE)
    assert found["low"].isna().all()
    assert set(found["blocks"]) == {"none"}


def test_curves_of_every_series(tmp_path):
    forecasts = read_predictions(curated(tmp_path, forecasts_of_regions(leak=False)))
    curves = curves_of(series_of(forecasts)[1])
    profiles = {"skill_score_profile": 110, "heidke_skill_score_profile": 110}
    assert curves.groupby("curve").size().to_dict() == {"reliability": 10, "roc": 101} | profiles


def test_bins_of_reliability_are_those_asked_for():
    # .42 (event) and .48 (none) share one of ten bins, and lie in two of twenty.
    _, series = series_of(table_of([("m", 0, "test", 1, 0.42), ("m", 0, "test", 0, 0.48)]))
    assert value_of(scores_of(series), "reliability") == pytest.approx(0.05**2)
    assert value_of(scores_of(series, reliability_bins=20), "resolution") == pytest.approx(0.25)
    curves = curves_of(series, reliability_bins=20)
    bins = curves.loc[curves["curve"] == "reliability", "n"].tolist()
    assert bins == [0] * 8 + [1, 1] + [0] * 10


def test_both_profiles_are_of_the_same_forecasts():
    # Above .905 nothing is forecast; from .105 on exactly the event is; below, both are.
    _, series = series_of(table_of([("m", 0, "test", 1, 0.905), ("m", 0, "test", 0, 0.105)]))
    curves = curves_of(series).set_index("curve")
    for name in ("skill_score_profile", "heidke_skill_score_profile"):
        # Ten thresholds below .01, then .01 to .1, .11 to .9, .91 to 1.
        assert curves.loc[name, "y"].tolist() == [0.0] * (10 + 10) + [1.0] * 80 + [0.0] * 10


def test_reading_intervals(tmp_path):
    forecasts = read_predictions(curated(tmp_path, daily_forecasts()))
    test, series = series_of(forecasts)
    made = intervals_of(series, scores_of(series), chosen_blocks(test), None, **CHANCE)
    path = tmp_path / "intervals.csv"
    made.to_csv(path, index=False)
    pd.testing.assert_frame_equal(read_intervals(path), made, check_dtype=False)
    for text in ("a,b\n1,2\n", "", made.iloc[:0].to_csv(index=False), made.to_csv(index=False).replace("0.", "x.")):
        path.write_text(text)
        with pytest.raises(InputError, match=r"intervals\.csv: (no table of intervals|holds no row)"):
            read_intervals(path)
