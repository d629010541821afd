"""The audit of a study: a clean one is clean, and what is declared, reported or leaks in its parts is told so."""

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest

from flaredag.audit_of_study import (
    draws_of_datasets,
    findings_of_data_set,
    findings_of_features,
    findings_of_future,
    findings_of_predictions,
    findings_of_regions,
    window_hours,
)
from flaredag.datasets import draw_dataset
from flaredag.study_windows import make_windows
from flaredag.verification import threshold_of_best_true_skill_statistic
from made_up_audit import AUDITED, DRAW, made_up_study, tables_of_regions


@pytest.fixture(scope="module")
def study():
    return made_up_study()


def of_data_set(study, windows=None, datasets=None, *, settings=AUDITED, declared=(), **draw):
    drawn = study.drawn["ONLY"] | {"draw": study.drawn["ONLY"]["draw"] | draw}
    found = findings_of_data_set(
        "ONLY",
        windows or study.windows,
        datasets or study.datasets,
        settings=settings,
        drawn=drawn,
        declared_leaks=declared,
    )
    return {(one.check, one.outcome) for one in found if one.outcome != "clean"}


class TestDataSet:
    def test_clean(self, study):
        assert of_data_set(study) == set()

    def test_a_region_in_two_splits(self, study):
        dataset = study.datasets[0]
        test, train = dataset.positions["test"], dataset.positions["train"]
        moved = replace(
            dataset, positions=dict(dataset.positions) | {"test": np.append(test, train[:1]), "train": train[1:]}
        )
        found = of_data_set(study, datasets=[moved])
        assert ("region_in_two_splits", "leak") in found
        assert ("windows_overlap_across_splits", "leak") in found

    def test_splits_by_time_are_held_apart_whatever_the_region(self, study):
        # Of regions one after the other, two that are neighbours lie in different splits and overlap.
        assert of_data_set(study, split_by="time") == {("windows_overlap_across_splits", "leak")}

    def test_a_feature_that_is_the_label(self, study):
        windows = study.windows
        features = windows.features.copy()
        features[windows.step_record[:, -1], 0] = windows.label
        (honest,) = findings_of_features("", windows, "sharp")
        assert (honest.subject, honest.outcome, honest.n) == ("sharp", "clean", 2)
        (found,) = findings_of_features("day", replace(windows, features=features), "sharp")
        assert (found.subject, found.outcome) == ("sharp, day: area", "leak")

    @pytest.mark.parametrize(("declared", "outcome"), [(False, "leak"), (True, "declared")])
    def test_what_the_study_of_the_paper_does(self, declared, outcome):
        study = made_up_study(standardisation="global", undersampled=["train", "validation", "test"])
        leaks = [("standardisation", "global"), ("undersampled", "test"), ("labels", "irrelevant")]
        told = [{"setting": setting, "value": value} for setting, value in leaks] if declared else []
        found = of_data_set(study, declared=told)
        assert found == {("standardised_by_test", outcome), ("test_chosen_by_outcome", outcome)}

    BY_TIME = ("split_by", "time"), ("validation_from", "2012-02-10"), ("test_from", "2012-03-10")

    @pytest.mark.parametrize(
        ("borders", "declared", "outcome"),
        [("cut", True, "declared"), ("cut", False, "leak"), ("purged", True, None)],
    )
    def test_borders_that_cut_regions(self, borders, declared, outcome):
        drawn = {**dict(self.BY_TIME), "borders": borders, "purge_gap_hours": 48.0}
        study = made_up_study(**drawn)
        leaks = [{"setting": "borders", "value": "cut"}] if declared else []
        found = of_data_set(study, declared=leaks)
        checks = ("region_in_two_splits", "windows_overlap_across_splits")
        assert found == ({(check, outcome) for check in checks} if outcome else set())

    def test_declared_cuts_of_another_data_set_excuse_nothing(self):
        study = made_up_study(**dict(self.BY_TIME), borders="cut")
        leaks = [{"setting": "borders", "value": "cut"}]
        assert {outcome for _, outcome in of_data_set(study, declared=leaks, borders="purged")} == {"leak"}

    def test_features_scaled_by_range_are_held_against_their_range(self):
        study = made_up_study(min_max_scaled=["area"])
        assert of_data_set(study) == set()
        # As if nothing had been said of it, what they have is neither mean nor standard deviation.
        assert of_data_set(study, min_max_scaled=[]) == {("standardised_by_test", "leak")}

    def test_padded_windows_are_clean(self):
        settings = AUDITED | {"windows": AUDITED["windows"] | {"padding": "zeros"}}
        records, flares = tables_of_regions()
        windows = make_windows(records, flares, None, settings=settings)[0]["flare"]
        assert (windows.step_record < 0).sum() == 45 * 15 * 16 / 2, "of each region those before its first record"
        drawn = {"seeds": [0], "task": "", "draw": DRAW}
        datasets = [draw_dataset(windows, name="ONLY", seed=0, **DRAW)]
        found = [
            *findings_of_data_set("ONLY", windows, datasets, settings=settings, drawn=drawn, declared_leaks=[]),
            *findings_of_features("", windows, "sharp"),
            *findings_of_future({"": windows}, records, flares, None, settings=settings, declared_leaks=[], seed=3),
        ]
        assert {one.outcome for one in found} == {"clean"}
        # Windows that read some record where they should be padded are not those that are made anew.
        later = replace(windows, step_record=np.where(windows.step_record < 0, 0, windows.step_record))
        found = findings_of_future({"": later}, records, flares, None, settings=settings, declared_leaks=[], seed=3)
        assert {one.outcome for one in found} == {"leak"}

    def test_a_declared_setting_that_the_data_set_does_not_have_declares_nothing(self):
        study = made_up_study(standardisation="global")
        declared = [{"setting": "standardisation", "value": "global"}]
        assert of_data_set(study, declared=declared, standardisation="train") == {("standardised_by_test", "leak")}

    def test_dropped_labels(self, study):
        windows = replace(
            study.windows, label=np.where(study.windows.evolution == 6, -1, study.windows.label).astype(np.int8)
        )
        assert (windows.label < 0).any(), "STRONG->QUIET is there"
        found = of_data_set(study, windows=windows)
        assert ("test_chosen_by_outcome", "leak") not in found, "all that were strong before are left out"
        mixed = windows.label.copy()
        mixed[np.flatnonzero(windows.evolution == 6)[:3]] = 0
        assert ("test_chosen_by_outcome", "leak") in of_data_set(study, windows=replace(windows, label=mixed))


class TestBeforeFlares:
    """Windows that end before a flare: who is there is the flare's choice, which a study has to declare."""

    DECLARED = ({"setting": "windows", "value": "before_flares", "text": "..."},)

    @pytest.fixture
    def made(self):
        before = {"before_flares": {"least_class": "C1.0", "least_records": 4}}
        settings = AUDITED | {"windows": AUDITED["windows"] | before}
        records, flares = tables_of_regions()
        flares["peak_flux"] = np.where(flares["noaa_ar"] % 2, 5e-6, flares["peak_flux"])
        windows = make_windows(records, flares, None, settings=settings)[0]["flare"]
        assert len(np.unique(windows.region)) == 15
        assert set(windows.label) == {0, 1}
        return settings, records, flares, windows

    def outcomes(self, made, declared, windows=None):
        settings, records, flares, own = made
        found = findings_of_future(
            {"": own if windows is None else windows},
            records,
            flares,
            None,
            settings=settings,
            declared_leaks=declared,
            seed=3,
        )
        return [one.outcome for one in found]

    def test_a_choice_that_is_not_declared_is_a_leak(self, made):
        assert self.outcomes(made, []) == ["leak", "leak"]
        assert self.outcomes(made, self.DECLARED) == ["declared", "declared"]

    def test_features_that_know_the_future_are_a_leak_all_the_same(self, made):
        windows = made[-1]
        features = windows.features - made[1]["area"].mean()
        assert set(self.outcomes(made, self.DECLARED, replace(windows, features=features))) == {"leak"}

    def test_statistics_are_those_of_all_windows_of_the_regions_that_train(self, made):
        settings, *_, windows = made
        draw = DRAW | {"unit": "region", "undersampled": [], "standardisation": "train"}
        datasets = [draw_dataset(windows, name="ONLY", seed=0, **draw)]

        def found(draw):
            drawn = {"seeds": [0], "task": "", "draw": draw}
            findings = findings_of_data_set(
                "ONLY", windows, datasets, settings=settings, drawn=drawn, declared_leaks=[]
            )
            return {one.outcome for one in findings if one.check == "standardised_by_test"}

        assert found(draw) == {"clean"}
        assert found(draw | {"unit": "record"}) == {"leak"}


def test_hours_of_a_window_by_hand():
    assert window_hours({"cadence_minutes": 96, "n_steps": 16}, {}) == 24
    assert window_hours({"cadence_minutes": 1, "n_steps": 1}, {"observation_hours": 24}) == 24


def test_draws_name_regions_by_instrument(study_windows):
    windows = study_windows(n_regions=3)
    positions = {"train": np.array([0]), "validation": np.array([6]), "test": np.array([18, 19])}
    (draw,) = draws_of_datasets(windows, [replace(made_up_study().datasets[0], positions=positions)])
    assert [draw.region_names[code] for code in draw.region] == ["sharp 1", "sharp 2", "smarp 1", "smarp 1"]
    assert draw.split.tolist() == [0, 1, 2, 2]
    # Equal numbers of two instruments are two groups.
    assert len(np.unique(draw.group)) == 3


class TestFuture:
    def found(self, study, windows):
        return findings_of_future(
            {"": windows}, study.records, study.flares, None, settings=AUDITED, declared_leaks=[], seed=3
        )

    def test_clean(self, study):
        found = self.found(study, study.windows)
        assert [(one.subject, one.outcome) for one in found] == [
            ("all regions", "clean"),
            ("regions on the disk", "clean"),
        ]
        assert all(one.n > 10 for one in found)
        assert self.found(study, study.windows) == found

    def test_features_standardised_by_all_records(self, study):
        features = study.windows.features - study.records["area"].mean()
        assert {one.outcome for one in self.found(study, replace(study.windows, features=features))} == {"leak"}

    def test_tasks_are_told_apart(self, study):
        tasks = {"day": {}, "half": {"horizon_hours": 12}}
        settings = AUDITED | {"labels": AUDITED["labels"] | {"tasks": tasks}}
        windows = {"day": study.windows, "half": study.windows}
        found = findings_of_future(
            windows, study.records, study.flares, None, settings=settings, declared_leaks=[], seed=3
        )
        assert [one.subject for one in found] == [
            "all regions, day",
            "all regions, half",
            "regions on the disk, day",
            "regions on the disk, half",
        ]
        assert {one.outcome for one in found} == {"clean"}


def scores_of(predictions):
    """True validation thresholds of each model and seed."""
    rows = []
    for (model, seed), own in predictions[predictions["split"] == "validation"].groupby(
        ["model", "seed"], observed=True
    ):
        best = threshold_of_best_true_skill_statistic(own["label"].to_numpy(), own["probability"].to_numpy())
        rows.append(("ONLY", model, seed, "validation", "threshold", best))
    return pd.DataFrame(rows, columns=["dataset", "model", "seed", "threshold", "metric", "value"])


class TestPredictions:
    def test_clean(self, study):
        scores = scores_of(study.predictions)
        found = findings_of_predictions("ONLY", study.predictions, scores, study.windows, study.datasets)
        assert [(one.check, one.outcome) for one in found] == [
            (check, "clean")
            for check in ("threshold_from_test", "forecast_equals_label", "forecast_of_another_split", "label_differs")
        ]

    def test_without_windows_only_the_forecasts_speak(self, study):
        found = findings_of_predictions("ONLY", study.predictions, scores_of(study.predictions), None, [])
        assert [one.check for one in found] == ["threshold_from_test", "forecast_equals_label"]

    def test_scores_of_other_data_sets_do_not_count(self, study):
        scores = scores_of(study.predictions).assign(dataset="OTHER")
        found = findings_of_predictions("ONLY", study.predictions, scores, None, [])
        assert ("threshold_from_test", "reported", 4) in [(one.check, one.outcome, one.n) for one in found]


class TestRegions:
    def found(self, study, records=None):
        return findings_of_regions(
            study.windows,
            {"ONLY": study.datasets},
            study.records if records is None else records,
            study.flares,
            settings=AUDITED,
            seed=3,
        )

    def test_regions_of_their_own(self, study):
        numbers, flares = self.found(study)
        assert (numbers.check, numbers.outcome, numbers.n) == ("noaa_region_in_two_splits", "clean", 45)
        # Flares are six days apart.
        assert (flares.check, flares.outcome, flares.n) == ("sympathetic_flares", "reported", 0)

    def test_patches_that_share_a_number(self, study):
        number = study.records["noaa_ars"].where(study.records["region"] > 20, "11000,11001")
        numbers, flares = self.found(study, study.records.assign(noaa_ars=number))
        assert (numbers.outcome, numbers.n) == ("reported", 2)
        # A flare of a number that twenty patches share is one event.
        assert flares.n == 0

    def test_records_that_name_no_number_are_told_once(self, study):
        numbers, flares = self.found(study, study.records.assign(noaa_ars=""))
        assert (numbers.subject, numbers.outcome, numbers.n) == ("all data sets", "reported", 0)
        assert flares.subject == "ONLY"

    def test_records_of_other_instruments_do_not_count(self, study):
        other = study.records.head(40).assign(instrument="mdi")
        assert self.found(study, pd.concat([study.records, other], ignore_index=True)) == self.found(study)
