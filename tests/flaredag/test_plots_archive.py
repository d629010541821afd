"""Figures of an archive: what is drawn, that nothing leaves the page, and what stands where there is nothing."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from flaredag.coverage import COVERAGE_COLUMNS
from flaredag.fusion import FACTOR_COLUMNS, QUANTILE_COLUMNS, REGRESSION_COLUMNS
from flaredag.plots import write_svg
from flaredag.plots_archive import (
    NO_OVERLAP,
    Frame,
    Passage,
    coverage_figure,
    magnetograms_figure,
    quantiles_figure,
    regressions_figure,
)

COVERAGE = pd.DataFrame(
    [
        ("goes", "2010-05", np.nan, np.nan, np.nan, 20, 3, 1),
        ("sharp", "2010-05", 300, 5, 200, np.nan, np.nan, np.nan),
        ("sharp", "2010-06", 100, 2, 50, np.nan, np.nan, np.nan),
        ("smarp", "2010-05", 90, 3, 0, np.nan, np.nan, np.nan),
    ],
    columns=list(COVERAGE_COLUMNS),
)
KEYWORDS = ("usfluxl", "meangbl", "r_value", "area")


def texts(figure) -> list[str]:
    found = [text.get_text() for text in figure.texts]
    for axes in figure.axes:
        found += [text.get_text() for text in axes.texts]
        found += [text.get_text() for text in axes.get_legend().get_texts()] if axes.get_legend() else []
    return found


def bars(axes) -> dict[str, list[tuple[float, float]]]:
    """Width in days and height of the bars of each label."""
    return {
        container.get_label(): [(bar.get_width(), bar.get_height()) for bar in container]
        for container in axes.containers
    }


def test_coverage_has_a_bar_a_month_and_instruments_that_share_one_stand_side_by_side():
    records, regions, flares = coverage_figure(COVERAGE, mark="SIMULATED").axes
    drawn = bars(records)
    # May has 31 days and both instruments, June 30 days and SHARP alone.
    assert drawn["SHARP records"] == [(15.5, 300), (30, 100)]
    assert drawn["SHARP with magnetogram"] == [(15.5, 200), (30, 50)]
    assert drawn["SMARP"] == [(15.5, 90)]
    assert bars(regions) == {"SHARP": [(15.5, 5), (30, 2)], "SMARP": [(15.5, 3)]}
    begins = [container[0].get_x() for container in regions.containers]
    assert begins[1] - begins[0] == 15.5
    # 20 C, 3 M and 1 X: 24 from C1.0 up, 4 from M1.0, 1 from X1.0.
    counted = {label: heights[0][1] for label, heights in bars(flares).items()}
    assert counted == {"C1.0 and above": 24, "M1.0 and above": 4, "X1.0 and above": 1}


def test_coverage_without_flares_or_images_is_drawn(tmp_path):
    rows = COVERAGE[COVERAGE["instrument"] == "sharp"].assign(images=0)
    figure = coverage_figure(rows, mark="")
    assert list(bars(figure.axes[0])) == ["SHARP"]
    write_svg(tmp_path / "coverage.svg", figure)


def passage(region: str, *, instrument: str = "sharp", width_to_height: float = 2.0, n_frames: int = 3) -> Passage:
    gauss = np.array([[0.0, 1000.0], [-1000.0, np.nan]])
    frames = [Frame(np.datetime64("2011-02-15T02:00:00"), width_to_height, gauss)] * n_frames
    return Passage(instrument, region, "11158", "X2.2" if region == "377" else "", frames)


def test_magnetograms_stand_in_their_shape_south_below_and_named():
    figure = magnetograms_figure([passage("377"), passage("1", width_to_height=0.5)], mark="SIMULATED")
    assert texts(figure) == ["SHARP 377 · NOAA 11158 · X2.2", "SHARP 1 · NOAA 11158 · no flare", "", "SIMULATED"]
    assert len(figure.axes) == 6
    image = figure.axes[0].images[0]
    assert list(image.get_extent()) == [0.0, 2.0, 0.0, 1.0]
    assert image.origin == "lower"
    assert image.get_clim() == (-500.0, 500.0)
    assert image.get_array().mask.tolist() == [[False, False], [False, True]]
    assert figure.axes[0].get_xlabel() == "2011-02-15 02:00"


def test_nothing_of_the_gallery_leaves_the_page_or_overlaps(tmp_path):
    passages = [passage(str(n), instrument=name) for name in ("sharp", "smarp") for n in range(1, 4)]
    figure = magnetograms_figure([*passages[:5], passage("9", instrument="smarp", width_to_height=0.2)], mark="")
    places = np.array([axes.get_position().extents for axes in figure.axes])
    assert len(places) == 18
    assert places.min() >= 0
    assert places.max() <= 1
    for i, one in enumerate(places):
        for other in places[:i]:
            assert np.any(one[:2] >= other[2:] - 1e-9) or np.any(other[:2] >= one[2:] - 1e-9)
    write_svg(tmp_path / "gallery.svg", figure)


def matched(n: int = 50) -> pd.DataFrame:
    values = np.linspace(1.0, 2.0, n)
    return pd.DataFrame({f"{name}_{of}": values for name in KEYWORDS for of in ("sharp", "smarp")})


def test_regressions_show_the_fit_in_the_units_of_the_axes():
    rows = [(name, 2.0, 3e21, 0.97, 50) for name in KEYWORDS]
    rows[3] = ("area", np.nan, np.nan, np.nan, 0)
    lines = pd.DataFrame(rows, columns=list(REGRESSION_COLUMNS))
    figure = regressions_figure(matched().assign(area_smarp=np.nan), lines, mark="")
    assert len(figure.axes) == 4
    assert figure.axes[0].get_xlabel() == "USFLUXL of SHARP, 10²² Mx"
    assert "k = 2\nb = 0.3\nr = 0.970\nn = 50" in texts(figure)
    assert "no pairs" in texts(figure)


def test_quantiles_have_a_line_a_pair_and_the_factor():
    rows = [(pair, pair, p, x, 1.1 * x) for pair in (1, 2, -1) for p, x in ((0.25, -100.0), (0.75, 200.0))]
    quantiles = pd.DataFrame(rows, columns=list(QUANTILE_COLUMNS))
    pairs = [(1, 1, 10.0, 5, 5, 1.1), (2, 2, -30.0, 5, 5, 1.1), (-1, -1, np.nan, 10, 10, 1.1)]
    figure = quantiles_figure(quantiles, pd.DataFrame(pairs, columns=list(FACTOR_COLUMNS)), mark="")
    axes = figure.axes[0]
    assert [line.get_label() for line in axes.lines][2:] == ["all pairs", "equality"]
    assert len(axes.lines) == 4
    lightness = [np.mean(line.get_color()[:3]) for line in axes.lines[:2]]
    assert lightness[1] > lightness[0]
    assert "SMARP = 1.100 \N{MULTIPLICATION SIGN} SHARP" in texts(figure)
    assert axes.get_xlim() == axes.get_ylim()


@pytest.mark.parametrize("figure", [regressions_figure, quantiles_figure])
def test_without_overlap_a_figure_says_so(figure, tmp_path):
    columns = (matched().columns, REGRESSION_COLUMNS)
    columns = (QUANTILE_COLUMNS, FACTOR_COLUMNS) if figure is quantiles_figure else columns
    drawn = figure(*(pd.DataFrame(columns=list(names), dtype=float) for names in columns), mark="SIMULATED")
    assert texts(drawn) == [NO_OVERLAP, "", "SIMULATED"]
    write_svg(tmp_path / "empty.svg", drawn)


def test_without_magnetograms_a_figure_says_so():
    assert "No region of this archive has a good magnetogram." in texts(magnetograms_figure([], mark=""))
