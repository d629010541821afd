"""Scores of subsets, read from the batches that made them."""

import pandas as pd
import pytest

import made_up_ranking as made_up
from flaredag.artifacts import write_csv
from flaredag.errors import InputError
from flaredag.subset_scores import read_subset_scores


def test_scores_are_those_of_all_files(tmp_path):
    scores = made_up.removal_scores()
    for i, own in enumerate((scores.iloc[:20], scores.iloc[20:])):
        write_csv(tmp_path / f"{i}.csv", own)
    found = read_subset_scores([tmp_path / "0.csv", tmp_path / "1.csv"])
    pd.testing.assert_frame_equal(found, scores, check_dtype=False)


def test_a_figure_that_is_given_twice_is_told(tmp_path):
    paths = [tmp_path / "a.csv", tmp_path / "b.csv"]
    for path in paths:
        write_csv(path, made_up.subset_scores({"cdec": (0.5, 0.7)}))
    assert len(read_subset_scores(paths[:1])) == 10
    with pytest.raises(InputError, match="10 figures are given twice, the first of cdec"):
        read_subset_scores(paths)
