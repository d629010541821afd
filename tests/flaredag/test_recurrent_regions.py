"""Regions that come back a rotation later, made up by hand."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from flaredag.recurrent_regions import carrington_drift_deg, first_rotations


def test_drift_of_a_rotation():
    # 14.366 - 14.1844 = 0.1816 degrees a day at the equator, times 27.2753 days.
    assert carrington_drift_deg(0.0) == pytest.approx(4.953, abs=1e-3)
    # sin^2 of 30 degrees is 1/4: 14.366 - 0.57425 - 0.1015 = 13.69025.
    assert carrington_drift_deg([-30.0])[0] == pytest.approx((13.69025 - 14.1844) * 27.2753, abs=1e-3)


def groups(*regions):
    return first_rotations(*zip(*regions, strict=True)).tolist()


def test_a_region_that_returns():
    assert groups((2100, 100, 10), (2101, 103, 11), (2102, 106, 12)) == [2100, 2100, 2100]


def test_a_region_elsewhere_is_new():
    # Too far west, too far north, of the other hemisphere; and two rotations later is no return.
    assert groups((2100, 100, 10), (2101, 120, 10), (2101, 103, 16), (2101, 103, -10)) == [2100, 2101, 2101, 2101]
    assert groups((2100, 100, 10), (2102, 106, 10)) == [2100, 2102]


def test_the_drift_of_its_latitude_is_taken_off():
    # At 30 degrees a feature falls back by 13.5 degrees: 86.5 is where it is looked for.
    assert groups((2100, 100, 30), (2101, 76, 30)) == [2100, 2100]
    assert groups((2100, 100, 30), (2101, 100, 30)) == [2100, 2101]


def test_across_longitude_0():
    # 5 degrees further west than 358 is 3, which the same chart shows, some hours before 358 of the next.
    assert groups((2100, 358, 0), (2100, 3, 0)) == [2100, 2100]
    # Near the end of one chart, near the beginning of the next but one: 27 days lie between them.
    assert groups((2100, 2, 0), (2102, 358, 0)) == [2100, 2100]
    # Some hours lie between these.
    assert groups((2100, 2, 0), (2101, 358, 0)) == [2100, 2101]


def test_what_merges_is_one_chain():
    # Both regions of 2101 may have become that of 2102; one of them goes back to 2100.
    assert groups((2100, 100, 0), (2101, 105, 0), (2101, 118, 0), (2102, 117, 0)) == [2100] * 4


REGIONS = st.lists(
    st.tuples(st.integers(2100, 2110), st.integers(0, 359), st.integers(-35, 35)), min_size=1, max_size=40
)


@given(regions=REGIONS, seed=st.integers(0, 99))
def test_the_order_does_not_matter_and_groups_begin_with_themselves(regions, seed):
    found = np.array(groups(*regions))
    order = np.random.default_rng(seed).permutation(len(regions))
    assert groups(*[regions[n] for n in order]) == found[order].tolist()
    rotation = np.array([region[0] for region in regions])
    assert (found <= rotation).all()
    assert np.isin(found, rotation[found == rotation]).all()


def test_no_regions():
    assert first_rotations([], [], []).tolist() == []
