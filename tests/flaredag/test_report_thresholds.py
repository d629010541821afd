from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd

from flaredag.report_thresholds import scores_at_thresholds

TABLE: dict[str, Any] = {
    "title": "Both thresholds.",
    "thresholds": ["validation", "best_on_test"],
    "metrics": ["precision", "true_skill_statistic", "threshold"],
}
STUDY: dict[str, Any] = {
    "datasets": ["B", "A"],
    "ensembles": [{"name": "stack", "criteria": ["brier_score"]}],
    "score_tables": [TABLE],
    "sample_units": {},
}
# (data set, model) -> true skill statistic at 0.5, on validation, on test
SKILL = {
    ("A", "lstm"): (0.1, 0.6, 0.7),
    ("A", "random_forest"): (0.2, 0.5, 0.8),
    ("A", "stack_brier_score"): (0.9, 0.9, 0.9),
    ("A", "lstm.prior_shift"): (0.9, 0.9, 0.9),
    ("B", "lstm"): (0.1, 0.3, 0.4),
}


def mock_intervals() -> pd.DataFrame:
    rows = [
        {"dataset": dataset, "model": model, "threshold": threshold, "metric": metric, "value": value}
        | {"sd": 0.01, "n_seeds": 3, "low": value - 0.1, "high": value + 0.1}
        for (dataset, model), values in SKILL.items()
        for threshold, skill in zip(("fixed_0.5", "validation", "best_on_test"), values, strict=True)
        for metric, value in (("true_skill_statistic", skill), ("precision", 0.25), ("threshold", 0.4))
    ]
    table = pd.DataFrame(rows)
    table.loc[table["metric"] == "threshold", ["low", "high"]] = np.nan
    silent = (table["model"] == "random_forest") & (table["metric"] == "precision")
    table.loc[silent & (table["threshold"] == "validation"), ["value", "n_seeds"]] = [np.nan, 0]
    table.loc[silent & (table["threshold"] == "best_on_test"), "n_seeds"] = 2
    return table


def mock_counts() -> pd.DataFrame:
    """Of seeds 0 and 1 a third and a quarter of the test samples are events, in both data sets."""
    return pd.DataFrame(
        {"dataset": dataset, "model": "lstm", "seed": seed, "metric": metric, "value": value}
        for dataset in "AB"
        for seed, counts in enumerate(((13.0, 39.0), (10.0, 40.0)))
        for metric, value in zip(("n_events", "n_samples"), counts, strict=True)
    )


def test_both_thresholds_of_a_model_stand_beneath_each_other_by_name():
    legend, table = scores_at_thresholds(STUDY, mock_intervals(), mock_counts())
    assert "no forecaster knows" in legend["text"]
    assert table["caption"] == "Both thresholds."
    assert [column["title"] for column in table["columns"]] == ["Model", "threshold", "PREC", "TSS", "threshold"]
    assert [row.get("group") for row in table["rows"]] == ["B", None, None, "A", *[None] * 4]
    named = [
        [cell if isinstance(cell, str) else cell["text"] for cell in row["cells"][:2]] for row in table["rows"][4:]
    ]
    assert named == [
        ["LSTM", "validation"],
        ["", "best on test"],
        ["random forest", "validation"],
        ["", "best on test"],
    ]
    assert table["rows"][5]["cells"][1]["style"] == "bad"
    skill = [row["cells"][3] for row in table["rows"][4:]]
    assert [cell["mean"] for cell in skill] == ["0.600", "0.700", "0.500", "0.800"]
    # The best of a threshold, not of the column.
    assert [cell["best"] for cell in skill] == [True, False, False, True]
    assert (skill[0]["sd"], skill[0]["interval"]) == ("0.010", "[0.500, 0.700]")
    assert table["rows"][4]["cells"][4]["interval"] == ""


def test_what_is_undefined_and_what_some_seeds_lack_is_marked():
    _, table = scores_at_thresholds(STUDY, mock_intervals(), mock_counts())
    undefined, of_two = (row["cells"][2] for row in table["rows"][6:])
    assert undefined == "\N{EN DASH}"
    assert of_two["n"] == "2"
    # A forecast of nothing but one sure event has the best precision.
    assert not of_two["best"]


def test_a_study_that_asks_for_none_has_none():
    assert scores_at_thresholds(STUDY | {"score_tables": []}, mock_intervals(), mock_counts()) == []


def test_a_single_model_is_no_best():
    _, table = scores_at_thresholds(STUDY, mock_intervals(), mock_counts())
    assert not table["rows"][1]["cells"][3]["best"]


def test_a_table_may_be_of_some_data_sets_and_models_and_says_what_a_sample_is():
    asked = TABLE | {"datasets": ["A"], "models": ["random_forest", "lstm"], "thresholds": ["fixed_0.5"]}
    study = STUDY | {"score_tables": [asked], "sample_units": {"A": "region", "B": "record"}}
    legend, table = scores_at_thresholds(study, mock_intervals(), mock_counts())
    assert legend["text"].startswith("BACC balanced accuracy")
    assert "Per region or per record" in legend["text"]
    assert [row.get("group", row.get("cells", [""])[0]) for row in table["rows"]] == [
        "A, per region",
        "random forest",
        "LSTM",
    ]


def test_references_without_skill_stand_beneath_the_models():
    metrics = ["precision", "accuracy", "true_skill_statistic"]
    asked = TABLE | {"datasets": ["A"], "models": ["lstm"], "thresholds": ["fixed_0.5"], "metrics": metrics}
    study = STUDY | {"score_tables": [asked | {"reference_forecasts": True}]}
    legend, table = scores_at_thresholds(study, mock_intervals(), mock_counts())
    assert "BSS is against the mean label of the test split" in legend["text"]
    chance, negative = (row["cells"] for row in table["rows"][-2:])
    assert [cells[0]["text"] for cells in (chance, negative)] == ["random chance", "all negative"]
    assert [len(cells) for cells in (chance, negative)] == [len(table["columns"])] * 2
    # Event rates 1/3 and 1/4: precision as much, accuracy 5/9 and 5/8, sd of two values their distance over root 2.
    assert (chance[2]["mean"], chance[2]["sd"]) == ("0.292", "0.059")
    assert (chance[3]["mean"], chance[3]["sd"]) == ("0.590", "0.049")
    assert chance[4]["mean"] == negative[4]["mean"] == "0.000"
    assert negative[2] == "\N{EN DASH}"
    assert negative[3]["mean"] == "0.708"


def test_scores_of_the_probabilities_have_no_threshold_and_the_event_rate_for_reference():
    rows = [
        {"dataset": "A", "model": "lstm", "threshold": "", "metric": metric, "value": value}
        | {"sd": 0.01, "n_seeds": 2, "low": value - 0.1, "high": value + 0.1}
        for metric, value in (("brier_score", 0.15), ("brier_skill_score", 0.3))
    ]
    asked = {"title": "Brier.", "metrics": ["brier_score", "brier_skill_score"], "reference_forecasts": True}
    study = STUDY | {"score_tables": [asked]}
    _, table = scores_at_thresholds(study, pd.DataFrame(rows), mock_counts())
    assert [column["title"] for column in table["columns"]] == ["Model", "BS", "BSS"]
    group, model, reference = table["rows"]
    assert group == {"group": "A"}
    assert [cell["mean"] for cell in model["cells"][1:]] == ["0.150", "0.300"]
    # 1/3 x 2/3 and 1/4 x 3/4.
    assert [cell["mean"] for cell in reference["cells"][1:]] == ["0.205", "0.000"]
