"""The section on permutation importance: its words are computed, and its table has every member."""

import made_up_importance as made_up
from flaredag.report_importance import importance
from made_up_results import study_named, tables_in

STUDY = study_named("s")
TSS = "true_skill_statistic"


def test_words_tell_what_it_is_and_how_many_groups_there_are():
    meaning = importance(STUDY, made_up.importance(("B", "A")))[0]["text"]
    assert "means over 5 permutations and 1 seed(s)" in meaning
    assert "a ranking of single features says little" in meaning
    assert meaning.endswith("7 features in 3 groups, 1 of several (B); 7 features in 3 groups, 1 of several (A).")


def test_the_greatest_loss_and_intervals_with_zero_are_told_of_each_model():
    _, told, _ = importance(STUDY, made_up.importance())
    assert told["text"] == (
        "A. LSTM, with a TSS of .70, leans most on usflux, totusjz, totusjh and 2 more: without it .40 [.35, .45] are "
        "lost. The interval includes zero for 1 of 3 groups: meangam. Logistic regression, with a TSS of .70, leans "
        "most on usflux, totusjz, totusjh and 2 more: without it .20 [.15, .25] are lost. The interval includes zero "
        "for 2 of 3 groups: r_value; meangam."
    )


def test_where_no_interval_has_zero_and_where_there_is_none():
    table = made_up.importance(models=("lstm",))
    _, sure, _ = importance(STUDY, table.assign(low=0.001))
    assert "The interval includes zero for none of 3 groups." in sure["text"]
    _, unbounded, _ = importance(STUDY, made_up.without_interval(table))
    assert unbounded["text"].endswith("are lost. There is no interval.")
    _, undefined, _ = importance(STUDY, table.assign(loss=float("nan")))
    assert undefined["text"] == "A. LSTM: its TSS is undefined."


def test_the_table_has_every_member_and_a_column_a_model():
    blocks = importance(STUDY, made_up.importance(("A", "B")))
    # In the order of the study.
    first, second = tables_in(blocks)
    assert first["caption"].startswith("TSS that is lost on B")
    assert second["caption"].startswith("TSS that is lost on A")
    assert "70,000 test samples of 600 regions, 1,234 events" in first["caption"]
    titles = [column["title"] for column in first["columns"]]
    assert titles == ["Features", "number", "least corr.", "LSTM", "logistic regression"]
    cells = [row["cells"] for row in first["rows"]]
    assert cells[0][:3] == ["usflux, totusjz, totusjh, totpot, savncpp", "5", ".83"]
    assert cells[1][:3] == ["r_value", "1", "\N{EN DASH}"]
    assert cells[0][3]["mean"] == "+0.400"
    assert cells[0][3]["interval"] == "[+0.350, +0.450]"
    assert cells[2][4]["interval"] == "[\N{MINUS SIGN}0.045, +0.055]"


def test_a_study_that_does_not_ask_has_no_section():
    assert importance(STUDY, made_up.importance().iloc[:0]) == []
