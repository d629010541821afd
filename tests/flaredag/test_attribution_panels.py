"""Panels of magnetograms and maps: colours, orientation, and rows that fit the page."""

from __future__ import annotations

import numpy as np
import pytest
from matplotlib.figure import Figure

from flaredag.attribution_panels import (
    NEGATIVE,
    POSITIVE,
    MapRow,
    MapSheet,
    draw_attribution,
    draw_contours,
    draw_magnetogram,
    ending_value,
)
from flaredag.plots import TEXT_WIDTH_INCHES

MAP = np.linspace(-1.0, 1.0, 200, dtype=np.float32).reshape(10, 20)


def row(text: str, n_maps: int, shape: tuple[int, int] = (10, 20)) -> MapRow:
    gauss = np.zeros(shape, dtype=np.float32)
    return MapRow(text, gauss, {f"method_{n}": np.ones(shape, dtype=np.float32) for n in range(n_maps)})


def drawn(rows: list[MapRow], n_columns: int) -> tuple[Figure, MapSheet]:
    sheet = MapSheet(rows, n_columns=n_columns)
    figure = Figure(figsize=(TEXT_WIDTH_INCHES, sheet.height))
    sheet.draw(figure, sheet.height)
    return figure, sheet


def test_magnetogram_saturates_at_500_gauss_south_below_and_shows_what_is_missing():
    axes = Figure().add_subplot()
    draw_magnetogram(axes, np.array([[0.0, np.nan], [900.0, -900.0]], dtype=np.float32))
    image = axes.images[0]
    assert image.get_clim() == (-500.0, 500.0)
    assert image.origin == "lower"
    colours = image.cmap(image.norm(image.get_array()))[..., :3]
    assert colours[1].tolist() == [[1.0] * 3, [0.0] * 3]
    assert len(set(colours[0, 1])) == 3


def test_colours_of_a_map_are_symmetric_and_a_map_of_nothing_is_told():
    axes = Figure().add_subplot()
    draw_attribution(axes, MAP)
    low, high = axes.images[0].get_clim()
    assert low == -high
    assert high == pytest.approx(ending_value(MAP))
    empty = Figure().add_subplot()
    draw_attribution(empty, np.zeros((4, 4), dtype=np.float32))
    assert [text.get_text() for text in empty.texts] == ["0 everywhere"]


def test_colours_end_at_the_995th_thousandth_or_at_the_largest_of_a_nearly_empty_map():
    assert ending_value(np.arange(0, 1001, dtype=np.float32)) == pytest.approx(995.0)
    single = np.zeros((100, 100), dtype=np.float32)
    single[3, 4] = -7.0
    assert ending_value(single) == 7.0


def test_contours_are_red_above_and_blue_below():
    bumps = np.zeros((20, 40), dtype=np.float32)
    bumps[10, 10], bumps[10, 30] = 1.0, -1.0
    axes = Figure().add_subplot()
    draw_contours(axes, bumps, 0.5)
    places = {line.get_color(): np.mean(line.get_xdata()) for line in axes.lines}
    assert places == {POSITIVE: pytest.approx(10.0, abs=0.2), NEGATIVE: pytest.approx(30.0, abs=0.2)}


def test_rows_of_one_line_have_titles_once_and_of_two_lines_above_each():
    figure, _ = drawn([row("a", 3), row("b", 3)], 4)
    assert [axes.get_title() for axes in figure.axes[:4]] == ["Magnetogram", "method 0", "method 1", "method 2"]
    assert [axes.get_title() for axes in figure.axes[4:]] == [""] * 4
    figure, _ = drawn([row("a", 3), row("b", 3)], 2)
    assert all(axes.get_title() for axes in figure.axes)
    assert [text.get_text() for text in figure.texts] == ["a", "b"]


@pytest.mark.parametrize(
    ("shapes", "n_columns"),
    [([(10, 20)], 4), ([(10, 30), (40, 10), (377, 744)], 8), ([(10, 20)] * 5, 8), ([(30, 30)], 2)],
)
def test_panels_do_not_overlap_and_stay_on_the_page(shapes, n_columns):
    figure, sheet = drawn([row(str(n), 7, shape) for n, shape in enumerate(shapes)], n_columns)
    assert sheet.height == figure.get_figheight()
    boxes = [axes.get_position() for axes in figure.axes]
    assert len(boxes) == 8 * len(shapes)
    for box in boxes:
        assert box.x0 >= 0
        assert box.y0 >= 0
        assert box.x1 <= 1
        assert box.y1 <= 1
    for number, box in enumerate(boxes):
        for other in boxes[number + 1 :]:
            apart = box.x1 <= other.x0 or other.x1 <= box.x0 or box.y1 <= other.y0 or other.y1 <= box.y0
            assert apart
