from __future__ import annotations

import hashlib

import numpy as np
import pandas as pd
import pytest

from flaredag.errors import InputError
from flaredag.ladder import COLUMNS, RUNGS
from flaredag.plots import COLOURS, write_svg
from flaredag.plots_ladder import ladder_figure

LADDERS = [{"name": name, "title": f"Cycle of {name}", "rungs": {}} for name in ("sharp", "smarp")]
TSS, BSS, AUC = "true_skill_statistic", "brier_skill_score", "area_under_roc_curve"


def climbed(*rows):
    """Rows of (ladder, rung, forecasts, metric, threshold, value), with bounds .05 to both sides."""
    table = pd.DataFrame(rows, columns=["ladder", "rung", "forecasts", "metric", "threshold", "value"])
    table = table.assign(dataset="D", low=table["value"] - 0.05, high=table["value"] + 0.05)
    return table.assign(low_rotation=np.nan, high_rotation=np.nan)[list(COLUMNS)]


CLIMBED = climbed(
    ("sharp", "balanced", "raw", TSS, "fixed_0.5", 0.9),
    ("sharp", "by_time", "raw", TSS, "validation", 0.6),
    ("sharp", "by_time", "raw", TSS, "fixed_0.5", 0.5),
    ("smarp", "by_time", "raw", TSS, "validation", 0.55),
    ("sharp", "balanced", "raw", BSS, "", 0.7),
    ("sharp", "by_time", "raw", BSS, "", -3.26),
    ("sharp", "by_time", "prior_shift", BSS, "", 0.2),
    ("smarp", "by_time", "raw", BSS, "", -0.4),
    ("sharp", "balanced", "raw", AUC, "", 0.95),
)


def draw(table=CLIMBED, ladders=LADDERS, mark=""):
    return ladder_figure(table, ladders, title="LSTM", mark=mark)


def panel(figure, name):
    return next(axes for axes in figure.axes if axes.get_title() == name)


def points(axes, marker):
    """Height and face of the single points with a marker."""
    return [
        (round(float(line.get_ydata()[0]), 6), line.get_markerfacecolor())
        for line in axes.lines
        if line.get_marker() == marker and len(line.get_ydata()) == 1
    ]


def test_filled_points_are_joined_and_a_missing_rung_is_a_gap():
    axes = panel(draw(), "TSS")
    (path,) = (line for line in axes.lines if line.get_color() == COLOURS[0] and len(line.get_ydata()) == len(RUNGS))
    heights = dict(zip(RUNGS, path.get_ydata(), strict=True))
    assert [rung for rung, height in heights.items() if not np.isnan(height)] == ["balanced", "by_time"]
    assert (heights["balanced"], heights["by_time"]) == (0.9, 0.6)
    assert points(axes, "o") == [(0.9, COLOURS[0]), (0.6, COLOURS[0]), (0.5, "white")]
    assert points(axes, "s") == [(0.55, COLOURS[1])]


def test_bounds_are_drawn():
    axes = panel(draw(), "TSS")
    bars = [line.get_ydata() for line in axes.lines if len(line.get_xdata()) == 2 and line.get_linestyle() == "-"]
    np.testing.assert_allclose(sorted(map(tuple, bars)), [(0.45, 0.55), (0.5, 0.6), (0.55, 0.65), (0.85, 0.95)])


def test_what_lies_far_below_is_an_arrow_with_its_number():
    axes = panel(draw(), "BSS")
    assert axes.get_ylim()[0] == -1
    assert points(axes, "v") == [(-1.0, "white")]
    assert [text.get_text() for text in axes.texts if text.get_rotation() == 90] == ["\N{MINUS SIGN}3.3"]
    assert points(axes, "s") == [(-0.4, COLOURS[1])]
    mild = panel(draw(CLIMBED[CLIMBED["value"] > -1]), "BSS")
    assert mild.get_ylim()[0] == pytest.approx(-0.49)
    assert points(mild, "v") == []


def test_no_skill_is_in_sight_and_every_rung_named():
    figure = draw(mark="SIMULATED")
    assert panel(figure, "AUC").get_ylim()[0] < 0.5
    assert panel(figure, "TSS").get_ylim()[0] < 0
    names = [label.get_text() for label in panel(figure, "AUC").get_xticklabels()]
    assert [name[0] for name in names] == list("abcdef")
    assert [text.get_text() for text in figure.legends[0].get_texts()] == ["Cycle of sharp", "Cycle of smarp"]
    assert "SIMULATED" in [text.get_text() for text in figure.texts]


def test_an_undefined_score_is_a_gap():
    undefined = CLIMBED.assign(value=np.nan, low=np.nan, high=np.nan)
    axes = panel(draw(undefined), "TSS")
    assert all(np.isnan(height) for height, _ in points(axes, "o"))
    assert axes.get_ylim()[0] < 0


def test_same_climb_same_bytes(tmp_path):
    digests = set()
    for name in ("a.svg", "b.svg"):
        write_svg(tmp_path / name, draw())
        digests.add(hashlib.sha256((tmp_path / name).read_bytes()).hexdigest())
    assert len(digests) == 1


@pytest.mark.parametrize("n", [0, len(COLOURS) + 1])
def test_ladders_that_cannot_be_told_apart_are_refused(n):
    with pytest.raises(InputError, match=rf"figure 'LSTM' has {n} ladders; wanted 1 to {len(COLOURS)}"):
        draw(ladders=LADDERS[:1] * n)
