"""The section on stacking, from weights written by hand."""

from __future__ import annotations

import pandas as pd
import pytest

from flaredag.ensemble_tables import WEIGHT_COLUMNS
from flaredag.report_ensembles import scores, stacking

ENSEMBLE = {
    "name": "stack",
    "learners": ["lstm", "cnn"],
    "criteria": ["brier_score", "accuracy"],
    "grid_points": [100],
    "best_by": "true_skill_statistic",
    "oracle": "accuracy",
}
# Of seeds 0 and 1: weight of the LSTM and value, by solver and criterion.
FITS = [
    ("brier_score", "convex", "validation", [(0.6, 0.1), (0.8, 0.2)]),
    ("accuracy", "exact", "validation", [(0.4, 0.95), (0.5, 0.9)]),
    ("brier_score", "grid_100", "validation", [(0.61, 0.1), (0.81, 0.20003)]),
    ("accuracy", "grid_100", "validation", [(0.0, 0.925), (0.5, 0.9)]),
    ("", "equal", "", [(0.5, float("nan")), (0.5, float("nan"))]),
    ("true_skill_statistic", "select_best", "validation", [(1.0, 0.9), (0.0, 0.8)]),
    ("accuracy", "exact", "test", [(0.99, 0.99), (0.99, 0.99)]),
]


def weights_of(ensemble=ENSEMBLE, *, datasets=("A",)) -> pd.DataFrame:
    rows = []
    for dataset in datasets:
        for criterion, solver, fitted_on, seeds in FITS:
            for seed, (weight, value) in enumerate(seeds):
                for learner, share in zip(ensemble["learners"], (weight, 1.0 - weight), strict=True):
                    names = (dataset, seed, ensemble["name"], "lstm+cnn", criterion, solver, fitted_on, "", learner)
                    rows.append((*names, share, value, value, float("nan")))
    return pd.DataFrame(rows, columns=list(WEIGHT_COLUMNS))


def blocks_of(weights=None, **study):
    study = {"datasets": ["B", "A"], "ensembles": [ENSEMBLE]} | study
    return stacking(study, weights_of() if weights is None else weights)


def cells_of(block) -> list[list]:
    return [row["cells"] for row in block["rows"] if "cells" in row]


def test_weights_and_values_are_means_over_seeds():
    _, weights, _, _ = blocks_of()
    assert weights["rows"][0] == {"group": "A"}
    brier, accuracy = cells_of(weights)
    assert [cell if isinstance(cell, str) else (cell["mean"], cell["sd"]) for cell in brier] == [
        "Brier score",
        ("0.700", "0.141"),
        ("0.150", "0.071"),
    ]
    # Not of the oracle, which is fitted on the test split.
    assert (accuracy[0], accuracy[1]["mean"], accuracy[2]["mean"]) == ("ACC", "0.450", "0.925")


def test_grids_are_held_against_the_exact_weights():
    _, _, grids, _ = blocks_of()
    assert cells_of(grids) == [
        ["100 points", "Brier score", "1 of 2", "3e-05", "0 of 2", "0.010"],
        ["100 points", "ACC", "1 of 2", "0.0250", "0 of 2", "0.400"],
    ]


def test_a_grid_that_is_better_would_show():
    weights = weights_of()
    weights.loc[(weights["solver"] == "grid_100") & (weights["criterion"] == "accuracy"), "value"] = 0.99
    assert cells_of(blocks_of(weights)[2])[1][2:5] == ["0 of 2", "\N{EN DASH}", "2 of 2"]


def test_the_selected_learner_is_counted():
    *_, selected = blocks_of()
    assert cells_of(selected) == [["A", "LSTM", "1 of 2", "0"], ["A", "CNN", "1 of 2", "1"]]


def test_words_tell_how_weights_were_found():
    words = blocks_of()[0]["text"]
    # Brier twice, accuracy never: 0.4 and 0.5 are not above a half.
    assert "In 2 of 4 fits (2 splits, 2 criteria) LSTM has more than an equal share" in words
    assert "exactly" in words
    assert "`stack_oracle_on_test` is fitted on the test split itself" in words


def test_data_sets_stand_in_the_order_of_the_study():
    _, weights, _, _ = blocks_of(weights_of(datasets=("A", "B")))
    assert [row["group"] for row in weights["rows"] if "group" in row] == ["B", "A"]


def test_three_learners_show_all_weights_and_no_grid():
    three = ENSEMBLE | {"learners": ["lstm", "cnn", "climatology"], "grid_points": []}
    weights = weights_of()
    third = weights.loc[weights["learner"] == "cnn"].assign(learner="climatology", weight=0.0)
    weights = pd.concat([weights, third])
    weights = weights.loc[~weights["solver"].str.startswith("grid")].replace({"solver": {"exact": "local_search"}})
    words, table, _ = blocks_of(weights, ensembles=[three])
    assert "local search" in words["text"]
    assert [column["title"] for column in table["columns"]] == ["Criterion", "LSTM", "CNN", "climatology", "value"]
    assert cells_of(table)[0][3]["mean"] == "0.000"


def test_only_convex_criteria_need_no_word_on_others():
    ensemble = ENSEMBLE | {"criteria": ["brier_score"], "grid_points": []}
    weights = weights_of()
    weights = weights.loc[~weights["solver"].str.startswith("grid")]
    assert "piecewise" not in blocks_of(weights, ensembles=[ensemble])[0]["text"]


@pytest.mark.parametrize("ensembles", [[], [ENSEMBLE]])
def test_without_weights_there_is_nothing_to_say(ensembles):
    assert blocks_of(weights_of().iloc[:0], ensembles=ensembles) == []


def test_scores_of_an_ensemble_stand_beside_those_of_its_learners():
    study = {"datasets": ["A"], "ensembles": [{"name": "two", "criteria": ["accuracy"], "learners": ["x", "y"]}]}
    rows = [
        {"dataset": "A", "model": model, "metric": metric, "threshold": threshold, "value": value}
        | {"sd": 0.125, "low": value - 0.1, "high": value + 0.1}
        for metric, threshold in (("true_skill_statistic", "fixed_0.5"), ("area_under_roc_curve", ""))
        for model, value in (("x", 0.25), ("two_accuracy", 0.625), ("other", 1.0))
    ]
    # Neither another threshold nor a calibrated forecast stands here.
    rows += [
        rows[1] | {"threshold": "validation", "value": 0.9},
        rows[1] | {"model": "two_accuracy.beta", "value": 0.9},
    ]
    (block,) = scores(study, pd.DataFrame(rows))
    cells = {row["cells"][0]: row["cells"][1:] for row in block["rows"] if "cells" in row}
    assert list(cells) == ["x", "y", "accuracy", "average", "best", "oracle on test"]
    shown = {"mean": "0.625", "sd": "0.125", "n": "", "best": False, "interval": "[0.525, 0.725]"}
    assert cells["accuracy"] == [shown, shown, "\N{EN DASH}"]
    assert cells["x"][1]["mean"] == "0.250"
    assert cells["y"] == ["\N{EN DASH}"] * 3
    assert "no forecast" in block["caption"]
    # The threshold that the ensemble asks for, and a data set that the report lists nowhere else.
    study["ensembles"][0]["threshold"] = "validation"
    study["datasets"] = []
    (block,) = scores(study, pd.DataFrame(rows))
    cells = {row["cells"][0]: row["cells"][1:] for row in block["rows"] if "cells" in row}
    assert cells["accuracy"][0]["mean"] == "0.900"
    assert "at the threshold that has the best TSS on the validation split" in block["caption"]


def test_an_ensemble_that_is_not_verified_has_no_table():
    study = {"datasets": ["A"], "ensembles": [{"name": "two", "criteria": ["accuracy"], "learners": ["x", "y"]}]}
    assert scores(study, pd.DataFrame({"dataset": ["A"], "model": ["x"], "metric": [""], "threshold": [""]})) == []
