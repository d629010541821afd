"""The part of the report on features removed one by one, on a made-up elimination."""

import made_up_ranking as made_up
from compare_rankings import compare_rankings
from flaredag.report_cells import MINUS, UNDEFINED
from flaredag.report_ranking import ranking
from made_up_results import tables_in

STUDY = {"paper": "Somebody 1999", "ranking": made_up.REMOVAL}


def section(ranked=None, *, published=True, settings=made_up.REMOVAL):
    ranked = made_up.removal() if ranked is None else ranked
    order, claims = (made_up.removal_published(), made_up.removal_claims()) if published else (None, None)
    compared = compare_rankings(ranked, order, claims, study="s", settings=settings)
    return ranking(STUDY | {"ranking": settings}, ranked, *compared)


def texts(blocks) -> str:
    """Running text, with a hyphen for the sign of print."""
    return " ".join(block["text"] for block in blocks if block["kind"] == "paragraph").replace(MINUS, "-")


def test_each_order_is_told_by_its_own_figure():
    said = texts(section())
    assert "by the TSS of transformer at the threshold 0.5, or by the BSS of transformer by brier score." in said
    assert "removed one by one, the most important first, and again the least important first, and a model" in said
    assert (
        "On SHARP, by the TSS of transformer at the threshold 0.5, the first are R_VALUE (0.700 ± 0.100), USFLUX "
        "(0.500 ± 0.000), AREA_ACR (0.200 ± 0.100). USFLUX is not below the first by more than the spread."
    ) in said
    assert "by the BSS of transformer by brier score, the first are USFLUX (0.300 ± 0.000), R_VALUE" in said


def test_what_removing_does_is_told_from_either_end_with_intervals():
    said = texts(section())
    assert (
        "All 3 together have a TSS of 0.767 ± 0.115. Without the first, R_VALUE, it is 0.467 ± 0.058, a difference of "
        "-0.300 [-0.629, 0.029], within the spread. It first falls by more than the spread when 2 of the first are "
        "removed: 0.200 ± 0.100, a difference of -0.567 [-0.756, -0.377], more than the spread."
    ) in said
    assert (
        "Without the last, AREA_ACR, it is 0.750 ± 0.100, a difference of -0.017 [-0.206, 0.173], within the spread. "
        "As more of the last are removed, down to 1, it falls by no more than the spread."
    ) in said
    assert "lies on one side of zero; intervals are by the variance of Nadeau & Bengio (2003)" in said


def test_where_splits_draw_no_regions_the_standard_deviation_is_the_spread():
    said = texts(section(made_up.removal(float("nan"))))
    assert "where it is greater than its standard deviation" in said
    # .3 against a sd of .1.
    assert "Without the first, R_VALUE, it is 0.467 ± 0.058, a difference of -0.300, more than the spread." in said
    # At once, so that the lowest of all is told.
    assert "Its lowest is 0.200 ± 0.100, with 1 left." in said


def test_of_one_split_nothing_is_judged():
    one = made_up.removal().assign(sd=float("nan"), difference_sd=float("nan"), low=float("nan"))
    one = one.assign(n_seeds=1, difference_low=float("nan"), difference_high=float("nan"))
    said = texts(section(one))
    assert "R_VALUE (0.700), USFLUX (0.500)" in said
    assert "Without the first, R_VALUE, it is 0.467, a difference of -0.300." in said
    assert "the spread." not in said.partition("On SHARP")[2]


def test_the_table_has_what_remains_from_either_end_and_the_papers_ranks():
    first = tables_in(section())[0]
    assert [column["title"] for column in first["columns"]] == [
        *("", "feature", "alone", "with all after it", "with all before it", "paper")
    ]
    assert first["rows"][0] == {"group": "TSS of transformer at the threshold 0.5: the first 3 of 3"}
    assert first["rows"][4] == {"group": "BSS of transformer by brier score: the first 3 of 3"}
    cells = first["rows"][3]["cells"]
    assert [cells[0], cells[1], cells[5]] == ["3", "AREA_ACR", "3"]
    # Bold: alone below the first, and of the most important removed below all.
    assert [(cell["mean"], cell["sd"], cell["best"]) for cell in cells[2:5]] == [
        ("0.200", "0.100", True),
        ("0.200", "0.100", True),
        ("0.767", "0.115", False),
    ]
    assert cells[2]["interval"] == f"[{MINUS}0.129, 0.529]"
    assert first["rows"][2]["cells"][5] == UNDEFINED


def test_of_chosen_sizes_the_others_are_left_empty():
    some = made_up.removal()
    some = some[~((some["kind"] == "cumulative") & (some["k"] == 2))]
    first = tables_in(section(some))[0]
    assert first["rows"][2]["cells"][3:5] == [UNDEFINED, UNDEFINED]
    assert "Without the first, R_VALUE, USFLUX, it is 0.200" in texts(section(some))


def test_agreement_and_claims_tell_their_order_and_no_naming():
    said, (_, agreement, claims) = texts(section()), tables_in(section())
    assert "of each order as many ranks as the table counts are told" in said
    assert [column["title"] for column in agreement["columns"]][:3] == ["Data set", "order", "shared"]
    assert [row["cells"][:3] for row in agreement["rows"]] == [["SHARP", "TSS", "2 of 2"], ["SHARP", "BSS", "1 of 1"]]
    assert "2 of 3 on ranks, 3 of 4 on scores hold" in said
    rows = [row["cells"] for row in claims["rows"] if "cells" in row]
    assert [cells[1] for cells in rows] == ["TSS", "BSS", *["TSS"] * 5]
    assert rows[3][4] == "0.467 (0.058) against 0.767 (0.115)"
    assert [cells[5]["text"] for cells in rows] == [*["held", "not held"] * 2, *["held"] * 3]
    assert "more than the spread over splits" in claims["caption"]


def test_without_a_published_order_there_are_our_tables_alone():
    assert len(tables_in(section(published=False))) == 1


def test_one_direction_is_told_alone():
    settings = made_up.REMOVAL | {"directions": ["last"]}
    ranked = made_up.removal().query("direction != 'first'")
    said = texts(section(ranked, published=False, settings=settings))
    assert "removed one by one, the most important first, and a model" in said
    assert "Without the last" not in said
