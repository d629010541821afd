"""For which fits a study has features permuted, and what is refused."""

import pytest

from flaredag.errors import InputError
from flaredag.importance_settings import permuted_datasets, permuted_series
from flaredag.study_checks import check_study
from made_up_studies import WITH_CUBES, on

ASKED = {"datasets": ["ONLY", "SOME"], "models": ["lstm"], "seeds": 1, "repeats": 2, "seed": 0, "correlated_from": 0.8}


def test_series_are_every_model_on_every_data_set():
    study = {"importance": ASKED | {"models": ["lstm", "tree"]}}
    assert permuted_datasets(study) == ["ONLY", "SOME"]
    pairs = [(one["dataset"], one["model"]) for one in permuted_series(study)]
    assert pairs == [("ONLY", "lstm"), ("ONLY", "tree"), ("SOME", "lstm"), ("SOME", "tree")]


def test_a_study_that_does_not_ask_has_none():
    assert permuted_datasets({}) == permuted_series({}) == []


def test_a_sound_study_is_accepted(small):
    check_study("s", on(small | {"importance": ASKED}, WITH_CUBES))


@pytest.mark.parametrize(
    ("changes", "told"),
    [
        ({"datasets": ["ONLY", "NOWHERE"]}, "study s: no data set NOWHERE; it has ONLY"),
        ({"models": ["forest"]}, "study s: no model forest; it has lstm"),
        ({"models": ["cnn"]}, "study s: no model on keywords cnn; it has lstm, tree"),
        ({"models": ["two_average"]}, "study s: no model on keywords two_average; it has lstm, tree"),
        ({"models": ["tree"]}, "study s: tree is not fitted on the data set SOME, which has cnn, lstm"),
    ],
)
def test_what_the_study_does_not_have_is_told(small, changes, told):
    with pytest.raises(InputError, match=told):
        check_study("s", on(small | {"importance": ASKED | changes}, WITH_CUBES))
