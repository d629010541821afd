"""Leaks of forecasts: perfect ones, labels at odds, samples given twice or taken from another split."""

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from flaredag.audit_forecasts import (
    forecast_equals_label,
    forecast_twice,
    forecasts_of_another_sample,
    label_differs,
)
from flaredag.datasets import draw_dataset

KEY = ["region", "time"]


def series(model="lstm", n=200, seed=0, n_events=60):
    """Forecasts of a test split, good but not perfect."""
    rng = np.random.default_rng(seed)
    label = (np.arange(n) < n_events).astype(np.int8)
    return pd.DataFrame(
        {
            "model": model,
            "seed": 0,
            "region": np.arange(n) // 4,
            "time": np.datetime64("2012-01-01", "s") + np.arange(n) * np.timedelta64(1, "h"),
            "split": "test",
            "label": label,
            "probability": np.clip(0.2 * label + 0.8 * rng.random(n), 0.01, 0.99),
        }
    )


class TestTwice:
    @given(st.integers(0, 100), st.integers(1, 9))
    def test_clean_and_planted(self, seed, n):
        table = series(seed=seed)
        assert forecast_twice("x", table, ["model", *KEY]).outcome == "clean"
        again = pd.concat([table, table.sample(n, random_state=seed)], ignore_index=True)
        found = forecast_twice("x", again, ["model", *KEY])
        assert (found.outcome, found.n) == ("leak", n)


class TestLabels:
    @given(st.integers(0, 100), st.integers(1, 9))
    def test_clean_and_planted(self, seed, n):
        one, other = series("a", seed=seed), series("b", seed=seed + 1)
        assert label_differs("x", pd.concat([one, other], ignore_index=True), KEY).outcome == "clean"
        other.loc[other.index[seed : seed + n], "label"] ^= 1
        found = label_differs("x", pd.concat([one, other], ignore_index=True), KEY)
        assert (found.outcome, found.n) == ("leak", n)
        assert f"the first: {one['region'].iloc[seed]}" in found.text


class TestPerfect:
    def found(self, *tables):
        return [(one.subject, one.outcome, one.n) for one in forecast_equals_label("x", pd.concat(tables))]

    @given(st.integers(0, 100))
    def test_clean_and_planted(self, seed):
        honest = series(seed=seed)
        assert self.found(honest, series("b", seed=seed)) == [("x", "clean", 2)]
        perfect = honest.assign(model="b", probability=honest["label"].astype(float))
        assert self.found(honest, perfect) == [("x", "leak", 1)]

    def test_perfect_ranking_is_reported(self):
        ranked = series().assign(probability=lambda table: 0.3 + 0.1 * table["label"])
        assert self.found(ranked) == [("x: ranking", "reported", 1)]

    def test_an_oracle_says_so(self):
        oracle = series("stack_oracle_on_test").assign(probability=lambda table: table["label"].astype(float))
        assert self.found(oracle, series()) == [("x: oracles", "declared", 1)]

    @pytest.mark.parametrize("n_events", [0, 29, 171, 200])
    def test_too_few_of_a_class_decide_nothing(self, n_events):
        perfect = series(n_events=n_events).assign(probability=lambda table: table["label"].astype(float))
        assert self.found(perfect) == [("x", "clean", 1)]

    def test_the_training_split_may_be_perfect(self):
        perfect = series().assign(split="train", probability=lambda table: table["label"].astype(float))
        assert self.found(perfect, series("b")) == [("x", "clean", 1)]


class TestOfAnotherSample:
    @pytest.fixture
    def forecasts(self, study_windows):
        """Windows, their data sets of two seeds, and forecasts of these."""
        windows = study_windows(n_regions=60)
        datasets = [
            draw_dataset(
                windows,
                name="X",
                seed=seed,
                evaluated="sharp",
                added_to_training=["smarp"],
                test_fraction=0.2,
                validation_fraction=0.2,
                undersampled=[],
                standardisation="train",
            )
            for seed in (0, 1)
        ]
        parts = [
            pd.DataFrame(
                {
                    "instrument": np.array(windows.instruments)[windows.instrument[positions]],
                    "region": windows.region[positions],
                    "issue_time": windows.issue_time[positions],
                    "label": windows.label[positions],
                    "probability": 0.5,
                    "split": split,
                    "model": "lstm",
                    "seed": dataset.seed,
                }
            )
            for dataset in datasets
            for split, positions in dataset.positions.items()
        ]
        table = pd.concat(parts, ignore_index=True)
        return windows, datasets, table.astype({name: "category" for name in ("instrument", "split", "model")})

    def outcomes(self, table, windows, datasets):
        found = forecasts_of_another_sample("X", table, windows, datasets)
        return [(one.check, one.outcome, one.n) for one in found]

    def test_clean(self, forecasts):
        windows, datasets, table = forecasts
        assert self.outcomes(table, windows, datasets) == [
            ("forecast_of_another_split", "clean", len(table)),
            ("label_differs", "clean", len(table)),
        ]

    def test_training_samples_that_go_as_test(self, forecasts):
        windows, datasets, table = forecasts
        rows = table.index[(table["split"] == "train") & (table["seed"] == 1)][:5]
        table.loc[rows, "split"] = "test"
        assert self.outcomes(table, windows, datasets)[0] == ("forecast_of_another_split", "leak", 5)

    def test_another_label(self, forecasts):
        windows, datasets, table = forecasts
        table.loc[table.index[:4], "label"] ^= 1
        assert self.outcomes(table, windows, datasets)[1] == ("label_differs", "leak", 4)

    def test_samples_that_the_data_set_does_not_have_are_reported(self, forecasts):
        windows, datasets, table = forecasts
        strangers = table.head(3).assign(region=999)
        elsewhere = table.head(2).assign(instrument=pd.Categorical(["mdi"] * 2, categories=["mdi"]))
        joined = pd.concat([table.astype({"instrument": str}), strangers, elsewhere.astype({"instrument": str})])
        joined = joined.astype({"instrument": "category"}).reset_index(drop=True)
        assert self.outcomes(joined, windows, datasets)[0] == ("forecast_of_another_split", "reported", 5)
        of_another_seed = table.assign(seed=np.where(table["seed"] == 1, 7, 0))
        assert self.outcomes(of_another_seed, windows, datasets)[0][1] == "reported"
