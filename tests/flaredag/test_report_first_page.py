"""First page of the report on made-up results of two seeds: the answer and the facts, by hand."""

from __future__ import annotations

from dataclasses import replace

import pandas as pd

from flaredag.report_first_page import facts, summary
from made_up_results import ARCHIVE, archive_results_of, results_of, study_named


def test_the_answer_of_the_first_page_is_computed(tmp_path):
    answer, table, leaks = summary(study_named("s"), results_of(tmp_path))
    # Data set A: 0.85 against 0.65; B: 0.5 against 0.65. The regions of A give p (Holm) 0.02, those of B 0.9.
    assert answer["text"] == (
        "In true skill statistic (TSS) at the threshold 0.5, mean over 2 seeds, LSTM is above logistic regression on 1 "
        "of 2 data sets (differences \N{MINUS SIGN}0.150 to +0.200). Resampling whole regions finds it better by "
        "more than chance on 1 of 2 (p < 0.05 after Holm's correction)."
    )
    assert [row["cells"][0] for row in table["rows"]] == ["B", "A"]
    # Seeds of A 0.8 and 0.9, sd 0.05 sqrt(2); the made-up interval of each mean reaches .1 to both sides.
    lstm = {"mean": "0.850", "sd": "0.071", "n": "", "best": False, "interval": "[0.750, 0.950]"}
    assert table["rows"][1]["cells"][1] == lstm
    differences = [(row["cells"][3]["mean"], row["cells"][3]["interval"]) for row in table["rows"]]
    assert differences == [
        ("\N{MINUS SIGN}0.150", "[\N{MINUS SIGN}0.300, 0.000]"),
        ("+0.200", "[+0.100, +0.300]"),
    ]
    assert [row["cells"][4] for row in table["rows"]] == ["0.9000", "0.0100"]
    assert [row["cells"][5]["style"] for row in table["rows"]] == ["plain", "strong"]
    assert leaks["items"] == ["Looks into `the_future`."]


def test_a_pair_that_no_regions_were_resampled_for_has_no_interval_and_no_p(tmp_path):
    results = results_of(tmp_path)
    of_seeds = results.comparisons[results.comparisons["test"] == "paired_t_one_sided"]
    answer, table, _ = summary(study_named("s"), replace(results, comparisons=of_seeds))
    assert answer["text"].endswith("(differences \N{MINUS SIGN}0.150 to +0.200).")
    cells = table["rows"][1]["cells"]
    assert (cells[3]["mean"], cells[3]["interval"], cells[4], cells[5]["text"]) == (
        "+0.200",
        "",
        "\N{EN DASH}",
        "\N{EN DASH}",
    )


def test_a_metric_without_threshold_is_answered_without_one(tmp_path):
    study = study_named("s")
    study["headline"]["metric"] = "area_under_roc_curve"
    answer, table, _ = summary(study, results_of(tmp_path))
    assert answer["text"].startswith("In area under roc curve (AUC), mean over 2 seeds, LSTM is above")
    # All made-up figures but the TSS are 0.25.
    assert [row["cells"][1]["mean"] for row in table["rows"]] == ["0.250", "0.250"]


def test_a_headline_may_name_rivals_data_sets_and_threshold(tmp_path):
    study, results = study_named("s"), results_of(tmp_path)
    study["headline"] |= {"rivals": ["forest"], "datasets": ["A"], "threshold": "validation"}
    at_validation = results.intervals.assign(threshold="validation")
    # The forest has the figures of the regression, less 0.05.
    forest = at_validation[at_validation["model"] == "logistic_regression"].assign(model="forest")
    forest = forest.assign(value=forest["value"] - 0.05)
    named = {side: results.comparisons[side] + " (validation)" for side in ("a", "b")}
    results = replace(
        results,
        intervals=pd.concat([at_validation, forest], ignore_index=True),
        comparisons=results.comparisons.assign(**named),
    )
    answer, table, _ = summary(study, results)
    assert answer["text"] == (
        "In true skill statistic (TSS) at the threshold that has the best TSS on the validation split, mean over 2 "
        "seeds, LSTM is above "
        "logistic regression and forest on 2 of 2 comparisons on 1 data sets (differences +0.200 to +0.250). "
        "Resampling whole regions finds it better by more than chance on 1 of 1 (p < 0.05 after Holm's correction)."
    )
    assert [row["cells"][0] for row in table["rows"]] == ["A, logistic regression", "A, forest"]
    # Of the forest nobody has resampled a difference.
    assert [row["cells"][4] for row in table["rows"]] == ["0.0100", "\N{EN DASH}"]


def test_two_data_sets_are_held_against_each_other_first(tmp_path):
    study, results = study_named("s"), results_of(tmp_path)
    study["headline"]["between"] = {
        "a": "A",
        "b": "B",
        "models": {"true_skill_statistic": ["lstm", "logistic_regression"]},
    }
    first = results.comparisons.iloc[0].to_dict()
    # Differences of the made-up means: the LSTM .85 - .5, the regression .65 - .65.
    pairs = {"lstm": (0.35, 0.2, 0.5, 0.01, 0.1), "logistic_regression": (0.0, -0.1, 0.1, 0.5, 0.2)}
    tests = [
        first
        | {"a": f"A {model}", "b": f"B {model}", "difference": difference, "low": low, "high": high, "test": test}
        | {"p": p, "p_holm": p, "detectable_difference": detectable}
        for model, (difference, low, high, p, detectable) in pairs.items()
        for test in ("region_block_bootstrap", "corrected_resampled_t_one_sided")
    ]
    results = replace(results, comparisons=pd.concat([results.comparisons, pd.DataFrame(tests)], ignore_index=True))
    answer, table, *rest = summary(study, results)
    assert answer["text"] == (
        "In true skill statistic (TSS) 1 of 2 models are better on A than on B, 1 by more than chance (p < 0.05 after "
        "Holm's correction, resampling whole regions); differences 0.000 to +0.350. A difference of 0.10 to 0.20 would "
        "have been seen in four cases of five. All 40 regions that some seed tests have their say, the same on both "
        "data sets."
    )
    assert [row["cells"][0] for row in table["rows"]] == ["LSTM, TSS", "logistic regression, TSS"]
    assert [row["cells"][3]["interval"] for row in table["rows"]] == [
        "[+0.200, +0.500]",
        "[\N{MINUS SIGN}0.100, +0.100]",
    ]
    assert [row["cells"][4]["style"] for row in table["rows"]] == ["strong", "plain"]
    assert [row["cells"][5] for row in table["rows"]] == ["0.0100", "0.5000"]
    assert rest[0]["kind"] == "answer"


def test_calibrated_forecasts_are_no_models_of_their_own(tmp_path):
    results = results_of(tmp_path)
    calibrated = results.scores.iloc[:1].assign(model="lstm.beta", dataset="A_BY_TIME", seed=7)
    results = replace(results, scores=pd.concat([results.scores, calibrated]))
    told = dict(facts([study_named("s")], [results], ARCHIVE, archive_results_of(tmp_path), effort="quick"))
    assert told["Models"] == "LSTM, logistic regression, combined in stack"
    # Data sets that only climb the ladder follow those of the study; seeds are those of the latter.
    assert told["Data sets"] == "B, A, A_BY_TIME"
    assert told["Seeds"] == "0\N{EN DASH}1"


def test_facts_tell_what_was_run(tmp_path):
    told = dict(
        facts([study_named("s")], [results_of(tmp_path)], ARCHIVE, archive_results_of(tmp_path), effort="quick")
    )
    assert told == {
        "Archive": "embedded: a made-up Sun",
        "It holds": (
            "SHARP 2010-05 \N{EN DASH} 2010-06, 1,234 records of 12 regions; SMARP no time, 0 records of 0 regions; "
            "5 M and X flares"
        ),
        "Studies": "s",
        "Effort": "quick",
        "Data sets": "B, A",
        "Models": "LSTM, logistic regression, combined in stack",
        "Seeds": "0\N{EN DASH}1",
        "Published figures": "3: 1 agree, 1 differ, 1 not run",
    }


def test_seeds_of_data_sets_without_every_model_are_told_where_there_are_no_others(tmp_path):
    study = study_named("s")
    study["datasets"] = []
    told = dict(facts([study], [results_of(tmp_path)], ARCHIVE, archive_results_of(tmp_path), effort="quick"))
    assert told["Seeds"] == "0\N{EN DASH}1"
