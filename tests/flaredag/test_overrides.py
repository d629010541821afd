"""What an effort and an archive change in the configuration."""

import copy

import pytest

from flaredag.configuration import study_in_report
from flaredag.errors import InputError
from flaredag.overrides import laid_over, overridden
from flaredag.studies import studies_of_archive
from flaredag.study_checks import check_study
from made_up_studies import TABLES, on, pair


def configured(study, *, archive="embedded", quick=None):
    """A configuration of one study."""
    return {
        "archive": archive,
        "models": {"lstm": {"max_epochs": 20, "batch_size": 64}},
        "efforts": {"paper": {}, "quick": quick or {}},
        "study": {"small": study},
    }


def study_on(study, *, archive="embedded", quick=None):
    return overridden(configured(study, archive=archive, quick=quick), effort="quick")["study"]["small"]


def test_mappings_are_merged_lists_replaced_and_null_takes_away():
    base = {"a": {"b": 1, "c": [1, 2]}, "d": 2, "e": {"f": 3}}
    change = {"a": {"c": [3]}, "d": None, "e": 4, "g": {"h": None, "i": 5}}
    assert laid_over(base, change) == {"a": {"b": 1, "c": [3]}, "e": 4, "g": {"i": 5}}
    assert base == {"a": {"b": 1, "c": [1, 2]}, "d": 2, "e": {"f": 3}}


class TestOfArchive:
    def test_a_study_differs_there_and_nowhere_else(self, small):
        small["windows"] = {"cadence_minutes": 60, "n_steps": 10}
        plain = copy.deepcopy(small)
        small["on_archive"] = {
            "embedded": {"windows": {"cadence_minutes": 96}, "seeds": [7], "ensembles": None},
            "jsoc": {"windows": {"n_steps": 40}},
        }
        there = study_on(small)
        assert there["windows"] == {"cadence_minutes": 96, "n_steps": 10}
        assert there["seeds"] == [7]
        assert "ensembles" not in there
        assert study_on(small, archive="jsoc")["windows"] == {"cadence_minutes": 60, "n_steps": 40}
        assert study_on(small, archive="published") == plain

    def test_data_sets_go_by_patterns(self, small):
        small["on_archive"] = {
            "embedded": {
                "datasets": {"*": {"test_from": "2011-10-01"}, "SO*": {"test_from": "2011-11-01", "models": None}}
            }
        }
        datasets = study_on(small)["datasets"]
        assert {name: own["test_from"] for name, own in datasets.items()} == {
            "ONLY": "2011-10-01",
            "FOLDS": "2011-10-01",
            "SOME": "2011-11-01",
        }
        assert datasets["FOLDS"] == small["datasets"]["FOLDS"] | {"test_from": "2011-10-01"}
        assert "models" not in datasets["SOME"]

    def test_a_pattern_that_fits_no_data_set_is_told(self, small):
        small["on_archive"] = {"jsoc": {"datasets": {"BY_*": {"folds": 3}}}}
        with pytest.raises(
            InputError, match=r"study\.small\.on_archive\.jsoc\.datasets: no data set BY_\*; .*ONLY, FOLDS"
        ):
            study_on(small, archive="jsoc")
        study_on(small)

    def test_the_archive_has_the_last_word(self, small):
        small["on_archive"] = {"embedded": {"seeds": [5]}}
        quick = {"study": {"small": {"seeds": [0, 1], "datasets": {"F*": {"folds": 2}}}}}
        there = study_on(small, quick=quick)
        assert there["seeds"] == [5]
        assert there["datasets"]["FOLDS"]["folds"] == 2
        assert study_on(small, archive="jsoc", quick=quick)["seeds"] == [0, 1]

    def test_the_configuration_is_left_as_it_was(self, small):
        small["on_archive"] = {
            "embedded": {"selection": {"quality_below": {"sharp": 9}}, "datasets": {"*": {"folds": 2}}}
        }
        before = configured(copy.deepcopy(small), quick={"models": {"lstm": {"max_epochs": 3}}})
        config = copy.deepcopy(before)
        changed = overridden(config, effort="quick")
        assert config == before
        assert changed["models"] == {"lstm": {"max_epochs": 3, "batch_size": 64}}
        assert overridden(config, effort="paper")["models"] == before["models"]

    def test_an_effort_on_an_unknown_study_is_told(self, small):
        with pytest.raises(InputError, match=r"efforts\.quick\.study: no study big; the configuration describes small"):
            study_on(small, quick={"study": {"big": {}}})

    def test_it_decides_whether_an_archive_can_serve_the_study(self, small):
        del small["source"]["magnetograms"]
        small["source"]["tables"] = "table_of_others"
        small["on_archive"] = {"embedded": {"source": {"tables": "tables"}}}
        more = {
            "studies": ["small"],
            "mirror": "",
            "archives": {name: {"solar_cycles": []} for name in ("embedded", "jsoc")},
        }
        served = studies_of_archive(overridden(configured(small) | more, effort="paper"), TABLES)
        assert served["small"]["source"]["tables"] == "tables"
        with pytest.raises(InputError, match="archive jsoc has no data for small"):
            studies_of_archive(overridden(configured(small, archive="jsoc") | more, effort="paper"), TABLES)


class TestLeftOut:
    @pytest.fixture
    def left(self, climbing):
        """The climbing study without BY_TIME and BY_CYCLE on the simulated Sun."""
        climbing["comparisons"].append({"name": "gone", "pairs": [pair(("BY_TIME", "lstm"), ("ONLY", "lstm"))]})
        climbing["comparisons"].append(
            {
                "name": "rungs",
                "pairs": [pair(("BY_CYCLE", "tree"), ("ALL", "tree"))],
                "on_every_rung": [{"a": "lstm", "b": "tree"}],
            }
        )
        climbing["declared_leaks"][1]["priced"]["pairs"].append(pair(("BY_TIME", "lstm"), ("ALL", "lstm")))
        climbing["declared_leaks"].append(
            {
                "text": "Of time.",
                "priced": {"metrics": ["accuracy"], "pairs": [pair(("BY_TIME", "tree"), ("ALL", "tree"))]},
            }
        )
        climbing["figures"].append(
            {"name": "late", "title": "Late", "series": [{"dataset": "BY_TIME", "model": "lstm"}]}
        )
        climbing["on_archive"] = {"embedded": {"left_out": [{"datasets": ["BY_*"], "why": "It has one year."}]}}
        return study_on(climbing)

    def test_what_names_a_data_set_goes_with_it(self, left, climbing):
        assert list(left["datasets"]) == ["ONLY", "FOLDS", "SOME", "NATURAL", "ALL"]
        # The daily forecasts were made from BY_TIME.
        assert left["full_disk"] == {}
        assert list(left["ladders"][0]["rungs"]) == ["balanced", "natural_rate", "all_samples"]
        families = {family["name"]: family for family in left["comparisons"]}
        assert list(families) == ["nets", "mixed", "each", "rungs"]
        assert families["nets"] == climbing["comparisons"][0]
        assert families["rungs"].keys() == {"name", "on_every_rung"}
        assert [figure["name"] for figure in left["figures"]] == ["one", "pixels"]
        assert [len(leak.get("priced", {"pairs": []})["pairs"]) for leak in left["declared_leaks"]] == [0, 1, 0]

    def test_the_study_holds_together_and_its_words_say_what_is_left_out(self, left):
        words = {"title": "", "paper": "", "protocol_in_words": "All regions.", "agreement": {}, "comparisons": []}
        served = on(left | words, TABLES)
        check_study("climbing", served)
        assert study_in_report("climbing", served)["protocol_in_words"] == (
            "All regions. Left out: BY_TIME, BY_CYCLE. It has one year."
        )

    def test_a_ladder_without_rungs_is_gone(self, climbing):
        climbing["ladders"].append({"name": "late", "title": "Late", "rungs": {"by_time": "BY_TIME"}})
        climbing["left_out"] = [{"datasets": ["BY_TIME"], "why": "None."}]
        assert [ladder["name"] for ladder in study_on(climbing)["ladders"]] == ["one"]

    def test_lists_of_data_sets_lose_their_names(self, climbing):
        climbing["ranking"] = {"datasets": ["BY_TIME", "ONLY"], "repeats": 3}
        climbing["importance"] = {"datasets": ["BY_TIME"], "repeats": 3}
        climbing["ensembles"][0]["datasets"] = ["BY_TIME"]
        climbing["ensembles"][1]["datasets"] = ["BY_TIME", "ONLY"]
        climbing["left_out"] = [{"datasets": ["BY_TIME"], "why": "None."}]
        there = study_on(climbing)
        assert [(one["name"], one["datasets"]) for one in there["ensembles"]] == [("three", ["ONLY"])]
        assert there["ranking"] == {"datasets": ["ONLY"], "repeats": 3}
        assert "importance" not in there

    def test_figures_of_trainings_and_tables_of_scores_lose_their_names(self, climbing):
        curves = {"name": "training_curves", "title": "C", "kind": "training_curves", "dataset": "BY_TIME"}
        panels = [{"metric": "brier_score", "model": "lstm"}]
        regions = {"name": "training_regions", "title": "R", "kind": "training_regions", "panels": panels}
        regions |= {"datasets": ["BY_TIME", "ALL", "NATURAL"]}
        climbing["figures"] += [curves | {"models": ["lstm"]}, regions]
        table = {"title": "T", "metrics": ["brier_score"], "models": ["lstm"]}
        tables = [table | {"datasets": ["BY_TIME", "ONLY"]}, table | {"datasets": ["BY_TIME"]}, {"title": "All"}]
        climbing["verification"] = {"score_tables": tables}
        climbing["left_out"] = [{"datasets": ["BY_TIME"], "why": "None."}]
        there = study_on(climbing)
        assert there["figures"][-1] == regions | {"datasets": ["ALL", "NATURAL"]}
        assert "training_curves" not in [figure["name"] for figure in there["figures"]]
        assert there["verification"]["score_tables"] == [table | {"datasets": ["ONLY"]}, {"title": "All"}]
        climbing["verification"] = {"score_tables": tables[1:2]}
        assert "verification" not in study_on(climbing)

    def test_searches_go_with_their_data_sets(self, climbing):
        searches = {name: {"dataset": name, "model": "lstm", "metric": "brier_score"} for name in ("BY_TIME", "ONLY")}
        climbing["search"] = {"searches": searches, "n_trials": 3}
        climbing["left_out"] = [{"datasets": ["BY_TIME"], "why": "None."}]
        assert study_on(climbing)["search"] == {"searches": {"ONLY": searches["ONLY"]}, "n_trials": 3}
        del climbing["search"]
        assert "search" not in study_on(climbing)

    def test_a_name_that_the_study_never_had_is_told(self, climbing):
        climbing["left_out"] = [{"datasets": ["BY_TIME"], "why": "None."}]
        climbing["ladders"][0]["rungs"]["all_samples"] = "EVERYTHING"
        with pytest.raises(InputError, match="study climbing: no data set EVERYTHING"):
            check_study("climbing", on(study_on(climbing), TABLES))

    def test_all_or_an_unknown_one_is_told(self, small):
        small["left_out"] = [{"datasets": ["ONLY", "M5_*"], "why": "None."}]
        with pytest.raises(InputError, match=r"study\.small\.left_out: no data set M5_\*; there are ONLY, FOLDS, SOME"):
            study_on(small)
        small["left_out"] = [{"datasets": ["*"], "why": "None."}]
        with pytest.raises(InputError, match=r"study\.small\.left_out: names every data set"):
            study_on(small)


def test_the_study_of_forty_features_where_there_are_forty(config):
    for archive, n_features in {"embedded": 40, "jsoc": 40, "published": 32}.items():
        study = overridden(config | {"archive": archive}, effort="paper")["study"]["liu2019"]
        assert len(set(study["features"])) == n_features, archive
        assert len(study["splits"]["min_max_scaled"]) == 15
