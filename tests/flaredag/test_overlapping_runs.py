"""Scores over runs that overlap: by hand, by a plain loop over runs, and what cannot be made of other fits."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from sklearn.metrics import brier_score_loss, confusion_matrix, roc_auc_score

import made_up_runs as made_up
from flaredag.errors import InputError
from flaredag.overlapping_run_tables import RUN_METRICS
from flaredag.overlapping_runs import FoldFits, fits_of_model, runs_of_fits, signed_rank_test
from flaredag.sample_folds import TEST, sample_folds
from flaredag.score_tables import TOLD_CATEGORICAL

FOLDS = made_up.FOLDS


def fits_of(probability, label, validation_threshold=0.5) -> FoldFits:
    """Fits of given test forecasts, (fit, sample): a sample an hour of one region."""
    probability = np.asarray(probability, dtype=np.float64)
    times = made_up.START + np.arange(len(label)) * made_up.HOUR
    test = pd.DataFrame({"instrument": "sharp", "region": 5, "issue_time": times, "label": label, "split": "test"})
    thresholds = np.full(len(probability), validation_threshold)
    return FoldFits("m", test.assign(probability=probability[0]), probability, thresholds, thresholds, 0.5)


def folds_of(fits: FoldFits, folds: int) -> np.ndarray:
    columns = (fits.test[name].to_numpy() for name in ("label", "region", "issue_time"))
    label, region, time = columns
    instrument = np.zeros(len(label), dtype=np.int8)
    return sample_folds(label.astype(np.int8), instrument, region, time, folds=folds, purpose=TEST, where="")


def test_counts_of_runs_by_hand():
    # Two folds: a run has one event and one other sample in each; 4 + 4 samples. Fit 0 forecasts all events and
    # nothing else; fit 1 forecasts everything.
    label = np.array([1, 1, 1, 1, 0, 0, 0, 0])
    fits = fits_of([np.where(label == 1, 0.9, 0.2), np.full(8, 0.9)], label)
    runs = runs_of_fits(fits, folds=2, n_thresholds=11)
    # Any threshold from 0.2 to 0.8 has a TSS of 1 and 0: of these 0.5 is taken.
    assert runs.threshold_value["best_on_test"] == 0.5
    at = {metric: runs.scores[metric, "best_on_test"].tolist() for metric in TOLD_CATEGORICAL}
    assert at["true_skill_statistic"] == [[1, 1], [0, 0]]
    assert at["precision"] == [[1, 1], [0.5, 0.5]]
    assert at["accuracy"] == [[1, 1], [0.5, 0.5]]
    assert at["probability_of_detection"] == [[1, 1], [1, 1]]
    assert at["balanced_accuracy"] == [[1, 1], [0.5, 0.5]]
    assert at["heidke_skill_score"] == [[1, 1], [0, 0]]
    # (4 * 0.01 + 4 * 0.04) / 8 and (4 * 0.01 + 4 * 0.81) / 8, against 0.5 * 0.5 of the event rate.
    brier = np.array([[0.025, 0.025], [0.41, 0.41]])
    assert runs.scores["brier_score", ""] == pytest.approx(brier)
    assert runs.scores["brier_skill_score", ""] == pytest.approx(1 - brier / 0.25)
    auc = runs.scores["area_under_roc_curve", ""]
    # A constant forecast ranks nothing.
    assert auc[0].tolist() == [1, 1]
    assert np.isnan(auc[1]).all()
    # Two halves share nothing.
    assert runs.test_shared == 0


def test_runs_are_those_of_a_plain_loop():
    fits = fits_of_model(made_up.predictions_of({"good": 2.0}), model="good", folds=FOLDS)
    runs = runs_of_fits(fits, folds=FOLDS, n_thresholds=201)
    label, fold = fits.test["label"].to_numpy(), folds_of(fits, FOLDS)
    tss = np.zeros(201)
    for i in range(FOLDS):
        for j in range(FOLDS):
            kept, probability = fold != j, fits.probability[i]
            own = probability[kept]
            for place, threshold in enumerate(np.linspace(0, 1, 201)):
                (d, b), (c, a) = confusion_matrix(label[kept], own > threshold, labels=[0, 1])
                tss[place] += a / (a + c) - b / (b + d)
            for name in ("best_on_test", "validation"):
                at = runs.threshold_value[name] if name == "best_on_test" else fits.validation_threshold[i]
                (d, b), (c, a) = confusion_matrix(label[kept], own > at, labels=[0, 1])
                n = a + b + c + d
                chance = ((a + b) * (a + c) + (b + d) * (c + d)) / n
                by_hand = {
                    "probability_of_detection": a / (a + c),
                    "precision": a / (a + b),
                    "accuracy": (a + d) / n,
                    "balanced_accuracy": (a / (a + c) + d / (b + d)) / 2,
                    "heidke_skill_score": (a + d - chance) / (n - chance),
                    "true_skill_statistic": a / (a + c) - b / (b + d),
                }
                for metric, value in by_hand.items():
                    assert runs.scores[metric, name][i, j] == pytest.approx(value), metric
            rate, brier = label[kept].mean(), brier_score_loss(label[kept], own)
            assert runs.scores["brier_score", ""][i, j] == pytest.approx(brier)
            assert runs.scores["brier_skill_score", ""][i, j] == pytest.approx(1 - brier / (rate * (1 - rate)))
            assert runs.scores["area_under_roc_curve", ""][i, j] == pytest.approx(roc_auc_score(label[kept], own))
    best = np.linspace(0, 1, 201)[tss >= tss.max() - 1e-9]
    assert runs.threshold_value["best_on_test"] in best
    assert {metric for metric, _ in runs.scores} == set(RUN_METRICS)
    assert all(values.shape == (FOLDS, FOLDS) for values in runs.scores.values())


def test_fits_are_told_by_the_fold_they_lack():
    fits = fits_of_model(made_up.predictions_of({"good": 2.0, "poor": 0.5}), model="poor", folds=FOLDS)
    assert fits.probability.shape == (FOLDS, len(fits.test)) == (FOLDS, 120)
    # Of 120 training samples each fit lacks a fourth: two share a half of all, two thirds of a fit.
    assert fits.training_shared == pytest.approx(2 / 3, abs=0.01)
    assert runs_of_fits(fits, folds=FOLDS, n_thresholds=11).test_shared == pytest.approx(2 / 3, abs=0.01)


def test_thresholds_of_validation_are_each_fits_own():
    table = made_up.predictions_of({"good": 2.0})
    moved = (table["seed"] == 1) & (table["split"] == "validation")
    lower = table.assign(probability=table["probability"].mask(moved, table["probability"] * 0.5))
    before, after = (fits_of_model(each, model="good", folds=FOLDS) for each in (table, lower))
    changed = before.validation_threshold != after.validation_threshold
    assert changed.tolist() == [False, True, False, False]


def without(table: pd.DataFrame, **where) -> pd.DataFrame:
    return table[~np.logical_and.reduce([table[name] == value for name, value in where.items()])]


@pytest.mark.parametrize(
    ("change", "told"),
    [
        (lambda table: without(table, seed=2), "good: fits of 0, 1, 3; wanted one for each of the 4 training folds"),
        (lambda table: without(table, model="good"), "good: fits of no seed; wanted"),
        (lambda table: without(table, seed=1, split="train"), "not every fit has samples of train"),
        (
            lambda table: without(table, seed=3, region=25),
            "the fit without training fold 3 is tested on other samples than that without fold 0",
        ),
    ],
)
def test_what_are_no_fits_of_folds_is_told(change, told):
    table = change(made_up.predictions_of({"good": 2.0}))
    with pytest.raises(InputError, match=told):
        fits_of_model(table, model="good", folds=FOLDS)


def test_fewer_events_than_folds_are_told():
    label = np.array([1, 0, 0, 0, 0])
    with pytest.raises(InputError, match="test split of m: 1 positive samples for 2 folds"):
        runs_of_fits(fits_of([np.linspace(0, 1, 5)] * 2, label), folds=2, n_thresholds=11)


class TestSignedRanks:
    def test_by_hand(self):
        # Ranks of the sizes 1 to 5; the negative one has rank 2: the statistic is the smaller sum, 2. Of the 32 signs
        # of five ranks three have a sum of 2 or less on one side: none, 1, 2.
        a = np.array([0.1, -0.2, 0.3, 0.4, 0.5])
        statistic, p = signed_rank_test(a, np.zeros(5))
        assert (statistic, p) == (2.0, pytest.approx(2 * 3 / 32))
        assert signed_rank_test(np.zeros(5), a) == (statistic, p)

    def test_of_runs_that_are_nearly_the_same_any_difference_is_significant(self):
        rng = np.random.default_rng(3)
        a = 0.8 + 0.001 * rng.normal(size=100)
        _, p = signed_rank_test(a + 0.001, a + 0.0005 * rng.normal(size=100))
        assert p < 1e-10

    def test_no_difference_is_no_evidence_and_an_undefined_figure_none(self):
        a = np.linspace(0, 1, 9)
        assert signed_rank_test(a, a + 1e-12) == (0.0, 1.0)
        assert np.isnan(signed_rank_test(a, np.where(a > 0.9, np.nan, a))).all()
