"""The figure of skill."""

import numpy as np
import pandas as pd
import pytest

from flaredag.errors import InputError
from flaredag.plots_forecasts import MOST_MODELS, by_skill, skill_figure
from flaredag.report_cells import MINUS

METRICS = (("brier_skill_score", ""), ("area_under_roc_curve", ""), ("true_skill_statistic", "validation"))


def intervals(skill: dict[str, float]) -> pd.DataFrame:
    rows = [
        {
            "model": model,
            "metric": metric,
            "threshold": threshold,
            "value": value,
            "low": value - 0.1,
            "high": value + 0.1,
        }
        for model, value in skill.items()
        for metric, threshold in (*METRICS, ("true_skill_statistic", "fixed_0.5"))
    ]
    return pd.DataFrame(rows)


def test_models_by_skill():
    assert by_skill(intervals({"a": 0.1, "undefined": np.nan, "b": 0.5, "c": 0.1})) == ["b", "a", "c", "undefined"]


def test_a_dot_and_a_bar_a_model_and_words_for_what_cannot_be_drawn():
    figure = skill_figure(intervals({"good": 0.6, "awful": -3.0, "none": np.nan}), title="Skill")
    panel = figure.axes[0]
    assert [tick.get_text() for tick in panel.get_yticklabels()] == ["good", "awful", "none"]
    (container,) = panel.containers
    assert container[0].get_xdata() == [0.6]
    (bar,) = container[2]
    np.testing.assert_allclose(bar.get_segments()[0][:, 0], [0.5, 0.7])
    assert [text.get_text() for text in panel.texts] == [f"← {MINUS}3.00", "undefined"]
    assert panel.get_xlim()[0] > -1.2


def test_of_very_many_models_the_best_are_drawn():
    many = {f"m{number:03}": number / 100 for number in range(60)}
    panel = skill_figure(intervals(many), title="").axes[0]
    names = [tick.get_text() for tick in panel.get_yticklabels()]
    assert len(names) == MOST_MODELS
    assert names[0] == "m059"


def test_no_models():
    with pytest.raises(InputError, match="no Brier skill score"):
        skill_figure(intervals({}).reindex(columns=["model", "metric", "value"]), title="")
