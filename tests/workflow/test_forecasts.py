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


def test_forecasts_are_verified_alone_without_archive_study_or_fit(project):
    forecasts = project.path("mine.csv")
    lines = "".join(f"2017-01-{day:02},{day % 3 == 0:d},0.{day % 7},{day // 2},test\n" for day in range(1, 29))
    # Region 1 is in two splits: that is told, and fails nothing.
    forecasts.write_text(f"time,label,probability,region,split\n{lines}2016-12-31,0,0.5,1,train\n")
    ran = project.run("--config", "forecasts=mine.csv", "--", "results/verification.pdf")
    assert sorted(set(ran)) == [
        "audit_forecasts",
        "curate_forecasts",
        "plot_forecasts",
        "verify_forecasts",
        "write_verification",
    ]
    assert project.path("results/verification.pdf").read_bytes().startswith(b"%PDF")
    audit = pd.read_csv(project.path("results/forecasts/audit.csv")).set_index("check")
    assert audit.loc["region_in_two_splits", "outcome"] == "leak"


def test_a_faulty_forecast_file_ends_with_what_to_do_and_no_result(project):
    project.path("mine.csv").write_text("time,label,probability\n2017-01-01,0,55\n")
    result = project.attempt("--config", "forecasts=mine.csv", "--", "results/verification.pdf")
    assert result.returncode != 0
    assert "line 2 with '55'. Are these percent? Divide the whole column by 100." in result.stdout
    assert "Traceback" not in result.stdout
    assert not project.path("results/forecasts/predictions.nc").exists()


def test_a_forecast_file_that_is_not_there_is_told(finished_copy):
    result = finished_copy.attempt("--config", "forecasts=nowhere.csv", "--", "results/report.pdf")
    assert result.returncode != 0
    assert "nowhere.csv" in result.stdout
    assert "Missing input files" in result.stdout
