from __future__ import annotations

import hashlib
from typing import Any

import numpy as np
import pytest
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.colors import to_rgb

from flaredag.errors import InputError
from flaredag.plots import TEXT_WIDTH_INCHES, write_svg
from flaredag.plots_profiles import LOOKS, profiles_figure
from made_up_curves import SERIES, mock_curves, mock_scores

MINUS = "\N{MINUS SIGN}"
LOOK: dict[str, Any] = {"threshold": "best_on_test", "title": "A title", "mark": "SIMULATED"}


def rows_of(figure) -> list[list]:
    """Axes a row: profile, ROC curve, reliability diagram, counts."""
    by_name = {name: [axes for axes in figure.axes if axes.get_ylabel() == name] for name in NAMES}
    return [list(row) for row in zip(*by_name.values(), strict=True)]


NAMES = ("score", "probability of detection", "event rate", "samples")


def line_of(axes, colour: str):
    (line,) = [line for line in axes.lines if line.get_color() == colour and len(line.get_xdata()) > 2]
    return line


def test_a_row_a_series_with_three_skill_scores():
    figure = profiles_figure(mock_curves(), mock_scores(), SERIES[:2], **LOOK)
    assert figure.get_figwidth() == pytest.approx(TEXT_WIDTH_INCHES)
    rows = rows_of(figure)
    assert len(rows) == 2
    texts = [text.get_text() for text in figure.texts]
    assert texts == ["lstm on FUSED", "lstm on ONLY", "A title", "SIMULATED"]
    profile = rows[0][0]
    # Mean over the seeds 0, 1, 2 of x + .01 seed; the balanced accuracy is (1 + that)/2.
    x = np.linspace(0, 1, 110)
    for metric, want in (
        ("true_skill_statistic", x + 0.01),
        ("heidke_skill_score", x + 0.01),
        ("balanced_accuracy", (1 + x + 0.01) / 2),
    ):
        line = line_of(profile, LOOKS[metric]["color"])
        np.testing.assert_allclose(line.get_xdata(), x)
        np.testing.assert_allclose(line.get_ydata(), want)
    bands = [band.get_paths()[0].vertices[:, 1] for band in profile.collections]
    widths = [np.ptp(band[1:3]) for band in bands]
    assert min(band.min() for band in bands) == pytest.approx(0)
    assert len(widths) == 3
    heads = [axes.get_title() for axes in rows[0][:3]]
    assert heads == [
        "threshold 0.450 ± 0.050\nTSS 0.920 ± 0.100",
        "\nAUC 0.910 ± 0.010",
        f"BS 0.120 ± 0.020\nBSS {MINUS}3.000 ± 1.000",
    ]


@pytest.mark.parametrize(
    ("threshold", "at", "place"),
    [("fixed_0.5", 0.5, (0.2, 0.9)), ("validation", 0.25, (0.15, 0.8)), ("best_on_test", 0.45, (0.1, 0.7))],
)
def test_the_threshold_is_marked_in_the_profile_and_on_the_roc_curve(threshold, at, place):
    figure = profiles_figure(mock_curves(), mock_scores(), SERIES[:1], **LOOK | {"threshold": threshold})
    ((profile, roc, _, _),) = rows_of(figure)
    upright = [line for line in profile.lines if line.get_xdata()[0] == line.get_xdata()[-1]]
    assert [line.get_xdata()[0] for line in upright] == pytest.approx([at])
    (mark,) = roc.containers
    assert mark[0].get_xydata().tolist() == [pytest.approx(list(place))]
    (legend,) = figure.legends
    names = {"fixed_0.5": "threshold 0.5", "validation": "threshold best on validation"}
    assert names.get(threshold, "threshold best on test") in [text.get_text() for text in legend.get_texts()]


def test_the_reliability_diagram_has_the_samples_of_its_bins_beneath():
    ((_, _, reliability, counts),) = rows_of(profiles_figure(mock_curves(), mock_scores(), SERIES[:1], **LOOK))
    heights = [bar.get_height() for bar in counts.patches]
    assert len(heights) == 10
    assert heights[3:5] == pytest.approx([21, 43 / 3])
    middles = [bar.get_x() + bar.get_width() / 2 for bar in counts.patches]
    assert middles == pytest.approx(np.arange(10) / 10 + 0.05)
    (drawn,) = reliability.containers
    assert drawn[0].get_ydata()[3] == pytest.approx(3 / 9 + 0.01)
    assert reliability.get_xlim() == counts.get_xlim()
    assert counts.get_yscale() == "log"


def test_one_seed_and_what_is_undefined_can_be_drawn(tmp_path):
    curves, scores = mock_curves(seeds=(5,)), mock_scores(seeds=(5,))
    curves["y"], scores["value"] = np.nan, np.nan
    figure = profiles_figure(curves, scores, SERIES[:1], **LOOK)
    write_svg(tmp_path / "figure.svg", figure)
    assert rows_of(figure)[0][0].get_title() == "threshold undefined\nTSS undefined"


def test_series_that_are_none_too_many_or_absent_are_refused():
    for series in ([], [("D", f"m{n}") for n in range(5)]):
        with pytest.raises(InputError, match=f"figure 'A title' has {len(series)} series; wanted 1 to 4"):
            profiles_figure(mock_curves(), mock_scores(), series, **LOOK)
    with pytest.raises(InputError, match="no skill_score_profile curve of ONLY cnn"):
        profiles_figure(mock_curves(), mock_scores(), [("ONLY", "cnn")], **LOOK)
    without = mock_scores().query("threshold != 'best_on_test'")
    with pytest.raises(InputError, match="scores hold no threshold of ONLY lstm"):
        profiles_figure(mock_curves(), without, SERIES[1:2], **LOOK)


@pytest.mark.parametrize("n_rows", [1, 2, 4])
def test_no_text_lies_on_another_or_beyond_the_edge(n_rows):
    series = [("A_LONG_NAME_BY_YEAR", f"logistic_regression_on_quantiles_{n}") for n in range(n_rows)]
    scores = mock_scores(series)
    # As wide as texts become.
    scores.loc[scores["metric"] == "brier_skill_score", "value"] *= 111.111
    figure = profiles_figure(mock_curves(series), scores, series, **LOOK)
    FigureCanvasAgg(figure).draw()
    renderer = figure.canvas.get_renderer()
    texts = [*figure.texts, *(text for legend in figure.legends for text in legend.get_texts())]
    for axes in figure.axes:
        texts += [axes.title, axes.xaxis.label, axes.yaxis.label]
        low, high = axes.get_ylim()
        texts += [label for label in axes.get_yticklabels() if low <= label.get_position()[1] <= high]
        texts += axes.get_xticklabels() if axes.xaxis.label.get_text() else []
    boxes = [(text.get_text(), text.get_window_extent(renderer)) for text in texts if text.get_text().strip()]
    inside = figure.bbox
    for i, (text, box) in enumerate(boxes):
        assert inside.x0 <= box.x0 < box.x1 <= inside.x1, text
        assert inside.y0 <= box.y0 < box.y1 <= inside.y1, text
        for other, of_other in boxes[:i]:
            assert not box.overlaps(of_other), (text, other)


def test_scores_are_told_apart_by_lightness_or_dashes_as_well_as_by_colour():
    dashes = [look["linestyle"] for look in LOOKS.values()]
    assert len(set(map(str, dashes))) == len(dashes)
    # Of the palette of Okabe & Ito, which any kind of colour vision tells apart.
    assert len({to_rgb(look["color"]) for look in LOOKS.values()}) == len(LOOKS)


def test_same_input_same_bytes(tmp_path):
    digests = set()
    for name in ("a.svg", "b.svg"):
        write_svg(tmp_path / name, profiles_figure(mock_curves(), mock_scores(), SERIES, **LOOK))
        digests.add(hashlib.sha256((tmp_path / name).read_bytes()).hexdigest())
    assert len(digests) == 1
