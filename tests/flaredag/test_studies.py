"""Studies: which run, what an archive can serve of them, and how their data sets are drawn."""

import copy

import pytest

from flaredag.archive_files import ArchiveFiles
from flaredag.configuration import ENSEMBLE_FIGURES, figures_of
from flaredag.errors import InputError
from flaredag.studies import (
    DECLARED_LEAKS,
    chosen_studies,
    explained,
    kinds_used,
    labels_of_task,
    priced_leaks,
    purge_gap_hours,
    settings_of_datasets,
    settings_of_disk,
    studies_of_archive,
)
from flaredag.study_checks import check_study
from flaredag.study_series import datasets_in_training_folds, stacked_datasets
from flaredag.verification_settings import overlapping_runs
from made_up_studies import CRITERIA, CYCLES, TABLES, WITH_CUBES, in_training_folds, on, pair


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


class TestLadders:
    @pytest.fixture
    def served(self, climbing):
        return on(climbing, WITH_CUBES)

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
