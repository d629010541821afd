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
    check_study,
    chosen_studies,
    explained,
    kinds_used,
    names_of_ensembles,
    settings_of_datasets,
    stacked_datasets,
    studies_of_archive,
)
from made_up_studies import CRITERIA, TABLES, WITH_CUBES, on, pair


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
        return {"archive": "embedded", "studies": list(studies), "study": studies, "mirror": "x"} | changes

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
        assert [figure["name"] for figure in figures_of(served)] == ["one", "overview", *ENSEMBLE_FIGURES]

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


def explain_unknown_dataset(study):
    study["explanation"]["bipoles"]["dataset"] = "ALL"


def explain_unknown_model(study):
    study["explanation"]["model"] = "oracle"


def explain_without_folds(study):
    study["explanation"]["dataset"] = "ONLY"


@pytest.mark.parametrize(
    ("change", "words"),
    [
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


def test_settings_of_a_data_set_hold_those_of_the_splits(study, small):
    assert settings_of_datasets(study)["FUSED_SMARP"] == {
        "seeds": study["seeds"],
        "task": "",
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
