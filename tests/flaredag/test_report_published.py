"""The section of published figures on made-up results: verdicts, reasons, and digits as published, by hand."""

from __future__ import annotations

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
    (reasons,) = [block for block in blocks if block["kind"] == "reasons"]
    assert reasons["items"] == [["a", "Too few regions."], ["b", "No CNN here."]]
