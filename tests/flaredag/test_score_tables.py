from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from flaredag.errors import InputError
from flaredag.score_tables import CATEGORICAL_METRICS, METRICS, SCORE_COLUMNS, figures_by_seed, read_curves, read_scores

SCORES = """archive,study,dataset,seed,model,protocol,threshold,metric,value
embedded,sun2022,SHARP_ONLY,1,lstm,p,fixed_0.5,true_skill_statistic,0.8
embedded,sun2022,SHARP_ONLY,0,lstm,p,fixed_0.5,true_skill_statistic,0.9
embedded,sun2022,SHARP_ONLY,0,lstm,p,validation,true_skill_statistic,0.95
embedded,sun2022,SHARP_ONLY,0,lstm,p,,brier_score,0.1
embedded,sun2022,SHARP_ONLY,0,lstm,p,fixed_0.5,false_alarm_ratio,
embedded,li2024,SHARP_ONLY,0,lstm,p,fixed_0.5,true_skill_statistic,0.5
"""
CURVES = """dataset,model,seed,curve,x,y,n
SHARP_ONLY,lstm,0,reliability,0.05,,0
SHARP_ONLY,lstm,0,reliability,0.15,0.2,12
"""


def write(tmp_path, text):
    path = tmp_path / "table.csv"
    path.write_text(text)
    return path


def test_scores_are_read_with_undefined_values_and_without_thresholds(tmp_path):
    scores = read_scores(write(tmp_path, SCORES), study="sun2022")
    assert tuple(scores.columns) == SCORE_COLUMNS
    assert len(scores) == 5
    assert scores["seed"].dtype == np.int64
    assert scores["threshold"].tolist() == ["fixed_0.5", "fixed_0.5", "validation", "", "fixed_0.5"]
    assert np.isnan(scores["value"][4])
    assert len(read_scores(write(tmp_path, SCORES))) == 6


def test_figures_by_seed_are_at_the_fixed_threshold_and_sorted(tmp_path):
    scores = read_scores(write(tmp_path, SCORES), study="sun2022")
    got = figures_by_seed(scores, dataset="SHARP_ONLY", model="lstm", metric="true_skill_statistic")
    assert got.to_dict() == {0: 0.9, 1: 0.8}
    assert got.index.tolist() == [0, 1]
    assert figures_by_seed(scores, dataset="SHARP_ONLY", model="lstm", metric="brier_score").to_dict() == {0: 0.1}


def test_figures_that_are_absent_ambiguous_or_of_no_metric(tmp_path):
    scores = read_scores(write(tmp_path, SCORES))
    with pytest.raises(InputError, match="no true_skill_statistic of SHARP_ONLY cnn; they hold SHARP_ONLY lstm"):
        figures_by_seed(scores, dataset="SHARP_ONLY", model="cnn", metric="true_skill_statistic")
    with pytest.raises(InputError, match="twice for seed 0"):
        figures_by_seed(scores, dataset="SHARP_ONLY", model="lstm", metric="true_skill_statistic")
    with pytest.raises(InputError, match="unknown metric 'TSS'; known are accuracy"):
        figures_by_seed(scores, dataset="SHARP_ONLY", model="lstm", metric="TSS")


@pytest.mark.parametrize(
    ("found", "put", "message"),
    [
        (",value", ",figure", "no column value; found archive"),
        ("brier_score,0.1", "brier_score,many", "value is no number in 1 of 6 rows; the first is row 4 with 'many'"),
        ("SHARP_ONLY,1,", "SHARP_ONLY,1.5,", "seed is no whole number in 1 of 6 rows; the first is row 1 with '1.5'"),
        ("SHARP_ONLY,1,", "SHARP_ONLY,,", "seed is no whole number"),
        ("SHARP_ONLY,1,", "SHARP_ONLY,0,", "1 of 5 figures are given twice; the first is archive embedded"),
        ("brier_score", "brier", "unknown metric brier; known are"),
        ("sun2022", "sun2023", "no score of study 'sun2022'; found li2024, sun2023"),
    ],
)
def test_bad_scores_are_refused(tmp_path, found, put, message):
    with pytest.raises(InputError, match=message):
        read_scores(write(tmp_path, SCORES.replace(found, put)), study="sun2022")


def test_unreadable_and_empty_tables_are_refused(tmp_path):
    for text, message in [("", "cannot be read as CSV"), (SCORES.splitlines()[0] + "\n", "holds no row")]:
        with pytest.raises(InputError, match=message):
            read_scores(write(tmp_path, text))
    with pytest.raises(InputError, match=r"absent.csv: cannot be read as CSV"):
        read_curves(tmp_path / "absent.csv")
    path = tmp_path / "binary.csv"
    path.write_bytes(b"\xff\xfe\x00")
    with pytest.raises(InputError, match="cannot be read as CSV"):
        read_curves(path)


def test_curves_are_read(tmp_path):
    curves = read_curves(write(tmp_path, CURVES))
    assert curves["n"].tolist() == [0, 12]
    assert np.isnan(curves["y"][0])
    with pytest.raises(InputError, match=r"n is no whole number in 1 of 2 rows; the first is row 2 with '1.2'"):
        read_curves(write(tmp_path, CURVES.replace("0.2,12", "0.2,1.2")))


def test_every_metric_has_one_name():
    assert len(set(METRICS)) == len(METRICS) == 18
    assert {"precision", "false_alarm_ratio", "balanced_accuracy"} < set(CATEGORICAL_METRICS)
    assert pd.Series(METRICS).str.fullmatch("[a-z_]+").all()
