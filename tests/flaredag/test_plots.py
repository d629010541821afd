from __future__ import annotations

import hashlib
import xml.etree.ElementTree as ElementTree
from itertools import pairwise

import numpy as np
import pytest
from matplotlib.figure import Figure

from flaredag.errors import InputError
from flaredag.plots import TEXT_WIDTH_INCHES, TITLE_POINTS, add_title, overview_figure, verification_figure, write_svg
from made_up_curves import SERIES, mock_curves, mock_scores


def texts(figure) -> list[str]:
    found = [text.get_text() for text in figure.texts]
    for legend in figure.legends:
        found += [text.get_text() for text in legend.get_texts()]
    return found


@pytest.mark.parametrize("n_words", [1, 40])
def test_a_title_ends_before_the_mark(n_words):
    figure = Figure(figsize=(TEXT_WIDTH_INCHES, 2.0))
    add_title(figure, " ".join(["title"] * n_words), "SIMULATED")
    title, mark = figure.texts
    assert title.get_window_extent().x1 < mark.get_window_extent().x0
    assert (title.get_fontsize() == TITLE_POINTS) == (n_words == 1)


def test_verification_figure_shows_the_mean_and_the_spread():
    figure = verification_figure(mock_curves(), mock_scores(), SERIES[:2], title="A title", mark="SIMULATED")
    assert figure.get_figwidth() == pytest.approx(TEXT_WIDTH_INCHES)
    panels = {axes.get_title(): axes for axes in figure.axes}
    assert panels.keys() == {"reliability diagram", "ROC curve", "skill score profile", ""}
    mean_roc = panels["ROC curve"].lines[0]
    np.testing.assert_allclose(mean_roc.get_ydata(), [0, *(np.linspace(0, 1, 101) + 0.01)])
    (profile, _, _) = panels["skill score profile"].lines
    np.testing.assert_allclose(profile.get_ydata()[[0, -1]], [0.01, 1.01])
    band = panels["skill score profile"].collections[0].get_paths()[0].vertices
    assert band[:, 1].min() == pytest.approx(0)
    assert band[:, 1].max() == pytest.approx(1.02)
    assert len(panels["reliability diagram"].containers) == 2
    counts = panels[""].lines[0].get_ydata()
    assert counts[[3, 4]] == pytest.approx([21, 43 / 3])
    assert texts(figure) == [
        "A title",
        "SIMULATED",
        "FUSED lstm   AUC = 0.910 ± 0.010   TSS(0.5) = 0.900 ± 0.100",
        "ONLY lstm    AUC = 0.810 ± 0.010   TSS(0.5) = 0.600 ± 0.100",
    ]


def test_one_seed_and_an_undefined_curve_can_be_drawn(tmp_path):
    curves, scores = mock_curves(seeds=(5,)), mock_scores(seeds=(5,))
    is_undefined = curves["dataset"] == "ONLY"
    curves.loc[is_undefined & (curves["curve"] != "reliability"), "y"] = np.nan
    scores.loc[scores["dataset"] == "ONLY", "value"] = np.nan
    figure = verification_figure(curves, scores, SERIES[:2], title="", mark="")
    write_svg(tmp_path / "figure.svg", figure)
    assert "FUSED lstm   AUC = 0.950       TSS(0.5) = 1.300" in texts(figure)
    assert "ONLY lstm    AUC = undefined   TSS(0.5) = undefined" in texts(figure)
    write_svg(tmp_path / "overview.svg", overview_figure(scores, title="", mark=""))


def test_no_series_and_too_many_are_refused():
    for series in ([], [("D", f"m{n}") for n in range(8)]):
        with pytest.raises(InputError, match=f"figure 'many' has {len(series)} series; wanted 1 to 7"):
            verification_figure(mock_curves(), mock_scores(), series, title="many", mark="")


def test_overview_has_a_panel_a_data_set_and_sorts_the_models():
    figure = overview_figure(mock_scores(), title="All", mark="")
    first, second = figure.axes
    # The one of most models is first.
    assert [axes.get_title(loc="left") for axes in figure.axes] == ["ONLY", "FUSED"]
    # lstm (0.9, 0.6) is above climatology (0.3)
    assert [label.get_text() for label in first.get_yticklabels()] == ["climatology", "lstm"]
    assert [container[0].get_xydata().tolist() for container in first.containers] == [
        [[pytest.approx(0.3), 0]],
        [[pytest.approx(0.6), 1]],
    ]
    assert len(second.containers) == 1


def test_a_row_of_the_overview_has_the_models_of_its_own_data_sets():
    series = [("FEW", "lstm"), *((f"D{n}", model) for n in range(4) for model in ("lstm", "tree", "climatology"))]
    figure = overview_figure(mock_scores(series), title="All", mark="")
    titles = [axes.get_title(loc="left") for axes in figure.axes if axes.get_visible()]
    assert titles == ["D0", "D1", "D2", "D3", "FEW"]
    upper, lower = figure.axes[0], figure.axes[4]
    assert [len(axes.get_yticks()) for axes in (upper, lower)] == [3, 1]
    assert [label.get_text() for label in lower.get_yticklabels()] == ["lstm"]
    assert upper.get_position().height > 1.5 * lower.get_position().height
    # The scale stands beneath the last panel of each column.
    assert [bool(axes.xaxis.get_tick_params()["labelbottom"]) for axes in figure.axes[:5]] == [False, *[True] * 4]


def test_titles_of_neighbours_in_the_overview_do_not_meet():
    series = [(f"SHARP_TRAIN_STATISTICS_{n}", "lstm") for n in range(4)]
    figure = overview_figure(mock_scores(series), title="All", mark="")
    figure.canvas.draw()
    titles = [axes._left_title.get_window_extent() for axes in figure.axes]
    assert all(one.x1 < following.x0 for one, following in pairwise(titles))


@pytest.mark.parametrize("n_datasets", [1, 5])
def test_overview_of_few_and_of_many_data_sets(tmp_path, n_datasets):
    series = [(f"D{n}", "lstm") for n in range(n_datasets)]
    figure = overview_figure(mock_scores(series), title="All", mark="")
    assert sum(axes.get_visible() for axes in figure.axes) == n_datasets
    write_svg(tmp_path / "overview.svg", figure)


def test_svg_is_well_formed_and_the_same_bytes_each_time(tmp_path):
    digests = set()
    for name in ("a.svg", "b.svg"):
        figure = verification_figure(mock_curves(), mock_scores(), SERIES, title="A title", mark="SIMULATED")
        write_svg(tmp_path / name, figure)
        digests.add(hashlib.sha256((tmp_path / name).read_bytes()).hexdigest())
    assert len(digests) == 1
    root = ElementTree.parse(tmp_path / "a.svg").getroot()
    assert root.tag.endswith("svg")
    content = (tmp_path / "a.svg").read_text()
    assert "<dc:date>" not in content
    assert "matplotlib.org/" not in content.split("</metadata>")[0].split("<metadata>")[-1]
