"""The section of published figures on made-up results: verdicts, reasons, and digits as published, by hand."""

from __future__ import annotations

from dataclasses import replace

from flaredag.report_published import published_against_ours
from made_up_results import results_of, study_named, tables_in


def test_published_figures_stand_beside_ours_with_verdict_and_reason(tmp_path):
    blocks = published_against_ours(study_named("s"), results_of(tmp_path))
    summary, scores = tables_in(blocks)
    assert [row["cells"] for row in summary["rows"]] == [
        ["Table 6", "Scores", "1", "1", "0", "a"],
        ["Table 8", "", "0", "0", "1", "b"],
    ]
    agreeing, differing = scores["rows"][1], scores["rows"][3]
    assert agreeing["cells"][4:] == [{"text": "agrees", "style": "good"}, ""]
    assert differing["cells"][1]["mean"] == "0.800"
    assert differing["cells"][2]["mean"] == "0.500"
    assert differing["cells"][4:] == [{"text": "differs", "style": "bad"}, "a"]
    # Ours in the digits of the paper, with its made-up interval, at the threshold 0.5, beneath; the paper has none.
    assert (agreeing["cells"][2]["mean"], agreeing["cells"][2]["interval"]) == ("0.850", "[0.750, 0.950]")
    assert "interval" not in agreeing["cells"][1]
    (reasons,) = [block for block in blocks if block["kind"] == "reasons"]
    assert reasons["items"] == [["a", "Too few regions."], ["b", "No CNN here."]]


def test_a_score_at_another_threshold_says_so_and_has_the_interval_of_that(tmp_path):
    results = results_of(tmp_path)
    papers = results.papers.assign(threshold=["validation", "best_on_test", ""])
    chosen = results.intervals["threshold"] == "validation"
    intervals = results.intervals.assign(low=results.intervals["low"].mask(chosen, 0.3))
    changed = replace(results, papers=papers, intervals=intervals)
    _, scores = tables_in(published_against_ours(study_named("s"), changed))
    first, second = scores["rows"][1]["cells"], scores["rows"][3]["cells"]
    assert (first[0], first[2]["interval"]) == ("TSS (validation)", "[0.300, 0.950]")
    # These results have no score at the threshold that is best on the test split.
    assert second[0] == "TSS (best on test)"
    assert "interval" not in second[2]


def test_a_figure_that_has_no_interval_is_shown_without(tmp_path):
    results = results_of(tmp_path)
    others = results.intervals[results.intervals["threshold"] == "validation"]
    _, scores = tables_in(published_against_ours(study_named("s"), replace(results, intervals=others)))
    assert scores["rows"][1]["cells"][2]["mean"] == "0.850"
    assert "interval" not in scores["rows"][1]["cells"][2]
