"""First page of the report on made-up results of two seeds: the answer and the facts, by hand."""

from __future__ import annotations

from flaredag.report_first_page import facts, summary
from made_up_results import ARCHIVE, archive_results_of, results_of, study_named


def test_the_answer_of_the_first_page_is_computed(tmp_path):
    answer, table, leaks = summary(study_named("s"), results_of(tmp_path))
    # Data set A: 0.85 against 0.65; B: 0.5 against 0.65. The test of A has p (Holm) 0.02, that of B 0.9.
    assert answer["text"] == (
        "In true skill statistic (TSS) at the threshold 0.5, mean over 2 seeds, LSTM is above logistic regression on 1 "
        "of 2 data sets (differences \N{MINUS SIGN}0.150 to +0.200). The paired test finds it better by "
        "more than chance on 1 of 2 (p < 0.05 after Holm's correction)."
    )
    assert [row["cells"][0] for row in table["rows"]] == ["B", "A"]
    assert [row["cells"][3] for row in table["rows"]] == ["\N{MINUS SIGN}0.150", "+0.200"]
    assert [row["cells"][5]["style"] for row in table["rows"]] == ["plain", "strong"]
    assert leaks["items"] == ["Looks into `the_future`."]


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
