"""The figure of a search."""

import numpy as np
import pytest

import made_up_search as made_up
from flaredag.errors import InputError
from flaredag.plots_search import search_figure
from flaredag.search_trials import table_of_trials

TABLE = table_of_trials(made_up.TRIALS, seeds=made_up.SEEDS, keys=made_up.KEYS)


def drawn(table, metric="true_skill_statistic"):
    (axes,) = search_figure(table, metric=metric, title="trials", mark="").axes
    return axes, {line.get_label(): line for line in axes.lines}


def test_each_kind_of_trial_has_its_points():
    axes, lines = drawn(TABLE)
    assert lines["all splits"].get_xydata().tolist() == [[0, 0.5], [1, 0.6], [3, 0.6]]
    assert lines["pruned: mean of the first splits"].get_xydata().tolist() == [[2, 0.7]]
    assert lines["not fitted"].get_xdata().tolist() == [4]
    # A pruned trial is no best one, however it began.
    np.testing.assert_allclose(lines["best so far"].get_ydata(), [0.5, 0.6, 0.6, 0.6, 0.6])
    np.testing.assert_allclose(lines["configured settings"].get_ydata(), 0.5)
    assert axes.get_ylabel() == "true skill statistic, validation"


def test_the_best_brier_score_is_the_least():
    _, lines = drawn(TABLE, "brier_score")
    np.testing.assert_allclose(lines["best so far"].get_ydata(), 0.5)


def test_only_what_there_is_is_in_the_legend():
    _, lines = drawn(TABLE.iloc[:2])
    assert not {"not fitted", "pruned: mean of the first splits"} & set(lines)


def test_no_complete_trial_is_told():
    with pytest.raises(InputError, match="figure 'trials': none of 2 trials is complete"):
        drawn(TABLE.iloc[[2, 4]])
