"""The space of a search: how settings are named in it, what it holds, settings from values and back."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from flaredag.errors import InputError
from flaredag.hyperparameter_search import drawn_value
from flaredag.search_space import check_dimension, extremes, holds, in_words, setting_at, values_in, with_values

SETTINGS = {"n_blocks": 4, "learning_rate": 0.002, "dropouts": [0.2, 0.1, 0.3], "masked": False}
CHOICES = st.lists(st.integers(-5, 5) | st.sampled_from(["a", "b"]), min_size=1, max_size=4, unique=True)
REAL = st.floats(1e-6, 1e3)


@st.composite
def dimensions(draw):
    """A dimension of any kind."""
    if draw(st.booleans()):
        return {"choices": draw(CHOICES)}
    ends = st.integers(1, 999) if draw(st.booleans()) else REAL
    low, high = sorted(draw(st.lists(ends, min_size=2, max_size=2, unique=True)))
    return {"low": low, "high": high} | ({"log": draw(st.booleans())} if draw(st.booleans()) else {})


@st.composite
def drawn(draw, dimension):
    """What the estimator may draw of a dimension."""
    if "choices" in dimension:
        return draw(st.integers(0, len(dimension["choices"]) - 1))
    ends = dimension["low"], dimension["high"]
    return draw(st.integers(*ends) if all(isinstance(end, int) for end in ends) else st.floats(*ends))


@given(st.data(), dimensions())
def test_what_is_drawn_stays_in_its_dimension(data, dimension):
    check_dimension("one", dimension)
    value = drawn_value(dimension, data.draw(drawn(dimension)))
    assert holds(dimension, value)


@given(
    st.data(), st.dictionaries(st.sampled_from(["n_blocks", "learning_rate", "dropouts.1", "dropouts.3"]), dimensions())
)
def test_values_come_back_from_the_settings_that_they_are_laid_over(data, space):
    values = {key: drawn_value(own, data.draw(drawn(own))) for key, own in space.items()}
    changed = with_values(SETTINGS, values)
    assert values_in(changed, space) == values
    assert changed.keys() == SETTINGS.keys()
    assert len(changed["dropouts"]) == 3
    assert changed["dropouts"][1] == 0.1
    assert SETTINGS["dropouts"] == [0.2, 0.1, 0.3], "settings are not changed in place"


def test_elements_of_a_list_are_counted_from_one():
    assert setting_at(SETTINGS, "dropouts.1") == 0.2
    assert with_values(SETTINGS, {"dropouts.3": 0.5})["dropouts"] == [0.2, 0.1, 0.5]


@pytest.mark.parametrize(
    ("key", "words"),
    [
        ("n_block", "no setting n_block; the model has n_blocks, learning_rate, dropouts, masked"),
        ("dropouts", "dropouts is a list of 3; wanted its elements one by one, as dropouts.1 to dropouts.3"),
        ("dropouts.4", "no setting dropouts.4: dropouts is a list of 3; wanted one of its elements, from dropouts.1"),
        ("dropouts.0", "no setting dropouts.0"),
        ("n_blocks.1", "no setting n_blocks.1: n_blocks is 4, no list"),
    ],
)
def test_a_setting_that_is_not_there_is_told(key, words):
    with pytest.raises(InputError, match=words):
        setting_at(SETTINGS, key)
    with pytest.raises(InputError, match=words):
        with_values(SETTINGS, {key: 1})


def test_a_dimension_that_is_none_is_told():
    with pytest.raises(InputError, match=r"rate: from 0\.5 to 0.1; wanted a low below the high"):
        check_dimension("rate", {"low": 0.5, "high": 0.1})
    with pytest.raises(InputError, match="rate: by its logarithm from 0; wanted a low above 0"):
        check_dimension("rate", {"low": 0, "high": 0.1, "log": True})
    check_dimension("rate", {"low": 0, "high": 0.1, "log": False})


def test_whole_numbers_are_told_from_real_ones():
    assert holds({"low": 1, "high": 4}, 3)
    assert not holds({"low": 1, "high": 4}, 2.5)
    assert holds({"low": 1.0, "high": 4}, 2.5)
    assert holds({"low": 0.0, "high": 0.5}, 0)
    assert not holds({"low": 0.0, "high": 1.5}, True)
    assert not holds({"low": 0.0, "high": 1.5}, "1")
    assert not holds({"choices": [1, 2]}, 3)
    assert drawn_value({"low": 1, "high": 4}, 3) == 3


def test_real_numbers_have_four_digits_and_stay_between_the_ends():
    assert drawn_value({"low": 0.0001, "high": 0.01, "log": True}, 0.00123456) == 0.001235
    # Rounded they would be below, and above.
    assert drawn_value({"low": 0.123449, "high": 0.9}, 0.1234491) == 0.123449
    assert drawn_value({"low": 0.1, "high": 0.123451}, 0.123451) == 0.123451


def test_the_ends_of_a_space():
    space = {"a": {"choices": [1, 2, 5]}, "b": {"low": 0.1, "high": 0.5}}
    assert extremes(space) == [{"a": 1, "b": 0.1}, {"a": 2, "b": 0.5}, {"a": 5, "b": 0.5}]


def test_a_dimension_in_words():
    assert in_words({"choices": [1, "two"]}) == "1, two"
    assert in_words({"low": 0.0001, "high": 0.01, "log": True}) == "0.0001 to 0.01 by its logarithm"
    assert in_words({"low": 1, "high": 4}) == "1 to 4"
