"""Studies: which run, what an archive can serve of them, and how their data sets are drawn."""

import copy

import pytest

from flaredag.archive_files import ArchiveFiles
from flaredag.configuration import (
    ENSEMBLE_FIGURES,
    figures_of,
)
from flaredag.ensemble_names import ensemble_models
from flaredag.errors import InputError
from flaredag.studies import (
    DECLARED_LEAKS,
    calibrated_datasets,
    check_study,
    chosen_studies,
    class_weighted,
    datasets_in_training_folds,
    diagnosed_series,
    ensembles_on,
    explained,
    exported_datasets,
    issued_series,
    kinds_used,
    labels_of_task,
    models_of_headline,
    models_of_ladders,
    names_of_ensembles,
    operational_datasets,
    priced_leaks,
    purge_gap_hours,
    series_of_headline,
    settings_of_datasets,
    settings_of_disk,
    stacked_datasets,
    strata_series,
    studies_of_archive,
)
from flaredag.verification_settings import overlapping_runs
from made_up_studies import CRITERIA, CYCLES, TABLES, WITH_CUBES, on, pair


def test_studies_are_a_list_or_names_joined_by_commas(config):
    config["study"] = {"sun2022": {}, "other": {}}
    assert chosen_studies(config | {"studies": ["sun2022"]}) == ["sun2022"]
    assert chosen_studies(config | {"studies": "other,sun2022"}) == ["other", "sun2022"]
    with pytest.raises(InputError, match="no study sun2023; the configuration describes sun2022, other"):
        chosen_studies(config | {"studies": "sun2023,sun2022"})


class TestStudiesOfAnArchive:
    @staticmethod
    def config(small, **changes):
        elsewhere = small | {"source": {"tables": "charts", "flares": "flares", "magnetograms": "charts"}}
        studies = {"patches": small, "charts": elsewhere}
        archives = {name: {"solar_cycles": CYCLES} for name in ("embedded", "jsoc")}
        own = {"archive": "embedded", "archives": archives, "studies": list(studies), "study": studies, "mirror": "x"}
        return own | changes

    def test_are_those_whose_tables_it_has_each_as_it_can_be_served(self, small):
        served = studies_of_archive(self.config(small), TABLES)
        assert list(served) == ["patches"]
        assert served["patches"] == on(small, TABLES)
        both = ArchiveFiles([], {}, WITH_CUBES.curated | {"charts": ["c.nc"]})
        assert list(studies_of_archive(self.config(small), both)) == ["patches", "charts"]

    def test_cases_of_another_archive_are_there_with_its_mirror_alone(self, small):
        for mirror, cases in (("/data", [{"region": 5}]), ("", [])):
            served = studies_of_archive(self.config(small, mirror=mirror), WITH_CUBES)
            assert served["patches"]["explanation"]["cases"] == cases

    def test_an_archive_that_serves_none_is_told(self, small):
        config = self.config(small, studies=["charts"], archive="jsoc")
        with pytest.raises(InputError, match=r"archive jsoc has no data for charts\. Choose another"):
            studies_of_archive(config, WITH_CUBES)

    def test_kinds_used_are_those_of_the_chosen_studies(self, small):
        config = self.config(small)
        assert kinds_used(config) == {"tables", "flares", "cubes", "charts"}
        assert kinds_used(config | {"studies": ["patches"]}) == {"tables", "flares", "cubes"}

    def test_flare_lists_and_flares_of_the_disk_are_used_on_the_archive_that_asks_for_them(self, climbing):
        config = self.config(climbing, studies=["patches"])
        climbing["label_lists"]["jsoc"] = ["swpc"]
        climbing["full_disk"]["DISK"]["flares"]["embedded"] = "listed"
        kinds = {"tables", "flares", "cubes"}
        assert kinds_used(config) == kinds | {"flares_hek", "flares_ncei", "listed"}
        # There the disk's flares are those of the study.
        assert kinds_used(config | {"archive": "jsoc"}) == kinds | {"flares_swpc"}
        assert kinds_used(config | {"archive": "published"}) == kinds

    def test_solar_cycles_are_those_of_the_archive(self, small):
        config = self.config(small)
        config["archives"]["embedded"] = {"solar_cycles": CYCLES[:1]}
        assert studies_of_archive(config, TABLES)["patches"]["solar_cycles"] == CYCLES[:1]


class TestWithMagnetograms:
    def test_all_stays_with_the_regions_of_the_archive(self, small):
        served = on(small, WITH_CUBES, archive="jsoc")
        assert served["explanation"]["regions"] == [377]
        for kept in ("datasets", "fits", "ensembles", "figures", "source", "seeds"):
            assert served[kept] == small[kept]
        assert on(small, WITH_CUBES)["explanation"]["regions"] == 2

    def test_pairs_on_every_data_set_are_those_on_every_one_that_has_all_models(self, small):
        families = {family["name"]: family for family in on(small, WITH_CUBES)["comparisons"]}
        assert families["each"]["pairs"] == [
            pair(("ONLY", "lstm"), ("ONLY", "tree")),
            pair(("ONLY", "cnn"), ("ONLY", "cnn_b")),
        ]
        assert "on_every_dataset" not in families["each"]
        small["datasets"]["FUSED"] = small["datasets"]["ONLY"]
        small["comparisons"][2]["pairs"] = [pair(("FOLDS", "cnn"), ("ONLY", "cnn"))]
        pairs = on(small, WITH_CUBES)["comparisons"][2]["pairs"]
        # Pairs that are named come first, then by pair of models the data sets in their order.
        assert [(one["a"]["dataset"], one["a"]["model"]) for one in pairs] == [
            ("FOLDS", "cnn"),
            ("ONLY", "lstm"),
            ("FUSED", "lstm"),
            ("ONLY", "cnn"),
            ("FUSED", "cnn"),
        ]

    def test_regions_of_an_archive_that_is_not_named_are_asked_for(self, small):
        with pytest.raises(
            InputError, match=r"explanation\.regions: none for the archive elsewhere; .* embedded, jsoc"
        ):
            on(small, WITH_CUBES, archive="elsewhere")

    def test_a_study_without_ensembles_or_explanation_has_none(self, small):
        del small["ensembles"], small["explanation"]
        small["comparisons"][1]["pairs"] = small["comparisons"][1]["pairs"][:2]
        served = on(small, WITH_CUBES)
        assert (served["ensembles"], served["explanation"]) == ([], None)
        assert stacked_datasets(served) == []
        assert explained(served) is None
        check_study("small", served)

    def test_the_configuration_is_left_as_it_was(self, small):
        untouched = copy.deepcopy(small)
        for files in (TABLES, WITH_CUBES):
            on(small, files)
        assert small == untouched


class TestWithoutMagnetograms:
    @pytest.fixture
    def served(self, small):
        return on(small, TABLES)

    def test_models_on_them_and_their_data_sets_are_gone(self, served):
        assert served["fits"].keys() == {"networks", "baselines"}
        # The folds are for the CNN alone; SOME is for the LSTM too.
        assert {name: own.get("models") for name, own in served["datasets"].items()} == {"ONLY": None, "SOME": ["lstm"]}
        assert served["source"] == {"tables": "tables", "flares": "flares"}
        assert served["explanation"] is None
        assert explained(served) is None

    def test_ensembles_keep_the_learners_that_remain_while_there_are_two(self, served):
        assert served["ensembles"] == [{"name": "three", "learners": ["lstm", "tree"], "criteria": CRITERIA}]
        assert stacked_datasets(served) == ["ONLY"]

    def test_pairs_and_families_with_what_is_gone_are_gone(self, served):
        families = {family["name"]: family["pairs"] for family in served["comparisons"]}
        assert families == {
            "mixed": [pair(("ONLY", "lstm"), ("ONLY", "tree")), pair(("ONLY", "three_average"), ("ONLY", "lstm"))],
            "each": [pair(("ONLY", "lstm"), ("ONLY", "tree"))],
        }

    def test_curves_and_figures_with_what_is_gone_are_gone(self, served):
        one = {"name": "one", "title": "One", "series": [{"dataset": "ONLY", "model": "lstm"}]}
        assert served["figures"] == [one]
        assert [figure["name"] for figure in figures_of(served)] == [
            "one",
            "overview",
            "diagnostics_only",
            *ENSEMBLE_FIGURES,
        ]

    def test_pixels_are_not_standardised(self, served):
        assert "pixels_standardised_by" not in settings_of_datasets(served)["ONLY"]["draw"]

    def test_what_is_left_is_sound(self, served):
        check_study("small", served)

    def test_a_headline_that_rests_on_them_is_told(self, small):
        small["headline"]["model"] = "cnn"
        with pytest.raises(InputError, match="study small: no model cnn; it has lstm, tree, three_brier_score"):
            check_study("small", on(small, TABLES))


def test_names_of_ensembles_are_those_by_which_stacking_names_its_forecasts():
    names = ["two_brier_score", "two_accuracy", "two_average", "two_best", "two_oracle_on_test"]
    assert names_of_ensembles([{"name": "two", "criteria": CRITERIA}, {"name": "one", "criteria": []}]) == [
        *names,
        *ensemble_models("one", []),
    ]


@pytest.mark.parametrize("files", [TABLES, WITH_CUBES])
def test_the_studies_of_the_repository_are_sound(config, files):
    kinds = {kind: [kind] for study in config["study"].values() for kind in study["source"].values()}
    for name, study in config["study"].items():
        # The charts of `synoptic` come with their magnetograms.
        check_study(name, on(study, files if name == "sun2022" else ArchiveFiles([], {}, kinds)))


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


def use_dataset(study):
    study["figures"][0]["series"][0]["dataset"] = "SHARP"


def use_model(study):
    study["comparisons"][1]["pairs"][0]["b"]["model"] = "oracle"


def use_headline(study):
    study["headline"]["baseline"] = "oracle"


def use_instrument(study):
    study["datasets"]["ONLY"]["added_to_training"] = ["mdi"]


def forget_quality(study):
    study["selection"]["quality_below"] = {"smarp": 1}


def label_twice(study):
    study["labels"]["negative"].append("QUIET->STRONG")


def use_learner(study):
    study["ensembles"][0]["learners"] = ["lstm", "oracle"]


def stack_an_ensemble(study):
    study["ensembles"][0]["learners"] = ["lstm", "three_average"]


def fit_unknown(study):
    study["datasets"]["SOME"]["models"] = ["lstm", "oracle"]


def use_task(study):
    study["datasets"]["ONLY"]["task"] = "m_24h"


def forget_task(study):
    study["labels"]["tasks"] = {"m_24h": {}}


def compare_unfitted(study):
    study["comparisons"][0]["pairs"][0]["a"]["dataset"] = "FOLDS"


def draw_unfitted(study):
    study["figures"][1]["series"][0]["model"] = "three_best"


def stack_on_unknown(study):
    study["ensembles"][0]["datasets"] = ["SHARP"]


def stack_unfitted(study):
    study["ensembles"][0]["datasets"] = ["FOLDS"]


def explain_unknown_dataset(study):
    study["explanation"]["bipoles"]["dataset"] = "ALL"


def explain_unknown_model(study):
    study["explanation"]["model"] = "oracle"


def explain_without_folds(study):
    study["explanation"]["dataset"] = "ONLY"


def rank(study, **changes):
    study["ranking"] = {"model": "lstm", "datasets": ["ONLY"], "seeds": [0, 2], "subsets_per_job": 8} | changes


def rank_on_unknown_dataset(study):
    rank(study, datasets=["ONLY", "ALL"])


def rank_by_unknown_model(study):
    rank(study, model="oracle")


def rank_on_unknown_seed(study):
    rank(study, seeds=[0, 7])


def rank_on_unknown_fold(study):
    rank(study, datasets=["FOLDS"], seeds=[3, 4])


@pytest.mark.parametrize(
    ("change", "words"),
    [
        (rank_on_unknown_dataset, "study small: ranking: no data set ALL; it has ONLY, FOLDS, SOME"),
        (rank_by_unknown_model, "ranking: no model oracle; it has lstm, cnn, cnn_b, tree\\."),
        (rank_on_unknown_seed, "ranking: no seed of data set ONLY 7; it has 0, 1, 2"),
        (rank_on_unknown_fold, "ranking: no seed of data set FOLDS 4; it has 0, 1, 2, 3\\."),
        (use_dataset, "study small: no data set SHARP; it has ONLY, FOLDS, SOME"),
        (use_model, "no model oracle; it has lstm, cnn, cnn_b, tree, two_brier_score"),
        (use_headline, "no model oracle"),
        (use_instrument, "no instrument mdi; it has sharp"),
        (forget_quality, "no instrument sharp; it has smarp"),
        (label_twice, "QUIET->STRONG is positive and negative"),
        (use_learner, "no model oracle; it has lstm, cnn, cnn_b, tree\\."),
        (stack_an_ensemble, "no model three_average; it has lstm, cnn, cnn_b, tree\\."),
        (fit_unknown, "no model oracle; it has lstm, cnn, cnn_b, tree\\."),
        (use_task, "no task m_24h"),
        (forget_task, "no task .*; it has m_24h"),
        (compare_unfitted, "study small: lstm is not fitted on the data set FOLDS, which has cnn"),
        (draw_unfitted, "three_best is not fitted on the data set FOLDS"),
        (stack_on_unknown, "no data set SHARP"),
        (stack_unfitted, "an ensemble on the data set FOLDS wants .*, which it does not fit"),
        (explain_unknown_dataset, "no data set ALL"),
        (explain_unknown_model, "no model oracle"),
        (explain_without_folds, "explanation.dataset ONLY has no `folds`"),
    ],
)
def test_keys_that_contradict_each_other_are_told(small, change, words):
    change(small)
    served = on(small, WITH_CUBES)
    with pytest.raises(InputError, match=words):
        check_study("small", served)


def in_training_folds(study, **changes):
    """The study with a data set in training folds, over whose runs two models are compared."""
    own = {"evaluated": "sharp", "added_to_training": [], "split_by": "time", "training_folds": 5}
    study["datasets"]["IN_FIVE"] = own | {"models": ["lstm", "tree"]} | changes
    study["overlapping_runs"] = {"datasets": ["IN_FIVE"], "a": "lstm", "b": "tree", "n_thresholds": 201}
    study["windows"] = {"cadence_minutes": 96, "n_steps": 16}
    study["labels"]["horizon_hours"] = 24
    return study


class TestTrainingFolds:
    def test_the_seeds_are_the_folds(self, small):
        served = on(in_training_folds(small), WITH_CUBES)
        check_study("small", served)
        drawn = settings_of_datasets(served)["IN_FIVE"]
        assert drawn["seeds"] == [0, 1, 2, 3, 4]
        assert drawn["draw"]["training_folds"] == 5
        assert datasets_in_training_folds(served) == ["IN_FIVE"]
        assert overlapping_runs(served) == {
            "datasets": {"IN_FIVE": 5},
            "a": "lstm",
            "b": "tree",
            "n_thresholds": 201,
        }

    def test_a_study_that_asks_for_no_runs_has_none(self, small):
        served = on(small, WITH_CUBES)
        assert overlapping_runs(served) == {}
        assert datasets_in_training_folds(served) == []

    def test_runs_of_a_model_that_the_archive_cannot_serve_are_left_out(self, small):
        study = in_training_folds(small, models=["lstm", "cnn"])
        study["overlapping_runs"]["b"] = "cnn"
        check_study("small", on(study, WITH_CUBES))
        served = on(study, TABLES)
        check_study("small", served)
        assert overlapping_runs(served) == {}
        assert overlapping_runs(on(in_training_folds(small), TABLES))["b"] == "tree"

    @pytest.mark.parametrize(
        "changes", [{"split_by": "region"}, {"split_by": "cycle", "tested_cycle": 24}, {"folds": 5}, {"first_seeds": 2}]
    )
    def test_nothing_else_may_hang_on_the_seed(self, small, changes):
        served = on(in_training_folds(small, **changes), WITH_CUBES)
        with pytest.raises(InputError, match=r"IN_FIVE has training_folds, and .*; wanted `split_by: time` and"):
            check_study("small", served)

    @pytest.mark.parametrize(
        ("change", "told"),
        [
            ({"datasets": ["ONLY"]}, "overlapping_runs: data set ONLY has no `training_folds`; wanted"),
            ({"datasets": ["FOLDS_5"]}, "study small: no data set FOLDS_5"),
            ({"a": "oracle"}, "study small: no model oracle"),
            ({"a": "cnn"}, "study small: cnn is not fitted on the data set IN_FIVE, which has lstm, tree"),
        ],
    )
    def test_runs_of_what_is_not_there_are_told(self, small, change, told):
        study = in_training_folds(small)
        study["overlapping_runs"] |= change
        with pytest.raises(InputError, match=told):
            check_study("small", on(study, WITH_CUBES))


def climb_unknown(study):
    study["ladders"][0]["rungs"]["by_time"] = "BY_YEAR"


def make_disk_of_disk(study):
    study["full_disk"]["DISK"]["made_from"] = "DISK"


def forget_cycle(study):
    del study["datasets"]["BY_CYCLE"]["tested_cycle"]


def cycle_by_region(study):
    study["datasets"]["ALL"]["tested_cycle"] = 24


def compare_disk_of_unfitted(study):
    study["comparisons"][0]["pairs"][0]["a"] = {"dataset": "DISK", "model": "cnn"}


def price_unknown(study):
    study["declared_leaks"][1]["priced"]["pairs"][0]["b"]["dataset"] = "UNNATURAL"


@pytest.mark.parametrize(
    ("change", "words"),
    [
        (climb_unknown, "study small: no data set BY_YEAR; it has ONLY, FOLDS, SOME, NATURAL, ALL, BY_TIME, .*, DISK"),
        (make_disk_of_disk, "study small: no data set DISK; it has ONLY, FOLDS, SOME, NATURAL, .*, BY_CYCLE\\."),
        (forget_cycle, "data set BY_CYCLE has split_by cycle and tested_cycle none; wanted .* together, or neither"),
        (cycle_by_region, "data set ALL has split_by region and tested_cycle 24; wanted .* together, or neither"),
        (compare_disk_of_unfitted, "cnn is not fitted on the data set BY_TIME, which has lstm, tree"),
        (price_unknown, "study small: no data set UNNATURAL"),
    ],
)
def test_a_ladder_that_contradicts_its_study_is_told(climbing, change, words):
    check_study("small", on(climbing, WITH_CUBES))
    change(climbing)
    served = on(climbing, WITH_CUBES)
    with pytest.raises(InputError, match=words):
        check_study("small", served)


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

    def test_a_study_without_ladders_is_served_as_one(self, small):
        served = on(small, WITH_CUBES)
        assert (served["ladders"], served["full_disk"], served["label_lists"]) == ([], {}, [])
        assert "flares" not in small.get("full_disk", {})

    def test_flares_of_the_disk_and_flare_lists_are_those_of_the_archive(self, climbing):
        disk = {"made_from": "BY_TIME", "issue_hour": 0, "max_age_hours": 12}
        served = on(climbing, WITH_CUBES)
        assert served["full_disk"] == {"DISK": disk | {"flares": "flares_hek"}}
        assert served["label_lists"] == ["hek", "ncei"]
        elsewhere = on(climbing, WITH_CUBES, archive="jsoc")
        assert elsewhere["full_disk"] == {"DISK": disk | {"flares": "flares"}}
        assert elsewhere["label_lists"] == []

    def test_the_disk_is_made_with_the_labels_of_the_task_that_it_is_made_from(self, served):
        assert settings_of_disk(served, "DISK") == {
            "made_from": "BY_TIME",
            "task": "m_24h",
            "flares": "flares_hek",
            "settings": {
                "issue_hour": 0,
                "max_age_hours": 12,
                "cadence_minutes": 96,
                "horizon_hours": 24,
                "strong_class": "M1.0",
            },
        }
        served["full_disk"]["DISK"]["made_from"] = "BY_CYCLE"
        made = settings_of_disk(served, "DISK")
        assert (made["made_from"], made["task"]) == ("BY_CYCLE", "c_48h")
        assert (made["settings"]["horizon_hours"], made["settings"]["strong_class"]) == (48, "C1.0")

    def test_labels_of_a_task_are_the_common_ones_with_its_own_over_them(self, served, small):
        assert labels_of_task(served, "c_48h")["horizon_hours"] == 48
        assert labels_of_task(served, "c_48h")["positive"] == ["QUIET->STRONG"]
        assert labels_of_task(served, "m_24h")["horizon_hours"] == 24
        del small["labels"]["tasks"]
        assert labels_of_task(small, "")["strong_class"] == "M1.0"

    def test_between_splits_in_time_lies_a_window_and_a_horizon(self, served):
        # 16 records 96 minutes apart span 24 h.
        assert purge_gap_hours(served, "m_24h") == 24 + 24
        assert purge_gap_hours(served, "c_48h") == 24 + 48
        served["labels"]["tasks"]["c_48h"]["observation_hours"] = 36
        assert purge_gap_hours(served, "c_48h") == 36 + 48

    def test_data_sets_in_time_have_the_gap_and_those_by_cycle_its_days(self, served):
        drawn = settings_of_datasets(served)
        assert drawn["BY_TIME"]["seeds"] == [0, 1]
        by_time = drawn["BY_TIME"]["draw"]
        assert (by_time["split_by"], by_time["purge_gap_hours"], by_time["undersampled"]) == ("time", 48.0, ["train"])
        assert "tested_cycle" not in by_time
        by_cycle = drawn["BY_CYCLE"]
        assert (by_cycle["seeds"], by_cycle["task"]) == ([0, 1, 2], "c_48h")
        assert by_cycle["draw"]["purge_gap_hours"] == 72.0
        assert by_cycle["draw"]["tested_cycle"] == ["2008-12-01", "2019-12-01"]
        assert by_time.keys().isdisjoint(["first_seeds", "models", "task"])
        assert "purge_gap_hours" not in drawn["ALL"]["draw"]
        served["datasets"]["BY_CYCLE"]["tested_cycle"] = 22
        with pytest.raises(InputError, match=r"tested_cycle 22: the archive's solar_cycles are 23, 24\. Name one"):
            settings_of_datasets(served)


class TestFamiliesOnLadders:
    @staticmethod
    def family(study, **own):
        study["comparisons"] = [{"name": "rungs", "title": "Better?", "metrics": ["accuracy"]} | own]
        return on(study, WITH_CUBES)["comparisons"][0]

    def test_pairs_on_every_rung_are_on_all_of_them_the_disk_too(self, climbing):
        family = self.family(climbing, on_every_rung=[{"a": "lstm", "b": "tree"}])
        rungs = ["ONLY", "NATURAL", "ALL", "BY_TIME", "BY_CYCLE", "DISK"]
        assert family["pairs"] == [pair((name, "lstm"), (name, "tree")) for name in rungs]
        assert family.keys() == {"name", "title", "metrics", "pairs"}

    def test_a_pair_on_every_data_set_and_every_rung_is_tested_once(self, climbing):
        both = [{"a": "lstm", "b": "tree"}]
        pairs = self.family(climbing, on_every_rung=both, on_every_dataset=both)["pairs"]
        assert [one["a"]["dataset"] for one in pairs] == ["ONLY", "NATURAL", "ALL", "BY_TIME", "BY_CYCLE", "DISK"]

    def test_the_threshold_of_a_family_is_that_of_both_sides_of_its_pairs_on_every_rung(self, climbing):
        named = pair(("ONLY", "cnn"), ("ONLY", "tree"))
        family = self.family(
            climbing, on_every_rung=[{"a": "lstm", "b": "tree"}], threshold="validation", pairs=[named]
        )
        assert family["pairs"][0] == named
        assert family["pairs"][1] == {
            side: {"dataset": "ONLY", "model": model, "threshold": "validation"}
            for side, model in (("a", "lstm"), ("b", "tree"))
        }
        assert "threshold" not in family

    def test_a_family_as_issued_takes_shifted_forecasts_where_there_are_any(self, climbing):
        family = self.family(climbing, on_every_rung=[{"a": "lstm", "b": "tree"}], as_issued=True)
        shifted = [(name, ".prior_shift") for name in ("NATURAL", "ALL", "BY_TIME", "BY_CYCLE")]
        assert family["pairs"] == [
            pair((name, f"lstm{of}"), (name, f"tree{of}")) for name, of in [("ONLY", ""), *shifted, ("DISK", "")]
        ]
        assert "as_issued" not in family
        without = self.family(climbing, on_every_rung=[{"a": "lstm", "b": "tree"}], as_issued=False)
        assert "as_issued" not in without
        assert without["pairs"][2] == pair(("ALL", "lstm"), ("ALL", "tree"))

    def test_shifted_forecasts_are_those_of_a_model_that_is_fitted(self, climbing):
        # BY_CYCLE has no LSTM.
        self.family(climbing, on_every_rung=[{"a": "lstm", "b": "tree"}], as_issued=True)
        with pytest.raises(InputError, match="lstm is not fitted on the data set BY_CYCLE, which has tree"):
            check_study("small", on(climbing, WITH_CUBES))
        climbing["datasets"]["BY_CYCLE"]["models"] = ["lstm", "tree"]
        check_study("small", on(climbing, WITH_CUBES))

    def test_priced_leaks_are_one_family_each_after_the_others(self, climbing):
        assert [leak["text"] for leak in priced_leaks(climbing)] == ["Dear."]
        *others, last = on(climbing, WITH_CUBES)["comparisons"]
        assert DECLARED_LEAKS not in {family["name"] for family in others}
        assert last == {
            "name": DECLARED_LEAKS,
            "title": "Dear.",
            "metrics": ["accuracy"],
            "pairs": [pair(("ONLY", "lstm"), ("NATURAL", "lstm"))],
        }
        del climbing["declared_leaks"]
        assert priced_leaks(climbing) == []
        assert on(climbing, WITH_CUBES)["comparisons"] == others

    def test_without_magnetograms_pairs_of_the_cnn_are_gone_from_the_rungs(self, climbing):
        climbing["comparisons"] = [
            {"name": "a", "on_every_rung": [{"a": "lstm", "b": "tree"}, {"a": "cnn", "b": "tree"}], "as_issued": True},
            {"name": "b", "on_every_rung": [{"a": "cnn", "b": "tree"}]},
        ]
        served = on(climbing, TABLES)
        assert [family["name"] for family in served["comparisons"]] == ["a", DECLARED_LEAKS]
        names = [one["a"]["model"] for one in served["comparisons"][0]["pairs"]]
        # On the disk too: its data set is none of regions.
        assert names == ["lstm", *["lstm.prior_shift"] * 4, "lstm"]


def test_settings_of_a_data_set_hold_those_of_the_splits(study, small):
    assert settings_of_datasets(study)["FUSED_SMARP"] == {
        "seeds": study["seeds"],
        "task": "strong_vs_quiet",
        "draw": {
            "evaluated": "smarp",
            "added_to_training": ["sharp"],
            "test_fraction": 0.2,
            "validation_fraction": 0.2,
            "undersampled": ["train", "validation", "test"],
            "standardisation": "global",
            "pixels_standardised_by": "sharp",
        },
    }
    # A fold a seed, however many seeds the study has; the models fitted on it are no part of how it is drawn.
    small["datasets"]["FOLDS"]["task"] = "m_24h"
    drawn = settings_of_datasets(small)["FOLDS"]
    assert (drawn["seeds"], drawn["task"], drawn["draw"]["folds"]) == ([0, 1, 2, 3], "m_24h", 4)
    assert drawn["draw"].keys().isdisjoint(["models", "task"])


def test_what_choosing_regions_to_explain_hangs_on(small):
    assert explained(on(small, WITH_CUBES)) == {
        "regions": 2,
        "task": "",
        "instrument": "sharp",
        "folds": 4,
        "validation_fraction": 0.1,
    }
