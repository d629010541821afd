"""The audit of anybody's samples: clean ones are clean throughout, each planted leak is found by its check alone."""

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from flaredag.audit_of_samples import findings_of_samples
from flaredag.audited_samples import KNOWN_COLUMNS, AuditedSamples
from made_up_samples import HOUR, START, made_up_rows

SEEDS = st.integers(0, 1000)


def samples_of(table: pd.DataFrame) -> AuditedSamples:
    """What is read of a file that holds `table`."""
    taken = {
        "region": "disk",
        "split": "test",
        "model": "data",
        "seed": "0",
        "probability": np.nan,
        "threshold": np.nan,
    }
    rows = pd.DataFrame(
        {name: table[name] if name in table else taken.get(name) for name in KNOWN_COLUMNS if name != "issue_time"}
    )
    features = {name: table[name].to_numpy(dtype=np.float64) for name in table.columns if name not in KNOWN_COLUMNS}
    return AuditedSamples(rows, features, (), tuple(table.columns))


def outcomes(table, **hours):
    """(check, outcome) of all that is not clean."""
    found = findings_of_samples("x", samples_of(table), **({"window_hours": 24, "horizon_hours": 24} | hours))
    return [(one.check, one.outcome) for one in found if one.outcome != "clean"]


def by_time(seed=0):
    """Clean samples in three stretches of time, none of a region twice, purged by 48 h."""
    table = made_up_rows(n_regions=480, per_region=1, seed=seed)
    number = np.arange(480)
    rng = np.random.default_rng(seed)
    label = (number % 3 == 0).astype(np.int8)
    return table.assign(
        label=label,
        r_value=rng.normal(3 + label),
        split=np.array(["train", "validation", "test"])[number // 160],
        time=START + (number + 48 * (number // 160)) * HOUR,
    )


def forecasts(seed=0):
    """Clean forecasts of two models."""
    table = made_up_rows(seed=seed).drop(columns=["r_value", "area"])
    rng = np.random.default_rng(seed)
    parts = [
        table.assign(model=model, probability=np.clip(0.3 * table["label"] + 0.7 * rng.random(len(table)), 0.01, 0.99))
        for model in ("lstm", "mlp")
    ]
    return pd.concat(parts, ignore_index=True)


class TestClean:
    @given(SEEDS)
    @settings(max_examples=15)
    def test_data_sets_and_forecasts(self, seed):
        assert outcomes(made_up_rows(seed=seed)) == []
        assert outcomes(by_time(seed)) == []
        assert outcomes(forecasts(seed)) == []

    def test_without_splits_or_regions(self):
        # Nothing to part: that is told.
        alone = [("region_in_two_splits", "reported"), ("windows_overlap_across_splits", "reported")]
        assert outcomes(made_up_rows().drop(columns="split")) == alone
        assert outcomes(by_time().drop(columns="region")) == []


def plant_region(table):
    """A window of a training region, long after all others, goes to test."""
    row = table[table["split"] == "train"].head(1)
    return pd.concat([table, row.assign(split="test", time=START + 9000 * HOUR)], ignore_index=True)


def plant_overlap(table):
    row = table[table["split"] == "train"].head(1)
    return pd.concat([table, row.assign(split="test", time=row["time"] + 3 * HOUR)], ignore_index=True)


def plant_label(table):
    rng = np.random.default_rng(0)
    return table.assign(max_flux=np.where(table["label"] == 1, 2e-5, 2e-6) * rng.uniform(0.8, 1.2, len(table)))


def plant_missing(table):
    return table.assign(end_time=np.where(table["label"] == 1, 5.0, np.nan))


def plant_standardisation(table):
    return table.assign(r_value=(table["r_value"] - table["r_value"].mean()) / table["r_value"].std(ddof=0))


def plant_duplicate(table):
    return pd.concat([table, table.tail(2)], ignore_index=True)


def plant_balance(table):
    test = table[table["split"] == "test"]
    n = test["label"].sum()
    quiet = test[test["label"] == 0].index[: len(test) - 2 * n] if 2 * n < len(test) else []
    strong = test[test["label"] == 1].index[: 2 * n - len(test)] if 2 * n > len(test) else []
    return table.drop(index=[*quiet, *strong])


class TestPlanted:
    @pytest.mark.parametrize(
        ("plant", "found"),
        [
            (plant_region, {("region_in_two_splits", "leak")}),
            (plant_overlap, {("region_in_two_splits", "leak"), ("windows_overlap_across_splits", "leak")}),
            (plant_label, {("column_gives_label_away", "leak")}),
            (plant_missing, {("column_gives_label_away", "leak")}),
            (plant_standardisation, {("standardised_by_test", "leak")}),
            (plant_duplicate, {("sample_given_twice", "leak")}),
            (plant_balance, {("test_chosen_by_outcome", "reported")}),
        ],
    )
    @given(seed=SEEDS)
    @settings(max_examples=6)
    def test_in_a_data_set(self, plant, found, seed):
        assert set(outcomes(plant(made_up_rows(seed=seed)))) == found

    # The last of a split and the first of the next are 49 h apart.
    @given(SEEDS, st.integers(2, 40))
    @settings(max_examples=10)
    def test_a_purge_gap_too_short(self, seed, hours):
        table = by_time(seed)
        later = (table["split"] == "test").to_numpy()
        table["time"] -= np.where(later, hours, 0) * HOUR
        assert set(outcomes(table)) == {("windows_overlap_across_splits", "leak")}
        # Windows that reach less far do not meet.
        assert outcomes(table, horizon_hours=3, window_hours=4) == []

    @given(SEEDS)
    @settings(max_examples=10)
    def test_in_forecasts(self, seed):
        table = forecasts(seed)
        lstm = (table["model"] == "lstm").to_numpy()
        perfect = table.assign(probability=np.where(lstm, table["label"], table["probability"]))
        assert outcomes(perfect) == [("forecast_equals_label", "leak")]
        at_odds = table.assign(
            label=np.where(lstm & (np.arange(len(table)) % 50 == 0), 1 - table["label"], table["label"])
        )
        assert ("label_differs", "leak") in outcomes(at_odds)
        # Regions of one model may lie elsewhere than those of another, as those of another seed may.
        turned = table["split"].map({"train": "test", "test": "validation", "validation": "train"})
        assert outcomes(table.assign(split=np.where(lstm, turned, table["split"]))) == []

    def test_a_threshold_chosen_on_test(self):
        table = forecasts()
        table = table[table["model"] == "lstm"].reset_index(drop=True)
        own = table["split"] == "test"
        # All test events are above 0.6, all non-events below; on validation 0.6 is nothing special.
        table.loc[own, "probability"] = 0.5 + 0.3 * table.loc[own, "label"] + 0.01 * np.arange(own.sum()) / own.sum()
        found = outcomes(table.assign(threshold=0.6))
        assert found == [("forecast_equals_label", "reported"), ("threshold_from_test", "leak")]

    def test_texts_of_many_values_are_told(self):
        samples = samples_of(made_up_rows())
        told = AuditedSamples(samples.rows, samples.features, ("file",), samples.given)
        found = findings_of_samples("x", told, window_hours=24, horizon_hours=24)
        assert [(one.subject, one.outcome, one.n) for one in found if one.outcome != "clean"] == [
            ("x: texts", "reported", 1)
        ]
