"""Findings: their table, what parts give together, what is declared, and that a leak is refused."""

import logging

import pytest

from flaredag.audit import (
    CLEAN,
    DECLARED,
    LEAK,
    REPORTED,
    Finding,
    findings_table,
    is_declared,
    log_findings,
    merged,
    refuse_leaks,
)
from flaredag.errors import InputError

CLEAN_ONE = Finding("a_check", "SHARP", CLEAN, 10, "ten are well")
REPORT = Finding("a_check", "SMARP", REPORTED, 2, "two are odd")
SMALL, LARGE = (Finding("b_check", name, LEAK, n, f"{n} regions leak") for name, n in (("SHARP", 3), ("SMARP", 700)))


def test_a_table_has_a_row_a_finding():
    table = findings_table([CLEAN_ONE, LARGE])
    assert list(table.columns) == ["check", "subject", "outcome", "n", "text"]
    assert table.to_numpy().tolist() == [list(CLEAN_ONE), list(LARGE)]


def test_no_finding_is_an_empty_table():
    assert findings_table([]).empty
    refuse_leaks(findings_table([]), what="nothing")


def test_parts_are_added_up_and_the_worst_wins():
    parts = [CLEAN_ONE, REPORT, CLEAN_ONE._replace(n=5, text="others"), SMALL, CLEAN_ONE._replace(subject="SMARP")]
    assert merged(parts) == [CLEAN_ONE._replace(n=15), REPORT, SMALL]
    assert merged([CLEAN_ONE._replace(subject="SMARP"), REPORT, REPORT]) == [REPORT._replace(n=4)]


@pytest.mark.parametrize(
    ("setting", "value", "declared"),
    [("undersampled", "test", True), ("undersampled", "validation", False), ("standardisation", "test", False)],
)
def test_a_leak_is_declared_with_setting_and_value(setting, value, declared):
    leaks = [{"text": "of no setting"}, {"setting": "undersampled", "value": "test", "text": "half are events"}]
    assert is_declared(leaks, setting, value) == declared


def test_leaks_are_refused_and_the_largest_named_first():
    table = findings_table([CLEAN_ONE, SMALL, REPORT, LARGE])
    with pytest.raises(
        InputError, match=r"study x: 2 leaks of 4 findings. b_check, SMARP: 700 regions leak; b_check, SH"
    ):
        refuse_leaks(table, what="study x")


def test_what_is_declared_or_reported_is_not_refused():
    table = findings_table([CLEAN_ONE, REPORT, SMALL._replace(outcome=DECLARED)])
    assert refuse_leaks(table, what="study x") is None
    # The same finding, not declared.
    with pytest.raises(InputError, match=r"1 leaks? of 3 findings"):
        refuse_leaks(findings_table([CLEAN_ONE, REPORT, SMALL]), what="study x")


def test_the_log_has_all_and_warns_of_what_a_reader_should_see(caplog):
    log = logging.getLogger("flaredag")
    with caplog.at_level(logging.INFO, logger="flaredag"):
        log_findings(log, findings_table([CLEAN_ONE, REPORT, SMALL, CLEAN_ONE._replace(outcome=DECLARED)]))
    levels = [record.levelname for record in caplog.records]
    assert levels == ["INFO", "WARNING", "WARNING", "INFO"]
    assert caplog.messages[2] == "b_check, SHARP: leak (3): 3 regions leak"
