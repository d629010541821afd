"""Leaks of statistics and thresholds: standardisation and thresholds that have seen the test set are found."""

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from flaredag.audit_statistics import (
    columns_standardised_by_test,
    given_threshold,
    standardised_by_test,
    threshold_from_test,
)
from flaredag.datasets import draw_dataset
from flaredag.samples import WindowImages
from flaredag.verification import threshold_of_best_true_skill_statistic

DRAW = {"test_fraction": 0.2, "validation_fraction": 0.2, "undersampled": ["train", "test"]}


def drawn(windows, *, standardisation, seeds=(0, 1), added=(), **settings):
    return [
        draw_dataset(
            windows,
            name="X",
            seed=seed,
            evaluated="sharp",
            added_to_training=list(added),
            standardisation=standardisation,
            **(DRAW | settings),
        )
        for seed in seeds
    ]


def with_images(windows):
    """The windows with magnetograms of known mean."""
    n = len(windows.label)
    rng = np.random.default_rng(0)
    mean = rng.normal(0, 50, n)
    return replace(
        windows,
        images=WindowImages(
            cubes=("sharp-0",),
            cube=np.zeros(n, np.int16),
            frame=np.arange(n, dtype=np.int32),
            frame_digest=np.arange(n, dtype=np.int64),
            mean_gauss=mean,
            mean_square_gauss2=mean**2 + rng.uniform(1e3, 1e4, n),
            longitude_deg=np.zeros(n, np.float32),
            latitude_deg=np.zeros(n, np.float32),
        ),
    )


class TestStandardisation:
    @pytest.mark.parametrize("added", [(), ("smarp",)])
    def test_of_the_training_samples_is_clean(self, study_windows, added):
        windows = with_images(study_windows(n_regions=60))
        datasets = drawn(windows, standardisation="train", added=added, pixels_standardised_by="sharp")
        found = standardised_by_test("X", windows, datasets, declared=False, pixels_of="sharp")
        assert (found.outcome, found.n) == ("clean", 2)

    @pytest.mark.parametrize(("declared", "outcome"), [(False, "leak"), (True, "declared")])
    def test_of_all_windows(self, study_windows, declared, outcome):
        windows = study_windows(n_regions=60)
        datasets = [*drawn(windows, standardisation="train"), *drawn(windows, standardisation="global", seeds=[2])]
        found = standardised_by_test("X", windows, datasets, declared=declared)
        assert (found.outcome, found.n) == (outcome, 1)
        assert "of 1 of 3 draws are those of all windows" in found.text

    @pytest.mark.parametrize("part", ["mean", "standard_deviation"])
    def test_of_neither_is_a_leak_declared_or_not(self, study_windows, part):
        windows = study_windows(n_regions=60)
        datasets = drawn(windows, standardisation="train")
        values = getattr(datasets[1], part).copy()
        values[0, 2] *= 1.001
        datasets[1] = replace(datasets[1], **{part: values})
        found = standardised_by_test("X", windows, datasets, declared=True)
        assert found.outcome == "leak"
        assert "first: seed 1" in found.text

    def test_of_training_and_validation_samples_is_a_leak(self, study_windows):
        windows = study_windows(n_regions=60)
        (dataset,) = drawn(windows, standardisation="train", seeds=[0])
        both = np.concatenate([dataset.positions["train"], dataset.positions["validation"]])
        values = windows.features[windows.step_record[both, -1]]
        mean, spread = dataset.mean.copy(), dataset.standard_deviation.copy()
        mean[0], spread[0] = values.mean(axis=0), values.std(axis=0)
        spoilt = replace(dataset, mean=mean, standard_deviation=spread)
        assert standardised_by_test("X", windows, [spoilt], declared=True).outcome == "leak"

    @pytest.mark.parametrize(
        ("standardisation", "declared", "outcome"),
        [("train", False, "clean"), ("global", False, "leak"), ("global", True, "declared")],
    )
    def test_of_features_scaled_by_range(self, study_windows, standardisation, declared, outcome):
        windows, scaled = study_windows(n_regions=60), ["area", "r_value"]
        datasets = drawn(windows, standardisation=standardisation, min_max_scaled=scaled)
        found = standardised_by_test("X", windows, datasets, declared=declared, min_max_scaled=scaled)
        assert (found.outcome, found.n) == (outcome, 2)
        assert "mean and standard deviation (of some features minimum and range)" in found.text

    def test_a_range_that_only_the_test_split_has_is_a_leak(self, study_windows):
        windows, scaled = study_windows(n_regions=60), ["area"]
        (dataset,) = drawn(windows, standardisation="train", seeds=[0], min_max_scaled=scaled)
        test = windows.features[windows.step_record[dataset.positions["test"], -1], 0]
        reached = max(test.max(), dataset.mean[0, 0] + dataset.standard_deviation[0, 0]) + 1
        spread = dataset.standard_deviation.copy()
        spread[0, 0] = reached - dataset.mean[0, 0]
        spoilt = replace(dataset, standard_deviation=spread)
        assert standardised_by_test("X", windows, [spoilt], declared=True, min_max_scaled=scaled).outcome == "leak"

    def test_pixels_count_too(self, study_windows):
        windows = with_images(study_windows(n_regions=60))
        (honest,) = drawn(windows, standardisation="train", seeds=[0], pixels_standardised_by="sharp")
        (leaking,) = drawn(windows, standardisation="global", seeds=[0], pixels_standardised_by="sharp")
        spoilt = replace(honest, pixel_mean_gauss=leaking.pixel_mean_gauss)
        assert standardised_by_test("X", windows, [honest], declared=False, pixels_of="sharp").outcome == "clean"
        assert standardised_by_test("X", windows, [spoilt], declared=True, pixels_of="sharp").outcome == "leak"
        assert standardised_by_test("X", windows, [leaking], declared=True, pixels_of="sharp").outcome == "declared"


class TestColumns:
    @given(st.integers(0, 1000), st.booleans())
    def test_standardised_over_all_samples_or_over_training(self, seed, leaks):
        rng = np.random.default_rng(seed)
        is_train = rng.random(600) < 0.6
        raw = rng.normal(5, 3, 600)
        population = raw if leaks else raw[is_train]
        columns = {"scaled": (raw - population.mean()) / population.std(), "raw": raw}
        found = columns_standardised_by_test("x", columns, is_train)
        assert [(one.subject, one.outcome) for one in found] == [("x: scaled", "leak") if leaks else ("x", "clean")]

    def test_missing_values_are_left_out(self):
        rng = np.random.default_rng(0)
        raw = rng.normal(5, 3, 600)
        raw[::7] = np.nan
        scaled = (raw - np.nanmean(raw)) / np.nanstd(raw)
        (found,) = columns_standardised_by_test("x", {"scaled": scaled}, np.arange(600) < 300)
        assert found.outcome == "leak"

    def test_without_other_samples_nothing_is_said(self):
        values = np.random.default_rng(0).normal(size=500)
        scaled = (values - values.mean()) / values.std()
        (found,) = columns_standardised_by_test("x", {"scaled": scaled}, np.ones(500, dtype=bool))
        assert found.outcome == "clean"


def forecasts(seed=0, models=("lstm",), n=120):
    """Predictions of one seed and their true validation thresholds."""
    rng = np.random.default_rng(seed)
    tables, thresholds = [], []
    for model in models:
        label = (rng.random(n) < 0.4).astype(np.int8)
        probability = np.clip(0.3 * label + rng.random(n) * 0.7, 0, 1)
        split = np.repeat(["train", "validation", "test"], n // 3)
        tables.append(
            pd.DataFrame({"model": model, "seed": 0, "split": split, "label": label, "probability": probability})
        )
        best = {
            name: threshold_of_best_true_skill_statistic(label[split == name], probability[split == name])
            for name in ("validation", "test")
        }
        thresholds.append((model, best))
    return pd.concat(tables, ignore_index=True), dict(thresholds)


def scores_of(values, threshold="validation"):
    return pd.DataFrame(
        [(model, 0, threshold, "threshold", value) for model, value in values.items()],
        columns=["model", "seed", "threshold", "metric", "value"],
    )


class TestThresholds:
    @given(st.integers(0, 500))
    def test_clean_and_planted(self, seed):
        predictions, best = forecasts(seed, ["a", "b"])
        # As a table of scores has them: ten digits.
        honest = scores_of({model: float(f"{of['validation']:.10g}") for model, of in best.items()})
        (found,) = threshold_from_test("X", predictions, honest)
        assert (found.outcome, found.n) == ("clean", 2)
        if best["b"]["test"] == best["b"]["validation"]:
            return
        (found,) = threshold_from_test(
            "X", predictions, scores_of({"a": best["a"]["validation"], "b": best["b"]["test"]})
        )
        assert (found.outcome, found.n) == ("leak", 1)
        assert "b, seed 0" in found.text
        assert "the best one of the test set" in found.text

    def test_of_neither_split(self):
        predictions, best = forecasts()
        (found,) = threshold_from_test("X", predictions, scores_of({"lstm": best["lstm"]["validation"] + 1e-3}))
        assert found.outcome == "leak"
        assert "chosen on neither split" in found.text

    def test_without_validation_split_the_threshold_is_undefined(self):
        predictions, _ = forecasts()
        predictions = predictions[predictions["split"] != "validation"].reset_index(drop=True)
        (found,) = threshold_from_test("X", predictions, scores_of({"lstm": np.nan}))
        assert found.outcome == "clean"
        (found,) = threshold_from_test("X", predictions, scores_of({"lstm": 0.5}))
        assert found.outcome == "leak"

    def test_what_says_that_it_saw_the_test_set_is_declared(self):
        predictions, best = forecasts(models=["lstm", "stack_oracle_on_test"])
        scores = pd.concat(
            [
                scores_of({model: of["validation"] for model, of in best.items()}),
                scores_of({model: of["test"] for model, of in best.items()}, threshold="best_on_test"),
                scores_of({"of_another_file": 0.3}, threshold="best_on_test"),
            ]
        )
        found = threshold_from_test("X", predictions, scores)
        assert [(one.subject, one.outcome, one.n) for one in found] == [
            ("X", "clean", 2),
            ("X: oracles", "declared", 1),
            ("X: best_on_test", "declared", 2),
        ]

    def test_series_without_scores_are_reported(self):
        predictions, best = forecasts(models=["a", "b"])
        found = threshold_from_test("X", predictions, scores_of({"a": best["a"]["validation"]}))
        assert [(one.outcome, one.n) for one in found] == [("clean", 1), ("reported", 1)]


class TestGivenThreshold:
    def found(self, threshold, predictions):
        columns = (predictions[name].to_numpy() for name in ("split", "label", "probability"))
        return given_threshold("x", np.broadcast_to(threshold, len(predictions)), *columns)

    @given(st.integers(0, 500))
    def test_clean_and_planted(self, seed):
        predictions, best = forecasts(seed)
        assert self.found(best["lstm"]["validation"], predictions).outcome == "clean"
        of_test = predictions[predictions["split"] == "validation"]
        at = best["lstm"]["test"]
        own, label = of_test["probability"] > at, of_test["label"] == 1
        other = of_test["probability"] > best["lstm"]["validation"]
        # Whole numbers, so that equal skills are equal.
        skill = [one[label].sum() * (~label).sum() - one[~label].sum() * label.sum() for one in (own, other)]
        assert self.found(at, predictions).outcome == ("clean" if skill[0] == skill[1] else "leak")

    def test_undecided(self):
        predictions, _ = forecasts()
        assert self.found(0.5, predictions[predictions["split"] == "test"]).outcome == "reported"
        assert self.found(np.nan, predictions).outcome == "reported"
        two = np.where(np.arange(len(predictions)) % 2, 0.4, 0.5)
        assert self.found(two, predictions).outcome == "reported"
