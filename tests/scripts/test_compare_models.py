from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from compare_models import COLUMNS, compare_models, main
from flaredag.errors import InputError
from flaredag.score_tables import SCORE_COLUMNS


def mock_scores(figures: dict[tuple[str, str, str], list[float]]) -> pd.DataFrame:
    """Scores of (dataset, model, metric): one figure a seed, at the fixed threshold if the metric needs one."""
    rows = [
        {
            "archive": "embedded",
            "study": "sun2022",
            "dataset": dataset,
            "seed": seed,
            "model": model,
            "protocol": "p",
            "threshold": "" if metric == "brier_skill_score" else "fixed_0.5",
            "metric": metric,
            "value": value,
        }
        for (dataset, model, metric), values in figures.items()
        for seed, value in enumerate(values)
    ]
    return pd.DataFrame(rows)[list(SCORE_COLUMNS)]


def pair(a: str, b: str) -> dict:
    return {side: {"dataset": name.split()[0], "model": name.split()[1]} for side, name in (("a", a), ("b", b))}


SCORES = mock_scores(
    {
        ("FUSED", "lstm", "true_skill_statistic"): [0.5, 0.7, 0.9, 1.0],
        ("ONLY", "lstm", "true_skill_statistic"): [0.4, 0.5, 0.6, 0.6],
        ("ONLY", "persistence", "true_skill_statistic"): [0.4, 0.5, 0.6, 0.6],
        ("FUSED", "lstm", "brier_skill_score"): [0.5, 0.4, 0.5, 0.6],
        ("ONLY", "lstm", "brier_skill_score"): [0.5, 0.5, 0.4, 0.6],
        ("ONLY", "persistence", "brier_skill_score"): [0.1, 0.2, 0.3, np.nan],
    }
)
FAMILIES = [
    {
        "name": "table7",
        "metrics": ["true_skill_statistic", "brier_skill_score"],
        "pairs": [pair("FUSED lstm", "ONLY lstm")],
    },
    {"name": "table8", "metrics": ["true_skill_statistic"], "pairs": [pair("ONLY lstm", "ONLY persistence")]},
]


def test_comparisons_by_hand():
    got = compare_models(SCORES, FAMILIES, study="sun2022")
    assert tuple(got.columns) == COLUMNS
    assert got["family"].tolist() == ["table7", "table7", "table8"]
    assert got["dataset"].tolist() == ["FUSED vs ONLY", "FUSED vs ONLY", "ONLY"]
    assert got["metric"].tolist() == ["true_skill_statistic", "brier_skill_score", "true_skill_statistic"]
    assert (got["a"][0], got["b"][2]) == ("FUSED lstm", "ONLY persistence")
    assert set(got["test"]) == {"paired_t_one_sided"}
    # Differences .1, .2, .3, .4: t = sqrt(15), p of Student's t with 3 degrees of freedom
    assert got["difference"][0] == pytest.approx(0.25)
    assert got["statistic"][0] == pytest.approx(np.sqrt(15))
    assert got["p"][0] == pytest.approx(0.015233, abs=1e-6)
    # Holm in the family of two, not of three; the series of table8 are equal
    assert got["p_holm"][0] == pytest.approx(2 * got["p"][0])
    assert got["p_holm"][1] == got["p"][1] == pytest.approx(0.5)
    assert (got["p"][2], got["p_holm"][2]) == (1, 1)


def test_files_in_and_out(tmp_path, caplog):
    SCORES.sample(frac=1, random_state=0).to_csv(tmp_path / "scores.csv", index=False)
    family = {"name": "t", "metrics": ["brier_skill_score"], "pairs": [pair("ONLY lstm", "ONLY persistence")]}
    main(tmp_path / "scores.csv", tmp_path / "comparisons.csv", [*FAMILIES, family], study="sun2022")
    got = pd.read_csv(tmp_path / "comparisons.csv")
    want = compare_models(SCORES, FAMILIES, study="sun2022")
    pd.testing.assert_frame_equal(got.iloc[:3], want, rtol=1e-5, check_dtype=False)
    assert np.isnan(got["p"][3])
    assert "t, brier_skill_score of ONLY lstm and ONLY persistence: no p" in caplog.text
    first = (tmp_path / "comparisons.csv").read_bytes()
    SCORES.to_csv(tmp_path / "scores.csv", index=False)
    main(tmp_path / "scores.csv", tmp_path / "comparisons.csv", [*FAMILIES, family], study="sun2022")
    assert (tmp_path / "comparisons.csv").read_bytes() == first


@pytest.mark.parametrize(
    ("scores", "family", "message"),
    [
        (SCORES[1:], FAMILIES[0], "comparison table7, true_skill_statistic of FUSED lstm and ONLY lstm: seed 0 on one"),
        (SCORES, {**FAMILIES[0], "metrics": ["TSS"]}, "comparison table7, TSS of .*: unknown metric 'TSS'"),
        (SCORES, {**FAMILIES[0], "pairs": [pair("FUSED cnn", "ONLY cnn")]}, "no true_skill_statistic of FUSED cnn"),
    ],
)
def test_what_cannot_be_compared_is_told(scores, family, message):
    with pytest.raises(InputError, match=message):
        compare_models(scores, [family], study="sun2022")


def test_another_study_and_no_comparison(tmp_path):
    SCORES.to_csv(tmp_path / "scores.csv", index=False)
    with pytest.raises(InputError, match="no score of study 'li2024'; found sun2022"):
        main(tmp_path / "scores.csv", tmp_path / "comparisons.csv", FAMILIES, study="li2024")
    assert not (tmp_path / "comparisons.csv").exists()
    main(tmp_path / "scores.csv", tmp_path / "comparisons.csv", [], study="sun2022")
    assert (tmp_path / "comparisons.csv").read_text() == ",".join(COLUMNS) + "\n"
