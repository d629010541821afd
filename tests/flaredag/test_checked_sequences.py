"""Sequences are of the shape that a model wants, and finite, or they are refused."""

import numpy as np
import pytest

from flaredag.checked_sequences import checked_sequence
from flaredag.errors import InputError
from made_up_sequences import last_record_samples


def test_any_number_of_steps_unless_one_is_wanted():
    samples = last_record_samples(4, n_steps=5)
    assert checked_sequence(samples, 3, None) is samples.sequence
    with pytest.raises(InputError, match="windows of 5 steps and 3 features; the model wants 6 steps"):
        checked_sequence(samples, 3, 6)


def test_another_number_of_features():
    with pytest.raises(InputError, match="windows of 6 steps and 3 features; the model wants 6 steps and 2 features"):
        checked_sequence(last_record_samples(4), 2, None)


@pytest.mark.parametrize("bad", [np.nan, -np.inf])
def test_numbers_that_are_not_finite(bad):
    samples = last_record_samples(4)
    samples.sequence[2:, 0, 1] = bad
    with pytest.raises(InputError, match="2 of 4 windows hold numbers that are not finite, the first is of region 2"):
        checked_sequence(samples, 3, 6)
