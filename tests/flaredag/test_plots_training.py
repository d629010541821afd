"""Figures of trainings: lines, marks and words, and what cannot be drawn."""

from __future__ import annotations

import hashlib

import numpy as np
import pytest
from matplotlib.backends.backend_agg import FigureCanvasAgg

import made_up_trainings as made_up
from flaredag.errors import InputError
from flaredag.plots import TEXT_WIDTH_INCHES, write_svg
from flaredag.plots_training import training_curves_figure, training_regions_figure
from made_up_curves import mock_scores

REGIONS = {"A": [120, 122], "LESS": [100, 102]}
PANELS = [
    {"metric": "true_skill_statistic", "model": "lstm"},
    {"metric": "brier_skill_score", "model": "lstm"},
]


def curves_figure(**changes):
    settings = {"dataset": "A", "models": made_up.MODELS, "title": "A title", "mark": "SIMULATED"} | changes
    return training_curves_figure(made_up.training_curves(), **settings)


def regions_figure(**changes):
    settings = {"regions": REGIONS, "panels": PANELS, "title": "A title", "mark": ""} | changes
    return training_regions_figure(mock_scores([("A", "lstm"), ("LESS", "lstm")]), **settings)


def test_each_panel_has_a_line_a_seed_and_marks_of_what_is_kept():
    figure = curves_figure()
    assert figure.get_figwidth() == pytest.approx(TEXT_WIDTH_INCHES)
    training, validation, skill = figure.axes
    assert training.get_ylabel() == "training loss (cross-entropy,\nbalanced class weights)"
    assert validation.get_ylabel() == "validation loss (cross-entropy,\nunweighted)"
    assert skill.get_ylabel() == "validation TSS\nat threshold 0.5"
    lines = [line for line in validation.lines if len(line.get_xdata()) > 1]
    assert [line.get_ydata()[-1] for line in lines] == pytest.approx([0.52, 0.32])
    assert lines[0].get_xdata()[[0, -1]].tolist() == [1, made_up.N_EPOCHS]
    marks = [(line.get_marker(), *line.get_xydata()[0]) for line in validation.lines if len(line.get_xdata()) == 1]
    # Seed 0 keeps the epochs 12 and 20, seed 1 the epochs 35 and 20.
    assert marks == [
        ("o", 12, pytest.approx(0.48)),
        ("s", 20, pytest.approx(0.32)),
        ("o", 35, pytest.approx(0.32)),
        ("s", 20, pytest.approx(0.32)),
    ]
    (legend,) = figure.legends
    assert [text.get_text() for text in legend.get_texts()] == [
        "seed 0",
        "seed 1",
        "kept: transformer",
        "kept: transformer by brier score",
    ]
    assert "SIMULATED" in [text.get_text() for text in figure.texts]


def test_a_loss_without_weights_is_called_so():
    curves = made_up.training_curves().assign(class_weights="")
    figure = training_curves_figure(curves, dataset="A", models=made_up.MODELS[:1], title="", mark="")
    assert figure.axes[0].get_ylabel() == "training loss (cross-entropy,\nunweighted)"


def test_curves_that_are_not_there_are_told():
    with pytest.raises(InputError, match="no training curve of B transformer"):
        curves_figure(dataset="B")


def test_scores_stand_over_the_mean_number_of_regions():
    figure = regions_figure()
    skill, brier = figure.axes
    (bars,) = skill.containers
    # LESS is the second series: .8 + .1 seed - .3, mean .6; A has the mean .9.
    assert bars[0].get_xydata().tolist() == [[101, pytest.approx(0.6)], [121, pytest.approx(0.9)]]
    (spread,) = bars[2]
    assert np.ptp(spread.get_segments()[0][:, 1]) == pytest.approx(0.2)
    assert (skill.get_ylabel(), brier.get_ylabel()) == ("TSS at threshold 0.5", "BSS")
    assert [text.get_text() for text in skill.get_xticklabels()] == ["101", "121"]


def test_a_figure_of_nothing_and_one_of_unknown_scores_are_told():
    with pytest.raises(InputError, match="figure 'A title' has 0 panels and 2 data sets"):
        regions_figure(panels=[])
    with pytest.raises(InputError, match="scores hold no true_skill_statistic of C lstm"):
        regions_figure(regions={"C": [1]})


@pytest.mark.parametrize("draw", [curves_figure, regions_figure])
def test_no_text_lies_beyond_the_edge_and_the_bytes_are_the_same(draw, tmp_path):
    digests = set()
    for name in ("a.svg", "b.svg"):
        write_svg(tmp_path / name, draw())
        digests.add(hashlib.sha256((tmp_path / name).read_bytes()).hexdigest())
    assert len(digests) == 1
    figure = draw()
    FigureCanvasAgg(figure).draw()
    renderer = figure.canvas.get_renderer()
    texts = [*figure.texts, *(text for legend in figure.legends for text in legend.get_texts())]
    texts += [label for axes in figure.axes for label in (axes.xaxis.label, axes.yaxis.label, axes.title)]
    boxes = [(text.get_text(), text.get_window_extent(renderer)) for text in texts if text.get_text()]
    for i, (text, box) in enumerate(boxes):
        assert not any(box.overlaps(other) for _, other in boxes[:i]), text
        assert figure.bbox.x0 <= box.x0 < box.x1 <= figure.bbox.x1, text
        assert figure.bbox.y0 <= box.y0 < box.y1 <= figure.bbox.y1, text
