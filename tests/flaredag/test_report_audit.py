"""The section on the leak audit, on made-up findings."""

from __future__ import annotations

import made_up_protocol as made_up
from flaredag.report_audit import audit
from made_up_results import tables_in

STUDY = made_up.study_with_ladders()


def test_what_was_found_stands_whole_and_what_is_clean_is_counted():
    found, clean, _ = tables_in(audit(STUDY, made_up.audit(), made_up.comparisons()))
    assert [row["cells"][1] for row in found["rows"]] == ["BALANCED", "ALL"]
    assert found["rows"][0]["cells"][2] == {"text": "declared", "style": "strong"}
    assert found["rows"][1]["cells"][3:] == ["12", "12 pairs of flares within an hour and 30 degrees"]
    assert [row["cells"] for row in clean["rows"]] == [["region in two splits", "2", "BALANCED, NATURAL"]]


def test_leaks_come_first():
    findings = made_up.audit()
    findings.loc[3, "outcome"] = "leak"
    found = tables_in(audit(STUDY, findings, made_up.comparisons()))[0]
    assert found["rows"][0]["cells"][2] == {"text": "leak", "style": "bad"}


def test_leaks_are_priced_with_their_interval():
    *_, priced = tables_in(audit(STUDY, made_up.audit(), made_up.comparisons()))
    group, leak = priced["rows"]
    assert group == {"group": "TSS"}
    assert leak["cells"][:2] == ["BY_TIME LSTM (best on test)", "BY_TIME LSTM (validation)"]
    assert leak["cells"][2]["mean"] == "+0.020"
    assert leak["cells"][2]["interval"] == "[\N{MINUS SIGN}0.010, +0.050]"
    assert leak["cells"][3] == {"text": "0.0300", "style": "strong"}


def test_a_study_without_audit_and_declared_leaks_has_no_section():
    comparisons = made_up.comparisons()
    assert audit(STUDY, made_up.audit().iloc[:0], comparisons[comparisons["family"] == "one"]) == []
