"""Leaks of features: a column that gives the label away or knows the future is found, keywords of the Sun are not."""

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from flaredag.audit_features import (
    best_single_threshold_skill,
    column_gives_label_away,
    feature_knows_the_future,
    features_that_know_the_future,
    few_values_skill,
)
from made_up_samples import made_up_rows

N = 400


def labelled(seed, rate=0.2):
    """Labels and regions of N samples, and a generator."""
    rng = np.random.default_rng(seed)
    return (rng.random(N) < rate).astype(np.int8), np.arange(N) // 5, rng


def outcomes(columns, label, region=None):
    return [(one.subject, one.outcome) for one in column_gives_label_away("x", columns, label, region)]


class TestThresholdSkill:
    def test_by_hand(self):
        # Above 2: two of three events, one of four non-events. Above 3: one event. Above 1: all events, three of four.
        values, label = np.array([1.0, 2, 2, 2, 3, 3, 4]), np.array([0, 0, 0, 1, 0, 1, 1], dtype=np.int8)
        assert best_single_threshold_skill(values, label) == pytest.approx(2 / 3 - 1 / 4)
        # Both directions.
        assert best_single_threshold_skill(-values, label) == pytest.approx(2 / 3 - 1 / 4)

    @given(st.lists(st.tuples(st.integers(0, 6), st.booleans()), min_size=2, max_size=40))
    def test_against_every_threshold(self, rows):
        values = np.array([value for value, _ in rows], dtype=np.float64)
        label = np.array([is_event for _, is_event in rows], dtype=np.int8)
        got = best_single_threshold_skill(values, label)
        if label.min() == label.max():
            assert np.isnan(got)
            return
        wanted = max(
            abs((values[label == 1] > at).mean() - (values[label == 0] > at).mean()) for at in np.arange(-0.5, 7)
        )
        assert got == pytest.approx(wanted)

    def test_infinite_values_have_an_order_too(self):
        assert best_single_threshold_skill(np.array([-np.inf, 1.0, np.inf]), np.array([0, 0, 1], dtype=np.int8)) == 1


def test_few_values_by_hand():
    # Value 0: 3 non-events; value 1: 2 events; value 2: an event and a non-event.
    codes, label = np.array([0, 0, 0, 1, 1, 2, 2]), np.array([0, 0, 0, 1, 1, 1, 0], dtype=np.int8)
    skill, share = few_values_skill(codes, label)
    assert skill == pytest.approx((3 / 4 + 2 / 3 + (1 / 3 - 1 / 4)) / 2)
    # Events are rarer, and two of three have value 1.
    assert share == pytest.approx(2 / 3)
    # Of the rarer non-events, both alone in their value.
    assert few_values_skill(np.array([0, 0, 1, 1, 1]), np.array([0, 0, 1, 1, 1], dtype=np.int8)) == (1, 1)
    assert np.isnan(few_values_skill(codes, np.ones(7, dtype=np.int8))).all()


class TestGivenAway:
    @given(st.integers(0, 10_000))
    def test_clean(self, seed):
        label, region, rng = labelled(seed)
        # One that tells much, one that tells nothing, one of few values, one that is partly missing.
        columns = {
            "good": rng.normal(2.0 * label),
            "noise": rng.normal(size=N),
            "few": rng.integers(0, 4, N).astype(float),
            "missing": np.where(rng.random(N) < 0.3, np.nan, rng.normal(size=N)),
        }
        (found,) = column_gives_label_away("x", columns, label, region)
        assert (found.subject, found.outcome, found.n) == ("x", "clean", 4)
        assert "the most telling is good" in found.text

    @given(
        st.integers(0, 10_000),
        st.sampled_from(["equal", "inverted", "flux", "noisy", "codes", "missing", "missing_inverted", "half"]),
    )
    def test_planted(self, seed, kind):
        label, region, rng = labelled(seed)
        noise = rng.normal(size=N)
        half = (label == 1) & (np.cumsum(label) % 10 < 7)
        planted = {
            "equal": label.astype(float),
            "inverted": 1.0 - label,
            # The greatest GOES flux of the forecast window: the label is whether it reaches M1.0.
            "flux": np.where(label == 1, rng.uniform(1e-5, 9e-4, N), rng.uniform(1e-8, 9e-6, N)),
            # One false alarm in two hundred; of few events, one missed would be much.
            "noisy": 10.0 * np.where(np.arange(N) % 200 == 0, 1, label) + rng.random(N),
            # A code without an order: 3 means event, 1, 2 and 4 do not.
            "codes": np.where(label == 1, 3, rng.choice([1, 2, 4], N)).astype(float),
            "missing": np.where(label == 1, np.nan, noise),
            "missing_inverted": np.where(label == 0, np.nan, noise),
            # Of most events it says so, and is never wrong in that.
            "half": np.where(half, 1.0, 0.0),
        }[kind]
        found = outcomes({"clean": noise, "planted": planted}, label, region)
        assert found == [("x: planted", "leak")]

    def test_a_column_that_equals_the_label_says_so(self):
        label, region, _ = labelled(1)
        (found,) = column_gives_label_away("x", {"max_class": label.astype(float)}, label, region)
        assert found.text == "max_class equals the label"

    @pytest.mark.parametrize(
        ("n_events", "n_regions", "outcome"), [(29, 29, "reported"), (30, 9, "reported"), (30, 10, "leak")]
    )
    def test_too_few_of_a_class_decide_nothing(self, n_events, n_regions, outcome):
        label = np.repeat([1, 0], [n_events, 200]).astype(np.int8)
        region = np.concatenate([np.arange(n_events) % n_regions, 100 + np.arange(200)])
        found = column_gives_label_away("x", {"planted": label.astype(float)}, label, region)
        assert [one.outcome for one in found] == [outcome]

    def test_a_column_given_for_few_events_only_is_not_judged_by_them(self):
        label, region, rng = labelled(2)
        sparse = np.where(rng.random(N) < 0.95, np.nan, label.astype(float))
        assert outcomes({"sparse": sparse}, label, region) == [("x", "clean")]

    def test_one_outcome_only(self):
        assert outcomes({"noise": np.arange(N, dtype=float)}, np.zeros(N, dtype=np.int8)) == [("x", "reported")]

    def test_real_keywords_give_no_label_away(self, published_folds):
        """All SHARP and all SMARP samples: R_VALUE alone tells strong from quiet well, and that is no leak."""
        skill = {}
        for instrument in ("sharp", "smarp"):
            folds = [fold for fold in published_folds if fold.instrument == instrument]
            raw = pd.concat([fold.raw[["arpnum", "t_end", "label"]] for fold in folds]).drop_duplicates()
            raw = raw.assign(
                region=raw["arpnum"].astype(np.int64), t_rec=pd.to_datetime(raw["t_end"]).astype("datetime64[s]")
            )
            records = pd.concat([fold.records for fold in folds]).merge(raw, on=["region", "t_rec"])
            label = (records["label"] == "True").to_numpy(dtype=np.int8)
            assert len(records) > 20_000
            names = ["area", "usfluxl", "meangbl", "r_value"]
            columns = {name: records[name].to_numpy(dtype=np.float64) for name in names}
            region = records["region"].to_numpy(dtype=np.int64)
            (found,) = column_gives_label_away(instrument, columns, label, region)
            assert (found.outcome, found.n) == ("clean", 4)
            given = ~np.isnan(columns["r_value"])
            skill[instrument] = best_single_threshold_skill(columns["r_value"][given], label[given])
            columns["max_class"] = label * 2.5e-5
            assert [one.subject for one in column_gives_label_away(instrument, columns, label, region)] == [
                f"{instrument}: max_class"
            ]
        assert 0.6 < min(skill.values()) <= max(skill.values()) < 0.97


def tables_of(seed=0):
    """A table made with one future, the same with another, and the time at which they part."""
    before = made_up_rows(seed=seed).drop(columns=["split", "label"])
    cut = before["time"].sort_values().iloc[len(before) // 2]
    after = before.copy()
    later = (after["time"] > cut).to_numpy()
    after.loc[later, ["r_value", "area"]] *= 3
    return before, after.sample(frac=1, random_state=seed), np.datetime64(cut, "s")


class TestKnowsTheFuture:
    @given(st.integers(0, 100))
    def test_clean(self, seed):
        before, after, cut = tables_of(seed)
        assert features_that_know_the_future(before, after, cut) == {"samples": 0, "r_value": 0, "area": 0}

    @given(st.integers(0, 100), st.integers(1, 5))
    def test_planted(self, seed, n):
        before, after, cut = tables_of(seed)
        past = after.index[(after["time"] <= cut).to_numpy()][:n]
        after.loc[past, "area"] = np.nan if seed % 2 else after["area"].max()
        assert features_that_know_the_future(before, after, cut) == {"samples": 0, "r_value": 0, "area": n}

    def test_samples_that_come_or_go_are_counted(self):
        before, after, cut = tables_of()
        past = after.index[(after["time"] <= cut).to_numpy()]
        assert features_that_know_the_future(before, after.drop(index=past[:3]), cut)["samples"] == 3
        assert features_that_know_the_future(before.drop(index=past[:2]), after, cut)["samples"] == 2
        # Of the future, anything may come or go.
        future = after.index[(after["time"] > cut).to_numpy()]
        assert features_that_know_the_future(before, after.drop(index=future), cut)["samples"] == 0

    def test_missing_equals_missing_and_texts_are_compared(self):
        before, after, cut = tables_of()
        for table in (before, after):
            table.loc[:, "area"] = np.nan
            table["mcintosh"] = "Axx"
        assert sum(features_that_know_the_future(before, after, cut).values()) == 0
        after["mcintosh"] = "Bxo"
        n_past = int((before["time"] <= cut).sum())
        assert features_that_know_the_future(before, after, cut)["mcintosh"] == n_past

    def test_finding(self):
        found = feature_knows_the_future("x", {"samples": 0, "area": 2, "r_value": 9}, n_compared=20, cut="2012")
        assert (found.outcome, found.n) == ("leak", 9)
        assert found.text.endswith("observed later: r_value (9), area (2)")
        assert feature_knows_the_future("x", {"area": 0}, n_compared=20, cut="2012").outcome == "clean"
        assert feature_knows_the_future("x", {"area": 0}, n_compared=0, cut="2012").outcome == "reported"
