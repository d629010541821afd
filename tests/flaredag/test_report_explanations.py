"""The report's section on explanations: its table of checks, and which of them are bad."""

from __future__ import annotations

import pandas as pd
import pytest

from flaredag.report_explanations import EXPLANATION, explanation
from made_up_explanations import checks

COLUMNS = ["subject", "method", "check", "value", "n"]


def table_of(table: pd.DataFrame) -> tuple[list[str], dict[tuple[str, str], list]]:
    """Titles of the columns, and cells by the group and the method of their row."""
    block = explanation(table)[-1]
    assert block["kind"] == "table"
    cells, group = {}, ""
    for row in block["rows"]:
        group = row.get("group", group)
        if "cells" in row:
            method, *values = row["cells"]
            cells[group, method] = values
    return [column["title"] for column in block["columns"]], cells


def one(check: str, value: float, method: str = "deep_lift.zero") -> list:
    _, cells = table_of(pd.DataFrame([("sharp-1", method, check, value, 3)], columns=COLUMNS))
    ((found,),) = cells.values()
    return found


def test_nothing_is_said_where_nothing_is_explained():
    assert explanation(checks().iloc[:0]) == []


def test_every_number_is_in_the_table_in_the_readers_words():
    columns, cells = table_of(pd.concat([checks("bipoles"), checks("sharp-377")]))
    assert columns == ["Method", "bipoles", "SHARP 377"]
    error = "Completeness: largest error"
    assert cells[error, "Integrated Gradients (zero)"] == ["0.21 %"] * 2
    assert cells[error, "Integrated Gradients (first)"] == [{"text": "3.45 %", "style": "bad"}] * 2
    untrained = "Randomisation: rank correlation with maps of an untrained network"
    assert cells[untrained, "Integrated Gradients (first)"] == ["\N{MINUS SIGN}0.12"] * 2
    assert cells[untrained, "Guided Backpropagation"] == [{"text": "0.93", "style": "bad"}] * 2
    assert cells["Randomisation: the same without signs", "Guided Backpropagation"] == ["0.97"] * 2
    assert cells["Stability: rank correlation between networks", "Integrated Gradients (first)"] == ["0.61"] * 2
    lines = "Concentration at polarity inversion lines"
    assert cells[lines, "the field itself"] == ["0.90"] * 2
    assert cells[lines, "Integrated Gradients (first)"] == ["3.40"] * 2
    assert cells[lines, "Occlusion"] == [{"text": "0.80", "style": "bad"}] * 2
    assert cells[lines, "Grad-CAM 5"] == ["\N{EN DASH}"] * 2
    assert cells["Steps of the integral: most", "Integrated Gradients (zero)"] == ["1,600"] * 2
    assert len(cells) == len(checks())


def test_rows_are_in_the_order_of_the_checks_and_methods_the_field_first():
    _, cells = table_of(checks().iloc[::-1])
    assert [method for group, method in cells if group.startswith("Concentration")] == [
        "the field itself",
        "Integrated Gradients (first)",
        "Grad-CAM 5",
        "Occlusion",
    ]
    assert next(iter(cells))[0].startswith("Completeness")


def test_a_check_that_a_subject_lacks_is_blank():
    bipoles = checks("bipoles")
    _, cells = table_of(pd.concat([bipoles[~bipoles["method"].str.endswith("first")], checks("smarp-12")]))
    assert cells["Stability: rank correlation between networks", "Integrated Gradients (first)"] == ["", "0.61"]


@pytest.mark.parametrize(
    ("check", "good", "bad"),
    [
        ("completeness_largest_error", 0.01, 0.0101),
        ("randomisation_rank_correlation", 0.89, 0.9),
        ("stability_rank_correlation", 0.5, 0.49),
        ("stability_rank_correlation_of_sizes", 0.5, 0.49),
        ("inversion_line_concentration", 1.01, 1.0),
    ],
)
def test_what_is_bad_is_marked(check, good, bad):
    assert isinstance(one(check, good), str)
    assert one(check, bad)["style"] == "bad"


def test_a_check_that_is_not_known_is_shown_by_its_name():
    _, cells = table_of(pd.DataFrame([("sharp-1", "made_up", "odd_check", 0.5, 1)], columns=COLUMNS))
    assert cells == {("odd check", "made up"): ["0.500"]}


def test_paragraphs_say_what_would_be_bad():
    blocks = explanation(checks())
    assert [block["text"] for block in blocks[:-1]] == list(EXPLANATION)
    text = " ".join(EXPLANATION)
    for said in ("above 1% a map leaves out", "near 1 is bad", "1 is no more than chance"):
        assert said in text
