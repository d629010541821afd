from __future__ import annotations

import numpy as np
import pytest

from flaredag.combination_uncertainty import combination_uncertainty


def test_uncertainties_are_those_worked_out_by_hand():
    # P = 0.5 x 0.2 + 0.5 x 0.6 = 0.4: 2/1 (0.25 x 0.04 + 0.25 x 0.04) = 0.04; (0.04 x 0.01 + 0.36 x 0.04) / 2 = 0.0074.
    members, weights, sd = np.array([[0.2, 0.6], [0.5, 0.5]]), np.array([0.5, 0.5]), np.array([0.1, 0.2])
    found = combination_uncertainty(members, weights, sd)
    assert found.statistical == pytest.approx([0.2, 0.0])
    assert found.systematic == pytest.approx(np.sqrt([0.0074, (0.25 * 0.01 + 0.25 * 0.04) / 2]))
    assert found.total**2 == pytest.approx(found.statistical**2 + found.systematic**2)


def test_a_member_without_weight_counts_among_the_members_alone():
    members = np.array([[0.2, 0.6, 0.9]])
    found = combination_uncertainty(members, np.array([0.5, 0.5, 0.0]), np.array([0.1, 0.2, 0.0]))
    # M / (M - 1) is 3/2 in the place of 2; the systematic part is still over two.
    assert found.statistical == pytest.approx(np.sqrt(1.5 * 0.02))
    assert found.systematic == pytest.approx(np.sqrt(0.0074))
