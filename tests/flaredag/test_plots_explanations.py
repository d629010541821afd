"""Figures of explained regions: what is drawn where, and what is said of observed and simulated regions."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from matplotlib.dates import date2num, num2date

from flaredag.plots import write_svg
from flaredag.plots_explanations import (
    FLARE_COLOUR,
    LABEL_COLOUR,
    NOTHING,
    PROBABILITY_COLOUR,
    attributions_figure,
    contours_figure,
    flux_powers,
    minute,
    probabilities_figure,
    region_name,
    shown_flares,
)
from made_up_explanations import FIRST_ISSUE, METHODS, explanation

FIGURES = (probabilities_figure, attributions_figure, contours_figure)
HOUR = np.timedelta64(1, "h")


def texts(figure) -> list[str]:
    found = [text.get_text() for text in figure.texts]
    for axes in figure.axes:
        found += [axes.get_title(loc=loc) for loc in ("left", "center", "right")]
    return [text for text in found if text]


def test_region_is_named_with_its_noaa_numbers_as_long_as_they_fit():
    assert region_name(explanation()) == "SHARP 377 · NOAA 11158"
    assert region_name(explanation(12, instrument="smarp", noaa_ars="")) == "SMARP 12"
    assert region_name(explanation(noaa_ars="11158,11159")) == "SHARP 377 · NOAA 11158, 11159"
    assert region_name(explanation(noaa_ars=",".join(["11158"] * 9))) == "SHARP 377 · NOAA 11158, 11158, 11158, …"


def test_minute_is_utc_in_full():
    assert minute(FIRST_ISSUE) == "2011-02-13 17:34 UTC"


def test_flares_from_the_first_frame_to_a_day_after_the_last_are_shown():
    # Two frames: the last is 1.6 h after the first.
    times = (-0.1, 0.0, 1.7, 25.59, 25.61)
    region = explanation(n_frames=2, flares=tuple((hours, 1e-6) for hours in times))
    assert shown_flares(region).tolist() == [False, True, True, True, False]
    unknown = replace(region, flare_peak_flux=np.array([1e-6, np.nan, 0.0, 1e-6, 1e-6]))
    assert shown_flares(unknown).tolist() == [False, False, False, True, False]


@pytest.mark.parametrize(
    ("flux", "powers"),
    [
        ([], (-6, -3)),
        ([2.2e-4], (-6, -3)),
        ([3e-7], (-7, -3)),
        ([1e-7], (-7, -3)),
        ([1.0e-3], (-6, -3)),
        ([2e-3], (-6, -2)),
    ],
)
def test_axis_of_fluxes_goes_from_c1_to_x10_and_further_where_flares_do(flux, powers):
    found = flux_powers(np.array(flux, dtype=float))
    assert (found[0], found[-1]) == powers
    assert np.diff(found).tolist() == [1.0] * (len(found) - 1)


def test_forecasts_labels_and_flares_stand_at_their_times_and_heights():
    region = explanation(n_frames=4, labels=(-1, 0, 1, 1), flares=((2.0, 3e-6), (9.0, 6.6e-5), (90.0, 1e-4)))
    forecasts, flares = probabilities_figure([region], mark="").axes
    lines = {line.get_color(): line for line in forecasts.lines}
    time = date2num(region.issue_time)
    np.testing.assert_allclose(lines[LABEL_COLOUR].get_xydata(), np.stack([time[1:], [0, 1, 1]], axis=1))
    np.testing.assert_allclose(lines[PROBABILITY_COLOUR].get_xydata(), np.stack([time, region.probability], axis=1))
    (bars,) = [collection for collection in flares.collections if len(collection.get_paths()) == 2]
    assert [path.vertices[1].tolist() for path in bars.get_paths()] == [
        [pytest.approx(date2num(FIRST_ISSUE + 2 * HOUR)), 3e-6],
        [pytest.approx(date2num(FIRST_ISSUE + 9 * HOUR)), 6.6e-5],
    ]
    assert bars.get_colors()[0].tolist() != [0, 0, 0, 1]
    assert FLARE_COLOUR not in lines
    assert flares.get_yscale() == "log"
    # Probability 0 and C1.0 are at one height, and so are probability 1 and X10.
    for probability, flux in ((0.0, 1e-6), (1.0, 1e-3)):
        left, right = forecasts.transData.transform((time[0], probability)), flares.transData.transform((time[0], flux))
        assert left[1] == pytest.approx(right[1])
    assert num2date(forecasts.get_xlim()[1]).strftime("%d %H:%M") == "14 22:22"


def test_attribution_maps_of_the_last_frame_are_drawn_in_order():
    region = explanation()
    figure = attributions_figure([region], mark="")
    titles = [axes.get_title().replace("\n", " ") for axes in figure.axes]
    assert titles == [
        "Magnetogram",
        "Deconvolution",
        "Guided Backpropagation",
        "DeepLIFT (first)",
        "Integrated Gradients (first)",
        "Grad-CAM 4",
        "Grad-CAM 5",
        "Occlusion",
    ]
    drawn = [np.asarray(axes.images[0].get_array()) for axes in figure.axes]
    np.testing.assert_array_equal(drawn[0], region.magnetogram[-1])
    np.testing.assert_array_equal(drawn[4], region.attribution[METHODS.index("integrated_gradients.first"), -1])
    assert "probability 0.94" in texts(figure)[0]


def test_many_regions_share_columns_and_few_take_two_lines():
    assert len(attributions_figure([explanation()] * 3, mark="").axes) == 24
    rows = {round(axes.get_position().y0, 4) for axes in attributions_figure([explanation()] * 3, mark="").axes}
    assert len(rows) == 3
    rows = {round(axes.get_position().y0, 4) for axes in attributions_figure([explanation()] * 2, mark="").axes}
    assert len(rows) == 4


def test_contours_of_the_last_frame_are_on_both_frames():
    region = explanation()
    first, last = contours_figure([region], mark="").axes
    assert len(last.lines) >= 2
    assert [line.get_xydata().tolist() for line in first.lines] == [line.get_xydata().tolist() for line in last.lines]
    np.testing.assert_array_equal(np.asarray(first.images[0].get_array()), region.magnetogram[0])
    np.testing.assert_array_equal(np.asarray(last.images[0].get_array()), region.magnetogram[-1])
    assert first.get_title() == "first: 2011-02-13 17:34 UTC, probability 0.08"
    assert last.get_title() == "last: 2011-02-14 01:34 UTC, probability 0.94"


@pytest.mark.parametrize("figure_of", FIGURES)
def test_mark_of_a_simulated_archive_is_not_put_on_observed_regions(figure_of):
    simulated, observed = explanation(12), explanation(simulated=False)
    assert "SIMULATED" in texts(figure_of([simulated], mark="SIMULATED"))
    mixed = texts(figure_of([simulated, observed], mark="SIMULATED"))
    assert "SIMULATED" not in mixed
    assert "networks trained on SIMULATED data" in mixed
    assert [text for text in mixed if "OBSERVED" in text and "377" in text]
    assert not [text for text in mixed if "OBSERVED" in text and "SHARP 12" in text]
    assert not [text for text in texts(figure_of([observed], mark="")) if "OBSERVED" in text or "SIMULATED" in text]


@pytest.mark.parametrize("figure_of", FIGURES)
def test_without_regions_the_figure_says_so(figure_of):
    assert texts(figure_of([], mark="SIMULATED")) == [NOTHING, "SIMULATED"]


@pytest.mark.parametrize("figure_of", FIGURES)
def test_regions_of_all_shapes_are_drawn_in_the_text_width_and_nothing_leaves_the_page(figure_of, tmp_path):
    regions = [
        explanation(1, shape=(20, 60), n_frames=31),
        explanation(2, shape=(60, 20), noaa_ars=",".join(["12345"] * 8)),
        explanation(3, shape=(24, 24), flares=(), n_frames=1),
        explanation(4, shape=(30, 60), labels=(-1,) * 6),
        explanation(5),
    ]
    figure = figure_of(regions, mark="SIMULATED")
    assert figure.get_figheight() < 9.7
    write_svg(tmp_path / "figure.svg", figure)
    renderer = figure._get_renderer()
    for text in [*figure.texts, *(axes.title for axes in figure.axes), *(axes._left_title for axes in figure.axes)]:
        if text.get_text():
            box = text.get_window_extent(renderer)
            assert box.x0 >= 0
            assert box.x1 <= figure.bbox.x1
            assert box.y0 >= 0
            assert box.y1 <= figure.bbox.y1
