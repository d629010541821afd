"""The rule that joins the ranking of a study."""

import numpy as np
import pytest

import made_up_ranking as made_up
from assess_features import assess_features, main
from flaredag.artifacts import write_csv
from flaredag.errors import InputError
from flaredag.ranking_tables import CUMULATIVE, INDIVIDUAL, RANKING_COLUMNS, order_of_features, read_ranking, rows_of


@pytest.fixture
def written(tmp_path):
    """Scores and order of data set A, and the paper's order; and where the ranking shall be."""
    scores, order, published = tmp_path / "scores.csv", tmp_path / "A.csv", tmp_path / "published.csv"
    write_csv(scores, made_up.subset_scores(made_up.ALONE | made_up.TOGETHER))
    write_csv(order, order_of_features(made_up.subset_scores(made_up.ALONE), made_up.FEATURES))
    published.write_text(made_up.PUBLISHED)
    return scores, order, published, tmp_path / "ranking.csv"


def run(written, published=True, sizes=None):
    scores, order, paper, ranking = map(str, written)
    main(
        {"A": [scores]},
        {"A": order},
        [paper] if published else [],
        ranking,
        study="s",
        tasks={"A": "at_least_m"},
        cumulative_sizes=sizes,
    )
    return read_ranking(ranking)


def test_the_table_is_what_was_scored_with_the_papers_ranks(written):
    table = run(written)
    # Four features alone and together, at two thresholds and by their area.
    assert len(table) == 2 * 4 * 3
    alone = rows_of(table, INDIVIDUAL)
    assert alone["published_rank_header"].tolist()[:2] == [1, 3]
    assert alone["published_rank_true"].tolist()[::3] == [4, 1]
    assert np.isnan(alone["published_rank_true"].iloc[2])


def test_without_a_published_order_there_are_no_ranks_and_without_a_data_set_no_rows(written):
    assert run(written, published=False)["published_rank_header"].isna().all()
    empty = written[-1].parent / "empty.csv"
    main({}, {}, [], str(empty), study="s", tasks={}, cumulative_sizes=None)
    assert empty.read_text() == ",".join(RANKING_COLUMNS) + "\n"


def test_what_is_missing_is_told_with_its_data_set():
    alone = {"A": made_up.subset_scores(made_up.ALONE)}
    nothing_else = {"study": "s", "tasks": {}, "published": None, "cumulative_sizes": None}
    with pytest.raises(InputError, match="data set A: no scores of the features cdec, usflux"):
        assess_features(alone, {"A": made_up.ORDER}, **nothing_else)


def test_of_first_features_together_those_numbers_that_are_asked_for_and_all(written):
    table = run(written, sizes=[3, 9])
    assert rows_of(table, CUMULATIVE)["k"].tolist() == [1, 3, 4]
    assert len(rows_of(table, INDIVIDUAL)) == 4
