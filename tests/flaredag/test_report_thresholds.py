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


def test_both_thresholds_of_a_model_stand_beneath_each_other_by_name():
    legend, table = scores_at_thresholds(STUDY, mock_intervals())
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
    _, table = scores_at_thresholds(STUDY, mock_intervals())
    undefined, of_two = (row["cells"][2] for row in table["rows"][6:])
    assert undefined == "\N{EN DASH}"
    assert of_two["n"] == "2"
    # A forecast of nothing but one sure event has the best precision.
    assert not of_two["best"]


def test_a_study_that_asks_for_none_has_none():
    assert scores_at_thresholds(STUDY | {"score_tables": []}, mock_intervals()) == []


def test_a_single_model_is_no_best():
    _, table = scores_at_thresholds(STUDY, mock_intervals())
    assert not table["rows"][1]["cells"][3]["best"]
