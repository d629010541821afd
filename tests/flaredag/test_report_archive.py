"""The chapter on the archive: what it says of made-up findings, by hand."""

from __future__ import annotations

from dataclasses import replace

import pytest

from flaredag.report_archive import chapter, held_in_words, significant
from made_up_results import ARCHIVE, archive_results_of, tables_in

TIMES = "\N{THIN SPACE}\N{MULTIPLICATION SIGN}\N{THIN SPACE}"
MINUS, DASH = "\N{MINUS SIGN}", "\N{EN DASH}"


def sections_of(results, **changes) -> dict[str, list[dict]]:
    figure = {"kind": "figure", "file": "figure-0.svg", "caption": "Records of each month."}
    content = chapter(ARCHIVE | changes, results, {"coverage": figure})
    return {section["title"]: section["blocks"] for section in content["sections"]}


def cells(table: dict) -> list[list]:
    return [row["cells"] for row in table["rows"] if "cells" in row]


def text_of(blocks: list[dict]) -> str:
    return " ".join(block["text"] for block in blocks if block["kind"] == "paragraph")


def with_summary(results, **changes):
    return replace(results, summary=dict(results.summary) | changes)


def test_what_it_holds(tmp_path):
    table, flares, figure = sections_of(archive_results_of(tmp_path))["What it holds"]
    assert cells(table) == [
        ["SHARP", "1,234", "12", "900", "2010-05-01", "2010-06-30"],
        ["SMARP", "0", "0", "0", "", ""],
    ]
    assert flares["text"] == "Flares: 28, from 2010-05-02 to 2010-06-29; 3 below C1.0, 20 C, 4 M, 1 X."
    assert figure["caption"] == "Records of each month."


def test_counts_have_a_table_a_kind_and_unknown_ones_lose_their_underscores(tmp_path):
    tables = tables_in(sections_of(archive_results_of(tmp_path))["What was read, kept and left out"])
    assert [table["caption"] for table in tables[:2]] == [
        "Keyword records: what was read and kept.",
        "Flares: what was read and kept.",
    ]
    assert cells(tables[0]) == [["records read", "1,240", "0"], ["regions", "12", "0"]]
    assert cells(tables[1]) == [["flares read", "30"], ["flares of strange kind", "2"]]
    assert [column["title"] for column in tables[1]["columns"]] == ["Count", "number"]


def test_counts_of_flare_lists_have_a_column_a_list(tmp_path):
    counts = {"flares_read_hek": 10, "flares_read_ncei": 9, "flares_repaired_noaa_ar_hek": 2, "flares_in_all_lists": 8}
    results = with_summary(
        archive_results_of(tmp_path), counts={"flares": {"goes": counts | {"disagreements_peak": 3}}}
    )
    table = tables_in(sections_of(results)["What was read, kept and left out"])[0]
    assert [column["title"] for column in table["columns"]] == ["Count", "HEK", "NCEI", "ALL"]
    assert cells(table) == [
        ["flares read", "10", "9", ""],
        ["flares with the NOAA number made whole", "2", "", ""],
        ["flares in all lists", "", "", "8"],
    ]


def test_reasons_have_their_number_and_an_example(tmp_path):
    results = archive_results_of(tmp_path)
    table = tables_in(sections_of(results)["What was read, kept and left out"])[-1]
    assert table["rows"][0] == {"group": "Keyword records"}
    example = {"text": "sharp-0.csv line 7: 2010.06.31_00:00:00_TAI", "style": "code"}
    assert cells(table) == [["T_REC is no time", "6", example]]
    blocks = sections_of(with_summary(results, rejections={}))["What was read, kept and left out"]
    assert blocks[-1]["text"] == "No record was unreadable or contradicted itself."


def test_a_long_example_is_cut(tmp_path):
    example = {"source": "a.csv", "place": "", "text": "x" * 200}
    rejections = {"odd_kind": [{"reason": "long", "n": 1, "example": example}]}
    blocks = sections_of(with_summary(archive_results_of(tmp_path), rejections=rejections))
    table = tables_in(blocks["What was read, kept and left out"])[-1]
    assert table["rows"][0] == {"group": "Odd kind"}
    assert cells(table)[0][2]["text"] == f"a.csv: {'x' * 70}…"


def test_disagreements_of_the_largest_flares_and_how_many_more(tmp_path):
    blocks = sections_of(archive_results_of(tmp_path))["Flare lists against each other"]
    by_list, largest = tables_in(blocks)
    assert [column["title"] for column in by_list["columns"]] == ["Another list has", "NCEI", "HEK"]
    assert cells(by_list) == [["no such flare", "0", "4"], ["another class", "12", "0"]]
    assert largest["caption"] == "Disagreements on the largest flares. 15 more are in goes.disagreements.csv."
    assert cells(largest) == [["2010-06-12 00:57", "M2.0", "another class", "HEK: M2.0", "NCEI: M2.1"]]


@pytest.mark.parametrize(
    ("found", "told"),
    [
        (None, "There is no second list of flares to hold the first against."),
        ({"kinds": {}, "examples": [], "n": 0}, "The lists agree in every flare."),
    ],
)
def test_where_nothing_disagrees_it_says_so(tmp_path, found, told):
    blocks = sections_of(with_summary(archive_results_of(tmp_path), disagreements=found))
    assert text_of(blocks["Flare lists against each other"]) == told


def test_the_scaling_of_goes_8_to_15_is_told_of_real_flares_and_where_it_is_taken_out(tmp_path):
    results, title = archive_results_of(tmp_path), "Flare lists against each other"
    assert "GOES 8 to 15" not in text_of(sections_of(results)[title])
    assert "They are taken here as published" in text_of(sections_of(results, simulated=False)[title])
    unscaled = with_summary(
        results, counts={"flares": {"goes": {"flares_unscaled": 1234, "flares_of_goes_8_to_15": 2000}}}
    )
    scaled = with_summary(results, counts={"flares": {"goes": {"flares_unscaled": 0, "flares_of_goes_8_to_15": 2000}}})
    told = "The 2,000 flares of theirs are taken here as published, as in the papers"
    assert told in text_of(sections_of(scaled, simulated=False)[title])
    for simulated in (True, False):
        assert "taken out of 1,234 flares" in text_of(sections_of(unscaled, simulated=simulated)[title])


def test_lines_of_both_instruments_stand_beside_the_published_ones(tmp_path):
    results = archive_results_of(tmp_path)
    blocks = sections_of(results)["SHARP against SMARP"]
    assert "A simulated Sun need not agree with them." in text_of(blocks)
    assert "simulated" not in text_of(sections_of(results, simulated=False)["SHARP against SMARP"])
    assert cells(tables_in(blocks)[0]) == [
        ["USFLUXL", "1.200", f"{MINUS}3.500{TIMES}10²⁰", "0.970", "800", "1.216", f"{MINUS}3.878{TIMES}10²⁰", "0.970"],
        ["MEANGBL", "2.000", "8.300", "0.800", "800", "1.992", "8.343", "0.796"],
        ["R_VALUE", "0.8000", f"{MINUS}0.09000", "0.900", "800", "0.8328", f"{MINUS}0.09456", DASH],
        ["AREA", DASH, DASH, DASH, "0", DASH, DASH, DASH],
    ]
    assert "1.100 times those of SHARP" in text_of(blocks)
    assert "2 pairs of patches, 1.050 to 1.150 in single pairs)" in text_of(blocks)


def test_without_overlap_or_images_nothing_is_compared(tmp_path):
    results = archive_results_of(tmp_path)
    blocks = sections_of(replace(results, regressions=results.regressions.assign(n=0.0)))["SHARP against SMARP"]
    assert [block["kind"] for block in blocks] == ["paragraph"]
    assert "No patch was seen by both" in blocks[0]["text"]
    without_images = sections_of(replace(results, factors=results.factors.iloc[:0]))["SHARP against SMARP"]
    assert "times those of SHARP" not in text_of(without_images)


def test_one_line_for_the_first_page(tmp_path):
    assert held_in_words(archive_results_of(tmp_path)) == (
        f"SHARP 2010-05 {DASH} 2010-06, 1,234 records of 12 regions; SMARP no time, 0 records of 0 regions; "
        "5 M and X flares"
    )


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (0.0, "0.000"),
        (1.21616, "1.216"),
        (-0.09456, f"{MINUS}0.09456"),
        (9999.4, "9999"),
        (9999.6, f"1.000{TIMES}10⁴"),
        (-2.5e-16, f"{MINUS}2.500{TIMES}10⁻¹⁶"),
        (float("nan"), DASH),
    ],
)
def test_significant_digits(value, text):
    assert significant(value) == text
