from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
import pytest

from flaredag.errors import InputError
from flaredag.report_profiles import caption

MINUS = "\N{MINUS SIGN}"
FIGURE: dict[str, Any] = {
    "name": "m",
    "title": "Two models.",
    "section": "Figures",
    "profiles": {
        "series": [{"dataset": "M", "model": "lstm_attention"}, {"dataset": "M", "model": "random_forest"}],
        "threshold": "best_on_test",
    },
}


def mock_intervals() -> pd.DataFrame:
    """Means of two models; of the forest the Brier skill score is undefined, and one seed alone has a threshold."""
    columns = ["dataset", "model", "threshold", "metric", "value", "sd"]
    of_scores = [
        ("area_under_roc_curve", 0.948, 0.003),
        ("brier_score", 0.09, 0.009),
        ("brier_skill_score", -2.241, 0.319),
    ]
    of_tables = [("true_skill_statistic", 0.792), ("balanced_accuracy", 0.896), ("heidke_skill_score", 0.323)]
    rows = []
    for model in ("lstm_attention", "random_forest"):
        rows += [("M", model, "", *figure) for figure in of_scores]
        for gain, threshold in enumerate(("validation", "best_on_test")):
            rows += [("M", model, threshold, metric, value - 0.1 * (1 - gain), 0.004) for metric, value in of_tables]
            rows.append(("M", model, threshold, "threshold", 0.5 + 0.1 * gain, 0.02))
    table = pd.DataFrame(rows, columns=columns)
    of_forest = table["model"] == "random_forest"
    table.loc[of_forest & (table["metric"] == "brier_skill_score"), ["value", "sd"]] = np.nan
    table.loc[of_forest & (table["metric"] == "threshold"), "sd"] = np.nan
    return table


def test_the_caption_tells_threshold_and_scores_with_their_spread():
    got = caption(FIGURE, mock_intervals())
    assert got.startswith("Two models. Skill score profiles, ROC curve and reliability diagram of each model")
    assert "At the threshold that has the best TSS on the test split itself, which no forecaster knows: " in got
    assert (
        "LSTM attention on M: threshold 0.600 ± 0.020, TSS 0.792 ± 0.004, BACC 0.896 ± 0.004, HSS 0.323 ± 0.004, "
        f"AUC 0.948 ± 0.003, BS 0.090 ± 0.009, BSS {MINUS}2.241 ± 0.319; random forest on M: threshold 0.600, "
    ) in got
    assert got.endswith("BS 0.090 ± 0.009, BSS \N{EN DASH}.")


def test_the_threshold_is_the_one_that_the_figure_names():
    profiles = FIGURE["profiles"] | {"threshold": "validation"}
    got = caption(FIGURE | {"profiles": profiles}, mock_intervals())
    assert "best TSS on the validation split: LSTM attention on M: threshold 0.500 ± 0.020, TSS 0.692 ± 0.004" in got


def test_other_figures_have_their_title():
    assert caption({"name": "a", "title": "A title", "section": "Figures"}, mock_intervals()) == "A title"


def test_a_series_without_scores_is_named():
    with pytest.raises(InputError, match="figure m: intervals hold nothing of M random_forest"):
        caption(FIGURE, mock_intervals().query("model != 'random_forest'"))
