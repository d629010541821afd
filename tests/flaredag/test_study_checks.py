"""Studies that contradict themselves are told."""

import pytest

from flaredag.archive_files import ArchiveFiles
from flaredag.errors import InputError
from flaredag.study_checks import check_study
from made_up_studies import TABLES, WITH_CUBES, in_training_folds, on


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


def rank(study, changed=None, **changes):
    order = {"model": "lstm", "metric": "true_skill_statistic", "threshold": "best_on_test"} | (changed or {})
    asked = {"orders": {"tss": order}, "directions": ["first"], "datasets": ["ONLY"], "seeds": [0, 2]}
    study["ranking"] = asked | {"subsets_per_job": 8} | changes


def rank_on_unknown_dataset(study):
    rank(study, datasets=["ONLY", "ALL"])


def rank_by_unknown_model(study):
    rank(study, {"model": "oracle"})


def rank_on_unknown_seed(study):
    rank(study, seeds=[0, 7])


def rank_without_threshold(study):
    rank(study, {"threshold": ""})


def rank_on_unknown_fold(study):
    rank(study, datasets=["FOLDS"], seeds=[3, 4])


def draw_training_of_unknown_model(study):
    curves = {"name": "training_curves", "title": "C", "kind": "training_curves", "dataset": "ONLY"}
    study["figures"].append(curves | {"models": ["oracle"]})


def draw_regions_of_unfitted(study):
    panels = [{"metric": "brier_score", "model": "lstm"}]
    regions = {"name": "training_regions", "title": "R", "kind": "training_regions", "panels": panels}
    study["figures"].append(regions | {"datasets": ["ONLY", "FOLDS"]})


def tabulate(study, datasets, models):
    table = {"title": "T", "metrics": ["brier_score"], "datasets": datasets, "models": models}
    study["verification"] = {"score_tables": [table]}


def tabulate_unknown_dataset(study):
    tabulate(study, ["ONLY", "ALL"], ["lstm"])


def tabulate_model_that_none_fits(study):
    tabulate(study, ["FOLDS"], ["cnn", "lstm"])


def tabulate_dataset_without_them(study):
    tabulate(study, ["ONLY", "FOLDS"], ["lstm"])


@pytest.mark.parametrize(
    ("change", "words"),
    [
        (draw_training_of_unknown_model, "no model oracle"),
        (draw_regions_of_unfitted, "lstm is not fitted on the data set FOLDS, which has cnn"),
        (tabulate_unknown_dataset, "no data set ALL; it has ONLY, FOLDS, SOME"),
        (tabulate_model_that_none_fits, "lstm is not fitted on the data set FOLDS"),
        (tabulate_dataset_without_them, "lstm is not fitted on the data set FOLDS"),
        (rank_on_unknown_dataset, "study small: ranking: no data set ALL; it has ONLY, FOLDS, SOME"),
        (rank_by_unknown_model, "ranking: no model oracle; it has lstm, cnn, cnn_b, tree\\."),
        (rank_on_unknown_seed, "ranking: no seed of data set ONLY 7; it has 0, 1, 2"),
        (rank_on_unknown_fold, "ranking: no seed of data set FOLDS 4; it has 0, 1, 2, 3\\."),
        (rank_without_threshold, "ranking: order tss is by true_skill_statistic at the threshold none; wanted one of"),
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


class TestTrainingFolds:
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


def test_not_every_model_of_a_table_of_scores_need_be_fitted_everywhere(small):
    tabulate(small, ["ONLY", "FOLDS"], ["lstm", "cnn"])
    check_study("small", on(small, WITH_CUBES))
    # Without magnetograms there is no data set FOLDS and no CNN.
    served = on(small, TABLES)
    assert served["verification"]["score_tables"][0]["datasets"] == ["ONLY"]
    assert served["verification"]["score_tables"][0]["models"] == ["lstm"]
