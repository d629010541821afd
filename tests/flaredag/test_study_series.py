"""Data sets, models and series of forecasts of a study that are calibrated, stacked, compared and told first."""

import pytest

from flaredag.ensemble_names import ensemble_models
from flaredag.errors import InputError
from flaredag.study_checks import check_study
from flaredag.study_series import (
    calibrated_datasets,
    class_weighted,
    diagnosed_series,
    ensembles_on,
    exported_datasets,
    issued_series,
    models_of_headline,
    models_of_ladders,
    names_of_ensembles,
    operational_datasets,
    series_of_headline,
    stacked_datasets,
    strata_series,
)
from made_up_studies import CRITERIA, WITH_CUBES, on


def test_names_of_ensembles_are_those_by_which_stacking_names_its_forecasts():
    names = ["two_brier_score", "two_accuracy", "two_average", "two_best", "two_oracle_on_test"]
    assert names_of_ensembles([{"name": "two", "criteria": CRITERIA}, {"name": "one", "criteria": []}]) == [
        *names,
        *ensemble_models("one", []),
    ]


def test_ensembles_are_made_where_they_say_else_on_data_sets_with_every_model(small):
    served = on(small, WITH_CUBES)
    two, three = (one["name"] for one in served["ensembles"])
    assert stacked_datasets(served) == ["ONLY"]
    served["datasets"]["SOME"]["models"] = served["ensembles"][0]["learners"]
    served["ensembles"][0]["datasets"] = ["SOME"]
    with pytest.raises(InputError, match="two_best is not fitted on the data set ONLY"):
        check_study("small", served)
    assert stacked_datasets(served) == ["ONLY", "SOME"]
    assert (stacked_datasets(served, two), stacked_datasets(served, three)) == (["SOME"], ["ONLY"])
    assert [one["name"] for one in ensembles_on(served, "SOME")] == [two]


def test_class_weighted_are_models_that_carry_the_weights_in_their_probabilities(small):
    small["fits"]["classifiers"] = {"models": ["support_vector_machine"], "seeds_per_job": 1}
    models = {name: {} for name in ("cnn", "cnn_b", "tree")}
    models |= {"lstm": {"class_weights": "balanced"}, "support_vector_machine": {"class_weights": "balanced"}}
    assert class_weighted(small, models | {"cnn_b": {"class_weights": "none"}}) == ["lstm"]


def test_series_of_a_headline_are_those_of_its_rivals_too(small):
    small["headline"] |= {"rivals": ["cnn"], "datasets": ["SOME"]}
    assert [tuple(one.values()) for one in series_of_headline(small)] == [
        ("SOME", "lstm"),
        ("SOME", "tree"),
        ("SOME", "cnn"),
    ]
    del small["headline"]["datasets"]
    assert {one["dataset"] for one in series_of_headline(small)} == {"ONLY"}


class TestLadders:
    @pytest.fixture
    def served(self, climbing):
        return on(climbing, WITH_CUBES)

    def test_calibrated_is_what_has_its_natural_event_rate_on_a_rung(self, served):
        # ONLY is balanced in its test split too, and DISK is no data set of regions.
        assert calibrated_datasets(served) == ["NATURAL", "ALL", "BY_TIME", "BY_CYCLE"]
        served["splits"]["undersampled"] = ["train"]
        assert calibrated_datasets(served)[0] == "ONLY"
        # A rung of two ladders counts once; without a ladder nothing is calibrated.
        served["ladders"].append({"name": "two", "title": "Two", "rungs": {"by_time": "BY_TIME"}})
        assert calibrated_datasets(served) == ["ONLY", "NATURAL", "ALL", "BY_TIME", "BY_CYCLE"]
        assert calibrated_datasets(served | {"ladders": []}) == []

    def test_operational_is_the_rung_of_all_samples_else_the_natural_rate_else_all(self, served):
        assert operational_datasets(served) == ["ALL"]
        without = served | {"ladders": []}
        # Of the data sets that have every model, ONLY, the test split is balanced: there is no other.
        assert operational_datasets(without) == ["ONLY"]
        without["datasets"]["OTHER"] = without["datasets"]["ONLY"] | {"undersampled": ["train"]}
        assert operational_datasets(without) == ["OTHER"]
        served["ladders"][0]["rungs"].pop("all_samples")
        assert operational_datasets(served) == ["OTHER"]

    def test_exported_are_data_sets_that_have_every_model(self, served):
        assert exported_datasets(served) == ["ONLY"]

    def test_models_of_the_ladders_are_those_fitted_above_the_first_rung(self, served):
        # In the order of the fits; `cnn_b` is fitted on the first rung alone.
        assert models_of_ladders(served) == ["lstm", "cnn", "tree"]
        rungs = served["ladders"][0]["rungs"]
        served["ladders"][0]["rungs"] = {rung: rungs[rung] for rung in ("balanced", "by_time")}
        assert models_of_ladders(served) == ["lstm", "tree"]
        # A data set without `models` has them all.
        served["ladders"][0]["rungs"]["all_samples"] = "ONLY"
        assert models_of_ladders(served) == ["lstm", "cnn", "cnn_b", "tree"]
        assert models_of_ladders(served | {"ladders": []}) == []

    def test_issued_are_forecasts_moved_to_the_natural_rate_where_they_are(self, served):
        assert issued_series(served, ["ONLY", "ALL", "ALL", "DISK"], ["tree", "lstm"]) == [
            {"dataset": "ONLY", "model": "tree"},
            {"dataset": "ONLY", "model": "lstm"},
            {"dataset": "ALL", "model": "tree.prior_shift"},
            {"dataset": "ALL", "model": "lstm.prior_shift"},
            # The disk's are made of shifted ones and keep the name of the model.
            {"dataset": "DISK", "model": "tree"},
            {"dataset": "DISK", "model": "lstm"},
        ]

    def test_diagnosed_are_the_headlines_models_and_the_climatology_on_the_latest_rungs(self, served):
        assert models_of_headline(served) == ["lstm", "tree"]
        on_rungs = [("BY_TIME", ".prior_shift"), ("DISK", "")]
        both = [{"dataset": name, "model": f"{model}{of}"} for name, of in on_rungs for model in ("lstm", "tree")]
        assert diagnosed_series(served) == both
        served["fits"]["baselines"]["models"].append("climatology")
        assert diagnosed_series(served) == [
            *both[:2],
            {"dataset": "BY_TIME", "model": "climatology.prior_shift"},
            *both[2:],
            {"dataset": "DISK", "model": "climatology"},
        ]
        for rung in ("by_time", "full_disk"):
            del served["ladders"][0]["rungs"][rung]
        assert [one["dataset"] for one in diagnosed_series(served)] == ["ALL"] * 3

    def test_strata_are_of_the_operational_data_sets(self, served):
        assert strata_series(served) == [
            {"dataset": "ALL", "model": "lstm.prior_shift"},
            {"dataset": "ALL", "model": "tree.prior_shift"},
        ]
        assert strata_series(served | {"ladders": []}) == [
            {"dataset": "ONLY", "model": "lstm"},
            {"dataset": "ONLY", "model": "tree"},
        ]
