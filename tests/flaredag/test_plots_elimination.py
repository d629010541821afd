"""Figures of features alone by every order, and of what remains when they are removed from either end."""

import hashlib

import numpy as np
import pandas as pd
import pytest
from matplotlib.colors import to_hex

import made_up_ranking as made_up
from flaredag.errors import InputError
from flaredag.plots import write_svg
from flaredag.plots_elimination import MOST_IN_HALF, elimination_figure, single_features_figure
from flaredag.plots_ranking import HISTORY, PHYSICAL
from flaredag.ranking_settings import orders_of

ORDERS = orders_of(made_up.REMOVAL)


def alone(ranking=None, orders=ORDERS, dataset="SHARP", mark=""):
    ranking = made_up.removal() if ranking is None else ranking
    return single_features_figure(ranking, orders, dataset=dataset, title="alone", mark=mark)


def elimination(ranking=None, name="tss", directions=("first", "last"), dataset="SHARP"):
    ranking = made_up.removal() if ranking is None else ranking
    given = {"name": name, "directions": directions, "dataset": dataset, "title": "removed", "mark": ""}
    return elimination_figure(ranking, ORDERS[name], **given)


def names(axes):
    return [label.get_text() for label in axes.get_xticklabels()]


def points(axes):
    """Places and heights of the points, and the ends of their error bars."""
    (container,) = axes.containers
    line, _, (bars,) = container
    return *line.get_data(), np.array([segment[:, 1] for segment in bars.get_segments()])


def test_a_panel_an_order_has_bars_of_single_features_sorted_with_their_sd():
    by_tss, by_bss = alone().axes
    assert names(by_tss) == ["R_VALUE", "USFLUX", "AREA_ACR"]
    assert names(by_bss) == ["USFLUX", "R_VALUE", "AREA_ACR"]
    np.testing.assert_allclose([bar.get_height() for bar in by_tss.patches], [0.7, 0.5, 0.2])
    np.testing.assert_allclose([bar.get_height() for bar in by_bss.patches], [0.3, 0.2, 0.0], atol=1e-12)
    assert [axes.get_ylabel() for axes in (by_tss, by_bss)] == ["TSS", "BSS"]
    assert [axes.get_title(loc="left") for axes in (by_tss, by_bss)] == [one.in_words() for one in ORDERS.values()]
    (ends,) = (bar.get_segments() for bar in by_tss.collections)
    np.testing.assert_allclose([end[:, 1] for end in ends], [[0.6, 0.8], [0.5, 0.5], [0.1, 0.3]])


def test_features_of_flare_history_have_a_colour_of_their_own():
    (axes,) = alone(made_up.ranking(), orders_of(made_up.SETTINGS), "A").axes
    assert [to_hex(bar.get_facecolor()).upper() for bar in axes.patches] == [PHYSICAL, HISTORY, HISTORY, PHYSICAL]


def test_what_remains_stands_above_the_feature_that_is_removed_next():
    without_first, without_last = elimination().axes
    # As in the paper: the first is removed from the set at the left, and all to the right remain.
    assert names(without_first) == ["R_VALUE", "USFLUX", "AREA_ACR"]
    assert names(without_last) == ["AREA_ACR", "USFLUX", "R_VALUE"]
    x, y, bars = points(without_first)
    np.testing.assert_allclose(x, [0, 1, 2])
    np.testing.assert_allclose(y, [2.3 / 3, 1.4 / 3, 0.2])
    np.testing.assert_allclose(bars[2], [0.1, 0.3])
    x, y, _ = points(without_last)
    # By rank the first alone comes first, and it stands at the right.
    np.testing.assert_allclose(x, [2, 1, 0])
    np.testing.assert_allclose(y, [0.7, 0.75, 2.3 / 3])
    assert without_first.get_ylim() == without_last.get_ylim()


def test_all_features_are_a_dashed_line():
    for axes in elimination(name="bss").axes:
        (dashed,) = (line for line in axes.lines if line.get_linestyle() == "--")
        assert dashed.get_ydata()[0] == pytest.approx(0.4)


def test_one_direction_is_one_panel():
    (axes,) = elimination(directions=["first"]).axes
    assert names(axes)[0] == "AREA_ACR"


def test_many_features_have_a_panel_a_row():
    def rows(n_features):
        table = made_up.ranking()
        table = table[(table["dataset"] == "A") & (table["feature"] == "usflux") & (table["kind"] == "individual")]
        many = table.loc[table.index.repeat(n_features)]
        orders = dict.fromkeys(("tss", "again"), orders_of(made_up.SETTINGS)["tss"])
        twice = [many.assign(order=name) for name in orders]
        figure = alone(pd.concat(twice), orders, "A")
        return len({round(axes.get_position().y0, 3) for axes in figure.axes})

    assert (rows(MOST_IN_HALF), rows(MOST_IN_HALF + 1)) == (1, 2)


def test_same_content_same_bytes(tmp_path):
    digests = set()
    for name in ("a.svg", "b.svg"):
        write_svg(tmp_path / name, alone(mark="SIMULATED"))
        digests.add(hashlib.sha256((tmp_path / name).read_bytes()).hexdigest())
    assert len(digests) == 1


def test_no_row_is_refused():
    with pytest.raises(InputError, match="figure 'alone': no row of the ranking"):
        alone(dataset="HED")
    only_first = made_up.removal().query("direction != 'last'")
    with pytest.raises(InputError, match="figure 'removed': no row of the ranking"):
        elimination(only_first)
