"""The section on runs that overlap, on made-up results, by hand."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pandas as pd

from flaredag.overlapping_run_tables import RUN_COLUMNS, RUN_COMPARISON_COLUMNS
from flaredag.report_cells import MINUS, UNDEFINED
from flaredag.report_inputs import intervals_over_seeds
from flaredag.report_overlapping_runs import overlapping_runs
from flaredag.report_published import published_against_ours
from made_up_results import results_of, study_named, tables_in

COMMON = {"dataset": "M_FOLDS", "n_runs": 100, "n_fits": 10, "training_shared": 8 / 9, "test_shared": 0.88}
FIGURES = (
    ("lstm", "true_skill_statistic", "best_on_test", 0.6, 0.79, 0.008),
    ("lstm", "true_skill_statistic", "validation", 0.55, 0.78, 0.01),
    ("lstm", "brier_score", "", np.nan, 0.09, 0.001),
    ("random_forest", "true_skill_statistic", "best_on_test", 0.05, 0.785, 0.005),
    ("random_forest", "true_skill_statistic", "validation", 0.04, 0.77, 0.01),
    ("random_forest", "brier_score", "", np.nan, 0.02, 0.001),
)
RUNS = pd.DataFrame(
    [
        COMMON | dict(zip(("model", "metric", "threshold", "threshold_value", "mean", "sd"), row, strict=True))
        for row in FIGURES
    ]
)[list(RUN_COLUMNS)]
# Difference over the runs and its p; by regions difference, p, low and high; p by rotations.
COMPARED = {
    ("true_skill_statistic", "best_on_test"): (0.005, 1e-9, 0.006, 0.62, -0.04, 0.05, 0.7),
    ("true_skill_statistic", "validation"): (0.01, 0.2, 0.01, 0.5, -0.03, 0.05, 0.6),
    ("brier_score", ""): (0.07, 1e-18, 0.07, 0.002, 0.06, 0.08, 0.004),
}


def compared() -> pd.DataFrame:
    rows = []
    for (metric, threshold), (of_runs, p_runs, of_fits, p, low, high, p_rotations) in COMPARED.items():
        own = {"dataset": "M_FOLDS", "metric": metric, "threshold": threshold, "a": "lstm", "b": "random_forest"}
        of_blocks = own | {"difference": of_fits, "statistic": np.nan, "low": low, "high": high}
        rows += [
            own | {"test": "wilcoxon_signed_rank", "difference": of_runs, "statistic": 9.0, "p": p_runs, "n": 100},
            of_blocks | {"test": "region_block_bootstrap", "p": p, "n": 321},
            of_blocks | {"test": "rotation_block_bootstrap", "p": p_rotations, "n": 40},
        ]
    return pd.DataFrame(rows, columns=list(RUN_COMPARISON_COLUMNS))


def with_runs(folder):
    results = results_of(folder)
    published = {"table": "5", "dataset": "M_FOLDS", "model": "lstm", "metric": "true_skill_statistic", "why": ""}
    published |= {"threshold": "best_on_test", "agrees": "yes", "paper": 0.792, "paper_sd": 0.008}
    published |= {"got": 0.79, "got_sd": 0.008, "n": 100}
    papers = pd.concat([results.papers, pd.DataFrame([published])], ignore_index=True)
    return replace(results, runs=RUNS, runs_comparison=compared(), papers=papers)


def section(folder):
    return overlapping_runs(study_named("s"), with_runs(folder))


def texts(blocks) -> str:
    return " ".join(block["text"] for block in blocks if block["kind"] == "paragraph")


def test_a_study_without_such_runs_has_no_section(tmp_path):
    assert overlapping_runs(study_named("s"), results_of(tmp_path)) == []


def test_what_the_runs_share_is_told_from_the_tables(tmp_path):
    text = texts(section(tmp_path))
    assert "there are 100 runs: each of 10 fits lacks one fold" in text
    assert "Two fits share 88.9 % of their training samples" in text
    assert "two runs on different test folds 88.0 % of their test samples" in text
    assert "the 100 runs are of no more than 10 different fits" in text
    assert "tested on the same 321 regions" in text
    assert "no error of generalisation" in text


def test_what_a_test_over_them_finds_stands_beside_what_regions_say(tmp_path):
    text = texts(section(tmp_path))
    assert "Between LSTM and random forest it finds p < 0.05 in 2 of 3 figures" in text
    assert "down to a difference of 0.005 in TSS (best on test) on M_FOLDS" in text
    assert "it finds p < 0.05 in 1 of 3." in text


def test_where_the_test_finds_nothing_no_least_difference_is_told(tmp_path):
    results = with_runs(tmp_path)
    nothing = replace(results, runs_comparison=results.runs_comparison.assign(p=0.5))
    text = texts(overlapping_runs(study_named("s"), nothing))
    assert "p < 0.05 in 0 of 3 figures. Runs" in text


def test_scores_stand_beside_the_published_at_the_threshold_of_the_paper(tmp_path):
    scores, _ = tables_in(section(tmp_path))
    assert scores["rows"][0] == {"group": "M_FOLDS"}
    rows = [row["cells"] for row in scores["rows"][1:]]
    assert [row[0] for row in rows] == ["threshold", "TSS", "threshold", "TSS", "BS"]
    assert rows[0][1]["text"] == "best on test"
    assert (rows[0][2], rows[0][4]) == ("0.600", "0.050")
    best, chosen = rows[1], rows[3]
    assert [(cell["mean"], cell["sd"]) for cell in best[2:5]][:2] == [("0.790", "0.008"), ("0.792", "0.008")]
    assert (best[4]["mean"], best[5]) == ("0.785", UNDEFINED)
    assert (chosen[2]["mean"], chosen[3]) == ("0.780", UNDEFINED)
    assert rows[4][2]["mean"] == "0.090"


def test_both_tests_of_a_figure_have_one_row(tmp_path):
    _, tests = tables_in(section(tmp_path))
    rows = [row["cells"] for row in tests["rows"][1:]]
    assert [row[0] for row in rows] == ["TSS", "TSS", "BS"]
    first = rows[0]
    assert (first[2], first[3]) == ("+0.005", {"text": "< 0.0001", "style": "strong"})
    assert (first[4]["mean"], first[4]["interval"]) == ("+0.006", f"[{MINUS}0.040, +0.050]")
    assert first[5] == {"text": "0.6200", "style": "plain"}
    assert rows[2][6] == {"text": "0.0040", "style": "strong"}


def test_published_figures_over_runs_are_said_to_be_such(tmp_path):
    without, with_them = (
        published_against_ours(study_named("s"), one) for one in (results_of(tmp_path / "a"), with_runs(tmp_path / "b"))
    )
    assert "as if it were published without" in texts(with_them)
    assert "as if it were published without" not in texts(without)
    titles = [[column["title"] for column in block["columns"]] for block in tables_in(with_them)]
    assert "seeds" in titles[1]
    assert "runs" in titles[2]


def test_means_over_folds_are_not_among_means_over_seeds(tmp_path):
    results = results_of(tmp_path)
    assert set(intervals_over_seeds(results)["dataset"]) == {"A", "B"}
    entries = results.index["datasets"]
    in_folds = {"datasets": entries | {"B": entries["B"] | {"training_folds": 10}}}
    assert set(intervals_over_seeds(replace(results, index=in_folds))["dataset"]) == {"A"}
