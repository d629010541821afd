"""The page "What holds" and the section on the ladder, on made-up figures whose words are known."""

from __future__ import annotations

import pandas as pd
import pytest

import made_up_protocol as made_up
from flaredag.errors import InputError
from flaredag.report_protocol import best_baseline, protocol, what_holds
from made_up_results import tables_in

MINUS = "\N{MINUS SIGN}"


def points(n_ladders=1, **changes) -> str:
    results = made_up.results(n_ladders)
    for name, value in changes.items():
        setattr(results, name, value)
    (found,) = [
        block for block in what_holds([made_up.study_with_ladders(n_ladders)], [results]) if block["kind"] == "reasons"
    ]
    return "\n".join(text for _, text in found["items"])


def test_a_study_without_a_ladder_has_no_page():
    study = made_up.study_with_ladders() | {"ladders": []}
    assert what_holds([study], [made_up.results()]) == []


def test_the_table_has_a_line_a_rung_with_intervals():
    (table,) = tables_in(what_holds([made_up.study_with_ladders()], [made_up.results()]))
    assert [title for title, _ in table["spans"]] == ["Cycle 24", "LSTM", "logistic regression"]
    assert sum(n for _, n in table["spans"]) == len(table["columns"])
    balanced, natural, *_, disk = (row["cells"] for row in table["rows"])
    assert balanced[1:5] == [".88 [.78, .98]", ".94 [.84, 1.04]", ".40 [.30, .50]", ""]
    # Where the test set has its natural rate: the shifted probabilities, and what they were before.
    assert natural[3:5] == [".20 [.10, .30]", f"{MINUS}2.15 [{MINUS}2.25, {MINUS}2.05]"]
    assert natural[5] == ".83 [.73, .93]"
    assert natural[0].endswith("natural rate, 2.8 %")
    assert disk[1] == ".50 [.40, .60]"
    assert {len(row["cells"]) for row in table["rows"]} == {8}


def test_the_baseline_is_that_which_ranks_best():
    ladder = made_up.study_with_ladders()["ladders"][0]
    assert best_baseline(made_up.intervals(), ladder, "lstm") == "logistic_regression"
    # A constant forecast ranks nothing.
    assert best_baseline(made_up.intervals(), ladder, "logistic_regression") == ""


def test_a_baseline_on_few_rungs_yields_to_one_on_all():
    (ladder,) = made_up.study_with_ladders()["ladders"]
    table = made_up.intervals()
    # Better than the regression, but fitted on one rung.
    one = table[(table["dataset"] == "ALL") & (table["model"] == "lstm")].assign(model="gradient_boosting")
    assert best_baseline(pd.concat([table, one]), ladder, "lstm") == "logistic_regression"
    everywhere = table[table["model"] == "lstm"].assign(model="gradient_boosting")
    assert best_baseline(pd.concat([table, everywhere]), ladder, "lstm") == "gradient_boosting"


def test_without_a_baseline_the_table_has_the_model_alone():
    intervals = made_up.intervals()
    results = made_up.results()
    results.intervals = intervals[intervals["model"].str.startswith("lstm")]
    (table,) = tables_in(what_holds([made_up.study_with_ladders()], [results]))
    assert {len(row["cells"]) for row in table["rows"]} == {5}


def test_the_points_say_what_the_figures_say():
    told = points()
    assert "Cycle 24: LSTM has a TSS of .88 [.78, .98] on rung a" in told
    assert "and of .50 [.40, .60] on rung f, full disk" in told
    # .85 to .70 is the greatest of the falls .03, .15, -.02, .12 and .10.
    assert f"The greatest fall is to all samples ({MINUS}0.150)" in told
    assert "better than always forecasting the event rate" in told
    assert "on 1 of 6 rungs tested (bootstrap of regions, p < 0.05 after Holm: BALANCED)" in told
    assert "A true difference of .04" in told
    assert f"BSS {MINUS}2.40 to {MINUS}2.15 where events have their natural rate" in told
    assert "above climatology on 4 of 4 rungs. Best on the test set itself: beta on 4." in told
    assert f"best on test rather than validation on BY_TIME +.02 [{MINUS}.01, .05]" in told
    assert "4 findings: 2 clean, 1 declared, 1 reported, no leaks" in told


def test_probabilities_that_the_event_rate_beats_are_told():
    intervals = made_up.intervals()
    on_disk = (intervals["dataset"] == "DISK") & (intervals["metric"] == "brier_skill_score")
    intervals.loc[on_disk, ["value", "low", "high"]] = [-0.2, -0.3, -0.1]
    assert "worse than always forecasting the event rate" in points(intervals=intervals)
    intervals.loc[on_disk, ["value", "low", "high"]] = [0.05, -0.1, 0.2]
    assert "not told apart from always forecasting the event rate" in points(intervals=intervals)


def test_a_model_trained_at_the_natural_rate_is_not_said_to_be_balanced():
    intervals = made_up.intervals()
    shifted = intervals["model"] == "lstm.prior_shift"
    raw = (intervals["model"] == "lstm") & intervals["dataset"].isin(intervals.loc[shifted, "dataset"])
    is_skill = intervals["metric"] == "brier_skill_score"
    intervals.loc[raw & is_skill, "value"] = 0.2
    told = points(intervals=intervals)
    assert "LSTM was trained at the natural rate of events, so that no prior shift moves its probabilities" in told
    assert "BSS .20, above climatology on 4 of 4 rungs. Best on the test set itself: beta on 4." in told
    assert "balanced test" not in told


def test_what_was_not_asked_is_not_told():
    told = points(comparisons=made_up.comparisons().iloc[:0], audit=made_up.audit().iloc[:0])
    assert "beats" not in told
    assert "leak" not in told
    assert "Cycle 24" in told


def test_nothing_beyond_chance_is_told_as_none():
    comparisons = made_up.comparisons()
    comparisons["p_holm"] = 0.5
    assert "on none of 6 rungs tested" in points(comparisons=comparisons)


def test_a_threshold_behind_a_name_and_a_test_by_rotation_count_too():
    tests = made_up.comparisons()
    tests.loc[tests["a"] == "DISK lstm", "p_holm"] = 0.001
    tests = tests.replace({"a": {"DISK lstm": "DISK lstm (validation)"}})
    of_disk = tests["a"].str.startswith("DISK") & (tests["test"] == "region_block_bootstrap")
    tests.loc[of_disk, "test"] = "rotation_block_bootstrap"
    assert "on 2 of 6 rungs tested (bootstrap of regions, p < 0.05 after Holm: BALANCED, DISK)" in points(
        comparisons=tests
    )


def test_a_leak_priced_by_another_data_set_is_told_by_both():
    tests = made_up.comparisons()
    leak = tests[tests["family"] == "declared_leaks"].assign(a="BALANCED lstm", b="NATURAL lstm")
    assert f"BALANCED rather than NATURAL +.02 [{MINUS}.01, .05]" in points(comparisons=leak)


def test_two_studies_are_told_apart():
    studies = [made_up.study_with_ladders() | {"title": title} for title in ("One", "Two")]
    blocks = what_holds(studies, [made_up.results(), made_up.results()])
    assert [block["title"] for block in blocks if block["kind"] == "reasons"] == [
        "One: what it comes to",
        "Two: what it comes to",
    ]


def test_the_section_has_every_model_on_every_rung():
    words, table = protocol(made_up.study_with_ladders(), made_up.intervals())
    assert words["kind"] == "paragraph"
    assert words["text"].startswith("Cycle 24, LSTM.")
    groups = [row["group"] for row in table["rows"] if "group" in row]
    assert [group[:3] for group in groups] == ["(a)", "(b)", "(c)", "(d)", "(e)", "(f)"]
    models = [row["cells"][0] for row in table["rows"] if "cells" in row]
    assert models == ["LSTM", "logistic regression", "climatology"] * 6
    lstm_at_natural_rate = table["rows"][5]["cells"]
    assert [cell["mean"] for cell in lstm_at_natural_rate[1:]] == ["0.850", "0.925", "0.200", f"{MINUS}2.150"]
    assert lstm_at_natural_rate[1]["interval"] == "[0.750, 0.950]"
    climatology = table["rows"][3]["cells"]
    assert climatology[1] == "\N{EN DASH}"


def test_a_model_of_no_rung_is_refused():
    study = made_up.study_with_ladders() | {"headline": {"model": "cnn", "baseline": "lstm", "metric": "accuracy"}}
    with pytest.raises(InputError, match="no score of cnn"):
        protocol(study, made_up.intervals())
