"""Anybody's forecasts, taken in as CSV, are verified by the same code as ours."""

import pandas as pd


def test_our_own_forecasts_given_back_as_csv_get_the_same_scores(finished_copy):
    exported = finished_copy.path("results/embedded/sun2022/predictions/SHARP_ONLY.csv")
    forecasts = finished_copy.path("mine.csv")
    forecasts.write_text(exported.read_text())
    ran = finished_copy.run("--config", "forecasts=mine.csv", "--", "results/report.pdf")
    assert "curate_forecasts" in ran
    assert not any(rule.startswith("fit") for rule in ran)
    scores = pd.read_csv(finished_copy.path("results/scores.csv"))
    key = ["model", "seed", "threshold", "metric"]
    # The exported file has no training split, so its climatology cannot be known.
    scores = scores[scores["metric"] != "brier_skill_score_training_climatology"].fillna({"threshold": ""})
    given = scores[scores["dataset"] == "FORECASTS"].set_index(key)["value"]
    ours = scores[scores["dataset"] == "SHARP_ONLY"].set_index(key)["value"]
    assert len(given) == len(ours) > 0
    pd.testing.assert_series_equal(given.sort_index(), ours.sort_index())
    assert set(scores.loc[scores["dataset"] == "FORECASTS", "protocol"]) == {"as_given"}


def test_a_forecast_file_that_is_not_there_is_told(finished_copy):
    result = finished_copy.attempt("--config", "forecasts=nowhere.csv", "--", "results/report.pdf")
    assert result.returncode != 0
    assert "nowhere.csv" in result.stdout
    assert "Missing input files" in result.stdout
