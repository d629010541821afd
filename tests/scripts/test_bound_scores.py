from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from bound_scores import main
from flaredag.block_bootstrap import block_weights, bounds
from flaredag.compared_series import DIFFERENCE_FIGURES, DIFFERENCE_KEY
from flaredag.errors import InputError
from flaredag.predictions import write_predictions
from flaredag.score_tables import CATEGORICAL_METRICS, INTERVAL_COLUMNS, PROBABILISTIC_METRICS, SCORE_COLUMNS
from flaredag.verification import (
    brier_score_decomposition,
    categorical_scores,
    contingency_table,
    probabilistic_scores,
    threshold_of_best_true_skill_statistic,
)

SETTINGS = {"resamples": 200, "seed": 5, "level": 0.95}
N_REGIONS = 30


def mock_predictions(
    *, models=("lstm",), seeds=(0, 1), skill: float = 2.0, instrument="sharp", training=True
) -> pd.DataFrame:
    """Eight windows of each of 30 regions, a third of them in the test split of a seed, over 200 days."""
    parts = []
    for seed in seeds:
        split_of = np.random.default_rng(seed).permutation(np.repeat(["train", "validation", "test"], N_REGIONS // 3))
        for model in models:
            rng = np.random.default_rng([seed, len(model)])
            region = np.repeat(np.arange(N_REGIONS), 8)
            label = (np.random.default_rng(9).random(8 * N_REGIONS) < 0.3).astype(int)
            noise = rng.normal(size=label.size) + rng.normal(size=N_REGIONS)[region]
            parts.append(
                pd.DataFrame(
                    {
                        "instrument": instrument,
                        "region": region + 1,
                        "issue_time": np.datetime64("2011-02-01", "s")
                        + (region * 6 * 24 + np.tile(np.arange(8), N_REGIONS) * 12) * np.timedelta64(1, "h"),
                        "label": label,
                        "probability": np.round(1 / (1 + np.exp(-(skill * label - 1 + noise))), 2),
                        "split": split_of[region],
                        "model": model,
                        "seed": seed,
                    }
                )
            )
    table = pd.concat(parts, ignore_index=True)
    return table if training else table[table["split"] != "train"]


def mock_scores(tables: dict[str, pd.DataFrame]) -> pd.DataFrame:
    """Scores of `tables`, by data set, as verification has them, and as CSV rounds them."""
    rows = []
    for dataset, table in tables.items():
        for (model, seed), own in table.groupby(["model", "seed"]):
            label, probability = (
                {name: part.to_numpy() for name, part in own.groupby("split")[column]}
                for column in ("label", "probability")
            )
            best = [
                threshold_of_best_true_skill_statistic(label[split], probability[split]) if split in label else np.nan
                for split in ("validation", "test")
            ]
            thresholds = [0.5, *best]
            categorical = categorical_scores(
                contingency_table(label["test"], probability["test"], thresholds=thresholds)
            )
            for position, name in enumerate(("fixed_0.5", "validation", "best_on_test")):
                figures = {metric: values[position] for metric, values in categorical.items()}
                figures["threshold"] = thresholds[position]
                rows += [(dataset, seed, model, name, metric, value) for metric, value in figures.items()]
            rate = label["train"].mean() if "train" in label else np.nan
            figures = probabilistic_scores(label["test"], probability["test"], training_event_rate=rate)
            rows += [(dataset, seed, model, "", metric, value) for metric, value in figures.items()]
    scores = pd.DataFrame(rows, columns=["dataset", "seed", "model", "threshold", "metric", "value"])
    return scores.assign(archive="embedded", study="sun2022", protocol="p")[list(SCORE_COLUMNS)]


def bound(folder, tables, families=(), *, files=None, scores=None, threads=1, reliability_bins=10, **settings):
    """Intervals and differences of `tables`, by data set, a file each (or `files`: (data set, table))."""
    names, paths = [], []
    for number, (dataset, table) in enumerate(files or tables.items()):
        write_predictions(folder / f"{number}.nc", table)
        names.append(dataset)
        paths.append(folder / f"{number}.nc")
    scores = mock_scores(tables) if scores is None else scores
    scores.to_csv(folder / "scores.csv", index=False, float_format="%.10g")
    main(
        paths,
        names,
        folder / "scores.csv",
        folder / "intervals.csv",
        folder / "differences.csv",
        study="sun2022",
        settings=SETTINGS | settings,
        families=list(families),
        threads=threads,
        reliability_bins=reliability_bins,
    )
    return (
        pd.read_csv(folder / "intervals.csv", keep_default_na=False, na_values={"value": "", "low": "", "high": ""}),
        pd.read_csv(folder / "differences.csv"),
    )


def family(metric: str, a: dict, b: dict, name: str = "one") -> dict:
    return {"name": name, "metrics": [metric], "pairs": [{"a": a, "b": b}]}


def side(model: str, dataset: str = "A", **more) -> dict:
    return {"dataset": dataset, "model": model, **more}


def row_of(table: pd.DataFrame, **wanted) -> pd.Series:
    rows = table.loc[np.logical_and.reduce([table[name] == value for name, value in wanted.items()])]
    assert len(rows) == 1
    return rows.iloc[0]


def resampled_by_rows(table: pd.DataFrame, seed: int, model: str, score) -> np.ndarray:
    """`score` of the rows of each resample of regions, taken one by one."""
    # Tested regions, sorted as text with their instrument before them.
    tested = sorted(table.loc[table["split"] == "test", "region"].unique(), key=str)
    position = {region: i for i, region in enumerate(tested)}
    table = table.reset_index(drop=True)
    own = table[(table["split"] == "test") & (table["seed"] == seed) & (table["model"] == model)]
    drawn = block_weights(len(tested), resamples=SETTINGS["resamples"], seed=SETTINGS["seed"])
    figures = []
    for weights in drawn:
        rows = own.loc[own.index.repeat([int(weights[position[region]]) for region in own["region"]])]
        figures.append(score(rows["label"].to_numpy(), rows["probability"].to_numpy()) if len(rows) else np.nan)
    return np.array(figures)


def test_bounds_are_those_of_rows_resampled_one_by_one(tmp_path):
    table = mock_predictions()
    intervals, _ = bound(tmp_path, {"A": table})
    assert tuple(intervals.columns) == INTERVAL_COLUMNS

    def reliability(label, probability):
        return brier_score_decomposition(label, probability).reliability

    got = row_of(intervals, dataset="A", metric="reliability")
    by_seed = [resampled_by_rows(table, seed, "lstm", reliability) for seed in (0, 1)]
    low, high = bounds(np.mean(by_seed, axis=0))
    assert (got["low"], got["high"]) == pytest.approx((float(low), float(high)), rel=1e-8)
    assert got["n_regions"] == table.loc[table["split"] == "test", "region"].nunique()
    assert got["n_seeds"] == 2
    test = table[table["split"] == "test"]
    figures = [reliability(own["label"].to_numpy(), own["probability"].to_numpy()) for _, own in test.groupby("seed")]
    assert (got["value"], got["sd"]) == pytest.approx((np.mean(figures), np.std(figures, ddof=1)), abs=1e-10)


def test_bounds_are_of_the_bins_that_the_scores_were_made_with(tmp_path):
    table = mock_predictions()
    found = {n: bound(tmp_path, {"A": table}, reliability_bins=n)[0] for n in (10, 20)}
    differs = found[10]["low"].notna() & (found[10]["low"] != found[20]["low"])
    assert set(found[10].loc[differs, "metric"]) == {"reliability", "resolution"}

    def reliability(label, probability):
        return brier_score_decomposition(label, probability, reliability_bins=20).reliability

    low, high = bounds(np.mean([resampled_by_rows(table, seed, "lstm", reliability) for seed in (0, 1)], axis=0))
    got = row_of(found[20], dataset="A", metric="reliability")
    assert (got["low"], got["high"]) == pytest.approx((float(low), float(high)), rel=1e-8)


def test_every_score_has_a_row_and_where_it_is_defined_an_interval(tmp_path):
    tables = {"A": mock_predictions(models=("lstm", "cnn")), "B": mock_predictions(seeds=(3,), training=False)}
    intervals, differences = bound(tmp_path, tables)
    scores = mock_scores(tables)
    key = ["dataset", "model", "threshold", "metric"]
    assert len(intervals) == 3 * (3 * len(CATEGORICAL_METRICS) + len(PROBABILISTIC_METRICS)) == 3 * (3 * 9 + 9)
    assert set(intervals[key].itertuples(index=False)) == set(scores[key].drop_duplicates().itertuples(index=False))
    assert tuple(differences.columns) == (*DIFFERENCE_KEY, *DIFFERENCE_FIGURES)
    assert differences.empty
    unbounded = intervals[intervals["low"].isna()]
    no_climatology = "brier_skill_score_training_climatology"
    assert set(unbounded["metric"]) == {"threshold", no_climatology}
    assert set(unbounded.loc[unbounded["metric"] == no_climatology, "dataset"]) == {"B"}
    bounded = intervals[intervals["low"].notna()]
    assert (bounded["low"] <= bounded["high"]).all()
    assert bounded["low_rotation"].ne("").all()
    skill = bounded[(bounded["metric"] == "true_skill_statistic") & (bounded["dataset"] == "A")]
    assert (skill["low"] < skill["value"]).all()
    assert (skill["value"] < skill["high"]).all()
    assert set(intervals["n_rotations"]) <= set(range(2, 9))


def test_differences_are_paired(tmp_path):
    table = mock_predictions(models=("lstm",))
    twin = table.assign(model="twin", probability=np.clip(table["probability"] - 0.01, 0, 1))
    both = {"A": pd.concat([table, twin])}
    families = [
        family("brier_score", side("twin"), side("lstm")),
        family("true_skill_statistic", side("lstm", threshold="best_on_test"), side("lstm", threshold="validation")),
        family("true_skill_statistic", side("lstm"), side("lstm"), name="same"),
    ]
    intervals, differences = bound(tmp_path, both, families)
    assert tuple(differences.columns) == (*DIFFERENCE_KEY, *DIFFERENCE_FIGURES)
    assert differences["block"].tolist() == ["region", "rotation"] * 3
    got = row_of(differences, metric="brier_score", block="region")
    assert got["a_model"] == "twin"
    assert pd.isna(got["a_threshold"])

    def brier(label, probability):
        return np.mean((label - probability) ** 2)

    by_seed = [
        resampled_by_rows(both["A"], seed, "twin", brier) - resampled_by_rows(both["A"], seed, "lstm", brier)
        for seed in (0, 1)
    ]
    resampled = np.mean(by_seed, axis=0)
    low, high = bounds(resampled)
    assert (got["low"], got["high"]) == pytest.approx((float(low), float(high)), rel=1e-7)
    assert got["p"] == pytest.approx((1 + (resampled <= 0).sum()) / 201)
    # Paired: far narrower than the two intervals.
    own = row_of(intervals, metric="brier_score", model="lstm")
    assert got["high"] - got["low"] < 0.2 * (own["high"] - own["low"])
    at_best = row_of(differences, a_threshold="best_on_test", block="region")
    assert at_best["difference"] >= 0
    same = differences[differences["family"] == "same"]
    assert (same["difference"] == 0).all()
    assert (same["p"] == 1).all()
    assert same["low"].isna().all()


def test_the_whole_disk_is_resampled_by_rotation_alone(tmp_path):
    table = mock_predictions(seeds=(0,))
    test = table[table["split"] == "test"]
    disk = test.assign(instrument="disk", region=0)
    tables = {"A": table, "DISK": disk.drop_duplicates("issue_time")}
    families = [
        family("brier_score", side("lstm", "DISK"), side("lstm", "A")),
    ]
    intervals, differences = bound(tmp_path, tables, families)
    of_disk = intervals[(intervals["dataset"] == "DISK") & (intervals["metric"] == "brier_score")].iloc[0]
    assert of_disk["n_regions"] == 1
    assert of_disk["low"] == pytest.approx(float(of_disk["low_rotation"]))
    assert of_disk["low"] < of_disk["value"] < of_disk["high"]
    assert differences["block"].tolist() == ["rotation"]


def test_one_region_and_one_rotation_give_no_bounds(tmp_path):
    table = mock_predictions(seeds=(0,))
    region = table.loc[table["split"] == "test", "region"].iloc[0]
    one = table[(table["region"] == region) | (table["split"] != "test")]
    intervals, _ = bound(tmp_path, {"A": one}, scores=mock_scores({"A": one}))
    assert set(intervals["n_regions"]) == {1}
    assert intervals["low"].isna().all()
    assert (intervals["low_rotation"] == "").all()


def test_a_seed_without_the_figure_is_left_out_of_value_and_bounds(tmp_path):
    table = mock_predictions()
    silent = table.copy()
    silent.loc[silent["seed"] == 1, "probability"] = 0.1
    alone = table[table["seed"] == 0]
    (tmp_path / "alone").mkdir()
    families = [family("area_under_roc_curve", side("lstm"), side("lstm", "B"))]
    tables = {"A": silent, "B": table}
    intervals, differences = bound(tmp_path, tables, families)
    got = row_of(intervals, dataset="A", metric="area_under_roc_curve")
    assert got["n_seeds"] == 1
    assert got["sd"] == ""
    want = row_of(bound(tmp_path / "alone", {"A": alone, "B": table})[0], dataset="A", metric="area_under_roc_curve")
    assert (got["value"], got["low"], got["high"]) == pytest.approx((want["value"], want["low"], want["high"]))
    # As a paired test over seeds has it: a seed undefined, the difference too.
    assert differences[["difference", "low", "p"]].isna().all(axis=None)


def test_files_order_and_threads_change_no_byte(tmp_path):
    table = mock_predictions(models=("cnn", "lstm"), seeds=(0, 1, 2))
    families = [family("true_skill_statistic", side("lstm"), side("cnn"))]
    by_seed = [("A", own) for _, own in table.groupby("seed")]
    bytes_of = []
    for name, files, threads in (("one", [("A", table)], 1), ("two", [("A", table)], 3), ("three", by_seed, 2)):
        folder = tmp_path / name
        folder.mkdir()
        bound(folder, {"A": table}, families, files=files, threads=threads)
        bytes_of.append([(folder / f"{name}.csv").read_bytes() for name in ("intervals", "differences")])
    assert bytes_of[0] == bytes_of[1] == bytes_of[2]


def test_more_resamples_narrow_nothing_but_another_seed_moves_bounds_a_little(tmp_path):
    table = {"A": mock_predictions()}
    first, other = (
        row_of(bound(tmp_path, table, resamples=2000, seed=seed)[0], metric="brier_score") for seed in (5, 77)
    )
    assert first["value"] == other["value"]
    assert first["low"] != other["low"]
    assert first["low"] == pytest.approx(other["low"], abs=0.1 * (first["high"] - first["low"]))


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (lambda scores: scores[scores["seed"] == 0], "scores hold nothing of A lstm, seed 1"),
        (
            lambda scores: pd.concat([scores, scores[scores["seed"] == 0].assign(seed=7)]),
            "scores hold 3 seeds of A lstm, the predictions 2",
        ),
        (
            lambda scores: pd.concat([scores, scores.assign(model="cnn")]),
            "scores hold 2 seeds of A cnn, the predictions 0",
        ),
        (lambda scores: pd.concat([scores, scores.assign(protocol="q")]), "scores hold A lstm twice"),
    ],
)
def test_scores_of_other_predictions_are_refused(tmp_path, change, message):
    table = mock_predictions()
    with pytest.raises(InputError, match=message):
        bound(tmp_path, {"A": table}, scores=change(mock_scores({"A": table})))
    assert not (tmp_path / "intervals.csv").exists()


@pytest.mark.parametrize(
    ("families", "message"),
    [
        (family("brier_score", side("lstm"), side("cnn")), "comparison one: scores hold no brier_score of A cnn"),
        (family("threshold", side("lstm"), side("lstm")), "comparison one: threshold is no score that is resampled"),
        (
            family("accuracy", side("lstm", threshold="best"), side("lstm")),
            "comparison one: scores hold no accuracy of A lstm",
        ),
    ],
)
def test_pairs_that_do_not_exist_are_refused(tmp_path, families, message):
    with pytest.raises(InputError, match=message):
        bound(tmp_path, {"A": mock_predictions()}, [families])


def test_lists_that_do_not_match_are_refused(tmp_path):
    paths = [tmp_path / name for name in ("scores.csv", "intervals.csv", "differences.csv")]
    for predictions in ([], ["a.nc", "b.nc"]):
        with pytest.raises(InputError, match=f"{len(predictions)} prediction files for 1 data sets"):
            main(predictions, ["A"], *paths, study="s", settings=SETTINGS, families=[], threads=1)
