"""The rule that joins the ranking of a study."""

import numpy as np
import pytest

import made_up_ranking as made_up
from assess_features import assess_features, main
from flaredag.artifacts import write_csv, write_json
from flaredag.errors import InputError
from flaredag.ranking_settings import orders_of
from flaredag.ranking_tables import CUMULATIVE, INDIVIDUAL, RANKING_COLUMNS, read_ranking, rows_of, rows_of_order
from rank_features import rank_features


@pytest.fixture
def folder(tmp_path):
    """Scores, orders, index and the papers' orders of both made-up rankings."""
    rankings = {"A": made_up.SETTINGS, "SHARP": made_up.REMOVAL}
    scores = {"A": made_up.subset_scores(made_up.ALONE | made_up.TOGETHER), "SHARP": made_up.removal_scores()}
    features = {"A": made_up.FEATURES, "SHARP": made_up.REMOVED_FEATURES}
    for name, settings in rankings.items():
        write_csv(tmp_path / f"{name}.scores.csv", scores[name])
        write_csv(tmp_path / f"{name}.csv", rank_features(scores[name], features[name], orders_of(settings)))
    counts = {"regions_of_evaluated": {"train": 64, "validation": 16, "test": 20}}
    in_folds = {"split_by": "time", "seeds": {"0": counts}}
    write_json(tmp_path / "index.json", {"datasets": {"SHARP": {"seeds": {"0": counts}}, "A": in_folds}})
    (tmp_path / "A.published.csv").write_text(made_up.PUBLISHED)
    (tmp_path / "SHARP.published.csv").write_text(made_up.REMOVAL_PUBLISHED)
    return tmp_path


def run(folder, dataset="A", settings=made_up.SETTINGS, *, published=True):
    ranking = folder / "ranking.csv"
    main(
        {dataset: [str(folder / f"{dataset}.scores.csv")]},
        {dataset: str(folder / f"{dataset}.csv")},
        [str(folder / "index.json")],
        [str(folder / f"{dataset}.published.csv")] if published else [],
        str(ranking),
        study="s",
        settings=settings,
    )
    return read_ranking(ranking)


def test_the_table_is_what_was_scored_with_the_papers_ranks(folder):
    table = run(folder)
    # Four features alone and together, at two thresholds and by their area.
    assert len(table) == 2 * 4 * 3
    alone = rows_of(table, INDIVIDUAL)
    assert alone["published_rank_header"].tolist()[:2] == [1, 3]
    assert alone["published_rank_true"].tolist()[::3] == [4, 1]
    assert np.isnan(alone["published_rank_true"].iloc[2])
    # Its seeds are folds, which draw no regions.
    assert table["low"].isna().all()


def test_without_a_published_order_there_are_no_ranks_and_without_a_data_set_no_rows(folder):
    assert run(folder, published=False)["published_rank_header"].isna().all()
    empty = folder / "empty.csv"
    nothing = {"datasets": [], "orders": {}, "directions": []}
    main({}, {}, [], [], str(empty), study="s", settings=nothing)
    assert empty.read_text() == ",".join(RANKING_COLUMNS) + "\n"


def test_what_is_missing_is_told_with_its_data_set_and_order():
    alone = {"A": made_up.subset_scores(made_up.ALONE)}
    nothing_else = {"study": "s", "settings": made_up.SETTINGS, "published": None, "ratios": {"A": 0.2}}
    with pytest.raises(
        InputError, match="data set A, order tss: no scores of the features cdec, chis, totusjh, usflux"
    ):
        assess_features(alone, {"A": {"tss": made_up.ORDER}}, **nothing_else)


def test_of_first_features_together_those_numbers_that_are_asked_for_and_all(folder):
    table = run(folder, settings=made_up.SETTINGS | {"cumulative_sizes": [3, 9]})
    assert rows_of(table, CUMULATIVE)["k"].tolist() == [1, 3, 4]
    assert len(rows_of(table, INDIVIDUAL)) == 4


def test_every_order_and_direction_has_its_rows_of_its_own_model(folder):
    table = run(folder, "SHARP", made_up.REMOVAL)
    # Two orders, two figures; three features alone, and three sets from each end.
    assert len(table) == 2 * 2 * 3 * 3
    assert dict(zip(table["order"], table["model"], strict=True)) == {"tss": made_up.BY_TSS, "bss": made_up.BY_BSS}
    for name, order in orders_of(made_up.REMOVAL).items():
        for direction, ks in (("first", [1, 2, 3]), ("last", [3, 2, 1])):
            rows = rows_of_order(table, order, CUMULATIVE, name=name, dataset="SHARP", direction=direction)
            assert rows["k"].tolist() == ks
            # The regions of the splits overlap by 20 of 80.
            assert rows["low"].notna().any()
    # The paper's names are the same by both hands, so they are held against ours once.
    assert table["published_rank_header"].isna().all()
    ranks = rows_of_order(table, orders_of(made_up.REMOVAL)["tss"], INDIVIDUAL, name="tss", dataset="SHARP")
    assert ranks["published_rank_true"].fillna(0).tolist() == [1, 0, 3]
