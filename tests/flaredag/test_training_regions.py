"""Regions that train, by the index of a study."""

import pytest

from flaredag.errors import InputError
from flaredag.training_regions import regions_that_train

INDEX = {"datasets": {"A": {"seeds": {str(seed): {"regions": {"train": 90 + seed, "test": 30}} for seed in (0, 1)}}}}


def test_a_number_a_seed():
    assert regions_that_train(INDEX, "A") == [90, 91]


def test_an_absent_data_set_is_told():
    with pytest.raises(InputError, match="the index holds no data set B; it holds A"):
        regions_that_train(INDEX, "B")
    with pytest.raises(InputError, match="it holds none"):
        regions_that_train({}, "B")
