"""The rule that verifies forecasts part by part: scores against those of each part alone, intervals, bad input."""

import numpy as np
import pandas as pd
import pytest

from flaredag.errors import InputError
from flaredag.predictions import write_predictions
from flaredag.strata import STRATA_COLUMNS, Stratum, write_strata
from flaredag.verification import categorical_scores, contingency_table, probabilistic_scores
from verify_strata import main, verify_strata

BOOTSTRAP = {"resamples": 200, "seed": 5, "level": 0.95}
PARTS = ("many", "few", "none")


def predictions(models=("lstm",), seeds=(0, 1), n=240) -> pd.DataFrame:
    """Forecasts of 24 regions, a window a day; seeds differ in their forecasts, a third of the regions are for test."""
    tables = []
    for i, model in enumerate(models):
        for seed in seeds:
            rng = np.random.default_rng([i, seed])
            label = (np.arange(n) % 4 == 0).astype(np.int8)
            region = np.arange(n) // 10
            tables.append(
                pd.DataFrame(
                    {
                        "instrument": "sharp",
                        "region": region,
                        "issue_time": np.datetime64("2012-01-01", "s") + np.arange(n) * np.timedelta64(86400, "s"),
                        "label": label,
                        "probability": np.clip(0.3 + 0.3 * label + 0.2 * rng.standard_normal(n), 0.01, 0.99),
                        "split": np.where(region % 3 == 0, "test", "validation"),
                        "model": model,
                        "seed": seed,
                    }
                )
            )
    return pd.concat(tables, ignore_index=True)


def strata_of(table: pd.DataFrame) -> pd.DataFrame:
    """All windows, and a stratum whose part `few` has the ten windows of region 0 and `none` no window."""
    part = np.where(table["region"] == 0, 1, 0)
    return pd.DataFrame(
        {
            "all": pd.Categorical.from_codes(np.zeros(len(table), dtype=np.int8), categories=["all"]),
            "made_up": pd.Categorical.from_codes(part, categories=list(PARTS)),
        }
    )


def verified(table=None, **changes):
    table = predictions() if table is None else table
    settings = {"bootstrap": BOOTSTRAP, "greatest_missed_share": 0.05} | changes
    return verify_strata(table, strata_of(table), **settings)


def figure(rows, part, metric, threshold=""):
    chosen = (rows["part"] == part) & (rows["metric"] == metric) & (rows["threshold"] == threshold)
    (index,) = np.flatnonzero(chosen)
    return rows.iloc[index]


def test_a_score_is_the_mean_over_seeds_of_the_score_of_the_parts_own_rows():
    table = predictions()
    row = figure(verified(table), "many", "brier_skill_score")
    own = table[(table["split"] == "test") & (table["region"] != 0)]
    scores = [
        probabilistic_scores(of_seed["label"].to_numpy(), of_seed["probability"].to_numpy())["brier_skill_score"]
        for _, of_seed in own.groupby("seed")
    ]
    assert row["value"] == pytest.approx(np.mean(scores), rel=1e-12)
    assert row["low"] < row["value"] < row["high"]
    # 7 regions of ten windows.
    assert (row["n_samples"], row["n_regions"]) == (70, 7)
    assert row["n_events"] == own.loc[own["seed"] == 0, "label"].sum()


def test_true_skill_is_that_at_the_threshold():
    table = predictions(seeds=(3,))
    own = table[table["split"] == "test"]
    counts = contingency_table(own["label"].to_numpy(), own["probability"].to_numpy(), thresholds=[0.5])
    wanted = categorical_scores(counts)["true_skill_statistic"][0]
    row = figure(verified(table), "all", "true_skill_statistic", "fixed_0.5")
    assert row["value"] == pytest.approx(wanted, rel=1e-12)


def test_an_all_clear_misses_at_most_what_is_tolerated_where_validation_and_test_are_alike():
    table = predictions(seeds=(0,), n=120)
    # The same forecasts for test as for validation.
    twin = table.assign(region=table["region"] + 100, split="test")
    both = pd.concat([table.assign(split="validation"), twin], ignore_index=True)
    rows = verified(both, greatest_missed_share=0.1)
    assert figure(rows, "all", "missed_events", "all_clear")["value"] == pytest.approx(3 / 30)
    assert figure(rows, "all", "clear_rate", "all_clear")["value"] == pytest.approx(0.75)
    assert figure(rows, "all", "clear_given_all_clear", "all_clear")["value"] > 0.9


def test_parts_with_too_few_events_have_numbers_and_no_scores():
    rows = verified()
    few = rows[rows["part"] == "few"]
    assert len(few) == 8
    assert few[["value", "low", "high"]].isna().all(axis=None)
    assert (few["n_samples"] == 10).all()
    assert (few["n_events"] == 3).all()


def test_a_part_without_a_window_has_no_row():
    assert "none" not in set(verified()["part"])


def test_the_same_regions_are_drawn_for_every_model():
    table = predictions(models=("a",))
    twice = pd.concat([table, table.assign(model="b")], ignore_index=True)
    rows = verified(twice)
    columns = ["value", "low", "high"]
    of_a, of_b = (rows.loc[rows["model"] == name, columns].to_numpy() for name in "ab")
    np.testing.assert_array_equal(of_a, of_b)


def test_the_order_of_rows_does_not_matter():
    table = predictions(models=("a", "b"))
    shuffled = table.sample(frac=1.0, random_state=1).reset_index(drop=True)
    pd.testing.assert_frame_equal(verified(table), verified(shuffled))


def test_without_validation_nothing_hangs_on_its_thresholds():
    table = predictions()
    rows = verified(table[table["split"] == "test"].reset_index(drop=True))
    assert np.isnan(figure(rows, "all", "true_skill_statistic", "validation")["value"])
    assert np.isnan(figure(rows, "all", "missed_events", "all_clear")["value"])
    assert not np.isnan(figure(rows, "all", "true_skill_statistic", "fixed_0.5")["value"])


def test_without_a_test_split_there_is_nothing_to_verify():
    with pytest.raises(InputError, match="no prediction of split test"):
        verified(predictions().assign(split="validation"))


class TestMain:
    @pytest.fixture
    def files(self, tmp_path):
        """Predictions of two models in two files, and the strata of their windows."""
        table = predictions(models=("lstm", "climatology"))
        for model in ("lstm", "climatology"):
            write_predictions(tmp_path / f"{model}.nc", table[table["model"] == model])
        windows = table[(table["model"] == "lstm") & (table["seed"] == 0)]
        keys = {
            "instrument": np.zeros(len(windows), dtype=np.int8),
            "region": windows["region"].to_numpy(dtype=np.int32),
            "issue_time": windows["issue_time"].to_numpy(),
        }
        codes = (windows["region"].to_numpy() == 0).astype(np.int8)
        write_strata(tmp_path / "strata.nc", keys, ["sharp"], {"first_flare": Stratum(codes, ("before", "after"))})
        return {
            "predictions": [str(tmp_path / "lstm.nc"), str(tmp_path / "climatology.nc")],
            "datasets": ["A", "A"],
            "strata": str(tmp_path / "strata.nc"),
            "verified": str(tmp_path / "strata.csv"),
            "study": "s",
            "models": ["climatology", "lstm"],
            "bootstrap": BOOTSTRAP,
            "greatest_missed_share": 0.05,
        }

    def test_files_of_a_data_set_are_joined(self, files):
        main(**files)
        table = pd.read_csv(files["verified"], keep_default_na=False)
        assert tuple(table.columns) == STRATA_COLUMNS
        assert set(table["model"]) == {"climatology", "lstm"}
        assert list(table["stratum"].unique()) == ["all", "first_flare"]

    def test_only_the_models_asked_for_are_verified_and_bytes_repeat(self, files, tmp_path):
        main(**files | {"models": ["lstm"]})
        first = (tmp_path / "strata.csv").read_bytes()
        main(**files | {"models": ["lstm"]})
        assert (tmp_path / "strata.csv").read_bytes() == first
        assert set(pd.read_csv(files["verified"])["model"]) == {"lstm"}

    def test_a_model_that_is_nowhere_is_told(self, files):
        with pytest.raises(InputError, match="data set A: no prediction of cnn"):
            main(**files | {"models": ["lstm", "cnn"]})

    def test_without_predictions_the_table_has_no_row(self, files):
        main(**files | {"predictions": [], "datasets": []})
        assert pd.read_csv(files["verified"]).empty

    def test_a_data_set_a_file(self, files):
        with pytest.raises(InputError, match="2 prediction files for 1 data sets"):
            main(**files | {"datasets": ["A"]})
