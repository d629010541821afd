"""The section on hyperparameter searches."""

import made_up_search as made_up
from flaredag.artifacts import write_csv
from flaredag.report_search import searches
from flaredag.search_tables import read_searches


def blocks(tmp_path, **changes):
    write_csv(tmp_path / "searches.csv", made_up.searched().assign(**changes), float_format="%.10g")
    return searches(read_searches(tmp_path / "searches.csv"))


def texts(found):
    return [block["text"] for block in found if block["kind"] == "paragraph"]


def test_a_study_without_a_search_has_no_section():
    assert searches(made_up.searched().iloc[:0]) == []


def test_each_search_is_told_with_its_gain_and_its_spread(tmp_path):
    meaning, first, second = texts(blocks(tmp_path))
    assert "Test samples have no part in it" in meaning
    assert first == (
        "Transformer on ONE: 5 settings were tried; 3 were scored on each of 2 split(s) (seeds 3, 5), 1 pruned, 1 "
        "could not be fitted. The configured settings have a mean validation TSS of 0.500 ± 0.141, the optimum (trial "
        "1) one of 0.600 ± 0.141: better by 0.100 on average, with a standard deviation of 0.283 over the splits. That "
        "is within that spread: little was to be gained."
    )
    assert second.endswith("a mean validation BS of 0.500 ± 0.141; no trial has a better one.")


def test_a_gain_beyond_the_spread_and_one_of_one_split_are_told(tmp_path):
    assert texts(blocks(tmp_path, gain_sd=0.05))[1].endswith("That is more than that spread.")
    alone = texts(blocks(tmp_path, n_splits=1, seeds="3", gain_sd=float("nan")))[1]
    assert alone.endswith("better by 0.100 on average, of one split, which says nothing of its spread.")


def test_settings_stand_side_by_side_as_in_the_papers_table(tmp_path):
    table = blocks(tmp_path)[-1]
    assert table["spans"] == [("", 2), ("transformer, ONE", 2), ("transformer, TWO", 2)]
    rows = [row["cells"] for row in table["rows"]]
    assert rows[0] == ["n blocks", "1, 2, 3, 4", "4", "2", "4", "4"]
    assert rows[1] == ["head dropouts.1", "0.1 to 0.5", "0.2", "0.3", "0.2", "0.2"]
    assert rows[2][0] == "validation TSS, BS"
    assert [cell["mean"] for cell in rows[2][2:]] == ["0.500", "0.600", "0.500", "0.500"]
