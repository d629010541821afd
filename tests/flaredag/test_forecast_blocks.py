"""Which blocks forecasts are resampled by."""

import numpy as np
import pandas as pd
import pytest

from flaredag.forecast_blocks import (
    DAYS,
    NONE,
    REGIONS,
    ROTATIONS,
    WEEKS,
    chosen_blocks,
    rotation_blocks,
    weights_of,
)


def forecasts(n_days: int, *, n_regions: int = 1, per_day: int = 1) -> pd.DataFrame:
    number = np.arange(n_days * per_day)
    time = np.datetime64("2017-01-01", "s") + number // per_day * np.timedelta64(1, "D")
    region = number % n_regions if n_regions > 1 else np.zeros_like(number)
    instrument = pd.Categorical(["sharp" if n_regions > 1 else "disk"] * len(number))
    return pd.DataFrame({"instrument": instrument, "region": region, "issue_time": time})


@pytest.mark.parametrize(
    ("made", "kind", "n"),
    [
        ({"n_days": 50, "n_regions": 10}, REGIONS, 10),
        # Nine regions are too few; 400 days touch 16 rotations.
        ({"n_days": 400, "n_regions": 9}, ROTATIONS, 16),
        ({"n_days": 400}, ROTATIONS, 16),
        ({"n_days": 70}, WEEKS, 10),
        ({"n_days": 69}, WEEKS, 10),
        ({"n_days": 63}, DAYS, 63),
        ({"n_days": 10, "per_day": 4}, DAYS, 10),
        ({"n_days": 9, "per_day": 4}, NONE, 1),
        ({"n_days": 1}, NONE, 1),
    ],
)
def test_the_first_kind_of_which_there_are_ten(made, kind, n):
    blocks = chosen_blocks(forecasts(**made))
    assert (blocks.kind, blocks.n) == (kind, n)
    assert sorted(set(blocks.block)) == list(range(n))


def test_samples_of_a_week_share_a_block():
    blocks = chosen_blocks(forecasts(70))
    np.testing.assert_array_equal(blocks.block, np.arange(70) // 7)


def test_rotations_beside_other_blocks():
    rotations = rotation_blocks(forecasts(400, n_regions=20))
    assert rotations is not None
    assert rotations.n == 16
    # About 27 days each, in the order of time.
    assert np.diff(rotations.block).min() == 0
    assert np.bincount(rotations.block).max() in (27, 28)
    assert rotation_blocks(forecasts(200)) is None


def test_what_is_one_block_is_not_resampled():
    assert weights_of(chosen_blocks(forecasts(5)), resamples=20, seed=1).shape == (0, 1)
    weights = weights_of(chosen_blocks(forecasts(63)), resamples=20, seed=1)
    assert weights.shape == (20, 63)
    assert (weights.sum(axis=1) == 63).all()
