"""The section on strata, on made-up scores."""

from __future__ import annotations

import made_up_protocol as made_up
from flaredag.report_strata import strata
from made_up_results import tables_in

STUDY = made_up.study_with_ladders()
UNDEFINED = "\N{EN DASH}"


def test_parts_are_grouped_by_stratum_and_have_their_numbers():
    table, _ = tables_in(strata(STUDY, made_up.strata()))
    assert table["caption"].startswith("Scores of LSTM on ALL")
    assert [row["group"] for row in table["rows"] if "group" in row] == [
        "All windows",
        "First strong flare of the region",
        "Zurich class of the largest group",
    ]
    before = table["rows"][3]["cells"]
    assert before[:4] == ["none before", "1,000", "12", "40"]
    # TSS at 0.5 is .1 below that at the chosen threshold, .5.
    assert [cell["mean"] for cell in before[4:]] == ["0.400", "0.500", "0.650", "0.100"]
    assert before[5]["interval"] == "[0.400, 0.600]"


def test_a_part_with_too_few_events_has_numbers_only_and_the_words_say_so():
    blocks = strata(STUDY, made_up.strata())
    few = tables_in(blocks)[0]["rows"][-1]["cells"]
    assert few == ["F", "1,000", "2", "40", *[UNDEFINED] * 4]
    assert "fewer than 5 events" in blocks[0]["text"]
    assert "(1 of 4, counted by model)" in blocks[0]["text"]


def test_all_clears_are_told_for_all_windows_and_before_the_first_flare():
    blocks = strata(STUDY, made_up.strata())
    _, table = tables_in(blocks)
    assert [row["cells"][0] for row in table["rows"][1:]] == ["all windows", "none before", "after the first"]
    assert [cell["mean"] for cell in table["rows"][1]["cells"][1:]] == ["0.700", "0.070", "0.990", "0.970"]
    assert blocks[-2]["text"].endswith("On the test split it misses .07 of the events.")


def test_a_stratum_that_the_archive_does_not_give_is_named_and_not_shown():
    verified = made_up.strata()
    verified.loc[verified["stratum"] == "mcintosh", "part"] = "not_given"
    blocks = strata(STUDY, verified)
    assert blocks[0]["text"].endswith("Not given by the archive: mcintosh.")
    groups = [row["group"] for row in tables_in(blocks)[0]["rows"] if "group" in row]
    assert groups == ["All windows", "First strong flare of the region"]


def test_a_study_without_strata_has_no_section():
    assert strata(STUDY, made_up.strata().iloc[:0]) == []
