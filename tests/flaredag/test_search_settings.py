"""What a study asks of its searches: where they lie, what is refused, which models an optimum is for."""

import pytest

from flaredag.errors import InputError
from flaredag.search_settings import (
    asked_search,
    check_search,
    figures_of_searches,
    models_of_searches,
    overlay_of_optima,
    searches_of,
    settings_at_ends,
    space_in_words,
    stored_searches,
)
from flaredag.store import digests_of

NETWORK = {"n_blocks": 2, "dropouts": [0.2, 0.1], "learning_rate": 0.01, "kept_epoch": "true_skill_statistic"}
MODELS = {
    "network": NETWORK,
    "network_by_brier_score": NETWORK | {"kept_epoch": "brier_score"},
    "network_of_three": NETWORK | {"n_blocks": 3},
    "tree": {"n_trees": 10},
}
SEEDS = {"ONE": [0, 1, 2], "TWO": [0, 1, 2], "FEW": [0]}
INDEX = {
    "datasets": {
        name: {"seeds": {str(seed): {"digest": f"{name.lower()}{seed}"} for seed in seeds}}
        for name, seeds in SEEDS.items()
    }
}


def searching(**changes):
    """A study that searches the network on data set ONE; `changes` of its `search`."""
    search = {
        "searches": {"one": {"dataset": "ONE", "model": "network", "metric": "true_skill_statistic"}},
        "space": {"n_blocks": {"choices": [1, 2, 3]}, "dropouts.2": {"low": 0.1, "high": 0.5}},
        "n_trials": 7,
        "seeds": [0, 2],
        "seed": 5,
    } | changes
    datasets = {"ONE": {}, "TWO": {"model_settings": {"network": {"n_blocks": 1}}}, "FEW": {"models": ["tree"]}}
    return {"datasets": datasets, "search": search}


def one(**changes):
    return {"one": {"dataset": "ONE", "model": "network", "metric": "true_skill_statistic"} | changes}


def checked(study):
    check_search("s", study, seeds=SEEDS, on_keywords=list(MODELS), models=MODELS)


def stored(study=None, **changes):
    given = {"models": MODELS, "code": "c" * 16, "environment": "e" * 16, "store": "store"} | changes
    return stored_searches(study or searching(), INDEX, **given)


@pytest.mark.parametrize("search", [None, {}, {"searches": {}}, {"skipped": True, **searching()["search"]}])
def test_nothing_is_searched_unless_asked_for(search):
    study = {"datasets": {}, **({} if search is None else {"search": search})}
    assert asked_search(study) is None
    study["search"] = None
    assert searches_of(study) == {}
    assert figures_of_searches(study) == []
    assert stored(study) == {}
    checked(study)
    assert asked_search(searching(skipped=False))["n_trials"] == 7


def test_a_search_tells_what_it_is_made_from_and_lies_under_its_digests():
    found = stored()["one"]
    assert found.made_from == {
        "seeds": [0, 2],
        "models": {"network": NETWORK},
        "datasets": {"0": "one0", "2": "one2"},
        "metric": "true_skill_statistic",
        "space": searching()["search"]["space"],
        "n_trials": 7,
        "seed": 5,
        "code": "c" * 16,
        "environment": "e" * 16,
    }
    assert found.folder == "store/searches/" + "/".join(digests_of(found.made_from))
    assert space_in_words(found) == {"n_blocks": "1, 2, 3", "dropouts.2": "0.1 to 0.5"}


@pytest.mark.parametrize(
    "changes",
    [
        {"space": {"n_blocks": {"choices": [1, 2]}}},
        {"n_trials": 8},
        {"seeds": [0, 1]},
        {"seed": 6},
        {"searches": one(metric="brier_score")},
        {"searches": one(model="network_by_brier_score")},
        {"searches": one(dataset="TWO")},
    ],
)
def test_another_search_lies_elsewhere(changes):
    assert stored(searching(**changes))["one"].folder != stored()["one"].folder
    assert stored()["one"].folder != stored(code="d" * 16)["one"].folder


def test_of_settings_the_data_sets_own_count():
    found = stored(searching(searches=one(dataset="TWO")))["one"]
    assert found.made_from["models"]["network"]["n_blocks"] == 1


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"searches": one(dataset="THREE")}, "study s: search one: no data set: THREE; it has ONE, TWO, FEW"),
        ({"searches": one(dataset="FEW")}, "no model on keywords on the data set FEW: network; it has tree"),
        ({"searches": one(model="cnn")}, "no model on keywords on the data set ONE: cnn; it has network, "),
        ({"seeds": [0, 7]}, "search one: no seed of data set ONE: 7; it has 0, 1, 2"),
        ({"space": {"blocks": {"choices": [1]}}}, "search one: network: no setting blocks; the model has n_blocks, "),
        ({"space": {"dropouts": {"choices": [1]}}}, "dropouts is a list of 2; wanted its elements"),
        (
            {"space": {"dropouts.1": {"low": 0.5, "high": 0.1}}},
            "search: dropouts.1: from 0.5 to 0.1; wanted a low below",
        ),
        ({"space": {"learning_rate": {"low": 0, "high": 1, "log": True}}}, "learning_rate: by its logarithm from 0"),
        (
            {"space": {"n_blocks": {"choices": [1, 3]}}},
            "n_blocks of network on ONE is 2, and the space has 1, 3; wanted",
        ),
        ({"space": {"dropouts.2": {"low": 0.2, "high": 0.5}}}, "dropouts.2 of network on ONE is 0.1"),
        ({"searches": one() | {"again": one()["one"]}}, "one and again are both of network on ONE; wanted one search"),
    ],
)
def test_what_is_not_there_or_contradicts_itself_is_told(changes, words):
    checked(searching())
    with pytest.raises(InputError, match=words):
        checked(searching(**changes))


def test_settings_at_the_ends_are_those_of_the_model():
    blocks_and_dropouts = [(own["n_blocks"], own["dropouts"]) for _, own in settings_at_ends(searching(), MODELS)]
    assert blocks_and_dropouts == [(1, [0.2, 0.1]), (2, [0.2, 0.5]), (3, [0.2, 0.5])]
    assert {model for model, _ in settings_at_ends(searching(), MODELS)} == {"network"}


def test_an_optimum_is_for_all_that_one_training_serves_and_no_search_of_their_own():
    def served(study):
        return {
            name: own["models"]
            for name, own in models_of_searches(study, on_keywords=list(MODELS), models=MODELS).items()
        }

    assert served(searching()) == {"one": ["network", "network_by_brier_score"]}
    # On TWO the network has settings of its own.
    assert served(searching(searches=one(dataset="TWO"))) == {"one": ["network"]}
    both = one() | {"other": one()["one"] | {"model": "network_by_brier_score"}}
    assert served(searching(searches=both)) == {"one": ["network"], "other": ["network_by_brier_score"]}


def test_two_searches_on_one_data_set_are_both_laid_over():
    both = one() | {"other": one()["one"] | {"model": "network_by_brier_score"}}
    searches = models_of_searches(searching(searches=both), on_keywords=list(MODELS), models=MODELS)
    optima = {"one": {"n_blocks": 3, "dropouts.2": 0.4}, "other": {"n_blocks": 1, "dropouts.2": 0.3}}
    assert overlay_of_optima("s", searches, optima)["study"]["s"] == {
        "search": {"skipped": True},
        "datasets": {
            "ONE": {
                "model_settings": {
                    "network": {"n_blocks": 3, "dropouts": [0.2, 0.4]},
                    "network_by_brier_score": {"n_blocks": 1, "dropouts": [0.2, 0.3]},
                }
            }
        },
    }


def test_each_search_has_a_figure():
    (figure,) = figures_of_searches(searching())
    assert figure["name"] == "search_one"
    assert figure["title"].startswith("Trials of network on ONE: mean true skill statistic over the validation splits")
