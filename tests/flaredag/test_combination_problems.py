from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from flaredag.combination_problems import (
    collinear_members,
    complete_days,
    constrained_problem,
    forecasts_of_present,
    project,
    shared_among_identical,
    unconstrained_problem,
)
from flaredag.combined_metrics import combined_forecasts
from flaredag.errors import InputError

LABEL = np.array([0, 1, 0, 1], dtype=np.int8)
MEMBERS = np.array([[0.1, 0.2], [0.8, 0.4], [0.3, 0.5], [0.6, 0.9]])
MISSING = np.nan


def test_the_unconstrained_have_climatology_as_a_member():
    problem = unconstrained_problem("ab", LABEL, MEMBERS)
    assert problem.names == ("a", "b", "climatology")
    assert problem.members[:, 2].tolist() == [0.5] * 4
    assert (problem.low, problem.high) == (-1.0, 1.0)
    assert problem.equal.tolist() == [0.5, 0.5, 0.0]
    # 2 x 0.1 - 0.2 = 0, 2 x 0.8 - 0.4 = 1.2, held at 1, ...
    assert problem.forecast(np.array([2.0, -1.0, 0.0])) == pytest.approx([0.0, 1.0, 0.1, 0.3])


def test_complete_days_are_those_of_all_members():
    assert complete_days(np.array([[0.1, 0.2], [MISSING, 0.2], [0.1, MISSING]])).tolist() == [True, False, False]


def test_the_present_members_share_the_weight_of_the_missing():
    members = np.array([[0.2, 0.4, 0.8], [0.2, MISSING, 0.8], [MISSING, MISSING, 0.8], [MISSING] * 3])
    forecast = forecasts_of_present(members, np.array([[0.5, 0.25, 0.25], [1.0, -0.5, 0.5]]))
    # Without the second member: 2/3 and 1/3 of the first weights; 1 - 1/3 and 0.5 - 1/6 of the others.
    assert forecast[0, :3] == pytest.approx([0.4, 0.4, 0.8])
    assert forecast[1, :3] == pytest.approx([0.4, 0.2 * 2 / 3 + 0.8 / 3, 0.8])
    assert np.isnan(forecast[:, 3]).all()
    assert np.isnan(forecasts_of_present(members, np.array([[0.5, 0.5, 0.0]]))[0, 2])


def test_with_all_members_present_nothing_is_shared():
    weights = np.array([[0.3, 0.7], [1.5, -0.5]])
    np.testing.assert_array_equal(forecasts_of_present(MEMBERS, weights), combined_forecasts(MEMBERS, weights))


@settings(max_examples=100, deadline=None)
@given(st.lists(st.floats(-5, 5), min_size=2, max_size=8), st.booleans())
def test_projected_weights_are_feasible_and_the_nearest(weights, is_convex):
    low, high = (0.0, 1.0) if is_convex else (-1.0, 1.0)
    start = np.array(weights)
    found = project(start[None], low=low, high=high)[0]
    assert found.sum() == pytest.approx(1.0, abs=1e-12)
    assert found.min() >= low
    assert found.max() <= high
    # The way back to the start is at an obtuse angle to every way into the set.
    for corner in np.eye(len(start)):
        assert np.dot(start - found, corner - found) <= 1e-9


def test_collinear_members_are_named():
    mean = MEMBERS.mean(axis=1)
    members = np.column_stack([MEMBERS, mean, MEMBERS[:, 0]])
    assert collinear_members(constrained_problem("abcd", LABEL, members)) == ("c", "d")
    assert collinear_members(constrained_problem("ab", LABEL, MEMBERS)) == ()
    constant = np.column_stack([MEMBERS, np.full(4, 0.5)])
    assert collinear_members(unconstrained_problem("abc", LABEL, constant)) == ("climatology",)


def test_identical_members_get_equal_weights():
    problem = constrained_problem("abc", LABEL, MEMBERS[:, [0, 1, 0]])
    assert shared_among_identical(problem, np.array([0.6, 0.3, 0.1])) == pytest.approx([0.35, 0.3, 0.35])


@pytest.mark.parametrize("make", [constrained_problem, unconstrained_problem])
@pytest.mark.parametrize(
    ("names", "label", "members", "told"),
    [
        ("ab", LABEL, MEMBERS * 100, "member a: 4 of 4 forecasts outside .* such as 10; .* per cent by 100"),
        ("ab", LABEL, MEMBERS - [0, 0.3], "member b: 1 of 4 forecasts outside .* such as -0.1"),
        ("ab", LABEL, np.where(MEMBERS == 0.9, np.nan, MEMBERS), "member b: 1 of 4 forecasts are missing"),
        ("a", LABEL, MEMBERS[:, :1], "1 member to combine; wanted two or more"),
        ("ab", LABEL * 0, MEMBERS, "0 event days of 4; wanted some with an event"),
        ("ab", LABEL * 0 + 1, MEMBERS, "4 event days of 4"),
        ("ab", LABEL * 2, MEMBERS, "outcomes other than 0 and 1"),
        ("ab", LABEL[:3], MEMBERS, r"shape \(4, 2\) for 3 days and 2 members"),
        ("aa", LABEL, MEMBERS, "members a, a; wanted names of their own"),
        (("a", "climatology"), LABEL, MEMBERS, "none of them 'climatology'"),
    ],
)
def test_bad_input_is_told(make, names, label, members, told):
    with pytest.raises(InputError, match=told):
        make(names, label, members)


def test_bounds_without_room_are_refused():
    with pytest.raises(InputError, match=r"weights between 0\.1 and 1; wanted bounds with 0 and 1"):
        unconstrained_problem("ab", LABEL, MEMBERS, low=0.1)
