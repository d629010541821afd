"""Published figures against those of a run: every kind of figure, verdicts and reasons, by hand."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

from compare_papers import COLUMNS, compare_papers, main
from flaredag.artifacts import write_json
from flaredag.errors import InputError
from flaredag.overlapping_run_tables import RUN_COLUMNS
from flaredag.published_figures import Agreement

NO_RUNS = pd.DataFrame(columns=list(RUN_COLUMNS))
RULE = Agreement(standard_deviations=2.0, relative_difference=0.1, significance=0.05)
SAMPLES: dict[str, Any] = {
    "evolution": {"sharp": {"QUIET->STRONG": 300}},
    "samples": {"sharp": {"positive": 2849, "negative": 50000, "event_rate": 0.054}},
}
INDEX: dict[str, Any] = {
    "datasets": {
        "SHARP_ONLY": {
            "seeds": {
                "0": {"splits": {"test": {"positive": 380, "negative": 380}}},
                "1": {"splits": {"test": {"positive": 420, "negative": 420}}},
            }
        }
    }
}


def scores_of(**values: list[float]) -> pd.DataFrame:
    """Scores of SHARP_ONLY lstm, one metric a keyword, one value a seed."""
    rows = [
        {"dataset": "SHARP_ONLY", "seed": seed, "model": "lstm", "metric": metric, "value": value}
        for metric, over_seeds in values.items()
        for seed, value in enumerate(over_seeds)
    ]
    table = pd.DataFrame(rows).assign(archive="embedded", study="s", protocol="p")
    return table.assign(threshold=np.where(table["metric"] == "true_skill_statistic", "fixed_0.5", ""))


def comparisons_of(p: float) -> pd.DataFrame:
    return pd.DataFrame(
        [
            {
                "study": "s",
                "metric": "brier_skill_score",
                "a": "SHARP_ONLY lstm",
                "b": "SHARP_ONLY cnn",
                "test": "paired_t_one_sided",
                "statistic": 1.5,
                "p": p,
            }
        ]
    )


def published(*rows: tuple[Any, ...]) -> pd.DataFrame:
    columns = ["study", "table", "dataset", "model", "metric", "paper", "paper_sd", "kind"]
    return pd.DataFrame([("s", *row) for row in rows], columns=columns)


def compared(papers: pd.DataFrame, reasons: list[dict[str, str]] | None = None, p: float = 0.04) -> pd.DataFrame:
    return compare_papers(
        papers,
        scores_of(true_skill_statistic=[0.80, 0.90], brier_skill_score=[0.7, 0.8]),
        comparisons_of(p),
        SAMPLES,
        INDEX,
        NO_RUNS,
        agreement=RULE,
        reasons=reasons or [],
    )


def test_a_score_is_the_mean_over_seeds_with_its_spread() -> None:
    row = compared(published(("6", "SHARP_ONLY", "lstm", "true_skill_statistic", 0.884, 0.032, "score"))).iloc[0]
    # mean of 0.80 and 0.90; sample standard deviation 0.05 * sqrt(2); |0.85 - 0.884| < 0.064.
    assert row["got"] == pytest.approx(0.85)
    assert row["got_sd"] == pytest.approx(0.05 * np.sqrt(2))
    assert (row["n"], row["agrees"], row["why"]) == (2, "yes", "")


def test_a_score_is_taken_at_the_threshold_of_its_kind() -> None:
    at = {"fixed_0.5": [0.5, 0.6], "validation": [0.7, 0.8], "best_on_test": [0.8, 0.9]}
    scores = pd.concat(
        scores_of(true_skill_statistic=values).assign(threshold=threshold) for threshold, values in at.items()
    )
    kinds = ("score", "score_validation", "score_best_on_test")
    papers = published(*(("4", "SHARP_ONLY", "lstm", "true_skill_statistic", 0.85, np.nan, kind) for kind in kinds))
    table = compare_papers(papers, scores, comparisons_of(0.04), SAMPLES, INDEX, NO_RUNS, agreement=RULE, reasons=[])
    assert table["threshold"].tolist() == list(at)
    assert table["got"].tolist() == pytest.approx([0.55, 0.75, 0.85])
    assert table["agrees"].tolist() == ["no", "no", "yes"]


def test_a_mean_over_overlapping_runs_agrees_by_its_relative_difference_whatever_their_spread() -> None:
    own = {"dataset": "M_FOLDS", "model": "lstm", "n_runs": 100, "sd": 0.002}
    rows = [
        {"metric": "true_skill_statistic", "threshold": "validation", "mean": 0.5},
        {"metric": "true_skill_statistic", "threshold": "best_on_test", "mean": 0.77},
        {"metric": "brier_skill_score", "threshold": "", "mean": -2.6},
    ]
    runs = pd.DataFrame([own | row for row in rows])
    papers = published(
        ("5", "M_FOLDS", "lstm", "true_skill_statistic", 0.792, 0.008, "runs"),
        # 2.241 less a tenth of it is not as low as -2.6, two spreads below are.
        ("5", "M_FOLDS", "lstm", "brier_skill_score", -2.241, 0.319, "runs"),
        ("5", "M_FOLDS", "cnn", "brier_skill_score", 0.26, 0.006, "runs"),
    )
    scores, index = scores_of(accuracy=[1.0]), INDEX
    table = compare_papers(papers, scores, comparisons_of(0.1), SAMPLES, index, runs, agreement=RULE, reasons=[])
    assert table["threshold"].tolist() == ["best_on_test", "", ""]
    assert table["got"].tolist()[:2] == [0.77, -2.6]
    # Two spreads of .008 would not allow for .792 - .77.
    assert table["agrees"].tolist() == ["yes", "no", "not_run"]
    assert table["got_sd"].tolist()[:2] == [0.002, 0.002]
    assert table["n"].tolist()[:2] == [100, 100]


def test_windows_samples_and_splits_are_counts() -> None:
    table = compared(
        published(
            ("2", "SHARP", "", "windows QUIET->STRONG", 296, np.nan, "windows"),
            ("3", "SHARP", "", "positive", 2849, np.nan, "samples"),
            ("3", "SHARP", "", "negative", 66349, np.nan, "samples"),
            ("5", "SHARP_ONLY", "", "test positive", 410, np.nan, "split"),
        )
    )
    assert table["got"].tolist() == [300, 2849, 50000, 400]
    assert table["agrees"].tolist() == ["yes", "yes", "no", "yes"]
    assert table["got_sd"].iloc[3] == pytest.approx(20 * np.sqrt(2))
    assert list(table) == list(COLUMNS)


def test_counts_of_a_study_of_several_tasks_are_those_of_the_task_named() -> None:
    tasks = ("operational", "strong_vs_quiet")
    samples = {
        "evolution": {f"sharp {task}": {"QUIET->STRONG": 300 + n} for n, task in enumerate(tasks)},
        "samples": {f"sharp {task}": {"positive": 2800 + n} for n, task in enumerate(tasks)},
    }
    rows = [
        ("2", "SHARP strong_vs_quiet", "", "windows QUIET->STRONG", 296, np.nan, "windows"),
        ("3", "SHARP strong_vs_quiet", "", "positive", 2849, np.nan, "samples"),
        ("3", "SHARP", "", "positive", 2849, np.nan, "samples"),
    ]
    table = compare_papers(
        published(*rows),
        scores_of(accuracy=[1.0]),
        comparisons_of(0.1),
        samples,
        INDEX,
        NO_RUNS,
        agreement=RULE,
        reasons=[],
    )
    assert table["got"].iloc[:2].tolist() == [301, 2801]
    assert table["agrees"].tolist() == ["yes", "yes", "not_run"]


@pytest.mark.parametrize(("p", "verdict"), [(0.04, "yes"), (0.06, "no"), (np.nan, "no")])
def test_a_statistic_shares_the_verdict_of_its_p(p: float, verdict: str) -> None:
    table = compared(
        published(
            ("8", "SHARP_ONLY", "lstm vs cnn", "brier_skill_score t", 3.6, np.nan, "test"),
            ("8", "SHARP_ONLY", "lstm vs cnn", "brier_skill_score p", 0.002, np.nan, "test"),
        ),
        p=p,
    )
    assert table["agrees"].tolist() == [verdict, verdict]
    assert table["got"].iloc[0] == 1.5
    assert table["n"].tolist() == [2, 2]
    if np.isnan(p):
        assert table["why"].iloc[1] == "undefined in this run"


def test_what_was_not_run_is_neither_agreement_nor_disagreement() -> None:
    table = compared(
        published(
            ("6", "SHARP_ONLY", "cnn", "true_skill_statistic", 0.843, 0.034, "score"),
            ("8", "SMARP_ONLY", "lstm vs cnn", "brier_skill_score p", 0.005, np.nan, "test"),
            ("2", "SMARP", "", "windows QUIET->STRONG", 932, np.nan, "windows"),
            ("5", "SMARP_ONLY", "", "test positive", 892, np.nan, "split"),
        )
    )
    assert (table["agrees"] == "not_run").all()
    assert table["got"].isna().all()
    assert (table["why"] == "this run has no such figure").all()


def test_the_first_fitting_reason_is_given_and_only_for_a_miss() -> None:
    papers = published(
        ("3", "SHARP", "", "positive", 2849, np.nan, "samples"),
        ("3", "SHARP", "", "negative", 66349, np.nan, "samples"),
        ("3", "SHARP", "", "event_rate", 0.0412, np.nan, "samples"),
        ("6", "SHARP_ONLY", "lstm", "brier_skill_score", 0.2, 0.01, "score"),
    )
    reasons = [
        {"table": "3", "metric": "neg*", "why": "fewer records"},
        {"table": "3", "why": "another table"},
        {"table": "4", "why": "never"},
    ]
    assert compared(papers, reasons)["why"].tolist() == ["", "fewer records", "another table", "no reason found yet"]


def written(tmp_path: Path, papers: str) -> dict[str, Path]:
    paths = {name: tmp_path / f"{name}.csv" for name in ("papers", "scores", "comparisons", "runs", "out")}
    paths |= {name: tmp_path / f"{name}.json" for name in ("samples", "index")}
    paths["papers"].write_text(papers)
    scores_of(true_skill_statistic=[0.8, 0.9], brier_skill_score=[0.7, 0.8]).to_csv(paths["scores"], index=False)
    comparisons_of(0.04).to_csv(paths["comparisons"], index=False)
    write_json(paths["samples"], SAMPLES)
    write_json(paths["index"], INDEX)
    NO_RUNS.to_csv(paths["runs"], index=False)
    return paths


HEADER = "study,table,dataset,model,metric,paper,paper_sd,kind\n"
SETTINGS: dict[str, Any] = {
    "archive": "embedded",
    "study": "s",
    "agreement": {"standard_deviations": 2, "relative_difference": 0.1, "significance": 0.05},
    "reasons": {"embedded": [{"why": "a simulated Sun"}], "published": [{"why": "never"}]},
}


def test_main_writes_every_figure_once(tmp_path: Path) -> None:
    papers = (
        "s,6,SHARP_ONLY,lstm,true_skill_statistic,0.884,0.032,score\n"
        "s,6,SHARP_ONLY,cnn,true_skill_statistic,0.843,0.034,score\n"
        "s,3,SHARP,,negative,66349,,samples\n"
    )
    paths = written(tmp_path, HEADER + papers)
    main(**paths, **SETTINGS)
    lines = paths["out"].read_text().splitlines()
    assert lines[0] == ",".join(COLUMNS)
    assert lines[1].startswith("s,6,SHARP_ONLY,lstm,true_skill_statistic,fixed_0.5,0.884,0.032,0.85,0.07071067")
    assert lines[2] == "s,6,SHARP_ONLY,cnn,true_skill_statistic,fixed_0.5,0.843,0.034,,,,not_run,a simulated Sun"
    assert lines[3] == "s,3,SHARP,,negative,,66349,,50000,,,no,a simulated Sun"


def test_of_the_tests_of_a_pair_the_plain_paired_one_is_held_against_the_paper(tmp_path: Path) -> None:
    papers = (
        "s,8,SHARP_ONLY,lstm vs cnn,brier_skill_score t,3.6,,test\n"
        "s,8,SHARP_ONLY,lstm vs cnn,brier_skill_score p,0.002,,test\n"
    )
    paths = written(tmp_path, HEADER + papers)
    plain = comparisons_of(0.04)
    others = [
        plain.assign(test=test, statistic=statistic, p=0.9)
        for test, statistic in (("corrected_resampled_t_one_sided", 0.5), ("region_block_bootstrap", np.nan))
    ]
    elsewhere = plain.assign(study="t", statistic=9.0, p=0.8)
    pd.concat([elsewhere, others[0], plain, others[1]]).to_csv(paths["comparisons"], index=False)
    main(**paths, **SETTINGS)
    t, p = pd.read_csv(paths["out"]).to_dict("records")
    assert (t["got"], p["got"], t["agrees"], p["agrees"]) == (1.5, 0.04, "yes", "yes")


def test_inputs_without_their_sections_are_told(tmp_path: Path) -> None:
    paths = written(tmp_path, HEADER + "s,3,SHARP,,positive,1,,samples\n")
    write_json(paths["samples"], {"samples": {}})
    with pytest.raises(InputError, match=r"samples\.json: lacks evolution"):
        main(**paths, **SETTINGS)
    write_json(paths["samples"], SAMPLES)
    paths["comparisons"].write_text("study,metric\n")
    with pytest.raises(InputError, match=r"comparisons\.csv: column a, b, .* missing"):
        main(**paths, **SETTINGS)
