"""The figure of a feature ranking."""

import hashlib

import numpy as np
import pytest
from matplotlib.colors import to_hex

import made_up_ranking as made_up
from flaredag.errors import InputError
from flaredag.plots import write_svg
from flaredag.plots_ranking import HISTORY, PHYSICAL, ranking_figure


def draw(dataset="A", mark=""):
    ranking = made_up.ranking()
    return ranking_figure(ranking[ranking["dataset"] == dataset], title=dataset, mark=mark)


def test_bars_are_the_features_in_their_order_and_history_has_a_colour_of_its_own():
    (axes,) = draw().axes
    bars = axes.patches
    np.testing.assert_allclose([bar.get_height() for bar in bars], [0.7, 0.6, 0.6, 0.5])
    assert [to_hex(bar.get_facecolor()).upper() for bar in bars] == [PHYSICAL, HISTORY, HISTORY, PHYSICAL]
    assert [label.get_text() for label in axes.get_xticklabels()] == ["USFLUX", "CDEC", "CHIS", "TOTUSJH"]


def test_the_line_is_of_the_first_ones_together_and_a_ring_marks_the_best():
    (axes,) = draw().axes
    line = next(line for line in axes.lines if len(line.get_xdata()) == 4)
    np.testing.assert_allclose(line.get_ydata(), [0.7, 0.85, 0.9, 0.8])
    (ring,) = (line for line in axes.lines if line.get_markerfacecolor() == "none")
    assert (float(ring.get_xdata()[0]), float(ring.get_ydata()[0])) == (3, pytest.approx(0.9))


def test_published_ranks_stand_above_the_bars_where_there_are_any():
    (axes,) = draw().axes
    rows = {}
    for text in axes.texts:
        rows.setdefault(round(text.get_position()[1], 3), []).append(text.get_text())
    assert list(rows.values()) == [
        ["paper, by header", "1", "3", "\N{EN DASH}", "4"],
        ["by true name", "4", "3", "\N{EN DASH}", "1"],
    ]
    (without,) = draw("B").axes
    assert not without.texts


def test_same_content_same_bytes(tmp_path):
    digests = set()
    for name in ("a.svg", "b.svg"):
        write_svg(tmp_path / name, draw(mark="SIMULATED"))
        digests.add(hashlib.sha256((tmp_path / name).read_bytes()).hexdigest())
    assert len(digests) == 1


def test_no_row_is_refused():
    with pytest.raises(InputError, match="0 features alone"):
        draw("C")
