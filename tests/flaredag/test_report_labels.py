"""The section on labels, on made-up scores."""

from __future__ import annotations

import made_up_protocol as made_up
from flaredag.report_labels import labels
from made_up_results import tables_in

STUDY = made_up.study_with_ladders()


def test_each_list_has_its_scores_and_what_it_changes():
    blocks = labels(STUDY, made_up.labels())
    (table,) = tables_in(blocks)
    group, goes, swpc = table["rows"]
    assert group == {"group": "ALL, LSTM"}
    assert goes["cells"][:5] == ["goes", "as issued", "1,000", "28", "0"]
    assert swpc["cells"][:5] == ["swpc", "0.7 removed", "1,000", "28", "31"]
    assert (swpc["cells"][5]["mean"], swpc["cells"][5]["interval"]) == ("0.600", "[0.500, 0.700]")
    assert blocks[0]["text"].endswith("moves the TSS most for LSTM on ALL: from .60 to .70.")


def test_where_no_tss_is_defined_nothing_is_said_of_it():
    relabelled = made_up.labels()
    text = labels(STUDY, relabelled[relabelled["metric"] != "true_skill_statistic"])[0]["text"]
    assert "TSS" not in text


def test_a_study_without_other_labels_has_no_section():
    assert labels(STUDY, made_up.labels().iloc[:0]) == []
