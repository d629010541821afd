"""What a ranking may ask for: its orders, the trainings that serve them, its figures, and what is refused."""

from pathlib import Path

import pytest
import yaml

import made_up_ranking as made_up
from flaredag.errors import InputError
from flaredag.ranking_settings import (
    OF_ELIMINATION,
    OF_FIRST_ONES,
    OF_SINGLE_FEATURES,
    RankingFigure,
    as_shown,
    check_ranking,
    figures_of_ranking,
    is_of_first_ones,
    orders_by_training,
    orders_of,
    removed_in_words,
)
from flaredag.score_tables import THRESHOLDS

ROOT = Path(__file__).resolve().parents[2]


def changed(orders=None, **changes):
    """The made-up elimination with other settings; `orders`: what is laid over each of its orders."""
    over = orders or {}
    orders = {name: own | over.get(name, {}) for name, own in made_up.REMOVAL["orders"].items()}
    return made_up.REMOVAL | {"orders": orders, "seeds": [0], **changes}


def test_orders_are_told_in_words():
    orders = orders_of(made_up.REMOVAL)
    assert orders["tss"].in_words() == "TSS of transformer at the threshold 0.5"
    assert orders["bss"].in_words() == "BSS of transformer by brier score"
    assert orders_of(made_up.SETTINGS)["tss"].in_words() == "TSS of lstm attention at the threshold best on test"
    for threshold in THRESHOLDS:
        assert orders["tss"]._replace(threshold=threshold).in_words()


def test_directions_are_told_with_the_most_important_first():
    assert as_shown(["first", "last"]) == ["last", "first"]
    assert as_shown(["first"]) == ["first"]
    assert removed_in_words(["first", "last"]) == "the most important first, and again the least important first"
    assert removed_in_words(["first"]) == "the least important first"


@pytest.mark.parametrize(
    "ranking",
    [
        made_up.REMOVAL,
        made_up.SETTINGS | {"directions": ["first", "last"]},
        made_up.SETTINGS | {"orders": {"tss": made_up.SETTINGS["orders"]["tss"] | {"threshold": "validation"}}},
        made_up.SETTINGS | {"orders": {"bss": made_up.REMOVAL["orders"]["bss"]}},
    ],
)
def test_only_that_of_liu_is_of_first_ones(ranking):
    assert is_of_first_ones(made_up.SETTINGS)
    assert not is_of_first_ones(ranking)


def test_that_of_liu_2019_is_so_in_the_configuration():
    ranking = yaml.safe_load((ROOT / "config.yaml").read_text())["study"]["liu2019"]["ranking"]
    assert is_of_first_ones(ranking)
    assert figures_of_ranking(ranking)[0] == ("ranking_m5_folds", RankingFigure("M5_FOLDS", OF_FIRST_ONES, ""))


def test_orders_whose_models_differ_in_the_epoch_alone_cost_one_training():
    settings = {"size": 8, "kept_epoch": "true_skill_statistic"}
    models = {"transformer": settings, "transformer_by_brier_score": settings | {"kept_epoch": "brier_score"}}
    assert orders_by_training(made_up.REMOVAL, models) == [["tss", "bss"]]
    models["transformer_by_brier_score"] = settings | {"size": 9}
    assert orders_by_training(made_up.REMOVAL, models) == [["tss"], ["bss"]]
    # One model may serve two orders, and what never chooses an epoch is a training of its own.
    one = changed(orders={"bss": {"model": "transformer"}})
    assert orders_by_training(one, {"transformer": {"size": 8}}) == [["tss", "bss"]]


def test_a_ranking_of_several_orders_has_a_figure_of_single_features_and_one_of_each_elimination():
    assert figures_of_ranking(made_up.REMOVAL | {"datasets": ["HED", "SHARP"]}) == [
        ("ranking_hed_alone", RankingFigure("HED", OF_SINGLE_FEATURES, "")),
        ("ranking_hed_tss", RankingFigure("HED", OF_ELIMINATION, "tss")),
        ("ranking_hed_bss", RankingFigure("HED", OF_ELIMINATION, "bss")),
        ("ranking_sharp_alone", RankingFigure("SHARP", OF_SINGLE_FEATURES, "")),
        ("ranking_sharp_tss", RankingFigure("SHARP", OF_ELIMINATION, "tss")),
        ("ranking_sharp_bss", RankingFigure("SHARP", OF_ELIMINATION, "bss")),
    ]


def check(ranking):
    models = ["transformer", "transformer_by_brier_score"]
    check_ranking("s", ranking, seeds={"SHARP": [0, 1], "sharp": [0, 1]}, models=models)


@pytest.mark.parametrize(
    ("ranking", "words"),
    [
        (changed(datasets=["HED"]), "study s: ranking: no data set HED; it has SHARP, sharp. Mend"),
        (changed(seeds=[0, 7]), "ranking: no seed of data set SHARP 7; it has 0, 1"),
        (changed(orders={"bss": {"model": "oracle"}}), "ranking: no model oracle; it has transformer, transformer_by"),
        (
            changed(orders={"tss": {"threshold": ""}}),
            "order tss is by true_skill_statistic at the threshold none; wanted one of fixed_0.5, validation, best_on",
        ),
        (
            changed(orders={"bss": {"threshold": "validation"}}),
            "order bss is by brier_skill_score at the threshold validation; wanted no threshold",
        ),
        (
            made_up.REMOVAL | {"orders": {"alone": made_up.REMOVAL["orders"]["tss"]}, "seeds": [0]},
            "several figures would be named ranking_sharp_alone; wanted one of each name",
        ),
        (changed(datasets=["SHARP", "sharp"]), "several figures would be named ranking_sharp_alone, ranking_sharp_bss"),
    ],
)
def test_a_ranking_of_what_is_not_there_is_refused(ranking, words):
    with pytest.raises(InputError, match=words):
        check(ranking)
