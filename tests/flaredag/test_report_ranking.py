"""The section on the feature ranking, on a made-up one."""

import pandas as pd

import made_up_ranking as made_up
from compare_rankings import compare_rankings
from flaredag.report_ranking import ranking
from made_up_results import tables_in

STUDY = {"paper": "Somebody 1999", "ranking": made_up.SETTINGS}


def section(published=True):
    ranked = made_up.ranking()
    order, claims = (made_up.published(), made_up.claims()) if published else (None, None)
    compared = compare_rankings(ranked, order, claims, study="s", settings=made_up.SETTINGS)
    return ranking(STUDY, ranked, *compared)


def texts(blocks) -> str:
    return " ".join(block["text"] for block in blocks if block["kind"] == "paragraph")


def test_a_study_without_a_ranking_has_no_section():
    empty = made_up.ranking().iloc[:0]
    assert ranking(STUDY, empty, pd.DataFrame(), pd.DataFrame()) == []
    assert ranking(STUDY | {"ranking": None}, empty, pd.DataFrame(), pd.DataFrame()) == []


def test_the_answer_tells_the_first_the_last_and_how_many_are_best():
    said = texts(section())
    assert "On A the first is USFLUX (TSS 0.700 by itself), the last TOTUSJH (0.500)" in said
    assert "the first 3 of 4 together reach 0.900, all 0.800" in said
    assert "best on the test split" in said


def test_the_table_has_both_thresholds_and_the_papers_ranks():
    first = tables_in(section())[0]
    assert first["rows"][0] == {"group": "A: the first 4 of 4"}
    cells = first["rows"][1]["cells"]
    assert cells[:2] == ["1", "USFLUX"]
    # Alone best on test, at the threshold of validation, AUC; together twice.
    assert [cell["mean"] for cell in cells[2:7]] == ["0.700", "0.600", "0.900", "0.700", "0.600"]
    assert cells[7:] == ["1", "4"]
    assert "as in the paper" in first["caption"]
    assert sum(span for _, span in first["spans"]) == len(first["columns"]) == len(cells)


def test_agreement_and_claims_are_told_with_their_numbers():
    said, (_, agreement, claims) = texts(section()), tables_in(section())
    assert "nearer to the latter on 0 of 1 data sets." in said
    assert agreement["rows"][0]["cells"][:6] == ["A", "by the headers", "3 of 4", "1.000", "1.000", "3 of 3"]
    assert agreement["rows"][0]["cells"][6]["text"] == "TOTBSQ"
    assert "2 of 2 by the headers, 0 of 2 by true names, 1 of 1 by our own scores hold" in said
    rows = [row["cells"] for row in claims["rows"] if "cells" in row]
    assert [cells[3] for cells in rows] == [
        "1 of 1",
        "0 of 1",
        "2 of 2",
        "1 of 2",
        "0.900 (0.000) against 0.800 (0.000)",
    ]
    assert [cells[4]["text"] for cells in rows] == ["held", "not held", "held", "not held", "held"]
    assert rows[3][5]["text"] == "TOTUSJH; lacking: TOTBSQ"


def test_without_a_published_order_there_is_our_table_alone():
    (only,) = tables_in(section(published=False))
    assert len(only["rows"]) == 10


def test_of_several_orders_each_is_held_against_both_namings():
    ranked = made_up.ranking()
    order, claims = made_up.published(), made_up.claims()
    agreement, _ = compare_rankings(ranked, order, claims, study="s", settings=made_up.SETTINGS)
    # Of the other order that by true names is the nearer.
    other = agreement.assign(order="bss", spearman=-agreement["spearman"])
    blocks = ranking(STUDY, ranked, pd.concat([agreement, other]), pd.DataFrame())
    assert "nearer to the latter on 1 of 2 orders (A BSS)." in texts(blocks)
    assert [row["cells"][:3] for row in tables_in(blocks)[1]["rows"]][2] == ["A", "BSS", "by the headers"]
