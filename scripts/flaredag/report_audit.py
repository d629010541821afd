"""Section of the report on the leak audit: what was found, and what the declared leaks are worth."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from flaredag.audit import CLEAN, DECLARED, LEAK, REPORTED
from flaredag.report_cells import (
    ABBREVIATIONS,
    Block,
    count,
    difference,
    number_columns,
    p_value,
    paragraph,
    styled,
    table,
    text_columns,
    wide_column,
    words,
)
from flaredag.report_inputs import rows_where
from flaredag.report_sections import REGION_BLOCKS
from flaredag.studies import DECLARED_LEAKS

if TYPE_CHECKING:
    import pandas as pd

    from flaredag.report_inputs import Study

STYLES = {LEAK: "bad", DECLARED: "strong", REPORTED: "plain"}


def audit(study: Study, findings: pd.DataFrame, comparisons: pd.DataFrame) -> list[Block]:
    """Tables of findings, `findings` as of audit_leaks, and of the leaks' worth, from the tests of `comparisons`."""
    blocks: list[Block] = []
    if not findings.empty:
        blocks += _found(findings)
    priced = rows_where(comparisons, family=DECLARED_LEAKS)
    if not priced.empty:
        blocks += _priced(priced, study["agreement"]["significance"])
    return blocks


def _found(findings: pd.DataFrame) -> list[Block]:
    others = findings.loc[findings["outcome"] != CLEAN, :]
    clean = rows_where(findings, outcome=CLEAN)
    told = (
        "Every data set is searched for what would let a forecast know its outcome: regions and windows shared by "
        "splits, columns that know the label or the future, statistics and thresholds from the test split. A leak that "
        "the study does not declare stops the run. What is reported need not be a leak."
    )
    blocks = [paragraph(told)]
    if not others.empty:
        order = {outcome: place for place, outcome in enumerate((LEAK, DECLARED, REPORTED))}
        of_outcome = others.sort_values("outcome", key=lambda column: column.map(order), kind="stable")
        rows = [
            {
                "cells": [
                    words(row["check"]),
                    row["subject"],
                    styled(row["outcome"], STYLES[row["outcome"]]),
                    count(row["n"]),
                    row["text"],
                ]
            }
            for row in of_outcome.to_dict("records")
        ]
        headings = text_columns("Check", "Subject", "Outcome") + number_columns("n") + wide_column("What was found")
        blocks.append(table("What the leak audit found.", headings, rows, small=True))
    if not clean.empty:
        rows = [
            {"cells": [words(check), count(len(of_check)), ", ".join(of_check["subject"])]}
            for check, of_check in clean.groupby("check", sort=False)
        ]
        headings = text_columns("Check") + number_columns("times") + wide_column("Subjects")
        blocks.append(table("Where the leak audit found nothing.", headings, rows, small=True))
    return blocks


def _priced(tests: pd.DataFrame, level: float) -> list[Block]:
    """What a leak is worth: the score with it less the score without."""
    rows: list[dict[str, Any]] = []
    of_regions = rows_where(tests, test=REGION_BLOCKS)
    for metric in of_regions["metric"].unique():
        rows.append({"group": ABBREVIATIONS.get(metric, words(metric))})
        for test in rows_where(of_regions, metric=metric).to_dict("records"):
            look = "strong" if test["p_holm"] < level else "plain"
            worth = difference(test["difference"], test["low"], test["high"])
            rows.append({"cells": [words(test["a"]), words(test["b"]), worth, styled(p_value(test["p_holm"]), look)]})
    headings = wide_column("With the leak") + wide_column("Without") + number_columns("worth", "p (Holm)")
    caption = (
        "What the declared leaks are worth: the score with each less the score without, and the 95 % interval by "
        "bootstrap of regions."
    )
    return [table(caption, headings, rows, small=True)]
