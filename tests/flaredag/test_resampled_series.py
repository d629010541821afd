from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from flaredag.resampled_series import FIGURES, REGION, ROTATION, ResampledSeries, resampled_figures
from flaredag.score_tables import METRICS, THRESHOLDS

BRIER = FIGURES.index(("brier_score", ""))
SKILL = FIGURES.index(("true_skill_statistic", "fixed_0.5"))
AREA = FIGURES.index(("area_under_roc_curve", ""))


def mock_figures(**values) -> pd.Series:
    """Scores of one seed: 1 but for what `values` say of a metric, at every threshold."""
    index = pd.MultiIndex.from_tuples([*FIGURES, *(("threshold", name) for name in ("fixed_0.5", "validation"))])
    figures = pd.Series(1.0, index=index)
    figures["threshold"] = 0.5
    for metric, value in values.items():
        figures.loc[[key for key in FIGURES if key[0] == metric]] = value
    return figures


# Region 0: a hit and a correct rejection; region 1: a miss. All in one rotation.
TEST = pd.DataFrame({"label": [1, 0, 1], "probability": [0.8, 0.4, 0.4], REGION: [0, 0, 1], ROTATION: [0, 0, 0]})
WEIGHTS = {
    REGION: np.array([[1, 1], [2, 0], [0, 2]], dtype=np.float32),
    ROTATION: np.array([[1], [1], [1]], dtype=np.float32),
}


def test_figures_of_blocks_by_hand():
    got = resampled_figures(TEST, mock_figures(), WEIGHTS, event_rate=0.5)
    assert {kind: part.shape for kind, part in got.items()} == dict.fromkeys((REGION, ROTATION), (3, len(FIGURES)))
    # All; region 0 twice; region 1 twice, where nothing else than an event is left.
    assert got[REGION][:, BRIER] == pytest.approx([0.56 / 3, 0.1, 0.36])
    assert got[REGION][:, SKILL] == pytest.approx([0.5, 1.0, np.nan], nan_ok=True)
    assert got[ROTATION][:, SKILL] == pytest.approx([0.5, 0.5, 0.5])
    # No threshold chosen on the test set is among the scores: nothing is scored at it.
    at_best = [place for place, (_, threshold) in enumerate(FIGURES) if threshold == "best_on_test"]
    assert np.isnan(got[REGION][:, at_best]).all()


def test_every_score_is_resampled_at_every_threshold_that_it_needs():
    resampled = {metric for metric, _ in FIGURES}
    assert resampled == set(METRICS) - {"threshold"}
    for metric in ("precision", "balanced_accuracy"):
        assert {threshold for name, threshold in FIGURES if name == metric} == set(THRESHOLDS)
    got = resampled_figures(TEST, mock_figures(), WEIGHTS, event_rate=0.5)[REGION]
    # All forecasts above .5 are events; of region 1 there is none.
    assert got[:, FIGURES.index(("precision", "fixed_0.5"))] == pytest.approx([1.0, 1.0, np.nan], nan_ok=True)


def test_components_of_the_brier_score_are_those_of_the_bins():
    place = FIGURES.index(("reliability", ""))
    ten, two = (
        resampled_figures(TEST, mock_figures(), WEIGHTS, event_rate=0.5, reliability_bins=n)[REGION][0, place]
        for n in (10, 2)
    )
    # Of ten: .8 (event), and .4 twice, of which one is an event. Of two bins the same two classes.
    assert ten == pytest.approx((0.2**2 + 2 * 0.1**2) / 3)
    assert two == pytest.approx(ten)
    one = resampled_figures(TEST, mock_figures(), WEIGHTS, event_rate=0.5, reliability_bins=1)[REGION][0, place]
    assert one == pytest.approx((1.6 / 3 - 2 / 3) ** 2)


def test_the_mean_is_over_the_seeds_that_have_the_figure():
    series = ResampledSeries()
    for value, figures in ((0.2, mock_figures()), (0.6, mock_figures(area_under_roc_curve=np.nan))):
        series.add(TEST, figures, {kind: np.full((3, len(FIGURES)), value) for kind in (REGION, ROTATION)})
    assert series.n_seeds == 2
    means = series.means(REGION)
    assert means[:, BRIER] == pytest.approx([0.4] * 3)
    assert means[:, AREA] == pytest.approx([0.2] * 3)


def test_a_figure_that_a_seed_lacks_in_a_resample_is_undefined_there():
    series = ResampledSeries()
    for missing in (0, 1):
        resampled = np.full((3, len(FIGURES)), 0.5)
        resampled[missing, SKILL] = np.nan
        series.add(TEST, mock_figures(), {REGION: resampled, ROTATION: resampled})
    assert np.isnan(series.means(REGION)[:, SKILL]).tolist() == [True, True, False]
    none = ResampledSeries()
    none.add(TEST, mock_figures(brier_score=np.nan), {REGION: np.ones((3, len(FIGURES)))})
    assert np.isnan(none.means(REGION)[:, BRIER]).all()


def test_the_whole_disk_is_no_set_of_regions():
    series = ResampledSeries()
    resampled = {kind: np.ones((3, len(FIGURES))) for kind in (REGION, ROTATION)}
    series.add(TEST.assign(**{REGION: 0}), mock_figures(), resampled)
    assert not series.has_regions
    series.add(TEST, mock_figures(), resampled)
    assert series.has_regions
