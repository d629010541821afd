from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from compare_models import COLUMNS, compare_models, main
from flaredag.artifacts import write_json
from flaredag.compared_series import DIFFERENCE_FIGURES, DIFFERENCE_KEY
from flaredag.comparisons import diebold_mariano_test
from flaredag.errors import InputError
from flaredag.predictions import write_predictions
from flaredag.score_tables import SCORE_COLUMNS

TESTS = [
    "paired_t_one_sided",
    "corrected_resampled_t_one_sided",
    "region_block_bootstrap",
    "rotation_block_bootstrap",
]


def mock_scores(figures: dict[tuple[str, str, str], list[float]], threshold: str = "fixed_0.5") -> pd.DataFrame:
    """Scores of (dataset, model, metric): one figure a seed, at `threshold` if the metric needs one."""
    rows = [
        {
            "archive": "embedded",
            "study": "sun2022",
            "dataset": dataset,
            "seed": seed,
            "model": model,
            "protocol": "p",
            "threshold": "" if metric == "brier_skill_score" else threshold,
            "metric": metric,
            "value": value,
        }
        for (dataset, model, metric), values in figures.items()
        for seed, value in enumerate(values)
    ]
    return pd.DataFrame(rows)[list(SCORE_COLUMNS)]


def pair(a: str, b: str) -> dict:
    """Sides as "dataset model" or "dataset model threshold"."""
    return {
        side: dict(zip(("dataset", "model", "threshold"), name.split(), strict=False))
        for side, name in (("a", a), ("b", b))
    }


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
# Test regions to those of training and validation: 1/4 of ONLY, 1/8 of FUSED, whose regions of the other instrument,
# always in training, are not drawn.
INDEX = {
    "datasets": {
        "ONLY": {"seeds": {"0": {"regions_of_evaluated": {"train": 64, "validation": 16, "test": 20}}}},
        "FUSED": {
            "split_by": "region",
            "seeds": {
                "0": {
                    "regions": {"train": 9144, "validation": 16, "test": 20},
                    "regions_of_evaluated": {"train": 144, "validation": 16, "test": 20},
                }
            },
        },
    }
}


def mock_differences(families, blocks=("region", "rotation")) -> pd.DataFrame:
    """A difference of .2 for every pair and metric, p .01 by region and .03 by rotation."""
    rows = []
    for family in families:
        for metric in family["metrics"]:
            for one in family["pairs"]:
                row = {"family": family["name"], "metric": metric}
                for side, series in one.items():
                    at = series.get("threshold", "fixed_0.5") if metric != "brier_skill_score" else ""
                    row |= {f"{side}_dataset": series["dataset"], f"{side}_model": series["model"]}
                    row[f"{side}_threshold"] = at
                rows += [
                    row
                    | {"block": block, "difference": 0.2, "p": 0.01 if block == "region" else 0.03}
                    | {"low": 0.1, "high": 0.3, "detectable_difference": 0.15}
                    for block in blocks
                ]
    return pd.DataFrame(rows, columns=[*DIFFERENCE_KEY, *DIFFERENCE_FIGURES])


def compare(scores=SCORES, families=FAMILIES, *, index=INDEX, daily=None, differences=None) -> pd.DataFrame:
    differences = mock_differences(families) if differences is None else differences
    return compare_models(scores, differences, index, daily or {}, families, study="sun2022")


def test_comparisons_by_hand():
    got = compare()
    assert tuple(got.columns) == COLUMNS
    assert got["family"].tolist() == ["table7"] * 8 + ["table8"] * 4
    assert got["test"].tolist() == [test for test in TESTS for _ in range(2)] + TESTS
    plain = got[got["test"] == "paired_t_one_sided"].reset_index(drop=True)
    assert plain["dataset"].tolist() == ["FUSED vs ONLY", "FUSED vs ONLY", "ONLY"]
    assert plain["metric"].tolist() == ["true_skill_statistic", "brier_skill_score", "true_skill_statistic"]
    assert (plain["a"][0], plain["b"][2]) == ("FUSED lstm", "ONLY persistence")
    # Differences .1, .2, .3, .4: t = sqrt(15), p of Student's t with 3 degrees of freedom
    assert plain["difference"][0] == pytest.approx(0.25)
    assert plain["statistic"][0] == pytest.approx(np.sqrt(15))
    assert plain["p"][0] == pytest.approx(0.015233, abs=1e-6)
    # Holm in the family of two and of one test, not of eight; the series of table8 are equal
    assert plain["p_holm"][0] == pytest.approx(2 * plain["p"][0])
    assert plain["p_holm"][1] == plain["p"][1] == pytest.approx(0.5)
    assert (plain["p"][2], plain["p_holm"][2]) == (1, 1)
    # Nadeau & Bengio, with the larger of the two ratios: variance 1/4 + 1/4 in place of 1/4
    corrected = got[got["test"] == "corrected_resampled_t_one_sided"].reset_index(drop=True)
    assert corrected["statistic"][0] == pytest.approx(np.sqrt(15) / np.sqrt(2))
    assert corrected["detectable_difference"][0] == pytest.approx(plain["detectable_difference"][0] * np.sqrt(2))
    by_region = got[got["test"] == "region_block_bootstrap"].reset_index(drop=True)
    assert by_region.loc[0, ["difference", "p", "low", "high", "detectable_difference"]].tolist() == [
        0.2,
        0.01,
        0.1,
        0.3,
        0.15,
    ]
    assert by_region["p_holm"].tolist() == [0.02, 0.02, 0.01]
    assert by_region["statistic"].isna().all()
    assert got.loc[got["test"] == "rotation_block_bootstrap", "p"].tolist() == [0.03, 0.03, 0.03]


def test_the_corrected_test_takes_the_regions_of_the_tested_instrument_mean_over_seeds():
    # Test to the rest: 20/80 and 10/20, mean 3/8; with 4 seeds 1/4 + 3/8 = 5/8 in place of 1/4.
    seeds = [{"train": 64, "validation": 16, "test": 20}, {"train": 15, "validation": 5, "test": 10}]
    only = {"seeds": {str(i): {"regions_of_evaluated": one} for i, one in enumerate(seeds)}}
    got = compare(index={"datasets": INDEX["datasets"] | {"ONLY": only}})
    corrected = got[got["test"] == "corrected_resampled_t_one_sided"]
    assert corrected["statistic"].iloc[0] == pytest.approx(np.sqrt(15) / np.sqrt(2.5))
    # FUSED against itself has its own ratio alone: 1/4 + 1/8 in place of 1/4.
    scores = mock_scores({("FUSED", "cnn", "true_skill_statistic"): [0.4, 0.5, 0.6, 0.6]})
    family = {"name": "f", "metrics": ["true_skill_statistic"], "pairs": [pair("FUSED lstm", "FUSED cnn")]}
    got = compare(pd.concat([SCORES, scores]), [family])
    corrected = got[got["test"] == "corrected_resampled_t_one_sided"]
    assert corrected["statistic"].iloc[0] == pytest.approx(np.sqrt(15) / np.sqrt(1.5))


def test_where_every_seed_tests_the_same_regions_there_is_no_corrected_test():
    for change in ({"split_by": "time"}, {"split_by": "cycle"}):
        index = {"datasets": INDEX["datasets"] | {"ONLY": INDEX["datasets"]["ONLY"] | change}}
        got = compare(index=index)
        corrected = got[got["test"] == "corrected_resampled_t_one_sided"]
        assert corrected["p"].isna().all()
        assert corrected["difference"].iloc[0] == pytest.approx(0.25)
        assert got.loc[got["test"] == "paired_t_one_sided", "p"].notna().all()
    # Nor of what is no data set of the study, such as forecasts of the whole disk.
    got = compare(index={"datasets": {"FUSED": INDEX["datasets"]["FUSED"]}})
    assert got.loc[got["test"] == "corrected_resampled_t_one_sided", "p"].isna().all()


def test_a_side_may_name_its_threshold():
    at_best = mock_scores({("ONLY", "lstm", "true_skill_statistic"): [0.5, 0.6, 0.8, 0.7]}, "best_on_test")
    family = {
        "name": "declared_leaks",
        "metrics": ["true_skill_statistic", "brier_skill_score"],
        "pairs": [pair("ONLY lstm best_on_test", "ONLY lstm")],
    }
    got = compare(pd.concat([SCORES, at_best]), [family])
    plain = got[got["test"] == "paired_t_one_sided"]
    assert plain["a"].tolist() == ["ONLY lstm (best_on_test)"] * 2
    assert plain["b"].tolist() == ["ONLY lstm"] * 2
    assert plain["difference"].tolist() == pytest.approx([(0.1 + 0.1 + 0.2 + 0.1) / 4, 0])


def daily_forecasts(noise: float, *, model: str, seeds=(0, 1), n_days: int = 60) -> pd.DataFrame:
    rng = np.random.default_rng(0)
    label = (rng.random(n_days) < 0.3).astype(int)
    parts = [
        pd.DataFrame(
            {
                "instrument": "disk",
                "region": 0,
                "issue_time": np.datetime64("2014-01-01", "s") + np.arange(n_days) * np.timedelta64(1, "D"),
                "label": label,
                "probability": np.clip(0.8 * label + noise * np.random.default_rng([seed, 1]).random(n_days), 0, 1),
                "split": "test",
                "model": model,
                "seed": seed,
            }
        )
        for seed in seeds
    ]
    return pd.concat(parts, ignore_index=True)


DISK_FAMILY = {
    "name": "disk",
    "metrics": ["true_skill_statistic", "brier_skill_score"],
    "pairs": [pair("DISK lstm", "DISK persistence")],
}
DISK_SCORES = mock_scores(
    {
        ("DISK", model, metric): figures
        for model, figures in (("lstm", [0.5, 0.6]), ("persistence", [0.4, 0.4]))
        for metric in DISK_FAMILY["metrics"]
    }
)


def test_daily_forecasts_are_compared_day_by_day():
    sharp, blunt = daily_forecasts(0.2, model="lstm"), daily_forecasts(0.5, model="persistence")
    daily = {"DISK": pd.concat([sharp, blunt]).sample(frac=1, random_state=0)}
    differences = mock_differences([DISK_FAMILY], blocks=("rotation",))
    got = compare(DISK_SCORES, [DISK_FAMILY], daily=daily, differences=differences)
    # By rotation alone, and one test of the pair whatever its metrics.
    assert got["test"].tolist() == [
        *["paired_t_one_sided"] * 2,
        *["corrected_resampled_t_one_sided"] * 2,
        *["rotation_block_bootstrap"] * 2,
        "diebold_mariano",
    ]
    tested = got.iloc[-1]
    assert (tested["metric"], tested["a"], tested["b"]) == ("brier_score_reduction", "DISK lstm", "DISK persistence")
    losses = [((own["probability"] - own["label"]) ** 2).groupby(own["issue_time"]).mean() for own in (sharp, blunt)]
    want = diebold_mariano_test(*losses)
    assert tested["difference"] == pytest.approx(losses[1].mean() - losses[0].mean())
    assert (tested["statistic"], tested["p"]) == (want.statistic, want.p)
    assert tested["p_holm"] == tested["p"] < 0.01


def test_daily_forecasts_of_other_events_are_not_compared():
    sharp = daily_forecasts(0.2, model="lstm")
    other = daily_forecasts(0.5, model="persistence")
    other.loc[other["issue_time"] == np.datetime64("2014-01-03"), "label"] ^= 1
    differences = mock_differences([DISK_FAMILY])
    with pytest.raises(InputError, match="differ in what occurred after 2014-01-03 00:00:00 and 0 other issue times"):
        compare(DISK_SCORES, [DISK_FAMILY], daily={"DISK": pd.concat([sharp, other])}, differences=differences)
    with pytest.raises(InputError, match="no daily forecast of DISK persistence"):
        compare(DISK_SCORES, [DISK_FAMILY], daily={"DISK": sharp}, differences=differences)


def run(folder, families, *, scores=SCORES, differences=None, daily=None, study="sun2022") -> pd.DataFrame:
    scores.to_csv(folder / "scores.csv", index=False)
    (mock_differences(families) if differences is None else differences).to_csv(folder / "differences.csv", index=False)
    write_json(folder / "index.json", INDEX)
    for name, table in (daily or {}).items():
        write_predictions(folder / f"{name}.nc", table)
    main(
        folder / "scores.csv",
        folder / "differences.csv",
        folder / "index.json",
        [folder / f"{name}.nc" for name in daily or {}],
        folder / "comparisons.csv",
        families,
        study=study,
        daily_datasets=list(daily or {}),
    )
    return pd.read_csv(folder / "comparisons.csv")


def test_files_in_and_out(tmp_path, caplog):
    family = {"name": "t", "metrics": ["brier_skill_score"], "pairs": [pair("ONLY lstm", "ONLY persistence")]}
    families = [*FAMILIES, family, DISK_FAMILY]
    scores = pd.concat([SCORES, DISK_SCORES])
    daily = {"DISK": pd.concat([daily_forecasts(0.2, model="lstm"), daily_forecasts(0.5, model="persistence")])}
    got = run(tmp_path, families, scores=scores.sample(frac=1, random_state=0), daily=daily)
    want = compare(scores, families, daily=daily)
    pd.testing.assert_frame_equal(got, want, rtol=1e-9, check_dtype=False)
    assert got["p"][got["family"] == "t"].isna().tolist() == [True, True, False, False]
    assert "t, paired_t_one_sided, brier_skill_score of ONLY lstm and ONLY persistence: no p" in caplog.text
    first = (tmp_path / "comparisons.csv").read_bytes()
    run(tmp_path, families, scores=scores, daily=daily)
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
        compare(scores, [family])


def test_a_difference_that_is_missing_and_a_broken_index_are_told(tmp_path):
    differences = mock_differences(FAMILIES)
    with pytest.raises(InputError, match=r"comparison table8, .* no resampled difference of them\. Bound the scores"):
        run(tmp_path, FAMILIES, differences=differences[differences["family"] == "table7"])
    differences.to_csv(tmp_path / "differences.csv", index=False)
    write_json(tmp_path / "index.json", {})
    with pytest.raises(InputError, match=r"index.json: lacks datasets"):
        main(
            tmp_path / "scores.csv",
            tmp_path / "differences.csv",
            tmp_path / "index.json",
            [],
            tmp_path / "comparisons.csv",
            FAMILIES,
            study="sun2022",
            daily_datasets=[],
        )
    assert not (tmp_path / "comparisons.csv").exists()


def test_another_study_and_no_comparison(tmp_path):
    with pytest.raises(InputError, match="no score of study 'li2024'; found sun2022"):
        run(tmp_path, FAMILIES, study="li2024")
    assert not (tmp_path / "comparisons.csv").exists()
    assert run(tmp_path, []).empty
    assert (tmp_path / "comparisons.csv").read_text() == ",".join(COLUMNS) + "\n"
