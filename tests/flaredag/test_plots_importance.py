"""The figure of permutation importance: order, labels, bars, bytes, and bad input."""

import numpy as np
import pytest

import made_up_importance as made_up
from flaredag.errors import InputError
from flaredag.plots import COLOURS, write_svg
from flaredag.plots_importance import importance_figure


def draw(table=None, mark=""):
    return importance_figure(made_up.importance() if table is None else table, title="On A", mark=mark)


def test_a_panel_a_score_and_groups_by_their_loss():
    table = made_up.importance()
    skill, ranking = draw(table.iloc[::-1]).axes
    assert (skill.get_xlabel(), ranking.get_xlabel()) == ("loss of TSS", "loss of AUC")
    labels = [text.get_text() for text in skill.get_yticklabels()]
    assert labels == ["usflux, totusjz, totusjh and 2 more", "r_value", "meangam"]
    # The greatest is on top.
    assert skill.get_ylim() == (2.5, -0.5)


def test_bars_are_the_losses_and_lines_their_intervals():
    skill, ranking = draw().axes
    lstm, regression = skill.containers
    np.testing.assert_allclose([bar.get_width() for bar in lstm], [0.4, 0.1, 0.01])
    np.testing.assert_allclose([bar.get_width() for bar in regression], [0.2, 0.05, 0.005])
    np.testing.assert_allclose([bar.get_width() for bar in ranking.containers[0]], [0.2, 0.05, 0.005])
    segments = skill.collections[0].get_segments()
    np.testing.assert_allclose([segment[:, 0] for segment in segments], [[0.35, 0.45], [0.05, 0.15], [-0.04, 0.06]])
    legend = [text.get_text() for text in draw().legends[0].get_texts()]
    assert legend == ["LSTM", "logistic regression"]


def test_without_intervals_there_are_bars_alone():
    (skill, _) = draw(made_up.without_interval(made_up.importance())).axes
    assert next(bar.get_width() for bar in skill.containers[0]) == pytest.approx(0.4)
    assert [len(segment) for segment in skill.collections[0].get_segments()] == [0, 0, 0]


def test_same_bytes_again_and_labels_inside_the_figure(tmp_path):
    for name in ("one", "again"):
        write_svg(tmp_path / f"{name}.svg", draw(mark="SIMULATED"))
    assert (tmp_path / "one.svg").read_bytes() == (tmp_path / "again.svg").read_bytes()
    figure = draw()
    figure.canvas.draw()
    boxes = [text.get_window_extent() for text in figure.axes[0].get_yticklabels()]
    assert min(box.x0 for box in boxes) > 0


def test_no_row_and_too_many_models_are_refused():
    with pytest.raises(InputError, match="has 0 models"):
        draw(made_up.importance().iloc[:0])
    many = made_up.importance(models=[f"m{i}" for i in range(len(COLOURS) + 1)])
    with pytest.raises(InputError, match=f"has {len(COLOURS) + 1} models; wanted 1 to {len(COLOURS)}"):
        draw(many)
