"""Poisson forecasts: other windows, and the whole disk from McIntosh classes."""

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

import made_up_members as made_up
from flaredag.errors import InputError
from flaredag.flare_rates import (
    probabilities_from_classes,
    probability_over,
    rates_of_classes,
    read_class_counts,
)


@pytest.fixture
def counts(tmp_path):
    (tmp_path / "rates.txt").write_text(made_up.CLASS_COUNTS)
    return read_class_counts(tmp_path / "rates.txt")


def test_twice_the_window_misses_the_event_twice():
    found = probability_over(np.array([0.0, 0.5, 1.0, np.nan]), hours=12, wanted_hours=24)
    np.testing.assert_array_equal(found, [0.0, 0.75, 1.0, np.nan])


@given(st.floats(0, 0.5), st.floats(6, 48), st.floats(6, 48), st.floats(6, 48))
def test_two_conversions_are_one(probability, first, second, third):
    given = np.array([probability])
    direct = probability_over(given, hours=first, wanted_hours=third)
    twice = probability_over(
        probability_over(given, hours=first, wanted_hours=second), hours=second, wanted_hours=third
    )
    # What is left of 1 - p, 2^-8 at least, has 13 digits.
    np.testing.assert_allclose(twice, direct, atol=1e-11)


def test_counts_and_rates_by_hand(counts):
    assert counts.index.tolist() == ["Axx", "Ekc"]
    assert counts.loc["Ekc"].tolist() == [90, 60, 15, 50]
    rates, of_all = rates_of_classes(counts, least_class="M1.0")
    assert rates.tolist() == [0.01, 1.5]
    assert of_all == 76 / 150
    assert rates_of_classes(counts, least_class="M1.0", below_class="X1.0")[0].tolist() == [0.01, 1.2]
    assert rates_of_classes(counts, least_class="X1.0")[0].tolist() == [0.0, 0.3]
    assert rates_of_classes(counts, least_class="C1.0")[0].tolist() == [0.11, 3.3]


def test_an_event_that_letters_do_not_tell_is_refused(counts):
    with pytest.raises(InputError, match=r"M5\.0 found, but flares are counted by letter; wanted C1\.0, M1\.0, X1\.0"):
        rates_of_classes(counts, least_class="M5.0")


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("nothing", "no line of headings CLS C M X N"),
        ("CLS C M X N\nAXX 1 2\n", "'AXX 1 2' below the headings"),
        ("CLS C M X N\n", "'nothing' below the headings"),
        ("CLS C M X N\nAXX 1 2 3 many\n", "many"),
        ("CLS C M X N\nAXX 1 2 3 4\nAxx 1 2 3 4\n", "class Axx repeated"),
        ("CLS C M X N\nAXX 1 2 3 0\n", "class Axx without days"),
    ],
)
def test_a_file_of_other_counts_is_refused(tmp_path, text, words):
    (tmp_path / "rates.txt").write_text(text)
    with pytest.raises(InputError, match=words):
        read_class_counts(tmp_path / "rates.txt")


def test_the_disk_is_quiet_if_every_group_is():
    groups = pd.DataFrame(
        {
            "issue_time": pd.to_datetime(
                ["2015-03-01 00:30", "2015-03-01 00:30", "2015-03-03 00:30", "2015-03-09 00:30"]
            ),
            "mcintosh": ["AXX", "Ekc", "Fso", "Ekc"],
        }
    )
    rates = pd.Series({"Axx": 0.01, "Ekc": 1.5})
    found, notes = probabilities_from_classes(groups, made_up.days(3), rates, rate_of_others=0.5, window_hours=24)
    np.testing.assert_allclose(found, [1 - np.exp(-1.51), 0.0, 1 - np.exp(-0.5)], rtol=1e-14)
    assert notes == [
        "1 of 3 days have no group with spots: probability 0.",
        "1 of 3 groups are of classes without a rate (Fso): they have the mean of all classes, 0.5 flares a day.",
    ]
    half, _ = probabilities_from_classes(groups, made_up.days(3), rates, rate_of_others=0.5, window_hours=12)
    np.testing.assert_allclose(half, 1 - np.sqrt(1 - found), rtol=1e-12)
